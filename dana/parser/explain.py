"""What to say about a token that does not fit: a list of recognisers, the most telling first.

Each looks at the token, its neighbours and what the parser could have taken instead, and gives a finding or
None. They run once per wrong line, so they may look at the whole line.
"""

from __future__ import annotations

from dana.diagnostics import suggest
from dana.parser._tables import SPELLINGS
from dana.parser.driver import LINE_BEGINNERS, ROWS, Chain, Reduction
from dana.parser.problems import diagnostic
from dana.parser.words import HARD, HEADERS, OPERAND_ENDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.diagnostics import Diagnostic
    from dana.parser.driver import Driver
    from dana.parser.reader import Token

OPERAND_STARTS = frozenset("NAME SCOPED NUMBER STRING FSTRING_START TRUE FALSE NONE ELLIPSIS DOLLARS".split())
OPENING = frozenset("LPAR LSQB LBRACE WITH_LPAR FSTRING_OPEN".split())
CLOSING = frozenset("RPAR RSQB RBRACE FSTRING_CLOSE".split())
WORD_KINDS = frozenset(HARD.values()) - {"TRUE", "FALSE", "NONE"}
STATEMENT_WORDS = frozenset(
    "RETURN DELIVER RAISE PASS BREAK CONTINUE ASSERT DEL GLOBAL NONLOCAL IMPORT FROM IF WHILE FOR TRY WITH DEF"
    " STRUCT".split()
)
SIGN_KINDS = frozenset(
    "ADDITIVE STAR SLASH DIVIDE AT DOUBLE_STAR SHIFT AMPERSAND CARET BAR TILDE COMPARE EQUAL AUGMENT COMMA DOT ARROW"
    " WALRUS COLON AND OR NOT IN IS IF ELSE RETURN RAISE ASSERT DEL IMPORT FROM WHILE ELIF WITH DEF STRUCT AS FOR"
    " LAMBDA LAMBDA_TYPED DOUBLE_COLON USE EXPORT TYPE".split()
)
FOREIGN_WORDS = {
    "elseif": "`elif`", "elsif": "`elif`", "function": "`def`", "func": "`def`", "fn": "`def`", "fun": "`def`",
    "sub": "`def`", "let": "a plain assignment: `x = 1`", "var": "a plain assignment: `x = 1`",
    "const": "a plain assignment: `x = 1`", "switch": "`match`", "foreach": "`for`", "throw": "`raise`",
    "catch": "`except`", "new": "the type's name alone: `Point(1, 2)`", "echo": "`print(…)`", "puts": "`print(…)`",
    "unless": "`if not`", "until": "`while not`", "delete": "`del`", "require": "`import`", "include": "`import`",
    "enum": 'literal types: `type Level = "low" | "high"`', "record": "`struct`",
    "impl": "`def (p: Point) name():`", "trait": "`interface`", "exec": "nothing: code cannot be run from text",
}  # fmt: skip
# Those that need nothing but another spelling, or (the empty ones) nothing at all.
RESPELLED = {
    "elseif": "elif", "elsif": "elif", "function": "def", "func": "def", "fn": "def", "fun": "def", "sub": "def",
    "foreach": "for", "throw": "raise", "delete": "del", "record": "struct", "trait": "interface", "let": "", "var": "",
    "const": "",
}  # fmt: skip
STATEMENT_STARTS = tuple(
    "if while for def return import from struct try with raise elif else except finally assert break continue pass"
    " match case deliver agent interface resource workflow global nonlocal".split()
)


def explain(driver: Driver, at: int) -> tuple[Diagnostic, tuple[str, int] | None]:
    """The finding about token `at`, which the parser cannot take in its present state.

    With it comes a repair where the meaning is plain: the kind of token to read instead, and for how many.
    """
    place = Place(driver, at)
    for recognise in RECOGNISERS:
        found = recognise(place)
        if found is not None:
            return found, repair(place, found.code)
    return unexpected(place), None


def repair(place: Place, code: str) -> tuple[str, int] | None:
    """What to read instead, if that fits."""
    if code == "E103" and place.kind == "NEWLINE" and place.following()[2] == "INDENT":
        return "COLON", 0
    if code == "E126" and place.accepts("COMPARE"):
        return "COMPARE", 1
    return None


