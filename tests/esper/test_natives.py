"""Esper from Dana programs: handles show nothing of the host, mistakes are the program's, refusals are values (E109)."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dana


def run(program):
    lines = []
    engine = dana.Engine(on_print=lines.append)
    engine.run(program)
    return "".join(lines).split("\n")[:-1]


TRAIN = "import esper\nesper.train(esper.mlp(2, [2], 2), esper.spirals(50), epochs=2, "


@pytest.mark.parametrize("where", ["on_epoch", "controller"])
@pytest.mark.parametrize("error", ["RuntimeError", "IndexError", "ValueError"])
def test_an_error_of_the_programs_own_function_stays_its_own(where, error):
    with pytest.raises(dana.DanaError, match="the press is hot") as caught:
        run(f"def told(_seen): raise {error}('the press is hot')\n{TRAIN}{where}=told)")
    assert "do not fit" not in str(caught.value)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("'template': 'widn'", "no template `widn`"),
        ("'template': 'widen', 'neurons': 'x'", "`neurons` is a whole number"),
    ],
)
def test_a_controller_that_asks_for_what_can_never_be_is_told(action, said):
    asked = f"lambda view: [{{'do': 'germinate', 'site': '0', {action}}}]"
    with pytest.raises(dana.DanaError, match=said):
        run(f"{TRAIN}controller={asked})")


def test_a_blending_that_cannot_be_changes_nothing():
    said = run(
        "from esper import mlp\nnet = mlp(2, [3], 2)\n"
        'growth = net.germinate(net.site("0").propose("bypass"))\n'
        'for how in [{"curve": "square"}, {"steps": 0}, {"strategy": "bold"}]:\n'
        "    try:\n        growth.blend(**how)\n    except Exception as problem:\n"
        "        print(problem.message, growth.stage)\n"
    )
    assert [line.rsplit(" ", 1)[1] for line in said] == ["training"] * 3
    assert said[0].startswith("`square` is no curve; curves are linear")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("esper.mlp(2, [0], 2)", "0 is no size"),
        ("esper.mlp(2, [1] * 100000, 2)", "100,000 layers are too many"),
        ("esper.cnn([4], 2, size=1000000)", "too large"),
        ("esper.transformer(5, 8, width=100000)", "too large"),
        ('esper.spirals(20, noise=float("nan"))', "`noise` is a number from 0"),
        ("esper.spirals(20, noise=-1)", "`noise` is a number from 0"),
        ('esper.chars("abcdefgh" * 20, length=-1)', "`length` is a whole number"),
        ('esper.chars("abcdefgh" * 20, count=10**10)', "`count` is a whole number"),
        ('esper.chars("abcdefgh" * 2000, length=1000, count=1000000)', "too many"),
        ("esper.data([[1.0]] * 10, [0, 10**30] * 5)", "none beyond 999,999"),
        ("esper.train(esper.mlp(2, [2], 2), esper.spirals(50), epochs=0)", "`epochs` is a whole number from 1"),
        ('esper.train(esper.mlp(2, [2], 2), esper.spirals(50), resume="")', "it is too short"),
        ('esper.schedule(measures={"neuron": 3})', "no measure `neuron`"),
        ('esper.schedule(measures={"neurons": 10**12})', "a whole number from 1 to 100,000"),
        ("esper.train(esper.mlp(2, [2], 2), esper.spirals(50), epochs=1).report(esper.mlp(3, [2], 2))", "do not fit"),
        ("esper.mlp(2, [true], 2)", "is no size"),
        ("esper.mlp(2, [4], 2, seed=10**30)", "a seed is"),
        ("esper.mlp(1000000, [1000000], 2)", "too large"),
        ("esper.spirals(1)", "too few"),
        ("esper.train(esper.mlp(2, [4], 1), esper.spirals(100), epochs=1)", "do not fit"),
        ("esper.cnn([2, 2, 2, 2, 2], 2)", "cannot be halved"),
        ("esper.transformer(5, 8, width=7, heads=2)", "do not divide"),
        ("esper.data([[1.0]], [0])", "10 at least"),
        ('esper.data([["a"]] * 10, [0] * 10)', "lists of numbers"),
        ("esper.data([[1.0]] * 10, [-1] * 10)", "whole numbers from 0"),
        ('esper.chars("abc")', "too few"),
        ("esper.budget(parameters=-1)", "whole number from 0"),
        ("esper.train(3, 4)", "takes a network"),
        ('esper.train(esper.mlp(2, [2], 2), esper.spirals(50), controller="wizard")', "no controller"),
        ('esper.train(esper.mlp(2, [2], 2), esper.spirals(50), optimizer="magic")', "no optimiser"),
        ("esper.train(esper.mlp(3, [2], 2), esper.spirals(50), epochs=1)", "do not fit"),
        ("esper.train(esper.mlp(2, [2], 2), esper.spirals(50), epochs=1, controller=lambda view: 3)", "returns a list"),
        ("esper.mlp(2, [2], 2).predict([[1.0, 2.0, 3.0]])", "do not fit the network"),
        ("esper.mlp(2, [2], 2).predict([])", "rows are a list"),
        ("esper.mlp(2, [2], 2).germinate(3)", "takes a plan"),
        ("esper.mlp(2, [2], 2).rollback(3)", "what `mark()` gave"),
        ('esper.spirals(50).changed("up")', "no shift"),
        ('esper.train(esper.mlp(2, [2], 2), esper.spirals(50), epochs=1, resume="%")', "`saved()` of a paused run"),
        ('esper.train(esper.mlp(2, [2], 2), esper.spirals(50), epochs=1, resume="AAAA")', "no saved run"),
        ("esper.train(esper.mlp(2, [2], 2), esper.spirals(50), epochs=1).saved()", "the training is over"),
        ("esper.train(esper.mlp(2, [2], 2), esper.spirals(50), epochs=2, pause=1).report()", "nothing to report"),
        ("esper.train(esper.mlp(2, [2], 2), esper.spirals(50), epochs=1).report(3)", "`large` is a network"),
    ],
)
def test_a_mistake_is_the_programs(call, said):
    with pytest.raises(dana.RuntimeFault, match=r"E861|" + said) as caught:
        run(f"import esper\n{call}\n")
    assert said in str(caught.value)


def test_refusals_are_values_that_say_why():
    assert run(
        "from esper import mlp\n"
        "net = mlp(2, [4, 4], 2)\n"
        'for found in [net.site("9"), net.site("0").propose("attention"), net.site("0").propose("widen", neuron=3)]:\n'
        "    if not found:\n        print(found.code)\n"
        'plan = net.site("0").propose("widen")\n'
        "growth = net.germinate(plan)\n"
        "print(growth.stage, net.germinate(plan).code, growth.cull(), growth.stage, growth.cull().code)\n"
    ) == [
        "refused.unknown", "refused.shape", "refused.argument", "training refused.stage None embargoed refused.stage",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["_host", "__class__", "__dict__", "_site", "__init__", "_program"])
def test_nothing_behind_a_handle_can_be_reached(name):
    with pytest.raises(dana.DanaError):
        run(f'from esper import mlp\nnet = mlp(2, [4], 2)\nprint(net.{name})\nprint(net.site("0").{name})\n')


def test_a_training_ends_with_its_time_limit():
    from time import perf_counter

    program = (
        "from esper import mlp, spirals, train\ntrain(mlp(2, [4], 2), spirals(2000), epochs=100000, controller='off')\n"
    )
    engine = dana.Engine(limits=dana.Limits(wall_s=1.0))
    began = perf_counter()
    with pytest.raises(dana.LimitExceeded):
        engine.run(program)
    assert perf_counter() - began < 20


def test_nothing_loads_torch_before_it_is_needed():
    code = (
        "import sys, dana\n"
        "dana.Engine().run('from esper import mlp\\nx = 1\\n')\n"
        "assert 'torch' not in sys.modules\n"
        "assert 'dana.esper' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


PAUSED = """
from esper import mlp, spirals, train, budget
def begun(pause, resume):
    return train(mlp(2, [4, 4], 2), spirals(300, seed=1), epochs=14, seed=3, budget=budget(parameters=200), pause=pause, resume=resume)
