"""The lives of seeds, blueprints and kernels: one table each of stages and what leads from one to another (E82, E108).

    DORMANT → GERMINATED → TRAINING → BLENDING → HOLDING → FOSSILISED
                  ↘           ↘          ↘          ↘
                                CULLED → EMBARGOED → DORMANT
    any stage in between: ROLLED_BACK (locked, until released) and CANCELLED (before anything trained)

Seeds change stage at step boundaries only. A change has a *gate*: conditions on what was measured. What was not
measured does not pass. The tables are data: the documentation prints them, the tests try every pair of stage and event.
"""

from __future__ import annotations

from enum import StrEnum

from dana.esper.refusals import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    Table: TypeAlias = Mapping[tuple[str, str], str]


class Stage(StrEnum):
    """Where a seed is in its life. HOLDING stands for the mission's stabilisation, evaluation and fine-tuning (EC)."""

    DORMANT = "dormant"
    GERMINATED = "germinated"
    TRAINING = "training"
    BLENDING = "blending"
    HOLDING = "holding"
    FOSSILISED = "fossilised"
    CULLED = "culled"
    EMBARGOED = "embargoed"
    CANCELLED = "cancelled"
    ROLLED_BACK = "rolled_back"


class Event(StrEnum):
    """What can happen to a seed."""

    GERMINATE = "germinate"
    TRAIN = "train"
    BLEND = "blend"
    HOLD = "hold"
    FOSSILISE = "fossilise"
    CULL = "cull"
    CANCEL = "cancel"
    ROLL_BACK = "roll_back"
    EMBARGO = "embargo"
    WAKE = "wake"
    RELEASE = "release"


SEEDS: Table = {
    (Stage.DORMANT, Event.GERMINATE): Stage.GERMINATED,
    (Stage.GERMINATED, Event.TRAIN): Stage.TRAINING,
    (Stage.GERMINATED, Event.CANCEL): Stage.CANCELLED,
    (Stage.TRAINING, Event.BLEND): Stage.BLENDING,
    (Stage.BLENDING, Event.HOLD): Stage.HOLDING,
    (Stage.HOLDING, Event.BLEND): Stage.BLENDING,
    (Stage.HOLDING, Event.FOSSILISE): Stage.FOSSILISED,
    (Stage.GERMINATED, Event.CULL): Stage.CULLED,
    (Stage.TRAINING, Event.CULL): Stage.CULLED,
    (Stage.BLENDING, Event.CULL): Stage.CULLED,
    (Stage.HOLDING, Event.CULL): Stage.CULLED,
    (Stage.GERMINATED, Event.ROLL_BACK): Stage.ROLLED_BACK,
    (Stage.TRAINING, Event.ROLL_BACK): Stage.ROLLED_BACK,
    (Stage.BLENDING, Event.ROLL_BACK): Stage.ROLLED_BACK,
    (Stage.HOLDING, Event.ROLL_BACK): Stage.ROLLED_BACK,
    (Stage.FOSSILISED, Event.ROLL_BACK): Stage.ROLLED_BACK,
    (Stage.CULLED, Event.EMBARGO): Stage.EMBARGOED,
    (Stage.EMBARGOED, Event.WAKE): Stage.DORMANT,
    (Stage.CANCELLED, Event.WAKE): Stage.DORMANT,
    (Stage.ROLLED_BACK, Event.RELEASE): Stage.DORMANT,
}

BLUEPRINTS: Table = {
    ("proposed", "compile"): "compiling",
    ("compiling", "built"): "benchmarking",
    ("compiling", "fail"): "rejected",
    ("benchmarking", "pass"): "validated",
    ("benchmarking", "fail"): "rejected",
    ("validated", "archive"): "archived",
    ("rejected", "archive"): "archived",
    ("rejected", "retry"): "proposed",
}

KERNELS: Table = {
    ("packed", "sign"): "signed",
    ("packed", "refuse"): "refused",
    ("signed", "load"): "loaded",
    ("signed", "retire"): "retired",
    ("loaded", "unload"): "signed",
    ("loaded", "fail"): "failed",
    ("failed", "retire"): "retired",
    ("refused", "retire"): "retired",
}

# How many changes of its seeds a site remembers; the journal has them all.
HISTORY = 100
# In these stages a seed takes part in the network's forward pass.
ACTIVE = frozenset((Stage.TRAINING, Stage.BLENDING, Stage.HOLDING))


