"""Random programs that are made to run: every built-in, method and pure module, with arguments nobody expects.

`program(rng)` returns the text of one. Names are bound before use, so most of them pass the checker (what it proves wrong
is hidden from it behind a function without types); what they do at run time is anyone's guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz import generate

if TYPE_CHECKING:
    from random import Random

BUILTINS = """abs all any bin bool bytes callable case cast chr dict divmod enumerate filter float format frozenset getattr
hasattr hash hex int isinstance iter len list map max min next oct ord pow print range repr reversed round set sorted str
sum tuple type zip race parallel sleep noop is_even sum_range""".split()
METHODS = {
    "str": """capitalize casefold center count encode endswith expandtabs find format index isalnum isdigit join ljust lower
    lstrip partition removeprefix replace rfind rjust rsplit split splitlines startswith strip swapcase title translate
    upper zfill""".split(),
    "list": "append clear copy count extend index insert pop remove reverse sort".split(),
    "dict": "clear copy get items keys pop popitem setdefault update values fromkeys".split(),
    "set": """add clear difference discard intersection isdisjoint issubset pop remove symmetric_difference union update
    """.split(),
    "int": "bit_length bit_count to_bytes from_bytes conjugate as_integer_ratio".split(),
    "float": "is_integer hex as_integer_ratio".split(),
    "bytes": "decode hex split join replace find count".split(),
    "error": "type message args line file".split(),
}
MODULES = {
    "math": "sqrt floor factorial comb gcd log isclose prod".split(),
    "json": "dumps loads".split(),
    "re": "match search findall sub split compile escape".split(),
    "itertools": "chain count cycle repeat product permutations combinations islice accumulate groupby zip_longest tee".split(),
    "functools": "reduce partial lru_cache cmp_to_key".split(),
    "collections": "Counter deque defaultdict OrderedDict ChainMap namedtuple".split(),
    "statistics": "mean median mode stdev quantiles".split(),
    "datetime": "date datetime timedelta".split(),
    "decimal": ["Decimal"], "fractions": ["Fraction"], "copy": ["copy", "deepcopy"],
    "random": "random randint choice shuffle sample choices".split(),
    "string": ["Template", "capwords"], "textwrap": "fill shorten indent dedent".split(),
    "base64": "b64encode b64decode".split(), "heapq": "heappush heappop nlargest merge heapify".split(),
    "bisect": ["bisect", "insort"], "operator": "add mul itemgetter concat".split(), "text": ["slug"], "hashlib": ["sha256"],
}  # fmt: skip
VALUES = """0 1 -1 2 7 255 10**18 2**70 -2**63 10**400 1.5 -0.0 1e308 1e-320 1e999 -1e999 (1e999-1e999) true false none
'' 'a' 'abc' 'ä' '\\ud800' '\\x00' '%s' '{}' '{0.x}' '(a+)+$' '1'*500 'ab'*3000 bytes([]) bytes([255]) [] [1] [1,[2,[3]]] ['a','b']
[0]*300 {} {'a':1} {1:{2:3}} {1,2} set() frozenset([1]) (1,2) () range(0) range(10) range(10**12) range(10,0,-1) ...
int str list dict ValueError len print loop tangle point error_value (lambda:1) (lambda*a:a) (lambda*a,**k:[a,k]) fetch
iter([1,2]) (n_for_n_in_range(10**9)) zip([1],[2]) map(str,[1]) timeout(1) json math Point fail host""".split()
SETUP = """import {modules}
struct Point:
    x: any = 0
    y: int = 1
frozen struct Spot:
    x: any = 0
struct Bad(Exception):
    code: any = 1
struct Wrap:
    _inner: any = none
def (p: Point) norm(k=1): return p.x
resource Door:
    open: bool = false
    def stop(d): d.open = false
def hidden(v): return v
def fail(*a, **k): raise Bad(a)
def deep(n=0): return deep(n + 1)
def spin(*a):
    while true: pass
