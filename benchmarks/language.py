"""Dana programs against the same programs in Python.

Programs and twins stand in `programs/`: the same algorithm, written as one writes it in each language.
Three engines run each Dana program: one with every limit on (steps, depth, time), as users have it,
and one without step counting; both beside CPython in the same process and round.
"""

from __future__ import annotations

import ast
import os
import runpy
import statistics
import sys
import tempfile
from pathlib import Path

from measure import Row, Table, geometric_mean, interleave, ratio, spawn, timed

from dana.compiler import compile_module
from dana.engine import Engine, Limits
from dana.parser import parse
from dana.source import Source

PROGRAMS = Path(__file__).resolve().parent / "programs"

# Sizes that take CPython 10 to 30 ms each.
SIZES = {
    "fib": 24,
    "while_loop": 250_000,
    "for_loop": 400_000,
    "sieve": 250_000,
    "nbody": 1_500,
    "string_building": 50_000,
    "dict_counting": 150_000,
    "structs": 25_000,
    "quicksort": 12_000,
    "mandelbrot": 70,
    "fstrings": 20_000,
    "closures": 150_000,
    "pipelines": 18_000,
    "comprehensions": 150_000,
    "try_except": 80_000,
    "annotated": 80_000,
}
GOAL_EACH = 1.40
GOALS = {"structs": 0.80}


def measure(*, quick: bool) -> list[Row]:
    table = Table(f"Dana against CPython {sys.version.split()[0]}, {'quick' if quick else 'full'} run")
    run_programs(table, rounds=5 if quick else 15)
    run_compiler(table, rounds=3 if quick else 7, most_lines=20_000 if quick else 100_000)
    run_start_up(table, rounds=25 if quick else 101)
    return table.close()


# Programs


def run_programs(table: Table, rounds: int) -> None:
    limited = Engine(limits=Limits(steps=10**12, depth=2_000, wall_s=3_600))
    uncounted = Engine(limits=Limits(steps=None, depth=2_000, wall_s=None), metered=False)
    counted_ratios, uncounted_ratios = [], []
    for name, size in SIZES.items():
        candidates = {
            "python": twin(name),
            "dana": limited.load(PROGRAMS / f"{name}.na").bench,
            "uncounted": uncounted.load(PROGRAMS / f"{name}.na").bench,
        }
        if name == "structs":
            candidates["slotted"] = twin("structs_slotted")
        agree(name, {who: bench(size) for who, bench in candidates.items()})
        times = interleave({who: bound(bench, size) for who, bench in candidates.items()}, rounds)
        value = ratio(times["dana"], times["python"])
        counted_ratios.append(value)
        uncounted_ratios.append(ratio(times["uncounted"], times["python"]))
        python_ms = statistics.median(times["python"]) * 1e3
        table.add(Row(f"language.{name}", value, "x", f"CPython {python_ms:.1f} ms", GOALS.get(name, GOAL_EACH)))
        if name == "structs":
            slotted = ratio(times["dana"], times["slotted"])
            table.add(Row("language.structs_slotted", slotted, "x", "slotted dataclass, positional", 1.05))
    table.add(Row("language.geomean", geometric_mean(counted_ratios), "x", "CPython, limits on", 1.08))
    table.add(Row("language.worst", max(counted_ratios), "x", "CPython, limits on", GOAL_EACH))
    table.add(Row("language.geomean_uncounted", geometric_mean(uncounted_ratios), "x", "CPython, no step count", 1.02))


def twin(name: str):
    return runpy.run_path(str(PROGRAMS / f"{name}.py"))["bench"]


def bound(bench, size: int):
    return lambda: bench(size)


def agree(name: str, results: dict[str, object]) -> None:
    wanted = repr(results["python"])
    for who, result in results.items():
        if repr(result) != wanted:
            raise RuntimeError(f"{name}: {who} computes {result!r}, python {wanted}")


# The compiler


