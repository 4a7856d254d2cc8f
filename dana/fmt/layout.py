"""A statement that does not fit into one line, or must not: where it breaks.

Lines break inside brackets only, in this order of preference: a long pipeline, one stage per line; the value
of the statement at its loosest operators, in parentheses of its own; the last bracket that helps, one item
per line with a comma behind each. What is still too long is broken again in the same way.

A line may also break before a `|` outside brackets (L20), which is how pipelines are written.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise

from dana.fmt.lines import INDENT, WIDTH, fits
from dana.fmt.spacing import CLOSERS, OPENERS, OPERANDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dana.fmt.lines import Lines
    from dana.fmt.spacing import Line

    Comment = tuple[str, bool]  # the text, whether it has a line of its own

# How loosely an operator holds what stands around it.
CLAUSE, TERNARY, OR, AND, COMPARE, PIPE, XOR, BITAND, SHIFT, SUM, PRODUCT, STRINGS, CHAIN, NONE = range(14)
LEVELS = {
    "OR": OR, "AND": AND, "COMPARE": COMPARE, "IN": COMPARE, "IS": COMPARE, "BAR": PIPE, "CARET": XOR,
    "AMPERSAND": BITAND, "SHIFT": SHIFT, "ADDITIVE": SUM, "STAR": PRODUCT, "SLASH": PRODUCT, "DIVIDE": PRODUCT,
    "AT": PRODUCT,
}  # fmt: skip
LEADERS = frozenset({*LEVELS, "IF", "ELSE", "FOR"})
# Where a line may break: anywhere inside brackets; at statement level after adding parentheses; only in
# brackets that are there already.
FREE, WRAP, FIXED = range(3)
TYPE_HEADS = frozenset({"STRUCT", "FROZEN", "RESOURCE", "AGENT", "AGENT_BLUEPRINT", "INTERFACE"})
VALUE_WORDS = frozenset({"RETURN", "DELIVER", "IF", "ELIF", "WHILE"})
FILL_AT_LEAST = 8
FILL_ITEM_MAX = 20
LITERALS = frozenset({"NUMBER", "STRING", "TRUE", "FALSE", "NONE"})


class Layout:
    """Breaks one statement.

    `after` are the comments behind a part, by its number; `lead` stands before the statement (`} ` of `} else {`).
    """

    def __init__(self, out: Lines, line: Line, text: str, after: dict[int, list[Comment]], lead: str) -> None:
        self.out = out
        self.lead = lead
        self.text = text
        self.line = line
        self.parts = line.parts
        self.kinds = line.kinds
        self.after = after
        self.match: dict[int, int] = {}
        self.restructure()
        self.magic = sorted(self.open_by_comma)
        self.commented = sorted(self.after)

    def restructure(self) -> None:
        if self.line.bare_comma:
            close_bare_tuples(self.line, self.after)
        opened: list[int] = []
        self.open_by_comma: set[int] = set(self.line.magic)
        for at, kind in enumerate(self.kinds):
            if kind in OPENERS:
                opened.append(at)
            elif kind in CLOSERS:
                self.match[opened.pop()] = at
        for at in sorted(self.after):
            if self.kinds[at] in LEADERS and at and self.kinds[at - 1] in OPERANDS and self.after[at]:
                self.after.setdefault(at - 1, []).extend(self.after.pop(at))

    # --- questions --------------------------------------------------------------------------------------

    def flat(self, lo: int, hi: int) -> str:
        """The parts on one line, without the space before the first."""
        if lo >= hi:
            return ""
        joined = "".join(self.parts[lo:hi])
        return joined[1:] if joined[:1] == " " else joined

    def forced(self, lo: int, hi: int) -> bool:
        """Whether something between two parts keeps them from one line."""
        first = bisect_left(self.magic, lo)
        return self.forced_by_comment(lo, hi - 1) or (first < len(self.magic) and self.magic[first] < hi)

    def level_parts(self, lo: int, hi: int) -> Iterable[int]:
        """The parts outside brackets that open in this range."""
        at = lo
        while at < hi:
            yield at
            at = self.match.get(at, at) + 1

    def commas(self, lo: int, hi: int) -> list[int]:
        """The commas between items: not those inside brackets, nor between the parameters of a lambda."""
        found = []
        lambdas = 0
        for at in self.level_parts(lo, hi):
            kind = self.kinds[at]
            if kind in ("LAMBDA", "LAMBDA_TYPED"):
                lambdas += 1
                typed = kind == "LAMBDA_TYPED"
            elif lambdas and ((kind == "COLON" and not typed) or kind == "DOUBLE_COLON"):
                lambdas -= 1
            elif kind == "FOR" and at > lo:
                return []  # a comprehension is one item; its targets may have commas
            elif kind == "COMMA" and not lambdas:
                found.append(at)
        return found

    def delimiters(self, lo: int, hi: int) -> tuple[int, list[int]]:
        """The loosest operators outside brackets, and the parts that would begin new lines."""
        points: list[int] = []
        strings: list[int] = []
        dots: list[int] = []
        best = NONE
        kinds = self.kinds
        in_clause = False
        previous = ""
        start = lo
        for at in self.level_parts(lo, hi):
            kind = kinds[at]
            if kind in ("LAMBDA", "LAMBDA_TYPED"):
                break
            level = NONE
            if kind in ("COLON", "KEYWORD", "EQUAL", "WALRUS"):
                best, points, strings, dots, start = NONE, [], [], [], at + 1
            elif kind == "FOR":
                level, in_clause = CLAUSE, True
            elif kind in ("IF", "ELSE"):
                level = CLAUSE if in_clause and kind == "IF" else TERNARY
            elif kind == "IN" and (in_clause and self.is_clause_in(lo, at)):
                level = NONE
            elif kind == "NOT":
                level = COMPARE if previous in OPERANDS else NONE
            elif kind == "IN" and previous == "NOT":
                level = NONE
            else:
                level = LEVELS.get(kind, NONE)
            if kind in ("STRING", "FSTRING") and previous in ("STRING", "FSTRING"):
                strings.append(at)
            elif kind == "DOT" and at > start + 1 and at + 2 < hi and kinds[at + 2] == "CALL":
                dots.append(at)
            if level < NONE and at > start:
                if level < best:
                    best, points = level, [at]
                elif level == best:
                    points.append(at)
            previous = kinds[self.match.get(at, at)]
        if best == NONE and strings:
            return STRINGS, strings
        if best == NONE and len(dots) > 1:
            return CHAIN, dots
        return best, points

    def is_clause_in(self, lo: int, at: int) -> bool:
        """Whether an `in` belongs to the `for` before it."""
        for before in range(at - 1, lo - 1, -1):
            if self.kinds[before] == "FOR":
                return True
            if self.kinds[before] in ("IN", "IF"):
                return False
        return False

    def groups(self, lo: int, hi: int) -> list[int]:
        """Brackets with something in them."""
        return [
            at
            for at in self.level_parts(lo, hi)
            if at in self.match
            and (self.match[at] > at + 1 or self.after.get(at))
            and self.match[at] < hi
            and (self.kinds[at - 1 : at] != ["LAMBDA_TYPED"] or self.forced(at, self.match[at] + 1))
        ]

    # --- writing ----------------------------------------------------------------------------------------

    def emit(self, indent: int, text: str, *last: int) -> None:
        """A line that ends with these parts, and the comments behind them."""
        self.out.code(indent, text)
        behind = False
        for at in last:
            for comment, own in self.after.pop(at, ()):
                if own or behind:
                    self.out.comment(indent, comment)
                else:
                    self.out.behind(indent, comment)
                behind = True

    def put(
        self, prefix: str, lo: int, hi: int, suffix: str, indent: int, place: int, deeper: int, *comma: int
    ) -> None:
        """The parts `[lo, hi)` after `prefix`, before `suffix`, broken where need be.

        `deeper` is how far lines that an operator begins are moved in; `comma` a part that `suffix` stands for.
        """
        if not self.forced(lo, hi):
            text = prefix + self.flat(lo, hi) + suffix
            if fits(text, indent):
                self.emit(indent, text, hi - 1, *comma)
                return
        level, points = self.delimiters(lo, hi)
        comments = [at + 1 for at in self.level_parts(lo, hi - 1) if self.comment_at(at, hi)]
        if points and not comments and self.bracket_is_better(prefix, lo, hi, points, level, indent):
            points = []
        if place == FREE and (points or comments):
            self.split(
                prefix,
                lo,
                hi,
                sorted({*points, *comments}),
                suffix,
                indent,
                deeper if points else INDENT,
                place,
                *comma,
            )
        elif place != FREE and level == PIPE and points and not suffix:
            self.pipeline(prefix, lo, hi, points, indent)
        elif place == WRAP and points:
            self.wrap(prefix, lo, hi, suffix, indent)
        elif comments:
            self.split(prefix, lo, hi, comments, suffix, indent, INDENT, place, *comma)
        elif place == WRAP and not self.groups(lo, hi) and fits(self.flat(lo, hi), indent + INDENT) and lo:
            self.wrap(prefix, lo, hi, suffix, indent)
        else:
            self.explode(prefix, lo, hi, suffix, indent, place, *comma)

    def comment_at(self, at: int, hi: int) -> bool:
        """Whether comments stand behind this part, or behind the bracket that it opens."""
        end = self.match.get(at, at)
        return end < hi - 1 and bool(self.after.get(end))

    def bracket_is_better(self, prefix: str, lo: int, hi: int, points: list[int], level: int, indent: int) -> bool:
        """`a + f(` … `)`: with one operator before a last bracket, only the bracket is opened."""
        if level in (CHAIN, PIPE) or len(points) > 1 or level < COMPARE:
            return False
        groups = self.groups(points[0], hi)
        if not groups or self.match[groups[-1]] != hi - 1:
            return False
        return fits(prefix + self.flat(lo, groups[-1] + 1), indent) and not self.forced(lo, groups[-1])

    def split(
        self,
        prefix: str,
        lo: int,
        hi: int,
        points: list[int],
        suffix: str,
        indent: int,
        deeper: int,
        place: int,
        *comma: int,
    ) -> None:
        """One line per operand, operators in front."""
        edges = [lo, *points, hi]
        for number in range(len(edges) - 1):
            last = number == len(edges) - 2
            self.put(
                "" if number else prefix,
                edges[number],
                edges[number + 1],
                suffix if last else "",
                indent + deeper if number else indent,
                FREE if place == FREE else FIXED,
                INDENT,
                *(comma if last else ()),
            )

    def pipeline(self, prefix: str, lo: int, hi: int, points: list[int], indent: int) -> None:
        """One stage per line, `|` in front."""
        edges = [lo, *points, hi]
        for number in range(len(edges) - 1):
            self.put(
                "" if number else prefix,
                edges[number],
                edges[number + 1],
                "",
                indent + INDENT if number else indent,
                FIXED,
                INDENT,
            )

    def wrap(self, prefix: str, lo: int, hi: int, suffix: str, indent: int) -> None:
        """The value in parentheses of its own."""
        self.emit(indent, prefix + "(")
        level, points = self.delimiters(lo, hi)
        if level == STRINGS and not self.commas(lo, hi):
            self.split("", lo, hi, points, "", indent + INDENT, 0, FREE)
        else:
            self.items(lo, hi, indent + INDENT, comma=bool(self.commas(lo, hi)))
        self.emit(indent, ")" + suffix)

    def explode(self, prefix: str, lo: int, hi: int, suffix: str, indent: int, place: int, *comma: int) -> None:
        """Opens one bracket: its items on lines of their own."""
        group = self.chosen_group(prefix, lo, hi, suffix, indent)
        if group is None:
            self.emit(indent, prefix + self.flat(lo, hi) + suffix, hi - 1, *comma)
            return
        close = self.match[group]
        if (inner := self.hugged(prefix, lo, group, indent)) is not None:
            self.open_bracket(prefix, lo, inner, indent)
            self.put("", self.match[inner], hi, suffix, indent, FIXED if place == WRAP else place, INDENT, *comma)
            return
        self.open_bracket(prefix, lo, group, indent)
        self.put("", close, hi, suffix, indent, FIXED if place == WRAP else place, INDENT, *comma)

    def hugged(self, prefix: str, lo: int, group: int, indent: int) -> int | None:
        """The list, dict or set that ends a call and has to be opened anyway: `f(a, [` … `])` opens both at once."""
        close = self.match[group]
        if self.kinds[group] != "CALL" or group in self.magic or self.after.get(group) or self.after.get(close - 1):
            return None
        inner = next((at for at in self.groups(group + 1, close) if self.match[at] == close - 1), None)
        if inner is not None and self.kinds[inner] == "CALL" and not self.commas(group + 1, close):
            return self.hugged(prefix, lo, inner, indent)
        if (
            inner is None
            or self.kinds[inner] not in ("LSQB", "LBRACE")
            or self.kinds[inner - 1] not in ("CALL", "COMMA")
        ):
            return None
        if self.forced(lo, inner) or self.after.get(inner - 1) or not fits(prefix + self.flat(lo, inner + 1), indent):
            return None
        opens = self.forced(inner, close) or not fits(self.flat(inner, close) + ",", indent + INDENT)
        return inner if opens else None

    def open_bracket(self, prefix: str, lo: int, group: int, indent: int) -> None:
        """The line up to a bracket, and its items."""
        close = self.match[group]
        self.out.code(indent, prefix + self.flat(lo, group + 1))
        first = True
        for text, own in self.after.pop(group, ()):
            if own or not first:
                self.out.comment(indent + INDENT, text)
            else:
                self.out.behind(indent, text)
            first = False
        self.items(group + 1, close, indent + INDENT, comma=self.takes_comma(group), rows=self.rows(group))

    def chosen_group(self, prefix: str, lo: int, hi: int, suffix: str, indent: int) -> int | None:
        """The bracket to open: one that must be, the parameters of a definition, or the last that helps."""
        groups = self.groups(lo, hi)
        if not groups:
            return None
        fitting = [g for g in groups if fits(prefix + self.flat(lo, g + 1), indent)]
        for group in groups:
            if self.after.get(group) or self.forced(group, self.match[group] + 1):
                if group in fitting:
                    return group
                break  # with this one opened, the line up to it would still be too long
        if self.line.first in ("DEF", "SYNC", "WORKFLOW") and lo == 0:
            return next((g for g in groups if self.kinds[g] == "CALL"), groups[0])
        calls = [g for g in fitting if self.kinds[g] != "SUBSCRIPT"]
        if calls:
            close = self.match[calls[-1]]
            if not self.forced(close, hi) and fits(self.flat(close, hi) + suffix, indent):
                return calls[-1]
        return fitting[-1] if fitting else groups[0]

    def takes_comma(self, group: int) -> bool:
        """Whether the last item of an opened bracket gets a comma."""
        kind = self.kinds[group]
        inside = [self.kinds[at] for at in self.level_parts(group + 1, self.match[group])]
        if "FOR" in inside:
            return False
        if self.line.first in TYPE_HEADS:
            return False
        if kind in ("LPAR", "SUBSCRIPT"):
            is_import = self.line.first == "FROM" and self.kinds[group - 1] == "IMPORT"
            return is_import or bool(self.commas(group + 1, self.match[group]))
        if kind == "CALL" and len(self.commas(group + 1, self.match[group])) == 0 and group not in self.params():
            return False
        return bool(inside)

    def params(self) -> tuple[int, ...]:
        """The bracket of a definition's parameters."""
        if self.line.first not in ("DEF", "SYNC", "WORKFLOW"):
            return ()
        return tuple(at for at in self.level_parts(0, len(self.parts)) if self.kinds[at] == "CALL")[:1]

    def rows(self, group: int) -> list[list[str]] | None:
        """The lines of a bracket full of literals: the author's rows, else as many as fit. None for others."""
        close = self.match[group]
        if self.kinds[group] == "CALL" or self.forced_by_comment(group, close):
            return None
        edges = [group, *self.commas(group + 1, close)]
        if edges[-1] != close - 1:
            edges.append(close)
        items = list(pairwise(edges))
        if not all(self.is_literal(a + 1, b) for a, b in items):
            return None
        texts = [self.flat(a + 1, b) for a, b in items]
        rows: list[list[str]] = []
        for (a, _), text in zip(items, texts, strict=True):
            if a == group or self.starts_line(a + 1):
                rows.append([])
            rows[-1].append(text)
        if len(rows) > 1:
            return rows
        if len(texts) < FILL_AT_LEAST or max(map(len, texts)) > FILL_ITEM_MAX:
            return None
        return [texts]

    def is_literal(self, lo: int, hi: int) -> bool:
        kinds = [kind for kind in self.kinds[lo:hi] if kind != "UNARY"]
        pair = len(kinds) == 3 and kinds[1] == "COLON"
        return (pair or len(kinds) == 1) and kinds[0] in LITERALS and kinds[-1] in LITERALS

    def starts_line(self, at: int) -> bool:
        """Whether the author began a line with this part."""
        return "\n" in self.text[self.line.tokens[at - 1][1] : self.line.tokens[at][0]]

    def forced_by_comment(self, lo: int, hi: int) -> bool:
        for number in range(bisect_left(self.commented, lo), len(self.commented)):
            if self.commented[number] >= hi:
                break
            if self.after.get(self.commented[number]):
                return True
        return False

    def items(self, lo: int, hi: int, indent: int, *, comma: bool, rows: list[list[str]] | None = None) -> None:
        """One item per line."""
        commas = self.commas(lo, hi)
        closed = bool(commas) and commas[-1] == hi - 1
        edges = [lo - 1, *commas] if closed else [lo - 1, *commas, hi]
        if lo >= hi:
            return
        if rows is not None:
            for row in rows:
                self.filled(row, indent)
            return
        alone = len(edges) == 2 and not comma
        for begin, end in pairwise(edges):
            is_comma = end < hi
            suffix = "," if comma or is_comma else ""
            self.put("", begin + 1, end, suffix, indent, FREE, 0 if alone else INDENT, *((end,) if is_comma else ()))

    def filled(self, items: list[str], indent: int) -> None:
        line = ""
        for item in items:
            if line and indent + len(line) + len(item) + 2 > WIDTH:
                self.out.code(indent, line)
                line = ""
            line += f" {item}," if line else f"{item},"
        self.out.code(indent, line)

    # --- statements -------------------------------------------------------------------------------------

    def statement(self, indent: int, suffix: str) -> None:
        """The whole statement; `suffix` is what opens its block.

        One with a comment in a place where no line is broken stays as it was written.
        """
        place, commented = len(self.out.out), len(self.out.commented)
        self.arrange(indent, suffix)
        if any(self.after.values()):
            del self.out.out[place:], self.out.commented[commented:]
            tokens = self.line.tokens
            written = self.text[tokens[0][0] : tokens[-1][1]]
            if not any("\n" in part for part in self.parts):
                written = "\n".join(line.rstrip() for line in written.split("\n"))
            self.out.code(indent, self.lead + written + suffix)

    def arrange(self, indent: int, suffix: str) -> None:
        lo, hi = self.value()
        if lo < 0:
            self.whole(indent, suffix)
            return
        prefix = self.lead + self.flat(0, lo) + " " if lo else ""
        if self.forced(0, lo) or self.forced(hi, len(self.parts)) or not fits(prefix, indent):
            self.whole(indent, suffix)
            return
        tail = "".join(self.parts[hi:]) + suffix
        while self.strips(lo, hi):
            lo, hi = lo + 1, hi - 1
        if self.commas(lo, hi):
            self.tuple_value(prefix, lo, hi, tail, indent)
            return
        level, points = self.delimiters(lo, hi)
        if level == PIPE and not tail and any(self.newline_at(point) for point in points):
            self.pipeline(prefix, lo, hi, points, indent)
        else:
            starred = self.kinds[lo] == "UNARY" and self.parts[lo].strip() == "*"
            self.put(prefix, lo, hi, tail, indent, FIXED if starred else WRAP, INDENT)

    def tuple_value(self, prefix: str, lo: int, hi: int, tail: str, indent: int) -> None:
        text = prefix + self.flat(lo, hi) + tail
        if not self.forced(lo, hi) and fits(text, indent):
            self.emit(indent, text)
        else:
            self.wrap(prefix, lo, hi, tail, indent)

    def newline_at(self, point: int) -> bool:
        """Whether the author broke the line around this operator."""
        tokens = self.line.tokens
        before, here, behind = tokens[point - 1], tokens[point], tokens[point + 1]
        return "\n" in self.text[before[1] : here[0]] or "\n" in self.text[here[1] : behind[0]]

    def value(self) -> tuple[int, int]:
        """Where the value of the statement begins and ends; (-1, -1) when it has none that may be wrapped."""
        first = self.line.first
        count = len(self.parts)
        if first in VALUE_WORDS:
            return (1, count) if count > 1 else (-1, -1)
        if first == "FOR":
            return next(((at + 1, count) for at in self.level_parts(0, count) if self.kinds[at] == "IN"), (-1, -1))
        if first == "ASSERT":
            commas = self.commas(0, count)
            if not commas:
                return 1, count
            return (commas[0] + 1, count) if fits(self.flat(0, commas[0] + 1), 0) else (1, commas[0])
        equals = [at for at in self.level_parts(0, count) if self.kinds[at] in ("EQUAL", "AUGMENT")]
        lambdas = [at for at in self.level_parts(0, count) if self.kinds[at] in ("LAMBDA", "LAMBDA_TYPED")]
        equals = [at for at in equals if not lambdas or at < lambdas[0]]
        if equals:
            return equals[-1] + 1, count
        if first in PLAIN_BEGINNERS:
            return 0, count
        return -1, -1

    def strips(self, lo: int, hi: int) -> bool:
        """Whether the value stands in parentheses that say nothing."""
        if lo == 0 or self.kinds[lo] != "LPAR" or self.match[lo] != hi - 1 or hi - lo < 3:
            return False
        inside = [self.kinds[at] for at in self.level_parts(lo + 1, hi - 1)]
        if any(kind in ("FOR", "COMMA", "WALRUS", "LAMBDA", "LAMBDA_TYPED", "COLON") for kind in inside):
            return False
        if inside[0] == "UNARY" and self.parts[lo + 1].strip() in ("*", "**"):
            return False
        return not self.forced_by_comment(lo, hi - 1)

    def whole(self, indent: int, suffix: str) -> None:
        """A statement without a value that could be wrapped."""
        count = len(self.parts)
        first = self.line.first
        if first == "FROM" and "IMPORT" in self.kinds:
            self.names(self.kinds.index("IMPORT") + 1, indent, suffix)
        elif first == "WITH" and (
            "AS" in [self.kinds[at] for at in self.level_parts(0, count)]
            or (self.kinds[1] == "WITH_LPAR" and self.match[1] == count - 1)
        ):
            self.names(1, indent, suffix)
        else:
            self.put(self.lead, 0, count, suffix, indent, FIXED, INDENT)

    def names(self, lo: int, indent: int, suffix: str) -> None:
        """What `from … import` and `with` list: in parentheses when it takes several lines."""
        count = len(self.parts)
        prefix = self.flat(0, lo) + " "
        hi = count
        if lo in self.match and self.match[lo] == count - 1 and self.kinds[lo] in ("LPAR", "WITH_LPAR"):
            commented = self.forced_by_comment(lo, count - 1)
            if commented or (self.line.first == "WITH" and self.forced(lo, count)):
                self.put("", 0, count, suffix, indent, FIXED, INDENT)
                return
            lo, hi = lo + 1, count - 1
        if self.line.first == "FROM":
            self.imports(prefix, lo, hi, indent)
            return
        text = prefix + self.flat(lo, hi) + suffix
        if not self.forced(lo, hi) and fits(text, indent):
            self.emit(indent, text)
        elif self.line.first == "WITH" and not self.commas(lo, hi):
            self.put(prefix, lo, hi, suffix, indent, FIXED, INDENT)
        else:
            self.emit(indent, prefix + "(")
            self.items(lo, hi, indent + INDENT, comma=True)
            self.emit(indent, ")" + suffix)

    def imports(self, prefix: str, lo: int, hi: int, indent: int) -> None:
        """Imported names: on one line, else as many to a line as fit."""
        commas = self.commas(lo, hi)
        if commas and commas[-1] == hi - 1:
            hi = commas.pop()
        text = prefix + self.flat(lo, hi)
        if fits(text, indent) or self.kinds[lo] in ("STAR", "UNARY"):
            self.emit(indent, text)
            return
        edges = [lo - 1, *commas, hi]
        self.emit(indent, prefix + "(")
        self.filled([self.flat(a + 1, b) for a, b in pairwise(edges)], indent + INDENT)
        self.emit(indent, ")")


