"""What `import dana` offers is what docs/embedding.md documents."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from repository_tree import ROOT

import dana

HEADING = re.compile(r"^#+ .*$", re.MULTILINE)


def test_the_list_is_sorted_and_every_name_is_there() -> None:
    assert sorted(dana.__all__) == dana.__all__
    assert dir(dana) == dana.__all__
    for name in dana.__all__:
        assert getattr(dana, name) is not None


@pytest.mark.parametrize("name", [name for name in dana.__all__ if name != "__version__"])
def test_every_public_name_is_documented(name: str) -> None:
    page = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
    assert f"`{name}`" in page


def test_a_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Engin"):
        dana.Engin  # noqa: B018


def test_errors_form_one_tree() -> None:
    from dana import errors

    for name in dana.errors.__dict__:
        thing = getattr(errors, name)
        if isinstance(thing, type) and issubclass(thing, Exception) and thing.__module__ == "dana.errors":
            assert name in dana.__all__
