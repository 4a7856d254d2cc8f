"""Every claim of the checker is tested while programs run.

Lowering is made to wrap each expression with a static type in a call that looks at the value. Programs come
from `confused.py`, which mixes types as wildly as the language allows. Certain type errors (E3xx) are let
through to the run: they must fail there, too.
"""

from __future__ import annotations

import ast as py
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dana
from dana.ast import nodes as na
from dana.checker.model import Checked
from dana.checker.types import show
from dana.engine import Engine
from dana.lowering.context import Context
from dana.runtime.program import Program

sys.path.insert(0, str(Path(__file__).parent))
from confused import Confusion

if TYPE_CHECKING:
    from collections.abc import Callable

UNTESTED = (
    na.GeneratorExp,
    na.JoinedStr,
    na.FormattedValue,
    na.Slice,
    na.Starred,
    na.Lambda,
    na.Capture,
    na.Placeholder,
)
VAGUE = frozenset({"any", "func", "callable", "type", "module", "opaque", "interface", "exception", "ref", "iterator"})
CLASSES: dict[str, type] = {
    "float": float,
    "str": str,
    "bool": bool,
    "range": range,
    "list": list,
    "set": set,
    "dict": dict,
}


def conforms(value: Any, claim: Any) -> bool:
    """Whether a value is what was claimed."""
    kind = claim[0]
    if kind in VAGUE:
        return True
    if kind == "none":
        return value is None
    if kind == "int":
        return value.__class__ in (int, bool)
    if kind == "union":
        return any(conforms(value, option) for option in claim[1])
    if kind == "struct":
        return bool(value.__class__.__name__ == claim[1])
    if kind == "lit":
        return value in claim[1]
    if kind == "tuple":
        return value.__class__ is tuple and len(value) == len(claim[1]) and all(map(conforms, value, claim[1]))
    if kind == "tuple*":
        return value.__class__ is tuple and all(conforms(v, claim[1]) for v in value)
    wanted: Any = CLASSES[kind]
    if value.__class__ is not wanted:
        return False
    if kind == "dict":
        return all(conforms(k, claim[1]) and conforms(v, claim[2]) for k, v in value.items())
    return kind not in ("list", "set") or all(conforms(v, claim[1]) for v in value)


class Witness:
    """Collects what turned out wrong."""

    def __init__(self) -> None:
        self.claims: list[tuple[Any, str]] = []
        self.looked = 0
        self.broken: list[str] = []

    def look(self, index: int, value: Any) -> Any:
        claim, text = self.claims[index]
        self.looked += 1
        if not conforms(value, claim):
            self.broken.append(f"{text!r} is no {show(claim)} but {value!r}")
        return value

    def survived(self, text: str, value: Any) -> Any:
        self.broken.append(f"certain error, but {text} is {value!r}")
        return value


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Witness:
    """Makes lowering wrap every expression that has a static type, and certain errors not fatal."""
    found = Witness()
    places: dict[int, set[int]] = {}
    lower: Callable[[Context, Any], Any] = Context.expr
    start: Callable[..., None] = Program.__init__

    def changed_places(context: Context) -> set[int]:
        """Targets of compound assignments: what lowering makes of them is stored to, too."""
        key = id(context.checked)
        if key not in places:
            nodes = na.walk(context.checked.module)
            places[key] = {id(n.target) for n in nodes if isinstance(n, na.AugAssign)}
        return places[key]

    def wrap(name: str, argument: int | str, lowered: Any) -> Any:
        call = py.Call(func=py.Name(id=name, ctx=py.Load()), args=[py.Constant(argument), lowered], keywords=[])
        return py.fix_missing_locations(py.copy_location(call, lowered))

    def expr(self: Context, node: Any) -> Any:
        lowered = lower(self, node)
        claim = self.checked.types.get(id(node))
        text = self.checked.source.text[node.start : node.end]
        if isinstance(node, (na.BinOp, na.Compare)):
            wrong = {(d.span[0], d.span[1]) for d in self.checked.diagnostics if d.code == "E302" and d.span}
            if (node.start, node.end) in wrong:
                return wrap(".survived", text, lowered)
        if id(node) in changed_places(self):
            return lowered
        if claim is None or isinstance(node, UNTESTED) or isinstance(lowered, (py.Starred, py.Slice, py.NamedExpr)):
            return lowered
        if claim[0] in ("type", "func", "module"):
            return lowered
        found.claims.append((claim, text))
        return wrap(".look", len(found.claims) - 1, lowered)

    def begin(self: Program, *args: Any, **keywords: Any) -> None:
        start(self, *args, **keywords)
        self.builtins[".look"] = found.look
        self.builtins[".survived"] = found.survived

    def errors(self: Checked) -> list[Any]:
        return [d for d in self.diagnostics if d.is_error and not d.code.startswith("E3")]

    monkeypatch.setattr(Context, "expr", expr)
    monkeypatch.setattr(Context, "exprs", lambda self, nodes: [self.expr(n) for n in nodes])
    monkeypatch.setattr(Program, "__init__", begin)
    monkeypatch.setattr(Checked, "errors", property(errors))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_claims_hold_while_confused_programs_run(witness: Witness, seed: int) -> None:
    """No expression ever has a value outside its static type, and certain errors never yield a value."""
    engine = Engine(cache=False, on_print=lambda _text: None)
    with suppress(dana.RuntimeFault):
        engine.run(Confusion(seed).program())
    assert witness.looked > 100
    assert witness.broken == []
