"""The programs: `corpus/*.txt`, a file for each class of attack.

    What the class is about, in the first line.

    == what this one tries
    grant: python=json read=@FOLDER@          optional: what the program is granted
    level: confine                            optional: only there
    the program
    -- file helper.na                         optional: further files beside it
    their text

`@FOLDER@`, `@SECRET@`, `@NEW@`, `@PORT@` stand for a folder of the attack's own, a file outside any grant, a file
that nobody may create, a port that listens; `<U+200B>` stands for that character. Below `== … (each line)` every line is a program of its own, with
`↵` where it goes on in a new line.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "corpus"
EACH = " (each line)"
_CHARACTER = re.compile(r"<U\+([0-9A-F]{2,6})>")
_OPTION = re.compile(r"(grant|level|limits): (.*)")


class Attack(NamedTuple):
    """One program; `grant` maps kinds to patterns, `files` names to texts, `level` is "" for both."""

    kind: str
    title: str
    text: str
    grant: dict[str, list[str]]
    level: str
    files: dict[str, str]


def attacks() -> list[Attack]:
    """All of them, in a fixed order."""
    return [attack for path in sorted(FOLDER.glob("*.txt")) for attack in _read(path)]


def classes() -> dict[str, str]:
    """What each class is about."""
    return {path.stem: path.read_text(encoding="utf-8").split("\n", 1)[0] for path in sorted(FOLDER.glob("*.txt"))}


def _read(path: Path) -> list[Attack]:
    _, *parts = path.read_text(encoding="utf-8").split("\n== ")
    return [attack for part in parts for attack in _attacks(path.stem, part)]


def _attacks(kind: str, part: str) -> list[Attack]:
    whole = _attack(kind, part)
    title, one_each, _ = whole.title.partition(EACH)
    if not one_each:
        return [whole]
    # Not `splitlines`: U+2028, U+0085 and their like belong to the programs.
    lines = [line for line in whole.text.split("\n") if line]
    return [whole._replace(title=f"{title}: {line[:60]}", text=line.replace("↵", "\n") + "\n") for line in lines]


def _attack(kind: str, part: str) -> Attack:
    title, _, rest = part.partition("\n")
    options: dict[str, str] = {}
    while found := _OPTION.match(rest):
        options[found[1]] = found[2]
        rest = rest[found.end() + 1 :]
    main, *files = rest.split("\n-- file ")
    grant = {}
    for word in options.get("grant", "").split():
        name, _, patterns = word.partition("=")
        grant[name] = patterns.split(",")
    beside = dict(file.partition("\n")[::2] for file in files)
    shown = {name: _characters(text) + "\n" for name, text in beside.items()}
    return Attack(kind, title, _characters(main).rstrip("\n") + "\n", grant, options.get("level", ""), shown)


def _characters(text: str) -> str:
    return _CHARACTER.sub(lambda found: chr(int(found[1], 16)), text)
