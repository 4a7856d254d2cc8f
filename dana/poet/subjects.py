"""Decorated functions as subjects: what of them may be learnt, where it is kept, how a call comes by it.

    decoration   a `Learner` for the function, when learning is not off and there is a store; nothing is read yet
    first call   the store is asked once: versions of the knobs, figures of earlier calls; what was learnt is applied
    later calls  nothing: a change replaces `Plan.current`, which every call reads once, at its start
    the end      figures and changes are saved behind the calls, every `SAVE_S`, when the program ends, at exit

A knob stands for an option nobody wrote at the decorator, or one that is named under `learnable`; its bounds follow
from the options that are written. Knobs of a `safety_critical` function are changed by people only. No failure of a
store reaches a call: whoever runs the program is told once, and the function goes on with what it has.
"""

from __future__ import annotations

import atexit
from collections import deque
from threading import Event as Signal
from threading import RLock, Thread
from time import time
from weakref import WeakSet, finalize, ref

from dana.adaptive.subject import Knob, KnobError, Subject
from dana.poet.config import EXPLICIT
from dana.poet.errors import POETConfigError
from dana.poet.facts import signature_of
from dana.poet.learning import LearningStore
from dana.poet.store.base import NO_DOMAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.poet.config import POETConfig
    from dana.poet.plan import Plan
    from dana.poet.registry import Registry
    from dana.poet.store.base import StoreError

SAVE_S = 30.0
# How many calls can be spoken about by their id.
KEPT_CALLS = 1000
NO_STORE = "E806"

# Option, lowest, highest, and how far one change may move it. No deadline (None) is 0 as a knob.
NUMBERS: tuple[tuple[str, float, float, float | None], ...] = (
    ("retries", 0, 10, 2),
    ("timeout", 0.0, 3600.0, None),
    ("attempt_timeout", 0.0, 3600.0, None),
    ("backoff", 0.0, 60.0, None),
    ("backoff_factor", 1.0, 10.0, 1.0),
    ("backoff_max", 0.0, 300.0, None),
)
BREAKER: tuple[tuple[str, float, float], ...] = (
    ("failure_rate", 0.05, 1.0),
    ("slow_rate", 0.05, 1.0),
    ("open_s", 0.1, 300.0),
)
DEADLINES = ("timeout", "attempt_timeout")
JITTERS = ("full", "equal", "decorrelated")


def knobs_of(config: POETConfig, breaker: Any) -> list[Knob]:
    """What may be learnt about a function with these options."""
    free = config.learnable
    knobs = []
    for name, low, high, step in NUMBERS:
        if config.origins[name] == EXPLICIT and name not in free:
            continue
        value = getattr(config, name)
        value = 0.0 if value is None else value if name == "retries" else float(value)
        knobs.append(_knob(name, value, low, _highest(config, name, high), step, config))
    if config.origins["jitter"] != EXPLICIT or "jitter" in free:
        choices = dict.fromkeys((*JITTERS, config.jitter))
        knobs.append(Knob("jitter", config.jitter, choices=choices, safety=config.safety_critical))
    if breaker is not None:
        written = config.breaker if isinstance(config.breaker, dict) else {}
        for name, low, high in BREAKER:
            if name not in written or "breaker" in free:
                knobs.append(_knob(f"breaker_{name}", float(getattr(breaker, name)), low, high, None, config))
    return knobs


def _knob(name: str, value: float, low: float, high: float, step: float | None, config: POETConfig) -> Knob:
    low, high = min(low, value), max(high, value)
    return Knob(name, value, low=low, high=high, step=step, safety=config.safety_critical)


def _highest(config: POETConfig, name: str, high: float) -> float:
    """No attempt may be given more time than the call was, no wait be longer than the longest that is written."""
    if name == "attempt_timeout" and config.timeout is not None and config.origins["timeout"] == EXPLICIT:
        return config.timeout
    if name == "backoff" and config.origins["backoff_max"] == EXPLICIT:
        return config.backoff_max
    return high


def id_of(function: Any, name: str) -> str:
    """The id of a function in a store: "module.name"; the module of a program is named like its file (PC19)."""
    module = getattr(function, "__module__", None) or ""
    if module in ("", "__main__"):
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        file = getattr(code, "co_filename", "")
        module = file.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or file.strip("<>") or "__main__"
    qualified = getattr(function, "__qualname__", None) or name
    return f"{module}.{qualified.replace('<locals>.', '')}"


