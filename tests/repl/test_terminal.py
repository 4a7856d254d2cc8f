"""Sessions on a real pseudo-terminal. Nothing waits for time to pass: every step waits for what it expects."""

from __future__ import annotations

import sys

import pytest

from tests.repl.talking import ALT_ENTER, BACKSPACE, DOWN, END, HOME, LEFT, SHIFT_TAB, SUBMITTED, UP, Talk

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


@pytest.fixture
def talk(tmp_path):
    started = []

    def start(*words, **more):
        started.append(Talk(tmp_path, *words, **more))
        return started[-1]

    yield start
    for each in started:
        each.io.close(force=True)


# --- whole conversations: (what is typed, what is shown) … ------------------------------------------

CONVERSATIONS = {
    "values": [("1 + 1", "2"), ("_ * 10", "20"), ("Out[1]", "2"), ("None", ""), ("'a' + \"b\"", "'ab'")],
    "assignments show nothing": [("x = 5", ""), ("x", "5"), ("x += 1", ""), ("x", "6")],
    "print": [("print('hello')", "hello"), ("print(1); print(2)", "1\n2")],
    "function": [("def f(n: int) -> int:\rreturn n * 2\r", ""), ("f(4)", "8"), ("f", "f(n: int) -> int")],
    "one line function": [("def f(x): return x + 1", ""), ("f(1)", "2")],
    "composed function": [("def g = str | len", ""), ("g(1000)", "4")],
    "braces": [("def f(n) {\rreturn n * 3\r}", ""), ("f(2)", "6"), ("if true {\rprint('y')\r\r}", "y")],
    "if and else": [("if 1 > 2:\rprint('a')\r" + BACKSPACE + "else:\rprint('b')\r", "b")],
    "loop": [("for i in range(3):\rprint(i)\r", "0\n1\n2")],
    "brackets": [("[\r1,\r2\r]", "[1, 2]"), ("(1 +\r2)", "3")],
    "string in three quotes": [('"""a\rb"""', "'a\\nb'")],
    "pipeline": [("[3, 1, 2] | sorted | len", "3"), ("'a' |\rlen", "1")],
    "decorator": [("@poet(retries=1)\rdef f(x):\rreturn x\r", ""), ("f(9)", "9")],
    "struct": [("struct P:\rx: int\ry: int = 2\r", ""), ("P(1)", "P(x=1, y=2)"), ("P(1).y", "2")],
    "method": [
        ("struct P:\rx: int\r", ""),
        ("def (p: P) twice() -> int:\rreturn p.x * 2\r", ""),
        ("P(4).twice()", "8"),
    ],
    "match": [("match 3:\rcase 3:\rprint('three')\r", "three")],
    "try": [("try:\r1 / 0\r" + BACKSPACE + "except Exception as e:\rprint('caught')\r", "caught")],
    "import": [("import math", ""), ("math.sqrt(9)", "3.0"), ("from math import clamp", ""), ("clamp(9, 0, 5)", "5")],
    "scopes": [("private:k = 1", ""), ("private:k + 1", "2"), ("public:z = 3", ""), ("public:z", "3")],
    "unicode": [("'grün ' + '日本'", "'grün 日本'"), ("größe = 2", ""), ("größe", "2")],
    "semicolons": [("a = 1; b = 2; a + b", "3")],
    "comments": [("# nothing", ""), ("1  # one", "1")],
    "redefinition of a function": [
        ("def f(): return 1", ""),
        ("def g(): return f() + 10", ""),
        ("def f(): return 2", ""),
        ("g()", "12"),
    ],
    "redefinition of a struct": [
        ("struct P:\rx: int\r", ""),
        ("old = P(1)", ""),
        ("struct P:\rx: int\ry: int = 7\r", ""),
        ("[old, P(2)]", "[P(x=1), P(x=2, y=7)]"),
    ],
    "redefinition of a variable with another type": [("x = 1", ""), ("x = 'a'", ""), ("x + 'b'", "'ab'")],
    "recursion": [("def fact(n): return 1 if n < 2 else n * fact(n - 1)", ""), ("fact(20)", "2432902008176640000")],
    "function as argument": [("list(map(lambda n: n * n, [1, 2, 3]))", "[1, 4, 9]")],
    "state goes on after an error": [("x = 1", ""), ("x / 0", None), ("x", "1")],
    "what ran before an error stays": [("a = 1\x1b\r1 / 0", None), ("a", "1")],
    "table of dicts": [("[{'a': 1, 'b': 'x'}, {'a': 22, 'b': 'y'}]", " a  b\n──  ─\n 1  x\n22  y")],
    "sets and tuples": [("{1}", "{1}"), ("(1,)", "(1,)"), ("()", "()"), ("{'k': [1]}", "{'k': [1]}")],
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_conversation(talk, name):
    t = talk()
    for typed, shown in CONVERSATIONS[name]:
        answer = t.ask(typed)
        if shown is not None:
            assert answer == shown
    assert t.leave() == 0


ERRORS = {
    "zz": ("E201", "unknown name `zz`", "<repl:1>:1:1"),
    "pritn(1)": ("E201", "did you mean `print`?", "<repl:1>:1:1"),
    "1 / 0": ("E607", "division by zero", "<repl:1>:1:1"),
    "x = (1 +": None,
    "def f(:\r)": ("E1", "<repl:1>"),
    "len(1, 2)": ("error[E", "<repl:1>:1:"),
    "'abc": ("E104", "never finished"),
    ")": ("E106", "closes nothing"),
    "import nothing_there": ("error[E", "nothing_there"),
    "raise 'mine'": ("mine", "<repl:1>:1:1"),
}


@pytest.mark.parametrize("text", [t for t, e in ERRORS.items() if e])
def test_an_error_reads_as_in_a_file(talk, text):
    t = talk()
    answer = t.ask(text)
    assert all(word in answer for word in ERRORS[text]), answer
    assert t.ask("1 + 1") == "2"


def test_an_error_in_an_older_entry_names_that_entry(talk):
    t = talk()
    t.ask("def f(n):\rreturn 1 / n\r")
    answer = t.ask("f(0)")
    assert "<repl:1>:2:12" in answer
    assert "<repl:2>:1:1" in answer


# --- keys -------------------------------------------------------------------------------------------


def test_editing_in_the_line(talk):
    t = talk()
    assert t.ask("1 + 38" + LEFT + LEFT + "2 * " + END + BACKSPACE) == "7"
    assert t.ask("2" + HOME + "40 + " + END) == "42"


def test_killing(talk):
    t = talk()
    assert t.ask("abc\x15" + "7") == "7"
    assert t.ask("99\x01\x0b" + "8") == "8"
    assert t.ask("5 wrong\x17") == "5"


def test_up_brings_back_the_last_entry(talk):
    t = talk()
    t.ask("x = 20")
    t.ask("x + 1")
    assert t.ask(UP) == "21"
    assert t.ask(UP + UP + DOWN) == "21"


def test_up_brings_back_a_whole_block(talk):
    t = talk()
    t.ask("for i in range(2):\rprint(i + 5)\r")
    assert t.ask(UP) == "5\n6"


def test_up_looks_for_what_begins_alike(talk):
    t = talk()
    t.ask("alpha = 1")
    t.ask("beta = 2")
    t.ask("al" + UP)
    assert t.ask("alpha") == "1"
    assert t.ask("be" + UP + BACKSPACE + "5") == ""
    assert t.ask("beta") == "5"


def test_control_r_searches_the_history(talk):
    t = talk()
    t.ask("needle = 77")
    t.ask("other = 1")
    t.type("\x12needle")
    t.ask("\r")
    assert t.ask("needle") == "77"


def test_the_history_outlives_the_session(talk):
    first = talk()
    first.ask("remembered = 4")
    assert first.leave() == 0
    second = talk()
    second.ask(UP)
    assert second.ask("remembered") == "4"


def test_alt_enter_is_a_new_line_even_where_the_entry_is_whole(talk):
    t = talk()
    assert t.ask("1" + ALT_ENTER + "2") == "2"


def test_enter_in_the_middle_of_a_block_opens_a_line(talk):
    t = talk()
    t.type("def f():\ra = 1\rreturn a" + UP + END + "\ra += 1" + DOWN + END + "\r\r")
    assert t.shown() == ""
    assert t.ask("f()") == "2"


def test_indentation_follows_the_block(talk):
    t = talk()
    t.ask("def f(n):\rif n:\rreturn 'yes'\rreturn 'no'\r")
    assert t.ask("f(1)") == "'yes'"
    t.ask("def g(n):\rif n:\rn += 1\r" + BACKSPACE + "return n\r")
    assert t.ask("[g(0), g(1)]") == "[0, 2]"


def test_tab_indents_at_the_beginning_of_a_line(talk):
    t = talk()
    t.ask("def f():\r" + BACKSPACE + "\treturn 3\r")
    assert t.ask("f()") == "3"


def test_shift_tab_takes_an_indentation_back(talk):
    t = talk()
    t.ask("def f(n):\rif n:\rn += 1\r" + SHIFT_TAB + "return n\r")
    assert t.ask("f(0)") == "0"


def test_control_c_at_the_prompt_drops_the_text(talk):
    t = talk()
    t.type("1 + (")
    t.sees("(")
    t.interrupt()
    t.sees(SUBMITTED)
    assert t.ask("3") == "3"
    assert t.ask("4") == "4"


def test_control_d_leaves_only_an_empty_line(talk):
    t = talk()
    assert t.ask("12" + HOME + "\x04" + END) == "2"
    assert t.leave() == 0


# --- completion -------------------------------------------------------------------------------------


def test_tab_completes_what_is_certain(talk):
    t = talk()
    t.ask("watermelon = 6")
    assert t.ask("waterm\t") == "6"


def test_tab_shows_signatures(talk):
    t = talk()
    t.ask("def area(width: float, height: float = 2.0) -> float: return width * height")
    t.ask("def arena(): return 1")
    t.type("are\t")
    t.sees("area(width: float")
    assert t.ask("\t\r(2.0)") == "4.0"


def test_tab_completes_fields_and_modules(talk):
    t = talk()
    t.ask("struct P:\rlongitude: int\r")
    t.ask("p = P(3)")
    assert t.ask("p.lon\t") == "3"
    t.ask("import math")
    assert t.ask("math.hypo\t(3, 4)") == "5.0"
    assert t.ask("'a'.uppe\t()") == "'A'"


def test_tab_completes_arguments(talk):
    t = talk()
    t.ask("def f(quantity, price): return quantity * price")
    assert t.ask("f(quan\t2, pric\t5)") == "10"


def test_tab_completes_commands(talk):
    t = talk()
    assert "per entry" in t.tell(":lim\t")


def test_the_signature_of_the_open_call_is_shown(talk):
    t = talk()
    t.ask("def fee(amount: int, country: str) -> int: return amount")
    t.type("fee(1, ")
    t.sees("fee(amount: int, country: str) -> int")
    assert t.ask("'DE')") == "1"


# --- Ctrl-C while something runs --------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "for i in range(10 ** 12): pass",
        "sum(range(10 ** 12))",
        "from time import sleep\nsleep(1000)",
        "try:\n    while True: pass\nexcept Exception:\n    print('swallowed')",
    ],
)
def test_control_c_stops_what_runs_and_nothing_else(talk, body):
    t = talk()
    t.ask("kept = 11")
    t.paste(f"print('go')\n{body}\n")
    t.type("\r")
    t.sees("go\r\n")
    t.interrupt()
    t.sees("interrupted")
    t.sees(f"dana {t.number + 1}> ")
    t.number += 1
    assert t.ask("kept") == "11"
    assert t.leave() == 0


