"""Can a value of this type become that type? (L13, L14, and the conversions of `x: T = e`)"""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.builtins import is_subexception
from dana.checker.interfaces import unfit_methods
from dana.checker.types import ANY, FLOAT, INT, NONE, NOT_CALLABLE, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.types import Type

_NUMBERS = frozenset({"int", "float", "bool"})
_SEQUENCES = frozenset({"list", "tuple", "tuple*"})
_NOT_SIZED = frozenset({"none", "int", "float", "bool", "func", "callable", "module"})


def possible(c: Context, static: Type, declared: Type, *, strict: bool = False) -> bool:
    """Whether some value of `static` may be accepted where `declared` is wanted.

    False is a proof of an error. `strict` leaves the conversions out: builtin functions do not convert.
    """
    kind = static[0]
    want = declared[0]
    if kind in ("any", "never") or want in ("any", "ref") or static == declared:
        return True
    if kind == "union":
        return any(possible(c, o, declared, strict=strict) for o in static[1])
    if want == "union":
        return any(possible(c, static, o, strict=strict) for o in declared[1])
    if want == "proto":
        return _fits_proto(kind, declared[1])
    if kind in ("opaque", "ref", "proto", "interface"):
        return True
    if strict:
        return _same_kind(c, static, declared)
    return _same_kind(c, static, declared) or _converts(kind, want)


def _fits_proto(kind: str, proto: str) -> bool:
    if proto == "number":
        return kind not in (
            "none",
            "str",
            "list",
            "dict",
            "set",
            "tuple",
            "tuple*",
            "func",
            "callable",
            "module",
            "range",
        )
    if proto == "sized":
        return kind not in _NOT_SIZED and kind != "iterator"
    return kind not in _NOT_SIZED


def _same_kind(c: Context, static: Type, declared: Type) -> bool:
    kind = static[0]
    want = declared[0]
    if want == "interface":
        return _fits_interface(c, static, declared)
    if kind == "struct":
        return want == "struct" and _may_extend(c, static, declared)
    if want == "struct":
        return False
    if kind == "exception" or want == "exception":
        return kind == want and _related_exceptions(static[1], declared[1])
    if want == "lit":
        return (kind == "lit" and any(v in declared[1] for v in static[1])) or kind in ("str", "int", "float", "bool")
    if kind == "lit":
        return want in ("str", "int", "float", "bool")
    if want in ("callable", "func"):
        return kind not in NOT_CALLABLE
    if kind in _NUMBERS and want in _NUMBERS:
        return bool(want != "bool" or kind == "bool")
    if kind == "tuple" and want == "tuple":
        return len(static[1]) == len(declared[1])
    return kind == want or (kind in ("tuple", "tuple*") and want in ("tuple", "tuple*"))


def _may_extend(c: Context, static: Type, declared: Type) -> bool:
    info = c.info(static)
    if info is None or c.info(declared) is None:
        return True
    return any(b == declared[1:] or _may_extend(c, ("struct", *b), declared) for b in info.bases)


def _related_exceptions(a: str, b: str) -> bool:
    from dana.checker.builtins import EXCEPTIONS

    if a not in EXCEPTIONS or b not in EXCEPTIONS:
        return True
    return is_subexception(a, b) or is_subexception(b, a)


def _fits_interface(c: Context, static: Type, declared: Type) -> bool:
    info = c.info(static)
    wanted = c.info(declared)
    if wanted is None or (static[0] == "struct" and info is None):
        return True
    if static[0] != "struct":
        return static[0] not in ("none", "int", "float", "bool", "range") or not wanted.methods
    return info is None or info.open or not unfit_methods(c, info, wanted)


def _converts(kind: str, want: str) -> bool:
    """L14's safe coercions by kind; a str may hold any number, word or JSON text."""
    if kind in ("str", "lit"):
        return want in ("int", "float", "bool", "list", "dict", "struct", "str", "set", "tuple", "tuple*")
    if want == "str":
        return kind in _NUMBERS
    if want == "struct":
        return kind == "dict"
    if kind in _NUMBERS:
        return want in _NUMBERS
    return want in _SEQUENCES and (kind in _SEQUENCES or kind in ("range", "iterator", "set"))


def check_value(
    c: Context, node: Any, static: Type, declared: Type, code: str, what: str, *, strict: bool = False
) -> bool:
    """Reports when the value of `node` certainly cannot be used as `declared`; True when it may."""
    if (
        node.__class__ is na.Constant
        and node.value.__class__ is str
        and not _text_fits(node.value, declared, strict=strict)
    ):
        report_literal(c, node, declared, code, what)
        return False
    if possible(c, static, declared, strict=strict):
        if node.__class__ is na.Constant and _literal_type(declared, node.value):
            c.types[id(node)] = ("lit", (node.value,))
        return True
    notes = []
    info, wanted = c.info(static), c.info(declared)
    if info is not None and wanted is not None and wanted.kind == "interface":
        notes = unfit_methods(c, info, wanted)
        code = "E310"
    c.report(
        code, f"{what} must be {show(declared)}, not {show(static)}", node, label=f"this is {show(static)}", notes=notes
    )
    return False


def _text_fits(text: str, declared: Type, *, strict: bool) -> bool:
    """Whether a text written in the program may stand for a value of the type."""
    want = declared[0]
    if want == "union":
        return any(_text_fits(text, o, strict=strict) for o in declared[1])
    if want == "lit":
        return text in declared[1] or not all(isinstance(v, str) for v in declared[1])
    if strict:
        return True
    if want in ("int", "float"):
        return is_number(text)
    if want in ("list", "dict", "struct"):
        return text.lstrip()[:1] in ("[", "{", '"') or text.strip().isidentifier()
    return bool(want != "none")


def is_number(text: str) -> bool:
    """Whether `float(text)` works."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def report_literal(c: Context, node: na.Constant, declared: Type, code: str, what: str) -> None:
    """A text that is none of the texts allowed, or no number where one is wanted."""
    allowed = [v for o in (declared[1] if declared[0] == "union" else (declared,)) if o[0] == "lit" for v in o[1]]
    near = c.near(node.value, [v for v in allowed if isinstance(v, str)])
    hint = f'did you mean `"{near}"`?' if near else ""
    c.report(code, f"{what} must be {show(declared)}, not {node.value!r}", node, hint=hint)


def _literal_type(declared: Type, value: object) -> bool:
    options = declared[1] if declared[0] == "union" else (declared,)
    return any(o[0] == "lit" and any(v.__class__ is value.__class__ and v == value for v in o[1]) for o in options)


def converted(c: Context, node: Any, static: Type, declared: Type) -> Type:
    """What `x: T = e` leaves in x; lints a conversion that can lose something (L14)."""
    from dana.checker.types import held, union

    if static == FLOAT and _wants_int(declared) and not _whole(node):
        text = f"`x: {show(declared)} = …` cuts off the fraction of a float"
        c.report("W301", text, node, hint="write `round(…)` to round, or `int(…)` to say that cutting is meant")
    after = held(declared)
    may_be_none = static is ANY or static == NONE or (static[0] == "union" and NONE in static[1])
    return union([after, NONE]) if may_be_none else after


def _wants_int(declared: Type) -> bool:
    if declared[0] == "union":
        return INT in declared[1] and FLOAT not in declared[1]
    return declared == INT


def _whole(node: Any) -> bool:
    return node.__class__ is na.Constant and node.value.__class__ is float and node.value.is_integer()
