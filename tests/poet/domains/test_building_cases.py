"""What people and controllers of buildings say: read exactly, or refused."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dana.poet.domains.building_management import BuildingManagement
from dana.poet.plugins.base import RejectionError

CASES = [
    (name, *rest.rsplit(" | ", 1))
    for name, rest in (
        line.split(" | ", 1)
        for line in Path(__file__).with_name("building_cases.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
]


@pytest.mark.parametrize(("name", "said", "meant"), CASES, ids=[f"{name} {said}" for name, said, _meant in CASES])
def test_each_value_is_read_exactly_and_each_command_judged(name, said, meant):
    value = ast.literal_eval(said)
    domain = BuildingManagement()
    domain.attach("control", [("current_temp", "")], lambda: 1e6)

    def read():
        if name == "command":
            return domain.judge(value, {"current_temp": 70.0, "setpoint": 72.0})
        perceive = domain.perceiver([(name, "")])
        assert perceive is not None
        return perceive({name: value})[0].get(name, value)

    if meant == "refused":
        with pytest.raises(RejectionError):
            read()
    elif meant == "accepted":
        assert read() == value
    else:
        assert read() == pytest.approx(ast.literal_eval(meant))


def test_what_is_told_about_machines_is_no_command():
    told = {"energy": {"heating": 12_000.0, "cooling": 300.0}, "note": {"heating": "as it is cold", "cooling": "none"}}
    assert BuildingManagement().judge(told, {}) is told
