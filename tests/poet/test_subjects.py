"""Functions as subjects: what is learnt is kept, applied, recorded; feedback; stores that fail."""

from __future__ import annotations

import asyncio
import gc
from time import sleep

import pytest

import dana
from dana.adaptive.subject import KnobError
from dana.engine import Engine
from dana.poet import POETConfig, subjects
from dana.poet.errors import POETConfigError, POETOperateError, POETTimeoutError
from dana.poet.explaining import configuration, explain, status
from dana.poet.learning import LearningStore
from dana.poet.pipeline import plan_of
from dana.poet.python import Host, feedback, poet
from dana.poet.registry import registry_of
from dana.poet.store.base import StoreError
from dana.poet.store.sqlite import SqliteStore
from dana.poet.subjects import id_of, knobs_of


@pytest.fixture
def where(tmp_path):
    return str(tmp_path / "learnt.db")


def known(where, function_id, domain="-"):
    store = LearningStore(where)
    try:
        return store.get_parameters(function_id, domain), store.load_calls(function_id, domain)
    finally:
        store.close()


def price(x=0):
    return x


PRICE = f"{__name__}.price"


def put(where, **parameters):
    store = LearningStore(where)
    store.update_parameters(PRICE, "-", parameters)
    store.close()


# --- knobs ---------------------------------------------------------------------------------------


def test_what_is_written_is_no_knob_unless_it_is_declared_learnable():
    names = {knob.name for knob in knobs_of(POETConfig(retries=2, backoff=0.5), None)}
    assert names == {"timeout", "attempt_timeout", "backoff_factor", "backoff_max", "jitter", "given_up"}
    free = {knob.name: knob for knob in knobs_of(POETConfig(retries=2, learnable=["retries"]), None)}
    assert (free["retries"].default, free["retries"].low, free["retries"].high) == (2, 0, 10)


def test_bounds_follow_from_what_is_written():
    knobs = {knob.name: knob for knob in knobs_of(POETConfig(timeout=2.0, backoff_max=1.5), None)}
    assert knobs["attempt_timeout"].high == 2.0
    assert knobs["backoff"].high == 1.5
    wide = {knob.name: knob for knob in knobs_of(POETConfig(retries=50, learnable=["retries"]), None)}
    assert wide["retries"].high == 50


def test_a_breaker_has_knobs_but_those_that_are_written(bench):
    plan = plan_of(bench.poet(breaker={"open_s": 5}, store="memory:")(price))
    assert {n for n in plan.learner.subject.knobs if n.startswith("breaker")} == {
        "breaker_failure_rate",
        "breaker_slow_rate",
    }


def test_learning_changes_nothing_about_a_function_that_protects_somebody():
    assert all(knob.safety for knob in knobs_of(POETConfig(safety_critical=True), None))


def test_the_id_of_a_function():
    assert id_of(price, "price") == PRICE
    space = {"__name__": "__main__"}
    exec(compile("def f(): pass", "/somewhere/loans.na", "exec"), space)
    assert id_of(space["f"], "f") == "loans.f"
    exec(compile("def f(): pass", "<text>", "exec"), space)
    assert id_of(space["f"], "f") == "text.f"


# --- applied -------------------------------------------------------------------------------------


def test_what_was_learnt_is_applied_at_the_first_call(bench, where):
    put(where, retries=1, backoff=0.25)
    calls = []

    @bench.poet(store=where, jitter="none")
    def dead():
        calls.append(1)
        raise ConnectionError("no")

    dead.__poet__.learner.id = PRICE  # as if it had been the function
    dead.__poet__.learner.subject.id = PRICE
    with pytest.raises(POETOperateError) as caught:
        dead()
    assert len(calls) == 2
    assert caught.value.attempts[0].waited == 0.25
    assert configuration(dead)["retries"] == {"value": 1, "origin": "learnt"}
    assert status(dead)["learnt"] == {"retries": 1, "backoff": 0.25}
    assert "  retries = 1" in explain(dead)
    with pytest.raises(POETOperateError):
        dead()  # the fast form of the call, too
    assert len(calls) == 4
    registry_of(bench).close()


