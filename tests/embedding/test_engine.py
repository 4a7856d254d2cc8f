"""Engines: what they take, what they run, what they tell; threads, loops, cancelling, determinism."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import dana

MODULE = """
def answer(x: int) -> int:
    a = slow(x)
    return a + 1

def spin():
    while true: pass

def stuck():
    try:
        never()
    finally:
        print("cleaned")
"""


@pytest.fixture
def engine():
    made = dana.Engine(cache=False, on_print=[].append)

    @made.host("slow")
    async def slow(x: int) -> int:
        await asyncio.sleep(0)
        return x * 2

    @made.host("never")
    async def never() -> None:
        await asyncio.Event().wait()

    return made


# --- what an engine takes ---------------------------------------------------------------------------


def test_unknown_options_are_named():
    with pytest.raises(dana.UsageError, match="no option limts=; did you mean limits="):
        dana.Engine(limts=3)
    with pytest.raises(dana.UsageError, match="it has limits, on_print"):
        dana.Engine(zebra=3)


@pytest.mark.parametrize("options", [{"model": "gpt"}, {"model": 3}, {"store": "x.db"}, {"isolate": "vm"}])
def test_options_that_mean_nothing(options):
    with pytest.raises(dana.UsageError, match=f"{next(iter(options))}="):
        dana.Engine(**options)


def test_options_for_later_are_kept():
    engine = dana.Engine(model="scripted:yes", store="sqlite:///x.db", cache=False)
    assert (engine.model, engine.store) == ("scripted:yes", "sqlite:///x.db")


# --- what it runs -----------------------------------------------------------------------------------


def test_texts_paths_and_sources(tmp_path, engine):
    file = tmp_path / "p.na"
    file.write_text("x = 20\nx + 1")
    assert engine.run(file) == engine.run(str(file)) == engine.run(dana.Source("<p>", "x = 20\nx + 1")) == 21
    assert engine.eval(dana.Source("<p>", "a + 1"), a=2) == 3
    assert engine.eval(file, a=2) == 21
    assert engine.load(file).x == 20
    assert engine.load(dana.Source("credit.na", "y = 3")).y == 3
    assert engine.load("z = 4\n", name="some").z == 4
    with pytest.raises(dana.UsageError, match=r"a text, a path or a dana\.Source, not int"):
        engine.run(3)
    with pytest.raises(dana.DanaError) as stopped:
        engine.run(dana.Source("<p>", "1 / 0"))
    assert stopped.value.diagnostics[0].source.name == "<p>"


def test_a_missing_file_is_a_finding(tmp_path, engine):
    (tmp_path / "credit.na").write_text("x = 1")
    found = engine.check(tmp_path / "credt.na")
    assert [d.code for d in found] == ["E540"]
    assert found[0].hint == "did you mean `credit.na`?"
    for call in (engine.run, engine.load):
        with pytest.raises(dana.CompileError, match="E540"):
            call(tmp_path / "credt.na")


def test_errors_travel():
    for text in ("x = nope", "1 / 0", "while true: pass"):
        with pytest.raises(dana.DanaError) as stopped:
            dana.Engine(limits=dana.Limits(steps=99), cache=False).run(text)
        error = stopped.value
        for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert type(again) is type(error)
            assert str(again) == str(error)
            assert again.stack == error.stack
            assert getattr(again, "which", None) == getattr(error, "which", None)


# --- side by side -----------------------------------------------------------------------------------


def test_calls_on_the_hosts_loop(engine):
    module = engine.load(MODULE, name="m")

    async def host():
        answers = await asyncio.gather(*(module.answer.acall(i) for i in range(50)))
        return answers, await engine.arun("slow(4)"), await engine.aeval("slow(q)", q=5)

    assert asyncio.run(host()) == ([2 * i + 1 for i in range(50)], 8, 10)
    assert module.answer(3) == 7


def test_a_waiting_call_inside_a_loop_names_the_other_one(engine):
    module = engine.load(MODULE, name="m")

    async def host():
        module.answer(1)

    with pytest.raises(dana.DanaError, match="acall"):
        asyncio.run(host())


def test_a_cancelled_task_runs_its_finally(engine):
    printed = []
    engine._on_print = printed.append
    module = engine.load(MODULE, name="m")

    async def host():
        task = asyncio.create_task(module.stuck.acall())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        other = asyncio.create_task(module.stuck.acall())
        await asyncio.sleep(0)
        assert engine.cancel("user left", of=module)
        with pytest.raises(dana.Cancelled, match="user left"):
            await other

    asyncio.run(host())
    assert "".join(printed) == "cleaned\n" * 2


def test_cancel_from_another_thread(engine):
    module = engine.load(MODULE, name="m")
    assert not engine.cancel("nothing runs")
    started = threading.Event()
    engine.on_event(lambda _event: started.set(), "run.start")

    def stop():
        started.wait(5)
        while not engine.cancel("enough"):
            pass

    for action in (lambda: engine.run("while true: pass"), module.spin):
        started.clear()
        if action is module.spin:
            started.set()
        thread = threading.Thread(target=stop)
        thread.start()
        with pytest.raises(dana.Cancelled, match="enough"):
            action()
        thread.join()


def test_threads_take_turns_in_one_module(engine):
    module = engine.load(
        "n = 0\ndef bump():\n    global n\n    for i in range(100):\n        k = n\n        n = k + 1\n    return n\n",
        name="b",
    )
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _i: module.bump(), range(40)))
    assert module.n == 4000
    assert sorted(results) == [100 * i for i in range(1, 41)]


def test_engines_do_not_meet():
    printed = {}

    def work(number):
        engine = dana.Engine(cache=False, on_print=printed.setdefault(number, []).append)
        engine.host("me")(lambda: number)
        return engine.run("print(me())\npublic:x = me()\nsum([me() for i in range(100)])")

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(20))) == [100 * i for i in range(20)]
    assert all("".join(printed[i]) == f"{i}\n" for i in range(20))


# --- events and determinism -------------------------------------------------------------------------


def test_events_are_kept_when_asked_for():
    engine = dana.Engine(record=True, cache=False, on_print=[].append, allow=dana.Allow(net=["a.b"]))
    engine.host("f", needs={"net:a.b"})(lambda x: x)
    engine.run("import math\nprint(f(1))")
    kinds = [e.kind for e in engine.events()]
    assert kinds == ["run.start", "import", "policy.allow", "host.call", "print", "run.end"]
    assert [e.data for e in engine.events("host.*")] == [{"name": "f", "arguments": [1]}]
    assert engine.events("run.end")[0].data["outcome"] == "ok"
    with pytest.raises(dana.DanaError):
        engine.run("1 / 0")
    assert engine.events("run.end")[1].data["outcome"] == "ZeroDivisionError"
    assert engine.events()[-1].to_json()["run"] == 2
    with pytest.raises(dana.UsageError, match="record=True"):
        dana.Engine(cache=False).events()


def test_listeners_and_watchers():
    engine = dana.Engine(cache=False)
    heard = []
    end = engine.on_event(lambda e: heard.append(e.kind), "run.*")
    engine.run("1")
    end()
    engine.run("1")
    assert heard == ["run.start", "run.end"]

    async def host():
        async def read():
            async for event in engine.watch("run.*"):
                seen.append(event.kind)
                if len(seen) == 2:
                    return

        seen: list[str] = []
        task = asyncio.create_task(read())
        await asyncio.sleep(0)
        await asyncio.to_thread(engine.run, "1")
        await task
        return seen

    assert asyncio.run(host()) == ["run.start", "run.end"]


def test_limits_are_told():
    engine = dana.Engine(record=True, cache=False, limits=dana.Limits(steps=100))
    with pytest.raises(dana.LimitExceeded):
        engine.run("while true: pass")
    assert [e.data for e in engine.events("limit.*")] == [{"which": "steps"}]


class FixedClock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def time(self) -> float:
        self.now += 1
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


CHANCE = """
import random
import time
items = [random.randint(1, 1000) for i in range(10)]
a = fetch(items[0])
b = fetch(items[1])
c = fetch(items[2])
random.shuffle(items)
print(time.now() if false else items, a + b, c)
for x in {"p", "q", "r"} | {str(i) for i in items}:
    if x == "p": fetch(0)
