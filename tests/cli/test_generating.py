"""Plugins a model writes: checked, run in a worker, tested; offered, never loaded."""

from __future__ import annotations

import asyncio
import json

import pytest

from dana.__main__ import main
from dana.cli.generating import generate, source_of, verify
from dana.models import Scripted
from dana.poet.plugins import finding
from dana.poet.plugins.base import PluginError

FUNCTION = """
x = 1

# what a bottle is worth
@poet(domain="wine")
def price(
    vintage: int,
) -> float:
    '''A price.'''
    return 9.5

y = 2
"""
PLUGIN = """
def read_vintage(value: any) -> any:
    year = int(value)
    if year < 1900:
        raise ValueError("too old")
    return year

readers = {"vintage": read_vintage}
"""
TESTS = """
def test_reads():
    assert read_vintage("1990") == 1990

def test_refuses():
    try:
        read_vintage("1800")
        assert false
    except ValueError:
        pass
"""


def written(plugin, tests):
    return {"answer": {"plugin": plugin, "tests": tests}}


def test_a_function_is_cut_out_of_its_module():
    found = source_of(FUNCTION, "price")
    assert found.startswith("# what a bottle is worth\n@poet")
    assert found.endswith("return 9.5\n")
    with pytest.raises(PluginError):
        source_of(FUNCTION, "cost")


def test_a_good_plugin_is_offered():
    model = Scripted([written(PLUGIN, TESTS)])
    offer = asyncio.run(generate(model, FUNCTION, "wine"))
    assert offer.is_good
    assert offer.tries == 1
    assert "+readers" in offer.diff("", ".poet/plugins/wine.na")
    assert "def price" in model.asked[0].prompt


@pytest.mark.parametrize(
    ("plugin", "tests", "problem"),
    [
        ("def read(: pass", TESTS, "E1"),
        (PLUGIN.replace("int(value)", "unknown(value)"), TESTS, "unknown name"),
        (PLUGIN, TESTS.replace("1990\n", "1991\n"), "test_reads"),
        (PLUGIN, "", "no tests"),
        ("", TESTS, "no plugin"),
        (PLUGIN.replace("readers =", "reads ="), TESTS, "none of readers"),
        (PLUGIN.replace("year = int(value)", "while true:\n        pass\n    year = 1"), TESTS, "test_reads"),
        ("import files\n" + PLUGIN.replace("int(value)", 'int(files.read_text("/etc/hostname"))'), TESTS, "test_reads"),
    ],
)
def test_what_is_wrong_is_said(plugin, tests, problem):
    assert problem in " ".join(verify("wine", plugin, tests))


def test_the_model_is_told_and_tries_again():
    model = Scripted([written(PLUGIN.replace("int(value)", "unknown(value)"), TESTS), written(PLUGIN, TESTS)])
    offer = asyncio.run(generate(model, FUNCTION, "wine"))
    assert (offer.is_good, offer.tries) == (True, 2)
    assert "unknown name" in model.asked[1].prompt


def test_the_command_offers_and_loads_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.na").write_text(FUNCTION)
    (tmp_path / "replies.jsonl").write_text(json.dumps(written(PLUGIN, TESTS)) + "\n" + json.dumps(written("", "")) * 1)
    monkeypatch.setenv("DANA_MODEL", f"scripted:{tmp_path}/replies.jsonl")
    words = ["poet", "plugins", "generate", "main.na::price", "--domain", "wine"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "+readers = " in out
    assert "2 tests passed" in out
    assert (tmp_path / ".poet/offers/wine.na").read_text() == PLUGIN.strip("\n") + "\n"
    assert not (tmp_path / ".poet/plugins").exists()
    assert "wine" not in [each.name for each in finding.every()]


def test_the_command_says_what_is_wrong(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.na").write_text(FUNCTION)
    (tmp_path / "replies.jsonl").write_text((json.dumps(written("", TESTS)) + "\n") * 3)
    monkeypatch.setenv("DANA_MODEL", f"scripted:{tmp_path}/replies.jsonl")
    words = ["poet", "plugins", "generate", "main.na::price", "--domain", "wine"]
    assert main(words) == 1
    assert "E819" in capsys.readouterr().err
    assert not (tmp_path / ".poet").exists()
    assert main([*words[:3], "main.na::cost", "--domain", "wine"]) == 1
    assert "there is no function `cost`" in capsys.readouterr().err
    assert main(words[:4]) != 0
    monkeypatch.delenv("DANA_MODEL")
    assert main(words) == 1
    assert "DANA_MODEL" in capsys.readouterr().err
