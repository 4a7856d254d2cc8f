"""A run that was saved and resumed ends in the same bits as one that was never interrupted (E10, E94, E102)."""

from __future__ import annotations

import json
import pickle
import struct

import pytest
import torch
from torch import nn

from dana.esper.budget import Budget
from dana.esper.data import digits, images, spirals
from dana.esper.nets import cnn
from dana.esper.refusals import RefusedError
from dana.esper.report import weights_id
from dana.esper.train import mlp, train

SPIRALS = spirals(300, seed=1)


def dropping():
    torch.manual_seed(4)
    return nn.Sequential(nn.Linear(2, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 2))


def frozen():
    model = mlp(64, [16, 16], 10, seed=3)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


CASES = {
    "heuristic": (lambda: mlp(2, [4, 4], 2, seed=5), SPIRALS, {"epochs": 26}),
    "random": (lambda: mlp(2, [4, 4], 2, seed=5), SPIRALS, {"epochs": 26, "controller": "random"}),
    "schedule": (lambda: mlp(2, [4, 4], 2, seed=5), SPIRALS, {"epochs": 26, "controller": "schedule"}),
    "off": (lambda: mlp(2, [4, 4], 2, seed=5), SPIRALS, {"epochs": 10, "controller": "off"}),
    "norms and dropout": (dropping, SPIRALS, {"epochs": 22, "optimizer": "adamw"}),
    "sgd": (lambda: mlp(2, [4, 4], 2, seed=5), SPIRALS, {"epochs": 16, "optimizer": "sgd"}),
    "images": (lambda: cnn([2, 2], 10, seed=2), images(seed=1), {"epochs": 8, "batch": 128}),
    "frozen": (frozen, digits().changed("rotated"), {"epochs": 8, "batch": 128}),
}


def begun(case, **more):
    make, data, how = CASES[case]
    return train(make(), data, seed=5, budget=Budget(700, concurrent=2), **how, **more)


def told(run):
    return [(e.number, e.loss, e.accuracy, e.parameters, e.alpha, [(a.kind, a.site.path, a.reason) for a in e.growth])
            for e in run.history]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_resumed_run_ends_in_the_same_bits(case, tmp_path):
    whole = begun(case).finish()
    path = str(tmp_path / "run.dana")
    broken = begun(case)
    stops = {2, len(whole.history) // 2, len(whole.history) - 2}
    for number in range(1, len(whole.history)):
        broken.one()
        if number in stops:
            broken.save(path)
            torch.manual_seed(number)  # whatever happened meanwhile
            broken = begun(case, resume=path)
    broken.finish()
    assert told(broken) == told(whole)
    assert weights_id(broken.model) == weights_id(whole.model)
    assert broken.host.changes == whole.host.changes
    assert broken.host.budget.spent == whole.host.budget.spent


def test_the_run_that_was_saved_goes_on_the_same_way(tmp_path):
    one, other = begun("heuristic"), begun("heuristic")
    for _ in range(8):
        one.one()
        other.one()
    other.save(str(tmp_path / "run.dana"))
    assert weights_id(one.finish().model) == weights_id(other.finish().model)


def test_after_resuming_what_goes_wrong_is_put_back(tmp_path):
    path = str(tmp_path / "run.dana")
    run = begun("heuristic")
    for _ in range(12):
        run.one()
    run.save(path)
    runs = [run, begun("heuristic", resume=path)]
    for each in runs:
        with torch.no_grad():
            next(each.model.parameters()).fill_(float("nan"))
        each.one()
        assert each.history[-1].panics == 1
    assert weights_id(runs[0].model) == weights_id(runs[1].model)


def header(data):
    (length,) = struct.unpack_from("<Q", data)
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def packed(said, rest):
    text = json.dumps(said).encode()
    return struct.pack("<Q", len(text)) + text + rest


def test_other_bytes_and_other_runs_are_refused(tmp_path):
    path = tmp_path / "run.dana"
    run = begun("heuristic")
    for _ in range(9):
        run.one()
    run.save(str(path))
    data = path.read_bytes()
    assert [each.name for each in tmp_path.iterdir()] == ["run.dana"]
    said, rest = header(data)
    changed = json.loads(said["__metadata__"]["state"])
    changed["host"]["changes"].append({"do": "graft", "site": "0", "template": "evil", "measures": {}, "blueprint": ""})
    said["__metadata__"]["state"] = json.dumps(changed)
    for wrong in (
        b"", b"x" * 7, data[:50], data[:-3], struct.pack("<Q", 2**60) + data[8:], pickle.dumps({"a": 1}), packed(said, rest),
    ):  # fmt: skip
        with pytest.raises(RefusedError):
            begun("heuristic", resume=wrong)
    with pytest.raises(RefusedError, match=r"another one: .*seed 5, not 6"):
        train(mlp(2, [4, 4], 2, seed=5), SPIRALS, epochs=26, seed=6, budget=Budget(700), resume=data)
    with pytest.raises(RefusedError, match="no run of this network"):
        train(mlp(2, [3, 4], 2, seed=5), SPIRALS, epochs=26, seed=5, budget=Budget(700), resume=data)
    with pytest.raises(RefusedError, match="cannot be read"):
        begun("heuristic", resume=str(tmp_path / "nothing"))
