"""Constants that are learnt: in Python functions, by judgements, and what is refused; feedback that comes by itself."""

# ruff: noqa: B008  (a learnable constant is declared as a default)
from __future__ import annotations

import asyncio

import pytest

from dana.engine import Engine
from dana.poet import POETConfigError, flush, learn, learnable, roll_back
from dana.poet.constants import LearnableError, bounds_of
from dana.poet.explaining import explain, status
from dana.poet.pipeline import plan_of
from dana.poet.python import Host, feedback, poet
from dana.poet.registry import registry_of

DAYS = [2 + i / 10 for i in range(20)]


def test_bounds_that_make_no_sense_are_refused():
    assert bounds_of(1, 4) == (1, 4, 2)
    assert bounds_of(1, 4, 2.5) == (1.0, 4.0, 2.5)
    for wrong in ((4, 1), (1, 1), (1, 4, 5), ("a", 2), (1, float("inf")), (True, 2)):
        with pytest.raises(LearnableError):
            bounds_of(*wrong)


def test_a_learnable_default_is_its_start_without_poet():
    assert learnable(0.5, 4.0) == 2.25
    assert learnable(1, 4) + 1 == 3


@pytest.mark.parametrize("is_coroutine", [False, True])
def test_python_defaults_are_learnt_and_taken_back(is_coroutine):
    host = Host()
    if is_coroutine:

        @poet(host=host)
        async def heating(below, gain=learnable(10.0, 100.0, 30.0), *, count=learnable(1, 9)):
            return gain * below + count

        def call(*args, **named):
            return asyncio.run(heating(*args, **named))
    else:

        @poet(host=host)
        def heating(below, gain=learnable(10.0, 100.0, 30.0), *, count=learnable(1, 9)):
            return gain * below + count

        call = heating
    assert call(2.0) == 65.0
    found = learn(heating, lambda below: abs(call(below) - 50 * below - 2), DAYS, budget=300, seed=3)
    assert found["outcome"] == "promoted"
    assert 45 < found["values"]["gain"] < 55
    assert isinstance(found["values"]["count"], int)
    assert call(2.0, 1.0, count=1) == 3.0
    assert call(2.0) == found["values"]["gain"] * 2 + found["values"]["count"]
    assert "learnable from 10 to 100" in explain(heating)
    assert roll_back(heating) == {}
    assert call(2.0) == 65.0
    with pytest.raises(POETConfigError, match="no version 9"):
        roll_back(heating, 9)
    registry_of(host).close()


def test_what_was_learnt_is_there_in_the_next_run(tmp_path):
    where = str(tmp_path / "learnt.db")

    def run(search):
        host = Host()

        @poet(host=host, store=where)
        def heating(below, gain=learnable(10.0, 100.0, 30.0)):
            return gain * below

        if search:
            learn(heating, lambda below: abs(heating(below) - 50 * below), DAYS, seed=3)
        value = heating(2.0)
        registry_of(host).close()
        return value

    first = run(True)
    assert first != 60.0
    assert run(False) == first


def test_what_cannot_be_learnt_says_why():
    host = Host()
    plain = poet(host=host)(lambda: 1)
    off = poet(host=host, learning=False)(lambda gain=learnable(1.0, 2.0): gain)
    fine = poet(host=host)(lambda gain=learnable(1.0, 2.0): gain)
    for function, more, why in (
        (plain, {}, "no learnable constants"),
        (off, {}, "learning is switched off"),
        (fine, {"budget": 3}, "a budget is a whole number"),
        (fine, {"method": "luck"}, "there is no method 'luck'"),
    ):
        with pytest.raises(POETConfigError, match=why):
            learn(function, lambda _day: 1.0, DAYS, **more)
    assert off() == 1.5
    with pytest.raises(POETConfigError, match="named like an option"):
        poet(host=host)(lambda timeout=learnable(1.0, 2.0): timeout)


def test_what_does_not_help_is_not_taken():
    fine = poet(host=Host())(lambda gain=learnable(1.0, 2.0): gain)
    found = learn(fine, lambda _day: 1.0, DAYS, budget=64)
    assert found["outcome"] in ("rejected", "nothing to improve")
    assert fine() == 1.5


def test_a_cost_that_fails_leaves_everything_as_it_was():
    fine = poet(host=Host())(lambda gain=learnable(1.0, 2.0): gain)

    def cost(_day):
        if fine() != 1.5:
            raise ValueError("no")
        return 1.0

    with pytest.raises(ValueError, match="no"):
        learn(fine, cost, DAYS)
    assert fine() == 1.5


def test_what_is_not_enough_to_learn_from_says_so():
    fine = poet(host=Host())(lambda gain=learnable(1.0, 2.0): gain)
    with pytest.raises(POETConfigError, match="3 scenarios are too few"):
        learn(fine, lambda _day: 1.0, DAYS[:3])
    with pytest.raises(POETConfigError, match="a budget is a whole number"):
        learn(fine, lambda _day: 1.0, DAYS, budget=1)
    careful = poet(host=Host(), safety_critical=True)(lambda gain=learnable(1.0, 2.0): gain)
    with pytest.raises(POETConfigError, match="only people change its constants"):
        learn(careful, lambda _day: 1.0, DAYS)
    with pytest.raises(POETConfigError, match="it has no store"):
        roll_back(poet(host=Host())(lambda x: x))


def test_a_terminal_sees_how_far_it_is():
    from dana.poet.training import search

    shown: list[str] = []
    fine = poet(host=Host())(lambda gain=learnable(1.0, 2.0): gain)
    search.learn(fine, lambda _day: 1.0, DAYS, budget=64, tell=search.on_terminal(shown.append))
    bars = [text for text in shown if "#" in text]
    assert len(bars) == len(set(bars)), "a bar is written when it changes, not for every cost"
    assert [text.count("#") for text in bars] == sorted(text.count("#") for text in bars)
    assert bars[-1].count("#") == 24
    assert shown[-1].isspace(), "and is gone at the end"


