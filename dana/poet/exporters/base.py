"""What an exporter is, and how several see one call."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Protocol

    from dana.adaptive.perform import Attempt
    from dana.poet.plan import Plan
    from dana.poet.state import POETStatus

    class Observer(Protocol):
        """Sees the calls of one function."""

        def start(self, status: POETStatus) -> None: ...
        def stage(self, status: POETStatus, stage: str, *, ok: bool) -> None: ...
        def attempt(self, status: POETStatus, attempt: Attempt) -> None: ...
        def end(self, status: POETStatus, value: Any, error: BaseException | None) -> None: ...


class Exporter:
    """Is told what there is; each method may be left as it is."""

    def decorated(self, plan: Plan) -> None:
        """A function was decorated; hold on to it no longer than the program does."""

    def learnt(self, plan: Plan, values: Mapping[str, Any]) -> None:
        """A function calls with other values of its options from now on."""

    def observer(self, plan: Plan) -> Observer | None:
        """Who sees each call of a function: None when nobody needs to, and the function stays as fast as it is."""
        del plan
        return None


class Fanout:
    """Several observers of one function. The first, the record, may refuse a call; what others fail at is only said."""

    __slots__ = ("_others", "_plan", "_record")

    def __init__(self, plan: Plan, record: Observer | None, others: Sequence[Observer]) -> None:
        self._plan = plan
        self._record = record
        self._others = others

    def start(self, status: POETStatus) -> None:
        """The call is about to begin."""
        if self._record is not None:
            self._record.start(status)
        self._tell("start", status)

    def stage(self, status: POETStatus, stage: str, *, ok: bool) -> None:
        """A stage is done."""
        if self._record is not None:
            self._record.stage(status, stage, ok=ok)
        self._tell("stage", status, stage, ok=ok)

    def attempt(self, status: POETStatus, attempt: Attempt) -> None:
        """An attempt failed."""
        if self._record is not None:
            self._record.attempt(status, attempt)
        self._tell("attempt", status, attempt)

    def end(self, status: POETStatus, value: Any, error: BaseException | None) -> None:
        """The call is over."""
        try:
            if self._record is not None:
                self._record.end(status, value, error)
        finally:
            self._tell("end", status, value, error)

    def _tell(self, what: str, *args: Any, **keywords: Any) -> None:
        for observer in self._others:
            try:
                getattr(observer, what)(*args, **keywords)
            except Exception as fault:  # noqa: BLE001  what watches a call must not cost its result
                failed(self._plan, observer, fault)


def failed(plan: Plan, who: object, fault: BaseException) -> None:
    """Say, once, that an exporter does not work."""
    kind = type(who).__name__
    plan.registry.warn(f"exporter/{kind}", f"the exporter {kind} failed: {type(fault).__name__}: {fault}")


def observed(plan: Plan, record: Observer | None) -> Observer | None:
    """Who sees the calls of a function: the record of its audit trail, exporters, or nobody."""
    others = [found for each in plan.registry.watchers if (found := each.observer(plan)) is not None]
    return Fanout(plan, record, others) if others else record


def tell(plan: Plan, what: str, *args: Any) -> None:
    """Tell exporters about a function."""
    for exporter in plan.registry.watchers:
        try:
            getattr(exporter, what)(plan, *args)
        except Exception as fault:  # noqa: BLE001  what watches a function must not keep it from running
            failed(plan, exporter, fault)
