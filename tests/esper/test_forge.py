"""The forge builds beside the training, which never waits; only what passed five stages grows (E47, E93, E95, E100)."""

from __future__ import annotations

import os
import time

import pytest
import torch
from torch import nn

from dana.esper.artifact import STAGES, check_report
from dana.esper.blueprint import Blueprint, Node
from dana.esper.budget import Cost
from dana.esper.forge import Forge, Ticket
from dana.esper.host import Host, Plan
from dana.esper.kernel import KernelValidator
from dana.esper.lifecycle import Stage
from dana.esper.refusals import Refusal, RefusedError
from dana.esper.store import Urza
from dana.esper.templates import TEMPLATES
from dana.esper.validation import Urabrask
from tests.esper.kernels import KEY, mlp
from tests.esper.nets import net


def taken(forge, count, seconds=60.0):
    """What comes out of a forge, in at most so many seconds."""
    found, end = [], time.monotonic() + seconds
    while len(found) < count and time.monotonic() < end:
        found += forge.get_nowait()
        time.sleep(0.005)
    assert len(found) >= count, "the forge gave nothing"
    return found


@pytest.fixture(scope="module")
def forge():
    with Forge(key=KEY) as made:
        yield made


def host(forge=None, **how):
    made = Host(net(), forge=forge, seed=3, **how)
    made.attach(torch.optim.Adam(made.model.parameters(), 0.01))
    return made


def heavy(site, parameters=9_000_000):
    out = parameters // (2 * site.facts.width)
    nodes = [
        Node("a", "linear", ["input"], {"out": out, "bias": False}),
        Node("b", "linear", ["a"], {"out": site.facts.width, "bias": False}),
    ]
    blueprint = Blueprint("heavy", site.facts.shape, nodes, "b")
    return Plan(site, TEMPLATES["low_rank"], {}, blueprint, Cost(blueprint.parameters))


# --- Urabrask -------------------------------------------------------------------------------------


def test_five_signed_records_in_their_order():
    verdict = Urabrask(KEY).validate(mlp(), seed=2)
    assert verdict.refusal is None
    assert tuple(record["stage"] for record in verdict.records) == STAGES
    weights = verdict.records[1]["facts"]["weights"]
    check_report(verdict.records, mlp().id, weights, KEY)
    assert verdict.measured["relative"] > 0
    with pytest.raises(RefusedError):
        check_report(verdict.records, mlp().id, weights, b"another key, which is 32 bytes!!")


def stuck(op="softmax"):
    """The channels of a softmax over one channel are 1 whatever comes in: nothing before it can learn."""
    nodes = [
        Node("down", "linear", ["input"], {"out": 1}),
        Node("flat", op, ["down"], {}),
        Node("up", "linear", ["flat"], {"out": 12}),
    ]
    return Blueprint("stuck", ["batch", 12], nodes, "up")


def exploding():
    nodes, last = [], "input"
    for number in range(40):
        nodes.append(Node(f"m{number}", "mul", [last, last], {}))
        last = f"m{number}"
    return Blueprint("exploding", ["batch", 12], nodes, last)


@pytest.mark.parametrize(
    ("blueprint", "how", "stage", "code"),
    [
        (mlp(), {"flops": 10}, "static", "refused.budget"),
        (stuck(), {}, "probe", "refused.validation"),
        (exploding(), {}, "probe", "refused.validation"),
        (mlp(), {"relative": 1e-9}, "benchmark", "refused.time"),
    ],
)
def test_each_stage_stops_what_it_is_for(blueprint, how, stage, code):
    verdict = Urabrask(KEY, **how).validate(blueprint)
    assert verdict.refusal.code == code
    assert verdict.packed == b""
    assert [record["stage"] for record in verdict.records] == list(STAGES[: STAGES.index(stage) + 1])
    assert [record["passed"] for record in verdict.records] == [True] * STAGES.index(stage) + [False]


def test_probing_leaves_random_numbers_and_newborn_weights_alone():
    blueprint = TEMPLATES["norm"].blueprint(host().sites[0].facts)
    random = torch.get_rng_state()
    verdict = Urabrask(KEY).validate(blueprint)
    assert torch.equal(torch.get_rng_state(), random)
    assert verdict.records[2]["facts"]["neutral"]
    assert verdict.records[4]["facts"]["confidence"] == "high"


def test_the_static_stage_runs_anywhere_at_once():
    assert Urabrask(KEY).validate_now(mlp()) is None
    assert Urabrask(KEY, validator=KernelValidator(parameters=3)).validate_now(mlp()).code == "refused.budget"
    best = min(_timed() for _ in range(20))
    assert best < 0.005


def _timed():
    began = time.thread_time()
    Urabrask(KEY).validate_now(mlp())
    return time.thread_time() - began


# --- tickets --------------------------------------------------------------------------------------


