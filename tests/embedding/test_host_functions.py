"""Functions of the host, called by programs."""

from __future__ import annotations

import gc
import sys
import traceback
from dataclasses import dataclass
from typing import Any, Literal

import pytest

import dana


@dataclass
class Customer:
    name: str
    score: float = 1.0


class CrmDownError(ConnectionError):
    def __init__(self, host: str) -> None:
        super().__init__(f"no {host}")
        self.connection = object()


@pytest.fixture
def engine():
    return dana.Engine(cache=False)


def refused(engine: dana.Engine, text: str) -> dana.DanaError:
    with pytest.raises(dana.DanaError) as stopped:
        engine.run(text)
    return stopped.value


def test_plain_and_dotted_names(engine):
    @engine.host("crm.lookup")
    def lookup(key: str, limit: int = 3) -> dict:
        return {"id": key, "limit": limit}

    @engine.host("double")
    def double(x):
        return x * 2

    assert engine.run('crm.lookup("a")["limit"] + double(4)') == 11
    assert engine.run("f = crm.lookup\nf(key='x', limit='5')") == {"id": "x", "limit": 5}
    assert lookup("b") == {"id": "b", "limit": 3}
    assert engine.run("def double(x):\n    return x * 3\ndouble(2)") == 6
    assert engine.run("crm = 5\ncrm") == 5


def test_the_checker_knows_them(engine):
    @engine.host("crm.lookup")
    def lookup(key: str) -> Literal["a", "b"]:
        return "a"

    codes = [(d.code, d.line) for d in engine.check('crm.lokup("x")\ncrm.lookup()\ncrm.lookup("x") + 1\nx: int = 1\n')]
    assert ("E502", 1) in codes
    assert ("E401", 2) in codes
    assert engine.check("crm.lookup('x')") == []
    assert "did you mean `crm`" in str(refused(engine, "crmm.lookup('x')"))


def test_they_cannot_be_replaced_from_inside(engine):
    @engine.host("crm.lookup")
    def lookup(key):
        return key

    assert "read-only" in str(refused(engine, "def f(m):\n    m.lookup = 3\nf(crm)"))
    assert engine.run('hasattr(crm.lookup, "__globals__")') is False
    assert engine.run("str(crm)") == "<module crm>"


def test_arguments_and_results_are_checked(engine):
    @engine.host("add")
    def add(a: int, b: int = 1, /, *more: int, scale: float = 1.0, **rest: Any) -> float:
        return (a + b + sum(more)) * scale + len(rest)

    @engine.host("wrong")
    def wrong() -> int:
        return "many"  # type: ignore[return-value]

    assert engine.run("add(1)") == 2.0
    assert engine.run("add(1, 2, 3, scale=2, x=1)") == 13.0
    error = refused(engine, "def f(g, x):\n    return g(x)\nf(add, [1])")
    assert error.diagnostics[0].code == "E541"
    assert error.diagnostics[0].message.startswith("argument `a` of `add`: expected int, got list")
    error = refused(engine, "wrong()")
    assert error.diagnostics[0].code == "E543"
    assert "the result of `wrong`" in error.diagnostics[0].message


def test_models_arrive_as_models_and_leave_as_structs(engine):
    seen = []

    @engine.host("crm.save")
    def save(customer: Customer, copies: list[Customer] | None = None) -> Customer:
        seen.append((customer, copies))
        return Customer(customer.name.upper(), 2.0)

    text = """
struct Person:
    name: str
    score: float = 0.5
saved = crm.save(Person("ann"), [Person("bob"), {"name": "eve"}])
f"{saved.name} {saved.score} {saved}"
"""
    assert engine.run(text) == "ANN 2.0 Customer(name='ANN', score=2.0)"
    assert seen == [(Customer("ann", 0.5), [Customer("bob", 0.5), Customer("eve")])]


