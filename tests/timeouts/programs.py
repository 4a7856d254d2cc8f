"""Shapes of functions that do not end by themselves; each is a program with a function `slow`.

`SECONDS` stands for the deadline, `SIZE` for a number that makes the variants of one shape differ. `nap` and `doze` are the
host's: they wait.
"""

from __future__ import annotations

from random import Random

PLAIN = "@poet(timeout=SECONDS, retries=0)\n"

# The decorated function alone, or with what it needs before it.
SHAPES: dict[str, str] = {
    "while": "def slow():\n    while true: pass\n",
    "while that counts": "def slow():\n    n = 0\n    while n >= 0: n += SIZE\n    return n\n",
    "for over a generator": "def slow():\n    n = 0\n    for t in (a * SIZE for a in range(10 ** 12)): n += t\n",
    "nested loops": "def slow():\n    for a in range(10 ** 9):\n        for b in range(SIZE): c = a * b\n",
    "recursion": "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n\ndef slow():\n    return fib(60 + SIZE)\n",
    "recursion of two": (
        "def ping(n):\n    return 1 if n == 0 else pong(n - 1) + pong(n - 1)\n\n"
        "def pong(n):\n    return 1 if n == 0 else ping(n - 1) + ping(n - 1)\n\ndef slow():\n    return ping(60 + SIZE)\n"
    ),
    "comprehension": "def slow():\n    return len([a * b for a in range(10 ** 9) for b in range(SIZE) if a < 0])\n",
    "dict comprehension": "def slow():\n    return {n % SIZE: n for n in range(10 ** 10)}\n",
    "set comprehension": "def slow():\n    return {n % SIZE for n in range(10 ** 10)}\n",
    "text that grows": (
        'def slow():\n    text = ""\n    while true:\n        text += "x" * SIZE\n        if len(text) > 100000: text = ""\n'
    ),
    "regular expression": (
        'import re\n\ndef slow():\n    while true:\n        re.search("(a+)+$", "a" * (20 + SIZE) + "b")\n'
    ),
    "sorting with a key": (
        "def key(n):\n    return -n % SIZE\n\ndef slow():\n    while true: sorted(range(5000), key=key)\n"
    ),
    "sorting": "def slow():\n    while true: sorted(range(SIZE * 1000), reverse=true)\n",
    "closures": (
        "def slow():\n    n = 0\n    def one():\n        def two():\n            nonlocal n\n            n += SIZE\n"
        "        two()\n    while true: one()\n"
    ),
    "try and finally": (
        "def slow():\n    n = 0\n    while true:\n        try:\n            n += 1\n        finally:\n            n += SIZE\n"
    ),
    "catches everything": (
        "def slow():\n    n = 0\n    while true:\n        try:\n            n += 1\n            1 / 0\n"
        "        except:\n            n += SIZE\n"
    ),
    "catches everything around a loop": (
        "def slow():\n    for _ in range(10 ** 9):\n        try:\n            while true: pass\n        except Exception:\n"
        "            print(SIZE)\n"
    ),
    "pipeline": (
        "def one(n):\n    return n + SIZE\n\ndef two(n):\n    return n * 2 % 1000\n\ndef slow():\n    n = 1\n"
        "    flow = one | two\n    while true: n = flow(n)\n"
    ),
    "methods": (
        "struct Counter:\n    n: int = 0\n\ndef (c: Counter) up(by: int):\n    c.n += by\n\n"
        "def slow():\n    c = Counter()\n    while true: c.up(SIZE)\n"
    ),
    "match": (
        "def slow():\n    n = 0\n    while true:\n        match n % 3:\n            case 0: n += SIZE\n            case 1: n += 1\n"
        "            case _: n += 2\n"
    ),
    "large numbers": "def slow():\n    n = 3\n    while true: n = n * n % (10 ** (300 * SIZE) + 7)\n",
    "the host waits": "def slow():\n    while true: nap(0.001 * SIZE)\n",
    "the host's coroutine waits": "def slow():\n    return doze(1000 + SIZE)\n",
    "coroutines of the host, again and again": "def slow():\n    while true: doze(0.001 * SIZE)\n",
    "sleep": "import time\n\ndef slow():\n    time.sleep(1000 + SIZE)\n",
    "nested deadlines": (
        "@poet(timeout=60, retries=0)\ndef inner():\n    while true: pass\n\ndef slow():\n    return inner() + SIZE\n"
    ),
    "a dict that grows": (
        "def slow():\n    d = {}\n    n = 0\n    while true:\n        n += SIZE\n        d[n] = n\n"
        "        if len(d) > 100000: d.clear()\n"
    ),
    "json": (
        'import json\n\ndef slow():\n    rows = [{"n": n, "t": "x" * SIZE} for n in range(2000)]\n'
        "    while true: json.loads(json.dumps(rows))\n"
    ),
    "sums": "def slow():\n    while true: sum(range(10 ** 6 + SIZE))\n",
    "one endless sum": "def slow():\n    return sum(n % SIZE for n in range(10 ** 10))\n",
    "any of a generator": "def slow():\n    return any(n < 0 for n in range(10 ** 10 + SIZE))\n",
    "generators of generators": (
        "def slow():\n    ups = (n + SIZE for n in range(10 ** 12))\n    twice = (n * 2 for n in ups)\n"
        "    for i in (n * 2 for n in twice): pass\n"
    ),
    "list that is searched": "def slow():\n    many = list(range(SIZE * 1000))\n    while true: -1 in many\n",
}
DEADLINES = (0.02, 0.03, 0.05)


def programs(count: int, seed: int = 1) -> list[tuple[str, float, str]]:
    """`count` of them: name of the shape, deadline in seconds, program. Every shape comes before one comes again."""
    chance = Random(seed)
    made = []
    shapes = list(SHAPES)
    for number in range(count):
        shape = shapes[number % len(shapes)]
        seconds, size = chance.choice(DEADLINES), chance.randint(2, 9)
        text = SHAPES[shape]
        at = text.index("def slow()")
        text = text[:at] + PLAIN + text[at:]
        made.append((shape, seconds, text.replace("SECONDS", str(seconds)).replace("SIZE", str(size))))
    return made
