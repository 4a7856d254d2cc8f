"""Python's `math`, name for name, with the few functions that could run away bounded.

`stdlib/math.na` adds what Python leaves out.
"""

from __future__ import annotations

import math

from dana.runtime.natives import MAX_INT_BITS, types_on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


def factorial(n: int, /) -> int:
    """The product 1 · 2 · … · n, for a whole number that is not negative."""
    if isinstance(n, int) and n > 3 and math.lgamma(n + 1) > MAX_INT_BITS * math.log(2):
        refuse(f"factorial({brief(n)})")
    return math.factorial(n)


def comb(n: int, k: int, /) -> int:
    """How many ways there are to choose k of n things, order not mattering."""
    if isinstance(n, int) and isinstance(k, int) and 0 <= k <= n and min(k, n - k) * n.bit_length() > MAX_INT_BITS:
        refuse(f"comb({brief(n)}, {brief(k)})")
    return math.comb(n, k)


def perm(n: int, k: int | None = None, /) -> int:
    """How many ways there are to choose k of n things in order; all n when k is left out."""
    if k is None:
        return factorial(n)
    if isinstance(n, int) and isinstance(k, int) and 0 <= k <= n and k * n.bit_length() > MAX_INT_BITS:
        refuse(f"perm({brief(n)}, {brief(k)})")
    return math.perm(n, k)


def lcm(*integers: int) -> int:
    """The smallest positive number all arguments divide."""
    if sum(n.bit_length() for n in integers if isinstance(n, int)) > MAX_INT_BITS:
        refuse("lcm of these numbers")
    return math.lcm(*integers)


def prod(program: Any) -> Callable[..., Any]:
    """The product of numbers; `start` when there are none."""
    source = program.source

    def prod(iterable: Iterable[Any], /, *, start: Any = 1) -> Any:
        """The product of numbers; `start` when there are none."""
        result = start
        for factor in source(iterable):
            if isinstance(factor, int):
                if isinstance(result, int) and result.bit_length() + factor.bit_length() > MAX_INT_BITS:
                    refuse("prod of these numbers")
            elif hasattr(factor, "__len__"):
                msg = f"prod multiplies numbers, and this is a {type(factor).__name__}"
                raise TypeError(msg)
            result = result * factor
        return result

    return prod


def fsum(program: Any) -> Callable[[Iterable[float]], float]:
    """The sum of floats without loss of precision on the way."""
    source = program.source

    def fsum(seq: Iterable[float], /) -> float:
        """The sum of floats without loss of precision on the way."""
        return math.fsum(source(seq))

    return fsum


def dist(program: Any) -> Callable[[Iterable[float], Iterable[float]], float]:
    """How far two points are from each other, each a sequence of coordinates."""
    source = program.source

    def dist(p: Iterable[float], q: Iterable[float], /) -> float:
        """How far two points are from each other, each a sequence of coordinates."""
        return math.dist(tuple(source(p)), tuple(source(q)))

    return dist


def round_half_up(x: float, digits: int = 0, /) -> float:
    """The number rounded in decimal, halves away from zero: 2.675 to two digits is 2.68."""
    from decimal import ROUND_HALF_UP, Context, Decimal

    if not -400 <= digits <= 400:
        msg = f"round_half_up takes -400 to 400 digits, not {brief(digits)}"
        raise ValueError(msg)
    if not math.isfinite(x):
        return x
    # Through repr: the shortest decimal that means this float is the number people see and argue about.
    exact = Decimal(repr(float(x)))
    rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, Context(prec=1600))
    return float(rounded)


def refuse(what: str) -> None:
    """Refuses a result that would have hundreds of thousands of digits."""
    msg = f"{what} is too large: the result would have more than {MAX_INT_BITS * 30103 // 100000:,} digits"
    raise OverflowError(msg)


def brief(n: int) -> str:
    """A number as a message shows it: never itself thousands of digits long."""
    return str(n) if n.bit_length() < 64 else f"about 2**{n.bit_length() - 1}"


REAL_FUNCTIONS = (
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos", "cosh", "degrees", "erf", "erfc", "exp",
    "exp2", "expm1", "fabs", "gamma", "lgamma", "log10", "log1p", "log2", "radians", "sin", "sinh", "sqrt", "tan",
    "tanh", "ulp",
)  # fmt: skip
TWO_REALS = ("atan2", "copysign", "fmod", "nextafter", "pow", "remainder")
PREDICATES = ("isfinite", "isinf", "isnan")
CONSTANTS = ("e", "inf", "nan", "pi", "tau")
OTHERS = ("ceil", "floor", "frexp", "gcd", "hypot", "isclose", "isqrt", "ldexp", "log", "modf", "trunc")

SIGNATURES = {
    **dict.fromkeys(REAL_FUNCTIONS, "(x: float /) -> float"),
    **dict.fromkeys(TWO_REALS, "(x: float /, y: float /) -> float"),
    **dict.fromkeys(PREDICATES, "(x: float /) -> bool"),
    **dict.fromkeys(CONSTANTS, "float"),
    "ceil": "(x: any /) -> int",
    "floor": "(x: any /) -> int",
    "trunc": "(x: any /) -> int",
    "dist": "(p: any /, q: any /) -> float",
    "frexp": "(x: float /) -> tuple[float, int]",
    "gcd": "(*integers: int) -> int",
    "lcm": "(*integers: int) -> int",
    "hypot": "(*coordinates: float) -> float",
    "isclose": "(a: float, b: float, *, rel_tol: float = …, abs_tol: float = …) -> bool",
    "isqrt": "(n: int /) -> int",
    "ldexp": "(x: float /, i: int /) -> float",
    "log": "(x: float /, base: float / = …) -> float",
    "modf": "(x: float /) -> tuple[float, float]",
    "factorial": "(n: int /) -> int",
    "comb": "(n: int /, k: int /) -> int",
    "perm": "(n: int /, k: int | None / = …) -> int",
    "round_half_up": "(x: float /, digits: int / = …) -> float",
    "prod": "(iterable: any /, *, start: any = …) -> any",
    "fsum": "(seq: any /) -> float",
}
EXPORTS: dict[str, object] = {
    **{name: getattr(math, name) for name in (*REAL_FUNCTIONS, *TWO_REALS, *PREDICATES, *CONSTANTS, *OTHERS)},
    "factorial": factorial,
    "comb": comb,
    "perm": perm,
    "lcm": lcm,
    "round_half_up": round_half_up,
    "dist": dist,
    "prod": prod,
    "fsum": fsum,
}
NEEDS_PROGRAM = frozenset({"dist", "fsum", "prod"})
__getattr__ = types_on_demand(SIGNATURES)
