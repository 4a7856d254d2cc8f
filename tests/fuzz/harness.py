"""Fuzzing: whatever goes in, nothing but diagnostics comes out (L46, L47).

    python -m tests.fuzz.harness --count 200000 --seed 1

An input is made from `(seed, number)` alone: a program that mostly makes sense, a sentence of the grammar,
a program of the corpus with faults, or noise. It is decoded, parsed, checked, lowered and compiled; one in
three of those that compile is run under tiny limits. Work goes in chunks; the tally of finished chunks is
kept in `build/fuzz-SEED.json`, so that a run continues where it was interrupted (`--fresh` starts over).
With `--run` the inputs are programs made to run (`hostile`), and ordinary ones, each executed under small limits with
functions of a host: they may end with a value or a `DanaError`, in time, in memory, and in no other way.
What crashed is minimised into `tests/fuzz/regressions`, which a test replays.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import resource
import sys
import time
import traceback
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from dana.diagnostics import render, render_all
from dana.errors import CompileError, DanaError
from dana.source import Source
from tests.fuzz import generate, hostile, mutate
from tests.fuzz.coverage import counted, describe, productions
from tests.fuzz.sentences import Sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REPOSITORY = Path(__file__).parents[2]
REGRESSIONS = Path(__file__).parent / "regressions"
CHUNK = 500
STEPS, DEPTH = 2_000, 60
MEMORY = 3 << 30
KINDS = ("sense", "foolish", "sentence", "mutant", "noise")
WEIGHTS = (32, 16, 14, 32, 6)
RUN_KINDS = ("hostile", "sense", "foolish")
RUN_WEIGHTS = (80, 14, 6)
RUN_STEPS, RUN_WALL_S, RUN_MEMORY, RUN_OUTPUT = 20_000, 0.5, 64 << 20, 64 << 10
# How much longer, and how much more memory, a program may take than its limits say; the first is for busy machines.
LATE_S, OVER = 2.0, 200 << 20
STAGES = ("text", "parses", "checks", "compiles", "runs", "stops")


class Crash(Exception):
    """Something other than a diagnostic came out; `signature` tells crashes apart."""

    def __init__(self, stage: str, cause: BaseException) -> None:
        super().__init__(f"{stage}: {type(cause).__name__}: {cause}")
        frames = traceback.extract_tb(cause.__traceback__)
        last = next((f for f in reversed(frames) if "/dana/" in f.filename), frames[-1] if frames else None)
        place = f"{os.path.basename(last.filename)}:{last.name}" if last else "?"
        self.signature = f"{stage}/{type(cause).__name__}/{place}"
        self.details = "".join(traceback.format_exception(cause, limit=-12))


# --- one input ------------------------------------------------------------------------------------------


class Inputs:
    """Makes the inputs of one seed."""

    def __init__(self, seed: int, *, running: bool = False) -> None:
        self.seed = seed
        self.running = running
        if running:
            return
        self.corpus = corpus()
        self.sentences = sentences()

    def make(self, number: int) -> tuple[str, bytes]:
        """Kind and content of one input."""
        rng = Random(f"{self.seed}:{number}")
        if self.running:
            kind = rng.choices(RUN_KINDS, RUN_WEIGHTS)[0]
            wild = 0.02 if kind == "foolish" else 0.0
            return kind, (hostile.program(rng) if kind == "hostile" else generate.program(rng, wild)).encode()
        kind = rng.choices(KINDS, WEIGHTS)[0]
        if kind == "sense":
            return kind, generate.program(rng).encode()
        if kind == "foolish":
            return kind, generate.program(rng, 0.02).encode()
        if kind == "sentence":
            return kind, self.sentences.text(rng, number).encode()
        if kind == "mutant":
            return kind, mutate.mutant(rng, self.corpus)
        return kind, mutate.noise(rng)


@cache
def sentences() -> Sentences:
    """The grammar, read once."""
    return Sentences()


@cache
def corpus() -> list[str]:
    """The programs of this repository, and a few generated ones."""
    texts = []
    for folder in ("tests/golden", "stdlib", "examples", "benchmarks"):
        for path in sorted((REPOSITORY / folder).rglob("*.na")):
            texts.append(path.read_bytes().decode("utf-8", "surrogateescape"))
    return texts + [generate.program(Random(n)) for n in range(50)]


def attempt(data: bytes, *, run: bool) -> list[str]:
    """The stages an input reaches. Raises `Crash`."""
    source = _guarded("decode", lambda: _source(data))
    if not isinstance(source, Source):
        render(source)
        return []
    reached = ["text"]
    parsed = _guarded("parse", lambda: _parse(source))
    if parsed.diagnostics and any(d.is_error for d in parsed.diagnostics):
        _guarded("check", lambda: _check(parsed))  # editors check half-written programs too
        return reached
    reached.append("parses")
    checked = _guarded("check", lambda: _check(parsed))
    if checked.errors:
        return reached
    reached.append("checks")
    _guarded("lower", lambda: _compile(checked))
    reached.append("compiles")
    if run:
        reached.append("runs" if _guarded("run", lambda: _run(source.text)) else "stops")
    return reached


def _guarded(stage: str, act: Callable[[], object]) -> object:
    try:
        return act()
    except (KeyboardInterrupt, Crash):
        raise
    except BaseException as cause:
        raise Crash(stage, cause) from cause


def _source(data: bytes):
    from dana.parser import decode

    return decode(data, "<fuzz>")


def _parse(source: Source):
    from dana.parser import parse

    parsed = parse(source)
    render_all(parsed.diagnostics)
    return parsed


def _check(parsed):
    from dana.checker import check

    checked = check(parsed)
    render_all(checked.diagnostics)
    return checked


def _compile(checked) -> None:
    from dana.compiler import compile_checked

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning of Python's compiler is no diagnostic
        try:
            compile_checked(checked)
        except CompileError as error:
            str(error)


def _run(text: str) -> bool:
    """Whether the program ended by itself."""
    from dana.engine import Engine, Limits

    limits = Limits(steps=STEPS, depth=DEPTH, wall_s=None)
    try:
        Engine(limits=limits, on_print=lambda _text: None, cache=False).run(text)
    except DanaError as error:
        str(error)
        return False
    return True


def execute(data: bytes) -> list[str]:
    """The stages a program made to run reaches. Raises `Crash` for any end but a value or a `DanaError`."""
    before, start = _peak(), time.process_time()
    reached = _guarded("execute", lambda: _executed(data.decode("utf-8", "replace")))
    if time.process_time() - start > RUN_WALL_S + LATE_S:
        raise Crash("execute", TimeoutError("it outlived its time"))
    if _peak() - before > RUN_MEMORY + OVER:
        raise Crash("execute", MemoryError("it took more than it may"))
    return reached  # type: ignore[return-value]


def _executed(text: str) -> list[str]:
    import asyncio

    from dana.engine import Engine, Limits

    limits = Limits(
        steps=RUN_STEPS, wall_s=RUN_WALL_S, memory_bytes=RUN_MEMORY, output_bytes=RUN_OUTPUT, depth=DEPTH, promises=50
    )
    engine = Engine(limits=limits, on_print=lambda _text: None, read=lambda _prompt: "1", cache=False)

    @engine.host("fetch")
    async def fetch(value: object = 0, fails: bool = False) -> object:
        await asyncio.sleep(0)
        if fails:
            raise LookupError("not found")
        return value

    @engine.host("host")
    def call(function, *args):
        return function(*args)

    try:
        repr(engine.run(text))
    except CompileError as error:
        str(error)
        return ["text"]
    except DanaError as error:
        str(error)
        code = error.diagnostics[0].code
        if code >= "E9" and code[:1] == "E":
            raise AssertionError(f"{code}: {error.diagnostics[0].message}") from error.__cause__
        return ["text", "parses", "checks", "compiles", "stops"]
    return ["text", "parses", "checks", "compiles", "runs"]


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# --- many inputs ----------------------------------------------------------------------------------------


class Tally:
    """What happened to a number of inputs."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.crashes: dict[str, list[int]] = {}
        self.productions: set[int] = set()

    def add(self, other: Tally) -> None:
        self.counts.update(other.counts)
        self.productions |= other.productions
        for signature, numbers in other.crashes.items():
            self.crashes.setdefault(signature, []).extend(numbers)

    def to_json(self) -> dict[str, object]:
        return {"counts": self.counts, "crashes": self.crashes, "productions": sorted(self.productions)}

    @classmethod
    def from_json(cls, data: dict) -> Tally:
        tally = cls()
        tally.counts.update(data["counts"])
        tally.crashes = data["crashes"]
        tally.productions = set(data["productions"])
        return tally


