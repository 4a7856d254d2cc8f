"""What doubles with every line or turn: short programs that would need time or memory without an end."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest

import dana

LINES = range(1, 60)
LISTS = "f: Any = [1]\nfor i in range(150): f = [f, f]\n"
STRUCTS = "struct A:\n    x: Any\na = A(1)\nfor i in range(100): a = A((a, a))\n"

COMPILED = {
    "tuples": "x0 = (1, 'a')\n" + "".join(f"x{i} = (x{i - 1}, x{i - 1})\n" for i in LINES) + "y: int = x59",
    "aliases": "type T0 = int | str\n"
    + "".join(f"type T{i} = tuple[T{i - 1}, T{i - 1}] | list[T{i - 1}]\n" for i in LINES)
    + "def f(x: T59) -> T59: return x",
    "functions": "def f0(): return (1, 2)\n" + "".join(f"def f{i}(): return (f{i - 1}(), f{i - 1}())\n" for i in LINES),
    "lambdas": "f0 = lambda: 1\n" + "".join(f"f{i} = lambda: (f{i - 1}, f{i - 1})\n" for i in LINES),
    "iterators": "z0 = (1, 2)\n" + "".join(f"z{i} = zip(z{i - 1}, z{i - 1})\n" for i in LINES),
    "slips": "".join(f"{'a' * 30}{i} = 1\nprint({'a' * 30}b{i})\n" for i in LINES),
    "long names": f"{'a' * 9000} = 1\nprint({'a' * 9000}b)\n",
}


@pytest.mark.parametrize("program", COMPILED.values(), ids=COMPILED)
def test_checking_ends(program: str) -> None:
    began = monotonic()
    dana.Engine().check(program)
    assert monotonic() - began < 5


RUN = {
    "types": "T: Any = int\nfor i in range(100): T = tuple[T, T]",
    "raised": LISTS + "raise ValueError(f)",
    "raised by name": LISTS + "raise RuntimeError(f)",
    "asserted": LISTS + "assert false, f",
    "assigned": LISTS + "x: int = f",
    "passed": LISTS + "def g(x: list[list[int]]): pass\ng(f)",
    "logged": LISTS + "log(f)",
    "printed exception": LISTS + "print(ValueError(f))",
    "printed view": LISTS + "print({1: f}.values())",
    "printed deque": LISTS + "from collections import deque\nprint(deque([f]))",
    "printed default": LISTS + "from collections import defaultdict\nd = defaultdict(list)\nd[1] = f\nprint(d)",
    "mapped": LISTS + "print(list(map(str, [f])))",
    "piped": LISTS + "print([f] | str)",
    "to_dict": STRUCTS + "print(a.to_dict())",
    "to_json": STRUCTS + "print(a.to_json())",
}


@pytest.mark.parametrize("program", RUN.values(), ids=RUN)
def test_running_ends(program: str) -> None:
    engine = dana.Engine(limits=dana.Limits(wall_s=1, memory_bytes=100_000_000), on_print=lambda text: None)
    began = monotonic()
    with pytest.raises(dana.DanaError):
        engine.run(program)
    assert monotonic() - began < 5


def test_messages_of_exceptions_with_long_texts_stay() -> None:
    engine = dana.Engine()
    program = "try: raise ValueError('x' * 200000)\nexcept ValueError as e: len(e.message)"
    assert engine.eval(f"n = 0\n{program.replace('len(e.message)', 'n = len(e.message)')}\nn") == 200_000


def test_a_granted_module_does_not_run_annotations() -> None:
    engine = dana.Engine(allow=dana.Allow(python=["typing"]))
    named = "import typing.py as t\nA = t.NamedTuple('A', [('a', '__import__(\"os\").getpid()')])\n"
    with pytest.raises(dana.DanaError) as refused:
        engine.run(named + "t.get_type_hints(A)")
    assert refused.value.diagnostics[0].code == "E517"


def test_distances_within_a_band_are_the_distances() -> None:
    from dana.diagnostics import edit_distance

    cases: list[tuple[Any, ...]] = [
        ("kitten", "sitting", 3, 3),
        ("ab", "ba", 2, 1),
        ("abc", "", 2, 3),
        ("", "ab", 3, 2),
    ]
    assert [edit_distance(a, b, limit) for a, b, limit, _ in cases] == [expected for *_, expected in cases]