whole = begun(None, None)
half = begun(6, None)
rest = begun(None, half.saved())
print(len(half.epochs), whole.events == rest.events, whole.epochs == rest.epochs, whole.accuracy == rest.accuracy)
"""


def test_a_paused_training_goes_on_as_if_it_had_not_been():
    assert run(PAUSED) == ["6 True True True"]


def test_a_report_has_all_controls():
    found = run(
        "from esper import mlp, spirals, train, budget\n"
        "net = mlp(2, [4], 2)\n"
        "report = train(net, spirals(100), epochs=6, budget=budget(parameters=60)).report(large=mlp(2, [8, 8], 2))\n"
        'print([row["cohort"] for row in report.rows], report.gap_closed is not None)\n'
        "print(report)\n"
    )
    for name in ("small", "large", "grown", "schedule", "random", "heuristic", "off-switch"):
        assert name in found[0]
        assert any(line.split("  ")[0].endswith(name) for line in found[1:])


def test_a_frozen_network_learns_by_what_grows_beside_it():
    assert run(
        "from esper import digits, mlp, train, budget\n"
        "net, examples = mlp(64, [16, 16], 10), digits()\n"
        "train(net, examples, epochs=12, controller='off')\n"
        "net.freeze()\n"
        "shifted = examples.changed('rotated')\n"
        "before = train(net, shifted, epochs=1, controller='off').accuracy\n"
        "print(net.parameters, net.site('0').propose('widen').code)\n"
        "run = train(net, shifted, epochs=14, budget=budget(parameters=500, concurrent=3))\n"
        "print(run.accuracy > before + 0.3, 0 < run.parameters <= 500)\n"
    ) == ["0 refused.state", "True True"]


def test_two_runs_of_a_program_grow_the_same_network():
    program = (
        "from esper import mlp, spirals, train, budget\n"
        "run = train(mlp(2, [4, 4], 2), spirals(300, seed=1), epochs=12, seed=3, budget=budget(parameters=200))\n"
        "print(run.accuracy, run.parameters, run.events, run.epochs[-1])\n"
    )
    assert run(program) == run(program)
