"""Every pair of stage and event leads where the table says, or is refused and changes nothing (E82, E108)."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dana.esper.lifecycle import (
    ACTIVE,
    BLUEPRINTS,
    GATES,
    KERNELS,
    SEEDS,
    Event,
    Gate,
    Seed,
    Stage,
    advance,
    markdown,
)
from dana.esper.refusals import Refusal

PASSING = {
    "validated": 1, "fits": 1, "placed": 1, "epochs_trained": 9, "gradient_health": 1, "gradient_ratio": 1,
    "exploding": 0, "alpha": 1, "gain_low": 0.1, "gain_over_rent": 0.1, "host_alone": 0.5,
}  # fmt: skip


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("event", Event)
def test_every_pair_of_stage_and_event(stage, event):
    seed = Seed("1")
    seed.stage = stage
    refusal = seed.step(event, 100, PASSING)
    if (stage, event) in SEEDS:
        assert refusal is None
        assert seed.stage == SEEDS[stage, event]
        assert seed.history == [(100, event, seed.stage)]
    else:
        assert refusal.code == "refused.stage"
        assert stage.value in refusal.reason
        assert seed.stage is stage
        assert not seed.history


@pytest.mark.parametrize("event", GATES)
def test_a_gate_refuses_what_was_not_measured_and_what_is_too_little(event):
    gate = GATES[event]
    before = next(stage for (stage, e) in SEEDS if e == event)
    for name, sign, bound in gate.rows():
        for worse in (None, bound - 0.01 if sign == "≥" else bound + 0.01 if sign == "≤" else None):
            seed = Seed("1")
            seed.stage = Stage(before)
            measured = {**PASSING, name: worse}
            refusal = seed.step(event, 1, measured)
            assert refusal.code == "refused.gate"
            assert name in refusal.reason
            assert seed.stage == before
    assert gate.check(PASSING) is None


def test_not_a_number_passes_no_gate():
    assert GATES[Event.FOSSILISE].check({**PASSING, "gain_low": float("nan")}) is not None


def test_a_culled_site_rests():
    seed = Seed("1", embargo_epochs=5)
    seed.stage = Stage.CULLED
    assert seed.step(Event.EMBARGO, 10) is None
    refusal = seed.step(Event.WAKE, 14)
    assert (refusal.code, refusal.data["until"]) == ("refused.cooldown", 15)
    assert seed.step(Event.WAKE, 15) is None
    assert seed.stage is Stage.DORMANT


def test_blueprints_and_kernels_have_lives_too():
    assert advance(BLUEPRINTS, "compiling", "built") == "benchmarking"
    assert advance(KERNELS, "signed", "load") == "loaded"
    refusal = advance(BLUEPRINTS, "archived", "compile")
    assert isinstance(refusal, Refusal)
    for table in (BLUEPRINTS, KERNELS):
        states = {state for state, _event in table} | set(table.values())
        for state in states:
            for event in {event for _state, event in table}:
                after = advance(table, state, event)
                assert after == table[state, event] if (state, event) in table else not after
    assert "| proposed | compile | compiling |" in markdown(BLUEPRINTS)


def test_refusals_are_false_and_have_known_codes():
    assert not Refusal("refused.shape", "does not fit")
    assert Refusal("refused.shape", "x", size=3).to_data() == {
        "code": "refused.shape", "reason": "x", "hint": "", "size": 3,
    }  # fmt: skip
    with pytest.raises(ValueError, match="no code"):
        Refusal("refused.weather", "rain")
    assert Gate("none").check({}) is None


class Life(RuleBasedStateMachine):
    """Whatever is asked of a seed in whatever order: it is always in one stage, reached by steps of the table."""

    def __init__(self):
        super().__init__()
        self.seed = Seed("1")
        self.epoch = 0

    @rule(event=st.sampled_from(list(Event)), epochs=st.integers(0, 4), passing=st.booleans())
    def step(self, event, epochs, passing):
        self.epoch += epochs
        before = self.seed.stage
        refusal = self.seed.step(event, self.epoch, PASSING if passing else {})
        if refusal is None:
            assert self.seed.stage == SEEDS[before, event]
            assert passing or event not in GATES
        else:
            assert self.seed.stage is before

    @invariant()
    def history_is_a_path(self):
        stage = Stage.DORMANT
        for _epoch, event, after in self.seed.history:
            assert SEEDS[stage, event] == after
            stage = after
        assert stage is self.seed.stage
        assert self.seed.is_active == (stage in ACTIVE)
        assert not (self.seed.is_active and self.seed.is_locked)


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestLife = Life.TestCase