def test_a_failure_keeps_identity_and_traceback(engine):
    raised = []

    @engine.host("crm.lookup")
    def lookup(key):
        raised.append(CrmDownError("crm.acme"))
        raise raised[-1]

    error = refused(engine, "def f():\n    return crm.lookup(1)\nf()")
    assert type(error) is dana.RuntimeFault
    assert error.__cause__ is raised[0]
    assert error.diagnostics[0].code == "E544"
    assert (error.diagnostics[0].line, error.diagnostics[0].message) == (2, "no crm.acme")
    assert "CrmDownError, raised by the host's function `crm.lookup`" in error.diagnostics[0].hint
    assert traceback.extract_tb(error.__cause__.__traceback__)[-1].name == "lookup"


def test_a_failure_can_be_caught_and_leads_nowhere(engine):
    @engine.host("fail")
    def fail():
        raise CrmDownError("crm.acme")

    text = """
try:
    fail()
except ConnectionError as e:
    kept = e
[kept.type, kept.message, hasattr(kept, "connection"), hasattr(kept, "_original"), kept.line]
"""
    assert engine.run(text) == ["CrmDownError", "no crm.acme", False, False, 3]
    again = refused(engine, "try:\n    fail()\nexcept Exception as e:\n    raise")
    assert isinstance(again.__cause__, CrmDownError)
    other = refused(engine, "try:\n    fail()\nexcept Exception as e:\n    raise ValueError('x') from e")
    assert type(other.__cause__) is ValueError


def test_calling_back_into_the_program(engine):
    kept = []

    @engine.host("apply")
    def apply(f, *values):
        kept.append(f)
        return [f(v) for v in values]

    assert engine.run("n = 3\napply(lambda x: x * n, 1, 2)") == [3, 6]
    assert kept[0](5) == 15
    error = refused(engine, "apply(lambda x: 1 / x, 0)")
    assert error.diagnostics[0].code == "E607"
    assert isinstance(error.__cause__, ZeroDivisionError)
    caught = "try:\n    apply(lambda x: 1 / x, 0)\nexcept ZeroDivisionError:\n    r = 'caught'\nr"
    assert engine.run(caught) == "caught"


def test_limits_reach_through_the_host(engine):
    @engine.host("twice")
    def twice(f):
        try:
            f()
        except dana.DanaError:
            return f()
        return None

    small = dana.Engine(limits=dana.Limits(steps=1000), cache=False)
    small.host("twice")(twice)
    with pytest.raises(dana.LimitExceeded) as stopped:
        small.run("def f():\n    while true: pass\ntry:\n    twice(f)\nexcept Exception:\n    pass\nwhile true: pass")
    assert stopped.value.which == "steps"


def test_an_engine_inside_an_engine(engine):
    inner = dana.Engine(cache=False)

    @engine.host("calculate")
    def calculate(text: str) -> object:
        return inner.run(text)

    assert engine.run("calculate('1 + 2')") == 3
    error = refused(engine, "calculate('1 / 0')")
    assert isinstance(error.__cause__, dana.RuntimeFault)
    assert isinstance(error.__cause__.__cause__, ZeroDivisionError)
    assert (
        engine.run("try:\n    calculate('1 / 0')\nexcept DanaError as e:\n    r = e.message\nr") == "division by zero"
    )


def test_needs_are_asked_of_the_policy():
    def make(**granted):
        engine = dana.Engine(cache=False, **granted)

        @engine.host("crm.lookup", needs={"net:crm.acme.dev"})
        def lookup(key):
            return key

        return engine

    with pytest.raises(dana.Denied, match=r"--allow-net=crm\.acme\.dev"):
        make().run("crm.lookup(1)")
    assert make().run("try:\n    crm.lookup(1)\nexcept Denied:\n    r = 'no'\nr") == "no"
    assert make(allow=dana.Allow(net=["crm.acme.dev"])).run("crm.lookup(1)") == 1
    with pytest.raises(dana.Denied):
        make(allow=dana.Allow.all(), deny=dana.Deny(net=["*.acme.dev"])).run("crm.lookup(1)")


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("len", {}, "is a built-in function"),
        ("a.b.c", {}, "is called like"),
        ("_x", {}, "is called like"),
        ("while", {}, "is called like"),
        ("a b", {}, "is called like"),
        ("a", {"needs": ["nett:x"]}, "did you mean net:x"),
        ("a", {"needs": ["net"]}, "is written like"),
        ("a", {"timeout": 0}, "positive number"),
        ("crm", {}, "a function and a namespace"),
        ("plain.x", {}, "a function and a namespace"),
    ],
)
def test_what_is_no_host_function(engine, name, options, why):
    engine.host("crm.lookup")(lambda: 1)
    engine.host("plain")(lambda: 1)
    with pytest.raises(dana.UsageError, match=why):
        engine.host(name, **options)(lambda: 1)


