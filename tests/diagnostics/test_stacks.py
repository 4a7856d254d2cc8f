"""Errors of running programs: the place, the excerpt, and the Dana calls that led there; nothing of the host."""

from __future__ import annotations

from pathlib import Path

import pytest

from dana.checker.names import LIBRARY
from dana.errors import CompileError, DanaError, RuntimeFault
from dana.resources import stdlib_path
from tests.diagnostics.shown import engine


@pytest.fixture
def fault(tmp_path, monkeypatch):
    """Writes modules and runs `main`; gives what the program ended with."""
    monkeypatch.chdir(tmp_path)

    def run(main: str, **modules: str) -> DanaError:
        for name, text in {"main": main, **modules}.items():
            path = Path(name.replace("__", "/") + ".na")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.lstrip("\n"), encoding="utf-8")
        with pytest.raises(DanaError) as caught:
            engine().run("main.na", arguments={})
        text = str(caught.value)
        assert "Traceback" not in text
        assert ".py" not in text
        assert str(tmp_path) not in text
        return caught.value

    return run


def functions(error: DanaError) -> list[str]:
    return [frame[0] for frame in error.stack]


def test_two_modules_deep(fault):
    error = fault(
        """
import geo

def report(sizes):
    return [geo.area(size, 2) for size in sizes]

print(report([1, 2]))
""",
        geo="""
from lib.units import scale

def area(width, height):
    return scale(width) * scale(height)
""",
        lib__units="""
struct Scale:
    factor: float = 2.0
    def apply(self, x):
        return x / self.zero()
    def zero(self):
        return 0

def scale(x):
    return Scale().apply(x)
""",
    )
    assert isinstance(error, RuntimeFault)
    assert (
        str(error)
        == """\
error[E607]: division by zero
  --> lib/units.na:4:16
  |
4 |         return x / self.zero()
  |                ^^^^^^^^^^^^^^^
  = help: `self.zero()` is 0 here: test it before dividing
  = note: in `Scale.apply`, called from `scale` (lib/units.na:9:12)
  = note: called from `area` (geo.na:4:12)
  = note: called from `report` (main.na:4:13)
  = note: called from the program (main.na:6:7)"""
    )
    files = [Path(frame[1]).name for frame in error.stack]
    assert files == ["main.na", "main.na", "geo.na", "units.na", "units.na"]
    assert [frame[2] for frame in error.stack] == [6, 4, 4, 9, 4]


def test_a_module_that_fails_while_it_is_imported(fault):
    error = fault("import config\n", config="limits = {}\nlimit = limits['depth']\n")
    assert "config.na:2:9" in str(error)
    assert error.diagnostics[0].notes == ("in module `config`, imported by the program (main.na:1:8)",)


def test_a_module_that_does_not_compile(fault):
    error = fault("import config\nprint(config.limit)\n", config="limit = 3\nprint(limt)\n")
    assert isinstance(error, CompileError)
    assert str(error).startswith("error[E201]: unknown name `limt`\n  --> config.na:2:7\n")
    assert len(error.diagnostics) == 1


def test_raise_from_tells_the_cause(fault):
    error = fault("""
def read(row):
    try:
        return int(row["n"])
    except KeyError as e:
        raise ValueError("a row without n") from e

read({"x": 1})
""")
    assert (
        str(error)
        == """\
error[E600]: ValueError: a row without n
  --> main.na:5:9
  |
5 |         raise ValueError("a row without n") from e
  |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = note: caused by KeyError: 'n' (main.na:3:20)
  = note: in `read`, called from the program (main.na:7:1)"""
    )


def test_raise_from_none_tells_no_cause(fault):
    error = fault("""
def read(row):
    try:
        return int(row["n"])
    except KeyError:
        raise ValueError("a row without n") from None

read({})
""")
    assert "KeyError" not in str(error)


def test_an_error_while_handling_another(fault):
    error = fault("""
def read(row):
    try:
        return row["n"]
    except KeyError:
        return row["m"]

read({"name": 1})
""")
    assert "while handling KeyError: 'n' (main.na:3:16)" in str(error)


def test_a_chain_of_causes_across_modules(fault):
    error = fault(
        """
import store

def load(name):
    try:
        return store.read(name)
    except ValueError as e:
        raise RuntimeError("cannot load " + name) from e

load("rates")
""",
        store="""
def read(name):
    try:
        return {}[name]
    except KeyError as e:
        raise ValueError("no entry") from e
""",
    )
    notes = error.diagnostics[0].notes
    assert notes[:2] == ("caused by ValueError: no entry (store.na:5:9)", "caused by KeyError: 'rates' (store.na:3:16)")


