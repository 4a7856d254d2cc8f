"""Our driver does what Lark does with the same tables: same trees, and stuck at the same tokens."""

from __future__ import annotations

import random

import pytest
from corpus import functions, standard_library
from helpers import EVERYTHING, shape
from lark import Token
from lark.exceptions import UnexpectedToken

from dana.parser import generate
from dana.parser.driver import BUILDERS, ROWS, Driver, load
from dana.parser.lexer import Lexer
from dana.parser.problems import Refused
from dana.source import Source


class LarkTwin:
    """Lark's own parser, with our builders applied to the tree it makes."""

    def __init__(self):
        self.lark = generate.load_grammar()

    def parse(self, tokens):
        """`("tree", value)`, or `("stuck", number of the token)`."""
        given = [Token(token[2], (number, token)) for number, token in enumerate(tokens[:-1])]
        try:
            tree = self.lark.parse(given, start="module")
        except UnexpectedToken as stuck:
            return "stuck", len(given) if stuck.token.type == "$END" else stuck.token.value[0]
        return "tree", self.build(tree)

    def build(self, tree):
        if tree is None:
            return None
        if isinstance(tree, Token):
            return tree.value[1]
        parts = [self.build(child) for child in tree.children]
        try:
            return BUILDERS[str(tree.data)](*parts)
        except Refused as refused:
            return refused.value


@pytest.fixture(scope="module")
def lark():
    return LarkTwin()


def drive(tokens):
    if not ROWS:
        load()
    driver = Driver(Source("t", ""), tokens, "module")
    stuck = driver.parse(0)
    return ("tree", driver.values[-1]) if stuck < 0 else ("stuck", stuck)


def same(lark, tokens):
    ours, theirs = drive(list(tokens)), lark.parse(tokens)
    assert ours[0] == theirs[0], [t[2] for t in tokens]
    if ours[0] == "stuck":
        assert ours[1] == theirs[1], [t[2] for t in tokens]
    else:
        assert [shape(s) for s in ours[1]] == [shape(s) for s in theirs[1]]
    return ours[0]


def texts():
    yield EVERYTHING
    yield from EVERYTHING.split("\n")
    yield from list(functions(standard_library(["textwrap.py", "heapq.py", "fractions.py", "calendar.py"])))[:120]


def test_the_same_trees_of_right_programs(lark):
    for text in texts():
        lexer = Lexer(Source("t", text))
        same(lark, lexer.run())


def test_the_same_verdict_on_mutated_tokens(lark):
    chance = random.Random(5)
    pool = Lexer(Source("t", EVERYTHING)).run()[:-1]
    programs = [Lexer(Source("t", text)).run() for text in texts() if 20 < len(text) < 700]
    verdicts = []
    for _ in range(1200):
        tokens = list(chance.choice(programs))
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(tokens))
            what = chance.randrange(4)
            if what == 0 and len(tokens) > 2:
                del tokens[at if at < len(tokens) - 1 else 0]
            elif what == 1:
                tokens.insert(at, chance.choice(pool))
            elif what == 2 and at < len(tokens) - 1:
                tokens[at] = chance.choice(pool)
            elif 0 < at < len(tokens) - 1:
                tokens[at - 1], tokens[at] = tokens[at], tokens[at - 1]
        verdicts.append(same(lark, tokens))
    assert 0.02 < verdicts.count("tree") / len(verdicts) < 0.95


def test_the_tables_are_those_of_the_grammar():
    with open(generate.HERE + "/_tables.py", encoding="utf-8") as file:
        assert file.read() == generate.render(generate.tables(generate.load_grammar())), (
            "run `python -m dana.parser.generate`"
        )


def test_every_rule_has_its_builder():
    from dana.parser import _tables

    assert {name for name, _, _, _ in _tables.RULES if name} <= BUILDERS.keys()


def test_a_conflict_in_the_grammar_is_refused():
    from lark.exceptions import GrammarError

    with pytest.raises(GrammarError):
        generate.load_grammar('module: e\ne: e "+" e | "n"\nannotation: "q"')
