"""`dana ledger`, `dana audit`, `dana poet`: what they show, and that nothing on disk makes them fall over."""

from __future__ import annotations

import json
import os
import sqlite3

import pytest

from dana.adaptive.journal import Journal
from dana.adaptive.ledger import Ledger
from dana.adaptive.statistics import FAILED, Calls
from dana.poet.learning import LearningStore
from dana.poet.store.opening import open_store


@pytest.fixture
def run_db(tmp_path):
    """A ledger with two runs: `run.db` in the current folder."""
    for run in ("first", "second"):
        ledger = Ledger(Journal(str(tmp_path / "run.db")), now=lambda: 86_400.0, run=run, background=False)
        ledger.audit("poet.call.start", "loans.score", {"income": 50_000, "password": "hunter22"})
        ledger.keep("poet.stage", "loans.score", {"stage": "operate", "text": "\x1b[31mred"})
        ledger.audit("effect.http", "https://example.com", None)
        ledger.close()
    return "run.db"


@pytest.fixture
def store(tmp_path):
    """A store with two functions, one of them in two domains: `.poet/parameters.db`."""
    learnings = LearningStore(str(tmp_path / ".poet" / "parameters.db"), now=lambda: 86_400.0, background=False)
    for timeout in (2.0, 2.5):
        learnings.update_parameters("loans.score", "-", {"timeout": timeout, "retries": 3})
        learnings.flush()
    learnings.update_parameters("loans.score", "finance", {"timeout": 9.0})
    calls = Calls()
    for number in range(20):
        calls.record(0.010, FAILED if number == 0 else 0)
    learnings.save_calls("loans.score", calls)
    learnings.add_feedback("prices.quote", "-", {"ok": True})
    learnings.update_parameters("prices.quote", "-", {"style": "short", "weights": [1, 2]})
    learnings.close()


# --- dana ledger --------------------------------------------------------------------------------


def test_the_last_events_for_people(dana, run_db) -> None:
    done = dana("ledger", "tail", run_db, "--limit", "2")
    assert done.status == 0
    first, second = done.out.splitlines()
    assert "1970-01-02 00:00:00  keep    poet.stage  loans.score" in first
    assert second.split() == ["6", "1970-01-02", "00:00:00", "audit", "effect.http", "https://example.com"]
    assert "\x1b" not in done.out


def test_events_are_chosen_by_kind_subject_and_run(dana, run_db) -> None:
    done = dana("ledger", "query", run_db, "--event", "poet.*", "--subject", "loans.*", "--run", "first", "--json")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [(e["seq"], e["kind"]) for e in events] == [(1, "poet.call.start"), (2, "poet.stage")]
    assert events[0]["data"] == {"income": 50_000, "password": "***"}


def test_runs_are_listed(dana, run_db) -> None:
    assert dana("ledger", "runs", run_db).out == "first   1970-01-02 00:00:00  3\nsecond  1970-01-02 00:00:00  3\n"
    assert json.loads(dana("ledger", "runs", run_db, "--json").out)[1] == {"run": "second", "at": 86_400.0, "events": 3}


def test_looking_changes_nothing(dana, run_db, tmp_path) -> None:
    before = (tmp_path / run_db).read_bytes()
    for words in (("ledger", "tail"), ("ledger", "runs"), ("audit", "verify")):
        assert dana(*words, run_db).status == 0
    assert (tmp_path / run_db).read_bytes() == before


def test_damaged_data_is_shown_as_the_text_it_is(dana, run_db, tmp_path) -> None:
    with sqlite3.connect(tmp_path / run_db) as connection:
        connection.execute("UPDATE events SET data = '{', at = 'never' WHERE seq = 6")
    connection.close()
    done = dana("ledger", "tail", run_db, "--limit", "1")
    assert done.status == 0
    assert '"is": "{"' in done.out
    assert json.loads(dana("ledger", "tail", run_db, "--limit", "1", "--json").out)["data"]["is"] == "{"


# --- dana audit ---------------------------------------------------------------------------------


