"""Ledger and journal at their edges: the daemon, the end of the process, what cannot be opened, read or written."""

from __future__ import annotations

import gc
import sqlite3
import subprocess
import sys
import threading

import pytest

from dana.adaptive import ledger as ledgers
from dana.adaptive.journal import Journal, JournalError, Verification
from dana.adaptive.ledger import Event, Ledger, read_event


def daemons() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "dana-ledger"]


def test_a_daemon_writes_batches_and_ends_with_its_ledger(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(ledgers, "FLUSH_S", 0.001)
    monkeypatch.setattr(ledgers, "BATCH", 3)
    before = daemons()
    ledger = Ledger(Journal(str(tmp_path / "run.db")))
    written = threading.Event()
    append = ledger.journal.append

    def telling(rows) -> int:
        last = append(rows)
        written.set()
        return last

    ledger.journal.append = telling
    for number in range(5):
        ledger.keep("n", "", number)
    assert written.wait(5)
    (daemon,) = [thread for thread in daemons() if thread not in before]
    ledger.close()
    ledger.close()
    daemon.join(5)
    assert not daemon.is_alive()
    assert [row[7] for row in Journal(str(tmp_path / "run.db"), reading=True).rows()] == ["0", "1", "2", "3", "4"]


def test_a_daemon_ends_when_nobody_has_the_ledger_any_more(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(ledgers, "FLUSH_S", 0.001)
    before = daemons()
    ledger = Ledger(Journal(str(tmp_path / "run.db")))
    ledger.keep("n")
    (daemon,) = [thread for thread in daemons() if thread not in before]
    ledger.flush()
    ledger.journal.close()
    del ledger
    for _ in range(500):  # the daemon may hold it for a moment more
        gc.collect()
        daemon.join(0.01)
        if not daemon.is_alive():
            return
    pytest.fail("the daemon goes on")


EXIT = """
import sys
from dana.adaptive.journal import Journal
from dana.adaptive.ledger import Ledger
ledger = Ledger(Journal(sys.argv[1]))
ledger.keep("last")
"""


def test_kept_events_are_stored_at_the_end_of_the_process(tmp_path) -> None:
    subprocess.run([sys.executable, "-c", EXIT, tmp_path / "run.db"], check=True)
    assert [row[4] for row in Journal(str(tmp_path / "run.db"), reading=True).rows()] == ["last"]


def test_what_cannot_be_stored_at_the_end_is_said(tmp_path) -> None:
    heard = []
    ledger = Ledger(Journal(str(tmp_path / "run.db")), on_problem=heard.append, background=False)
    ledger.keep("n")
    ledger.journal.append = _refused
    ledgers._close_all()
    assert len(heard) == 1 + 1  # that it waits, and that it is lost
    silent = Ledger(Journal(str(tmp_path / "run.db")), background=False)
    silent.keep("n")
    silent.journal.append = _refused
    ledgers._close_all()
    for one in (ledger, silent):
        ledgers._WAITING.discard(one)


def test_events_that_wait_outlive_their_ledger(tmp_path) -> None:
    Ledger(Journal(str(tmp_path / "run.db")), background=False).keep("n")
    gc.collect()
    (ledger,) = [ledger for ledger in ledgers._WAITING if ledger.journal.path == str(tmp_path / "run.db")]
    ledger.close()
    assert ledger not in ledgers._WAITING
    assert [row[4] for row in Journal(str(tmp_path / "run.db"), reading=True).rows()] == ["n"]


def _refused(_rows) -> int:
    raise JournalError("no room")


def test_a_ledger_without_a_journal_keeps_what_it_can() -> None:
    ledger = Ledger(ring=3)
    for number in range(4):
        ledger.audit("act", "", number)
        ledger.keep("kept", "", number)
    assert ledger.dropped == 5
    assert [event.data for event in ledger.events("act", limit=1)] == [3]
    assert list(ledger.stored()) == []
    ledger.close()
    assert repr(Event(0.0, "keep", "k", "s", "", 1)) == "Event('k', 's', 1)"


def test_damaged_data_of_a_row_comes_as_its_text() -> None:
    assert read_event((1, "", 0.0, "keep", "k", "s", "", "{", "")).data == {"$": "damaged", "is": "{"}
    assert read_event((1, "", 0.0, "keep", "k", "s", "", None, "")).data == {"$": "damaged", "is": "None"}


def test_a_journal_that_is_closed_says_so(tmp_path) -> None:
    journal = Journal(str(tmp_path / "run.db"))
    journal.append([("", 0.0, "audit", "k", "s", "", "1")])
    journal.close()
    for act in (lambda: list(journal.rows()), journal.runs, journal.tip, lambda: journal.append([])):
        with pytest.raises(JournalError):
            act()


def test_a_tip_that_cannot_be_kept_is_said(tmp_path) -> None:
    journal = Journal(str(tmp_path / "run.db"))
    (tmp_path / "run.db.tip").mkdir()
    with pytest.raises(JournalError, match="written"):
        journal.keep_tip()
    assert journal.verify()
    Journal(":memory:").keep_tip()


def test_reading_something_else_is_refused(tmp_path) -> None:
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.execute("CREATE TABLE people (name TEXT)")
    connection.close()
    with pytest.raises(JournalError, match="is no ledger"):
        Journal(str(tmp_path / "other.db"), reading=True)
    connection = sqlite3.connect(tmp_path / "newer.db")
    connection.execute("CREATE TABLE events (seq INTEGER)")
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(JournalError, match="newer Dana"):
        Journal(str(tmp_path / "newer.db"), reading=True)
    (tmp_path / "letter.db").write_bytes(b"a letter" * 100)
    with pytest.raises(JournalError, match="not a database"):
        Journal(str(tmp_path / "letter.db"), reading=True)


def test_how_durable_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="process"):
        Journal(":memory:", durable="always")
    Journal(":memory:", durable="power").close()


def test_a_verification_says_what_it_found() -> None:
    assert repr(Verification(2, "2:ab", "row 2 is missing")) == (
        "Verification(count=2, tip='2:ab', problem='row 2 is missing')"
    )
