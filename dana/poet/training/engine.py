"""Train, connected: what calls leave behind goes to the rules, and what they propose goes through the gate.

    a call        puts what it saw into `heard` and goes on: a third of a microsecond at most
    work          takes `heard` in, in a thread of its own (or, with a seed or a fake clock, at the end of a call, so
                  that a run can be repeated)
    a round       asks each rule for a proposal, has it tried on what it was not made from, and lets
                  `dana.adaptive.improve` decide; at most one change at a time, and each is watched
    a change      is a version of the function's subject, with its evidence; going back is one assignment

When a round is due is what the mode says (P107–P110): "on" after every `DUE` observations, "batch" when a day has
passed or the program ends, "hybrid" at first after `DUE`, then after a day or twice as many. What protects a function
from becoming worse waits for no round, except in batches: a service that has become slower gets its time at once.
"""

from __future__ import annotations

from collections import deque
from math import inf
from weakref import ref
from zlib import crc32

from dana.adaptive.improve import PROMOTED, Watch
from dana.adaptive.statistics import DUE, Moments, wilson
from dana.poet.training import evidence
from dana.poet.training.confirmed import LEAST as LEAST_CONFIRMED
from dana.poet.training.faults import FaultClasses
from dana.poet.training.freshness import Freshness
from dana.poet.training.heard import AGE, ATTEMPT, CALL, JUDGED, OK, OUTAGE
from dana.poet.training.latency import RECENT, LatencyLearner, advise
from dana.poet.training.words import LEAST as LEAST_SAID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.adaptive.improve import Evidence, Outcome
    from dana.poet.plan import Plan
    from dana.poet.subjects import Learner
    from dana.poet.training.evidence import Settings

MOST_HEARD = 4096
DAY_S = 86_400.0
FEW = 20
LONGEST_S = 30.0
# Less than this is not worth a change: an attempt with a deadline costs some microseconds itself.
LEAST_GAIN_S = 0.001
LEAST_OUTAGES = 10
KEPT_OUTCOMES = 20
KEPT_COSTS = 200
# A new version is watched for so many calls; when it was taken back, its rule waits for so many observations.
WATCHED = 300
WATCH_LEAST = 50
AFTER_A_FAILURE = 10 * DUE
# The knobs of the rules that are no options (`dana.poet.subjects.knobs_of`).
GIVEN_UP, CACHE_TTL, WORDS, CAUSES = "given_up", "cache_ttl", "domain_words", "confirmed_causes"
KIND = "training"


