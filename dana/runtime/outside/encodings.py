"""Bytes and text for natives that meet the outside world: the encodings offered, and what goes wrong with them.

Python has codecs that unpack archives or run for hours; a program chooses from a list of those that only map
bytes to characters.
"""

from __future__ import annotations

from dana.runtime.stops import failure

SAFE = (
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "ascii", "latin-1", "iso-8859-2", "iso-8859-5", "iso-8859-7",
    "iso-8859-9", "iso-8859-15", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp437", "cp850", "mac-roman",
    "koi8-r", "koi8-u", "shift-jis", "euc-jp", "gb18030", "big5", "euc-kr",
)  # fmt: skip
# Other names people and servers use for them.
ALIASES = {
    "utf8": "utf-8", "utf-8-sig": "utf-8", "us-ascii": "ascii", "iso-8859-1": "latin-1", "latin1": "latin-1",
    "windows-1250": "cp1250", "windows-1251": "cp1251", "windows-1252": "cp1252", "windows-1253": "cp1253",
    "windows-1254": "cp1254", "sjis": "shift-jis", "gbk": "gb18030", "gb2312": "gb18030", "utf16": "utf-16",
    "macintosh": "mac-roman",
}  # fmt: skip
MARK = "\ufeff"


def known_encoding(name: object) -> str | None:
    """The list's name for an encoding, or None when it is not on it."""
    plain = str(name).strip().lower().replace("_", "-")
    plain = ALIASES.get(plain, plain)
    return plain if plain in SAFE else None


def encoding_of(name: object) -> str:
    """The list's name for an encoding; ValueError (E533) for any other."""
    found = known_encoding(name)
    if found is None:
        from dana.diagnostics import suggest

        near = suggest(str(name).lower(), [*SAFE, *ALIASES])
        hint = f"did you mean `{near}`?" if near else f"there are {', '.join(SAFE)}"
        raise failure(ValueError, "E533", f"unknown encoding {str(name)[:40]!r}", hint)
    return found


def decoded(data: bytes, encoding: str, what: str) -> str:
    """Bytes as text, without a byte order mark; ValueError (E533) names the byte that is none."""
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        raise undecodable(error, encoding, what) from None
    return text.removeprefix(MARK)


def undecodable(error: UnicodeError, encoding: str, what: str) -> Exception:
    """The error for bytes that are no text in their encoding."""
    at = f": byte {error.start} does not fit" if isinstance(error, UnicodeDecodeError) else ""
    hint = 'name the encoding it was written in, such as `encoding="cp1252"`, or read its bytes'
    return failure(ValueError, "E533", f"{what} is not {encoding} text{at}", hint)


def encoded(text: str, encoding: str, what: str) -> bytes:
    """Text as bytes; ValueError (E533) names the character that has no form in the encoding."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        said = f"{what}: {text[error.start]!r} has no form in {encoding}"
        raise failure(ValueError, "E533", said, 'every character has one in "utf-8"') from None