def test_a_whole_ledger_verifies(dana, run_db) -> None:
    done = dana("audit", "verify", run_db)
    assert done.status == 0
    assert done.out.startswith("6 events, every one follows from the one before\ntip 6:")
    facts = json.loads(dana("audit", "verify", run_db, "--json").out)
    assert facts["ok"]
    assert dana("audit", "verify", run_db, "--anchor", facts["tip"]).status == 0


def test_a_changed_event_is_found(dana, run_db, tmp_path) -> None:
    with sqlite3.connect(tmp_path / run_db) as connection:
        connection.execute("UPDATE events SET data = replace(data, '50000', '5000') WHERE seq = 1")
    connection.close()
    done = dana("audit", "verify", run_db)
    assert done.status == 1
    assert done.out == ""
    assert "error[E921]: this is not what was written: row 1 was changed" in done.err
    assert json.loads(dana("audit", "verify", run_db, "--json").out)["row"] == 1


def test_an_end_that_was_cut_off_is_found_with_a_tip(dana, run_db, tmp_path) -> None:
    tip = json.loads(dana("audit", "verify", run_db, "--json").out)["tip"]
    with sqlite3.connect(tmp_path / run_db) as connection:
        connection.execute("DELETE FROM events WHERE seq > 4")
    connection.close()
    assert "row 6" in dana("audit", "verify", run_db).err  # the file beside remembers
    os.remove(tmp_path / "run.db.tip")
    assert dana("audit", "verify", run_db).status == 0
    assert "row 6" in dana("audit", "verify", run_db, "--anchor", tip).err


def test_a_ledger_in_a_folder_that_cannot_be_written(dana, run_db, tmp_path) -> None:
    os.chmod(tmp_path, 0o500)
    try:
        assert dana("audit", "verify", run_db).status == 0
    finally:
        os.chmod(tmp_path, 0o700)


# --- what is wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("ledger", "E905", "one of tail, query, runs, explain, verify"),
        ("ledger tial run.db", "E905", "did you mean `dana ledger tail`?"),
        ("ledger tail", "E905", "takes one ledger"),
        ("ledger tail a.db b.db", "E905", "takes one ledger"),
        ("ledger tail nowhere.db", "E902", "there is no ledger nowhere.db"),
        ("ledger tail .", "E902", "is a folder"),
        ("audit verify nowhere.db", "E902", "there is no ledger"),
        ("audit verify run.db --anchor 5", "E904", "64 hex digits"),
        ("ledger tail run.db --steps 5", "E901", "it belongs to `dana repl` or `dana run`"),
        ("ledger explain nowhere.db", "E902", "there is no ledger"),
        ("ledger verfy run.db", "E905", "did you mean `dana ledger verify`?"),
        ("ledger explain run.db --detail everything", "E904", "`summary`, `key`, `diagnostic` or `full`"),
        ("poet", "E905", "one of list, status"),
        ("poet lsit", "E905", "did you mean `dana poet list`?"),
        ("poet list", "E902", "there is no store .poet/parameters.db"),
        ("poet list --store oracle:x", "E902", "there is no store"),
        ("poet history", "E905", "takes one function"),
        ("poet export", "E905", "takes a file"),
        ("poet import", "E905", "takes one file"),
        ("poet reset", "E905", "takes functions"),
        ("poet migrate here", "E905", "takes two stores"),
        ("poet import nowhere.json", "E924", "cannot be read"),
        ("poet import p.json --store x.txt", "E924", "cannot be read"),
    ],
)
def test_wrong_commands_are_explained(dana, words, code, said) -> None:
    done = dana(*words.split())
    assert done.status in (1, 3)
    assert f"error[{code}]" in done.err
    assert said in done.err


def test_what_is_no_ledger_is_refused_and_left_alone(dana, tmp_path) -> None:
    text = b"this is a letter\n" * 200
    (tmp_path / "letter.db").write_bytes(text)
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE people (name TEXT)")
    connection.close()
    with sqlite3.connect(tmp_path / "newer.db") as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("CREATE TABLE events (seq INTEGER)")
    connection.close()
    for name, said in (("letter.db", "not a database"), ("other.db", "is no ledger"), ("newer.db", "newer Dana")):
        for words in (("ledger", "tail"), ("ledger", "runs"), ("audit", "verify")):
            done = dana(*words, name)
            assert done.status == 1
            assert "error[E920]" in done.err
            assert said in done.err
    assert (tmp_path / "letter.db").read_bytes() == text