loop = []
loop.append(loop)
tangle = Point()
tangle.x = [tangle, {{"me": tangle}}]
point = Point(3)
error_value = Bad(1)
"""
OPERATORS = "+ - * / // % ** << >> & | ^ == != < <= > >= in is @".split()
OPERATORS += ["and", "or", "not in"]


def program(rng: Random) -> str:
    """The text of one random program."""
    return _Writer(rng).program()


class _Writer:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.names = ["point", "loop", "error_value"]
        self.serial = 0

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def fresh(self) -> str:
        self.serial += 1
        return f"v{self.serial}"

    def program(self) -> str:
        self.modules = sorted({"json", "math", *self.rng.sample(sorted(MODULES), 3)})
        lines = SETUP.format(modules=", ".join(self.modules)).splitlines()
        if self.chance(0.15):
            # Something ordinary around it, so that both kinds of code meet.
            lines += generate.program(self.rng).splitlines()
        for _ in range(self.rng.randint(3, 12)):
            made = self.statement(2)
            # Most go wrong: the ones after them shall have their turn.
            lines += ["try:", *(f"    {line}" for line in made), "except Exception: pass"] if self.chance(0.8) else made
        return "\n".join(lines) + "\n"

    def value(self) -> str:
        if self.chance(0.35):
            return self.rng.choice(self.names)
        return self.rng.choice(VALUES).replace("_for_", " for ").replace("_in_", " in ")

    def hidden(self) -> str:
        """A value the checker knows nothing about."""
        return f"hidden({self.value()})"

    def expr(self, depth: int) -> str:
        if depth <= 0:
            return self.value() if self.chance(0.4) else self.hidden()
        makers = (
            self.builtin, self.method, self.of_module, self.operation, self.display, self.comprehension, self.pipeline,
            self.text, self.subscript, self.effect, self.struct, self.callback,
        )  # fmt: skip
        return self.rng.choice(makers)(depth - 1)

    def arguments(self, depth: int) -> str:
        given = [self.expr(depth if self.chance(0.3) else 0) for _ in range(self.rng.choice((0, 1, 1, 1, 2, 2, 3)))]
        if self.chance(0.06):
            given.append("*" + self.rng.choice(["[1, 2]", "hidden(loop)", "range(5)", "'ab'"]))
        if self.chance(0.08):
            given.append(
                self.rng.choice(["key", "sep", "end", "default", "maxsplit", "strict", "reverse", "indent"])
                + "="
                + self.hidden()
            )
        if self.chance(0.04):
            given.append(
                "**"
                + self.rng.choice(["{'a': 1}", "hidden({'.module': 1})", "hidden({1: 2})", "hidden({'__class__': 1})"])
            )
        return ", ".join(given)

    def builtin(self, depth: int) -> str:
        name = self.rng.choice(BUILTINS)
        # Behind a name the checker does not see through, nothing is refused before it runs.
        return f"{name if self.chance(0.4) else f'hidden({name})'}({self.arguments(depth)})"

    def method(self, depth: int) -> str:
        name = self.rng.choice(METHODS[self.rng.choice(sorted(METHODS))])
        return f"{self.hidden()}.{name}({self.arguments(depth)})" if self.chance(0.9) else f"{self.hidden()}.{name}"

    def of_module(self, depth: int) -> str:
        module = self.rng.choice(self.modules)
        return f"hidden({module}.{self.rng.choice(MODULES[module])})({self.arguments(depth)})"

    def operation(self, depth: int) -> str:
        if self.chance(0.15):
            return f"({self.rng.choice(['-', '+', '~', 'not '])}{self.hidden()})"
        return f"({self.hidden()} {self.rng.choice(OPERATORS)} {self.expr(depth)})"

    def display(self, depth: int) -> str:
        one, two = self.expr(depth), self.expr(0)
        return self.rng.choice(
            [
                f"[{one}, {two}]",
                f"({one}, {two})",
                f"{{{two}: {one}}}",
                f"{{{one}, {two}}}",
                f"[*{self.hidden()}, {one}]",
            ]
        )

    def comprehension(self, depth: int) -> str:
        inner = self.rng.choice(["n", f"[n, {self.expr(0)}]", "str(n)", f"hidden(n) + {self.value()}"])
        opening, closing = self.rng.choice(["[]", "{}", "()"])
        test = self.rng.choice(["", "", " if n", f" if {self.expr(0)}"])
        return f"{opening}{inner} for n in {self.expr(depth)}{test}{closing}"

    def pipeline(self, depth: int) -> str:
        stage = self.rng.choice(
            [
                "str",
                "len",
                "hidden",
                "[str, hidden]",
                "sorted",
                "(lambda v: [v])",
                "fail",
                "map(str, $$)",
                "point.norm",
                "fetch",
            ]
        )
        return f"({self.expr(depth)} | {stage} | {self.rng.choice(['str', 'hidden', 'type', '[len, str]'])})"

    def text(self, depth: int) -> str:
        spec = self.rng.choice(["", "", "!r", ":>10", ":.3f", ":{9}", ":x", ":,", ":999999", ":{hidden('>5')}"])
        quoted = self.expr(depth).replace("\\", "").replace('"', "'")
        return f'f"{{({quoted}){spec}}}"'

    def subscript(self, depth: int) -> str:
        index = self.rng.choice([self.value(), ":", "::-1", f"{self.value()}:", "-1", "1:10**20:3"])
        return f"{self.hidden()}[{index}]"

    def effect(self, depth: int) -> str:
        return self.rng.choice(
            [f"fetch({self.expr(depth)})", "race(fetch(1), fetch(2))", f"parallel(fetch, {self.hidden()})", "fetch(1, fails=true)",
             f"[fetch(n) for n in {self.hidden()}]", f"parallel(spin, {self.hidden()}, limit=2)", f"race(spin, lambda: {self.value()})"]
        )  # fmt: skip

    def struct(self, depth: int) -> str:
        return self.rng.choice(
            [f"hidden(Point)({self.arguments(depth)})", f"Point({self.expr(depth)})", f"Spot({self.hidden()})", "point.norm()",
             f"Wrap({self.hidden()}).{self.rng.choice(['x', 'upper', 'append', 'norm', 'format'])}", f"point.copy(x={self.hidden()})",
             f"{self.hidden()}.to_dict()", f"{self.hidden()}.to_json()", f"hidden(Point).from_dict({self.hidden()})", f"hash(Spot({self.hidden()}))"]
        )  # fmt: skip

    def callback(self, depth: int) -> str:
        function = self.rng.choice(
            ["fail", "deep", "spin", "hidden", "(lambda *a: loop)", "(lambda *a: fetch(1))", "str", "host", "exit"]
        )
        data = self.rng.choice(["[3, 1, 2]", self.hidden()])
        return self.rng.choice(
            [f"sorted({data}, key={function})", f"list(map({function}, {data}))", f"host({function}, {data})", f"max({data}, key={function})",
             f"list(filter({function}, {data}))", f"case(({function}, 1), 2)", f"{data} | {function}"]
        )  # fmt: skip

    # --- statements ---------------------------------------------------------------------------------

    def statement(self, depth: int) -> list[str]:
        if depth <= 0 or self.chance(0.5):
            return [self.simple()]
        body = [f"    {line}" for _ in range(self.rng.randint(1, 2)) for line in self.statement(depth - 1)]
        name = self.rng.choice(("e", "n"))
        head = self.rng.choice(
            [f"for {name} in {self.hidden()}:", "for n in range(3):", f"if {self.hidden()}:", "with timeout(0.01):", "with Door() as d:",
             f"while {self.hidden()}:", "def inner(a=1):"]
        )  # fmt: skip
        if self.chance(0.5):
            handler = self.rng.choice(
                ["Exception", "BaseException", "(Timeout, Cancelled)", "ValueError", "SystemExit", "hidden(int)"]
            )
            last = self.rng.choice([["finally:", "    hidden(1)"], [], ["finally:", f"    {self.simple()}"]])
            return [
                "try:",
                *body,
                f"except {handler} as e:",
                f"    hidden([e, str(e), {self.rng.choice(['e.args', 'e.type', 'e.line'])}])",
                *last,
            ]
        return [head, *body, *(["inner()"] if head.startswith("def") else [])]

    def simple(self) -> str:
        if self.chance(0.5):
            name = self.fresh()
            return f"{name} = {self.expr(2)}"
        return self.rng.choice(
            [f"print({self.expr(2)})", f"hidden(point).x = {self.expr(1)}", f"{self.hidden()}[{self.value()}] = {self.expr(1)}",
             f"raise {self.hidden()}", f"assert {self.expr(1)}", f"a, *b = {self.hidden()}", f"point.x += {self.value()}",
             self.expr(2), f"hidden(loop).append({self.value()})", f"w: {self.rng.choice(['int', 'list[int]', 'dict[str, float]', 'Point', 'str?'])} = {self.hidden()}",
             f"del {self.hidden()}[{self.value()}]", f"public:p = {self.expr(1)}", f"exit({self.value()})"]
        )  # fmt: skip
