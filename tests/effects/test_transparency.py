"""Nobody can tell a promise from its value: programs do the same when every effect is waited for at once (L34).

Without failures, and with failures inside `try` only, output, value, variables and error are equal. An effect that
fails out in the open may do so later, behind other output; then only that no program sees a promise is tested.
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import NamedTuple

import pytest

from dana.engine import Engine, Limits
from dana.errors import CompileError, DanaError
from dana.lowering import functions, statements
from tests.effects.programs import Writer

LIMITS = Limits(steps=20_000, depth=100, wall_s=10)
COUNT = 60


class Outcome(NamedTuple):
    """What a program did."""

    output: str
    value: str
    error: str
    variables: dict[str, str]
    failures: int = 0


def engine(written: list[str], failed: list[str]) -> Engine:
    made = Engine(limits=LIMITS, on_print=written.append, cache=False)

    @made.host("slow")
    async def slow(rounds: int, value):
        for _ in range(rounds):
            await asyncio.sleep(0)
        return value

    @made.host("failing")
    async def failing(rounds: int, text: str):
        failed.append(text)
        for _ in range(rounds):
            await asyncio.sleep(0)
        raise ValueError(text)

    return made


def run(program: str) -> Outcome:
    """One run, as a session of one entry, which shows the variables that are left."""
    written: list[str] = []
    failed: list[str] = []
    session = engine(written, failed).session()
    value = error = ""
    try:
        value = repr(session.run(program))
    except CompileError as refused:
        raise AssertionError(f"{refused}\n{program}") from refused
    except DanaError as fault:
        error = f"{fault.diagnostics[0].message} at {fault.diagnostics[0].line}"
    return Outcome("".join(written), value, error, variables(session.record.globals), len(failed))


def run_file(program: str) -> Outcome:
    """One run as a program of its own."""
    written: list[str] = []
    failed: list[str] = []
    value = error = ""
    try:
        value = repr(engine(written, failed).run(program))
    except CompileError as refused:
        raise AssertionError(f"{refused}\n{program}") from refused
    except DanaError as fault:
        error = f"{fault.diagnostics[0].message} at {fault.diagnostics[0].line}"
    return Outcome("".join(written), value, error, {}, len(failed))


def variables(names: dict[str, object]) -> dict[str, str]:
    return {n: repr(v) for n, v in names.items() if n.isidentifier() and len(n) < 3 and not callable(v) and n != "v"}


def at_once(program: str, how, monkeypatch) -> Outcome:
    """The same with every call of an effect waited for where it stands."""
    with monkeypatch.context() as patch:
        for module in (functions, statements):
            patch.setattr(module, "follows", lambda *_args, **_options: False)
        return how(program)


def difference(seed: int, how, monkeypatch) -> str:
    """How the two runs of a random program differ, "" when they do not."""
    random = Random(seed)
    fails = random.choice(["never", "guarded", "anywhere"])
    program = Writer(random, fails).program()
    promised, forced = how(program), at_once(program, how, monkeypatch)
    same = promised == forced._replace(failures=promised.failures)
    if fails == "anywhere" and promised.failures + forced.failures:
        same = not promised.failures or bool(forced.failures)
    if same and "promise" not in promised.output.lower():
        return ""
    return f"seed {seed} ({fails})\n{program}\npromised {promised}\nat once  {forced}"


@pytest.mark.parametrize("how", [run, run_file])
def test_programs_do_the_same_with_promises_and_without(how, monkeypatch):
    for seed in range(COUNT):
        assert difference(seed, how, monkeypatch) == ""
