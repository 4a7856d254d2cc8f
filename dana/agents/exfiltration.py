"""Finding secrets on their way out: in replies and in arguments of tools, however they are written.

A `Watch` knows the secrets (those the program holds, canaries) and looks for each in the text, in its plain readings
(base64, hex, percent and character codes, also inside each other), without blanks and signs in between, backwards,
turned by thirteen letters, and in part: half of a secret is one. What looks like a well-known kind of key is one
without anybody having registered it.
"""

from __future__ import annotations

import base64
import re

from dana.adaptive.redaction import Redactor
from dana.agents.disguises import readings, squeezed, turned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = "***"
# A shorter piece of a secret would be found by chance.
LEAST = 8
# Markdown that a reader's program fetches by itself.
_IMAGE = re.compile(r"!\[([^\]]{0,500})\]\(\s*<?(https?:)?//[^)\s]{1,2000}>?[^)]{0,200}\)", re.IGNORECASE)
_TAG_IMAGE = re.compile(r"<img\b[^>]{0,2000}>", re.IGNORECASE)
_REFERENCE = re.compile(r"^[ ]{0,3}\[[^\]]{1,200}\]:\s*<?(?:https?:)?//\S{1,2000}.*$", re.IGNORECASE | re.MULTILINE)


class Watch:
    """Looks for secrets in texts. `secrets` are whole texts, those shorter than four characters are left out."""

    __slots__ = ("_redactor", "_secrets", "_spellings")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._redactor = Redactor()
        self._secrets = sorted({secret for secret in secrets if len(secret) >= 4}, key=len, reverse=True)
        self._spellings = [spelling for secret in self._secrets for spelling in _spellings(secret)]

    def redacted(self, text: str) -> str:
        """The text with `***` for what is written out in it, secrets and what looks like a key."""
        for secret in self._secrets:
            text = text.replace(secret, SHOWN)
        return self._redactor.text(text)

    def finds(self, text: str) -> str:
        """How a secret is hidden in a text: "" when none is, else in words."""
        if self._redactor.text(text) != text:
            return "what looks like a key"
        if not self._secrets:
            return self._keys_in(text)
        for spelling, how in self._spellings:
            if spelling in text:
                return how
        for number, reading in enumerate(readings(text)):
            how = self._in_reading(reading)
            if how:
                return f"{how}, encoded" if number else how
        return self._keys_in(text)

    def _in_reading(self, text: str) -> str:
        bare = squeezed(text)
        back, rotated = turned(bare)
        for secret in self._secrets:
            if secret in text:
                return "a secret"
            sought = squeezed(secret)
            if len(sought) < 4:
                continue
            for candidate, how in ((bare, "a secret"), (back, "a secret backwards"), (rotated, "a secret in ROT13")):
                if sought in candidate:
                    return how
                if _has_part(sought, candidate):
                    return f"part of {how}"
        return ""

    def _keys_in(self, text: str) -> str:
        """Well-known kinds of keys inside of encodings."""
        for reading in readings(text):
            if reading != text and self._redactor.text(reading) != reading:
                return "what looks like a key, encoded"
        return ""


def _spellings(secret: str) -> list[tuple[str, str]]:
    """Encodings of a secret that are no whole words of their own: base64 at each of its three places."""
    data = secret.encode("utf-8", "surrogatepass")
    found = [(data.hex(), "a secret in hex"), (data.hex().upper(), "a secret in hex")]
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + data).decode()
        first = (0, 2, 3)[shift]
        core = coded[first:].rstrip("=")
        core = core[:-1] if len(data) + shift % 3 else core
        if len(core) >= LEAST:
            found += [(core, "a secret in base64"), (core.replace("+", "-").replace("/", "_"), "a secret in base64")]
    return found


def _has_part(secret: str, text: str) -> bool:
    """Whether half of a secret, at least eight characters, stands in a text."""
    size = max(LEAST, (len(secret) + 1) // 2)
    if len(secret) < 2 * LEAST - 2:
        return False
    return any(secret[start : start + size] in text for start in range(len(secret) - size + 1))


def without_pictures(text: str) -> str:
    """The text without pictures that a reader's program would fetch from somewhere, which tells whoever is there."""
    if "](" not in text and "<" not in text and "]:" not in text:
        return text
    text = _IMAGE.sub(lambda match: f"[picture: {match[1]}]" if match[1] else "[picture]", text)
    if "![" in text:
        text = _REFERENCE.sub("", text)
    return _TAG_IMAGE.sub("[picture]", text)
