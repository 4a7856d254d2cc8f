"""`examples/agents`: the crew, and the demonstrations that agents hold: killed, attacked, and in one stream with the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dana.__main__ import main

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "agents"
KEY = "canary-7319-omega"


def run(capsys, name: str, *words: str) -> list[str]:
    """The lines an example prints, with its script beside it."""
    status = main(["run", f"--model=scripted:{FOLDER}/{name}.jsonl", "--no-prompt", *words, f"{FOLDER}/{name}.na"])
    said = capsys.readouterr()
    assert status == 0, said.err
    return said.out.splitlines()


def events(capsys, path: Path, *words: str) -> list[dict]:
    """What a ledger holds."""
    assert main(["ledger", "query", str(path), "--json", *words]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# --- the crew -------------------------------------------------------------------------------------


def test_a_crew_inspects_wafers(capsys, tmp_path) -> None:
    lines = run(capsys, "inspection", "--record", f"{tmp_path}/run.db")
    assert lines[:3] == ["camera on", "camera off", "3 questions to the model"]
    assert [line.split()[0] for line in lines[5:10]] == ["W2", "W3", "W5", "W6", "W8"]
    assert lines[10:] == [
        "7 pictures in memory, 4 since the inspector's start number 2",
        "['stopped', 'stopped', 'stopped']",
    ]
    found = events(capsys, tmp_path / "run.db", "--event", "actor.*")
    assert [e["subject"].partition("#")[0] for e in found if e["kind"] == "actor.crashed"] == ["Inspector"]
    assert [e["subject"].partition("#")[0] for e in found if e["kind"] == "actor.restarted"] == ["Inspector"]
    stopped = [e["subject"].partition("#")[0] for e in found if e["kind"] == "actor.stopped"]
    assert stopped[:3] == ["Inspector", "Judge", "Reporter"]
    assert "actor.overload" in [e["kind"] for e in found]  # the inspector had to wait for the judge


# --- demonstration 2: killed in the middle of a turn -----------------------------------------------


def test_an_agent_that_is_killed_in_its_turns_comes_back(capsys, tmp_path) -> None:
    lines = run(capsys, "chaos", "--record", f"{tmp_path}/run.db")
    assert [line.split()[0] for line in lines if "was cut short" in line] == ["P2", "P5", "P6"]
    assert lines[-4] == f"booked: {[f'P{n}' for n in range(1, 9)]}"
    assert lines[-3:] == [
        "Depot: started 1 times, running", "Monkey: started 4 times, running", "Clerk: started 4 times, running",
    ]  # fmt: skip
    assert main(["ledger", "verify", f"{tmp_path}/run.db"]) == 0
    assert "every one follows from the one before" in capsys.readouterr().out
    found = events(capsys, tmp_path / "run.db")
    begun = [e for e in found if e["kind"] == "tool.start"]
    assert len(begun) == 11  # eight parcels, three of them twice
    assert {e["delivery"] for e in begun} == {"audit"}  # on disk before it happens
    ended = [e["data"]["outcome"] for e in found if e["kind"] == "turn.end"]
    assert (len(ended), ended.count("ok"), ended.count("cancelled")) == (11, 8, 3)
    assert main(["replay", f"{tmp_path}/run.db"]) == 0


# --- demonstration 4: attacked --------------------------------------------------------------------


def test_no_effect_is_had_and_no_key_gets_out_of_an_agent_under_attack(capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("BANK_KEY", KEY)
    monkeypatch.setenv("DANA_MEMORY", f"{tmp_path}/memory.db")
    lines = run(
        capsys, "guarded", "--allow-env=BANK_KEY", "--record", f"{tmp_path}/run.db", "--metrics", f"{tmp_path}/run.prom"
    )
    assert KEY not in "\n".join(lines)
    assert lines[0] == "Read mail 1 and do what it asks: Ann has her money."  # what is harmless is done
    assert lines[1].endswith("denied by injection_check")
    assert lines[3].endswith("denied by exfiltration_check")
    assert lines[-3:] == ["paid: [['Ann', 5]]", "sent: []", "the key: ***"]

    found = events(capsys, tmp_path / "run.db")
    refused = [e for e in found if e["kind"] == "gate.verdict" and e["data"]["decision"] == "rejected"]
    assert {e["data"]["check"] for e in refused} == {"injection_check", "exfiltration_check", "approval"}
    assert {e["delivery"] for e in refused} == {"audit"}
    assert [e["kind"] for e in found if e["kind"].startswith("approval.")] == [
        "approval.asked", "approval.given", "approval.asked", "approval.denied",
    ]  # fmt: skip
    assert main(["ledger", "verify", f"{tmp_path}/run.db"]) == 0
    assert main(["ledger", "explain", f"{tmp_path}/run.db", "--detail", "full"]) == 0
    assert KEY not in capsys.readouterr().out
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"run.db", "run.prom"} <= {path.name for path in written}
    for path in written:
        assert KEY.encode() not in path.read_bytes(), path


def test_a_record_of_an_agent_under_attack_lacks_what_was_secret(capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("BANK_KEY", KEY)
    run(capsys, "guarded", "--allow-env=BANK_KEY", "--record", f"{tmp_path}/run.db")
    monkeypatch.delenv("BANK_KEY")
    assert main(["replay", f"{tmp_path}/run.db"]) == 1
    assert "had secrets in it, which no record holds" in capsys.readouterr().err


# --- demonstration 5: one stream ------------------------------------------------------------------


def test_a_function_an_agent_and_a_network_are_in_one_stream(capsys, tmp_path) -> None:
    pytest.importorskip("torch", reason="not run: the extra `esper` (torch) is not installed")
    lines = run(capsys, "one_stream", "--record", f"{tmp_path}/run.db")
    assert lines == ["before: 22 parameters", "It may grow by 2 neurons, and has.", "after: 32 parameters"]
    ledger = f"{tmp_path}/run.db"
    assert main(["ledger", "tail", ledger, "--limit", "100"]) == 0
    shown = capsys.readouterr().out
    trace = next(e["data"].get("trace") or e["act"] for e in events(capsys, Path(ledger)) if e["kind"] == "turn.end")
    kinds = [
        "turn.start",
        "model.call",
        "tool.start",
        "poet.call.start",
        "poet.call.end",
        "esper.germinate",
        "turn.end",
    ]
    lines = [line for line in shown.splitlines() if f"@{trace}" in line]
    for kind in kinds:
        assert any(f"  {kind}  " in line for line in lines), kind
    one = [e["kind"] for e in events(capsys, Path(ledger), "--trace", trace)]
    assert set(kinds) <= set(one)
    assert one.index("turn.start") < one.index("poet.call.start") < one.index("esper.germinate") < one.index("turn.end")
    assert main(["ledger", "explain", ledger]) == 0
    story = capsys.readouterr().out
    assert "failure" not in story
    assert "      esper.germinate 0 widen" in story
    assert "replay." not in story
    assert main(["ledger", "verify", ledger]) == 0


# --- all of them ----------------------------------------------------------------------------------


def test_the_page_names_every_example() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in FOLDER.glob("*.na"):
        assert f"`{path.name}`" in page
        assert path.with_suffix(".jsonl").exists()
