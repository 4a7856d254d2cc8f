"""Functions that ask a language model: what their questions share with the call around them (P27, P74, P75, P163).

    at decoration   does the function, or one it calls, ask a model?  (`asks_models`)
    each call       its questions find a `dana.adaptive.sharing.Shared`: deadline, re-asks and budgets used so far,
                    what was said of refused results, the window, and which wording of a prompt is tried
    its end         the wordings that were used are judged by how the call went, and kept in the function's store

Functions that ask nobody pay nothing: they keep the fast form of a call.
"""

from __future__ import annotations

from types import CodeType

from dana.poet.config import DEFAULT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType
    from typing import Any

    from dana.adaptive.sharing import Shared, Tally
    from dana.poet.execution import Execution
    from dana.poet.plan import Plan
    from dana.poet.training.variants import Variants

# What a program calls to ask, and whose modules hold what asks in Python.
ASKING = frozenset({"reason", "llm", "ask", "context_aware_reason"})
HOMES = ("dana.ipv", "dana.models")
# Under this kind the store keeps how wordings did, by question and wording.
KIND = "prompts"
# So many functions are looked through.
MOST_LOOKED_AT = 200
# So far up a question looks for the function that asks it.
MOST_FRAMES = 200
# The domain of functions that ask a model, whatever they look like.
DOMAIN = "llm_optimization"


def questions_of(plan: Plan) -> Questions | None:
    """The questions of a function that asks models; None for all others."""
    if any(plugin.domain == DOMAIN for plugin in plan.plugins) or asks_models(plan.function):
        return Questions(plan)
    return None


def asks_models(function: Any) -> bool:
    """Whether a function, or one it calls by name, asks a model: by what its code names, nothing is run."""
    waiting: list[Any] = [function]
    seen: set[int] = set()
    while waiting and len(seen) < MOST_LOOKED_AT:
        each = waiting.pop()
        each = getattr(each, "__func__", each)
        code = getattr(each, "__code__", None)
        if code.__class__ is not CodeType or id(code) in seen:
            continue
        seen.add(id(code))
        names = set(_names(code))
        scope = getattr(each, "__globals__", {})
        known = {name: scope[name] for name in names if name in scope}
        if any(name not in known for name in ASKING & names) and ".module" in scope:
            return True
        found = [*known.values(), *_closed_over(each)]
        if any(_is_of_ipv(value) for value in found):
            return True
        # Libraries are not looked into: what asks there is known by whose object it is.
        inner = (getattr(value, "__func__", getattr(value, "__wrapped__", value)) for value in found)
        waiting += (value for value in inner if _is_near(value, scope))
    return False


def _is_near(value: Any, scope: Any) -> bool:
    """Whether a value is a function of the same module, or of a Dana program."""
    own = getattr(value, "__globals__", None)
    return own is not None and (own is scope or ".module" in own)


def _names(code: CodeType) -> Iterator[str]:
    """The names a function's code uses, those of functions inside it among them."""
    yield from code.co_names
    for const in code.co_consts:
        if const.__class__ is CodeType:
            yield from _names(const)


def _closed_over(function: Any) -> list[Any]:
    found = []
    for cell in getattr(function, "__closure__", None) or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # not assigned yet
            continue
    return found


def _is_of_ipv(value: Any) -> bool:
    kind = value if isinstance(value, type) else type(value)
    home = getattr(value, "__module__", None) if callable(value) else None
    homes = (home, getattr(kind, "__module__", None))
    return any(isinstance(each, str) and each.startswith(HOMES) for each in homes)


