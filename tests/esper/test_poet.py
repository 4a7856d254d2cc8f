"""Functions under `@poet` and methods of agents train: deadlines end a training between two steps, attempts begin clean."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import dana
from dana.esper.natives import Esper
from dana.esper.report import weights_id


def run(program):
    lines = []
    dana.Engine(on_print=lines.append).run("from esper import *\n" + program)
    return "".join(lines).split("\n")[:-1]


def test_a_poet_function_trains_a_network_that_grows():
    assert run(
        "@poet(timeout=60, retries=1)\n"
        "def trained(seed: int):\n"
        "    return train(mlp(2, [4, 4], 2, seed=seed), spirals(300, seed=1), epochs=9, seed=seed,\n"
        "                 controller=schedule(every=2), budget=budget(parameters=200))\n"
        "plain = train(mlp(2, [4, 4], 2, seed=3), spirals(300, seed=1), epochs=9, seed=3,\n"
        "              controller=schedule(every=2), budget=budget(parameters=200))\n"
        "found = trained(3)\n"
        "print(found.growths > 0, found.epochs == plain.epochs)\n"
    ) == ["True True"]


def test_a_timeout_ends_a_training_and_the_network_is_as_before():
    assert run(
        "net, examples = mlp(2, [4], 2, seed=5), spirals(500, seed=1)\n"
        "plain = train(mlp(2, [4], 2, seed=5), examples, epochs=5, controller=schedule(every=2))\n"
        "@poet(timeout=0.05, retries=0)\n"
        "def long():\n"
        "    return train(net, examples, epochs=1000000, controller=schedule(every=2))\n"
        "try:\n"
        "    long()\n"
        "except TimeoutError as error:\n"
        "    print('did not finish' in str(error), net.parameters)\n"
        "again = train(net, examples, epochs=5, controller=schedule(every=2))\n"
        "print(plain.epochs == again.epochs)\n"
    ) == ["True 22", "True"]


def test_another_attempt_begins_clean():
    assert run(
        "net, examples, attempts = mlp(2, [4, 4], 2, seed=5), spirals(300, seed=1), []\n"
        "def look(epoch):\n"
        "    if epoch['number'] == 5 and (attempts | len) < 3:\n"
        "        raise ConnectionError('the power is out')\n"
        "@poet(retries=2, backoff=0)\n"
        "def trained():\n"
        "    attempts.append(net.parameters)\n"
        "    return train(net, examples, epochs=9, seed=3, controller=schedule(every=2), on_epoch=look)\n"
        "plain = train(mlp(2, [4, 4], 2, seed=5), examples, epochs=9, seed=3, controller=schedule(every=2))\n"
        "print(trained().epochs == plain.epochs, attempts)\n"
    ) == ["True [42, 42, 42]"]


def test_agents_train():
    assert run(
        "agent_blueprint Learner:\n"
        "    net: any = None\n"
        "    def learn(self, epochs: int) -> int:\n"
        "        self.net = mlp(2, [4, 4], 2, seed=5)\n"
        "        return train(self.net, spirals(200, seed=1), epochs=epochs, controller=schedule(every=2)).growths\n"
        "    def size(self) -> int:\n"
        "        return self.net.parameters\n"
        "one, other = Learner(), Learner()\n"
        "print(one.learn(7) > 0, other.learn(1), one.size() > other.size())\n"
    ) == ["True 0 True"]


class Enough(BaseException):
    """As what stops a program: no `Exception`."""


@pytest.mark.parametrize("controller", ["off", "heuristic", "hand"])
def test_a_stop_comes_between_two_steps(controller):
    checks = []

    def check():
        checks.append(len(checks))
        if len(checks) == 3:
            raise Enough

    program = SimpleNamespace(ledger=None, meter=SimpleNamespace(check=check), table={}, prints_on_terminal=False)
    esper = Esper(program)
    net, examples = esper.mlp(2, [4], 2), esper.spirals(200)
    before = weights_id(net._host.model)
    with pytest.raises(Enough):
        esper.train(net, examples, epochs=5, batch=20, controller=controller)
    assert len(checks) == 3  # of six steps in an epoch
    assert weights_id(net._host.model) == before
    assert not net._host.optimizers
    assert net._host.steps == 0
