"""What is known about one call while it runs: for handlers, for people, for the record (P43)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.poet.config import POETConfig
    from dana.poet.errors import Failure
    from dana.poet.facts import CodeContext
    from dana.poet.plan import Plan


class Call:
    """What a handler with a parameter for it is told about the call it judges.

    `arguments` by name, `attempt` from 1, `failures` so far (a list of `Failure`, newest last), `guidance`: what people
    said (texts), `notes`: what a domain changed in the arguments (texts), `context_window` in tokens, `learnt`: the
    options that have what was learnt, `id`: what feedback about the call names ("" for calls nobody can name).
    """

    __slots__ = (
        "_plan",
        "arguments",
        "attempt",
        "context_window",
        "failures",
        "function",
        "guidance",
        "id",
        "learnt",
        "notes",
    )

    def __init__(
        self,
        function: str,
        arguments: dict[str, Any],
        attempt: int,
        failures: list[Failure],
        guidance: list[str] | None = None,
        notes: list[str] | None = None,
        context_window: int = 0,
        id: str = "",  # noqa: A002  (its name everywhere)
        learnt: list[str] | None = None,
        plan: Plan | None = None,
    ) -> None:
        self._plan = plan
        self.id = id
        self.learnt = [] if learnt is None else learnt
        self.function = function
        self.arguments = arguments
        self.attempt = attempt
        self.failures = failures
        self.guidance = [] if guidance is None else guidance
        self.notes = [] if notes is None else notes
        self.context_window = context_window

    @property
    def context(self) -> CodeContext:
        """What the code says about the function: docs, annotations, where it is called (P67)."""
        from dana.poet.facts import CodeContext

        return CodeContext(self.function) if self._plan is None else self._plan.context

    @property
    def expected(self) -> str:
        """The type of result that is expected, as it is written; "" when nobody says (P70)."""
        return self.context.expected

    @property
    def signature(self) -> str:
        """The shape of the input: names and types, no values (P68)."""
        from dana.poet.facts import signature_of

        return signature_of(self.arguments)

    @property
    def history(self) -> dict[str, Any]:
        """How the function's calls went so far: `calls`, `success_rate`, `p95` (seconds), `failures` (texts) (P75)."""
        plan = self._plan
        if plan is None:
            return {"calls": 0, "success_rate": 1.0, "p95": None, "failures": []}
        calls = plan.calls
        return {
            "calls": calls.count,
            "success_rate": calls.success_rate,
            "p95": calls.times.quantile(0.95) if calls.count else None,
            "failures": [text for _at, text in plan.failures],
        }

    def __repr__(self) -> str:
        return f"<attempt {self.attempt} of {self.function}>"


class POETStatus:
    """One call as its stages see it; made only where something observes calls.

    `start_time`: seconds of the host's clock; `attempt` from 1, 0 before the first; `perceived_input`: arguments by
    name; `notes`: what plugins changed; `guidance`: what people said; `faults`: plugins that failed and were left
    out; `degraded`: the fallback the value is from, "" for none; `outcome`: how it ended, "" while it runs.
    """

    __slots__ = (
        "attempt", "config", "degraded", "execution_id", "expected_output_type", "faults", "function_name", "guidance",
        "interrupt_signals", "is_internally_validated", "last_internal_failure", "learnings_applied", "max_retries",
        "notes", "outcome", "perceived_input", "questions", "raw_output", "records", "start_time", "took",
        "validated_output",
    )  # fmt: skip

    def __init__(self, execution_id: str, function_name: str, config: POETConfig, start_time: float) -> None:
        self.execution_id = execution_id
        self.function_name = function_name
        self.config = config
        self.start_time = start_time
        self.max_retries = config.retries
        self.attempt = 0
        self.last_internal_failure = ""
        self.is_internally_validated = False
        self.perceived_input: dict[str, Any] | None = None
        self.raw_output: Any = None
        self.validated_output: Any = None
        self.expected_output_type = ""
        self.learnings_applied: list[str] = []
        self.interrupt_signals: list[Any] = []
        self.notes: list[Any] = []
        self.guidance: list[str] = []
        self.faults: list[str] = []
        # What domains say of the result, for the record.
        self.records: list[dict[str, Any]] = []
        self.degraded = ""
        self.outcome = ""
        self.took = 0.0
        # What its questions to models have used (`dana.adaptive.sharing`); None where it asks nobody.
        self.questions: Any = None

    @property
    def last_failure(self) -> str:
        """The last failed attempt in a line; empty when none has failed."""
        return self.last_internal_failure

    def __repr__(self) -> str:
        return f"<{self.execution_id}: attempt {self.attempt} of {self.function_name}>"