class Questions:
    """What is known about the questions of one function."""

    __slots__ = ("_loaded", "_plan", "tally", "variants")

    def __init__(self, plan: Plan) -> None:
        from weakref import ref

        from dana.adaptive.sharing import Tally

        self._plan = ref(plan)
        self.tally: Tally = Tally()
        # How the wordings of a question do, by its key.
        self.variants: dict[str, Variants] = {}
        self._loaded: Mapping[str, Any] | None = None

    # --- one call -----------------------------------------------------------------------------------

    def begin(self, running: Execution) -> tuple[Shared, Shared | None]:
        """Leave what the questions of a call share where they find it; returns it, and what was there before."""
        from dana.adaptive.sharing import CALL, Shared

        plan, config = running.plan, running.config
        written = config.origins["context_window"] != DEFAULT
        named = "" if running.status is None else running.status.execution_id
        shared = Shared(
            plan.name, named, self.tally, window=config.context_window if written else None,
            remaining=running.time_left, notes=running.said_of_results,
            choose=None if config.learning == "off" else self.choose,
        )  # fmt: skip
        before = CALL.get()
        CALL.set(shared)
        return shared, before

    def end(self, shared: Shared, before: Shared | None, *, attempts: int) -> None:
        """The call is over, with a value after so many attempts, or without one (0): its wordings are judged by it."""
        from dana.adaptive.sharing import CALL

        CALL.set(before)
        if not shared.picked:
            return
        # Each answer that had to be asked for again makes a wording worth less.
        questions = max(1, shared.own.questions)
        worth = min(1.0, questions / max(1, shared.own.answers)) / attempts if attempts else 0.0
        for key, name in shared.picked.items():
            self.variants[key].add(name, worth)
        plan = self._plan()
        if plan is not None and plan.learner is not None:
            data = {key: known.to_data() for key, known in self.variants.items()}
            plan.learner.keep(KIND, {**(self._loaded or {}), **data})

    # --- wordings -----------------------------------------------------------------------------------

    def choose(self, key: str, names: Sequence[str]) -> str:
        """Which wording is tried (T4); a `safety_critical` function takes the one that is known to be best."""
        plan = self._plan()
        assert plan is not None, "a call holds its plan"
        known = self.variants.get(key)
        if known is None:
            from dana.poet.training.variants import Variants

            known = self.variants[key] = Variants(names, explore=not plan.config.safety_critical)
            if self._loaded is None:
                self._loaded = {} if plan.learner is None else plan.learner.kept(KIND)
            known.take(_counts(self._loaded.get(key)))
        from random import Random

        return known.choose(Random(plan.host.random.random()))  # noqa: S311  (which prompt is tried is no secret)

    def table(self) -> list[dict[str, Any]]:
        """How the wordings do, best first: `question`, `wording` (its place in the list, from 1), `calls`, `worth`."""
        rows = []
        for key, known in self.variants.items():
            names = list(known.arms.names)
            for row in known.table():
                rows.append({"question": key, "wording": names.index(row.pop("variant")) + 1, **row})
        return rows


def _counts(data: Any) -> dict[str, list[float]]:
    """What a store says about wordings, as far as it can be read."""
    return {name: pair for name, pair in data.items() if _is_count(pair)} if isinstance(data, dict) else {}


def _is_count(pair: Any) -> bool:
    if not isinstance(pair, list) or len(pair) != 2:
        return False
    return all(type(each) in (int, float) and 0 <= each < 1e12 for each in pair)


def shared_above() -> Shared | None:
    """What the question that is being asked shares with a decorated function nobody saw asking (a method, a callback).

    The function is known to ask from then on. None where no decorated function is being called.
    """
    import sys

    frame: FrameType | None = sys._getframe(1)
    for _ in range(MOST_FRAMES):
        if frame is None:
            return None
        plan = _plan_at(frame)
        if plan is not None:
            return _noticed(plan)
        frame = frame.f_back
    return None


def _plan_at(frame: FrameType) -> Plan | None:
    """The plan of the decorated function whose call a frame is: in its fast form, or in steps."""
    found: Plan | None = None
    if frame.f_code.co_filename == "<poet>":
        found = getattr(frame.f_locals.get(".entries"), "plan", None)
    elif frame.f_globals.get("__name__") == "dana.poet.resting":
        found = frame.f_locals.get("plan")
    return found


def _noticed(plan: Plan) -> Shared:
    from dana.adaptive.sharing import Shared

    if plan.questions is None:
        plan.questions = Questions(plan)
        plan.steer()
    written = plan.config.origins["context_window"] != DEFAULT
    window = plan.config.context_window if written else None
    return Shared(plan.name, "", plan.questions.tally, window=window)
