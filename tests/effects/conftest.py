"""A program to run lowered-looking Python in (`h_begin` is the helper `.begin`), with effects that can be watched."""

from __future__ import annotations

import ast
import asyncio
import textwrap
import time

import pytest

from dana.runtime.effects import Effect
from dana.runtime.effects.bridge import drive
from dana.runtime.faults import diagnose
from dana.runtime.meter import Meter
from dana.runtime.program import Program
from dana.source import Source


class _Helpers(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id.startswith("h_"):
            node.id = "." + node.id[2:]
        return node


class Machine:
    """One program; `story` is what its effects did, in order."""

    def __init__(self, clock=time, **limits) -> None:
        self.story: list[str] = []
        self.printed: list[str] = []
        self.meter = Meter(**limits, clock=clock.monotonic)
        self.program = Program(meter=self.meter, output=self.printed.append, clock=clock)
        self.record = self.program.module("__main__", "main.na")
        self.scope = self.record.globals
        self.effect(self.answer, "answer")
        self.effect(self.fail, "fail")
        self.effect(self.never, "never")
        self.effect(self.write, "write", writes=True)
        self.scope["say"] = self.story.append

    def effect(self, start, name, **options):
        self.scope[name] = Effect(self.program, name, start, **options)

    async def answer(self, value, seconds=0.001):
        self.story.append(f"start {value}")
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.story.append(f"cancelled {value}")
            raise
        self.story.append(f"end {value}")
        return value

    async def fail(self, message, seconds=0.001):
        await asyncio.sleep(seconds)
        raise ValueError(message)

    async def never(self):
        self.story.append("start never")
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.story.append("never ended")

    async def write(self, value, seconds=0.002):
        self.story.append(f"write {value}")
        await asyncio.sleep(seconds)
        if value == "bad":
            raise OSError("disk full")
        self.story.append(f"written {value}")
        return value

    def _code(self, text):
        text = textwrap.dedent(text).strip("\n") + "\n"
        self.program.sources["main.na"] = Source("main.na", text)
        return compile(ast.fix_missing_locations(_Helpers().visit(ast.parse(text))), "main.na", "exec")

    def run(self, text, **names):
        """Execute text inside the limits; returns the module's variables."""
        code = self._code(text)
        self.scope.update(names)
        self.guarded(lambda: exec(code, self.scope))
        return self.scope

    def guarded(self, action):
        with self.program.lock:
            self.meter.start()
            try:
                return action()
            finally:
                self.meter.finish()

    def fault(self, text, **names):
        """The diagnosed error of a text that must fail."""
        try:
            self.run(text, **names)
        except BaseException as error:  # noqa: BLE001  (what the engine's boundary does)
            return diagnose(error, self.program)
        pytest.fail("nothing went wrong")

    async def call(self, function, *args):
        """`await` a function of the program, as `module.acall` does."""
        return await drive(self.program, lambda: self.guarded(lambda: self.scope[function](*args)))

    def close(self):
        assert self.program.close() == []


@pytest.fixture
def machine():
    made = Machine()
    yield made
    made.close()


@pytest.fixture
def make_machine():
    made = []

    def make(**options):
        made.append(Machine(**options))
        return made[-1]

    yield make
    for each in made:
        each.close()
