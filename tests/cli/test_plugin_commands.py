"""`dana poet plugins`: what it lists, and what it says about a plugin's file."""

from __future__ import annotations

import json

import pytest

from dana.poet.domains import DOMAINS

WINE = """
settings = {"oldest": {"default": 1900, "low": 1700, "high": 2100}}
words = ["vintage"]
hints = {"retries": 1}
def read(value, settings): return int(value)
readers = {"vintage": read}
def enforce(result): return result
"""


@pytest.fixture
def wine(tmp_path):
    folder = tmp_path / ".poet" / "plugins"
    folder.mkdir(parents=True)
    (folder / "wine.na").write_text(WINE)
    (folder / "broken.na").write_text("1 / 0\n")
    return folder


def test_the_list_runs_nothing(dana, wine) -> None:
    done = dana("poet", "plugins")
    assert done.status == 0
    assert [line.split() for line in done.out.splitlines()[1:]] == [
        *([name, "built", "in", module] for name, (module, _class) in DOMAINS.items()),
        ["broken", "project", ".poet/plugins/broken.na"],
        ["wine", "project", ".poet/plugins/wine.na"],
    ]
    found = json.loads(dana("poet", "plugins", "--json").out)
    assert [each["domain"] for each in found] == [*DOMAINS, "broken", "wine"]


def test_a_good_plugin_is_shown(dana, wine) -> None:
    done = dana("poet", "plugins", "check", ".poet/plugins/wine.na")
    assert (done.status, done.err) == (0, "")
    assert "settings  oldest = 1900" in done.out
    assert json.loads(dana("poet", "plugins", "check", ".poet/plugins/wine.na", "--json").out)["reads"] == ["vintage"]


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("1 / 0\n", 1, "E607"),
        ("def enforce(v: retrn", 2, "never closed"),
        ("x = 1\n", 1, "E819"),
        (
            "def enforce(v): return v\nsetings = {}\n",
            0,
            "note: `setings` means nothing to a plugin; did you mean `settings`?",
        ),
        ("import files\nfiles.write_text('x', 'y')\ndef enforce(v): return v\n", 4, "E511"),
    ],
)
def test_what_is_wrong_is_said(dana, wine, text, status, said) -> None:
    (wine / "other.na").write_text(text)
    done = dana("poet", "plugins", "check", ".poet/plugins/other.na")
    assert said in done.err
    assert done.status == status


@pytest.mark.parametrize("words", [["chek"], ["check"], ["check", "nowhere.na"], ["check", "a.na", "b.na"]])
def test_wrong_words_are_usage_errors(dana, wine, words) -> None:
    assert dana("poet", "plugins", *words).status == 3