def test_control_c_says_where_it_struck_and_finally_runs(talk):
    t = talk()
    t.paste(
        "def f():\n    try:\n        print('go')\n        while True: pass\n    finally:\n        print('cleaned')\n"
    )
    t.ask("")
    t.type("f()\r")
    t.sees("go\r\n")
    t.interrupt()
    t.sees("cleaned")
    t.sees("<repl:1>:")
    t.sees("dana 3> ")
    t.number = 3
    assert t.ask("1") == "1"


# --- paste, size, terminals -------------------------------------------------------------------------


def test_a_paste_keeps_blank_lines_and_indentation(talk):
    t = talk()
    t.paste("def f(n):\n    a = 1\n\n    if n:\n\n        a = 2\n\n    return a\n")
    assert t.ask("") == ""
    assert t.ask("[f(0), f(1)]") == "[1, 2]"


def test_a_paste_that_is_indented_as_a_whole(talk):
    t = talk()
    t.paste("    x = 1\n    y = 2\n    x + y")
    assert t.ask("") == "3"


def test_a_paste_of_a_thousand_lines(talk):
    t = talk()
    t.paste("\n".join(f"v{n} = {n}" for n in range(999)) + "\nv998 + 1")
    assert t.ask("") == "999"
    assert t.ask("v500") == "500"


