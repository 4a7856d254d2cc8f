"""Figures of decorated functions for Prometheus: calls by outcome, how long they took, failed attempts, breakers.

Nothing is counted here: every function counts its calls anyway, and a scrape reads the counters. Functions of the same
name count together, and those of programs that have ended stay in the sums, as counters must.

| name | labels | what |
|---|---|---|
| `dana_poet_calls_total` | `function`, `outcome` | calls, by how they ended |
| `dana_poet_call_duration_seconds` | `function`, `le` | how long they took |
| `dana_poet_failed_attempts_total` | `function` | attempts that failed, also of calls that succeeded in the end |
| `dana_poet_breaker_state` | `function`, `state` | 1 for the state the circuit breaker is in |
"""

from __future__ import annotations

from weakref import ref

from dana.adaptive.breaker import CLOSED, DISABLED, FORCED_OPEN, HALF_OPEN, OPEN
from dana.adaptive.statistics import OUTCOMES, Calls
from dana.poet.exporters.base import Exporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from dana.poet.plan import Plan

# Upper bounds of the durations that are told apart, in seconds.
BOUNDS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0)
STATES = (CLOSED, OPEN, HALF_OPEN, FORCED_OPEN, DISABLED)


class Prometheus(Exporter):
    """A collector in `registry`, a `prometheus_client.CollectorRegistry` (one of its own if none is given).

    Raises `UsageError` when prometheus-client is not installed.
    """

    def __init__(self, registry: Any = None) -> None:
        try:
            import prometheus_client
        except ImportError:
            from dana.errors import UsageError

            msg = "figures for Prometheus need the package prometheus-client: pip install 'dana[otel]'"
            raise UsageError(msg) from None
        self.registry = prometheus_client.CollectorRegistry() if registry is None else registry
        self._alive: dict[ref[Plan], tuple[str, Calls]] = {}
        self._gone: dict[str, Calls] = {}
        self.registry.register(self)

    def decorated(self, plan: Plan) -> None:
        """One more function to read the counters of."""
        self._alive[ref(plan, self._ended)] = (plan.name, plan.calls)

    def _ended(self, plan: ref[Plan]) -> None:
        name, calls = self._alive.pop(plan)
        self._gone.setdefault(name, Calls()).merge(calls)

    def text(self) -> str:
        """What a scrape answers, in Prometheus's text format."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry).decode()

    def describe(self) -> list[Any]:
        """Nothing to say before there are functions; without this a registry would collect at once."""
        return []

    def collect(self) -> Iterator[Any]:
        """The families of figures, as a registry asks for them."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        calls = CounterMetricFamily("dana_poet_calls", "Calls by how they ended", labels=["function", "outcome"])
        took = HistogramMetricFamily("dana_poet_call_duration_seconds", "How long calls took", labels=["function"])
        failed = CounterMetricFamily("dana_poet_failed_attempts", "Attempts that failed", labels=["function"])
        for name, figures in sorted(self._figures().items()):
            for outcome, count in zip(OUTCOMES, figures.outcomes, strict=True):
                calls.add_metric([name, outcome], count)
            times = figures.times
            buckets = [(repr(bound), times.below(bound)) for bound in BOUNDS]
            took.add_metric([name], [*buckets, ("+Inf", times.count)], sum_value=times.total)
            failed.add_metric([name], figures.failed)
        breakers = GaugeMetricFamily("dana_poet_breaker_state", "States of breakers", labels=["function", "state"])
        for name, state in self._breakers():
            for each in STATES:
                breakers.add_metric([name, each], float(each == state))
        yield from (calls, took, failed, breakers)

    def _figures(self) -> dict[str, Calls]:
        found: dict[str, Calls] = {}
        for name, calls in [*list(self._gone.items()), *list(self._alive.values())]:
            found.setdefault(name, Calls()).merge(calls)
        return found

    def _breakers(self) -> list[tuple[str, str]]:
        alive = [plan for each in list(self._alive) if (plan := each()) is not None]
        return [(plan.name, str(plan.breaker.state)) for plan in alive if plan.breaker is not None]
