"""Signatures written as text, read when first needed.

`"sorted(items: iterable, /, *, key=None, reverse=False) -> list"` becomes a `("func", params, ret)` type.
Text keeps the tables of builtins readable and costs nothing at start-up.
"""

from __future__ import annotations

from dana.checker.types import (
    ANY,
    BOOL,
    BYTES,
    CALLABLE,
    DICT,
    FLOAT,
    INT,
    LIST,
    NONE,
    RANGE,
    SET,
    STR,
    TUPLE,
    union,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.types import Type

_NAMES: dict[str, Type] = {
    "any": ANY,
    "bool": BOOL,
    "int": INT,
    "float": FLOAT,
    "str": STR,
    "None": NONE,
    "list": LIST,
    "dict": DICT,
    "set": SET,
    "tuple": TUPLE,
    "range": RANGE,
    "bytes": BYTES,
    "function": CALLABLE,
    "iterator": ("iterator", ANY),
    "sized": ("proto", "sized"),
    "iterable": ("proto", "iterable"),
    "number": ("proto", "number"),
    "never": ("never",),
}


def signature(text: str) -> Type:
    """The `("func", params, ret)` type of a signature text; `name(...)` alone accepts anything."""
    head, _, result = text.partition(" -> ")
    inner = head[head.index("(") + 1 : head.rindex(")")]
    ret = type_text(result) if result else ANY
    if inner == "...":
        return ("func", None, ret)
    params: list[tuple[str, Type, str, bool]] = []
    kind = "normal"
    for part in split(inner, ","):
        if part == "/":
            params = [(n, t, "positional", d) for n, t, _, d in params]
        elif part == "*":
            kind = "keyword"
        elif part.startswith("**"):
            params.append((part[2:], ANY, "double_star", False))
        elif part.startswith("*"):
            name, _, annotation = part[1:].partition(": ")
            params.append((name, type_text(annotation) if annotation else ANY, "star", False))
            kind = "keyword"
        else:
            declared, equals, _ = part.partition("=")
            name, _, annotation = declared.partition(": ")
            params.append((name, type_text(annotation) if annotation else ANY, kind, bool(equals)))
    return ("func", tuple(params), ret)


def type_text(text: str) -> Type:
    """`list[int]`, `int | None`: the type a signature means."""
    parts = split(text, "|")
    if len(parts) > 1:
        return union([type_text(p) for p in parts])
    bracket = text.find("[")
    if bracket < 0:
        return _NAMES[text]
    name = text[:bracket]
    args = [type_text(p) for p in split(text[bracket + 1 : -1], ",")]
    return ("tuple", tuple(args)) if name == "tuple" else (name, *args)


def split(text: str, mark: str) -> list[str]:
    """The parts between `mark`s outside brackets, stripped; nothing for empty text."""
    parts: list[str] = []
    depth = begin = 0
    for at, c in enumerate(text):
        if c == "[":
            depth += 1
        elif c == "]":
            depth -= 1
        elif c == mark and depth == 0:
            parts.append(text[begin:at].strip())
            begin = at + 1
    last = text[begin:].strip()
    return [*parts, last] if last else parts
