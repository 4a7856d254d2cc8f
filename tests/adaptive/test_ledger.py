"""The ledger: what is kept, what is durable, what never gets in, and what a damaged file costs."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.adaptive.canonical import canonical, digest, plain
from dana.adaptive.journal import Journal, JournalError
from dana.adaptive.ledger import Ledger
from dana.adaptive.redaction import Redactor

data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=12,
)


@given(data)
def test_canonical_text_is_json_and_says_the_same_when_read_and_written_again(value) -> None:
    text = canonical(value)
    assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False) == text


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_count(value) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))


def test_half_a_character_is_stored_as_what_it_is(tmp_path) -> None:
    ledger = Ledger(Journal(str(tmp_path / "a.db")), background=False)
    ledger.audit("kind\udfff", "subject\ud800", {"text": "a\ud800"}, act="\ud800")
    (event,) = ledger.stored()
    assert (event.subject, event.data) == ("subject\\ud800", {"text": "a\ud800"})
    assert ledger.journal.verify()
    ledger.close()


def test_reading_makes_and_changes_nothing(tmp_path) -> None:
    with pytest.raises(JournalError):
        Journal(str(tmp_path / "none.db"), reading=True)
    assert list(tmp_path.iterdir()) == []
    ledger = Ledger(Journal(str(tmp_path / "a.db")), background=False)
    for number in range(5):
        ledger.audit("n", f"s{number % 2}", number)
    reading = Journal(str(tmp_path / "a.db"), reading=True)  # beside the writer
    assert [row[7] for row in reading.rows(latest=True, limit=2)] == ["3", "4"]
    assert [row[7] for row in reading.rows(subject="s1")] == ["1", "3"]
    with pytest.raises(JournalError):
        reading.append([("", 0.0, "audit", "k", "s", "", "1")])
    assert reading.verify()
    reading.close()
    ledger.close()


def test_what_is_no_data_is_named_and_never_shown() -> None:
    class Account:
        def __repr__(self) -> str:
            return "password hunter2"

    assert canonical({"who": Account()}) == '{"who":{"$":"type","is":"Account"}}'


def test_a_tag_cannot_be_forged() -> None:
    assert plain({"$": "bytes", "hex": "00"}) != plain(b"\x00")


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password", True),
        ("api_key", True),
        ("apiKey", True),
        ("APIKEY", True),
        ("accessToken", True),
        ("Authorization", True),
        ("client_secret", True),
        ("monkey", False),
        ("keyboard", False),
        ("open_rate", False),
        ("max_tokens", False),
        ("profile", False),
        ("passenger", False),
        ("key", False),
    ],
)
def test_a_field_is_secret_by_its_words(name, secret) -> None:
    assert Redactor().is_secret(name) is secret


def test_registered_secrets_and_credentials_are_taken_out_everywhere() -> None:
    redactor = Redactor()
    redactor.hide("swordfish")
    shown = redactor.data({"a": ["the swordfish!"], ("swordfish", 1): 2, "url": "https://bob:pw@host/x"})
    assert shown == {"a": ["the ***!"], ("***", 1): 2, "url": "https://***@host/x"}
    with pytest.raises(ValueError, match="fewer than 4"):
        redactor.hide("abc")


@given(st.text(min_size=4, max_size=20), data)
def test_a_hidden_value_reaches_no_file(secret, value) -> None:
    ledger = Ledger(Journal(":memory:"), background=False)
    ledger.redactor.hide(secret)
    ledger.audit("call.start", "f", {"note": f"x{secret}y", "value": value, secret: secret})
    (event,) = ledger.stored()
    texts = [event.data["note"]] if isinstance(event.data, dict) and "note" in event.data else []
    assert all(secret not in t or secret in "x***y" for t in texts)


def test_samples_make_room_and_are_counted() -> None:
    ledger = Ledger(ring=3)
    for number in range(5):
        ledger.sample("tick", data={"n": number})
    assert [e.data["n"] for e in ledger.events("tick")] == [2, 3, 4]
    assert ledger.dropped == 2


def test_kept_events_are_stored_in_order_with_the_next_batch() -> None:
    ledger = Ledger(Journal(":memory:"), now=lambda: 7.0, run="r", background=False)
    ledger.keep("call.start", "f", {"n": 1}, act="a1")
    ledger.sample("tick")
    ledger.keep("call.end", "f", {"n": 2}, act="a1")
    assert [(e.seq, e.kind, e.subject, e.act, e.at, e.data) for e in ledger.stored("call.*")] == [
        (1, "call.start", "f", "a1", 7.0, {"n": 1}),
        (2, "call.end", "f", "a1", 7.0, {"n": 2}),
    ]


def test_an_audit_record_is_durable_when_audit_returns(tmp_path) -> None:
    code = (
        "import os, sys\n"
        "from dana.adaptive.journal import Journal\n"
        "from dana.adaptive.ledger import Ledger\n"
        "ledger = Ledger(Journal(sys.argv[1]), background=False)\n"
        "ledger.keep('before')\n"
        "ledger.audit('effect.start', 'f', {'n': 1})\n"
        "os._exit(9)\n"
    )
    path = str(tmp_path / "ledger.db")
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode == 9
    journal = Journal(path)
    assert [row[4] for row in journal.rows()] == ["before", "effect.start"]
    assert journal.verify()


def test_many_threads_audit_at_once_and_the_chain_holds(tmp_path) -> None:
    ledger = Ledger(Journal(str(tmp_path / "l.db")))

    def work(who: int) -> None:
        for number in range(50):
            assert ledger.audit("act", str(who), {"n": number}).seq

    threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = ledger.journal.verify()
    assert found
    assert found.count == 400
    per = {str(w): [e.data["n"] for e in ledger.stored("act") if e.subject == str(w)] for w in range(8)}
    assert all(numbers == list(range(50)) for numbers in per.values())
    ledger.close()


def test_two_journals_on_one_file_make_one_chain(tmp_path) -> None:
    path = str(tmp_path / "l.db")
    first, second = Ledger(Journal(path), run="a"), Ledger(Journal(path), run="b")
    for number in range(20):
        (first, second)[number % 2].audit("act", data={"n": number})
    assert first.journal.verify().count == 20
    assert [r[0] for r in first.journal.runs()] == ["a", "b"]
    assert [e.data["n"] for e in second.stored()] == list(range(1, 20, 2))


def _filled(tmp_path, count=10):
    path = str(tmp_path / "l.db")
    ledger = Ledger(Journal(path), background=False)
    for number in range(count):
        ledger.keep("act", data={"n": number})
    ledger.close()
    return path


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("UPDATE events SET data = '{\"n\":99}' WHERE seq = 4", "row 4 was changed"),
        ("UPDATE events SET at = 0 WHERE seq = 1", "row 1 was changed"),
        ("DELETE FROM events WHERE seq = 5", "row 5 is missing"),
        ("DELETE FROM events WHERE seq > 7", "row 10, which was the last one once, is gone or another"),
        ("DELETE FROM events", "row 10, which was the last one once, is gone or another"),
    ],
)
def test_whoever_changes_the_file_is_found_out(tmp_path, change, problem) -> None:
    path = _filled(tmp_path)
    assert Journal(path).verify().count == 10
    other = sqlite3.connect(path)
    other.execute(change)
    other.commit()
    other.close()
    found = Journal(path).verify()
    assert not found
    assert found.problem == problem


def test_an_end_cut_off_before_the_tip_was_kept_is_found_by_an_anchor(tmp_path) -> None:
    path = _filled(tmp_path)
    tip = Journal(path).tip()
    os.remove(path + ".tip")
    other = sqlite3.connect(path)
    other.execute("DELETE FROM events WHERE seq > 7")
    other.commit()
    other.close()
    assert Journal(path).verify()
    assert not Journal(path).verify(tip)


def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path) -> None:
    path = tmp_path / "l.db"
    path.write_bytes(b"this is no database, but somebody's letter " * 100)
    before = path.read_bytes()
    with pytest.raises(JournalError, match="cannot be opened") as refused:
        Journal(str(path))
    assert "move it away" in refused.value.hint
    assert path.read_bytes() == before


def test_a_journal_of_a_newer_dana_is_refused(tmp_path) -> None:
    path = _filled(tmp_path)
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version=99")
    other.close()
    with pytest.raises(JournalError, match="newer Dana"):
        Journal(path)


def test_a_locked_file_costs_no_kept_event_and_refuses_audits(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("dana.adaptive.journal.BUSY_MS", 1)
    path = str(tmp_path / "l.db")
    problems = []
    ledger = Ledger(Journal(path), background=False, on_problem=problems.append)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ledger.keep("one")
    ledger.keep("two")
    with pytest.raises(JournalError, match="locked") as refused:
        ledger.audit("effect.start")
    assert "another process" in refused.value.hint
    with pytest.raises(JournalError):
        ledger.flush()
    assert len(problems) == 1
    other.execute("ROLLBACK")
    assert [e.kind for e in ledger.stored()] == ["one", "two"]
    assert ledger.lost == 0


def test_what_a_failing_journal_cannot_take_is_bounded_and_counted(monkeypatch) -> None:
    monkeypatch.setattr("dana.adaptive.ledger.WAITING", 5)
    ledger = Ledger(Journal(":memory:"), background=False)
    for number in range(8):
        ledger.keep("x", data={"n": number})
    with monkeypatch.context() as broken:
        broken.setattr(ledger.journal, "append", _disk_full)
        with pytest.raises(JournalError, match="full"):
            ledger.flush()
    assert ledger.lost == 3
    assert [e.data["n"] for e in ledger.stored()] == [0, 1, 2, 3, 4]


def _disk_full(rows):
    raise JournalError("the journal cannot be written: database or disk is full")


def test_huge_data_is_cut_and_marked() -> None:
    ledger = Ledger(Journal(":memory:"), background=False)
    ledger.audit("big", data={"text": "x" * 1_000_000})
    (event,) = ledger.stored()
    assert event.data["$"] == "cut"
    assert event.data["of"] > 1_000_000


def test_the_background_writer_stores_without_being_asked(tmp_path) -> None:
    path = str(tmp_path / "l.db")
    code = (
        "import sys\n"
        "from dana.adaptive.journal import Journal\n"
        "from dana.adaptive.ledger import Ledger\n"
        "ledger = Ledger(Journal(sys.argv[1]))\n"
        "ledger.keep('kept')\n"
    )
    subprocess.run([sys.executable, "-c", code, path], check=True)
    assert [row[4] for row in Journal(path).rows()] == ["kept"]
    assert os.path.exists(path + ".tip")


def test_data_that_never_ends_and_names_of_ones_own_are_hidden() -> None:
    endless: list = []
    for _ in range(40):
        endless = [endless]
    redactor = Redactor(names=["iban"])
    assert redactor.is_secret("IBAN")
    assert "***" in str(redactor.data(endless))
