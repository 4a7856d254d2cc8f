"""Corrections of words (T6) across runs: kept, applied, taken back, in batches; from Python and by the id of a call."""

from __future__ import annotations

import pytest

from dana.poet import explain, feedback, poet, status
from dana.poet.errors import POETConfigError, POETPerceiveError
from dana.poet.python import Host
from dana.poet.registry import registry_of


def scored(credit_score):
    return credit_score


def wanted_c(setpoint_c):
    return setpoint_c


def etched(chuck_temp_k, power):
    return chuck_temp_k


class Run:
    """One run of a program with a store."""

    def __init__(self, store, function=scored, domain="financial_services", **options):
        self.host = Host(store=str(store))
        self.call = poet(host=self.host, domain=domain, **options)(function)

    def correct(self, *said):
        for correction in said:
            feedback(self.call, correction=correction, host=self.host)

    def end(self):
        registry_of(self.host).close()


def three(value):
    return [{"excellent": value}] * 3


def test_what_was_learnt_is_there_in_the_next_run(tmp_path):
    run = Run(tmp_path / "p.db")
    run.correct(*three(805))
    assert run.call("excellent") == 805
    run.end()
    later = Run(tmp_path / "p.db")
    assert later.call("excellent") == 805
    assert status(later.call)["learnt"] == {"domain_words": "excellent=805"}
    assert "T6" in explain(later.call)
    later.end()


def test_corrections_add_up_over_runs_and_are_kept_as_feedback(tmp_path):
    for _ in range(3):
        run = Run(tmp_path / "p.db")
        assert run.call("excellent") == 780
        run.correct({"excellent": 805})
        learnings = registry_of(run.host).keeper(str(tmp_path / "p.db")).store
        function_id = run.call.__module__ + "." + run.call.__qualname__
        assert learnings.feedback(function_id, "financial_services")[0][1] == {"correction": {"excellent": 805}}
        value = run.call("excellent")
        run.end()
    assert value == 805


def test_what_was_taken_back_without_the_program_stays_away(tmp_path):
    run = Run(tmp_path / "p.db")
    run.correct(*three(805))
    run.end()
    from dana.poet.learning import LearningStore

    store = LearningStore(str(tmp_path / "p.db"))
    (function_id, domain, _at), *_none = store.functions()
    store.update_parameters(function_id, domain, {"domain_words": ""})
    store.close()
    later = Run(tmp_path / "p.db")
    assert later.call("excellent") == 780
    later.correct({"excellent": 805})
    assert later.call("excellent") == 780
    later.end()


def test_in_batches_words_change_with_the_end_of_the_program(tmp_path):
    run = Run(tmp_path / "p.db", learning="batch")
    run.correct(*three(805))
    assert run.call("excellent") == 780
    run.end()
    later = Run(tmp_path / "p.db", learning="batch")
    assert later.call("excellent") == 805
    later.end()


def test_a_correction_is_about_the_function_of_a_call(tmp_path):
    ids = []
    run = Run(tmp_path / "p.db", train_handler=lambda call, _value, _figures: ids.append(call.id))
    run.call("excellent")
    for _ in range(3):
        feedback(ids[0], correction={"excellent": 805}, host=run.host)
    assert run.call("excellent") == 805
    run.end()


def test_temperatures_are_learnt_in_the_unit_of_the_function_and_read_in_that_of_the_parameter(tmp_path):
    run = Run(tmp_path / "p.db", wanted_c, "building_management")
    run.correct(*[{"cosy": "22 °C"}] * 3)
    assert run.call("cosy") == pytest.approx(22)
    with pytest.raises(POETPerceiveError):
        run.call("chilly")
    with pytest.raises(POETConfigError, match="write the unit"):
        run.correct({"chilly": 20})
    with pytest.raises(POETConfigError, match="is read as 68"):
        run.correct({"68 F": 70})
    run.end()


def test_words_for_temperatures_of_recipes_are_learnt_within_the_limits_of_the_tool(tmp_path):
    run = Run(tmp_path / "p.db", etched, "semiconductor")
    with pytest.raises(POETPerceiveError):
        run.call("usual chuck", 500)
    run.correct(*[{"usual chuck": said} for said in ("20 °C", 20, "293.15 K")])
    assert run.call("Usual  chuck", 500) == pytest.approx(293.15)
    with pytest.raises(POETConfigError, match="from -20 to 400"):
        run.correct({"furnace": 500})
    with pytest.raises(POETConfigError, match="is read as 60"):
        run.correct({"60 C": 70})
    run.end()
    strict = Run(tmp_path / "p.db", etched, "semiconductor", plugin_config={"strict": True})
    with pytest.raises(POETPerceiveError):
        strict.call("usual chuck", 500)
    strict.end()


@pytest.mark.parametrize("wrong", [{}, [1], {"excellent": None}, {"excellent": True}, {1: 700}])
def test_what_is_no_correction_is_refused(tmp_path, wrong):
    run = Run(tmp_path / "p.db")
    with pytest.raises(POETConfigError, match="what words mean"):
        run.correct(wrong)
    run.end()


def test_a_function_without_words_says_so(tmp_path):
    run = Run(tmp_path / "p.db", domain="llm_optimization")
    with pytest.raises(POETConfigError, match="no words"):
        run.correct({"excellent": 805})
    run.end()