class Learner:
    """One function and what is known about it. `subject.values` are what its knobs are set to."""

    __slots__ = (
        "__weakref__", "_is_loaded", "_lock", "_plan", "_saved", "calls", "domain", "id", "keeper", "subject",
    )  # fmt: skip

    def __init__(self, plan: Plan, keeper: Keeper) -> None:
        self.id = id_of(plan.function, plan.name)
        self.domain = plan.config.domain or NO_DOMAIN
        self.subject = Subject("function", self.id, knobs_of(plan.config, plan.breaker))
        self.keeper = keeper
        self.calls = plan.calls
        self._plan = ref(plan)
        self._lock = RLock()
        # None before the store was asked; False when it could not answer.
        self._is_loaded: bool | None = None
        self._saved = 0
        # Nothing may be saved while the garbage is collected: that can happen inside a lock of the store.
        finalize(plan, keeper.orphans.append, self)

    def ready(self) -> None:
        """Ask the store, the first time; what was learnt is applied."""
        with self._lock:
            if self._is_loaded is None and not self.keeper.is_closed:
                self._load()
                self.keeper.watch(self)
                self.apply()

    @property
    def is_known(self) -> bool:
        """Whether the store has said what it holds."""
        return self._is_loaded is True

    @property
    def is_ready(self) -> bool:
        """Whether the store was asked."""
        return self._is_loaded is not None

    def _load(self) -> None:
        store, plan = self.keeper.store, self._plan()
        try:
            left_out = store.load_subject(self.subject, self.domain)
            known = store.load_calls(self.id, self.domain)
        except Exception as fault:  # noqa: BLE001  (a store of somebody else's: its faults cost no call)
            self.keeper.say(fault)
            self._is_loaded = False
            return
        self._is_loaded = not store.is_failing
        if not self._is_loaded:
            return
        for at, count in enumerate(known.outcomes):
            self.calls.outcomes[at] += count
        self.calls.times.merge(known.times)
        self._saved += known.count
        if left_out and plan is not None:
            what = "; ".join(left_out)
            plan.registry.warn(f"{self.id}/learnt", f"not everything learnt about `{plan.name}` applies: {what}")

    def apply(self) -> None:
        """Let the calls from now on have what was learnt."""
        plan = self._plan()
        if plan is None:
            return
        values = self.subject.values
        plan.adopt({name: value for name, value in values.items() if value != self.subject.knobs[name].default})

    def promote(self, values: Mapping[str, Any], evidence: Mapping[str, Any]) -> None:
        """Set knobs: from the next call on, and saved behind it. Raises `KnobError`; nothing has changed then."""
        with self._lock:
            self.ready()
            self.subject.promote(values, evidence)
            self._changed()

    def roll_back(self, number: int | None = None) -> None:
        """Make an older version current again (P211). Raises `KnobError`."""
        with self._lock:
            self.ready()
            self.subject.roll_back(number)
            self._changed()

    def _changed(self) -> None:
        self.apply()
        self.keeper.store.save_subject(self.subject, self.domain)

    def save(self) -> None:
        """Hand what is new to the store, which writes it behind the calls; without a call nothing is new."""
        with self._lock:
            if self._is_loaded is None or self.keeper.is_closed:
                return
            if not self.is_known:
                # What the store holds is not known: it must not be replaced by less.
                self._load()
                self.apply()
            if not self.is_known:
                return
            count = self.calls.count
            if count != self._saved:
                self._saved = count
                self.keeper.store.save_calls(self.id, self.calls, self.domain)

    def keep(self, kind: str, data: Mapping[str, Any]) -> None:
        """Keep what is known about the function under `kind`, behind the call; nothing where the store is unknown."""
        if self.is_known and not self.keeper.is_closed:
            self.keeper.store.put_pattern(self.id, self.domain, kind, data)

    def kept(self, kind: str) -> dict[str, Any]:
        """What the store knows under `kind`."""
        self.ready()
        return dict(self.keeper.store.patterns(self.id, self.domain).get(kind, {})) if self.is_known else {}

    def feedback(self, said: Mapping[str, Any]) -> None:
        """Keep one judgement about a call."""
        self.keeper.store.add_feedback(self.id, self.domain, said)


class Keeper:
    """A store and the learners that use it."""

    def __init__(self, store: LearningStore | str, registry: Registry) -> None:
        self._registry = ref(registry)
        self._is_ours = isinstance(store, str)
        now = getattr(registry.host.clock, "time", time)
        self.store = LearningStore(store, now=now, on_problem=self.say) if isinstance(store, str) else store
        self.is_closed = False
        self._learners: WeakSet[Learner] = WeakSet()
        # Those whose functions are gone.
        self.orphans: deque[Learner] = deque()
        self._end = Signal()
        self._started = False
        self._lock = RLock()

    def say(self, problem: StoreError | Exception) -> None:
        """Tell whoever runs the program, once."""
        registry = self._registry()
        if registry is not None:
            hint = getattr(problem, "hint", "")
            text = f"what is learnt cannot be kept: {problem}"
            registry.warn(f"store/{id(self)}", f"{text} ({hint})" if hint else text)

    @property
    def is_abandoned(self) -> bool:
        """Whether the program has gone without an end."""
        return self._registry() is None

    def watch(self, learner: Learner) -> None:
        """Save a learner's figures from time to time."""
        with self._lock:
            self._learners.add(learner)
            if not self._started:
                self._started = True
                _OPEN.add(self)
                Thread(target=_save_now_and_then, args=(ref(self), self._end), name="poet-figures", daemon=True).start()

    def save(self) -> None:
        """Hand over what is new."""
        with self._lock:
            learners = list(self._learners)
        while self.orphans:
            learners.append(self.orphans.popleft())
        for learner in learners:
            learner.save()

    def close(self) -> None:
        """Save everything; the functions go on, nothing more is kept."""
        from dana.poet.store.base import StoreError

        if self.is_closed:
            return
        self.save()
        self.is_closed = True
        self._end.set()
        _OPEN.discard(self)
        try:
            if self._is_ours:
                self.store.close()
            else:
                self.store.flush()
        except StoreError as problem:
            self.say(problem)


