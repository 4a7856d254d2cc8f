"""Chance, from the running program: `program.random`, repeatable when the program has a seed.

Python's names and results: with the same seed a program draws what the same Python program draws.
"""

from __future__ import annotations

from dana.runtime.natives import MAX_INT_BITS, types_on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

MAX_DRAWN = 1_000_000


def drawing(name: str, doc: str) -> Callable[[Any], Callable[..., Any]]:
    """The factory for a method of the program's generator that needs no guard."""

    def factory(program: Any) -> Callable[..., Any]:
        def draw(*args: Any, **keywords: Any) -> Any:
            return getattr(program.random, name)(*args, **keywords)

        draw.__name__ = draw.__qualname__ = name
        draw.__doc__ = doc
        return draw

    return factory


def seed(program: Any) -> Callable[..., None]:
    """Makes what follows repeatable."""

    def seed(a: object = None) -> None:
        """Makes what follows repeatable: the same seed gives the same numbers."""
        if not isinstance(a, int | float | str | None):
            msg = f"a seed is a number or a text, not a {type(a).__name__}"
            raise TypeError(msg)
        program.random.seed(a)

    return seed


def choices(program: Any) -> Callable[..., list[Any]]:
    """Items drawn one by one, each time from all of them."""

    def choices(
        population: Sequence[Any],
        weights: list[float] | None = None,
        *,
        cum_weights: list[float] | None = None,
        k: int = 1,
    ) -> list[Any]:
        """`k` items drawn one by one, each time from all of them; larger weights are drawn more often."""
        refuse_many("choices", k)
        drawn: list[Any] = program.random.choices(population, weights, cum_weights=cum_weights, k=k)
        return drawn

    return choices


def sample(program: Any) -> Callable[..., list[Any]]:
    """Different items."""

    def sample(population: Sequence[Any], k: int, *, counts: list[int] | None = None) -> list[Any]:
        """`k` different items, in the order they were drawn."""
        refuse_many("sample", k)
        drawn: list[Any] = program.random.sample(population, k, counts=counts)
        return drawn

    return sample


def refuse_many(what: str, k: int) -> None:
    """Drawing is one call that nothing can interrupt, so it is kept short."""
    if k > MAX_DRAWN:
        msg = f"{what} draws at most {MAX_DRAWN:,} items at once, not {k:,}"
        raise ValueError(msg)


def getrandbits(program: Any) -> Callable[[int], int]:
    """A whole number of that many random bits."""

    def getrandbits(k: int, /) -> int:
        """A whole number of that many random bits."""
        if k > MAX_INT_BITS:
            msg = f"getrandbits gives at most {MAX_INT_BITS:,} bits, not {k:,}"
            raise ValueError(msg)
        bits: int = program.random.getrandbits(k)
        return bits

    return getrandbits


DRAWN = {
    "random": ("() -> float", "A number from 0 up to, but not including, 1."),
    "uniform": ("(a: float, b: float) -> float", "A number between a and b, all equally likely."),
    "triangular": (
        "(low: float = …, high: float = …, mode: float | None = …) -> float",
        "A number between low and high, most likely near mode.",
    ),
    "randint": ("(a: int, b: int) -> int", "A whole number from a to b, both included."),
    "randrange": (
        "(start: int, stop: int | None = …, step: int = …) -> int",
        "A whole number out of range(start, stop, step).",
    ),
    "choice": ("(seq: any) -> any", "One of the items of a list, tuple or text."),
    "shuffle": ("(x: list) -> None", "Puts the items of a list into another order, in place."),
    "gauss": ("(mu: float = …, sigma: float = …) -> float", "A number from the bell curve around mu."),
    "normalvariate": ("(mu: float = …, sigma: float = …) -> float", "A number from the bell curve around mu."),
    "lognormvariate": ("(mu: float, sigma: float) -> float", "A number whose logarithm is from the bell curve."),
    "expovariate": (
        "(lambd: float) -> float",
        "How long until the next event, `lambd` of which come per unit of time.",
    ),
    "betavariate": ("(alpha: float, beta: float) -> float", "A share between 0 and 1, from the beta distribution."),
    "gammavariate": ("(alpha: float, beta: float) -> float", "A positive number, from the gamma distribution."),
    "paretovariate": ("(alpha: float) -> float", "A number from 1 up, from the Pareto distribution."),
    "weibullvariate": ("(alpha: float, beta: float) -> float", "A positive number, from the Weibull distribution."),
    "vonmisesvariate": ("(mu: float, kappa: float) -> float", "An angle around mu."),
}
SIGNATURES = {name: signature for name, (signature, _) in DRAWN.items()} | {
    "seed": "(a: int | float | str | None = …) -> None",
    "choices": "(population: any, weights: any = …, *, cum_weights: any = …, k: int = …) -> list",
    "sample": "(population: any, k: int, *, counts: any = …) -> list",
    "getrandbits": "(k: int /) -> int",
}
EXPORTS: dict[str, object] = {name: drawing(name, doc) for name, (_, doc) in DRAWN.items()} | {
    "seed": seed,
    "choices": choices,
    "sample": sample,
    "getrandbits": getrandbits,
}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
