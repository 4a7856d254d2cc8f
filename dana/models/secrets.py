"""`Secret`: a text that is used and never shown, and `scrubbed`: what a stranger says, without it."""

from __future__ import annotations

import re
from hmac import compare_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

SHOWN = "***"
# Providers echo keys with their middle blanked out; so much of an end gives a word away.
_END = 6
_WORD = re.compile(r"[\w*.+/=…-]{4,}")


class Secret:
    """A key. It prints, formats and logs as `***`, cannot be pickled or copied, and has no length.

    `reveal()` is the only way to the text. Two are equal when their texts are.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not text:
            msg = "a secret is a text, and not an empty one"
            raise ValueError(msg)
        self.__text = text

    def reveal(self) -> str:
        """The text itself, for whoever sends it."""
        return self.__text

    def __repr__(self) -> str:
        return SHOWN

    def __str__(self) -> str:
        return SHOWN

    def __format__(self, spec: str) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return compare_digest(self.__text.encode(), other.__text.encode())

    __hash__ = None  # type: ignore[assignment]  # a hash would be a way to try candidates

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        msg = "a secret is not written down"
        raise TypeError(msg)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self


def scrubbed(text: str, secret: Secret | None) -> str:
    """`text` without the secret, without words that hold one of its ends, and without what looks like a key."""
    from dana.adaptive.redaction import Redactor

    if secret is not None:
        key = secret.reveal()
        text = text.replace(key, SHOWN)
        if len(key) >= 2 * _END:
            ends = (key[:_END], key[-_END:])
            text = _WORD.sub(lambda m: SHOWN if any(end in m[0] for end in ends) else m[0], text)
    return Redactor().text(text)
