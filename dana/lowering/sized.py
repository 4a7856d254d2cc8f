"""Methods that are called through a function which looks at sizes (`dana.runtime.sized`), and values drawn by C.

`v.replace(a, b)` becomes `.do:replace(v, a, b)` where v may be a text; where the checker knows that it is something
else, it stays what it is. What C walks on its own (`*args`, `a, *b = v`, `xs[1:1] = v`) is handed over metered.
"""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.lowering.context import LOAD, Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.types import Type

_TEXTS = frozenset({"str", "bytes"})
_SETS = frozenset({"set"})
# The static kinds each method's function is for; what is not known (`any`, `union`, …) is looked at when it runs.
KINDS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            "center", "ljust", "rjust", "zfill", "expandtabs", "replace", "join", "translate", "split", "rsplit",
            "splitlines", "encode", "decode", "title", "swapcase", "casefold", "capitalize",
        ),
        _TEXTS,
    ),
    "extend": frozenset({"list"}),
    "sort": frozenset({"list"}),
    "update": frozenset({"dict", "set"}),
    "fromkeys": frozenset({"dict"}),
    **dict.fromkeys(
        (
            "union", "intersection", "difference", "symmetric_difference", "intersection_update", "difference_update",
            "symmetric_difference_update", "isdisjoint", "issubset", "issuperset",
        ),
        _SETS,
    ),
    **dict.fromkeys(("to_bytes", "from_bytes"), frozenset({"int", "bool"})),
}  # fmt: skip
OPEN = frozenset({"any", "union", "optional", "iterable", "sized", "number"})
# What C walks without making anything on the way.
READY = frozenset({"list", "tuple", "tuple*", "dict", "set", "str"})
# Called directly on short texts, with short constants.
SHORT_CUTS = frozenset({"split", "rsplit", "splitlines", "replace", "encode"})
LITTLE, MEDIUM = 64, 4096
# What prints short whatever it holds.
SHORT = frozenset({"int", "float", "bool", "none", "str", "range", "module"})


def is_sized(cx: Context, node: na.Attribute) -> bool:
    """Whether the method of this name is called through its function."""
    kinds = KINDS.get(node.attr)
    if kinds is None or not cx.metered:
        return False
    static: Type = cx.type_of(node.value)
    return static[0] in kinds or static[0] in OPEN


def function(cx: Context, node: na.Attribute) -> py.expr:
    """The function of a method; the receiver comes first."""
    return cx.load(f".do:{node.attr}", node)


def short_cut(cx: Context, call: na.Call, func: py.expr, receiver: py.expr, args: list[py.expr]) -> py.expr:
    """A call of the function, or of the method itself where the receiver is short and the arguments are constants."""
    node = call.func
    assert isinstance(node, na.Attribute)
    place = cx.at(call)
    slow = py.Call(func=func, args=[receiver, *args], keywords=[], **place)
    constant = all(isinstance(a, py.Constant) and len(str(a.value)) < LITTLE for a in args)
    if node.attr not in SHORT_CUTS or not constant or not isinstance(receiver, py.Name):
        return slow
    method = py.Attribute(value=receiver, attr=node.attr, ctx=LOAD, **place)
    quick = py.Call(func=method, args=args, keywords=[], **place)
    length = cx.call(".len", node, receiver)
    test: py.expr = py.Compare(left=length, ops=[py.Lt()], comparators=[cx.const(MEDIUM, node)], **place)
    if cx.type_of(node.value)[0] != "str":
        own = py.Attribute(value=receiver, attr="__class__", ctx=LOAD, **place)
        text = py.Compare(left=own, ops=[py.Is()], comparators=[cx.load(".str", node)], **place)
        test = py.BoolOp(op=py.And(), values=[text, test], **place)
    return py.IfExp(test=test, body=quick, orelse=slow, **place)


def value(cx: Context, node: na.Attribute) -> py.expr:
    """`v.replace` as a value."""
    return cx.call(".method", node, cx.expr(node.value), cx.const(abi.mangle(node.attr), node))


def drawn(cx: Context, node: na.Expr, lowered: py.expr) -> py.expr:
    """What C will walk on its own."""
    if not cx.metered or cx.type_of(node)[0] in READY:
        return lowered
    return cx.call(".source", node, lowered)


def printable(cx: Context, node: na.Expr, lowered: py.expr) -> py.expr:
    """What will be made into text: containers that share parts are looked at first."""
    if not cx.metered or cx.type_of(node)[0] in SHORT or isinstance(node, (na.Constant, na.JoinedStr)):
        return lowered
    if isinstance(lowered, py.Name):
        own = py.Attribute(value=lowered, attr="__class__", ctx=LOAD, **cx.at(node))
        test = py.Compare(left=own, ops=[py.In()], comparators=[cx.load(".scalars", node)], **cx.at(node))
        again = cx.load(lowered.id, node)
        return py.IfExp(test=test, body=lowered, orelse=cx.call(".printable", node, again), **cx.at(node))
    return cx.call(".printable", node, lowered)
