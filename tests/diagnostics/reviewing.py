"""Codes about changes that agents propose (E96x): what a person meets on the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from dana.agents.meta.review import Repository
from dana.models import Scripted
from tests.agents.meta.cases import NOW, Git, case_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

DESK = 'agent_blueprint Triage:\n    """Sorts requests."""\n\nprint(Triage().solve("where is parcel 7?"))\n'
ALONE = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


def damaged_behaviour(of_program: Callable[..., Any]) -> Any:
    """A program beside whose file lies one with a key that no behaviour has."""
    Path("behaviours").mkdir()
    Path("behaviours/Triage.json").write_text('{"permissions": ["net:*"]}', encoding="utf-8")
    found = of_program(DESK, model=Scripted(["on its way"]))
    return found._replace(text=found.text.replace(os.path.realpath(".") + os.sep, ""))


def reviewed(of_words: Callable[..., Any], code: str) -> Any:
    """What a person is told who decides about a proposal that cannot be decided about like that."""
    with patch.dict(os.environ, {**ALONE, "GIT_CEILING_DIRECTORIES": os.path.dirname(os.path.realpath("."))}):
        if code == "E963":
            found = of_words("meta", "review")
            return found._replace(text=found.text.replace(os.path.realpath("."), "…"))
        git = Git(Path.cwd())
        Repository(".").propose(case_of(), now=NOW)
        _spoil(git, code)
        return of_words("meta", "accept", "Trage" if code == "E965" else "Triage")


def _spoil(git: Git, code: str) -> None:
    if code == "E964":
        git.commit({"behaviours/Triage.json": '{"system_prompt": "Be kind."}'}, "by hand")
    elif code in ("E961", "E966"):
        git("switch", "-q", "dana/behaviours/Triage/1")
        more = {"behaviours/Triage.json": json.dumps({"checks": []})} if code == "E961" else {"main.na": "print(2)"}
        git.commit(more, "more")
        git("switch", "-q", "main")