class Gate:
    """Conditions of a change: for each measured figure, the least or the most it may be.

    `check(measured)` gives None when all hold, else a refusal that names every one that does not, unmeasured ones
    included.
    """

    __slots__ = ("at_least", "at_most", "name", "only")

    def __init__(
        self,
        name: str,
        *,
        at_least: Mapping[str, float] | None = None,
        at_most: Mapping[str, float] | None = None,
        only: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.at_least = dict(at_least or {})
        self.at_most = dict(at_most or {})
        # Figures that must have been measured, whatever they are.
        self.only = only

    def check(self, measured: Mapping[str, float]) -> Refusal | None:
        """What of the conditions does not hold."""
        missing = [n for n in (*self.at_least, *self.at_most, *self.only) if measured.get(n) is None]
        wrong = [f"{n} was not measured" for n in missing]
        wrong += [
            f"{n} is {measured[n]:g}, at least {least:g} is needed"
            for n, least in self.at_least.items()
            if n not in missing and not measured[n] >= least
        ]
        wrong += [
            f"{n} is {measured[n]:g}, at most {most:g} is allowed"
            for n, most in self.at_most.items()
            if n not in missing and not measured[n] <= most
        ]
        if not wrong:
            return None
        return Refusal("refused.gate", f"{self.name}: " + "; ".join(wrong), gate=self.name)

    def rows(self) -> list[tuple[str, str, float | None]]:
        """The conditions as (figure, "≥" or "≤" or "measured", bound), for documentation."""
        found: list[tuple[str, str, float | None]] = [(n, "≥", least) for n, least in self.at_least.items()]
        found += [(n, "≤", most) for n, most in self.at_most.items()]
        return found + [(n, "measured", None) for n in self.only]


# The gate before each event of a seed that changes the network (G0 to G5 of the mission); figures are explained there.
GATES: dict[Event, Gate] = {
    Event.GERMINATE: Gate("G0 identity", at_least={"validated": 1.0, "fits": 1.0}),
    Event.TRAIN: Gate("G1 placed", at_least={"placed": 1.0}),
    Event.BLEND: Gate(
        "G2 has learnt",
        at_least={"epochs_trained": 1.0, "gradient_health": 0.7, "gradient_ratio": 0.0},
        at_most={"exploding": 0.0},
    ),
    Event.HOLD: Gate("G3 fully blended", at_least={"alpha": 1.0}),
    Event.FOSSILISE: Gate("G5 pays its rent", at_least={"gain_low": 0.0, "gain_over_rent": 0.0}, only=("host_alone",)),
}


class Seed:
    """The life of one seed at one site: its stage, when it changed, and what for. Changes are asked for with `step`.

    `embargo_epochs`: how long a culled site rests. The seed never leaves its table; refusals change nothing.
    """

    __slots__ = ("embargo_epochs", "history", "since", "site", "stage", "until")

    def __init__(self, site: str, *, embargo_epochs: int = 5) -> None:
        self.site = site
        self.stage = Stage.DORMANT
        self.since = 0
        self.until = 0
        self.embargo_epochs = embargo_epochs
        self.history: list[tuple[int, Event, Stage]] = []

    def step(self, event: Event, epoch: int, measured: Mapping[str, float] | None = None) -> Refusal | None:
        """Ask for a change at `epoch`; None when it happened. `measured`: the figures its gate looks at."""
        after = SEEDS.get((self.stage, event))
        if after is None:
            allowed = sorted(e.value for s, e in SEEDS if s == self.stage)  # type: ignore[attr-defined]
            word = f"a {self.stage.value} seed cannot {event.value.replace('_', ' ')}"
            return Refusal(
                "refused.stage", word, "it can " + ", ".join(allowed) if allowed else "", stage=self.stage.value
            )
        if event is Event.WAKE and self.stage is Stage.EMBARGOED and epoch < self.until:
            return Refusal("refused.cooldown", f"the site rests until epoch {self.until}", until=self.until)
        gate = GATES.get(event)
        if gate is not None and (refusal := gate.check(measured or {})) is not None:
            return refusal
        self.stage = Stage(after)
        self.since = epoch
        if self.stage is Stage.EMBARGOED:
            self.until = epoch + self.embargo_epochs
        self.note(epoch, event)
        return None

    def note(self, epoch: int, event: Event) -> None:
        """Enter into the history how the present stage was reached; a site that lives long forgets its youth."""
        self.history.append((epoch, event, self.stage))
        del self.history[:-HISTORY]

    @property
    def is_active(self) -> bool:
        """Whether it takes part in the forward pass."""
        return self.stage in ACTIVE

    @property
    def is_locked(self) -> bool:
        """Whether nothing grows here until a person or a rule releases it."""
        return self.stage is Stage.ROLLED_BACK


def advance(table: Table, state: str, event: str) -> str | Refusal:
    """The state after an event, by one of the tables; a refusal where there is none."""
    after = table.get((state, event))
    if after is not None:
        return after
    allowed = sorted({e for s, e in table if s == state})
    return Refusal(
        "refused.stage", f"what is {state} cannot {event}", "it can " + ", ".join(allowed) if allowed else ""
    )


def markdown(table: Table) -> str:
    """A table as Markdown, for the documentation."""
    rows = [f"| {state} | {event} | {after} |" for (state, event), after in table.items()]
    return "\n".join(["| stage | event | then |", "|---|---|---|", *rows])
