"""Text that begins no token: unfinished strings, numbers that are none, look-alike characters.

Each function is given the lexer and a place, reports, leaves something harmless, and says where to go on.
"""

from __future__ import annotations

import re

from dana.parser.words import HARD, LAST_OF_LINE, SIGNS, TOKEN, WORD, WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.parser.lexer import Lexer

QUOTED = re.compile(r"([A-Za-z]{0,2})(\"\"\"|'''|\"|')")
DIGITS = re.compile(r"(?:[0-9]|\.[0-9])(?:[0-9a-zA-Z_]|\.(?=[0-9])|(?<=[eE])[-+](?=[0-9]))*")
ASSIGNED = re.compile(r"[ \t]*=(?!=)")
GLUED_WORD = re.compile(r"([0-9][0-9_.]*|0[xX][0-9a-fA-F]+)(and|else|for|if|in|is|or|not)(?![0-9a-zA-Z_])")
ONE_LINE_STRING = re.compile(r"[^\\\n]*(?:\\.[^\\\n]*)*", re.DOTALL)
IN_BACKTICKS = re.compile(r"`([^`\n]*)`")
LINE_BREAK_AFTER_BLANKS = re.compile(r"\\[ \t\f]+\n")

SPACES = {
    "\xa0": "no-break space", "\u2007": "figure space", "\u202f": "narrow no-break space", "\u3000": "wide space",
    "\u200b": "zero-width space", "\ufeff": "byte order mark", "\u2060": "word joiner", "\u200e": "direction mark",
    "\u200f": "direction mark", "\u2002": "wide space", "\u2003": "wide space", "\u2009": "thin space",
    "\x85": "line separator", "\u2028": "line separator", "\u2029": "paragraph separator", "\xad": "soft hyphen",
}  # fmt: skip
QUOTES = {
    "“": "”", "”": "”", "„": "“”", "«": "»", "»": "«", "‘": "’", "’": "’", "‚": "‘’", "＂": "＂", "＇": "＇", "´": "´",
}  # fmt: skip
LOOK_ALIKES = {
    "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "×": "*", "∗": "*", "÷": "/", "∕": "/", "≤": "<=",
    "≥": ">=", "≠": "!=", "→": "->", "⇒": "->", "…": "...", "∧": "and", "∨": "or", "¬": "not", "，": ",", "；": ";",
    "：": ":", "（": "(", "）": ")", "［": "[", "］": "]", "｛": "{", "｝": "}", "＝": "=", "＋": "+", "＊": "*",
    "／": "/", "＜": "<", "＞": ">", "｜": "|", "．": ".", "、": ",", "。": ".", "∈": "in", "∣": "|",
}  # fmt: skip


def at(lexer: Lexer, pos: int) -> int:
    """Nothing in the lexer's table begins at `pos`."""
    text = lexer.text
    char = text[pos]
    found = QUOTED.match(text, pos, lexer.end)
    if found is not None and (not found[1] or found[1].lower() in ("r", "u", "b", "br", "rb")):
        return string(lexer, found)
    if char.isalpha() or char == "_":
        word = WORD.match(text, pos, lexer.end)
        assert word is not None
        return before_quote(lexer, word[0], pos)
    if DIGITS.match(text, pos, lexer.end):
        return number(lexer, pos)
    if char == "!":
        after = lexer.conversion(pos)
        return after if after >= 0 else exclamation(lexer, pos)
    if char == "\\":
        return backslash(lexer, pos)
    if char == "$":
        return dollar(lexer, pos)
    if char == "`":
        return backtick(lexer, pos)
    return other(lexer, pos)


def dollar(lexer: Lexer, pos: int) -> int:
    if WORD.match(lexer.text, pos + 1, lexer.end):
        lexer.report("E101", "names have no `$`", pos, pos + 1, hint="remove it", fix="")
        return pos + 1
    lexer.report("E101", "a single `$`", pos, pos + 1, hint="the placeholder of a pipeline is `$$`", fix="$$")
    lexer.tokens.append((pos, pos + 1, "DOLLARS", "$$"))
    return pos + 1


def backtick(lexer: Lexer, pos: int) -> int:
    """Text in backticks is read as a string."""
    found = IN_BACKTICKS.match(lexer.text, pos, lexer.end)
    end = found.end() if found else pos + 1
    lexer.report("E101", "a backtick has no meaning here", pos, end, hint='texts stand in quotes: "…"')
    if found:
        lexer.tokens.append((pos, end, "STRING", found[1]))
    else:
        lexer.bad(pos, end)
        line = LAST_OF_LINE.match(lexer.text, pos, lexer.end)
        end = line.end() if line else end
    return end


