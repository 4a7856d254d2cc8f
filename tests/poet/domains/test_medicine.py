"""The worked example of a domain of one's own, in Dana."""

from __future__ import annotations

import re
from pathlib import Path

from dana.engine import Engine

FOLDER = Path(__file__).parents[3] / "examples" / "poet" / "medicine"


def test_the_example_prints_what_it_says(capsys, monkeypatch) -> None:
    monkeypatch.chdir(FOLDER)
    program = FOLDER / "dosing.na"
    Engine().run(program)
    expected = re.findall(r"# expect: (.*)", program.read_text(encoding="utf-8"))
    assert capsys.readouterr().out.splitlines() == expected
