"""Random programs that CPython and Dana both run, made from a seed.

`program(seed)` is a text in the subset both languages share. It is typed in the maker's head, so that most
of it makes sense; mistakes (an index too large, a division by zero, a text that is no number) are made on
purpose, mostly inside `try`. It ends by itself: loops count, recursion counts down, values stay small because
whatever could double in a loop is cut. `program(seed, annotated=True)` is the same program with its types
written down: they hold, so nothing may change.
"""

from __future__ import annotations

from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING

from tests.differential.expressions import Expressions

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = ("int", "int", "int", "float", "str", "bool", "ints", "strs", "map", "set", "pair")
SPELLED = {
    "int": "int",
    "float": "float",
    "str": "str",
    "bool": "bool",
    "ints": "list[int]",
    "strs": "list[str]",
    "map": "dict[str, int]",
    "set": "set[int]",
    "pair": "tuple[int, str]",
}
EXCEPTIONS = ("ValueError", "KeyError", "IndexError", "ZeroDivisionError", "TypeError", "RuntimeError", "LookupError")
CAUGHT = ("Exception", "(ValueError, TypeError)", "(KeyError, IndexError)", "ArithmeticError", *EXCEPTIONS)
AUGMENTED = {
    "int": ("+= {0}", "-= {0}", "//= abs({0}) + 1", "%= abs({0}) + 1", "&= {0}", "|= {0}", "^= {0}", "<<= {0} & 3", ">>= {0} & 3", "*= {0} % 7", "**= 2 if -99 < {1} < 99 else 1"),
    "float": ("+= {0}", "-= {0}", "*= 0.5", "/= 3", "//= 1.5"),
    "str": ("+= {0}[:3]",),
    "ints": ("+= {0}[:2]", "*= len({1}) < 9"),
    "strs": ("+= {0}[:2]",),
    "set": ("|= {0}", "&= {0}", "-= {0}", "^= {0}"),
    "map": ("|= {0}",),
}  # fmt: skip
CHANGES = {
    "ints": ("append({int})", "extend({ints}[:2])", "insert({int} % 4, {int})", "sort()", "reverse()", "pop()", "remove({int})", "sort(key=lambda v: (v % 3, v))", "sort(reverse={bool})", "clear()"),
    "strs": ("append({str})", "extend({strs}[:2])", "sort()", "sort(key=len)", "pop(0)", "insert(0, {str})", "extend({str}[:2])"),
    "map": ("update({map})", "setdefault({str}, {int})", "pop({str}, None)", "pop({str})", "update(z={int})"),
    "set": ("add({int})", "discard({int})", "update({ints})", "remove({int})", "difference_update({set})"),
}  # fmt: skip


class Function:
    """What is known about a function that was written: how it may be called, and what comes back."""

    def __init__(self, name: str, params: list[tuple[str, str, str]], returns: str) -> None:
        self.name = name
        self.params = params  # (name, type, kind): "normal", "default", "star", "keyword", "kwargs"
        self.returns = returns


