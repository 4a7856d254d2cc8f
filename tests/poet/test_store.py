"""Stores of learnings: the same promises from files, SQLite and PostgreSQL; and what damage costs."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.poet.store import base
from dana.poet.store.base import StoreError, file_stem
from dana.poet.store.files import FileStore
from dana.poet.store.opening import copy, open_store, place_of
from dana.poet.store.sqlite import SqliteStore
from tests.servers.postgres import Postgres, binaries


@pytest.fixture(scope="session")
def postgres():
    if binaries() is None:
        pytest.skip("not run: PostgreSQL is not installed (make deps)")
    server = Postgres()
    try:
        server.start()
    except RuntimeError as refused:
        server.remove()
        pytest.skip(f"not run: {refused}")
    yield server
    server.stop("immediate")
    server.remove()


@pytest.fixture(params=["files", "sqlite", "postgres"])
def where(request, tmp_path):
    if request.param == "files":
        return f"json:{tmp_path}/store"
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    server = request.getfixturevalue("postgres")
    _clear(server.url)
    return server.url


def _clear(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS poet_meta, poet_parameters, poet_feedback, poet_patterns")


def test_what_is_saved_comes_back_in_another_process(where) -> None:
    store = open_store(where)
    assert store.load("m.f", "-") is None
    assert store.save("m.f", "-", {"timeout": 2.5, "é": [1, None, {"x": True}]}, at=100.0) == 1
    assert store.save("m.f", "finance", {"retries": 3}, at=101.0) == 1
    assert store.save("m.f", "-", {"timeout": 3.0}, at=102.0) == 2
    store.close()
    again = open_store(where)
    found = again.load("m.f", "-")
    assert (found.version, found.at, found.data) == (2, 102.0, {"timeout": 3.0})
    assert [v.data for v in again.versions("m.f", "-")] == [
        {"timeout": 3.0},
        {"timeout": 2.5, "é": [1, None, {"x": True}]},
    ]
    assert again.functions() == [("m.f", "-", 102.0), ("m.f", "finance", 101.0)]
    assert again.forget("m.f", "-")
    assert not again.forget("m.f", "-")
    assert again.load("m.f", "-") is None
    assert again.load("m.f", "finance").data == {"retries": 3}
    again.close()


def test_feedback_and_patterns_are_kept_apart(where) -> None:
    store = open_store(where)
    for number in range(5):
        store.add_feedback("m.f", "-", {"score": number / 4}, at=float(number))
    assert [f["score"] for _at, f in store.feedback("m.f", "-", limit=3)] == [1.0, 0.75, 0.5]
    assert store.feedback("m.g", "-") == []
    store.put_pattern("m.f", "-", "failures", {"ConnectionError": 3}, at=1.0)
    store.put_pattern("m.f", "-", "failures", {"ConnectionError": 4}, at=2.0)
    assert store.patterns("m.f", "-") == {"failures": {"ConnectionError": 4}}
    assert store.load("m.f", "-") is None
    assert [known[:2] for known in store.functions()] == [("m.f", "-")]
    store.close()


def test_old_versions_make_room(where, monkeypatch) -> None:
    for module in ("files", "sql"):
        monkeypatch.setattr(f"dana.poet.store.{module}.MAX_VERSIONS", 5)
    store = open_store(where)
    for number in range(12):
        store.save("m.f", "-", {"n": number}, at=float(number))
    assert [v.version for v in store.versions("m.f", "-", 99)] == [12, 11, 10, 9, 8]
    store.close()


def test_old_feedback_makes_room(where, monkeypatch) -> None:
    for module in ("files", "sql"):
        monkeypatch.setattr(f"dana.poet.store.{module}.MAX_FEEDBACK", 4)
    store = open_store(where)
    for number in range(90):
        store.add_feedback("m.f", "-", {"n": number}, at=0.0)
    kept = [f["n"] for _at, f in store.feedback("m.f", "-", 1000)]
    assert kept[:4] == [89, 88, 87, 86]
    assert len(kept) <= 44  # files are shortened now and then, not with every line
    store.close()


@pytest.mark.parametrize("data", [{"x": float("nan")}, {"x": object()}, {1: 2}, {"x": (1, 2)}, {"x": {3}}])
def test_what_would_not_come_back_is_refused(where, data) -> None:
    store = open_store(where)
    with pytest.raises(StoreError, match="plain data"):
        store.save("m.f", "-", data, at=0.0)
    assert store.load("m.f", "-") is None
    store.close()


def test_many_threads_and_stores_lose_no_version(where) -> None:
    stores = [open_store(where) for _ in range(3)]

    def work(store) -> None:
        for number in range(10):
            store.save("m.f", "-", {"n": number}, at=0.0)

    threads = [threading.Thread(target=work, args=(store,)) for store in stores for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    versions = [v.version for v in stores[0].versions("m.f", "-", 99)]
    assert versions == list(range(60, 60 - len(versions), -1))
    for store in stores:
        store.close()


def test_everything_moves_from_one_store_to_another(where, tmp_path) -> None:
    source = open_store(where)
    for number in range(3):
        source.save("m.f", "-", {"n": number}, at=float(number))
        source.add_feedback("m.f", "-", {"n": number}, at=float(number))
    source.put_pattern("m.f", "-", "k", {"x": 1}, at=5.0)
    target = SqliteStore(str(tmp_path / "target.db"))
    assert copy(source, target) == 1
    assert [v.data for v in target.versions("m.f", "-")] == [{"n": 2}, {"n": 1}, {"n": 0}]
    assert target.feedback("m.f", "-") == source.feedback("m.f", "-")
    assert target.patterns("m.f", "-") == {"k": {"x": 1}}
    source.close()
    target.close()


CRASH = """
import sys
from dana.poet.store.opening import open_store
store = open_store(sys.argv[1])
print("ready", flush=True)
number = 0
while True:
    number += 1
    store.save("m.f", "-", {"n": number, "text": "x" * 2000}, at=float(number))
    store.add_feedback("m.f", "-", {"n": number}, at=float(number))
    print(number, flush=True)
