"""`secrets`: Python's functions for tokens, and a type for keys that a program uses and never sees (M86, L48)."""

from __future__ import annotations

import base64
import os

from dana.runtime.curated import Curated
from dana.runtime.curated.identities import SECRETS, make_secrets
from dana.runtime.curated.values import CuratedType, register
from dana.runtime.outside import elsewhere
from dana.runtime.secrets import Secret, held, text_of
from dana.runtime.stops import failure
from dana.secrets import Secret as HostSecret
from dana.secrets import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.program import Program

LARGEST = 100_000


def make(program: Program) -> dict[str, Any]:
    """The module for one program."""
    names = make_secrets(program)

    def made(text: Any) -> Secret:
        """A secret that stands in the program, or was made by it. Better: `secrets.env`, `secrets.file`."""
        if isinstance(text, Secret):
            return text
        if text.__class__ is not str:
            raise failure(TypeError, "E601", f"a secret is made of a text, not of {type(text).__name__}")
        return held(program, text)

    def basic(user: str, password: Any) -> Secret:
        """The value of an `Authorization` header for a user and a password."""
        pair = f"{user}:{text_of(made(password))}".encode()
        return held(program, "Basic " + base64.b64encode(pair).decode("ascii"))

    def compare_digest(a: Any, b: Any, /) -> bool:
        """Whether two secrets, texts or bytes are equal, in a time that does not tell where they differ."""
        if isinstance(a, Secret) or isinstance(b, Secret):
            one, other = (text_of(v) if isinstance(v, Secret) else v for v in (a, b))
            return one.__class__ is str and other.__class__ is str and same(one, other)
        return bool(names["compare_digest"](a, b))

    kind = CuratedType("Secret", Secret, made, read=made)
    register(program, kind)
    return {
        **names, "Secret": kind, "env": env(program), "file": file(program), "basic": basic,
        "compare_digest": compare_digest,
    }  # fmt: skip


def env(program: Program) -> Callable[[str], Secret]:
    """Secrets from the environment."""

    def env(name: str) -> Secret:
        """The secret in a variable of the environment (`--allow-env=NAME`). KeyError when it is not set."""
        if not isinstance(name, str) or not name or "=" in name or "\0" in name:
            raise failure(ValueError, "E539", f"no name of a variable: {str(name)[:40]!r}")
        if _replays(program):
            return held(program, _PLAYED)
        if elsewhere.host is not None:
            text = elsewhere.now("process", "env", name, None)
        else:
            program.policy.require("env", name)
            text = os.environ.get(name)
        if not text:
            raise failure(KeyError, "E539", f"the environment has no variable `{name}`", f"set it: `export {name}=…`")
        return held(program, text)

    return env


def file(program: Program) -> Callable[[str], Secret]:
    """Secrets from files."""

    def file(path: str) -> Secret:
        """The secret in a file (`--allow-read=…`), without the line end behind it."""
        if _replays(program):
            return held(program, _PLAYED)
        from importlib import import_module

        files: Any = import_module("dana.runtime.natives.files")
        read = files.EXPORTS["read_text"]
        if "read_text" in files.NEEDS_PROGRAM:  # where the host reads in the program's stead it knows its program
            read = read(program)
        text = str(read(path)).removesuffix("\n").removesuffix("\r")
        if len(text) > LARGEST or not text:
            msg = f"`{path[-80:]}` is empty or too long: a secret has 1 to {LARGEST:,} characters"
            raise failure(ValueError, "E602", msg)
        return held(program, text)

    return file


# In a replay what was asked with a secret is answered from the record, which does not hold it.
_PLAYED = "the secret of a run that is replayed"


def _replays(program: Program) -> bool:
    return program.tape is not None and hasattr(program.tape, "compared")


def admitted(value: HostSecret) -> Secret:
    """The program's own secret for one of the host."""
    return Secret(value.reveal())


SIGNATURES = {
    **SECRETS,
    "Secret": "(text: any) -> @Secret",
    "env": "(name: str) -> @Secret",
    "file": "(path: str) -> @Secret",
    "basic": "(user: str, password: any) -> @Secret",
}
FAMILY = {"secrets": Curated(make, SIGNATURES, {"SystemRandom": "use the functions of `secrets`"})}
