"""Codes of effects: what goes wrong between a program and what it waits for."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E830": Entry(
        "waiting inside a busy event loop",
        "A program that is run by an ordinary call waits for its effects by running an event loop, and Python "
        "cannot run one inside another. Code that runs in a coroutine calls Dana with `await`: `await "
        "engine.arun(…)`, `await module.f.acall(…)`. Then the host's own loop goes on while the program waits.",
    ),
    "E832": Entry(
        "an effect was cancelled from outside",
        "The function of the host that should have answered, or something it waited for, was cancelled by the "
        "host and not by the program. The program sees it as an ordinary failure of that call.",
    ),
    "E833": Entry(
        "a race without contenders",
        "`race` gives the value of whichever effect or function answers first, so it needs at least one.",
        "print(race(*[]))\n",
        "print(race(lambda: 1, lambda: 2))\n",
    ),
    "E834": Entry(
        "a limit that lets nothing run",
        "`parallel(f, items, limit=8)` runs at most `limit` calls at a time; the limit is a whole number from 1 on.",
        "print(parallel(lambda x: x * 2, [1, 2, 3], limit=0))\n",
        "print(parallel(lambda x: x * 2, [1, 2, 3], limit=2))\n",
    ),
    "E835": Entry(
        "a run does not happen again as it was recorded",
        "`dana replay` repeats a recorded run: the same text, arguments, clock, chance and answers. The event named is the "
        "first one that differs; `recorded` and `now` are what stood there and what stands there now. Most often the program, "
        "a module or Dana itself has changed since. Otherwise the program depends on something no record holds: a Python "
        "module it was granted, what was learnt meanwhile, the order in which a set gives its items.",
    ),
    "E836": Entry(
        "there is no recorded run to repeat",
        "A ledger holds events of any run; what a replay needs besides (arguments, clock readings, answers from outside) is "
        "kept by `dana run --record FILE` and `Engine(record=FILE)` only. A run whose process was killed has no end, and "
        "an answer of the host that is no data has no form in which it could be kept.",
    ),
    "E837": Entry(
        "what is watched cannot be exported",
        "`dana run --metrics FILE` needs the Python package prometheus-client, and spans need opentelemetry-sdk. Neither comes "
        "with Dana: `pip install 'dana[otel]'` installs both.",
    ),
}
