"""Everything of Esper from Dana programs: growing by hand, kernels, store, forge, journal, pictures, settings (E109)."""

from __future__ import annotations

import inspect

import pytest

import dana
from dana.esper.tamiyo import Tamiyo
from dana.esper.train import Random, Schedule


def run(program, **how):
    lines = []
    dana.Engine(on_print=lines.append, **how).run("import esper\nfrom esper import *\n" + program)
    return "".join(lines).split("\n")[:-1]


def test_growing_by_hand_from_plan_to_part_of_the_network():
    assert run(
        "net, examples = mlp(64, [3, 3], 10, seed=5), digits(seed=1)\n"
        'plan = net.site(1).propose("widen", neurons=6)\n'
        "print(plan.gain, plan.rent > 0, plan.flops, plan.measures)\n"
        'train(net, examples, epochs=4, controller="hand", seed=2)\n'
        "print(net.score(examples).keys() | list, plan.gain > plan.rent)\n"
        "mark = net.mark()\n"
        "growth = net.germinate(plan)\n"
        "print(growth.stage, growth.keep().code, net.site(1).growth)\n"
        'train(net, examples, epochs=12, controller="hand", seed=2)\n'
        "print(growth.blend(steps=20).stage, growth.alpha)\n"
        'train(net, examples, epochs=12, controller="hand", seed=2)\n'
        "found = growth.judge()\n"
        "print(found.gain > 0, found.wins, twin(net, mark).wins, twin(net, mark).loses)\n"
        "print(growth.keep(), net.site(1).stage, net.site(1).outputs)\n"
        "net.rollback(mark)\n"
        "print(net.parameters, net.twin(mark).gain)\n"
    ) == [
        "None True 84 {'neurons': 6}", "['loss', 'accuracy'] True", "training refused.stage Growth(2, training)",
        "holding 1.0", "True True True False", "None dormant 9", "247 0.0",
    ]  # fmt: skip


def test_what_is_blended_moves_while_the_program_trains():
    assert run(
        "net, examples = mlp(2, [4], 2, seed=5), spirals(200, seed=1)\n"
        'growth = net.germinate(net.site(0).propose("bottleneck"))\n'
        'train(net, examples, epochs=2, controller="hand")\n'
        "growth.blend(steps=8)\n"
        'train(net, examples, epochs=1, controller="hand")\n'
        "middle = growth.alpha\n"
        'train(net, examples, epochs=2, controller="hand")\n'
        "print(0 < middle < 1, growth.alpha, growth.stage)\n"
        "print(growth.cull(), net.site(0).growth, [each['event'] for each in net.journal()])\n"
    ) == [
        "True 1.0 holding",
        "None None ['open', 'germinate', 'blend', 'hold', 'cull']",
    ]


def test_karn_says_where_it_is_stuck_and_what_would_help():
    assert run(
        "net, examples = mlp(64, [3, 3], 10), digits()\n"
        'train(net, examples, epochs=6, controller="off")\n'
        "found = net.diagnose(examples)\n"
        "print(found[0]['fault'] in ['narrow', 'dead', 'rank', 'shallow'], 0 < found[0]['severity'] <= 1)\n"
        "plans = net.plans(examples, most=3)\n"
        "print(0 < plans | len <= 3, plans[0].gain is not None, found[0]['fault'] in plans[0].reason)\n"
        "print(net.germinate(plans[0]).stage)\n"
    ) == ["True True", "True True True", "training"]


KERNEL = (
    "net, key = mlp(4, [6], 2), kernel_key()\n"
    'plan = net.site("0").propose("bottleneck", inner=3)\n'
    "kernel = validate(plan, key, seed=3)\n"
)


def test_kernels_are_validated_kept_and_grown():
    assert run(
        KERNEL + "print([each['stage'] for each in kernel.report], kernel.parameters == plan.parameters, kernel.allowed())\n"
        "again = load_kernel(kernel.data, key, expected=kernel.id)\n"
        "print(again.id == kernel.id, again.blueprint == plan.blueprint, again.metadata['dtype'], again.provenance['site'])\n"
        "print(load_kernel(kernel.data, kernel_key()).code, load_kernel(kernel.data[:-1], key).code)\n"
        'print(load_kernel("PK".encode(), key).code, kernel.allowed(parameters=3).code, kernel.allowed(device="tpu").code)\n'
        'print(net.site("0").propose("norm").carrying(kernel).code)\n'
        'print(validate(net.site("0").propose("widen"), key).code)\n'
        "print(net.germinate(plan.carrying(again)).stage)\n"
        'trail = net.trail("0.seed.down.weight")[0]\n'
        'print(trail["template"], trail["kernel"] == kernel.id, net.trail("0.seed.dwn.weight").hint)\n'
    ) == [
        "['static', 'build', 'probe', 'benchmark', 'characterise'] True None", "True True F32 0",
        "refused.unsigned refused.unsigned", "refused.bytes refused.budget refused.argument", "refused.shape",
        "refused.argument", "training", "bottleneck True did you mean `0.seed.down.weight`?",
    ]  # fmt: skip


