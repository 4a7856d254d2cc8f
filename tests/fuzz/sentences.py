"""Random sentences of the grammar itself: every production is reached, sense is not attempted.

`Sentences()` reads `grammar/dana.lark` through Lark; `text(rng, goal)` derives a module at random in which
the production numbered `goal` occurs, and spells its terminals. What comes out is nearly always well-formed,
and nearly never meaningful: it exercises the parser's actions and the checker's refusals.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    _Todo = tuple[bool, str, int, list[tuple[int, int]]]  # terminal?, name, depth left, choices still to follow

GRAMMAR = Path(__file__).parents[2] / "grammar" / "dana.lark"
NAMES = ("x", "y", "f", "Point", "total", "type", "match", "agent", "resource", "_hidden", "größe")
SPELLINGS = {
    "NAME": NAMES,
    "SCOPED": ("private:x", "public:y", "system:z", "local:x"),
    "NUMBER": ("1", "0x1F", "1.5", "1_000", "0b1", "1e3"),
    "STRING": ("'a'", '"b"', '"""c"""', "r'\\d'", "''"),
    "COMPARE": ("==", "!=", "<", ">="),
    "ADDITIVE": ("+", "-"),
    "DIVIDE": ("//", "%"),
    "SHIFT": ("<<", ">>"),
    "AUGMENT": ("+=", "-=", "*=", "|=", "**=", "//="),
    "LBLOCK": ("{",),
    "RBLOCK": ("}",),
    "WITH_LPAR": ("(",),
    "LAMBDA_TYPED": ("lambda",),
    "CAPTURE": ("as",),
    "FROZEN": ("frozen",),
    "DOC": ("## doc\n",),
    "ERROR": ("?", "1a", "$x", ")"),
    "FSTRING_START": ('f"', "f'''", 'rf"""'),
    "FSTRING_TEXT": ("text", "{{", "\\n", " "),
    "FSTRING_OPEN": ("{",),
    "FSTRING_CLOSE": ("}",),
    "FSTRING_DEBUG": ("=",),
    "FSTRING_CONVERSION": ("!r", "!s", "!a"),
    "FSTRING_COLON": (":",),
}


class Sentences:
    """Derives random texts from the grammar."""

    def __init__(self, grammar: Path = GRAMMAR) -> None:
        from lark import Lark
        from lark.lexer import Lexer

        class NoLexer(Lexer):
            """Declared terminals need a lexer of one's own; none is run here."""

            def __init__(self, _conf: Any) -> None:
                pass

            def lex(self, _lexer_state: Any, _parser_state: Any) -> Any:
                raise NotImplementedError

        lark: Any = Lark(grammar.read_text(encoding="utf-8"), parser="lalr", start="module", lexer=NoLexer)
        self.rules: dict[str, list[list[tuple[bool, str]]]] = {}
        self.fixed = {t.name: t.pattern.value for t in lark.terminals if type(t.pattern).__name__ == "PatternStr"}
        for rule in lark.rules:
            expansion = [(symbol.is_term, symbol.name) for symbol in rule.expansion]
            self.rules.setdefault(rule.origin.name, []).append(expansion)
        self.productions = [(name, index) for name, options in self.rules.items() for index in range(len(options))]
        self.cost = self._costs()
        self.parents = self._parents()

    def _costs(self) -> dict[str, int]:
        """The depth of the shallowest derivation of every nonterminal."""
        cost: dict[str, int] = {}
        changed = True
        while changed:
            changed = False
            for name, options in self.rules.items():
                depths = [self._depth(o, cost) for o in options]
                best = min((d for d in depths if d is not None), default=None)
                if best is not None and best < cost.get(name, 1 << 30):
                    cost[name] = best
                    changed = True
        return cost

    @staticmethod
    def _depth(expansion: list[tuple[bool, str]], cost: dict[str, int]) -> int | None:
        depth = 0
        for is_terminal, name in expansion:
            if not is_terminal:
                if name not in cost:
                    return None
                depth = max(depth, cost[name])
        return depth + 1

    def text(self, rng: Random, goal: int | None = None, size: int = 90) -> str:
        """A random module of about `size` terminals, with the production numbered `goal` somewhere in it."""
        out: list[str] = []
        start: _Todo = (False, "module", rng.randint(28, 48), self._way_to(goal) if goal is not None else [])
        stack = [start]
        while stack:
            is_terminal, name, budget, way = stack.pop()
            if is_terminal:
                out.append(name)
                continue
            if way:
                (index, position), way = way[0], way[1:]
            else:
                index, position = self._choose(rng, name, budget if len(out) + len(stack) < size else 0), -1
            for at, (terminal, symbol) in reversed(list(enumerate(self.rules[name][index]))):
                stack.append((terminal, symbol, budget - 1, way if at == position else []))
        return self._spell(rng, out)

    def _way_to(self, goal: int) -> list[tuple[int, int]]:
        """Choices (production, symbol in it) that lead from the start to a production."""
        name, index = self.productions[goal % len(self.productions)]
        way = [(index, -1)]
        while name != "module":
            name, index, position = self.parents[name]
            way.append((index, position))
        return way[::-1]

    def _parents(self) -> dict[str, tuple[str, int, int]]:
        """For every nonterminal the production, and the place in it, by which it is first reached."""
        found: dict[str, tuple[str, int, int]] = {"module": ("", 0, 0)}
        queue = ["module"]
        for parent in queue:
            for index, expansion in enumerate(self.rules[parent]):
                for position, (is_terminal, name) in enumerate(expansion):
                    if not is_terminal and name not in found:
                        found[name] = (parent, index, position)
                        queue.append(name)
        return found

    def _choose(self, rng: Random, name: str, budget: int) -> int:
        options = self.rules[name]
        depths = [self._depth(o, self.cost) or 1 for o in options]
        fitting = [i for i, d in enumerate(depths) if d <= budget]
        if not fitting:
            least = min(depths)
            fitting = [i for i, d in enumerate(depths) if d == least]
        return rng.choices(fitting, [0.03 if (True, "ERROR") in options[i] else 1 for i in fitting])[0]

    def _spell(self, rng: Random, terminals: list[str]) -> str:
        out: list[str] = []
        level = 0
        ends: list[str] = []
        glue = True
        for name in terminals:
            if name == "NEWLINE":
                out.append("\n" + "    " * level)
                glue = True
                continue
            if name in ("INDENT", "DEDENT"):
                level += 1 if name == "INDENT" else -1
                if out:
                    out[-1] = "\n" + "    " * level
                continue
            text = self.fixed.get(name) or rng.choice(SPELLINGS[name] if name in SPELLINGS else (name.lower(),))
            if name == "FSTRING_START":
                ends.append(text.lstrip("rf"))
            elif name == "FSTRING_END":
                text = ends.pop() if ends else '"'
            tight = glue or (name.startswith("FSTRING") and name != "FSTRING_START")
            out.append(text if tight else " " + text)
            glue = name in ("FSTRING_START", "FSTRING_TEXT", "FSTRING_CLOSE", "FSTRING_COLON", "FSTRING_OPEN")
        return "".join(out)
