"""Dana programs that say what they print; time is fake, chance is seeded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dana import errors
from dana.adaptive.clock import FakeClock
from dana.engine import Engine, Limits

EXAMPLES = Path(__file__).parents[2] / "examples" / "poet"
EXPECTED = re.compile(r"# expect: (.*)$", re.MULTILINE)

PROGRAMS = {
    "receiver methods and methods in a body": """
struct Sensor:
    n: int = 0
    @poet(retries=2)
    def fresh(self) -> int:
        self.n += 1
        if self.n < 2:
            raise "not yet"
        return self.n

@poet(retries=2)
def (s: Sensor) read(by: int = 1) -> int:
    s.n += by
    if s.n < 3:
        raise "not yet"
    return s.n

print(Sensor().fresh())          # expect: 2
print(Sensor().read(by=2))       # expect: 4
""",
    "composed functions": """
tries = []
def half(x: int) -> float:
    tries.append(x)
    if len(tries) < 2:
        raise "no"
    return x / 2

@poet(retries=1)
def shown(x: int) = half | str

print(shown(5), tries)           # expect: 2.5 [5, 5]
print(7 | shown)                 # expect: 3.5
""",
    "pipelines see the true signature": """
@poet
def answer():
    return 42

print(1 | answer)                # expect: 42
""",
    "defaults are fresh in every call": """
def clean(x):
    return {"x": x + 1}

@poet(perceive_handler=clean)
def collect(x, into: list = []):
    into.append(x)
    return into

print(collect(1), collect(2), collect(3, [9]), collect(x=4))   # expect: [2] [3] [9, 4] [5]
""",
    "perceive comes before the annotations are enforced": """
words = {"excellent": 780, "good": 720}

def clean(arguments: dict) -> None:
    arguments["score"] = words.get(arguments["score"], arguments["score"])
    if isinstance(arguments["income"], str):
        arguments["income"] = float(arguments["income"].strip("$").replace(",", ""))

@poet(perceive_handler=clean)
def credit_func(score: int, income: float):
    return {"score": score, "income": income}

print(credit_func("excellent", "$50,000"))   # expect: {'score': 780, 'income': 50000.0}
""",
    "an exception struct keeps its type and fields": """
struct NotFound(Exception):
    id: int

@poet(retries=1)
def find(id: int):
    raise NotFound(id=id)

try:
    find(3)
except NotFound as e:
    print(e.type, e.id)          # expect: POETOperateError 3
""",
    "retry_on takes Dana's exceptions and functions": """
struct Busy(Exception):
    n: int = 0

@poet(retry_on=[Busy, KeyError], retries=1)
def f(log: list):
    log.append(1)
    raise Busy()

@poet(retry_on=lambda e: "again" in e.message, retries=1)
def g(log: list):
    log.append(1)
    raise "again"

for function in [f, g]:
    log = []
    try:
        function(log)
    except POETError as e:
        print(e.function, len(log))
# expect: f 2
# expect: g 2
""",
    "the story of a caught error": """
@poet(retries=1, backoff=0.5, jitter="none")
def fetch() -> str:
    raise ConnectionError("refused")

try:
    fetch()
except POETError as e:
    print(e.type, e.stage, e.function, e.line)
    for a in e.attempts:
        print(a.number, a.stage, a.type, a.message, a.place.split(":")[-1], a.waited)
# expect: POETOperateError operate fetch 7
# expect: 1 operate ConnectionError refused 4 0.5
# expect: 2 operate ConnectionError refused 4 None
""",
    "a deadline ends a sleep, and finally runs": """
import time

@poet(timeout=2)
def slow():
    try:
        time.sleep(60)
    except Exception:
        print("swallowed")
    finally:
        print("cleaned up")       # expect: cleaned up

start = time.monotonic()
try:
    slow()
except POETTimeoutError as e:
    print(e.stage, round(time.monotonic() - start))   # expect: timeout 2
""",
    "an outer deadline is not the inner call's business": """
import time

@poet(timeout=50, retries=5, retry_on=Exception)
def inner():
    time.sleep(60)

@poet(timeout=1)
def outer():
    try:
        inner()
    except POETError:
        print("never here")

