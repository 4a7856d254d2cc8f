"""Demonstration 1: bad descriptions, a rewrite from what happened, a trial, a review, fewer failures, and back again."""

from __future__ import annotations

import json
import re

import pytest

from dana.__main__ import main
from dana.adaptive.journal import Journal
from dana.engine import Engine
from dana.errors import DanaError
from dana.policy import Allow
from tests.agents.meta.desk import PROGRAM, Reader

LIVE = """
def __main__(what: str = "live"):
    loop = watch(Triage, tasks=[task(r[0], r[1], tool=r[2]) for r in requests([11, 12, 13, 14])], limits={"least": 5})
    if what == "live":
        print(failures([1]))
    if what == "later":
        print(failures([21, 22, 23]))
    if what == "turn":
        print(loop.turn())
"""


class Desk:
    """The program in a git repository; each `run` is a process of its own as far as Dana is concerned."""

    def __init__(self, git, capsys, monkeypatch) -> None:
        self.git = git
        self.capsys = capsys
        monkeypatch.chdir(git.folder)
        git.commit({"main.na": PROGRAM + LIVE, ".gitignore": "run.db*\n"}, "the desk")

    def run(self, what: str) -> str:
        printed: list[str] = []
        store = f"sqlite:///{self.git.folder}/run.db"
        engine = Engine(model=Reader(), store=store, on_print=printed.append, allow=Allow(run=["git"]))
        engine.run(self.git.folder / "main.na", arguments={"what": what})
        return "".join(printed).strip()

    def meta(self, *words: str) -> str:
        status = main(["meta", *words])
        said = self.capsys.readouterr()
        assert status == 0, said.err
        return said.out


@pytest.fixture
def desk(git, capsys, monkeypatch) -> Desk:
    return Desk(git, capsys, monkeypatch)


def test_descriptions_get_better_under_review_and_worse_again_when_taken_back(desk) -> None:
    assert desk.run("live") == "6"  # of 10
    before = int(desk.run("later"))
    assert before == 18  # of 30

    state = desk.git.state()[:2]
    turn = desk.run("turn")
    gain, low = map(float, re.search(r"a gain of ([\d.]+) \(([\d.]+) to", turn).groups())
    assert turn.startswith("Turn(waiting: Say what `refund` and `track` are for")
    assert gain >= 0.2
    assert low > 0
    assert desk.git.state()[:2] == state  # a branch, and nothing else
    assert int(desk.run("later")) == before  # nothing is in effect before a person says so
    assert "waits for a review" in desk.run("turn")

    shown = desk.meta("review")
    assert "+ Looks after an order. Use it for: parcel" in shown
    assert "calls of the tool `track` came to nothing" in shown
    desk.meta("accept", "Triage", "--reason", "fewer wrong tools")
    after = int(desk.run("later"))
    assert after <= 0.6 * before

    desk.meta("rollback", "Triage", "--reason", "a test")
    assert int(desk.run("later")) == before

    journal = Journal("run.db", reading=True)
    try:
        assert journal.verify()
        turns = [json.loads(row[7]) for row in journal.rows(pattern="meta.turn")]
        proposed = [json.loads(row[7]) for row in journal.rows(pattern="meta.proposed")]
        used = [json.loads(row[7]) for row in journal.rows(pattern="behaviour.used")]
        linked = {row[0]: row[3] for row in journal.rows(pattern="tool.end")}
        assert list(journal.rows(pattern="turn.*", subject="trial:*"))
    finally:
        journal.close()
    assert [turn["outcome"] for turn in turns] == ["promoted", "rolled back"]
    assert {turn["turn"] for turn in turns} == {proposed[0]["turn"]}
    assert set(turns[0]["events"]) <= set(linked)  # the reason leads to what happened
    assert len(used) == 1
    assert len(used[0]["digest"]) == 64


def test_what_is_accepted_by_the_run_itself_ends_with_it(desk) -> None:
    text = (
        PROGRAM
        + """
print(failures([1]))
loop = watch(Triage, tasks=[task(r[0], r[1], tool=r[2]) for r in requests([11, 12, 13, 14])], review="none", limits={"least": 5})
print(loop.turn().outcome, failures([21]))
loop.rollback("it was a test")
print(failures([21]))
try:
    loop.rollback("again")
except ValueError as e:
    print(e)
"""
    )
    printed: list[str] = []
    engine = Engine(model=Reader(), on_print=printed.append)
    engine.run(text)
    said = "this run took no change of `Triage` over"
    assert "".join(printed).splitlines() == ["6", "promoted 1", "6", said]
    assert desk.git("branch", "--list", "dana/*") == ""


def run(text: str, model: Reader | None = None, allow: Allow | None = None) -> list[str]:
    """What a program prints."""
    printed: list[str] = []
    Engine(model=model or Reader(), on_print=printed.append, allow=allow).run(PROGRAM + text)
    return "".join(printed).splitlines()


WATCH = 'loop = watch(Triage, tasks=[task(r[0], r[1], tool=r[2]) for r in requests([11, 12, 13, 14])], review="none", limits={"least": 5}'


def test_a_model_may_propose(desk) -> None:
    model = Reader()
    told = {
        "track": "parcel arrive delivered shipment delivery late",
        "refund": "money refund broken cancel charge return",
    }
    model.proposal = {"title": "Clearer tools", "description": "…", "changes": {"tool_descriptions": told}}
    lines = run(f"print(failures([1]))\n{WATCH}, propose='model')\nprint(loop.turn().outcome, failures([21]))\n", model)
    assert lines == ["6", "promoted 0"]
    model.proposal = {"title": "More rights", "changes": {"permissions": ["run:*"]}}
    lines = run(f"failures([1])\n{WATCH}, propose='model')\nprint(loop.turn())\n", model)
    assert lines == ["Turn(rejected: `permissions` cannot be changed by a proposal)"]


