"""From text to tokens: words, signs, literals, and the layout of blocks.

A token is a plain tuple `(start, end, kind, text)`; kinds are the terminals of grammar/dana.lark. One regular
expression finds the next token; what depends on context is decided here, so that the grammar need not know it:

* blocks: `NEWLINE INDENT … DEDENT` by indentation, `LBLOCK … RBLOCK` by braces (L2);
* soft words are names unless they begin a declaration (L7);
* `scope:name` is one token (L10);
* an f-string is `FSTRING_START`, its texts and fields, `FSTRING_END`;
* `lambda` of the `::` style is `LAMBDA_TYPED`, `as` that captures a stage is `CAPTURE`, the bracket around
  the items of a `with` is `WITH_LPAR`: these are found out later than read, and the token is then replaced;
* a NEWLINE (or the LBLOCK of a line) carries the `##` comment of its line as its text.

Wrong text is reported and replaced by something harmless, or by a token of the kind BAD, upon which the
driver gives up the statement without a second report. Every character is looked at a bounded number of
times, whatever the text is.
"""

from __future__ import annotations

import re

from dana.abi import ALLOWED_DUNDERS
from dana.parser import literals
from dana.parser._tables import SPELLINGS
from dana.parser.problems import diagnostic
from dana.parser.reserved import instead_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from dana.diagnostics import Diagnostic
    from dana.source import Source

    Token: TypeAlias = tuple[int, int, str, Any]

NESTING_MAX = 200
# A statement of fewer tokens, in fewer blocks, cannot be nested too deeply (see `depth`).
MAYBE_DEEP_TOKENS = 120
MAYBE_DEEP_BLOCKS = 20

# The letters of a word are written as what they are not: a class that names `\w` or a range beyond ASCII takes
# `re` milliseconds to compile, at every start without a cache. `[^\x00-/:-@\[-^`{-\x7f]` is `[\w\x80-\U0010ffff]`.
TOKEN = re.compile(
    r"""[ \t\f]*+(?:
      ([A-Za-z][A-Za-z0-9_]*+(?![^\x00-!#-&(-\x7f]))                                       # 1 a word
    | (\*\*=?|//=?|>>=?|<<=?|->|==|!=|<=|>=|[-+*/%@&|^]=|[-+*/%@&|^~<>,?]|\.\.\.|\.(?!\d)|\$\$)   # 2 a sign
    | (:=|[()\[\]{}:=;])                                                                    # 3 a sign with context
    | (\n[ \t\f\n]*+)                                                                       # 4 the end of a line
    | ([rRuU]?(?:\"\"\"[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+\"\"\"
               |'''[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*+'''
               |"(?!"")[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"
               |'(?!'')[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'))                                     # 5 a string
    | ((?:0[xX](?:_?[0-9a-fA-F])++|0[oO](?:_?[0-7])++|0[bB](?:_?[01])++
         |(?:[0-9](?:_?[0-9])*+(?:\.(?:[0-9](?:_?[0-9])*+)?+)?+|\.[0-9](?:_?[0-9])*+)(?:[eE][-+]?[0-9](?:_?[0-9])*+)?+
       )(?![^\x00-/:-@\[-^`{-\x7f]))                                                            # 6 a number
    | ([^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*+(?!["']))                               # 7 a rarer word
    | (\#[^\n]*+)                                                                           # 8 a comment
    | ((?:[fF][rR]?|[rR][fF])(?:\"\"\"|'''|"|'))                                            # 9 an f-string begins
    | (\\\n)                                                                                # 10 the line goes on
    | (.)                                                                                   # 11 anything else
    )""",
    re.VERBOSE | re.DOTALL,
)
WORD = re.compile(r"[^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*+")
SCOPE_NAME = re.compile(r":([^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*+)(?![\"'])")
DOTTED_NAME = re.compile(r"\.[^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*")
EQUALS_FOLLOWS = re.compile(r"[ \t\f\n]*=(?!=)")
FIELD_ENDS = re.compile(r"[ \t\f\n]*(?=[}!:])(?!!=)")
CONVERSION = re.compile(r"!([A-Za-z_]\w*)?[ \t]*")
HEADER_ENDS = re.compile(r"[ \t\f]*[:{]")
BLANKS = re.compile(r"[ \t\f\n]*+")
BLANK = re.compile(r"(?:[ \t\f\n]|#[^\n]*+)*+")
LAST_OF_LINE = re.compile(r"[^\n]*")

