"""Recipes with units, slips and forbidden combinations, as people write them: read exactly, or refused."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dana.poet.domains.gases import gases_of
from dana.poet.domains.semiconductor import Semiconductor
from dana.poet.domains.written import NotUnderstoodError
from dana.poet.plugins.base import RejectionError

CASES = [
    line.rsplit(" | ", 1)
    for line in Path(__file__).with_name("recipe_cases.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
USUAL = {"pressure": 2.0, "power": 500, "gas_flow": 50, "chuck_temp": 20}


@pytest.mark.parametrize(("said", "meant"), CASES, ids=[said for said, _meant in CASES])
def test_each_recipe_is_read_exactly_or_refused(said, meant):
    recipe = {**USUAL, **ast.literal_eval(said)}
    perceive = Semiconductor().perceiver([(name, "") for name in recipe])
    assert perceive is not None
    if meant == "refused":
        with pytest.raises(RejectionError):
            perceive(dict(recipe))
        return
    changed, _notes = perceive(dict(recipe))
    if meant != "accepted":
        for name, value in ast.literal_eval(meant).items():
            assert changed.get(name, recipe[name]) == pytest.approx(value, rel=2e-3)


@pytest.mark.parametrize(
    ("said", "gases"),
    [
        ("none", set()),
        ("no gas", set()),
        (None, set()),
        ("NO / Ar", {"no", "ar"}),
        ({"process": "SiH4", "carrier": "O2"}, {"sih4", "o2"}),
        ({"gas": "SiH4", "O2": 5}, {"sih4", "o2"}),
        ({"name": "SiH4", "carrier": "O2 5 sccm"}, {"sih4", "o2"}),
        ({"SiH4_sccm": 5, "O2": "50 sccm"}, {"sih4", "o2"}),
        ([{"formula": "CF₄", "flow": 40}, ["sulfur hexafluoride"]], {"cf4", "sf6"}),
    ],
)
def test_gases_are_found_however_they_are_listed(said, gases):
    assert gases_of(said) == gases


@pytest.mark.parametrize(
    "said", ["50 sccm", "tank 3", {"line 1": "SiH4"}, 5, True, [5], {"gas": "tank"}, "x" * 5000, [[[[[["Ar"]]]]]]]
)
def test_what_names_no_gas_is_refused(said):
    with pytest.raises(NotUnderstoodError):
        gases_of(said)


def test_a_shop_may_know_further_gases():
    plugin = Semiconductor({"other_gases": "C4F8O XyZ9"})
    perceive = plugin.perceiver([("gases", "")])
    assert perceive is not None
    assert perceive({"gases": "c4f8o + Ar"}) == ({}, [])
    with pytest.raises(RejectionError, match="oxygen"):
        perceive({"gases": "SiH4 + O2 + XyZ9"})


def test_gases_of_a_result_that_nobody_can_read_are_refused():
    with pytest.raises(RejectionError, match="tank"):
        Semiconductor().judge({"pressure": 2.0, "power": 500.0, "gases": "tank 3"}, {})
