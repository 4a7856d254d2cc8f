"""Random programs with effects, for `test_transparency`: small, ending, and about what promises could get wrong.

Every variable holds an int, every loop is short. `slow(n, v)` answers `v` after `n` rounds of the loop and
`failing(n, text)` fails then; both are asynchronous functions of the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

NAMES = "abcde"
PRELUDE = """\
struct Pair:
    first: int
    second: int
    third: int = 0
    def total(self, more) -> int:
        part = slow(2, self.first + more)
        rest: int = slow(1, self.second)
        return part + rest
def more(x):
    y = slow(1, x)
    return y + 1
def plus(x, n):
    return slow(1, x) + n
"""


class Writer:
    """Writes one program. `fails` says where effects may fail: "never", "guarded" (inside `try`), "anywhere"."""

    def __init__(self, random: Random, fails: str) -> None:
        self.random = random
        self.fails = fails
        self.lines: list[str] = []
        self.functions: list[tuple[str, int]] = []
        self.in_function = 0
        # Names the function being written declares global.
        self.outside: set[str] = set()
        self.in_try = 0
        self.in_loop = 0
        self.count = 0

    def program(self) -> str:
        """The text of a program."""
        self.lines += PRELUDE.splitlines()
        for name in NAMES:
            self.line(0, f"{name} = {self.random.randint(0, 9)}")
        for _ in range(self.random.randint(0, 2)):
            self.function(0)
        self.block(0, self.random.randint(3, 9))
        self.line(0, f"print({', '.join(NAMES)})")
        if self.random.random() < 0.5:
            self.line(0, self.expr())
        return "\n".join(self.lines) + "\n"

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def name(self) -> str:
        return self.random.choice(NAMES)

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    # --- definitions ------------------------------------------------------------------------------

    def function(self, depth: int) -> None:
        name, params = self.fresh("f"), self.random.sample(NAMES, self.random.randint(0, 2))
        self.line(depth, f"def {name}({', '.join(params)}):")
        outer = self.in_function, self.in_try, self.in_loop, self.functions
        self.in_function, self.in_try, self.in_loop, self.functions = 1, 0, 0, list(self.functions)
        shared = self.random.choice(["", "", "global"])
        rest = [n for n in NAMES if n not in params]
        outside = self.outside = {n for n in rest if self.random.random() < 0.3} if shared else set()
        if outside:
            self.line(depth + 1, f"global {', '.join(sorted(outside))}")
        for n in rest:
            if n not in outside:
                self.line(depth + 1, f"{n} = {self.random.randint(0, 9)}")
        self.block(depth + 1, self.random.randint(1, 5))
        if self.random.random() < 0.7:
            self.line(depth + 1, f"return {self.expr()}")
        else:
            self.line(depth + 1, "return 1")
        self.outside = set()
        self.in_function, self.in_try, self.in_loop, functions = outer
        self.functions = [*functions, (name, len(params))]

    def closure(self, depth: int) -> None:
        """A nested function that reads or writes variables around it."""
        name, target = self.fresh("g"), self.name()
        self.line(depth, f"def {name}():")
        if self.random.random() < 0.4 and target not in self.outside:
            self.line(depth + 1, f"{'nonlocal' if self.in_function else 'global'} {target}")
            self.line(depth + 1, f"{target} = {self.effect()}")
        self.line(depth + 1, f"return {target} + 1")
        self.line(depth, self.random.choice([f"print({name}())", f"{self.name()} = {name}()", f"h = {name}"]))

    # --- statements -------------------------------------------------------------------------------

    def block(self, depth: int, size: int) -> None:
        for _ in range(size):
            self.statement(depth)

    def statement(self, depth: int) -> None:
        choices = [
            self.assign_effect, self.assign_effect, self.assign_effect, self.assign_effect, self.annotated, self.drop,
            self.print, self.print, self.assign, self.assign, self.augmented, self.store, self.unpack,
            self.comprehension, self.lambda_, self.group, self.walrus, self.delete, self.record, self.pipe, self.unbound,
        ]  # fmt: skip
        if depth < 4:
            choices += [self.if_, self.try_, self.for_, self.while_, self.with_, self.match, self.try_]
        if depth < 2:
            choices += [self.closure]
        if self.in_function and self.random.random() < 0.3:
            choices += [self.return_]
        if self.in_loop:
            choices += [self.jump]
        self.random.choice(choices)(depth)

    def assign_effect(self, depth: int) -> None:
        self.line(depth, f"{self.name()} = {self.effect()}")

    def annotated(self, depth: int) -> None:
        name = self.name()
        if name in self.outside:
            self.drop(depth)
            return
        kinds, value = ["int", "int?", "int | str"], self.effect()
        if self.random.random() < 0.5:
            kinds, value = ["int"], f'slow({self.random.randint(0, 3)}, "{self.random.randint(0, 9)}")'
        self.line(depth, f"{name}: {self.random.choice(kinds)} = {value}")

    def drop(self, depth: int) -> None:
        self.line(depth, self.effect())

    def print(self, depth: int) -> None:
        text = self.random.choice(
            ["print({0}, {1})", 'print(f"{{{0}}} {{{1}}}")', "print([{0}], {{1: {1}}})", "print({0} is {0}, {1})"]
        )
        self.line(depth, text.format(self.name(), self.expr() if 'f"' not in text else self.name()))

    def assign(self, depth: int) -> None:
        self.line(depth, f"{self.name()} = {self.expr()}")

    def augmented(self, depth: int) -> None:
        self.line(depth, f"{self.name()} {self.random.choice(['+=', '-='])} {self.expr()}")

    def store(self, depth: int) -> None:
        name = self.fresh("s")
        self.line(depth, f"{name} = [{self.name()}, {self.effect()}]")
        self.line(depth, f"{name}[0] = {self.name()}")
        self.line(depth, f"print({name})")

    def unpack(self, depth: int) -> None:
        first, second = self.random.sample(NAMES, 2)
        self.line(depth, f"{first}, {second} = {self.effect()}, {self.random.choice([self.effect(), self.name()])}")

    def comprehension(self, depth: int) -> None:
        name = self.name()
        text = self.random.choice([
            "print([i + {0} for i in range(2)])", "print(sum(i * {0} for i in range(3)))",
            "print([x for x in [{0}, {1}] if x > {1}])", "v = (i + {0} for i in range(2))",
            "print({{i: {0} for i in range(2)}})", "print([{2} for i in range(2)])",
        ])  # fmt: skip
        self.line(depth, text.format(name, self.name(), self.effect()))

    def lambda_(self, depth: int) -> None:
        self.line(depth, f"k = lambda: {self.name()} + {self.random.choice([self.name(), self.effect()])}")
        if self.random.random() < 0.5:
            self.line(depth, "print(k())")

    def group(self, depth: int) -> None:
        text = self.random.choice([
            "print({0}, {2}, {1})", "print([{0}, {2}, {1}])", "{3} = max({0}, {1})", "print({{{2}: {0}, 1: {1}}})",
            "print({2} if {2} > 3 else ({0}, {1}))", "print({2} > 2 and [{0}, {1}])", "{3} = race(slow(2, {4}), slow(99, 1))",
        ])  # fmt: skip
        self.line(depth, text.format(self.effect(), self.effect(), self.expr(), self.name(), self.operand()))

    def walrus(self, depth: int) -> None:
        self.line(depth, f"print(({self.name()} := {self.effect()}) + {self.name()}, {self.name()})")

    def delete(self, depth: int) -> None:
        name = self.name()
        self.line(depth, f"{name} = {self.effect()}")
        self.line(depth, f"del {name}")
        self.line(depth, f"{name} = {self.random.choice([self.effect(), '1'])}")

    def record(self, depth: int) -> None:
        self.line(depth, f"p = Pair(first={self.operand()}, second={self.effect()}, third={self.effect()})")
        self.line(depth, f"p.first = {self.name()}")
        self.line(depth, f"p.second += {self.name()}")
        self.line(depth, f"print(p.total({self.name()}), p)")

    def pipe(self, depth: int) -> None:
        text = self.random.choice(["{0} | more", "{1} | more | more", "{0} | plus({1})", "{0} | [more, plus({2})]"])
        self.line(depth, f"print({text.format(self.name(), self.effect(), self.name())})")

    def unbound(self, depth: int) -> None:
        name = self.fresh("u")
        self.line(depth, f"if {self.test()}:")
        self.line(depth + 1, f"{name} = {self.effect()}")
        self.line(depth, "try:")
        self.line(depth + 1, f"print({self.name()}, {name})")
        self.line(depth, "except NameError:")
        self.line(depth + 1, 'print("unbound")')

    def if_(self, depth: int) -> None:
        self.line(depth, f"if {self.test()}:")
        self.block(depth + 1, self.random.randint(1, 3))
        if self.random.random() < 0.3:
            self.line(depth, f"elif {self.test()}:")
            self.block(depth + 1, self.random.randint(1, 2))
        if self.random.random() < 0.4:
            self.line(depth, "else:")
            self.block(depth + 1, self.random.randint(1, 2))

    def for_(self, depth: int) -> None:
        self.line(depth, f"for {self.random.choice([self.name(), 'i'])} in range({self.random.randint(0, 3)}):")
        self.in_loop += 1
        self.block(depth + 1, self.random.randint(1, 3))
        self.in_loop -= 1
        if self.random.random() < 0.3:
            self.line(depth, "else:")
            self.block(depth + 1, 1)

    def while_(self, depth: int) -> None:
        counter = self.fresh("w")
        self.line(depth, f"{counter} = 0")
        self.line(
            depth, f"while {counter} < {self.random.randint(0, 3)} and {self.name()} > {self.random.randint(-3, 3)}:"
        )
        self.line(depth + 1, f"{counter} += 1")
        self.in_loop += 1
        self.block(depth + 1, self.random.randint(1, 3))
        self.in_loop -= 1
        if self.random.random() < 0.3:
            self.line(depth, "else:")
            self.block(depth + 1, 1)

    def jump(self, depth: int) -> None:
        self.line(depth, f"if {self.test()}:")
        self.line(depth + 1, self.random.choice(["break", "continue"]))

    def with_(self, depth: int) -> None:
        self.line(depth, "with timeout(100):")
        self.block(depth + 1, self.random.randint(1, 3))

    def match(self, depth: int) -> None:
        self.line(depth, f"match {self.random.choice([self.name(), f'[{self.name()}, {self.name()}]'])}:")
        self.line(
            depth + 1,
            self.random.choice([f"case {self.random.randint(0, 9)}:", f"case {self.name()} if {self.test()}:"]),
        )
        self.block(depth + 2, 1)
        self.line(depth + 1, f"case [_, {self.name()}]:")
        self.block(depth + 2, 1)
        self.line(depth + 1, "case _:")
        self.block(depth + 2, 1)

    def try_(self, depth: int) -> None:
        self.line(depth, "try:")
        self.in_try += 1
        self.block(depth + 1, self.random.randint(1, 4))
        if self.random.random() < 0.3:
            self.line(depth + 1, self.random.choice(['raise ValueError("raised")', f"print(1 // {self.name()})"]))
        self.in_try -= 1
        kind = self.random.randint(0, 3)
        if kind < 3:
            self.line(
                depth,
                self.random.choice(
                    ["except Exception as err:", "except ValueError as err:", "except ZeroDivisionError as err:"]
                ),
            )
            self.line(depth + 1, "print(err)")
            self.block(depth + 1, self.random.randint(0, 2))
        if kind == 1:
            self.line(depth, "else:")
            self.block(depth + 1, 1)
        if kind > 1:
            self.line(depth, "finally:")
            self.block(depth + 1, 1)

    def return_(self, depth: int) -> None:
        self.line(depth, f"if {self.test()}:")
        self.line(depth + 1, f"return {self.expr()}")

    # --- expressions ------------------------------------------------------------------------------

    def effect(self) -> str:
        may_fail = self.fails == "anywhere" or (self.fails == "guarded" and self.in_try)
        if may_fail and self.random.random() < 0.15:
            return f'failing({self.random.randint(0, 3)}, "failed {self.random.randint(0, 99)}")'
        return f"slow({self.random.randint(0, 4)}, {self.operand()})"

    def operand(self) -> str:
        return self.random.choice([self.name(), self.name(), str(self.random.randint(0, 9)), f"{self.name()} + 1"])

    def expr(self) -> str:
        kind = self.random.randint(0, 9)
        if kind < 3:
            return self.name()
        if kind < 5:
            return f"{self.name()} + {self.operand()}"
        if kind == 5:
            return self.effect()
        if kind == 6 and self.functions:
            name, count = self.random.choice(self.functions)
            return f"{name}({', '.join(self.operand() for _ in range(count))})"
        if kind == 7:
            return f"({self.name()} if {self.test()} else {self.operand()})"
        if kind == 8:
            return f"len([{self.name()}, {self.effect()}])"
        return str(self.random.randint(0, 9))

    def test(self) -> str:
        text = self.random.choice(["{0} > {1}", "{0} == {1}", "{0} > 3 and {1} < 5", "{0} < 2 or {1} > 4", "not {0}"])
        return text.format(self.name(), self.name())
