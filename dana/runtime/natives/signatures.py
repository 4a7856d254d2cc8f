"""Signatures of natives, written as text and read into static types.

    "(x: float, base: float = …) -> float"      →  ("func", (("x", ("float",), "normal", False), …), ("float",))
    "float"                                     →  ("float",)
    "effect (url: str) -> str"                  →  ("func", …, ("str",), "effect"): calling it starts an effect (L34)

The runtime may not import the checker, and a table of nested tuples is no pleasure to read; so natives
say what they take as one would say it in Dana. The notation is Dana's own, with `= …` for "has a default",
plus `number` for `int | float`, `iterator[T]`, and `@date` for an instance of a curated type.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeAlias

    Type: TypeAlias = tuple[Any, ...]

SIMPLE: dict[str, Type] = {
    "any": ("any",),
    "None": ("none",),
    "never": ("never",),
    "bool": ("bool",),
    "int": ("int",),
    "float": ("float",),
    "str": ("str",),
    "bytes": ("opaque", "bytes"),
    "number": ("union", (("float",), ("int",))),
    "callable": ("callable",),
    "list": ("list", ("any",)),
    "dict": ("dict", ("any",), ("any",)),
    "set": ("set", ("any",)),
    "tuple": ("tuple*", ("any",)),
}


def types_of(signatures: Mapping[str, str]) -> dict[str, Type]:
    """Static types by exported name."""
    return {name: read_signature(text) for name, text in signatures.items()}


def read_signature(text: str) -> Type:
    """The type a signature or a plain type describes."""
    if text.startswith("effect "):
        return (*read_signature(text.removeprefix("effect ")), "effect")
    if not text.startswith("("):
        return read_type(text)
    inside, _, result = text[1:].rpartition(") -> ")
    params: list[Type] = []
    kind = "normal"
    for part in split_outside_brackets(inside, ","):
        if part == "*":
            kind = "keyword"
        else:
            params.append(read_parameter(part, kind))
            if params[-1][2] == "star":
                kind = "keyword"
    return ("func", tuple(params), read_type(result))


def read_parameter(text: str, kind: str) -> Type:
    """`name: type`, `name: type = …`, `*name: type`, `name: type /` (positional only)."""
    name, _, rest = text.partition(":")
    declared, default, _ = rest.partition("=")
    declared = declared.strip()
    if name.startswith("**"):
        name, kind = name[2:], "double_star"
    elif name.startswith("*"):
        name, kind = name[1:], "star"
    elif declared.endswith("/"):
        declared, kind = declared[:-1], "positional"
    return (name.strip(), read_type(declared), kind, bool(default))


def read_type(text: str) -> Type:
    """A type in Dana's notation."""
    options = split_outside_brackets(text, "|")
    if len(options) > 1:
        flat: set[Type] = set()
        for option in map(read_type, options):
            flat.update(option[1] if option[0] == "union" else (option,))
        return ("union", tuple(sorted(flat)))
    text = text.strip()
    if text in SIMPLE:
        return SIMPLE[text]
    if text.startswith("@"):
        return ("opaque", text[1:])
    head, bracket, inner = text.partition("[")
    if not bracket or not inner.endswith("]"):
        msg = f"not a type in a native's signature: {text!r}"
        raise ValueError(msg)
    items = tuple(map(read_type, split_outside_brackets(inner[:-1], ",")))
    if head == "tuple":
        return ("tuple", items)
    if head in ("list", "set", "iterator", "dict", "type"):
        return (head, *items)
    msg = f"not a generic type in a native's signature: {text!r}"
    raise ValueError(msg)


def split_outside_brackets(text: str, separator: str) -> list[str]:
    """The stripped parts of `text` between separators that stand in no bracket."""
    parts: list[str] = []
    depth = start = 0
    for at, char in enumerate(text):
        if char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
        elif char == separator and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    last = text[start:].strip()
    if last:
        parts.append(last)
    return parts
