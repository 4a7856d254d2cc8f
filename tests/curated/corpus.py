"""Patterns and texts for comparing `re` with Python's."""

from __future__ import annotations

import random
import re

ATOMS = r"""
a b ab . \d \w \s \S \W \D [a-c] [^a] [\W_] [^\w\s] \b \B ^ $ \A \Z é İ [é-ü] (?=a) (?!b) (?<=a) (?<!a) (a) (?:ab|a)
(b|) (?P<n>a|b) (?P=n) \1 (?i:aB) x{2} x{e} [[a] ] { (?>a+) a++ (?(1)a|b) \n (?s:.) (?m:^) (?a:\w)
""".split()
REPEATS = ["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{,2}"]
TEXTS = [
    "", "a", "ab", "aab b", "abc\ndef", "xx 12 é", "aAbB", "x{e}", "İi ıI", "éüß ñ\n", "_a-b_", "aaaa", "a\n", "\n",
    "ba\nab\n", "１２ ab", "e\u0301 a",
]  # fmt: skip
FLAGS = [0, 0, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.ASCII, re.VERBOSE, re.IGNORECASE | re.ASCII]

WRITTEN = r"""
^\s*(?P<key>[\w.-]+)\s*=\s*(?P<value>"[^"]*"|\S+)\s*$
\b\d{1,3}(?:\.\d{1,3}){3}\b
[A-Z][a-z]+(?:\s[A-Z][a-z]+)*
(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)
[^@\s]+@[^@\s]+\.\w{2,}
<(\w+)[^>]*>(.*?)</\1>
(?<![\w.])-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?
(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}
(?i)\b(mon|tues|wednes|thurs|fri|satur|sun)day\b
(["'])(?:\\.|(?!\1).)*\1
""".strip().splitlines()
PROSE = """
  name = "Ada Lovelace"
born=1815-12-10, died 1852-11-27; host 192.168.0.255:80 <b class="x">Bold</b> <i>it</b>
mail ada@analytical.engine.org or charles@difference.net on Tuesday, FRIDAY or sunday.
-3.5e10 .5 7. 1e-3 'it\\'s' "quoted \\" text" Straße ÉCOLE naïve 第一 ١٢٣ İstanbul
"""


def patterns(seed: int, count: int) -> list[tuple[str, int]]:
    """Random patterns with flags; many of them are none."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        pattern = "".join(chance.choice(ATOMS) + chance.choice(REPEATS) for _ in range(chance.randint(1, 4)))
        if chance.random() < 0.2:
            pattern = f"(?:{pattern}){chance.choice(['*', '+', '|b', '{2}'])}"
        found.append((pattern, int(chance.choice(FLAGS))))
    return found
