"""What must hold for every program that is formatted."""

from __future__ import annotations

import re

from dana.ast.nodes import Node
from dana.fmt import format_source
from dana.parser import parse
from dana.source import Source


class Broken(AssertionError):
    """A program the formatter does wrong; `kind` tells the ways apart."""

    def __init__(self, kind: str, details: str) -> None:
        super().__init__(f"{kind}: {details}")
        self.kind = kind


def shape(value):
    """A tree without positions."""
    if isinstance(value, Node):
        fields = zip(value._fields[2:], value[2:], strict=True)
        return (type(value).__name__, *(shape(part) for name, part in fields if name != "name_at"))
    if value.__class__ is tuple:
        return tuple(shape(part) for part in value)
    return (type(value).__name__, repr(value))


def meaning(text: str):
    """The tree and the comments of a text, or None when it has errors."""
    parsed = parse(Source("x", text))
    if any(d.is_error for d in parsed.diagnostics):
        return None
    comments = [text[a:b] for a, b in parsed.comments]
    return shape(parsed.module.body), [(len(c) - len(c.lstrip("#")), c.lstrip("#").strip()) for c in comments]


def formatted(text: str, style: str | None = None) -> str:
    found = format_source(Source("x.na", text), style)
    if found.diagnostics:
        raise Broken("refused", found.diagnostics[0].message)
    return found.text


def examine(text: str) -> bool:
    """False for a text that does not parse. Raises `Broken`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    before = meaning(text)
    if before is None:
        if format_source(Source("x.na", text)).text != text:
            raise Broken("touched", "a program with errors was changed")
        return False
    results = {style: formatted(text, style) for style in (None, "indent", "braces")}
    for style, result in results.items():
        after = meaning(result)
        if after != before:
            raise Broken(f"meaning {style}", "the tree or the comments differ")
        again = formatted(result, style)
        if again != result:
            raise Broken(f"idempotence {style}", _first_difference(result, again))
        if formatted(result) != result:
            raise Broken(f"style kept {style}", _first_difference(result, formatted(result)))
    for here, there in (("indent", "braces"), ("braces", "indent")):
        returned = formatted(formatted(results[here], there), here)
        # A comment behind a `}` has no place of its own in the other style: it becomes the last line of the block.
        if not re.search(r"\}  +#", results["braces"]) and returned != results[here]:
            raise Broken(f"round trip {here}", _first_difference(results[here], returned))
    if any(line != line.rstrip() for line in outside_strings(results[None])):
        raise Broken("blanks", "blanks at the end of a line")
    return True


def outside_strings(text: str):
    """The lines of a program in which no string begins or goes on."""
    if '"""' in text or "'''" in text or "\\\n" in text or "f'" in text or 'f"' in text.lower():
        return []
    return text.split("\n")


def _first_difference(one: str, other: str) -> str:
    for number, (a, b) in enumerate(zip(one.split("\n"), other.split("\n"), strict=False), 1):
        if a != b:
            return f"line {number}: {a!r} / {b!r}"
    return "one ends before the other"
