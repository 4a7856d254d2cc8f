from __future__ import annotations

import pytest

from dana.poet.errors import (
    POETBulkheadFullError,
    POETCircuitOpenError,
    POETConfigError,
    POETEnforceError,
    POETInterruptError,
    POETOperateError,
    POETPerceiveError,
    POETPluginError,
)
from dana.poet.explaining import configuration, explain, status
from dana.poet.interrupts import Signal
from dana.poet.pipeline import plan_of
from dana.poet.registry import registry_of


def failing(*faults, answer=1):
    left = list(faults)
    calls = []

    def f(x=0):
        calls.append(x)
        if left:
            raise left.pop(0)
        return answer

    f.calls = calls
    return f


def always(x=0):
    raise ConnectionError("down")


# --- breaker and bulkhead ----------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"fallback": None, "cache": True}], ids=["fast", "whole"])
def test_the_breaker_opens_and_finds_out_when_it_may_close(bench, more):
    faults = [ConnectionError("down")] * 2
    f = bench.poet(retries=0, breaker={"least": 2, "window": 4, "open_s": 10}, **more)(failing(*faults))
    for _ in range(2):
        with pytest.raises(ConnectionError):
            f()
    with pytest.raises(POETCircuitOpenError) as caught:
        f()
    assert caught.value.retry_after == 10
    assert status(f)["breaker"]["state"] == "open"
    bench.clock.advance(10)
    assert f() == 1
    assert status(f)["breaker"]["state"] == "closed"
    assert status(f)["outcomes"] == {"succeeded": 1, "failed": 2, "circuit open": 1}


def test_bugs_say_nothing_about_whom_is_called(bench):
    f = bench.poet(retries=0, breaker={"least": 1, "window": 1})(failing(TypeError("a bug"), TypeError("again")))
    for _ in range(2):
        with pytest.raises(TypeError):
            f()
    assert status(f)["breaker"]["state"] == "closed"


def test_retries_stop_when_the_breaker_opens(bench):
    f = bench.poet(retries=9, backoff=0, breaker={"least": 3, "window": 3})(always)
    with pytest.raises(POETCircuitOpenError) as caught:
        f()
    assert len(caught.value.attempts) == 3


def test_a_bulkhead_lets_so_many_in(bench):
    depth = []

    @bench.poet(bulkhead=2, priority="critical", retries=0)
    def f(n):
        depth.append(n)
        return f(n + 1)

    with pytest.raises(POETBulkheadFullError):
        f(0)
    assert depth == [0, 1]
    assert status(f)["bulkhead"] == {"limit": 2, "inside": 0, "refused": 1}


# --- deadlines of attempts ---------------------------------------------------------------------------


def test_an_attempt_that_takes_too_long_is_a_failed_one(bench):
    took = [5, 1]

    @bench.poet(attempt_timeout=2, timeout=60, retries=1, backoff=0)
    def f():
        bench.work(took.pop(0))
        return "done"

    assert f() == "done"
    assert status(f)["outcomes"] == {"retried": 1}


# --- fallback and cache ------------------------------------------------------------------------------


def test_the_first_fallback_that_works_gives_the_value(bench):
    f = bench.poet(retries=1, backoff=0, fallback=[always, lambda x=0: -x])(always)
    assert f(3) == -3
    assert status(f)["outcomes"] == {"degraded": 1}
    assert status(f)["last_failures"][-1].startswith("POETOperateError")


def test_no_fallback_hides_a_bug_or_gives_what_enforce_refuses(bench):
    with pytest.raises(NameError):
        bench.poet(fallback=lambda: 1)(failing(NameError("typo")))()

    def positive(value):
        if value < 0:
            raise ValueError("negative")
        return value

    with pytest.raises(POETOperateError):
        bench.poet(retries=1, backoff=0, enforce_handler=positive, fallback=lambda x=0: -1)(always)()


def test_results_are_kept_by_value_and_type_of_the_arguments(bench):
    calls = []

    @bench.poet(cache={"ttl": 10, "size": 2})
    def f(x, *, y=0):
        calls.append(x)
        return [x]

    first = f(1)
    first.append("changed")
    assert (f(1), f(1.0), f([1]), f([1]), f(1, y=2)) == ([1], [1.0], [[1]], [[1]], [1])
    assert calls == [1, 1.0, [1], [1], 1]
    bench.clock.advance(11)
    f(1)
    assert len(calls) == 6


