"""Constants that a programmer declared learnable: `BAND = learnable(0.5, 4.0, start=1.0)` (T5).

What such a constant *is* belongs to the function that uses it: each version of the function's subject has a value
for it, and a call reads them all at its start, as one. Outside of decorated functions it is its start.

    in Dana     the compiler has the function read `Constants.read()` in its first line
    in Python   the constant is a default of a parameter, and the function's defaults are replaced

While constants are tried out (`dana.poet.training.search`), the thread that tries sees what it tries; in Dana nobody
else does.
"""

from __future__ import annotations

from math import isfinite
from threading import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Self, TypeAlias

    # Low, high, start.
    Bounds: TypeAlias = tuple[float, float, float]


class LearnableError(ValueError):
    """Bounds that make no sense."""


def bounds_of(low: Any, high: Any, start: Any = None) -> Bounds:
    """The bounds as numbers of one kind, the middle where no start is given. Raises `LearnableError`."""
    given = (low, high) if start is None else (low, high, start)
    if any(value.__class__ not in (int, float) or not isfinite(value) for value in given):
        msg = f"a learnable constant has numbers for its bounds, not {', '.join(repr(value) for value in given)}"
        raise LearnableError(msg)
    if not low < high:
        msg = f"the bounds {low} to {high} leave nothing to learn"
        raise LearnableError(msg)
    if start is None:
        start = (low + high) // 2 if all(value.__class__ is int for value in given) else (low + high) / 2
    if not low <= start <= high:
        msg = f"a learnable constant cannot start at {start}, outside of {low} to {high}"
        raise LearnableError(msg)
    if low.__class__ is high.__class__ is start.__class__ is int:
        return low, high, start
    return float(low), float(high), float(start)


class Constants:
    """The learnable constants of one function: bounds by name in `bounds`, and what they are `now`.

    `apply(values)` is told of every change, for functions that do not read them themselves.
    """

    __slots__ = ("_trial", "apply", "bounds", "now")

    def __init__(
        self, bounds: Mapping[str, Bounds], apply: Callable[[Mapping[str, Any]], object] | None = None
    ) -> None:
        self.bounds = dict(bounds)
        self.apply = apply
        self.now: dict[str, Any] = self.start
        # What one thread sees instead, and which one.
        self._trial: tuple[int, dict[str, Any]] | None = None

    @property
    def start(self) -> dict[str, Any]:
        """Where all of them start."""
        return {name: start for name, (_low, _high, start) in self.bounds.items()}

    def read(self) -> dict[str, Any]:
        """The values for one call."""
        trial = self._trial
        return self.now if trial is None or trial[0] != get_ident() else trial[1]

    def set(self, learnt: Mapping[str, Any]) -> None:
        """Have what was learnt from the next call on; what is not in it is at its start."""
        self.now = {name: learnt.get(name, start) for name, start in self.start.items()}
        if self.apply is not None:
            self.apply(self.now)

    def tried(self, values: Mapping[str, Any]) -> _Trial:
        """`with constants.tried(values):` the calls of this thread have these values."""
        return _Trial(self, {**self.now, **values})


class _Trial:
    __slots__ = ("_constants", "_values")

    def __init__(self, constants: Constants, values: dict[str, Any]) -> None:
        self._constants = constants
        self._values = values

    def __enter__(self) -> Self:
        self._constants._trial = get_ident(), self._values
        if self._constants.apply is not None:
            self._constants.apply(self._values)
        return self

    def __exit__(self, *_fault: object) -> None:
        self._constants._trial = None
        if self._constants.apply is not None:
            self._constants.apply(self._constants.now)


# --- Python -----------------------------------------------------------------------------------------


class _Fraction(float):
    """A learnable number: its start, wherever it is used without `@poet`."""

    bounds: Bounds


class _Whole(int):
    bounds: Bounds


def learnable(low: float, high: float, start: float | None = None) -> Any:
    """The default of a parameter that learning may change between `low` and `high`; the middle is its first value.

    Whole numbers make a whole number. Raises `LearnableError` for bounds that make no sense.
    """
    bounds = bounds_of(low, high, start)
    made: Any = (_Whole if bounds[2].__class__ is int else _Fraction)(bounds[2])
    made.bounds = bounds
    return made


def of_python(function: Any) -> Constants | None:
    """The learnable defaults of a Python function; None when it has none."""
    code = getattr(function, "__code__", None)
    if code is None:
        return None
    defaults, keywords = function.__defaults__ or (), function.__kwdefaults__ or {}
    names = code.co_varnames[: code.co_argcount]
    given = {**dict(zip(names[len(names) - len(defaults) :], defaults, strict=True)), **keywords}
    bounds = {name: value.bounds for name, value in given.items() if isinstance(value, _Fraction | _Whole)}
    return Constants(bounds) if bounds else None


def follow(constants: Constants, *functions: Any) -> None:
    """Have the defaults of Python functions follow what is learnt."""

    def apply(values: Mapping[str, Any]) -> None:
        for function in functions:
            names = function.__code__.co_varnames[: function.__code__.co_argcount]
            defaults = function.__defaults__ or ()
            after = names[len(names) - len(defaults) :]
            function.__defaults__ = (
                tuple(values.get(name, value) for name, value in zip(after, defaults, strict=True)) or None
            )
            if function.__kwdefaults__:
                function.__kwdefaults__ = {n: values.get(n, v) for n, v in function.__kwdefaults__.items()}

    constants.apply = apply
    apply(constants.now)
