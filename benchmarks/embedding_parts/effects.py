"""Effects: many Dana calls on one event loop, ten effects in ten lines, many `@poet` calls that wait.

There are two kinds of calls: those whose body ends in its effect (`return lookup(x)`), which rest while they wait, and
those whose body goes on after it (`return lookup(x) + 1`), which keep a stack.

Memory is measured in a process of its own: growth of what is resident while all calls wait, and what Python's own
allocator has given out (tracemalloc, without the pages greenlets map for their stacks). Time is the processor's, for
all calls together against the same number of bare coroutines, best of three.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
import tracemalloc

CALLS = 10_000
POET_CALLS = 1_000
GOES_ON, ENDS = " + 1", ""
PROGRAM = """
def ask(x):
    return lookup(x){}
"""
DECORATED = """
@poet(retries=2, timeout=20)
def ask(x):
    return lookup(x){}
"""
BESIDE = """
def all(n):
    return parallel(ask, range(n), limit=n)
"""
POET_PROGRAM = """
@poet(retries=2, backoff=0.2, backoff_max=0.2, jitter="none", timeout=20)
def ask(x):
    if first(x):
        raise "again"
    return x
"""
TEN = "\n".join(f"p{i} = slow({i})" for i in range(10)) + "\n[" + ", ".join(f"p{i}" for i in range(10)) + "]\n"


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _module(text, **hosts):
    import tempfile

    import dana

    engine = dana.Engine(cache=False, limits=dana.Limits(promises=None) if _limits_promises() else None)
    for name, function in hosts.items():
        engine.host(name)(function)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "asking.na")
        with open(path, "w") as file:
            file.write(text)
        return engine.load(path)


def _limits_promises() -> bool:
    import inspect

    import dana

    return "promises" in inspect.signature(dana.Limits).parameters


class Gate:
    """What the calls wait for; `lookup` also works without it."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.waiting = 0

    async def lookup(self, x):
        self.waiting += 1
        await self.open.wait()
        return x


async def _all(call, count: int, gate: Gate, traced: bool) -> dict:
    """`count` calls at once; what they take while they wait, and the time they take in all."""
    gc.collect()
    if traced:
        tracemalloc.start()
    memory, before = resident(), time.process_time()
    tasks = [asyncio.ensure_future(call(i)) for i in range(count)]
    while gate.waiting < count:  # noqa: ASYNC110  (nothing but the calls may run here)
        await asyncio.sleep(0)
    grown = tracemalloc.get_traced_memory()[0] if traced else resident() - memory
    gate.open.set()
    results = await asyncio.gather(*tasks)
    took = time.process_time() - before
    if traced:
        tracemalloc.stop()
    return {"bytes": grown, "seconds": took, "finished": len(results)}


def _concurrent(kind: str, traced: bool, count: int, rest: str) -> dict:
    """In a process of its own: `kind` is "dana", "decorated" or "bare"; `rest`, what the body does with the value."""

    async def host():
        gate = Gate()
        if kind == "bare":
            return await _all(gate.lookup, count, gate, traced)
        module = _module((DECORATED if kind == "decorated" else PROGRAM).format(rest), lookup=gate.lookup)
        warm = asyncio.ensure_future(module.ask.acall(0))
        await asyncio.sleep(0.01)
        gate.open.set()
        await warm
        gate.open.clear()
        gate.waiting = 0
        return await _all(module.ask.acall, count, gate, traced)

    return asyncio.run(host())


def _beside(count: int, rest: str) -> dict:
    """Decorated calls that one call of the program has begun with `parallel`."""

    async def host():
        gate = Gate()
        module = _module((DECORATED + BESIDE).format(rest), lookup=gate.lookup)
        gate.open.set()
        await module.all.acall(2)
        gate.open.clear()
        gate.waiting = 0
        gc.collect()
        memory = resident()
        task = asyncio.ensure_future(module.all.acall(count))
        while gate.waiting < count:  # noqa: ASYNC110  (nothing but the calls may run here)
            await asyncio.sleep(0)
        grown = resident() - memory
        gate.open.set()
        return {"bytes": grown, "finished": len(await task)}

    return asyncio.run(host())


def _poet(traced: bool, count: int) -> dict:
    """Calls whose first attempt fails and who wait before the second."""
    seen = set()

    def first(x):
        new = x not in seen
        seen.add(x)
        return new

    async def host():
        module = _module(POET_PROGRAM, first=first)
        await module.ask.acall(-1)
        gc.collect()
        if traced:
            tracemalloc.start()
        memory, before = resident(), time.perf_counter()
        tasks = [asyncio.ensure_future(module.ask.acall(i)) for i in range(count)]
        await asyncio.sleep(0)
        while len(seen) <= count:  # noqa: ASYNC110  (the same)
            await asyncio.sleep(0)
        grown = tracemalloc.get_traced_memory()[0] if traced else resident() - memory
        results = await asyncio.gather(*tasks)
        took = time.perf_counter() - before
        return {"bytes": grown, "seconds": took, "finished": len(results)}

    return asyncio.run(host())


