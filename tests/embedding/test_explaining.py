"""`engine.explain`: a decorated function of a loaded module, by its name."""

from __future__ import annotations

import pytest

import dana
from dana import Engine, Source

TEXT = "@poet(retries=2)\ndef assess(x: int) -> int:\n    return x\n\ndef plain():\n    return 1\n"


def test_a_function_is_explained_by_its_name() -> None:
    engine = Engine(cache=False)
    loans = engine.load(Source("<loans>", TEXT), name="loans")
    loans.assess(1)
    for name in ("assess", "loans.assess"):
        said = engine.explain(name)
        assert said.startswith("assess: on\n")
        assert "retries = 2" in said
        assert "1 (1 succeeded)" in said


def test_names_that_mean_none_or_several() -> None:
    engine = Engine(cache=False)
    with pytest.raises(dana.UsageError, match="load its module first"):
        engine.explain("assess")
    engine.load(Source("<loans>", TEXT), name="loans")
    with pytest.raises(dana.UsageError, match="did you mean `assess`"):
        engine.explain("asses")
    with pytest.raises(dana.UsageError, match=r"there are loans\.assess"):
        engine.explain("plain")
    engine.load(Source("<cars>", TEXT), name="cars")
    with pytest.raises(dana.UsageError, match=r"loans\.assess or cars\.assess is meant"):
        engine.explain("assess")
    assert engine.explain("cars.assess").startswith("assess: on")