def test_a_ledger_with_damaged_pages_is_told_about(dana, run_db, tmp_path) -> None:
    path = tmp_path / run_db
    data = bytearray(path.read_bytes())
    data[4096 : len(data)] = os.urandom(1) * (len(data) - 4096)
    path.write_bytes(data)
    for words in (("ledger", "tail"), ("ledger", "runs"), ("audit", "verify")):
        done = dana(*words, run_db)
        assert done.status == 1
        assert "error[E920]" in done.err
        assert "Traceback" not in done.err


# --- dana poet ----------------------------------------------------------------------------------


def test_what_is_known_is_listed(dana, store) -> None:
    done = dana("poet", "list")
    assert [line.split() for line in done.out.splitlines()] == [
        ["function", "domain", "version", "saved"],
        ["loans.score", "-", "2", "1970-01-02", "00:00:00"],
        ["loans.score", "finance", "1", "1970-01-02", "00:00:00"],
        ["prices.quote", "-", "1", "1970-01-02", "00:00:00"],
    ]
    assert json.loads(dana("poet", "list", "--json").out)[0]["version"] == 2


def test_the_state_of_a_function(dana, store) -> None:
    done = dana("poet", "status", "loans.score", "--domain", "-")
    assert done.out.startswith("loans.score (-)\n")
    facts = dict(line.strip().split(None, 1) for line in done.out.splitlines()[1:])
    assert facts["timeout"] == "2.5"
    assert facts["success"] == "rate  95.0%"
    assert facts["failed"] == "1"
    (state,) = json.loads(dana("poet", "status", "prices.quote", "--json").out)
    assert (state["feedback"], state["calls"], state["success_rate"]) == (1, 0, None)


def test_the_versions_of_a_function(dana, store) -> None:
    done = dana("poet", "history", "loans.score", "--domain", "-")
    assert [line.split()[-1] for line in done.out.splitlines()] == ["changed", "timeout=2.5", "timeout=2.0"]
    versions = json.loads(dana("poet", "history", "loans.score", "--domain", "-", "--json", "--limit", "1").out)
    assert [v["parameters"]["timeout"] for v in versions] == [2.5]
    assert "choose with --domain" in dana("poet", "history", "loans.score").err


def test_a_version_is_taken_back(dana, store) -> None:
    done = dana("poet", "rollback", "loans.score", "--domain", "-")
    assert done.out == "loans.score is as in version 1 from its next start on\n"
    versions = json.loads(dana("poet", "history", "loans.score", "--domain", "-", "--json").out)
    assert [v["parameters"]["timeout"] for v in versions] == [2.0, 2.5, 2.0]
    assert dana("poet", "rollback", "loans.score", "2", "--domain", "-").status == 0
    (state,) = json.loads(dana("poet", "status", "loans.score", "--domain", "-", "--json").out)
    assert state["parameters"]["timeout"] == 2.5
    assert "has no version 9" in dana("poet", "rollback", "loans.score", "9", "--domain", "-").err
    assert "has no earlier version" in dana("poet", "rollback", "prices.quote").err
    assert "a version is a number" in dana("poet", "rollback", "loans.score", "last").err


def test_a_history_says_why(dana, tmp_path) -> None:
    from dana.adaptive.subject import Knob, Subject
    from dana.poet.learning import LearningStore

    learnings = LearningStore(str(tmp_path / ".poet" / "parameters.db"))
    subject = Subject("function", "tariffs.now", [Knob("timeout", 1.0, low=0.0, high=9.0)])
    for value in (2.0, 3.0):
        why = {"rule": "T1", "n": 40, "effect": 0.5, "interval": [0.25, 0.75], "seed": 7}
        subject.promote({"timeout": value}, why)
        learnings.save_subject(subject)
        learnings.flush()
    learnings.close()
    done = dana("poet", "history", "tariffs.now")
    assert "T1, gain 0.5 (0.25 to 0.75) on 40 cases, seed 7" in done.out
    assert dana("poet", "rollback", "tariffs.now").status == 0
    again = Subject("function", "tariffs.now", [Knob("timeout", 1.0, low=0.0, high=9.0)])
    learnings = LearningStore(str(tmp_path / ".poet" / "parameters.db"))
    assert learnings.load_subject(again) == []
    assert (again.values["timeout"], again.current.number) == (2.0, 1)
    learnings.close()


