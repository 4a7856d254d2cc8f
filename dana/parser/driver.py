"""Runs the LALR tables over a list of tokens and builds the tree as it goes.

Three things make it fast. Tokens and nodes are tuples whose first fields are `start, end`, and go on the
value stack as they are. Rules that only pass a value on (`?sum: product`) build nothing, and a whole run of
them is one step: a `Chain` remembers, for a state, a token and the state below, where the run ends. And a
builder is called with exactly the parts of its rule.

On an error the driver explains it, goes back to where the statement began, puts `ERROR` there, and skips to
the end of the logical line; a block that follows is parsed as usual (L46).
"""

from __future__ import annotations

from dana.ast.nodes import Node
from dana.parser import (
    _tables,
    build_definitions,
    build_expressions,
    build_patterns,
    build_statements,
    build_strings,
    build_types,
)
from dana.parser.problems import Refused, diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from dana.diagnostics import Diagnostic
    from dana.parser.reader import Token
    from dana.source import Source

    Builder: TypeAlias = Callable[..., Any]

BUILDERS: dict[str, Builder] = {
    name: function
    for module in (build_strings, build_types, build_patterns, build_statements, build_definitions, build_expressions)
    for name, function in vars(module).items()
    if getattr(function, "__module__", None) == module.__name__
}
LINE_BEGINNERS = frozenset({"NEWLINE", "INDENT", "DEDENT", "LBLOCK", "RBLOCK"})
BLOCK_ENDS = frozenset({"INDENT", "DEDENT", "RBLOCK", "$END"})
MEANT = {"COLON": ":", "COMPARE": "=="}
LINE_ENDS = frozenset({"NEWLINE", "LBLOCK", "INDENT", "DEDENT", "RBLOCK", "$END"})


GROUPS = frozenset({build_expressions.group, build_types.type_group, build_patterns.pattern_group})


class Chain(dict[int, "tuple[int, Builder | None]"]):
    """A run of one-part rules on one token in one state: state below → (state where the run ends, builder).

    Filled when a run is first met. The builder is None when the run only passes the value on.
    """

    __slots__ = ("rule", "token")

    def __init__(self, rule: int, token: str) -> None:
        self.rule = rule
        self.token = token

    def __missing__(self, below: int) -> tuple[int, Builder | None]:
        rule = self.rule
        build: Builder | None = None
        while True:
            name, symbol, _, _ = _tables.RULES[rule]
            if name:
                build = BUILDERS[name] if build is None else _then(build, BUILDERS[name])
            state: int = ROWS[below][symbol]
            action = ROWS[state].get(self.token)
            if not isinstance(action, Chain):
                break
            rule = action.rule
        found = self[below] = (state, build)
        return found


def _then(first: Builder, second: Builder) -> Builder:
    def both(value: Any) -> Any:
        try:
            value = first(value)
        except Refused as refused:
            refused.value = second(refused.value)
            raise
        return second(value)

    return both


class Reduction:
    """A rule of no part or several: how many it takes, what it makes, and where None stands for the absent."""

    __slots__ = ("build", "groups", "length", "places", "symbol")

    def __init__(self, build: Builder, symbol: str, length: int, places: tuple[int, ...]) -> None:
        self.groups = build in GROUPS
        self.build = build
        self.symbol = symbol
        self.length = length
        self.places = places


ROWS: list[dict[str, Any]] = []


def load() -> None:
    """Links the tables: actions become states (int), `Chain`s or `Reduction`s."""
    rules: list[Reduction | None] = [
        None if length == 1 and not places else Reduction(BUILDERS[name], symbol, length, places)
        for name, symbol, length, places in _tables.RULES
    ]
    rows: list[dict[str, Any]] = []
    for keys, actions in _tables.ROWS:
        row: dict[str, Any] = dict(zip(_tables.KEYS[keys], actions, strict=True))
        for symbol, action in row.items():
            if action < 0:
                row[symbol] = rules[~action] or Chain(~action, symbol)
        rows.append(row)
    ROWS[:] = rows  # in one step: another thread may be about to parse


