"""What the tests of models share: a clock that does not wait, and models at the server of `tests.servers.models`."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from dana.adaptive.clock import FakeClock, SystemClock
from dana.models import Message, Request, Settings, open_model
from dana.models.connections import Connections
from dana.models.settings import settings_of


class Waits:
    """A clock that passes by waiting only, and says how long was waited."""

    def __init__(self) -> None:
        self.clock = FakeClock(1_000_000.0)

    async def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        await asyncio.sleep(0)

    @property
    def sleeps(self) -> list[float]:
        return self.clock.sleeps


@pytest.fixture
def waits() -> Waits:
    return Waits()


def asked(text: str = "hello", **options) -> Request:
    return Request([Message("user", text)], **options)


def settings(**table) -> Settings:
    return settings_of(table, trusted=True)


def connected(waits=None, seed: int = 1, transport=None) -> Connections:
    if waits is None:
        return Connections(clock=SystemClock(), random=random.Random(seed), transport=transport)
    return Connections(clock=waits.clock, random=random.Random(seed), sleep=waits.sleep, transport=transport)


def model_at(server, waits=None, *, spec=None, environ=None, seed: int = 1, **table):
    """A model at the server; `table` is what [model] says."""
    return open_model(
        spec or server.spec(),
        environ=environ or {},
        settings=settings(**table),
        client=connected(waits, seed),
        clock=None if waits is None else waits.clock,
    )


def run(*coroutines):
    """Their results, side by side; connections are closed before the loop is."""

    async def together():
        return await asyncio.gather(*coroutines)

    found = asyncio.run(together())
    return found[0] if len(found) == 1 else found


def as_json(value):
    """A server's answer that is always the same."""
    return lambda _body: json.dumps(value)