def test_an_unknown_function_is_named_with_a_suggestion(dana, store) -> None:
    for act in ("status", "history", "reset"):
        done = dana("poet", act, "loans.scor")
        assert done.status == 1
        assert "error[E923]: nothing is known about `loans.scor`" in done.err
        assert "did you mean loans.score?" in done.err


def test_parameters_travel_in_a_signed_package(dana, store, tmp_path) -> None:
    (tmp_path / "team.key").write_text("0123456789abcdef0123456789\n")
    done = dana("poet", "export", "p.json", "loans.score", "prices.quote", "--domain", "-", "--key", "team.key")
    assert done.out == "3 parameters of 2 functions in p.json\nleft out: prices.quote: weights\n"
    done = dana("poet", "import", "p.json", "--store", "new.db", "--key", "team.key")
    assert done == (0, "3 parameters taken over\n", "")
    assert open_store("new.db").load("loans.score", "-").data == {"timeout": 2.5, "retries": 3}
    (tmp_path / "other.key").write_text("another-key-0123456789\n")
    done = dana("poet", "import", "p.json", "--store", "new.db", "--key", "other.key")
    assert done.status == 1
    assert "error[E924]" in done.err
    (tmp_path / "short.key").write_text("short")
    assert "at least 16 characters" in dana("poet", "import", "p.json", "--key", "short.key").err


def test_only_what_fits_and_was_chosen_is_imported(dana, store) -> None:
    dana("poet", "export", "p.json", "loans.score", "--domain", "-")
    target = open_store("new.db")
    target.save("loans.score", "-", {"timeout": "soon", "mode": "fast"}, at=0.0)
    done = dana("poet", "import", "p.json", "--store", "new.db")
    assert "1 parameter taken over" in done.out
    assert "left out: loans.score: timeout (it is str here and float there)" in done.out
    assert target.load("loans.score", "-").data == {"timeout": "soon", "mode": "fast", "retries": 3}
    assert "retries (it was not chosen)" in dana("poet", "import", "p.json", "--store", "n.db", "--only=timeout").out
    assert open_store("n.db").load("loans.score", "-").data == {"timeout": 2.5}


def test_two_domains_of_a_function_do_not_fit_in_one_package(dana, store) -> None:
    done = dana("poet", "export", "p.json", "loans.score")
    assert "left out: loans.score in finance" in done.out


def test_forgetting_is_asked_for(dana, store) -> None:
    done = dana("poet", "reset", "loans.score", "--domain", "-")
    assert done.status == 3
    assert "nobody can be asked" in done.err
    assert dana("poet", "reset", "loans.score", "--domain", "-", "--yes").out == "forgotten: loans.score (-)\n"
    assert len(json.loads(dana("poet", "list", "--json").out)) == 2


@pytest.mark.parametrize(("answer", "known"), [("y\n", 2), ("n\n", 3), ("", 3)])
def test_an_answer_decides(dana, store, monkeypatch, answer, known) -> None:
    monkeypatch.setattr("dana.cli.learnings._agreed", lambda _question: answer == "y\n")
    dana("poet", "reset", "prices.quote")
    assert len(json.loads(dana("poet", "list", "--json").out)) == known


def test_everything_moves_between_stores(dana, store) -> None:
    done = dana("poet", "migrate", ".poet/parameters.db", "json:copy")
    assert done.out == "3 functions copied, with versions, patterns and feedback\n"
    assert dana("poet", "list", "--store", "json:copy").out == dana("poet", "list").out
    assert dana("poet", "status", "--store", "json:copy").out == dana("poet", "status").out
    done = dana("poet", "migrate", ".poet/parameters.db", "json:copy")
    assert done.status == 1
    assert "already holds 3 functions" in done.err
    assert dana("poet", "migrate", ".poet/parameters.db", "json:copy", "--yes").status == 0