def before_quote(lexer: Lexer, word: str, pos: int) -> int:
    """A word that stands right before a quote, as in `not"a"`."""
    end = pos + len(word)
    kind = WORDS.get(word)
    if kind is not None:
        after = lexer.word(kind, word, pos, end)
        return after if after >= 0 else end
    if not word.isascii():
        return in_word(lexer, word, pos, end)
    lexer.tokens.append((pos, end, "NAME", lexer.checked_name(word, pos, end)))
    return end


def string(lexer: Lexer, found: re.Match[str]) -> int:
    """A string that is of bytes, or that does not end."""
    prefix, quote = found[1], found[2]
    start, end = found.span()
    if "b" in prefix.lower():
        lexer.report(
            "E114",
            "Dana has no bytes literals",
            start,
            end,
            hint='write a text, and `"…".encode()` where bytes are needed',
        )
        whole = TOKEN.match(lexer.text, found.start(2), lexer.end)
        if whole is not None and whole.lastindex == 5:
            lexer.tokens.append((start, whole.end(5), "STRING", ""))
            return whole.end(5)
    else:
        kind = "triple-quoted string" if len(quote) == 3 else "string"
        lexer.report(
            "E104",
            f"this {kind} is never finished",
            start,
            end,
            hint=f"add the closing {quote}"
            + ("" if len(quote) == 3 else ", or use three quotes for a text of several lines"),
        )
    lexer.bad(start, end)
    lexer.bad_in_statement = True  # brackets that the rest of the line would have closed are not missed
    if len(quote) == 3:
        return lexer.end
    line = ONE_LINE_STRING.match(lexer.text, end, lexer.end)
    return line.end() if line else lexer.end


def number(lexer: Lexer, pos: int) -> int:
    """Digits that are followed by what a number cannot contain."""
    glued = GLUED_WORD.match(lexer.text, pos, lexer.end)
    if glued is not None:
        lexer.number(glued[1], pos, glued.end(1))
        return glued.end(1)
    found = DIGITS.match(lexer.text, pos, lexer.end)
    assert found is not None
    end = found.end()
    word = WORD.match(lexer.text, end, lexer.end)
    if word is not None:
        end = word.end()
    text = lexer.text[pos:end]
    if text[-1] in "jJ" and text[:-1].replace(".", "").replace("_", "").isdigit():
        lexer.report("E113", "Dana has no complex numbers", pos, end, hint="keep the two parts in a struct or a tuple")
    elif text[:2].lower() in ("0x", "0o", "0b"):
        base = {"x": "hexadecimal", "o": "octal", "b": "binary"}[text[1].lower()]
        lexer.report(
            "E115", f"`{shorten(text)}` is no {base} number", pos, end, label="a digit here is wrong or missing"
        )
    elif "_" in text and text.replace("_", "").isdigit():
        lexer.report(
            "E115", f"`{shorten(text)}` is no number", pos, end, label="single `_` may stand between digits only",
            fix=text.replace("_", ""),
        )  # fmt: skip
    else:
        lexer.report(
            "E115",
            f"`{shorten(text)}` is neither a number nor a name",
            pos,
            end,
            hint="names begin with a letter or `_`",
        )
        if ASSIGNED.match(lexer.text, end, lexer.end):  # it was meant as a name, which is enough said
            lexer.tokens.append((pos, end, "NAME", text))
            return end
    lexer.tokens.append((pos, end, "NUMBER", 0))
    return end


def shorten(text: str) -> str:
    return text if len(text) <= 24 else text[:20] + "…"


def exclamation(lexer: Lexer, pos: int) -> int:
    lexer.report("E110", "`!` means nothing here", pos, pos + 1, hint="Dana writes `not x`", fix="not ")
    lexer.tokens.append((pos, pos + 1, "NOT", "not"))
    return pos + 1


def backslash(lexer: Lexer, pos: int) -> int:
    blanks = LINE_BREAK_AFTER_BLANKS.match(lexer.text, pos, lexer.end)
    if blanks is not None:
        lexer.report(
            "E101", "blanks behind the `\\` that continues a line", pos, blanks.end() - 1, hint="remove them", fix="\\"
        )
        return blanks.end()
    lexer.report("E101", "a `\\` outside a string", pos, pos + 1, hint="it continues a line only as its last character")
    lexer.bad(pos, pos + 1)
    return pos + 1


