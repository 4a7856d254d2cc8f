"""`Engine(isolate="process")` does what an engine does."""

from __future__ import annotations

import asyncio
import dataclasses
import random

import pytest

import dana
from dana import Source
from dana.errors import RuntimeFault
from dana.isolation import Record
from dana.isolation.engine import ProcessEngine

TEXT = """\
struct Point:
    x: int
    y: int = 0

rate: float = 1.5

def (p: Point) sum() -> int:
    return p.x + p.y

def make(x: int) -> Point:
    return Point(x=x, y=2)

def total(p: Point) -> int:
    return p.sum()

def divide(a: int, b: int) -> float:
    return a / b

def adder(n: int):
    return lambda m: n + m
"""


@pytest.fixture
def module(engine, tmp_path):
    path = tmp_path / "shapes.na"
    path.write_text(TEXT)
    return engine.load(path)


def test_it_is_an_engine(engine):
    assert isinstance(engine, dana.Engine)
    assert isinstance(engine, ProcessEngine)


def test_values(engine):
    assert engine.run("1 + 2") == 3
    assert engine.eval("[a, (b, {1, 2}), {'k': none}, 2 ** 100, 'é', 0.1]", a=1, b=b"x") == [
        1, (b"x", {1, 2}), {"k": None}, 2**100, "é", 0.1,
    ]  # fmt: skip


def test_arguments_and_printing():
    printed = []
    with dana.Engine(isolate="process", cache=False, on_print=printed.append) as engine:
        text = "def __main__(n: int):\n    print('n is', n)\n    return n * 2\n"
        assert engine.run(text, arguments={"n": "21"}) == 42
    assert "".join(printed) == "n is 21\n"


def test_printing_goes_to_stdout(engine, capsys):
    engine.run("print('here')")
    assert capsys.readouterr().out == "here\n"


def test_structs_arrive_as_records_and_go_back(module):
    point = module.make(3)
    assert type(point) is Record
    assert (point.x, point.y, repr(point)) == (3, 2, "Point(x=3, y=2)")
    assert module.total(point) == 5
    assert module.total({"x": 7}) == 7


def test_dataclasses_and_models_become_structs(module):
    @dataclasses.dataclass
    class Point:
        x: int
        y: int

    assert module.total(Point(1, 2)) == 3


def test_a_module_has_names_values_and_functions(module):
    assert module.rate == 1.5
    assert "make" in dir(module)
    with pytest.raises(AttributeError, match="did you mean 'total'"):
        module.totl  # noqa: B018
    with pytest.raises(AttributeError):
        module._private  # noqa: B018


def test_functions_are_values(module):
    plus = module.adder(5)
    assert plus(1) == 6


def test_a_function_outlives_the_run_that_made_it(engine):
    plus = engine.eval("lambda n: n + k", k=10)
    assert plus(1) == 11


def test_errors_are_those_of_an_engine(engine, module):
    with pytest.raises(dana.CompileError) as refused:
        engine.run("totl = 1\nprint(total)")
    assert refused.value.diagnostics[0].code == "E201"
    assert "print(total)" in str(refused.value)
    with pytest.raises(dana.RuntimeFault) as fault:
        module.divide(1, 0)
    assert isinstance(fault.value.__cause__, ZeroDivisionError)
    assert fault.value.diagnostics[0].line == 17
    assert fault.value.stack[-1][0] == "divide"
    with pytest.raises(dana.RuntimeFault):
        module.divide("x", 1)
    assert module.divide(1, 2) == 0.5


def test_check_finds_without_running(engine):
    found = engine.check("x: int = 'a'\nundefined_name\n")
    confined = dana.Engine(cache=False).check("x: int = 'a'\nundefined_name\n")
    assert [(d.code, d.line, d.message) for d in found] == [(d.code, d.line, d.message) for d in confined]


def test_imports_are_read_by_the_host(engine, tmp_path):
    (tmp_path / "shop.na").write_text("def price() -> int:\n    return 5\n")
    package = tmp_path / "parts"
    package.mkdir()
    (package / "one.na").write_text("value = 1\n")
    main = tmp_path / "main.na"
    main.write_text("import shop\nimport parts.one\nimport math\nprint(math.pi)\nshop.price() + parts.one.value\n")
    assert engine.run(str(main)) == 6