def test_a_store_keeps_kernels_lineage_and_reports(tmp_path):
    allow = dana.Allow(read=[str(tmp_path)], write=[str(tmp_path)])
    found = run(
        f"kept = store({str(tmp_path / 'kernels')!r})\n" + KERNEL + "print(kept.put(kernel), kept.put(kernel)['new'])\n"
        'other = validate(net.site("0").propose("norm"), key)\n'
        "kept.put(other, parents=[kernel.id])\n"
        'print(kept.lineage(other.id) == [other.id, kernel.id], kept.latest("norm")["parameters"], kept.entries() | len)\n'
        "print(kept.get(kernel.id, key).id == kernel.id, kept.get(kernel.id, kernel_key()).code)\n"
        'print(kept.get("0" * 64, key).code, kept.get("x", key).code, kept.verify())\n'
        'print(kept.archive(other.id), kept.entries() | len, kept.move(kernel.id, "sign").code, kept.moves(kernel.id))\n'
        "net.report_to(kept)\n"
        "growth = net.germinate(plan)\n"
        'growth.cull("no use")\n'
        "print(kept.reports()[0]['reason'], kept.standing())\n",
        allow=allow,
    )
    assert found[0].startswith("{'id': '")
    assert found[0].endswith("'version': 1, 'new': True} False")
    assert found[1:] == [
        "True 18 2", "True refused.unsigned", "refused.unknown refused.unknown []",
        "None 1 refused.stage [['sign', 'signed']]", "no use {'bottleneck': {'count': 1, 'sum': -1}}",
    ]  # fmt: skip


def test_a_store_needs_a_grant(tmp_path):
    with pytest.raises(dana.DanaError, match=r"E4|E5|not allowed|write"):
        run(f"store({str(tmp_path / 'kernels')!r})\n")
    assert not list(tmp_path.iterdir())


def test_only_what_the_forge_has_validated_grows():
    assert run(
        "net, works = mlp(4, [6], 2), forge(0)\n"
        "net.use(works)\n"
        'plan = net.site("0").propose("bottleneck")\n'
        "print(net.germinate(plan).code, works.submit(plan), works.waiting)\n"
        "ticket = works.ready()[0]\n"
        "print(ticket.site, ticket.report | len, works.waiting, works.waits)\n"
        "print(net.germinate(ticket).stage, net.germinate(ticket).code)\n"
        "works.close()\n"
        "print(works.submit(plan).code)\n"
    ) == ["refused.validation 1 1", "0 5 0 1", "training refused.stage", "refused.state"]


