"""Lines and blocks: NEWLINE, INDENT, DEDENT, LBLOCK, RBLOCK (L2, L3), and the comments between (L4).

`columns` holds one entry per open block: the column its lines begin in, or BRACE. A line is compared with the
innermost; inside braces indentation is free until a colon begins a suite with a column of its own.
"""

from __future__ import annotations

from dana.parser.reader import Reader
from dana.parser.words import (
    BLANK,
    BLANKS,
    BRACE,
    FIELD_BLOCKS,
    MAYBE_DEEP_BLOCKS,
    SILENT,
    STARTERS,
)


class FieldDoc(str):
    """A `##` comment on a line of a type's block, where even `name = value` is a field."""

    __slots__ = ()


class Layout(Reader):
    """The part of the lexer that turns lines into blocks."""

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