def test_what_is_written_out_stays(bench, where):
    put(where, retries=1, timeout=99.0)
    said = []
    registry_of(bench).warn = lambda _key, text: said.append(text)
    f = bench.poet(store=where, retries=4)(price)
    f()
    assert configuration(f)["retries"] == {"value": 4, "origin": "explicit"}
    assert configuration(f)["timeout"]["value"] == 99.0
    assert said == ["not everything learnt about `price` applies: there is no knob `retries` any more"]
    registry_of(bench).close()


def test_values_out_of_bounds_are_left_out(bench, where):
    put(where, attempt_timeout=50.0, retries=1000)
    registry_of(bench).warn = lambda _key, _text: None
    f = bench.poet(store=where, timeout=3.0)(price)
    f()
    assert status(f)["learnt"] == {}
    registry_of(bench).close()


def test_a_deadline_that_was_learnt_ends_calls(bench):
    @bench.poet(store="memory:", retries=0)
    def slow():
        bench.work(5)

    slow()
    learner = plan_of(slow).learner
    learner.promote({"timeout": 2.0}, {"n": 30})
    with pytest.raises(POETTimeoutError):
        slow()
    learner.roll_back()
    slow()
    assert status(slow)["outcomes"] == {"succeeded": 2, "timed out": 1}
    assert plan_of(slow).off == []  # the fast way again


def test_a_breaker_takes_what_was_learnt(bench):
    f = bench.poet(store="memory:", breaker=True)(price)
    learner = plan_of(f).learner
    learner.promote({"breaker_open_s": 4.0}, {})
    assert plan_of(f).breaker.open_s == 4.0
    learner.roll_back()
    assert plan_of(f).breaker.open_s == 30.0
    with pytest.raises(KnobError):
        learner.promote({"retries": 99}, {})


def test_a_call_says_what_learnings_it_had(bench):
    told = []

    def judge(value, call):
        told.append(call.learnt)
        return value

    f = bench.poet(store="memory:", enforce_handler=judge)(price)
    f()
    plan_of(f).learner.promote({"retries": 5}, {})
    f()
    assert told == [[], ["retries"]]


def test_the_record_of_a_call_has_what_was_learnt(bench):
    from dana.adaptive.ledger import Ledger

    bench.ledger = Ledger()
    f = bench.poet(store="memory:", audit_trail=True)(price)
    plan_of(f).learner.promote({"retries": 5}, {})
    f()
    (start,) = bench.ledger.events("poet.call.start")
    assert start.data["learnt"] == ["retries"]


def test_off_keeps_nothing(bench, where):
    f = bench.poet(store=where, learning="off")(price)
    f()
    assert plan_of(f).learner is None


# --- kept ----------------------------------------------------------------------------------------


def test_a_restart_remembers(where):
    for run in (1, 2):
        host = Host()
        f = poet(host=host, store=where, retries=0)(price)
        f()
        f()
        assert status(f)["calls"] == 2 * run
        registry_of(host).close()
    _parameters, calls = known(where, PRICE)
    assert calls.outcomes[0] == 4
    assert calls.times.count == 4


def test_changes_are_saved_with_their_evidence(where):
    host = Host()
    f = poet(host=host, store=where)(price)
    plan_of(f).learner.promote({"retries": 5}, {"n": 40, "effect": 0.1})
    registry_of(host).close()
    assert known(where, PRICE)[0]["retries"] == 5
    again = Host()
    f = poet(host=again, store=where)(price)
    f()
    subject = plan_of(f).learner.subject
    assert subject.current.evidence == {"n": 40, "effect": 0.1}
    plan_of(f).learner.roll_back()
    registry_of(again).close()
    assert known(where, PRICE)[0]["retries"] == 3


def test_the_store_of_the_host_is_everybodys(where):
    host = Host(store=where)
    f = poet(host=host)(price)
    f()
    registry_of(host).close()
    assert known(where, PRICE)[1].count == 1


def test_a_function_that_is_never_called_asks_no_store(tmp_path):
    host = Host()
    poet(host=host, store=str(tmp_path / "never.db"))(price)
    registry_of(host).close()
    assert not (tmp_path / "never.db").exists()


def test_figures_of_functions_that_are_gone_are_saved(where):
    host = Host()
    f = poet(host=host, store=where)(lambda: 1)
    f()
    name = plan_of(f).learner.id
    del f
    gc.collect()
    registry_of(host).save()
    registry_of(host).close()
    assert known(where, name)[1].count == 1


