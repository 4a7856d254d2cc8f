"""The journal alone rebuilds the whole state, and leads from any parameter back to why it is there (E78, E81)."""

from __future__ import annotations

import sqlite3
from random import Random

import pytest
import torch
from torch import nn

from dana.esper.artifact import read
from dana.esper.budget import Budget
from dana.esper.field_report import FieldReport
from dana.esper.forge import Forge
from dana.esper.host import Host
from dana.esper.journal import GrowthJournal, Told, replay, state, trace
from dana.esper.lifecycle import Stage
from dana.esper.refusals import Refusal, RefusedError
from dana.esper.store import Reporting, Urza
from tests.esper.nets import net
from tests.esper.signing import KEY

GAINS = {"gain_low": 0.01, "gain_over_rent": 0.01, "host_alone": 0.5}
ONE_STEP = {"epochs_trained": 1.0, "gradient_health": 1.0, "gradient_ratio": 0.0, "exploding": 0.0}


def deep():
    torch.manual_seed(0)
    layers = [nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 7), nn.ReLU(), nn.Linear(7, 3)]
    return nn.Sequential(*layers)


def grown(host, site, template, **measures):
    assert host.germinate(site.propose(template, **measures)) is None
    host.next_epoch()
    assert host.blend(site, steps=1, measured=ONE_STEP) is None
    host.step()
    assert site.stage is Stage.HOLDING
    assert host.fossilise(site, GAINS) is None


def random_life(seed, steps, journal):
    """A host to which everything happens that can, in a random order."""
    chance = Random(seed)
    host = Host(deep(), budget=Budget(5000, growths=60, concurrent=2), journal=journal, embargo=1, cooldown=0)
    host.attach(torch.optim.SGD(host.model.parameters(), 0.01))
    marks = []
    for _ in range(steps):
        site = chance.choice(host.sites)
        act = chance.randrange(9)
        if act <= 1:
            plan = site.propose(chance.choice(("widen", "deepen", "bottleneck", "norm", "low_rank")))
            if not isinstance(plan, Refusal):
                host.germinate(plan)
        elif act == 2:
            host.blend(site, steps=chance.randrange(1, 4))
        elif act == 3:
            host.fossilise(site, GAINS)
        elif act == 4:
            host.cull(site, "chance")
        elif act == 5:
            host.next_epoch()
        elif act == 6 and chance.random() < 0.4:
            marks.append(host.mark())
        elif act == 7 and marks and chance.random() < 0.4:
            host.rollback(chance.choice(marks), lock=site if chance.random() < 0.5 else None, reason="chance")
        elif site.seed.is_locked:
            host.release(site)
        host.step()
    return host


@pytest.mark.parametrize("seed", range(12))
def test_replay_is_the_live_state(seed):
    journal = GrowthJournal()
    host = random_life(seed, 150, journal)
    assert replay(journal.events()).to_data() == state(host)
    kinds = {event.kind for event in journal.events()}
    assert {"open", "germinate", "refuse", "cull", "wake"} <= kinds


def test_equal_runs_have_equal_digests():
    one, other, third = GrowthJournal(now=lambda: 1.0), GrowthJournal(now=lambda: 2.0), GrowthJournal()
    random_life(3, 60, one)
    random_life(3, 60, other)
    random_life(4, 60, third)
    assert one.digest() == other.digest() != third.digest()


def test_every_parameter_has_a_trail():
    journal = GrowthJournal()
    host = Host(deep(), journal=journal)
    host.attach(torch.optim.Adam(host.model.parameters(), 0.01))
    first, second = host.sites[0], host.sites[1]
    grown(host, first, "widen", neurons=2)
    grown(host, second, "bottleneck", inner=3)
    grown(host, second, "deepen")
    grown(host, second, "norm")
    host.germinate(host.sites[2].propose("low_rank"))
    model = host.finish()
    events = journal.events()
    sizes = {name: tuple(value.shape) for name, value in model.named_parameters()}
    found = {}
    for name in sizes:
        for trail in trace(events, name):
            found[name, trail.part] = None if trail.change is None else trail.change.data["template"]
    assert found["0.weight", ""] is None
    assert found["0.weight", "rows 8 to 9"] == "widen"
    assert found["1.bias", "rows 8 to 9"] == "widen"
    assert found["3.host.0.host.weight", "columns 8 to 9"] == "widen"
    assert found["3.host.0.host.weight", ""] is None
    assert found["3.host.0.seed.down.weight", ""] == "bottleneck"
    assert found["3.host.2.weight", ""] == "deepen"
    assert found["3.seed.share.weight", ""] == "norm"
    assert found["5.weight", ""] is None
    assert sizes["0.weight"][0] == 10
    assert sizes["3.host.0.host.weight"][1] == 10
    (trail,) = trace(events, "3.seed.share.weight")
    assert [event.kind for event in trail.life] == ["blend", "hold", "fossilise"]


