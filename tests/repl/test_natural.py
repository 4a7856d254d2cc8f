"""`/nlp`: sentences become Dana that is shown, and runs only when the person says so."""

from __future__ import annotations

import io
import sys
import time

import pytest

from dana.engine import Engine
from dana.models import Scripted
from dana.policy import Allow
from dana.repl.natural import is_sentence, stripped
from dana.repl.pending import ERASE, Pending
from dana.repl.shell import Screen, Shell
from tests.repl.talking import Talk


class Told:
    """A shell whose model says what it is given here."""

    def __init__(self, *replies: object, allow: Allow | None = None) -> None:
        self.stream = io.StringIO()
        self.model = Scripted(list(replies))
        engine = Engine(model=self.model, allow=allow, on_print=self.stream.write, cache=False)
        self.shell = Shell(engine, Screen(self.stream.write))

    def ask(self, text: str) -> str:
        start = self.stream.tell()
        self.shell.enter(text)
        return self.stream.getvalue()[start:].rstrip("\n")


def test_what_was_written_is_shown_and_runs_when_the_person_says_so():
    talk = Told("```dana\ntotal = sum(xs)\ntotal\n```")
    talk.ask("xs = [1, 2, 3]")
    shown = talk.ask("/nlp add up xs")
    assert shown == "    total = sum(xs)\n    total\n:yes runs it"
    assert "total" not in talk.shell.session
    assert talk.ask(":yes") == "6"
    assert talk.shell.session["total"] == 6
    assert "nothing is waiting" in talk.ask(":yes")


def test_a_model_that_the_session_chose_is_asked(tmp_path):
    replies = tmp_path / "replies.jsonl"
    replies.write_text('"1 + 1"\n')
    stream = io.StringIO()
    allow = Allow(model=["scripted:*"], read=[str(tmp_path)])
    shell = Shell(Engine(allow=allow, on_print=stream.write, cache=False), Screen(stream.write))
    shell.enter("/nlp one and one")
    assert "set_model" in stream.getvalue()
    shell.enter(f"set_model('scripted:{replies}')")
    shell.enter("/nlp one and one")
    assert stream.getvalue().endswith("    1 + 1\n:yes runs it\n")


def test_the_model_is_told_names_and_types_and_no_values():
    talk = Told("len(secrets)")
    talk.ask("secrets = ['k-4711']\ndef double(n: int) -> int:\n    return 2 * n")
    talk.ask("/nlp how many secrets are there")
    asked = talk.model.asked[0].prompt
    assert "secrets: list" in asked
    assert "double(n: int) -> int" in asked
    assert "how many secrets are there" in asked
    assert "4711" not in asked


def test_the_session_is_as_it_was():
    talk = Told("1 + 1")
    before = talk.shell.session.names()
    talk.ask("/nlp one and one")
    assert talk.shell.session.names() == before
    assert talk.shell.session.entries == []
    assert talk.shell.number == 1


def test_wrong_dana_is_mended_by_the_model_that_sees_what_is_wrong():
    talk = Told("sum(xz)", "sum(xs)")
    talk.ask("xs = [1, 2]")
    assert "sum(xs)" in talk.ask("/nlp add up xs")
    assert "E201" in talk.model.asked[1].prompt
    assert talk.ask(":yes") == "3"


def test_dana_that_stays_wrong_is_shown_with_what_is_wrong():
    talk = Told("def (", "def (", "def (")
    shown = talk.ask("/nlp define something")
    assert "wrong in this way" in shown
    assert "E1" in shown


def test_an_answer_that_is_no_program():
    talk = Told(*["```\n\n```"] * 3)
    assert "no program" in talk.ask("/nlp do nothing at all")
    assert "nothing is waiting" in talk.ask(":yes")


def test_sentences_are_read_as_such_while_it_is_on():
    talk = Told("1 + 2")
    assert "on" in talk.ask("/nlp on")
    assert ":yes" in talk.ask("add one and two please")
    assert talk.ask("1 + 1") == "2"
    assert "nothing is waiting" in talk.ask(":yes")
    assert "E201" in talk.ask("nothing")
    assert "off" in talk.ask("/nlp off")
    assert "E1" in talk.ask("add one and two please")


@pytest.mark.parametrize(
    ("text", "so"),
    [
        ("add up all prices", True),
        ("show me the largest of xs", True),
        ("what's the sum of 1 and 2?", True),
        ("x = 3", False),
        ("x", False),
        ("f(3) +", False),
        ("1 +", False),
        ("print x", False),
        ("if x", False),
        ("add up\nall", False),
        ("not x", False),
    ],
)
def test_what_counts_as_a_sentence(text, so):
    assert is_sentence(text) is so


def test_fences_and_prose_around_them_go():
    assert stripped("Sure:\n```python\nx = 1\n```\nThat is it.") == "x = 1"
    assert stripped("\n  x = 1\n") == "  x = 1"


def test_without_a_model_it_says_so():
    stream = io.StringIO()
    shell = Shell(Engine(on_print=stream.write, cache=False), Screen(stream.write))
    shell.enter("/nlp on")
    assert "E913" in stream.getvalue()
    assert shell.natural is False


def test_pending_effects_are_shown_once_they_are_noticed_and_gone_when_they_end():
    told: list[str] = []
    line = Pending(told.append, lambda: 60)
    pauses = []

    # Every pause ends at once; during the third one what was waited for has come.
    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            line._told("effect.end", {"name": "reason"})

    line._sleep = sleep
    line._names, line._round, line._since = {"reason": 1, "http.get": 2}, 1, time.monotonic()
    line._told("effect.end", {"name": "http.get"})
    assert line.text().startswith("waiting for reason, http.get · 0 s")
    line._names = {"reason": 1}
    line._paint(line._round)
    assert told[0].startswith(ERASE + "waiting for reason · 0 s")
    assert told[-1] == ERASE
    line.clear()
    assert told.count(ERASE) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_in_the_editor_what_was_written_stands_at_the_prompt(tmp_path):
    (tmp_path / "script.jsonl").write_text('"sum([4, 5])"\n')
    talk = Talk(tmp_path, "repl", "--model", f"scripted:{tmp_path}/script.jsonl")
    assert talk.tell("/nlp four and five") == ""
    talk.sees("sum")
    assert talk.ask("").endswith("9")
    assert talk.ask("_ + 1").endswith("10")
    assert talk.leave() == 0
