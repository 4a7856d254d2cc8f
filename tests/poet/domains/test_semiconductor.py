"""Etching: units, limits, forbidden recipes, diagnosis, tuning."""

from __future__ import annotations

from random import Random

import pytest

from dana.poet import POETEnforceError, POETPerceiveError, poet
from dana.poet.domains import etching, semiconductor
from dana.poet.domains.semiconductor import Semiconductor
from dana.poet.pipeline import decorate
from dana.poet.plugins.base import RejectionError
from dana.poet.python import Host


def read(name, value, **config):
    changed, _notes = Semiconductor(config).perceiver([(name, "")])({name: value})
    return changed.get(name, value)


GOOD = [
    ("pressure", "2 Torr", 2.0), ("pressure", "500 mTorr", 0.5), ("pressure", "266.645 Pa", 2.0),
    ("pressure", "2.66645 mbar", 2.0), ("pressure_mtorr", "2 Torr", 2000.0), ("pressure_pa", "1 Torr", 133.322368421),
    ("pressure_mtorr", 500.0, 500.0), ("rf_power", "800 W", 800.0), ("rf_power", "0.8 kW", 800.0),
    ("power", "eight hundred watts", 800.0), ("gas_flow", "60 sccm", 60.0), ("flow", "0.06 slm", 60.0),
    ("temperature", "40 °C", 40.0), ("temperature", "313.15 K", 40.0), ("chuck_temp", "104 F", 40.0),
    ("temperature", "-20C", -20.0), ("etch_rate", "350 nm/min", 350.0), ("etch_rate", "3500 Å/min", 350.0),
    ("measured_pressure", 12.0, 12.0), ("gases", "CF4 + O2", "CF4 + O2"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "expected"), GOOD)
def test_units_are_read(name, value, expected) -> None:
    assert read(name, value) == pytest.approx(expected)


