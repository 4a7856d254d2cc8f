"""Writes `_tables.py` from `grammar/dana.lark`: run it after every change of the grammar.

    python -m dana.parser.generate

Lark reads the grammar, proves it free of conflicts and computes the LALR tables; this module renumbers the
states so that equal grammars give equal files, and writes the tables as plain literals, which Python keeps
in the `.pyc` and loads in well under a millisecond. Nothing else in Dana imports Lark.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
GRAMMAR = os.path.join(HERE, "..", "..", "grammar", "dana.lark")
STARTS = ("module", "annotation")

HEADER = '''"""The parser's tables, written by `python -m dana.parser.generate` from grammar/dana.lark. Do not edit."""

'''


def load_grammar(grammar: str | None = None) -> Any:
    """The `lark.Lark` of the grammar, without a lexer of its own; raises `GrammarError` on any conflict."""
    from lark import Lark
    from lark.lexer import Lexer

    class Given(Lexer):
        """Hands on tokens that were made elsewhere: what `parse` gets is the list of them."""

        def __init__(self, _conf: Any) -> None:
            pass

        def lex(self, data: Any) -> Iterator[Any]:  # type: ignore[override]
            return iter(data)

    if grammar is None:
        with open(GRAMMAR, encoding="utf-8") as file:
            grammar = file.read()
    return Lark(
        grammar,
        parser="lalr",
        lexer=Given,
        start=list(STARTS),
        keep_all_tokens=True,
        maybe_placeholders=True,
        strict=True,
    )


def tables(lark: Any) -> dict[str, Any]:
    """The tables as plain data.

    `STARTS` maps a start symbol to its state. `RULES` are `(builder or "", symbol, length, places)`: `places` are
    the positions where an absent optional part becomes None. `KEYS` are distinct sets of symbols, `ROWS` gives
    for every state the number of its set and its actions: a positive action shifts (or goes) to that state,
    a negative one reduces by rule `~action`, 0 accepts. `SPELLINGS` maps a literal to its terminal.
    """
    table = lark.parser.parser._parse_table
    rules = {id(rule): number for number, rule in enumerate(lark.rules)}
    by_value = {rule: number for number, rule in enumerate(lark.rules)}
    order = _canonical_order(table)
    number_of = {state: number for number, state in enumerate(order)}
    key_numbers: dict[tuple[str, ...], int] = {}
    rows = []
    for state in order:
        actions: dict[str, int] = {}
        for symbol, (action, target) in sorted(table.states[state].items()):
            if action.name == "Shift":
                actions[symbol] = number_of[target]
            else:
                actions[symbol] = ~rules.get(id(target), by_value[target])
        if state in table.end_states.values():
            actions["$END"] = 0
        keys = tuple(sorted(actions))
        rows.append((key_numbers.setdefault(keys, len(key_numbers)), tuple(actions[key] for key in keys)))
    return {
        "STARTS": {start: number_of[table.start_states[start]] for start in STARTS},
        "RULES": tuple(_rule(rule) for rule in lark.rules),
        "KEYS": tuple(key_numbers),
        "ROWS": tuple(rows),
        "SPELLINGS": {t.pattern.value: t.name for t in lark.terminals if t.pattern.type == "str"},
    }


def _canonical_order(table: Any) -> list[Any]:
    """States in the order a walk from the start states meets them, symbols by name."""
    order = [table.start_states[start] for start in STARTS]
    seen = set(order)
    for state in order:
        for _, (action, target) in sorted(table.states[state].items(), key=lambda item: item[0]):
            if action.name == "Shift" and target not in seen:
                seen.add(target)
                order.append(target)
    return order


def _rule(rule: Any) -> tuple[str, str, int, tuple[int, ...]]:
    length = len(rule.expansion)
    passes = rule.options.expand1 and rule.alias is None and length == 1
    builder = "" if passes else str(rule.alias or rule.origin.name)
    places = tuple(place for place, empty in enumerate(rule.options.empty_indices) if empty)
    return builder, str(rule.origin.name), length, places


def render(data: dict[str, Any]) -> str:
    """The text of `_tables.py`."""
    parts = [HEADER]
    for name, value in data.items():
        if isinstance(value, tuple):
            parts.append(f"{name} = (\n")
            parts.extend(f"    {item!r},\n" for item in value)
            parts.append(")\n")
        else:
            parts.append(f"{name} = {{\n")
            parts.extend(f"    {key!r}: {item!r},\n" for key, item in value.items())
            parts.append("}\n")
    return "".join(parts)


def main() -> int:
    """Writes the file; 1 when it was up to date already and `--check` was given and it is not."""
    text = render(tables(load_grammar()))
    path = os.path.join(HERE, "_tables.py")
    if "--check" in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            return 0 if file.read() == text else 1
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"{os.path.relpath(path)}: {text.count(chr(10))} lines")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