# What an expression that stands alone begins with.
PLAIN_BEGINNERS = LITERALS | frozenset(
    "NAME SCOPED FSTRING_START LPAR LSQB LBRACE NOT ADDITIVE TILDE DOLLARS ELLIPSIS".split()
)


TUPLE_BEGINNERS = frozenset({"EQUAL", "AUGMENT", "RETURN", "DELIVER", "FOR", "CASE", "MATCH", "EXCEPT", "DEL"})


def close_bare_tuples(line: Line, after: dict[int, list[Comment]]) -> None:
    """`x = 1,` becomes `x = (1,)`; the last comma of longer tuples without brackets goes."""
    at = 0
    depth = 0
    begin = 0
    commas = 0
    looping = False
    while at < len(line.parts):
        kind = line.kinds[at]
        depth += (kind in OPENERS) - (kind in CLOSERS)
        following = line.kinds[at + 1] if at + 1 < len(line.kinds) else "NEWLINE"
        if depth == 0 and (kind in TUPLE_BEGINNERS or (kind == "IN" and line.first == "FOR" and not looping)):
            begin, commas = at + 1, 0
            looping = looping or kind == "IN"
        elif depth == 0 and kind == "COMMA":
            commas += 1
            if following in ("EQUAL", "AUGMENT", "IN", "IF", "NEWLINE") and "LAMBDA" not in line.kinds[begin:at]:
                if commas == 1 and line.first != "DEL":
                    insert(line, after, begin, "LPAR", " (" if begin else "(")
                    line.parts[begin + 1] = line.parts[begin + 1].lstrip(" ")
                    insert(line, after, at + 2, "RPAR", ")")
                    at += 2
                else:
                    remove(line, after, at)
                    at -= 1
        at += 1


def insert(line: Line, after: dict[int, list[Comment]], at: int, kind: str, part: str) -> None:
    line.parts.insert(at, part)
    line.kinds.insert(at, kind)
    line.tokens.insert(at, line.tokens[min(at, len(line.tokens) - 1)])
    line.magic = [m + (m >= at) for m in line.magic]
    for number in sorted((n for n in after if n >= at), reverse=True):
        after[number + 1] = after.pop(number)


def remove(line: Line, after: dict[int, list[Comment]], at: int) -> None:
    del line.parts[at], line.kinds[at], line.tokens[at]
    line.magic = [m - (m > at) for m in line.magic]
    for number in sorted(n for n in after if n >= at):
        after.setdefault(number - 1, []).extend(after.pop(number))
