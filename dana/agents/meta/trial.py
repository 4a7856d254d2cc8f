"""The trial: two behaviours do the same tasks, and the difference is judged with its uncertainty.

Each task is a pair: the behaviour that is and the one proposed, in an order that alternates by chance of the seed, so
that whatever drifts meanwhile favours neither. The gain is the mean difference of scores (a share: 0.2 is 20 points of
100); its 95 % interval is that of paired shares with one pair more for each side (Agresti & Min 2005), which stays
honest for few tasks, also where every difference is the same.

What an answer costs and how long it takes is measured beside the score: a proposal that answers better and needs
twice the tokens shows as that (`Trial.benchmarks`).
"""

from __future__ import annotations

from hashlib import blake2b
from math import sqrt

from dana.adaptive.improve import Evidence
from dana.adaptive.statistics import t95

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from dana.agents.meta.tasks import Task


class Ran:
    """One task done: the answer or the fault, which tools were used, tokens, and milliseconds."""

    __slots__ = ("answer", "fault", "latency_ms", "tokens", "tools")

    def __init__(
        self,
        answer: Any = None,
        *,
        fault: str = "",
        tools: Sequence[str] = (),
        tokens: int = 0,
        latency_ms: float = 0.0,
    ) -> None:
        self.answer = answer
        self.fault = fault
        self.tools = tuple(tools)
        self.tokens = tokens
        self.latency_ms = latency_ms


class Side:
    """How one behaviour did: its scores by task, and what that cost."""

    __slots__ = ("latency_ms", "scores", "tokens")

    def __init__(self) -> None:
        self.scores: list[float] = []
        self.tokens = 0
        self.latency_ms = 0.0

    def add(self, task: Task, ran: Ran) -> None:
        """Take in one task: a turn that failed is worth nothing; a grader that fails is not caught, it is a judge."""
        self.scores.append(0.0 if ran.fault else task.score(ran.answer))
        self.tokens += ran.tokens
        self.latency_ms += ran.latency_ms

    @property
    def mean(self) -> float:
        """The mean score."""
        return sum(self.scores) / len(self.scores) if self.scores else 0.0


class Trial:
    """What a trial found."""

    __slots__ = ("after", "before", "evidence", "tasks")

    def __init__(self, tasks: Sequence[Task], before: Side, after: Side, seed: int) -> None:
        self.tasks = tuple(task.id for task in tasks)
        self.before = before
        self.after = after
        self.evidence = paired(before.scores, after.scores, seed)

    @property
    def benchmarks(self) -> dict[str, Any]:
        """Score, tokens and milliseconds of a task, before and after."""
        n = max(1, len(self.tasks))
        return {
            side: {
                "score": round(of.mean, 6),
                "tokens": round(of.tokens / n, 1),
                "latency_ms": round(of.latency_ms / n, 3),
            }
            for side, of in (("before", self.before), ("after", self.after))
        }


def compare(
    run: Callable[[Mapping[str, Any], Task], Ran],
    tasks: Sequence[Task],
    current: Mapping[str, Any],
    candidate: Mapping[str, Any],
    seed: int,
) -> Trial:
    """Let both behaviours do every task. Whatever `run` or a grader raises leaves as it is."""
    before, after = Side(), Side()
    for task in tasks:
        if _first(task.id, seed):
            before.add(task, run(current, task))
            after.add(task, run(candidate, task))
        else:
            after.add(task, run(candidate, task))
            before.add(task, run(current, task))
    return Trial(tasks, before, after, seed)


def paired(before: Sequence[float], after: Sequence[float], seed: int | None = None) -> Evidence:
    """The mean gain of pairs and its 95 % interval; from -1 to 1 without pairs."""
    gains = [two - one for one, two in zip(before, after, strict=True)]
    n = len(gains)
    if not n:
        return Evidence(0.0, -1.0, 1.0, 0, seed)
    gain = sum(gains) / n
    # One pair more that is won, and one that is lost, by half a weight each; one that is even.
    middle = sum(gains) / (n + 2)
    variance = max(0.0, (sum(g * g for g in gains) + 1.0) / (n + 2) - middle * middle)
    around = t95(max(2, n - 1)) * sqrt(variance / (n + 2))
    low, high = max(-1.0, middle - around), min(1.0, middle + around)
    return Evidence(gain, min(low, gain), max(high, gain), n, seed)


def _first(identity: str, seed: int) -> bool:
    return bool(blake2b(f"{seed}/{identity}".encode(), digest_size=1).digest()[0] & 1)
