"""Blueprints: what may grow at a site, as data (E47, E50). Never code: a blueprint is checked, measured and built.

    {"version": 1, "name": "bottleneck", "input": ["batch", 16],
     "nodes": [{"id": "a", "op": "linear", "from": ["input"], "out": 4}, …], "output": "b"}

A blueprint describes a function of the site's value; the graft adds its result to what the host computes there (or
multiplies, see `mode`). Its canonical JSON is its identity: equal blueprints have equal ids in every process and
version. Shapes, parameters and work are computed exactly, before anything is built.
"""

from __future__ import annotations

import json
from hashlib import sha256

from dana.adaptive.canonical import canonical
from dana.esper.operations import LARGEST_SIZE, OPERATIONS, SYMBOLS, written
from dana.esper.refusals import RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from dana.esper.operations import Shape

VERSION = 1
MOST_NODES = 64
MOST_PARAMETERS = 10_000_000
MOST_BYTES = 64 * 1024
MODES = ("add", "multiply")
_NAME_LENGTH = 80
_KEYS = {"version", "name", "input", "nodes", "output", "mode"}


class Node:
    """One operation: its id, what it is, where its inputs come from ("input" is the site's value), its arguments."""

    __slots__ = ("arguments", "id", "inputs", "op")

    def __init__(self, id: str, op: str, inputs: Sequence[str], arguments: Mapping[str, Any]) -> None:  # noqa: A002
        self.id = id
        self.op = op
        self.inputs = tuple(inputs)
        self.arguments = dict(arguments)

    def to_data(self) -> dict[str, Any]:
        """As plain data; arguments stand beside the rest."""
        return {"id": self.id, "op": self.op, "from": list(self.inputs), **self.arguments}

    def __repr__(self) -> str:
        return f"Node({self.id}: {self.op} of {', '.join(self.inputs)})"


class Blueprint:
    """A checked blueprint. Made by `Blueprint(...)` or `from_data`; both raise `RefusedError` for what cannot be built.

    `shapes`: the shape of every node's output by id; `parameters`: how many numbers it learns.
    """

    __slots__ = ("id", "input", "mode", "name", "nodes", "output", "parameters", "shapes")

    def __init__(
        self,
        name: str,
        input: Sequence[int | str],  # noqa: A002  (the word of the format)
        nodes: Sequence[Node],
        output: str,
        *,
        mode: str = "add",
    ) -> None:
        if not isinstance(name, str) or not 0 < len(name) <= _NAME_LENGTH or not name.isprintable():
            raise RefusedError("refused.argument", f"a blueprint's name has 1 to {_NAME_LENGTH} printable characters")
        if mode not in MODES:
            raise RefusedError("refused.argument", f"`mode` is one of {', '.join(MODES)}, not {mode!r}")
        self.name = name
        self.input: Shape = _shape(input)
        self.nodes = _ordered(nodes)
        self.output = output
        self.mode = mode
        self.shapes, self.parameters = self._measured()
        self.id = sha256(canonical(self.to_data()).encode()).hexdigest()

    def _measured(self) -> tuple[dict[str, Shape], int]:
        shapes: dict[str, Shape] = {"input": self.input}
        parameters = 0
        for node in self.nodes:
            operation = OPERATIONS[node.op]
            given = [shapes[name] for name in node.inputs]
            try:
                shapes[node.id] = operation.shape(given, node.arguments)
                parameters += operation.parameters(given, node.arguments)
            except RefusedError as error:
                found = error.refusal
                raise RefusedError(found.code, f"node `{node.id}`: {found.reason}", found.hint, node=node.id) from None
        if self.output not in shapes:
            raise RefusedError("refused.unknown", f"the output `{self.output}` is no node")
        if shapes[self.output] != self.input:
            said = f"it gives {written(shapes[self.output])} for {written(self.input)}"
            raise RefusedError("refused.shape", f"a blueprint keeps the shape of its site; {said}")
        if parameters > MOST_PARAMETERS:
            raise RefusedError("refused.budget", f"{parameters:,} parameters; {MOST_PARAMETERS:,} are the limit")
        used = {name for node in self.nodes for name in node.inputs} | {self.output}
        idle = next((node.id for node in self.nodes if node.id not in used), None)
        if idle is not None:
            raise RefusedError("refused.argument", f"node `{idle}` leads nowhere", node=idle)
        return shapes, parameters

    def flops(self, sizes: Mapping[str, int] | None = None) -> int:
        """Multiply-adds of one forward pass; `sizes` gives numbers for symbols (all 1 by default)."""
        known = dict.fromkeys(SYMBOLS, 1) | dict(sizes or {})

        def count(shape: Shape) -> int:
            total = 1
            for size in shape:
                total *= size if isinstance(size, int) else known[size]
            return total

        return sum(
            OPERATIONS[node.op].flops([self.shapes[name] for name in node.inputs], node.arguments, count)
            for node in self.nodes
        )

    def to_data(self) -> dict[str, Any]:
        """As plain data; `from_data` gives an equal blueprint."""
        return {
            "version": VERSION,
            "name": self.name,
            "input": list(self.input),
            "nodes": [node.to_data() for node in self.nodes],
            "output": self.output,
            "mode": self.mode,
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Blueprint) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"Blueprint({self.name}, {written(self.input)}, {self.parameters:,} parameters, {self.id[:12]})"


