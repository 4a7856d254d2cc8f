"""A sample of `python -m tests.faults.crashes`: killed at any moment, everything promised is there."""

from __future__ import annotations

import json

import pytest

from dana.poet.store.opening import open_store
from tests.faults import crashes
from tests.faults.crashes import Crashed, Crashes, Servers, Turns
from tests.servers.postgres import binaries

KILLS = 6
TURNS = 4


@pytest.mark.parametrize("kind", ["sqlite", "files", "postgres"])
def test_killed_at_any_moment(kind, tmp_path) -> None:
    if kind == "postgres" and binaries() is None:
        pytest.skip("not run: PostgreSQL is not installed (make deps)")
    with Servers(kind, tmp_path) as where:
        victims = Crashes(tmp_path, where, seed=11)
        for number in range(1, KILLS + 1):
            victims.kill_one(number)


def test_an_agent_is_killed_in_the_middle_of_its_turns(tmp_path) -> None:
    victims = Turns(tmp_path, "", seed=5)
    for number in range(1, TURNS + 1):
        victims.kill_one(number)
    assert victims.effects.read_text().count("\n") > TURNS


def test_a_promise_that_is_not_kept_is_found(tmp_path) -> None:
    victims = Crashes(tmp_path, str(tmp_path / "learnt.db"), seed=1)
    victims.look(0)  # nothing was promised yet
    victims.effects.write_text("1-1-1\n")
    with pytest.raises(Crashed, match="1-1-1 happened and has no record"):
        victims.look(1)
    victims.effects.unlink()
    victims.told.write_text("ready\n5\n")
    with pytest.raises(Crashed, match="turn 5 was said to be saved; the store has 0"):
        victims.look(2)
    store = open_store(victims.where)
    store.save("m.f", "-", {"turn": 5, "text": "torn"}, at=0.0)
    with pytest.raises(Crashed, match="not whole"):
        victims.look(3)
    store.save("m.f", "-", {"turn": 5, "text": "x" * 5}, at=0.0)
    store.close()


def test_a_run_goes_on_where_it_was_interrupted(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(crashes, "ROOT", tmp_path)
    killed = []

    def kill(self, number) -> None:
        if number == 3 and len(killed) == 2:
            raise KeyboardInterrupt
        killed.append(number)

    monkeypatch.setattr(Crashes, "kill_one", kill)
    with pytest.raises(KeyboardInterrupt):
        crashes.campaign("sqlite", 4, 1, fresh=True)
    killed.append(0)
    assert crashes.campaign("sqlite", 4, 1, fresh=False)
    assert killed == [1, 2, 0, 3, 4]
    assert json.loads((tmp_path / "build" / "crashes-sqlite-1.json").read_text())["kills"] == 4
    assert "4 kills, nothing lost" in capsys.readouterr().out
