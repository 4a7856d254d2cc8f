"""`learnable(low, high, start=…)`: a constant that learning may change within its bounds (T5)."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.decorators import constant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.context import Context

_NAMES = ("low", "high", "start")
_HINT = "write it like learnable(0.5, 4.0, start=1.0)"


def check_learnable(c: Context, node: na.Call) -> None:
    """Its bounds and where it starts are numbers that are written out, and they fit together (E822)."""
    given: dict[str, object] = {}
    for name, arg in [*zip(_NAMES, node.args, strict=False), *((k.name, k.value) for k in node.keywords)]:
        known, value = constant(arg)
        if not known or value.__class__ not in (int, float):
            c.report("E822", "the bounds of a learnable constant are numbers that are written out", arg, hint=_HINT)
            return
        if name is not None:
            given[name] = value
    if not {"low", "high"} <= given.keys():
        return  # the call itself was reported
    from dana.poet.constants import LearnableError, bounds_of

    try:
        c.checked.learnables[id(node)] = bounds_of(given["low"], given["high"], given.get("start"))
    except LearnableError as wrong:
        c.report("E822", str(wrong), node, hint=_HINT)