def from_data(data: Any) -> Blueprint:
    """A blueprint from plain data. Raises `RefusedError`, whatever the data."""
    if not isinstance(data, dict):
        raise RefusedError("refused.argument", f"a blueprint is an object, not {type(data).__name__}")
    unknown = sorted(str(key) for key in data if key not in _KEYS)
    if unknown:
        raise RefusedError("refused.argument", f"a blueprint has no `{unknown[0]}`")
    missing = sorted(_KEYS - {"mode"} - set(data))
    if missing:
        raise RefusedError("refused.argument", f"the blueprint has no `{missing[0]}`")
    if data["version"] != VERSION or data["version"].__class__ is not int:
        raise RefusedError("refused.argument", f"this is version {VERSION} of blueprints, not {data['version']!r}")
    nodes = data["nodes"]
    if not isinstance(nodes, list) or len(nodes) > MOST_NODES:
        raise RefusedError("refused.budget", f"`nodes` is a list of at most {MOST_NODES}")
    if not isinstance(data["input"], list) or not isinstance(data["output"], str):
        raise RefusedError("refused.argument", "`input` is a list of sizes, `output` the id of a node")
    return Blueprint(
        data["name"], data["input"], [_node(node) for node in nodes], data["output"], mode=data.get("mode", "add")
    )


def from_json(text: str) -> Blueprint:
    """A blueprint from JSON. Raises `RefusedError`, whatever the text."""
    if len(text) > MOST_BYTES:
        raise RefusedError("refused.bytes", f"{len(text):,} characters; {MOST_BYTES:,} are the limit")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RefusedError("refused.bytes", f"no JSON: {error}") from None
    return from_data(data)


def _node(data: Any) -> Node:
    if not isinstance(data, dict) or not {"id", "op", "from"} <= set(data):
        raise RefusedError("refused.argument", "a node is an object with `id`, `op` and `from`")
    inputs = data["from"]
    if not isinstance(inputs, list) or not all(isinstance(name, str) for name in inputs):
        raise RefusedError("refused.argument", "`from` is a list of ids")
    if not isinstance(data["id"], str) or not isinstance(data["op"], str):
        raise RefusedError("refused.argument", "`id` and `op` are texts")
    return Node(data["id"], data["op"], inputs, {k: v for k, v in data.items() if k not in {"id", "op", "from"}})


def _shape(sizes: Sequence[int | str]) -> Shape:
    shape = tuple(sizes)
    if not 0 < len(shape) <= 4:
        raise RefusedError("refused.shape", f"a site's value has one to four sizes, not {len(shape)}")
    for size in shape:
        if size.__class__ is int:
            if not 0 < size <= LARGEST_SIZE:
                raise RefusedError("refused.shape", f"{size} is no size")
        elif size not in SYMBOLS:
            raise RefusedError("refused.shape", f"{size!r} is no size; names are {', '.join(SYMBOLS)}")
    return shape


def _ordered(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The nodes, checked one by one, each after those it needs (Kahn 1962); equal graphs in equal order."""
    if len(nodes) > MOST_NODES:
        raise RefusedError("refused.budget", f"{len(nodes)} nodes; {MOST_NODES} are the limit")
    by_id: dict[str, Node] = {}
    for node in nodes:
        if node.id == "input" or node.id in by_id or not node.id.isidentifier() or len(node.id) > _NAME_LENGTH:
            raise RefusedError("refused.argument", f"`{node.id!s:.40}` cannot be the id of a node, or is twice there")
        _check(node)
        by_id[node.id] = node
    waiting = {node.id: {name for name in node.inputs if name != "input"} for node in nodes}
    for name, needs in waiting.items():
        unknown = sorted(needs - set(by_id))
        if unknown:
            raise RefusedError("refused.unknown", f"node `{name}` takes `{unknown[0]}`, which is no node", node=name)
    ordered: list[Node] = []
    while waiting:
        ready = [name for name, needs in waiting.items() if not needs]
        if not ready:
            raise RefusedError("refused.cycle", f"the nodes {', '.join(sorted(waiting))} wait for one another")
        for name in ready:
            del waiting[name]
            ordered.append(by_id[name])
        for needs in waiting.values():
            needs.difference_update(ready)
    return tuple(ordered)


def _check(node: Node) -> None:
    """An allowed operation, as many inputs as it takes, its arguments and no others; defaults are filled in."""
    operation = OPERATIONS.get(node.op)
    if operation is None:
        from dana.diagnostics import suggest

        near = suggest(node.op, OPERATIONS)
        raise RefusedError(
            "refused.operation", f"`{node.op:.40}` is no allowed operation", f"did you mean `{near}`?" if near else ""
        )
    if len(node.inputs) != operation.inputs:
        raise RefusedError("refused.argument", f"`{node.op}` takes {operation.inputs} inputs, not {len(node.inputs)}")
    for name, value in node.arguments.items():
        if name not in operation.arguments:
            raise RefusedError("refused.argument", f"`{node.op}` has no argument `{name!s:.40}`", node=node.id)
        default = operation.arguments[name]
        if default.__class__ is bool and value.__class__ is not bool:
            raise RefusedError("refused.argument", f"`{name}` of `{node.op}` is true or false, not {value!r:.40}")
        if default.__class__ is float and not (value.__class__ in (int, float) and abs(value) < 1e6):
            raise RefusedError("refused.argument", f"`{name}` of `{node.op}` is a number, not {value!r:.40}")
    for name, default in operation.arguments.items():
        if name not in node.arguments:
            if default is None:
                raise RefusedError("refused.argument", f"`{node.op}` needs `{name}`", node=node.id)
            node.arguments[name] = default
