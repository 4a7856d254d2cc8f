"""One statement at a time: its tokens as text, with the one space, or none, that stands before each.

`read` goes through the tokens once and says all that later steps ask about a statement; what a sign is (a
binary minus or a sign before a number, a call or a tuple, a slice's colon or a dict's) becomes its kind here.
"""

from __future__ import annotations

import re

from dana.parser.words import HEADERS, OPERAND_ENDS, SCOPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from dana.parser.reader import Token

OPENERS = frozenset({"LPAR", "WITH_LPAR", "LSQB", "LBRACE", "CALL", "SUBSCRIPT"})
CLOSERS = frozenset({"RPAR", "RSQB", "RBRACE"})
OPERANDS = frozenset({*OPERAND_ENDS, "FSTRING"}) - {"ELSE", "TRY", "FINALLY", "EXCEPT", "BAD"}
BLOCKED = HEADERS | {"SYNC", "FROZEN"}
# What redundant parentheses may follow.
WRAPPERS = frozenset({"EQUAL", "AUGMENT", "RETURN", "DELIVER", "IF", "ELIF", "WHILE", "IN", "IMPORT", "WITH"})
# What ends a tuple without parentheses whose last comma follows nothing.
TUPLE_ENDS = frozenset({"EQUAL", "AUGMENT", "IN", "IF", "NEWLINE", "SEMICOLON", "LBLOCK", "COLON"})
SIMPLE_IN_SLICES = frozenset({"NAME", "NUMBER", "SCOPED", "STRING", "COLON", "COMMA", "DOLLARS", "NONE"})

PLAIN, TIGHT, OPEN, CLOSE, SIGN, COLON, EQUAL, STRING, FSTRING, SKIP, END, LAMBDA, DOT = range(13)
CLASS = {
    "COMMA": TIGHT, "QUESTION": TIGHT, "DOT": DOT,
    "LPAR": OPEN, "WITH_LPAR": OPEN, "LSQB": OPEN, "LBRACE": OPEN, "RPAR": CLOSE, "RSQB": CLOSE, "RBRACE": CLOSE,
    "ADDITIVE": SIGN, "STAR": SIGN, "DOUBLE_STAR": SIGN, "TILDE": SIGN, "AT": SIGN,
    "COLON": COLON, "EQUAL": EQUAL, "STRING": STRING, "FSTRING_START": FSTRING, "DOC": SKIP,
    "NEWLINE": END, "SEMICOLON": END, "LBLOCK": END, "LAMBDA": LAMBDA, "LAMBDA_TYPED": LAMBDA, "DOUBLE_COLON": LAMBDA,
}  # fmt: skip
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Line:
    """A statement, or the header of a compound one.

    `parts` are the texts with the space before them, `kinds` what they are, `tokens` where they come from;
    `end` is the number of the token that ends it, of kind `ended`. `magic` are the brackets (part numbers)
    that a comma behind their last item keeps open; `wrapped` says that parentheses hold the whole value,
    `bare_comma` that a tuple without parentheses ends with a comma.
    """

    __slots__ = ("bare_comma", "end", "ended", "first", "kinds", "magic", "parts", "tokens", "wrapped")

    def __init__(self, first: str) -> None:
        self.first = first
        self.parts: list[str] = []
        self.kinds: list[str] = []
        self.tokens: list[Token] = []
        self.end = 0
        self.ended = ""
        self.magic: list[int] = []
        self.wrapped = False
        self.bare_comma = False