def test_figures_are_saved_from_time_to_time(where, monkeypatch):
    monkeypatch.setattr(subjects, "SAVE_S", 0.001)
    host = Host()
    f = poet(host=host, store=where)(price)
    f()
    keeper = plan_of(f).learner.keeper
    for _ in range(1000):
        if known(where, PRICE)[1].count:
            break
    assert known(where, PRICE)[1].count == 1
    keeper.close()


def test_coroutines_have_learnings_too(where):
    put(where, retries=1)
    host = Host()

    async def price(x):
        calls.append(x)
        raise ConnectionError("no")

    calls = []
    f = poet(host=host, store=where, backoff=0)(price)
    f.__poet__.learner.id = f.__poet__.learner.subject.id = PRICE
    with pytest.raises(ConnectionError):
        asyncio.run(f(1))
    assert calls == [1, 1]
    registry_of(host).close()


# --- stores that fail ----------------------------------------------------------------------------


class Broken(SqliteStore):
    works = False

    def _transaction(self, statements):
        if not self.works and any("poet_p" in text and "CREATE" not in text for text, _values in statements):
            raise OSError("the disk is gone")
        return super()._transaction(statements)


def test_a_store_that_fails_costs_no_call_and_is_told_once(tmp_path):
    said = []
    host = Host()
    host.log = lambda _level, text: said.append(text)
    folder = tmp_path / "file"
    folder.write_text("no folder")
    f = poet(host=host, store=str(folder / "x.db"))(price)
    assert [f(n) for n in range(3)] == [0, 1, 2]
    registry_of(host).close()
    assert len(said) == 1
    assert said[0].startswith("what is learnt cannot be kept: ")
    assert f(4) == 4


def test_what_a_store_holds_is_not_replaced_by_less(where, monkeypatch):
    first = Host()
    f = poet(host=first, store=where)(price)
    for n in range(5):
        f(n)
    registry_of(first).close()

    store = Broken(where)
    learnings = LearningStore(store, on_problem=lambda _problem: None)
    host = Host(store=learnings)
    g = poet(host=host)(price)
    g()
    assert status(g)["calls"] == 1
    store.works = True
    monkeypatch.setattr("dana.poet.learning.RETRY_S", 0.0)
    learnings._ask_again = 1e-9
    registry_of(host).close()
    assert known(where, PRICE)[1].count == 6


def test_a_store_of_somebody_elses_may_raise_anything(bench):
    class Odd(LearningStore):
        def load_subject(self, subject, domain="-"):
            raise ZeroDivisionError

    said = []
    registry_of(bench).warn = lambda _key, text: said.append(text)
    f = bench.poet(store=Odd("memory:"))(price)
    assert f(3) == 3
    assert len(said) == 1


# --- feedback ------------------------------------------------------------------------------------


def test_feedback_about_a_call_by_its_id_and_about_a_function(where):
    host = Host()
    seen = []
    f = poet(host=host, store=where, train_handler=lambda call, _value, _figures: seen.append(call))(price)
    f("tea")
    feedback(seen[0].id, ok=False, failure="too dear", host=host)
    feedback(seen[0], score=0.5, host=host)
    feedback(f, comment="fine", host=host)
    registry_of(host).close()
    store = LearningStore(where)
    said = [entry for _at, entry in store.feedback(PRICE)]
    assert said[2] == {"call": seen[0].id, "signature": "x: str", "ok": False, "failure": "too dear"}
    assert said[1]["score"] == 0.5
    assert said[0] == {"comment": "fine"}
    analysed = store.analyze_patterns(PRICE)
    assert (analysed["mean_score"], analysed["failures"]) == (0.5, {"too dear": 1})
    store.close()


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"score": 2}, "a score is from 0 to 1"),
        ({"score": True}, "a score is from 0 to 1"),
        ({"ok": 1}, "ok is true or false"),
        ({"failure": 3}, "failure is a text"),
        ({}, "says nothing"),
    ],
)
def test_feedback_that_says_nothing_sensible(bench, said, what):
    f = bench.poet(store="memory:")(price)
    with pytest.raises(POETConfigError, match=what) as caught:
        feedback(f, **said, host=bench)
    assert caught.value._code == "E806"


def test_feedback_needs_a_store_and_a_call_that_is_known(bench):
    f = bench.poet()(price)
    with pytest.raises(POETConfigError, match="it has no store"):
        feedback(f, ok=True, host=bench)
    with pytest.raises(POETConfigError, match="no call 'x-1' is known"):
        feedback("x-1", ok=True, host=bench)


