"""Judgements from reality, simulation, both, and a world without effects (P111–P114)."""

from __future__ import annotations

from random import Random

import pytest

import dana
from dana.poet.training.providers import (
    HYBRID,
    PHASES,
    REAL_WORLD,
    SAFE_TESTING,
    SIMULATION,
    Hybrid,
    RealWorld,
    SafeTesting,
    Simulation,
    provider_of,
)


def test_a_provider_says_what_it_knows_and_nothing_else():
    real = RealWorld(lambda inputs, output: inputs.get("sensor"))
    found = real.judge({"sensor": 0.8}, None)
    assert (found.score, found.mode, found.is_real, found.is_usable) == (0.8, REAL_WORLD, True, True)
    assert real.judge({}, None) is None
    for nonsense in (1.5, -0.1, float("nan"), True, "good"):
        assert real.judge({"sensor": nonsense}, None) is None
    assert real.refused == 5
    simulated = Simulation(lambda inputs, output: 0.5).judge({}, None)
    assert (simulated.mode, simulated.is_real) == (SIMULATION, False)
    assert simulated.confidence < found.confidence


def test_both_answer_where_reality_is_silent_and_learn_its_bias():
    chance = Random(2)
    real = RealWorld(lambda x, _: 0.1 + 0.6 * x["x"] if chance.random() < 0.3 else None)
    hybrid = Hybrid(real, Simulation(lambda x, _: x["x"]))
    answered, missed = 0, []
    for _ in range(400):
        x = chance.random()
        found = hybrid.judge({"x": x}, None)
        answered += found is not None and found.is_usable
        if not found.is_real:
            missed.append(abs(found.score - (0.1 + 0.6 * x)))
    assert answered == 400
    assert found.mode == HYBRID
    assert sum(missed[-50:]) / 50 < 0.01
    assert Hybrid(RealWorld(lambda *_: None), Simulation(lambda *_: None)).judge({}, None) is None


def test_a_simulation_that_keeps_missing_is_not_believed():
    chance = Random(3)
    # What really happens has nothing to do with what is simulated, and jumps.
    state = {"level": 0.1}
    hybrid = Hybrid(RealWorld(lambda x, _: state["level"] if x["real"] else None), Simulation(lambda x, _: x["x"]))
    for at in range(12):
        state["level"] = 0.95 if at >= 6 else 0.05
        hybrid.judge({"x": chance.random(), "real": True}, None)
    found = hybrid.judge({"x": 0.5, "real": False}, None)
    assert found.is_usable == hybrid.fusion.is_trusted()


def test_safe_testing_checks_first_and_never_lets_an_effect_happen():
    def in_range(_inputs, output):
        return None if 0 <= output <= 100 else f"{output} % is outside 0 to 100 %"

    def world(_inputs, output):
        if output == 13:
            raise ZeroDivisionError("division by zero")
        return output / 100

    test = SafeTesting([in_range], Simulation(world), least=0.3)
    assert test.judge({}, 80).score == 0.8
    assert test.judge({}, 500).problems == ("500 % is outside 0 to 100 %",)
    assert test.judge({}, 500).score == 0.0
    assert "scores 0.10" in test.judge({}, 10).problems[0]
    assert "refuses it: ZeroDivisionError" in test.judge({}, 13).problems[0]
    assert test.judge({}, 80).mode == SAFE_TESTING
    assert SafeTesting([in_range]).judge({}, 5).score == 1.0


def test_a_strategy_under_safe_testing_has_no_way_to_act():
    sent = []
    engine = dana.Engine()
    engine.host("send", needs={"net:plant"})(lambda percent: sent.append(percent))  # noqa: PLW0108
    strategy = engine.load("def act(percent: float):\n    send(percent)\n    return percent\n")

    def acts(_inputs, output):
        try:
            output.act(50.0)
        except dana.Denied:
            return "it acts on the plant"
        return None

    assert SafeTesting([acts]).judge({}, strategy).problems == ("it acts on the plant",)
    assert sent == []


@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_of_a_programs_life_has_its_judge(phase):
    providers = {
        SIMULATION: Simulation(lambda *_: 0.4),
        SAFE_TESTING: SafeTesting([]),
        REAL_WORLD: RealWorld(lambda *_: None),
        HYBRID: Hybrid(RealWorld(lambda *_: None), Simulation(lambda *_: 0.4)),
    }
    found = provider_of(phase, providers).judge({}, None)
    # Where a deployment hears nothing from reality, its stand-in answers.
    expected = {"development": SIMULATION, "testing": SAFE_TESTING, "deployment": HYBRID, "production": HYBRID}
    assert found.mode == expected[phase]
    assert found.to_data()["score"] == found.score


def test_phases_that_do_not_exist_or_have_no_judge_are_refused():
    with pytest.raises(ValueError, match="'weekend' is no phase"):
        provider_of("weekend", {})
    with pytest.raises(ValueError, match="needs a provider of safe_testing or simulation"):
        provider_of("testing", {})