def test_the_way_back_ends_at_the_validated_artifact(tmp_path):
    journal = GrowthJournal(str(tmp_path / "run.db"))
    urza = Urza(str(tmp_path / "store"))
    with Forge(0, key=KEY, store=urza) as forge:
        host = Host(net(), journal=Reporting(urza, journal), forge=forge)
        host.attach(torch.optim.SGD(host.model.parameters(), 0.01))
        plan = host.sites[0].propose("bottleneck")
        plan.reason = "the layer is too narrow"
        journal.write("decide", site="0", action="germinate", reason="plateau", scores={"0": 0.8})
        forge.submit(plan)
        host.step()
        assert host.sites[0].stage is Stage.TRAINING
        host.next_epoch()
        host.blend(host.sites[0], steps=1)
        host.step()
        host.fossilise(host.sites[0], GAINS)
    journal.close()
    events = GrowthJournal(str(tmp_path / "run.db"), reading=True).events()
    (trail,) = trace(events, "0.seed.down.weight")
    assert trail.trigger == "the layer is too narrow"
    assert trail.decision.data["scores"] == {"0": 0.8}
    artifact = read(urza.get(trail.kernel), KEY)
    assert trail.report.data["signatures"] == [record["signature"] for record in artifact.report]
    assert trail.change.data["blueprint"] == artifact.blueprint.id
    assert urza.reports(template="bottleneck") == [
        FieldReport("bottleneck", 1, kernel=trail.kernel, site="0", gain=0.01, epoch=1)
    ]


def test_what_became_of_growths_is_reported_to_the_store(tmp_path):
    urza = Urza(str(tmp_path))
    host = Host(net(), journal=Reporting(urza))
    mark = host.mark()
    host.germinate(host.sites[0].propose("norm"))
    host.cull(host.sites[0], "no use")
    host.germinate(host.sites[1].propose("activation"))
    host.write("report", {"outcome": -1, "site": "4", "template": "activation", "reason": "a panic", "gain": -1.0})
    host.rollback(mark)
    assert [(r.template, r.outcome, r.reason) for r in urza.reports()] == [
        ("norm", -1, "no use"),
        ("activation", -1, "a panic"),
    ]


# --- damage ---------------------------------------------------------------------------------------


def damaged(tmp_path, how):
    path = str(tmp_path / "run.db")
    journal = GrowthJournal(path)
    random_life(1, 40, journal)
    journal.close()
    with sqlite3.connect(path) as connection:
        connection.execute(how)
    connection.close()
    return GrowthJournal(path)


@pytest.mark.parametrize(
    "how",
    [
        "UPDATE events SET data = replace(data, 'graft', 'widen')",
        "UPDATE events SET kind = 'esper.cull' WHERE seq = 3",
        "DELETE FROM events WHERE seq = 4",
        "DELETE FROM events WHERE seq > 5",
        "UPDATE events SET hash = '' WHERE seq = 2",
    ],
)
def test_a_damaged_journal_is_refused(tmp_path, how):
    with pytest.raises(RefusedError, match="damaged"):
        damaged(tmp_path, how).events()


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "run.db").write_bytes(b"nothing of the kind" * 50)
    with pytest.raises(RefusedError, match=r"no journal|not a database"):
        GrowthJournal(str(tmp_path / "run.db"))


def test_a_story_that_cannot_have_happened_is_refused():
    journal = GrowthJournal()
    host = random_life(2, 60, journal)
    events = journal.events()
    assert replay(events).to_data() == state(host)
    with pytest.raises(RefusedError, match="begin"):
        replay(events[1:])
    with pytest.raises(RefusedError, match="missing"):
        replay([*events[:3], *events[4:]])
    with pytest.raises(RefusedError, match="twice"):
        replay([*events[:3], events[2], *events[3:]])
    number = len(events) + 1
    dormant = next(site.path for site in host.sites if site.stage is Stage.DORMANT)
    with pytest.raises(RefusedError, match="dormant seed did hold"):
        replay([*events, Told(number, "hold", {"n": number, "site": dormant, "epoch": 9})])
    with pytest.raises(RefusedError, match="lacks"):
        replay([*events, Told(number, "cull", {"n": number, "epoch": 9})])
