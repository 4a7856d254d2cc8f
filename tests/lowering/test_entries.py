"""Stores, constructors and calls without checks do what the checked ones do."""

from __future__ import annotations

import pytest

from dana.engine import Engine, Limits
from dana.errors import DanaError


def printed(source: str, **options) -> list[str]:
    """What a program prints; an error it ends with is the last line."""
    out: list[str] = []
    try:
        Engine(limits=Limits(steps=100_000, wall_s=None), on_print=out.append, cache=False, **options).run(source)
    except DanaError as fault:
        out.append(fault.diagnostics[0].code + "\n")
    return "".join(out).split("\n")[:-1]


def test_two_structs_that_disagree_on_a_fields_type_each_check_their_own():
    source = """
struct A:
    x: int = 0
struct B:
    x: str = ""
struct C:
    x: int = 0
def put(p, v):
    p.x = v
    return p.x
print(put(A(), 1), put(B(), "s"), put(C(), 2), put(B(), 5), put(A(), "7"))
put(A(), "no")
"""
    assert printed(source) == ["1 s 2 5 7", "E611"]


def test_a_struct_defined_after_the_store_is_checked_too():
    source = """
def put(p, v):
    p.x = v
    return p.x
struct A:
    x: int = 0
print(put(A(), 1))
struct B:
    x: list = []
print(put(B(), [1]), put(A(), "3"))
put(A(), [1])
"""
    assert printed(source) == ["1", "[1] 3", "E611"]


def test_a_field_whose_type_comes_later_is_checked():
    source = """
struct Node:
    value: int
    next: Later? = None
struct Other:
    next: int = 0
def link(n, m):
    n.next = m
    return n
struct Later:
    v: int = 1
n = Node(1)
print(link(n, Later()).next.v, link(Other(), 4).next)
link(n, 5)
"""
    assert printed(source) == ["1 4", "E611"]


def test_structs_of_two_modules_that_disagree_on_a_field(tmp_path):
    (tmp_path / "one.na").write_text("struct P:\n    x: int = 0\ndef put(p, v):\n    p.x = v\n    return p.x\n")
    (tmp_path / "two.na").write_text("struct Q:\n    x: str = ''\ndef set_x(p, v):\n    p.x = v\n    return p.x\n")
    source = """
import one
p = one.P()
print(one.put(p, 3))
import two
q = two.Q()
print(one.put(q, "t"), two.set_x(p, 4), two.set_x(q, "u"), one.put(p, "5"))
two.set_x(p, "no")
"""
    assert printed(source, roots=[str(tmp_path)]) == ["3", "t 4 u 5", "E611"]


def test_unchecked_constructors_make_fresh_defaults():
    source = """
struct Bag:
    name: str
    items: list[int] = []
    tags: dict = {}
a = Bag("a")
b = Bag("b")
a.items.append(1)
a.tags["k"] = 1
print(a, b)
def make() -> Bag: return Bag("c")
make().items.append(5)
print(make())
"""
    assert printed(source) == [
        "Bag(name='a', items=[1], tags={'k': 1}) Bag(name='b', items=[], tags={})",
        "Bag(name='c', items=[], tags={})",
    ]


def test_defaults_of_fields_are_evaluated_once_unless_fresh():
    source = """
def note(v):
    print("note", v)
    return v
struct P:
    x: int = note(1)
    y: int = note(2)
print(P(), P(5), P(y=3))
"""
    assert printed(source) == ["note 1", "note 2", "P(x=1, y=2) P(x=5, y=2) P(x=1, y=3)"]


@pytest.mark.parametrize("call", ["P(x=t(1), y=t(2))", "P(t(1), y=t(2))", "P(y=t(1), x=t(2))"])
def test_constructor_arguments_are_evaluated_as_written(call):
    source = f"def t(v: int) -> int:\n    print(v)\n    return v\nstruct P:\n    x: int\n    y: int\np = {call}\n"
    assert printed(source) == ["1", "2"]


def test_stores_in_an_unpacking_happen_from_left_to_right():
    source = """
struct P:
    i: int = 0
p = P()
q = P()
xs = [0, 0]
p.i, xs[p.i] = 1, 5
print(p, xs)
old = p
p.i, p = 7, q
print(old, p)
p, p.i = old, 9
print(old, q)
a = [0, 0]
a[p.i - 9], (p.i, *rest) = 4, (0, 1, 2)
print(a, p, rest)
for p.i, xs[p.i] in [(1, 10), (0, 20)]: pass
print(xs)
"""
    assert printed(source) == [
        "P(i=1) [0, 5]", "P(i=7) P(i=0)", "P(i=9) P(i=0)", "[4, 0] P(i=0) [1, 2]", "[20, 10]",
    ]  # fmt: skip


def test_compound_stores_read_once_and_change_lists_in_place():
    source = """
struct P:
    n: int = 1
    items: list = []
    text: str = ""
def of(p):
    print("of")
    return p
p = P()
alias = p.items
of(p).n += 2
of(p).items += [1]
of(p).text += "a"
p.n *= 3
p.n **= 2
p.items *= 2
print(p, alias is p.items)
def grow(x, by):
    x.items += by
    x.n -= 1
    return x
print(grow(p, [7]).items is alias, p.n)
p.n /= 2
"""
    assert printed(source) == [
        "of", "of", "of", "P(n=81, items=[1, 1], text='a') True", "True 80",
    ]  # fmt: skip


def test_a_recursive_method_runs_without_checks_and_counts():
    source = """
struct Tree:
    value: int
    left: Tree? = None
    right: Tree? = None
def (t: Tree) total() -> int:
    left = t.left.total() if t.left is not None else 0
    right = t.right.total() if t.right is not None else 0
    return t.value + left + right
def build(n: int) -> Tree?:
    return None if n == 0 else Tree(n, build(n - 1), build(n - 2) if n > 1 else None)
print(build(3).total(), total(build(2)), build(1).total())
"""
    assert printed(source) == ["7 3 1"]


def test_a_coerced_argument_goes_through_the_checks():
    source = """
def half(x: float) -> float: return x / 2
def show(n: int) -> str: return f"{n!r}"
v = {"n": "42"}["n"]
print(half(3), show(v), show(4.0), half(v))
"""
    assert printed(source) == ["1.5 42 4 21.0"]


def test_none_for_a_parameter_without_that_default_is_refused():
    source = """
def f(n: int = None) -> str: return str(n)
def g(n: int) -> str: return str(n)
print(f(), f(1))
def loose(function, value): return function(value)
print(loose(f, None))
loose(g, None)
"""
    assert printed(source) == ["None 1", "None", "E611"]
