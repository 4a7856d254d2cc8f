"""The journal of a growing network: every event in order, from which its whole state is rebuilt (E81, E103).

    journal = GrowthJournal("run.db")           chained rows in SQLite, or ":memory:"
    host = Host(model, journal=journal)
    replay(journal.events())                    stages, histories, changes, budget: as in the host itself
    trace(journal.events(), "0.seed.up.weight") where a parameter of the final model comes from

The host numbers its events; rows are chained by hashes. A journal in which a row was changed, is missing, was put in
between or was written twice is refused, and so is one that tells of something the lifecycle does not allow.

A run that was resumed (`dana.esper.checkpoint`) goes on in the journal of the one it was saved by: what that one told
after the saved moment, before it was killed, stays there and counts for nothing.

From any parameter the way leads back to the change that made it, the decision behind the change and what that was
decided by, the kernel and the records of its validation (E78).
"""

from __future__ import annotations

import copy
import json
from hashlib import sha256
from time import time

from dana.adaptive import journal as rows
from dana.adaptive.canonical import canonical
from dana.esper.budget import Budget, Cost
from dana.esper.lifecycle import SEEDS, Event, Seed, Stage
from dana.esper.refusals import Refusal, RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

_OWN = "esper."


class Told:
    """One event: its row's number, its kind without "esper.", and its data; `n` numbers the host's own events."""

    __slots__ = ("at", "data", "kind", "seq")

    def __init__(self, seq: int, kind: str, data: dict[str, Any], at: float = 0.0) -> None:
        self.seq = seq
        self.kind = kind
        self.data = data
        self.at = at

    @property
    def n(self) -> int | None:
        """Its number among the host's events; None for what others wrote."""
        return self.data.get("n")

    def __repr__(self) -> str:
        return f"Told({self.seq}, {self.kind}, {self.data.get('site', '')})"


class GrowthJournal:
    """See above. Called by a host with (kind, data); `write(kind, **data)` is for everybody else.

    `run` names this run in the file; `now` gives seconds since 1970; `reading`: only look at a file that is there.
    Raises `RefusedError` when the file is no journal.
    """

    def __init__(
        self, path: str = ":memory:", *, run: str = "", now: Callable[[], float] = time, reading: bool = False
    ) -> None:
        self.run = run
        self._now = now
        try:
            self._rows = rows.Journal(path, reading=reading)
        except rows.JournalError as error:
            raise RefusedError("refused.bytes", str(error), error.hint) from None

    def __call__(self, kind: str, data: dict[str, Any]) -> None:
        """Store one event before this returns. Raises `JournalError`."""
        site = str(data.get("site", ""))
        self._rows.append([(self.run, self._now(), "audit", kind, site, "", canonical(data))])

    def write(self, kind: str, **data: Any) -> None:
        """As a call, with the data by name."""
        self(kind if kind.startswith(_OWN) else _OWN + kind, data)

    def events(self) -> list[Told]:
        """What was told in this run, in order. Raises `RefusedError` for a damaged journal."""
        try:
            found = self._rows.verify()
            if not found:
                raise RefusedError("refused.bytes", f"the journal is damaged: {found.problem}")
            kept = list(self._rows.rows(run=self.run, pattern=_OWN + "*"))
        except rows.JournalError as error:
            raise RefusedError("refused.bytes", str(error), error.hint) from None
        events = []
        for seq, _run, at, _delivery, kind, _subject, _act, text, _hash in kept:
            data = json.loads(text)
            if not isinstance(data, dict):
                raise RefusedError("refused.bytes", f"event {seq} of the journal has no data")
            events.append(Told(seq, kind.removeprefix(_OWN), data, at))
        return events

    def fits(self, host: Any, number: int) -> Refusal | None:
        """Why `host`, put where it was after event `number` of this journal, cannot go on in it; None when it can."""
        events = self.events()
        place = next((place for place, event in enumerate(events) if event.n == number), None)
        if place is None:
            reason = f"the run was saved after event {number}, the last one in its host's journal is {self.last}"
            return Refusal("refused.state", reason, "resume with the journal the run was saved with, or with none")
        if replay(events[: place + 1]).to_data() != state(host):
            return Refusal("refused.state", "the journal tells of another run", "the journal the run was saved with")
        return None

    @property
    def last(self) -> int:
        """The number of the host's last event; 0 when there is none."""
        return max((event.n or 0 for event in self.events()), default=0)

    def digest(self) -> str:
        """SHA-256 over kinds and data, without times: equal for equal runs."""
        whole = sha256()
        for event in self.events():
            whole.update(f"{event.kind}\n{canonical(event.data)}\n".encode())
        return whole.hexdigest()

    def close(self) -> None:
        """Keep the tip beside the file, by which a cut-off end is noticed, and let go of it."""
        self._rows.keep_tip()
        self._rows.close()


