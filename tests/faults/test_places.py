"""Disks that are full, folders that cannot be written, databases that are locked: said clearly, nothing lost."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys

import pytest

from dana.adaptive import journal as journals
from dana.adaptive.journal import Journal, JournalError
from dana.adaptive.ledger import Ledger
from dana.poet.learning import LearningStore
from dana.poet.store import sqlite
from dana.poet.store.base import StoreError
from dana.poet.store.opening import open_store

# In a child no file may grow beyond a size, as on a disk that is full; then there is room again.
FULL = """
import resource, signal, sys
from dana.adaptive.journal import Journal, JournalError
from dana.adaptive.ledger import Ledger
from dana.poet.learning import LearningStore
from dana.poet.store.base import StoreError

kind, where = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

def room(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, unlimited[1]))

if kind == "ledger":
    ledger = Ledger(Journal(where), background=False)
    room(200_000)
    stored = refused = 0
    for number in range(60):
        try:
            ledger.audit("n", "", "x" * 8000)
            stored += 1
        except JournalError as problem:
            refused += 1
            said = problem
    ledger.keep("kept", "", 1)
    room(unlimited[1])
    ledger.audit("n", "", "after")
    found = ledger.journal.verify()
    kept = [row[4] for row in ledger.journal.rows(pattern="kept")]
    print(bool(found), found.count == stored + 2, refused > 0, kept == ["kept"], str(said), said.hint, sep="|")
else:
    heard = []
    learnings = LearningStore(where, on_problem=heard.append, background=False)
    learnings.update_parameters("m.f", "-", {"n": -1})
    learnings.flush()
    room(200_000)
    refused = 0
    for number in range(60):
        learnings.update_parameters("m.f", "-", {"n": number, "text": "x" * 8000})
        learnings.add_feedback("m.f", "-", {"n": number})
        try:
            learnings.flush()
        except StoreError:
            refused += 1
        assert learnings.get_parameters("m.f")["n"] == number
    room(unlimited[1])
    learnings.flush()
    last = LearningStore(where).get_parameters("m.f")["n"] == 59
    everything = [f["n"] for _at, f in learnings.feedback("m.f")] == list(range(59, -1, -1))
    print(last, learnings.waiting == 0, refused > 0, everything, len(heard), heard[0].hint, sep="|")
"""


@pytest.mark.parametrize("kind", ["ledger", "learnt.db", "json"])
def test_a_full_disk_loses_nothing(tmp_path, kind) -> None:
    places = {"ledger": f"{tmp_path}/run.db", "learnt.db": f"{tmp_path}/learnt.db", "json": f"json:{tmp_path}/learnt"}
    done = subprocess.run(
        [sys.executable, "-c", FULL, kind, places[kind]], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    words = done.stdout.strip().split("|")
    assert words[:4] == ["True"] * 4
    assert words[5], "what to do about it"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte; only root can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("not run: no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("name", ["learnt.db", "json"])
def test_a_file_system_without_room(small_disk, name) -> None:
    where = str(small_disk / name) if name != "json" else f"json:{small_disk}/learnt"
    heard = []
    learnings = LearningStore(where, on_problem=heard.append, background=False)
    ledger = Ledger(Journal(str(small_disk / "run.db")), background=False)
    recorded, refused = 0, None
    while refused is None and recorded < 500:
        learnings.update_parameters("m.f", "-", {"n": recorded, "text": "x" * 3000})
        learnings._writer.write()
        try:
            ledger.audit("act", "", "y" * 3000)
            recorded += 1
        except JournalError as full:
            refused = full
    assert "full" in str(refused)
    ballast = os.open(small_disk / "ballast", os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while os.write(ballast, bytes(4096)):
            pass
    learnings.update_parameters("m.f", "-", {"last": True, "more": "z" * 50_000})
    with pytest.raises(StoreError):
        learnings.flush()
    assert learnings.get_parameters("m.f")["last"]
    assert heard[0].hint
    os.ftruncate(ballast, 0)
    os.close(ballast)
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    learnings.flush()
    ledger.audit("act", "", "afterwards")
    assert ledger.journal.verify().count == recorded + 1
    assert LearningStore(where).get_parameters("m.f")["last"]
    ledger.close()
    learnings.close()


@pytest.fixture
def closed(tmp_path):
    """A folder that cannot be written; root can, so it stands below a file there."""
    if os.geteuid() == 0:
        (tmp_path / "file").write_text("")
        yield tmp_path / "file" / "folder"
        return
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    yield folder
    folder.chmod(0o700)


def test_a_folder_that_cannot_be_written(closed) -> None:
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(str(closed / "run.db"))
    for where in (str(closed / "learnt.db"), f"json:{closed}/learnt"):
        heard = []
        learnings = LearningStore(where, on_problem=heard.append, background=False)
        learnings.update_parameters("m.f", "-", {"n": 1})
        assert learnings.get_parameters("m.f") == {"n": 1}
        with pytest.raises(StoreError):
            learnings.close()
        assert len(heard) == 1
        assert heard[0].hint
        learnings._writer.drop("m.f", "-")


def test_a_locked_database_delays_and_loses_nothing(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(journals, "BUSY_MS", 1)
    monkeypatch.setattr(sqlite, "BUSY_S", 0.001)
    ledger = Ledger(Journal(str(tmp_path / "run.db")), background=False)
    store = open_store(str(tmp_path / "learnt.db"))
    heard = []
    learnings = LearningStore(store, on_problem=heard.append, background=False)
    holders = [sqlite3.connect(tmp_path / name, isolation_level=None) for name in ("run.db", "learnt.db")]
    for holder in holders:
        holder.execute("BEGIN EXCLUSIVE")
    ledger.keep("kept")
    with pytest.raises(JournalError, match="locked") as refused:
        ledger.audit("act")
    assert "another process" in refused.value.hint
    learnings.update_parameters("m.f", "-", {"n": 1})
    with pytest.raises(StoreError, match="locked"):
        learnings.flush()
    assert learnings.get_parameters("m.f") == {"n": 1}
    for holder in holders:
        holder.execute("ROLLBACK")
        holder.close()
    ledger.audit("act")
    learnings.flush()
    assert [event.kind for event in ledger.stored()] == ["kept", "act"]
    assert store.load("m.f", "-").data == {"n": 1}
    assert len(heard) == 1
    ledger.close()
    learnings.close()


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b'{"version": "1.0", "versions": [1]}'])
def test_damaged_json_is_kept_aside_and_what_is_learnt_next_is_saved(tmp_path, damage) -> None:
    where = f"json:{tmp_path}/learnt"
    first = LearningStore(where, background=False)
    first.update_parameters("m.f", "-", {"n": 1})
    first.add_feedback("m.f", "-", {"ok": True})
    first.close()
    (path,) = (tmp_path / "learnt").glob("*_params.json")
    path.write_bytes(damage)
    heard = []
    second = LearningStore(where, on_problem=heard.append, background=False)
    assert second.get_parameters("m.f") == {}
    second.update_parameters("m.f", "-", {"n": 2})
    second.close()
    assert len(heard) == 1
    assert "moved to" in heard[0].hint
    (aside,) = (tmp_path / "learnt").glob("*.damaged-1")
    assert aside.read_bytes() == damage
    third = LearningStore(where, background=False)
    assert third.get_parameters("m.f") == {"n": 2}
    assert len(third.feedback("m.f")) == 1
