"""A program with agents whose methods are Python functions, run as `engine.run` or `arun` would run it."""

from __future__ import annotations

import asyncio
import time

from dana.adaptive.ledger import Ledger
from dana.agents.system import system_of
from dana.runtime.effects import Effect
from dana.runtime.effects.bridge import drive
from dana.runtime.meter import Meter
from dana.runtime.program import Program


class Agent:
    """What a program would hold: fields, and methods that go through the mailbox from outside."""

    def __init__(self, stage, name="Agent", init=None, **options):
        self._stage = stage
        self._name = name
        self._init = init
        self.story = []
        self.fields()
        self._actor = stage.system.actor(name, rebuild=self.rebuild, **options)

    def fields(self):
        self.count = 0

    def rebuild(self):
        self._stage.story.append(f"rebuild {self._name}")
        self.fields()
        if self._init is not None:
            self._init(self)

    # Methods, as the program's own code has them.

    def add(self, n=1):
        self.count += n
        return self.count

    def say(self, word):
        self._stage.story.append(f"{self._name} {word}")
        return word

    def fail(self, error):
        raise error

    def bug(self):
        raise AttributeError("a bug")

    def rest(self, seconds):
        self._stage.rest(seconds)
        return seconds

    def call(self, function, *args):
        return function(*args)

    # From outside.

    def ask(self, method, *args, timeout=None, **keywords):
        bound = getattr(self, method) if isinstance(method, str) else method
        if self._stage.system.current is self._actor:
            return bound(*args, **keywords)

        def start():
            return self._actor.ask(bound, args, keywords, timeout=timeout)

        return Effect(self._stage.program, f"{self._name}.{method}", start)

    def tell(self, method, *args, **options):
        bound = getattr(self, method) if isinstance(method, str) else method
        self._actor.tell(bound, args, {}, **options)


class Stage:
    """One program; `story` is what happened, in order."""

    def __init__(self, *, driven=False, clock=time, **limits):
        self.driven = driven
        self.story = []
        self.logged = []
        self.meter = Meter(**limits, clock=clock.monotonic)
        self.program = Program(
            meter=self.meter, clock=clock, log=lambda level, text: self.logged.append(f"{level}: {text}")
        )
        self.ledger = Ledger(background=False)
        self.program.open_ledger = lambda _program: self.ledger
        self.system = system_of(self.program)
        self.rest = Effect(self.program, "rest", asyncio.sleep)

    def agent(self, name="Agent", **options):
        return Agent(self, name, **options)

    def run(self, action, *, close=True):
        """What `action()` returns, run as the program's own code; then the program is closed."""

        def whole():
            self.meter.start()
            try:
                return action()
            finally:
                if close:
                    self.problems = self.program.close()
                self.meter.finish()

        if not self.driven:
            return whole()

        async def main():
            return await drive(self.program, whole)

        return asyncio.run(main())

    def kinds(self, subject=None):
        return [event.kind for event in self.ledger.events() if subject is None or event.subject == subject]