class Place:
    """Where the parser is stuck, and the questions recognisers ask."""

    __slots__ = ("at", "driver", "first", "kind", "opened", "previous", "token", "tokens")

    def __init__(self, driver: Driver, at: int) -> None:
        self.driver = driver
        self.tokens = driver.tokens
        self.at = at
        self.token = self.tokens[at]
        self.kind = self.token[2]
        self.previous: Token = self.tokens[at - 1] if at else (0, 0, "NEWLINE", None)
        first = at
        while first and self.tokens[first - 1][2] not in LINE_BEGINNERS and self.tokens[first - 1][2] != "SEMICOLON":
            first -= 1
        self.first = first
        stack: list[Token] = []
        for token in self.tokens[first:at]:
            if token[2] in OPENING:
                stack.append(token)
            elif token[2] in CLOSING and stack:
                stack.pop()
        self.opened: Token | None = stack[-1] if stack else None

    @property
    def begins_line(self) -> bool:
        return self.first == self.at

    @property
    def opener(self) -> Token:
        """The first token of the statement."""
        return self.tokens[self.first]

    def following(self, count: int = 1) -> Token:
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def text(self, token: Token) -> str:
        return self.driver.source.text[token[0] : token[1]]

    def adjacent(self) -> bool:
        """Whether the token stands directly behind the one before it."""
        return self.previous[1] == self.token[0]

    def accepts(self, kind: str) -> bool:
        """Whether a token of that kind would fit here."""
        states = list(self.driver.states)
        while True:
            action: Any = ROWS[states[-1]].get(kind)
            if action is None:
                return False
            if isinstance(action, Chain):
                states[-1] = action[states[-2]][0]
            elif isinstance(action, Reduction):
                if action.length:
                    del states[-action.length :]
                states.append(ROWS[states[-1]][action.symbol])
            else:
                return True

    def say(self, code: str, message: str, start: int, end: int, **details: Any) -> Diagnostic:
        return diagnostic(self.driver.source, code, message, start, end, **details)

    def here(self, code: str, message: str, **details: Any) -> Diagnostic:
        """A finding at the token."""
        start, end = self.token[0], self.token[1]
        if self.kind in ("NEWLINE", "INDENT", "DEDENT", "$END"):
            start = self.previous[1] if self.kind == "NEWLINE" else start
            end = start + (self.kind == "INDENT")
        return self.say(code, message, start, end, **details)


def shown(place: Place, token: Token) -> str:
    """A token in words."""
    named = {
        "NEWLINE": "the end of the line",
        "INDENT": "an indented line",
        "DEDENT": "the end of the block",
        "RBLOCK": "the `}` of the block",
        "LBLOCK": "the `{` of a block",
        "$END": "the end of the file",
        "FSTRING_START": "a text",
        "FSTRING_END": "the end of the text",
        "FSTRING_TEXT": "a text",
        "DOC": "a comment",
    }.get(token[2])
    if named is not None:
        return named
    text = place.text(token)
    if token[2] == "STRING" and (len(text) > 30 or "\n" in text):
        return "a text"
    return f"`{text if len(text) <= 40 else text[:37] + '…'}`"


# --- words Dana refuses -----------------------------------------------------------------------------------


def refused_word(place: Place) -> Diagnostic | None:
    if place.kind not in ("CLASS", "ASYNC", "AWAIT", "YIELD"):
        return None
    start, end, kind, _ = place.token
    after = place.following()
    if after[2] in ("EQUAL", "COMMA", "RPAR", "COLON", "DOT", "NEWLINE") and not (
        place.begins_line and kind == "YIELD"
    ):
        return None
    if kind == "CLASS":
        name = after[3] if after[2] == "NAME" else "Name"
        hint = (
            f"declare the data with `struct {name}:` and add methods with `def ({name[0].lower()}: {name}) method():`"
        )
        return place.say("E127", "Dana has no classes", start, end, hint=hint)
    if kind == "YIELD":
        hint = "collect the values in a list and return it, or return a lazy expression: `(f(x) for x in xs)`"
        return place.say("E127", "Dana has no `yield`", start, end, hint=hint)
    message = f"Dana has no `{kind.lower()}`: it waits by itself where it must"
    return place.say(
        "E127", message, start, end, hint=f"remove `{place.text(place.token)}`", fix="", fix_at=(start, after[0])
    )


# --- operators of other languages ---------------------------------------------------------------------------


