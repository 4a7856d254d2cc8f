"""Which code is certainly short: what loops may charge their steps ahead for.

A round is *quick* when nothing in it can take long without passing a tick of its own: arithmetic, items,
attributes, a few builtins and methods that do not walk their argument, and calls of this module's
functions that are quick themselves. A loop with quick rounds looks at the clock every few hundred of them.
"""

from __future__ import annotations

from dana import ast as na
from dana.lowering.numbers import UNCHANGING, is_number, unchanging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.lowering.context import Context

BUILTINS = frozenset({"len", "abs", "ord", "chr", "range", "isinstance", "round", "int", "float", "bool", "divmod"})
# Methods of builtin values that take the same short time however large the value is.
METHODS = frozenset({"append", "get", "add", "pop", "keys", "values", "items", "discard"})
SEQUENCES = frozenset({"str", "list", "tuple", "tuple*"})
# Statements and expressions that may run anything, or walk a sequence.
OPEN = (na.Slice, na.With, na.Import, na.ImportFrom, na.Use, na.StructDef, na.ResourceDef, na.Match)


def is_quick(cx: Context, *nodes: na.Node) -> bool:
    """Whether running these is certainly short."""
    return all(_quick_node(cx, node) for root in nodes for node in na.walk(root))


def writes_only_names(cx: Context, *nodes: na.Node) -> bool:
    """Whether these store into plain variables only and extend nothing: no sequence changes under an iterator."""
    return all(_keeps_sequences(cx, node) for root in nodes for node in na.walk(root))


def _keeps_sequences(cx: Context, node: na.Node) -> bool:
    match node:
        case na.Assign():
            return all(is_names(t) for t in node.targets)
        case na.AnnAssign() | na.For() | na.Comprehension():
            return is_names(node.target)
        case na.AugAssign():
            return isinstance(node.target, na.Name) and _makes_anew(cx, node)
        case na.Delete() | na.Call():
            return False
        case _:
            return True


def is_names(target: na.Expr) -> bool:
    """Whether a target is plain variables and tuples of them."""
    if isinstance(target, (na.Tuple, na.List)):
        return all(is_names(e) for e in target.elts)
    if isinstance(target, na.Starred):
        return is_names(target.value)
    return isinstance(target, na.Name)


def _makes_anew(cx: Context, node: na.AugAssign) -> bool:
    """Whether `x op= e` certainly makes a new value: a list is changed in place by `+= [e]` and by `*= 2`."""
    if cx.type_of(node.target)[0] in UNCHANGING or cx.type_of(node.value)[0] == "float":
        return True
    if isinstance(node.target, na.Name) and node.target.id in unchanging(cx):
        return True
    return node.op != "*" and is_number(cx, node.value)


def _quick_node(cx: Context, node: na.Node) -> bool:
    if isinstance(node, na.Call):
        return _quick_call(cx, node)
    if isinstance(node, na.BinOp):
        return _quick_operator(cx, node)
    return not isinstance(node, OPEN)


def _quick_operator(cx: Context, node: na.BinOp) -> bool:
    """Arithmetic is quick; powers may be huge, and joining or repeating sequences walks them."""
    if node.op == "**":
        return isinstance(node.right, na.Constant)
    if node.op in {"|", "<<"}:
        return False
    return cx.type_of(node.left)[0] not in SEQUENCES and cx.type_of(node.right)[0] not in SEQUENCES


def _quick_call(cx: Context, node: na.Call) -> bool:
    target = cx.checked.calls.get(id(node))
    if target is None or target.kind in {"ufcs", "maybe_ufcs", "imported"}:
        return target is None and _quick_method(cx, node)
    if target.kind == "builtin":
        return bool(target.info in BUILTINS)
    if target.kind == "struct":
        return bool(target.info.kind == "struct")
    return target.node is not None and is_quick_function(cx, target.node)


def _quick_method(cx: Context, node: na.Call) -> bool:
    func = node.func
    if not isinstance(func, na.Attribute) or func.attr not in METHODS:
        return False
    return bool(cx.type_of(func.value)[0] in {"list", "dict", "set"})


def is_quick_function(cx: Context, node: na.Node) -> bool:
    """Whether a call of this function is certainly short; a recursive one never is."""
    known = cx.quick.get(id(node))
    if known is None:
        cx.quick[id(node)] = False
        known = isinstance(node, na.FunctionDef) and not node.decorators and is_quick(cx, *node.body)
        cx.quick[id(node)] = known
    return known