def test_an_empty_store_says_so(dana) -> None:
    open_store("empty.db").close()
    assert dana("poet", "list", "--store", "empty.db").out == "nothing has been learnt yet\n"
    assert dana("poet", "status", "--store", "empty.db").out == "nothing has been learnt yet\n"


def test_damaged_stores_are_told_about(dana, tmp_path) -> None:
    (tmp_path / "letter.db").write_bytes(b"this is a letter\n" * 200)
    done = dana("poet", "list", "--store", "letter.db")
    assert (done.status, done.out) == (1, "")
    assert "error[E922]" in done.err
    files = open_store("json:files")
    files.save("m.f", "-", {"n": 1}, at=0.0)
    (path,) = (tmp_path / "files").glob("*_params.json")
    path.write_text("{")
    done = dana("poet", "list", "--store", "json:files")
    assert "error[E922]" in done.err
    assert done.status == 1
    assert "nothing was changed" in done.err
    # Looking moves nothing; whoever writes does.
    assert [file.name for file in (tmp_path / "files").glob("*_params*")] == [path.name]
    dana("poet", "reset", "m.f", "--store", "json:files", "--yes")
    assert (tmp_path / "files" / f"{path.name}.damaged-1").exists()
    broken = open_store("broken.db")
    broken.put_pattern("m.f", "-", "calls", {"outcomes": 3}, at=0.0)
    broken.close()
    done = dana("poet", "status", "--store", "broken.db")
    assert "error[E922]: the statistics of `m.f` are damaged" in done.err


def test_commands_read_the_store_that_programs_use_here_and_say_which(dana, tmp_path) -> None:
    files = open_store("json:.poet")
    files.save("m.f", "-", {"n": 1}, at=0.0)
    done = dana("poet", "list")
    assert "m.f" in done.out
    assert done.err == "store: .poet\n"
    database = open_store(".poet/parameters.db")
    database.save("m.g", "-", {"n": 1}, at=0.0)
    database.close()
    done = dana("poet", "list")
    assert "m.g" in done.out
    assert done.err == "store: .poet/parameters.db; .poet also has JSON files, which `--store .poet` names\n"
    assert "m.f" in dana("poet", "list", "--store", ".poet").out
    assert dana("poet", "list", "--json").err == ""
    os.environ["DANA_POET_STORE"] = "json:.poet"
    try:
        assert "m.f" in dana("poet", "list").out
    finally:
        del os.environ["DANA_POET_STORE"]


def test_a_server_that_is_not_there(dana) -> None:
    done = dana("poet", "list", "--store", "postgresql://u:sesame-street@127.0.0.1:1/d")
    assert done.status == 1
    assert "error[E922]" in done.err
    assert "sesame-street" not in done.err


def test_words_too_many_are_refused(dana, store) -> None:
    for words in (("list", "x"), ("history", "a", "b"), ("import", "a", "b")):
        assert "error[E905]" in dana("poet", *words).err


def test_a_function_without_a_version_has_an_empty_history(dana, tmp_path) -> None:
    (tmp_path / "rates.na").write_text("@poet(learning=true)\ndef rate(x):\n    return x\nrate(1)\n", encoding="utf-8")
    assert dana("--store=r.db", "rates.na").status == 0
    done = dana("poet", "history", "rates.rate", "--store=r.db")
    assert (done.status, done.out) == (0, "nothing was changed so far: it has no version\n")
    assert dana("poet", "explain", "rates.rate", "--store=r.db").status == 0


def test_the_oldest_version_shown_says_what_changed(dana, store) -> None:
    done = dana("poet", "history", "loans.score", "--domain", "-", "--limit", "1")
    everything = dana("poet", "history", "loans.score", "--domain", "-")
    assert done.out.splitlines()[1] == everything.out.splitlines()[1]
