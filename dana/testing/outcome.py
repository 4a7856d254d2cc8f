"""What is run and what came of it; plain data that crosses processes as tuples."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

TEST, PROGRAM, BLOCK, EXAMPLE = "test", "program", "block", "example"


class Case:
    """One thing to run: `number` counts a file's test blocks, `text` is a fenced block's program."""

    __slots__ = ("file", "kind", "line", "name", "number", "text")

    def __init__(self, file: str, name: str, line: int, kind: str, number: int = -1, text: str = "") -> None:
        self.file = file
        self.name = name
        self.line = line
        self.kind = kind
        self.number = number
        self.text = text

    def __repr__(self) -> str:
        return f"Case({self.file!r}, {self.name!r})"


class Outcome:
    """How one case ended: `message` is the rendered finding, `output` what the case printed."""

    __slots__ = ("case", "message", "output", "seconds", "status")

    def __init__(self, case: Case, status: str, seconds: float = 0.0, message: str = "", output: str = "") -> None:
        self.case = case
        self.status = status
        self.seconds = seconds
        self.message = message
        self.output = output

    def to_data(self) -> tuple[Any, ...]:
        case = self.case
        return (case.file, case.name, case.line, case.kind, self.status, self.seconds, self.message, self.output)

    @classmethod
    def from_data(cls, data: tuple[Any, ...]) -> Outcome:
        file, name, line, kind, status, seconds, message, output = data
        return cls(Case(file, name, line, kind), status, seconds, message, output)


class FileResult:
    """What came of one file: its outcomes, its snapshots' fate, and the lines that ran (`dana test --cover`).

    `covered` maps a file to `(lines that can run, lines that did)`.
    """

    __slots__ = ("covered", "file", "outcomes", "snapshots")

    def __init__(self, file: str) -> None:
        self.file = file
        self.outcomes: list[Outcome] = []
        # written, changed, removed or unused
        self.snapshots: dict[str, int] = {}
        self.covered: dict[str, tuple[set[int], set[int]]] = {}

    @property
    def failed(self) -> int:
        return sum(o.status == FAILED for o in self.outcomes)

    @property
    def seconds(self) -> float:
        return sum(o.seconds for o in self.outcomes)

    def to_data(self) -> tuple[Any, ...]:
        return self.file, [o.to_data() for o in self.outcomes], self.snapshots, self.covered

    @classmethod
    def from_data(cls, data: tuple[Any, ...]) -> FileResult:
        made = cls(data[0])
        made.outcomes = [Outcome.from_data(each) for each in data[1]]
        made.snapshots = data[2]
        made.covered = data[3]
        return made
