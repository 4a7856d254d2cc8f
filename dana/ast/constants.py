"""Constants as they are written."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def constant(value: Any) -> str:
    """A text, number or `...` as Dana writes it."""
    if isinstance(value, str):
        return f'"{escaped(value)}"'
    if value is ...:
        return "..."
    if isinstance(value, float):
        return repr(value) if value not in (float("inf"), float("-inf")) else "1e999"
    if isinstance(value, int) and value.bit_length() > 10_000:
        return hex(value)  # decimal digits are limited (and slow), hexadecimal ones are not
    return repr(value)


def escaped(value: str) -> str:
    """Text as it stands between double quotes."""
    if value.isprintable() and '"' not in value and "\\" not in value:
        return value
    return "".join(ESCAPES.get(char) or (char if char.isprintable() else numbered(char)) for char in value)


def numbered(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
