"""What a worker holds of the host's objects is no struct and no type (L28, L48): errors of the program, not of Dana."""

from __future__ import annotations

import pytest

import dana
from tests.attacks import child, stage
from tests.attacks.corpus import Attack


@pytest.mark.parametrize("level", ["confine", "process"])
@pytest.mark.parametrize(
    "text",
    [
        "struct S: x: int\nS.copy(vault)\n",
        "struct S: x: int\nS.to_dict(vault)\n",
        "struct S: x: int\nS.to_json(vault)\n",
        "def f(x: vault.add): pass\nf(1)\n",
    ],
)
def test_a_host_object_in_the_place_of_a_struct_or_a_type(level, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = stage.Stage(level, child.LIMITS)
    attack = Attack("", text, text, {}, "", {})
    engine, session = place.seat(attack, place.folder(0, attack))
    try:
        session["vault"] = stage.Vault()
        with pytest.raises(dana.DanaError) as stopped:
            session.run(text)
        assert stopped.value.diagnostics[0].code in ("E601", "E603")
    finally:
        if engine is not None:
            engine.close()
        place.close()


def test_a_limit_there_is_not_is_named_with_the_nearest_there_is():
    with pytest.raises(dana.UsageError, match="Limits has no `stps`; did you mean `steps`"):
        dana.Limits(stps=1)


def test_a_permission_there_is_not_is_named_with_the_nearest_there_is():
    with pytest.raises(dana.UsageError, match="Allow has no `raed`; did you mean `read`"):
        dana.Allow(raed=["data"])
