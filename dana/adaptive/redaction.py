"""What never reaches a record (P210, M85): secrets, by the name they go under, by their value, or by their shape.

A name is judged by its words, not by its letters: `api_key` and `accessToken` are secrets, `monkey` and
`keyboard` are not. A value that was registered (`Redactor.hide`) is replaced wherever it occurs, also inside a
longer text. Shapes are those nobody mistakes for anything else: credentials in URLs, bearer tokens, keys of
well-known services.
"""

from __future__ import annotations

import re
from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

HIDDEN = "***"

# A field is secret when one of these is among the words of its name …
_SECRET_WORDS = frozenset(
    "password passwd passphrase pwd secret secrets token tokens credential credentials authorization cookie cookies "
    "apikey ssn cvv cvc pin otp".split()
)
# … or when these follow each other.
_SECRET_PAIRS = frozenset(
    {("api", "key"), ("private", "key"), ("access", "key"), ("secret", "key"), ("signing", "key"), ("auth", "header"),
     ("account", "number"), ("card", "number"), ("social", "security"), ("encryption", "key"), ("client", "secret")}
)  # fmt: skip
# Counts and limits of tokens are no secrets.
_HARMLESS = frozenset({"tokens", "max_tokens", "token_count", "prompt_tokens", "completion_tokens", "total_tokens"})

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SHAPES = re.compile(
    r"(?P<url>(?<=://)[^/@\s:]{1,256}:[^/@\s]{1,256}(?=@))"
    r"|(?P<bearer>(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{8,})"
    r"|(?P<key>\b(?:sk|pk|rk|ghp|gho|xox[abp])[-_][A-Za-z0-9_-]{16,}|\bAKIA[0-9A-Z]{16}\b)"
    r"|(?P<pem>-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z))"
)
# A shorter secret would blank out half of what is written around it.
MIN_SECRET = 4
MAX_DEPTH = 32


class Redactor:
    """Replaces secrets in plain data by `***`; `names` are further names of secret fields."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._values: set[str] = set()

    def __len__(self) -> int:
        """How many values are hidden."""
        return len(self._values)

    def hide(self, secret: str) -> None:
        """Never write this value. One of fewer than four characters is refused with `ValueError`."""
        if len(secret) < MIN_SECRET:
            msg = f"a secret of fewer than {MIN_SECRET} characters cannot be hidden: it would match by chance"
            raise ValueError(msg)
        self._values.add(secret)

    def is_secret(self, name: str) -> bool:
        """Whether a field of this name holds a secret."""
        lower = name.lower()
        if lower in _HARMLESS:
            return False
        if lower in self._names:
            return True
        words = [word.lower() for word in _WORDS.findall(name)]
        return any(word in _SECRET_WORDS for word in words) or any(pair in _SECRET_PAIRS for pair in pairwise(words))

    def text(self, text: str) -> str:
        """A text without registered secrets and without what has the shape of one."""
        for secret in sorted(self._values, key=len, reverse=True):
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return _SHAPES.sub(HIDDEN, text) if len(text) > MIN_SECRET else text

    def data(self, value: Any, depth: int = 0) -> Any:
        """Plain data without secrets; the argument stays as it is."""
        cls = value.__class__
        if cls is str:
            return self.text(value)
        if depth >= MAX_DEPTH:
            return HIDDEN
        if cls is dict:
            return {
                self.data(key, depth + 1): HIDDEN
                if key.__class__ is str and self.is_secret(key) and item is not None
                else self.data(item, depth + 1)
                for key, item in value.items()
            }
        if cls in (list, tuple, set, frozenset):
            return cls(self.data(item, depth + 1) for item in value)
        return value