COMPILING = """
import sys, dana
engine = dana.Engine()
@engine.host("lookup")
async def lookup(x): pass
for name in sys.argv[1:]: engine.load(name)
"""


def _functions(count: int, rest: str) -> dict:
    """So many decorated functions, and a call of each that waits, above the same functions undecorated."""
    import tempfile

    plain = "\n".join(f"def f{n}(x):\n    return lookup(x){rest}\n" for n in range(count))
    many = plain.replace("def ", "@poet(retries=2, timeout=20)\ndef ")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DANA_CACHE"] = os.path.join(folder, "cache")
        places = []
        for name, text in (("few", DECORATED.format(rest)), ("plain", plain), ("many", many)):
            places.append(os.path.join(folder, name + ".na"))
            with open(places[-1], "w") as file:
                file.write(text)
        subprocess.run([sys.executable, "-c", COMPILING, *places], check=True)
        return asyncio.run(_functions_of(places, count))


async def _functions_of(places: list[str], count: int) -> dict:
    import dana

    gate = Gate()
    engine = dana.Engine()
    engine.host("lookup")(gate.lookup)
    few = engine.load(places[0])
    gate.open.set()
    await few.ask.acall(0)
    gate.open.clear()
    gate.waiting = 0
    gc.collect()
    start = resident()
    plain = engine.load(places[1])
    bare = resident() - start
    start = resident()
    many = engine.load(places[2])
    decorated = resident() - start - bare
    tasks = [asyncio.ensure_future(getattr(many, f"f{n}").acall(n)) for n in range(count)]
    while gate.waiting < count:  # noqa: ASYNC110  (nothing but the calls may run here)
        await asyncio.sleep(0)
    grown = resident() - start - bare
    gate.open.set()
    await asyncio.gather(*tasks)
    del plain
    return {"bytes": grown, "decorated": decorated}


def ten_effects() -> float:
    """Seconds that ten effects of 200 ms in ten lines take together."""
    import dana

    engine = dana.Engine(cache=False)

    @engine.host("slow")
    async def slow(x: int) -> int:
        await asyncio.sleep(0.2)
        return x

    engine.run("1")
    before = time.perf_counter()
    assert engine.run(TEN) == list(range(10))
    return time.perf_counter() - before


def _child(what: str, *args) -> dict:
    done = subprocess.run([sys.executable, __file__, what, *map(str, args)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def figures(calls: int = CALLS, poet_calls: int = POET_CALLS) -> dict[str, float]:
    """All figures by name; seconds, bytes per call, microseconds per call."""
    bare = min(_child("bare", 0, calls)["seconds"] for _ in range(3))
    runs = [_child("dana", 0, calls) for _ in range(3)]
    traced = _child("dana", 1, calls)
    poet = _child("poet", 0, poet_calls)
    waiting = _child("decorated", 0, poet_calls)
    functions = _child("functions", 0, poet_calls)
    ending = [_child("dana", 0, calls, ENDS) for _ in range(3)]
    resting = _child("decorated", 0, poet_calls, ENDS)
    resting_functions = _child("functions", 0, poet_calls, ENDS)
    return {
        "calls that finished": runs[0]["finished"],
        "resident bytes per call": max(r["bytes"] for r in runs) / calls,
        "traced bytes per call": traced["bytes"] / calls,
        "overhead per call, µs": (min(r["seconds"] for r in runs) - bare) / calls * 1e6,
        "ten effects of 200 ms, s": ten_effects(),
        "@poet calls that finished": poet["finished"],
        "@poet calls together, bytes": poet["bytes"],
        "@poet calls together, s": poet["seconds"],
        "@poet calls in an effect, bytes": waiting["bytes"],
        "@poet functions, bytes": functions["decorated"],
        "@poet functions and calls, bytes": functions["bytes"],
        "ending, resident bytes per call": max(r["bytes"] for r in ending) / calls,
        "ending, overhead per call, µs": (min(r["seconds"] for r in ending) - bare) / calls * 1e6,
        "@poet calls that end in an effect, bytes": resting["bytes"],
        "@poet functions and calls that end in an effect, bytes": resting_functions["bytes"],
        "@poet calls side by side, bytes": _child("beside", 0, poet_calls)["bytes"],
        "@poet calls side by side that end in an effect, bytes": _child("beside", 0, poet_calls, ENDS)["bytes"],
    }


def main(arguments: list[str]) -> None:
    """Without arguments: all figures. With some: one measurement, as JSON, in this process."""
    if not arguments:
        for name, value in figures().items():
            print(f"{name:54} {value:14,.3f}")
        return
    what, traced, count = arguments[0], arguments[1] == "1", int(arguments[2])
    rest = arguments[3] if len(arguments) > 3 else GOES_ON
    if what == "poet":
        found = _poet(traced, count)
    elif what == "beside":
        found = _beside(count, rest)
    else:
        found = _functions(count, rest) if what == "functions" else _concurrent(what, traced, count, rest)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