BAD = [
    ("pressure", "50 W"), ("pressure", "11 Torr"), ("pressure", "50 mTorr"), ("pressure_mtorr", 50.0),
    ("power", 99), ("power", "3.1 kW"), ("power", "800 sccm"), ("flow", 0.5), ("flow", "300 sccm"),
    ("temperature", "500 °C"), ("temperature", -30), ("temperature", "40 W"), ("pressure", None), ("pressure", "high"),
    ("pressure", "1-2 Torr"), ("pressure", True), ("power", float("inf")), ("measured_pressure", -1.0), ("gases", 5),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_no_tool_takes_is_refused(name, value) -> None:
    with pytest.raises(RejectionError):
        read(name, value)


def test_limits_of_a_tool_are_only_narrower_where_settings_say_so() -> None:
    assert read("pressure", "50 mTorr", min_pressure=0.01) == pytest.approx(0.05)
    with pytest.raises(RejectionError):
        read("power", 900, max_power=800.0)


def decorated(function, **options):
    given = {"domain": "semiconductor", "audit_trail": False, "retries": 0, **options}
    return decorate(Host(), function, given)


FORBIDDEN = [
    {"pressure": 0.5, "power": 1600},
    {"pressure": "900 mTorr", "power": "1.6 kW"},
    {"pressure": 5.0, "power": 1100, "flow": 5},
    {"gases": "SiH4 + O2"},
    {"gases": ["silane", "oxygen"]},
    {"gases": {"H2": 10, "Cl2": 5}},
    {"gas": "ammonia and chlorine"},
]


@pytest.mark.parametrize("recipe", FORBIDDEN)
def test_forbidden_recipes_are_refused(recipe) -> None:
    names = ", ".join(recipe)
    f = decorated(eval(f"lambda {names}: 'etched'"))
    with pytest.raises(POETPerceiveError):
        f(**recipe)


def test_every_forbidden_recipe_of_ten_thousand_is_refused_and_no_other() -> None:
    chance = Random(11)
    perceive = Semiconductor().perceiver([(name, "") for name in ("pressure", "power", "flow", "temperature")])
    refused = 0
    for _ in range(10_000):
        recipe = {
            "pressure": chance.uniform(0.05, 11), "power": chance.uniform(50, 3200), "flow": chance.uniform(0.5, 220),
            "temperature": chance.uniform(-40, 420),
        }  # fmt: skip
        p, w, q, t = recipe.values()
        wrong = not (0.1 <= p <= 10 and 100 <= w <= 3000 and 1 <= q <= 200 and -20 <= t <= 400)
        wrong = wrong or (w > 1500 and p < 1.0) or (w > 1000 and q < 10)
        try:
            perceive(recipe)
        except RejectionError:
            refused += 1
            assert wrong, recipe
        else:
            assert not wrong, recipe
    assert refused > 1000


def test_a_recipe_that_comes_out_is_looked_at_too() -> None:
    f = decorated(lambda pressure: {"power": 1600.0, "flow": 60.0})
    assert f(2.0) == {"power": 1600.0, "flow": 60.0}
    for pressure in (0.5,):
        with pytest.raises(Exception, match="power without gas"):
            f(pressure)
    with pytest.raises(Exception, match="no plausible value"):
        decorated(lambda pressure: {"power": 9000.0, "flow": 60.0})(2.0)


@pytest.mark.parametrize(
    ("diagnosis", "message"),
    [
        ({"root_cause": "", "confidence": 0.8, "recommendations": ["x"]}, "names no cause"),
        ({"root_cause": "leak", "confidence": 1.2, "recommendations": ["x"]}, "from 0 to 1"),
        ({"root_cause": "leak", "recommendations": ["x"]}, "from 0 to 1"),
        ({"root_cause": "leak", "confidence": 0.8, "recommendations": []}, "recommends nothing"),
    ],
)
def test_incomplete_diagnoses_are_refused(diagnosis, message) -> None:
    with pytest.raises(RejectionError, match=message):
        Semiconductor().judge(diagnosis, {})


def test_a_diagnosis_has_a_second_opinion_on_record() -> None:
    said = {"root_cause": "leak", "confidence": 0.8, "recommendations": ["look"]}
    plugin = Semiconductor()
    assert plugin.judge(said, {}) is said
    record = plugin.record(said, {"measured_pressure": 6.0, "etch_rate": 40.0, "temperature": 320.0})
    assert record["second_opinion"]["root_cause"] in etching.CAUSES
    assert record["care"] == ["temperature is above 300 °C"]


SIGNS = [
    (
        {"flow": 40, "flow_setpoint": 60, "rate": 40, "pressure": 2, "pressure_setpoint": 2},
        "mass flow controller drift",
    ),
    ({"power": 500, "power_setpoint": 800, "forward_ripple": 8, "reflected": 2}, "RF generator fault"),
    ({"reflected": 20, "match_travel": 40, "power": 800, "power_setpoint": 800}, "matching network fault"),
    ({"base_rise": 9, "oxygen": 8, "rate": 100, "expected_rate": 200}, "chamber leak"),
    ({"coolant_flow": 50, "drift": 6, "temperature": 90, "expected_temperature": 60}, "chiller fault"),
    ({"pump_down_s": 150, "valve": 0.9, "base_rise": 1}, "pump degraded"),
    ({"wall_age_h": 200, "arcs": 9}, "wall contamination"),
]


@pytest.mark.parametrize(("readings", "cause"), SIGNS)
def test_causes_are_found_from_readings(readings, cause) -> None:
    found = etching.diagnose(etching.signs_of(readings))
    assert found.cause == cause
    assert 0.3 < found.confidence <= 1
    assert found.recommendations
    assert found.to_data()["root_cause"] == cause


def test_nothing_wrong_and_what_to_look_at_next() -> None:
    assert etching.diagnose(etching.signs_of({"rate": 300})).cause == etching.NOTHING_WRONG
    found = etching.diagnose({"pressure high": True})
    assert found.next_look in etching.SIGNS
    assert found.others
    with pytest.raises(KeyError):
        etching.diagnose({"sad": True})


def test_confirmed_causes_teach() -> None:
    model = etching.experts()
    before = etching.diagnose({"pressure high": True}, model).cause
    for _ in range(200):
        model.confirm("chamber leak", ["pressure high"])
    assert before != "chamber leak"
    assert etching.diagnose({"pressure high": True}, model).cause == "chamber leak"


def test_the_simulators_faults_and_looks_are_those_of_the_table() -> None:
    from dana.poet.simulation import rie

    assert set(rie.FAULTS) == set(etching.CAUSES)
    assert set(rie.PROBES) == set(etching.SIGNS)


def test_hints_never_lead_to_what_is_forbidden() -> None:
    recipe = {"pressure": 1.05, "power": 1600.0, "flow": 60.0, "temperature": 40.0}
    hints = etching.tune({"uniformity": 9, "rate": 200, "target_rate": 300}, recipe)
    assert [hint.parameter for hint in hints] == ["flow", "power"]
    for hint in hints:
        assert not list(semiconductor.forbidden({**recipe, hint.parameter: hint.after}))
    assert "flow: 60 → 66 for rate" in repr(hints[0])
    assert etching.tune({"uniformity": 2, "selectivity": 9}, recipe) == []


def test_functions_that_name_nothing_of_etching_are_left_alone() -> None:
    assert Semiconductor().perceiver([("city", "str")]) is None
    assert Semiconductor().judge({"pressure": 2.0}, {}) == {"pressure": 2.0}, "one measure is no recipe"


def test_gases_of_a_result_are_judged_with_what_goes_with_them() -> None:
    recipe = {"pressure": 2.0, "power": 800.0, "gases": "CF4 + O2"}
    assert Semiconductor().judge(recipe, {}) == recipe


def test_the_record_says_what_wants_care_and_what_another_would_have_said() -> None:
    found = Semiconductor().record({"temperature": 399.0}, {"temperature_f": 100.0})
    assert [each.split()[0] for each in found["care"]] == ["temperature"]
    assert "care" not in Semiconductor().record({"temperature": 20.0}, {})
    told = Semiconductor().record({"root_cause": "leak"}, {"measured_pressure": 3.0, "pressure": 2.0})
    assert told["interlocks"] == "passed"


def test_fields_of_objects_are_looked_at_too() -> None:
    class Recipe:
        def __init__(self) -> None:
            self.pressure, self.power = 2.0, 99_999.0

    with pytest.raises(RejectionError, match="power"):
        Semiconductor().judge(Recipe(), {})
    assert Semiconductor().judge(7, {}) == 7


def _decorated(source: str):
    space: dict = {}
    exec(source, space)
    return poet(domain="semiconductor", retries=0)(space["etch"])


@pytest.mark.parametrize(
    ("names", "values"),
    [
        ("recipe", ({"pressure": 0.5, "power": 1600, "gas_flow": 50},)),
        ("recipe", ({"pressure": "500 mTorr", "power": "1.6 kW"},)),
        ("recipe", ({"power": 9999},)),
        ("recipe", ({"pressure": float("nan"), "power": 500},)),
        ("recipe", ({"name": "deep", "steps": [{"pressure": 2, "power": 500}, {"pressure": 0.5, "power": 1600}]},)),
        ("steps", ([{"pressure": 0.5, "power": 1600}],)),
        ("recipe", ({"gases": ["SiH4", "O2"]},)),
        ("pressurePa, rfPowerKW", (66, 1.6)),
        ("pressureMTorr, power", (500, 1600)),
    ],
)
def test_recipes_in_one_argument_and_units_in_camel_case_are_refused_alike(names, values):
    with pytest.raises(POETPerceiveError):
        _decorated(f"def etch({names}): return None")(*values)


@pytest.mark.parametrize(
    ("names", "values"),
    [
        ("recipe", ({"pressure": 2, "power": 500, "measured_pressure": 0.01},)),
        ("recipe", ("standard",)),
        ("step, pressure", (3, 2)),
        ("pressurePa, rfPowerW", (266, 1600)),
        ("chuckTempK", (300,)),
    ],
)
def test_what_is_allowed_passes(names, values):
    assert _decorated(f"def etch({names}): return [{names}]")(*values) == list(values)


@pytest.mark.parametrize(
    "result",
    [
        {"rf_power": 1600},
        {"rf_power": "1.6 kW"},
        [{"pressure": 0.5, "power": 1600}],
        {"recipe": {"pressure": 0.5, "power": 1600}},
        {"pressure": None, "power": 500},
    ],
)
def test_forbidden_recipes_do_not_leave_wherever_they_are_in_a_result(result):
    @poet(domain="semiconductor", retries=0)
    def tune(pressure):
        return result

    with pytest.raises(POETEnforceError):
        tune(0.5)
