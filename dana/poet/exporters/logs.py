"""The logger `dana.poet`: what calls do, as log records with fields (P148–P150, P166).

| what | level | fields besides `function`, `call` |
|---|---|---|
| a call begins | DEBUG | `retries` |
| a stage is done | DEBUG | `stage`, `ok`, `attempt`, `duration` (seconds) |
| an attempt failed | WARNING | `attempt`, `stage`, `fault` |
| a call gave a value at once | DEBUG | `outcome`, `attempts`, `duration` |
| … after retries, or from a fallback | INFO | the same |
| a call gave no value | ERROR | the same, `fault` |
| other values were learnt | INFO | `updates` |

Each field is an attribute of the record under `poet_…` (`record.poet_stage`), as logging's `extra` has it; all
together are `record.poet`, a dict, for handlers that write JSON. Arguments and results are in none of them.
"""

from __future__ import annotations

from logging import DEBUG, ERROR, INFO, WARNING, Logger, getLogger

from dana.adaptive.redaction import Redactor
from dana.poet.errors import said, seconds
from dana.poet.exporters.base import Exporter
from dana.poet.observing import MAX_TEXT, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from dana.adaptive.perform import Attempt
    from dana.poet.plan import Plan
    from dana.poet.state import POETStatus


class POETLogger(Exporter):
    """Writes to a logger, `dana.poet` if none is given; functions are observed if it takes errors at decoration."""

    def __init__(self, logger: Logger | None = None) -> None:
        self.logger = getLogger("dana.poet") if logger is None else logger
        self.redactor = Redactor()

    def observer(self, plan: Plan) -> _CallLog | None:
        """Who sees each call of a function."""
        return _CallLog(self, plan) if self.logger.isEnabledFor(ERROR) else None

    def learnt(self, plan: Plan, values: Mapping[str, Any]) -> None:
        """A function calls with other values of its options from now on."""
        self.log_learning_update(plan.name, values)

    def log_execution_start(self, status: POETStatus) -> None:
        """A call begins."""
        self._log(DEBUG, "call begins", status.function_name, status.execution_id, {"retries": status.max_retries})

    def log_stage_completion(self, stage: str, status: POETStatus, duration: float, *, ok: bool = True) -> None:
        """A stage is done, `duration` seconds after the one before."""
        fields = {"stage": stage, "ok": ok, "attempt": status.attempt, "duration": duration}
        text = f"{stage} {'done' if ok else 'refused the result'} after {seconds(duration)}"
        self._log(DEBUG, text, status.function_name, status.execution_id, fields)

    def log_attempt(self, status: POETStatus, attempt: Attempt) -> None:
        """An attempt failed."""
        stage = "enforce" if attempt.refused else "operate"
        fault = self.redactor.text(said(attempt.fault)[:MAX_TEXT])
        fields = {"attempt": attempt.number, "stage": stage, "fault": fault}
        text = f"attempt {attempt.number} failed: {fault}"
        self._log(WARNING, text, status.function_name, status.execution_id, fields)

    def log_execution_end(self, status: POETStatus, error: BaseException | None) -> None:
        """A call is over."""
        fields = {"outcome": status.outcome, "attempts": status.attempt, "duration": status.took}
        tries = f"in {status.attempt} attempt{'s' * (status.attempt != 1)}, {seconds(status.took)}"
        if error is not None:
            fault = fields["fault"] = self.redactor.text(said(error)[:MAX_TEXT])
            self._log(ERROR, f"no value {tries}: {fault}", status.function_name, status.execution_id, fields)
            return
        source = f"a value from {status.degraded}" if status.degraded else "a value"
        level = INFO if status.degraded or status.attempt > 1 else DEBUG
        self._log(level, f"{source} {tries}", status.function_name, status.execution_id, fields)

    def log_learning_update(self, function: str, updates: Mapping[str, Any]) -> None:
        """A function calls with other values of its options from now on: the names and their values."""
        changed = self.redactor.data(plain(dict(updates)))
        listed = ", ".join(f"{name} = {value!r}" for name, value in changed.items()) or "nothing; what is written holds"
        self._log(INFO, f"learnt {listed}", function, "", {"updates": changed})

    def _log(self, level: int, text: str, function: str, call: str, fields: dict[str, Any]) -> None:
        if self.logger.isEnabledFor(level):
            told = {"function": function, "call": call, **fields}
            extra = {"poet": told, **{f"poet_{name}": value for name, value in told.items()}}
            self.logger.log(level, "%s: %s", function, text, extra=extra)


class _CallLog:
    """The calls of one function."""

    __slots__ = ("_clock", "_log", "_since")

    def __init__(self, log: POETLogger, plan: Plan) -> None:
        self._log = log
        self._clock = plan.clock
        # When the last stage of a call under way ended.
        self._since: dict[str, float] = {}

    def start(self, status: POETStatus) -> None:
        self._since[status.execution_id] = status.start_time
        self._log.log_execution_start(status)

    def stage(self, status: POETStatus, stage: str, *, ok: bool) -> None:
        now = self._clock()
        before = self._since.get(status.execution_id, status.start_time)
        self._since[status.execution_id] = now
        self._log.log_stage_completion(stage, status, now - before, ok=ok)

    def attempt(self, status: POETStatus, attempt: Attempt) -> None:
        self._log.log_attempt(status, attempt)

    def end(self, status: POETStatus, value: Any, error: BaseException | None) -> None:  # noqa: ARG002
        self._since.pop(status.execution_id, None)
        self._log.log_execution_end(status, error)
