"""Texts as they are meant: what is hidden by letters that look alike, by blanks, by encodings, read in plain.

Two readers use this: the check for injected instructions and the check for secrets on their way out. Both look at the
text itself and at every plain reading of it. Reading is bounded: so many layers, so many characters.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from codecs import decode as decode_codec
from urllib.parse import unquote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Encodings inside of encodings that are followed, and readings of one text that are looked at.
MOST_LAYERS = 3
MOST_READINGS = 60
LONGEST = 200_000

# Letters of other alphabets that look like Latin ones (lower case; what NFKC does not already map).
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁԛԝһӏкмнтвгпαεορτυνικχηβμγɑɡıℓոսցօ",
    "aeopcyxijsdqwhikmhtbrnaeoptuvikxhbuyagilnugo",
)
_LEET = str.maketrans("013457@$|!", "oieastasli")
_TAGS = {0xE0000 + code: chr(code) for code in range(0x20, 0x7F)}
_SPACED = re.compile(r"(?<![^\W_])(?:[^\W_][ .\-_*·|/\\,]{1,3}){4,}[^\W_](?![^\W_])")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_BASE32 = re.compile(r"\b[A-Z2-7]{16,}={0,6}")
_HEX = re.compile(r"(?:0x)?(?:[0-9a-fA-F]{2}[\s:,\\x]{0,3}){6,}")
_CODES = re.compile(r"(?:\b\d{2,3}\b[\s,;]{1,2}){5,}\d{2,3}\b")
_BINARY = re.compile(r"(?:\b[01]{8}\b\s?){4,}")
_MORSE_LIKE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|&#x?([0-9a-fA-F]{2,5});")


def plain(text: str) -> str:
    """A text in lower case with Latin letters where others look like them, without characters nobody sees."""
    text = unicodedata.normalize("NFKC", text[:LONGEST].translate(_TAGS))
    kept = [c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) not in _UNSEEN]
    return "".join(kept).casefold().translate(_LOOKALIKES)


_UNSEEN = frozenset({"Cf", "Cc", "Mn", "Me", "Co", "Cs"}) - {"Cc"}


def readings(text: str) -> Iterator[str]:
    """The text and what is hidden in it, as it was written; the plain reading of each is the caller's to make."""
    seen: set[str] = set()
    waiting = [(text[:LONGEST], 0)]
    while waiting and len(seen) < MOST_READINGS:
        found, depth = waiting.pop(0)
        if found in seen or not found.strip():
            continue
        seen.add(found)
        yield found
        if depth < MOST_LAYERS:
            waiting += [(each, depth + 1) for each in _decoded(found) if each not in seen]


def _decoded(text: str) -> Iterator[str]:
    """What parts of a text say when they are decoded."""
    if "%" in text:
        unquoted = unquote(text)
        if unquoted != text:
            yield unquoted
    if "\\" in text or "&#" in text:
        yield _MORSE_LIKE.sub(_character, text)
    for match in list(_BASE64.finditer(text))[:20]:
        yield from _from_base64(match[0])
    for match in list(_BASE32.finditer(text))[:5]:
        yield from _text_of(_tried(base64.b32decode, match[0].rstrip("=") + "=" * (-len(match[0].rstrip("=")) % 8)))
    for match in list(_HEX.finditer(text))[:10]:
        digits = re.sub(r"0x|[^0-9a-fA-F]", "", match[0])
        yield from _text_of(_tried(bytes.fromhex, digits[: len(digits) // 2 * 2]))
    for match in list(_CODES.finditer(text))[:5]:
        codes = [int(code) for code in re.findall(r"\d+", match[0])]
        if all(32 <= code < 127 for code in codes):
            yield "".join(map(chr, codes))
    for match in list(_BINARY.finditer(text))[:5]:
        yield from _text_of(bytes(int(byte, 2) for byte in match[0].split()))
    for match in list(_SPACED.finditer(text))[:10]:
        yield text[: match.start()] + re.sub(r"[\W_]", "", match[0]) + text[match.end() :]


def turned(text: str) -> tuple[str, str]:
    """A text backwards, and with its letters moved by thirteen."""
    return text[::-1], decode_codec(text, "rot13")


def unleet(text: str) -> str:
    """Letters where digits and signs stand for them."""
    return text.translate(_LEET)


def squeezed(text: str) -> str:
    """Only letters and digits, plain: what is left of a text however it was spaced."""
    return "".join(c for c in plain(text) if c.isalnum())


def _from_base64(text: str) -> Iterator[str]:
    bare = text.rstrip("=")
    for start in range(4 if len(bare) > 16 else 1):
        part = bare[start:]
        part = part[: len(part) // 4 * 4] if len(part) % 4 == 1 else part
        found = list(
            _text_of(_tried(base64.b64decode, part.replace("-", "+").replace("_", "/") + "=" * (-len(part) % 4)))
        )
        if found:
            yield from found
            return


def _tried(decode: object, text: str) -> bytes:
    try:
        made = decode(text)  # type: ignore[operator]
    except (ValueError, binascii.Error):
        return b""
    return bytes(made)


def _text_of(data: bytes) -> Iterator[str]:
    """The bytes as text, where that is what they are."""
    if len(data) < 6:
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    if sum(c.isprintable() or c in "\n\t" for c in text) >= 0.95 * len(text):
        yield text


def _character(match: re.Match[str]) -> str:
    digits = match[1] or match[2]
    if digits is None:
        number = int(match[3], 16 if "x" in match[0] else 10) if match[3].isdigit() or "x" in match[0] else 32
        return chr(number) if number < 0x110000 else " "
    return chr(int(digits, 16))