print([b, c, a])
sum(items)
"""


def test_the_same_inputs_clock_and_seed_give_the_same_events():
    def run():
        printed = []
        engine = dana.Engine(record=True, cache=False, seed=7, clock=FixedClock(), on_print=printed.append)

        @engine.host("fetch")
        async def fetch(n: int) -> int:
            for _ in range(n % 3):
                await asyncio.sleep(0)
            return n * 2

        return engine.run(CHANCE), "".join(printed), engine.events()

    first, second = run(), run()
    assert first == second
    assert len([e for e in first[2] if e.kind == "effect.end"]) == 4


def test_modules_sessions_and_host_functions_wait_on_the_loop(engine):
    async def host():
        module = await engine.aload("x = slow(3)\ndef g(): return slow(x)\n", name="m")
        session = engine.session()

        @engine.host("again")
        async def again(n: int) -> int:
            return await module.g.acall() + n

        first = (
            module.x,
            await module.g.acall(),
            await session.arun("y = slow(4)\ny + m.x"),
            await engine.arun("again(1)"),
        )
        task = asyncio.create_task(session.arun("while true: slow(1)"))
        await asyncio.sleep(0)
        assert engine.cancel("enough", of=session)
        with pytest.raises(dana.Cancelled, match="enough"):
            await task
        return first

    assert asyncio.run(host()) == (6, 12, 14, 13)


def test_host_values_print_without_addresses():
    class Thing:
        pass

    printed = []
    engine = dana.Engine(cache=False, on_print=printed.append)
    engine.host("crm.f")(lambda x: x)
    engine.eval("print(f, t, [f, t], crm.f, crm, f'{t}')", f=lambda x: x, t=Thing())
    assert "0x" not in "".join(printed)
    assert "<Thing>" in "".join(printed)


def test_programs_that_have_ended_are_forgotten():
    engine = dana.Engine(cache=False)
    for _ in range(5):
        engine.run("1")
    gc.collect()
    assert not engine.cancel("nothing runs")
    assert len(engine._alive) <= 1


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("limits", {"steps": 1}, "dana.Limits"), ("limits", 3, "dana.Limits"), ("clock", object(), "an object with"),
        ("on_print", "x", "a function"), ("read", 3, "a function"), ("seed", [1], "a number"),
        ("roots", "rules", "a list of folders"), ("roots", [3], "a list of folders"), ("allow", True, "dana.Allow"),
        ("allow", {"read": ["x"]}, "dana.Allow"), ("deny", ["read"], "dana.Deny"), ("policy", 3, "a dana.Policy"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("isolate", [None, "process"])
def test_an_option_says_what_it_takes(option, value, wanted, isolate):
    with pytest.raises(dana.UsageError, match=f"{option}= takes {wanted}"):
        dana.Engine(isolate=isolate, **{option: value})


def test_what_is_no_function_is_refused_where_it_is_given():
    engine = dana.Engine(cache=False)
    with pytest.raises(dana.UsageError, match="'q': 3 is no function"):
        engine.host("q")(3)
    with pytest.raises(dana.UsageError, match="timeout= takes a positive number"):
        engine.host("q", timeout="2 s")(len)
    with pytest.raises(dana.UsageError, match="on_event takes a function"):
        engine.on_event("run.start")
    with pytest.raises(dana.UsageError, match="arguments= takes a dict"):
        engine.run("def __main__(a): return a", arguments=[3])
    assert engine.run("1") == 1
    assert repr(engine.load("x = 1", name="rules")) == "<Dana module 'rules'>"
