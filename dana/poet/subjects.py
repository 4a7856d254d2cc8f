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
from threading import RLock
from time import time
from weakref import WeakSet, finalize, ref

from dana.adaptive.background import begin
from dana.adaptive.subject import Knob, KnobError, Subject
from dana.poet.config import EXPLICIT
from dana.poet.errors import POETConfigError
from dana.poet.facts import signature_of
from dana.poet.learning import LearningStore
from dana.poet.options import OPTIONS
from dana.poet.store.base import NO_DOMAIN
from dana.poet.training.engine import CACHE_TTL, CAUSES, GIVEN_UP, KIND, WORDS, trainer_of
from dana.poet.training.heard import JUDGED
from dana.runtime.typevalues import safe_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.poet.config import POETConfig
    from dana.poet.constants import Constants
    from dana.poet.plan import Plan
    from dana.poet.registry import Registry
    from dana.poet.store.base import StoreError
    from dana.poet.training.engine import Trainer
    from dana.poet.training.hints import LearningHints

SAVE_S = 30.0
REST_S = 0.5
# How many calls can be spoken about by their id.
KEPT_CALLS = 1000
NO_STORE = "E806"
CORRECTABLE = (
    "words of a domain can be, a credit score's or a temperature's; nothing that is read exactly, says that nothing is "
    "known, lies out of bounds, and nothing of a function that is safety_critical"
)
CONFIRMABLE = (
    "causes of a domain can be (semiconductor), about a call whose readings are known; nothing of a function that is "
    "safety_critical"
)

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


