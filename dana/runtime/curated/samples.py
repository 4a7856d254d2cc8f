"""`statistics`: Python's, drawn through the program's meter."""

from __future__ import annotations

import statistics as host

from dana.runtime.curated import Curated
from dana.runtime.curated.values import Bounds, named
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

# What a test of an exact mean of many large numbers may cost is bounded by the number of items alone.
MAX_BITS = 1 << 14
ONE = (
    "fmean geometric_mean harmonic_mean mean median median_grouped median_high median_low mode multimode pstdev "
    "pvariance quantiles stdev variance"
).split()
TWO = ("correlation", "covariance", "linear_regression")


def make_statistics(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)

    def items(data: Any) -> list[Any]:
        found = bounds.listed(data)
        for value in found:
            if value.__class__ is int and value.bit_length() > MAX_BITS:
                raise failure(ValueError, "E521", f"statistics of numbers of more than {MAX_BITS:,} bits")
        return found

    def over_one(work: Any) -> Any:
        def call(data: Any, *args: Any, **keywords: Any) -> Any:
            if keywords.get("weights") is not None:
                keywords["weights"] = items(keywords["weights"])
            if isinstance(keywords.get("n"), int) and keywords["n"] > 100_000:
                raise failure(ValueError, "E521", "quantiles: at most 100,000 parts")
            return work(items(data), *args, **keywords)

        return named(work.__name__, call)

    def over_two(work: Any) -> Any:
        def call(x: Any, y: Any, /, **keywords: Any) -> Any:
            return work(items(x), items(y), **keywords)

        return named(work.__name__, call)

    return {
        **{name: over_one(getattr(host, name)) for name in ONE},
        **{name: over_two(getattr(host, name)) for name in TWO},
        "StatisticsError": host.StatisticsError,
    }


PLAIN = "(data: any) -> any"
SIGNATURES = {
    **dict.fromkeys(("geometric_mean", "mean", "median", "median_high", "median_low", "mode"), PLAIN),
    "multimode": "(data: any) -> list",
    "fmean": "(data: any, weights: any = …) -> any",
    "harmonic_mean": "(data: any, weights: any = …) -> any",
    "median_grouped": "(data: any, interval: any = …) -> any",
    "pstdev": "(data: any, mu: any = …) -> any",
    "pvariance": "(data: any, mu: any = …) -> any",
    "stdev": "(data: any, xbar: any = …) -> any",
    "variance": "(data: any, xbar: any = …) -> any",
    "quantiles": "(data: any, *, n: int = …, method: str = …) -> list",
    "correlation": "(x: any /, y: any /) -> float",
    "covariance": "(x: any /, y: any /) -> float",
    "linear_regression": "(x: any /, y: any /, *, proportional: bool = …) -> any",
    "StatisticsError": "any",
}
REFUSED = {"NormalDist": "`import stats`"}
FAMILY = {"statistics": Curated(make_statistics, SIGNATURES, REFUSED)}
