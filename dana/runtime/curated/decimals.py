"""`decimal`: exact decimal arithmetic, with bounded precision and exponents.

A context is chosen for a block, `with localcontext(prec=50):`; there is none to be changed for everybody, because
the thread's belongs to the host.
"""

from __future__ import annotations

import decimal as host

from dana.runtime.curated import Curated
from dana.runtime.curated.values import CuratedType, register, too_large, whole
from dana.runtime.stops import failure
from dana.runtime.typevalues import short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

MAX_DIGITS = 10_000
MAX_EXPONENT = 10_000
MAX_PRECISION = 2_000
ROUNDINGS = (
    "ROUND_CEILING", "ROUND_DOWN", "ROUND_FLOOR", "ROUND_HALF_DOWN", "ROUND_HALF_EVEN", "ROUND_HALF_UP", "ROUND_UP",
    "ROUND_05UP",
)  # fmt: skip
# What a program may catch; all are ArithmeticErrors.
SIGNALS = ("DecimalException", "DivisionByZero", "InvalidOperation", "Overflow", "Underflow", "Inexact", "Rounded")
METHODS = (
    "adjusted as_integer_ratio as_tuple canonical compare compare_signal compare_total compare_total_mag conjugate "
    "copy_abs copy_negate copy_sign exp fma is_canonical is_finite is_infinite is_nan is_normal is_qnan is_signed "
    "is_snan is_subnormal is_zero ln log10 logb logical_and logical_invert logical_or logical_xor max max_mag min "
    "min_mag next_minus next_plus next_toward normalize number_class quantize radix remainder_near rotate same_quantum "
    "scaleb shift sqrt to_eng_string to_integral to_integral_exact to_integral_value"
).split()


def decimal(value: Any = "0") -> host.Decimal:
    """The exact decimal of a text, a whole number, a float, or a tuple (sign, digits, exponent)."""
    if isinstance(value, str) and len(value) > MAX_DIGITS:
        raise too_large(f"a Decimal of {len(value):,} characters", f"at most {MAX_DIGITS:,}")
    if isinstance(value, int) and value.bit_length() > MAX_DIGITS * 3:
        raise too_large(f"a Decimal of a number of {value.bit_length():,} bits", f"at most {MAX_DIGITS * 3:,}")
    if (
        isinstance(value, tuple | list)
        and len(value) == 3
        and hasattr(value[1], "__len__")
        and len(value[1]) > MAX_DIGITS
    ):
        raise too_large(f"a Decimal of {len(value[1]):,} digits", f"at most {MAX_DIGITS:,}")
    if not isinstance(value, str | int | float | tuple | list | host.Decimal):
        raise failure(TypeError, "E601", f"a Decimal is made of a text or a number, not of {short(value)}")
    try:
        made = host.Decimal(value)  # type: ignore[arg-type]
    except host.InvalidOperation:
        hint = 'write it like Decimal("19.90")'
        raise failure(ValueError, "E602", f"{short(value)} is no decimal number", hint) from None
    if made.is_finite() and abs(made.adjusted()) > MAX_EXPONENT:
        raise too_large(f"a Decimal with the exponent {made.adjusted():,}", f"at most {MAX_EXPONENT:,}")
    return made


def from_float(f: float) -> host.Decimal:
    """The exact decimal value of a float: `Decimal.from_float(0.1)` has 55 digits."""
    return host.Decimal(float(f))


def read(value: Any) -> host.Decimal:
    """A decimal where one is declared; a float as it prints, so that 19.9 is 19.9."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    return decimal(repr(value) if isinstance(value, float) else value)


admitted = decimal


class LocalContext:
    """`with localcontext(prec=50):` — precision and rounding of the block."""

    __slots__ = ("_entered", "_options")

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._entered: list[Any] = []

    def __enter__(self) -> None:
        entered = host.localcontext(**self._options)
        entered.__enter__()
        self._entered.append(entered)

    def __exit__(self, *error: object) -> None:
        self._entered.pop().__exit__(*error)

    def __repr__(self) -> str:
        return f"localcontext({', '.join(f'{k}={v!r}' for k, v in self._options.items())})"


def localcontext(*, prec: int | None = None, rounding: str | None = None) -> LocalContext:
    """Precision (significant digits) and rounding for the block of a `with`."""
    options: dict[str, Any] = {}
    if prec is not None:
        options["prec"] = whole(prec, "prec", 1, MAX_PRECISION)
    if rounding is not None:
        if rounding not in ROUNDINGS:
            raise failure(ValueError, "E602", f"{short(rounding)} is no rounding", f"use one of {', '.join(ROUNDINGS)}")
        options["rounding"] = rounding
    return LocalContext(options)


def make_decimal(program: Program) -> dict[str, Any]:
    kind = CuratedType("Decimal", host.Decimal, decimal, {"from_float": from_float}, methods=METHODS, read=read)
    register(program, kind)
    return {
        "Decimal": kind,
        "localcontext": localcontext,
        **{name: name for name in ROUNDINGS},
        **{name: getattr(host, name) for name in SIGNALS},
    }


SIGNATURES = {
    "Decimal": "(value: any = …) -> @Decimal",
    "localcontext": "(*, prec: int = …, rounding: str = …) -> any",
    **dict.fromkeys(ROUNDINGS, "str"),
    **dict.fromkeys(SIGNALS, "any"),
}
REFUSED = dict.fromkeys(
    ("getcontext", "setcontext", "Context", "DefaultContext", "BasicContext", "ExtendedContext"),
    "choose precision and rounding for a block: `with localcontext(prec=50):`",
)
FAMILY = {"decimal": Curated(make_decimal, SIGNATURES, REFUSED)}