def test_a_terminal_that_does_not_announce_a_paste(talk):
    t = talk()
    t.type("def f(n):\r    if n:\r        return 1\r\r    return 2\rf(0)\r")
    t.sees("dana 3> ")
    t.number = 3
    assert t.ask("[f(0), f(1)]") == "[2, 1]"


def test_forty_columns(talk):
    t = talk(size=(20, 40))
    t.ask("rows = [{'name': 'a long name ' * 4, 'value': n} for n in range(3)]")
    answer = t.ask("rows")
    assert all(len(line) <= 40 for line in answer.split("\n"))
    assert "…" in answer
    assert all(len(line) <= 40 for line in t.tell(":help").split("\n"))


def test_a_resize_changes_what_fits(talk):
    t = talk()
    t.ask("row = list(range(30))")
    wide = t.ask("row")
    t.resize(24, 40)
    narrow = t.ask("row")
    assert len(narrow.split("\n")) > len(wide.split("\n"))
    t.resize(24, 200)
    assert "\n" not in t.ask("row").split("row\n")[-1]


def test_a_resize_while_typing_loses_nothing(talk):
    t = talk()
    t.type("12 + ")
    t.sees("+")
    t.resize(30, 50)
    assert t.ask("30").endswith("42")


def test_colours_are_painted_and_can_be_switched_off(talk):
    painted = talk(NO_COLOR="")
    painted.type("def")
    painted.sees("\x1b[0;35mdef")
    plain = talk("repl", "--no-colour", NO_COLOR="")
    plain.ask("zz")
    assert "\x1b[31" not in plain.io.before


