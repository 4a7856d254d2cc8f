"""`fractions`: exact fractions, whose numerators and denominators stay below a size."""

from __future__ import annotations

import fractions as host
from decimal import Decimal

from dana.runtime.curated import Curated
from dana.runtime.curated.values import CuratedType, register, too_large
from dana.runtime.stops import failure
from dana.runtime.typevalues import short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.program import Program

MAX_BITS = 1 << 16
MAX_TEXT = 20_000


def bits(value: Any) -> int:
    """How many bits a number's numerator and denominator have; 0 for what is no exact number."""
    if isinstance(value, int):
        return value.bit_length()
    if isinstance(value, host.Fraction):
        return value.numerator.bit_length() + value.denominator.bit_length()
    return 0


def within(size: int) -> None:
    """Refuses a result of so many bits."""
    if size > MAX_BITS:
        raise too_large(f"a Fraction of about {size:,} bits", f"at most {MAX_BITS:,}")


def mine(value: Any) -> Any:
    """What arithmetic of Python's Fraction made, as one of ours."""
    if value.__class__ is not host.Fraction:
        return value
    made = object.__new__(Fraction)
    made._numerator = value.numerator  # type: ignore[attr-defined]
    made._denominator = value.denominator  # type: ignore[attr-defined]
    return made


def _binary(name: str) -> Callable[[Any, Any], Any]:
    work = getattr(host.Fraction, name)

    def operate(self: Any, other: Any) -> Any:
        within(bits(self) + bits(other))
        return mine(work(self, other))

    return operate


class Fraction(host.Fraction):
    """An exact fraction."""

    __slots__ = ()

    def __pow__(self, other: Any) -> Any:
        if isinstance(other, int):
            within(max(bits(self) - 1, 1) * abs(other) if bits(self) > 2 else 1)
        return mine(host.Fraction.__pow__(self, other))

    def __rpow__(self, other: Any) -> Any:
        if isinstance(other, int) and self.denominator == 1:
            within(max(other.bit_length() - 1, 0) * abs(self.numerator) if abs(other) > 1 else 1)
        return mine(host.Fraction.__rpow__(self, other))

    def __neg__(self) -> Any:
        return mine(host.Fraction.__neg__(self))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return mine(host.Fraction.__abs__(self))

    def __round__(self, ndigits: int | None = None) -> Any:
        if ndigits is not None and abs(ndigits) > MAX_BITS // 4:
            raise too_large(f"round to {ndigits:,} digits", f"at most {MAX_BITS // 4:,}")
        return mine(host.Fraction.__round__(self, ndigits))

    def limit_denominator(self, max_denominator: int = 1_000_000) -> Any:
        return mine(host.Fraction.limit_denominator(self, max_denominator))

    def conjugate(self) -> Any:
        return self

    @property
    def real(self) -> Any:
        return self

    @classmethod
    def from_float(cls, f: Any) -> Any:
        return fraction(f)

    @classmethod
    def from_decimal(cls, dec: Any) -> Any:
        return fraction(dec)


for _name in "add sub mul truediv floordiv mod divmod".split():
    for _side in ("", "r"):
        setattr(Fraction, f"__{_side}{_name}__", _binary(f"__{_side}{_name}__"))


def fraction(numerator: Any = 0, denominator: Any = None) -> Any:
    """A fraction of two whole numbers, of a text (`"3/4"`, `"0.75"`), of a float or a Decimal (exactly)."""
    for value in (numerator, denominator):
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, Decimal):
            if value.is_finite():
                within(abs(value.adjusted()) * 4 + len(value.as_tuple().digits) * 4)
        elif value is not None and not isinstance(value, int | float | host.Fraction):
            raise failure(TypeError, "E601", f"a Fraction is made of numbers or a text, not of {short(value)}")
        within(bits(value))
    try:
        return mine(host.Fraction(numerator, denominator))
    except ZeroDivisionError:
        raise failure(ZeroDivisionError, "E602", f"a Fraction with the denominator 0: {short(numerator)}/0") from None


admitted = fraction


def _check_text(text: str) -> None:
    exponent = text.lower().rpartition("e")[2] if "e" in text.lower() else ""
    if len(text) > MAX_TEXT or len(exponent.strip().lstrip("+-0")) > 4:
        raise too_large(f"a Fraction of {short(text)}", f"at most {MAX_TEXT:,} characters and exponents below 10,000")


def make_fractions(program: Program) -> dict[str, Any]:
    kind = CuratedType(
        "Fraction", Fraction, fraction, {"from_float": fraction, "from_decimal": fraction},
        methods="as_integer_ratio limit_denominator conjugate".split(), read=fraction,
    )  # fmt: skip
    register(program, kind)
    return {"Fraction": kind}


FAMILY = {"fractions": Curated(make_fractions, {"Fraction": "(numerator: any = …, denominator: any = …) -> @Fraction"})}
