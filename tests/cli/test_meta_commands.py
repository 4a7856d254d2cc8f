"""`dana meta` and `dana ledger explain`: what a person sees and decides."""

from __future__ import annotations

import json

import pytest

from dana.adaptive.journal import Journal
from dana.adaptive.ledger import Ledger
from dana.agents import trace as acts
from dana.agents.meta.review import Repository
from tests.agents.meta.cases import NOW, Git, case_of


@pytest.fixture
def git(tmp_path, monkeypatch, dana) -> Git:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return Git(tmp_path)


@pytest.fixture
def proposal(git, tmp_path) -> Repository:
    """A proposal that waits, made from `run.db`."""
    ledger = Ledger(Journal(str(tmp_path / "run.db")), background=False)
    ledger.audit("meta.proposed", "Triage", {"turn": "Triage-1", "outcome": "waiting"}, act="Triage-1")
    ledger.close()
    repository = Repository(str(tmp_path))
    repository.propose(case_of(), now=NOW, ledger=str(tmp_path / "run.db"))
    return repository


def outcomes(dana, tmp_path) -> list[str]:
    """The outcomes on record of the turn."""
    done = dana("ledger", "query", "run.db", "--event", "meta.turn", "--trace", "Triage-1", "--json")
    assert dana("ledger", "verify", "run.db").status == 0
    return [json.loads(line)["data"]["outcome"] for line in done.out.splitlines()]


def test_proposals_are_listed_and_reviewed(dana, proposal) -> None:
    done = dana("meta", "list")
    assert done.status == 0
    assert done.out.split() == "Triage/1 waiting 2023-11-14 22:13:20 Say what `track` is for".split()
    assert json.loads(dana("meta", "list", "--json").out)[0]["state"] == "waiting"
    shown = dana("meta", "review").out
    assert "tool_descriptions.track\n  - (as the program says)\n  + Where a parcel is.\n" in shown
    assert "found: 6 of 10 calls came to nothing" in shown
    assert "trial: a gain of 1 (" in shown
    assert "events: 7, 9 of run.db" in shown
    facts = json.loads(dana("meta", "review", "Triage", "--json").out)
    assert facts["after"] == {"tool_descriptions": {"track": "Where a parcel is."}}
    assert facts["evidence"]["turn"] == "Triage-1"


def test_accepting_and_taking_back_are_on_record(dana, proposal, tmp_path) -> None:
    done = dana("meta", "accept", "Triage", "--reason", "it helps")
    assert done.status == 0
    assert done.out.startswith("Triage/1 is accepted; programs have it from their next start on\ncommit ")
    assert "on record in run.db" in done.out
    assert (tmp_path / "behaviours" / "Triage.json").exists()
    assert outcomes(dana, tmp_path) == ["promoted"]
    assert dana("meta", "list").out.split()[1] == "accepted"
    done = dana("meta", "rollback", "Triage", "--reason", "it does not", "--json")
    assert json.loads(done.out)["outcome"] == "rolled back"
    assert not (tmp_path / "behaviours" / "Triage.json").exists()
    assert outcomes(dana, tmp_path) == ["promoted", "rolled back"]
    recorded = json.loads(dana("ledger", "tail", "run.db", "--limit", "1", "--json").out)
    assert recorded["data"]["reason"] == "it does not"
    assert recorded["data"]["events"] == [7, 9]


def test_rejecting_ends_the_turn_as_vetoed(dana, proposal, tmp_path, git) -> None:
    before = git("rev-parse", "HEAD")
    done = dana("meta", "reject", "Triage/1", "--reason", "too long")
    assert done.status == 0
    assert outcomes(dana, tmp_path) == ["vetoed"]
    assert git("rev-parse", "HEAD") == before
    assert git("branch", "--list", "dana/*") == ""
    assert dana("meta", "list").out.split()[1] == "rejected"


def test_a_branch_does_not_say_which_files_are_written(dana, proposal, tmp_path) -> None:
    case = case_of()
    other = tmp_path.parent / "elsewhere.db"
    ledger = Ledger(Journal(str(other)), background=False)
    ledger.audit("x", "y")
    ledger.close()
    before = other.read_bytes()
    proposal.propose(case, now=NOW, ledger=str(other))
    done = dana("meta", "accept", "Triage/2")
    assert done.status == 0
    assert "on record" not in done.out
    assert other.read_bytes() == before
    (tmp_path / "letter.db").write_text("a letter\n" * 99)
    done = dana("meta", "rollback", "Triage", "--reason", "so", "--ledger", "letter.db")
    assert done.status == 1
    assert "error[E920]" in done.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("meta", "E905", "one of list, review, accept, reject, rollback"),
        ("meta lits", "E905", "did you mean `dana meta list`?"),
        ("meta accept", "E905", "takes one proposal"),
        ("meta list all", "E905", "takes no further word"),
        ("meta reject Triage", "E904", "needs a reason"),
        ("meta rollback Triage", "E904", "needs a reason"),
        ("meta accept Trage", "E965", "did you mean Triage?"),
        ("meta accept Triage/7", "E965", "did you mean Triage/1?"),
        ("meta review Nobody", "E965", "there is no proposal `Nobody`"),
        ("meta rollback Triage --reason so", "E965", "nothing was accepted"),
        ("meta accept Triage --ledger no.db", "E902", "there is no ledger"),
    ],
)
def test_wrong_commands_are_explained(dana, proposal, words, code, said) -> None:
    done = dana(*words.split())
    assert done.status in (1, 3)
    assert f"error[{code}]" in done.err
    assert said in done.err