PLACES = [
    # program, line, column, functions of the stack
    ("f = lambda d: d['a']\n\nprint(f({}))\n", 1, 15, ["<module>", "lambda"]),
    ("def f(xs):\n    return [1 / x for x in xs]\n\nf([1, 0])\n", 2, 13, ["<module>", "f"]),
    ("def f(xs):\n    return {x: 1 / x for x in xs}\n\nf([0])\n", 2, 16, ["<module>", "f"]),
    ("def f(xs):\n    return sum(1 / x for x in xs)\n\nf([0])\n", 2, 16, ["<module>", "f"]),
    ("struct P:\n    x: int = 0\n    def inv(self):\n        return 1 / self.x\n\nP().inv()\n", 4, 16, ["<module>", "P.inv"]),
    ("struct P:\n    x: int = 0\n\ndef (p: P) inv(by: int) -> float:\n    return by / p.x\n\nP().inv(3)\n", 5, 12, ["<module>", "P.inv"]),
    ("def twice(n):\n    return n * 2\n\ndef half(n):\n    return n / 0\n\ng = twice | half\n\nprint(g(1))\n", 5, 12, ["<module>", "half"]),
    ("def half(n):\n    return n / 0\n\ndef run(n):\n    return n | half\n\nrun(1)\n", 2, 12, ["<module>", "run", "half"]),
    ("def logged(f):\n    def inner(x):\n        return f(x)\n    return inner\n\n@logged\ndef div(x):\n    return 1 / x\n\ndiv(0)\n", 8, 12, ["<module>", "inner", "div"]),
    ("@poet\ndef div(x):\n    return 1 / x\n\ndiv(0)\n", 3, 12, ["<module>", "div"]),
    ("@poet(retries=2, backoff=0)\ndef div(x: int) -> float:\n    return 1 / x\n\ndef run():\n    return div(0)\n\nrun()\n", 3, 12, ["<module>", "run", "div"]),
    ("def f(n: int) -> float:\n    if n == 0:\n        return 1 / n\n    return f(n - 1)\n\nf(2)\n", 3, 16, ["<module>", "f", "f", "f"]),
    ("def outer():\n    def inner(n):\n        return 1 / n\n    return inner(0)\n\nouter()\n", 3, 16, ["<module>", "outer", "inner"]),
    ("x = sorted([3, 0], key=lambda n: 1 / n)\n", 1, 34, ["<module>", "lambda"]),
    ("total = 0\nfor x in [2, 0]:\n    total += 1 / x\n", 3, 14, ["<module>"]),
    ("d = {'a': [1]}\nd['a'][3] = 2\n", 2, 1, ["<module>"]),
    ("def f():\n    try:\n        return 1 / 0\n    finally:\n        print('x')\n\nf()\n", 3, 16, ["<module>", "f"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "stack"), PLACES, ids=range(len(PLACES)))
def test_the_place_and_the_calls(fault, text, line, column, stack):
    error = fault(text)
    (found,) = error.diagnostics
    assert (found.line, found.column) == (line, column)
    assert functions(error) == stack
    assert len(found.notes) == len(stack) - 1


def test_an_error_in_the_library_points_at_its_caller(fault):
    error = fault("""
from stats import mean

def average(values):
    return mean(values)

print(average([]))
""")
    assert (
        str(error)
        == """\
error[E600]: ValueError: mean needs at least a number, and got none
  --> main.na:4:12
  |
4 |     return mean(values)
  |            ^^^^^^^^^^^^
  = note: raised in `mean` (stats)
  = note: in `average`, called from the program (main.na:6:7)"""
    )


def test_an_error_in_a_function_that_the_library_calls_points_there(fault):
    error = fault("""
from testing import assert_raises

def risky():
    return {}["a"]

assert_raises(ValueError, risky)
""")
    text = str(error)
    assert "stdlib" not in text


def test_what_is_wrong_with_an_argument_shows_parameter_and_call(fault):
    error = fault(
        """
import rates

def use(values):
    return rates.half(values[0])

print(use(["ten"]))
""",
        rates="""
def half(n: int) -> float:
    return n / 2
""",
    )
    assert (
        str(error)
        == """\
error[E611]: argument `n` of `half`: expected int, got str ('ten'): the text is not a whole number
  --> rates.na:1:10
  |
1 | def half(n: int) -> float:
  |          ^^^^^^
  ::: main.na:4:12
  |
4 |     return rates.half(values[0])
  |            ^^^^^^^^^^^^^^^^^^^^^ called here
  = note: in `use`, called from the program (main.na:6:7)"""
    )


MESSAGES = [
    ("import math\nprint(math.sqrt(-1))\n", "E602", "`math.sqrt` has no result for this value"),
    ("import math\nprint(math.log(0))\n", "E602", "`math.log` has no result for this value"),
    ("import math\nprint(math.exp(1000))\n", "E607", "the result of `math.exp` is too large for a float"),
    ("def f(): pass\nt = cast(list[f], 3)\n", "E601", "the function f is not a type"),
    ("def f(s):\n    for x in s:\n        s.add(x + 1)\n\nf({1})\n", "E619", "the set changed its size while a loop went through it"),
    ("'é'.encode('ascii')\n", "E618", "'é' has no form in ascii"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "message"), MESSAGES)
def test_the_host_s_words_are_translated(fault, text, code, message):
    (found,) = fault(text).diagnostics
    assert (found.code, found.message) == (code, message)


def test_any_is_a_type_where_types_are_values(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    printed = []
    text = (
        "import json\nt = list[any]\nprint(t, json.loads('[1]', type=list[any]), cast(dict[str, any], '{\"a\": 1}'))\n"
    )
    engine(on_print=printed.append).run(text)
    assert printed == ["list[any] [1] {'a': 1}\n"]


CYCLES = [
    ({"a": "import b\n", "b": "import a\n"}, "import cycle: a.na → b.na → a.na", "b.na:1:8"),
    ({"a": "import b\n", "b": "from c import x\n", "c": "import a\n\nx = 1\n"}, "import cycle: a.na → b.na → c.na → a.na", "c.na:1:8"),
    ({"a": "import b\n", "b": "def f():\n    from a import x\n    return x\n"}, "import cycle: a.na → b.na → a.na", "b.na:2:5"),
    ({"a": "import a\n"}, "import cycle: a.na → a.na", "a.na:1:8"),
]  # fmt: skip


@pytest.mark.parametrize(("modules", "message", "place"), CYCLES)
def test_import_cycles_show_the_whole_circle(tmp_path, monkeypatch, modules, message, place):
    monkeypatch.chdir(tmp_path)
    for name, text in modules.items():
        Path(name + ".na").write_text(text, encoding="utf-8")
    found = engine().check("a.na")
    assert [(d.code, d.message) for d in found] == [("E504", message)]
    with pytest.raises(CompileError) as caught:
        engine().run("a.na")
    assert [d.code for d in caught.value.diagnostics] == ["E504"]
    assert f"--> {place}\n" in str(caught.value)


def test_imports_are_advised_for_modules_that_exist():
    assert {path.stem for path in Path(stdlib_path()).glob("*.na")} == LIBRARY


TRANSLATED = [
    ("def f(s): return s.split(1)\nf('abc')\n", "E601", "a text is needed here, not int"),
    ("def f(s): return s.append(1, 2)\nf([])\n", "E610", "`append` takes exactly one argument, 2 were given"),
    ("def f(g): return g(x=1)\nf(len)\n", "E610", "`len` takes its arguments by position only"),
    ("def f(s): return s.pop(1, 2)\nf([])\n", "E610", "`pop` takes at most 1 argument, 2 were given"),
    ("def f(a): return int(a)\nf([1])\n", "E601", "`int` makes a number from a number or a text, not from list"),
    ("def f(a): return ','.join(a)\nf(['a', 1])\n", "E601", "`join` joins texts, and item 1 is int"),
    ("def f(a): return range(a)\nf(1.5)\n", "E601", "a whole number is needed here, not float"),
    ("def f(a): return round(a)\nf('x')\n", "E601", "`round` does not work on str"),
    ("def f(a): return abs(a)\nf('x')\n", "E601", "`abs` does not work on str"),
    ("def f(a): return dict(a)\nf([1])\n", "E601", "a dict is made from pairs, and item 0 is none"),
    ("def f(a): return dict(a)\nf([[1, 2, 3]])\n", "E602", "a dict is made from pairs, and item 0 has the length 3"),
    ("def f(a, b): return a in b\nf(1, 'abc')\n", "E601", "only a text can be `in` a text, not int"),
    ("def f(a): return '%d' % a\nf('x')\n", "E601", "`%d` stands for a number, and this is str"),
    ("def f(a):\n    with a as b:\n        print(b)\nf(3)\n", "E601", "`with` needs a resource or `timeout(…)`, not int"),
    ("def f(a): return {**a}\nf([1])\n", "E601", "`**` takes the items of a dict, and this is list"),
    ("def g(*a): return a\ndef f(a): return g(*a)\nf(3)\n", "E601", "`*` passes the items of a list or another collection, and this is int"),
    ("def f(a): return f'{a:.2f}'\nf('x')\n", "E602", "the format `f` does not work on str"),
    ("def f(a): return max(a)\nf([])\n", "E602", "`max` of nothing: the collection is empty"),
    ("def f(a): return [1].index(a)\nf(5)\n", "E602", "5 is not in the list"),
    ("def f(a): return [1].remove(a)\nf(5)\n", "E602", "the list has no such item"),
    ("def f(a): return 'abc'.index(a)\nf('x')\n", "E602", "the text is not found"),
    ("def f(a): return 'abc'.split(a)\nf('')\n", "E602", "the separator is an empty text"),
    ("def f(a): return chr(a)\nf(-5)\n", "E602", "`chr` takes the number of a character, 0 to 1114111"),
    ("def f(a): return range(0, 3, a)\nf(0)\n", "E602", "the step cannot be 0"),
    ("def f(a): return int(a)\nf(float('inf'))\n", "E607", "infinity has no whole part"),
    ("def f(a, b): return a * b\nf('2', '3')\n", "E601", "`*` repeats a text or a list a whole number of times: str is no int"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "message"), TRANSLATED, ids=[c[2][:30] for c in TRANSLATED])
def test_what_builtins_complain_about_is_said_in_dana_s_words(fault, text, code, message):
    (found,) = fault(text).diagnostics
    assert (found.code, found.message) == (code, message)