# --- domains and plugins -----------------------------------------------------------------------------


def test_a_domain_reads_arguments_and_refuses_what_it_cannot(bench):
    f = bench.poet(domain="financial_services", retries=3)(lambda score, income: (score, income))
    assert f(income="$50,000", score="excellent") == (780, 50000.0)
    with pytest.raises(POETPerceiveError, match="`income`: 'a lot' is no amount"):
        f("good", "a lot")


def test_a_decision_the_domain_refuses_is_never_handed_out(bench):
    f = bench.poet(domain="finance", retries=1, backoff=0)(lambda score: {"approved": True, "rate": None})
    with pytest.raises(POETEnforceError, match="names no rate"):
        f(700)


def test_a_mistake_of_a_plugin_is_left_out_unless_safety_matters(bench, caplog):
    def broken(value):
        raise KeyError("oops")

    plugin = {"perceive": broken, "enforce": broken}
    assert bench.poet(custom_plugin=plugin)(lambda x: x)(4) == 4
    assert "was left out" in caplog.text
    with pytest.raises(POETPluginError):
        bench.poet(custom_plugin=plugin, safety_critical=True)(lambda x: x)(4)


def test_plugins_of_two_functions_change_and_refuse(bench):
    def positive(value):
        if value < 0:
            raise ValueError("negative")
        return value

    plugin = {"perceive": lambda arguments: {"x": int(arguments["x"])}, "enforce": positive}
    f = bench.poet(custom_plugin=plugin, retries=0)(lambda x: x)
    assert f("4") == 4
    with pytest.raises(POETEnforceError):
        f("-4")
    with pytest.raises(POETPerceiveError):
        f("four")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"domain": "financial_service"}, "did you mean"),
        ({"domain": "finance", "plugin_config": {"stric": True}}, "no setting `stric`"),
        ({"custom_plugin": {"percieve": abs}}, "did you mean 'perceive'"),
        ({"profile": "prod"}, "there is no profile"),
        ({"breaker": {"failures": 3}}, "no setting of a breaker"),
        ({"cache": {"ttl": 0}}, "got 0"),
        ({"learning": "onn"}, "did you mean 'on'"),
        ({"custom_plugin": object()}, "is no plugin"),
    ],
)
def test_what_is_wrong_is_said_where_the_decorator_stands(bench, options, message):
    with pytest.raises(POETConfigError, match=message):
        bench.poet(**options)(lambda score: score)


# --- interrupts --------------------------------------------------------------------------------------


def asked(bench, stage, signal, **options):
    manager = registry_of(bench).interrupts
    manager.on(stage, lambda _question: signal)
    return bench.poet(interrupts="on", backoff=0, **options)


@pytest.mark.parametrize(
    ("stage", "signal", "result"),
    [
        ("perceive", Signal("correction", {"x": 5}), 50),
        ("operate", Signal("correction", 6), 60),
        ("enforce", Signal("correction", 7), 7),
        ("perceive", Signal("override", "mine"), "mine"),
        ("operate", Signal("override", "mine"), "mine"),
        ("enforce", Signal("override", "mine"), "mine"),
        ("operate", Signal("guidance", "be careful"), 10),
        ("operate", None, 10),
    ],
)
def test_what_a_person_says_is_done(bench, stage, signal, result):
    assert asked(bench, stage, signal)(lambda x: x * 10)(1) == result


def test_a_denied_call_ends_and_guidance_on_a_result_asks_again(bench):
    with pytest.raises(POETInterruptError, match="a person denied"):
        asked(bench, "operate", Signal("denial"))(lambda x: x)(1)
    f = asked(bench, "enforce", Signal("guidance", "shorter"), retries=1)(lambda x: x)
    registry_of(bench).interrupts.on("operate", lambda _question: None)
    with pytest.raises(POETEnforceError, match="shorter"):
        f(1)


def test_nobody_is_asked_about_a_call_that_is_not_critical(bench):
    registry_of(bench).interrupts.on("*", lambda _question: Signal("denial"))
    assert bench.poet()(lambda x: x)(1) == 1
    with pytest.raises(POETInterruptError):
        bench.poet(safety_critical=True, backoff=0)(failing(ConnectionError("x")))()


