"""Expressions of a wanted type, for `generate`: templates filled with expressions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from tests.differential.generate import Function

T = TypeVar("T")
WORDS = (
    "a",
    "b",
    "k",
    "zed",
    "Hello World",
    "",
    "x,y,,z",
    "  pad ",
    "42",
    "-7",
    "3.5",
    "ünïcode ß",
    "tab\\tnl\\n",
    "it\\'s",
    "\\x41\\u00e9",
)
SPECS = ("d", "5", "05d", "+d", "<6", ">6", "^7", "x", "b", ",", "_", "#o", "*^9")
FLOAT_SPECS = ("", ".2f", "8.3f", ".1e", "g", "+.0f", "%", ",.2f")
# Names that are ordinary in Python; some are words of Dana's own in other places.
NAMES = (
    "agent",
    "case",
    "test",
    "resource",
    "workflow",
    "export",
    "match",
    "item",
    "value",
    "left",
    "right",
    "total",
    "data",
    "word",
    "size",
)

# `|` before a call is a pipeline in Dana (L20): its right operand here never is one.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "int": (
        "{int} + {int}", "{int} - {int}", "{int} * {int} % 9973", "{int} // (abs({int}) + 1)", "{int} % (abs({int}) + 1)",
        "{int} // -3", "{int} % -5", "-{int}", "~{int}", "+{int}", "({int} & {int})", "({int} | +{int})", "({int} ^ {int})",
        "({int} << 3)", "({int} >> 2)", "{int} ** 2 % 1009", "len({ints})", "len({str})", "sum({ints})", "max({ints}, default=0)",
        "min([*{ints}, {int}])", "{map}.get({str}, {int})", "{str}.count({str})", "{str}.find({str})", "abs({int})",
        "divmod({int}, 7)[{int} % 2]", "round({float})", "int({float} % 100)", "({int} if {bool} else {int})", "({int} or {int})",
        "({int} and {int})", "{bool} + {bool}", "sum(v * v % 10 for v in {ints})", "sum([v in {ints} for v in {ints}])",
        "next((v for v in {ints} if v > {int}), -1)", "(lambda x, y=2: x + y)({int})", "(lambda *p, **q: len(p) + len(q))(*{ints}, **{map})",
        "{ints}.count({int})", "int(str({int}))", "int('{small}f', 16)", "len({map})", "len({set})", "sum({map}.values())",
        "[{int}, {int}][{bool}]", "ord({str}[0]) if {str}[:0] else {int}", "{pair}[0]", "hash({int}) * 0", "pow({int}, 3, 1009)",
        "len([*zip({ints}, {strs})])", "max({int}, {int}, key=lambda v: -v)", "sum(map(int, [{bool}, {bool}]))",
    ),
    "float": (
        "{float} + {float}", "{float} * 0.25", "{float} - {int} % 100", "{int} % 1000 / (abs({int}) + 1)", "float({int} % 10000)",
        "round({float}, {small})", "-{float}", "abs({float})", "max({float}, {float})", "{float} // 1.5", "{float} % 2.5",
        "abs({float}) ** 0.5", "({float} if {bool} else {float})", "float('{small}.5e1')", "sum([{float}, {float}])", "{int} % 97 * 1.5",
    ),
    "str": (
        "({str} + {str})[:20]", "{str} * ({int} & 3)", "{str}[{slice}]", "{str}.upper()", "{str}.strip()", "{str}.replace({str} or 'q', {str})[:20]",
        "','.join({strs})[:30]", "str({int})", "repr({str})", "chr(97 + {int} % 26)", "{str}.zfill({small})", "{str}.center(9, '.')",
        "f'{{{int}}}'", "f'{{{int}:{spec}}}'", "f'{{{float}:{fspec}}}'", "f'<{{{str}!r:>12}}>'", "f'{{{str}:>{{{small}}}}}|'", "str({float})",
        "({str} if {bool} else {str})", "({str} or {str})", "''.join(sorted({str}))", "{str}.title()", "{str}.partition(',')[{small}]",
        "str({bool})", "str({ints})[:25]", "'%d-%s' % ({int}, {str})", "'{{}}/{{}}'.format({int}, {str})", "{str}[::-1]", "min({str}, {str})",
        "''.join(c for c in {str} if c not in 'aeiou')", "{str}.swapcase()", "{str}.lstrip('ab ')", "{str}.removeprefix('a')", "{pair}[1]",
        "''.join(chr(ord(c) + 1) for c in {str}[:4])", "f'{{{bool}}} {{{ints}}}'[:30]", "format({int}, {spec!r})", "str({pair})", "bin({int})", "hex({int})",
    ),
    "bool": (
        "{int} < {int}", "{int} == {int}", "{int} != {int}", "{int} <= {int} < {int}", "{int} in {ints}", "{str} in {str}", "{str} not in {strs}",
        "not {bool}", "({bool} and {bool})", "({bool} or {bool})", "{str} < {str}", "{str} == {str}", "{str}.startswith({str})", "{str}.isdigit()",
        "isinstance([{int}][0], int)", "all(v > 0 for v in {ints})", "any({ints})", "{map}.get({str}) is None", "{float} > {float}", "{ints} == {ints}",
        "{str} in {map}", "{set} <= {set}", "{int} in {set}", "{bool} is True", "{ints} < {ints}", "{pair} == {pair}", "{int} == {float}",
        "callable(len)", "{set} == set({ints})", "{bool} != {bool} == {bool}", "{int} > {int} > {int} != {int}", "isinstance({str}, (int, str))",
    ),
    "ints": (
        "[{int}, {int}]", "[*{ints}, {int}][:12]", "[v + {small} for v in {ints}]", "[v for v in {ints} if v % 2]", "{ints}[{slice}]",
        "sorted({ints})", "sorted({ints}, key=lambda v: -v)", "sorted({ints}, reverse=True)", "list(range({small}))", "list(map(lambda v: v % 7, {ints}))",
        "list(filter(None, {ints}))", "list(reversed({ints}))", "({ints} + {ints})[:12]", "({ints} * 2)[:9]", "sorted({set})", "list({map}.values())",
        "[i * v % 100 for i, v in enumerate({ints})]", "[x + y for x in {ints}[:3] for y in {ints}[:3] if x != y]", "[len(w) for w in {strs}]",
        "[[v, v + 1][v % 2] for v in {ints}]", "list(divmod({int}, 9))", "[v for row in [{ints}, {ints}] for v in row][:10]", "[]",
        "[sum(w for w in {ints}[:v % 4]) for v in {ints}]", "list({ints})", "{ints}.copy()", "[ord(c) for c in {str}[:5]]", "[*{pair}[:1], *range({small})]",
        "[a - b for a, b in zip({ints}, {ints}[1:])]", "list(range({small}, -{small}, -1))",
    ),
    "strs": (
        "[{str}, {str}]", "{str}.split(',')", "{str}.split()", "[w.upper() for w in {strs}]", "sorted({strs})", "[str(v) for v in {ints}]",
        "list({map})", "{strs}[{slice}]", "sorted({strs}, key=len)", "list({str})[:6]", "sorted({map}, key=lambda k: {map}.get(k, 0))",
        "[f'{{v:02d}}' for v in {ints}]", "[*{strs}, *{str}[:2]][:8]", "sorted(set({strs}))",
    ),
    "map": (
        "{{{str}: {int}, {str}: {int}}}", "{{**{map}, {str}: {int}}}", "{{w: len(w) for w in {strs}}}", "dict(zip({strs}, {ints}))", "{map} | {{**{map}}}",
        "{{k: v for k, v in {map}.items() if v > {int}}}", "dict(a={int}, k={int})", "{{str(v): v for v in {ints}}}", "dict({map})", "dict(sorted({map}.items()))", "{{}}",
    ),
    "set": (
        "{{{int}, {int}}}", "set({ints})", "({set} | {{*{set}}})", "({set} & {set})", "({set} - {set})", "({set} ^ {set})", "{{v % 5 for v in {ints}}}",
        "set()", "set({map}.values())", "{set}.union({ints})", "{set}.intersection({ints})", "{{*{ints}, {int}}}",
    ),
    "pair": ("({int}, {str})", "(len({ints}), {str})", "({int}, 'a')", "tuple([{int}, {str}])", "max(({int}, {str}), ({int}, {str}))"),
}  # fmt: skip
HOLE = re.compile(r"\{\{|\}\}|\{(\w+)(!r)?\}")


class Expressions:
    """Makes expressions from the names known so far."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.names: dict[str, list[str]] = {}
        self.functions: list[Function] = []
        self.recursions: list[str] = []
        self.counters: set[str] = set()
        self._number = 0
        self._deep = 0

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def pick(self, options: Sequence[T]) -> T:
        return self.rng.choice(options)

    def fresh(self, kind: str) -> str:
        """A name nobody has used."""
        self._number += 1
        word = self.pick(NAMES) if self.chance(0.3) else kind
        unused = word in NAMES and self.chance(0.5) and not any(word in names for names in self.names.values())
        return (
            word
            if unused and word not in self.counters and kind != "f" and not self.counters.add(word)
            else f"{word}{self._number}"
        )

    def literal(self, kind: str) -> str:
        """A value that is written down."""
        match kind:
            case "int":
                return self.pick(
                    (str(self.rng.randint(-9, 20)),) * 6
                    + ("0x1F", "1_000", "10**20", "-(2**63)", "0b101", "-1", "True * 3")
                )
            case "float":
                return self.pick(
                    (
                        "0.5",
                        "-2.25",
                        "1e3",
                        "3.14159",
                        "0.0",
                        "-0.0",
                        "1e16",
                        "2.5",
                        "0.1",
                        ".5",
                        "1e-7",
                        "123456789.125",
                    )
                )
            case "str":
                return self.pick(
                    (
                        repr(self.pick(WORDS)).replace("\\\\", "\\")
                        if "'" not in (w := self.pick(WORDS))
                        else f'"{w}"',
                        "'" + self.pick(("a", "b", "k")) + "'",
                    )
                )
            case "bool":
                return self.pick(("True", "False"))
            case "ints":
                return "[" + ", ".join(str(self.rng.randint(-5, 9)) for _ in range(self.rng.randint(0, 5))) + "]"
            case "strs":
                return (
                    "["
                    + ", ".join(
                        repr(self.pick(("a", "b", "ab", "c,d", "Zz", ""))) for _ in range(self.rng.randint(0, 4))
                    )
                    + "]"
                )
            case "map":
                return (
                    "{"
                    + ", ".join(
                        f"{k!r}: {self.rng.randint(-3, 9)}" for k in self.rng.sample("abkxyz", self.rng.randint(0, 3))
                    )
                    + "}"
                )
            case "set":
                return "{" + ", ".join(str(self.rng.randint(0, 9)) for _ in range(self.rng.randint(1, 4))) + "}"
            case _:
                return f"({self.rng.randint(-2, 5)}, {self.pick(('a', 'b', 'xy'))!r})"

    def slice(self) -> str:
        bound = ("", "1", "-1", "2", "0", "-3", "9", "")
        return f"{self.pick(bound)}:{self.pick(bound)}" + self.pick(("", "", "", ":2", ":-1"))

    def expr(self, kind: str) -> str:
        """An expression of this type, bracketed where it must be."""
        known = self.names.get(kind)
        if self._deep > 2 or self.chance(0.45):
            return self.pick(known) if known and self.chance(0.7) else self.bracketed(self.literal(kind))
        self._deep += 1
        try:
            if self.chance(0.15):
                called = self.call(kind)
                if called:
                    return called
            return self.bracketed(self.filled(self.pick(TEMPLATES[kind])))
        finally:
            self._deep -= 1

    def bracketed(self, text: str) -> str:
        return text if re.fullmatch(r"\w+|'\w*'|[\[{][^\[\]{}]*[\]}]|\w+\([^()]*\)", text) else f"({text})"

    def filled(self, template: str) -> str:
        def fill(hole: re.Match[str]) -> str:
            if hole[1] is None:
                return hole[0][0]
            match hole[1]:
                case "small":
                    made = str(self.rng.randint(0, 2))
                case "slice":
                    made = self.slice()
                case "spec":
                    made = self.pick(SPECS)
                case "fspec":
                    made = self.pick(FLOAT_SPECS)
                case kind:
                    made = self.expr(kind)
            return repr(made) if hole[2] else made

        if template[:2] in {"f'", "f<"}:
            # A quote or backslash inside would end the literal in Python 3.11.
            deep, self._deep = self._deep, 9
            made = HOLE.sub(fill, template)
            self._deep = deep
            inner = made[2:-1]
            return made if "'" not in inner and "\\" not in inner else "f'{1:3d}'"
        return HOLE.sub(fill, template)

    def call(self, kind: str) -> str:
        """A call of a function of the program that returns this type, or ""."""
        if kind == "int" and self.recursions and self.chance(0.4):
            return f"{self.pick(self.recursions)}({self.expr('int')} % 8)"
        fitting = [f for f in self.functions if f.returns == kind]
        if not fitting:
            return ""
        function = self.pick(fitting)
        args: list[str] = []
        named = False
        for name, held, how in function.params:
            if how == "normal":
                named = named or (self.chance(0.15) and not any(h == "star" for _, _, h in function.params))
                args.append(f"{name}={self.expr(held)}" if named else self.expr(held))
            elif how == "default" and not any(h == "star" for _, _, h in function.params):
                if self.chance(0.5):
                    named = named or self.chance(0.4)
                    args.append(f"{name}={self.expr(held)}" if named else self.expr(held))
            elif how == "default":
                args.append(self.expr(held))
            elif how == "star" and not named:
                args.append(f"*{self.expr('ints')}")
            elif how == "keyword":
                args.append(f"{name}={self.expr(held)}")
                named = True
            elif how == "kwargs":
                args.append(f"extra={self.expr('int')}")
        return f"{function.name}({', '.join(args)})"
