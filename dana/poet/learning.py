"""What was learnt about functions, for whoever asks: `LearningStore` (P53, P126).

Three stores in one: *parameters* (what knobs are set to, with versions), *patterns* (what is known about calls, by
kind) and *feedback* (single judgements). Answers come from memory, the most recently used first to stay; what is
new is saved behind the calls (`dana.poet.store.writer`). No failure of the store below reaches a caller: what cannot
be read is as if it were not known, what cannot be saved waits, and `on_problem` (else the log `dana.poet`) hears of
either once.

    learnings = LearningStore(".poet/parameters.db")
    learnings.update_parameters("loans.score", "-", {"timeout": 2.5})
    learnings.get_parameters("loans.score", "-")        # {"timeout": 2.5}

A pattern may say when it holds: under "signature" (the shape of the input, as text) and "when" (what the context must
say). A feedback may have "signature", "ok" (true or false), "score" (0 to 1), "kind" and "failure"; `analyze_patterns`
reads these and nothing else.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from threading import RLock
from time import monotonic, time

from dana.adaptive.canonical import plain
from dana.adaptive.statistics import OUTCOMES, Calls, wilson
from dana.adaptive.subject import KnobError
from dana.poet.store.base import MAX_FEEDBACK, MAX_VERSIONS, NO_DOMAIN, StoreError
from dana.poet.store.opening import DEFAULT, FOLDER, open_store
from dana.poet.store.writer import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.adaptive.subject import Subject
    from dana.poet.store.base import Store, Stored

SIZE = 10_000
# A store that failed is not asked again at once: each question may take its time limit.
RETRY_S = 5.0
# Patterns with a meaning of their own.
CALLS, SUBJECT, ANALYSIS = "calls", "subject", "analysis"
MAX_GROUPS = 1_000


class _Known:
    """What memory holds about a function; None for what was not read yet."""

    __slots__ = ("parameters", "patterns")

    def __init__(self) -> None:
        self.parameters: dict[str, Any] | None = None
        self.patterns: dict[str, dict[str, Any]] | None = None


class LearningStore:
    """Parameters, patterns and feedback of functions, by function id and domain.

    `store`: a path, a URL (`dana.poet.store.opening`) or a store; it is opened when it is needed first. `now` gives
    seconds since 1970; `size`: how many functions memory holds; `background=False` saves at `flush` and `close`
    only, for tests. Data that is handed over is copied, data that is handed out belongs to the caller. Safe to use
    from any thread.
    """

    def __init__(
        self,
        store: Store | str = DEFAULT,
        *,
        now: Callable[[], float] = time,
        size: int = SIZE,
        on_problem: Callable[[StoreError], object] | None = None,
        background: bool = True,
    ) -> None:
        self._where = store if isinstance(store, str) else ""
        self._store = None if isinstance(store, str) else store
        self._now = now
        self._size = size
        self._on_problem = on_problem
        self._lock = RLock()
        self._memory: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self._ask_again = 0.0
        self._complained = False
        self._writer = Writer(self._opened, on_problem=self._complain, background=background)

    # --- parameters -------------------------------------------------------------------------------

    def get_parameters(self, function_id: str, domain: str | None = NO_DOMAIN) -> dict[str, Any]:
        """The latest parameters; none when nothing is known: the defaults stand then."""
        with self._lock:
            return dict(self._parameters(function_id, domain or NO_DOMAIN))

    def update_parameters(
        self, function_id: str, domain: str | Mapping[str, Any] | None, parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Set some parameters, the others stay; returns all. They are saved as one new version, behind the call.

        Without a domain: `update_parameters("loans.score", {"timeout": 2.5})`.
        """
        new = domain if parameters is None else parameters
        if new is None or isinstance(new, str):
            msg = "update_parameters needs the parameters: a dict"
            raise TypeError(msg)
        where = domain if isinstance(domain, str) and domain else NO_DOMAIN
        with self._lock:
            known = self._known(function_id, where)
            known.parameters = {**self._parameters(function_id, where), **plain(dict(new))}
            self._writer.put(function_id, where, known.parameters, self._now())
            return dict(known.parameters)

    def history(self, function_id: str, domain: str = NO_DOMAIN, limit: int = MAX_VERSIONS) -> list[Stored]:
        """The saved versions of the parameters, newest first."""
        self._writer.write()
        found: list[Stored] = self._read(lambda store: store.versions(function_id, domain, limit), [])
        return found

    # --- patterns and feedback --------------------------------------------------------------------

    def put_pattern(self, function_id: str, domain: str, kind: str, data: Mapping[str, Any]) -> None:
        """What is known under `kind` about the calls of a function, in the place of what was."""
        with self._lock:
            found = plain(dict(data))
            self._patterns(function_id, domain)[kind] = found
            self._writer.put(function_id, domain, found, self._now(), kind=kind)

    def patterns(self, function_id: str, domain: str = NO_DOMAIN) -> dict[str, dict[str, Any]]:
        """What is known, by kind."""
        with self._lock:
            return dict(self._patterns(function_id, domain))

    def add_feedback(self, function_id: str, domain: str, feedback: Mapping[str, Any]) -> None:
        """One judgement about a call."""
        self._writer.put_feedback(function_id, domain, dict(feedback), self._now())

    def feedback(
        self, function_id: str, domain: str = NO_DOMAIN, limit: int = 100
    ) -> list[tuple[float, dict[str, Any]]]:
        """The latest feedback, newest first, as `(seconds since 1970, feedback)`."""
        self._writer.write()
        waiting = self._writer.waiting_feedback(function_id, domain)
        stored: list[tuple[float, dict[str, Any]]] = self._read(
            lambda store: store.feedback(function_id, domain, limit), []
        )
        return [*waiting, *stored][:limit]

    def get_relevant_learnings(
        self, function: Any, signature: str = "", context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """What is known that bears on a call: `{"parameters": …, "patterns": …}`.

        `function`: its id, or the function; `signature`: the shape of the input; `context`: what is known about the
        call, its "domain" among it. A pattern that says when it holds is left out where it does not.
        """
        about = context or {}
        function_id, domain = function_id_of(function), str(about.get("domain") or NO_DOMAIN)
        patterns = {
            kind: dict(data)
            for kind, data in self.patterns(function_id, domain).items()
            if kind != SUBJECT and _holds(data, signature, about)
        }
        return {"parameters": self.get_parameters(function_id, domain), "patterns": patterns}

    def analyze_patterns(self, function_id: str, domain: str = NO_DOMAIN) -> dict[str, Any]:
        """How the calls of a function went (P98): from its statistics and its feedback; kept as a pattern of its own.

        `"calls"`, `"success_rate"` with its 95 % `"interval"`, `"outcomes"` by name, `"p50"`, `"p95"`, `"p99"` in
        seconds; `"feedback"`, `"mean_score"` (None without scores), `"failures"` by name, `"signatures"` (count,
        share of ok and its interval, for each shape of input) and `"weak"`: the shapes that certainly do worse
        than all together.
        """
        calls = self.load_calls(function_id, domain)
        good = calls.count * calls.success_rate
        found: dict[str, Any] = {
            "calls": calls.count,
            "success_rate": calls.success_rate,
            "interval": list(wilson(good, calls.count)),
            "outcomes": {name: count for name, count in zip(OUTCOMES, calls.outcomes, strict=True) if count},
            **{f"p{share}": calls.times.quantile(share / 100) for share in (50, 95, 99)},
        }
        judgements = [entry for _at, entry in self.feedback(function_id, domain, MAX_FEEDBACK)]
        found |= _judged(judgements)
        self.put_pattern(function_id, domain, ANALYSIS, found)
        return found

    # --- subjects and statistics ------------------------------------------------------------------

    def save_subject(self, subject: Subject, domain: str = NO_DOMAIN) -> None:
        """The current values as parameters, and the versions they come from."""
        with self._lock:
            values = plain(dict(subject.values))
            if values != self._parameters(subject.id, domain):
                self._known(subject.id, domain).parameters = values
                self._writer.put(subject.id, domain, values, self._now())
            self.put_pattern(subject.id, domain, SUBJECT, recent(subject.snapshot()))

    def load_subject(self, subject: Subject, domain: str = NO_DOMAIN) -> list[str]:
        """Bring a subject to what was saved; returns what had to be left out, in words.

        Parameters that were set otherwise than by the subject (an import, a hand) become a version of their own.
        """
        with self._lock:
            parameters = dict(self._parameters(subject.id, domain))
            snapshot = self._patterns(subject.id, domain).get(SUBJECT)
        left_out: list[str] = []
        if snapshot is not None:
            try:
                left_out += subject.restore(snapshot)
            except KnobError as damaged:
                left_out.append(str(damaged))
        changed = {}
        for name, value in parameters.items():
            refused = _refused(subject, name, value)
            if refused:
                left_out.append(refused)
            elif value != subject.values[name]:
                changed[name] = value
        if changed:
            subject.promote(changed, {"source": "store"})
        return left_out

    def save_calls(self, function_id: str, calls: Calls, domain: str = NO_DOMAIN) -> None:
        """The statistics of a function's calls."""
        self.put_pattern(function_id, domain, CALLS, calls.to_data())

    def load_calls(self, function_id: str, domain: str = NO_DOMAIN) -> Calls:
        """The saved statistics; empty ones when there are none, or none that can be read."""
        data = self.patterns(function_id, domain).get(CALLS)
        if data is None:
            return Calls()
        try:
            return Calls.from_data(data)
        except ValueError as damaged:
            self._complain(StoreError(f"the statistics of `{function_id}` are damaged: {damaged}", "they start anew"))
            return Calls()

    # --- housekeeping -----------------------------------------------------------------------------

    def forget(self, function_id: str, domain: str = NO_DOMAIN) -> bool:
        """Remove all that is known about a function; False when nothing was. Raises `StoreError`."""
        waited = self._writer.drop(function_id, domain)
        with self._lock:
            self._memory.pop((function_id, domain), None)
            return self._opened().forget(function_id, domain) or waited

    def functions(self) -> list[tuple[str, str, float]]:
        """`(function id, domain, when last saved)` of everything known."""
        self._writer.write()
        found: list[tuple[str, str, float]] = self._read(lambda store: store.functions(), [])
        return found

    def flush(self) -> None:
        """Save what waits. Raises `StoreError` when that is impossible; it goes on waiting then."""
        self._writer.flush()

    def close(self) -> None:
        """Save what waits and let go of the store. Raises `StoreError` when something could not be saved."""
        try:
            self._writer.close()
        finally:
            with self._lock:
                if self._store is not None:
                    self._store.close()

    @property
    def is_failing(self) -> bool:
        """Whether the store could not answer when it was asked last."""
        return bool(self._ask_again)

    @property
    def waiting(self) -> int:
        """How much is not saved yet."""
        return self._writer.count

    # --- memory and store -------------------------------------------------------------------------

    def _known(self, function_id: str, domain: str) -> _Known:
        """The entry in memory, now the most recently used; the caller holds the lock."""
        key = (function_id, domain)
        known = self._memory.get(key)
        if known is None:
            known = self._memory[key] = _Known()
            if len(self._memory) > self._size:
                self._memory.popitem(last=False)
        else:
            self._memory.move_to_end(key)
        return known

    def _parameters(self, function_id: str, domain: str) -> dict[str, Any]:
        known = self._known(function_id, domain)
        if known.parameters is None:
            waiting = self._writer.waiting(function_id, domain)
            if waiting is None:
                stored: Stored | None = self._read(lambda store: store.load(function_id, domain), None)
                if stored is None:
                    # What could not be read is asked for again later; what is not there is known not to be.
                    if not self._ask_again:
                        known.parameters = {}
                    return {}
                waiting = stored.data
            known.parameters = waiting
        return known.parameters

    def _patterns(self, function_id: str, domain: str) -> dict[str, dict[str, Any]]:
        known = self._known(function_id, domain)
        if known.patterns is None:
            stored = self._read(lambda store: store.patterns(function_id, domain), None)
            found = dict(stored or {})
            found |= self._writer.waiting_patterns(function_id, domain)
            if stored is None:
                return found
            known.patterns = found
        return known.patterns

    def _read(self, ask: Callable[[Store], Any], default: Any) -> Any:
        """What the store says; the default when it fails, or failed a moment ago."""
        with self._lock:
            if self._ask_again and monotonic() < self._ask_again:
                return default
            try:
                found = ask(self._opened())
            except StoreError as problem:
                self._ask_again = monotonic() + RETRY_S
                self._complain(problem)
                return default
            self._ask_again = 0.0
            self._complained = False
            return found

    def _opened(self) -> Store:
        with self._lock:
            if self._store is None:
                self._store = open_store(self._where, on_problem=self._complain)
            return self._store

    def _complain(self, problem: StoreError) -> None:
        if self._complained:
            return
        self._complained = True
        if self._on_problem is not None:
            self._on_problem(problem)
        else:
            from logging import getLogger

            getLogger("dana.poet").warning("%s%s", problem, f" ({problem.hint})" if problem.hint else "")


class ParameterStorage(LearningStore):
    """Parameters in JSON files of a folder, one file for each function and domain, saved at once (P54, P124).

    `base_path`: the folder, made when something is saved; the path of a database or the URL of a store is taken too.
    """

    def __init__(self, base_path: str | os.PathLike[str] = FOLDER, **options: Any) -> None:
        where = os.fspath(base_path)
        is_folder = ":" not in where and not where.endswith((".db", ".sqlite", ".sqlite3"))
        super().__init__(f"json:{where}" if is_folder else where, **options)

    def save_parameters(self, function_id: str, domain: str | None, params: Mapping[str, Any]) -> None:
        """Keep these parameters, in the place of all that were."""
        domain = domain or NO_DOMAIN
        with self._lock:
            known = self._known(function_id, domain)
            known.parameters = plain(dict(params))
            self._writer.put(function_id, domain, known.parameters, self._now())
        self.flush()

    def load_parameters(self, function_id: str, domain: str | None = NO_DOMAIN) -> dict[str, Any]:
        """The parameters; none when nothing is known."""
        return self.get_parameters(function_id, domain)


def function_id_of(function: Any) -> str:
    """The id under which a function is known: "module.name"."""
    if isinstance(function, str):
        return function
    name = getattr(function, "__qualname__", None) or type(function).__name__
    module = getattr(function, "__module__", None)
    return f"{module}.{name}" if module else str(name)


def recent(snapshot: dict[str, Any], most: int = MAX_VERSIONS) -> dict[str, Any]:
    """A subject's snapshot with its first version, its current one and the newest others, renumbered."""
    versions = snapshot["versions"]
    if len(versions) <= most:
        return snapshot
    kept = sorted({0, snapshot["current"], *range(len(versions) - most + 2, len(versions))})
    number = {old: new for new, old in enumerate(kept)}
    renumbered = [{**versions[old], "parent": number.get(versions[old]["parent"], 0)} for old in kept]
    return {**snapshot, "current": number[snapshot["current"]], "versions": renumbered}


def _refused(subject: Subject, name: str, value: Any) -> str:
    """Why a stored value cannot be taken over; "" when it can."""
    knob = subject.knobs.get(name)
    if knob is None:
        return f"there is no knob `{name}` any more"
    try:
        same = knob.check(value) == subject.values[name]
    except KnobError as refused:
        return str(refused)
    return f"`{name}` protects somebody: only people set it" if knob.safety and not same else ""


def _holds(pattern: Mapping[str, Any], signature: str, context: Mapping[str, Any]) -> bool:
    if pattern.get("signature", signature) != signature:
        return False
    when = pattern.get("when", {})
    return isinstance(when, dict) and all(name in context and context[name] == value for name, value in when.items())


def _judged(feedback: list[dict[str, Any]]) -> dict[str, Any]:
    """What single judgements say together."""
    scores = [entry["score"] for entry in feedback if type(entry.get("score")) in (int, float)]
    failures: dict[str, int] = {}
    groups: dict[str, list[int]] = {}
    for entry in feedback:
        failure = entry.get("failure")
        if isinstance(failure, str) and (failure in failures or len(failures) < MAX_GROUPS):
            failures[failure] = failures.get(failure, 0) + 1
        signature, ok = entry.get("signature"), entry.get("ok")
        if isinstance(signature, str) and isinstance(ok, bool) and (signature in groups or len(groups) < MAX_GROUPS):
            group = groups.setdefault(signature, [0, 0])
            group[0] += ok
            group[1] += 1
    good, count = sum(group[0] for group in groups.values()), sum(group[1] for group in groups.values())
    signatures: dict[str, dict[str, Any]] = {
        signature: {"count": n, "ok": right / n, "interval": list(wilson(right, n))}
        for signature, (right, n) in groups.items()
    }
    return {
        "feedback": len(feedback),
        "mean_score": sum(scores) / len(scores) if scores else None,
        "failures": failures,
        "signatures": signatures,
        "weak": sorted(name for name, of in signatures.items() if of["interval"][1] < good / count),
    }