class Trainer:
    """What is learnt about one function while it is called.

    `heard` takes observations; `inline`: they are worked through at the end of a call, else by the keeper's thread.
    `outcomes` are the last rounds, newest last, as plain data.
    """

    __slots__ = (
        "__weakref__", "_costs", "_is_called", "_learner", "_plan", "_scores", "_since", "_watch", "ages", "applies",
        "confirmed", "faults", "heard", "inline", "is_new", "last", "latency", "outages", "outcomes", "resting",
        "rounds", "words",
    )  # fmt: skip

    def __init__(self, plan: Plan, learner: Learner, *, inline: bool, applies: bool = True) -> None:
        self._plan = ref(plan)
        self._learner = ref(learner)
        self.inline = inline
        # A run that is recorded changes nothing before its end: it could not be repeated otherwise.
        self.applies = applies
        self.heard: deque[Any] = deque(maxlen=MOST_HEARD)
        longest = plan.given.timeout or LONGEST_S
        self.latency = LatencyLearner(longest)
        self.faults = FaultClasses()
        # What words of the domain stand for; None where it has none.
        self.words = plan.words
        # Causes of the domain with the cases people confirmed, likewise.
        self.confirmed = plan.confirmed
        self.outages: deque[float] = deque(maxlen=100)
        self.ages: deque[tuple[float, bool]] = deque(maxlen=400)
        self.outcomes: deque[dict[str, Any]] = deque(maxlen=KEPT_OUTCOMES)
        self.rounds = 0
        self.last = 0.0
        self.resting = 0
        # Whether there is something that is not saved yet.
        self.is_new = False
        self._since = 0
        self._costs: deque[float] = deque(maxlen=KEPT_COSTS)
        self._scores: deque[float] = deque(maxlen=KEPT_COSTS)
        # The version that is watched, and whether by judgements (else by what calls cost).
        self._watch: tuple[Watch, bool] | None = None
        self._is_called = False

    # --- what calls do ------------------------------------------------------------------------------

    def due(self) -> None:
        """There is enough to be worked through."""
        if self.inline:
            self.work()
        elif not self._is_called:
            learner = self._learner()
            if learner is not None:
                self._is_called = True
                learner.keeper.train(self)

    def went_well(self, took: float) -> None:
        """Take in an attempt that succeeded, of a call that very likely does."""
        self.heard.append(took)
        if len(self.heard) >= DUE:
            self.due()

    def hear(self, *observation: Any) -> None:
        """Take in one observation."""
        self.heard.append(observation)
        if len(self.heard) >= DUE:
            self.due()

    def changed(self, before: str, after: str, now: float, began: list[float]) -> None:
        """The breaker of the function changed its state; `began` holds when it opened and when a probe failed last."""
        if after == "open" and before == "closed":
            began[:] = [now, now]
        elif after == "open" and began:
            began[1] = now
        elif after == "closed" and began:
            # It ended between the last probe that failed and the one that did not: in the middle, as far as is known.
            self.hear(OUTAGE, (began[1] + now) / 2 - began[0])
            began.clear()

    def corrected(self, said: Mapping[str, Any], learner: Learner) -> None:
        """People said what words mean. Raises `ValueError`; the caller holds the learner's lock."""
        assert self.words is not None
        self.words.correct(said)
        self.is_new = True
        plan = self._plan()
        if plan is not None and plan.config.learning != "batch" and self._may_change(learner):
            self._words(learner)

    def cause_found(self, cause: str, signs: Mapping[str, bool], learner: Learner) -> None:
        """People found the cause of a case. Raises `ValueError`; the caller holds the learner's lock."""
        assert self.confirmed is not None
        self.confirmed.confirm(cause, signs)
        self.is_new = True
        plan = self._plan()
        if plan is not None and plan.config.learning != "batch" and self._may_change(learner):
            self._causes(learner)

    # --- behind the calls ---------------------------------------------------------------------------

    def work(self, *, ending: bool = False) -> None:
        """Take in what was heard, and have a round when one is due."""
        learner, plan = self._learner(), self._plan()
        if learner is None or not learner.lock.acquire(blocking=ending):
            return
        try:
            self._is_called = False
            while self.heard:
                self._take(self.heard.popleft(), learner)
            if plan is not None and learner.is_known and self._is_due(plan, ending=ending):
                self._round(plan, learner)
            if plan is not None and learner.is_known and ending:
                self._words(learner)
                self._causes(learner)
        finally:
            learner.lock.release()

    def _take(self, seen: Any, learner: Learner) -> None:
        self.is_new = True
        self._since += 1
        if seen.__class__ is float:
            self._attempt(seen, OK, learner)
            self._cost(seen, learner)
            return
        kind = seen[0]
        if kind == ATTEMPT:
            self._attempt(seen[1], seen[2], learner)
        elif kind == CALL:
            _kind, took, ended_well, faults = seen
            self._cost(took if ended_well else took + self.latency.longest, learner)
            for fault, succeeded in faults:
                self.faults.retried(fault, succeeded=succeeded)
                if succeeded and fault in given_up(learner.subject.values):
                    self._try_again(fault, learner)
        elif kind == OUTAGE:
            self.outages.append(seen[1])
        elif kind == AGE:
            self.ages.append((seen[1], seen[2]))
        elif kind == JUDGED:
            self._scores.append(seen[1])
            self._watched(seen[1], learner, by_judgement=True)

    def _attempt(self, took: float, outcome: int, learner: Learner) -> None:
        slower = self.latency.see(took, outcome)
        plan = self._plan()
        if slower is None or plan is None or not self._may_change(learner) or plan.config.learning == "batch":
            return
        now = plan.config.attempt_timeout
        knob = learner.subject.knobs.get("attempt_timeout")
        wanted = slower.attempt_timeout if knob is None or knob.high is None else min(slower.attempt_timeout, knob.high)
        if knob is None or now is None or wanted <= now:
            return
        changes: dict[str, Any] = {"attempt_timeout": wanted}
        if "retries" in learner.subject.knobs:
            changes["retries"] = max(plan.config.retries, min(slower.retries, self.latency.most_retries))
        cut = round((1 - slower.success) * RECENT)
        self._set(learner, "T1", changes, slower.reason, RECENT, cut / RECENT, wilson(cut, RECENT))
        self._watch = None

    def _cost(self, cost: float, learner: Learner) -> None:
        self._costs.append(cost)
        self._watched(-cost, learner, by_judgement=False)

    def _watched(self, score: float, learner: Learner, *, by_judgement: bool) -> None:
        if self._watch is None or self._watch[1] is not by_judgement:
            return
        watch = self._watch[0]
        if watch.score(score, self._record):
            self._watch = None
            self.resting = AFTER_A_FAILURE
            learner.changed()
        elif watch.count >= WATCHED or learner.subject.current is not watch.version:
            self._watch = None

    def _set(
        self, learner: Learner, rule: str, changes: Mapping[str, Any], why: str, n: int, effect: float, interval: Any
    ) -> None:
        """A change that protects: what it rests on is written down like that of any other."""
        about = {
            "source": "guard", "rule": rule, "reason": why, "n": n, "effect": effect, "interval": list(interval),
            "seed": None,
        }  # fmt: skip
        learner.promote(changes, about)
        self._record("improve.guard", learner.id, {**about, "changes": dict(changes)})

    def _try_again(self, fault: str, learner: Learner) -> None:
        """A kind of fault that was given up went away at a probe: back to what is written."""
        if not self._may_change(learner):
            return
        left = [kind for kind in given_up(learner.subject.values) if kind != fault]
        self._set(learner, "T2", {GIVEN_UP: " ".join(left)}, f"a retry after {fault} succeeded", 1, 1.0, wilson(1, 1))
        self.faults.counts.pop(fault, None)

    def _may_change(self, learner: Learner) -> bool:
        return self.applies and learner.is_known

    # --- rounds -------------------------------------------------------------------------------------

    def _is_due(self, plan: Plan, *, ending: bool) -> bool:
        mode, new = plan.config.learning, self._since
        if not (self.applies or ending):
            return False
        now = plan.registry.now()
        if not self.last:
            self.last = now
        is_old = now - self.last >= DAY_S
        if mode == "batch":
            return new >= DUE and (ending or is_old)
        if mode == "hybrid" and self.rounds:
            return new >= 2 * DUE or (is_old and new >= FEW)
        return new >= DUE

    def _round(self, plan: Plan, learner: Learner) -> None:
        self.rounds += 1
        self.last = plan.registry.now()
        resting, self.resting = self.resting, max(0, self.resting - self._since)
        self._since = 0
        if resting or (self._watch is not None and learner.subject.current is self._watch[0].version):
            return
        for rule in (self._latency, self._faults, self._breaker, self._cache):
            outcome = rule(plan, learner)
            if outcome is not None and outcome.kind == PROMOTED:
                learner.changed()
                return

    def _ask(
        self, learner: Learner, rule: str, findings: Any, changes: Callable[[Any], Mapping[str, Any]],
        trial: Callable[[Mapping[str, Any]], Evidence], *, min_gain: float, least: int, watched: bool,
    ) -> Outcome:  # fmt: skip
        from dana.adaptive.improve import improve

        outcome = improve(
            learner.subject, lambda _subject: findings, lambda _subject, found: changes(found),
            lambda _subject, candidate: trial(candidate), self._record, min_gain=min_gain, least=least,
            about={"rule": rule},
        )  # fmt: skip
        if outcome.kind == PROMOTED and watched:
            self.watch(learner, by_judgement=False)
        return outcome

    def watch(self, learner: Learner, *, by_judgement: bool) -> None:
        """Look after the current version: by what calls cost, or by how they are judged."""
        before = Moments()
        for value in self._scores if by_judgement else self._costs:
            before.add(value if by_judgement else -value)
        if before.count < FEW:
            return
        # Single calls vary; what is worse has to be so beyond that.
        tolerance = 0.05 * abs(before.mean) + 3 * (before.variance / WATCH_LEAST) ** 0.5
        least = FEW if by_judgement else WATCH_LEAST
        self._watch = Watch(learner.subject, before.mean, tolerance=tolerance, least=least), by_judgement

    def _seed(self, learner: Learner) -> int:
        return crc32(f"{learner.id}/{self.rounds}".encode())

    def _latency(self, plan: Plan, learner: Learner) -> Outcome | None:
        """T1: attempt timeout, retries and first wait."""
        knobs = learner.subject.knobs
        free = [name for name in ("attempt_timeout", "retries", "backoff") if name in knobs]
        if not free or plan.config.retries == 0 or not self.latency.is_due:
            return None
        fit, kept_back = self.latency.halves()
        if max(took for took, _outcome in fit) < LEAST_GAIN_S:
            return None  # there is no such time to be gained
        config, longest = plan.config, self.latency.longest
        now: Settings = (config.attempt_timeout or config.timeout or inf, config.retries, config.backoff)
        advice = advise(
            fit,
            longest,
            timeout=None if "attempt_timeout" in free else min(now[0], longest),
            retries=None if "retries" in free else now[1],
        )
        seed = self._seed(learner)

        def trial(values: Mapping[str, Any]) -> Evidence:
            candidate = (
                values.get("attempt_timeout", config.attempt_timeout) or now[0],
                values.get("retries", config.retries),
                values.get("backoff", config.backoff),
            )
            return evidence.of_attempts(kept_back, now, candidate, longest, seed, config.timeout or inf)[0]

        outcome = self._ask(
            learner, "T1", advice, lambda found: {n: v for n, v in found.values().items() if n in free}, trial,
            min_gain=LEAST_GAIN_S, least=FEW, watched=True,
        )  # fmt: skip
        if outcome.kind == PROMOTED:
            self.latency.advice = advice
        return outcome

    def _faults(self, _plan: Plan, learner: Learner) -> Outcome | None:
        """T2: kinds of fault that are not retried any more."""
        if GIVEN_UP not in learner.subject.knobs:
            return None
        already = given_up(learner.subject.values)
        hopeless = [kind for kind in self.faults.counts if kind not in already and self.faults.is_hopeless(kind)]
        if not hopeless:
            return None
        kind = min(hopeless, key=lambda each: self.faults.share(each)[1])
        low, high = self.faults.share(kind)
        tried, succeeded = self.faults.counts[kind]
        least = self.faults.least

        def trial(_values: Mapping[str, Any]) -> Evidence:
            from dana.adaptive.improve import Evidence

            return Evidence(least - succeeded / tried, least - high, least - low, tried)

        outcome = self._ask(
            learner, "T2", kind, lambda found: {GIVEN_UP: " ".join([*already, found])}, trial,
            min_gain=0.0, least=self.faults.after, watched=False,
        )  # fmt: skip
        if outcome.kind == PROMOTED:
            del self.faults.counts[kind]
        return outcome

    def _breaker(self, plan: Plan, learner: Learner) -> Outcome | None:
        """T3: how long a breaker stays open at first."""
        breaker = plan.breaker
        if breaker is None or "breaker_open_s" not in learner.subject.knobs or len(self.outages) < LEAST_OUTAGES:
            return None
        outages = list(self.outages)
        fit, kept_back = sorted(outages[::2]), outages[1::2]
        longest = breaker.open_max_s
        candidate = min(longest, max(0.1, fit[len(fit) // 2] / 4))
        probe_s = max(1.0, plan.calls.times.quantile(0.95) if plan.calls.count else 1.0)
        return self._ask(
            learner, "T3", candidate, lambda found: {"breaker_open_s": found},
            lambda values: evidence.of_outages(
                kept_back, breaker.open_s, values["breaker_open_s"], longest, probe_s
            ),
            min_gain=0.0, least=LEAST_OUTAGES // 2, watched=False,
        )  # fmt: skip

    def _cache(self, plan: Plan, learner: Learner) -> Outcome | None:
        """T8: how long cached results may be used."""
        cache = plan.cache
        if cache is None or CACHE_TTL not in learner.subject.knobs or len(self.ages) < 2 * FEW:
            return None
        ages, rule = list(self.ages), Freshness()
        for age, is_other in ages[::2]:
            rule.add(age, changed=is_other)
        candidate, now = rule.seconds(), cache.ttl
        if candidate is None or now is None:
            return None
        return self._ask(
            learner, "T8", candidate, lambda found: {CACHE_TTL: found},
            lambda values: evidence.of_ages(
                ages[1::2], now, values[CACHE_TTL], stale_cost=rule.stale_cost, saving=rule.saving
            ),
            min_gain=0.0, least=FEW, watched=False,
        )  # fmt: skip

    def _words(self, learner: Learner) -> None:
        """T6: what words of the domain stand for. Each is a version of its own."""
        words = self.words
        if words is None or WORDS not in learner.subject.knobs:
            return
        for phrase in words.candidates():
            outcome = self._ask(
                learner, "T6", phrase, lambda found: {WORDS: words.text_with(found)},
                lambda _values, phrase=phrase: evidence.of_words(words, phrase),  # type: ignore[misc]
                min_gain=0.0, least=LEAST_SAID, watched=False,
            )  # fmt: skip
            if outcome.kind == PROMOTED:
                words.took(phrase)
                learner.changed()

    def _causes(self, learner: Learner) -> None:
        """T7: what signs say about causes, from the cases people confirmed."""
        confirmed = self.confirmed
        if confirmed is None or CAUSES not in learner.subject.knobs or not confirmed.is_due():
            return
        outcome = self._ask(
            learner, "T7", confirmed.candidate(), lambda found: {CAUSES: found},
            lambda _values: evidence.paired(confirmed.gains(), 0),
            min_gain=0.0, least=LEAST_CONFIRMED, watched=False,
        )  # fmt: skip
        if outcome.kind == PROMOTED:
            confirmed.took()
            learner.changed()

    def _record(self, kind: str, subject: str, data: dict[str, Any]) -> None:
        self.outcomes.append({"kind": kind, **data})
        plan = self._plan()
        if plan is not None and plan.config.audit_trail:
            plan.registry.ledger.keep(kind, subject, data)

    # --- to a store and back ------------------------------------------------------------------------

    def to_data(self) -> dict[str, Any]:
        """What the rules know, as plain data: with it and the same observations, the same is learnt."""
        words = {} if self.words is None else {"words": self.words.to_data()}
        causes = {} if self.confirmed is None else {"causes": self.confirmed.to_data()}
        return {
            **words, **causes,
            "latency": self.latency.to_data(), "faults": self.faults.to_data(), "outages": list(self.outages),
            "ages": [list(age) for age in self.ages], "rounds": self.rounds, "last": self.last, "since": self._since,
        }  # fmt: skip

    def take(self, data: Mapping[str, Any]) -> None:
        """Take in what was saved. Raises `ValueError` for other data; what came before the damage is kept."""
        try:
            self.latency.take(dict(data.get("latency", {})))
            self.faults.take(dict(data.get("faults", {})))
            self.outages.extend(float(outage) for outage in data.get("outages", ()))
            self.ages.extend((float(age), bool(changed)) for age, changed in data.get("ages", ()))
            self.rounds, self.last = int(data.get("rounds", 0)), float(data.get("last", 0.0))
            self._since = int(data.get("since", 0))
            if self.words is not None:
                self.words.take(dict(data.get("words", {})))
            if self.confirmed is not None:
                self.confirmed.take(dict(data.get("causes", {})))
        except (TypeError, AttributeError) as damaged:
            msg = f"this is nothing that was learnt: {damaged}"
            raise ValueError(msg) from damaged


def given_up(values: Mapping[str, Any]) -> list[str]:
    """The kinds of fault that are not retried any more."""
    kinds: str = values.get(GIVEN_UP, "")
    return kinds.split()


def trainer_of(plan: Plan, learner: Learner) -> Trainer | None:
    """The trainer of a function that is being decorated; None where learning may change nothing."""
    config, host = plan.config, plan.host
    if config.learning == "off" or config.safety_critical:
        return None
    from time import monotonic

    chosen = getattr(host, "poet_training", None)
    is_real = getattr(host.clock, "monotonic", None) is monotonic
    inline = chosen == "inline" if chosen else not is_real or getattr(host, "seed", None) is not None
    return Trainer(plan, learner, inline=inline, applies=getattr(host, "tape", None) is None)
