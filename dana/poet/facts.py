"""What is known about a decorated function from its code, without running it (P50, P67, P70).

The compiler writes it beside the decorator of a Dana function whose options bring handlers or plugins; of a Python
function it is read from the function. Nothing of it is looked for during calls.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    # What the lowering writes: annotations, docs, returned type, call sites (`dana/lowering/facts.py`).
    Pairs: TypeAlias = tuple[tuple[str, str], ...]
    Compiled: TypeAlias = tuple[Pairs, Pairs, Pairs, str, tuple[tuple[int, str, str], ...]]


class CodeContext:
    """The code around a function, as plain data.

    `function`: its name; `doc`: its docstring, or ""; `types`: annotations by parameter, as written; `docs`: the `##`
    comments by parameter; `returns`: the annotation of the result, or ""; `sites`: the calls in its module, each a dict
    with `line`, `target` (the variable that is given the result, or "") and `type` (what is expected there, or "").
    """

    __slots__ = ("doc", "docs", "function", "returns", "sites", "types")

    def __init__(
        self,
        function: str,
        doc: str = "",
        types: Mapping[str, str] | None = None,
        docs: Mapping[str, str] | None = None,
        returns: str = "",
        sites: tuple[tuple[int, str, str], ...] = (),
    ) -> None:
        self.function = function
        self.doc = doc
        self.types = dict(types or {})
        self.docs = dict(docs or {})
        self.returns = returns
        self.sites = [{"line": line, "target": target, "type": expected} for line, target, expected in sites]

    @property
    def expected(self) -> str:
        """The type of result that is expected: the annotation, else the one type that all callers expect, else ""."""
        if self.returns:
            return self.returns
        wanted = {str(site["type"]) for site in self.sites}
        return wanted.pop() if len(wanted) == 1 else ""

    def __repr__(self) -> str:
        return f"<code of {self.function}>"


def context_of(function: Callable[..., Any], name: str, compiled: Compiled | None) -> CodeContext:
    """The context of a function, from what the compiler wrote, or from the function."""
    doc = getattr(function, "__doc__", None) or ""
    if compiled is not None:
        _names, written, docs, returns, sites = compiled
        return CodeContext(name, doc, dict(written), dict(docs), returns, sites)
    from dana.poet.plan import declared_types

    types = declared_types(function)
    returns = types.pop("return", "")
    return CodeContext(name, doc, types, None, "" if returns == "None" else returns)


def signature_of(arguments: Mapping[str, Any]) -> str:
    """The shape of an input, not its values: what learnings are looked up by (P68)."""
    return ", ".join(f"{name}: {_shape(value)}" for name, value in arguments.items())


def _shape(value: Any) -> str:
    kind = type(value).__name__
    if value.__class__ in (list, tuple, set):
        inner = sorted({type(item).__name__ for item in list(value)[:20]})
        return f"{kind}[{' | '.join(inner)}]" if inner else kind
    if value.__class__ is dict:
        return "dict" if len(value) > 20 else "dict{" + ", ".join(sorted(str(key)[:40] for key in value)) + "}"
    return "None" if value is None else kind
