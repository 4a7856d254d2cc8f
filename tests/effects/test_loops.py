"""A module that is dropped without an end says nothing about the event loops that go with it."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import threading
import warnings

import pytest

import dana
from dana.runtime.effects.loops import _DroppedLoop, new_loop


@pytest.fixture
def complaints(monkeypatch):
    """What the collector could not raise."""
    gc.collect()
    found: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda said: found.append(f"{said.object!r}: {said.exc_value!r}"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield found


class Owner:
    """Closes its loop when it is dropped; `first` decides what the collector sees first."""

    def __init__(self, loop, *, owner_first: bool) -> None:
        self.parts = [self, loop] if owner_first else [loop, self]
        self.loop = loop
        loop.owner = self

    def __del__(self) -> None:
        self.loop.close()


@pytest.mark.parametrize("owner_first", [True, False])
def test_a_loop_in_a_cycle_is_closed_in_silence(complaints, owner_first):
    loop = new_loop()
    loop.run_until_complete(asyncio.sleep(0))
    ends = loop._ssock, loop._csock
    Owner(loop, owner_first=owner_first)
    del loop
    gc.collect()
    assert complaints == []
    assert [end.fileno() for end in ends] == [-1, -1]


def test_a_loop_can_be_closed_after_its_sockets(complaints):
    loop = new_loop()
    for end in (loop._ssock, loop._csock):
        end.close()
    loop.close()
    loop.close()
    assert loop.is_closed()
    assert complaints == []


def test_a_loop_of_the_host_s_policy_is_taken_as_it_is(monkeypatch):
    class Theirs(asyncio.SelectorEventLoop):
        pass

    monkeypatch.setattr(asyncio, "new_event_loop", Theirs)
    loop = new_loop()
    assert type(loop) is Theirs
    loop.close()


def test_modules_that_threads_have_used_are_dropped_in_silence(complaints):
    kinds = set()

    def use() -> None:
        engine = dana.Engine(cache=False)

        @engine.host("fetch")
        async def fetch(n: int) -> int:
            await asyncio.sleep(0)
            kinds.add(type(asyncio.get_running_loop()))
            return n

        module = engine.load("def twice(n: int) -> int:\n    return fetch(n) * 2\n")
        threads = [threading.Thread(target=module.twice, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert module.twice(4) == 8

    def sockets() -> int:
        gc.collect()
        return sum(type(it) is socket.socket for it in gc.get_objects())

    before = sockets()
    for _ in range(8):
        use()
    assert sockets() - before <= 5 * 2  # those of the last engine, which may still be known somewhere
    assert complaints == []
    assert kinds == {_DroppedLoop}
