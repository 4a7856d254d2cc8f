"""A run that was killed goes on in its own journal: one story, from which every parameter is walked back (E78, E81)."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dana.esper.budget import Budget
from dana.esper.data import spirals
from dana.esper.host import Host
from dana.esper.journal import GrowthJournal, Told, lived, replay, state, trace
from dana.esper.refusals import RefusedError
from dana.esper.report import weights_id
from dana.esper.store import Reporting, Urza
from dana.esper.train import Schedule, mlp, train

ROOT = Path(__file__).parents[2]
DATA = spirals(300, seed=1)
EPOCHS = 26


class Turns(Schedule):
    """Grows something else each time, and takes every third growth away again."""

    def decide(self, view):
        self.template = ("widen", "bottleneck", "low_rank", "deepen")[self._turn % 4]
        actions = super().decide(view)
        if self._turn % 3 == 0:
            for action in actions:
                if action.kind == "fossilise":
                    action.kind = "cull"
        return actions


def begun(journal, *, resume=None, data=DATA):
    host = Host(
        mlp(2, [4, 4], 2, seed=5), budget=Budget(500, concurrent=2), seed=5, example=data.train[0][:2], journal=journal
    )
    return train(host, data, epochs=EPOCHS, seed=5, controller=Turns(every=3), resume=resume)


def origins(run, journal):
    """For each part of each parameter: what grew there, and why."""
    events = journal.events()
    return {
        (name, trail.part): (
            trail.change and trail.change.data["template"],
            trail.trigger,
            [e.kind for e in trail.life],
        )
        for name, _value in run.model.named_parameters()
        for trail in trace(events, name)
    }


@pytest.fixture(scope="module")
def whole():
    journal = GrowthJournal()
    run = begun(journal).finish()
    found = origins(run, journal)
    assert any(template for template, _why, _life in found.values())
    return run, found


@pytest.mark.parametrize("later", [0, 1, 5])
def test_what_came_after_the_saved_moment_counts_for_nothing(whole, tmp_path, later):
    journal, path = GrowthJournal(str(tmp_path / "run.db")), str(tmp_path / "run.dana")
    run = begun(journal)
    for number in (4, 9, 15):
        while len(run.history) < number:
            run.one()
        run.save(path)
        for _ in range(later):  # told, and lost: the process ends before it can save again
            run.one()
        journal = GrowthJournal(str(tmp_path / "run.db"))
        run = begun(journal, resume=path)
        assert replay(journal.events()).to_data() == state(run.host)
    run.finish()
    assert weights_id(run.model) == weights_id(whole[0].model)
    assert replay(journal.events()).to_data() == state(run.host)
    assert origins(run, journal) == whole[1]
    kinds = [event.kind for event in journal.events()]
    assert kinds.count("open") == 4
    assert kinds.count("resume") == 3


def test_a_killed_training_goes_on(whole, tmp_path):
    victim = [sys.executable, "-m", "tests.esper.test_resumed_journal", str(tmp_path)]
    assert subprocess.run(victim, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    journal = GrowthJournal(str(tmp_path / "run.db"))
    told = len(journal.events())
    run = begun(journal, resume=str(tmp_path / "run.dana"))
    assert 0 < len(run.history) < EPOCHS
    assert journal.events()[-1].data["to_event"] < told  # it was killed in the middle of something
    run.finish()
    assert weights_id(run.model) == weights_id(whole[0].model)
    assert replay(journal.events()).to_data() == state(run.host)
    assert origins(run, journal) == whole[1]


def killed(folder):
    """Train and save after each epoch, and be killed in the middle of the third growth."""
    import os

    journal, germinations = GrowthJournal(f"{folder}/run.db"), 0

    def told(kind, data):
        nonlocal germinations
        journal(kind, data)
        germinations += kind == "esper.germinate"
        if germinations == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    for _epoch in (run := begun(told)):
        run.save(f"{folder}/run.dana")


def test_killed_again_before_it_could_resume(whole, tmp_path):
    journal, path = GrowthJournal(str(tmp_path / "run.db")), str(tmp_path / "run.dana")
    run = begun(journal)
    for _ in range(9):
        run.one()
    run.save(path)
    Host(mlp(2, [4, 4], 2, seed=5), budget=Budget(500, concurrent=2), seed=5, journal=journal)
    assert replay(journal.events()).to_data() == state(run.host)
    run = begun(journal, resume=path).finish()
    assert replay(journal.events()).to_data() == state(run.host)
    assert weights_id(run.model) == weights_id(whole[0].model)


def test_one_saved_moment_is_resumed_twice_and_a_lost_one_later(tmp_path):
    journal = GrowthJournal()
    run = begun(journal)
    for _ in range(9):
        run.one()
    run.save(str(tmp_path / "early"))
    for _ in range(6):
        run.one()
    run.save(str(tmp_path / "late"))
    for name in ("early", "early", "late"):
        run = begun(journal, resume=str(tmp_path / name))
        run.one()
        assert replay(journal.events()).to_data() == state(run.host)
    assert len(lived(journal.events())) < len(journal.events())


def test_another_journal_is_refused(tmp_path):
    path = str(tmp_path / "run.dana")
    run = begun(GrowthJournal())
    for _ in range(9):
        run.one()
    run.save(path)
    with pytest.raises(RefusedError, match=r"the last one in its host's journal is 1 "):
        begun(GrowthJournal(), resume=path)
    other = GrowthJournal()
    run = begun(other)
    run.host.germinate(run.host.sites[0].propose("norm"))
    run.finish()
    with pytest.raises(RefusedError, match=r"another run|not the same"):
        begun(other, resume=path)


def test_what_grew_before_is_reported_after(tmp_path):
    urza, path = Urza(str(tmp_path / "store")), str(tmp_path / "run.dana")
    journal = GrowthJournal()
    run = begun(Reporting(urza, journal))
    while not any(site.seed.is_active for site in run.host.sites):
        run.one()
    run.save(path)
    growing = {site.path: site.plan.template.name for site in run.host.sites if site.plan}
    run = begun(Reporting(urza, journal), resume=path).finish()
    assert {report.site: report.template for report in urza.reports()[: len(growing)]} == growing


def test_stories_of_resuming_that_cannot_be_are_refused():
    journal = GrowthJournal()
    run = begun(journal)
    for _ in range(9):
        run.one()
    events = journal.events()
    number = len(events) + 1
    again = Told(number, "open", events[0].data)
    other = Told(number, "open", {**events[0].data, "seed": 6})
    resume = Told(number + 1, "resume", {"n": number, "to_event": 3, "epoch": 1})
    assert replay([*events, again]).to_data() == replay(events).to_data()
    assert replay([*events, again, resume]).to_data()["changes"] == replay(events[:3]).to_data()["changes"]
    for wrong, said in (
        ([*events, other, resume], "not the same"),
        ([*events, again, Told(number + 1, "wake", {"n": number, "sites": [], "epoch": 1})], "missing"),
        ([*events, again, Told(number + 1, "resume", {"n": number, "to_event": 999, "epoch": 1})], "lacks"),
        ([*events, again, Told(number + 1, "resume", {"n": number + 5, "to_event": 3, "epoch": 1})], "missing"),
    ):
        with pytest.raises(RefusedError, match=said):
            replay(wrong)


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    killed(sys.argv[1])
