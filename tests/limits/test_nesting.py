"""Tuples that hold tuples (L49): as deep as C can hash them, and as large as values may be; ordinary ones as ever."""

from __future__ import annotations

from time import monotonic

import pytest

import dana

DEEPER = {
    "display": "t = (t,)",
    "with others": "t = (i, t, 'a')",
    "call beside it": "t = (len('a'), t)",
    "call": "def same(x): return x\nfor i in range(200_000): t = (same(t), 1)",
    "starred": "t = (*[t],)",
    "added": "t = () + (t,)",
    "built": "t = tuple([t])",
    "returned": "t = wrap(t)",
    "rest": "t = rest(t)",
    "rest of a lambda": "t = short(t)",
    "in a list": "xs[0] = (xs[0],)\n    t = xs[0]",
}
WIDER = {
    "display": "t = (t, t)",
    "inner": "t = (1, (t, 2, t))",
    "starred": "t = (*[t, t],)",
    "added": "t = (t,) + (t,)",
    "repeated": "t = (t,) * 2",
    "built": "t = tuple([t, t])",
    "rest": "t = rest(t, t)",
    "comprehended": "t = [(t, t) for _ in [1]][0]",
    "zipped": "t = next(zip([t], [t]))",
    "items": "t = {1: t, 2: t}.items() | tuple",
}
HELPERS = "def wrap(x): return (x,)\ndef rest(*a): return a\nshort = lambda *a: a\nxs: Any = [()]\nt: Any = ()\n"


def run(text: str) -> object:
    return dana.Engine(limits=dana.Limits(wall_s=5), on_print=lambda _: None).run(HELPERS + text)


@pytest.mark.parametrize("line", DEEPER.values(), ids=DEEPER)
def test_what_is_too_deep_for_c_is_the_depth_limit(line: str) -> None:
    loop = line if "for i" in line else f"for i in range(200_000):\n    {line}"
    began = monotonic()
    with pytest.raises(dana.LimitExceeded) as stopped:
        run(loop + "\nx = hash(t)")
    assert stopped.value.which == "depth"
    assert monotonic() - began < 5


@pytest.mark.parametrize("line", WIDER.values(), ids=WIDER)
def test_what_doubles_is_the_memory_limit(line: str) -> None:
    began = monotonic()
    with pytest.raises(dana.LimitExceeded) as stopped:
        run(f"for i in range(60): {line}\nx = hash(t)")
    assert stopped.value.which == "memory"
    assert monotonic() - began < 1


def test_many_wide_parts_that_are_one_are_measured_once() -> None:
    began = monotonic()
    assert run("row = (*range(1000), (1, 2))\nt = tuple([row] * 3000)\nlen(t)") == 3000
    assert monotonic() - began < 1


def test_ordinary_tuples_are_as_ever() -> None:
    text = "t = none\nfor i in range(5000): t = (i, t)\nd = {t: 1}\na, b = t\na, b = b, a\n(a[0], b, hash(t) == hash(t), d[t])"
    assert run(text) == (4998, 4999, True, 1)
    assert run("best = ((1, 2), (3, (4, 5)))\nbest[1][1][0]") == 4
    assert run("def f(*args): return args\nf(1, (2, 3))") == (1, (2, 3))


def test_what_is_remembered_is_the_same_tuple() -> None:
    """`id`s are given anew: what was measured must be held as long as it is known."""
    text = (
        "total = 0\nfor i in range(300):\n    t: Any = ()\n    for j in range(40): t = (t, j)\n    total += t[1]\ntotal"
    )
    assert run(text) == 300 * 39
