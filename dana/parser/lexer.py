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

from dana.abi import ALLOWED_DUNDERS
from dana.parser import literals
from dana.parser._tables import SPELLINGS
from dana.parser.fstrings import FStrings
from dana.parser.layout import Layout
from dana.parser.words import (
    BARE_HEADERS,
    BRACE,
    DECLARES,
    DOTTED_NAME,
    EQUALS_FOLLOWS,
    FIELD_BLOCKS,
    FIELD_ENDS,
    HARD,
    HEADER_ENDS,
    HEADER_LINE,
    HEADERS,
    NESTING_MAX,
    NEVER_INSIDE,
    NOTED,
    OPERAND_ENDS,
    SCOPE_NAME,
    SIGNS,
    STARTERS,
    TOKEN,
    WITH_ITEMS,
    WORD,
    WORDS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.parser.reader import Token


class Lexer(Layout, FStrings):
    """Reads one text once; `tokens`, `comments` and `diagnostics` are what it leaves behind."""

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
                    elif sign == ")" and brackets and brackets[-1][0] == "(" and not lambdas:
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
                self.dotted_scopes.append((start, dotted.end(), word, dotted[1]))
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
        elif previous in STARTERS or previous in ("SYNC", "FROZEN") or self.suite == len(tokens):
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
            from dana.parser.reserved import instead_of

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
                hint="write a shorter number, or compute it"
                if len(text) > 100
                else "decimal numbers do not begin with 0",
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

    def anything(self, at: int) -> int:
        """No token begins here; the rare cases live in their own module."""
        from dana.parser import stray

        return stray.at(self, at)

    # --- the end ----------------------------------------------------------------------------------------

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
        for start, end, word, name in self.dotted_scopes:
            if word not in self.plain_scopes:
                right = f"{word}:{name}"
                self.report(
                    "E128",
                    f"names of the scope `{word}` are written with a colon",
                    start,
                    end,
                    hint=f"write `{right}`",
                    fix=":",
                    fix_at=(start + len(word), end - len(name)),
                )

    def finish_inside(self) -> int:
        if self.fstrings:
            return self.unfinished_fstring()
        if len(self.brackets) > 1:
            opened = self.tokens[self.brackets[-1][1]]
            self.report("E105", f"this `{opened[3]}` is never closed", opened[0], opened[1])
        self.tokens.append((self.end, self.end, "$END", ""))
        return -1
