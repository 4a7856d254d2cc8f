"""The conversation without a terminal: results, commands, tables, and what a session keeps."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dana.engine import Engine, Limits
from dana.errors import CompileError, LimitExceeded, RuntimeFault
from dana.repl.show import shown
from tests.repl.talking import ROOT, Quiet


@pytest.fixture
def talk():
    return Quiet()


# --- the session ------------------------------------------------------------------------------------


def test_a_session_is_one_program():
    s = Engine(cache=False).session()
    assert s.run("x = 2") is None
    assert s.run("def f(n): return n * x") is None
    assert s.run("x = 5\nf(3)") == 15
    assert s.names() == ["x", "f"]
    assert s["x"] == 5
    s["y"] = 7
    assert s.run("y + 1") == 8


def test_a_refused_entry_changes_nothing():
    s = Engine(cache=False).session()
    s.run("x = 1")
    with pytest.raises(CompileError):
        s.run("x = 2\nnothing_here")
    assert s["x"] == 1


def test_limits_count_per_entry():
    s = Engine(limits=Limits(steps=5_000), cache=False).session()
    for _ in range(5):
        s.run("for i in range(3000): pass")
    with pytest.raises(LimitExceeded):
        s.run("while true: pass")
    assert s.run("1") == 1


def test_undo_takes_back_what_bound_a_name():
    s = Engine(cache=False).session()
    s.run("x = 1")
    s.run("x = 2")
    s.run("x")
    assert s.undo().text == "x = 2"
    assert s["x"] == 1
    with pytest.raises(RuntimeFault):
        s.run("x = 9\n1 / 0")
    assert s["x"] == 9
    s.undo()
    assert s["x"] == 1
    s.undo()
    assert "x" not in s
    assert s.undo() is None


def test_a_mark_is_come_back_to():
    s = Engine(cache=False).session()
    s.run("x = 1\npublic:k = 1")
    saved = s.mark()
    s.run("x = 2\ny = 3\npublic:k = 2")
    s.back(saved)
    assert "y" not in s
    assert s.undo().text == "x = 1\npublic:k = 1"
    assert s.undo() is None
    s.back(saved)
    assert s.run("[x, public:k]") == [1, 1]


def test_sessions_know_nothing_of_each_other():
    engine = Engine(cache=False)
    one, two = engine.session(), engine.session()
    one.run("x = 1")
    assert "x" not in two


def test_reload_runs_a_changed_module_in_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prices.na").write_text("def price(): return 1\n")
    talk = Quiet()
    talk.ask("import prices\nfrom prices import price\ndef twice(): return price() + prices.price()\n")
    assert talk.ask("twice()") == "2"
    (tmp_path / "prices.na").write_text("def price(): return 10\n")
    assert talk.ask(":reload") == "reloaded prices.na"
    assert talk.ask("twice()") == "20"
    (tmp_path / "prices.na").write_text("def price(: return 10\n")
    assert "prices.na" in talk.ask(":reload")
    assert talk.ask("twice()") == "20"


# --- commands ---------------------------------------------------------------------------------------


def test_results_are_kept(talk):
    talk.ask("40")
    assert talk.ask("_ + 2") == "42"
    assert talk.ask("[Out[1], Out[2]]") == "[40, 42]"
    talk.ask("x = 1")
    assert talk.ask("_") == "[40, 42]"


def test_what_a_name_means(talk):
    talk.ask(
        '@poet(retries=2)\ndef f(n: int,  ## how many\n      k=3) -> str:\n    """What f does."""\n    return "x"\n'
    )
    told = talk.ask("?f")
    for part in ("f(n: int, k=3) -> str", "What f does.", "n  how many", "retries = 2", "<repl:1>"):
        assert part in told
    assert talk.ask("??f").startswith("@poet(retries=2)\ndef f(n: int,")
    assert "print(*values" in talk.ask("?print")
    assert "clamp(" in (talk.ask("import math"), talk.ask("?math.clamp"))[1]
    assert talk.ask("??math.clamp").startswith("def clamp(")
    assert "unknown name" in talk.ask("?E201")
    assert "word of the language" in talk.ask("?struct")
    assert "upper() -> str" in talk.ask("?str.upper")
    assert "did you mean `print`?" in talk.ask("?pritn")
    assert "built in" in talk.ask("??len")


def test_a_poet_function_shows_its_options(talk):
    talk.ask("@poet(retries=2, timeout=1.5)\ndef f(x): return x")
    told = talk.ask("f")
    assert told.startswith("f(x)\n")
    assert "retries = 2" in told
    assert "timeout = 1.5" in told


def test_types(talk):
    talk.ask("struct P:\n    x: int\n")
    talk.ask("def f(n: int) -> str: return 'a'")
    assert talk.ask(":type 1") == "int"
    assert talk.ask(":type [1, 2]") == "list[int]"
    assert talk.ask(":type {'a': [1.5]}") == "dict[str, list[float]]"
    assert talk.ask(":type P(1)") == "P"
    assert talk.ask(":type f") == "f(n: int) -> str"
    assert talk.ask(":type len").startswith("len(")
    assert "E201" in talk.ask(":type nothing")
    assert talk.ask("1") == "1"


def test_time_says_how_long(talk):
    first, second = talk.ask(":time sum(range(1000))").split("\n")
    assert first == "499500"
    assert "step" in second


def test_undo_command(talk):
    talk.ask("x = 1")
    talk.ask("x = 2")
    assert talk.ask(":undo") == "undone: x = 2"
    assert talk.ask("x") == "1"
    assert talk.ask(":undo") == "undone: x = 1"
    assert talk.ask(":undo") == "nothing to undo"


def test_load_and_save(talk, tmp_path):
    file = tmp_path / "rules.na"
    file.write_text("def rule(n: int) -> int:\n    return n + 1\nlimit = 5\n")
    assert talk.ask(f":load {file}").endswith("rule, limit")
    assert talk.ask("rule(limit)") == "6"
    talk.ask("a = 1")
    talk.ask("1 / 0")
    saved = tmp_path / "saved.na"
    assert "saved 2 entries" in talk.ask(f":save {saved}")
    assert saved.read_text() == "rule(limit)\na = 1\n"
    assert "exists already" in talk.ask(f":save {saved}")
    file.write_text("limit = 6\n")
    talk.ask(":reload")
    assert talk.ask("limit") == "6"
    file.write_text("limit = (\n")
    assert "rules.na:1" in talk.ask(f":load {file}")
    assert "cannot read" in talk.ask(f":load {tmp_path}/none.na")


def test_limits_command(talk):
    assert talk.ask(":limits steps=1_000 time=2 depth=50") == "per entry: steps 1 000, time 2 s, depth 50"
    assert "E701" in talk.ask("while true: pass")
    assert "steps none" in talk.ask(":limits steps=none")
    for wrong in (":limits speed=1", ":limits steps=x", ":limits depth=0", ":limits depth=none"):
        assert "E904" in talk.ask(wrong)


def test_what_is_not_there_yet_is_said(talk):
    assert "nothing is granted" in talk.ask(":grants")
    assert "language model" in talk.ask("/nlp on")
    assert "did you mean :limits?" in talk.ask(":limit")
    assert "E911" in talk.ask("/nonsense")
    assert ":undo" in talk.ask(":help")


@pytest.mark.parametrize("text", [":type", ":time", ":load", ":save", "?", "??", ":", "?.", "?a..b", ":type (", "/"])
def test_half_a_command_is_answered(talk, text):
    assert "internal error" not in talk.ask(text)


# --- values -----------------------------------------------------------------------------------------


def test_structs_of_one_kind_are_a_table(talk):
    talk.ask("struct P:\n    name: str\n    price: float = 1.5\n")
    assert talk.ask("[P('a'), P('bb', 20)]") == "name  price\n────  ─────\na       1.5\nbb     20.0"
    assert "… 80 more rows" in talk.ask("[P('a') for i in range(100)]")
    assert talk.ask("[P('a'), 1]") == "[P(name='a', price=1.5), 1]"
    assert talk.ask("[P('a')]") == "[P(name='a', price=1.5)]"


@pytest.mark.parametrize("width", [20, 40, 80])
def test_everything_fits_the_width(width):
    values = [
        [{"a": "long " * 20, "b": n, "c": "日本語" * 9} for n in range(5)],
        [dict.fromkeys([f"column{n}" for n in range(20)], 12345)] * 3,
        list(range(10_000)),
        [{"key": list(range(40))}],
    ]
    for value in values:
        text = shown(value, width)
        assert all(len(line) <= width for line in text.split("\n"))
        assert len(text.split("\n")) < 60


def test_long_and_strange_values_are_cut(talk):
    circle = [1]
    circle.append(circle)
    assert shown(circle) == "[\n  1,\n  […],\n]" or "…" in shown(circle)
    assert len(shown("x" * 100_000)) < 3_000
    assert len(shown({n: n for n in range(100_000)})) < 3_000
    assert shown(10**5000) == "an int of 16610 bits"
    deep = []
    for _ in range(5_000):
        deep = [deep]
    assert "…" in shown(deep)
    assert shown(set()) == "set()"


def test_an_internal_fault_ends_no_conversation(talk, monkeypatch):
    monkeypatch.setattr(talk.shell.session, "enter", lambda *_a, **_k: 1 / 0)
    assert "E990" in talk.ask("1")


# --- pipes ------------------------------------------------------------------------------------------


def piped(text, *words):
    done = subprocess.run(
        [sys.executable, "-m", "dana", "repl", *words],
        input=text,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    return done.stdout, done.returncode


def test_a_pipe_prints_values_and_nothing_else():
    assert piped("1+1") == ("2\n", 0)
    assert piped("def f(n):\n\n    return n\n\nf(3)\n:type f\n") == ("3\nf(n)\n", 0)
    out, status = piped("zz\n5\n")
    assert "E201" in out
    assert out.endswith("5\n")
    assert status == 1
    assert piped("exit(4)\n1\n") == ("", 4)
    assert piped("") == ("", 0)


def test_words_are_refused():
    assert piped("", "file.na")[1] == 3


@pytest.mark.parametrize("word", ["exit", "quit", "exit()"])
def test_the_word_exit_alone_leaves(talk, word):
    talk.ask(word)
    assert talk.shell.leaving


def test_a_command_with_a_slash_is_shown_with_its_colon(talk):
    assert ":help" in talk.ask("/help")