# --- feedback that comes by itself ----------------------------------------------------------------


def test_reality_corrects_the_simulation():
    host, calls = Host(), []

    @poet(
        host=host, store="memory:", simulation=lambda inputs, _result: 0.5 + inputs["x"] / 10,
        train_handler=lambda call, _value, _figures: calls.append(call.id),
    )  # fmt: skip
    def f(x):
        return x

    for x in range(5):
        f(x)
    for x, call in enumerate(calls):
        feedback(call, score=(0.5 + x / 10) * 0.5, host=host)
    known = status(f)["feedback"]
    assert (known["mode"], known["calls"], known["judged"]) == ("hybrid", 5, 5)
    assert known["correction"]["count"] == 5
    hybrid = plan_of(f).judges.hybrid
    assert abs(hybrid.fusion.corrected(0.8) - 0.4) < 0.05
    registry_of(host).close()


def test_a_simulation_that_fails_costs_nobody_the_value(caplog):
    @poet(host=Host(), simulation=lambda _inputs, _result: 1 / 0)
    def f(x):
        return x

    assert f(3) == 3
    assert "the simulation of `f` failed" in caplog.text


def test_several_simulations_are_one_by_their_mean():
    @poet(
        host=Host(), store="memory:", feedback_mode="simulation",
        simulation={
            "yes": lambda inputs, _result: inputs["x"] > 0,
            "score": lambda _inputs, _result: {"score": 0.4},
            "silent": lambda _inputs, _result: None,
        },
    )  # fmt: skip
    def f(x):
        return x

    assert plan_of(f).judges.judge("", {"x": 1}, 1).score == pytest.approx(0.7)
    assert plan_of(f).judges.judge("", {"x": -1}, 1).score == pytest.approx(0.2)


def test_simulations_that_know_nothing_judge_nothing():
    silent = poet(host=Host(), simulation={"a": lambda *_: None, "b": lambda *_: None})(lambda x: x)
    assert silent(1) == 1
    assert status(silent)["feedback"]["judged"] == 0


def test_only_so_many_calls_wait_for_what_reality_says():
    from dana.poet.training import judging

    kept = judging.Judging("hybrid", lambda _inputs, _result: 0.5)
    for call in range(judging.KEPT + 3):
        kept.judge(str(call), {}, None)
    kept.real("0", 0.9)  # too old: nobody knows any more what was simulated
    assert kept.hybrid.fusion.to_data()["count"] == 0
    kept.real(str(judging.KEPT + 2), 0.9)
    assert kept.hybrid.fusion.to_data()["count"] == 1


def test_a_call_that_failed_was_caught_by_safe_testing_alone():
    from dana.poet.training.judging import Judging

    safe, simulated = Judging("safe_testing", None), Judging("simulation", lambda *_: 1)
    safe.failed()
    simulated.failed()
    assert safe.to_data() == {"mode": "safe_testing", "calls": 1, "judged": 0, "caught": 1, "denied": 0}
    assert simulated.to_data() == {"mode": "simulation", "calls": 1, "judged": 0}


def test_what_a_mode_needs():
    with pytest.raises(POETConfigError, match="there is no simulation"):
        poet(host=Host(), feedback_mode="hybrid")(lambda: 1)
    with pytest.raises(POETConfigError, match="cannot be held back"):
        poet(host=Host(), feedback_mode="safe_testing")(lambda: 1)
    assert plan_of(poet(host=Host(), feedback_mode="real_world")(lambda: 1)).judges is None


SAFE = """
from files import exists, write_text
from poet import status

@poet(feedback_mode="safe_testing", retries=0)
def act(path: str) -> bool:
    write_text(path, "on")
    return True

try:
    act(PATH)
except Exception as e:
    print(e)
print(exists(PATH))
write_text(PATH, "afterwards")
print(exists(PATH), status(act)["feedback"]["denied"])
"""


def test_nothing_reaches_the_world_in_a_safe_test(tmp_path):
    from dana import Allow

    path, said = str(tmp_path / "out.txt"), []
    folder = [str(tmp_path)]
    Engine(allow=Allow(read=folder, write=folder), on_print=said.append).run(SAFE.replace("PATH", repr(path)))
    assert "held back" in said[0]
    assert said[1:] == ["False\n", "True 1\n"]


# --- behind the calls -----------------------------------------------------------------------------


def test_a_thread_works_behind_the_calls_and_flush_waits_for_it():
    host = Host()

    @poet(host=host, store="memory:")
    def f():
        return 1

    for _ in range(200):
        f()
    trainer = plan_of(f).heard
    assert not trainer.inline
    flush(f)
    assert len(trainer.heard) == 0
    assert trainer.rounds >= 1
    registry_of(host).close()


@pytest.mark.parametrize(
    ("cost", "scenarios", "said"),
    [
        (5, DAYS, "`cost` is a function of a scenario, not 5"),
        (lambda _day: float("nan"), DAYS, "gave nan for the scenario"),
        (lambda _day: float("inf"), DAYS, "compares with nothing"),
        (lambda _day: "a", DAYS, "gave str for the scenario"),
        (lambda _day: 1.0, 5, "scenarios are a list, not int"),
    ],
)
def test_costs_that_compare_with_nothing_are_refused(cost, scenarios, said):
    @poet(host=Host())
    def heating(below, gain=learnable(10.0, 100.0, 30.0)):
        return gain * below

    with pytest.raises(POETConfigError, match=said) as refused:
        learn(heating, cost, scenarios)
    assert refused.value._hint
