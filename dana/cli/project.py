"""`dana.toml`: what makes a folder a project, and `dana run` without a file.

    name = "demo"           what the project is called
    version = "0.1.0"       its own version
    entry = "main.na"       the program that `dana run` runs; a project may have none

    [allow]                 what its programs need: a request, which `dana grant` shows and the user grants
    read = ["data"]         paths start from the project's folder; `true` means everything
    [deny]                  what they may never do, whatever is granted
    read = ["data/private"]
    [model]                 which language model `reason` asks (docs/reason.md); never a key
    default = "openai:gpt-4o-mini"
    [host]                  what the Python program around gives: `dana check` knows it then
    names = ["crm.lookup"]  functions
    domains = ["wine"]      domains of `@poet` that it registers

`dana doctor` shows what was understood. There are no other keys: one that nothing reads would be a promise that nothing
keeps.
"""

from __future__ import annotations

import os
import re

from dana.cli.options import KINDS, UsageProblem
from dana.diagnostics import suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.policy import Allow, Deny

FILE = "dana.toml"
KEYS = ("name", "version", "entry")
TABLES = ("allow", "deny")
MODEL = "model"
HOST = "host"


class Project:
    """A folder with a `dana.toml` that was understood; `entry` is None when it names no program.

    `asks` and `forbids` are its tables `[allow]` and `[deny]`, `model` and `host` those of these names.
    """

    __slots__ = ("asks", "entry", "folder", "forbids", "host", "model", "name", "version")

    def __init__(
        self,
        folder: str,
        name: str,
        version: str,
        entry: str | None,
        asks: dict[str, Any] | None = None,
        forbids: dict[str, Any] | None = None,
        model: dict[str, Any] | None = None,
        host: dict[str, list[str]] | None = None,
    ) -> None:
        self.model = model
        self.host = host or {}
        self.asks = asks or {}
        self.forbids = forbids or {}
        self.folder = folder
        self.name = name
        self.version = version
        self.entry = entry

    @property
    def allow(self) -> Allow:
        """What the project asks for."""
        from dana.policy import Allow

        return Allow(**self.asks, folder=self.folder)

    @property
    def deny(self) -> Deny:
        """What it forbids itself."""
        from dana.policy import Deny

        return Deny(**self.forbids, folder=self.folder)


def around(folder: str) -> Project | None:
    """The project a folder lies in: the nearest above (or itself) with a `dana.toml`. Raises `UsageProblem`."""
    folder = os.path.abspath(folder)
    while not os.path.isfile(os.path.join(folder, FILE)):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return _project(folder)


def entry_of(project: Project) -> str:
    """The file that `dana run` runs, as seen from the current folder. Raises `UsageProblem`."""
    if project.entry is None:
        hint = f'add `entry = "main.na"` to {FILE}, or name a file: dana run main.na'
        raise UsageProblem("E915", f"the project {project.name} has no program to run", hint)
    return os.path.relpath(os.path.join(project.folder, project.entry))


def _project(folder: str) -> Project:
    import tomllib

    path = os.path.relpath(os.path.join(folder, FILE))
    try:
        with open(path, "rb") as stream:
            found = tomllib.load(stream)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise UsageProblem("E915", f"cannot read {path}: {reason}") from None
    except ValueError as problem:  # TOML's own errors, and text that is not UTF-8
        raise UsageProblem("E915", f"{path} is not TOML: {problem}") from None
    for key in found:
        if key not in (*KEYS, *TABLES, MODEL, HOST):
            raise _unknown(path, key, (*KEYS, *TABLES, MODEL, HOST))
    name, version = _text(found, "name", path), _text(found, "version", path)
    entry = _text(found, "entry", path) if "entry" in found else None
    if entry is not None and (os.path.isabs(entry) or ".." in entry.split("/")):
        raise UsageProblem(
            "E915", f"`entry` in {path} is not below the project: {entry}", "write it relative to dana.toml"
        )
    asks, forbids = (_table(found, name, path) for name in TABLES)
    model = found.get(MODEL)
    if model is not None and not isinstance(model, dict):
        raise UsageProblem(
            "E915", f"`model` in {path} must be a table", 'as in: [model], then default = "ollama:llama3.2"'
        )
    return Project(folder, name, version, entry, asks, forbids, model, _host(found, path))


def model_of(folder: str) -> dict[str, Any] | None:
    """What the project around a folder says under `[model]`; None without one. Raises `UsageProblem`."""
    found = around(folder)
    return None if found is None else found.model


def _unknown(path: str, key: str, known: tuple[str, ...]) -> UsageProblem:
    near = suggest(key, known)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
    return UsageProblem("E915", f"{path} has an unknown key `{key}`", hint)


def _table(found: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    """`[allow]` or `[deny]`: kinds, each `true` or a list of texts. Raises `UsageProblem`."""
    table = found.get(name, {})
    if not isinstance(table, dict):
        raise UsageProblem("E915", f"`{name}` in {path} must be a table", f'as in: [{name}], then read = ["data"]')
    if not table:
        return {}
    from dana.errors import UsageError
    from dana.policy import Allow

    for kind, value in table.items():
        if kind not in KINDS:
            raise _unknown(path, f"{name}.{kind}", tuple(f"{name}.{k}" for k in KINDS))
        if not isinstance(value, bool | list):
            raise UsageProblem("E915", f"`{name}.{kind}` in {path} must be true or a list", f'as in: {kind} = ["data"]')
        try:
            Allow.from_data({kind: value})
        except UsageError as wrong:
            raise UsageProblem("E915", f"`{name}.{kind}` in {path}: {wrong}") from None
    return table


def _host(found: dict[str, Any], path: str) -> dict[str, list[str]]:
    """`[host]`: names of functions and of domains. Raises `UsageProblem`."""
    table = found.get(HOST, {})
    if not isinstance(table, dict):
        raise UsageProblem("E915", f"`{HOST}` in {path} must be a table", f"as in: [{HOST}], then {HOSTED['names']}")
    for key, value in table.items():
        if key not in HOSTED:
            raise _unknown(path, f"{HOST}.{key}", tuple(f"{HOST}.{k}" for k in HOSTED))
        if not isinstance(value, list) or not all(isinstance(v, str) and NAME.fullmatch(v) for v in value):
            raise UsageProblem("E915", f"`{HOST}.{key}` in {path} must be a list of names", f"as in: {HOSTED[key]}")
    return table


def _text(found: dict[str, Any], key: str, path: str) -> str:
    if key not in found:
        raise UsageProblem("E915", f"{path} has no `{key}`", f'add a line like: {key} = "{EXAMPLES[key]}"')
    value = found[key]
    if not isinstance(value, str) or not value.strip():
        raise UsageProblem("E915", f"`{key}` in {path} must be a text", f'as in: {key} = "{EXAMPLES[key]}"')
    return value


HOSTED = {"names": 'names = ["crm.lookup"]', "domains": 'domains = ["wine"]'}
NAME = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*")
EXAMPLES = {"name": "demo", "version": "0.1.0", "entry": "main.na"}
