"""Charging ahead changes neither what a loop does nor how many steps it takes."""

from __future__ import annotations

import pytest

from dana.engine import Engine, Limits
from dana.errors import DanaError, LimitExceeded

# Each shape makes N rounds and nothing else that costs a step.
SHAPES = {
    "range": "for i in range(N): x = i\n",
    "range with a call": "def f(i): return str(i)\nfor i in range(N): x = f(i)\n",
    "negative step": "for i in range(N, 0, -1): x = i\n",
    "range in a variable": "r = range(N)\nfor i in r: x = i\n",
    "range with else": "for i in range(N): x = i\nelse: y = 1\n",
    "range with continue": "for i in range(N):\n    if i % 2: continue\n    x = i\n",
    "range that could break": "for i in range(N):\n    if i > N: break\n    x = i\n",
    "in a function": "def f(n):\n    t = 0\n    for i in range(n): t += i\n    return t\nf(N)\n",
    "two ranges": "for i in range(N // 2): x = i\nfor i in range(N - N // 2): x = i\n",
    "list": "xs = [0] * N\nfor i in xs: x = i\n",
    "list with a call": "xs = [0] * N\nfor i in xs: x = str(i)\n",
    "list that grows elsewhere": "xs = [0] * N\nys = []\nfor i in xs: ys += [i]\n",
    "text": "s = 'a' * N\nfor c in s: x = c\n",
    "iterator": "it = iter([0] * N)\nfor i in it: x = i\n",
    "comprehension": "xs = [0] * N\nys = [x for x in xs]\n",
    "comprehension over a range": "ys = [x * 2 for x in range(N)]\n",
    "comprehension with a call": "ys = [str(x) for x in range(N)]\n",
    "while": "i = 0\nwhile i < N: i += 1\n",
    "while that could break": "i = 0\nwhile i < N:\n    i += 1\n    if i > N: break\n",
}
# A loop whose test cannot stand twice looks at it once more than it has rounds.
LATE = {
    "while with else": "i = 0\nwhile i < N: i += 1\nelse: x = 1\n",
    "while with continue": "i = 0\nwhile i < N:\n    i += 1\n    if i % 2: continue\n",
    "while with a binding": "i = N\nwhile (j := i - 1) >= 0: i = j\n",
}
COUNTS = (1, 2, 17, 511, 512, 513, 600, 5000)


def ends(source: str, steps: int) -> bool:
    try:
        Engine(limits=Limits(steps=steps, wall_s=None), cache=False).run(source)
    except LimitExceeded as fault:
        return fault.which != "steps"
    return True


@pytest.mark.parametrize("rounds", COUNTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_loop_takes_one_step_a_round(shape, rounds):
    source = SHAPES[shape].replace("N", str(rounds))
    assert ends(source, rounds)
    assert rounds == 1 or not ends(source, rounds - 1)


@pytest.mark.parametrize("rounds", COUNTS)
@pytest.mark.parametrize("shape", LATE)
def test_a_loop_that_tests_once_more_takes_one_step_more(shape, rounds):
    source = LATE[shape].replace("N", str(rounds))
    assert ends(source, rounds + 1)
    assert not ends(source, rounds)


def test_nested_loops_add_up():
    source = "for i in range(10):\n    for j in range(9): x = j\n"
    assert ends(source, 100)
    assert not ends(source, 99)


@pytest.mark.parametrize("source", [
    "for i in range(500):\n    if i == 2: break\n",
    "for i in range(100000):\n    if i == 2: break\n",
    "def f():\n    for i in range(100000):\n        if i == 2: return i\nf()\n",
    "xs = [0] * 500\nfor x in xs:\n    break\n",
    "for i in range(2 ** 80):\n    if i == 2: break\n",
])  # fmt: skip
def test_a_loop_that_is_left_early_fits_a_limit_it_would_exceed_whole(source):
    assert ends(source, 100)


def test_leaving_long_loops_early_is_not_paid_for():
    source = "for k in range(100):\n    for i in range(100000):\n        if i == 3: break\n"
    assert ends(source, 1_000)


@pytest.mark.parametrize(
    "body", ["xs += [x]", "ys = xs\n    ys += [x]", "xs += xs[:1]", "xs.append(x)", "xs[len(xs):] = [x]"]
)
def test_a_list_that_grows_while_it_is_walked_is_metered(body):
    assert not ends(f"xs = [1]\nfor x in xs:\n    {body}\n", 10_000)


class Slow:
    """A clock on which every look takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 1.0
        return self.now

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("shape", [
    "for i in range(10 ** 9): x = i\n",
    "for i in range(10 ** 5):\n    for j in range(10 ** 5): x = j\n",
    "for i in range(10 ** 7):\n    for j in range(3): x = j\n",
    "xs = [0] * 10000\nfor k in range(100000):\n    for x in xs: y = x\n",
    "while true: x = 1\n",
    "ys = [sum([j for j in range(100)]) for i in range(10 ** 8)]\n",
    "def f(n: int) -> int: return n\nfor i in range(10 ** 9): f(i)\n",
])  # fmt: skip
def test_a_deadline_is_seen_inside_quick_loops(shape):
    engine = Engine(limits=Limits(steps=None, wall_s=30.0), cache=False, clock=Slow())
    with pytest.raises(DanaError, match="time limit"):
        engine.run(shape)
