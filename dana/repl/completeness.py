"""Is this text a whole entry, or does it want another line?

The lexer knows what is still open when the text ends: brackets, a block in braces, a string in three quotes, a
header that waits for its block, an indented block (which ends with an empty line). The parser knows the rest: a
decorator without its definition, a `try` without its handler, an operator without its operand. A text that
further lines cannot mend is whole: it is to be refused with its diagnostic, not waited for.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dana.diagnostics import Diagnostic
    from dana.parser.reader import Token
    from dana.repl.probe import Probe

INDENT = 4
# Findings that another line mends when they stand at the end of the text: a decorator without its definition, a
# `try` without its handler.
_MENDED_AT_THE_END = frozenset({"E123", "E132"})
_LAYOUT = frozenset({"NEWLINE", "DEDENT", "INDENT", "RBLOCK", "$END"})
_COMMANDS = (":", "?", "/")


def is_command(text: str) -> bool:
    """Whether the text is a word to the prompt itself: `:time …`, `?name`, `/nlp`."""
    return text.lstrip()[:1] in _COMMANDS


def is_complete(text: str) -> bool:
    """Whether Enter at the end of this text should run it.

    A block by indentation ends with an empty line; everything else ends where its line does.
    """
    if not text.strip() or is_command(text):
        return True
    from dana.parser import read
    from dana.repl.probe import read_to_the_end

    probe = read_to_the_end(text)
    tokens = probe.tokens
    if _unfinished_text(probe, text):
        return False
    found = [d for d in read(probe.source)[0].diagnostics if d.is_error]
    end = _last(tokens)
    if not all(_mendable(d, end, probe) for d in found):
        return True
    if probe.in_brackets or probe.in_braces or probe.at_header or found:
        return False
    return not (probe.in_block and not _ends_empty(text)) and tokens[end][2] != "BAR"


def _unfinished_text(probe: Probe, text: str) -> bool:
    """A string in three quotes that has not ended, or a backslash that joins the next line."""
    for d in probe.diagnostics:
        if d.code == "E104" and d.span is not None:
            opener = text[d.span[0] : d.span[1]].lstrip("rRfFuUbB")
            if opener in ('"""', "'''"):
                return True
    return text.endswith(("\\\n", "\\"))


def _mendable(finding: Diagnostic, end: int, probe: Probe) -> bool:
    """Whether more lines can make this finding go away; `end` is the number of the last token that says something."""
    if finding.code == "E105":
        return probe.in_brackets or probe.in_braces
    if finding.code == "E124":
        return probe.at_header
    last = probe.tokens[end]
    if finding.span is None:
        return False
    if finding.code in _MENDED_AT_THE_END:
        return finding.span[0] >= last[1]
    return finding.code == "E133" and last[2] == "BAR"


def _last(tokens: Sequence[Token]) -> int:
    """The number of the last token that is no layout; 0 when there is none."""
    number = len(tokens) - 1
    while number > 0 and tokens[number][2] in _LAYOUT:
        number -= 1
    return number


def _ends_empty(text: str) -> bool:
    """Whether the last line is empty: Enter was pressed where nothing had been typed."""
    head, line_end, last = text.rpartition("\n")
    return bool(line_end) and not last.strip() and bool(head)


def indentation(text: str) -> int:
    """How many columns the line after this text begins with."""
    last = text.rsplit("\n", 1)[-1]
    column = len(last) - len(last.lstrip(" "))
    if is_command(text):
        return 0
    from dana.repl.probe import read_to_the_end

    probe = read_to_the_end(text)
    if _unfinished_text(probe, text):
        return 0
    if probe.at_header or last.rstrip()[-1:] in ("(", "[", "{"):
        return column + INDENT
    first = last.strip().split(" ", 1)[0].rstrip(";")
    if first in ("return", "raise", "break", "continue", "pass", "deliver") and not probe.in_brackets:
        return max(0, column - INDENT)
    return column


# A line that goes on with the statement before it, in a text that is read line by line.
_HEADERS = ("if", "for", "while", "try", "match")
_GOES_ON = ("else", "elif", "except", "finally", "case")


def entries(lines: Iterable[str]) -> Iterator[str]:
    """Cut a stream of lines into entries, each of which is whole and begins in the first column.

    Blank lines inside an indented block do not end it; the next line that begins in the first column does,
    unless it is an `else` or the like. An entry of one line that cannot go on is handed out at once.
    """
    held: list[str] = []
    for raw in lines:
        line = raw.rstrip("\r\n")
        blank = not line.strip()
        if held and not blank and not line[0].isspace() and not goes_on(line) and is_complete(_joined(held) + "\n"):
            yield _joined(held).rstrip()
            held = []
        if blank and not held:
            continue
        held.append(line)
        if len(held) == 1 and (is_command(line) or (not _may_go_on(line) and is_complete(line))):
            yield held.pop()
    if _joined(held).strip():
        yield _joined(held).rstrip()


def _joined(lines: list[str]) -> str:
    return "\n".join(lines)


def goes_on(line: str) -> bool:
    """Whether a line in the first column belongs to the statement before it."""
    word = re.split(r"[({:]", line, maxsplit=1)[0].split()
    return (bool(word) and word[0] in _GOES_ON) or line[:1] in ("}", ")", "]", "|")


def _may_go_on(line: str) -> bool:
    """Whether an `else` or a further stage may follow a line that is whole."""
    return line.split(" ", 1)[0].rstrip(":({") in _HEADERS
