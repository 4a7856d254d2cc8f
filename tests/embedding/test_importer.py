"""`import credit` in Python finds `credit.na`."""

from __future__ import annotations

import importlib
import sys

import pytest

import dana
import dana.importer


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "credit_rules.na").write_text(
        '"""Rules."""\nimport rules_pkg.low\nstruct P:\n    x: int\n'
        'def assess(n: int) -> str:\n    return "ok" if n > 600 else rules_pkg.low.word()\n'
        "def bad(n):\n    return 1 / n\n"
    )
    (tmp_path / "rules_pkg").mkdir()
    (tmp_path / "rules_pkg" / "__init__.na").write_text("")
    (tmp_path / "rules_pkg" / "low.na").write_text('def word():\n    return "low"\n')
    (tmp_path / "broken_rules.na").write_text("x = nope\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    dana.importer.uninstall()
    for name in set(sys.modules) - before:
        if name.startswith(("credit_rules", "rules_pkg", "broken_rules")):
            del sys.modules[name]


def test_modules_packages_and_names(folder):
    dana.importer.install(dana.Engine(cache=False))
    rules = importlib.import_module("credit_rules")
    low = importlib.import_module("rules_pkg.low")
    assert rules.assess(720) == "ok"
    assert rules.assess(3) == low.word() == "low"
    assert rules.P(3).x == 3
    assert rules.__file__ == str(folder / "credit_rules.na")
    assert "assess" in dir(rules)
    space: dict[str, object] = {}
    exec("from credit_rules import *", space)
    assert "assess" in space
    with pytest.raises(AttributeError, match="did you mean 'assess'"):
        rules.asess  # noqa: B018
    with pytest.raises(dana.RuntimeFault) as stopped:
        rules.bad(0)
    assert stopped.value.diagnostics[0].source.name.endswith("credit_rules.na")
    with pytest.raises(ImportError):
        exec("from credit_rules import nothing")


def test_a_file_that_does_not_compile(folder):
    dana.importer.install(dana.Engine(cache=False))
    with pytest.raises(ImportError, match="unknown name `nope`") as stopped:
        importlib.import_module("broken_rules")
    assert isinstance(stopped.value.__cause__, dana.CompileError)
    assert "broken_rules" not in sys.modules


def test_roots_engine_and_uninstall(folder, monkeypatch):
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(folder)])
    engine = dana.Engine(cache=False)
    finder = dana.importer.install(engine, roots=[folder])
    assert finder.engine is engine
    assert importlib.import_module("credit_rules").assess(720) == "ok"
    dana.importer.uninstall(finder)
    assert finder not in sys.meta_path
    dana.importer.uninstall(finder)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("broken_rules")


def test_pythons_own_modules_come_first(folder):
    (folder / "json.na").write_text("x = 1\n")
    dana.importer.install(dana.Engine(cache=False))
    assert hasattr(importlib.import_module("json"), "dumps")