def foreign_sign(place: Place) -> Diagnostic | None:
    previous, token, kind = place.previous, place.token, place.kind
    before, start, end = previous[0], token[0], token[1]
    if kind == "IF" and previous[2] == "ELSE":
        return place.say("E110", "Dana writes `elif`", before, end, fix="elif", hint="write `elif`")
    if place.adjacent():
        pair = (previous[2], kind)
        if pair == ("AMPERSAND", "AMPERSAND"):
            return place.say("E110", "Dana writes `and`", before, end, fix="and", hint="write `a and b`")
        if pair == ("BAR", "BAR"):
            return place.say("E110", "Dana writes `or`", before, end, fix="or", hint="write `a or b`")
        if pair == ("COMPARE", "EQUAL"):
            right = "!=" if previous[3] == "!=" else "=="
            return place.say("E110", f"Dana writes `{right}`", before, end, fix=right, hint=f"write `{right}`")
        if pair == ("COMPARE", "COMPARE") and previous[3] + token[3] == "<>":
            return place.say("E110", "Dana writes `!=`", before, end, fix="!=", hint="write `a != b`")
        if pair == ("EQUAL", "COMPARE") and token[3] == ">":
            return place.say(
                "E110", "`=>` means nothing here", before, end, hint="a function in one line is `lambda x: x + 1`"
            )
    if kind == "QUESTION":
        return place.say("E110", "`?` stands behind types only", start, end, hint="a choice is `a if condition else b`")
    if kind == "WALRUS":
        if place.opened is None:
            return place.say("E110", "`:=` stands inside parentheses only", start, end, hint="write `=`", fix="=")
        return place.say("E110", "`:=` needs a plain name on its left", start, end, hint="assign before the expression")
    if kind == "AUGMENT":
        hint = "give it a line of its own"
        return place.say("E110", f"`{token[3]}` is a statement, not a part of an expression", start, end, hint=hint)
    return increment(place)


def increment(place: Place) -> Diagnostic | None:
    """`i++` and `i--`: two signs and then nothing."""
    tokens, at = place.tokens, place.at
    if at < 3 or place.kind in OPERAND_STARTS or tokens[at - 1][2] != "ADDITIVE" or tokens[at - 2][2] != "ADDITIVE":
        return None
    one, two = tokens[at - 2], tokens[at - 1]
    if one[1] != two[0] or one[3] != two[3] or tokens[at - 3][2] not in OPERAND_ENDS:
        return None
    sign = one[3]
    whole = tokens[at - 3][1] == one[0] and place.kind == "NEWLINE" and place.opened is None
    return place.say(
        "E110",
        f"Dana has no `{sign}{sign}`",
        one[0],
        two[1],
        hint=f"write `x {sign}= 1`",
        fix=f" {sign}= 1" if whole else None,
    )


# --- conditions, colons, blocks -----------------------------------------------------------------------------


def assignment_in_condition(place: Place) -> Diagnostic | None:
    if place.kind != "EQUAL":
        return None
    start, end = place.token[0], place.token[1]
    if place.opener[2] in ("IF", "ELIF", "WHILE", "ASSERT"):
        return place.say("E126", "`=` assigns; a comparison is `==`", start, end, hint="write `==`", fix="==")
    before = place.tokens[max(place.at - 2, 0)][2]
    plain = place.previous[2] == "NAME" and before in ("LPAR", "COMMA")
    if place.opened is not None and place.opened[2] == "LPAR" and not plain:
        return place.say("E109", "only a plain name can name an argument", start, end, hint="did you mean `==`?")
    return None


def missing_colon(place: Place) -> Diagnostic | None:
    opener = place.opener[2]
    if opener in ("FROZEN", "SYNC"):
        opener = place.tokens[place.first + 1][2]
    if opener not in HEADERS or place.opened is not None or place.begins_line or not place.accepts("COLON"):
        return None
    end = place.previous[1]
    text = place.text(place.token)
    if text in ("then", "do"):
        return place.say(
            "E103",
            f"a block begins with `:`, not with `{text}`",
            place.token[0],
            place.token[1],
            fix=":",
            fix_at=(end, place.token[1]),
            hint="write `:`",
        )
    last = place.at
    while place.tokens[last][2] not in ("NEWLINE", "$END"):
        last += 1
    if place.kind != "NEWLINE" and (
        (place.kind not in STATEMENT_WORDS and place.kind not in OPERAND_STARTS) or place.tokens[last - 1][2] == "COLON"
    ):
        return None
    word = place.text(place.opener)
    return place.say(
        "E103",
        f"the header of this `{word}` ends without `:`",
        end,
        end + 1,
        label="`:` is missing here",
        fix=":",
        fix_at=(end, end),
        hint="end the header with `:` and indent its block, or put the block in braces",
    )


