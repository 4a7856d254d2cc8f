"""A span for each call of a decorated function, with an event for each stage and each failed attempt (OpenTelemetry).

Spans are named like the function and nest as calls do: what a call makes itself (other decorated functions, HTTP
clients with instrumentation of their own) is below it. Their attributes say how the call ended; arguments and results
are in none of them, and secrets are taken out of the texts of faults.
"""

from __future__ import annotations

from dana.adaptive.redaction import Redactor
from dana.poet.errors import said
from dana.poet.exporters.base import Exporter
from dana.poet.observing import MAX_TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.adaptive.perform import Attempt
    from dana.poet.plan import Plan
    from dana.poet.state import POETStatus


class Spans(Exporter):
    """Spans of `provider`, an OpenTelemetry `TracerProvider` (the process's own if none is given).

    Raises `UsageError` when OpenTelemetry is not installed.
    """

    def __init__(self, provider: Any = None) -> None:
        try:
            from opentelemetry import trace
        except ImportError:
            from dana.errors import UsageError

            msg = "spans need the package opentelemetry-sdk: pip install 'dana[otel]'"
            raise UsageError(msg) from None
        from dana.abi import VERSION

        self.tracer = trace.get_tracer("dana.poet", VERSION, tracer_provider=provider)
        self.redactor = Redactor()

    def observer(self, plan: Plan) -> _CallSpans:
        """Who sees each call of a function."""
        return _CallSpans(self.tracer, self.redactor, plan)


class _CallSpans:
    """The calls of one function."""

    __slots__ = ("_open", "_plan", "_redactor", "_tracer")

    def __init__(self, tracer: Any, redactor: Redactor, plan: Plan) -> None:
        self._tracer = tracer
        self._redactor = redactor
        self._plan = plan
        # The span of each call under way, and the context to go back to.
        self._open: dict[str, tuple[Any, Any]] = {}

    def start(self, status: POETStatus) -> None:
        from opentelemetry import context, trace

        before = context.get_current()
        config = status.config
        attributes = {"dana.function": status.function_name, "dana.call": status.execution_id}
        if config.domain:
            attributes["dana.domain"] = str(config.domain)
        span = self._tracer.start_span(status.function_name, context=before, attributes=attributes)
        self._open[status.execution_id] = span, before
        context.attach(trace.set_span_in_context(span, before))

    def stage(self, status: POETStatus, stage: str, *, ok: bool) -> None:
        self._event(status, f"poet.{stage}", {"ok": ok, "attempt": status.attempt})

    def attempt(self, status: POETStatus, attempt: Attempt) -> None:
        stage = "enforce" if attempt.refused else "operate"
        facts = {"number": attempt.number, "stage": stage, "fault": self._words(attempt.fault)}
        self._event(status, "poet.attempt.failed", facts)

    def end(self, status: POETStatus, value: Any, error: BaseException | None) -> None:  # noqa: ARG002
        from opentelemetry import context
        from opentelemetry.trace import Status, StatusCode

        if status.execution_id not in self._open:  # it was turned away before it began
            self.start(status)
        span, before = self._open.pop(status.execution_id)
        # Not `detach`: the call may end in another context than the one in which it began.
        context.attach(before)
        span.set_attribute("dana.outcome", status.outcome)
        span.set_attribute("dana.attempts", status.attempt)
        if status.degraded:
            span.set_attribute("dana.fallback", status.degraded)
        if self._plan.breaker is not None:
            span.set_attribute("dana.breaker", str(self._plan.breaker.state))
        if error is not None:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(Status(StatusCode.ERROR, self._words(error)))
        span.end()

    def _event(self, status: POETStatus, name: str, facts: dict[str, Any]) -> None:
        found = self._open.get(status.execution_id)
        if found is not None:
            found[0].add_event(name, facts)

    def _words(self, fault: BaseException) -> str:
        return self._redactor.text(said(fault)[:MAX_TEXT])
