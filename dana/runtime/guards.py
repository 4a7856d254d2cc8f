"""Operators and methods that could build absurd values: `.pow .lshift .mul`, and L15's `.add .text`.

A number that would have more than `MAX_BITS` bits (`SAFE_BITS` where memory is limited: no operation on such numbers
takes longer than a tenth of a second), or a sequence the meter has no room for, stops the program with the limit
"memory" before any work is done.
"""

from __future__ import annotations

from dana.runtime.iterators import bounded
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.program import Program

MAX_BITS = 1 << 23
SAFE_BITS = 1 << 19
LARGE_INT = 1 << 4096
# Sequences up to this length are nobody's business.
LITTLE = 4096
# `pow(a, e, m)`: bits of the exponent times squared bits of the modulus; a 4 000 bit key stays below.
MODULAR_WORK = 1 << 37
# What an item takes. Texts are mostly ASCII; what is not takes up to four times as much.
SIZES: dict[Any, int] = {str: 1, bytes: 1, list: 8, tuple: 8}


def text(value: Any) -> str:
    """`.text(v)`: how a number or bool reads beside a text in `+` (L15)."""
    cls = value.__class__
    if cls is str:
        return value  # type: ignore[no-any-return]
    if cls is bool:
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return value
    hint = "write `str(…)` around it, or use an f-string"
    from dana.runtime.typevalues import kind_of

    raise failure(TypeError, "E601", f"`+` joins a text with a text, number or bool, not with {kind_of(value)}", hint)


def add(left: Any, right: Any) -> Any:
    """`.add(a, b)`: Python's `+`, and text beside a number or bool."""
    if isinstance(left, str):
        return left + text(right)
    if isinstance(right, str):
        return text(left) + right
    return left + right


def extended(left: Any, right: str) -> Any:
    """`.extended(x, "text")`: what `x += "text"` makes of x; a number or bool becomes text (L15)."""
    if isinstance(left, int | float):
        return text(left) + right
    left += right
    return left


def _shown_all(printable: Callable[[Any], Any], values: Any) -> Any:
    """The values of `template % values`, each as it may be made into text."""
    if values.__class__ is tuple:
        printable(values)
        return tuple(map(printable, values))
    if values.__class__ is dict:
        printable(values)
        return {key: printable(value) for key, value in values.items()}
    return printable(values)


class Guards:
    """The bounded operators of one program."""

    __slots__ = ("_room", "meter")

    def __init__(self, program: Program) -> None:
        self.meter = program.meter
        self._room = program.meter.room

    def grown(self, value: Any) -> Any:
        """`.grown(v)`: the result of operators, unless it is too large."""
        cls = value.__class__
        if cls is int:
            if not -LARGE_INT < value < LARGE_INT:
                self.bits(value.bit_length())
        elif cls in SIZES:
            length = len(value)
            if length > LITTLE:
                self._room(length * SIZES[cls])
        return value

    def addend(self, value: Any) -> Any:
        """`.addend(v)`: the `v` of `x += v`, unless it is too large to be added."""
        cls = value.__class__
        if cls in SIZES:
            if len(value) > LITTLE:
                self._room(len(value) * SIZES[cls])
        elif cls is range:
            return bounded(self.meter.steps)(value)
        return value

    def pow(self, base: Any, exponent: Any) -> Any:
        """`.pow(a, b)`: `a ** b`."""
        if base.__class__ is int and exponent.__class__ is int and exponent > 1:
            self.bits(base.bit_length() * exponent if base.bit_length() > 1 else 0)
        return base**exponent

    def power(self, base: Any, exp: Any, mod: Any = None) -> Any:
        """The builtin `pow`."""
        if mod is None:
            return self.pow(base, exp)
        if isinstance(exp, int) and isinstance(mod, int) and exp.bit_length() * mod.bit_length() ** 2 > MODULAR_WORK:
            raise self.meter.stop("memory")
        return pow(base, exp, mod)

    def lshift(self, left: Any, right: Any) -> Any:
        """`.lshift(a, b)`: `a << b`."""
        if left.__class__ is int and right.__class__ is int:
            self.bits(left.bit_length() + right)
        return left << right

    def mul(self, left: Any, right: Any) -> Any:
        """`.mul(a, b)`: `a * b` where one may be a sequence, or both large numbers."""
        self.times(left, right)
        return left * right

    def mod(self, left: Any, right: Any) -> Any:
        """`.mod(a, b)`: `a % b`, where a may be a text that is filled in."""
        if isinstance(left, (str, bytes)):
            from dana.runtime.formatting import check_filled
            from dana.runtime.printable import printable_of

            check_filled(self.meter, left, right)
            right = _shown_all(printable_of(self.meter), right)
        return self.grown(left % right)

    def times(self, left: Any, right: Any) -> Any:
        """`.times(x, n)`: the `n` of `x *= n`."""
        kind, other = left.__class__, right.__class__
        if kind in SIZES and isinstance(right, int):
            self.items(len(left), right, SIZES[kind])
        elif other in SIZES and isinstance(left, int):
            self.items(len(right), left, SIZES[other])
        elif kind is int and other is int and not -LARGE_INT < left < LARGE_INT:
            self.bits(left.bit_length() + right.bit_length())
        return right

    @property
    def round_(self) -> Callable[..., Any]:
        """The builtin `round`: to how many tens makes no difference beyond the digits there are."""

        def round_(number: Any, ndigits: Any = None) -> Any:
            if number.__class__ is int and ndigits.__class__ is int:
                ndigits = max(ndigits, -2 - number.bit_length() // 3)
            return round(number, ndigits)

        return round_

    def factorial(self, n: int) -> int:
        """`factorial(n)`."""
        from math import factorial

        if isinstance(n, int):
            if n < 0:
                raise failure(ValueError, "E602", f"factorial is not defined for negative numbers ({n})")
            self.bits(n * max(1, n.bit_length() - 1))
        return factorial(n)

    def bits(self, bits: int) -> None:
        """Raises the stop when no number may have so many bits."""
        if bits > (MAX_BITS if self.meter.memory_bytes is None else SAFE_BITS):
            raise self.meter.stop("memory")

    def items(self, length: int, times: int, size: int) -> None:
        """Asks for room for `length * times` items of a size."""
        if length * times > LITTLE:
            self._room(length * times * size)