def knobs_of(
    config: POETConfig,
    breaker: Any,
    constants: Constants | None = None,
    function: str = "",
    *,
    words: bool = False,
    causes: bool = False,
) -> list[Knob]:
    """What may be learnt about a function with these options and constants. Raises `POETConfigError` (E822).

    `words`: its domain knows words that people may correct; `causes`: causes that people may confirm.
    """
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
    if constants is not None:
        for constant, (low, high, start) in constants.bounds.items():
            if (
                constant in OPTIONS
                or constant in (GIVEN_UP, CACHE_TTL, WORDS, CAUSES)
                or constant.startswith("breaker_")
            ):
                msg = f"the learnable constant `{constant}` of `{function}` is named like an option of @poet"
                hint = "give it another name: both would be learnt under this one"
                raise POETConfigError(msg, function, hint, "E822")
            knobs.append(Knob(constant, start, low=low, high=high, safety=config.safety_critical))
    if config.retry_on is None:
        # Which kinds of fault are not worth another attempt (T2): names, separated by spaces.
        knobs.append(Knob(GIVEN_UP, "", safety=config.safety_critical))
    if words:
        knobs.append(Knob(WORDS, "", safety=config.safety_critical))
    if causes:
        knobs.append(Knob(CAUSES, "", safety=config.safety_critical))
    if "cache" in free:
        from dana.poet.plan import ttl_of

        ttl = ttl_of(config.cache)
        if ttl is not None:
            knobs.append(_knob(CACHE_TTL, float(ttl), ttl / 100, ttl * 10, None, config))
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
        "__weakref__", "_is_loaded", "_plan", "_saved", "calls", "domain", "hints", "id", "keeper", "lock", "subject",
        "trainer",
    )  # fmt: skip

    def __init__(self, plan: Plan, keeper: Keeper) -> None:
        self.id = id_of(plan.function, plan.name)
        self.domain = plan.config.domain or NO_DOMAIN
        has = {"words": plan.words is not None, "causes": plan.confirmed is not None}
        knobs = knobs_of(plan.config, plan.breaker, plan.constants, plan.name, **has)
        # What its plugins said about learning; None without plugins.
        self.hints: LearningHints | None = None
        if plan.plugins:
            from dana.poet.training.hints import asked

            names = () if plan.parameters is None else plan.parameters.names
            about = {"function": plan.name, "parameters": list(names), "knobs": [knob.name for knob in knobs]}
            knobs, self.hints = asked(plan.plugins, about, knobs)
        self.subject = Subject("function", self.id, knobs)
        self.keeper = keeper
        self.calls = plan.calls
        self._plan = ref(plan)
        self.lock = RLock()
        # None before the store was asked; False when it could not answer.
        self._is_loaded: bool | None = None
        self._saved = 0
        self.trainer: Trainer | None = trainer_of(plan, self)
        # Nothing may be saved while the garbage is collected: that can happen inside a lock of the store.
        finalize(plan, keeper.orphans.append, self)

    def ready(self) -> None:
        """Ask the store, the first time; what was learnt is applied."""
        with self.lock:
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
        if self.trainer is not None:
            saved = store.patterns(self.id, self.domain).get(KIND)
            try:
                self.trainer.take(saved or {})
            except ValueError as damaged:
                self.keeper.say(damaged)
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
        with self.lock:
            self.ready()
            self.subject.promote(values, evidence)
            self.changed()

    def roll_back(self, number: int | None = None) -> None:
        """Make an older version current again (P211). Raises `KnobError`."""
        with self.lock:
            self.ready()
            self.subject.roll_back(number)
            self.changed()

    def changed(self) -> None:
        """Another version is current: apply it, and save it behind the calls."""
        self.apply()
        self.keeper.store.save_subject(self.subject, self.domain)

    def save(self) -> None:
        """Hand what is new to the store, which writes it behind the calls; without a call nothing is new."""
        with self.lock:
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
            if self.trainer is not None and self.trainer.is_new:
                self.trainer.is_new = False
                self.keeper.store.put_pattern(self.id, self.domain, KIND, self.trainer.to_data())

    def keep(self, kind: str, data: Mapping[str, Any]) -> None:
        """Keep what is known about the function under `kind`, behind the call; nothing where the store is unknown."""
        if self.is_known and not self.keeper.is_closed:
            self.keeper.store.put_pattern(self.id, self.domain, kind, data)

    def kept(self, kind: str) -> dict[str, Any]:
        """What the store knows under `kind`."""
        self.ready()
        return dict(self.keeper.store.patterns(self.id, self.domain).get(kind, {})) if self.is_known else {}

    def heard_of(self, call: str, said: Mapping[str, Any]) -> None:
        """Reality spoke about a call: the simulation of the function is corrected by it (T9)."""
        plan, worth = self._plan(), said.get("score", said.get("ok"))
        if plan is not None and plan.judges is not None and worth is not None:
            plan.judges.real(call, float(worth))

    def correct(self, said: Mapping[str, Any]) -> None:
        """People said what words mean here (T6). Raises `ValueError` for what may not be learnt."""
        if self.trainer is None or self.trainer.words is None:
            msg = f"`{self.id}` knows no words that could be corrected"
            raise ValueError(msg)
        with self.lock:
            self.ready()
            self.trainer.corrected(said, self)

    def cause_found(self, cause: str, readings: Mapping[str, Any] | None, signs: Mapping[str, bool] | None) -> None:
        """People found why something went wrong (T7). Raises `ValueError` for what cannot be learnt from."""
        confirmed = None if self.trainer is None else self.trainer.confirmed
        if self.trainer is None or confirmed is None:
            msg = f"`{self.id}` knows no causes that could be confirmed"
            raise ValueError(msg)
        if readings is not None:
            signs = confirmed.signs(readings)
        if signs is None:
            raise ValueError("what was measured is not known: name a call by its id, or give readings={…}")
        with self.lock:
            self.ready()
            self.trainer.cause_found(cause, signs, self)

    def feedback(self, said: Mapping[str, Any], signs: Mapping[str, bool] | None = None) -> None:
        """Keep one judgement about a call. Raises `POETConfigError` for a correction or a cause that may not be.

        `signs`: what the call's readings showed, where that is known.
        """
        cause = said.get("cause")
        if cause is not None:
            try:
                self.cause_found(cause, said.get("readings"), signs)
            except ValueError as refused:
                raise POETConfigError(str(refused), self.id, CONFIRMABLE, NO_STORE) from None
        correction = said.get("correction")
        if correction is not None:
            try:
                self.correct(correction)
            except ValueError as refused:
                raise POETConfigError(str(refused), self.id, CORRECTABLE, NO_STORE) from None
        if self.trainer is not None:
            worth = said.get("score", said.get("ok"))
            if worth is not None:
                self.trainer.hear(JUDGED, float(worth))
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
        # Those that have something to be worked through, and what wakes the thread that does it.
        self._training: deque[Any] = deque()
        self._wake = Signal()
        # Those whose functions are gone.
        self.orphans: deque[Learner] = deque()
        self._end = Signal()
        self._started = self._trains = False
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
                begin("poet-figures", _save_now_and_then, ref(self), self._end)

    def train(self, trainer: Trainer) -> None:
        """Have a trainer's observations worked through, behind the calls."""
        self._training.append(ref(trainer))
        if self.is_closed:
            return
        with self._lock:
            if not self._trains:
                self._trains = True
                begin("poet-training", _train, ref(self), self._wake, self._end)
        self._wake.set()

    def work(self) -> None:
        """Work through what waits."""
        while self._training:
            trainer = self._training.popleft()()
            if trainer is not None:
                trainer.work()

    def flush(self) -> None:
        """Work through everything that was heard, as the end of a run does, and save it."""
        with self._lock:
            learners = list(self._learners)
        for learner in learners:
            if learner.trainer is not None:
                learner.trainer.work(ending=True)
        self.save()

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
        self.flush()
        self.is_closed = True
        self._end.set()
        self._wake.set()
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


