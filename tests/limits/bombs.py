"""Resource bombs through every built-in, method and operator; `python -m tests.limits.bombs` prints what each took.

Each program runs in a process of its own (a fork, with a hard bound on its address space) under small limits. What
counts is by how much it outlives its time and exceeds its memory, not how it ends: a bomb may be refused, stopped,
or turn out to be harmless.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import time

import dana
from dana.engine import Engine, Limits

WALL_S = 0.3
MEMORY = 256 << 20
MB = 1 << 20
LATE_S = 0.1
OVER_MB = 200
HARD_BYTES = 6 << 30
KILL_S = 12

PREPARED = """
big = "ab" * 4_000_000
wide = "a" * 10_000_000
many = list(range(1_000_000))
twice = [1]
for _ in range(60): twice = [twice, twice]
"""

ONE_LINERS = """
"a" * 10 ** 11
[0] * 10 ** 11
(0,) * 10 ** 10
10 ** 11 * "a"
10 ** 10 ** 10
7 ** 7 ** 7 ** 7
1 << 10 ** 12
pow(10, 10 ** 10)
pow(3, 10 ** 100000, 10 ** 100000 + 1)
factorial(10 ** 9)
round(5, -10 ** 9)
int("9" * 10 ** 6)
int("f" * 10 ** 7, 16)
str(10 ** 100000)
"a".ljust(10 ** 11)
"a".rjust(10 ** 11)
"a".center(10 ** 11)
"a".zfill(10 ** 11)
"a\\t".expandtabs(10 ** 11)
wide.replace("a", wide)
wide.replace("", wide)
wide.join(["x"] * 10 ** 6)
"".join([wide] * 10 ** 6)
"".join(range(10 ** 11))
wide.translate({97: wide})
wide.split("a")
wide.rsplit("a")
("a " * 5_000_000).split()
("a\\n" * 5_000_000).splitlines()
big.upper(); big.lower(); big.title(); big.swapcase(); big.casefold(); big.capitalize()
big.count("ba"); big.find("bb"); big.rfind("bb"); big.partition("bb"); big.rpartition("bb")
wide.encode("utf-32")
wide.encode("idna")
wide.encode("punycode")
wide.encode("unicode_escape")
f"{1:100000000}"
f"{1.5:.100000000f}"
f"{wide}{wide}{wide}{wide}{wide}{wide}{wide}{wide}{wide}{wide}"
format(1, "10000000000")
"{:99999999999}".format(1)
("{0:999999}" * 10000).format(1)
"%99999999999d" % 5
"%*d" % (10 ** 10, 5)
("%999999d" * 10000) % ((1,) * 10000)
list(range(10 ** 12))
tuple(range(10 ** 12))
set(range(10 ** 12))
frozenset(range(10 ** 12))
bytes(10 ** 11)
bytes(range(10 ** 12))
dict.fromkeys(range(10 ** 12))
{}.fromkeys(range(10 ** 12))
list(wide)
set(wide)
sorted(wide)
sum(range(10 ** 12))
sum([[0] * 1000] * 1000, [])
sum([[0] * 1000] * 100000, [])
sorted(range(10 ** 12))
max(range(10 ** 12))
min(range(10 ** 12), key=lambda x: x)
any(x < 0 for x in range(10 ** 12))
all(range(1, 10 ** 12))
len(list(zip(range(10 ** 12), range(10 ** 12))))
list(map(str, range(10 ** 12)))
list(filter(None, range(10 ** 12)))
list(enumerate(range(10 ** 12)))
list(reversed(range(10 ** 12)))
5.5 in range(10 ** 12)
None in enumerate(range(10 ** 12))
[].extend(range(10 ** 12))
set().update(range(10 ** 12))
set().union(range(10 ** 12))
set().isdisjoint(range(10 ** 12))
set([1]).issuperset(range(10 ** 12))
set([1]).difference(range(10 ** 12))
set([1]).symmetric_difference(range(10 ** 12))
print(*range(10 ** 12))
[*range(10 ** 12)]
(*range(10 ** 12), 1)
{*range(10 ** 12)}
(1).to_bytes(10 ** 11)
int.from_bytes(wide.encode())
getattr("a", "ljust")(10 ** 11)
str.ljust("a", 10 ** 11)
list(map("a".ljust, [10 ** 11]))
str(twice)
repr(twice)
print(twice)
f"{twice}"
format(twice, "")
"{}".format(twice)
"%s" % (twice,)
twice == [twice[0], twice[1]]
[twice] * 1000 == [twice[0]] * 1000
sorted([[x % 7, x] for x in range(300000)])
sorted(many, key=lambda x: -x)
sorted(many, key=str)
many.sort(key=str)
[x for x in range(10 ** 12)]
{x for x in range(10 ** 12)}
{x: x for x in range(10 ** 12)}
many * 1000
many + many * 100
hash(tuple(many))
many.index(-1)
many.count(-1)
many.copy(); many.reverse(); many.insert(0, 1); many.pop(0)
[many[:] for _ in range(1000)]
[list(many) for _ in range(1000)]
[many.copy() for _ in range(1000)]
[sorted(many) for _ in range(1000)]
[dict.fromkeys(many) for _ in range(1000)]
[wide[1:] for _ in range(1000)]
[wide.upper() for _ in range(1000)]
[wide + str(x) for x in range(1000)]
"""

PROGRAMS: dict[str, str] = {
    "a text that doubles, line by line": "s = 'a'\n" + "s = s + s\n" * 60,
    "… by +=": "s = 'a'\n" + "s += s\n" * 60,
    "a list that doubles, line by line": "s = [1]\n" + "s = s + s\n" * 60,
    "… by +=, in place": "s = [1]\n" + "s += s\n" * 60,
    "… by extend": "s = [1]\n" + "s.extend(s)\n" * 60,
    "… by a display": "s = [1]\n" + "s = [*s, *s]\n" * 60,
    "… by a slice": "s = [1]\n" + "s[0:0] = s\n" * 60,
    "… in a function without types": "def f(s): return s + s\ns = 'a'\n" + "s = f(s)\n" * 60,
    "… in a field": "struct P:\n    s: any\np = P('a')\n" + "p.s += p.s\n" * 60,
    "… in a dict": "d = {'s': 'a'}\n" + "d['s'] += d['s']\n" * 60,
    "… by an f-string": "s = 'a'\n" + "s = f'{s}{s}'\n" * 60,
    "… by join": "s = 'a'\n" + "s = s.join([s, s])\n" * 40,
    "… by replace": "s = 'aa'\n" + "s = s.replace('a', 'aa')\n" * 60,
    "… by *= 2": "s = 'aa'\n" + "s *= 2\n" * 60,
    "… by * 2 without types": "def f(s): return s * 2\ns = 'aa'\n" + "s = f(s)\n" * 60,
    "a product without types": "def f(a, b): return a * b\nf('a', 10 ** 11)\n",
    "a product without types, turned": "def f(a, b): return a * b\nf(10 ** 11, 'a')\n",
    "a product with a field": "struct P:\n    t: str\ndef f(n, p): return (n - 0) * p.t\nf(10 ** 11, P('a'))\n",
    "a product stored in place": "def f(a, b):\n    a *= b\n    return a\nf('a', 10 ** 11)\n",
    "a number squared, line by line": "n = 3\n" + "n = n * n\n" * 60,
    "… by a power": "n = 3\n" + "n = n ** 8\n" * 30,
    "… in a function": "def f(n: int): return n * n\nn = 3\n" + "n = f(n)\n" * 60,
    "… by *=": "n = 3\n" + "n *= n\n" * 60,
    "… in a loop": "n = 3\nwhile true: n = n * n\n",
    "a large quotient": "a = 7 ** 180_000\nb = 7 ** 90_000\nfor i in range(10 ** 9): a // b\n",
    "calls that branch, without loops": "def f0(): return 1\n"
    + "".join(f"def f{i}():\n    f{i - 1}()\n    return f{i - 1}()\n" for i in range(1, 60))
    + "f59()\n",
    "long operations in a row": PREPARED + "big.title()\n" * 2000,
    "a list that grows": "xs = []\nwhile true: xs.append(1)\n",
    "a list of lists": "xs = []\nwhile true: xs.append([1] * 8000)\n",
    "a list of texts": "xs = []\nn = 0\nwhile true:\n    n += 1\n    xs.append('a' * 1000 + str(n))\n",
    "a dict that grows": "d = {}\nn = 0\nwhile true:\n    n += 1\n    d[n] = str(n)\n",
    "a set that grows": "d = set()\nn = 0\nwhile true:\n    n += 1\n    d.add(n)\n",
    "a linked list": "x = None\nwhile true: x = (x, 1)\n",
    "a linked list of structs": "struct N:\n    next: any\nx = None\nwhile true: x = N(x)\n",
    "a chain of closures": "def wrap(f): return lambda: f\nf = None\nwhile true: f = wrap(f)\n",
    "a chain of generators": "g = [1]\nwhile true: g = (x for x in g)\n",
    "a chain of maps": "g = [1]\nfor i in range(10 ** 6): g = map(str, g)\n",
    "a recursion that keeps": "def f(n):\n    keep = [0] * 100000\n    return f(n + 1) + len(keep)\nf(0)\n",
    "a deep list": "x = []\nfor i in range(100_000): x = [x]\nprint(x)\n",
    "a deep list, compared": "x = []\ny = []\nfor i in range(100_000):\n    x = [x]\n    y = [y]\nx == y\n",
    "a deep tuple, hashed": "x = ()\nfor i in range(100_000): x = (x,)\nhash(x)\n",
    "a deep dict, thrown away": "x = {}\nfor i in range(500_000): x = {1: x}\nx = None\n",
    "a deep struct, thrown away": "struct N:\n    next: any\nx = None\nfor i in range(500_000): x = N(x)\nx = None\n",
    "print, without an end": "while true: print('x' * 1000)\n",
    "loops in finally": "try:\n    while true: pass\nfinally:\n    while true: pass\n",
    "straight code in finally": PREPARED + "try:\n    while true: pass\nfinally:\n" + "    big.title()\n" * 200,
    "a name of a method as a function": "def replace(s, a, b): return s\nwide = 'a' * 10_000_000\nwide.replace('a', wide)\n",
    "JSON of shared parts": PREPARED + "import json\njson.dumps(twice)\n",
}
for _line in ONE_LINERS.strip().splitlines():
    PROGRAMS[_line] = PREPARED + _line.replace("; ", "\n") + "\n"


class Outcome:
    """How a bomb ended, and what it took beyond its limits."""

    def __init__(self, name: str, ended: str, late_s: float, over_mb: float) -> None:
        self.name = name
        self.ended = ended
        self.late_s = late_s
        self.over_mb = over_mb

    @property
    def holds(self) -> bool:
        return self.late_s <= LATE_S and self.over_mb <= OVER_MB and self.ended != "crash"


def run(name: str, *, wall_s: float = WALL_S) -> Outcome:
    """Run one bomb in a process of its own."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        gc.freeze()  # what the process before has left is not walked through here
        try:
            _explode(PROGRAMS[name], wall_s, send)
        finally:
            os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as stream:
        answer = stream.read()
    _, status = os.waitpid(child, 0)
    if not answer or os.WIFSIGNALED(status):
        return Outcome(name, "crash", KILL_S, 0.0)
    ended, took, grown = json.loads(answer)
    return Outcome(name, ended, took - wall_s, (grown - MEMORY) / MB)


