"""`dana run --record`, `dana replay`, `dana run --metrics`, `dana poet explain` and `status`."""

from __future__ import annotations

import json

import pytest

from dana.poet.learning import LearningStore

PRICES = """
import time
@poet(retries=2, backoff=0.001, audit_trail=true)
def quote(item: str) -> float:
    if item == "none":
        raise ConnectionError("no price")
    return len(item) * 1.5

print(quote("tea"), time.now())
"""


@pytest.fixture
def recorded(dana, tmp_path):
    """A recorded run: `runs.db`, of `prices.na`."""
    (tmp_path / "prices.na").write_text(PRICES)
    done = dana("run", "--record", "runs.db", "prices.na")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("4.5 ")
    return "runs.db"


def test_a_recorded_run_is_replayed(dana, recorded) -> None:
    done = dana("replay", recorded)
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith("prices.na, all as recorded\n")
    facts = json.loads(dana("replay", recorded, "--json").out)
    assert facts["departure"] is None
    assert facts["events"] == 6
    assert dana("replay", recorded, "--run", facts["run"]).status == 0
    assert dana("audit", "verify", recorded).status == 0


def test_a_departure_names_event_field_and_both_values(dana, recorded, tmp_path) -> None:
    (tmp_path / "prices.na").write_text(PRICES.replace("1.5", "1.6"))
    done = dana("replay", recorded)
    assert (done.status, done.out) == (1, "")
    assert "error[E835]" in done.err
    assert "at event 1 (replay.module __main__), in data.sha256" in done.err
    assert "recorded: " in done.err
    assert "now: " in done.err
    assert "the text of `__main__` has changed since" in done.err
    departure = json.loads(dana("replay", recorded, "--json").out)["departure"]
    assert departure["field"] == "data.sha256"
    assert departure["recorded"] != departure["replayed"]


def test_arguments_and_texts_are_replayed(dana, tmp_path) -> None:
    (tmp_path / "main.na").write_text("def __main__(n: int):\n    print(n * 2)\n")
    dana("run", "--record", "runs.db", "main.na", "n=4")
    dana("run", "--record", "runs.db", "-e", "1 + 1")
    assert dana("replay", "runs.db").status == 0
    first = dana("ledger", "runs", "runs.db").out.split()[0]
    assert dana("replay", "runs.db", "--run", first).status == 0


def test_runs_that_cannot_be_replayed(dana, recorded, tmp_path) -> None:
    done = dana("replay", recorded, "--run", "monday")
    assert "error[E836]" in done.err
    assert "has no run `monday`" in done.err
    (tmp_path / "letter.db").write_text("this is a letter\n" * 100)
    assert "error[E920]" in dana("replay", "letter.db").err
    assert "error[E902]" in dana("replay", "nowhere.db").err
    assert "error[E905]" in dana("replay").err
    assert "error[E920]" in dana("run", "--record", "letter.db", "prices.na").err
    (tmp_path / "prices.na").unlink()
    assert dana("replay", recorded).status == 1


def test_what_is_isolated_is_neither_recorded_nor_measured(dana, recorded) -> None:
    for name in ("--record", "--metrics"):
        done = dana("run", "--isolate", name, "x", "prices.na")
        assert f"error[E904]: {name} cannot be used together with --isolate" in done.err


def test_figures_are_written_at_the_end(dana, recorded, tmp_path) -> None:
    assert (
        'dana_poet_calls_total{function="quote",outcome="succeeded"} 1.0'
        in dana("run", "--metrics", "-", "prices.na").out
    )
    (tmp_path / "failing.na").write_text(PRICES.replace('quote("tea")', 'quote("none")'))
    assert dana("run", "--metrics", "figures.prom", "failing.na").status == 1
    figures = (tmp_path / "figures.prom").read_text()
    assert 'dana_poet_calls_total{function="quote",outcome="failed"} 1.0' in figures
    assert 'dana_poet_failed_attempts_total{function="quote"} 3.0' in figures
    assert "the figures cannot be written" in dana("run", "--metrics", "no/where", "prices.na").err


def test_a_failure_tells_every_attempt(dana, recorded, tmp_path) -> None:
    (tmp_path / "failing.na").write_text(PRICES.replace('quote("tea")', 'quote("none")'))
    done = dana("run", "failing.na")
    for number in (1, 2, 3):
        assert f"attempt {number}: ConnectionError: no price (failing.na:6)" in done.err


# --- dana poet explain, status ------------------------------------------------------------------------


def test_options_are_explained_from_the_file(dana, recorded) -> None:
    done = dana("poet", "explain", "prices.na::quote")
    assert done.status == 0
    assert "retries = 2" in done.out
    assert "calls\n  1 (1 succeeded)" in done.out
    done = dana("poet", "explain", "prices.na::qoute")
    assert "error[E923]" in done.err
    assert "did you mean `quote`?" in done.err
    assert "error[E902]" in dana("poet", "explain", "nowhere.na::f").err
    assert "error[E905]" in dana("poet", "explain").err


def test_a_file_that_is_explained_may_reach_nothing(dana, tmp_path) -> None:
    (tmp_path / "bad.na").write_text("import files\nprint(files.read_text('/etc/hostname'))\n")
    done = dana("poet", "explain", "bad.na::f")
    assert done.status == 4
    assert done.out == ""


def test_a_function_is_explained_from_the_store_without_its_program(dana, tmp_path) -> None:
    learnings = LearningStore(str(tmp_path / ".poet" / "parameters.db"), now=lambda: 86_400.0, background=False)
    for timeout in (2.0, 2.5):
        learnings.update_parameters("loans.score", "-", {"timeout": timeout})
        learnings.flush()
    learnings.update_parameters("prices.quote", "-", {"retries": 1})
    learnings.close()
    done = dana("poet", "explain", "loans.score")
    assert done.out.splitlines()[0] == "loans.score (-), as the store knows it"
    assert "1970-01-02 00:00:00  timeout=2.5" in done.out
    assert json.loads(dana("poet", "explain", "loans.score", "--json").out)["parameters"] == {"timeout": 2.5}
    assert "did you mean loans.score?" in dana("poet", "explain", "loans.scor").err
    table = [line.split() for line in dana("poet", "status").out.splitlines()]
    assert table[0][:3] == ["function", "domain", "calls"]
    assert [row[0] for row in table[1:]] == ["loans.score", "prices.quote"]