def _train(keeper: Callable[[], Keeper | None], wake: Signal, end: Signal) -> None:
    while not end.is_set():
        wake.wait(SAVE_S)
        wake.clear()
        here = keeper()
        if here is None:
            return
        here.work()
        del here
        # Functions that are called all the time are looked at now and then.
        end.wait(REST_S)


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
    if where is None and plan.constants is not None:
        where = "memory:"
    if where is None:
        return None
    return Learner(plan, registry.keeper(where))


def repeats(registry: Registry) -> bool:
    """Whether a recorded run is repeated: it knows what it knew (`dana.engine.replaying`), and nothing is kept."""
    return bool(getattr(getattr(registry.host, "tape", None), "is_replay", False))


# --- feedback -------------------------------------------------------------------------------------


def give(registry: Registry, about: Any, said: Mapping[str, Any]) -> None:
    """Keep what somebody says about a call: its id, the `Call` a handler was given, or a decorated function.

    `said`: `ok`, `score` (0 to 1), `kind`, `failure`, `comment`, `correction` (words, and what they mean), `cause` (why
    it went wrong, with `readings` where no call is named); None is left out. Raises `POETConfigError` for what is no
    call, for a function without a store, and for a wrong correction or cause.
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
        learner, signature, signs = known
        learner.heard_of(key, entry)
        learner.feedback({**entry, "call": key, "signature": signature}, signs)
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
        msg = f"a score is from 0 to 1, not {safe_repr(score)}"
        raise POETConfigError(msg, "", "0 is useless, 1 is perfect", NO_STORE)
    if type(entry.get("ok", True)) is not bool:
        msg = f"ok is true or false, not {safe_repr(entry['ok'])}"
        raise POETConfigError(msg, "", "a degree is a score, from 0 to 1", NO_STORE)
    for name in ("kind", "failure", "comment", "cause"):
        if not isinstance(entry.get(name, ""), str):
            msg = f"{name} is a text, not {safe_repr(entry[name]):.40}"
            raise POETConfigError(msg, "", "", NO_STORE)
    correction = entry.get("correction", {"": 0})
    if (
        type(correction) is not dict
        or not correction
        or not all(type(word) is str and type(value) in (int, float, str) for word, value in correction.items())
    ):
        msg = f"a correction says what words mean, not {safe_repr(correction):.40}"
        raise POETConfigError(msg, "", 'like {"excellent": 805}', NO_STORE)
    readings = entry.get("readings", {})
    if type(readings) is not dict or not all(
        type(name) is str and type(value) in (int, float) for name, value in readings.items()
    ):
        msg = f"readings are numbers by name, not {readings!r:.40}"
        raise POETConfigError(msg, "", 'like {"pressure": 6.2, "pressure_setpoint": 5.0}', NO_STORE)
    if not entry:
        raise POETConfigError("this feedback says nothing", "", "give ok=, score=, failure= or comment=", NO_STORE)


def remember(plan: Plan, call: str, arguments: Mapping[str, Any]) -> None:
    """Let a call be spoken about by its id."""
    recent = plan.registry.recent
    if plan.learner is None or call in recent:
        return
    signature = signature_of(arguments)
    signs = None if plan.confirmed is None else plan.confirmed.signs(arguments)
    recent[call] = plan.learner, signature, signs
    while len(recent) > KEPT_CALLS:
        recent.pop(next(iter(recent)), None)


__all__ = ["Keeper", "KnobError", "Learner", "give", "id_of", "knobs_of", "learner_of", "remember"]
