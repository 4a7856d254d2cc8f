"""Static types: small immutable values, assignability, and what a check can be elided for.

Gradual typing: `ANY` is compatible with everything in both directions and proves nothing.
Types are tuples so that they compare, hash and marshal; the first item is the kind.

A static type is a promise that holds at run time, because run-time checks are left out on its word.
Two consequences: `("int",)` means "an int or a bool" (True passes `n: int` untouched), and the element
types of a list, dict or set are claimed only while nobody else can hold the container (`strip`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeAlias

    Type: TypeAlias = tuple[Any, ...]

# ("any",)                         nothing known
# ("never",)                       no value (after return/raise)
# ("none",) ("bool",) ("int",) ("float",) ("str",)
# ("list", T) ("set", T) ("dict", K, V) ("tuple", (T, ...)) ("tuple*", T)
# ("union", (T, ...))              sorted, flattened, without duplicates
# ("lit", (value, ...))            literal strings/ints/bools
# ("struct", name, module)         an instance; details are in Checked.structs / the module's interface
# ("interface", name, module)
# ("func", params, ret)            callable with a known signature: params is a tuple of
#                                  (name, Type, kind, has_default) or None when unknown
# ("func", params, ret, "effect")  the same, and calling it starts an effect (L34)
# ("callable",)                    some callable
# ("type", T)                      the type value itself (`int`, `Point`)
# ("module", name)
# ("exception", name)              an instance of an exception class
# ("range",) ("iterator", T)       builtin iterables
# ("opaque", name)                 a host or builtin object that is certainly not callable
# ("ref", "a.b")                   a type that only run time knows: a variable used as a type (static: any)
# ("proto", name)                  only in signatures of builtins: "sized", "iterable", "number", "iterator"

ANY: Type = ("any",)
NEVER: Type = ("never",)
NONE: Type = ("none",)
BOOL: Type = ("bool",)
INT: Type = ("int",)
FLOAT: Type = ("float",)
STR: Type = ("str",)
RANGE: Type = ("range",)
CALLABLE: Type = ("callable",)

BYTES: Type = ("opaque", "bytes")
LIST: Type = ("list", ANY)
SET: Type = ("set", ANY)
DICT: Type = ("dict", ANY, ANY)
TUPLE: Type = ("tuple*", ANY)

MAX_OPTIONS = 8

SCALARS = frozenset({"none", "bool", "int", "float", "str", "lit"})
MUTABLE = frozenset({"list", "dict", "set"})
CALLABLE_KINDS = frozenset({"func", "callable", "type"})
NOT_CALLABLE = frozenset(
    {"none", "bool", "int", "float", "str", "lit", "list", "dict", "set", "tuple", "tuple*", "range", "exception",
     "module", "opaque"}
)  # fmt: skip


def union(options: Iterable[Type]) -> Type:
    """One type for "any of these": flattened, without duplicates, `ANY` when it would grow large."""
    found: set[Type] = set()
    for option in options:
        kind = option[0]
        if kind == "any":
            return ANY
        if kind == "union":
            found.update(option[1])
        elif kind != "never":
            found.add(option)
    if INT in found:
        found.discard(BOOL)
    if not found:
        return NEVER
    if len(found) == 1:
        return found.pop()
    kinds = {f[0] for f in found}
    if len(kinds) < len(found):
        found = _merge_containers(found)
        if len(found) == 1:
            return found.pop()
    if len(found) > MAX_OPTIONS:
        return ANY
    return ("union", tuple(sorted(found, key=repr)))


def _merge_containers(found: set[Type]) -> set[Type]:
    """Several lists become one list of the union, so that each container kind occurs once."""
    merged: dict[str, Type] = {}
    out: set[Type] = set()
    for option in found:
        kind = option[0]
        if kind in MUTABLE or kind in ("tuple*", "iterator"):
            old = merged.get(kind)
            merged[kind] = option if old is None else (kind, *(union(p) for p in zip(old[1:], option[1:], strict=True)))
        elif kind == "lit":
            old = merged.get(kind)
            values = option[1] if old is None else tuple(dict.fromkeys(old[1] + option[1]))
            merged[kind] = ("lit", values)
        else:
            out.add(option)
    out.update(merged.values())
    return out


def join(a: Type, b: Type) -> Type:
    """The smallest type both belong to."""
    if a is b or a == b:
        return a
    if a is ANY or b is ANY:
        return ANY
    return union((a, b))


def options(t: Type) -> tuple[Type, ...]:
    """The members of a union, or the type itself alone."""
    return t[1] if t[0] == "union" else (t,)


def without_none(t: Type) -> Type:
    """The type when the value is known not to be None."""
    if t[0] != "union":
        return t
    return union(o for o in t[1] if o != NONE)


def strip(t: Type) -> Type:
    """The type without element claims: what still holds once others can reach the container.

    What has many parts is no longer described: `y = (x, x)`, `z = (y, y)`, … doubles with every line.
    """
    kind = t[0]
    if kind == "list":
        return LIST
    if kind == "dict":
        return DICT
    if kind == "set":
        return SET
    if kind not in _NESTING:
        return t
    if is_large(t):
        return _LARGE[kind]
    return _stripped(t)


def _stripped(t: Type) -> Type:
    kind = t[0]
    if kind == "list":
        return LIST
    if kind == "dict":
        return DICT
    if kind == "set":
        return SET
    if kind == "tuple":
        return ("tuple", tuple(_stripped(e) for e in t[1]))
    if kind in ("tuple*", "iterator"):
        return (kind, _stripped(t[1]))
    if kind == "union":
        return union(_stripped(o) for o in t[1])
    return t


# Kinds whose types hold others and keep them when stored, and what is left of large ones.
_LARGE: dict[str, Type] = {
    "tuple": TUPLE, "tuple*": TUPLE, "iterator": ("iterator", ANY), "union": ANY, "func": CALLABLE, "type": ANY,
}  # fmt: skip
_NESTING = _LARGE.keys()
# Parts and levels of the largest type that is described.
PARTS_MAX, LEVELS_MAX = 400, 40


def is_large(t: Type) -> bool:
    """Whether a type has more parts, or is nested deeper, than is worth describing; never expensive."""
    waiting: list[Any] = [t]
    left = PARTS_MAX
    for _level in range(2 * LEVELS_MAX):
        below: list[Any] = []
        for part in waiting:
            below += [p for p in part if p.__class__ is tuple]
            if len(below) > left:
                return True
        if not below:
            return False
        left -= len(below)
        waiting = below
    return True


def widen(t: Type) -> Type:
    """Literal types become the class of their values."""
    if t[0] == "lit":
        return union(of_value(v) for v in t[1])
    return t


def of_value(value: object) -> Type:
    """The type of a constant."""
    return _CONSTANT.get(value.__class__, ANY)


_CONSTANT = {bool: BOOL, int: INT, float: FLOAT, str: STR, type(None): NONE}


def held(declared: Type) -> Type:
    """What a variable certainly holds after a value passed the check for `declared`."""
    kind = declared[0]
    if kind in SCALARS or kind == "struct":
        return declared
    if kind in ("ref", "proto", "type"):
        return ANY
    if kind == "union":
        return union([held(o) for o in declared[1]])
    if kind == "func":
        return CALLABLE
    return strip(declared)


def element(t: Type) -> Type:
    """What iterating over a value of this type yields; `ANY` when unknown."""
    kind = t[0]
    if kind in ("list", "set", "iterator", "tuple*", "dict"):
        return t[1]  # type: ignore[no-any-return]
    if kind == "str":
        return STR
    if kind == "range":
        return INT
    if kind == "tuple":
        return union(t[1])
    if kind == "union":
        return union(element(o) for o in t[1])
    return ANY


def effect(func: Type) -> Type:
    """The function type of an effect (L34): calls that the compiler follows give promises."""
    return (*func[:3], "effect")


def is_effect(t: Type) -> bool:
    """Whether calling a value of this type starts an effect."""
    return t[0] == "func" and len(t) > 3


def callable_(t: Type) -> bool | None:
    """True or False when it is certain that values of this type can (not) be called, else None."""
    kind = t[0]
    if kind in CALLABLE_KINDS:
        return True
    if kind in NOT_CALLABLE:
        return False
    if kind == "union":
        answers = {callable_(o) for o in t[1]}
        return answers.pop() if len(answers) == 1 else None
    return None


def proves(static: Type, declared: Type) -> bool:
    """Whether every value of `static` passes a check for `declared` untouched, so the check may go.

    `int` does not prove `float` (it would be converted); `bool` proves `int` (it passes as it is).
    """
    if declared == ANY:
        return True
    kind = static[0]
    if kind == "any":
        return False
    if kind == "union":
        return all(proves(o, declared) for o in static[1])
    if kind == "never":
        return True
    want = declared[0]
    if want == "union":
        return any(proves(static, o) for o in declared[1])
    if kind == "lit":
        if want == "lit":
            return all(_same_literal(v, declared[1]) for v in static[1])
        return all(proves(of_value(v), declared) for v in static[1])
    if static == declared:
        return kind not in ("interface", "func", "proto")
    if kind == "bool":
        return bool(want == "int")
    if want in ("callable", "func"):
        return bool(want == "callable" and kind == "func")
    if want == "tuple*":
        return kind == "tuple" and all(proves(e, declared[1]) for e in static[1])
    if kind != want:
        return False
    if kind in ("list", "set", "tuple*"):
        return proves(static[1], declared[1])
    if kind == "dict":
        return proves(static[1], declared[1]) and proves(static[2], declared[2])
    if kind == "tuple":
        return len(static[1]) == len(declared[1]) and all(map(proves, static[1], declared[1]))
    return False


def _same_literal(value: object, values: tuple[object, ...]) -> bool:
    return any(value.__class__ is v.__class__ and value == v for v in values)


def show(t: Type) -> str:
    """The type as people write it."""
    kind = t[0]
    if kind == "union":
        rest = [show(o) for o in t[1] if o != NONE]
        if len(rest) < len(t[1]):
            return rest[0] + "?" if len(rest) == 1 else " | ".join([*rest, "None"])
        return " | ".join(rest)
    if kind in ("list", "set"):
        return kind if t[1] in (ANY, NEVER) else f"{kind}[{show(t[1])}]"
    if kind == "dict":
        return "dict" if t[1:] in ((ANY, ANY), (NEVER, NEVER)) else f"dict[{show(t[1])}, {show(t[2])}]"
    if kind == "tuple":
        return f"tuple[{', '.join(map(show, t[1]))}]" if t[1] else "()"
    if kind == "tuple*":
        return "tuple" if t[1] == ANY else f"tuple[{show(t[1])}, ...]"
    if kind == "lit":
        return " | ".join(f'"{v}"' if isinstance(v, str) else str(v) for v in t[1])
    if kind in ("struct", "interface", "exception", "opaque", "proto"):
        return str(t[1])
    if kind == "module":
        return f"module {t[1]}"
    if kind == "func":
        return "function" if t[1] is None else f"({', '.join(map(show_param, t[1]))}) -> {show(t[2])}"
    if kind == "type":
        return f"type[{show(t[1])}]"
    if kind == "iterator":
        return "iterator" if t[1] == ANY else f"iterator[{show(t[1])}]"
    return _PLAIN.get(str(kind), str(kind))


_PLAIN = {"none": "None", "callable": "function"}
_STARS = {"star": "*", "double_star": "**"}


def show_param(param: tuple[str, Type, str, bool]) -> str:
    """`name: T = …` as in a signature."""
    name, t, kind, has_default = param
    text = _STARS.get(kind, "") + name
    if t[0] == "any":
        return text + ("=…" if has_default else "")
    return f"{text}: {show(t)}" + (" = …" if has_default else "")


def show_signature(name: str, func: Type) -> str:
    """`area(c: Circle, scale: float = …) -> float`, with `/` and `*` where they matter."""
    if func[0] != "func" or func[1] is None:
        return f"{name}(…)"
    parts: list[str] = []
    seen_star = False
    params = func[1]
    for index, param in enumerate(params):
        kind = param[2]
        if kind == "keyword" and not seen_star:
            parts.append("*")
            seen_star = True
        seen_star = seen_star or kind == "star"
        parts.append(show_param(param))
        last = index + 1 == len(params) or params[index + 1][2] != "positional"
        if kind == "positional" and last:
            parts.append("/")
    text = f"{name}({', '.join(parts)})"
    return text if func[2][0] == "any" else f"{text} -> {show(func[2])}"
