"""From tokens to lines: statements, their blocks in one of two styles, comments and blank lines.

One walk over the tokens. A statement is read, joined to one line if that fits, and handed to `Layout` if
not. `INDENT … DEDENT` and `{ … }` are written in the style asked for, whatever they were.
"""

from __future__ import annotations

from dana.fmt.layout import Layout
from dana.fmt.lines import INDENT, WIDTH, Lines
from dana.fmt.spacing import CLOSERS, OPENERS, Line, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dana.fmt.layout import Comment
    from dana.parser.reader import Token

FIELD_HEADS = frozenset("STRUCT FROZEN RESOURCE AGENT AGENT_BLUEPRINT INTERFACE".split())
DEFINERS = FIELD_HEADS | {"DEF", "SYNC", "WORKFLOW", "TEST", "AT"}
CONTINUES = frozenset({"ELIF", "ELSE", "EXCEPT", "FINALLY"})
# What begins a statement whose pipeline may stand on several lines.
PIPED = frozenset("NAME SCOPED DEF SYNC WORKFLOW TYPE RETURN DELIVER STRING LSQB LPAR LBRACE NUMBER".split())
BLANKS_MAX = 2
BRACE = -1


class Block:
    """An open block: the column of its lines in the source, whether a definition owns it."""

    __slots__ = ("column", "defines", "empty")

    def __init__(self, column: int, *, defines: bool) -> None:
        self.column = column
        self.defines = defines
        self.empty = True