# --- rollout, switches, train, record ----------------------------------------------------------------


def test_the_same_share_of_arguments_takes_the_pipeline(bench):
    f = bench.poet(rollout=0.25, enforce_handler=lambda value: -value)(lambda x: x)
    first = [f(n) < 0 for n in range(1, 401)]
    assert first == [f(n) < 0 for n in range(1, 401)]
    assert 60 < sum(first) < 140


def test_pipelines_can_be_switched_off_and_on(bench):
    f = bench.poet(enforce_handler=lambda value: -value)(lambda x: x)
    plan_of(f).switch(on=False)
    assert (f(1), status(f)["enabled"]) == (1, False)
    plan_of(f).switch(on=True)
    registry_of(bench).switch(on=False)
    g = bench.poet(audit_trail=True, enforce_handler=lambda value: -value)(lambda x: x)
    assert (f(1), g(1)) == (1, 1)
    registry_of(bench).switch(on=True)
    assert (f(1), g(1)) == (-1, -1)


def test_a_train_handler_is_told_and_its_mistakes_cost_nothing(bench, caplog):
    told = []
    f = bench.poet(train_handler=lambda call, value, figures: told.append((call.arguments, value, figures["attempts"])))
    assert f(lambda x: x)(3) == 3
    assert told == [({"x": 3}, 3, 1)]
    assert bench.poet(train_handler=lambda: None)(lambda x: x)(3) == 3
    assert "train_handler" in caplog.text
    assert bench.poet(train_handler=told.append, learning="off")(lambda x: x)(3) == 3


def test_an_audited_call_is_on_record_with_all_it_did(bench):
    f = bench.poet(audit_trail=True, domain="finance", retries=1, backoff=0, name="score")(
        failing(ConnectionError("x"), answer=720)
    )
    g = bench.poet(audit_trail=True, domain="finance", name="rate")(lambda score: score)
    assert (f(), g("excellent")) == (720, 780)
    events = registry_of(bench).ledger.events("poet.*")
    kinds = [event.kind for event in events if event.subject == "score"]
    assert kinds == [
        "poet.call.start", "poet.stage", "poet.attempt", "poet.stage", "poet.stage", "poet.call.end",
    ]  # fmt: skip
    (notes,) = [event.data for event in events if event.kind == "poet.notes"]
    assert (notes[0]["before"], notes[0]["after"], notes[0]["estimated"]) == ("excellent", 780, True)
    end = events[-1].data
    assert (end["outcome"], end["value"]) == ("value", 780)
    with pytest.raises(TypeError):
        bench.poet(audit_trail=True, name="bad")(lambda x: x + "1")(1)
    assert registry_of(bench).ledger.events("poet.call.end")[-1].data["outcome"] == "TypeError"


def test_explaining_tells_values_their_origins_and_what_happened(bench):
    f = bench.poet(profile="realtime", breaker=True, name="price")(failing(ConnectionError("x")))
    assert f() == 1
    text = explain(f)
    assert text.startswith("price: on\n")
    assert "retries = 1   (profile)" in text
    assert "breaker: state closed" in text
    assert "1 retried" in text
    assert configuration(f)["timeout"] == {"value": 5.0, "origin": "profile"}
    with pytest.raises(TypeError, match="is no function decorated"):
        explain(len)


def test_a_status_of_http_says_what_is_worth_another_attempt(bench):
    class Answer(Exception):
        def __init__(self, status, retry_after=None):
            self.status = status
            if retry_after is not None:
                self.retry_after = retry_after

    refused = failing(Answer(403))
    with pytest.raises(Answer):
        bench.poet(retries=3)(refused)()
    assert len(refused.calls) == 1
    busy = failing(Answer(429, 7), Answer(503))
    assert bench.poet(retries=3, backoff=0)(busy)() == 1
    assert sum(bench.clock.sleeps) == pytest.approx(7)


def test_testing_waits_for_nothing_and_shows_the_stages(bench):
    from dana.poet.testing import testing

    f = bench.poet(audit_trail=True, backoff=60)(failing(ConnectionError("x")))
    with testing(f, host=bench) as seen:
        assert f() == 1
    assert seen.stages(f) == ["perceive", "operate", "enforce"]
    assert seen.failures(f) == ["x"]
    assert bench.clock.sleeps == []