def test_exit_and_limits(engine):
    engine.run("exit(3)")
    assert engine.exit_code == 3
    engine.limits = dana.Limits(steps=1000)
    with pytest.raises(dana.LimitExceeded) as reached:
        engine.run("while true:\n    pass")
    assert reached.value.which == "steps"


def test_host_functions(engine):
    seen = []

    @engine.host("crm.lookup")
    def lookup(name: str) -> dict:
        seen.append(name)
        return {"name": name, "tier": 2}

    @engine.host("fail")
    def fail():
        raise problem

    problem = LookupError("no such customer")
    assert engine.run("crm.lookup('Ann')['tier']") == 2
    assert seen == ["Ann"]
    assert engine.run("x = ''\ntry:\n    fail()\nexcept LookupError as e:\n    x = e.message\nx") == "no such customer"
    with pytest.raises(dana.RuntimeFault) as fault:
        engine.run("fail()")
    assert fault.value.__cause__ is problem


def test_functions_of_python_given_as_names(engine):
    assert engine.eval("f(20) + 1", f=lambda n: n * 2) == 41


def test_objects_of_the_host_pass_through_and_show_nothing(engine):
    class Connection:
        password = "secret"

    mine = Connection()

    @engine.host("connect")
    def connect():
        return mine

    @engine.host("is_mine")
    def is_mine(connection):
        return connection is mine

    assert engine.run("is_mine(connect())") is True
    with pytest.raises(dana.RuntimeFault):
        engine.run("connect().password")


def test_asynchronous_host_functions_run_side_by_side(engine):
    running, most = 0, 0

    @engine.host("fetch")
    async def fetch(n):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        return n * 10

    text = "a = fetch(1)\nb = fetch(2)\nc = fetch(3)\na + b + c\n"
    assert engine.run(text) == 60
    assert most == 3

    async def within():
        return await engine.arun(text)

    assert asyncio.run(within()) == 60


def test_a_host_function_that_is_cancelled_by_the_host_fails(engine):
    """The program goes on as it does beside its host; before, it waited for ever."""

    @engine.host("gone")
    async def gone(n):
        await asyncio.sleep(0)
        raise asyncio.CancelledError

    text = "try:\n    gone(1)\nexcept RuntimeError as e:\n    print(e)\ngone(2)\n"

    async def within():
        await engine.arun(text)

    for run in (lambda: engine.run(text), lambda: asyncio.run(within())):
        with pytest.raises(dana.DanaError, match="`gone` was cancelled before it answered") as caught:
            run()
        assert caught.value.diagnostics[0].code == "E832"


def test_inside_a_loop_run_names_arun(engine):
    @engine.host("fetch")
    async def fetch(n):
        return n

    async def within():
        with pytest.raises(dana.UsageError, match="arun"):
            engine.run("fetch(1)")

    asyncio.run(within())


def test_arun_leaves_the_loop_free(engine):
    async def within():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.005)
                ticks += 1

        ticking = asyncio.create_task(tick())
        value = await engine.arun("n = 0\nfor i in range(2000000):\n    n += i % 3\nn\n")
        ticking.cancel()
        return value, ticks

    value, ticks = asyncio.run(within())
    assert value == 1999999
    assert ticks >= 2


