"""Random programs whose variables change their types in every way the language offers; used by test_soundness."""

from __future__ import annotations

import random

NAMES = ("a", "b", "c", "xs", "ys", "q")
LEAVES = (
    "1", "2.5", "'t'", "None", "true", "[]", "[1, 2]", "['u', 3]", "{'k': 1}", "(1, 'z')", "P(x=1)", "range(3)", "{1, 2}",
)  # fmt: skip
FORMS = (
    "({} + {})", "({} * {})", "({} if {} else {})", "[{}, {}]", "({} and {})", "({} or {})", "({})[0]", "({})[1:]",
    "[v for v in {}]", "[v for v in {} if v is not None]", "max({}, {})", "sorted({})", "list({})", "len({})", "g({})",
    "h({}, {})", "abs({})", "({} - {})", "({} | inc)", "({}).x", "str({})", "sum({})",
)  # fmt: skip
TESTS = (
    "{0} is None", "{0} is not None", "isinstance({0}, int)", "isinstance({0}, str)", "not isinstance({0}, list)",
    "type({0}) == int", "{0}", "not {0}", "{0} is not None and isinstance({0}, (int, float))", "isinstance({0}, P)",
    "({0} is None or {0} == 1)",
)  # fmt: skip
CHANGES = (
    "{0} = {1}", "{0} += {1}", "{0}.append({1})", "{0}[0] = {1}", "{0}.extend({1})", "{0}.x = {1}", "{0}['k'] = {1}",
    "{0}: int = {1}", "{0}: list = {1}", "{0}, {2} = {1}, {1}", "{0} = {2}", "{0} = (lambda z: ({2}, z))({1})",
)  # fmt: skip


class Confusion:
    """A generator of one program; the same seed gives the same text."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def program(self) -> str:
        """Three functions, called with values of every type."""
        lines = ["struct P:", "    x: int", "    y: float = 1.0", "def inc(v):", "    return v + 1", "def g(v):"]
        lines += [*self.block(["v"], 1, 3), f"    return {self.expression(['v'])}", "def h(a, b: int = 3) -> any:"]
        lines += [*self.block(["a", "b"], 1, 4), f"    return {self.expression(['a', 'b'])}"]
        for index in range(3):
            kind = self.random.choice(("int", "float", "str", "list", "dict", "P", "list[int]"))
            names = ["a", "b"]
            lines += [f"def f{index}(a, b: {kind} = None):", *self.block(names, 1, 7)]
            lines.append(f"    return {self.expression(names)}")
            for args in ("1", "'s'", "[1]", "None, [1]", "P(x=2)", "2.5, 3", "inc, 'x'"):
                lines += ["try:", f"    f{index}({args})", "except Exception:", "    pass"]
        return "\n".join(lines) + "\n"

    def expression(self, names: list[str], depth: int = 0) -> str:
        roll = self.random.random()
        if depth > 2 or roll < 0.25 or not names:
            return self.random.choice(LEAVES)
        if roll < 0.5:
            return self.random.choice(names)
        form = self.random.choice(FORMS)
        return form.format(*(self.expression(names, depth + 1) for _ in range(3)))

    def block(self, names: list[str], indent: int, count: int) -> list[str]:
        lines: list[str] = []
        for _ in range(count):
            lines += self.statement(names, indent)
        return lines

    def guarded(self, pad: str, line: str) -> list[str]:
        return [f"{pad}try:", f"{pad}    {line}", f"{pad}except Exception:", f"{pad}    pass"]

    def statement(self, names: list[str], indent: int) -> list[str]:
        pad = "    " * indent
        name = self.random.choice(NAMES)
        if name not in names:
            names.append(name)
            start = self.random.choice(("0", "None", "[]", "1.5"))
            return [f"{pad}{name} = {start}", *self.guarded(pad, f"{name} = {self.expression(names)}")]
        roll = self.random.randrange(8) if indent < 4 else 0
        test = self.random.choice(TESTS).format(name)
        if roll == 5:
            body = [f"{pad}if {test}:", *self.block(names, indent + 1, 2)]
            return [*body, f"{pad}else:", *self.block(names, indent + 1, 1)]
        if roll == 6:
            return [f"{pad}for i{indent} in range(2):", *self.block(names, indent + 1, 3)]
        if roll == 7 and self.random.random() < 0.5:
            body = [f"{pad}if {test}:", *self.block(names, indent + 1, 1)]
            return [*body, f"{pad}    return {self.expression(names)}"]
        if roll == 7:
            inner = [f"{pad}def inner{indent}():", f"{pad}    nonlocal {name}", f"{pad}    {name} = 'inner'"]
            return [*inner, *self.guarded(pad, f"inner{indent}()")]
        change = self.random.choice(CHANGES)
        return self.guarded(pad, change.format(name, self.expression(names), self.random.choice(names)))