class Program(Expressions):
    """Writes one program, statement by statement."""

    def __init__(self, seed: int, *, annotated: bool) -> None:
        super().__init__(Random(seed))
        self.annotated = annotated
        self.lines: list[str] = []
        self.depth = 0
        self.budget = self.rng.randint(12, 45)
        self.loops = 0
        self.breakable = False
        self.returns = ""
        self.nested = 0
        self.fixed: set[str] = set()

    # --- lines and scopes -------------------------------------------------------------------------

    def write(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Lines under a header; what is bound in them is forgotten afterwards."""
        self.write(header)
        self.depth += 1
        known = {kind: list(names) for kind, names in self.names.items()}
        start = len(self.lines)
        yield
        if len(self.lines) == start:
            self.write("pass")
        self.names = known
        self.depth -= 1

    def bind(self, kind: str, name: str = "") -> str:
        """A variable that holds such a value from now on: mostly a new one."""
        name = name or self.fresh(kind)
        for names in self.names.values():
            if name in names:
                names.remove(name)
        self.names.setdefault(kind, []).append(name)
        return name

    def typed(self, name: str, kind: str) -> str:
        return f"{name}: {SPELLED[kind]}" if self.annotated and kind in SPELLED else name

    # --- the program ------------------------------------------------------------------------------

    def text(self) -> str:
        for kind in ("int", "int", "str", "ints", "map"):
            value = self.literal(kind)
            self.write(f"{self.typed(self.bind(kind), kind)} = {value}")
        for _ in range(self.rng.randint(0, 3)):
            self.function()
        while self.budget > 0:
            self.statement()
            if self.chance(0.08):
                self.function()
        for kind, names in self.names.items():
            for name in names:
                self.write(f"print({name!r}, {f'sorted({name})' if kind == 'set' else name})")
        return "\n".join(self.lines) + "\n"

    def statements(self, most: int = 3) -> None:
        for _ in range(self.rng.randint(1, most)):
            self.statement()

    def statement(self) -> None:
        self.budget -= 1
        simple = (self.assign, self.assign, self.augment, self.show, self.show, self.change, self.unpack, self.item)
        rare = (self.chained, self.delete, self.asserted, self.closure, self.once, self.alias)
        compound = (self.branch, self.loop, self.loop, self.count, self.attempt, self.attempt, self.choose, self.grow)
        if self.depth < 4 and self.budget > 0 and self.chance(0.45):
            self.pick(compound)()
        elif self.chance(0.2):
            self.pick(rare)()
        elif self.loops and self.breakable and self.chance(0.12):
            self.leave()
        elif self.returns and self.chance(0.05):
            self.write(f"return {self.expr(self.returns)}")
        else:
            self.pick(simple)()

    # --- simple statements ------------------------------------------------------------------------

    def assign(self) -> None:
        kind = self.pick(TYPES)
        value = self.expr(kind)
        old = [n for n in self.names.get(kind, []) if n not in self.fixed]
        if old and self.chance(0.5):
            self.write(f"{self.pick(old)} = {value}")
        else:
            self.write(f"{self.typed(self.bind(kind), kind)} = {value}")

    def augment(self) -> None:
        kind = self.pick(tuple(AUGMENTED))
        names = [n for n in self.names.get(kind, []) if n not in self.fixed]
        if not names:
            return self.assign()
        name = self.pick(names)
        if kind == "int" and self.chance(0.1):
            self.write(f"print([{name} for v in {self.expr('ints')} if ({name} := v // 2) > 1], {name})")
        self.write(f"{name} {self.pick(AUGMENTED[kind]).format(self.expr(kind), name)}")
        if kind in {"str", "ints", "strs"} and self.loops:
            self.write(f"{name} = {name}[:30]")
        return None

    def show(self) -> None:
        parts = [self.shown() for _ in range(self.rng.randint(1, 3))]
        extra = self.pick(("", "", "", "", ", sep='-'", ", end=';\\n'"))
        self.write(f"print({', '.join(parts)}{extra})")

    def shown(self) -> str:
        kind = self.pick(TYPES)
        value = self.expr(kind)
        return f"sorted({value})" if kind == "set" else value

    def change(self) -> None:
        kind = self.pick(tuple(CHANGES))
        names = self.names.get(kind)
        if not names:
            return self.assign()
        name = self.pick(names)
        call = self.filled(self.pick(CHANGES[kind]))
        if "pop(" in call or "setdefault" in call:
            self.guarded(f"print({name}.{call})")
        elif "remove(" in call:
            self.guarded(f"{name}.{call}")
        else:
            self.write(f"{name}.{call}")
            if self.loops and kind in {"ints", "strs"}:
                self.write(f"del {name}[25:]")
        return None

    def guarded(self, line: str) -> None:
        """A line that may fail: caught, mostly."""
        if self.chance(0.12):
            self.write(line)
            return
        with self.block("try:"):
            self.write(line)
        with self.block(f"except {self.pick(('Exception', '(KeyError, IndexError, ValueError)'))} as problem:"):
            self.write(
                self.pick(
                    ("print('caught', problem)", "print(repr(problem))", "print(isinstance(problem, LookupError))")
                )
            )

    def item(self) -> None:
        kind = self.pick(("ints", "map", "strs", "ints"))
        names = self.names.get(kind)
        if not names:
            return self.assign()
        name = self.pick(names)
        element = "str" if kind == "strs" else "int"
        if kind == "map":
            line = self.pick(
                (
                    f"{name}[{self.expr('str')}] = {self.expr('int')}",
                    f"{name}[{self.expr('str')}] += {self.expr('int')}",
                )
            )
        else:
            place = self.pick((self.expr("int"), f"{self.expr('int')} % (len({name}) or 1)", "0", "-1"))
            line = f"{name}[{place}] = {self.expr(element)}"
            if self.chance(0.3):
                line = f"{name}[{self.slice()}] = {self.expr(kind)}[:3]; del {name}[25:]"
        self.guarded(line)
        return None

    def unpack(self) -> None:
        a, b = self.fresh("int"), self.fresh("int")
        shape = self.pick((
            f"{a}, {b} = {self.expr('int')}, {self.expr('int')}",
            f"({a}, {b}) = divmod({self.expr('int')}, {self.expr('int')} or 7)",
            f"{a}, *rest, {b} = [{self.expr('int')}, *{self.expr('ints')}, {self.expr('int')}]",
            f"[{a}, ({b}, _)] = {self.expr('int')}, ({self.expr('int')}, {self.expr('str')})",
            f"{a}, {b} = {b}, {a} = {self.expr('int')}, {self.expr('int')}",
        ))  # fmt: skip
        self.write(shape)
        if self.chance(0.3):
            self.write(f"{a}, {b} = {b}, {a}")
        self.bind("int", a)
        self.bind("int", b)

    def chained(self) -> None:
        kind = self.pick(("int", "str", "ints"))
        value = self.expr(kind)
        a, b = self.fresh(kind), self.fresh(kind)
        self.write(f"{a} = {b} = {value}")
        self.bind(kind, a)
        self.bind(kind, b)

    def alias(self) -> None:
        kind = self.pick(("ints", "map", "strs"))
        names = self.names.get(kind)
        if names:
            other = self.fresh(kind)
            self.write(f"{other} = {self.pick(names)}")
            self.bind(kind, other)

    def delete(self) -> None:
        kind = self.pick(("ints", "map", "int"))
        names = self.names.get(kind)
        if not names:
            return
        if kind == "int":
            self.write(f"gone = {self.expr('int')}")
            self.write("del gone")
            return
        place = self.expr("str") if kind == "map" else self.pick((self.expr("int"), self.slice()))
        self.guarded(f"del {self.pick(names)}[{place}]")

    def asserted(self) -> None:
        with self.block("try:"):
            self.write(f"assert {self.expr('bool')}, {self.expr('str')}")
        with self.block("except AssertionError as problem:"):
            self.write("print('assert', problem)")

    def once(self) -> None:
        """A generator expression is consumed once."""
        name = self.fresh("lazy")
        self.write(
            f"{name} = ({self.expr('int')} + v for v in {self.expr('ints')} if v % 2 == {self.rng.randint(0, 1)})"
        )
        self.write(
            self.pick(
                (
                    f"print(next({name}, None), list({name}), list({name}))",
                    f"print(sum({name}), sum({name}))",
                    f"print(3 in {name}, list({name}))",
                    f"print(*{name}, sep=',')",
                )
            )
        )

    def leave(self) -> None:
        with self.block(f"if {self.expr('bool')}:"):
            self.write(self.pick(("break", "continue")))

    # --- compound statements ----------------------------------------------------------------------

    def branch(self) -> None:
        test = self.expr("bool")
        if self.chance(0.15):
            name = self.fresh("int")
            test = f"({name} := {self.expr('int')}) > {self.expr('int')}"
            self.bind("int", name)
        with self.block(f"if {test}:"):
            self.statements()
        if self.chance(0.4):
            with self.block(f"elif {self.pick((self.expr('bool'), self.expr('ints'), self.expr('str')))}:"):
                self.statements()
        if self.chance(0.5):
            with self.block("else:"):
                self.statements()

    @contextmanager
    def looping(self, header: str) -> Iterator[None]:
        before, self.breakable = self.breakable, True
        self.loops += 1
        with self.block(header):
            yield
        self.loops -= 1
        self.breakable = before

    def loop(self) -> None:
        if self.loops > 1:
            return self.show()
        x, y = self.fresh("int"), self.fresh("str")
        small = f"range({self.rng.randint(-1, 6)})"
        header, bound = self.pick((
            (f"for {x} in {small}:", {x: "int"}),
            (f"for {x} in range({self.expr('int')} % 7, {self.expr('int')} % 9, {self.pick((1, 2, 3, -1, -2))}):", {x: "int"}),
            (f"for {x} in {self.expr('ints')}:", {x: "int"}),
            (f"for {x} in {self.expr('ints')}:", {x: "int"}),
            (f"for {y} in {self.expr('strs')}:", {y: "str"}),
            (f"for {y} in {self.expr('str')}[:5]:", {y: "str"}),
            (f"for {x}, {y} in enumerate({self.expr('strs')}):", {x: "int", y: "str"}),
            (f"for {y}, {x} in {self.expr('map')}.items():", {x: "int", y: "str"}),
            (f"for {y}, {x} in zip({self.expr('strs')}, {self.expr('ints')}):", {x: "int", y: "str"}),
            (f"for {x} in sorted({self.expr('set')}):", {x: "int"}),
            (f"for {x} in reversed({self.expr('ints')}):", {x: "int"}),
            (f"for {x} in map(lambda v: v + {self.expr('int')}, {self.expr('ints')}):", {x: "int"}),
        ))  # fmt: skip
        if self.loops == 0 and self.chance(0.07):
            header, bound = f"for {x} in range({self.rng.choice((600, 1500, 5000))}):", {x: "int"}
            total = self.bind("int")
            self.write(f"{total} = 0")
            with self.looping(header):
                self.write(f"{total} = ({total} + {x} * {self.rng.randint(1, 9)}) % 9973")
                if self.chance(0.5):
                    with self.block(f"if {x} == {self.rng.randint(0, 2000)}:"):
                        self.write(self.pick(("break", "continue")))
            return self.ending(x)
        with self.looping(header):
            for name, kind in bound.items():
                self.bind(kind, name)
            self.statements(4)
        return self.ending("")

    def ending(self, variable: str) -> None:
        if self.chance(0.35):
            with self.block("else:"):
                self.write("print('loop ended')")
        if variable:
            self.write(f"print({variable})")

    def count(self) -> None:
        """A while loop that counts."""
        if self.loops > 1:
            return self.show()
        name = self.fresh("count")
        self.write(f"{name} = 0")
        test = self.pick(
            (
                f"{name} < {self.rng.randint(0, 6)}",
                f"{name} < 5 and {self.expr('bool')}",
                f"not ({name} >= 4)",
                f"{name} < 3 or {name} < len({self.expr('ints')}) < 9",
            )
        )
        if self.chance(0.15):
            test = self.pick(("True", "1"))
        with self.looping(f"while {test}:"):
            self.write(f"{name} += 1")
            if test in {"True", "1"} or self.chance(0.1):
                with self.block(f"if {name} > {self.rng.randint(1, 5)}:"):
                    self.write("break")
            self.statements(3)
        return self.ending("")

    def grow(self) -> None:
        """A list that changes while it is walked."""
        names = self.names.get("ints")
        if not names or self.loops or self.nested:
            return self.loop()
        name = self.pick(names)
        x = self.fresh("int")
        with self.looping(f"for {x} in {name}:"):
            self.bind("int", x)
            with self.block(f"if len({name}) < {self.rng.randint(3, 14)}:"):
                self.write(
                    self.pick(
                        (
                            f"{name}.append({x} + 1)",
                            f"{name} += [{x}]",
                            f"{name}.insert(0, {x})",
                            f"{name}[0:0] = [{x}]",
                        )
                    )
                )
            if self.chance(0.4):
                with self.block(f"if {x} % 3 == 0 and {name}:"):
                    self.write(
                        self.pick((f"{name}.pop()", f"del {name}[0]", f"{name}.remove({x})"))
                        if self.chance(0.5)
                        else f"{name}[-1] += 1"
                    )
            if self.chance(0.6):
                self.write(f"print({x}, {name})")
            with self.block(f"if len({name}) > 18:"):
                self.write("break")
        return self.ending("")

    def attempt(self) -> None:
        with self.block("try:"):
            self.statements()
            if self.chance(0.5):
                self.fail()
        handled = self.chance(0.9)
        if handled:
            for _ in range(self.rng.randint(1, 2)):
                self.handler(self.pick(CAUGHT))
            if self.chance(0.5):
                self.handler("Exception")
            if self.chance(0.3):
                with self.block("else:"):
                    self.statements(2)
        if not handled or self.chance(0.35):
            before, self.breakable = self.breakable, self.breakable and self.chance(0.2)
            with self.block("finally:"):
                self.write("print('finally')")
                if self.returns and self.chance(0.1):
                    self.write(f"return {self.expr(self.returns)}")
                elif self.chance(0.4):
                    self.statements(2)
            self.breakable = before

    def handler(self, caught: str) -> None:
        with self.block(f"except {caught} as e:"):
            self.write(self.pick(("print('caught', e)", "print(str(e))", "print(repr(e))", "pass", "print(e.args)")))
            if self.chance(0.4):
                self.statements(2)
            if self.chance(0.15):
                self.write(
                    self.pick(("raise", "raise ValueError('again') from e", "raise RuntimeError(str(e))", "raise e"))
                )

    def fail(self) -> None:
        kind = self.pick(EXCEPTIONS)
        line = self.pick((
            f"raise {kind}({self.expr('str')})", f"raise {kind}", f"raise {kind}({self.expr('int')}, 'more')",
            f"print({self.expr('int')} // ({self.expr('int')} % 2))", f"print({self.expr('ints')}[{self.expr('int')}])",
            f"print({self.expr('map')}[{self.expr('str')}])", f"print(int({self.expr('str')}))",
            f"a, b = {self.expr('ints')}", f"print({self.expr('strs')}.index({self.expr('str')}))",
            f"print({self.expr('str')}.index({self.expr('str')}))", f"print(next(iter({self.expr('ints')})))",
            f"print(max({self.expr('ints')}), [].pop())", f"print(float({self.expr('str')}), chr({self.expr('int')}))",
        ))  # fmt: skip
        if self.chance(0.5):
            line = f"if {self.expr('bool')}: {line}"
        self.write(line)

    def choose(self) -> None:
        """A match statement."""
        kind = self.pick(("int", "ints", "pair", "map", "str"))
        cases = {
            "int": ("0", "1 | 2 | -1", "int(v) if v > 5", "v if v % 2"),
            "ints": ("[]", "[v]", "[v, *_]", "[0, v, *more] if more", "[v, _] | [_, _, v]", "[*_, v] if v > 3"),
            "pair": ("(0, _)", "(v, 'a' | 'b')", "(int(v), str())", "(v, w) if w"),
            "map": ("{'a': v}", "{'b': 1, **more}", "{'k': int() as v}", "{}"),
            "str": ("'a'", "'' | 'b'", "str() as v if v > 'm'", "'it''s'"),
        }[kind]
        with self.block(f"match {self.expr(kind)}:"):
            for pattern in self.rng.sample(cases, self.rng.randint(1, 3)):
                with self.block(f"case {pattern}:"):
                    captured = "v" in pattern.split(" if ")[0].replace("v,", "v ").split("_v")[0]
                    self.write(f"print({'v' if captured else repr('case')}, {pattern!r})")
                    self.statements(2)
            if self.chance(0.6):
                with self.block("case _:"):
                    self.statements(2)

    # --- functions --------------------------------------------------------------------------------

    def function(self) -> None:
        if self.nested or self.loops:
            return
        name = self.fresh("f")
        returns = self.pick(TYPES)
        params: list[tuple[str, str, str]] = []
        for kind in ("normal", "normal", "default", "star", "keyword", "kwargs"):
            if self.chance({"normal": 0.6, "default": 0.4}.get(kind, 0.15)):
                held = {"star": "ints", "kwargs": "map"}.get(kind) or self.pick(TYPES)
                if kind in {"default", "keyword"} and held in {"ints", "strs", "map", "set"}:
                    held = "int"
                params.append((self.fresh(held), held, kind))
        outer = self.names
        inside = {kind: list(names) for kind, names in outer.items()}
        if self.chance(0.3):
            self.recursive(name)
            return
        state = self.loops, self.breakable, self.returns, self.fixed
        self.fixed = {n for names in outer.values() for n in names}
        with self.block(f"def {name}({self.signature(params)}){self.arrow(returns)}:"):
            self.names = inside
            self.nested += 1
            self.loops, self.breakable, self.returns = 0, False, returns
            if self.chance(0.3):
                shared = [n for n in outer.get("int", []) if n not in self.counters]
                if shared:
                    chosen = self.pick(shared)
                    self.write(f"global {chosen}")
                    self.fixed = self.fixed - {chosen}
            for param, kind, how in params:
                self.bind("map" if how == "kwargs" else kind, param)
                if how == "star":
                    self.write(f"{param} = list({param})")
            self.statements(5)
            self.write(f"return {self.expr(returns)}")
            self.nested -= 1
        self.loops, self.breakable, self.returns, self.fixed = state
        self.names = outer
        self.functions.append(Function(name, params, returns))

    def arrow(self, kind: str) -> str:
        return f" -> {SPELLED[kind]}" if self.annotated else ""

    def signature(self, params: list[tuple[str, str, str]]) -> str:
        parts: list[str] = []
        starred = any(how == "star" for _, _, how in params)
        for name, kind, how in params:
            written = self.typed(name, {"star": "int", "kwargs": "int"}.get(how, kind))
            if how == "default":
                parts.append(f"{written} = {self.literal(kind)}")
            elif how == "star":
                parts.append(f"*{written}")
            elif how == "keyword":
                parts += [] if starred else ["*"]
                parts.append(f"{written} = {self.literal(kind)}" if self.chance(0.5) else written)
            elif how == "kwargs":
                parts.append(f"**{written}")
            else:
                parts.append(written)
        return ", ".join(parts)

    def recursive(self, name: str) -> None:
        """A function that counts down and calls itself."""
        n = self.typed("n", "int")
        body = self.pick((
            f"return n if n < 2 else {name}(n - 1) + {name}(n - 2)",
            f"return 1 if n <= 0 else n * {name}(n - 1) % 9973",
            f"return 0 if n <= 0 else n % 3 + {name}(n // 2)",
            f"return sum({name}(k) for k in range(n - 2, n)) if n > 1 else n",
            f"return 1 if n <= 1 else max([{name}(n - k) for k in (1, 2)]) + 1",
        ))  # fmt: skip
        with self.block(f"def {name}({n}){self.arrow('int')}:"):
            if self.chance(0.3):
                self.write("if n > 9: n = 9")
            self.write(body)
        self.recursions.append(name)

    def closure(self) -> None:
        """A counter, or functions made in a loop that share its variable."""
        name = self.fresh("c")
        if self.chance(0.5):
            with self.block(f"def {name}({self.typed('start', 'int')}):"):
                with self.block(f"def step({self.typed('by', 'int')} = {self.rng.randint(1, 5)}){self.arrow('int')}:"):
                    self.write("nonlocal start")
                    self.write("start += by")
                    self.write("return start")
                self.write("return step")
            held = self.fresh("step")
            self.write(f"{held} = {name}({self.expr('int')})")
            self.write(f"print({held}(), {held}({self.expr('int')}), {held}(by=2))")
        else:
            late = self.pick(("lambda: i * 2", "lambda i=i: i * 2", "lambda j, k=i: (i, j, k)[-1]"))
            given = "5" if "j" in late else ""
            self.write(f"{name} = [{late} for i in range({self.rng.randint(1, 4)})]")
            self.write(f"print([g({given}) for g in {name}])")


def program(seed: int, *, annotated: bool = False) -> str:
    """The program of this seed."""
    return Program(seed, annotated=annotated).text()
