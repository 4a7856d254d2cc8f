"""`dana grant`, `dana grants`: what a project asks for in its `dana.toml`, and what the user has granted it.

A file of the project cannot grant anything, for whoever writes the program writes the file. So `[allow]` there is a
request. The user reads it (`dana grant`) and says yes; that is recorded in the user's state folder under the
project's path and the digest of the request. When the request changes, the grant is void until it is given again.

    ~/.local/state/dana/grants.json     {"…/demo": {"digest": …, "allow": {…}, "when": …, "dana": …}}
"""

from __future__ import annotations

import json
import os
import sys

from dana.cli import project
from dana.cli.options import KINDS, UsageProblem
from dana.cli.terminal import FAILED, OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.cli.options import Options
    from dana.cli.project import Project
    from dana.cli.terminal import Terminal

FILE = "grants.json"


# --- the verbs ----------------------------------------------------------------------------------


def grant(options: Options, _terminal: Terminal) -> int:
    """`dana grant [FOLDER]`: show what the project asks for and, after a yes, record it; `--revoke` takes it back."""
    found = _project(options)
    if "revoke" in options.given:
        return _revoke(found)
    if not found.allow:
        sys.stdout.write(f"{found.name} asks for nothing: its dana.toml has no [allow]\n")
        return OK
    sys.stdout.write(f"{printable(found.name)} ({printable(found.folder)}) asks for:\n{_listed(found)}")
    if is_granted(found):
        sys.stdout.write("this is granted already\n")
        return OK
    if "yes" not in options.given and not _agreed():
        sys.stdout.write("nothing is granted\n")
        return FAILED
    _record(found)
    sys.stdout.write(f"granted, until the request changes or `dana grant --revoke`; recorded in {place()}\n")
    return OK


def grants(options: Options, _terminal: Terminal) -> int:
    """`dana grants`: everything the user has granted."""
    if options.words:
        raise UsageProblem("E905", f"`dana grants` takes no word {options.words[0]!r}", "`dana grant FOLDER` grants")
    known = recorded()
    if not known:
        sys.stdout.write("nothing is granted\n")
    for folder, entry in sorted(known.items()):
        state = _state(folder, entry)
        said = f"granted {entry['when']} with Dana {entry['dana']}{state}"
        sys.stdout.write(f"{printable(folder)}\n  {printable(said)}\n{_rows(entry['allow'], folder)}")
    return OK


def _state(folder: str, entry: dict[str, Any]) -> str:
    try:
        found = project.around(folder)
    except UsageProblem:
        return "; its dana.toml cannot be read now"
    if found is None or os.path.realpath(found.folder) != folder:
        return "; there is no dana.toml any more"
    return "" if digest(found) == entry["digest"] else "; void, for the request has changed since"


def _project(options: Options) -> Project:
    if len(options.words) > 1:
        raise UsageProblem("E905", "`dana grant` takes one folder", "as in: dana grant demo")
    folder = options.words[0] if options.words else os.getcwd()
    if not os.path.isdir(folder):
        raise UsageProblem("E902", f"there is no folder {folder}")
    found = project.around(folder)
    if found is None:
        raise UsageProblem(
            "E915", "there is no dana.toml here, or in a folder above", "`dana new NAME` makes a project"
        )
    return found


def _agreed() -> bool:
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise UsageProblem("E905", "nobody can be asked: this is no terminal", "dana grant --yes")
    sys.stdout.write("grant this? y/n > ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _revoke(found: Project) -> int:
    known = recorded()
    if known.pop(os.path.realpath(found.folder), None) is None:
        sys.stdout.write(f"nothing was granted to {printable(found.name)}\n")
        return OK
    _write(known)
    sys.stdout.write(f"{printable(found.name)} has no grants any more\n")
    return OK


def _listed(found: Project) -> str:
    return _rows(found.allow.to_data(), os.path.realpath(found.folder))


def _rows(allow: dict[str, Any], folder: str) -> str:
    rows = []
    for kind in KINDS:
        value = allow.get(kind)
        if not value:
            continue
        shown = "everything" if value is True else ", ".join(printable(_noted(kind, p, folder)) for p in value)
        rows.append(f"  {kind:<7} {shown}{_warning(kind)}\n")
    return "".join(rows)


def _noted(kind: str, pattern: str, folder: str) -> str:
    """A path that leads out of the project says so."""
    if kind not in ("read", "write"):
        return pattern
    real = os.path.realpath(os.path.join(folder, pattern))
    return pattern if (real + os.sep).startswith(folder + os.sep) else f"{pattern} (outside the project: {real})"


def _warning(kind: str) -> str:
    return {
        "run": "   (a program that runs others can do whatever they can)",
        "python": "   (a Python module can do whatever Python can)",
    }.get(kind, "")


def printable(text: str) -> str:
    """A text of a stranger for the terminal: no control characters, however they are meant."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


# --- what is recorded ---------------------------------------------------------------------------


def is_granted(found: Project) -> bool:
    """Whether the user has granted what the project asks for now."""
    if not found.allow:
        return False
    entry = recorded().get(os.path.realpath(found.folder))
    return entry is not None and entry["digest"] == digest(found)


def advice(found: Project) -> Callable[[str, str], str]:
    """A sentence for denials of something the project asks for."""
    from dana.policy import Policy

    asked = Policy(found.allow)

    def sentence(kind: str, target: str) -> str:
        said = "the project asks for it in dana.toml: `dana grant` shows what it asks for, and grants it"
        return said if asked.permits(kind, target) else ""

    return sentence


def digest(found: Project) -> str:
    """Changes whenever the request does."""
    from hashlib import blake2b

    request = {kind: found.allow.to_data()[kind] for kind in KINDS}
    return blake2b(json.dumps(request, sort_keys=True).encode(), digest_size=16).hexdigest()


def place() -> str:
    """The file of grants, in the user's state folder."""
    base = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):  # the XDG specification: relative paths are invalid and ignored
        base = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "dana", FILE)


def recorded() -> dict[str, Any]:
    """The recorded grants by project folder; none from a file that others could have written."""
    path = place()
    try:
        with open(path, "rb") as stream:
            facts = os.fstat(stream.fileno())
            if hasattr(os, "getuid") and (facts.st_uid != os.getuid() or facts.st_mode & 0o022):
                return {}
            found = json.load(stream)
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {folder: entry for folder, entry in found.items() if _is_entry(entry)}


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("allow"), dict):
        return False
    return all(isinstance(entry.get(key), str) for key in ("digest", "when", "dana"))


def _record(found: Project) -> None:
    from time import gmtime, strftime

    from dana.abi import VERSION

    allow = found.allow.to_data()
    entry = {
        "digest": digest(found),
        "allow": {kind: allow[kind] for kind in KINDS if allow[kind]},
        "when": strftime("%Y-%m-%dT%H:%M:%SZ", gmtime()),
        "dana": VERSION,
    }
    _write({**recorded(), os.path.realpath(found.folder): entry})


def _write(known: dict[str, Any]) -> None:
    """Written beside and moved, so that the file is whole at every moment; only the user may read it."""
    path = place()
    fresh = f"{path}.{os.getpid()}.new"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            json.dump(known, stream, indent=2, sort_keys=True)
        os.replace(fresh, path)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise UsageProblem("E915", f"cannot record the grant in {path}: {reason}") from None
