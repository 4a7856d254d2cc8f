"""Training grows what pays and nothing else; switched off it is the plain training; a seed gives the same run (E90, E102)."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from dana.esper.budget import Budget
from dana.esper.data import Data, accuracy, chars, digits, images, spirals
from dana.esper.host import Host
from dana.esper.refusals import RefusedError
from dana.esper.tamiyo import View
from dana.esper.train import Growing, Random, mlp, train

SMALL = spirals(400, seed=1)


def plain(data, seed, epochs):
    torch.manual_seed(seed)
    model = mlp(2, [4], 2, seed=seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    order = torch.Generator().manual_seed(seed)
    x, y = data.train
    for _ in range(epochs):
        mixed = torch.randperm(len(x), generator=order)
        for first in range(0, len(x), 32):
            at = mixed[first : first + 32]
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[at]), y[at]).backward()
            optimizer.step()
    return model


def test_switched_off_it_is_the_plain_training_bit_for_bit():
    run = train(mlp(2, [4], 2, seed=3), SMALL, epochs=5, seed=3, controller="off").finish()
    for name, value in plain(SMALL, 3, 5).state_dict().items():
        assert torch.equal(value, run.model.state_dict()[name])
    assert run.growths == run.germinations == 0


def test_it_grows_learns_and_ends_as_an_ordinary_network():
    run = train(mlp(2, [4, 4], 2), spirals(800, seed=1), epochs=60, seed=1, budget=Budget(400, concurrent=2)).finish()
    small = train(mlp(2, [4, 4], 2), spirals(800, seed=1), epochs=60, seed=1, controller="off").finish()
    assert run.growths > 0
    assert run.accuracy > small.accuracy + 0.1
    assert run.parameters <= small.parameters + 400
    assert all(not site.seed.is_active for site in run.host.sites)
    assert len(run.history) == 60
    assert "Run(spirals" in repr(run)
    assert "accuracy" in repr(run.history[-1])


CODE = """
import torch, json, sys
torch.set_num_threads(1)
from dana.esper.budget import Budget
from dana.esper.data import spirals
from dana.esper.host import Host
from dana.esper.train import mlp, train
from hashlib import sha256
events = []
host = Host(mlp(2, [4, 4], 2), budget=Budget(200), seed=5, journal=lambda kind, data: events.append([kind, data]))
run = train(host, spirals(300, seed=1), epochs=25, seed=5).finish()
weights = sha256(b"".join(value.numpy().tobytes() for value in run.model.state_dict().values())).hexdigest()
print(weights, sha256(json.dumps(events, sort_keys=True).encode()).hexdigest(), len(events))
"""


def test_two_processes_with_other_hash_seeds_grow_the_same_network():
    told = [
        subprocess.run(
            [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert int(told[0].split()[-1]) > 3


@pytest.mark.parametrize("controller", ["random", "schedule"])
def test_the_controls_grow_within_the_same_budget(controller):
    run = train(mlp(2, [4, 4], 2), SMALL, epochs=40, seed=2, controller=controller, budget=Budget(150)).finish()
    assert run.germinations > 0
    assert run.parameters <= 42 + 150


def test_growing_by_chance_rests_where_no_site_is_free():
    host = Host(mlp(2, [4], 2), budget=Budget(100))
    seen = View(host, 8, 40, [1.0], lambda: torch.ones(2), lambda: torch.ones(()))
    assert Random(2).decide(seen)[0].kind == "germinate"
    host.sites = []
    assert Random(2).decide(seen) == []


def test_a_loop_of_ones_own_grows_as_well():
    model = mlp(2, [4], 2)
    host = Host(model, budget=Budget(100))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    host.attach(optimizer)
    from dana.esper.tamiyo import Tamiyo

    growing = Growing(host, validation=SMALL.validation, controller=Tamiyo(), epochs=12)
    x, y = SMALL.train
    done = []
    for _ in range(12):
        for _ in range(4):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(host.model(x), y)
            loss.backward()
            optimizer.step()
            growing.step(loss.item(), (x, y))
        done += growing.epoch()
    assert done[0].kind == "germinate"


def test_data_is_always_the_same_and_its_parts_do_not_overlap():
    for make in (digits, images, lambda **how: spirals(300, **how)):
        one, again, other = make(seed=1), make(seed=1), make(seed=2)
        assert torch.equal(one.train[0], again.train[0])
        assert not torch.equal(one.train[0], other.train[0])
        rows = [tuple(row.flatten().tolist()) for part in (one.train, one.validation, one.test) for row in part[0]]
        assert len(set(rows)) > 0.99 * len(rows)
    found = digits()
    assert (len(found.train[0]), found.classes, found.train[0].shape[1]) == (1078, 10, 64)
    assert images().train[0].shape[1:] == (1, 8, 8)
    assert accuracy(torch.eye(3), torch.tensor([0, 1, 1])) == pytest.approx(2 / 3)


def test_shifts_and_texts():
    base = digits()
    assert torch.equal(base.changed("inverted").train[0], -base.train[0])
    assert sorted(base.changed("relabelled", 3).train[1].unique().tolist()) == list(range(10))
    turned = base.changed("rotated").changed("rotated").changed("rotated").changed("rotated")
    assert torch.equal(turned.train[0], base.train[0])
    text = chars("the quick brown fox jumps over the lazy dog " * 20, length=8, count=100)
    assert text.train[0].shape == (60, 8)
    for act, said in (
        (lambda: base.changed("upside down"), "no shift"),
        (lambda: chars("abc"), "too few"),
        (lambda: Data("x", (torch.zeros(2, 1), torch.zeros(1)), base.test, base.test, 2), "2 inputs and 1 answers"),
        (lambda: train(mlp(2, [4], 2), SMALL, controller="wizard"), "no controller"),
        (lambda: train(mlp(2, [4], 2), SMALL, optimizer="magic"), "no optimiser"),
    ):
        with pytest.raises(RefusedError, match=said):
            act()
