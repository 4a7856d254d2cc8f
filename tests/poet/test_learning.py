"""`LearningStore`: what is learnt is there at once, saved behind the calls, and no failure below costs a call."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dana.adaptive.statistics import FAILED, RETRIED, SUCCEEDED, Calls
from dana.adaptive.subject import Knob, Subject
from dana.poet import learning
from dana.poet.learning import LearningStore, ParameterStorage, function_id_of, recent
from dana.poet.store import writer as writing
from dana.poet.store.base import StoreError
from dana.poet.store.opening import open_store
from dana.poet.store.sqlite import SqliteStore


class Failing:
    """A store that fails while `broken`, and counts what it is asked."""

    def __init__(self) -> None:
        self.below = SqliteStore(":memory:")
        self.broken = True
        self.asked = 0
        self.error: Exception = StoreError("no space", "make some")

    def __getattr__(self, name):
        method = getattr(self.below, name)

        def asked(*arguments):
            self.asked += 1
            if self.broken:
                raise self.error
            return method(*arguments)

        return asked


def made(store="memory:", **options) -> LearningStore:
    return LearningStore(store, now=lambda: 100.0, background=False, **options)


def subject() -> Subject:
    return Subject(
        "function",
        "m.f",
        [
            Knob("timeout", 2.0, low=0.1, high=60.0),
            Knob("retries", 3, low=0, high=10),
            Knob("budget", 5, low=0, safety=True),
        ],
    )


def test_what_is_set_is_there_at_once_and_saved_later(tmp_path) -> None:
    where = str(tmp_path / "s.db")
    learnings = made(where)
    assert learnings.get_parameters("m.f") == {}
    assert learnings.update_parameters("m.f", "-", {"timeout": 2.5}) == {"timeout": 2.5}
    learnings.update_parameters("m.f", "-", {"retries": 4})
    assert learnings.get_parameters("m.f", "-") == {"timeout": 2.5, "retries": 4}
    assert learnings.waiting == 1  # the newest only
    learnings.close()
    again = made(where)
    assert again.get_parameters("m.f") == {"timeout": 2.5, "retries": 4}
    assert [v.version for v in again.history("m.f")] == [1]
    assert again.functions() == [("m.f", "-", 100.0)]
    assert issubclass(ParameterStorage, LearningStore)


def test_what_is_handed_out_belongs_to_the_caller() -> None:
    learnings = made()
    given = {"weights": [1, 2]}
    learnings.update_parameters("m.f", "-", given)
    given["weights"].append(3)
    learnings.get_parameters("m.f")["weights"] = None
    assert learnings.get_parameters("m.f") == {"weights": [1, 2]}


def test_memory_holds_the_latest_functions_and_the_store_the_others() -> None:
    store = SqliteStore(":memory:")
    learnings = made(store, size=3)
    for number in range(10):
        learnings.update_parameters(f"m.f{number}", "-", {"n": number})
    assert len(learnings._memory) == 3
    assert learnings.get_parameters("m.f0") == {"n": 0}  # not saved yet: it waits
    learnings.flush()
    assert [learnings.get_parameters(f"m.f{n}")["n"] for n in range(10)] == list(range(10))


def test_patterns_wait_as_parameters_do() -> None:
    learnings = made(size=1)
    learnings.put_pattern("m.f", "-", "slow", {"hour": 9})
    learnings.get_parameters("m.g")
    assert learnings.patterns("m.f") == {"slow": {"hour": 9}}


def test_feedback_that_waits_is_seen() -> None:
    store = Failing()
    learnings = made(store, on_problem=lambda _problem: None)
    for number in range(3):
        learnings.add_feedback("m.f", "-", {"n": number})
    assert [entry["n"] for _at, entry in learnings.feedback("m.f")] == [2, 1, 0]
    store.broken = False
    learnings.flush()
    learnings.add_feedback("m.f", "-", {"n": 3})
    learnings._ask_again = 0.0
    assert [entry["n"] for _at, entry in learnings.feedback("m.f", limit=2)] == [3, 2]


def test_learnings_that_bear_on_a_call() -> None:
    learnings = made()
    learnings.update_parameters("m.f", "finance", {"timeout": 2.5})
    learnings.put_pattern("m.f", "finance", "texts", {"signature": "str", "slow": True})
    learnings.put_pattern("m.f", "finance", "numbers", {"signature": "int", "slow": False})
    learnings.put_pattern("m.f", "finance", "mornings", {"when": {"hour": 9}})
    learnings.put_pattern("m.f", "finance", "odd", {"when": 3})
    found = learnings.get_relevant_learnings("m.f", "str", {"domain": "finance", "hour": 9})
    assert found["parameters"] == {"timeout": 2.5}
    assert sorted(found["patterns"]) == ["mornings", "texts"]
    assert sorted(learnings.get_relevant_learnings("m.f", "int", {"domain": "finance"})["patterns"]) == ["numbers"]
    assert learnings.get_relevant_learnings(made) == {"parameters": {}, "patterns": {}}
    assert function_id_of(made) == f"{__name__}.made"
    assert function_id_of(3) == "int"


def test_patterns_of_calls_are_analysed() -> None:
    learnings = made()
    calls = Calls()
    for number in range(100):
        calls.record(0.010, FAILED if number < 10 else RETRIED if number < 20 else SUCCEEDED)
    learnings.save_calls("m.f", calls)
    for number in range(60):
        good = {"signature": "int", "ok": True, "score": 1}
        bad = {"signature": "str", "ok": number < 3, "score": 0.5, "failure": "ValueError"}
        learnings.add_feedback("m.f", "-", good)
        learnings.add_feedback("m.f", "-", bad)
    found = learnings.analyze_patterns("m.f")
    assert (found["calls"], found["success_rate"]) == (100, 0.9)
    low, high = found["interval"]
    assert low < 0.9 < high
    assert found["outcomes"] == {"succeeded": 80, "retried": 10, "failed": 10}
    assert found["p95"] == pytest.approx(0.010, rel=0.07)
    assert (found["feedback"], found["mean_score"], found["failures"]) == (120, 0.75, {"ValueError": 60})
    assert found["weak"] == ["str"]
    assert learnings.patterns("m.f")["analysis"] == found
    empty = learnings.analyze_patterns("m.g")
    assert (empty["calls"], empty["mean_score"], empty["weak"], empty["interval"]) == (0, None, [], [0.0, 1.0])


# --- subjects and statistics ----------------------------------------------------------------------


def test_a_subject_comes_back_with_its_versions() -> None:
    store = SqliteStore(":memory:")
    learnings, first = made(store), subject()
    first.promote({"timeout": 3.0}, {"source": "improve", "n": 20})
    first.promote({"retries": 5}, {"source": "improve"})
    first.roll_back()
    learnings.save_subject(first)
    learnings.save_subject(first)
    learnings.flush()
    second = subject()
    assert made(store).load_subject(second) == []
    assert second.values == first.values == {"timeout": 3.0, "retries": 3, "budget": 5}
    assert second.snapshot() == first.snapshot()
    assert len(store.versions("m.f", "-")) == 1


def test_parameters_set_otherwise_become_a_version_within_the_bounds() -> None:
    learnings, of = made(), subject()
    learnings.update_parameters("m.f", "-", {"timeout": 9.0, "retries": 99, "gone": 1, "budget": 900})
    left = learnings.load_subject(of)
    assert of.values == {"timeout": 9.0, "retries": 3, "budget": 5}
    assert of.current.evidence == {"source": "store"}
    assert len(left) == 3
    assert any("protects somebody" in said for said in left)
    again = subject()
    learnings.save_subject(of)
    learnings.load_subject(again)
    assert again.values == of.values


def test_a_damaged_snapshot_leaves_the_defaults() -> None:
    learnings, of = made(), subject()
    learnings.put_pattern("m.f", "-", "subject", {"kind": "function", "id": "m.f", "versions": 3})
    assert "no snapshot" in learnings.load_subject(of)[0]
    assert of.values == subject().values


@given(st.integers(2, 8), st.lists(st.one_of(st.floats(0.1, 60), st.none()), max_size=30))
def test_however_many_versions_there_were_the_recent_ones_restore(most, steps) -> None:
    first = subject()
    for value in steps:
        if value is not None:
            first.promote({"timeout": value}, {"source": "improve"})
        elif first.current.number:
            first.roll_back()
    kept = recent(first.snapshot(), most)
    second = subject()
    assert second.restore(kept) == []
    assert second.values == first.values
    assert len(second.versions) <= most + 1


def test_statistics_come_back_and_damaged_ones_start_anew() -> None:
    heard = []
    learnings = made(on_problem=heard.append)
    calls = Calls()
    calls.record(0.5)
    learnings.save_calls("m.f", calls)
    assert learnings.load_calls("m.f").to_data() == calls.to_data()
    learnings.put_pattern("m.f", "-", "calls", {"outcomes": "many"})
    assert learnings.load_calls("m.f").count == 0
    assert "damaged" in str(heard[0])


# --- failures -------------------------------------------------------------------------------------


def test_a_store_that_fails_costs_no_call_and_loses_nothing() -> None:
    store, heard = Failing(), []
    learnings = made(store, on_problem=heard.append)
    assert learnings.get_parameters("m.f") == {}
    for number in range(50):
        learnings.update_parameters("m.f", "-", {"n": number})
        assert learnings.get_parameters("m.f") == {"n": number}
        assert learnings.history("m.f") == []
    assert len(heard) == 1
    with pytest.raises(StoreError, match="no space"):
        learnings.flush()
    with pytest.raises(StoreError, match="no space"):
        learnings.forget("m.f")
    learnings.update_parameters("m.f", "-", {"n": 50})
    store.broken = False
    learnings.flush()
    assert learnings.waiting == 0
    assert store.below.load("m.f", "-").data == {"n": 50}


def test_a_store_that_failed_is_not_asked_with_every_call(monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr(learning, "monotonic", lambda: now[0])
    store = Failing()
    store.below.save("m.f", "-", {"n": 1}, 0.0)
    learnings = made(store, on_problem=lambda _problem: None)
    for _ in range(10):
        assert learnings.get_parameters("m.f") == {}
    assert store.asked == 1
    store.broken = False
    now[0] = learning.RETRY_S + 1
    assert learnings.get_parameters("m.f") == {"n": 1}


def test_what_nobody_listens_to_is_logged(caplog) -> None:
    with caplog.at_level(logging.WARNING, "dana.poet"):
        assert made(Failing()).get_parameters("m.f") == {}
    assert caplog.messages == ["no space (make some)"]


def test_a_problem_is_said_again_after_it_was_over() -> None:
    store, heard = Failing(), []
    writer = writing.Writer(lambda: store, on_problem=heard.append, background=False)
    for broken in (True, True, False, True):
        store.broken = broken
        writer.put("m.f", "-", {"n": 1}, 0.0)
        writer.write()
    assert len(heard) == 2


def test_faults_of_a_foreign_store_are_problems_too() -> None:
    store, heard = Failing(), []
    store.error = RuntimeError("oops")
    writer = writing.Writer(lambda: store, on_problem=heard.append, background=False)
    writer.put("m.f", "-", {"n": 1}, 0.0)
    assert "RuntimeError: oops" in str(writer.write())
    assert len(heard) == 1
    store.broken = False
    writer.flush()
    assert writer.write() is None


def test_what_is_refused_does_not_hold_up_the_rest() -> None:
    class Picky(SqliteStore):
        def save(self, function_id, domain, data, at):
            if function_id == "m.bad":
                raise StoreError("no")
            return super().save(function_id, domain, data, at)

    store = Picky(":memory:")
    writer = writing.Writer(lambda: store, background=False)
    for name in ("m.bad", "m.a", "m.b"):
        writer.put(name, "-", {"n": 1}, 0.0)
    writer.write()
    writer.write()
    assert [name for name, _domain, _at in store.functions()] == ["m.a", "m.b"]
    assert writer.waiting("m.bad", "-") == {"n": 1}


def test_what_waits_is_bounded_and_counted() -> None:
    writer = writing.Writer(Failing, size=3, background=False)
    for number in range(5):
        writer.put(f"m.f{number}", "-", {"n": number}, 0.0)
        writer.put_feedback("m.f", "-", {"n": number}, 0.0)
    assert (writer.count, writer.lost) == (6, 4)
    assert [data["n"] for _at, data in writer.waiting_feedback("m.f", "-")] == [4, 3, 2]
    assert writer.drop("m.f", "-")
    assert writer.count == 3
    assert not writer.drop("m.f", "-")


def test_forgetting_forgets_what_waits_too() -> None:
    learnings = made()
    learnings.update_parameters("m.f", "-", {"n": 1})
    assert learnings.forget("m.f")
    assert not learnings.forget("m.f")
    learnings.flush()
    assert learnings.get_parameters("m.f") == {}
    assert learnings.functions() == []


# --- behind the calls -----------------------------------------------------------------------------


def test_a_daemon_saves_and_ends_with_its_store(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(writing, "GATHER_S", 0.0)
    saved = threading.Event()

    class Telling(SqliteStore):
        def save(self, *arguments):
            number = super().save(*arguments)
            saved.set()
            return number

    store = Telling(str(tmp_path / "s.db"))
    learnings = LearningStore(store)
    learnings.update_parameters("m.f", "-", {"n": 1})
    assert saved.wait(5)
    (daemon,) = [thread for thread in threading.enumerate() if thread.name == "dana-learning"]
    learnings.close()
    daemon.join(5)
    assert not daemon.is_alive()
    assert open_store(str(tmp_path / "s.db")).load("m.f", "-").data == {"n": 1}


def test_a_daemon_tries_again(monkeypatch) -> None:
    monkeypatch.setattr(writing, "GATHER_S", 0.0)
    monkeypatch.setattr(writing, "RETRY_S", 0.001)
    store, done = Failing(), threading.Event()

    def mend(_problem) -> None:
        store.broken = False

    def saved(*arguments):
        done.set()
        return 1

    store.below.save = saved
    writer = writing.Writer(lambda: store, on_problem=mend)
    writer.put("m.f", "-", {"n": 1}, 0.0)
    assert done.wait(5)
    writer.close()


def test_a_daemon_ends_when_nobody_has_the_store_any_more(monkeypatch) -> None:
    monkeypatch.setattr(writing, "GATHER_S", 0.0)
    before = set(threading.enumerate())
    learnings = LearningStore("memory:")
    learnings.update_parameters("m.f", "-", {"n": 1})
    learnings.flush()
    (daemon,) = set(threading.enumerate()) - before
    del learnings
    for _ in range(500):  # the daemon may hold it for a moment more
        gc.collect()
        daemon.join(0.01)
        if not daemon.is_alive():
            return
    pytest.fail("the daemon goes on")


def test_what_nobody_holds_any_more_is_saved_all_the_same(tmp_path) -> None:
    where = str(tmp_path / "s.db")
    LearningStore(where, background=False).update_parameters("m.f", "-", {"n": 1})
    gc.collect()
    writing._write_all()
    assert open_store(where).load("m.f", "-").data == {"n": 1}
    assert repr(open_store(where).load("m.f", "-")) == "Stored(1, {'n': 1})"


EXIT = """
import sys
from dana.poet.learning import LearningStore
LearningStore(sys.argv[1]).update_parameters("m.f", "-", {"n": 1})
"""


def test_what_waits_at_the_end_of_the_process_is_saved(tmp_path) -> None:
    where = str(tmp_path / "s.db")
    subprocess.run([sys.executable, "-c", EXIT, where], check=True)
    assert open_store(where).load("m.f", "-").data == {"n": 1}


def test_many_threads_learn_side_by_side(tmp_path) -> None:
    learnings = LearningStore(str(tmp_path / "s.db"))

    def work(number: int) -> None:
        for turn in range(100):
            learnings.update_parameters("m.f", "-", {f"p{number}": turn})
            learnings.add_feedback("m.f", "-", {"n": number})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    learnings.close()
    store = open_store(str(tmp_path / "s.db"))
    assert store.load("m.f", "-").data == {f"p{number}": 99 for number in range(6)}
    assert len(store.feedback("m.f", "-", 10_000)) == 600


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["set", "flush", "fail", "mend", "reopen"]),
            st.sampled_from("abc"),
            st.integers(0, 5),
        ),
        max_size=40,
    )
)
def test_whatever_happens_the_latest_value_is_read(steps) -> None:
    store, expected = Failing(), {}
    store.broken = False
    learnings = made(store, size=2, on_problem=lambda _problem: None)
    for act, name, value in steps:
        if act == "set":
            learnings.update_parameters(name, "-", {"v": value})
            expected[name] = {"v": value}
        elif act == "flush":
            learnings._writer.write()
        elif act in ("fail", "mend"):
            store.broken = act == "fail"
        elif not learnings.waiting:
            learnings = made(store, size=2, on_problem=lambda _problem: None)
        learnings._ask_again = 0.0
        if not store.broken:
            assert {name: learnings.get_parameters(name) for name in expected} == expected


def test_the_default_place_is_made_when_something_is_learnt(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    learnings = LearningStore(background=False)
    learnings.update_parameters("m.f", "-", {"n": 1})
    learnings.close()
    assert os.listdir(tmp_path) == [".poet"]
