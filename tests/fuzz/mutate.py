"""Damage done to programs that are fine, and bytes that never were programs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

_TOKEN = re.compile(r"\n[ \t]*|[ \t]+|#[^\n]*|\w+|\"\"\"|'''|[-+*/<>=!|&]=?|.", re.DOTALL)
_INSERTIONS = (
    *"(){}[]:;,.?!@$~|&^%\\\"'#\n\t ",
    *("if", "else", "def", "struct", "lambda", "$$", "::", ":=", "f'{", "'''", '"""', "case", "match x:", "as", "in"),
    *("private:", "**", "->", "0x", "\x00", "\ufeff", "\u2028", "\r", "é", "𝔸", "\udcff", "    ", "for", "not", "..."),
)
LIMIT = 6000


def mutant(rng: Random, corpus: Sequence[str]) -> bytes:
    """One text of the corpus with one to six faults."""
    text = rng.choice(corpus)
    if len(text) > LIMIT:
        start = rng.randrange(len(text) - LIMIT)
        text = text[start : start + LIMIT]
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        text = rng.choice(_MUTATORS)(rng, text, corpus)[: 2 * LIMIT]
    data = text.encode("utf-8", "surrogateescape")
    if rng.random() < 0.1:
        data = _byte_noise(rng, data)
    return data


def noise(rng: Random) -> bytes:
    """Bytes without any plan, or characters and words of the language without any."""
    kind = rng.random()
    size = rng.randint(0, 200)
    if kind < 0.4:
        return rng.randbytes(size)
    if kind < 0.7:
        return "".join(rng.choice(" \n\t(){}[]:;,.=+-*/|'\"#\\$ab01é") for _ in range(size)).encode()
    return " ".join(rng.choice(_INSERTIONS) for _ in range(size // 3)).encode("utf-8", "surrogateescape")


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _delete(rng: Random, text: str, _corpus: Sequence[str]) -> str:
    tokens = _tokens(text)
    if tokens:
        at = rng.randrange(len(tokens))
        del tokens[at : at + rng.choice((1, 1, 1, 2, 5))]
    return "".join(tokens)


def _duplicate(rng: Random, text: str, _corpus: Sequence[str]) -> str:
    tokens = _tokens(text)
    if tokens:
        at = rng.randrange(len(tokens))
        end = at + rng.choice((1, 1, 2, 8))
        tokens[at:at] = tokens[at:end]
    return "".join(tokens)


def _swap(rng: Random, text: str, _corpus: Sequence[str]) -> str:
    tokens = _tokens(text)
    if len(tokens) > 1:
        a, b = rng.randrange(len(tokens)), rng.randrange(len(tokens))
        tokens[a], tokens[b] = tokens[b], tokens[a]
    return "".join(tokens)


def _insert(rng: Random, text: str, _corpus: Sequence[str]) -> str:
    at = rng.randint(0, len(text))
    return text[:at] + rng.choice(_INSERTIONS) + text[at:]


def _replace(rng: Random, text: str, corpus: Sequence[str]) -> str:
    tokens, others = _tokens(text), _tokens(rng.choice(corpus)[:LIMIT])
    if tokens and others:
        tokens[rng.randrange(len(tokens))] = rng.choice(others)
    return "".join(tokens)


def _braces(rng: Random, text: str, _corpus: Sequence[str]) -> str:
    """A colon becomes a brace, or a bracket its counterpart."""
    places = [i for i, c in enumerate(text) if c in ":(){}[]"]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + rng.choice((" {", "}", "(", ")", "[", "]", ":", "")) + text[at + 1 :]


def _indent(rng: Random, text: str, _corpus: Sequence[str]) -> str:
    lines = text.split("\n")
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(lines))
        lines[at] = rng.choice(("", " ", "    ", "\t", "  \t")) + rng.choice((lines[at], lines[at].lstrip()))
    return "\n".join(lines)


def _truncate(rng: Random, text: str, _corpus: Sequence[str]) -> str:
    return text[: rng.randint(0, len(text))]


def _behead(rng: Random, text: str, _corpus: Sequence[str]) -> str:
    return text[rng.randint(0, len(text)) :]


def _splice(rng: Random, text: str, corpus: Sequence[str]) -> str:
    other = rng.choice(corpus)[:LIMIT]
    return text[: rng.randint(0, len(text))] + other[rng.randint(0, len(other)) :]


def _lines(rng: Random, text: str, _corpus: Sequence[str]) -> str:
    lines = text.split("\n")
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    if rng.random() < 0.5:
        lines[a], lines[b] = lines[b], lines[a]
    else:
        lines.insert(a, lines[b])
    return "\n".join(lines)


def _nest(rng: Random, text: str, _corpus: Sequence[str]) -> str:
    """Deep nesting somewhere: brackets, prefix operators, blocks."""
    at = rng.randint(0, len(text))
    deep = rng.choice((30, 150, 250, 1000))
    return (
        text[:at]
        + rng.choice(("(", "[", "{", "-", "not ", "~", "f'{", "lambda: ", "if x: ", "x[", "x(")) * deep
        + text[at:]
    )


def _byte_noise(rng: Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if out:
            out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


_MUTATORS = (
    _delete,
    _delete,
    _duplicate,
    _swap,
    _swap,
    _insert,
    _insert,
    _replace,
    _replace,
    _braces,
    _indent,
    _truncate,
    _behead,
    _splice,
    _lines,
    _nest,
)
