#!/usr/bin/env python3
"""Read messy credit files with and without `@poet(domain="financial_services")`, and count what comes out.

    python examples/studies/credit/run.py [--files N] [--seed S] [--out FOLDER] [--quick]

The files are drawn from a seed, with their truth. A value is exact, refused where it has a meaning (a person has to
look), wrong, or invented (a number for what has no single meaning).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[2])]

from common import bars_plot, progress, table  # noqa: E402

import dana  # noqa: E402
from dana.poet.simulation.credit import FIELDS, File, files  # noqa: E402

OUTCOMES = ("exact", "refused rightly", "refused needlessly", "wrong", "invented")


def bare(_name: str, written: Any) -> float | None:
    """What a function without help makes of it: a number where Python sees one."""
    try:
        return float(written)
    except (TypeError, ValueError):
        return None


def domain() -> Callable[[str, Any], float | None]:
    """The same question to the Dana program."""
    program = dana.Engine(limits=dana.Limits.none()).load(HERE / "read.na")

    def read(name: str, written: Any) -> float | None:
        try:
            return float(getattr(program, name)(written))
        except dana.DanaError:
            return None

    return read


def outcome(file: File, name: str, got: float | None) -> str:
    """How a reading compares with the truth."""
    if name in file.refused:
        return "refused rightly" if got is None else "invented"
    if got is None:
        return "refused needlessly"
    truth = file.truth[name]
    return "exact" if abs(got - truth) <= 1e-6 * max(1.0, abs(truth)) else "wrong"


def count(
    found: list[File], read: Callable[[str, Any], float | None], tell: Callable[[float], object] = lambda _share: None
) -> tuple[Counter[str], list[tuple[str, Any, float | None, str]]]:
    """Outcomes over all values of the files, and the values that came out other than they should."""
    counted: Counter[str] = Counter()
    bad = []
    for at, file in enumerate(found):
        for name in FIELDS:
            got = read(name, file.written[name])
            kind = outcome(file, name, got)
            counted[kind] += 1
            if kind in ("wrong", "invented", "refused needlessly"):
                bad.append((name, file.written[name], got, kind))
        tell((at + 1) / len(found))
    return counted, bad


def right(counted: Counter[str]) -> float:
    """The share of values that came out as they should."""
    return (counted["exact"] + counted["refused rightly"]) / sum(counted.values())


def main(words: list[str] | None = None) -> int:
    """The whole study; exit status 1 when a value was wrong or invented, or fewer than 98 % right."""
    parser = argparse.ArgumentParser(prog="credit", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--out", type=Path, help="where plots go (none without)")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--show", action="store_true", help="also list values that came out other than they should")
    options = parser.parse_args(words)
    found = files(40 if options.quick else options.files, options.seed)
    before, _bad = count(found, bare)
    after, bad = count(found, domain(), progress("reading "))
    print(f"{len(found)} files, {len(found) * len(FIELDS)} values\n")
    rows = [(kind, before[kind], after[kind]) for kind in OUTCOMES]
    rows.append(("as it should be", f"{right(before):.1%}", f"{right(after):.1%}"))  # type: ignore[arg-type]
    print(table(("", "bare function", "with the domain"), rows))
    if options.show:
        for name, written, got, kind in bad:
            print(f"{kind}: {name} {written!r} -> {got}")
    if options.out:
        made = bars_plot(
            options.out / "credit",
            "Values of messy files",
            "values",
            OUTCOMES,
            {"bare": [before[k] for k in OUTCOMES], "domain": [after[k] for k in OUTCOMES]},
        )
        print("\nplots:", ", ".join(str(file) for file in made))
    return 0 if options.quick or (right(after) >= 0.98 and not after["wrong"] and not after["invented"]) else 1


if __name__ == "__main__":
    sys.exit(main())
