"""How asking a model for a value can fail: always a `ReasonError`, with everything that was tried.

`e.attempts` is a list of dicts (number, text, problems, model, tokens, usd, seconds), `e.best` the best candidate or
None, `e.tokens` and `e.usd` what all of it took. The texts are what the model wrote, cut; no key is ever among them.
"""

from __future__ import annotations

from dana.runtime.exceptions import IPVFault as IPVError
from dana.runtime.exceptions import ReasonFault as ReasonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from dana.ipv.asking import Attempt

__all__ = ["IPVError", "ReasonError", "failed"]

# Attempts whose problems a message lists.
SHOWN = 3


def failed(
    code: str,
    message: str,
    hint: str = "",
    *,
    attempts: Sequence[Attempt] = (),
    best: Any = None,
    rounds: Sequence[Attempt] = (),
) -> ReasonError:
    """The error for a question without an answer. `best`: what came closest, never handed out as the value.

    `rounds`: replies that asked for tools, which cost like all others.
    """
    error = ReasonError(message)
    error._code = code  # type: ignore[attr-defined]
    if hint:
        error._hint = hint  # type: ignore[attr-defined]
    error.attempts = [attempt.to_data() for attempt in attempts]
    error.best = best
    error.tokens = sum(attempt.tokens for attempt in (*attempts, *rounds))
    error.usd = sum(attempt.usd or 0.0 for attempt in (*attempts, *rounds))
    for attempt in attempts[-SHOWN:]:
        if attempt.problems:
            error.add_note(f"attempt {attempt.number}: {'; '.join(attempt.problems[:SHOWN])}")
    return error
