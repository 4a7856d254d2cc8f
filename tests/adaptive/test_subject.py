"""Knobs keep their bounds, versions are never lost, and improvement ends in one recorded outcome."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.adaptive.canonical import canonical
from dana.adaptive.improve import FAILED, NOTHING, PROMOTED, REJECTED, Evidence, Watch, improve
from dana.adaptive.recovery import ACTIONS, FAMILIES, TABLE, classify, is_worth_retrying, recovery
from dana.adaptive.subject import Knob, KnobError, Subject

numbers = st.floats(-1e6, 1e6)


def subject() -> Subject:
    return Subject(
        "function",
        "m.f",
        [
            Knob("timeout", 10.0, low=1.0, high=60.0, step=5.0),
            Knob("retries", 3, low=0, high=8),
            Knob("prompt", "short", choices=("short", "long")),
            Knob("ceiling", 85.0, low=50.0, high=90.0, safety=True),
        ],
    )


@given(st.lists(st.tuples(st.sampled_from(["timeout", "retries"]), numbers), max_size=20))
def test_whatever_is_proposed_stays_in_bounds_and_within_a_step(changes) -> None:
    adapted = subject()
    for name, value in changes:
        before = adapted.values
        after = adapted.propose({name: value})
        assert 1.0 <= after["timeout"] <= 60.0
        assert 0 <= after["retries"] <= 8
        assert type(after["retries"]) is int
        assert abs(after["timeout"] - before["timeout"]) <= 5.0 + 1e-9 or name != "timeout"
        adapted.promote(after, {"n": 1})
    assert [v.number for v in adapted.versions] == list(range(len(changes) + 1))


@given(st.lists(st.integers(0, 5), max_size=15))
def test_every_version_can_come_back_and_none_is_lost(steps) -> None:
    adapted = subject()
    seen = [canonical(adapted.values)]
    for step in steps:
        if step and adapted.current.number:
            parent = adapted.current.parent
            assert adapted.roll_back().number == parent
        else:
            adapted.promote(adapted.propose({"retries": (adapted.values["retries"] + 1) % 9}), {})
            seen.append(canonical(adapted.values))
    assert [canonical(v.values) for v in adapted.versions] == seen
    copy = subject()
    assert copy.restore(adapted.snapshot()) == []
    assert copy.values == adapted.values
    assert copy.current.number == adapted.current.number


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"timeout": 0.5}, "from 1.0 to 60.0"),
        ({"timeout": float("nan")}, "from 1.0 to 60.0"),
        ({"timeout": "5"}, "takes float, not str"),
        ({"retries": True}, "takes int, not bool"),
        ({"retries": 2.0}, "takes int, not float"),
        ({"prompt": "medium"}, "one of 'short', 'long'"),
        ({"tmeout": 5.0}, "has no knob `tmeout`"),
    ],
)
def test_values_a_knob_does_not_take_are_refused_and_change_nothing(change, message) -> None:
    adapted = subject()
    with pytest.raises(KnobError, match=message):
        adapted.promote({"retries": 1, **change}, {})
    assert adapted.current.number == 0
    assert adapted.values["retries"] == 3


def test_learning_never_touches_a_safety_limit() -> None:
    adapted = subject()
    with pytest.raises(KnobError, match="protects somebody"):
        adapted.propose({"ceiling": 89.0})
    adapted.promote({"ceiling": 80.0}, {"source": "a person"})
    assert adapted.values["ceiling"] == 80.0


def test_going_back_goes_to_where_it_came_from() -> None:
    adapted = subject()
    adapted.promote({"retries": 4}, {})
    adapted.promote({"retries": 5}, {})
    adapted.roll_back()
    adapted.promote({"retries": 6}, {})
    assert adapted.roll_back().values["retries"] == 4
    assert adapted.roll_back(2).values["retries"] == 5
    adapted.roll_back(0)
    with pytest.raises(KnobError, match="first version"):
        adapted.roll_back()
    with pytest.raises(KnobError, match="no version 9"):
        adapted.roll_back(9)


def test_a_snapshot_of_older_knobs_loses_only_what_no_longer_fits() -> None:
    adapted = subject()
    adapted.promote({"retries": 8, "timeout": 50.0}, {})
    newer = Subject("function", "m.f", [Knob("retries", 1, low=0, high=5), Knob("timeout", 10.0, low=1.0, high=60.0)])
    left_out = newer.restore(adapted.snapshot())
    assert newer.values == {"retries": 1, "timeout": 50.0}
    assert any("retries" in line for line in left_out)


@pytest.mark.parametrize("damage", [{"kind": "agent"}, {"current": 7}, {"versions": None}, {"versions": [3]}])
def test_damaged_snapshots_change_nothing(damage) -> None:
    adapted = subject()
    with pytest.raises(KnobError):
        adapted.restore({**subject().snapshot(), **damage})
    assert adapted.current.number == 0


def run(adapted, changes, evidence, **options):
    heard = []
    outcome = improve(
        adapted,
        lambda s: "slow",
        lambda s, found: changes,
        lambda s, candidate: evidence() if callable(evidence) else evidence,
        lambda *what: heard.append(what),
        **options,
    )
    assert len(heard) == 1
    assert heard[0][1] == "m.f"
    return outcome


def test_a_certain_gain_is_promoted_with_its_evidence() -> None:
    adapted = subject()
    outcome = run(adapted, {"timeout": 12.0}, Evidence(0.2, 0.1, 0.3, 50, seed=7))
    assert outcome.kind is PROMOTED
    assert adapted.values["timeout"] == 12.0
    assert adapted.current.evidence == {
        "source": "improve",
        "n": 50,
        "effect": 0.2,
        "interval": [0.1, 0.3],
        "seed": 7,
    }


@pytest.mark.parametrize(
    ("changes", "evidence", "kind", "reason"),
    [
        ({"timeout": 12.0}, Evidence(0.2, -0.1, 0.5, 50), REJECTED, "not certain"),
        ({"timeout": 12.0}, Evidence(0.2, 0.1, 0.3, 5), REJECTED, "too few"),
        ({"timeout": 10.0}, Evidence(0.2, 0.1, 0.3, 50), NOTHING, "already"),
        ({}, Evidence(0.2, 0.1, 0.3, 50), NOTHING, "no change"),
        ({"ceiling": 90.0}, Evidence(0.2, 0.1, 0.3, 50), FAILED, "protects"),
        ({"timeout": 12.0}, lambda: 1 / 0, FAILED, "ZeroDivisionError"),
    ],
)
def test_everything_else_leaves_the_subject_as_it_was(changes, evidence, kind, reason) -> None:
    adapted = subject()
    outcome = run(adapted, changes, evidence)
    assert outcome.kind is kind
    assert reason in outcome.reason
    assert adapted.current.number == 0


def test_a_trial_that_changes_its_subject_is_undone() -> None:
    adapted = subject()

    def cheat():
        adapted.promote({"retries": 8}, {})
        return Evidence(9, 8, 10, 999)

    assert run(adapted, {"timeout": 12.0}, cheat).kind is FAILED
    assert adapted.values == subject().values


def test_what_turns_out_worse_is_taken_back_once() -> None:
    adapted = subject()
    adapted.promote({"timeout": 12.0}, {})
    watch, heard = Watch(adapted, 0.9, tolerance=0.05, least=5), []
    taken = [watch.score(0.5, lambda *what: heard.append(what)) for _ in range(8)]
    assert taken == [False] * 4 + [True] + [False] * 3
    assert adapted.current.number == 0
    assert [h[0] for h in heard] == ["improve.rolled_back"]


def test_evidence_must_agree_with_itself() -> None:
    with pytest.raises(ValueError, match="does not lie"):
        Evidence(1.0, 2.0, 3.0, 10)


def test_every_row_of_the_table_ends_and_names_known_actions() -> None:
    for leaf, row in TABLE.items():
        assert set(row.actions) <= set(ACTIONS)
        assert row.actions[-1] == "fail", leaf
        assert leaf.partition(".")[0] in {*FAMILIES, "seed", "budget"}


class Answer(Exception):
    def __init__(self, status) -> None:
        self.status = status


@pytest.mark.parametrize(
    ("fault", "leaf", "first"),
    [
        (ConnectionResetError(), "network.unavailable", "break"),
        (TimeoutError(), "execution.timeout", "retry"),
        (Answer(429), "network.rate_limited", "wait"),
        (Answer(503), "network.unavailable", "break"),
        (Answer(401), "network.refused_access", "fail"),
        (Answer(404), "validation.input", "fail"),
        (ValueError(), "validation.input", "fail"),
        (NameError(), "execution.bug", "crash"),
        (MemoryError(), "execution.resource_exhausted", "wait"),
        (RuntimeError(), "execution.tool_failed", "fallback"),
    ],
)
def test_faults_find_their_row(fault, leaf, first) -> None:
    assert classify(fault) == leaf
    assert recovery(leaf).actions[0] == first


def test_unknown_leaves_go_by_their_family() -> None:
    assert recovery("network.pigeon") is FAMILIES["network"]
    assert recovery("weather.rain").actions == ("fail",)


class Leaf(Exception):
    leaf = "network.rate_limited"


def test_what_a_fault_says_of_itself_and_its_status_come_first() -> None:
    assert classify(Leaf()) == "network.rate_limited"
    assert classify(Answer(504)) == "network.timeout"
    assert classify(Answer(200)) == "execution.tool_failed"
    assert classify(Answer(True)) == "execution.tool_failed"
    assert classify(PermissionError()) == "network.refused_access"
    assert repr(recovery("network.rate_limited")) == "Recovery(wait → fail, retries=3)"


@pytest.mark.parametrize(
    ("fault", "worth"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (Answer(429), True),
        (Answer(401), False),
        (ValueError(), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_faults_that_may_go_away_are_worth_another_try(fault, worth) -> None:
    assert is_worth_retrying(fault) is worth


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_no_number_is_refused_by_every_knob(value) -> None:
    for knob in (Knob("a", 1.0), Knob("b", 1), Knob("c", 1.0, low=0.0, high=2.0, step=0.5)):
        with pytest.raises(KnobError):
            knob.towards(value, knob.default)
        with pytest.raises(KnobError):
            knob.check(value)


def test_knobs_and_subjects_say_what_is_wrong() -> None:
    with pytest.raises(KnobError, match="wrong way round"):
        Knob("a", 1.0, low=2.0, high=0.0)
    assert Knob("a", 1.0).check(2) == 2.0
    with pytest.raises(KnobError, match="has no version 9"):
        subject().roll_back(9)
    assert repr(subject().current).startswith("Version(0, ")
    assert len(subject().current.digest) == 64
    damaged = subject().snapshot()
    damaged["versions"][0]["parent"] = 5
    with pytest.raises(KnobError, match="cannot come from version 5"):
        subject().restore(damaged)
