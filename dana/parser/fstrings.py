"""F-strings as in Python 3.12: their texts are read here, their fields by the lexer's loop (L6)."""

from __future__ import annotations

from dana.parser import literals
from dana.parser.reader import Reader
from dana.parser.words import (
    CONVERSION,
    LAST_OF_LINE,
    NESTING_MAX,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.parser.reader import Token


class FStrings(Reader):
    """The part of the lexer that reads f-strings."""

    def fstring(self, start: int, end: int) -> int:
        """An f-string begins; its texts are read here, its fields by the loop."""
        opening = self.text[start:end]
        quote = opening.lstrip("fFrR")
        raw = "r" in opening or "R" in opening
        if len(self.brackets) >= NESTING_MAX:
            self.open("(", start, end, None)
            self.brackets.pop()
        state = (len(self.tokens), len(self.lambdas), len(self.diagnostics), len(self.comments), start)
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
        while True:
            depth, _, (quote, raw, _) = self.innermost_fstring()
            text = self.text
            found = literals.fstring_piece(quote, raw=raw, spec=spec, line_bound=self.line_bound_fstrings).match(
                text, at, self.end
            )
            stop = found.end() if found else at
            if stop > at:
                self.tokens.append(
                    (at, stop, "FSTRING_TEXT", self.fstring_value(text[at:stop], at, raw=raw, spec=spec))
                )
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
                inside = self.end_field(stop, stop + 1)
                if inside is None:
                    return -1
                at, spec = stop + 1, inside
                continue
            if text[stop] == "}":
                self.report(
                    "E117",
                    "a single `}` in an f-string",
                    stop,
                    stop + 1,
                    hint="write `}}` for the character itself",
                    fix="}}",
                )
                at = stop + 1
                continue
            return self.unfinished_fstring()

    def fstring_value(self, body: str, at: int, *, raw: bool, spec: bool) -> str:
        if "\\" in body and not raw:
            body = self.unescape(body, at)
        if not spec and ("{{" in body or "}}" in body):
            body = body.replace("{{", "{").replace("}}", "}")
        return body

    def close_field(self, start: int, end: int) -> int:
        """The `}` of an f-string's field, and the text behind it."""
        spec = self.end_field(start, end)
        return -1 if spec is None else self.fstring_text(end, spec=spec)

    def end_field(self, start: int, end: int) -> bool | None:
        """Ends a field; what is still open inside it was forgotten. Whether its text goes on inside a format."""
        brackets = self.brackets
        depth = len(brackets) - 1
        while depth >= self.inside and brackets[depth][0] not in ("field", "fstring"):
            depth -= 1
        if depth < self.inside or brackets[depth][0] != "field":
            self.mismatch("}", start, end)
            return None
        if depth < len(brackets) - 1:
            opened = self.tokens[brackets[-1][1]]
            self.report("E105", f"this `{opened[3]}` is never closed", opened[0], opened[1])
            self.bad(start, start)
        del brackets[depth:]
        self.forget_lambdas()
        self.tokens.append((start, end, "FSTRING_CLOSE", "}"))
        return bool(brackets) and brackets[-1][0] == "field"

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
        quote, _, (count, lambdas, findings, comments, start) = self.brackets[depth][2]
        # What was read as fields may have been anything: findings about it say nothing.
        del self.diagnostics[findings:], self.comments[comments:]
        self.bad_in_statement = True
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