"""


@pytest.mark.parametrize("moment", [1, 3, 8])
def test_a_killed_process_loses_nothing_it_was_told_is_saved(where, moment) -> None:
    child = subprocess.Popen([sys.executable, "-c", CRASH, where], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    told = 0
    for _ in range(moment):
        told = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    told = max(
        [told, *(int(line) for line in child.stdout.read().splitlines() if line.endswith(line.strip()) and line)]
    )
    child.wait()
    child.stdout.close()
    store = open_store(where)
    found = store.load("m.f", "-")
    assert found.data["n"] >= told
    assert store.feedback("m.f", "-", 1)[0][1]["n"] >= told
    assert store.save("m.f", "-", {"n": 0}, at=0.0) == found.version + 1
    store.close()


# --- files --------------------------------------------------------------------------------------------


def test_a_file_is_named_and_shaped_as_documented(tmp_path) -> None:
    FileStore(str(tmp_path)).save("loans.score", "financial_services", {"retries": 3}, at=0.0)
    (path,) = tmp_path.glob("*_params.json")
    assert path.name.startswith("loans_score_financial_services_")
    text = path.read_text()
    assert text.startswith("{\n  ")
    document = json.loads(text)
    assert document["function_id"] == "loans.score"
    assert document["domain"] == "financial_services"
    assert document["parameters"] == {"retries": 3}
    assert document["timestamp"] == "1970-01-01T00:00:00+00:00"
    assert document["version"] == "1.0"


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_names_of_files_are_safe_and_never_shared(one, first, other, second) -> None:
    stem = file_stem(one, first)
    assert stem.replace("_", "").isalnum()
    assert stem.isascii()
    assert len(stem) < 100
    assert (stem == file_stem(other, second)) == ((one, first) == (other, second))


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"version": "9"}',
        b'{"version": "1.0"}',
        b'{"version":"1.0","function_id":"m.f","domain":"-","versions":[3]}',
    ],
)
def test_a_damaged_file_is_moved_aside_and_said_so(tmp_path, damage) -> None:
    heard = []
    store = FileStore(str(tmp_path), on_problem=heard.append)
    store.save("m.f", "-", {"n": 1}, at=0.0)
    (path,) = tmp_path.glob("*_params.json")
    path.write_bytes(damage)
    assert store.load("m.f", "-") is None
    assert (tmp_path / (path.name + ".damaged-1")).read_bytes() == damage
    assert len(heard) == 1
    assert "moved to" in heard[0].hint
    assert store.save("m.f", "-", {"n": 2}, at=0.0) == 1
    assert store.load("m.f", "-").data == {"n": 2}


def test_after_half_a_line_the_next_feedback_is_whole(tmp_path) -> None:
    store = FileStore(str(tmp_path))
    store.add_feedback("m.f", "-", {"n": 1}, at=1.0)
    (path,) = tmp_path.glob("*_feedback.jsonl")
    with path.open("ab") as stream:
        stream.write(b'{"at": 2.0, "feedb')
    store.add_feedback("m.f", "-", {"n": 3}, at=3.0)
    assert [entry["n"] for _at, entry in store.feedback("m.f", "-")] == [3, 1]


def test_a_folder_that_is_none_is_a_clear_error_everywhere(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    store = FileStore(str(tmp_path / "file"))
    for act in (
        lambda: store.load("m.f", "-"),
        lambda: store.feedback("m.f", "-"),
        lambda: store.save("m.f", "-", {}, 0.0),
        lambda: store.forget("m.f", "-"),
        store.functions,
    ):
        with pytest.raises(StoreError, match="cannot be used"):
            act()
    folder = tmp_path / "store"
    store = FileStore(str(folder))
    assert store.functions() == []
    store.save("m.f", "-", {"n": 1}, 0.0)
    (path,) = folder.glob("*_params.json")
    for name, act in (
        ("replace", lambda: store.save("m.f", "-", {"n": 2}, 0.0)),
        ("remove", lambda: store.forget("m.f", "-")),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(f"os.{name}", _refuse)
            with pytest.raises(StoreError, match="cannot be used"):
                act()
    path.write_bytes(b"{")
    with monkeypatch.context() as patch:
        patch.setattr("os.rename", _refuse)
        with pytest.raises(StoreError, match="cannot be used"):
            store.load("m.f", "-")
    assert path.read_bytes() == b"{"


def test_feedback_that_does_not_fit_leaves_no_half_line(tmp_path, monkeypatch) -> None:
    store = FileStore(str(tmp_path))
    store.add_feedback("m.f", "-", {"n": 1}, at=1.0)
    (path,) = tmp_path.glob("*_feedback.jsonl")
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("os.pread", _refuse)
        with pytest.raises(StoreError, match="cannot be used"):
            store.add_feedback("m.f", "-", {"n": 2}, at=2.0)
    assert path.read_bytes() == before
    assert store.forget("m.f", "-")


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("memory:", ""),
        ("postgresql://u@h/d", ""),
        ("json:folder", "folder"),
        ("sqlite:///a/b.db", "a/b.db"),
        ("sqlite:////a/b.db", "/a/b.db"),
        ("learnt.db", "learnt.db"),
    ],
)
def test_a_store_says_where_its_files_are(where, place) -> None:
    assert place_of(where) == place


def test_patterns_that_are_none_are_damage(tmp_path) -> None:
    heard = []
    store = FileStore(str(tmp_path), on_problem=heard.append)
    store.put_pattern("m.f", "-", "calls", {"n": 1}, at=0.0)
    (path,) = tmp_path.glob("*_params.json")
    path.write_text(path.read_text().replace('"data": {', '"date": {'))
    assert store.patterns("m.f", "-") == {}
    assert len(heard) == 1
    path.write_text('{"function_id": "m.f", "domain": "-", "version": "1.0", "parameters": {"a": 1}, "timestamp": "?"}')
    assert (store.load("m.f", "-").at, store.load("m.f", "-").data) == (0.0, {"a": 1})


def _refuse(*_words) -> None:
    raise PermissionError(13, "Permission denied")


def test_files_renamed_by_hand_are_not_mistaken(tmp_path) -> None:
    store = FileStore(str(tmp_path))
    store.save("m.f", "-", {"n": 1}, 0.0)
    (path,) = tmp_path.glob("*_params.json")
    path.rename(tmp_path / (file_stem("m.g", "-") + "_params.json"))
    with pytest.raises(StoreError, match=r"belongs to `m\.f`"):
        store.load("m.g", "-")


def test_a_file_of_a_newer_dana_is_left_where_it_is(tmp_path) -> None:
    store = FileStore(str(tmp_path))
    store.save("m.f", "-", {"n": 1}, at=0.0)
    (path,) = tmp_path.glob("*_params.json")
    path.write_text(path.read_text().replace('"version": "1.0"', '"version": "2.0"'))
    with pytest.raises(StoreError, match=r"has the format '2\.0'"):
        store.load("m.f", "-")
    assert path.exists()


def test_text_with_half_a_character_is_stored_as_it_is(where) -> None:
    store = open_store(where)
    store.save("m.f", "-", {"text": "a\ud800"}, at=0.0)
    store.add_feedback("m.f", "-", {"text": "\udfff"}, at=0.0)
    assert store.load("m.f", "-").data == {"text": "a\ud800"}
    assert store.feedback("m.f", "-") == [(0.0, {"text": "\udfff"})]
    store.close()


def test_files_of_the_first_form_are_read(tmp_path) -> None:
    old = {
        "function_id": "m.f",
        "domain": "-",
        "parameters": {"a": 1},
        "timestamp": "1970-01-01T00:01:00+00:00",
        "version": "1.0",
    }
    (tmp_path / (file_stem("m.f", "-") + "_params.json")).write_text(json.dumps(old))
    found = FileStore(str(tmp_path)).load("m.f", "-")
    assert (found.version, found.at, found.data) == (1, 60.0, {"a": 1})


def test_half_a_line_of_feedback_is_skipped(tmp_path) -> None:
    store = FileStore(str(tmp_path))
    store.add_feedback("m.f", "-", {"n": 1}, at=0.0)
    (path,) = tmp_path.glob("*_feedback.jsonl")
    with path.open("a") as stream:
        stream.write('{"at": 1, "feedb')
    assert [f for _at, f in store.feedback("m.f", "-")] == [{"n": 1}]


# --- SQLite -------------------------------------------------------------------------------------------


def test_a_locked_database_is_a_clear_error(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("dana.poet.store.sqlite.BUSY_S", 0.01)
    path = str(tmp_path / "s.db")
    store = SqliteStore(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked") as refused:
        store.save("m.f", "-", {"n": 1}, at=0.0)
    assert "kept in memory" in refused.value.hint
    other.execute("ROLLBACK")
    assert store.save("m.f", "-", {"n": 1}, at=0.0) == 1


def test_a_file_that_is_no_store_is_left_alone(tmp_path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(b"dear diary, " * 500)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="cannot be used"):
        SqliteStore(str(path))
    assert path.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path) -> None:
    tmp_path.chmod(0o500)
    for where in (f"sqlite:///{tmp_path}/s.db", f"json:{tmp_path}/s"):
        with pytest.raises(StoreError, match="cannot be used"):
            open_store(where).save("m.f", "-", {}, at=0.0)


def test_a_store_of_a_newer_dana_is_refused(tmp_path) -> None:
    path = str(tmp_path / "s.db")
    SqliteStore(path).close()
    other = sqlite3.connect(path)
    other.execute("UPDATE poet_meta SET value = '99'")
    other.commit()
    other.close()
    with pytest.raises(StoreError, match="newer Dana"):
        SqliteStore(path)


# --- PostgreSQL ---------------------------------------------------------------------------------------


def test_a_server_that_restarts_costs_one_reconnection(postgres) -> None:
    _clear(postgres.url)
    store = open_store(postgres.url)
    store.save("m.f", "-", {"n": 1}, at=0.0)
    postgres.stop("immediate")
    with pytest.raises(StoreError, match="PostgreSQL cannot be used"):
        store.save("m.f", "-", {"n": 2}, at=0.0)
    postgres.start()
    assert store.save("m.f", "-", {"n": 3}, at=0.0) == 2
    store.close()


def test_a_password_is_never_shown() -> None:
    with pytest.raises(StoreError) as refused:
        open_store("postgresql://bob:hunter22@/postgres?host=/nowhere")
    assert "hunter22" not in str(refused.value)


# --- opening ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "kind"),
    [("memory:", "SqliteStore"), ("x/y.db", "SqliteStore"), ("json:x", "FileStore"), ("x", "FileStore")],
)
def test_a_store_is_named_by_path_or_url(tmp_path, monkeypatch, where, kind) -> None:
    monkeypatch.chdir(tmp_path)
    assert type(open_store(where)).__name__ == kind


@pytest.mark.parametrize("where", ["mongodb://x", "sqlite://x", "sqlite:///", "notes.txt"])
def test_what_is_no_store_is_refused_with_a_hint(where) -> None:
    with pytest.raises(StoreError) as refused:
        open_store(where)
    assert refused.value.hint


def test_formats_are_what_the_documents_say() -> None:
    assert base.FORMAT == "1.0"


def test_a_server_needs_a_package_that_may_be_missing(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="needs the package psycopg") as caught:
        open_store("postgresql://localhost/learnt")
    assert caught.value.hint == 'pip install "dana[postgres]"'


def test_damaged_files_are_moved_aside_one_after_the_other(tmp_path) -> None:
    store = FileStore(str(tmp_path))
    for number in (1, 2):
        store.save("m.f", "-", {"n": number}, at=0.0)
        (path,) = tmp_path.glob("*_params.json")
        path.write_bytes(b"{")
        assert store.load("m.f", "-") is None
        assert (tmp_path / f"{path.name}.damaged-{number}").exists()
