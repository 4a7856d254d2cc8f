"""Exporters: what logs, Prometheus and OpenTelemetry are told of decorated functions (P148–P152)."""

from __future__ import annotations

import asyncio
import builtins
import gc
import logging
import subprocess
import sys

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

import dana
from dana import Engine, Source
from dana.poet import exporters
from dana.poet.exporters import Exporter, POETLogger, Prometheus, Spans, observe
from dana.poet.pipeline import plan_of
from dana.poet.python import Host, poet


class Instant:
    """A clock whose sleepers do not wait."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def watched(exporter: Exporter) -> Host:
    """A host whose functions an exporter observes."""
    host = Host(clock=Instant())
    observe(exporter, host)
    return host


def failing(times: int):
    """A function that fails so many times, with a secret in its words."""
    left = [times]

    def f(x: int) -> int:
        if left[0]:
            left[0] -= 1
            raise ConnectionError("no answer from https://ann:hunter2@example.com")
        return x * 2

    return f


# --- OpenTelemetry ------------------------------------------------------------------------------------


@pytest.fixture
def spans() -> tuple[Spans, InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return Spans(provider), kept


def test_a_span_for_each_call_with_an_event_for_each_stage_and_failed_attempt(spans) -> None:
    exporter, kept = spans
    f = poet(retries=3, breaker=True, host=watched(exporter))(failing(2))
    assert f(4) == 8
    (span,) = kept.get_finished_spans()
    assert span.name == "f"
    told = dict(span.attributes)
    assert told.pop("dana.call")
    assert told == {
        "dana.function": "f", "dana.outcome": "value", "dana.attempts": 3, "dana.breaker": "closed",
    }  # fmt: skip
    assert [event.name for event in span.events] == [
        "poet.perceive", "poet.attempt.failed", "poet.attempt.failed", "poet.operate", "poet.enforce",
    ]  # fmt: skip
    fault = next(e for e in span.events if e.name == "poet.attempt.failed").attributes
    assert (fault["number"], fault["stage"]) == (1, "operate")
    assert fault["fault"] == "ConnectionError: no answer from https://***@example.com"
    assert span.status.status_code is StatusCode.UNSET


def test_a_call_without_a_value_is_an_error(spans) -> None:
    exporter, kept = spans
    f = poet(retries=1, host=watched(exporter))(failing(9))
    with pytest.raises(ConnectionError, match="failed in 2 attempts"):
        f(1)
    (span,) = kept.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert "hunter2" not in span.status.description
    assert span.attributes["error.type"] == "POETOperateError"


def test_calls_inside_a_call_are_below_it(spans) -> None:
    exporter, kept = spans
    host = watched(exporter)
    inner = poet(host=host)(failing(0))

    @poet(host=host)
    def outer(x: int) -> int:
        return inner(x) + inner(x)

    outer(1)
    outer(1)
    found = kept.get_finished_spans()
    roots = [s for s in found if s.name == "outer"]
    assert [s.name for s in found] == ["f", "f", "outer"] * 2
    assert all(s.parent is None for s in roots)
    assert [s.parent.span_id for s in found[:2]] == [roots[0].context.span_id] * 2


def test_coroutines_side_by_side_do_not_mix(spans) -> None:
    exporter, kept = spans
    host = watched(exporter)

    @poet(host=host)
    async def step(x: int) -> int:
        await asyncio.sleep(0)
        return x

    @poet(host=host)
    async def whole(x: int) -> int:
        return await step(x)

    async def both() -> None:
        await asyncio.gather(whole(1), whole(2))

    asyncio.run(both())
    found = kept.get_finished_spans()
    wholes = {s.context.span_id for s in found if s.name == "whole"}
    assert {s.parent.span_id for s in found if s.name == "step"} == wholes
    assert len(wholes) == 2


def test_a_call_that_is_turned_away_has_a_span_too(spans) -> None:
    exporter, kept = spans
    host = watched(exporter)

    @poet(bulkhead=1, host=host)
    def f(again: bool) -> int:
        return f(False) if again else 1

    with pytest.raises(Exception, match="calls at once"):
        f(True)
    assert min(s.attributes["dana.outcome"] for s in kept.get_finished_spans()) == "POETBulkheadFullError"


def test_fallbacks_and_domains_are_attributes(spans) -> None:
    exporter, kept = spans

    def usual(score: object) -> int:
        return 0

    @poet(domain="financial_services", fallback=usual, host=watched(exporter))
    def f(score: object) -> int:
        raise ConnectionError("down")

    f("excellent")
    told = kept.get_finished_spans()[0].attributes
    assert (told["dana.fallback"], told["dana.outcome"], told["dana.domain"]) == (
        "usual", "degraded", "financial_services",
    )  # fmt: skip


# --- Prometheus ---------------------------------------------------------------------------------------


def lines_of(figures: Prometheus) -> dict[str, float]:
    rows = [line for line in figures.text().splitlines() if not line.startswith("#")]
    return {row.rpartition(" ")[0]: float(row.rpartition(" ")[2]) for row in rows}


def test_figures_are_those_of_the_function(tmp_path) -> None:
    figures = Prometheus()
    f = poet(retries=3, breaker=True, host=watched(figures))(failing(2))
    f(1)
    f(2)
    found = lines_of(figures)
    assert found['dana_poet_calls_total{function="f",outcome="succeeded"}'] == 1
    assert found['dana_poet_calls_total{function="f",outcome="retried"}'] == 1
    assert found['dana_poet_failed_attempts_total{function="f"}'] == 2
    assert found['dana_poet_breaker_state{function="f",state="closed"}'] == 1
    assert found['dana_poet_breaker_state{function="f",state="open"}'] == 0
    assert found['dana_poet_call_duration_seconds_bucket{function="f",le="+Inf"}'] == 2
    assert found['dana_poet_call_duration_seconds_count{function="f"}'] == 2


def test_a_function_that_only_has_figures_stays_on_the_fast_way() -> None:
    f = poet(host=watched(Prometheus()))(failing(0))
    assert plan_of(f).observer is None
    assert plan_of(f).is_simple


def test_figures_of_programs_that_ended_stay() -> None:
    figures = Prometheus()
    engine = Engine(cache=False, on_print=lambda _t: None)
    engine.observe(figures)
    text = "@poet\ndef twice(x: int) -> int:\n    return x * 2\nprint(twice(1), twice(2))\n"
    for _ in range(3):
        engine.run(Source("<text>", text))
    gc.collect()
    assert lines_of(figures)['dana_poet_calls_total{function="twice",outcome="succeeded"}'] == 6
    assert not figures._alive
    assert "dana_poet_breaker_state{" not in figures.text()


def test_functions_decorated_before_are_counted_as_well() -> None:
    host = Host(clock=Instant())
    f = poet(host=host)(failing(0))
    f(1)
    figures = Prometheus()
    observe(figures, host)
    assert lines_of(figures)['dana_poet_calls_total{function="f",outcome="succeeded"}'] == 1


def test_the_sum_of_durations_is_right_within_its_buckets() -> None:
    from dana.adaptive.statistics import Histogram

    values = [0.0007, 0.003, 0.003, 0.4, 2.5, 61.0]
    times = Histogram()
    for value in values:
        times.add(value)
    assert times.total == pytest.approx(sum(values), rel=0.0626)
    assert [times.below(bound) for bound in (0.0001, 0.001, 0.005, 1.0, 100.0)] == [0, 1, 3, 4, 6]


# --- logs -----------------------------------------------------------------------------------------------


def test_every_event_is_a_log_record_with_fields(caplog) -> None:
    caplog.set_level(logging.DEBUG, "dana.poet")
    f = poet(retries=2, host=watched(POETLogger()))(failing(1))
    f(3)
    told = [(r.levelname, r.poet) for r in caplog.records]
    assert [level for level, _ in told] == ["DEBUG", "DEBUG", "WARNING", "DEBUG", "DEBUG", "INFO"]
    assert told[0][1]["retries"] == 2
    assert told[2][1] == {
        "function": "f", "call": told[0][1]["call"], "attempt": 1, "stage": "operate",
        "fault": "ConnectionError: no answer from https://***@example.com",
    }  # fmt: skip
    assert caplog.records[2].poet_stage == "operate"
    assert [fields["stage"] for _, fields in told[3:5]] == ["operate", "enforce"]
    assert all(fields["duration"] >= 0 for _, fields in told[3:5])
    assert (told[5][1]["outcome"], told[5][1]["attempts"]) == ("value", 2)
    assert caplog.records[5].getMessage().startswith("f: a value in 2 attempts")


def test_a_refused_result_and_a_call_without_value(caplog) -> None:
    caplog.set_level(logging.DEBUG, "dana.poet")

    def small(result: int) -> int:
        if result > 1:
            raise ValueError("too large")
        return result

    f = poet(retries=1, enforce_handler=small, host=watched(POETLogger()))(failing(0))
    with pytest.raises(Exception, match="no acceptable result"):
        f(3)
    refused = [r.poet for r in caplog.records if getattr(r, "poet_ok", True) is False]
    assert [each["stage"] for each in refused] == ["enforce", "enforce"]
    last = caplog.records[-1]
    assert last.levelname == "ERROR"
    assert last.poet["outcome"] == "POETEnforceError"
    assert "too large" in last.poet["fault"]


def test_a_value_from_a_fallback_says_from_which(caplog) -> None:
    caplog.set_level(logging.INFO, "dana.poet")

    def usual(x: int) -> int:
        return 0

    f = poet(fallback=usual, host=watched(POETLogger()))(failing(9))
    assert f(1) == 0
    assert "a value from usual" in caplog.records[-1].getMessage()


def test_what_is_learnt_is_logged(caplog) -> None:
    caplog.set_level(logging.INFO, "dana.poet")
    f = poet(host=watched(POETLogger()))(failing(0))
    plan_of(f).adopt({"retries": 4})
    assert caplog.records[-1].getMessage() == "f: learnt retries = 4"
    assert caplog.records[-1].poet["updates"] == {"retries": 4}
    plan_of(f).adopt({})
    assert caplog.records[-1].getMessage() == "f: learnt nothing; what is written holds"


def test_a_logger_that_takes_nothing_costs_nothing() -> None:
    quiet = logging.getLogger("dana.tests.quiet")
    quiet.setLevel(logging.CRITICAL + 1)
    f = poet(host=watched(POETLogger(quiet)))(failing(0))
    assert plan_of(f).observer is None


# --- what exporters share -------------------------------------------------------------------------------


class Broken(Exporter):
    """Fails at everything."""

    def decorated(self, plan) -> None:
        raise OSError("disk full")

    def learnt(self, plan, values) -> None:
        raise OSError("disk full")

    def observer(self, plan):
        return self

    def start(self, status) -> None:
        raise OSError("disk full")

    def end(self, status, value, error) -> None:
        raise OSError("disk full")


def test_an_exporter_that_fails_costs_no_result_and_is_named_once(caplog) -> None:
    f = poet(host=watched(Broken()))(failing(0))
    assert [f(1), f(2)] == [2, 4]
    plan_of(f).adopt({"retries": 1})
    said = [r.getMessage() for r in caplog.records]
    assert said == ["the exporter Broken failed: OSError: disk full"]


def test_an_audit_trail_and_an_exporter_see_the_same_call(spans) -> None:
    exporter, kept = spans
    engine = Engine(cache=False, on_print=lambda _t: None)
    engine.observe(exporter)
    text = "@poet(audit_trail=true)\ndef twice(x: int) -> int:\n    return x * 2\nprint(twice(1))\n"
    module = engine.load(Source("<m>", text), name="m")
    (span,) = kept.get_finished_spans()
    ends = module._run.program.ledger.events("poet.call.end")
    assert [event.act for event in ends] == [span.attributes["dana.call"]]


def test_what_is_no_exporter_is_refused() -> None:
    with pytest.raises(dana.UsageError, match="observe takes an exporter"):
        Engine().observe(print)  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="no attribute 'Graphite'"):
        exporters.Graphite  # noqa: B018
    assert Exporter().observer(None) is None
    assert Exporter().learnt(None, {}) is None


@pytest.mark.parametrize(("package", "exporter"), [("prometheus_client", "Prometheus"), ("opentelemetry", "Spans")])
def test_a_missing_package_is_named(package, exporter, monkeypatch) -> None:
    made = getattr(exporters, exporter)
    usual = builtins.__import__

    def missing(name, *args, **keywords):
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return usual(name, *args, **keywords)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(dana.UsageError, match=r"pip install 'dana\[otel\]'"):
        made()


def test_nothing_is_loaded_that_is_not_used() -> None:
    code = (
        "import sys, dana\nfrom dana.poet.python import poet\n@poet\ndef f(x): return x\nf(1)\n"
        "print([m for m in sys.modules if m.startswith(('opentelemetry', 'prometheus', 'dana.poet.exporters'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_the_record_cuts_and_names() -> None:
    from dana.poet.observing import MAX_DEPTH, MAX_ITEMS, plain

    deep: object = 1
    for _ in range(MAX_DEPTH + 2):
        deep = [deep]
    assert str(plain(deep)).count("[") >= MAX_DEPTH
    assert len(plain(list(range(MAX_ITEMS + 50)))) == MAX_ITEMS
    assert plain({1: {2}}) == {"1": [2]}
    assert plain(len) == "len"
