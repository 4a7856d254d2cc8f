"""What the tokens of Dana are called, and how they are recognised: the table behind every highlighter.

A state is a list of rules that are tried in order where the last token ended. `Match` recognises text with a pattern,
whole or group by group. `Span` begins something with an end of its own, such as a string; its end is looked for
before its rules, and text that no rule knows is of the span's class. `Include` stands for the rules of another state.

Patterns are written in what Python's `re` and Oniguruma have in common, and never look beyond a line.
"""

from __future__ import annotations

from dana.checker import builtins
from dana.parser.words import HARD, SCOPES, SPELLED_CONSTANTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Class:
    """A class of tokens: its name in Pygments, in TextMate, and the class it refines.

    Dana's lexer knows the classes without `refines`; the others are told apart for the eye only.
    """

    __slots__ = ("pygments", "refines", "textmate")

    def __init__(self, pygments: str, textmate: str, refines: str = "") -> None:
        self.pygments = pygments
        self.textmate = textmate
        self.refines = refines


CLASSES = {
    "keyword": Class("Keyword", "keyword.control.dana"),
    "declaration": Class("Keyword.Declaration", "storage.type.dana"),
    "word operator": Class("Operator.Word", "keyword.operator.word.dana"),
    "constant": Class("Keyword.Constant", "constant.language.dana"),
    "scope": Class("Keyword.Namespace", "storage.modifier.scope.dana"),
    "scoped name": Class("Name.Variable.Global", "variable.other.global.dana", "scope"),
    "name": Class("Name", "variable.other.dana"),
    "number": Class("Number", "constant.numeric.dana"),
    "string": Class("String", "string.quoted.dana"),
    "field": Class("String.Interpol", "punctuation.section.embedded.dana"),
    "placeholder": Class("Name.Builtin.Pseudo", "variable.language.placeholder.dana"),
    "operator": Class("Operator", "keyword.operator.dana"),
    "punctuation": Class("Punctuation", "punctuation.separator.dana"),
    "comment": Class("Comment.Single", "comment.line.number-sign.dana"),
    "documentation": Class("String.Doc", "comment.line.documentation.dana", "comment"),
    "escape": Class("String.Escape", "constant.character.escape.dana", "string"),
    "defined function": Class("Name.Function", "entity.name.function.dana", "name"),
    "defined type": Class("Name.Class", "entity.name.type.dana", "name"),
    "decorator": Class("Name.Decorator", "entity.name.function.decorator.dana", "name"),
    "exception": Class("Name.Exception", "support.type.exception.dana", "name"),
    "builtin": Class("Name.Builtin", "support.function.builtin.dana", "name"),
    "builtin type": Class("Name.Builtin", "support.type.builtin.dana", "name"),
    "wrong": Class("Error", "invalid.illegal.dana"),
}


class Match:
    """Text of one class, or a class per group of the pattern ("" for blanks)."""

    __slots__ = ("classes", "pattern")

    def __init__(self, pattern: str, *classes: str) -> None:
        self.pattern = pattern
        self.classes = classes


class Span:
    """From `begin` to `end`, with the rules of `state` between; what they do not know is of the class `inside`.

    `begin` and `end` are of the class `marks`; `inside` is "" where the rules know everything.
    """

    __slots__ = ("begin", "end", "inside", "marks", "state")

    def __init__(self, begin: str, end: str, marks: str, inside: str, state: str) -> None:
        self.begin = begin
        self.end = end
        self.marks = marks
        self.inside = inside
        self.state = state