def test_a_function_may_propose_and_another_may_say_no(desk) -> None:
    text = f"""
def better(behaviour, findings, tried):
    print(len(findings), len(tried) > 10, sorted(behaviour["tool_descriptions"]))
    return {{"title": "By hand", "changes": {{"tool_descriptions": {{"track": "parcel shipment delivery arrive delivered order"}}}}}}

failures([1])
{WATCH}, propose=better, veto=lambda changes: "not today" if "parcel" in str(changes) else None)
print(loop.turn())
"""
    assert run(text) == ["2 True ['refund', 'track']", "Turn(vetoed: veto: not today)"]


def test_nothing_reaches_the_world_in_a_trial_and_nobody_approves(desk) -> None:
    text = """
import process
import files

def shout(number: int) -> str:
    files.write_text("shout.txt", "x")
    return "shouted"

def pay(number: int) -> str:
    print("paid")
    return "paid"

agent_blueprint Loud:
    tools: list = [shout, agents.tool(pay, dangerous=true, description="pay money")]

agents.on_approval(lambda wanted: true)
desk = Loud()
print(desk.solve("shout 1"))
print(desk.solve("pay money 1"))
loud = watch(Loud, tasks=[task(f"shout {n}", "shouted") for n in range(40)] + [task(f"pay money {n}", "paid") for n in range(40, 80)],
    review="none", limits={"least": 1, "tokens": 1}, propose=lambda b, f, t: {"title": "t", "changes": {"system_prompt": "Shout."}})
files.remove("shout.txt")
print(loud.turn().outcome, files.exists("shout.txt"))
"""
    assert run(text, allow=Allow(write=["."], read=["."])) == ["shouted", "paid", "paid", "rejected False"]


def test_a_task_that_is_kept_in_the_ledger_is_there_for_the_next_run(desk) -> None:
    text = """
from meta import record
for r in requests([11, 12, 13, 14]):
    record(Triage, r[0], r[1], tool=r[2])
failures([1])
loop = watch(Triage, review="none", limits={"least": 5})
print(loop.turn().outcome)
"""
    assert run(text) == ["promoted"]


def test_feedback_counts_among_the_failures(desk) -> None:
    text = """
agent_blueprint Plain:
    tools: list = [agents.tool(track, description="parcel")]
desk = Plain()
loop = watch(Plain, review="none", limits={"least": 4})
for n in range(4):
    print(desk.solve(f"parcel {n}"))
print(loop.findings())
loop.feedback(false, "it was late")
print(loop.findings(), loop.turn())
"""
    assert run(text)[4:] == [
        "[]",
        "['1 of 4 turns failed'] Turn(no plan: 0 tasks are left to decide by; 10 are needed)",
    ]


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        ("watch(7)", "E962", "7 is no blueprint of agents"),
        ("watch(Triage, tasks=[1])", "E962", "`tasks` is a list of what `task(…)` gives"),
        ('watch(Triage, review="gti")', "E962", "`review` of watch cannot be 'gti'"),
        ('watch(Triage, window="1 year")', "E962", "`window` of watch is a time"),
        ("watch(Triage, window=0)", "E962", "`window` of watch is a time"),
        ("watch(Triage, min_gain=2.0)", "E962", "`min_gain` of watch is a number from 0 to 1"),
        ('watch(Triage, propose="modle")', "E962", "`propose` of watch cannot be 'modle'"),
        ('watch(Triage, limits={"erors": 1})', "E962", "`limits` has no `erors`"),
        ('watch(Triage, limits={"errors": 2})', "E962", "limits.errors"),
        ("watch(Triage, run=1)", "E962", "`run` of watch is a function"),
        ("watch(Triage, models=[1])", "E962", "`models` of watch"),
        ('task("")', "E962", "a task has an input"),
        ('task("a", grade=1)', "E962", "`grade` is a function"),
        ("watch(Triage)", "E516|E51", "run"),
    ],
)
def test_what_cannot_be_watched(desk, call, code, said) -> None:
    with pytest.raises(DanaError) as caught:
        run(f"print({call})")
    assert re.match(code, caught.value.diagnostics[0].code), caught.value.diagnostics[0]
    assert said in str(caught.value)


def test_a_program_that_is_no_file_has_no_place_to_propose_in(desk) -> None:
    with pytest.raises(DanaError) as caught:
        run("watch(Triage)", allow=Allow(run=["git"]))
    assert caught.value.diagnostics[0].code == "E963"


@pytest.mark.parametrize(
    "text",
    [
        "loop._watched",
        "loop._watched.loop",
        'task("a", 1)._task',
        'task("a", 1).expected',
        "loop.turn()._case",
        "loop.loop",
    ],
)
def test_programs_reach_no_judge(desk, text) -> None:
    with pytest.raises(DanaError):
        run(f"{WATCH})\nprint({text})\n")


def test_figures_are_plain_copies(desk) -> None:
    text = f"""
failures([1])
{WATCH})
loop.figures()["tools"]["track"]["calls"] = 999
print(loop.figures()["tools"]["track"]["calls"], loop.name, loop)
turn = loop.turn()
turn.changes["tool_descriptions"]["track"] = "mine"
turn.findings.append("mine")
print(loop.turn().outcome, failures([21]))
"""
    assert run(text) == ["5 Triage Watch(Triage)", "no plan 1"]
