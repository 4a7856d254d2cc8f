"""Every code of the compiler's families is what its page says: the wrong program shows it, the right one does not."""

from __future__ import annotations

from importlib import import_module

import pytest

from dana.catalogue import Entry, catalogue
from dana.checker import Interface, ModuleRequest, check
from dana.diagnostics import render
from dana.parser import parse
from dana.source import Source

COMPILER_FAMILIES = ("syntax", "names", "types", "structure")


def entries() -> list[tuple[str, Entry]]:
    """The codes that compiling alone can show and that carry a wrong program."""
    found: list[tuple[str, Entry]] = []
    for family in COMPILER_FAMILIES:
        table: dict[str, Entry] = import_module(f"dana.catalogue.{family}").ENTRIES
        found += [(code, entry) for code, entry in table.items() if entry.wrong]
    return sorted(found)


def findings(text: str) -> list[str]:
    """The codes of a program's findings, in order; imports resolve to modules that may hold anything."""

    def anything(request: ModuleRequest) -> Interface:
        return Interface(request.text, open_=True)

    return [d.code for d in check(parse(Source("page.na", text)), modules=anything).diagnostics]


@pytest.mark.parametrize(("code", "entry"), entries(), ids=lambda v: v if isinstance(v, str) else "")
def test_wrong_program_shows_exactly_its_code(code: str, entry: Entry) -> None:
    """The page's wrong program is refused (or linted) for the page's reason and no other."""
    assert set(findings(entry.wrong)) == {code}


@pytest.mark.parametrize(("code", "entry"), entries(), ids=lambda v: v if isinstance(v, str) else "")
def test_right_program_is_clean(code: str, entry: Entry) -> None:
    """The mended twin has no findings at all."""
    assert entry.right, f"{code} has no mended twin"
    assert findings(entry.right) == []


@pytest.mark.parametrize(("code", "entry"), entries(), ids=lambda v: v if isinstance(v, str) else "")
def test_every_code_renders_with_its_place(code: str, entry: Entry) -> None:
    """The rendered text names the code and points into the program."""
    for diagnostic in check(parse(Source("page.na", entry.wrong))).diagnostics:
        text = render(diagnostic)
        assert f"[{diagnostic.code}]" in text.splitlines()[0]
        assert "page.na:" in text
        assert "^" in text


def test_codes_are_defined_once_and_belong_to_their_family() -> None:
    """The catalogue loads as a whole, and every entry says something."""
    for code, entry in catalogue().items():
        assert code[0] in "EW"
        assert entry.title
        assert entry.explanation
