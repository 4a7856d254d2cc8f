"""The examples of `reason`, with the replies beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

import dana
from dana import Engine

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "reason"
PRINTED = {
    "invoices": ["Ann Smith (R-17): 299.90 EUR", "nothing to pay"],
    "triage": [
        "billing  high    card was charged twice",
        "support  low     password reset",
        "support  normal  please read this mail",
    ],
    "tools": [
        "may I book {'room': 'Rhine'}?",
        "Rhine, for twelve people, is yours tomorrow.",
        "may I book {'room': 'Ticino'}?",
        "I am not allowed to book the largest room.",
        "['Rhine'] 6",
    ],
    "monitor": ["fine", "orders: connection pool exhausted -> restart"],
}


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_what_it_should(name, capsys):
    printed: list[str] = []
    engine = Engine(
        on_print=printed.append, model=f"scripted:{FOLDER / name}.jsonl", allow=dana.Allow(model=True), cache=False
    )
    engine.run(str(FOLDER / f"{name}.na"))
    assert "".join(printed).splitlines() == PRINTED[name]
    assert ("triage failed" in capsys.readouterr().err) == (name == "triage")


def test_the_command_line_takes_a_script(capfd):
    from dana.cli import main

    assert main(["--no-cache", f"--model=scripted:{FOLDER / 'monitor.jsonl'}", str(FOLDER / "monitor.na")]) == 0
    assert capfd.readouterr().out.splitlines() == PRINTED["monitor"]


def test_without_a_model_the_command_line_says_how_to_set_one_up(capfd, monkeypatch):
    from dana.cli import main

    monkeypatch.delenv("DANA_MODEL", raising=False)
    assert main(["--no-cache", str(FOLDER / "monitor.na")]) == 1
    assert "DANA_MODEL" in capfd.readouterr().err
