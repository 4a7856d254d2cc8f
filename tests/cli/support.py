"""The command as the tests call it: in this process, with stdin, stdout and stderr as texts."""

from __future__ import annotations

import io
from typing import NamedTuple

from dana.__main__ import main


class Done(NamedTuple):
    status: int
    out: str
    err: str


class Stdin(io.TextIOWrapper):
    """A pipe with some bytes in it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")