def missing_block(place: Place) -> Diagnostic | None:
    tokens, at = place.tokens, place.at
    if place.kind == "INDENT" or at < 2 or tokens[at - 1][2] != "NEWLINE" or tokens[at - 2][2] != "COLON":
        return None
    if not place.accepts("INDENT"):
        return None
    first = at - 2
    while first and tokens[first - 1][2] not in LINE_BEGINNERS:
        first -= 1
    word = place.text(tokens[first])
    line = place.driver.source.line_column(tokens[first][0])[0]
    colon = tokens[at - 2]
    start, end = (
        (colon[0], colon[1]) if place.kind == "$END" else (place.token[0], max(place.token[1], place.token[0] + 1))
    )
    return place.say(
        "E124",
        f"the block of `{word}` in line {line} is empty",
        start,
        end,
        label="an indented line must follow the colon",
        others=[(colon[0], colon[1], "this begins a block")],
        hint="indent the lines that belong to it, or write `pass`",
    )


def unexpected_indent(place: Place) -> Diagnostic | None:
    if place.kind != "INDENT":
        return None
    line_start = place.driver.source.text.rfind("\n", 0, place.token[0]) + 1
    return place.say(
        "E125",
        "this line is indented but no block begins here",
        line_start,
        place.token[0],
        hint="align it with the line above, or end that line with `:`",
    )


def match_member(place: Place) -> Diagnostic | None:
    if place.begins_line and place.kind != "CASE" and place.accepts("CASE"):
        return place.here(
            "E132",
            f"a `match` holds `case` blocks, not {shown(place, place.token)}",
            hint="as in `case 0:` or `case _:`",
        )
    if place.at == place.first + 1 and place.previous[2] == "NAME" and place.previous[3] == "case":
        start, end = place.previous[0], place.previous[1]
        if place.kind in OPERAND_STARTS:
            return place.say(
                "E132", "this `case` belongs to no `match`", start, end, hint="put it in the block of a `match`"
            )
    return None


def fields_in_parentheses(place: Place) -> Diagnostic | None:
    if place.opener[2] not in ("STRUCT", "FROZEN", "RESOURCE", "AGENT_BLUEPRINT", "AGENT") or place.opened is None:
        return None
    return place.here("E123", "fields stand in the block of a type", hint="write `struct Point:` and below it `x: int`")


def orphan(place: Place) -> Diagnostic | None:
    owners = {"ELSE": "`if`, loop or `try`", "ELIF": "`if`", "EXCEPT": "`try`", "FINALLY": "`try`"}
    owner = owners.get(place.kind)
    if owner is None or not place.begins_line:
        return None
    word = place.text(place.token)
    return place.here(
        "E132", f"this `{word}` belongs to no {owner}", hint=f"align it with its {owner}, with nothing between"
    )


def try_alone(place: Place) -> Diagnostic | None:
    if not place.accepts("EXCEPT") or not place.accepts("FINALLY"):
        return None
    return place.here(
        "E132", "a `try` needs an `except` or a `finally` before this", hint="add `except Exception as e:`"
    )


def decorator_alone(place: Place) -> Diagnostic | None:
    if not place.accepts("DEF") or place.accepts("PASS") or not place.accepts("AT"):
        return None
    return place.here(
        "E123",
        f"a decorator stands before a definition, not before {shown(place, place.token)}",
        hint="put it directly above a `def`, `struct`, `resource` or `agent`",
    )


# --- names, calls, imports ----------------------------------------------------------------------------------


def import_from(place: Place) -> Diagnostic | None:
    if place.opener[2] != "IMPORT" or place.kind != "FROM":
        if place.kind == "STRING" and place.previous[2] in ("IMPORT", "FROM"):
            return place.here("E131", "a module is named without quotes", hint="as in `import geo.shapes`")
        return None
    tokens, at = place.tokens, place.at
    end = at
    while tokens[end][2] not in ("NEWLINE", "SEMICOLON", "$END"):
        end += 1
    names = place.driver.source.text[place.opener[1] : place.previous[1]].strip()
    module = place.driver.source.text[place.token[1] : tokens[end - 1][1]].strip() or "module"
    right = f"from {module} import {names}"
    return place.say(
        "E131", "`from` comes first", place.opener[0], tokens[end - 1][1], hint=f"write `{right}`", fix=right
    )


