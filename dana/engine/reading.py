"""The text of a program's file, for calls that do not go through the loader."""

from __future__ import annotations

import os

from dana.errors import CompileError
from dana.source import Source


def read_source(path: str) -> Source:
    """The text of a file. Raises `CompileError` when it cannot be read or is no text."""
    from dana.parser import decode

    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise unreadable(path, error) from error
    decoded = decode(data, path)
    if not isinstance(decoded, Source):
        raise CompileError([decoded])
    return decoded


def unreadable(path: str, error: OSError) -> CompileError:
    """The error for a program whose file cannot be read, with the file that may have been meant."""
    from dana.diagnostics import Diagnostic, shown_name, suggest

    folder, name = os.path.split(path)
    near = None
    if isinstance(error, FileNotFoundError) and os.path.isdir(folder):
        near = suggest(name, [n for n in os.listdir(folder) if n.endswith(".na")])
    reason = error.strerror or str(error)
    hint = f"did you mean `{near}`?" if near else ""
    found = Diagnostic("E540", f"cannot read {shown_name(path)}: {reason[:1].lower()}{reason[1:]}", hint=hint)
    return CompileError([found])
