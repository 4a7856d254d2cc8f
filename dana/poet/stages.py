"""The stages one at a time, and the other names of the design (P45–P48, P50, P59–P61, P65): for tests and for hosts.

    PerceiveStage(price).execute(("tea",), {})       →  Perceived: arguments, learnings, the code around
    OperateStage(price).execute(("tea",), {})        →  the value of one attempt
    EnforceStage(price).execute(value, ("tea",))     →  (value, True), or (the refused value, False)
    TrainStage(price).execute(value, ("tea",))       →  tells the train handler, keeps what is new

`price` is a decorated function; its calls run the same code, in one go (`execution.py`). Nothing here is counted among
its calls.
"""

from __future__ import annotations

from dana.poet.config import DEFAULT, POETConfig
from dana.poet.execution import carry_out
from dana.poet.executor import POETExecutor
from dana.poet.facts import CodeContext
from dana.poet.options import OPTIONS
from dana.poet.pipeline import execution, plan_of
from dana.poet.python import poet
from dana.runtime.stops import Carried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.poet.execution import Execution

# What a function with the pipeline around it is called in document 000 (P60).
POETFunction = POETExecutor


class Perceived:
    """What Perceive gives (P71): the call as it came, as it goes on, and what is known about it."""

    __slots__ = ("args", "context", "keywords", "learnings", "notes", "original")

    def __init__(self, running: Execution, original: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
        self.original = original
        self.args = running.args
        self.keywords = running.keywords
        self.learnings = list(running.learnt)
        self.notes = [] if running.status is None else [repr(note) for note in running.status.notes]
        self.context = running.plan.context


class _Stage:
    """One stage of a decorated function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.plan = plan_of(function)

    def _begun(self, args: tuple[Any, ...], keywords: Mapping[str, Any] | None) -> Execution:
        plan = self.plan
        if plan.learner is not None:
            plan.learner.ready()
        running = execution(plan, args, dict(keywords or {}))
        running.began = plan.clock()
        if plan.parameters is not None:
            running.bound = plan.parameters.bind(running.args, running.keywords)
        return running

    def _carried_out(self, steps: Any) -> Any:
        return carry_out(steps, self.plan.sleep)


class PerceiveStage(_Stage):
    """P45: the arguments, as domain and handler read them."""

    def execute(self, args: tuple[Any, ...] = (), keywords: Mapping[str, Any] | None = None) -> Perceived:
        """What the function would be called with. Raises `POETPerceiveError` for arguments that are refused."""
        running = self._begun(args, keywords)
        error = self._carried_out(running.perceived())
        if error is not None:
            raise error
        return Perceived(running, (args, dict(keywords or {})))


class OperateStage(_Stage):
    """P46: the function itself, once, under the deadline of an attempt."""

    def execute(self, args: tuple[Any, ...] = (), keywords: Mapping[str, Any] | None = None) -> Any:
        """The value of one attempt; what it raises comes as it is."""
        try:
            return self._carried_out(self._begun(args, keywords).operated())
        except Carried as outer:
            raise outer.error from None


class EnforceStage(_Stage):
    """P47: whether a result is acceptable, and what is made of it."""

    def execute(
        self, value: Any, args: tuple[Any, ...] = (), keywords: Mapping[str, Any] | None = None
    ) -> tuple[Any, bool]:
        """`(value, True)`, mended if need be; `(the value as it was, False)` for one that is refused."""
        checked, failed, error = self._carried_out(self._begun(args, keywords).judged(value))
        refused = failed is not None or error is not None
        return (value, False) if refused else (checked, True)


class TrainStage(_Stage):
    """P48: what follows a success."""

    def execute(self, value: Any, args: tuple[Any, ...] = (), keywords: Mapping[str, Any] | None = None) -> None:
        """Tell the train handler; hand what is new to the store."""
        if self.plan.train is not None:
            self._carried_out(self._begun(args, keywords).trained(value))
        if self.plan.learner is not None:
            self.plan.learner.save()


class CodeContextAnalyzer:
    """P50: what is known about a function from its code; read once, at decoration."""

    def analyze(self, function: Callable[..., Any]) -> CodeContext:
        """The context of a decorated function."""
        return plan_of(function).context


class POETIntegration:
    """P59: functions of a system with pipelines around them, under their own names and signatures.

    `options` are those that all of them get; a function for which they cannot work stays as it is, and `left_out` says
    why. `hooks` are called with each function that is enhanced.
    """

    def __init__(self, *, host: Any = None, **options: Any) -> None:
        self.host = host
        self.options = options
        self.left_out: dict[str, str] = {}
        self.hooks: list[Callable[[Callable[..., Any]], object]] = []

    def enhance(self, function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        """`function` with a pipeline, or `function` where none is possible."""
        from dana.poet.errors import POETConfigError

        try:
            made: Callable[..., Any] = poet(host=self.host, **{**self.options, **options})(function)
        except POETConfigError as refused:
            self.left_out[getattr(function, "__qualname__", repr(function))] = str(refused)
            return function
        for hook in self.hooks:
            hook(made)
        return made


class DanaPOETBridge(POETIntegration):
    """P61: the same for a function of a Dana program that the host holds (`engine.load(…)`)."""

    def enhance_dana_function(
        self, function: Callable[..., Any], poet_config: POETConfig | Mapping[str, Any] | None = None, **options: Any
    ) -> Callable[..., Any]:
        """The function with a pipeline of the host around it; `poet_config` has options too."""
        if isinstance(poet_config, POETConfig):
            chosen = {name: getattr(poet_config, name) for name in OPTIONS if poet_config.origins[name] != DEFAULT}
        else:
            chosen = dict(poet_config or {})
        return self.enhance(function, **{**chosen, **options})


class POETCapable:
    """P65: a class whose subclasses have the decorator at hand, as `self.poet` and `cls.poet`."""

    poet = staticmethod(poet)
