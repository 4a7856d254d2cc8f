"""Where calls that rest once meant something else than those that keep their stack, or than calls that block."""

from __future__ import annotations

import asyncio

import pytest

import dana
from dana.engine import Engine
from dana.poet.python import poet
from dana.poet.stages import OperateStage
from dana.runtime.effects import bridge, resting
from tests.poet.test_resting import Scene, both

ENDED = """
def item():
    return next(iter([]))

def nothing(x):
    return item()

@poet(retries=1)
def simple(x):
    item()
    return fetch(x)

@poet(retries=1, breaker=true, timeout=5)
def barred(x):
    item()
    return fetch(x)

@poet(retries=1, cache=60)
def kept(x):
    item()
    return fetch(x)

@poet(retries=1, cache=60, attempt_timeout=5)
def tried(x):
    item()
    return fetch(x)

@poet(retries=0, fallback=nothing)
def saved(x):
    item()
    return fetch(x)

@poet(rollout=0.0)
def spared(x):
    item()
    return fetch(x)

def beside(x):
    out = []
    for each in [simple, barred, kept, tried, saved, spared]:
        try:
            parallel(each, [x, x])
        except StopIteration as e:
            out.append(str(e))
    return out
"""


@pytest.mark.parametrize("name", ["simple", "barred", "kept", "tried", "saved", "spared"])
def test_an_iterator_that_has_ended_is_the_same_fault_everywhere(name, monkeypatch) -> None:
    """A `StopIteration` does not leave a generator as such, and calls that rest are generators."""
    seen, scene = both(lambda scene: scene.play([(name, "ok 1")]), ENDED, monkeypatch)
    assert any("error[E617]: the iterator has no further item" in str(each) for each in seen)
    with pytest.raises(dana.DanaError) as caught:
        getattr(scene.module, name)("ok 1")
    assert caught.value.diagnostics[0].code == "E617"


def test_an_iterator_that_has_ended_beside_others_can_be_caught(monkeypatch) -> None:
    seen, scene = both(lambda scene: scene.play([("beside", "ok 1")]), ENDED, monkeypatch)
    assert [len(each) for each in seen if isinstance(each, list)] == [6]
    assert len(scene.module.beside("ok 1")) == 6


def test_an_iterator_that_has_ended_is_the_fault_of_one_attempt() -> None:
    def ended():
        return next(iter(()))

    with pytest.raises(StopIteration):
        OperateStage(poet(retries=0)(ended)).execute()


DEFAULTS = """
def told(r, call):
    say(f"{call.args}")
    return r

def second(x, y, *, z):
    say(f"second {x} {y} {z}")
    return fetch("ok 99")

def only(x):
    return 1

@poet(retries=0, fallback=second)
def saved(x, y=2, *, z=3):
    return fetch(x)

@poet(retries=0, fallback=only)
def lost(x, y=2):
    return fetch(x)

@poet(retries=1, backoff=0.001, enforce_handler=told)
def telling(x, y=[]):
    return fetch(x)

@poet(retries=0, cache=60)
def pure(x, y=2):
    if x == "ask":
        return fetch("ok 1")
    return x + str(y)

@poet(retries=0)
def wanting(x, y=1, *, z):
    return fetch(x)
"""


@pytest.mark.parametrize(
    "call",
    [
        *[("saved", "bug"), ("saved", "bug", 5), ("lost", "bug"), ("telling", "ok 1"), ("telling", "once 1", [1])],
        *[("pure", "a"), ("wanting", "ok 1"), ("wanting", "ok 1", 2)],
    ],
)
def test_parameters_that_were_left_out_have_their_defaults(call, monkeypatch) -> None:
    """Fallbacks, handlers and caches are told of them, as in every other call."""
    calls = [call] * 2 + ([("pure", "a", 2)] if call[0] == "pure" else [])
    both(lambda scene: scene.play(calls), DEFAULTS, monkeypatch)


HEEDLESS = """
def plain(x):
    return heedless(x)

def twice(x):
    try:
        with timeout(0.01):
            heedless(x)
    except Timeout:
        say("first")
    with timeout(0.01):
        return fetch("slow")

@poet(timeout=0.01, retries=0)
def timed(x):
    return heedless(x)

@poet(attempt_timeout=0.01, retries=1, backoff=0.001, jitter="none")
def tried(x):
    return heedless(x)

def beside(xs):
    return parallel(tried, xs)
"""


class Heedless(Scene):
    """An effect that goes on when it is cancelled: it gives a value, or fails with an exception of its own."""

    def __init__(self, text: str, **options) -> None:
        super().__init__("1", **options)
        self.engine.host("heedless")(self.heedless)
        self.module = self.engine.load(text, name="scene")

    async def heedless(self, x):
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            self.seen.append("cancelled")
            if x == "fails":
                raise ValueError("of its own") from None
        return x


@pytest.mark.parametrize("may_rest", [True, False])
@pytest.mark.parametrize("x", ["a", "fails"])
@pytest.mark.parametrize("name", ["twice", "timed", "tried", "beside"])
def test_a_deadline_holds_for_effects_that_pay_no_heed(name, x, may_rest, monkeypatch) -> None:
    """What is awaited is cancelled when its time is over; a value that it gives all the same comes too late."""
    if not may_rest:
        monkeypatch.setattr(resting, "may_rest", lambda *_: False)

    async def play(scene):
        try:
            await getattr(scene.module, name).acall([x, x] if name == "beside" else x)
        except dana.DanaError as error:
            found = error.diagnostics[0].message
        assert asyncio.current_task().cancelling() == 0
        return found

    scene = Heedless(HEEDLESS)
    found = asyncio.run(play(scene))
    assert {
        "twice": "timed out after 0.01 s", "timed": "`timed` did not finish within its timeout of 10 ms",
        "tried": "`tried` failed in 2 attempts", "beside": "`tried` failed in 2 attempts",
    }[name] in found  # fmt: skip
    assert ("first" in scene.seen) == (name == "twice")


def test_whoever_has_got_hold_of_a_call_cancels_it_also_where_it_rests_next() -> None:
    """Another thread that cancels finds a call, and the loop carries that out when it comes round to it."""
    engine = Engine(cache=False)
    ended = []

    @engine.host("down")
    async def down(x):
        await asyncio.sleep(0)
        raise ConnectionError("down")

    module = engine.load("@poet(retries=9, backoff=0.001)\ndef f(x):\n    return down(x)\n", name="scene")

    async def play():
        task = asyncio.create_task(module.f.acall(1))
        await asyncio.sleep(0)
        (leg,) = module._run.program.waiting.workers
        while leg.following is None or leg.following.following is None:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert leg.dead
        leg.cancel("enough")
        with pytest.raises(dana.DanaError, match="enough"):
            await task
        ended.append(module._run.program.waiting.workers)

    asyncio.run(play())
    assert ended == [{}]


def test_a_call_can_be_found_at_any_time(monkeypatch) -> None:
    """Between two rests, too: a thread that looks for calls to cancel finds it."""
    original = bridge.Leg._next
    found = []

    def following(self, ending, seconds):
        made = original(self, ending, seconds)
        found.append({self, made} <= set(self._waiting.workers))
        return made

    monkeypatch.setattr(bridge.Leg, "_next", following)
    scene = Scene("def f(x):\n    return fetch(x)\n")
    asyncio.run(scene.play([("f", "ok 1")]))
    assert found == [True]
