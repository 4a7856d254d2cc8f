"""Crossing the boundary: calls into Dana and out of it, conversions, many calls that wait; others beside it.

The engine has a policy and all limits of the sandbox. Differences are per call, the best of several rounds, against
the same loop around a plain function of Python, in CPU time. Which limits an engine enforces is found out by trying:
each attack runs in a process of its own, which may hold 1.5 GB and is killed when it does not stop by itself.
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Row, Table

import dana

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
MODULE = """
struct Order:
    name: str
    amount: float

def add(a: int, b: int) -> int:
    return a + b

def amount(o: Order) -> float:
    return o.amount

def order(amount: float) -> Order:
    return Order("x", amount)

def total(orders: list[Order]) -> float:
    t = 0.0
    for o in orders:
        t += o.amount
    return t

def calls(n: int) -> int:
    x = 0
    for i in range(n):
        x = host.next(i)
    return x

def plain_calls(n: int) -> int:
    x = 0
    for i in range(n):
        x = host_plain(i)
    return x

def host_plain(i: int) -> int:
    return i + 1

def structs(n: int) -> float:
    o = Order("x", 1.0)
    x = 0.0
    for i in range(n):
        x = host.price(o)
    return x
"""


@dataclass
class Order:
    name: str
    amount: float


def measure(*, quick: bool = False) -> list[Row]:
    table = Table("embedding: µs per call above plain Python, policy and limits on")
    rounds = 3 if quick else 7
    module = loaded()
    calls_in(table, module, rounds)
    calls_out(table, module, rounds)
    concurrent(table, quick=quick)
    others(table, rounds)
    attacks(quick=quick)
    return table.close()


def loaded() -> dana.Module:
    engine = dana.Engine(cache=False, allow=dana.Allow(read=["data"], net=["a.example"]), deny=dana.Deny(env=True))

    @engine.host("host.next", needs={"net:a.example"})
    def next_(i: int) -> int:
        return i + 1

    @engine.host("host.price")
    def price(order: Order) -> float:
        return order.amount

    return engine.load(MODULE, name="bench")


def per_call(act: Callable[[], object], rounds: int, count: int = 20_000) -> float:
    """Microseconds of one call, the loop included; the best of several rounds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(count):
            act()
        best = min(best, time.process_time() - start)
    return best / count * 1e6


def calls_in(table: Table, module: dana.Module, rounds: int) -> None:
    """From Python into Dana."""

    def add(a, b):
        return a + b

    plain = per_call(lambda: add(2, 3), rounds)
    table.add(Row("Python → Dana", per_call(lambda: module.add(2, 3), rounds) - plain, "µs", "add(2, 3)", 3))
    order, orders = Order("x", 1.0), [Order("x", 1.0)] * 100
    table.add(
        Row("dataclass → struct", per_call(lambda: module.amount(order), rounds, 5000) - plain, "µs", "amount(order)")
    )
    back = per_call(lambda: module.order(1.0).amount, rounds, 5000) - plain
    table.add(Row("struct → Python, one field read", back, "µs", "order(1.0).amount"))
    returned = module.order.returning(Order)
    table.add(
        Row("struct → dataclass", per_call(lambda: returned(1.0), rounds, 5000) - plain, "µs", "returning(Order)")
    )
    many = per_call(lambda: module.total(orders), rounds, 100) / 100
    table.add(Row("list of dataclasses, each", many, "µs", "total(100 orders)"))


def calls_out(table: Table, module: dana.Module, rounds: int) -> None:
    """From Dana to the host."""
    count = 20_000
    plain = min(timed(lambda: module.plain_calls(count)) for _ in range(rounds))
    host = min(timed(lambda: module.calls(count)) for _ in range(rounds))
    table.add(Row("Dana → host function", (host - plain) / count * 1e6, "µs", "a Dana function", 1))
    structs = min(timed(lambda: module.structs(2000)) for _ in range(rounds))
    table.add(Row("Dana → host, struct → dataclass", structs / 2000 * 1e6, "µs", "host.price(order)"))


def timed(act: Callable[[], object]) -> float:
    start = time.process_time()
    act()
    return time.process_time() - start