def test_only_the_last_calls_are_remembered(bench, monkeypatch):
    monkeypatch.setattr(subjects, "KEPT_CALLS", 2)
    calls = []
    f = bench.poet(store="memory:", train_handler=lambda call, _v, _f: calls.append(call.id))(price)
    for n in range(3):
        f(n)
    assert list(registry_of(bench).recent) == calls[1:]


# --- programs ------------------------------------------------------------------------------------

PROGRAM = """
from poet import status

@poet(retries=2, train_handler=lambda call, value, figures: feedback(call, score=0.8))
def double(x: int) -> int:
    return 2 * x

double(4)
print(status(double)["calls"])
"""


def test_a_program_remembers_in_the_engines_store(tmp_path):
    path = tmp_path / "prices.na"
    path.write_text(PROGRAM)
    store = f"sqlite:///{tmp_path}/run.db"
    printed = []
    for _ in range(2):
        Engine(store=store, on_print=printed.append).run(str(path))
    assert "".join(printed).split() == ["1", "2"]
    learnings = LearningStore(store)
    assert [entry["score"] for _at, entry in learnings.feedback("prices.double")] == [0.8, 0.8]
    learnings.close()


def test_a_program_may_name_a_store_only_where_it_may_write(tmp_path):
    text = f"@poet(store='{tmp_path}/x.db')\ndef f() -> int:\n    return 1\n\nf()\n"
    with pytest.raises(dana.Denied):
        Engine().run(text)
    assert not (tmp_path / "x.db").exists()
    engine = Engine(allow=dana.Allow(write=[str(tmp_path)]))
    engine.run(text)
    assert known(f"{tmp_path}/x.db", "text.f")[1].count == 1


@pytest.mark.parametrize("where", ["", "mysql://x", "sqlite:x"])
def test_what_is_no_store_is_refused(bench, where):
    with pytest.raises(POETConfigError):
        bench.poet(store=where)(price)


def test_stores_on_other_machines_need_the_network():
    with pytest.raises(dana.Denied):
        Engine().run("@poet(store='postgresql://u@db.example/x')\ndef f() -> int:\n    return 1\n")


def test_the_folder_of_a_project_is_its_store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    engine = Engine()
    engine.poet_store = "auto"
    engine.run(PROGRAM.replace("feedback(call, score=0.8)", "none"))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".poet").mkdir()
    engine.run(PROGRAM)
    assert known(str(tmp_path / ".poet" / "parameters.db"), "text.double")[1].count == 1


def test_a_store_error_has_words():
    assert str(StoreError("no", "hint")) == "no"


def test_a_run_that_is_repeated_reaches_no_store(tmp_path):
    path, store = tmp_path / "prices.na", f"{tmp_path}/learnt.db"
    path.write_text(PROGRAM.replace("retries=2,", f"retries=2, store='{store}',"))
    ledger = f"{tmp_path}/run.db"
    allow = dana.Allow(write=[str(tmp_path)])
    Engine(record=ledger, allow=allow, on_print=lambda _text: None).run(str(path))
    replayed = Engine(on_print=lambda _text: None).replay(ledger)
    assert replayed.departure is None
    assert known(store, "prices.double")[1].count == 1


def test_what_comes_after_the_end_is_not_kept(where):
    host = Host(store=where)
    f = poet(host=host)(price)
    registry_of(host).close()
    assert f(2) == 2
    assert known(where, PRICE)[1].count == 0


def test_a_store_of_the_host_is_flushed_not_closed(where):
    learnings = LearningStore(where)
    host = Host(store=learnings)
    poet(host=host)(price)()
    registry_of(host).close()
    registry_of(host).close()
    assert learnings.load_calls(PRICE).count == 1
    learnings.close()


def test_a_program_that_has_gone_is_saved_all_the_same(where, monkeypatch):
    monkeypatch.setattr(subjects, "SAVE_S", 0.001)
    host = Host(store=where)
    f = poet(host=host)(price)
    f()
    keeper = plan_of(f).learner.keeper
    del f, host
    gc.collect()
    for _ in range(1000):
        if keeper.is_closed and known(where, PRICE)[1].count:
            break
        sleep(0.005)
    assert keeper.is_closed
    assert known(where, PRICE)[1].count == 1
