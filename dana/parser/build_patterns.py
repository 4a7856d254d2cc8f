"""Builders of the patterns of `match`."""

from __future__ import annotations

from dana.ast.nodes import (
    Constant,
    ErrorExpr,
    ErrorStmt,
    JoinedStr,
    MatchCase,
    PatternAs,
    PatternCapture,
    PatternClass,
    PatternMapping,
    PatternOr,
    PatternSequence,
    PatternSingleton,
    PatternStar,
    PatternValue,
    UnaryOp,
)
from dana.parser.problems import Refused
from dana.parser.rules import finish

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.ast.nodes import Expr, Node, Pattern, Stmt
    from dana.parser.reader import Token

    Block = tuple[int, int, tuple[Stmt, ...], str | None]


def case(word: Token, pattern: Pattern, _if: Token | None, guard: Expr | None, block: Block) -> MatchCase:
    refused = None
    if isinstance(pattern, PatternStar):
        refused = wrong("`*` stands inside a sequence", pattern, "write `[*rest]`, or a second pattern: `first, *rest`")
        pattern = PatternSequence(pattern.start, pattern.end, (pattern,))
    return finish(MatchCase(word[0], block[1], pattern, guard, block[2]), refused)


def wrong(message: str, at: Node, hint: str) -> Refused:
    return Refused(None, "E121", message, at.start, at.end, hint=hint)


def case_error(error: Token, _newline: Token) -> MatchCase:
    return wrong_case(error, [])


def case_error_indented(error: Token, _newline: Token, _indent: Token, body: list[Stmt], _dedent: Token) -> MatchCase:
    return wrong_case(error, body)


def case_error_braced(error: Token, _opening: Token, body: list[Stmt], _closing: Token) -> MatchCase:
    return wrong_case(error, body)


def wrong_case(error: Token, body: list[Stmt]) -> MatchCase:
    """A case that could not be read: it captures nothing and holds what stood in its block."""
    end = body[-1].end if body else error[1]
    inner = tuple(body) or (ErrorStmt(error[0], error[1], ()),)
    return MatchCase(error[0], end, PatternCapture(error[0], error[1], None), None, inner)


def patterns_one(item: Pattern, comma: Token) -> PatternSequence:
    return sequence(item.start, comma[1], [item])


def patterns_bare(items: list[Pattern]) -> PatternSequence:
    return sequence(items[0].start, items[-1].end, items)


def patterns_bare_closed(items: list[Pattern], comma: Token) -> PatternSequence:
    return sequence(items[0].start, comma[1], items)


def sequence(start: int, end: int, items: list[Pattern]) -> PatternSequence:
    stars = [item for item in items if isinstance(item, PatternStar)]
    refused = None
    if len(stars) > 1:
        refused = wrong(
            "a sequence pattern has one `*` at most", stars[1], "match the rest with one `*` and look at it inside"
        )
    return finish(PatternSequence(start, end, tuple(items)), refused)


def pattern_star(star: Token, token: Token) -> PatternStar:
    return PatternStar(star[0], token[1], None if token[3] == "_" else token[3])


def pattern_as(pattern: Pattern, _as: Token, token: Token) -> PatternAs:
    return PatternAs(pattern.start, token[1], pattern, token[3])


def pattern_or(options: list[Pattern]) -> PatternOr:
    return PatternOr(options[0].start, options[-1].end, tuple(options))


def pattern_capture(token: Token) -> PatternCapture:
    return PatternCapture(token[0], token[1], None if token[3] == "_" else token[3])


def pattern_value(value: Expr) -> PatternValue:
    refused = None
    if isinstance(value, JoinedStr):
        refused = wrong("a pattern cannot be an f-string", value, "use a guard: `case x if x == …`")
        value = ErrorExpr(value.start, value.end)
    return finish(PatternValue(value.start, value.end, value), refused)


def pattern_signed(sign: Token, token: Token) -> UnaryOp:
    return UnaryOp(sign[0], token[1], sign[3], Constant(token[0], token[1], token[3]))


def pattern_true(token: Token) -> PatternSingleton:
    return PatternSingleton(token[0], token[1], True)


def pattern_false(token: Token) -> PatternSingleton:
    return PatternSingleton(token[0], token[1], False)


def pattern_none(token: Token) -> PatternSingleton:
    return PatternSingleton(token[0], token[1], None)


def pattern_group(_opening: Token, pattern: Pattern, _closing: Token) -> Pattern:
    return pattern


def pattern_sequence_empty(opening: Token, closing: Token) -> PatternSequence:
    return sequence(opening[0], closing[1], [])


def pattern_sequence_one(opening: Token, item: Pattern, _comma: Token, closing: Token) -> PatternSequence:
    return sequence(opening[0], closing[1], [item])


def pattern_sequence_single(opening: Token, item: Pattern, _comma: Token | None, closing: Token) -> PatternSequence:
    return sequence(opening[0], closing[1], [item])


def pattern_sequence(opening: Token, items: list[Pattern], _comma: Token | None, closing: Token) -> PatternSequence:
    return sequence(opening[0], closing[1], items)


def pattern_entry(key: Expr, _colon: Token, pattern: Pattern) -> tuple[Expr, Pattern]:
    return key, pattern


def pattern_rest(stars: Token, token: Token) -> Token:
    return (stars[0], token[1], "NAME", token[3])


def pattern_mapping_empty(opening: Token, closing: Token) -> PatternMapping:
    return PatternMapping(opening[0], closing[1], (), (), None)


def pattern_mapping(opening: Token, entries: list[Any], _comma: Token | None, closing: Token) -> PatternMapping:
    pairs = [entry for entry in entries if len(entry) == 2]
    rests = [entry for entry in entries if len(entry) == 4]
    refused = None
    if rests and rests[0] is not entries[-1]:
        start, end, _, _ = rests[0]
        message = "`**` must be the last entry of a mapping pattern"
        refused = Refused(None, "E121", message, start, end, hint="move it to the end")
    keys = tuple(key for key, _ in pairs)
    values = tuple(pattern for _, pattern in pairs)
    return finish(PatternMapping(opening[0], closing[1], keys, values, rests[0][3] if rests else None), refused)


def pattern_keyword(token: Token, _equal: Token, pattern: Pattern) -> tuple[Token, Pattern]:
    return token, pattern


def pattern_class_empty(cls: Expr, _opening: Token, closing: Token) -> PatternClass:
    return PatternClass(cls.start, closing[1], cls, (), (), ())


def pattern_class(cls: Expr, _opening: Token, args: list[Any], _comma: Token | None, closing: Token) -> PatternClass:
    positional: list[Pattern] = []
    names: list[str] = []
    keywords: list[Pattern] = []
    refused = None
    for arg in args:
        if arg.__class__ is tuple:
            token, pattern = arg
            if token[3] in names:
                message = f"`{token[3]}` is matched twice"
                refused = refused or Refused(None, "E121", message, token[0], token[1], hint="join the two patterns")
            names.append(token[3])
            keywords.append(pattern)
        else:
            if keywords:
                refused = refused or wrong("a positional pattern follows a named one", arg, "put it first")
            positional.append(arg)
    node = PatternClass(cls.start, closing[1], cls, tuple(positional), tuple(names), tuple(keywords))
    return finish(node, refused)
