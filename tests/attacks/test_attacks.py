"""No attack reaches anything (L48–L50): every program, at both levels, judged by canaries and an audit hook."""

from __future__ import annotations

import pytest

from tests.attacks.corpus import attacks, classes
from tests.attacks.suite import LEVELS, OVER_MB, REPOSITORY, run

PARTS = 4
# The suite runs each so many-eth one, another share of each class; `python -m tests.attacks` runs all.
EVERY = {"confine": 9, "process": 22}
# How late the suite may find a program on a busy machine; the table of `python -m tests.attacks` is stricter.
PATIENCE_S = 0.6


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("level", LEVELS)
def test_no_attack_reaches_anything(level, part):
    outcomes = run(level, list(range(part * EVERY[level], len(attacks()), PARTS * EVERY[level])))
    assert [(o.attack.title, o.found) for o in outcomes if o.found] == []
    late = [o for o in outcomes if o.late_s > PATIENCE_S or o.over_mb > OVER_MB]
    assert [(o.attack.title, o.late_s, o.over_mb) for o in late] == []


def test_there_are_enough_and_each_says_what_it_tries():
    made = attacks()
    assert len(made) >= 200
    assert all(a.kind and a.title for a in made)
    assert len({repr(a) for a in made}) >= 200
    assert len({a.text + repr(sorted(a.files.items())) for a in made}) >= 0.98 * len(made)
    assert all(classes().values())


LEAKS = {
    "a secret that is printed": 'x = give("lambda")\nprint(x())',
    "a secret that is kept": 'x = give("lambda")()',
    "a secret in a list, in a struct": 'struct S:\n    x: any\ny = [S(give("lambda")())]',
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", LEAKS)
def test_the_judge_sees(name, level, monkeypatch, tmp_path):
    """What a program could only get from a host that gives its secrets away."""
    from tests.attacks import child, judge, stage
    from tests.attacks.corpus import Attack

    monkeypatch.chdir(tmp_path)
    place = stage.Stage(level, child.LIMITS)
    attack = Attack("", name, LEAKS[name] + "\n", {}, "", {})
    engine, session = place.seat(attack, place.folder(0, attack))
    _, told, values = child._run(session, attack.text)
    found = judge.said("".join(place.printed) + told, name) + judge.swept(values)
    if level == "confine" or "printed" in name:
        assert found
    if engine is not None:
        engine.close()
    place.close()


def test_the_page_says_what_there_is():
    page = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
    for kind in classes():
        count = sum(a.kind == kind for a in attacks())
        assert f"| {kind} | {count} |" in page
