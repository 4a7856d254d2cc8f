"""What all of Esper's faces for Dana programs share: refusals as values, mistakes as errors, and checked arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.esper.refusals import Refusal

MOST_NEURONS = 1_000_000
MOST_ROWS = 1_000_000
# What grows derives seeds of its own from a run's.
MOST_SEED = 1_000_000_000


class Refused:
    """Why something was not done: `code`, `reason`, `hint`. It counts as false."""

    __slots__ = ("code", "hint", "reason")

    def __init__(self, refusal: Refusal) -> None:
        self.code = refusal.code
        self.reason = refusal.reason
        self.hint = refusal.hint

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"Refused({self.code}: {self.reason})"


def shown(refusal: Refusal | None) -> Any:
    """A refusal as a program sees it; None stays None."""
    return None if refusal is None else Refused(refusal)


def asked(act: Callable[[], Any]) -> Any:
    """What `act` gives, or the `Refused` it raised."""
    from dana.esper.refusals import RefusedError

    try:
        return act()
    except RefusedError as error:
        return Refused(error.refusal)


def wrong(message: str, hint: str = "") -> Exception:
    """A mistake of the program."""
    from dana.runtime.stops import failure

    error: Exception = failure(ValueError, "E861", message, hint)
    return error


def one_of(word: Any, known: Any, what: str) -> str:
    """`word`, which is one of the known ones. Raises the program's mistake, with the nearest."""
    if isinstance(word, str) and word in known:
        return word
    from dana.diagnostics import suggest

    near = suggest(str(word), list(known))
    names = ", ".join(known)
    raise wrong(f"`{word!s:.40}` is no {what}; known are {names}", f"did you mean `{near}`?" if near else "")


class Quiet:
    """Tiny networks are slower with more threads; and a program's random numbers are its own."""

    def __enter__(self) -> None:
        self._threads, self._random = torch.get_num_threads(), torch.get_rng_state()
        torch.set_num_threads(1)

    def __exit__(self, *_error: object) -> None:
        torch.set_num_threads(self._threads)
        torch.set_rng_state(self._random)


def check_seed(value: Any) -> None:
    if value.__class__ is not int or not 0 <= value < MOST_SEED:
        raise wrong(f"a seed is a whole number from 0 below {MOST_SEED:,}, not {value!r}")


def check_sizes(values: list[Any]) -> None:
    for value in values:
        if value.__class__ is not int or not 0 < value <= MOST_NEURONS:
            raise wrong(f"{value!r} is no size: sizes are whole numbers from 1 to {MOST_NEURONS:,}")


def check_count(name: str, value: Any, most: int = MOST_NEURONS) -> None:
    """`value` is a whole number from 1. Raises the program's mistake, which names what it is for."""
    if value.__class__ is not int or not 0 < value <= most:
        raise wrong(f"`{name}` is a whole number from 1 to {most:,}, not {value!r}")


def tensor_of(rows: Any) -> torch.Tensor:
    if not isinstance(rows, list) or not rows or len(rows) > MOST_ROWS:
        raise wrong(f"rows are a list of 1 to {MOST_ROWS:,} lists of numbers")
    try:
        found = torch.tensor(rows, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise wrong("rows are lists of numbers, all of one length") from None
    if found.dim() < 2 or not bool(torch.isfinite(found).all()):
        raise wrong("rows are lists of finite numbers, all of one length")
    return found
