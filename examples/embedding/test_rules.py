"""Rules in Dana, tested with pytest: a fixture that loads them with a bureau of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

import dana


@pytest.fixture
def scores() -> dict[str, int]:
    return {"Ann": 720}


@pytest.fixture
def rules(scores: dict[str, int]) -> dana.Module:
    engine = dana.Engine(cache=False)

    @engine.host("bureau.score")
    def score(name: str) -> int:
        return scores[name]

    return engine.load(Path(__file__).with_name("credit.na"))


def test_a_good_score_is_enough(rules: dana.Module) -> None:
    decision = rules.enriched({"name": "Ann", "income": 1000})
    assert decision.approved
    assert decision.limit == 720.0


def test_debt_counts(rules: dana.Module, scores: dict[str, int]) -> None:
    scores["Bob"] = 900
    decision = rules.enriched({"name": "Bob", "income": 1000, "debt": 700})
    assert decision == rules.Decision(False, 0.0, "the debt is too high")


def test_an_unknown_name_fails_where_it_is_asked_for(rules: dana.Module) -> None:
    with pytest.raises(dana.RuntimeFault) as stopped:
        rules.enriched({"name": "Eve", "income": 1})
    assert isinstance(stopped.value.__cause__, KeyError)
    assert (
        stopped.value.diagnostics[0].source.line(stopped.value.diagnostics[0].line).strip()
        == "known = bureau.score(a.name)"
    )
