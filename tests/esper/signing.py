"""The key of the tests, for processes that need no torch."""

from __future__ import annotations

from hashlib import sha256

KEY = b"the key of the tests, 32 bytes !"


def digest(raw: bytes) -> str:
    return sha256(raw).hexdigest()
