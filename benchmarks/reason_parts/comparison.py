"""The same questions in the same bad weather, one client after the other, and what became of them.

The server draws the fault of a request from the seed, the question and how often it has come, so every client meets the
same faults on the same questions, however it words them. An answer is *right* when it is the truth,
*invalid* when it is
not of the type, and *wrong* when it is of the type and not the truth. The server counts the tokens, for all alike.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from measure import Row
from reason_parts import clients
from reason_parts.questions import questions
from reason_parts.serving import Serving

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from measure import Table
    from reason_parts.questions import Question

SEED = 11
# All faults alike; of the answers none, or one of sixteen faults. Times in seconds, as of a fast model that is hosted
# elsewhere and writes forty tokens; nothing is scaled.
WEATHER = {"rate": 0.35, "seed": SEED, "latency_s": [0.2, 0.6], "slow_s": 2.5, "hang_s": 30.0, "retry_after_s": 0.5}
DEADLINE_S = 12.0
TIGHT_S = 1.8
CLIENTS: dict[str, Callable[..., list[clients.Outcome]]] = {
    "Dana": clients.of_dana,
    "naive": clients.of_naive,
    "naive, frugal": lambda *asked: clients.of_naive(*asked, frugal=True),
    "Instructor": clients.of_instructor,
    "pydantic-ai": clients.of_pydantic_ai,
}


@dataclass(frozen=True)
class Score:
    """What became of the questions of one client."""

    asked: int
    right: int
    invalid: int
    wrong: int
    seconds: float
    tokens: int
    requests: int
    faults: dict[str, int]

    @property
    def failed(self) -> float:
        """Percent of the questions that have no right answer."""
        return (1 - self.right / self.asked) * 100

    def __str__(self) -> str:
        missing = self.asked - self.right - self.invalid - self.wrong
        return (
            f"{100 - self.failed:.1f} % right, {missing} missing, {self.invalid} invalid, {self.wrong} wrong, "
            f"{self.seconds:.1f} s, {self.requests} requests, {self.tokens / self.asked:.0f} tokens a question"
        )


def compare(table: Table, count: int, *, quick: bool) -> None:
    """Rows about both deadlines; `quick` leaves the libraries out."""
    names = [name for name in CLIENTS if not quick or name in ("Dana", "naive")]
    with Serving(**WEATHER) as server:
        easy = scores(server, questions(count), DEADLINE_S, names)
        tight = scores(server, questions(count, first=100_000), TIGHT_S, ["Dana", "naive"])
    dana, naive = easy["Dana"], easy["naive"]
    faults = ", ".join(f"{name} {number}" for name, number in sorted(dana.faults.items()))
    print(f"faults that Dana met, rate 35 %, seed {SEED}: {faults}")
    table.add(Row(f"{count} questions: no valid answer", missing(dana), "%", f"{DEADLINE_S:g} s each", 0.5))
    table.add(Row("invalid or wrong values handed out", dana.invalid + dana.wrong, "", told(naive), 0))
    table.add(Row("time ÷ naive client's", dana.seconds / naive.seconds, "times", told(naive), 0.75))
    table.add(Row("tokens ÷ naive client's", dana.tokens / naive.tokens, "times", told(naive), 0.8))
    if "naive, frugal" in easy:
        frugal = easy["naive, frugal"]
        each = (dana.tokens / dana.right) / (frugal.tokens / frugal.right)
        table.add(Row("tokens ÷ frugal naive client's", dana.tokens / frugal.tokens, "times", told(frugal)))
        table.add(Row("… for each right answer", each, "times", "its type in words by hand"))
    for name in ("Instructor", "pydantic-ai"):
        if name in easy:
            other = easy[name]
            table.add(Row(f"answers short of {name}'s", dana.failed - other.failed, "%", told(other), 0))
            table.add(Row(f"tokens ÷ {name}'s", dana.tokens / other.tokens, "times", told(other), 1))
    table.add(Row(f"without a right answer, {TIGHT_S:g} s each", tight["Dana"].failed, "%", "Dana", 5))
    table.add(Row("naive client with one in that time", 100 - tight["naive"].failed, "%", "", 80))


def missing(score: Score) -> float:
    """Percent of the questions without a valid answer."""
    return (1 - (score.right + score.wrong) / score.asked) * 100


def told(score: Score) -> str:
    """A score for the margin of a table."""
    return f"{100 - score.failed:.1f} % right"


def scores(server: Serving, asked: Sequence[Question], deadline_s: float, names: Sequence[str]) -> dict[str, Score]:
    """Every client's score for the same questions; each is printed as it comes."""
    made = {}
    logging.disable(logging.ERROR)
    for name in names:
        server.counts()
        begun = time.perf_counter()
        outcomes = CLIENTS[name](server.url, asked, deadline_s)
        took = time.perf_counter() - begun
        made[name] = scored(asked, outcomes, took, server.counts())
        print(f"  {name:<14} {deadline_s:g} s: {made[name]}", flush=True)
    logging.disable(logging.NOTSET)
    return made


def scored(
    asked: Sequence[Question], outcomes: Sequence[clients.Outcome], seconds: float, counts: dict[str, Any]
) -> Score:
    """Every answer beside the truth."""
    right = invalid = wrong = 0
    for question, (value, _) in zip(asked, outcomes, strict=True):
        if value is None:
            continue
        if value == question.truth:
            right += 1
        elif is_valid(question, value):
            wrong += 1
        else:
            invalid += 1
    made = (len(asked), right, invalid, wrong, seconds, counts["tokens"], counts["requests"], counts["faults"])
    return Score(*made)


def is_valid(question: Question, value: Any) -> bool:
    """Whether a value is of the question's type, nothing converted."""
    try:
        question.model.model_validate_json(json.dumps(value), strict=True)
    except ValueError:
        return False
    return True
