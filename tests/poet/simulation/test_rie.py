"""The simulated etch tool obeys its physics, its seeds and its limits (P158, P185)."""

from __future__ import annotations

from random import Random

import pytest

from dana.poet.simulation.rie import EXPERT, FAULTS, PROBES, Recipe, Tool, cases, forbidden_recipe, recipe


def quiet(fault=None, severity=0.8, made=None):
    return Tool(1, spread=0.0, noise=0.0).run(made or Recipe(), fault, severity)


def test_a_healthy_tool_is_within_its_ranges():
    assert not [name for name, fires in PROBES.items() if fires(quiet())]
    for seed in range(30):
        made = recipe(Random(seed))
        readings = Tool(seed, spread=0.1).run(made)
        assert sum(fires(readings) for fires in PROBES.values()) <= 3


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_shows_and_shows_more_the_worse_it_is(fault):
    shown = [sum(fires(quiet(fault, severity)) for fires in PROBES.values()) for severity in (0.0, 0.5, 1.0)]
    assert shown[0] == 0
    assert shown[0] < shown[2]
    assert shown[1] <= shown[2]


def test_causes_have_the_effects_physics_says():
    assert quiet("chamber leak")["oxygen"] > 10 * quiet()["oxygen"]
    assert quiet("pump degraded")["pump_down_s"] > 2 * quiet()["pump_down_s"]
    assert quiet("RF generator fault")["rate"] < 0.9 * quiet()["rate"]
    assert quiet("chiller fault")["temperature"] > quiet()["temperature"] + 10
    assert quiet(made=Recipe(power=1200.0))["rate"] > quiet()["rate"]
    # Much power in little gas shakes the plasma without any fault.
    assert quiet(made=Recipe(pressure=0.5, power=2500.0))["unsteady"] > 5 * quiet()["unsteady"]


def test_tools_differ_and_repeat_themselves():
    one, again, other = (Tool(seed).run(Recipe(), "chamber leak", 0.6) for seed in (3, 3, 4))
    assert one == again
    assert one != other
    assert [case.fired for case in cases(20, 5)] == [case.fired for case in cases(20, 5)]
    assert {case.cause for case in cases(200, 5)} == set(FAULTS)


def test_recipes_are_what_they_are_called():
    chance = Random(1)
    for _ in range(200):
        made = recipe(chance)
        assert 1.0 <= made.pressure <= 10
        assert 10 <= made.flow <= 200
        assert 100 <= made.power <= 1500
        bad = forbidden_recipe(chance)
        broken = (
            (bad.power > 1500 and bad.pressure < 1)
            or (bad.flow < 10 and bad.power > 1000)
            or not (0.1 <= bad.pressure <= 10 and 100 <= bad.power <= 3000)
            or not (1 <= bad.flow <= 200 and -20 <= bad.temperature <= 400)
        )
        assert broken, bad.to_data()


def test_what_experts_say_names_faults_and_looks():
    assert set(EXPERT) == set(FAULTS)
    assert {look for row in EXPERT.values() for look in row} <= set(PROBES)


@pytest.mark.parametrize(
    ("made_wrong", "said"),
    [
        (lambda: quiet("a ghost"), "`a ghost` is no fault"),
        (lambda: quiet("chamber leak", 2.0), "from 0 to 1"),
        (lambda: Recipe(power=0.0), "power is above 0"),
    ],
)
def test_nonsense_is_refused(made_wrong, said):
    with pytest.raises(ValueError, match=said):
        made_wrong()
