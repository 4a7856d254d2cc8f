from __future__ import annotations

import random

import pytest

from dana.adaptive.clock import FakeClock
from dana.poet.pipeline import decorate
from dana.runtime.meter import Meter


class Bench:
    """A host with fake time and the real meter, as a Dana program is one."""

    def __init__(self):
        self.clock = FakeClock(1000.0)
        self.meter = Meter(clock=self.clock.monotonic)
        self.random = random.Random(7)

    def poet(self, **options):
        return lambda function: decorate(self, function, options)

    def work(self, seconds):
        """What compiled code does: time passes, the meter is looked at."""
        self.clock.advance(seconds)
        self.meter.check()


@pytest.fixture
def bench():
    made = Bench()
    made.meter.start()
    yield made
    assert made.meter.remaining() is None, "a deadline was left behind"
    made.meter.finish()