def scope_for_name(place: Place) -> Diagnostic | None:
    if place.kind != "SCOPED" or not place.accepts("NAME"):
        return None
    scope, name = place.token[3]
    return place.here(
        "E128",
        f"`{scope}:{name}` is a name in a scope, which cannot stand here",
        hint=f"write a space behind the colon: `{scope}: {name}`",
        fix=f"{scope}: {name}",
    )


def reserved_word(place: Place) -> Diagnostic | None:
    """A word of the language where a name or a value is expected."""
    previous = place.previous
    if place.kind in WORD_KINDS and place.accepts("NAME") and place.text(place.token).isidentifier():
        word = place.text(place.token)
        hint = (
            f"choose another name, for example `{word}_`"
            if not place.accepts("NUMBER")
            else "a value is missing before it"
        )
        if place.following()[2] in ("EQUAL", "COMMA", "RPAR", "COLON", "DOT", "NEWLINE"):
            hint = f"choose another name, for example `{word}_`"
        return place.here("E129", f"`{word}` is a word of the language and cannot be a name", hint=hint)
    if place.at == place.first + 1 and previous[2] in WORD_KINDS and place.kind in ("EQUAL", "DOT", "AUGMENT", "COMMA"):
        word = place.text(previous)
        return place.say(
            "E129",
            f"`{word}` is a word of the language and cannot be a name",
            previous[0],
            previous[1],
            hint=f"choose another name, for example `{word}_`",
        )
    return None


def lambda_stage(place: Place) -> Diagnostic | None:
    if place.kind not in ("LAMBDA", "LAMBDA_TYPED") or place.accepts("LAMBDA"):
        return None
    return place.here("E133", "a lambda stands here in parentheses only", hint="write `(lambda x: x + 1)`")


def word_salad(place: Place) -> Diagnostic | None:
    """A statement that begins with a name and goes on with a value: `print x`, `function f`, `retrun 1`."""
    if place.opened is not None or place.at != place.first + 1 or place.previous[2] != "NAME":
        return None
    word = place.previous[3]
    start, end = place.previous[0], place.previous[1]
    if word in FOREIGN_WORDS and (place.kind in OPERAND_STARTS or place.kind in ("LPAR", "COLON", "LBLOCK")):
        return foreign_word(place, word, start, end)
    if place.kind not in OPERAND_STARTS and place.kind not in WORD_KINDS:
        return None
    near = None if word == "print" else suggest(word, STATEMENT_STARTS)
    if near is not None:
        return place.say("E130", f"`{word}` begins no statement", start, end, hint=f"did you mean `{near}`?", fix=near)
    foreign = suggest(word, FOREIGN_WORDS) if word != "print" and len(word) > 4 else None
    if foreign is not None:
        return place.say(
            "E130", f"`{word}` begins no statement", start, end, hint=f"Dana writes {FOREIGN_WORDS[foreign]}"
        )
    if place.kind not in OPERAND_STARTS:
        return None
    last = place.at
    while place.tokens[last][2] not in ("NEWLINE", "SEMICOLON", "$END", "LBLOCK", "RBLOCK"):
        last += 1
    if place.tokens[last - 1][2] == "COLON" or place.tokens[last][2] == "LBLOCK":
        return place.say(
            "E130", f"`{word}` begins no block", start, end, hint="blocks begin with `if`, `for`, `while`, `def`, …"
        )
    stop = place.tokens[last - 1][1]
    rest = place.driver.source.text[place.token[0] : stop]
    simple = "\n" not in rest and len(rest) < 80 and place.tokens[last][2] == "NEWLINE"
    return place.say(
        "E130",
        f"a value follows the name `{word}` without a sign between them",
        place.token[0],
        place.token[1],
        label="what joins these?",
        hint=f"a call needs parentheses: `{word}({rest if simple else '…'})`",
        fix=f"({rest})" if simple else None,
        fix_at=(end, stop),
    )


def orphan_foreign(place: Place) -> Diagnostic | None:
    """`elseif x:` or `switch x {` when the name is followed by more than one value."""
    opener = place.opener
    if opener[2] != "NAME" or place.begins_line or place.opened is not None or opener[3] not in FOREIGN_WORDS:
        return None
    return foreign_word(place, opener[3], opener[0], opener[1])


