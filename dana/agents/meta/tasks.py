"""Recorded tasks: an input and what makes an answer to it right. They are the judge, and never shown whole.

A task comes from a program (`task("where is parcel 7?", "on its way")`) or from the ledger, where a program kept it
(`record`). They are split once, by a hash of each task and a seed: the *tuning* part may be shown to whoever proposes
a change, the *holdout* part decides and is seen by nobody. Adding tasks moves none from one part to the other.
"""

from __future__ import annotations

from hashlib import blake2b

from dana.adaptive.canonical import canonical, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from dana.adaptive.ledger import Event

RECORDED = "meta.task"
# Half for tuning, half to decide.
HOLDOUT = 0.5


class Task:
    """One task: what is asked, the right answer or a grader of answers, and the tool a right answer uses if known.

    `grade(answer)` gives a truth value or a share from 0 to 1; without it the answer must equal `expected`.
    """

    __slots__ = ("expected", "grade", "id", "input", "tool")

    def __init__(
        self,
        input: str,  # noqa: A002
        expected: Any = None,
        *,
        grade: Callable[[Any], Any] | None = None,
        tool: str | None = None,
    ) -> None:
        self.input = input
        self.expected = expected
        self.grade = grade
        self.tool = tool
        self.id = blake2b(
            canonical([input, expected, tool]).encode("utf-8", "surrogatepass"), digest_size=6
        ).hexdigest()

    def score(self, answer: Any) -> float:
        """How right an answer is, 0 to 1. Raises `ValueError` when the grader says something else."""
        if self.grade is None:
            return float(answer == self.expected)
        said = self.grade(answer)
        if said is True or said is False:
            return float(said)
        if said.__class__ not in (int, float) or not 0 <= said <= 1:
            msg = f"a grader says true, false, or a number from 0 to 1, not {said!r}"
            raise ValueError(msg)
        return float(said)

    def to_data(self) -> dict[str, Any]:
        """As plain data; a grader is code of the program and stays there."""
        data: dict[str, Any] = {"id": self.id, "input": self.input, "expected": plain(self.expected)}
        if self.tool is not None:
            data["tool"] = self.tool
        if self.grade is not None:
            data["graded"] = True
        return data

    def __repr__(self) -> str:
        return f"Task({self.input!r})"


def split(tasks: Sequence[Task], seed: int, holdout: float = HOLDOUT) -> tuple[list[Task], list[Task]]:
    """The tuning and the holdout part; which one a task is in depends on nothing but itself and the seed."""
    tuning: list[Task] = []
    held: list[Task] = []
    for task in tasks:
        (held if _draw(task.id, seed) < holdout else tuning).append(task)
    return tuning, held


def unique(tasks: Iterable[Task]) -> list[Task]:
    """Each task once: one that were in both parts would be known to whoever proposes."""
    return list({task.id: task for task in tasks}.values())


def recorded(events: Iterable[Event], type_name: str) -> list[Task]:
    """The tasks that were kept in a ledger for the agents of a type."""
    found = []
    for event in events:
        data = event.data
        if event.kind == RECORDED and event.subject == type_name and isinstance(data, dict) and "input" in data:
            tool = data.get("tool")
            found.append(Task(str(data["input"]), data.get("expected"), tool=tool if isinstance(tool, str) else None))
    return unique(found)


def _draw(identity: str, seed: int) -> float:
    """A number in [0, 1) that anybody draws again."""
    return int.from_bytes(blake2b(f"{seed}:{identity}".encode(), digest_size=6).digest(), "big") / (1 << 48)