def test_annotations_that_mean_nothing_are_said_early(engine):
    def f(x: Nowhere) -> int:  # type: ignore[name-defined]  # noqa: F821
        return x

    engine.host("f")(f)
    with pytest.raises(dana.UsageError, match="Nowhere"):
        engine.run("f(1)")


def test_a_timeout_is_looked_at_when_the_function_comes_back():
    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

        def time(self):
            return self.now

        def sleep(self, seconds):
            self.now += seconds

    clock = Clock()
    engine = dana.Engine(cache=False, clock=clock)

    @engine.host("slow", timeout=2)
    def slow(seconds):
        clock.now += seconds
        return "done"

    assert engine.run("slow(1)") == "done"
    with pytest.raises(dana.Timeout):
        engine.run("slow(3)")
    assert engine.run("try:\n    slow(3)\nexcept Timeout:\n    r = 'late'\nr") == "late"


def test_functions_given_as_values(engine):
    assert engine.eval("f(2) + g(3)", f=lambda x: x + 1, g=abs) == 6
    with pytest.raises(dana.RuntimeFault) as stopped:
        engine.eval("f()", f=lambda: {}["missing"])
    assert isinstance(stopped.value.__cause__, KeyError)


def test_names_of_parameters_do_not_matter(engine):
    @engine.host("odd")
    def odd(made, lost, error, function=1):
        return [made, lost, error, function]

    assert engine.run("odd(1, 2, error=3)") == [1, 2, 3, 1]


def test_objects_of_the_host_arrive_as_proxies(engine):
    class Session:
        name = "s"
        _token = "t"

        def close(self):
            return "closed"

    assert engine.eval("s.close() + s.name", s=Session()) == "closeds"
    with pytest.raises(dana.RuntimeFault):
        engine.eval("s._token", s=Session())
    assert engine.eval("f(s)", s=(session := Session()), f=lambda value: value is session) is True


def test_a_coroutine_that_nobody_would_wait_for_is_an_error(recwarn):
    engine = dana.Engine(cache=False)

    async def late():
        return 7

    engine.host("direct")(late)

    @engine.host("hidden")
    def hidden():
        return late()

    @engine.host("stream")
    async def stream():
        yield 1

    assert engine.run("direct()") == 7
    for name, kind in (("hidden", "a coroutine"), ("stream", "an async generator")):
        with pytest.raises(dana.RuntimeFault, match=f"`{name}` returned {kind}, which nobody waits for") as caught:
            engine.run(f"{name}()")
        assert caught.value.diagnostics[0].code == "E543"
    assert [str(w.message) for w in recwarn if "never awaited" in str(w.message)] == []


def test_an_exception_without_a_message_is_named():
    engine = dana.Engine(cache=False)

    @engine.host("late")
    async def late():
        raise TimeoutError

    with pytest.raises(dana.RuntimeFault) as caught:
        engine.run("late()")
    assert caught.value.diagnostics[0].message == "TimeoutError"


@pytest.mark.filterwarnings("error")
def test_a_program_that_ends_before_an_effect_has_begun_leaves_no_coroutine_behind(engine):
    """The host's function is called when its task first runs: what is cancelled before that never was."""
    called = []

    @engine.host("later")
    async def later(a: int, *more: int, key: str = "", **other: int) -> list:
        called.append(a)
        return [a, *more, key, other]

    unraised = []
    before, sys.unraisablehook = sys.unraisablehook, unraised.append
    try:
        engine.run(
            "def f():\n    x = later(1)\n    return 2\ntry:\n    f()\n    y = later(2)\n    1 / 0\nexcept: pass\n"
        )
        gc.collect()
    finally:
        sys.unraisablehook = before
    assert unraised == []
    assert engine.run('later(1, 2, key="k", z=3)') == [1, 2, "k", {"z": 3}]
