"""Blueprints are data: exact shapes and sizes, one identity, and a refusal with its code for whatever cannot be (E50)."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.esper.blueprint import MOST_NODES, Blueprint, Node, from_data, from_json
from dana.esper.operations import OPERATIONS
from dana.esper.refusals import RefusedError

BOTTLENECK = {
    "version": 1,
    "name": "bottleneck",
    "input": ["batch", 16],
    "nodes": [
        {"id": "down", "op": "linear", "from": ["input"], "out": 4},
        {"id": "bend", "op": "gelu", "from": ["down"]},
        {"id": "up", "op": "linear", "from": ["bend"], "out": 16, "zero": True},
    ],
    "output": "up",
}
CONV = {
    "version": 1,
    "name": "gate",
    "input": ["batch", 8, "height", "width"],
    "nodes": [
        {"id": "c", "op": "conv2d", "from": ["input"], "out": 8, "kernel": 3, "groups": 8},
        {"id": "m", "op": "mean_hw", "from": ["c"]},
        {"id": "s", "op": "sigmoid", "from": ["m"]},
        {"id": "g", "op": "mul", "from": ["c", "s"]},
    ],
    "output": "g",
}
ATTENTION = {
    "version": 1,
    "name": "attention",
    "input": ["batch", "time", 32],
    "nodes": [{"id": "a", "op": "attention", "from": ["input"], "heads": 4, "zero": True}],
    "output": "a",
}


def test_shapes_and_sizes_are_exact():
    small = from_data(BOTTLENECK)
    assert small.shapes["down"] == ("batch", 4)
    assert small.parameters == 16 * 4 + 4 + 4 * 16 + 16
    assert small.flops({"batch": 10}) == 10 * (16 * 4 + 4 + 4 * 16)
    conv = from_data(CONV)
    assert conv.parameters == 8 * 9 + 8
    assert conv.shapes["m"] == ("batch", 8, 1, 1)
    attention = from_data(ATTENTION)
    assert attention.parameters == 4 * 32 * 32 + 4 * 32


def test_an_id_is_the_content_in_every_process():
    one, other = from_data(BOTTLENECK), from_data(json.loads(json.dumps(BOTTLENECK, indent=3)))
    assert one.id == other.id
    assert one == other
    assert from_data(one.to_data()).id == one.id
    assert from_json(json.dumps(one.to_data())) == one
    written_out = copy.deepcopy(BOTTLENECK)
    written_out["nodes"][0]["bias"] = True  # a default, said
    assert from_data(written_out).id == one.id
    changed = copy.deepcopy(BOTTLENECK)
    changed["nodes"][1]["op"] = "relu"
    assert from_data(changed).id != one.id
    code = (
        "import json,sys; from dana.esper.blueprint import from_json; print(from_json(sys.stdin.read()).id);"
        "assert 'torch' not in sys.modules"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(BOTTLENECK), capture_output=True, text=True, check=True,
        env={"PYTHONHASHSEED": "77"},
    )  # fmt: skip
    assert told.stdout.strip() == one.id


def broken(**changes):
    data = copy.deepcopy(BOTTLENECK)
    for path, value in changes.items():
        at, *rest = path.split("__")
        if not rest:
            data[at] = value
        elif value is ...:
            del data["nodes"][int(rest[0])][rest[1]]
        else:
            data["nodes"][int(rest[0])][rest[1]] = value
    return data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ([], "refused.argument"),
        ({}, "refused.argument"),
        (broken(extra=1), "refused.argument"),
        (broken(version=2), "refused.argument"),
        (broken(version=True), "refused.argument"),
        (broken(name=""), "refused.argument"),
        (broken(mode="replace"), "refused.argument"),
        (broken(input=[]), "refused.shape"),
        (broken(input=["batch", 0]), "refused.shape"),
        (broken(input=["batch", True]), "refused.shape"),
        (broken(input=["people", 3]), "refused.shape"),
        (broken(output="nobody"), "refused.unknown"),
        (broken(output="down"), "refused.shape"),
        (broken(nodes__0__op="exec"), "refused.operation"),
        (broken(nodes__0__out=0), "refused.argument"),
        (broken(nodes__0__out=10**9), "refused.argument"),
        (broken(nodes__0__out=True), "refused.argument"),
        (broken(nodes__0__out=...), "refused.argument"),
        (broken(nodes__0__bias=3), "refused.argument"),
        (broken(nodes__0__hidden=3), "refused.argument"),
        (broken(nodes__0__id="input"), "refused.argument"),
        (broken(nodes__1__id="down"), "refused.argument"),
        (broken(nodes__1__id="a b"), "refused.argument"),
        (broken(nodes__0__from=["up"]), "refused.cycle"),
        (broken(nodes__0__from=["moon"]), "refused.unknown"),
        (broken(nodes__0__from=["input", "input"]), "refused.argument"),
        (broken(nodes__2__out=8), "refused.shape"),
        (
            broken(nodes=[{"id": f"n{at}", "op": "relu", "from": ["input"]} for at in range(MOST_NODES + 1)]),
            "refused.budget",
        ),
        (broken(nodes__0__out=999_999), "refused.budget"),
        ({**CONV, "input": ["batch", 8]}, "refused.shape"),
        ({**ATTENTION, "nodes": [{**ATTENTION["nodes"][0], "heads": 5}]}, "refused.shape"),
    ],
)
def test_what_cannot_be_built_is_refused_with_its_code(data, code):
    with pytest.raises(RefusedError) as caught:
        from_data(data)
    assert caught.value.refusal.code == code
    assert caught.value.refusal.reason


def test_what_leads_nowhere_is_refused():
    data = copy.deepcopy(BOTTLENECK)
    data["nodes"].append({"id": "idle", "op": "relu", "from": ["down"]})
    with pytest.raises(RefusedError, match="leads nowhere"):
        from_data(data)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "null", '"x"', "x" * 100_000, '{"version": 1e999}'])
def test_hostile_text_is_refused(text):
    with pytest.raises(RefusedError):
        from_json(text)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 40)
    | st.floats()
    | st.sampled_from([*OPERATIONS, "input", "down", "batch"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "op", "from", "out", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.sampled_from([BOTTLENECK, CONV, ATTENTION]), st.data())
def test_every_mutant_is_valid_or_refused(base, data):
    mutant = copy.deepcopy(base)
    holder = data.draw(st.sampled_from([mutant, *mutant["nodes"]]))
    holder[data.draw(st.sampled_from(sorted(holder)))] = data.draw(values)
    try:
        built = from_data(mutant)
    except RefusedError as error:
        assert error.refusal.code.startswith("refused.")  # noqa: PT017  (either way is right)
        return
    assert built.shapes[built.output] == built.input
    assert from_data(built.to_data()) == built


def test_a_blueprint_is_made_in_python_as_well():
    made = Blueprint("norm", ["batch", 8], [Node("n", "layer_norm", ["input"], {})], "n", mode="multiply")
    assert made.parameters == 16
    assert "norm" in repr(made)
