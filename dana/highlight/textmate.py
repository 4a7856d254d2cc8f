"""The TextMate grammar, written from the table: editors and web pages read it.

python -m dana.highlight.textmate FILE            writes it
python -m dana.highlight.textmate --check FILE    says whether it is up to date
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dana.highlight.table import CLASSES, STATES, Match, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.highlight.table import Rule


# Tells editors that this is code, though a string is around it.
EMBEDDED = "meta.embedded.expression.dana"


def main(arguments: list[str]) -> int:
    """Write or check the file named; returns an exit status."""
    checking = arguments[:1] == ["--check"]
    path = Path(arguments[-1])
    if not checking:
        path.write_text(text(), encoding="utf-8")
        return 0
    if path.exists() and path.read_text(encoding="utf-8") == text():
        return 0
    sys.stderr.write(f"{path} is out of date: python -m dana.highlight.textmate {path}\n")
    return 1


def text() -> str:
    """The grammar as a file."""
    return json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"


def grammar() -> dict[str, Any]:
    """The grammar as plain data: one entry of the repository per state of the table."""
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "Dana",
        "scopeName": "source.dana",
        "fileTypes": ["na"],
        "patterns": [{"include": "#program"}],
        "repository": {_key(name): {"patterns": [_pattern(rule) for rule in rules]} for name, rules in STATES.items()},
    }


def _pattern(rule: Rule) -> dict[str, Any]:
    if isinstance(rule, Match):
        if len(rule.classes) > 1:
            captures = {str(at): {"name": _scope(kind)} for at, kind in enumerate(rule.classes, 1) if kind}
            return {"match": rule.pattern, "captures": captures}
        return {"match": rule.pattern, **({"name": _scope(rule.classes[0])} if rule.classes[0] else {})}
    if isinstance(rule, Span):
        marks = {"0": {"name": _scope(rule.marks)}}
        return {
            "begin": rule.begin,
            "end": rule.end,
            "beginCaptures": marks,
            "endCaptures": marks,
            "contentName": _scope(rule.inside) if rule.inside else EMBEDDED,
            "patterns": [{"include": f"#{_key(rule.state)}"}],
        }
    return {"include": f"#{_key(rule.state)}"}


def _key(state: str) -> str:
    return state.replace(" ", "-")


def _scope(kind: str) -> str:
    return CLASSES[kind].textmate


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