_inputs: Inputs | None = None


def explore(
    seed: int, numbers: Iterable[int], before: Callable[[int], None] = lambda _n: None, *, running: bool = False
) -> Tally:
    """Try the inputs with these numbers."""
    global _inputs
    if _inputs is None or (_inputs.seed, _inputs.running) != (seed, running):
        _inputs = Inputs(seed, running=running)
    tally = Tally()
    for number in numbers:
        before(number)
        kind, data = _inputs.make(number)
        tally.counts["inputs"] += 1
        tally.counts[kind] += 1
        try:
            reached = execute(data) if running else attempt(data, run=number % 3 == 0)
        except Crash as crash:
            tally.crashes.setdefault(crash.signature, []).append(number)
            continue
        for stage in reached:
            tally.counts[stage] += 1
            tally.counts[f"{kind} {stage}"] += 1
        if "parses" in reached and number % 4 == 0 and not running:
            tally.productions |= productions(_source(data))
    return tally


def _chunk(seed: int, number: int, count: int, watch_s: float, running: bool) -> Tally:
    """One chunk in a worker: memory is bounded, and an input that hangs ends the worker with a stack dump."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    def before(n: int) -> None:
        faulthandler.dump_traceback_later(watch_s, exit=True)
        (REPOSITORY / "build" / f"fuzz-{os.getpid()}.at").write_text(f"{seed}:{n}\n", encoding="utf-8")

    tally = explore(seed, range(number * CHUNK, min((number + 1) * CHUNK, count)), before, running=running)
    faulthandler.cancel_dump_traceback_later()
    return tally


def run(seed: int, count: int, jobs: int, state: Path, watch_s: float, *, running: bool = False) -> Tally:
    """All chunks that are not done yet; the tally includes those done before."""
    tally, done = Tally(), set()
    if state.exists():
        data = json.loads(state.read_text(encoding="utf-8"))
        tally, done = Tally.from_json(data["tally"]), set(data["done"])
    todo = [n for n in range((count + CHUNK - 1) // CHUNK) if n not in done]
    with ProcessPoolExecutor(jobs) as pool:
        futures = {pool.submit(_chunk, seed, n, count, watch_s, running): n for n in todo}
        for future in as_completed(futures):
            tally.add(future.result())
            done.add(futures[future])
            state.write_text(json.dumps({"done": sorted(done), "tally": tally.to_json()}), encoding="utf-8")
            _progress(tally.counts["inputs"], count, len(tally.crashes))
    return tally


def _progress(done: int, count: int, crashes: int) -> None:
    if sys.stderr.isatty():
        filled = done * 40 // count
        end = "\n" if done >= count else ""
        sys.stderr.write(f"\r[{'#' * filled}{'.' * (40 - filled)}] {done:,}/{count:,}  crashes: {crashes} {end}")
        sys.stderr.flush()


def report(tally: Tally) -> str:
    """The shares, as a table."""
    counts = tally.counts
    lines = [f"{'':10}{'inputs':>9}" + "".join(f"{stage:>10}" for stage in STAGES)]
    for kind in (*dict.fromkeys(KINDS + RUN_KINDS), "all"):
        if kind != "all" and not counts[kind]:
            continue
        total = counts["inputs"] if kind == "all" else counts[kind]
        cells = [counts[stage if kind == "all" else f"{kind} {stage}"] for stage in STAGES]
        shares = "".join(f"{100 * c / total if total else 0:>9.1f}%" for c in cells)
        lines.append(f"{kind:10}{total:>9,}{shares}")
    if tally.productions:
        missing = sorted(counted() - tally.productions)
        lines.append(f"productions reduced: {len(counted()) - len(missing)} of {len(counted())}")
        lines += [f"  not reached: {describe(rule)}" for rule in missing[:40]]
    lines.append(f"crashes: {sum(map(len, tally.crashes.values()))} of {len(tally.crashes)} kinds")
    return "\n".join(lines)


# --- crashes --------------------------------------------------------------------------------------------


def minimised(data: bytes, signature: str, *, running: bool = False) -> bytes:
    """A smaller input that crashes in the same way: lines, then characters, are left out while it still does."""

    def crashes(candidate: bytes) -> bool:
        try:
            execute(candidate) if running else attempt(candidate, run=True)
        except Crash as crash:
            return crash.signature == signature
        return False

    for separator in (b"\n", b""):
        parts = data.split(separator) if separator else [data[i : i + 1] for i in range(len(data))]
        size = max(1, len(parts) // 2)
        while size:
            at = 0
            while at < len(parts):
                fewer = parts[:at] + parts[at + size :]
                if crashes(separator.join(fewer)):
                    parts = fewer
                else:
                    at += size
            size //= 2
        data = separator.join(parts)
    return data


def record(seed: int, tally: Tally, *, running: bool = False) -> None:
    """Write the smallest form of every new kind of crash to `regressions`."""
    inputs = Inputs(seed, running=running)
    REGRESSIONS.mkdir(exist_ok=True)
    for signature, numbers in tally.crashes.items():
        data = min((inputs.make(n)[1] for n in numbers[:20]), key=len)
        small = minimised(data, signature, running=running)
        name = "".join(c if c.isalnum() else "_" for c in signature)
        (REGRESSIONS / f"{name}.na").write_bytes(small)
        try:
            execute(small) if running else attempt(small, run=True)
        except Crash as crash:
            sys.stdout.write(f"\n{signature} ({len(numbers)}×, e.g. {seed}:{numbers[0]}) {small!r}\n{crash.details}")


def main() -> int:
    """0 when nothing but diagnostics came out."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.harness", description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=200_000, help="inputs in all (default 200 000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs of this seed did")
    parser.add_argument("--watch", type=float, default=60.0, help="seconds after which an input counts as hanging")
    parser.add_argument("--run", action="store_true", help="programs made to run, under small limits")
    parser.add_argument("--show", metavar="SEED:NUMBER", help="print one input and what becomes of it")
    options = parser.parse_args()
    if options.show:
        seed, number = map(int, options.show.split(":"))
        kind, data = Inputs(seed, running=options.run).make(number)
        sys.stdout.write(f"{kind}\n{data.decode('utf-8', 'backslashreplace')}\n")
        sys.stdout.write(f"{execute(data) if options.run else attempt(data, run=number % 3 == 0)}\n")
        return 0
    state = REPOSITORY / "build" / f"fuzz-{'run-' if options.run else ''}{options.seed}-{options.count}.json"
    state.parent.mkdir(exist_ok=True)
    if options.fresh:
        state.unlink(missing_ok=True)
    tally = run(options.seed, options.count, options.jobs, state, options.watch, running=options.run)
    sys.stdout.write(report(tally) + "\n")
    if tally.crashes:
        record(options.seed, tally, running=options.run)
    return 1 if tally.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
