"""What the questions of one call of a function share: one deadline, one budget, one account (P27, P73–P75, P163).

A function that is decorated with `@poet` and asks a model makes a `Shared` for each of its calls, and leaves it where
every question of that call finds it (`CALL`), also those of branches and tasks. POET tries the function again, a
question is asked again; together they never multiply: what a question has used in one attempt of the function it has
used in the next. This module knows neither POET nor the language.
"""

from __future__ import annotations

from contextvars import ContextVar
from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    class Attempt(Protocol):
        """An answer that was looked at."""

        @property
        def number(self) -> int: ...
        @property
        def tokens(self) -> int: ...
        @property
        def usd(self) -> float | None: ...


# How many characters a token is taken for, as `dana.models` counts for models that do not.
CHARS_OF_TOKEN = 4


class Tally:
    """What the questions of a function have cost: questions, answers that were looked at, tokens, USD."""

    __slots__ = ("answers", "failed", "questions", "tokens", "usd")

    def __init__(self) -> None:
        self.questions = self.answers = self.failed = self.tokens = 0
        self.usd = 0.0

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {name: getattr(self, name) for name in ("questions", "answers", "failed", "tokens", "usd")}


class Used:
    """What one question has used so far, in all attempts of the function."""

    __slots__ = ("reasked", "tokens", "usd")

    def __init__(self) -> None:
        self.reasked = self.tokens = 0
        self.usd = 0.0


class Shared:
    """One call of a function, as its questions see it.

    `id` names the call in records, `function` whose it is. `window`: how many tokens a request may show a model, None
    for no bound. `remaining()`: seconds until the call's deadline, None without one. `notes()`: what was said of
    results that were refused. `choose(key, names)`: which of several wordings is used.
    """

    __slots__ = ("_met", "_tally", "_used", "choose", "function", "id", "notes", "own", "picked", "remaining", "window")

    def __init__(
        self,
        function: str,
        id: str,  # noqa: A002  (its name everywhere)
        tally: Tally,
        *,
        window: int | None = None,
        remaining: Callable[[], float | None] = lambda: None,
        notes: Callable[[], Sequence[str]] = tuple,
        choose: Callable[[str, Sequence[str]], str] | None = None,
    ) -> None:
        self.function = function
        self.id = id
        self.window = window
        self.remaining = remaining
        self.notes = notes
        self.choose = choose
        # What this call alone has used; the function's own account is `tally`.
        self.own = Tally()
        self._tally = tally
        self._used: dict[tuple[str, str, int], Used] = {}
        # How often each question was asked in the attempt that runs.
        self._met: dict[tuple[str, str], int] = {}
        # The wording that was chosen, by the key of the question.
        self.picked: dict[str, str] = {}

    def attempt(self) -> None:
        """Another attempt of the function begins: its questions are the same ones again, in the same order."""
        self._met.clear()

    def used(self, prompt: str, type_name: str) -> Used:
        """What this question has used in earlier attempts of the function."""
        number = self._met[prompt, type_name] = self._met.get((prompt, type_name), 0) + 1
        return self._used.setdefault((prompt, type_name, number), Used())

    def wording(self, texts: Sequence[str]) -> str:
        """One of several wordings of a prompt: the same one throughout a call."""
        if self.choose is None or len(texts) < 2:
            return texts[0]
        names = {name_of(text): text for text in texts}
        key = name_of("\0".join(texts))
        chosen = self.picked.get(key)
        if chosen is None:
            chosen = self.picked[key] = self.choose(key, list(names))
        return names[chosen]

    def count(self, used: Used, attempt: Attempt) -> None:
        """One answer was looked at."""
        used.tokens += attempt.tokens
        used.usd += attempt.usd or 0.0
        if attempt.number > 1:
            used.reasked += 1
        for tally in (self.own, self._tally):
            tally.answers += 1
            tally.tokens += attempt.tokens
            tally.usd += attempt.usd or 0.0

    def asked(self, *, failed: bool) -> None:
        """A question has ended."""
        for tally in (self.own, self._tally):
            tally.questions += 1
            tally.failed += failed


# The call whose questions are being asked, where there is one.
CALL: ContextVar[Shared | None] = ContextVar("dana_call", default=None)
# How a piece of the program that asks is run beside it: makes the account of one more branch (`dana.runtime.calls`).
BRANCH: ContextVar[Callable[[], Any] | None] = ContextVar("dana_branch", default=None)
# When what runs for a question must have ended, where there is an end.
UNTIL: ContextVar[Until | None] = ContextVar("dana_until", default=None)
# How many turns of an agent are under way, each within the one before.
WITHIN: ContextVar[int] = ContextVar("dana_turns", default=0)


class Until:
    """The end of a question's time: `at` by the loop's clock, after `seconds`."""

    __slots__ = ("at", "seconds")

    def __init__(self, at: float, seconds: float) -> None:
        self.at = at
        self.seconds = seconds


class OutOfTime(BaseException):
    """What ran for a question has computed until the question's time was over. Whoever set `until` says it better."""

    def __init__(self, until: Until) -> None:
        super().__init__(f"not done within {until.seconds:g} s")
        self.until = until


def name_of(text: str) -> str:
    """What a wording is called in stores: the same text has the same name in every run."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