# --- replay ---------------------------------------------------------------------------------------


class Life:
    """The state of a host as its journal tells it. `seeds` and `plans` by path of the site; `origins`: see `trace`."""

    budget: Budget

    def __init__(self, opened: Told) -> None:
        said = opened.data
        self.sites: dict[str, dict[str, Any]] = {site["path"]: site for site in said["sites"]}
        self.seeds = {path: Seed(path, embargo_epochs=said["embargo"]) for path in self.sites}
        self.plans: dict[str, dict[str, Any] | None] = dict.fromkeys(self.sites)
        _limit(self, said["budget"])
        self.changes: list[dict[str, Any]] = []
        self.last_change: int | None = None
        self.epoch = int(said["epoch"])
        self.origins = Origins(self.sites)

    def to_data(self) -> dict[str, Any]:
        """As plain data; equal to `state(host)` of the host that was journalled."""
        return {
            "sites": {path: _seed_data(seed, self.plans[path]) for path, seed in self.seeds.items()},
            "changes": self.changes,
            "budget": {"spent": dict(self.budget.spent), "under_way": self.budget.under_way},
            "last_change": self.last_change,
        }


def state(host: Any) -> dict[str, Any]:
    """The state of a live host as plain data: what `replay(...).to_data()` gives for its journal."""
    plans = {site.path: None if site.plan is None else site.plan.to_data() for site in host.sites}
    return {
        "sites": {site.path: _seed_data(site.seed, plans[site.path]) for site in host.sites},
        "changes": json.loads(canonical(host.changes)),
        "budget": {"spent": dict(host.budget.spent), "under_way": host.budget.under_way},
        "last_change": host.last_change,
    }


def _seed_data(seed: Seed, plan: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "stage": seed.stage.value,
        "since": seed.since,
        "until": seed.until,
        "history": [[epoch, event.value, stage.value] for epoch, event, stage in seed.history],
        "plan": None
        if plan is None
        else {name: plan[name] for name in ("template", "measures", "blueprint", "kernel")},
    }


def replay(events: Iterable[Told]) -> Life:
    """The state after the last of these events. Raises `RefusedError` for a story that cannot have happened."""
    try:
        own = [event for event in lived(events) if event.n is not None]
        wanted = {event.data["to_event"] for event in own if event.kind == "rollback"}
        life = Life(own[0])
        moments = {1: copy.deepcopy(life)} if 1 in wanted else {}
        for event in own[1:]:
            life.epoch = event.data["epoch"]
            step = _STEPS.get(event.kind)
            if event.kind == "rollback":
                _roll_back(life, event, moments)
            elif step is not None:
                step(life, event)
            if event.n is not None and event.n in wanted:
                moments[event.n] = copy.deepcopy(life)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise RefusedError("refused.bytes", f"the journal lacks something: {type(error).__name__}: {error}") from None
    return life