def concurrent(table: Table, *, quick: bool) -> None:
    """Many calls that wait on one event loop, each group in a process of its own."""
    from embedding_parts.effects import figures

    calls = 2_000 if quick else 10_000
    found = figures(calls, 1_000)
    table.add(Row(f"{calls} calls that wait: missing", calls - found["calls that finished"], "calls", "", 0))
    # Two kinds of bodies: those that end in their effect wait without a stack.
    for name, row in (("ends in its effect", "ending, "), ("goes on after it", "")):
        table.add(Row(f"  overhead, body {name}", found[row + "overhead per call, µs"], "µs", "bare coroutines", 60))
        resident = found[row + "resident bytes per call"] / 1024
        table.add(Row(f"  memory, body {name}", resident, "KiB", "resident, each", 15))
    table.add(Row("ten effects of 200 ms", found["ten effects of 200 ms, s"] * 1000, "ms", "", 260))
    # Of a program in Dana; docs/decisions/0011 says why 8 MB are out of reach for a body that goes on after its effect.
    for name, row, goal in (
        ("1000 @poet calls, body ends in its effect", "@poet calls that end in an effect, bytes", 8),
        ("1000 @poet calls, body goes on after it", "@poet calls in an effect, bytes", 8),
        ("1000 @poet calls before their second attempt", "@poet calls together, bytes", 8),
        ("1000 @poet calls by `parallel`, body ends", "@poet calls side by side that end in an effect, bytes", 8),
        ("1000 @poet calls by `parallel`, body goes on", "@poet calls side by side, bytes", 8),
        ("1000 @poet functions", "@poet functions, bytes", 4),
        ("  with a waiting call of each, body ends", "@poet functions and calls that end in an effect, bytes", 8),
        ("  with a waiting call of each, body goes on", "@poet functions and calls, bytes", 8),
    ):
        table.add(Row(name, found[row] / 1e6, "MB", "resident", goal))


# --- others ---------------------------------------------------------------------------------------


def others(table: Table, rounds: int) -> None:
    """The same call into, and a thousand calls out of, what else runs untrusted code."""
    for name, make in OTHERS.items():
        if find_spec(name) is None:
            continue
        into, out = make()
        table.add(
            Row(
                f"{name}: into",
                per_call(into, rounds, 500),
                "µs",
                "add(2, 3)" + (", in this process" if name == "pydantic_monty" else ""),
            )
        )
        if out is not None:
            table.add(Row(f"{name}: out", min(timed(out) for _ in range(rounds)) / CALLS * 1e6, "µs", "next(i)"))


CALLS = 500
LOOP = "def calls(n):\n    x = 0\n    for i in range(n):\n        x = next_(i)\n    return x\n"
ADD = "def add(a, b):\n    return a + b\n"


def asteval() -> tuple[Callable[[], object], Callable[[], object] | None]:
    from asteval import Interpreter

    run = Interpreter(user_symbols={"next_": lambda i: i + 1})
    run(ADD + LOOP)
    add, calls = run.symtable["add"], run.symtable["calls"]
    return (lambda: add(2, 3)), lambda: calls(CALLS)


def restricted_python() -> tuple[Callable[[], object], Callable[[], object] | None]:
    from RestrictedPython import compile_restricted, safe_globals

    scope = {**safe_globals, "next_": lambda i: i + 1, "_getiter_": iter, "range": range}
    exec(compile_restricted(ADD + LOOP, "bench", "exec"), scope)
    return (lambda: scope["add"](2, 3)), lambda: scope["calls"](CALLS)


def starlark() -> tuple[Callable[[], object], Callable[[], object] | None]:
    import starlark as sl

    module = sl.Module()
    module.add_callable("next_", lambda i: i + 1)
    sl.eval(module, sl.parse("bench.star", ADD + LOOP), sl.Globals.standard())
    frozen = module.freeze()
    return (lambda: frozen.call("add", 2, 3)), lambda: frozen.call("calls", CALLS)


def lupa() -> tuple[Callable[[], object], Callable[[], object] | None]:
    from lupa import LuaRuntime

    lua = LuaRuntime(register_eval=False, register_builtins=False, max_memory=256 << 20)
    lua.globals().next_ = lambda i: i + 1
    add = lua.eval("function(a, b) return a + b end")
    calls = lua.eval("function(n) local x = 0; for i = 0, n - 1 do x = next_(i) end; return x end")
    return (lambda: add(2, 3)), lambda: calls(CALLS)


def monty() -> tuple[Callable[[], object], Callable[[], object] | None]:
    from pydantic_monty import Monty

    pool = Monty()
    pool.__enter__()
    session = pool.checkout(limits={"max_suspensions": 10**9}).__enter__()
    session.feed_run(ADD + LOOP)
    outside = {"next_": lambda i: i + 1}
    return (lambda: session.feed_run("add(2, 3)")), lambda: session.feed_run(f"calls({CALLS})", external_lookup=outside)


OTHERS = {
    "asteval": asteval, "RestrictedPython": restricted_python, "starlark": starlark, "lupa": lupa,
    "pydantic_monty": monty,
}  # fmt: skip

# --- which limits hold ------------------------------------------------------------------------------

