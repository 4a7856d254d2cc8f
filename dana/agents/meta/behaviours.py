"""Behaviours as data: what a change to one may be, and the files of accepted changes.

    behaviours/Triage.json            what was accepted, beside the program: {"tool_descriptions": {"track": "…"}}
    behaviours/Triage/evidence.json   why
    behaviours/Triage/tests.json      the tasks it was made from

A file holds what differs from the program's own wording and no more, so a tool that is added later keeps its own
description. It is data: nothing in it is run, and a key that is no key of a behaviour refuses it as a whole, by
whoever writes the file and by the program that reads it (M55).
"""

from __future__ import annotations

import json
import os

from dana.adaptive.canonical import digest
from dana.agents.behaviour import KEYS
from dana.agents.meta import MetaError
from dana.diagnostics import suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

PROMPT, TOOLS, MODEL = KEYS
FOLDER = "behaviours"
MAX_FILE = 256 * 1024
MAX_TEXT = 20_000
MAX_TOOLS = 64
EVIDENCE, TESTS = "evidence.json", "tests.json"
_HINT = "`git log` tells what it was; `dana meta rollback` takes an accepted change back"


class Accepted:
    """An accepted change as a program finds it: the keys that differ, and what stands for exactly these."""

    __slots__ = ("changes", "digest", "path")

    def __init__(self, changes: dict[str, Any], path: str) -> None:
        self.changes = changes
        self.path = path
        self.digest = digest(changes)


def load_behaviour(type_name: str, root: str) -> Accepted | None:
    """What was accepted for the agents of a type, in `root`, the folder of the program; None where nothing was.

    Raises `MetaError` (E960) for a file that is damaged or says what no behaviour has: a program does not go on with
    half of what was accepted.
    """
    path = path_of(type_name, root)
    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or "it is in the way").lower()
        raise MetaError("E960", f"{path} cannot be read: {why}", _HINT) from None
    return Accepted(read(data, path), path)


def path_of(type_name: str, root: str) -> str:
    """The file of a type of agents."""
    return os.path.join(root, FOLDER, f"{type_name}.json")


def read(data: bytes, place: str, *, proposed: bool = False) -> dict[str, Any]:
    """The change in the bytes of a file; an empty object is one, too.

    Raises `MetaError`: E960, and E961 for what goes beyond a wording in one that is only `proposed`.
    """
    if len(data) > MAX_FILE:
        raise MetaError("E960", f"{place} is larger than {MAX_FILE} bytes", _HINT)
    try:
        said = json.loads(data)
        return checked(said) if said != {} else {}
    except MetaError as wrong:
        code, hint = ("E961", wrong.hint) if proposed else ("E960", _HINT)
        raise MetaError(code, f"{place}: {wrong}", hint) from None
    except (ValueError, RecursionError):
        raise MetaError("E960", f"{place} is no JSON", _HINT) from None


def written(data: Mapping[str, Any] | list[Any]) -> bytes:
    """Plain data as the bytes of a file that people read: the same for the same data."""
    return (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def checked(changes: Any, *, tools: Iterable[str] | None = None, models: Iterable[str] | None = None) -> dict[str, Any]:
    """A change as it may be proposed. Raises `MetaError` (E961) for everything that is no wording of a behaviour.

    `tools`: the tools there are (None: not known here); `models`: the models that may be chosen (None: not looked at).
    """
    if not isinstance(changes, dict) or not changes:
        raise MetaError("E961", "a proposal has `changes`: other wordings by key", f"keys are {', '.join(KEYS)}")
    for key in changes:
        if key not in KEYS:
            near = suggest(str(key), KEYS)
            hint = f"did you mean `{near}`?" if near else f"wordings can be: {', '.join(KEYS)}"
            raise MetaError("E961", f"`{str(key)[:60]}` cannot be changed by a proposal", hint)
    found: dict[str, Any] = {}
    if PROMPT in changes:
        found[PROMPT] = _text(changes[PROMPT], PROMPT)
    if TOOLS in changes:
        found[TOOLS] = _descriptions(changes[TOOLS], None if tools is None else list(tools))
    if MODEL in changes:
        found[MODEL] = _model(changes[MODEL], None if models is None else list(models))
    return found


def applied(behaviour: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A behaviour with a change over it, or a change with a further one; neither argument is changed."""
    made = {**behaviour, **changes}
    tools = {**(behaviour.get(TOOLS) or {}), **(changes.get(TOOLS) or {})}
    return {**made, TOOLS: tools} if tools or TOOLS in behaviour else made


def difference(behaviour: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """What of a change is not there already."""
    made = {key: value for key, value in changes.items() if key != TOOLS and value != behaviour.get(key)}
    known = behaviour.get(TOOLS) or {}
    tools = {name: text for name, text in (changes.get(TOOLS) or {}).items() if text != known.get(name)}
    return {**made, TOOLS: tools} if tools else made


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise MetaError("E961", f"`{what}` is a text that is not empty")
    if len(value) > MAX_TEXT:
        raise MetaError("E961", f"`{what}` is longer than {MAX_TEXT} characters")
    bad = next((c for c in value if not (c.isprintable() or c in "\n\t")), None)
    if bad is not None:
        raise MetaError("E961", f"`{what}` holds U+{ord(bad):04X}, which nobody would see")
    return value


def _descriptions(value: Any, tools: list[str] | None) -> dict[str, str]:
    if not isinstance(value, dict) or not value or len(value) > MAX_TOOLS:
        raise MetaError("E961", f"`{TOOLS}` is an object from the name of a tool to what is said about it")
    for name in value:
        if not isinstance(name, str) or (tools is not None and name not in tools):
            near = suggest(str(name), tools or [])
            hint = f"did you mean `{near}`?" if near else f"tools are {', '.join(tools or []) or 'none'}"
            raise MetaError("E961", f"there is no tool `{str(name)[:60]}` to describe", hint)
    return {name: _text(text, f"{TOOLS}.{name}") for name, text in value.items()}


def _model(value: Any, models: list[str] | None) -> str:
    text = _text(value, MODEL)
    if models is not None and text not in models:
        listed = ", ".join(models) or "none"
        raise MetaError(
            "E961", f"`{text[:60]}` is no model that a proposal may choose", f"it may choose among: {listed}"
        )
    return text
