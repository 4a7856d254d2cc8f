"""What crosses between a program and Python: everything useful, and no way into the interpreter."""

from __future__ import annotations

import collections
import datetime as dt
import enum
import functools
import io
import math
import sys
import types
import uuid
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pytest

import dana
from dana.runtime import foreign
from dana.runtime.foreign.proxies import Foreign, ForeignFunction
from dana.runtime.program import Program

EXISTS = object()


@pytest.fixture
def program():
    found = Program(policy=dana.Policy(dana.Allow(python=["math"])))
    found.meter.start()
    return found


@pytest.fixture
def engine():
    return dana.Engine(cache=False, limits=dana.Limits(steps=300_000, wall_s=5.0))


class Pair(NamedTuple):
    x: int
    y: int


class Thing:
    """Stands for an object of a host."""

    def __init__(self):
        self.value = 3
        self.items = [1, 2]
        self.own = {"thing": self}
        self._secret = "secret"

    def double(self, n):
        return n * 2

    def each(self, function):
        return [function(n) for n in self.items]

    def boom(self):
        raise KeyError(self)

    def numbers(self):
        yield from self.items

    def endless(self):
        while True:
            yield 1

    def itself(self):
        return self

    def module(self):
        return sys

    def frame(self):
        return sys._getframe()

    def code(self):
        return Thing.double.__code__

    def trace(self):
        try:
            return [][0]  # noqa: PLE0643  (that is the point)
        except IndexError as e:
            return e.__traceback__

    def evaluate(self):
        return eval

    def namespace(self):
        return {"e": eval}

    def kind(self):
        return type

    def own_error(self):
        return ValueError(self)


def run(engine, text, **names):
    """The value of a program in which the names are proxies."""
    session = engine.session()
    for name, value in names.items():
        session.record.globals[name] = foreign.admit(session.program, value)
    return session.run(text)


# --- admit --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [None, True, 1, 1.5, 2j, "x", b"x", [1, [2]], {"a": [1]}, (1, "x"), {1}, frozenset({1}), range(3), [], {}]
)
def test_plain_data_passes_as_it_is(program, value):
    assert foreign.admit(program, value) is value