def test_a_ticket_grows_and_training_goes_on_meanwhile(forge):
    made = host(forge)
    plan = made.site(0).propose("bottleneck", inner=3)
    number = forge.submit(plan)
    assert number > 0
    steps = 0
    end = time.monotonic() + 60
    while made.site(0).stage is Stage.DORMANT and time.monotonic() < end:
        loss = nn.functional.cross_entropy(made.model(torch.randn(16, 8)), torch.zeros(16, dtype=torch.long))
        made.optimizers[0].zero_grad()
        loss.backward()
        made.optimizers[0].step()
        made.step()
        steps += 1
    assert made.site(0).stage is Stage.TRAINING
    assert steps > 1
    assert forge.waits == 0
    assert made.site(0).plan is plan
    assert made.site(0).grown.seed is plan.kernel


def test_what_was_not_validated_is_refused_by_the_shield(forge):
    made = host(forge)
    plan = made.site(0).propose("bottleneck")
    assert made.germinate(plan).code == "refused.validation"
    plan.kernel, plan.report = torch.nn.Linear(12, 12), {"kernel": "0" * 64}
    assert made.germinate(plan).code == "refused.validation"
    assert made.site(0).stage is Stage.DORMANT
    assert made.germinate(made.site(0).propose("widen")) is None


def test_a_ticket_is_good_once(forge):
    made = host(forge)
    forge.submit(made.site(0).propose("low_rank"))
    (ticket,) = taken(forge, 1)
    assert isinstance(ticket, Ticket)
    assert made.germinate(ticket) is None
    assert made.cull(made.site(0)) is None
    for _ in range(6):
        made.next_epoch()
    assert made.germinate(ticket).code == "refused.validation"


def test_growths_of_the_layer_itself_need_no_kernel(forge):
    made = host(forge)
    forge.submit(made.site(0).propose("widen", neurons=2))
    (ticket,) = taken(forge, 1)
    assert ticket.kernel_id == ""
    assert made.germinate(ticket) is None


def test_a_refused_job_says_where_and_which(forge):
    made = host(forge)
    plan = made.site(0).propose("bottleneck")
    plan.blueprint = stuck()
    number = forge.submit(plan)
    (refusal,) = taken(forge, 1)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.data["site"], refusal.data["job"]) == ("refused.validation", "0", number)


def test_inline_work_is_the_same_kernel_and_counts_as_a_wait(forge, tmp_path):
    kernels = []
    for each in (forge, Forge(0, key=KEY, store=Urza(str(tmp_path)))):
        made = host(each)
        each.submit(made.site(0).propose("bottleneck"), seed=11)
        (ticket,) = taken(each, 1)
        kernels.append(ticket.kernel_id)
    assert kernels[0] == kernels[1]
    assert each.waits == 1
    assert [entry.id for entry in each.store.entries()] == [ticket.kernel_id]
    assert each.store.entry(ticket.kernel_id).site == "0"


# --- limits ---------------------------------------------------------------------------------------


def test_a_job_that_takes_too_long_is_ended_and_the_next_one_is_done():
    with Forge(key=KEY, limit_s=0.05) as forge:
        made = host(forge)
        forge.submit(heavy(made.site(0)))
        (refusal,) = taken(forge, 1)
        assert refusal.code == "refused.time"
        forge.workers[0].limit_s = 60.0
        forge.submit(made.site(0).propose("bottleneck"))
        (ticket,) = taken(forge, 1)
        assert isinstance(ticket, Ticket)
        assert forge.workers[0].starts == 2
        worker = forge.workers[0].process_id
    end = time.monotonic() + 10
    while os.path.exists(f"/proc/{worker}") and time.monotonic() < end:
        time.sleep(0.005)
    assert not os.path.exists(f"/proc/{worker}")
    assert forge.submit(made.site(0).propose("bottleneck")).code == "refused.state"


def test_a_job_that_needs_too_much_memory_is_refused():
    with Forge(key=KEY, memory=50_000_000) as forge:
        forge.submit(heavy(host(forge).site(0)))
        (refusal,) = taken(forge, 1)
        assert refusal.code == "refused.memory"


def test_a_family_that_mostly_fails_is_left_alone_for_a_while():
    now = [0.0]
    with Forge(0, key=KEY, clock=lambda: now[0]) as forge:
        made = host(forge)
        for _ in range(4):
            plan = made.site(0).propose("bottleneck")
            plan.blueprint = stuck()
            assert forge.submit(plan) > 0
            assert forge.get_nowait()[0].code == "refused.validation"
        refusal = forge.submit(made.site(0).propose("bottleneck"))
        assert refusal.code == "refused.cooldown"
        assert forge.submit(made.site(0).propose("low_rank")) > 0
        now[0] = 61.0
        assert forge.submit(made.site(0).propose("bottleneck")) > 0
        assert all(isinstance(found, Ticket) for found in forge.get_nowait())
        assert forge.breakers["bottleneck"].state == "closed"
