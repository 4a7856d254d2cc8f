"""The stages one at a time, and the other names of the design (P45–P50, P59–P65)."""

from __future__ import annotations

import pytest

import dana.poet
from dana.engine import Engine
from dana.poet.errors import POETPerceiveError
from dana.poet.explaining import status
from dana.poet.pipeline import plan_of
from dana.poet.python import Host, poet
from dana.poet.stages import (
    CodeContextAnalyzer,
    DanaPOETBridge,
    EnforceStage,
    OperateStage,
    PerceiveStage,
    POETCapable,
    POETFunction,
    POETIntegration,
    TrainStage,
)


@pytest.fixture
def credit():
    trained = []

    def positive(value):
        if value < 0:
            raise ValueError("negative")
        return value

    @poet(
        domain="financial_services",
        audit_trail=False,
        store="memory:",
        host=Host(),
        retries=0,
        enforce_handler=positive,
        train_handler=lambda call, value, figures: trained.append((call.arguments, value, figures["learnt"])),
    )
    def credit(score: int) -> int:
        """The share of an income that may be owed."""
        return score - 700

    credit.trained = trained
    return credit


def test_perceive_gives_the_call_as_it_came_and_as_it_goes_on(credit):
    plan_of(credit).learner.promote({"backoff": 0.5}, {})
    found = PerceiveStage(credit).execute(("excellent",))
    assert found.original == (("excellent",), {})
    assert (found.args, found.keywords, found.learnings) == ((780,), {}, ["backoff"])
    assert found.context.doc.startswith("The share")
    assert found.notes
    with pytest.raises(POETPerceiveError):
        PerceiveStage(credit).execute((), {"score": "a lot"})


def test_operate_and_enforce(credit):
    assert OperateStage(credit).execute((780,)) == 80
    assert EnforceStage(credit).execute(80, (780,)) == (80, True)
    assert EnforceStage(credit).execute(-20, (680,)) == (-20, False)
    assert status(credit)["calls"] == 0


def test_train_tells_the_handler(credit):
    TrainStage(credit).execute(80, (780,))
    assert credit.trained == [({"score": 780}, 80, {})]
    bare = poet(host=Host(), store="memory:")(abs)
    TrainStage(bare).execute(1)


def test_the_code_around_a_function(credit):
    assert CodeContextAnalyzer().analyze(credit).types == {"score": "int"}


def test_integration_leaves_out_what_cannot_have_a_pipeline():
    seen = []
    system = POETIntegration(host=Host(), retries=2)
    system.hooks.append(seen.append)

    def good():
        return 1

    def later():
        yield 1

    made = system.enhance(good)
    assert made() == 1
    assert plan_of(made).config.retries == 2
    assert seen == [made]
    assert system.enhance(later) is later
    assert "its call returns before its work is done" in system.left_out[later.__qualname__]


def test_a_dana_function_gets_a_pipeline_of_the_host():
    module = Engine().load("def double(x: int) -> int:\n    return 2 * x\n")
    double = DanaPOETBridge(host=Host(), retries=1).enhance_dana_function(module.double, enforce_handler=str)
    assert double(4) == "8"


def test_names_of_the_design():
    for name in dana.poet._PLACES:
        assert getattr(dana.poet, name) is not None
    assert POETFunction(abs)(-3) == 3

    class Mine(POETCapable):
        pass

    assert Mine.poet is poet
    assert Mine().poet is poet