def drive(source: Source, tokens: list[Token], start: str) -> tuple[Any, list[Diagnostic]]:
    """The value of the start symbol, and what was wrong; the value is None only if nothing could be saved."""
    if not ROWS:
        load()
    return Driver(source, tokens, start).run()


class Driver:
    """One run over one list of tokens."""

    def __init__(self, source: Source, tokens: list[Token], start: str) -> None:
        self.source = source
        self.tokens = tokens
        self.states = [_tables.STARTS[start]]
        self.values: list[Any] = [None]  # a value stands on each state; the first has none
        self.diagnostics: list[Diagnostic] = []
        self.stuck_at = -1  # where the last recovery went on
        # Parentheses make no node, but what contains them includes them: the span of the parentheses around
        # a value that is still on the stack, by the value's id (the value is kept so that its id stays its own).
        self.grouped: dict[int, tuple[int, int, Any]] = {}

    def run(self) -> tuple[Any, list[Diagnostic]]:
        at = 0
        while True:
            at = self.parse(at)
            if at < 0:
                return self.values[-1], self.diagnostics
            at = self.recover(at)
            if at < 0:
                return None, self.diagnostics

    def parse(self, at: int) -> int:
        """Goes on at token `at`: -1 when all is read, else the number of the token that does not fit."""
        tokens = self.tokens
        states = self.states
        values = self.values
        rows = ROWS
        grouped = self.grouped
        state = states[-1]
        for number in range(at, len(tokens)):
            token = tokens[number]
            kind = token[2]
            while True:
                try:
                    action = rows[state][kind]
                except KeyError:
                    return number
                if action.__class__ is int:
                    if action:
                        state = action
                        states.append(state)
                        values.append(token)
                        if grouped and kind == "NEWLINE":
                            grouped.clear()
                        break
                    return -1
                if action.__class__ is Chain:
                    state, build = action[states[-2]]
                    states[-1] = state
                    if build is not None:
                        value = values[-1]
                        try:
                            values[-1] = build(value)
                        except Refused as refused:
                            values[-1] = self.refused(refused)
                        if grouped:
                            values[-1] = self.widened(values[-1], value, value)
                    continue
                length = action.length
                if length:
                    parts = values[-length:]
                    del values[-length:], states[-length:]
                else:
                    parts = []
                edges = (parts[0], parts[-1]) if grouped and length else None
                for place in action.places:
                    parts.insert(place, None)
                try:
                    value = action.build(*parts)
                except Refused as refused:
                    value = self.refused(refused)
                if action.groups:
                    grouped[id(value)] = (parts[0][0], parts[-1][1], value)
                elif edges is not None:
                    value = self.widened(value, *edges)
                values.append(value)
                state = rows[states[-1]][action.symbol]
                states.append(state)
        return -1

    def widened(self, value: Any, first: Any, last: Any) -> Any:
        """The node with the parentheses around its first and last part inside its span."""
        if value.__class__ is list and len(value) == 1:  # a run of rules that ends in a list of one
            value[0] = self.widened(value[0], first, last)
        if not isinstance(value, Node) or value is first or value is last:
            return value
        before = self.grouped.get(id(edge(first, 0)))
        after = self.grouped.get(id(edge(last, -1)))
        if before is None and after is None:
            return value
        start = before[0] if before else value.start
        end = after[1] if after else value.end
        widened: Node = tuple.__new__(type(value), (start, end, *value[2:]))
        return widened

    def refused(self, refused: Refused) -> Any:
        """Records what a builder would not accept; gives what takes its place."""
        self.diagnostics.append(
            diagnostic(self.source, refused.code, refused.message, refused.start, refused.end, **refused.details)
        )
        return refused.value

    # --- recovery (L46) ---------------------------------------------------------------------------------

    def recover(self, at: int) -> int:
        """Reports the token that does not fit and makes the parser ready to go on; where, or -1 if nowhere."""
        tokens = self.tokens
        token = tokens[at]
        line_end = self.skip_line(at)
        given_up = any(tokens[number][2] == "BAD" for number in range(at, line_end))
        if not given_up and not self.follows_error(at):
            from dana.parser.explain import explain

            finding, repair = explain(self, at)
            self.diagnostics.append(finding)
            if repair is not None:
                return self.repair(at, *repair)
        lost = self.place_error(token)
        if lost < 0:
            return -1
        begins_line = at == 0 or tokens[at - 1][2] in LINE_BEGINNERS
        # A line that is wrong from its first word is skipped; one that only follows an unfinished statement is not.
        if (not begins_line or not lost or at == self.stuck_at) and token[2] not in BLOCK_ENDS:
            at = line_end
        self.stuck_at = at
        following = tokens[at]
        if following[2] != "LBLOCK":
            ends = following[2] == "NEWLINE"
            self.states.append(ROWS[self.states[-1]]["NEWLINE"])
            self.values.append(following if ends else (following[0], following[0], "NEWLINE", None))
            at += ends
        return at

    def repair(self, at: int, kind: str, width: int) -> int:
        """Reads a token of the given kind in the place of `width` tokens; gives where to go on."""
        tokens = self.tokens
        start = tokens[at][0]
        end = tokens[at + width - 1][1] if width else start
        tokens[at : at + width] = [(start, end, kind, MEANT[kind])]
        return at

    def follows_error(self, at: int) -> bool:
        """An `else` or the like right after a statement that was given up says nothing new."""
        if self.tokens[at][2] not in ("ELSE", "ELIF", "EXCEPT", "FINALLY"):
            return False
        # The statement is still on the stack: ERROR NEWLINE, maybe with a block behind it.
        last = self.values[-1]
        if last.__class__ is not tuple or last[2] not in LINE_BEGINNERS:
            return False
        return any(part.__class__ is tuple and len(part) == 4 and part[2] == "ERROR" for part in self.values[-5:-1])

    def place_error(self, token: Token) -> int:
        """Shifts ERROR where the statement began; how many parts of a statement were given up, -1 if impossible."""
        start = token[0]
        end = token[0] if token[2] in LINE_BEGINNERS else token[1]
        states, values = self.states, self.values
        lost = 0
        while True:
            action = ROWS[states[-1]].get("ERROR")
            if action.__class__ is int:
                states.append(action)
                values.append((start, end, "ERROR", ""))
                return lost
            if action is not None:
                self.reduce(action)
                continue
            if len(states) == 1:
                return -1
            states.pop()
            part = values.pop()
            lost += 1
            if isinstance(part, Node) or (part.__class__ is tuple and len(part) == 4 and part[2].__class__ is str):
                start = min(start, part[0])

    def reduce(self, action: Any) -> None:
        """One reduction on ERROR: the statement before the wrong one is complete."""
        states, values = self.states, self.values
        if action.__class__ is Chain:
            name, symbol, length, places = _tables.RULES[action.rule]
            action = Reduction(BUILDERS[name] if name else _itself, symbol, length, places)
        length = action.length
        parts = values[len(values) - length :]
        del values[len(values) - length :], states[len(states) - length :]
        for place in action.places:
            parts.insert(place, None)
        try:
            values.append(action.build(*parts))
        except Refused as refused:
            values.append(self.refused(refused))
        states.append(ROWS[states[-1]][action.symbol])

    def skip_line(self, at: int) -> int:
        """The number of the token where the given-up line ends: its NEWLINE, or the brace of its block."""
        tokens = self.tokens
        while tokens[at][2] not in LINE_ENDS:
            at += 1
        return at


def edge(part: Any, at: int) -> Any:
    """The first (0) or last (-1) value in a part, which may be a list of them or an open comparison."""
    while part.__class__ is list or (part.__class__ is tuple and part and part[0].__class__ is not int):
        part = part[at]
    return part


def _itself(value: Any) -> Any:
    return value