def test_input_reads_from_the_terminal(talk):
    t = talk()
    t.type("name = input('who? ')\r")
    t.sees(SUBMITTED + "who? ")
    t.type("Ann\r")
    t.sees("dana 2> ")
    t.number = 2
    assert t.ask("name") == "'Ann'"


def test_exit_and_quit_leave(talk):
    assert talk().leave("exit(3)\r") == 3
    assert talk().leave(":quit\r") == 0


def test_limits_of_the_command_line_hold_per_entry(talk):
    t = talk("repl", "--steps", "5000")
    assert "E701" in t.ask("while True: pass")
    assert t.ask("sum([1, 2])") == "3"
    assert "E701" in t.ask("for i in range(10 ** 9): pass")


DUMB = {"TERM": "dumb"}
WITHOUT = "import sys; sys.modules['prompt_toolkit'] = None; from dana.__main__ import main; sys.exit(main(['repl']))"


def test_a_dumb_terminal_has_plain_lines(talk):
    t = talk(editor=False, **DUMB)
    assert t.ask("1 + 1") == "2"
    t.type("def f(n):\r    return n + 1\r\r")
    t.sees("dana 3> ")
    t.number = 3
    assert t.ask("f(1)") == "2"
    assert "E201" in t.ask("zz")
    assert t.leave() == 0


def test_without_prompt_toolkit_it_says_how_to_get_it(talk):
    t = talk(editor=False, code=WITHOUT)
    assert "pip install prompt_toolkit" in t.io.before
    assert t.ask("6 * 7") == "42"
    t.type("for i in range(10 ** 12):\r    if i == 1: print('go')\r\r")
    t.sees("go\r\n")
    t.interrupt()
    t.sees("interrupted")