class Include:
    """The rules of another state."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


Rule = Match | Span | Include


def words(these: Iterable[str]) -> str:
    """The pattern for any of these words."""
    return rf"(?:{'|'.join(sorted(these))})\b"


DECLARATIONS = {"def", "struct", "lambda", "sync"}
WORD_OPERATORS = {"and", "or", "not", "in", "is"}
CONSTANTS = {"True", "False", "None", *SPELLED_CONSTANTS}
KEYWORDS = set(HARD) - DECLARATIONS - WORD_OPERATORS - CONSTANTS

NAME = r"[^\W\d]\w*"
# A name behind a soft word: one of these instead shows that the soft word is a name itself.
_NAMED = rf"[ \t]+(?!(?:in|is|and|or|not|if|else|as|for)\b){NAME}"
_TEXT = r"[ \t]*[rRfFuU]{0,2}[\"']"
# Where a statement may begin, as far as a line shows it.
_BEGINS = (r"^([ \t]*)", r"(?<=[;{}:])([ \t]*)")
_EQUALS = r"(?=[ \t]*=(?!=)(?![ \t]*[}!:]))"
_NO_EQUALS = r"(?![ \t]*=(?!=))"


def _soft(word: str, follows: str, kind: str) -> list[Rule]:
    """A word that is a keyword only where it begins a statement and the right thing follows (L7)."""
    return [Match(rf"{begins}({word}\b)(?={follows})", "", kind) for begins in _BEGINS]


def _statements() -> list[Rule]:
    """What is recognised at the beginning of a statement."""
    rules: list[Rule] = []
    for word in ("agent", "agent_blueprint", "resource", "interface"):
        for begins in _BEGINS:
            rules.append(
                Match(rf"{begins}({word}\b)([ \t]+)(?!{words(HARD)})({NAME})", "", "declaration", "", "defined type")
            )
    rules += _soft("workflow", _NAMED, "declaration")
    rules += _soft("type", rf"{_NAMED}[ \t]*(?:=(?!=)|$)", "declaration")
    rules += _soft("frozen", r"[ \t]+struct\b", "declaration")
    rules += _soft("test", _TEXT, "declaration")
    rules += _soft("export", _NAMED, "keyword")
    rules += _soft("use", rf"{_NAMED}|{_TEXT}", "keyword")
    operand = rf"{_NAMED}|[ \t]+(?:not\b|[0-9\"'])"
    rules += _soft("match", rf"{operand}|[ \t]*[(\[{{\-].*[:{{][ \t]*(?:#.*)?$", "keyword")
    rules += _soft(
        "case",
        rf"{operand}|[ \t]+(?:[(\[{{*]|-[0-9.]).*[:{{]|\(.*\):|[ \t]+(?:{words(CONSTANTS)}|[frbu]+[\"'])",
        "keyword",
    )
    rules.append(Match(rf"^([ \t]*)(@)({NAME})", "", "operator", "decorator"))
    return rules


def _words() -> list[Rule]:
    """Words, from the most special to plain names."""
    function = builtins.names() - set(builtins.TYPES) - set(builtins.EXCEPTIONS)
    return [
        # Any word may follow a dot or name an argument; `from . import x` is the exception.
        Match(rf"(\.)([ \t]*)(?!import\b)({NAME})", "operator", "", "name"),
        Match(rf"(?:{words(set(HARD) - CONSTANTS)}){_EQUALS}", "name"),
        Match(rf"({words(SCOPES)})(:)(?!{words(HARD)})({NAME})(?![\"'])", "scope", "scope", "scoped name"),
        Match(rf"(def\b)([ \t]+)({NAME})", "declaration", "", "defined function"),
        Match(rf"(struct\b)([ \t]+)({NAME})", "declaration", "", "defined type"),
        Match(words(DECLARATIONS), "declaration"),
        Match(words(WORD_OPERATORS), "word operator"),
        Match(words(CONSTANTS), "constant"),
        Match(words(KEYWORDS), "keyword"),
        Match(words(builtins.EXCEPTIONS) + _NO_EQUALS, "exception"),
        Match(words(set(builtins.TYPES) | set(builtins.ANNOTATION_ONLY)) + _NO_EQUALS, "builtin type"),
        Match(words(function) + _NO_EQUALS, "builtin"),
        Match(NAME, "name"),
    ]


_DIGITS = r"[0-9](?:_?[0-9])*"
_EXPONENT = r"(?:[eE][-+]?[0-9](?:_?[0-9])*)?"
NUMBER = (
    r"0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+"
    rf"|{_DIGITS}(?:\.(?:{_DIGITS})?)?{_EXPONENT}|\.{_DIGITS}{_EXPONENT}"
)
OPERATOR = r"\*\*=?|//=?|>>=?|<<=?|->|==|!=|<=|>=|:=|[-+*/%@&|^]=|[-+*/%@&|^~<>?=]"


def _strings() -> list[Rule]:
    """Strings of every kind: plain, raw, with fields; with one quote at each end or with three."""
    rules: list[Rule] = []
    for quote in ('"""', "'''", '"', "'"):
        # A string that is not finished ends with its line, so that the next one is readable.
        end = quote if len(quote) == 3 else rf"{quote}|(?=\n)"
        rules.append(Span(rf"(?:[fF][rR]|[rR][fF]){quote}", quote, "string", "string", "raw text with fields"))
        rules.append(Span(rf"[fF]{quote}", quote, "string", "string", "text with fields"))
        rules.append(Span(rf"[rR]{quote}", end, "string", "string", "raw text"))
        rules.append(Span(rf"[uU]?{quote}", end, "string", "string", "text"))
    return rules