ENGINES = ("dana", *OTHERS)
PYTHON = {
    "endless loop": "while True:\n    pass\n",
    "memory": "a = 'x' * (10 ** 9)\nb = a + a\n",
    "growing list": "a = []\nwhile True:\n    a.append('x' * 100000)\n",
    "recursion": "def f(n):\n    return f(n + 1)\nf(0)\n",
    "output": "while True:\n    print('x' * 1000)\n",
}
STARLARK = {
    "endless loop": "def f():\n    for i in range(1000000000):\n        for j in range(1000):\n            pass\nf()\n",
    "memory": "a = 'x' * 1000000000\nb = a + a\n",
    "growing list": "def f():\n    a = []\n    for i in range(1000000000):\n        a.append('x' * 100000)\nf()\n",
    "output": "def f():\n    for i in range(1000000000):\n        print('x' * 1000)\nf()\n",
}
LUA = {
    "endless loop": "while true do end",
    "memory": "a = string.rep('x', 10 ^ 9); b = a .. a",
    "growing list": "a = {}; while true do a[#a + 1] = string.rep('x', 100000) .. #a end",
    "recursion": "function f(n) return 1 + f(n + 1) end f(0)",
    "output": "while true do print(string.rep('x', 1000)) end",
}
PATIENCE_S = 3.0


def attacks(*, quick: bool) -> None:
    """Prints which engine stops what by itself within three seconds, told to allow one second."""
    names = [name for name in ENGINES if find_spec(name) is not None]
    with ThreadPoolExecutor(2) as pool:
        kinds = list(PYTHON)[:: 2 if quick else 1]
        answers = {(n, k): pool.submit(attacked, n, k) for n in names for k in kinds}
        print(f"\n{'stops by itself:':<18}" + "".join(f"{k:>14}" for k in kinds))
        for name in names:
            print(f"{name:<18}" + "".join(f"{answers[name, k].result():>14}" for k in kinds), flush=True)


def attacked(name: str, kind: str) -> str:
    """yes: an error in time; no: it had to be killed, or the process died."""
    words = [sys.executable, str(Path(__file__).resolve()), name, kind]
    try:
        done = subprocess.run(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return "no"
    return {0: "yes", 3: "no"}.get(done.returncode, "dies")


def attack(name: str, kind: str) -> int:
    """In a process of its own: 0 when the engine stopped the attack with an error, 3 when it went through."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (3 << 29, 3 << 29))
    text = {"starlark": STARLARK, "lupa": LUA}.get(name, {}).get(kind, PYTHON[kind])
    try:
        ATTACKED[name](text)
    except MemoryError as error:
        return 3 if type(error) is MemoryError else 0  # Python's own: the process's limit, not the engine's
    except Exception as error:  # noqa: BLE001  (whatever the engine calls its error)
        print(type(error).__name__, error, file=sys.stderr)
        return 0
    return 3


def _attack_dana(text: str) -> None:
    limits = dana.Limits(wall_s=1.0, output_bytes=1_000_000, memory_bytes=200 << 20)
    dana.Engine(limits=limits, cache=False, on_print=lambda _text: None).run(text)


def _attack_asteval(text: str) -> None:
    from asteval import Interpreter

    run = Interpreter(writer=open("/dev/null", "w"), err_writer=open("/dev/null", "w"))  # noqa: SIM115
    run(text, raise_errors=True)


def _attack_restricted(text: str) -> None:
    from RestrictedPython import compile_restricted, safe_globals
    from RestrictedPython.PrintCollector import PrintCollector

    scope = {
        **safe_globals, "_getiter_": iter, "range": range, "_print_": PrintCollector, "_getattr_": getattr,
        "_write_": lambda x: x,
    }  # fmt: skip
    exec(compile_restricted(text, "attack", "exec"), scope)


def _attack_starlark(text: str) -> None:
    import starlark as sl

    end = time.monotonic() + 1.0
    options = sl.EvalOptions(check_cancelled=lambda: time.monotonic() > end, max_callstack_size=1000)
    wanted = [sl.LibraryExtension.Print]
    sl.eval_with(options, sl.Module(), sl.parse("attack.star", text), sl.Globals.extended_by(wanted))


def _attack_lupa(text: str) -> None:
    from lupa import LuaRuntime

    LuaRuntime(register_eval=False, register_builtins=False, max_memory=200 << 20).execute(text)


def _attack_monty(text: str) -> None:
    from pydantic_monty import CollectString, Monty

    limits = {"max_feed_duration_secs": 1.0, "max_memory": 200 << 20, "max_recursion_depth": 1000}
    with Monty() as pool, pool.checkout(limits=limits) as session:
        session.feed_run(text, print_callback=CollectString(1_000_000))


ATTACKED = {
    "dana": _attack_dana, "asteval": _attack_asteval, "RestrictedPython": _attack_restricted,
    "starlark": _attack_starlark, "lupa": _attack_lupa, "pydantic_monty": _attack_monty,
}  # fmt: skip


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    sys.exit(attack(sys.argv[1], sys.argv[2]))
