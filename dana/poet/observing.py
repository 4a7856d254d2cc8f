"""Calls on record: what a function with `audit_trail` did, in the ledger (P145, P146).

    poet.call.start   audit   before anything is done: function, arguments, configuration that differs from the defaults
    poet.notes        keep    what the domain changed in the arguments, and what of it is an estimate
    poet.attempt      keep    an attempt that failed: its number, stage and fault
    poet.stage        sample  a stage is done
    poet.call.end     audit   the outcome, the result or the error, how long it took, who interrupted, and
                          what the domain says for the record

A record that cannot be stored before the call is an error of the call: without it the effect must not happen.
"""

from __future__ import annotations

from dana.poet.errors import said
from dana.poet.options import OPTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.adaptive.ledger import Ledger
    from dana.adaptive.perform import Attempt
    from dana.poet.state import POETStatus

MAX_TEXT = 2000
MAX_DEPTH = 6
MAX_ITEMS = 200


class LedgerObserver:
    """Writes what happens in a call to a ledger."""

    __slots__ = ("ledger",)

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def start(self, status: POETStatus) -> None:
        """The call is about to begin. Raises `JournalError` when that cannot be stored."""
        config = status.config
        said_ = {n: plain(getattr(config, n)) for n in OPTIONS if config.origins[n] != "default"}
        data = {"arguments": plain(status.perceived_input), "options": said_}
        if status.learnings_applied:
            data["learnt"] = list(status.learnings_applied)
        self.ledger.audit("poet.call.start", status.function_name, data, act=status.execution_id)

    def stage(self, status: POETStatus, stage: str, *, ok: bool) -> None:
        """A stage is done."""
        act, name = status.execution_id, status.function_name
        self.ledger.sample("poet.stage", name, {"stage": stage, "ok": ok, "attempt": status.attempt}, act=act)
        if stage == "perceive" and status.notes:
            notes = [
                {
                    "parameter": n.parameter,
                    "before": plain(n.before),
                    "after": plain(n.after),
                    "how": n.how,
                    "estimated": n.estimated,
                }
                for n in status.notes
            ]
            self.ledger.keep("poet.notes", name, notes, act=act)

    def attempt(self, status: POETStatus, attempt: Attempt) -> None:
        """An attempt failed."""
        stage = "enforce" if attempt.refused else "operate"
        data = {"number": attempt.number, "stage": stage, "fault": said(attempt.fault)[:MAX_TEXT]}
        self.ledger.keep("poet.attempt", status.function_name, data, act=status.execution_id)

    def end(self, status: POETStatus, value: Any, error: BaseException | None) -> None:
        """The call is over. Raises `JournalError` when that cannot be stored."""
        data: dict[str, Any] = {"outcome": status.outcome, "took_s": status.took, "attempts": status.attempt}
        if error is None:
            data["value"] = plain(value)
        else:
            data["error"] = said(error)[:MAX_TEXT]
        if status.questions is not None and status.questions.own.answers:
            data["models"] = status.questions.own.to_data()
            if status.questions.picked:
                data["prompts"] = dict(status.questions.picked)
        if status.degraded:
            data["fallback"] = status.degraded
        if status.records:
            data["records"] = plain(status.records, MAX_DEPTH + 2)
        if status.faults:
            data["plugin_faults"] = list(status.faults)
        if status.interrupt_signals:
            data["signals"] = [
                {"stage": s.target_stage, "kind": s.feedback_type, "data": plain(s.feedback_data), "at": s.timestamp}
                for s in status.interrupt_signals
            ]
        self.ledger.audit("poet.call.end", status.function_name, data, act=status.execution_id)


def opened(store: str | None, clock: Any, log: Callable[[str, str], object]) -> Ledger:
    """The ledger of a program: in the file its store names, else in memory. Raises `JournalError`."""
    from time import time

    from dana.adaptive.journal import Journal
    from dana.adaptive.ledger import Ledger

    path = (store or "").removeprefix("sqlite:///")
    journal = Journal(path) if store is not None and store.startswith("sqlite:///") else None

    def complain(error: Exception) -> None:
        log("warning", f"the ledger cannot be stored: {error}")

    return Ledger(journal, now=getattr(clock, "time", time), on_problem=complain)


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    from dana.runtime.typevalues import safe_repr

    return safe_repr(value)


def plain(value: Any, depth: int = MAX_DEPTH) -> Any:
    """A value as the ledger takes it: data as it is, structs by their fields, functions by name, the rest as text."""
    if value is None or value.__class__ in (bool, int, float):
        return value
    if value.__class__ is str:
        return value[:MAX_TEXT]
    if depth and isinstance(value, dict):
        return {
            (k if isinstance(k, str) else _word(k))[:MAX_TEXT]: plain(v, depth - 1)
            for k, v in list(value.items())[:MAX_ITEMS]
        }
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth - 1) for item in list(value)[:MAX_ITEMS]]
    to_dict = getattr(value, "to_dict", None)
    if depth and callable(to_dict):
        return plain(to_dict(), depth - 1)
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else _word(value)[:MAX_TEXT]