def run_compiler(table: Table, rounds: int, most_lines: int) -> None:
    text = generate(10_000)
    times = interleave({"dana": lambda: parsed(text), "python": lambda: ast.parse(text)}, rounds)
    speed = f"{len(text.splitlines()) / statistics.median(times['dana']):,.0f} lines/s"
    table.add(Row("parse.ratio", ratio(times["dana"], times["python"]), "x", f"ast.parse; {speed}", 3.5))
    small, large = generate(1_000), generate(most_lines)
    per_line_small = min(timed(lambda: parsed(small)) for _ in range(5)) / len(small.splitlines())
    per_line_large = min(timed(lambda: parsed(large)) for _ in range(2)) / len(large.splitlines())
    label = f"a line of 1 000 against one of {most_lines:,}".replace(",", " ")
    table.add(Row("parse.linearity", per_line_large / per_line_small, "x", label, 1.5))
    times = interleave(
        {"dana": lambda: compiled(text), "python": lambda: compile(ast.parse(text), "twin.py", "exec")}, rounds
    )
    table.add(Row("compile.ratio", ratio(times["dana"], times["python"]), "x", "ast.parse + compile", 12))


def parsed(text: str) -> object:
    result = parse(Source("generated.na", text))
    if result.diagnostics:
        raise RuntimeError(f"the generated program must parse: {result.diagnostics[0]!r}")
    return result


def compiled(text: str) -> object:
    return compile_module(Source("generated.na", text), name="__main__")


BLOCK = '''
def assess_{i}(amount, rate, history):
    """Whether account {i} may draw the amount."""
    total = 0.0
    for entry in history:
        if entry["kind"] == "credit" and entry["amount"] > 0:
            total += entry["amount"] * (1 + rate / 100)
        elif entry["kind"] in ("debit", "fee"):
            total -= entry["amount"]
        else:
            continue
    limits = {{"low": 100 * {i}, "high": [x * 2 for x in range(10) if x % 3 != 0]}}
    message = f"account {i}: {{total:.2f}} of {{amount}}"
    try:
        share = amount / (total - limits["low"])
    except ZeroDivisionError as problem:
        return message + str(problem)
    if not share < 0.5 or amount >= limits["high"][0] and rate is not None:
        return -total ** 2 + sum(limits["high"][1:-1]) // 3
    chosen = "review" if share > 0.25 else "accept"
    return (message, chosen, lambda value: value * share + {i})

result_{i} = assess_{i}(250, rate=4.5, history=[{{"kind": "credit", "amount": 300}}])
'''


def generate(lines: int) -> str:
    """A program of about that many lines that is Dana and Python at once."""
    per_block = BLOCK.count("\n")
    return "".join(BLOCK.format(i=i) for i in range(max(1, lines // per_block)))


# Start-up

CONSOLE_SCRIPT = "import sys\nfrom dana.__main__ import main\nsys.exit(main())\n"


def run_start_up(table: Table, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        hello, script = os.path.join(folder, "hello.na"), os.path.join(folder, "dana")
        Path(hello).write_text('print("Hello")\n', encoding="utf-8")
        Path(script).write_text(CONSOLE_SCRIPT, encoding="utf-8")
        python = sys.executable
        commands = {
            "python": [python, "-c", "pass"],
            "import": [python, "-c", "import dana"],
            "cached": [python, script, hello],
            "uncached": [python, script, "--no-cache", hello],
        }
        for words in commands.values():
            spawn(words)
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for turn in range(rounds):
            for name, words in list(commands.items())[:: 1 if turn % 2 else -1]:
                runs[name].append(spawn(words))
    wall = {name: [w for w, _ in taken] for name, taken in runs.items()}
    cpu = {name: [c for _, c in taken] for name, taken in runs.items()}
    bare = f"python3 -c pass, {statistics.median(wall['python']) * 1e3:.1f} ms"
    table.add(Row("startup.cached", ratio(wall["cached"], wall["python"]), "x", bare, 1.5))
    table.add(Row("startup.cached_cpu", ratio(cpu["cached"], cpu["python"]), "x", "python3 -c pass, CPU"))
    table.add(Row("startup.uncached", ratio(wall["uncached"], wall["python"]), "x", bare, 6))
    extra = statistics.median(a - b for a, b in zip(wall["import"], wall["python"], strict=True))
    table.add(Row("startup.import", extra * 1e3, "ms", "above bare Python", 25))