try:
    outer()
except POETTimeoutError as e:
    print(e.function)            # expect: outer
""",
    "waits are those of the program's clock and the seeded source": """
import time

@poet(retries=3, backoff=1)
def f():
    raise ConnectionError("no")

start = time.monotonic()
try:
    f()
except POETError as e:
    waits = [a.waited for a in e.attempts if a.waited is not None]
    print(len(waits), 0 <= waits[2] <= 4, abs(time.monotonic() - start - sum(waits)) < 0.001)   # expect: 3 True True
""",
    "recursion, a pipeline per level": """
faults = [1, 1]

@poet(retries=2)
def depth(n: int) -> int:
    if n == 3 and faults:
        faults.pop()
        raise "not yet"
    return 0 if n == 0 else 1 + depth(n - 1)

print(depth(100))                # expect: 100
""",
    "imported under any of its names": """
from opendxa.dana.poet import poet as reliable
import poet as p

calls = []

@reliable(retries=1, backoff=0)
def f():
    calls.append(1)
    if len(calls) < 2:
        raise "no"
    return "f"

@p.poet(retries=0)
def g():
    return "g"

print(f(), g(), p.poet(lambda x: x + 1)(1))   # expect: f g 2
""",
}


def run(program, **more):
    printed: list[str] = []
    Engine(on_print=printed.append, clock=FakeClock(1e9), seed=1, cache=False, **more).run(program)
    return "".join(printed).splitlines()


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=list(PROGRAMS))
def test_program(text):
    assert run(text) == [line.rstrip() for line in EXPECTED.findall(text)]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.na")), ids=lambda path: path.name)
def test_example(path):
    assert run(path) == [line.rstrip() for line in EXPECTED.findall(path.read_text(encoding="utf-8"))]


def rendered(text, **more):
    with pytest.raises(errors.DanaError) as caught:
        run(text, **more)
    return caught.value


def test_an_uncaught_error_prints_the_whole_story():
    error = rendered("""
@poet(retries=1, backoff=0.5, jitter="none")
def fetch() -> str:
    raise ConnectionError("refused")

print(fetch())
""")
    assert isinstance(error, errors.POETError)
    assert str(error) == (
        "error[E811]: `fetch` failed in 2 attempts: ConnectionError: refused\n"
        "  --> <text>:6:7\n"
        "  |\n"
        "6 | print(fetch())\n"
        "  |       ^^^^^^^\n"
        "  = help: `retries=1` allows no further attempt\n"
        "  = note: attempt 1: ConnectionError: refused (<text>:4); waited 0.5 s\n"
        "  = note: attempt 2: ConnectionError: refused (<text>:4)\n"
        "  = note: caused by ConnectionError: refused (<text>:4:5)"
    )


def test_a_permanent_fault_is_shown_as_if_there_were_no_decorator():
    error = rendered("@poet\ndef f(x: int):\n    return 1 / x\n\nprint(f(0))\n")
    assert error.diagnostics[0].code == "E607"
    assert "POET" not in str(error)


@pytest.mark.parametrize("option", ["retries=3", "retry_on=Exception", "timeout=None", "enforce_handler=str"])
def test_limits_pass_through_every_stage(option):
    error = rendered(f"@poet({option})\ndef f():\n    while true:\n        pass\n\nf()\n", limits=Limits(steps=10_000))
    assert isinstance(error, errors.LimitExceeded)
    deep = rendered(f"@poet({option})\ndef f(n):\n    return f(n + 1)\n\nf(0)\n", limits=Limits(depth=200))
    assert isinstance(deep, errors.LimitExceeded)


def test_an_option_that_only_the_running_program_knows_is_checked_at_the_decorator():
    error = rendered("n = -1\n@poet(retries=n)\ndef f():\n    return 1\n")
    assert (error.diagnostics[0].code, error.diagnostics[0].line) == ("E804", 2)


def test_a_real_endless_loop_stops():
    with pytest.raises(errors.POETError, match="did not finish within its timeout of 20 ms"):
        Engine(cache=False).run("@poet(timeout=0.02)\ndef f():\n    while true:\n        pass\n\nf()\n")
