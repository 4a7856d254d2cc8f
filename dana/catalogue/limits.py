"""Codes of the limits family: a limit was reached, a deadline passed, the host said stop."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E701": Entry(
        "the step limit was reached",
        "Every round of a loop and every call of a recursive function is a step, and a program has only so many. "
        "Reaching the limit ends the program: no `except` sees it, `finally` blocks still run, under a small grace "
        "budget. Usually a loop never ends because its condition never changes. If the work is really that long, "
        "run the program with a larger limit.",
        "n = 1\nwhile n > 0:\n    n += 1\n",
        "n = 1\nwhile n < 1000:\n    n += 1\n",
    ),
    "E702": Entry(
        "the time limit was reached",
        "The program ran longer than it may. Like the step limit this cannot be caught; `finally` blocks still run. "
        "To limit a part of a program, and to go on afterwards, use `with timeout(seconds):` and catch `Timeout`.",
    ),
    "E703": Entry(
        "calls are nested too deep",
        "A function called itself, directly or through others, deeper than the limit. Usually a recursion lacks "
        "the case that ends it. Very deep structures are better walked with a loop and a list.",
        "def down(n: int) -> int:\n    return down(n - 1)\n\nprint(down(10))\n",
        "def down(n: int) -> int:\n    return 0 if n <= 0 else down(n - 1)\n\nprint(down(10))\n",
    ),
    "E704": Entry(
        "a value would be too large",
        "A power, a shift or a repetition would have built a number or a sequence so large that no sensible program "
        "wants it, or there is no memory left. It is refused before any work is done.",
        'size = 10 ** 10\nline = "-" * size\n',
        'size = 40\nline = "-" * size\n',
    ),
    "E705": Entry(
        "the program printed too much",
        "What a program may print, counted in bytes, is limited where it is embedded, and by `--output` on the command "
        "line. Print less, or give it a larger limit.",
    ),
    "E706": Entry(
        "a deadline passed",
        "Code inside `with timeout(seconds):` took too long and was stopped. A program may catch this by name, "
        "with `except Timeout`, outside the `with` block; inside, the next step raises it again.",
        "with timeout(0.02):\n    n = 0\n    while true:\n        n += 1\n",
        "try:\n    with timeout(0.02):\n        n = 0\n        while true:\n            n += 1\n"
        'except Timeout:\n    print("that took too long")\n',
    ),
    "E707": Entry(
        "the program was cancelled",
        "The host, or the user with Ctrl-C, stopped the program. `finally` blocks have run.",
    ),
    "E708": Entry(
        "the memory limit was reached",
        "The program has taken more memory than it may: lists, dicts and texts that only grow, or a recursion that "
        "keeps something in every call. Nothing catches this; `finally` blocks still run. What counts is how much the "
        "process grew since the run began. Work on parts, let go of what is no longer needed, or give the program a "
        "larger limit (`--memory=512M`).",
    ),
    "E709": Entry(
        "too many promises are open",
        "Effects that were started and have not finished count as open promises, and a program may have only so many "
        "at a time. Use a value before more effects are begun, or let `parallel(f, items, limit=…)` do the pacing.",
    ),
    "E710": Entry(
        "the token limit was reached",
        "The calls of a model in this run used more tokens than the program may. What was answered so far is kept in "
        "variables until `finally` blocks have run; then the program ends.",
    ),
    "E711": Entry(
        "the spending limit was reached",
        "The calls of a model in this run cost more than the program may spend. Like every limit it cannot be caught.",
    ),
}
