"""Proof that formatting changed nothing: two texts mean the same.

The parser decides by kinds and values of tokens alone. So where the tokens of both texts are the same, the
trees are, and comparing tokens costs half a parse. Only top-level statements whose tokens differ (a comma
more, parentheses fewer, another block style) are parsed again and compared as trees.
"""

from __future__ import annotations

from dana.ast.nodes import Node
from dana.parser import parse
from dana.parser.driver import drive
from dana.parser.lexer import Lexer
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from dana.ast.nodes import Stmt
    from dana.parser.reader import Token

DEEPER = {"INDENT": 1, "LBLOCK": 1, "DEDENT": -1, "RBLOCK": -1}
# Before these, a statement has not ended yet.
CONTINUES = frozenset({"INDENT", "ELIF", "ELSE", "EXCEPT", "FINALLY"})


def difference(body: Sequence[Stmt], read: Sequence[Token], comments: Sequence[str], text: str) -> str:
    """What the new text says otherwise than the old one (its statements, tokens, comments); "" when nothing."""
    source = Source("formatted", text)
    lexer = Lexer(source)
    again = lexer.run()
    if [d for d in lexer.diagnostics if d.is_error]:
        return f"the result is no program: {lexer.diagnostics[0].message}"
    if [normal(text[a:b]) for a, b in lexer.comments] != [normal(c) for c in comments]:
        return "a comment is not where it was"
    if [t[2:] for t in read] == [t[2:] for t in again]:
        return ""
    return _different_statement(source, body, read, again)


def normal(comment: str) -> str:
    """A comment but for the blanks around it."""
    words = comment.lstrip("#")
    return comment[: len(comment) - len(words)] + words.strip()


def _different_statement(source: Source, body: Sequence[Stmt], read: Sequence[Token], again: Sequence[Token]) -> str:
    old, new = statements(read), statements(again)
    if len(old) != len(new) or len(old) != len(body):
        return _different_tree(body, source)
    for (a, b), (c, d), stmt in zip(old, new, body, strict=True):
        if [t[2:] for t in read[a:b]] == [t[2:] for t in again[c:d]]:
            continue
        end = again[d - 1][1]
        found, diagnostics = drive(source, [*again[c:d], (end, end, "$END", "")], "module")
        if [x for x in diagnostics if x.is_error]:
            return f"the result is no program: {diagnostics[0].message}"
        if not same((stmt,), tuple(found or ())):
            line = source.line_column(again[c][0])[0]
            return f"the statement that line {line} of the result begins means something else"
    return ""


def _different_tree(body: Sequence[Stmt], source: Source) -> str:
    parsed = parse(source)
    if [d for d in parsed.diagnostics if d.is_error]:
        return f"the result is no program: {parsed.diagnostics[0].message}"
    return "" if same(tuple(body), parsed.module.body) else "the program would mean something else"


def statements(read: Sequence[Token]) -> list[tuple[int, int]]:
    """Where top-level statements begin and end among the tokens."""
    found = []
    depth = begin = line = 0
    for at, token in enumerate(read):
        kind = token[2]
        if kind in DEEPER:
            depth += DEEPER[kind]
        elif kind != "NEWLINE":
            continue
        following = read[at + 1][2]
        if depth or following in CONTINUES:
            continue
        if read[line][2] != "AT" or kind != "NEWLINE":  # a decorator belongs to what follows
            found.append((begin, at + 1))
            begin = at + 1
        line = at + 1
    return found


def same(left: Any, right: Any) -> bool:
    """Whether two trees differ in positions only."""
    stack = [(left, right)]
    while stack:
        one, other = stack.pop()
        if one.__class__ is not other.__class__:
            return False
        if isinstance(one, Node):
            fields = one._fields
            stack.extend(
                (one[n], other[n]) for n in range(2, len(fields)) if fields[n] != "name_at" and one[n] is not other[n]
            )
        elif one.__class__ is tuple:
            if len(one) != len(other):
                return False
            stack.extend(zip(one, other, strict=True))
        elif one != other and repr(one) != repr(other):
            return False
    return True