def lived(events: Iterable[Told]) -> list[Told]:
    """The events that led to the present, in order: without what was told after a moment that was resumed later.

    Raises `RefusedError` where an event is missing or twice there.
    """
    told = list(events)
    # The place of the event before each, as the story goes, and of each of the host's own events.
    before: list[int | None] = []
    places: dict[int, int] = {}
    last, first, reopened = None, None, False
    for place, event in enumerate(told):
        if first is not None and event.kind == "open" and event.n == 1:
            # The same host once more, by whoever resumes.
            if event.data != first.data:
                raise RefusedError("refused.bytes", "the journal has hosts that are not the same")
            reopened = True
            before.append(None)
            continue
        if event.n is not None:
            if first is None:
                if event.kind != "open":
                    raise RefusedError("refused.bytes", "the journal does not begin with its host")
                first = event
            if event.n != len(places) + 1 or (reopened and event.kind != "resume"):
                problem = f"event {len(places) + 1} is missing, or {event.n} is twice there"
                raise RefusedError("refused.bytes", problem)
            if event.kind == "resume":
                last, reopened = places[event.data["to_event"]], False
            places[event.n] = place
        before.append(last)
        last = place
    if first is None:
        raise RefusedError("refused.bytes", "the journal does not begin with its host")
    found = []
    while last is not None:
        found.append(told[last])
        last = before[last]
    return found[::-1]


def _limit(life: Life, said: dict[str, Any]) -> None:
    """A budget that was given, as `Budget.to_data` wrote it."""
    limits = said["limits"]
    life.budget = Budget(
        limits["parameters"], flops=limits["flops"], memory=limits["bytes"], growths=limits["growths"],
        concurrent=said["concurrent"],
    )  # fmt: skip
    life.budget.spent.update(said["spent"])


def _move(life: Life, path: str, event: Event) -> None:
    """A change of stage that has happened: its gate was asked then."""
    seed = life.seeds[path]
    after = SEEDS.get((seed.stage, event))
    if after is None:
        raise RefusedError("refused.bytes", f"the journal says that a {seed.stage.value} seed did {event.value}")
    seed.stage, seed.since = Stage(after), life.epoch
    if seed.stage is Stage.EMBARGOED:
        seed.until = life.epoch + seed.embargo_epochs
    seed.note(life.epoch, event)


def _cost(data: dict[str, Any]) -> Cost:
    return Cost(data["parameters"], data["flops"], data["bytes"])


def _germinate(life: Life, event: Told) -> None:
    data = event.data
    path = data["site"]
    life.budget.begin(_cost(data))
    _move(life, path, Event.GERMINATE)
    _move(life, path, Event.TRAIN)
    life.plans[path] = data
    life.last_change = life.epoch
    life.changes.append({name: value for name, value in data.items() if name not in ("n", "step", "epoch")})
    life.origins.grow(path, data, event.n or 0)


def _refuse(life: Life, event: Told) -> None:
    """A refusal changes nothing, but for a germination that failed after it had begun: that one counts."""
    data = event.data
    if not data.get("cancelled"):
        return
    life.budget.begin(_cost(data))
    life.budget.give_back(_cost(data))
    for each in (Event.GERMINATE, Event.CANCEL, Event.WAKE):
        _move(life, data["site"], each)


def _fossilise(life: Life, event: Told) -> None:
    path = event.data["site"]
    _move(life, path, Event.FOSSILISE)
    life.budget.keep()
    life.last_change = life.epoch
    life.changes.append({"do": "fossilise", "site": path})
    old = life.seeds[path]
    life.seeds[path] = Seed(path, embargo_epochs=old.embargo_epochs)
    life.seeds[path].history = old.history
    life.plans[path] = None
    life.origins.keep(path)


def _cull(life: Life, event: Told) -> None:
    path = event.data["site"]
    _move(life, path, Event.CULL)
    life.budget.give_back(_cost(event.data))
    life.changes.remove(next(change for change in reversed(life.changes) if change["site"] == path))
    life.plans[path] = None
    _move(life, path, Event.EMBARGO)
    life.origins.shrink(path)