def test_settings_of_controllers_are_those_they_have():
    assert run(
        "net = mlp(2, [4, 4], 2, seed=5)\n"
        "eager = tamiyo(patience=1, plateau=0.9, warm_up=1)\n"
        "print(eager)\n"
        "runs = [train(mlp(2, [4, 4], 2, seed=5), spirals(300, seed=1), epochs=8, controller=each)\n"
        '        for each in [eager, "heuristic", schedule(every=2, template="norm"), chance(every=2)]]\n'
        "print(runs[2].events[0], runs[2].germinations > 0, runs[3].germinations > 0)\n"
    )[1:] == ["epoch 2: germinate at `0`: by schedule True True"]
    program = "from esper import tamiyo, schedule, chance\n"
    for name, kind in (("tamiyo", Tamiyo), ("schedule", Schedule), ("chance", Random)):
        defaults = {p.name: p.default for p in inspect.signature(kind).parameters.values() if p.name != "seed"}
        assert run(f"print({name}())\n") == [f"{name}({', '.join(f'{n}={v!r}' for n, v in defaults.items())})"]
    with pytest.raises(dana.CompileError, match=r"patience"):
        dana.Engine().run(program + "tamiyo(patence=3)\n")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ('schedule(template="widn")', "did you mean `widen`?"),
        ("tamiyo(patience=0)", "whole number from 1"),
        ("tamiyo(plateau=-1.0)", "number from 0"),
        ('train(mlp(2, [2], 2), spirals(50), controller="heuristc")', "did you mean `heuristic`?"),
        ('train(mlp(2, [2], 2), spirals(50), optimizer="adm")', "did you mean `adam`?"),
        ("train(mlp(2, [2], 2), spirals(50), controller=3)", "a controller is one of"),
        ("train(mlp(2, [2], 2), spirals(50), lr=0.0)", "above 0"),
        ("train(mlp(2, [2], 2), spirals(50), budget=3)", "`budget` is what"),
        ('train(mlp(2, [2], 2), spirals(50), epochs=1).plot("pgn")', "did you mean `png`?"),
        ('mlp(2, [2], 2).score(spirals(50), part="tst")', "did you mean `test`?"),
        ("mlp(2, [2], 2).twin(mlp(2, [2], 2).mark())", "of another network"),
        ("mlp(2, [2], 2).rollback(mlp(2, [2], 2).mark())", "of another network"),
        ('mlp(2, [2], 2).germinate(mlp(2, [2], 2).site(0).propose("norm"))', "for another network"),
        ('validate(mlp(2, [2], 2).site(0).propose("norm"), "short".encode())', "16 at least"),
        ("mlp(2, [2], 2).use(3)", "what `forge(…)` gives"),
        ("forge(workers=99)", "whole number from 0"),
        ("mlp(3, [2], 2).score(spirals(50))", "do not fit"),
        ("mlp(3, [2], 2).diagnose(spirals(50))", "do not fit"),
        ("mlp(3, [2], 2).diagnose([1])", "data is what"),
        ('store("")', "a folder is a text"),
    ],
)
def test_a_mistake_is_told_by_name(call, said):
    with pytest.raises(dana.RuntimeFault, match="E861") as caught:
        run(call + "\n")
    assert said in str(caught.value)


def test_pictures_are_bytes():
    pytest.importorskip("matplotlib", reason="not run: the extra `plots` is not installed")
    assert run(
        "found = train(mlp(2, [4], 2), spirals(100), epochs=3)\n"
        "print(found.plot()[1:4], '<svg' in found.plot(\"svg\").decode())\n"
    ) == ["b'PNG' True"]


def test_a_program_looks_at_each_epoch_and_may_end_the_training():
    assert run(
        "seen = []\n"
        "def look(epoch):\n"
        "    seen.append(epoch['number'])\n"
        "    return epoch['number'] < 3\n"
        "found = train(mlp(2, [4], 2), spirals(100), epochs=9, on_epoch=look)\n"
        "print(seen, found.epochs | len)\n"
        "train(mlp(2, [4], 2), spirals(100), epochs=2, on_epoch=lambda epoch: print(epoch['number']))\n"
    ) == ["[1, 2, 3] 3", "1", "2"]


def test_a_resumed_training_has_one_journal():
    assert run(
        "def begun(pause, resume):\n"
        "    return train(mlp(2, [4, 4], 2, seed=5), spirals(300, seed=1), epochs=14, seed=3, "
        "controller=schedule(every=3), budget=budget(parameters=300, concurrent=2), pause=pause, resume=resume)\n"
        "whole, half = begun(None, None), begun(7, None)\n"
        "rest = begun(None, half.saved())\n"
        "print(whole.epochs == rest.epochs, [e['event'] for e in rest.net.journal()].count('resume'))\n"
        "print(whole.net.weights == rest.net.weights)\n"
        "for name in rest.net.weights:\n"
        "    one, other = whole.net.trail(name), rest.net.trail(name)\n"
        "    assert [(t['part'], t['template'], t['epoch']) for t in one] == [(t['part'], t['template'], t['epoch']) for t in other]\n"
        "print(rest.growths > 0)\n"
    ) == ["True 1", "True", "True"]


def test_a_training_that_fails_leaves_the_network_as_it_was():
    assert run(
        "def decide(view):\n"
        '    if view["epoch"] == 1:\n'
        '        return [{"do": "germinate", "site": "0", "template": "widen"}]\n'
        '    raise ValueError("enough")\n'
        "net, examples = mlp(2, [4], 2, seed=5), spirals(200, seed=1)\n"
        "for attempt in range(2):\n"
        "    try:\n"
        "        train(net, examples, epochs=9, controller=decide)\n"
        "    except Exception as e:\n"
        "        print(e, net.parameters, net.site(0).stage)\n"
        "clean = train(mlp(2, [4], 2, seed=5), examples, epochs=6, controller=schedule(every=2))\n"
        "again = train(net, examples, epochs=6, controller=schedule(every=2))\n"
        "print(clean.epochs == again.epochs)\n"
    ) == ["enough 22 dormant", "enough 22 dormant", "True"]