_NAME = r"(?!(?:in|is|and|or|not|if|else|as|for)\b)[^\W\d]\w*"
DECLARES = {
    "agent": re.compile(rf"[ \t]+{_NAME}"),
    "agent_blueprint": re.compile(rf"[ \t]+{_NAME}"),
    "resource": re.compile(rf"[ \t]+{_NAME}"),
    "workflow": re.compile(rf"[ \t]+{_NAME}"),
    "interface": re.compile(rf"[ \t]+{_NAME}"),
    "export": re.compile(rf"[ \t]+{_NAME}"),
    "use": re.compile(rf"[ \t]+{_NAME}|[ \t]*[rRfFuU]{{0,2}}[\"']"),
    "type": re.compile(rf"[ \t]+{_NAME}[ \t]*(?:=(?!=)|\n)"),
    "test": re.compile(r"[ \t]*[rRfFuU]{0,2}[\"']"),
    "frozen": re.compile(r"[ \t]+struct\b"),
    # `match (x):` looks like a call; `case` below its header decides that.
    "match": re.compile(rf"[ \t]+(?:{_NAME}|not\b|[0-9\"'])"),
}
SOFT = frozenset(DECLARES) | {"case"}
SCOPES = frozenset({"private", "public", "local", "system"})
REFUSED_WORDS = {"class": "CLASS", "async": "ASYNC", "await": "AWAIT", "yield": "YIELD"}
SPELLED_CONSTANTS = {
    "true": "TRUE", "TRUE": "TRUE", "false": "FALSE", "FALSE": "FALSE",
    "none": "NONE", "NONE": "NONE", "null": "NONE", "NULL": "NONE",
}  # fmt: skip
HARD = {s: kind for s, kind in SPELLINGS.items() if s[0].isalpha() and s not in SOFT} | SPELLED_CONSTANTS | REFUSED_WORDS
WORDS = HARD | dict.fromkeys(SOFT, "SOFT") | dict.fromkeys(SCOPES, "SCOPE")
SIGNS = {s: kind for s, kind in SPELLINGS.items() if not s[0].isalpha()}
SIGNS |= dict.fromkeys(("==", "!=", "<=", ">=", "<", ">"), "COMPARE")
SIGNS |= {"+": "ADDITIVE", "-": "ADDITIVE", "//": "DIVIDE", "%": "DIVIDE", "<<": "SHIFT", ">>": "SHIFT"}
SIGNS |= dict.fromkeys(("+=", "-=", "*=", "/=", "//=", "%=", "@=", "&=", "|=", "^=", ">>=", "<<=", "**="), "AUGMENT")