@pytest.mark.parametrize(
    "value",
    [
        Thing(), object(), collections.OrderedDict(), collections.deque(),
        enum.Enum("E", "A").A, enum.IntEnum("E", "A").A, io.StringIO(), bytearray(b"x"), memoryview(b"x"),
        Pair(1, 2), types.SimpleNamespace(x=1), math.sqrt, functools.partial(int, base=2),
        type("Text", (str,), {})("x"), type("Items", (list,), {})([1]), {}.keys(), iter([1]), (n for n in ()),
    ],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_everything_else_is_a_proxy(program, value):
    admitted = foreign.admit(program, value)
    assert isinstance(admitted, Foreign)
    assert foreign.release(program, admitted) is value
    assert foreign.admit(program, admitted) is admitted


@pytest.mark.parametrize("value", [Decimal(1), dt.date(2024, 1, 1), dt.timedelta(1), uuid.UUID(int=4)])
def test_dates_decimals_and_identifiers_are_values(program, value):
    admitted = foreign.admit(program, value)
    assert not isinstance(admitted, Foreign)
    assert str(admitted) == str(value)
    assert foreign.release(program, admitted) == value
    assert foreign.admit(program, admitted) is admitted


def test_containers_are_copied_with_admitted_items(program):
    thing = Thing()
    value = {"a": [thing, (thing, 1)], "plain": [1]}
    value["a"].append(value)
    admitted = foreign.admit(program, value)
    assert admitted is not value
    assert isinstance(admitted["a"][0], Foreign)
    assert isinstance(admitted["a"][1][0], Foreign)
    assert admitted["a"][2] is admitted
    assert value["a"][0] is thing


def test_what_is_nested_too_deeply_is_an_error(program):
    value = [Thing()]
    for _ in range(10_000):
        value = [value]
    with pytest.raises(ValueError, match="nested too deeply"):
        foreign.admit(program, value)
    plain = []
    for _ in range(10_000):
        plain = [plain]
    assert foreign.admit(program, plain) is plain


@pytest.mark.parametrize("value", [np.float64(1.5), np.int64(3), np.bool_(True), np.str_("x"), np.complex128(1j)])
def test_numbers_of_numpy_are_plain_numbers(program, value):
    admitted = foreign.admit(program, value)
    assert type(admitted) in (float, int, bool, str, complex)
    assert admitted == value


@pytest.mark.parametrize(
    "value",
    [
        eval, exec, compile, open, getattr, setattr, vars, globals, locals, type, object, super, __import__,
        sys._getframe(), Thing.double.__code__, Thing.__dict__, types.FunctionType, types.CodeType,
        Program(), dana.Engine(),
    ],
    ids=lambda v: getattr(v, "__name__", type(v).__name__),
)  # fmt: skip
def test_what_is_never_handed_out(program, value):
    for given in (value, [value], {"x": (value,)}):
        with pytest.raises(AttributeError, match="cannot be handed"):
            foreign.admit(program, given)


def test_modules_are_handed_out_where_they_are_granted(program):
    assert str(foreign.admit(program, math)) == "<module math>"
    with pytest.raises(Exception, match="`sys` is not granted"):
        foreign.admit(program, sys)
    with pytest.raises(Exception, match="`sys` is not granted"):
        foreign.admit(program, [sys])


# --- in programs --------------------------------------------------------------------------------

WALKS = """
thing._secret
thing.__class__
thing.__dict__
thing.double.__globals__
thing.double.__func__
thing.double.__self__
thing.module()
thing.frame()
thing.code()
thing.trace()
thing.evaluate()
thing.namespace()
thing.kind()
thing.boom.__code__
cls.mro
cls.mro()
cls.__subclasses__()
cls.__init__
cls.double.__code__
partial.func
prop.fget
numbers.gi_frame
numbers.send(1)
numbers.throw(ValueError("x"))
getattr(thing, "_secret")
getattr(thing, "__class__")
getattr(numbers, "gi_frame")
getattr(thing, "\u00aa_secret")
"{0._secret}".format(thing)
"{0.value}".format(thing)
"{t.__class__}".format(t=thing)
"{0[_secret]}".format(thing)
"%(x)s".format(thing)._secret
thing._target
thing._border
thing._border.program
thing.double._target
thing._dana_release()
thing.own["thing"]._secret
thing.itself()._secret
own_error.args[0]._secret
own_error.__traceback__
isolated.x
"""


class Isolated:
    @property
    def x(self):
        return sys.modules


@pytest.mark.parametrize("walk", WALKS.strip().split("\n"))
def test_no_walk_leads_out(engine, walk):
    def names():
        return {
            "thing": Thing(), "cls": Thing, "partial": functools.partial(int, base=2), "prop": Thing.__dict__.get("none") or property(len),
            "numbers": Thing().numbers(), "own_error": ValueError(Thing()), "isolated": Isolated(),
        }  # fmt: skip

    with pytest.raises(dana.DanaError) as caught:
        run(engine, walk, **names())
    assert all(d.code != "E990" for d in caught.value.diagnostics), caught.value


def test_proxies_do_what_their_objects_do(engine):
    text = """
assert thing.value == 3 and thing.double(4) == 8
assert thing.each(lambda n: n + 1) == [2, 3]
assert [n for n in thing.numbers()] == [1, 2]
assert date < later and later - date == gap and date == date and date != later
assert later in {later: 1}
assert queue[0] == 1 and len(queue) == 3 and 2 in queue and list(queue) == [1, 2, 3] and sum(queue) == 6
assert total + 1 == total + 1 and 2 * total == total * 2 and -total < total and abs(-total) == total
assert f"{total:.1f}" == "1.5" and str(date) == "2024-01-01" and f"{date}" == "2024-01-01"
assert int(total) == 1 and float(total) == 1.5 and round(total) == 2 and total // 1 == 1 and total % 1 < 1 and divmod(total, 1)[0] == 1
assert bool(queue) and not empty
assert type(date) == "date" and callable(thing.double) and not callable(thing)
assert date.replace(year=2025).year == 2025
first, *rest = queue
assert rest == [2, 3]
with stream as s:
    s.write("a")
assert stream.closed
true
"""
    assert run(
        engine, text, thing=Thing(), date=dt.date(2024, 1, 1), later=dt.date(2024, 1, 3), gap=dt.timedelta(2),
        queue=collections.deque([1, 2, 3]), empty=collections.deque(), total=Decimal("1.5"), stream=io.StringIO(),
    )  # fmt: skip


def test_attributes_of_containers_are_copies(engine):
    thing = Thing()
    assert run(engine, "xs = thing.items\nxs.append(9)\nthing.items", thing=thing) == [1, 2]
    assert thing.items == [1, 2]


@pytest.mark.parametrize(
    "store",
    ["thing.value = 4", "thing.value += 1", "queue[0] = 5", "thing._x = 1", "thing.double = 1", "cls.double = 1"],
)
def test_objects_of_the_host_are_read_only(engine, store):
    thing, queue = Thing(), collections.deque([1])
    with pytest.raises(dana.DanaError):
        run(engine, store, thing=thing, queue=queue, cls=Thing)
    assert (thing.value, queue[0]) == (3, 1)
    assert callable(Thing.double)


def test_writable_ones_take_public_names_only(engine):
    session = engine.session()
    thing = Thing()
    session.record.globals["thing"] = foreign.admit(session.program, thing, "host", writable=True)
    session.run("thing.value = 5")
    assert thing.value == 5
    for store in ("thing._secret = 1", "thing.double.x = 1", "thing.__class__ = 1"):
        with pytest.raises(dana.DanaError):
            session.run(store)
    assert thing._secret == "secret"


def test_exceptions_carry_class_and_message_alone(engine):
    class Odd(KeyError):
        def __init__(self, about):
            super().__init__(about)
            self.about = about
            self.status = 404

        def __str__(self):
            return "odd thing"

    class Service:
        def fail(self):
            raise Odd(self)

        def leave(self):
            sys.exit(3)

    text = """
found = []
try:
    thing.fail()
except KeyError as e:
    found = [e.type, e.message, len(e.args), e.args[0], e.status]
found
"""
    assert run(engine, text, thing=Service()) == ["Odd", "odd thing", 1, "odd thing", 404]
    hidden = "try:\n    thing.fail()\nexcept KeyError as e:\n    x = e.about\n"
    with pytest.raises(dana.RuntimeFault):
        run(engine, hidden, thing=Service())
    with pytest.raises(dana.RuntimeFault, match="wanted to end the process"):
        run(engine, "thing.leave()", thing=Service())


def test_an_error_of_the_program_comes_back_as_it_was(engine):
    text = """
struct Mine(Exception):
    code: int

def f(n):
    raise Mine(code=7)
x = 0
try:
    thing.each(f)
except Mine as e:
    x = e.code
x
"""
    assert run(engine, text, thing=Thing()) == 7


def test_stops_pass_through_python(engine):
    with pytest.raises(dana.LimitExceeded) as caught:
        run(engine, "def f(n):\n    while true:\n        n += 1\nthing.each(f)", thing=Thing())
    assert caught.value.which == "steps"


@pytest.mark.parametrize(
    "walk", ["list(e)", "sum(e)", "[x for x in e]", "3 in e", "max(e)", "sorted(e)", "for x in e:\n    pass", "a, *b = e", "dict(zip(e, e))", "set(e)", "[*e]", "'x' in list(e)"]
)  # fmt: skip
def test_iterators_of_python_are_metered(engine, walk):
    with pytest.raises(dana.LimitExceeded):
        run(engine, walk, e=Thing().endless())


def test_callbacks_get_admitted_values_and_are_metered(engine):
    class Host:
        def give(self, function):
            return function(self, [self], {"me": self})

        def often(self, function):
            while True:
                function()

    assert run(engine, "h.give(lambda me, xs, d: [type(me), type(xs[0]), type(d.me if false else d['me'])])", h=Host())
    with pytest.raises(dana.DanaError):
        run(engine, "h.give(lambda me, xs, d: me._x)", h=Host())
    with pytest.raises(dana.LimitExceeded):
        run(engine, "h.often(lambda: none)", h=Host())


def test_python_gets_plain_values_and_callables(engine):
    seen = []

    class Host:
        def take(self, *args, **keywords):
            seen.append((args, keywords))

    host = Host()
    run(engine, "xs = [1]\nh.take(xs, h, [h, (h, 1)], {'k': h}, int, f=h)\nh.take(xs)", h=host)
    (xs, first, inside, by_key, kind), keywords = seen[0]
    assert first is host
    assert inside == [host, (host, 1)]
    assert by_key == {"k": host}
    assert kind is int
    assert keywords == {"f": host}
    assert seen[1][0][0] is xs


def test_a_function_that_left_comes_back_as_itself(engine):
    class Host:
        def keep(self, function):
            self.kept = function

        def back(self):
            return self.kept

    assert run(engine, "def f(x):\n    return x + 1\nh.keep(f)\nh.back() is f and h.back()(1) == 2", h=Host())


def test_texts_show_no_addresses(engine):
    class Plain:
        pass

    shown = run(engine, "[str(p), f'{p}', repr(m), str(c), repr([p])]", p=Plain(), m=Thing().double, c=Thing)
    assert not any("0x" in text or "<class" in text or "test_borders" in text for text in shown)


def test_wide_formats_are_refused(engine):
    with pytest.raises(dana.RuntimeFault, match="too large"):
        run(engine, "w = 10 ** 9\nf'{d:{w}}'", d=Decimal(1))


def test_functions_are_called_only_while_their_program_runs():
    engine = dana.Engine(cache=False)

    class Host:
        def keep(self, function):
            self.kept = function

    host = Host()
    run(engine, "h.keep(lambda n: n + 1)", h=host)
    assert host.kept(2) == 3


def test_classes_of_proxies(program):
    assert isinstance(foreign.admit(program, Thing().double), ForeignFunction)
    assert not callable(foreign.admit(program, Thing()))
