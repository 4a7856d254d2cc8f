"""Random Dana programs that mostly make sense: names are bound before use and types mostly fit.

`program(rng, wild)` returns the text of one program. `wild` is the share of places where the generator
does something foolish on purpose: a name nobody knows, a value of another type, a wrong arity, a
statement where it may not stand.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

INT, FLOAT, STR, BOOL, LIST, DICT, FUNC, ANY = "int", "float", "str", "bool", "list", "dict", "func", "any"
KINDS = (INT, FLOAT, STR, BOOL, LIST, DICT)
# Soft keywords that are no built-in functions too: a program may bind them without losing anything.
SOFT = ("agent", "resource", "workflow", "interface", "private", "public", "local", "system", "export", "match", "test")
WORDS = ("total", "count", "größe", "item", "rate", "label", "flag", "rows", "data", "k", "n", "x", "_y", *SOFT)
STRUCTS = ("Point", "Order", "Item", "Room")
EXCEPTIONS = ("ValueError", "KeyError", "ZeroDivisionError", "Exception", "RuntimeError", "LookupError")


def program(rng: Random, wild: float = 0.0) -> str:
    """The text of one random program."""
    return _Writer(rng, wild).program()


class _Writer:
    """Writes one program; `scopes` maps the names bound so far to their kinds, innermost last."""

    def __init__(self, rng: Random, wild: float) -> None:
        self.rng = rng
        self.wild = wild
        self.scopes: list[dict[str, str]] = [{}]
        self.structs: dict[str, dict[str, str]] = {}
        self.loop = 0
        self.function = 0
        self.returns = ANY
        self.serial = 0

    # --- small choices ------------------------------------------------------------------------------

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def foolish(self) -> bool:
        return self.rng.random() < self.wild

    def fresh(self, stem: str = "v") -> str:
        self.serial += 1
        return f"{stem}{self.serial}"

    def known(self, kind: str) -> list[str]:
        return [n for scope in self.scopes for n, k in scope.items() if k == kind]

    # --- whole programs -----------------------------------------------------------------------------

    def program(self) -> str:
        lines: list[str] = ['"""A program."""'] if self.chance(0.1) else []
        makers = [
            self.struct_def,
            self.function_def,
            self.composed_def,
            self.method_def,
            self.interface_def,
            self.resource_def,
            self.type_alias,
            self.rare_declaration,
        ]
        for _ in range(self.rng.randint(0, 4)):
            lines += self.rng.choices(makers, (4, 5, 2, 3, 1, 1, 1, 1))[0]()
        for _ in range(self.rng.randint(1, 7)):
            lines += self.statement(2)
        end = self.rng.choice(["\n", "", "\n\n", "  # end"])
        return self.decorate("\n".join(lines)) + end

    def decorate(self, text: str) -> str:
        """Comments, blank lines and other line ends, where they must not matter."""
        if self.chance(0.15):
            lines = text.split("\n")
            lines.insert(self.rng.randint(0, len(lines)), self.rng.choice(["", "# note", "     # deep", "## doc"]))
            text = "\n".join(lines)
        if self.chance(0.05):
            text = text.replace("\n", "\r\n")
        return text

    # --- blocks -------------------------------------------------------------------------------------

    def chain(self, parts: list[tuple[str, list[str]]]) -> list[str]:
        """Headers with their bodies, in one of the block styles (L2, L3)."""
        style = self.rng.random()
        out: list[str] = []
        if style < 0.12 and all(len(b) == 1 and _simple(b[0]) for _, b in parts):
            return [f"{h}: {b[0]}" for h, b in parts]
        braces = style < 0.45
        for header, body in parts:
            if braces:
                unit = self.rng.choice(["    ", "  ", "\t", ""])
                opening = f"{header} {{"
                if out and self.chance(0.7):
                    out[-1] += " " + opening
                else:
                    out.append(opening)
                out += [unit + line for line in body]
                out.append("}")
            else:
                unit = self.rng.choice(["    ", "    ", "  ", "\t"])
                out.append(header + ":" + (self.rng.choice(["", "  # why"])))
                out += [unit + line for line in body]
        return out

    def body(self, depth: int, names: dict[str, str] | None = None) -> list[str]:
        self.scopes.append(dict(names or {}))
        lines = [line for _ in range(self.rng.randint(1, 3)) for line in self.statement(depth - 1)]
        self.scopes.pop()
        return lines or ["pass"]

    # --- declarations -------------------------------------------------------------------------------

    def struct_def(self) -> list[str]:
        name = self.rng.choice(STRUCTS)
        if name in self.structs and not self.foolish():
            return []
        fields = {w: self.rng.choice(KINDS) for w in self.rng.sample(WORDS, self.rng.randint(1, 3))}
        body = []
        for field, kind in fields.items():
            default = f" = {self.literal(kind)}" if self.chance(0.4) else ""
            body.append(f"{field}: {self.annotation(kind)}{default}" + self.rng.choice(["", "  ## a field"]))
        if self.chance(0.3):
            method = self.fresh("m")
            body += self.chain([(f"def {method}(self)", [f"return {self.literal(INT)}"])])
        self.structs[name] = fields
        header = self.rng.choice(["struct", "struct", "frozen struct"]) + f" {name}"
        if self.chance(0.1):
            header = f"struct {name}(Exception)"
        return self.chain([(header, body)])

    def interface_def(self) -> list[str]:
        body = [f"{self.fresh('op')}({self.rng.choice(['', 'k: int'])}) -> {self.annotation(self.rng.choice(KINDS))}"]
        return self.chain([(f"interface {self.fresh('I')}", body)])

    def resource_def(self) -> list[str]:
        name = self.fresh("R")
        lines = self.chain([(f"resource {name}", ["url: str = 'u'"])])
        if self.chance(0.5):
            lines += self.chain([(f"with {name}() as {self.fresh('r')}", ["pass"])])
        return lines

    def type_alias(self) -> list[str]:
        return [f"type {self.fresh('T')} = {self.annotation(self.rng.choice(KINDS))}"]

    def rare_declaration(self) -> list[str]:
        name = self.fresh("W")
        return self.rng.choice(
            [
                [f"workflow {name} = abs | str"],
                self.chain([(f"agent_blueprint {name}", ["name: str = 'a'"])]),
                [f"agent {name}"],
                self.chain([(f'test "{name}"', ["assert true"])]),
                ["import math"],
                ["from math import sqrt, floor as fl"],
                ["import json as js"],
                [f"{self.rng.choice(['private', 'public', 'local'])}:{name} = {self.literal(INT)}"],
                [f"{name} = 1", f"export {name}"],
            ]
        )

    def params(self) -> tuple[str, dict[str, str]]:
        names = {w: self.rng.choice(KINDS) for w in self.rng.sample(WORDS, self.rng.randint(0, 3))}
        parts, defaulted = [], False
        for word, kind in names.items():
            text = word if self.chance(0.4) else f"{word}: {self.annotation(kind)}"
            defaulted = defaulted or self.chance(0.2)
            parts.append(text + (f" = {self.literal(kind)}" if defaulted else ""))
        if self.chance(0.1):
            parts += self.rng.choice([["*rest"], ["*", "only=1"], ["**named"], ["*rest", "**named"]])
        return ", ".join(parts), names

    def function_def(self) -> list[str]:
        name = self.fresh("f")
        params, names = self.params()
        kind = self.rng.choice(KINDS)
        self.function += 1
        loop, self.loop = self.loop, 0
        outer, self.returns = self.returns, kind
        body = self.body(2, names)
        self.scopes.append(names)
        body.append(f"return {self.expr(kind, 2)}")
        self.scopes.pop()
        self.loop, self.returns = loop, outer
        self.function -= 1
        arrow = f" -> {self.annotation(kind)}" if self.chance(0.4) else ""
        head = self.rng.choices(["def", "sync def"], (9, 1))[0]
        lines = self.chain([(f"{head} {name}({params}){arrow}", body)])
        if len(names) == 1 and "=" not in params and "*" not in params:
            self.scopes[-1][name] = FUNC
        decorated = ["@poet(retries=1)"] if self.chance(0.05) else []
        return decorated + lines

    def composed_def(self) -> list[str]:
        stages = " | ".join(self.stage() for _ in range(self.rng.randint(1, 3)))
        name = self.fresh("c")
        self.scopes[-1][name] = FUNC
        return [f"def {name}(x) = {stages}"]

    def method_def(self) -> list[str]:
        if not self.structs:
            return []
        name, fields = self.rng.choice(list(self.structs.items()))
        receiver = self.rng.choice([f"(p: {name}) {self.fresh('m')}()", f"{self.fresh('u')}(p: {name}, k=1)"])
        return self.chain([(f"def {receiver}", [f"return p.{self.rng.choice(list(fields))}"])])

    # --- statements ---------------------------------------------------------------------------------

    def statement(self, depth: int) -> list[str]:
        if self.foolish():
            return self.folly()
        if depth <= 0 or self.chance(0.6):
            return self.simple()
        makers = (self.if_stmt, self.while_stmt, self.for_stmt, self.try_stmt, self.match_stmt)
        return self.rng.choice(makers)(depth)

    def simple(self) -> list[str]:
        return self.rng.choices(
            [
                self.assign,
                self.printing,
                self.aug_assign,
                self.ann_assign,
                self.unpack,
                self.flow,
                self.store,
                self.bare,
            ],
            (6, 4, 2, 3, 1, 1, 2, 1),
        )[0]()

    def assign(self) -> list[str]:
        kind = self.rng.choice((*KINDS, FUNC))
        value = self.expr(kind, 2)
        name = self.rng.choice(WORDS) if self.chance(0.5) else self.fresh()
        for scope in self.scopes:
            scope.pop(name, None)
        self.scopes[-1][name] = kind
        return [f"{name} = {value}"]

    def ann_assign(self) -> list[str]:
        kind = self.rng.choice(KINDS)
        name = self.fresh()
        text = f"{name}: {self.annotation(kind)} = {self.expr(kind, 2)}"
        self.scopes[-1][name] = kind
        return [text]

    def aug_assign(self) -> list[str]:
        names = [n for n, k in self.scopes[-1].items() if k == INT]
        if not names:
            return self.assign()
        op = self.rng.choice(["+=", "-=", "*=", "|=", "&=", "//=", "%=", "^="])
        return [f"{self.rng.choice(names)} {op} {self.rng.randint(1, 9)}"]

    def unpack(self) -> list[str]:
        a, b = self.fresh(), self.fresh()
        text = self.rng.choice(
            [
                f"{a}, {b} = {self.expr(INT, 1)}, {self.expr(STR, 1)}",
                f"{a}, *{b} = {self.expr(INT, 1)}, {self.expr(STR, 1)}, 3",
                f"({a}, {b}) = [{self.expr(INT, 1)}, {self.expr(STR, 1)}]",
                f"{a} = {b} = {self.expr(INT, 1)}",
            ]
        )
        self.scopes[-1].update({a: ANY, b: ANY})
        return [text]

    def store(self) -> list[str]:
        lists, dicts = self.known(LIST), self.known(DICT)
        options = ["private:hits = 1", "public:shared = [1]"]
        if lists:
            options += [f"{self.rng.choice(lists)}.append({self.expr(INT, 1)})"]
        if dicts:
            options += [f'{self.rng.choice(dicts)}["{self.rng.choice("abc")}"] = {self.expr(INT, 1)}']
        return [self.rng.choice(options)]

    def printing(self) -> list[str]:
        return [f"print({', '.join(self.expr(self.rng.choice(KINDS), 2) for _ in range(self.rng.randint(0, 2)))})"]

    def bare(self) -> list[str]:
        return [
            self.rng.choice(
                [
                    "pass",
                    f"assert {self.expr(BOOL, 1)}, 'why'",
                    self.expr(INT, 2),
                    "...",
                    f"{self.expr(INT, 1)} | print",
                ]
            )
        ]

    def flow(self) -> list[str]:
        options = ["pass"]
        if self.loop:
            options += ["break", "continue"]
        if self.function:
            options += [f"{self.rng.choice(['return', 'deliver'])} {self.expr(self.returns, 1)}"] * 2
        return [self.rng.choice(options)]

    def if_stmt(self, depth: int) -> list[str]:
        parts = [(f"if {self.expr(BOOL, 2)}", self.body(depth))]
        parts += [(f"elif {self.expr(BOOL, 1)}", self.body(depth)) for _ in range(self.rng.randint(0, 1))]
        if self.chance(0.4):
            parts.append(("else", self.body(depth)))
        return self.chain(parts)

    def while_stmt(self, depth: int) -> list[str]:
        counter = self.fresh("w")
        self.loop += 1
        body = self.body(depth, {counter: INT})
        self.loop -= 1
        parts = [(f"while {counter} < {self.rng.randint(1, 4)}", [f"{counter} += 1", *body])]
        if self.chance(0.15):
            parts.append(("else", ["pass"]))
        return [f"{counter} = 0", *self.chain(parts)]

    def for_stmt(self, depth: int) -> list[str]:
        name = self.fresh("i")
        target, iterable, names = self.rng.choice(
            [
                (name, f"range({self.rng.randint(0, 5)})", {name: INT}),
                (name, self.expr(LIST, 1), {name: ANY}),
                (f"{name}, {name}b", f"{self.expr(DICT, 1)}.items()", {name: ANY}),
                (name, self.expr(STR, 1), {name: STR}),
            ]
        )
        self.loop += 1
        body = self.body(depth, names)
        self.loop -= 1
        parts = [(f"for {target} in {iterable}", body)]
        if self.chance(0.15):
            parts.append(("else", ["pass"]))
        return self.chain(parts)

    def try_stmt(self, depth: int) -> list[str]:
        caught = self.fresh("e")
        parts = [("try", self.body(depth))]
        handled = self.chance(0.85)
        if handled:
            what = self.rng.choice(EXCEPTIONS)
            parts.append((f"except {what} as {caught}", [f"print({caught}.message)"]))
            if self.chance(0.3):
                parts.append(("except (KeyError, IndexError)", ["pass"]))
            if self.chance(0.2):
                parts.append(("else", self.body(depth)))
        if not handled or self.chance(0.3):
            parts.append(("finally", ["pass"]))
        lines = self.chain(parts)
        if self.chance(0.2):
            lines.append(self.rng.choice(["assert true", "del_me = 1; del del_me"]))
        return lines

    def match_stmt(self, depth: int) -> list[str]:
        patterns = [
            "1 | 2",
            "'a'",
            "-1.5",
            "none",
            "[a1, *_]",
            "[]",
            "{'k': k1, **rest1}",
            "int()",
            "str(s1)",
            "(3 | 4) as n1",
            "[0, [b1]]",
            "x1 if x1",
        ]
        patterns += [f"{s}({next(iter(f))}=z1)" for s, f in self.structs.items()]
        cases: list[str] = []
        for pattern in self.rng.sample(patterns, self.rng.randint(1, 3)):
            cases += self.chain([(f"case {pattern}", self.body(depth - 1))])
        if self.chance(0.5):
            cases += self.chain([("case _", ["pass"])])
        return self.chain([(f"match {self.expr(self.rng.choice(KINDS), 1)}", cases)])

    def folly(self) -> list[str]:
        return [
            self.rng.choice(
                [
                    "break",
                    "return 3",
                    "x = ",
                    "y = 1 +",
                    "unknwon(1)",
                    "len()",
                    "1 = 2",
                    "if true",
                    "def (",
                    "struct 3",
                    "private.x = 1",
                    "f(a=1, 2)",
                    "class A: pass",
                    "yield 1",
                    "nonlocal q",
                    "x = (1",
                    "a b c",
                    "print 'x'",
                    "import nowhere_at_all",
                    "raise 5",
                    "try: pass",
                    "else: pass",
                    "1 | 2 | [",
                    "$$",
                    "x: int = 'abc'",
                    "del 3",
                    "with 5: pass",
                    "@",
                    "case 1:",
                    "__x__ = 1",
                    "a := 3",
                    "'abc",
                    'f"{',
                    'f"{1!q}"',
                    "  x = 1",
                    "match 1:",
                    "lambda x",
                    "[x for x in]",
                    "{1: 2, 3}",
                    "0x",
                    "1__0",
                    "}",
                    ")",
                    "a.b.",
                    "*a = 1",
                ]
            )
        ]

    # --- expressions --------------------------------------------------------------------------------

    def annotation(self, kind: str) -> str:
        if self.foolish():
            return self.rng.choice(["Nowhere", "list[]", "3", "int |", "'low' | 'high'"])
        extra = {
            LIST: ["list", "list[int]", "List[int]"],
            DICT: ["dict", "dict[str, int]", "dict[str, any]"],
            INT: ["int", "int?", "int | str", "int | None"],
            FLOAT: ["float", "float | int"],
            BOOL: ["bool", "any"],
            STR: ["str", "str?", "str | None"],
        }
        return self.rng.choice(extra.get(kind, ["any"]))

    def literal(self, kind: str) -> str:
        rng = self.rng
        return {
            INT: lambda: rng.choice(["0", "1", "7", "42", "0x1F", "1_000", "0b11", "0o7"]),
            FLOAT: lambda: rng.choice(["1.5", ".5", "2.", "1e3", "3.25"]),
            STR: lambda: rng.choice(["'a'", '"b c"', '"""t"""', "r'\\d'", "'é'", "'a' 'b'", '"\\n"', "''", "f'p'"]),
            BOOL: lambda: rng.choice(["true", "false", "True", "FALSE"]),
            LIST: lambda: rng.choice(["[]", "[1]", "[1, 2, 3]", "[1,]"]),
            DICT: lambda: rng.choice(["{}", "{'a': 1}", "{'a': 1, 'b': 2,}"]),
        }.get(kind, lambda: "none")()

    def expr(self, kind: str, depth: int) -> str:
        if self.foolish():
            return self.rng.choice(["missing", "none", "(1", "f'{'", "lambda: ", "a..b", "[1, 2", "x y", "not", "5()"])
        names = self.known(kind)
        if kind == FUNC:
            return self.stage(plain=True)
        if depth <= 0 or self.chance(0.3):
            return self.rng.choice(names) if names and self.chance(0.7) else self.literal(kind)
        if self.chance(0.1):
            a, c = self.expr(kind, depth - 1), self.expr(BOOL, depth - 1)
            return f"({a} if {c} else {self.expr(kind, depth - 1)})"
        return getattr(self, f"{kind}_expr")(depth - 1)

    def int_expr(self, d: int) -> str:
        a, b = self.expr(INT, d), self.expr(INT, d)
        return self.rng.choice(
            [
                f"{a} + {b}",
                f"({a} - {b})",
                f"{a} * {self.rng.randint(1, 9)}",
                f"-{a}",
                f"~{a}",
                f"({a} & {b})",
                f"len({self.expr(LIST, d)})",
                f"abs({a})",
                f"min({a}, {b})",
                f"sum({self.expr(LIST, 0)})",
                f"int({a})",
                f"(lambda q: q + 1)({a})",
                f"(lambda q, z=2 :: q + z)({a})",
                f"{a} ** 2",
                f"({a} | {b})",
                f"({a} | {self.stage()})",
                f"{a} // 3",
                f"(({self.fresh('h')} := {a}) + {b})",
                f"({a} << 2)",
                f"cast(int, {a})",
                f"case(({self.expr(BOOL, d)}, {a}), {b})",
                f"[{a}, {b}][0]",
                f"sum(z for z in [{a}] if z)",
            ]
        )

    def float_expr(self, d: int) -> str:
        a, b = self.expr(FLOAT, d), self.expr(INT, d)
        return self.rng.choice([f"{a} + {b}", f"({b} / 2)", f"float({b})", f"{a} * 2", f"round({a}, 1)", f"-{a}"])

    def str_expr(self, d: int) -> str:
        a, n = self.expr(STR, d), self.expr(INT, d)
        return self.rng.choice(
            [
                f"{a} + {a}",
                f"({a} + {n})",
                f"str({n})",
                f'f"{{{n}}} and {{{a}!r:>5}}"',
                f"{a}.upper()",
                f"{a}[0:2]",
                f"', '.join([{a}])",
                f'f"{{{n}=}}"',
                f"({a} * 2)",
                f'f"""{{\n{n}}}"""',
                f"type({n}).name",
                f"{a}[::-1]",
            ][: 12 if self.chance(0.2) else 10]
        )

    def bool_expr(self, d: int) -> str:
        a, b = self.expr(INT, d), self.expr(INT, d)
        return self.rng.choice(
            [
                f"{a} < {b}",
                f"{a} == {b} != 3",
                f"not {self.expr(BOOL, d)}",
                f"{self.expr(BOOL, d)} and {a} >= {b}",
                f"({self.expr(BOOL, d)} or {a} > 1)",
                f"{a} in {{1, 2}}",
                f"{a} not in {self.expr(LIST, d)}",
                f"isinstance({a}, int | 'str')",
                f"{a} is not none",
                f"type({a}) == 'int'",
                f"bool({a})",
                f"'k' in {self.expr(DICT, d)}",
            ]
        )

    def list_expr(self, d: int) -> str:
        a, b = self.expr(INT, d), self.expr(LIST, d)
        return self.rng.choice(
            [
                f"[{a}, *{b}]",
                f"[i * 2 for i in {b}]",
                f"[i for i in {b} if i]",
                f"{b} + [{a}]",
                f"sorted({b})",
                f"list(range({self.rng.randint(0, 5)}))",
                f"{b}[1:]",
                f"[i for j in [{b}] for i in j]",
                f"list({{{a}}})",
                f"({a} | [abs, str])",
                f"list(map(abs, {b}))",
                f"(\n{b}\n)",
            ]
        )

    def dict_expr(self, d: int) -> str:
        a, b = self.expr(INT, d), self.expr(DICT, d)
        return self.rng.choice(
            [
                f"{{'a': {a}, **{b}}}",
                f"{{str(i): i for i in [{a}]}}",
                f"{{(i: i) for i in [{a}]}}",
                f"({b} | {b})",
                f"dict(a={a})",
                f"{{private: {a} for private in [1]}}",
            ]
        )

    def stage(self, *, plain: bool = False) -> str:
        functions = self.known(FUNC)
        options = ["abs", "(lambda q: q)", "(lambda q :: q)", *functions]
        if not plain:
            options += ["max($$, 1)", f"abs as {self.fresh('g')}", "min(3)", "[abs, abs] | sum"]
        return self.rng.choice(options)


def _simple(line: str) -> bool:
    """May this line stand behind a header on the same line?"""
    words = ("if", "while", "for", "try", "def", "struct", "match", "with", "@", "case", "sync", " ", "\t", "}", "#")
    return not line.startswith(words) and not line.endswith(("{", ":", "# why")) and "\n" not in line


# Among them: a branch that fails whenever it is reached is refused (`x is not none or x > 1`); a call behind
# `|` is a stage in Dana (L20), so that `flags | mask(x)` is no Python there.
_DANA_ONLY = re.compile(
    r"::|\$\$|\bcast\(|\bcase\(|\| ?[\w.]+\(|\| ?\(|\| ?\[|\| ?abs|\| ?print|== '|\| 'str'|\bdeliver\b|\.message|\bbool\("
    r"|is not [nN]one"
)


def twin(rng: Random) -> str:
    """A program that is Python too, and so must mean what it means there."""
    while True:
        text = _Twin(rng, 0.0).program()
        if not _DANA_ONLY.search(text):
            return text


class _Twin(_Writer):
    """Leaves out what Python does not have, and annotations, which Dana enforces."""

    def chain(self, parts: list[tuple[str, list[str]]]) -> list[str]:
        return [line for header, body in parts for line in (header + ":", *("    " + inner for inner in body))]

    def struct_def(self) -> list[str]:
        return []

    method_def = interface_def = resource_def = type_alias = rare_declaration = composed_def = struct_def

    def params(self) -> tuple[str, dict[str, str]]:
        _, names = super().params()
        return ", ".join(names), names

    def annotation(self, _kind: str) -> str:
        return "int"

    def ann_assign(self) -> list[str]:
        return self.assign()

    def function_def(self, *_depth: int) -> list[str]:
        return [line.replace(" -> int:", ":").replace("sync ", "") for line in super().function_def() if line[0] != "@"]

    def literal(self, kind: str) -> str:
        text = super().literal(kind)
        return {"true": "True", "false": "False", "FALSE": "False", "none": "None"}.get(text, text)

    def expr(self, kind: str, depth: int) -> str:
        while True:
            text = super().expr(kind, depth)
            if not _DANA_ONLY.search(text):
                return re.sub(r"\bnone\b", "None", text)

    def store(self) -> list[str]:
        return [self.rng.choice([f"{name}.append(1)" for name in self.known(LIST)] or ["pass"])]

    def match_stmt(self, depth: int) -> list[str]:
        return [re.sub(r"\bnone\b", "None", line) for line in super().match_stmt(depth)]

    def stage(self, *, plain: bool = False) -> str:
        return super().stage(plain=True)

    def bare(self) -> list[str]:
        return [self.rng.choice(["pass", f"assert {self.expr(BOOL, 1)}, 'why'", self.expr(INT, 2)])]