# A statement may begin after these.
STARTERS = frozenset({"NEWLINE", "INDENT", "DEDENT", "LBLOCK", "RBLOCK", "SEMICOLON"})
# After these an operand is complete, so that `{` cannot begin a dict or set.
OPERAND_ENDS = frozenset(
    "NAME SCOPED NUMBER STRING FSTRING_END RPAR RSQB RBRACE TRUE FALSE NONE ELLIPSIS DOLLARS QUESTION"
    " BAD".split()
)
BARE_HEADERS = frozenset({"ELSE", "TRY", "FINALLY", "EXCEPT"})  # alone they are a whole header
HEADERS = frozenset(
    "IF ELIF ELSE WHILE FOR TRY EXCEPT FINALLY WITH DEF STRUCT MATCH CASE TEST"
    " AGENT AGENT_BLUEPRINT RESOURCE INTERFACE".split()
)
FIELD_BLOCKS = frozenset({"STRUCT", "RESOURCE", "AGENT", "AGENT_BLUEPRINT", "INTERFACE"})
# A line that begins with one of these inside brackets shows that a bracket was forgotten.
NEVER_INSIDE = frozenset(
    "DEF RETURN WHILE IMPORT STRUCT TRY WITH PASS BREAK CONTINUE RAISE ASSERT DEL GLOBAL NONLOCAL ELIF EXCEPT"
    " FINALLY CLASS DELIVER SYNC".split()
)
HEADER_LINE = re.compile(r"(?:if|for|else)\b[^\n#]*:[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
NOTED = frozenset({"DEF", "WORKFLOW", "WITH"})  # statements whose first bracket has a meaning of its own
BRACE = -1
SILENT = "silent"
WITH_ITEMS = "with ("  # the bracket right after `with`, which may hold its items
CLOSER_OF = {"(": ")", WITH_ITEMS: ")", "[": "]", "{": "}", "field": "}"}


class FieldDoc(str):
    """A `##` comment on a line of a type's block, where even `name = value` is a field."""

    __slots__ = ()


class Lexer:
    """Reads one text once; `tokens`, `comments` and `diagnostics` are what it leaves behind."""

    def __init__(self, source: Source, *, offset: int = 0, end: int | None = None, inside: bool = False) -> None:
        """`inside` reads `[offset, end)` as if it stood in brackets (a type in a string)."""
        self.source = source
        self.text = source.text
        self.pos = offset
        self.end = len(source.text) if end is None else end
        self.tokens: list[Token] = []
        self.comments: list[tuple[int, int]] = []
        self.diagnostics: list[Diagnostic] = []
        self.maybe_deep: list[int] = []  # where statements begin that are long, or inside many blocks
        # Brackets: (what opened, token number, note); the note tells the parameters of a `def` from others.
        self.brackets: list[tuple[str, int, Any]] = [("[", -1, None)] if inside else []
        self.inside = inside
        self.lambdas: list[list[int]] = []  # [token number, depth, colon seen] of lambdas whose style is open
        self.items_named: list[int] = []  # token numbers of `as` in the bracket right after `with`
        self.fstrings: list[int] = []  # their places among the brackets
        self.braces = 0  # open blocks in braces
        self.line_bound_fstrings = False  # after one that did not end, the others must end on their line
        # Layout: columns (tabs to eight, and as one) per block, BRACE for a block in braces.
        self.columns: list[int] = [0]
        self.tab_columns: list[int] = [0]
        self.openers: list[list[Any]] = [[None, 0]]  # [kind of the header, token number of its first token]
        self.line_column = 0
        self.mode: str | None = None  # the word that began the statement, if it was a keyword
        self.header = False  # we are in the header of a block
        self.statement = 0  # token number where the statement began
        self.suite = -1  # token number right after a header's colon
        self.newline_at = -1  # a line has ended there, its NEWLINE is not written yet
        self.doc: str | None = None
        self.bad_in_statement = False
        self.unclosed_reported = False
        self.blank_until = 0  # nothing but blanks and comments stands from the last look up to there
        self.dotted_scopes: list[tuple[int, int, str]] = []  # `private` of `private.x`
        self.plain_scopes: set[str] = set()  # those that are used as ordinary names
        self.stray_budget = 10_000 + 4 * (self.end - offset)  # characters that may be looked at once more

    # --- the loop ---------------------------------------------------------------------------------------

    def run(self) -> list[Token]:
        """All tokens, the last one being `$END`."""
        text = self.text
        end = self.end
        tokens = self.tokens
        append = tokens.append
        brackets = self.brackets
        lambdas = self.lambdas
        word_kind = WORDS.get
        signs = SIGNS
        finditer = TOKEN.finditer
        pos = self.pos if self.inside else self.first_line()
        while True:
            for match in finditer(text, pos, end):
                group = match.lastindex
                if group == 1:
                    word = match[1]
                    stop = match.end()
                    kind = word_kind(word)
                    if kind is None:
                        append((stop - len(word), stop, "NAME", word))
                        continue
                    pos = self.word(kind, word, stop - len(word), stop)
                elif group == 2:
                    sign = match[2]
                    stop = match.end()
                    append((stop - len(sign), stop, signs[sign], sign))
                    continue
                elif group == 3:
                    sign = match[3]
                    stop = match.end()
                    if sign == "=" and not self.fstrings:
                        append((stop - 1, stop, "EQUAL", "="))
                        continue
                    if sign == "(":
                        if len(brackets) < NESTING_MAX and (brackets or self.mode not in NOTED):
                            brackets.append(("(", len(tokens), None))
                            append((stop - 1, stop, "LPAR", "("))
                            continue
                    elif sign == ")":
                        if brackets and brackets[-1][0] == "(" and not lambdas:
                            brackets.pop()
                            append((stop - 1, stop, "RPAR", ")"))
                            continue
                    pos = self.sign(sign, stop - len(sign), stop)
                elif group == 4:
                    start, stop = match.span(4)
                    pos = self.newline_inside(start, stop) if brackets else self.newline(start, stop)
                elif group == 5:
                    start, stop = match.span(5)
                    append((start, stop, "STRING", self.string(match[5], start)))
                    continue
                elif group == 6:
                    start, stop = match.span(6)
                    self.number(match[6], start, stop)
                    continue
                elif group == 7:
                    start, stop = match.span(7)
                    pos = self.rare_word(match[7], start, stop)
                elif group == 8:
                    pos = self.comment(*match.span(8))
                elif group == 9:
                    pos = self.fstring(*match.span(9))
                elif group == 10:
                    continue
                else:
                    pos = self.anything(match.start(11))
                if pos >= 0:
                    break
            else:
                pos = self.finish()
                if pos < 0:
                    return tokens

    def report(self, code: str, message: str, start: int, end: int, **details: Any) -> None:
        """Collects a finding."""
        self.diagnostics.append(diagnostic(self.source, code, message, start, end, **details))

    def bad(self, start: int, end: int) -> None:
        """Gives up the statement: the driver will skip it silently, for a report has been made."""
        self.tokens.append((start, end, "BAD", ""))

    # --- words ------------------------------------------------------------------------------------------

    def starts_statement(self) -> bool:
        tokens = self.tokens
        return not tokens or tokens[-1][2] in STARTERS or self.suite == len(tokens)

    def word(self, kind: str, word: str, start: int, end: int) -> int:
        """A word with a meaning of its own, in some places at least. Gives where to go on, or -1."""
        tokens = self.tokens
        previous = tokens[-1][2] if tokens else "NEWLINE"
        if previous == "DOT" and not (kind == "IMPORT" and self.mode == "FROM"):
            kind = "NAME"
        elif kind == "SOFT":
            kind = self.soft_word(word, end)
        elif kind == "SCOPE":
            scoped = self.scoped(word, previous, start, end)
            if scoped >= 0:
                return scoped
            kind = "NAME"
            dotted = DOTTED_NAME.match(self.text, end, self.end)
            if dotted is not None:
                self.dotted_scopes.append((start, dotted.end(), word))
            elif not EQUALS_FOLLOWS.match(self.text, end, self.end) or not self.brackets:
                self.plain_scopes.add(word)
        elif self.brackets:
            if previous in ("LPAR", "COMMA") and self.brackets[-1][0] == "(" and EQUALS_FOLLOWS.match(self.text, end):
                kind = "NAME" if self.brackets[-1][2] != "parameters" else kind
            elif kind == "LAMBDA":
                self.lambdas.append([len(tokens), len(self.brackets), 0])
            elif kind == "AS":
                kind = self.as_word()
        elif kind == "LAMBDA":
            self.lambdas.append([len(tokens), 0, 0])
        elif kind == "AS":
            kind = self.as_word()
        elif kind == "IF" and self.mode == "CASE" and self.header:
            self.mode = "GUARD"
        elif previous == "SYNC" or previous == "FROZEN" or previous in STARTERS or self.suite == len(tokens):
            self.mode = kind
            self.header = kind in HEADERS
        tokens.append((start, end, kind, word))
        return -1

    def soft_word(self, word: str, end: int) -> str:
        """The kind of a soft word here (L7)."""
        tokens = self.tokens
        if self.brackets or not self.starts_statement():
            return "NAME"
        if word == "case":
            return self.case_word()
        if DECLARES[word].match(self.text, end) is None:
            return "NAME"
        kind = "FROZEN" if word == "frozen" else SPELLINGS[word]
        self.mode = kind
        self.header = kind in HEADERS
        self.statement = len(tokens)
        return kind

    def case_word(self) -> str:
        """`case` belongs to a `match` when it begins a statement of the match's block."""
        opener = self.openers[-1]
        if opener[0] is None and self.tokens[-1:] and self.tokens[-1][2] in ("INDENT", "LBLOCK"):
            first = self.tokens[opener[1]]
            if first[2] == "NAME" and first[3] == "match":
                self.tokens[opener[1]] = (first[0], first[1], "MATCH", "match")
                opener[0] = "MATCH"
        if opener[0] != "MATCH":
            return "NAME"
        self.mode = "CASE"
        self.header = True
        return "CASE"

    def scoped(self, word: str, previous: str, start: int, end: int) -> int:
        """Reads `scope:name` as one token (L10); -1 when it is not one."""
        found = SCOPE_NAME.match(self.text, end, self.end)
        if found is None or found[1] in HARD:
            return -1
        if self.brackets:
            if self.brackets[-1][2] == "parameters" and previous in ("LPAR", "COMMA", "STAR", "DOUBLE_STAR", "DOC"):
                return -1
        elif self.openers[-1][0] in FIELD_BLOCKS and self.starts_statement():
            return -1
        name = self.checked_name(found[1], found.start(1), found.end(1))
        self.tokens.append((start, found.end(1), "SCOPED", (word, name)))
        return found.end(1)

    def as_word(self) -> str:
        """Whether `as` names what a statement binds, or captures the value of a pipeline's stage (L20)."""
        mode = self.mode
        depth = len(self.brackets)
        if mode in ("IMPORT", "FROM") or (mode == "USE" and depth == 0):
            return "AS"
        if self.header:
            if mode == "CASE" or (mode in ("WITH", "EXCEPT") and depth == 0):
                return "AS"
            if mode == "WITH" and depth == 1 and self.brackets[0][0] == WITH_ITEMS:
                self.items_named.append(len(self.tokens))
        return "CAPTURE"

    def rare_word(self, word: str, start: int, end: int) -> int:
        """A word with an underscore in front or with characters beyond ASCII."""
        if not word.isascii():
            kind = WORDS.get(word)
            name = self.unicode_name(word, start, end)
            if name is None:
                return self.pos
            word = name
        if (kind := WORDS.get(word)) is not None:
            return self.word(kind, word, start, end)
        self.tokens.append((start, end, "NAME", self.checked_name(word, start, end)))
        return -1

    def checked_name(self, word: str, start: int, end: int) -> str:
        """The name, normalised; names reserved for Python's internals are reported (L5)."""
        if not word.isascii():
            word = self.unicode_name(word, start, end) or "_"
        if word[:2] == "__" and word[-2:] == "__" and len(word) > 4 and word not in ALLOWED_DUNDERS:
            self.report(
                "E118",
                f"the name `{word}` is reserved",
                start,
                end,
                label="names between double underscores belong to Python's internals",
                hint=instead_of(word),
            )
            return "_" + word.strip("_")
        return word

    def unicode_name(self, word: str, start: int, end: int) -> str | None:
        """The NFKC form of a name beyond ASCII; None (and where to go on in `pos`) when it is none."""
        from unicodedata import normalize

        name = normalize("NFKC", word)
        if name.isidentifier() and name not in HARD:
            return name
        from dana.parser import stray

        self.pos = stray.in_word(self, word, start, end)
        return None

    # --- signs ------------------------------------------------------------------------------------------

    def sign(self, sign: str, start: int, end: int) -> int:
        """Brackets, colons, `=`, `;`. Gives where to go on, or -1."""
        brackets = self.brackets
        tokens = self.tokens
        if sign in "([":
            note = None
            if sign == "(" and not brackets:
                if self.mode in ("DEF", "WORKFLOW") and self.begins_parameters():
                    note = "parameters"
                elif self.mode == "WITH" and tokens[-1][2] == "WITH":
                    self.items_named.clear()
                    self.open(sign, start, end, None)
                    self.brackets[-1] = (WITH_ITEMS, len(tokens) - 1, None)
                    return -1
            self.open(sign, start, end, note)
        elif sign == ")" and brackets and brackets[-1][0] == WITH_ITEMS:
            self.close_items(start, end)
        elif sign in ")]":
            if brackets and brackets[-1][0] == ("(" if sign == ")" else "[") and len(brackets) > self.inside:
                brackets.pop()
                if self.lambdas:
                    self.forget_lambdas()
                tokens.append((start, end, "RPAR" if sign == ")" else "RSQB", sign))
            else:
                self.mismatch(sign, start, end)
        elif sign == ":":
            return self.colon(start, end)
        elif sign == "{":
            self.open_brace(start, end)
        elif sign == "}":
            return self.close_brace(start, end)
        elif sign == "=":
            return self.equal(start, end)
        elif sign == ":=":
            if brackets and brackets[-1][0] == "field":
                return self.colon(start, end - 1)
            tokens.append((start, end, "WALRUS", sign))
        else:
            tokens.append((start, end, "SEMICOLON", sign))
            if not brackets:
                self.mode = None
                self.header = False
                self.statement = len(tokens)
        return -1

    def close_items(self, start: int, end: int) -> None:
        """The bracket right after `with` closes: if the header ends here, its `as` named the items."""
        tokens = self.tokens
        _, at, _ = self.brackets.pop()
        self.forget_lambdas()
        tokens.append((start, end, "RPAR", ")"))
        if self.items_named and HEADER_ENDS.match(self.text, end, self.end):
            tokens[at] = (*tokens[at][:2], "WITH_LPAR", "(")
            for number in self.items_named:
                tokens[number] = (*tokens[number][:2], "AS", "as")

    def begins_parameters(self) -> bool:
        """Whether a `(` here belongs to the head of a definition, not to the stages behind its `=`."""
        kind = self.tokens[-1][2]
        return kind == "DEF" or (kind == "NAME" and self.tokens[-2][2] in ("DEF", "WORKFLOW", "RPAR"))

    def open(self, sign: str, start: int, end: int, note: str | None) -> None:
        tokens = self.tokens
        if len(self.brackets) >= NESTING_MAX:
            if not self.bad_in_statement:
                self.report(
                    "E120",
                    f"brackets are nested more than {NESTING_MAX} deep",
                    start,
                    end,
                    hint="give the inner parts names and build the value in steps",
                )
                self.bad_in_statement = True
            self.bad(start, end)
        self.brackets.append((sign, len(tokens), note))
        tokens.append((start, end, SPELLINGS[sign], sign))

    def mismatch(self, sign: str, start: int, end: int) -> None:
        """A closing bracket that does not fit: to nothing, or to an older bracket."""
        brackets = self.brackets
        opener = {")": "(", "]": "[", "}": "{"}[sign]
        depth = len(brackets) - 1
        lowest = max(int(self.inside), len(self.brackets) - 16)
        openers = (opener, WITH_ITEMS) if sign == ")" else (opener,)
        while depth >= lowest and brackets[depth][0] not in (*openers, "field", "fstring"):
            depth -= 1
        if depth >= lowest and brackets[depth][0] in openers:
            wrong, at, _ = brackets[-1]
            opened = self.tokens[at]
            self.report(
                "E106",
                f"`{sign}` does not close `{opened[3]}`",
                start,
                end,
                label=f"`{CLOSER_OF[wrong]}` is missing before this",
                others=[(opened[0], opened[1], f"this `{opened[3]}` is still open")],
            )
            del brackets[depth:]
        elif len(brackets) > self.inside and brackets[-1][0] not in ("field", "fstring"):
            wrong, at, _ = brackets.pop()
            opened = self.tokens[at]
            self.report(
                "E106",
                f"`{sign}` does not close `{opened[3]}`",
                start,
                end,
                label=f"expected `{CLOSER_OF[wrong]}`",
                others=[(opened[0], opened[1], f"this `{opened[3]}` is open")],
                fix=CLOSER_OF[wrong],
            )
            self.forget_lambdas()
            self.tokens.append((start, end, SPELLINGS[CLOSER_OF[wrong]], sign))
            return
        else:
            self.report(
                "E106",
                f"`{sign}` closes nothing",
                start,
                end,
                label=f"no `{opener}` is open here",
                hint=f"remove this `{sign}`, or add the `{opener}` that belongs to it",
            )
        self.forget_lambdas()
        self.bad(start, end)

    def forget_lambdas(self) -> None:
        depth = len(self.brackets)
        while self.lambdas and self.lambdas[-1][1] > depth:
            self.lambdas.pop()

    def colon(self, start: int, end: int) -> int:
        tokens = self.tokens
        depth = len(self.brackets)
        lambdas = self.lambdas
        if lambdas and lambdas[-1][1] == depth:
            if self.text.startswith("::", start) and end < self.end:
                at = lambdas.pop()[0]
                tokens[at] = (*tokens[at][:2], "LAMBDA_TYPED", "lambda")
                tokens.append((start, start + 2, "DOUBLE_COLON", "::"))
                return start + 2
            if not lambdas[-1][2]:
                lambdas[-1][2] = 1
                tokens.append((start, end, "COLON", ":"))
                return -1
        if depth:
            if self.brackets[-1][0] == "field":
                tokens.append((start, end, "FSTRING_COLON", ":"))
                return self.fstring_text(end, spec=True)
            tokens.append((start, end, "COLON", ":"))
            return -1
        tokens.append((start, end, "COLON", ":"))
        if self.header:
            self.header = False
            self.suite = len(tokens)
        return -1

    def open_brace(self, start: int, end: int) -> None:
        tokens = self.tokens
        complete = tokens and (
            tokens[-1][2] in OPERAND_ENDS or (tokens[-1][2] in BARE_HEADERS and self.statement == len(tokens) - 1)
        )
        if not self.brackets and complete:
            first = tokens[min(self.statement, len(tokens) - 1)]
            ambiguous_match = first[3] == "match" and first is not tokens[-1] and self.mode is None
            if self.header or ambiguous_match:
                tokens.append((start, end, "LBLOCK", None))
                self.open_block(BRACE, BRACE)
                self.begin_statement()
                return
        self.open("{", start, end, None)

    def close_brace(self, start: int, end: int) -> int:
        brackets = self.brackets
        if brackets:
            opener = brackets[-1][0]
            if opener == "{":
                brackets.pop()
                self.forget_lambdas()
                self.tokens.append((start, end, "RBRACE", "}"))
                return -1
            return self.close_field(start, end)
        if self.braces:
            self.close_block(start, end)
        else:
            self.mismatch("}", start, end)
        return -1

    def equal(self, start: int, end: int) -> int:
        """`=` inside an f-string: a keyword's, or the one that shows the expression's text."""
        brackets = self.brackets
        if brackets and brackets[-1][0] == "field":
            found = FIELD_ENDS.match(self.text, end, self.end)
            if found is not None:
                field = self.tokens[brackets[-1][1]]
                self.tokens.append((start, end, "FSTRING_DEBUG", self.text[field[1] : found.end()]))
                return found.end()
        self.tokens.append((start, end, "EQUAL", "="))
        return -1

    # --- lines and blocks -------------------------------------------------------------------------------

    def begin_statement(self) -> None:
        self.mode = None
        self.header = False
        self.suite = -1
        self.lambdas.clear()
        length = len(self.tokens)
        if length - self.statement > MAYBE_DEEP_TOKENS:
            self.maybe_deep.append(self.tokens[self.statement][0])
        self.statement = length
        self.bad_in_statement = False

    def open_block(self, column: int, tab_column: int) -> None:
        self.columns.append(column)
        self.tab_columns.append(tab_column)
        self.braces += column == BRACE
        self.openers.append([self.mode, self.header_at()])
        if len(self.columns) > MAYBE_DEEP_BLOCKS and self.tokens:
            self.maybe_deep.append(self.tokens[-1][0])

    def header_at(self) -> int:
        return min(self.statement, len(self.tokens) - 1)

    def first_line(self) -> int:
        """The text before the first statement; gives where that begins."""
        found = BLANKS.match(self.text, self.pos, self.end)
        stop = found.end() if found else self.pos
        if stop < self.end and self.text[stop] != "#":
            self.indentation(stop)
            return stop
        self.newline_at = self.pos
        return stop

    def newline(self, start: int, end: int) -> int:
        """A line has ended outside brackets; the next one that says something begins at `end`."""
        tokens = self.tokens
        if self.newline_at < 0:
            self.newline_at = start
        if end >= self.end:
            return -1
        following = self.text[end]
        if following == "#":
            return -1
        previous = tokens[-1][2] if tokens else "NEWLINE"
        if previous == "BAR" or (following == "|" and not self.text.startswith("|=", end) and previous not in STARTERS):
            self.newline_at = -1
            return -1
        self.end_line(self.newline_at)
        self.newline_at = -1
        self.indentation(end)
        return -1

    def end_line(self, at: int) -> None:
        """Writes the NEWLINE of a line unless a block's end or beginning stands for it."""
        tokens = self.tokens
        if tokens and (tokens[-1][2] not in STARTERS or tokens[-1][2] == "SEMICOLON"):
            colon = self.suite == len(tokens)
            mode, statement = self.mode, self.statement
            tokens.append((at, at + 1, "NEWLINE", self.doc))
            self.begin_statement()
            if colon or tokens[-2][2] == "COLON":
                self.mode = mode
                self.statement = statement
                self.suite = len(tokens)
        self.doc = None

    def indentation(self, at: int) -> None:
        """Compares the line that begins its text at `at` with the open blocks."""
        line_start = self.text.rfind("\n", 0, at) + 1
        blank = self.text[max(line_start, self.pos if self.inside else 0) : at]
        if "\t" in blank or "\f" in blank:
            blank = blank.rpartition("\f")[2]
            column, tab_column = len(blank.expandtabs(8)), len(blank)
        else:
            column = tab_column = len(blank)
        opens = self.suite == len(self.tokens) and self.suite > 0
        columns = self.columns
        top = columns[-1]
        if column == top and tab_column == self.tab_columns[-1]:
            if opens:
                self.begin_statement()
            self.line_column = column
            return
        if top == BRACE:
            if opens and column > self.line_column:
                self.indent(at, column, tab_column)
        elif column > top:
            if self.check_tabs(at, column, tab_column):
                self.indent(at, column, tab_column)
        else:
            self.dedent(at, column, tab_column)
        self.begin_statement()
        self.line_column = column

    def indent(self, at: int, column: int, tab_column: int) -> None:
        self.tokens.append((at, at, "INDENT", ""))
        self.open_block(column, tab_column)

    def dedent(self, at: int, column: int, tab_column: int) -> None:
        columns = self.columns
        open_columns = [c + 1 for c in columns[-4:] if c != BRACE]
        while columns[-1] > column:
            self.shut_block(at)
        if columns[-1] == BRACE:
            return
        if columns[-1] != column:
            self.report(
                "E112",
                "this line's indentation fits no open block",
                at,
                at + 1,
                hint="align it with a block around it: column " + " or ".join(map(str, open_columns)),
            )
            # The line becomes part of the block around it, and so do those that follow in its column.
            self.open_block(column, tab_column)
            self.openers[-1][0] = SILENT
            return
        self.check_tabs(at, column, tab_column)

    def shut_block(self, at: int) -> None:
        """Ends the innermost block; one in braces gets its token elsewhere."""
        column = self.columns.pop()
        self.tab_columns.pop()
        opener = self.openers.pop()
        if column == BRACE:
            self.braces -= 1
        elif opener[0] != SILENT:
            self.tokens.append((at, at, "DEDENT", ""))

    def check_tabs(self, at: int, column: int, tab_column: int) -> bool:
        """Tabs and spaces must give the same order of columns whatever a tab is worth (as in Python)."""
        top, tab_top = self.columns[-1], self.tab_columns[-1]
        if (column > top) == (tab_column > tab_top) and (column == top) == (tab_column == tab_top):
            return True
        start = self.text.rfind("\n", 0, at) + 1
        self.report(
            "E111",
            "tabs and spaces are mixed in the indentation",
            start,
            at,
            label="how far is this indented?",
            hint="indent with spaces only, or with tabs only",
            fix=" " * column,
        )
        # Whatever was meant, the line is read as part of the block it follows.
        self.open_block(column, tab_column)
        self.openers[-1][0] = SILENT
        return False

    def close_block(self, start: int, end: int) -> None:
        """A `}` that ends a block: first whatever was open inside it."""
        self.end_line(start)
        tokens = self.tokens
        while self.columns[-1] != BRACE:
            self.shut_block(start)
        self.shut_block(start)
        tokens.append((start, end, "RBLOCK", "}"))
        self.begin_statement()

    def comment(self, start: int, end: int) -> int:
        self.comments.append((start, end))
        if self.text.startswith("##", start) and self.newline_at < 0:
            tokens = self.tokens
            doc = self.text[start:end].lstrip("#").strip()
            if self.brackets:
                if self.brackets[-1][2] == "parameters" and tokens[-1][2] != "LPAR":
                    self.doc_inside(doc, start, end)
            elif tokens and tokens[-1][2] == "LBLOCK":
                tokens[-1] = (*tokens[-1][:3], doc)
            elif tokens and tokens[-1][2] not in STARTERS:
                self.doc = FieldDoc(doc) if self.openers[-1][0] in FIELD_BLOCKS else doc
        return -1

    def doc_inside(self, doc: str, start: int, end: int) -> None:
        """A `##` comment among parameters documents the one before it, when that one is complete here."""
        if self.tokens[-1][2] == "DOC":
            return
        if self.tokens[-1][2] != "COMMA":
            if end >= self.blank_until:
                blank = BLANK.match(self.text, end, self.end)
                self.blank_until = blank.end() if blank else end
            if self.text[self.blank_until : self.blank_until + 1] not in (",", ")"):
                return
        self.tokens.append((start, end, "DOC", doc))

    def newline_inside(self, start: int, end: int) -> int:
        """A line has ended inside brackets: usually that means nothing."""
        if self.fstrings:
            if self.line_bound_fstrings and not self.innermost_fstring()[1]:
                return self.unfinished_fstring()
            return -1
        if self.inside or end >= self.end or end - self.text.rfind("\n", start, end) - 1 > self.line_column:
            return -1
        found = WORD.match(self.text, end, self.end)
        if found is None:
            return -1
        word = found[0]
        kind = WORDS.get(word)
        if kind is None or kind in ("SOFT", "SCOPE"):
            forgotten = self.tokens[-1][2] in OPERAND_ENDS or (
                (self.tokens[-1][2] not in ("LPAR", "COMMA", "DOC") or self.brackets[-1][0] not in ("(", WITH_ITEMS))
                and EQUALS_FOLLOWS.match(self.text, found.end(), self.end) is not None
            )
        elif kind in NEVER_INSIDE:
            forgotten = EQUALS_FOLLOWS.match(self.text, found.end(), self.end) is None
        else:
            forgotten = kind in ("IF", "FOR", "ELSE") and HEADER_LINE.match(self.text, end, self.end) is not None
        if forgotten:
            self.unclosed()
            return self.newline(start, end)
        return -1

    def unclosed(self) -> None:
        """Reports the innermost open bracket and gives up the statement."""
        opened = self.tokens[self.brackets[-1][1]]
        if not self.bad_in_statement:
            self.report(
                "E105",
                f"this `{opened[3]}` is never closed",
                opened[0],
                opened[1],
                hint=f"add the missing `{CLOSER_OF[self.brackets[-1][0]]}`",
            )
        self.brackets.clear()
        self.lambdas.clear()
        self.bad(opened[0], opened[1])

    def finish(self) -> int:
        """The text has ended; -1, or where to go on after an f-string that did not."""
        if self.inside:
            return self.finish_inside()
        if self.fstrings:
            return self.unfinished_fstring()
        if self.brackets:
            self.unclosed()
        at = self.newline_at if self.newline_at >= 0 else self.end
        self.end_line(at)
        self.begin_statement()
        self.report_dotted_scopes()
        tokens = self.tokens
        end = self.end
        while len(self.columns) > 1:
            if self.columns[-1] == BRACE:
                self.unclosed_block(end)
            self.shut_block(end)
        tokens.append((end, end, "$END", ""))
        return -1

    def report_dotted_scopes(self) -> None:
        """`private.x` was once written for `private:x`; where `private` is no variable it is that (L10)."""
        for start, end, word in self.dotted_scopes:
            if word not in self.plain_scopes:
                colon = start + len(word)
                right = f"{word}:{self.text[colon + 1 : end]}"
                self.report(
                    "E128",
                    f"names of the scope `{word}` are written with a colon",
                    start,
                    end,
                    hint=f"write `{right}`",
                    fix=":",
                    fix_at=(colon, colon + 1),
                )

    def finish_inside(self) -> int:
        if self.fstrings:
            return self.unfinished_fstring()
        if len(self.brackets) > 1:
            opened = self.tokens[self.brackets[-1][1]]
            self.report("E105", f"this `{opened[3]}` is never closed", opened[0], opened[1])
        self.tokens.append((self.end, self.end, "$END", ""))
        return -1

    def unclosed_block(self, end: int) -> None:
        """Ends a block in braces that the text leaves open; the innermost one is reported."""
        tokens = self.tokens
        if not self.unclosed_reported:
            self.unclosed_reported = True
            at = self.openers[-1][1]
            while tokens[at][2] != "LBLOCK":
                at += 1
            self.report(
                "E105",
                "this block's `{` is never closed",
                tokens[at][0],
                tokens[at][1],
                hint="add the `}` that ends the block",
            )
        tokens.append((end, end, "RBLOCK", "}"))

    # --- literals ---------------------------------------------------------------------------------------

    def number(self, text: str, start: int, end: int) -> None:
        """A number; the token's text is its value."""
        try:
            value = literals.number(text)
        except ValueError:
            self.report(
                "E115",
                "this number cannot be read",
                start,
                end,
                label=literals.why_not_number(text),
                hint="write a shorter number, or compute it" if len(text) > 100 else "decimal numbers do not begin with 0",
            )
            value = 0
        self.tokens.append((start, end, "NUMBER", value))

    def string(self, text: str, start: int) -> str:
        """The value of a string literal."""
        prefix = 1 if text[0] in "rRuU" else 0
        quotes = 3 if text[prefix : prefix + 3] in ('"""', "'''") else 1
        body = text[prefix + quotes : -quotes]
        if "\\" not in body or text[0] in "rR":
            return body
        return self.unescape(body, start + prefix + quotes)

    def unescape(self, body: str, at: int) -> str:
        value, faults = literals.unescape(body)
        for code, message, start, end in faults:
            self.report(code, message, at + start, at + end, hint=literals.ESCAPE_HINTS[code])
        return value

    def anything(self, at: int) -> int:
        """No token begins here; the rare cases live in their own module."""
        from dana.parser import stray

        return stray.at(self, at)

    # --- f-strings --------------------------------------------------------------------------------------

    def fstring(self, start: int, end: int) -> int:
        """An f-string begins; its texts are read here, its fields by the loop."""
        opening = self.text[start:end]
        quote = opening.lstrip("fFrR")
        raw = "r" in opening or "R" in opening
        if len(self.brackets) >= NESTING_MAX:
            self.open("(", start, end, None)
            self.brackets.pop()
        state = (len(self.tokens), len(self.lambdas), start)
        self.brackets.append(("fstring", len(self.tokens), (quote, raw, state)))
        self.fstrings.append(len(self.brackets) - 1)
        self.tokens.append((start, end, "FSTRING_START", opening))
        return self.fstring_text(end, spec=False)

    def innermost_fstring(self) -> tuple[int, bool, Any]:
        """Its place among the brackets, whether it is triple-quoted, its note."""
        depth = self.fstrings[-1]
        note = self.brackets[depth][2]
        return depth, len(note[0]) == 3, note

    def fstring_text(self, at: int, *, spec: bool) -> int:
        """The text from `at` up to a field, the end of the format, or the end of the string."""
        depth, triple, (quote, raw, _) = self.innermost_fstring()
        text = self.text
        found = literals.fstring_piece(quote, raw=raw, spec=spec, line_bound=self.line_bound_fstrings).match(text, at, self.end)
        stop = found.end() if found else at
        if stop > at:
            self.tokens.append((at, stop, "FSTRING_TEXT", self.fstring_value(text[at:stop], at, raw=raw, spec=spec)))
        if stop >= self.end:
            return self.unfinished_fstring()
        if text.startswith(quote, stop):
            if spec:
                field = self.tokens[self.brackets[-1][1]]
                return self.unfinished_field(field, stop)
            del self.brackets[depth:]
            self.fstrings.pop()
            self.tokens.append((stop, stop + len(quote), "FSTRING_END", quote))
            return stop + len(quote)
        if text[stop] == "{":
            if len(self.brackets) >= NESTING_MAX:
                self.open("{", stop, stop + 1, None)
                self.brackets.pop()
                self.tokens.pop()
            self.brackets.append(("field", len(self.tokens), None))
            self.tokens.append((stop, stop + 1, "FSTRING_OPEN", "{"))
            return stop + 1
        if text[stop] == "}" and spec:
            return self.close_field(stop, stop + 1)
        if text[stop] == "}":
            self.report(
                "E117",
                "a single `}` in an f-string",
                stop,
                stop + 1,
                hint="write `}}` for the character itself",
                fix="}}",
            )
            return self.fstring_text(stop + 1, spec=False)
        return self.unfinished_fstring()

    def fstring_value(self, body: str, at: int, *, raw: bool, spec: bool) -> str:
        if "\\" in body and not raw:
            body = self.unescape(body, at)
        if not spec and ("{{" in body or "}}" in body):
            body = body.replace("{{", "{").replace("}}", "}")
        return body

    def close_field(self, start: int, end: int) -> int:
        """The `}` of an f-string's field; what is still open inside it was forgotten."""
        brackets = self.brackets
        depth = len(brackets) - 1
        while depth >= self.inside and brackets[depth][0] not in ("field", "fstring"):
            depth -= 1
        if depth < self.inside or brackets[depth][0] != "field":
            self.mismatch("}", start, end)
            return -1
        if depth < len(brackets) - 1:
            opened = self.tokens[brackets[-1][1]]
            self.report("E105", f"this `{opened[3]}` is never closed", opened[0], opened[1])
            self.bad(start, start)
        del brackets[depth:]
        self.forget_lambdas()
        self.tokens.append((start, end, "FSTRING_CLOSE", "}"))
        spec = bool(brackets) and brackets[-1][0] == "field"
        return self.fstring_text(end, spec=spec)

    def conversion(self, at: int) -> int:
        """`!r` in a field; -1 when there is no field here."""
        if not self.brackets or self.brackets[-1][0] != "field":
            return -1
        found = CONVERSION.match(self.text, at, self.end)
        if found is None:
            return -1
        letter = found[1] or ""
        if letter not in ("r", "s", "a"):
            self.report(
                "E117",
                f"`!{letter}` is no conversion",
                at,
                found.end(),
                hint="conversions are `!r` (as code), `!s` (as text) and `!a` (as ASCII)",
            )
            letter = "s"
        self.tokens.append((at, found.end(), "FSTRING_CONVERSION", letter))
        return found.end()

    def unfinished_field(self, field: Token, at: int) -> int:
        self.report(
            "E117",
            "this field of the f-string is never closed",
            field[0],
            field[1],
            hint="add the missing `}`, or write `{{` for the character itself",
        )
        depth, _, (quote, _, _) = self.innermost_fstring()
        del self.brackets[depth:]
        self.fstrings.pop()
        self.bad(field[0], field[1])
        return at + len(quote)

    def unfinished_fstring(self) -> int:
        """Goes back to the outermost open f-string, reports it, and reads on after its line."""
        depth = self.fstrings[0]
        quote, _, (count, lambdas, start) = self.brackets[depth][2]
        opening = self.tokens[self.brackets[depth][1]]
        self.report(
            "E104",
            "this f-string is never finished",
            opening[0],
            opening[1],
            hint=f"add the closing {quote}",
        )
        del self.brackets[depth:]
        del self.tokens[count:]
        del self.lambdas[lambdas:]
        self.fstrings.clear()
        self.bad(start, opening[1])
        if len(quote) == 3:
            return self.end
        self.line_bound_fstrings = True
        line = LAST_OF_LINE.match(self.text, start, self.end)
        return line.end() if line else self.end


def lex(source: Source) -> Lexer:
    """A lexer that has read the whole source."""
    lexer = Lexer(source)
    lexer.run()
    return lexer