class Blocks:
    """Writes one file; `run` gives its text."""

    def __init__(
        self, text: str, tokens: Sequence[Token], comments: Sequence[tuple[int, int]], *, braces: bool
    ) -> None:
        self.text = text
        self.tokens = tokens
        self.comments = [*comments, (len(text) + 1, len(text) + 1)]
        self.next = 0  # number of the first comment not written yet
        self.braces = braces
        self.out = Lines()
        self.blocks = [Block(0, defines=False)]
        self.depth = 0
        self.last = 0  # where the source ends that is written
        self.fresh = True  # nothing stands before this in its block
        self.after_definition = False
        self.after_comment = False
        self.decorated = False
        self.header_doc = ""  # a `##` found inside a header
        self.one, self.two = 0, 0  # how often one and two blank lines separate definitions

    def run(self) -> str:
        tokens = self.tokens
        at = 0
        while True:
            token = tokens[at]
            kind = token[2]
            if self.comments[self.next][0] < token[0]:
                at = self.comments_before(at)
                kind = tokens[at][2]
            if kind == "DEDENT":
                self.close()
                at += 1
            elif kind == "RBLOCK":
                at = self.close_braces(at)
            elif kind == "$END":
                break
            elif kind in ("NEWLINE", "SEMICOLON"):
                at += 1
            else:
                at = self.statement(at)
        return self.out.finish(2 if self.two > self.one else 1)

    # --- statements -------------------------------------------------------------------------------------

    def statement(self, at: int) -> int:
        """Writes a statement or a header; gives the number of the token after it."""
        line = read(self.tokens, self.text, at)
        ended = line.ended
        header = ended in ("COLON", "LBLOCK")
        start = self.tokens[at][0]
        first = line.first
        continues = first in CONTINUES
        defines = first in DEFINERS and (header or first == "AT")
        if continues:
            self.after_definition = False
        else:
            self.space(start, defines=defines)
        self.blocks[-1].empty = False
        self.fresh = self.decorated = self.after_definition = self.after_comment = False
        end = line.end
        suffix = " {" if header else ""
        joins = continues and self.braces and self.out.closes_block()
        place = len(self.out.out)
        self.write(line, suffix, "} " if continues else "")
        if header and not self.braces:
            self.out.replace_end(" {", ":")
        if self.header_doc:
            self.out.behind(INDENT * self.depth, self.header_doc)
            self.header_doc = ""
        if continues and not joins:
            self.out.drop_lead(place, "} ")
        self.last = self.tokens[end - 1][1]
        if header:
            return self.open(line, at, defines=defines)
        if first == "AT":
            self.decorated = True
        if ended == "NEWLINE":
            self.comment_behind(self.tokens[end][0])
            self.last = max(self.last, self.tokens[end][0])
        return end + 1

    def write(self, line: Line, suffix: str, lead: str = "") -> None:
        """Lines take the room they have in braces, so that both styles break alike."""
        indent = INDENT * self.depth
        flat = lead + "".join(line.parts)
        inside = self.comments[self.next][0] < line.tokens[-1][1]
        if (
            not inside
            and not line.magic
            and not line.wrapped
            and not line.bare_comma
            and indent + len(flat) + len(suffix) <= WIDTH
            and "\n" not in flat
            and (line.first not in PIPED or " |" not in flat or not self.broken(line))
        ):
            self.out.out.append(f"{' ' * indent}{flat}{suffix}\n")
            return
        after = self.comments_inside(line) if inside else {}
        Layout(self.out, line, self.text, after, lead).statement(indent, suffix)

    def broken(self, line: Line) -> bool:
        """Whether a statement with a `|` spans several lines in the source."""
        return "BAR" in line.kinds and "\n" in self.text[line.tokens[0][0] : line.tokens[-1][1]]

    def comments_inside(self, line: Line) -> dict[int, list[Comment]]:
        """The comments within a statement, by the part they stand behind."""
        after: dict[int, list[Comment]] = {}
        end = line.tokens[-1][1]
        # Behind the header of a one-line suite, `##` documents nothing; behind that of a block it would.
        inline = line.ended == "COLON" and self.tokens[line.end + 1][2] != "NEWLINE"
        part = 0
        count = len(line.tokens)
        while (comment := self.comments[self.next])[0] < end:
            while part + 1 < count and line.tokens[part + 1][0] < comment[0]:
                part += 1
            if line.tokens[part][1] > comment[0]:  # in a field of an f-string, which is kept as it is
                self.next += 1
                continue
            written = self.text[comment[0] : comment[1]]
            own = self.has_own_line(comment[0]) or (inline and written.startswith("##"))
            if self.documents_header(line, part) and written.startswith("##"):
                self.header_doc = written
            else:
                after.setdefault(part, []).append((written, own))
            self.next += 1
        return after

    def documents_header(self, line: Line, part: int) -> bool:
        """Whether a last `##` before a `|` documents the header: it goes to the end, where it does in both styles."""
        if line.ended != "COLON" or self.tokens[line.end + 1][2] != "NEWLINE":
            return False
        outside = not sum((kind in OPENERS) - (kind in CLOSERS) for kind in line.kinds[: part + 1])
        following = self.comments[self.next + 1][0]
        return outside and following > self.tokens[line.end + 1][0]

    def has_own_line(self, start: int) -> bool:
        begin = self.text.rfind("\n", 0, start) + 1
        return not self.text[begin:start].strip() and self.text[begin - 2 : begin] != "\\\n"

    # --- blocks -----------------------------------------------------------------------------------------

    def open(self, line: Line, at: int, *, defines: bool) -> int:
        """A header has been written; what follows stands in its block."""
        tokens = self.tokens
        end = line.end
        if line.ended == "LBLOCK":
            return self.open_braces(end, defines=defines)
        if tokens[end + 1][2] == "NEWLINE":
            self.comment_behind(tokens[end + 1][0])
            self.last = tokens[end + 1][0]
            self.enter(self.column(tokens[end + 2][0]), defines=defines)
            return end + 3
        return self.inline(end + 1, documents=tokens[at][2] in FIELD_HEADS, defines=defines)

    def inline(self, at: int, *, documents: bool, defines: bool) -> int:
        """`if x: y; z`: every statement gets a line of its own."""
        self.enter(BRACE, defines=defines)
        tokens = self.tokens
        assigns = False
        while tokens[at][2] != "NEWLINE":
            line = read(tokens, self.text, at)
            self.blocks[-1].empty = False
            if line.ended in ("COLON", "LBLOCK"):  # a method of an interface
                self.write(line, " {")
                if not self.braces:
                    self.out.replace_end(" {", ":")
                at = self.open(line, at, defines=True)
                self.close()
                return at
            self.write(line, "")
            assigns = line.kinds[1:2] == ["EQUAL"]
            at = line.end
            self.last = tokens[at - 1][1]
            if tokens[at][2] == "SEMICOLON":
                at += 1
        comment = self.comments[self.next]
        if documents and assigns and comment[0] < tokens[at][0] and self.text.startswith("##", comment[0]):
            self.own_comment()  # behind its line it would document a field
        else:
            self.comment_behind(tokens[at][0])
        self.last = tokens[at][0]
        self.close()
        return at + 1

    def open_braces(self, end: int, *, defines: bool) -> int:
        tokens = self.tokens
        brace = tokens[end]
        self.last = brace[1]
        if tokens[end + 1][2] == "RBLOCK" and self.comments[self.next][0] > tokens[end + 1][0]:
            self.enter(BRACE, defines=defines)
            self.out.code(INDENT * self.depth, "pass")
            self.blocks[-1].empty = False
            self.close()
            self.last = tokens[end + 1][1]
            self.behind_brace()
            return end + 2
        self.behind_brace()
        self.enter(BRACE, defines=defines)
        return end + 1

    def behind_brace(self) -> None:
        """The comment behind a `{` or `}`, when it stands on the same line."""
        start = self.comments[self.next][0]
        if start <= len(self.text) and "\n" not in self.text[self.last : start]:
            following = self.text[self.last : start].strip()
            if not following:
                self.comment_behind(start + 1)

    def close_braces(self, at: int) -> int:
        end = self.tokens[at][1]
        start = self.comments[self.next][0]
        own = start <= len(self.text) and not self.text[end:start].strip(" \t\f") and "\n" not in self.text[end:start]
        if own and not self.braces:
            self.last = end
            self.own_comment()
        self.close()
        self.last = max(self.last, end)
        if own and self.braces:
            self.comment_behind(start + 1)
        return at + 1

    def enter(self, column: int, *, defines: bool) -> None:
        self.blocks.append(Block(column, defines=defines))
        self.depth += 1
        self.fresh = True

    def leave(self) -> Block:
        self.depth -= 1
        block = self.blocks.pop()
        self.after_definition = block.defines
        self.fresh = self.after_comment = self.decorated = False
        return block

    def close(self) -> None:
        if self.blocks[-1].empty:
            self.out.code(INDENT * self.depth, "pass")
        self.leave()
        if self.braces and not self.out.closes_empty_block():
            self.out.code(INDENT * self.depth, "}")

    def column(self, at: int) -> int:
        start = self.text.rfind("\n", 0, at) + 1
        blank = self.text[start:at]
        return len(blank.expandtabs(8)) if "\t" in blank or "\f" in blank else len(blank)

    # --- comments and blank lines -----------------------------------------------------------------------

    def comments_before(self, at: int) -> int:
        """Writes the comments before a token; the column of a comment tells which block it belongs to."""
        tokens = self.tokens
        while (comment := self.comments[self.next])[0] < tokens[at][0]:
            column = self.column(comment[0])
            while tokens[at][2] == "DEDENT" and column < self.blocks[-1].column:
                self.close()
                at += 1
            self.own_comment()
        return at

    def own_comment(self) -> None:
        start, end = self.comments[self.next]
        self.next += 1
        self.space(start, defines=False)
        self.out.comment(INDENT * self.depth, self.text[start:end])
        self.last = end
        self.fresh = self.after_definition = False
        self.after_comment = True

    def comment_behind(self, limit: int) -> None:
        """The comment that ends before `limit`, behind the line just written."""
        start, end = self.comments[self.next]
        if start < limit:
            self.next += 1
            self.out.behind(INDENT * self.depth, self.text[start:end])
            self.last = end

    def space(self, start: int, *, defines: bool) -> None:
        """The blank lines before what begins at `start`."""
        if self.fresh or self.decorated:
            return
        blanks = self.text.count("\n", self.last, start) - 1
        attached = self.after_comment and blanks <= 0
        if (defines and not attached) or self.after_definition:
            if self.depth:
                self.out.blank(1)
                return
            if blanks > 1:
                self.two += 1
            elif blanks == 1:
                self.one += 1
            self.out.gap()
        elif blanks > 0:
            self.out.blank(min(blanks, 1 if self.depth else BLANKS_MAX))