def test_outside_of_a_repository(dana, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    done = dana("meta", "list")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("nothing was proposed: ")
    assert "is in no git repository (`git init` and a first commit make one" in done.out
    done = dana("meta", "review")
    assert done.status == 1
    assert "error[E963]" in done.err


# --- dana ledger explain --------------------------------------------------------------------------


@pytest.fixture
def acts_db(tmp_path) -> str:
    """Two turns; the second has a tool that failed, a function with an act of its own, and a growing network."""
    ledger = Ledger(Journal(str(tmp_path / "acts.db")), now=lambda: 86_400.0, background=False)
    ledger.audit("turn.start", "Triage#1", {"request": "r1"}, act="t1")
    ledger.audit("turn.end", "Triage#1", {"request": "r1", "outcome": "AgentError", "latency_ms": 2.0}, act="t1")
    ledger.audit("turn.start", "Triage#1", {"request": "r2"}, act="t2")
    ledger.keep(
        "model.call",
        "scripted",
        {"model": "scripted", "outcome": "tools", "prompt_tokens": 40, "completion_tokens": 2},
        act="t2",
    )
    ledger.audit("tool.start", "Triage#1", {"tool": "rate", "digest": "d1"}, act="t2")
    ledger.audit("poet.call.start", "rates.rate", {"trace": "t2"}, act="p1")
    ledger.audit("poet.call.end", "rates.rate", {"trace": "t2", "outcome": "succeeded", "took_s": 0.01}, act="p1")
    ledger.audit(
        "tool.end", "Triage#1", {"tool": "rate", "digest": "d1", "outcome": "ok", "latency_ms": 12.0}, act="t2"
    )
    ledger.keep("esper.germinate", "0", {"trace": "t2", "site": "0", "template": "widen"})
    ledger.keep("replay.model", "scripted", {"n": 1, "outcome": "failed"}, act="t2")
    ledger.audit("tool.end", "Triage#1", {"tool": "pay", "outcome": "refused"}, act="t2")
    ledger.audit("turn.end", "Triage#1", {"request": "r2", "outcome": "AgentError", "latency_ms": 80.0}, act="t2")
    ledger.close()
    return "acts.db"


def test_one_stream_has_functions_agents_and_networks_with_one_trace(dana, acts_db) -> None:
    lines = dana("ledger", "tail", acts_db, "--trace", "t2").out.splitlines()
    kinds = [line.split()[4] for line in lines]
    assert {"turn.start", "model.call", "poet.call.end", "esper.germinate", "turn.end"} <= set(kinds)
    assert all("@t2" in line for line in lines)
    assert len(lines) == 10


def test_what_is_for_replays_is_not_told(dana, acts_db) -> None:
    for more in ([], ["--json"], ["--detail", "full"]):
        done = dana("ledger", "explain", acts_db, *more)
        assert done.status == 0
        assert "replay." not in done.out


def test_an_act_is_told_as_a_story(dana, acts_db) -> None:
    told = dana("ledger", "explain", acts_db).out
    assert told.startswith(
        "Triage#1/r2  1970-01-02 00:00:00\nturn.end Triage#1 AgentError (80 ms); 1 model call; 2 tool calls;"
    )
    assert "\n    tool.start Triage#1 rate\n      poet.call.start rates.rate\n" in told
    assert "cause: tool.end Triage#1 pay refused\nthen: turn.end Triage#1 AgentError (80 ms)\n" in told
    assert "t1" in dana("ledger", "explain", acts_db, "t1").out
    assert "the same failed in" not in dana("ledger", "explain", acts_db, "t1", "--detail", "key").out


@pytest.mark.parametrize("detail", acts.LEVELS)
def test_every_level_of_detail(dana, acts_db, detail) -> None:
    said = dana("ledger", "explain", acts_db, "--detail", detail).out
    assert said
    assert detail == "full" or len(said) <= acts.ROOM[detail] + 1


def test_an_act_for_machines(dana, acts_db) -> None:
    facts = json.loads(dana("ledger", "explain", acts_db, "t2", "--json").out)
    assert facts["trace"] == "t2"
    assert len(facts["events"]) == 9
    assert facts["summary"].startswith("turn.end")


def test_an_act_that_is_not_there(dana, acts_db) -> None:
    done = dana("ledger", "explain", acts_db, "t22")
    assert done.status == 3
    assert "there is no event of 't22'" in done.err
    assert "did you mean t2?" in done.err


def test_a_long_act_fits_into_its_level() -> None:
    from tests.agents.meta.cases import event

    events = [event("tool.end", tool=f"tool number {n}", outcome="x" * 500, seq=n) for n in range(3000)]
    for level, room in acts.ROOM.items():
        said = acts.told(events, level)
        assert len(said) <= room, level
    assert "more" in acts.told(events, "key")
    assert acts.told([], "key") == "nothing is on record"
    with pytest.raises(ValueError, match="`detail` is one of"):
        acts.told(events, "all")