def _save_now_and_then(keeper: Callable[[], Keeper | None], end: Signal) -> None:
    while not end.wait(SAVE_S):
        here = keeper()
        if here is None:
            return
        if here.is_abandoned:
            here.close()
            return
        here.save()
        del here


# Keepers with something to save when the process ends.
_OPEN: set[Keeper] = set()


@atexit.register
def _close_all() -> None:
    for keeper in list(_OPEN):
        keeper.close()


def learner_of(plan: Plan) -> Learner | None:
    """The learner of a function that is being decorated; None where nothing is to be kept."""
    config, registry = plan.config, plan.registry
    if config.learning == "off" or repeats(registry):
        return None
    where = config.store if config.store is not None else registry.store
    if where is None:
        return None
    return Learner(plan, registry.keeper(where))


def repeats(registry: Registry) -> bool:
    """Whether a recorded run is repeated: it knows what it knew (`dana.engine.replaying`), and nothing is kept."""
    return bool(getattr(getattr(registry.host, "tape", None), "is_replay", False))


# --- feedback -------------------------------------------------------------------------------------


def give(registry: Registry, about: Any, said: Mapping[str, Any]) -> None:
    """Keep what somebody says about a call: its id, the `Call` a handler was given, or a decorated function.

    `said`: `ok`, `score` (0 to 1), `kind`, `failure`, `comment`; None is left out. Raises `POETConfigError` for what is
    no call, and for a function without a store.
    """
    entry = {name: value for name, value in said.items() if value is not None}
    _refuse_wrong(entry)
    if repeats(registry):
        return
    key = about if isinstance(about, str) else getattr(about, "id", "")
    if key:
        known = registry.recent.get(key)
        if known is None:
            msg = f"no call {key!r} is known that could be spoken about"
            hint = f"the last {KEPT_CALLS} calls of functions with a store and a train_handler or an audit_trail are"
            raise POETConfigError(msg, "", hint, NO_STORE)
        learner, signature = known
        learner.feedback({**entry, "call": key, "signature": signature})
        return
    from dana.poet.pipeline import plan_of

    plan = plan_of(about)
    if plan.learner is None:
        msg = f"nothing can be said about `{plan.name}`: it has no store, so nobody would keep it"
        hint = 'name one: @poet(store=".poet/parameters.db"), and do not switch learning off'
        raise POETConfigError(msg, plan.name, hint, NO_STORE)
    plan.learner.feedback(entry)


def _refuse_wrong(entry: Mapping[str, Any]) -> None:
    score = entry.get("score")
    if score is not None and (type(score) not in (int, float) or not 0 <= score <= 1):
        msg = f"a score is from 0 to 1, not {score!r}"
        raise POETConfigError(msg, "", "0 is useless, 1 is perfect", NO_STORE)
    if type(entry.get("ok", True)) is not bool:
        msg = f"ok is true or false, not {entry['ok']!r}"
        raise POETConfigError(msg, "", "a degree is a score, from 0 to 1", NO_STORE)
    for name in ("kind", "failure", "comment"):
        if not isinstance(entry.get(name, ""), str):
            msg = f"{name} is a text, not {entry[name]!r:.40}"
            raise POETConfigError(msg, "", "", NO_STORE)
    if not entry:
        raise POETConfigError("this feedback says nothing", "", "give ok=, score=, failure= or comment=", NO_STORE)


def remember(plan: Plan, call: str, arguments: Mapping[str, Any]) -> None:
    """Let a call be spoken about by its id."""
    recent = plan.registry.recent
    if plan.learner is None or call in recent:
        return
    recent[call] = plan.learner, signature_of(arguments)
    while len(recent) > KEPT_CALLS:
        recent.pop(next(iter(recent)), None)


__all__ = ["Keeper", "KnobError", "Learner", "give", "id_of", "knobs_of", "learner_of", "remember"]
