"""Programs in other clothes: the same tokens with other blanks, line breaks, comments, quotes and commas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dana.parser import parse, read
from dana.source import Source

if TYPE_CHECKING:
    from random import Random

OPENERS = {"LPAR", "WITH_LPAR", "LSQB", "LBRACE"}
CLOSERS = {"RPAR", "RSQB", "RBRACE"}
COMMENTS = ("# why", "#tight", "## a doc", "#", "#!mark", "# größe  ", "####")


def dressed(rng: Random, text: str) -> str:
    """The program with another layout; the text itself when the change would have made it another program."""
    source = Source("x", text)
    parsed, tokens = read(source)
    if any(d.is_error for d in parsed.diagnostics):
        return text
    changed = _woven(rng, source.text, tokens) if rng.random() < 0.8 else source.text
    if rng.random() < 0.5:
        changed = _lines(rng, changed)
    found = parse(Source("y", changed))
    return changed if not any(d.is_error for d in found.diagnostics) else text


def _woven(rng: Random, text: str, tokens) -> str:
    """Between any two tokens inside brackets, or before a `|`, something may stand; elsewhere only blanks."""
    out = []
    depth = strings = 0
    last = 0
    share = rng.choice((0.02, 0.1, 0.3))
    for number, (start, end, kind, _) in enumerate(tokens[:-1]):
        gap = text[last:start]
        inside = depth > 0 and not strings
        bare = start > last or (kind not in ("NEWLINE", "INDENT", "DEDENT"))
        if (
            number
            and start >= last
            and bare
            and not strings
            and not gap.count("\n")
            and "#" not in gap
            and rng.random() < share
        ):
            if inside and kind != "DOC":
                gap = rng.choice(("\n", "  ", f"  {rng.choice(COMMENTS)}\n", f"\n    {rng.choice(COMMENTS)}\n", "\n\n"))
            elif gap:
                gap = rng.choice(("   ", " \\\n "))
        if inside and kind in CLOSERS and tokens[number - 1][2] not in OPENERS | {"COMMA"} and rng.random() < share:
            gap = "," + gap if "#" not in gap else gap
        out += [gap, text[start:end]] if start >= last else [text[last:end]]
        last = max(last, end)
        strings += (kind == "FSTRING_START") - (kind == "FSTRING_END")
        depth += (kind in OPENERS) - (kind in CLOSERS)
    return "".join(out) + text[last:]


def _lines(rng: Random, text: str) -> str:
    lines = text.split("\n")
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(lines))
        what = rng.random()
        if what < 0.3:
            lines.insert(at, " " * rng.choice((0, 4, 8, 2)) + rng.choice(COMMENTS))
        elif what < 0.6:
            lines.insert(at, "" if rng.random() < 0.5 else "   ")
        elif what < 0.8 and lines[at].strip() and lines[at][-1:] != "\\":
            lines[at] += "  " + rng.choice(COMMENTS)
        else:
            lines[at] = lines[at].replace('"', "'")
    return "\n".join(lines)
