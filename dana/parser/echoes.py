"""One finding per mistake: what another finding already explains is left out.

A wrong header or a mixed indentation makes the lines below look wrong in a second way; told once, it is mended
at once.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dana.diagnostics import Diagnostic

BLOCK = 200  # lines below a header that are looked at
# What is said about a wrong header.
_HEADERS = frozenset({"E103", "E130"})


def without_echoes(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings, in order of their places, without those that follow from one before them.

    Left out are: mixed tabs after the first time, with the block they seem to leave empty, and parts without a
    statement (`case`, `except`) below a header that was refused or stands at the same place.
    """
    kept: list[Diagnostic] = []
    mixed_lines: set[int] = set()
    header: Diagnostic | None = None
    for finding in found:
        code = finding.code
        if code == "E111":
            mixed_lines.add(finding.line)
            if len(mixed_lines) > 1:
                continue
        elif code == "E124" and finding.line in mixed_lines:
            continue
        elif code == "E132":
            if header is not None and _belongs_to(finding, header):
                continue
        else:
            header = finding if code in _HEADERS else None
        kept.append(finding)
    return kept


def _belongs_to(part: Diagnostic, header: Diagnostic) -> bool:
    """Whether a stray part stands where the refused header is, or in the block below it."""
    if part.line == header.line:
        return True
    if header.source is None or part.line - header.line > BLOCK:
        return False
    depth = _indentation(header.source.line(header.line))
    below = [header.source.line(number) for number in range(header.line + 1, part.line + 1)]
    return all(_indentation(text) > depth for text in below if text.strip())


def _indentation(text: str) -> int:
    return len(text) - len(text.lstrip())
