"""`Secret`, a key in the host's hands, and `scrubbed`: what a stranger says, without it."""

from __future__ import annotations

import re

from dana.secrets import SHOWN, Secret

__all__ = ["SHOWN", "Secret", "scrubbed"]

# Providers echo keys with their middle blanked out; so much of an end gives a word away.
_END = 6
_WORD = re.compile(r"[\w*.+/=…-]{4,}")


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
