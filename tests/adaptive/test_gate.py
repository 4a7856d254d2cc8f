"""Gates fail closed, in order, and on record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.adaptive import gate as g
from dana.adaptive.gate import Check, Gate


def test_the_first_verdict_that_stops_ends_the_round() -> None:
    asked = []

    def judge(name, verdict):
        def check(value, context):
            asked.append((name, value))
            return verdict

        return check

    gate = Gate(
        [
            Check("late", judge("late", g.deny("never asked")), order=3),
            Check("first", judge("first", g.amend(2, "doubled")), order=1),
            Check("second", judge("second", g.wait(1.5, "busy")), order=2),
        ]
    )
    verdict = gate.judge(g.BEFORE, 1, {})
    assert (verdict.kind, verdict.seconds, verdict.check) == (g.WAIT, 1.5, "second")
    assert asked == [("first", 1), ("second", 2)]


def test_amended_values_go_on_to_the_next_check() -> None:
    add = [Check(str(n), lambda v, _c: g.amend(v + 1, "one more"), order=n) for n in range(3)]
    verdict = Gate(add).judge(g.BEFORE, 10, {})
    assert verdict.passes
    assert verdict.value == 13


def _bursts(value, context):
    raise KeyError("no such rule")


@pytest.mark.parametrize("broken", [_bursts, lambda v, c: "yes", lambda v, c: True])
def test_a_broken_check_is_a_denial_unless_it_is_declared_to_fail_open(broken) -> None:
    heard = []
    closed = Gate([Check("c", broken)], record=lambda *what: heard.append(what))
    verdict = closed.judge(g.BEFORE, 1, {})
    assert verdict.kind is g.DENY
    assert verdict.code == "validation.broken_check"
    assert len(heard) == 1
    opened = Gate([Check("c", broken, fail_open=True)], record=lambda *what: heard.append(what))
    assert opened.judge(g.BEFORE, 1, {}).passes
    assert "fail open" in heard[-1][2].reason


def test_points_are_apart_and_unknown_ones_are_refused() -> None:
    gate = Gate([Check("out", lambda v, c: g.deny("no"), points=[g.AFTER])])
    assert gate.judge(g.BEFORE, 1, {}).passes
    assert not gate.judge(g.AFTER, 1, {}).passes
    with pytest.raises(ValueError, match="unknown points of a gate: sideways"):
        Check("c", lambda v, c: None, points=["sideways"])


verdicts = st.sampled_from(["allow", "none", "amend", "deny", "wait", "ask", "burst"])


@given(st.lists(verdicts, max_size=6))
def test_what_passes_was_denied_by_nobody(kinds) -> None:
    def check(kind):
        def judge(value, context):
            if kind == "burst":
                raise RuntimeError
            made = {"allow": g.allow, "none": lambda: None, "amend": lambda: g.amend([*value, kind], "more")}
            stop = {"deny": lambda: g.deny("no"), "wait": lambda: g.wait(1, "busy"), "ask": lambda: g.ask("sure?")}
            return (made | stop)[kind]()

        return judge

    verdict = Gate([Check(str(n), check(k), order=n) for n, k in enumerate(kinds)]).judge(g.BEFORE, [], {})
    assert verdict.passes == (not {"deny", "wait", "ask", "burst"} & set(kinds))
    if verdict.passes and "amend" in kinds:
        assert len(verdict.value) == kinds.count("amend")