ESCAPE = r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}\n]*\}|[0-7]{1,3}|[\\'\"abfnrtv]|\n)"
FIELD = Span(r"\{", r"\}", "field", "", "in a field")

STATES: dict[str, list[Rule]] = {
    "program": [*_statements(), Include("expression")],
    "expression": [
        # A type may end with `None` before an `=`; an argument's name stands behind a bracket or comma.
        *(Match(rf"{before}([ \t]*)({words(CONSTANTS)}){_EQUALS}", "", "name") for before in ("^", "(?<=[(,])")),
        Match(r"[ \t\f\r]+|\n", ""),
        Match(r"\\\n", ""),
        Match(r"##.*", "documentation"),
        Match(r"#.*", "comment"),
        *_strings(),
        Match(rf"(?:{NUMBER})(?!\w)", "number"),
        Match(r"\.\.\.", "constant"),
        Match(r"\$\$", "placeholder"),
        *_words(),
        Match(OPERATOR, "operator"),
        Match(r"\.", "operator"),
        Match(r"[()\[\]{},:;]", "punctuation"),
        Match(r".", "wrong"),
    ],
    "text": [Match(ESCAPE, "escape"), Match(r"\\(?:.|\n)", "string")],
    "raw text": [Match(r"\\(?:.|\n)", "string")],
    "text with fields": [
        Match(r"\{\{|\}\}", "escape"),
        Match(ESCAPE, "escape"),
        # A backslash hides a quote, never a brace.
        Match(r"\\[^{}]", "string"),
        FIELD,
    ],
    "raw text with fields": [Match(r"\{\{|\}\}", "escape"), Match(r"\\[^{}]", "string"), FIELD],
    "in a field": [
        Match(r"!(?!=)[ \t]*[A-Za-z_]*", "field"),
        Match(r"=(?=[ \t]*(?:[}:]|!(?!=)))(?!=)", "field"),
        Span(r":", r"(?=\})", "field", "string", "format"),
        Include("in brackets"),
    ],
    # Inside brackets a colon begins no format.
    "in brackets": [
        Span(r"\(", r"\)", "punctuation", "", "in brackets"),
        Span(r"\[", r"\]", "punctuation", "", "in brackets"),
        Span(r"\{", r"\}", "punctuation", "", "in brackets"),
        Include("expression"),
    ],
    "format": [Match(ESCAPE, "escape"), FIELD],
}

# The kinds of Dana's own tokens (`dana tokens`), by class; "" is layout, which has no text.
_KINDS = {
    "": "NEWLINE INDENT DEDENT DOC $END",
    "name": "NAME",
    "scope": "SCOPED",
    "declaration": "DEF STRUCT LAMBDA LAMBDA_TYPED SYNC FROZEN TYPE TEST AGENT AGENT_BLUEPRINT RESOURCE INTERFACE"
    " WORKFLOW",
    "word operator": "AND OR NOT IN IS",
    "constant": "TRUE FALSE NONE ELLIPSIS",
    "string": "STRING FSTRING_START FSTRING_TEXT FSTRING_END",
    "field": "FSTRING_OPEN FSTRING_CLOSE FSTRING_COLON FSTRING_CONVERSION FSTRING_DEBUG",
    "number": "NUMBER",
    "placeholder": "DOLLARS",
    "punctuation": "LPAR WITH_LPAR RPAR LSQB RSQB LBRACE RBRACE LBLOCK RBLOCK COLON DOUBLE_COLON COMMA SEMICOLON",
    "operator": "DOT COMPARE ADDITIVE DIVIDE SHIFT AUGMENT WALRUS EQUAL ARROW AT BAR CARET AMPERSAND STAR DOUBLE_STAR"
    " SLASH TILDE QUESTION",
    "keyword": " ".join(["MATCH CASE EXPORT USE CAPTURE", *(HARD[word] for word in sorted(KEYWORDS))]),
}
KINDS = {kind: name for name, kinds in _KINDS.items() for kind in kinds.split()}


def plain(kind: str) -> str:
    """The class that Dana's lexer knows: itself, or the one it refines."""
    return CLASSES[kind].refines or kind
