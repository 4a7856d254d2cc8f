"""Operators and methods that could build absurd values: `.pow .lshift .mul`, and L15's `.add .text`.

A number or sequence that would be larger than `MAX_BITS` or `MAX_ITEMS` stops the program with the limit
"memory" before any work is done.
"""

from __future__ import annotations

from dana.runtime.stops import failure
from dana.runtime.typevalues import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

MAX_BITS = 1 << 23
MAX_ITEMS = 100_000_000
# `pow(a, e, m)`: bits of the exponent times squared bits of the modulus; a 16 000 bit key stays below.
MODULAR_WORK = 1 << 42
_SEQUENCES = (str, list, tuple, bytes)


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


class Guards:
    """The bounded operators of one program."""

    __slots__ = ("program",)

    def __init__(self, program: Program) -> None:
        self.program = program

    def pow(self, base: Any, exponent: Any) -> Any:
        """`.pow(a, b)`: `a ** b`."""
        if base.__class__ is int and exponent.__class__ is int and exponent > 1:
            self._bits(base.bit_length() * exponent if base.bit_length() > 1 else 0)
        return base**exponent

    def power(self, base: Any, exp: Any, mod: Any = None) -> Any:
        """The builtin `pow`."""
        if mod is None:
            return self.pow(base, exp)
        if isinstance(exp, int) and isinstance(mod, int) and exp.bit_length() * mod.bit_length() ** 2 > MODULAR_WORK:
            raise self.program.meter.stop("memory")
        return pow(base, exp, mod)

    def lshift(self, left: Any, right: Any) -> Any:
        """`.lshift(a, b)`: `a << b`."""
        if left.__class__ is int and right.__class__ is int:
            self._bits(left.bit_length() + right)
        return left << right

    def mul(self, left: Any, right: Any) -> Any:
        """`.mul(a, b)`: `a * b` where one may be a sequence."""
        if isinstance(left, _SEQUENCES) and isinstance(right, int):
            self._items(len(left) * right)
        elif isinstance(right, _SEQUENCES) and isinstance(left, int):
            self._items(len(right) * left)
        elif left.__class__ is int and right.__class__ is int:
            self._bits(left.bit_length() + right.bit_length())
        return left * right

    def times(self, left: Any, right: Any) -> Any:
        """`.times(x, n)`: the `n` of `x *= n`, where x may be a sequence."""
        if isinstance(left, _SEQUENCES) and isinstance(right, int):
            self._items(len(left) * right)
        elif isinstance(right, _SEQUENCES) and isinstance(left, int):
            self._items(len(right) * left)
        return right

    def factorial(self, n: int) -> int:
        """`factorial(n)`."""
        from math import factorial

        if isinstance(n, int):
            if n < 0:
                raise failure(ValueError, "E602", f"factorial is not defined for negative numbers ({n})")
            self._bits(n * max(1, n.bit_length() - 1))
        return factorial(n)

    def _bits(self, bits: int) -> None:
        if bits > MAX_BITS:
            raise self.program.meter.stop("memory")

    def _items(self, items: int) -> None:
        if items > MAX_ITEMS:
            raise self.program.meter.stop("memory")
