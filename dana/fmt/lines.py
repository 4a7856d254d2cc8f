"""The lines of the result: code, the comments behind it, blank lines between.

Comments behind the code of neighbouring lines stand in one column. How many blank lines separate top-level
definitions is known only when all of them have been seen; until then the places are remembered.
"""

from __future__ import annotations

WIDTH = 100
INDENT = 4


class Lines:
    """Collects the result."""

    __slots__ = ("behind_at", "commented", "gaps", "out")

    def __init__(self) -> None:
        self.out: list[str] = []
        self.behind_at = -1  # the line that has got a comment behind its code last
        self.gaps: list[int] = []  # places of the blank lines between definitions
        self.commented: list[tuple[int, int, str, str]] = []  # (place, indentation, code, comment)

    def blank(self, count: int) -> None:
        if count > 0:
            self.out.append("\n" * count)

    def gap(self) -> None:
        self.gaps.append(len(self.out))
        self.out.append("\n")

    def code(self, indent: int, text: str) -> None:
        self.out.append(f"{' ' * indent}{text}\n")

    def comment(self, indent: int, text: str) -> None:
        """A comment on a line of its own."""
        self.out.append(f"{' ' * indent}{tidy(text)}\n")

    def behind(self, indent: int, text: str) -> None:
        """A comment behind the last line of code."""
        code = self.out[-1][:-1]
        comment = tidy(text)
        self.out[-1] = f"{code}  {comment}\n"
        self.behind_at = len(self.out) - 1
        if code.lstrip()[:1] not in ")]}":
            self.commented.append((len(self.out) - 1, indent, code, comment))

    def is_code(self, place: int) -> bool:
        """Whether a line (counted from the end) is code without a comment behind it."""
        return not self.out[place].lstrip().startswith("#") and self.behind_at != len(self.out) + place

    def closes_empty_block(self) -> bool:
        """Makes a header and its lonely `pass` `header {}`, when that is what the last lines are."""
        if self.out[-1].strip() != "pass" or not self.out[-2].endswith("{\n"):
            return False
        if not (self.is_code(-1) and self.is_code(-2)):
            return False
        self.out.pop()
        self.out[-1] = self.out[-1][:-1] + "}\n"
        return True

    def closes_block(self) -> bool:
        """Whether the last line is a `}`; it goes, because the next line begins with it."""
        last = self.out[-1]
        if not self.is_code(-1):
            return False
        if last.endswith("{}\n"):
            self.out[-1] = last[:-2] + "\n"
            return True
        if last.strip() == "}":
            self.out.pop()
            return True
        return False

    def replace_end(self, old: str, new: str) -> None:
        """The last line of code ends otherwise."""
        line = self.out[-1]
        assert line.endswith(old + "\n")
        self.out[-1] = f"{line[: -len(old) - 1]}{new}\n"

    def drop_lead(self, place: int, lead: str) -> None:
        """The line at `place` begins without `lead`."""
        self.out[place] = self.out[place].replace(lead, "", 1)
        self.commented = [
            (at, indent, code.replace(lead, "", 1) if at == place else code, comment)
            for at, indent, code, comment in self.commented
        ]

    def finish(self, separation: int) -> str:
        """The whole text; `separation` is the number of blank lines between definitions."""
        for place in self.gaps:
            self.out[place] = "\n" * separation
        self.align()
        return "".join(self.out)

    def align(self) -> None:
        """Comments behind neighbouring lines of one block, where all still fit, go into one column."""
        run: list[tuple[int, int, str, str]] = []
        for entry in [*self.commented, (-1, 0, "", "")]:
            if run and (entry[0] != run[-1][0] + 1 or entry[1] != run[-1][1]):
                if len(run) > 1:
                    self.align_run(run)
                run = []
            run.append(entry)

    def align_run(self, run: list[tuple[int, int, str, str]]) -> None:
        column = max(last_width(code) for _, _, code, _ in run)
        if any(column + 2 + len(comment) > WIDTH and last_width(code) < column for _, _, code, comment in run):
            return
        for place, _, code, comment in run:
            self.out[place] = f"{code}{' ' * (column - last_width(code))}  {comment}\n"


def last_width(code: str) -> int:
    return len(code) - code.rfind("\n") - 1


def fits(text: str, indent: int) -> bool:
    """Whether a line is short enough; the lines inside a string are what they are."""
    if "\n" not in text:
        return indent + len(text) <= WIDTH
    first = text.index("\n")
    return indent + first <= WIDTH and last_width(text) <= WIDTH


def tidy(comment: str) -> str:
    """A space behind the hash signs; nothing at the end."""
    comment = comment.rstrip()
    mark = comment.lstrip("#")
    if mark and (mark[0].isalnum() or mark[0] in "\"'`([{<$@…"):
        return f"{comment[: len(comment) - len(mark)]} {mark}"
    return comment
