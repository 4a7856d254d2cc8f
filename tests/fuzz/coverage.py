"""Which productions of the grammar a text uses: the tables are walked plainly, one reduction at a time.

The parser's own driver takes runs of one-part rules in one step and keeps no record. This walk builds
nothing and exists only to count.
"""

from __future__ import annotations

from functools import cache

from dana.parser import _tables, tokens
from dana.parser.generate import load_grammar
from dana.source import Source

ROWS = [dict(zip(_tables.KEYS[keys], actions, strict=True)) for keys, actions in _tables.ROWS]


@cache
def counted() -> frozenset[int]:
    """The productions a correct file can use: not those for what could not be read, nor those of `annotation`,
    the start symbol for types in strings."""
    spoiled = {"ERROR", "error_stmt", "annotation"}
    rules = enumerate(load_grammar().rules)
    return frozenset(n for n, r in rules if not spoiled & {r.origin.name, *(s.name for s in r.expansion)})


def productions(source: Source) -> set[int]:
    """The numbers of the productions reduced up to the end of the text, or up to its first error."""
    used: set[int] = set()
    states = [_tables.STARTS["module"]]
    for token in tokens(source):
        kind = token[2]
        while True:
            action = ROWS[states[-1]].get(kind)
            if action is None or (action == 0 and kind == "$END"):
                return used
            if action > 0:
                states.append(action)
                break
            rule = ~action
            used.add(rule)
            _, symbol, length, _ = _tables.RULES[rule]
            if length:
                del states[-length:]
            states.append(ROWS[states[-1]][symbol])
    return used


def describe(rule: int) -> str:
    """A production, for people."""
    name, symbol, length, _ = _tables.RULES[rule]
    return f"{symbol} -> {name or 'passes on'} ({length} parts)"