def _wake(life: Life, event: Told) -> None:
    for path in event.data["sites"]:
        _move(life, path, Event.WAKE)


_STEPS: dict[str, Callable[[Life, Told], None]] = {
    "germinate": _germinate,
    "refuse": _refuse,
    "blend": lambda life, event: _move(life, event.data["site"], Event.BLEND),
    "hold": lambda life, event: _move(life, event.data["site"], Event.HOLD),
    "fossilise": _fossilise,
    "cull": _cull,
    "wake": _wake,
    "release": lambda life, event: _move(life, event.data["site"], Event.RELEASE),
    "budget": lambda life, event: _limit(life, event.data["budget"]),
}


def _roll_back(life: Life, event: Told, moments: dict[int, Life]) -> None:
    """As the host does it: what computes and where seeds were is as then; epochs and counted growths go on."""
    then = copy.deepcopy(moments[event.data["to_event"]])
    growths = max(life.budget.spent["growths"], then.budget.spent["growths"])
    life.seeds, life.plans, life.changes, life.origins = then.seeds, then.plans, then.changes, then.origins
    life.budget.spent, life.budget.under_way = then.budget.spent, then.budget.under_way
    life.budget.spent["growths"] = growths
    locked = event.data["locked"]
    if locked is not None:
        seed = life.seeds[locked]
        seed.stage, seed.since = Stage.ROLLED_BACK, life.epoch
        seed.note(life.epoch, Event.ROLL_BACK)


# --- where parameters come from -------------------------------------------------------------------


class Origins:
    """Which parameters of a network came from which growth, kept up to date while grafts rename what is inside them.

    `grown`: (path of a module, number of the event); `wide`: (path of a layer, axis, first, last + 1, number) for
    neurons that a layer got.
    """

    def __init__(self, sites: dict[str, dict[str, Any]]) -> None:
        self._sites = sites
        self._outputs = {path: int(site["outputs"]) for path, site in sites.items()}
        self._last: dict[str, tuple[str, int, int]] = {}
        self.grown: list[tuple[str, int]] = []
        self.wide: list[tuple[str, int, int, int, int]] = []

    def grow(self, path: str, said: dict[str, Any], number: int) -> None:
        """Something germinated at a site: what the event said."""
        how = said["do"]
        if how == "widen":
            self._widen(path, said["measures"]["neurons"], number)
            return
        if "units" in said:
            self._renew(path, how, said["units"], number)
            return
        self._rename(path, f"{path}.{'0' if how == 'deepen' else 'host'}")
        # A layer that was added is what follows the old one in its place: an activation, the layer.
        names = ("1", "2") if how == "deepen" else ("seed",)
        self.grown += [(f"{path}.{name}", number) for name in names]
        self._last[path] = (how, number, 0)

    def _widen(self, path: str, count: int, number: int) -> None:
        site, first = self._sites[path], self._outputs[path]
        per = int(site["per"])
        self.wide.append((path, 0, first, first + count, number))
        self.wide += [(norm, 0, first, first + count, number) for norm in site["norms"]]
        self.wide.append((site["next"], 1, first * per, (first + count) * per, number))
        self._outputs[path] += count
        self._last[path] = ("widen", number, count)

    def _renew(self, path: str, how: str, units: list[int], number: int) -> None:
        """Neurons that were there begin anew, or only shrink: then their numbers are still the old ones."""
        if how == "revive":
            per = int(self._sites[path]["per"])
            for unit in units:
                self.wide.append((path, 0, unit, unit + 1, number))
                self.wide.append((self._sites[path]["next"], 1, unit * per, (unit + 1) * per, number))
        self._last[path] = (how, number, 0)

    def shrink(self, path: str) -> None:
        """What germinated last at a site is gone."""
        how, number, count = self._last.pop(path)
        self.grown = [place for place in self.grown if place[1] != number]
        self.wide = [place for place in self.wide if place[4] != number]
        self._outputs[path] -= count
        if how not in ("widen", "revive", "rescale"):
            self._rename(f"{path}.{'0' if how == 'deepen' else 'host'}", path)

    def keep(self, path: str) -> None:
        """What germinated last at a site stays."""
        self._last.pop(path)

    def _rename(self, old: str, new: str) -> None:
        def renamed(path: str) -> str:
            return new + path[len(old) :] if path == old or path.startswith(old + ".") else path

        self.grown = [(renamed(path), number) for path, number in self.grown]
        self.wide = [(renamed(path), axis, first, last, number) for path, axis, first, last, number in self.wide]

    def of(self, parameter: str) -> list[tuple[int | None, str]]:
        """Numbers of the events a parameter came from, with which part of it; None: it was there from the start."""
        module, _, name = parameter.rpartition(".")
        inside = [(len(path), number) for path, number in self.grown if (module + ".").startswith(path + ".")]
        found: list[tuple[int | None, str]] = [(max(inside)[1] if inside else None, "")]
        for path, axis, first, last, number in self.wide:
            if path == module and (axis == 0 or name == "weight"):
                found.append((number, f"{'rows' if axis == 0 else 'columns'} {first} to {last - 1}"))
        return found