def other(lexer: Lexer, pos: int) -> int:
    """A character that no Dana program contains; a run of the same is reported once."""
    text = lexer.text
    char = text[pos]
    end = pos + 1
    while end < lexer.end and text[end] == char:
        end += 1
    hint = "the file seems to be no text" if char == "\0" else "remove it"
    lexer.report("E101", f"the character {describe(char)} has no meaning here", pos, end, hint=hint)
    lexer.bad(pos, end)
    return end


def describe(char: str) -> str:
    from unicodedata import name

    title = name(char, "")
    shown = f"`{char}` " if char.isprintable() else ""
    return f"{shown}(U+{ord(char):04X}{', ' + title if title else ''})"


def in_word(lexer: Lexer, word: str, start: int, end: int) -> int:
    """A run of letters in which something beyond ASCII is no letter; gives where to go on."""
    lexer.stray_budget -= len(word)
    if lexer.stray_budget < 0:
        lexer.bad(start, end)
        return end
    at = first_stranger(word)
    if at == len(word):
        return keyword_look_alike(lexer, word, start, end)
    if at > 0:
        good = word[:at]
        kind = WORDS.get(good)
        after = (
            lexer.word(kind, good, start, start + at) if kind is not None else lexer.rare_word(good, start, start + at)
        )
        return after if after >= 0 else start + at
    char = word[0]
    if char in SPACES:
        lexer.report(
            "E101", f"a {SPACES[char]} (U+{ord(char):04X}) stands here", start, start + 1,
            hint="replace it by an ordinary space", fix=" ",
        )  # fmt: skip
        return skip_spaces(lexer, start)
    if char in QUOTES:
        return quotes(lexer, start)
    if char in LOOK_ALIKES:
        return look_alike(lexer, start)
    lexer.report("E101", f"the character {describe(char)} has no meaning here", start, start + 1, hint="remove it")
    lexer.bad(start, start + 1)
    return end


def first_stranger(word: str) -> int:
    from unicodedata import normalize

    for place, char in enumerate(word):
        if not char.isascii() and not ("a" + normalize("NFKC", char)).isidentifier():
            return place
        if place == 0 and not normalize("NFKC", char).isidentifier():
            return 0
    return len(word)


def skip_spaces(lexer: Lexer, start: int) -> int:
    text = lexer.text
    while start < lexer.end and text[start] in SPACES:
        start += 1
    return start


def keyword_look_alike(lexer: Lexer, word: str, start: int, end: int) -> int:
    from unicodedata import normalize

    name = normalize("NFKC", word)
    lexer.report(
        "E101",
        f"`{word}` looks like `{name}` but is written with other characters",
        start,
        end,
        hint=f"write `{name}`" if name in HARD else "use plain letters",
        fix=name,
    )
    lexer.bad(start, end)
    return end


def quotes(lexer: Lexer, start: int) -> int:
    """“Text” in typographic quotes: read as a string."""
    text = lexer.text
    closing = QUOTES[text[start]] + "\"'"
    line = LAST_OF_LINE.match(text, start, lexer.end)
    stop = line.end() if line else lexer.end
    at = start + 1
    while at < stop and text[at] not in closing:
        at += 1
    end = min(at + 1, stop)
    body = text[start + 1 : at]
    quote = "'" if '"' in body else '"'
    lexer.report(
        "E101",
        f"`{text[start]}` is a typographic quote",
        start,
        end,
        hint='texts stand between straight quotes: "…"',
        fix=f"{quote}{body}{quote}" if at < stop and "\\" not in body else None,
    )
    lexer.tokens.append((start, end, "STRING", body))
    return end


def look_alike(lexer: Lexer, start: int) -> int:
    char = lexer.text[start]
    plain = LOOK_ALIKES[char]
    lexer.report("E101", f"{describe(char)} is not `{plain}`", start, start + 1, hint=f"write `{plain}`", fix=plain)
    end = start + 1
    if plain in HARD:
        after = lexer.word(HARD[plain], plain, start, end)
        return after if after >= 0 else end
    if plain in ("(", ")", "[", "]", "{", "}", ":", ";", "="):
        after = lexer.sign(plain, start, end)
        return after if after >= 0 else end
    lexer.tokens.append((start, end, SIGNS[plain], plain))
    return end
