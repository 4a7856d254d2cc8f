"""`dana new NAME`: a project that passes its own checks from the first minute."""

from __future__ import annotations

import os
import re
import sys

from dana.cli.options import UsageProblem
from dana.cli.terminal import OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.cli.options import Options
    from dana.cli.terminal import Terminal

NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")
NAME_MAX = 60
NEXT = {
    "application": "dana run",
    "library": "dana run",
    "embedded": "python host.py",
}


def new(options: Options, _terminal: Terminal) -> int:
    """Make the folder that the one word names. It appears complete or not at all."""
    from dana.abi import VERSION
    from dana.starter import files

    if len(options.words) != 1:
        raise UsageProblem("E905", "`dana new` takes one name", "as in: dana new demo")
    folder = os.path.normpath(options.words[0])
    name = os.path.basename(folder)
    kind = options.given.get("kind", "application")
    _must_be_a_name(name, folder)
    if os.path.lexists(folder):
        raise UsageProblem("E914", f"{folder} exists already", "choose another name, or move it away first")
    texts = files(name, kind, VERSION)
    _write(folder, texts)
    sys.stdout.write(f"made {folder}, {'a' if kind == 'library' else 'an'} {kind} project:\n")
    for path in sorted(texts):
        sys.stdout.write(f"  {os.path.join(folder, path)}\n")
    sys.stdout.write(f"\nnext:\n  cd {folder}\n  dana test\n  {NEXT[kind]}\n")
    return OK


def _must_be_a_name(name: str, folder: str) -> None:
    """Names of projects are names of modules, but for their hyphens. Raises `UsageProblem`."""
    from dana.parser.words import HARD, SCOPES
    from dana.starter import module_name

    if not NAME.fullmatch(name) or len(name) > NAME_MAX:
        near = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-0123456789")[:NAME_MAX].strip("-").lower()
        hint = f"as in: dana new {os.path.join(os.path.dirname(folder), near)}" if near else "as in: dana new demo"
        note = "letters and digits, words joined by - or _, a letter first"
        raise UsageProblem("E914", f"{name!r} cannot be a project's name: it takes {note}", hint)
    module = module_name(name)
    if module in HARD or module in SCOPES:
        raise UsageProblem("E914", f"{name!r} cannot be a project's name: it is a word of the language")
    if module in _library_modules():
        hint = f"choose another, as in: {name}-rules"
        raise UsageProblem("E914", f"{name!r} cannot be a project's name: it is a module of the standard library", hint)
    if module in OWN:
        raise UsageProblem("E914", f"{name!r} cannot be a project's name: a file of the project is called so")


# Modules that a new project has beside its own.
OWN = frozenset({"main", "example", "pricing", "rules", "host", "dana"})


def _library_modules() -> set[str]:
    from dana.resources import stdlib_path

    return {os.path.splitext(entry)[0] for entry in os.listdir(stdlib_path())}


def _write(folder: str, texts: dict[str, str]) -> None:
    """Makes the folder under another name first, so that a full disk leaves no half of it."""
    parent, name = os.path.split(os.path.abspath(folder))
    if not os.path.isdir(parent):
        raise UsageProblem("E914", f"there is no folder {os.path.dirname(folder)}", "make it first")
    fresh = os.path.join(parent, f".{name}.{os.getpid()}.new")
    try:
        for path, text in texts.items():
            place = os.path.join(fresh, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
        os.rename(fresh, os.path.join(parent, name))
    except OSError as problem:
        from shutil import rmtree

        rmtree(fresh, ignore_errors=True)
        reason = (problem.strerror or str(problem)).lower()
        raise UsageProblem("E914", f"cannot make {folder}: {reason}") from None
