"""`dana.Limits`: what it takes and refuses, and what each limit stops (L49)."""

from __future__ import annotations

import io

import pytest

from dana import LimitExceeded, Limits, UsageError
from dana.engine import Engine
from dana.runtime.meter import Meter
from dana.runtime.stops import LimitStop

WRONG = [
    {"steps": 0}, {"steps": 1.5}, {"steps": True}, {"wall_s": 0}, {"wall_s": "1"}, {"wall_s": float("inf")},
    {"depth": None}, {"depth": 0}, {"depth": 20_001}, {"memory_bytes": 1000}, {"memory_bytes": 2.0**30},
    {"output_bytes": -1}, {"promises": 0}, {"tokens": -1}, {"usd": 0}, {"usd": float("nan")},
]  # fmt: skip


@pytest.mark.parametrize("given", WRONG, ids=str)
def test_values_that_are_no_limits_are_refused(given: dict[str, object]) -> None:
    name = next(iter(given))
    with pytest.raises(UsageError, match=rf"Limits\({name}=…\)"):
        Limits(**given)  # type: ignore[arg-type]


def test_an_unknown_limit_is_refused() -> None:
    with pytest.raises(TypeError):
        Limits(memory=1)  # type: ignore[call-arg]


def test_the_sandbox_has_sane_limits_and_a_users_own_program_none() -> None:
    sandbox, own = Limits(), Limits.none()
    assert (sandbox.memory_bytes, sandbox.output_bytes, sandbox.promises) == (256 << 20, 10_000_000, 1000)
    assert own.steps is own.wall_s is own.memory_bytes is own.output_bytes is own.promises is None
    assert own.replace(steps=5) == Limits(steps=5, wall_s=None, memory_bytes=None, output_bytes=None, promises=None)


def test_printed_bytes_count_not_characters() -> None:
    printed: list[str] = []
    engine = Engine(limits=Limits(output_bytes=8), on_print=printed.append, cache=False)
    engine.run("print('žžž')\n")
    with pytest.raises(LimitExceeded) as caught:
        engine.run("print('žž')\nprint('žž')\n")
    assert caught.value.which == "output"
    assert printed == ["žžž\n", "žž\n"]


FLOODS = {
    "log": 'for i in range(100000): log("a" * 100, "ERROR")\n',
    "method": 'for i in range(100000): log.error("a" * 100)\n',
}


@pytest.mark.parametrize("text", FLOODS.values(), ids=list(FLOODS))
def test_what_is_logged_counts_as_output(text: str) -> None:
    told = io.StringIO()
    engine = Engine(limits=Limits(output_bytes=1000), stderr=told, cache=False)
    with pytest.raises(LimitExceeded) as caught:
        engine.run(text)
    assert caught.value.which == "output"
    assert len(told.getvalue()) < 1500


def test_warnings_about_a_program_count_as_its_output() -> None:
    told = io.StringIO()
    agent = "agent_blueprint A:\n    def fails(self): raise ValueError('a' * 100)\na = A()\n"
    Engine(limits=Limits(output_bytes=1000), stderr=told, cache=False).run(
        f"{agent}for i in range(500): a.send('fails')\n"
    )
    assert 100 < len(told.getvalue()) < 1500


def test_memory_says_whether_one_value_or_all_of_it_was_too_much() -> None:
    engine = Engine(limits=Limits(memory_bytes=16 << 20), cache=False)
    for text, code in (("x = 'a' * 10 ** 9\n", "E704"), ("xs = []\nwhile true: xs.append([1] * 1000)\n", "E708")):
        with pytest.raises(LimitExceeded) as caught:
            engine.run(text)
        assert (caught.value.which, caught.value.diagnostics[0].code) == ("memory", code)


@pytest.mark.parametrize(
    "text",
    [
        "def f(n):\n    while true: n = n * n + 1\nf(10 ** 1000)\n",
        "def f(n: any):\n    while true:\n        m = n * n\n        n = m\nf(10 ** 1000)\n",
        "x = 10 ** 1000\nwhile true: x = x * x\n",
    ],
)
def test_squares_of_what_is_not_known_to_be_a_number_are_looked_at(text: str) -> None:
    engine = Engine(limits=Limits(memory_bytes=64 << 20), cache=False)
    for place in (engine, engine.session()):  # the variables of a session have no types
        with pytest.raises(LimitExceeded) as caught:
            place.run(text)
        assert caught.value.diagnostics[0].code == "E704"


def test_open_promises_are_counted() -> None:
    meter = Meter(promises=2, tokens=100, usd=0.5)
    meter.start()
    meter.promise_opened()
    meter.promise_opened()
    with pytest.raises(LimitStop, match="more promises are open than the limit of 2"):
        meter.promise_opened()
    meter.finish()


def test_tokens_and_money_are_counted() -> None:
    for spent, which in (({"tokens": 60}, "tokens"), ({"usd": 0.3}, "usd")):
        meter = Meter(tokens=100, usd=0.5)
        meter.start()
        meter.spend(**spent)  # type: ignore[arg-type]
        with pytest.raises(LimitStop) as caught:
            meter.spend(**spent)  # type: ignore[arg-type]
        assert caught.value.which == which
        meter.finish()


def test_code_without_loops_stops_in_time_and_counts_its_calls() -> None:
    calls = "".join(f"def f{i}():\n    f{i - 1}()\n    return f{i - 1}()\n" for i in range(1, 50))
    text = "def f0(): return 1\n" + calls + "f49()\n"
    for limits, which in ((Limits(steps=10_000, wall_s=None), "steps"), (Limits(steps=None, wall_s=0.05), "time")):
        with pytest.raises(LimitExceeded) as caught:
            Engine(limits=limits, cache=False).run(text)
        assert caught.value.which == which


def test_a_deadline_inside_code_without_loops_can_be_caught() -> None:
    lines = "        big.title()\n" * 400
    text = f"big = 'ab ' * 300_000\ntry:\n    with timeout(0.03):\n{lines}except Timeout:\n    x = 'late'\nx\n"
    assert Engine(cache=False).run(text) == "late"