def foreign_word(place: Place, word: str, start: int, end: int) -> Diagnostic:
    """A word of another language, and Dana's for it."""
    right = RESPELLED.get(word)
    stop = end
    while right == "" and place.driver.source.text[stop : stop + 1] in (" ", "\t"):
        stop += 1
    return place.say(
        "E130",
        f"`{word}` is no word of Dana",
        start,
        end,
        hint=f"Dana writes {FOREIGN_WORDS[word]}",
        fix=right,
        fix_at=(start, stop),
    )


def declared_with_type(place: Place) -> Diagnostic | None:
    """`int x = 1`: the type stands behind the name."""
    if place.kind != "NAME" or place.previous[2] != "NAME" or place.opened is not None or place.at != place.first + 1:
        return None
    if place.previous[3] not in ("int", "float", "str", "bool", "list", "dict", "string", "double", "auto"):
        return None
    kind = {"string": "str", "double": "float", "auto": "any"}.get(place.previous[3], place.previous[3])
    right = f"{place.token[3]}: {kind}"
    return place.say(
        "E130", "the type stands behind the name", place.previous[0], place.token[1], hint=f"write `{right}`", fix=right
    )


# --- values missing or too many -----------------------------------------------------------------------------


def missing_comma(place: Place) -> Diagnostic | None:
    opened = place.opened
    if opened is None or opened[2] == "FSTRING_OPEN":
        return None
    if place.kind not in OPERAND_STARTS or place.previous[2] not in OPERAND_ENDS or not place.accepts("COMMA"):
        return None
    end = place.previous[1]
    return place.say(
        "E134",
        f"a comma or an operator is missing before {shown(place, place.token)}",
        place.token[0],
        place.token[1],
        hint=f"separate the values with `,`, or close the `{place.text(opened)}` before",
        fix=",",
        fix_at=(end, end),
        others=[(opened[0], opened[1], f"inside this `{place.text(opened)}`")],
    )


def missing_value(place: Place) -> Diagnostic | None:
    if place.begins_line or not (place.accepts("NUMBER") or place.accepts("NAME")):
        return None
    previous = place.previous
    if previous[2] not in SIGN_KINDS and previous[2] not in OPENING:
        return None
    what = "a value" if place.accepts("NUMBER") else "a name"
    if place.kind == "NEWLINE":
        return place.say(
            "E133",
            f"the line ends where {what} must follow {shown(place, previous)}",
            previous[0],
            previous[1],
            hint="write it, or go on in the next line inside parentheses",
        )
    return place.here(
        "E133",
        f"{what} must follow {shown(place, previous)}, not {shown(place, place.token)}",
        hint=f"add {what} before this",
    )


def field_leftover(place: Place) -> Diagnostic | None:
    """Inside `{…}` of an f-string."""
    if place.opened is None or place.opened[2] != "FSTRING_OPEN":
        return None
    if place.kind == "FSTRING_CLOSE" and place.previous[2] == "FSTRING_OPEN":
        return place.say(
            "E117",
            "an empty field in an f-string",
            place.previous[0],
            place.token[1],
            hint="write an expression between the braces, or `{{}}` for the characters",
        )
    return place.here(
        "E117",
        f"{shown(place, place.token)} does not fit in the field of an f-string",
        hint="write `{{` for the character itself",
    )


def unexpected(place: Place) -> Diagnostic:
    """Nothing more telling was found."""
    wanted = [sign for sign in (")", "]", "}", ":", "=", ",", "->", "in", "import") if place.accepts(SPELLINGS[sign])]
    if place.accepts("NEWLINE") and not place.begins_line:
        hint = "between two values stands an operator or a comma; a new statement begins on a new line"
    elif place.accepts("NAME"):
        hint = "a name or a value could stand here"
    elif wanted:
        hint = "expected " + " or ".join(f"`{sign}`" for sign in wanted[:3])
    else:
        hint = ""
    if place.begins_line:
        return place.here("E102", f"no statement begins with {shown(place, place.token)}", hint=hint)
    return place.here(
        "E102", f"{shown(place, place.token)} does not fit after {shown(place, place.previous)}", hint=hint
    )


RECOGNISERS: tuple[Callable[[Place], Diagnostic | None], ...] = (
    refused_word,
    missing_block,
    unexpected_indent,
    foreign_sign,
    assignment_in_condition,
    import_from,
    field_leftover,
    lambda_stage,
    scope_for_name,
    match_member,
    declared_with_type,
    word_salad,
    orphan_foreign,
    fields_in_parentheses,
    missing_colon,
    orphan,
    decorator_alone,
    try_alone,
    reserved_word,
    missing_comma,
    missing_value,
)