def test_cancelling_a_task_ends_its_program(engine):
    async def within():
        task = asyncio.create_task(engine.arun("while true:\n    pass"))
        await asyncio.sleep(0.4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(within())
    assert engine.run("1") == 1


def test_a_session_keeps_its_state(engine):
    with engine.session() as session:
        session.run("x = 1")
        session["y"] = [1, 2]
        assert session.run("x + len(y)") == 3
        assert session["x"] == 1
        assert set(session.names()) >= {"x", "y"}
        with pytest.raises(KeyError):
            session["nothing"]
        with pytest.raises(dana.CompileError):
            session.run("unknown_name")
        session.run("x = 5")
        assert session.undo() is not None
        assert session.run("x") == 1
    with pytest.raises(dana.RuntimeFault) as ended:
        session.run("1")
    assert ended.value.diagnostics[0].code == "E721"


def test_sessions_share_nothing(engine):
    with engine.session() as one, engine.session() as two:
        one.run("x = 1")
        assert one._talk.worker.pid != two._talk.worker.pid
        with pytest.raises(dana.CompileError):
            two.run("x")


def test_input_clock_and_seed():
    class Clock:
        def monotonic(self):
            return 0.0

        def time(self):
            return 1000.5

        def sleep(self, seconds):
            slept.append(seconds)

    slept = []
    with dana.Engine(isolate="process", cache=False, read=lambda prompt: prompt + "!", clock=Clock(), seed=7) as engine:
        assert engine.run("input('who')") == "who!"
        assert engine.run("import time\ntime.now()") == 1000.5
        rolled = engine.run("import random\nrandom.randint(1, 10 ** 9)")
        assert rolled == engine.run("import random\nrandom.randint(1, 10 ** 9)")


def test_events_of_the_worker_are_heard():
    with dana.Engine(isolate="process", cache=False, record=True) as engine:
        engine.host("ping")(lambda: 1)
        engine.run("ping()")
        assert "host.call" in {event.kind for event in engine.events()}


def test_a_value_that_is_too_large_is_refused_and_said(engine):
    with pytest.raises(dana.RuntimeFault) as fault:
        engine.run("'x' * 9000000")
    assert fault.value.diagnostics[0].code == "E724"


def test_what_cannot_be_had_is_said(engine):
    with pytest.raises(dana.UsageError, match="checked"):
        engine.checked("1")


def test_without_python_there_is_no_worker(monkeypatch):
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    engine = dana.Engine(isolate="process", cache=False)
    with pytest.raises(dana.RuntimeFault) as fault:
        engine.run("1")
    assert fault.value.diagnostics[0].code == "E720"


def test_many_programs_agree_with_confine():
    generator = random.Random(3)
    texts = [f"({generator.randint(-99, 99)} ** 3 | (lambda n: [n, str(n), n / 7]))" for _ in range(6)]
    plain = dana.Engine(cache=False)
    with dana.Engine(isolate="process", cache=False) as engine:
        assert [engine.eval(t) for t in texts] == [plain.eval(t) for t in texts]


def test_sessions_import_what_the_engine_has_loaded(engine):
    engine.load("def price() -> int:\n    return 5\n", name="shop")
    with engine.session() as session:
        assert session.run("import shop\nshop.price()") == 5


def test_a_session_is_saved_and_restored(engine):
    with engine.session("one") as session:
        session.run("x = [1, 2]")
        assert session.eval("x + [n]", n=3) == [1, 2, 3]
        saved = session.snapshot()
        del session["x"]
        assert "x" not in session
    with engine.restore(saved) as again:
        assert again.run("x") == [1, 2]


def test_frozen_structs_are_keys_outside_too() -> None:
    with ProcessEngine(cache=False) as engine:
        found = engine.run(Source("<t>", "frozen struct K:\n    x: int\n[{K(1): 'one'}, {K(1), K(1)}]\n"))
    key, other = next(iter(found[0])), next(iter(found[1]))
    assert found[0][other] == "one"
    assert key == other
    assert hash(key) == hash(other)


def test_a_story_of_any_length_crosses() -> None:
    with ProcessEngine(cache=False) as engine, pytest.raises(RuntimeFault) as told:
        engine.run(Source("<t>", "raise ValueError('x' * 300000)\n"))
    assert told.value.diagnostics[0].code == "E600"
    assert len(told.value.diagnostics[0].message) <= 100_000


def test_what_a_worker_may_not_do_is_denied_with_the_flag_that_allows_it() -> None:
    text = "@poet(store='no such folder/x.txt')\ndef f(): return 1\nf()\n"
    with ProcessEngine(cache=False) as engine, pytest.raises(RuntimeFault) as told:
        engine.run(Source("<t>", text))
    assert told.value.diagnostics[0].code == "E511"
    assert "--allow-write=" in told.value.diagnostics[0].hint
