"""Budget, shield and templates: growth ends at its limits, whoever asks, and what grows changes nothing at birth."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dana.esper.blueprint import Node, from_data
from dana.esper.budget import Budget, Cost
from dana.esper.lifecycle import SEEDS, Event, Stage
from dana.esper.modules import build
from dana.esper.refusals import RefusedError
from dana.esper.shield import View, check
from dana.esper.templates import ANSWERS, FAULTS, TEMPLATES, SiteFacts, template

SITES = {
    "flat": SiteFacts("0", "linear", ("batch", 12), inputs=8, outputs=12, next_inputs=12, next_outputs=3, bend="relu"),
    "image": SiteFacts(
        "c", "conv", ("batch", 8, "height", "width"), inputs=3, outputs=8, next_inputs=8, next_outputs=4, spatial=9,
        next_spatial=9, bend="relu",
    ),
    "sequence": SiteFacts("t", "transformer", ("batch", "time", 16), inputs=16, outputs=16),
}  # fmt: skip
VALUES = {"flat": (5, 12), "image": (5, 8, 6, 6), "sequence": (5, 7, 16)}


@given(st.lists(st.tuples(st.integers(0, 500), st.booleans()), max_size=60), st.integers(0, 2_000), st.integers(1, 3))
def test_no_order_of_growths_goes_over_the_budget(growths, limit, concurrent):
    budget, under_way, kept = Budget(limit, growths=20, concurrent=concurrent), [], 0
    for parameters, stays in growths:
        cost = Cost(parameters)
        if budget.begin(cost) is None:
            under_way.append((cost, stays))
        assert budget.spent["parameters"] <= limit
        assert budget.spent["growths"] <= 20
        assert budget.under_way <= concurrent
        if len(under_way) == concurrent:
            gone, remains = under_way.pop(0)
            if remains:
                kept += gone.parameters
                budget.keep()
            else:
                budget.give_back(gone)
    assert budget.spent["parameters"] == kept + sum(cost.parameters for cost, _stays in under_way)


def test_a_budget_says_what_is_missing_and_survives_a_rollback():
    budget = Budget(100, flops=1_000, memory=10_000)
    refusal = budget.allows(Cost(101))
    assert (refusal.code, refusal.data["which"]) == ("refused.budget", "parameters")
    assert "100 of 100 are left" in refusal.reason
    assert budget.allows(Cost(1, flops=1_001)).data["which"] == "flops"
    assert budget.allows(Cost(90, bytes=10_001)).data["which"] == "bytes"
    assert budget.begin(Cost(60)) is None
    assert "under way" in budget.begin(Cost(1)).reason
    state = budget.snapshot()
    budget.keep()
    budget.begin(Cost(30))
    budget.restore(state)
    assert budget.spent["parameters"] == 60
    assert budget.spent["growths"] == 2  # what was rolled back has happened
    assert budget.to_data()["limits"]["growths"] is None
    for wrong in ({"parameters": -1}, {"parameters": 1.5}, {"concurrent": 0}):
        with pytest.raises(ValueError, match="whole number"):
            Budget(**wrong)


@given(
    st.sampled_from(Stage),
    st.sampled_from(Event),
    st.integers(0, 30),
    st.none() | st.integers(0, 30),
    st.integers(0, 10),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(0, 300),
)
def test_nothing_dangerous_passes_the_shield(
    stage, event, epoch, last, cooldown, finite, snapshot, validated, parameters
):
    budget = Budget(200)
    view = View(
        stage, budget, epoch=epoch, last_change=last, cooldown=cooldown, finite=finite, has_snapshot=snapshot,
        validated=validated,
    )  # fmt: skip
    cost = None if parameters is None else Cost(parameters)
    if check(view, event, cost) is None:
        assert (stage, event) in SEEDS
        if event in (Event.GERMINATE, Event.BLEND, Event.FOSSILISE):
            assert finite
            assert snapshot
        if event is Event.GERMINATE:
            assert validated
            assert parameters is not None
            assert parameters <= 200
            assert last is None or epoch - last >= cooldown
    elif (stage, event) in SEEDS and event in (Event.CULL, Event.ROLL_BACK):
        pytest.fail("there is always a way out")


def test_the_shield_names_its_reason():
    assert check(View(Stage.ROLLED_BACK, Budget()), Event.GERMINATE, Cost(1)).code == "refused.locked"
    assert check(View(Stage.HOLDING, Budget()), Event.GERMINATE, Cost(1)).code == "refused.stage"
    assert check(View(Stage.DORMANT, Budget(), validated=False), Event.GERMINATE, Cost(1)).code == "refused.validation"
    assert check(View(Stage.DORMANT, Budget(), epoch=3, last_change=1, cooldown=5), Event.GERMINATE, Cost(1)).code == (
        "refused.cooldown"
    )


def test_every_fault_has_answers_that_are_meant_for_it():
    assert set(ANSWERS) == set(FAULTS)
    for fault, names in ANSWERS.items():
        for name in names:
            assert fault in TEMPLATES[name].cures, (fault, name)


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("name", [name for name, found in TEMPLATES.items() if found.growth == "graft"])
def test_a_graft_is_nothing_at_birth_and_learns_from_the_first_step(name, site):
    facts = SITES[site]
    found = TEMPLATES[name]
    if not found.fits(facts):
        with pytest.raises(RefusedError, match="does not fit"):
            found.blueprint(facts)
        return
    torch.manual_seed(1)
    blueprint = found.blueprint(facts)
    assert from_data(blueprint.to_data()) == blueprint
    assert found.cost(facts).parameters == blueprint.parameters
    made = build(blueprint)
    value = torch.randn(VALUES[site])
    part = made(value)
    assert not part.any()
    (value + part).square().sum().backward()
    reached = [parameter for parameter in made.parameters() if parameter.grad is not None and parameter.grad.any()]
    assert reached
    for given_value in (torch.zeros(VALUES[site]), 1e4 * value, value[:2]):
        assert torch.isfinite(made(given_value)).all()


def test_costs_of_growths_of_layers_are_what_surgery_makes():
    from torch import nn

    from dana.esper.surgery import deepen, widen

    count = lambda model: sum(p.numel() for p in model.parameters())  # noqa: E731
    flat = nn.Sequential(nn.Linear(8, 12), nn.ReLU(), nn.Linear(12, 3))
    image = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3, padding=1))
    for model, site in ((flat, SITES["flat"]), (image, SITES["image"])):
        before = count(model)
        widen(model[0], model[2], 5)
        assert count(model) - before == TEMPLATES["widen"].cost(site, neurons=5).parameters
    for model, site in (
        (nn.Sequential(nn.Linear(8, 12)), SITES["flat"]),
        (nn.Sequential(nn.Conv2d(3, 8, 3)), SITES["image"]),
    ):
        before = count(model)
        deepen(model, "0")
        assert count(model) - before == TEMPLATES["deepen"].cost(site).parameters


def test_measures_that_do_not_exist_are_refused_by_name():
    with pytest.raises(RefusedError, match="no measure `neuron`"):
        template("widen").cost(SITES["flat"], neuron=3)
    with pytest.raises(RefusedError, match="whole number from 1"):
        template("bottleneck").blueprint(SITES["flat"], inner=0)
    with pytest.raises(RefusedError) as caught:
        template("botleneck")
    assert caught.value.refusal.hint == "did you mean `bottleneck`?"
    with pytest.raises(RefusedError, match="not known"):
        template("bottleneck").blueprint(SiteFacts("x", "linear", ("batch", "width")))
    with pytest.raises(RefusedError, match="does not fit `t`"):
        template("widen").cost(SITES["sequence"])
    assert Node("a", "relu", ["input"], {}).to_data() == {"id": "a", "op": "relu", "from": ["input"]}
