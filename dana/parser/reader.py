"""The state of a lexer, how it reports, and the brackets that are open: what its parts share."""

from __future__ import annotations

from dana.parser import literals
from dana.parser._tables import SPELLINGS
from dana.parser.problems import diagnostic
from dana.parser.words import CLOSER_OF, MAYBE_DEEP_TOKENS, NESTING_MAX, WITH_ITEMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from dana.diagnostics import Diagnostic
    from dana.source import Source

    Token: TypeAlias = tuple[int, int, str, Any]


class Reader:
    """A text, how far it has been read, and what was found."""

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
        self.dotted_scopes: list[tuple[int, int, str, str]] = []  # `private.x`: its span, both names
        self.plain_scopes: set[str] = set()  # those that are used as ordinary names
        self.stray_budget = 10_000 + 4 * (self.end - offset)  # characters that may be looked at once more

    def report(self, code: str, message: str, start: int, end: int, **details: Any) -> None:
        """Collects a finding."""
        self.diagnostics.append(diagnostic(self.source, code, message, start, end, **details))

    def bad(self, start: int, end: int) -> None:
        """Gives up the statement: the driver will skip it silently, for a report has been made."""
        self.tokens.append((start, end, "BAD", ""))

    # --- brackets ---------------------------------------------------------------------------------------

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

    # --- statements -------------------------------------------------------------------------------------

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

    def unescape(self, body: str, at: int) -> str:
        value, faults = literals.unescape(body)
        for code, message, start, end in faults:
            self.report(code, message, at + start, at + end, hint=literals.ESCAPE_HINTS[code])
        return value