class Trail:
    """Where a parameter, or a part of it, comes from.

    `part`: which part ("" for all that has no other origin); `change`: the germination, None for what was there from
    the start; `decision`: who decided it by what; `report`: the validation; `kernel`: the artifact's id; `life`: all
    that happened to it afterwards.
    """

    __slots__ = ("change", "decision", "life", "parameter", "part", "report")

    def __init__(self, parameter: str, part: str, change: Told | None) -> None:
        self.parameter = parameter
        self.part = part
        self.change = change
        self.decision: Told | None = None
        self.report: Told | None = None
        self.life: list[Told] = []

    @property
    def kernel(self) -> str | None:
        """The id of the kernel it was born as; None where nothing was packed."""
        return None if self.change is None else self.change.data.get("kernel")

    @property
    def trigger(self) -> str:
        """Why it was grown, in words."""
        if self.change is None:
            return ""
        said = self.change.data.get("reason") or (self.decision.data.get("reason") if self.decision else "")
        return str(said or "")

    def __repr__(self) -> str:
        return f"Trail({self.parameter} {self.part}: {self.change!r}, {[event.kind for event in self.life]})"


def trace(events: Sequence[Told], parameter: str) -> list[Trail]:
    """Where a parameter of the network comes from, part by part. Raises `RefusedError` as `replay` does."""
    life, events = replay(events), lived(events)
    by_number = {event.n: event for event in events if event.n is not None}
    trails = []
    for number, part in life.origins.of(parameter):
        trail = Trail(parameter, part, None if number is None else by_number[number])
        if trail.change is not None:
            _complete(trail, events)
        trails.append(trail)
    return trails


def _complete(trail: Trail, events: Sequence[Told]) -> None:
    assert trail.change is not None
    change = trail.change
    site, kernel, at = change.data["site"], change.data.get("kernel"), events.index(change)
    for event in events[:at]:
        if event.kind == "report" and kernel and event.data.get("kernel") == kernel:
            trail.report = event
    near = [
        (abs(place - at), event)
        for place, event in enumerate(events)
        if event.kind == "decide" and event.data.get("site") == site and event.data.get("action") == "germinate"
    ]
    if near:
        trail.decision = min(near, key=lambda pair: pair[0])[1]
    for event in events[at + 1 :]:
        if event.data.get("site") != site or event.kind not in ("blend", "hold", "fossilise", "cull", "report"):
            continue
        trail.life.append(event)
        if event.kind in ("fossilise", "cull"):
            break