def _explode(text: str, wall_s: float, send: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (HARD_BYTES, HARD_BYTES))
    signal.alarm(KILL_S)
    engine = Engine(
        limits=Limits(wall_s=wall_s, memory_bytes=MEMORY, steps=None), on_print=lambda _text: None, cache=False
    )
    engine.run("1\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    start, busy = time.perf_counter(), time.process_time()
    try:
        engine.run(text)
        ended = "finished"
    except dana.LimitExceeded as error:
        ended = f"limit {error.which}"
    except dana.DanaError as error:
        ended = error.diagnostics[0].code
    # On a busy machine others take time, too: what counts is the smaller of both clocks.
    took = min(time.perf_counter() - start, time.process_time() - busy)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    os.write(send, json.dumps([ended, took, grown]).encode())


def main() -> int:
    """Print the table; the status is 1 when a bomb took more than it may."""
    wanted = sys.argv[1:]
    failed = 0
    print(f"limits: {WALL_S:g} s, {MEMORY // MB} MB; allowed beyond them: {LATE_S:g} s, {OVER_MB} MB")
    for name in PROGRAMS:
        if wanted and not any(word in name for word in wanted):
            continue
        made = run(name)
        failed += not made.holds
        late, over = max(made.late_s, 0.0) * 1000, max(made.over_mb, 0.0)
        mark = "  " if made.holds else "!!"
        print(f"{mark} {made.ended:<14} {late:7.0f} ms late {over:6.0f} MB over   {name[:90]}", flush=True)
    print(f"{failed} of {len(PROGRAMS)} took more than they may")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
