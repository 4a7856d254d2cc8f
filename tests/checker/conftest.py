"""Fixtures of the checker's tests: a text becomes a `Checked`, its codes, or the types of its expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from dana.ast import nodes as na
from dana.checker import Checked, Interface, ModuleRequest, check
from dana.checker.types import show
from dana.parser import parse
from dana.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable


class Look(Protocol):
    """`look(text, modules={name: text})`."""

    def __call__(self, text: str, modules: dict[str, str] | None = None) -> Checked: ...


def checked_text(text: str, modules: dict[str, str] | None = None, name: str = "__main__") -> Checked:
    """Parses and checks a text; `modules` are the texts of the modules it may import."""

    def find(request: ModuleRequest) -> Interface | str:
        path = ".".join(request.path)
        if modules is None or path not in modules:
            return f"there is no file {path}.na"
        return checked_text(modules[path], modules, path).interface

    return check(parse(Source("t.na", text)), modules=find, name=name)


@pytest.fixture
def look() -> Look:
    """A text, checked."""

    def run(text: str, modules: dict[str, str] | None = None) -> Checked:
        return checked_text(text, modules)

    return run


@pytest.fixture
def codes() -> Callable[..., list[str]]:
    """The codes of a text's findings, in order."""

    def run(text: str, modules: dict[str, str] | None = None) -> list[str]:
        return [d.code for d in checked_text(text, modules).diagnostics]

    return run


@pytest.fixture
def type_of() -> Callable[[str, str], str]:
    """What the checker claims about the last expression with a given spelling in a text."""

    def run(text: str, expression: str) -> str:
        checked = checked_text(text)
        assert not checked.errors, checked.errors
        found = "any"
        for node in na.walk(checked.module):
            if isinstance(node, na.Expr) and text[node.start : node.end] == expression:
                found = show(checked.types.get(id(node), ("any",)))
        return found

    return run