def read(tokens: Sequence[Token], text: str, at: int) -> Line:
    """The statement whose first token has the number `at`."""
    first = tokens[at][2]
    line = Line(first)
    header = first in BLOCKED
    parts, kinds, kept = line.parts, line.kinds, line.tokens
    add_part, add_kind, keep = parts.append, kinds.append, kept.append
    brackets: list[list[Any]] = []  # [kind, part number, annotation seen, commas, spaced slices, lambda seen]
    lambdas: list[list[Any]] = []  # [brackets open, is typed, an annotation was seen] of lambdas before their body
    previous = ""
    hugs = True
    number = at
    opened = -1  # part number of the bracket that was closed last
    classes = CLASS
    while True:
        token = tokens[number]
        kind = token[2]
        how = classes.get(kind, PLAIN)
        number += 1
        if how == PLAIN:
            word = text[token[0] : token[1]]
            if not hugs or (kind == "IMPORT" and parts):
                word = " " + word
            hugs = False
        elif how == OPEN:
            word = text[token[0] : token[1]]
            if previous in OPERANDS:
                kind = "CALL" if kind == "LPAR" else "SUBSCRIPT" if kind == "LSQB" else kind
                if kind == "LBRACE":
                    word = " " + word
            elif not hugs:
                word = " " + word
            brackets.append([kind, len(parts), False, 0, None, False])
            hugs = True
        elif how == CLOSE:
            word = text[token[0] : token[1]]
            hugs = False
            opener, opened, _, commas, _, _ = brackets.pop()
            if lambdas and lambdas[-1][0] > len(brackets):
                lambdas.pop()
            if previous == "COMMA" and (commas > 1 or opener not in ("LPAR", "SUBSCRIPT")):
                line.magic.append(opened)
        elif how == TIGHT:
            word = text[token[0] : token[1]]
            hugs = False
            if kind == "COMMA":
                if lambdas and lambdas[-1][0] == len(brackets):
                    lambdas[-1][2] = False
                elif brackets:
                    brackets[-1][2] = False
                    brackets[-1][3] += 1
                elif tokens[number][2] in TUPLE_ENDS:
                    line.bare_comma = True
        elif how == DOT:
            word = " ." if previous in ("NUMBER", "FROM") and not hugs else "."
            hugs = True
        elif how == STRING:
            word = text[token[0] : token[1]]
            if word[-1] == "'":
                word = requoted(word)
            if hugs:
                hugs = False
            else:
                word = " " + word
        elif how == COLON:
            if lambdas and lambdas[-1][0] == len(brackets):
                if lambdas[-1][1]:
                    lambdas[-1][2] = True
                else:
                    lambdas.pop()
                word = ":"
                hugs = False
            elif not brackets:
                if header:
                    break
                word = ":"
                hugs = False
            else:
                bracket = brackets[-1]
                if bracket[0] == "SUBSCRIPT":
                    if bracket[4] is None:
                        bracket[4] = spaced_slices(tokens, text, kept[bracket[1]], number)
                    spaced = bracket[4]
                    word = " :" if spaced and previous not in ("SUBSCRIPT", "COMMA", "SLICE") else ":"
                    if previous == "COMMA" or (previous == "SLICE" and bracket[5]):
                        word = " :"  # `::` would belong to the lambda
                    kind = "SLICE"
                    hugs = not spaced
                else:
                    bracket[2] = True
                    word = ":"
                    hugs = False
        elif how == EQUAL:
            if lambdas and lambdas[-1][0] == len(brackets):
                spaced = lambdas[-1][2]
            elif brackets:
                spaced = brackets[-1][2]
            else:
                spaced = first != "USE"
            word = " =" if spaced else "="
            hugs = not spaced
            if not spaced:
                kind = "KEYWORD"
        elif how == SIGN:
            word = text[token[0] : token[1]]
            binary = previous in OPERANDS
            if not hugs:
                word = " " + word
            hugs = not binary
            if not binary:
                kind = "UNARY" if kind != "AT" else "AT"
        elif how == END:
            number -= 1
            break
        elif how == FSTRING:
            start = token[0]
            depth = 1
            while depth:
                other = tokens[number][2]
                depth += (other == "FSTRING_START") - (other == "FSTRING_END")
                number += 1
            end = tokens[number - 1][1]
            token = (start, end, "FSTRING", None)
            kind = "FSTRING"
            word = text[start:end]
            if hugs:
                hugs = False
            else:
                word = " " + word
        elif how == LAMBDA:
            if kind == "DOUBLE_COLON":
                lambdas.pop()
            else:
                lambdas.append([len(brackets), kind == "LAMBDA_TYPED", False])
                if brackets:
                    brackets[-1][5] = True
            word = text[token[0] : token[1]]
            if not hugs:
                word = " " + word
            hugs = False
        else:  # a documentation comment; it is printed as a comment
            continue
        add_part(word)
        add_kind(kind)
        keep(token)
        previous = kind
    if kind == "COLON":
        number -= 1
    line.end = number
    line.ended = kind
    if previous == "RPAR" and opened > 0 and kinds[opened] in ("LPAR", "WITH_LPAR"):
        line.wrapped = kinds[opened - 1] in WRAPPERS
    if first == "FROM":
        _close_import_source(line)
    return line


def _close_import_source(line: Line) -> None:
    """`from ...a import`: the three dots are no operand here."""
    for at in range(2, len(line.parts)):
        if line.kinds[at] == "IMPORT":
            break
        line.parts[at] = line.parts[at].strip()


def spaced_slices(tokens: Sequence[Token], text: str, opening: Token, number: int) -> bool:
    """Whether the colons of a subscript get spaces: when it holds more than names, numbers and signs."""
    at = number - 1
    while tokens[at] is not opening:
        at -= 1
    previous = ""
    while True:
        at += 1
        start, end, kind, _ = tokens[at]
        if kind == "RSQB":
            return False
        if kind == "ADDITIVE" and previous not in OPERANDS:
            kind = "UNARY"
        elif kind not in SIMPLE_IN_SLICES or (kind == "NAME" and text[start:end] in SCOPES):
            return True  # `private : x` must not become the scoped name `private:x` (L10)
        previous = kind


def requoted(literal: str) -> str:
    """A string literal in double quotes, unless that adds an escape."""
    start = literal.index("'")
    prefix = literal[:start]
    raw = prefix in ("r", "R")
    if literal.startswith("'''", start):
        body = literal[start + 3 : -3]
        if '"""' in body or body[-1:] in ('"', "\\") or body[:1] == '"':
            return literal
        return f'{prefix}"""{body}"""'
    body = literal[start + 1 : -1]
    if '"' in body or (raw and "\\'" in body):
        return literal
    if "\\'" in body:
        body = ESCAPED.sub(lambda found: "'" if found[1] == "'" else found[0], body)
    return f'{prefix}"{body}"'
