"""Three readers of the same text: Dana's lexer, Pygments, and a small TextMate engine. Each gives a class per character."""

from __future__ import annotations

import re
from typing import Any

from dana.highlight.table import CLASSES, KINDS, STATES, plain
from dana.highlight.textmate import grammar
from dana.parser import parse
from dana.parser.lexer import Lexer
from dana.source import Source

BY_SCOPE = {row.textmate: name for name, row in CLASSES.items()}


def by_dana(text: str) -> list[str | None] | None:
    """A class per character ("" for layout and blanks); None when the program has syntax errors."""
    source = Source("sample.na", text)
    if parse(source).diagnostics:
        return None
    found: list[str | None] = [None] * len(text)
    lexer = Lexer(source)
    for start, end, kind, _ in lexer.run():
        if KINDS[kind]:
            found[start:end] = [KINDS[kind]] * (end - start)
    for start, end in lexer.comments:
        found[start:end] = ["comment"] * (end - start)
    return found


def by_pygments(text: str) -> list[str]:
    from pygments.token import string_to_tokentype

    from dana.highlight.pygments_lexer import DanaLexer

    names: dict[Any, str] = {}
    for name, row in CLASSES.items():
        names.setdefault(string_to_tokentype(row.pygments), plain(name))
    found = [""] * len(text)
    for at, token, value in DanaLexer().get_tokens_unprocessed(text):
        found[at : at + len(value)] = [names.get(token, "")] * len(value)
    return found


class TextMate:
    """Reads a TextMate grammar line by line as editors do, with `re` in Oniguruma's place."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.repository = {key: value["patterns"] for key, value in data["repository"].items()}
        self.compiled: dict[str, re.Pattern[str]] = {}
        self.flat: dict[str, list[dict[str, Any]]] = {}

    def pattern(self, text: str) -> re.Pattern[str]:
        if text not in self.compiled:
            self.compiled[text] = re.compile(text, re.MULTILINE)
        return self.compiled[text]

    def rules(self, key: str) -> list[dict[str, Any]]:
        """The rules of a repository entry, inclusions written out."""
        if key not in self.flat:
            self.flat[key] = [
                rule
                for each in self.repository[key]
                for rule in (self.rules(each["include"][1:]) if "include" in each else [each])
            ]
        return self.flat[key]

    def read(self, text: str) -> list[str]:
        """The innermost scope of each character."""
        scopes: list[str] = []
        stack: list[tuple[list[dict[str, Any]], dict[str, Any] | None]] = [(self.rules("program"), None)]
        for line in text.splitlines(keepends=True):
            scopes += self.line(line, stack)
        return scopes

    def line(self, line: str, stack: list[Any]) -> list[str]:
        content = [rule["contentName"] for _, rule in stack if rule is not None]
        scopes = [content[-1] if content else ""] * len(line)
        at = 0
        while at <= len(line):
            rules, span = stack[-1]
            best, chosen = None, None
            candidates = [*([(span["end"], span)] if span else []), *((r.get("match") or r["begin"], r) for r in rules)]
            for pattern, rule in candidates:
                match = self.pattern(pattern).search(line, at)
                if match is not None and (best is None or match.start() < best.start()):
                    best, chosen = match, rule
                    if match.start() == at:
                        break
            if best is None:
                break
            ends = span is not None and chosen is span and best.re.pattern == span["end"]
            if ends:
                stack.pop()
                self.paint(scopes, best, chosen["endCaptures"])
                inside = stack[-1][1]
                rest = inside["contentName"] if inside else ""
            elif "begin" in chosen:
                self.paint(scopes, best, chosen["beginCaptures"])
                stack.append((self.rules(chosen["patterns"][0]["include"][1:]), chosen))
                rest = chosen["contentName"]
            else:
                if "name" in chosen:
                    scopes[best.start() : best.end()] = [chosen["name"]] * (best.end() - best.start())
                self.paint(scopes, best, chosen.get("captures", {}))
                rest = None
            if rest is not None:
                scopes[best.end() :] = [rest] * (len(line) - best.end())
            if best.end() == at and not ends and "begin" not in chosen:
                at += 1
            else:
                at = best.end()
            if at >= len(line):
                break
        return scopes

    @staticmethod
    def paint(scopes: list[str], match: re.Match[str], captures: dict[str, dict[str, str]]) -> None:
        for group, row in captures.items():
            start, end = match.span(int(group))
            if start >= 0:
                scopes[start:end] = [row["name"]] * (end - start)


def by_textmate(text: str) -> list[str]:
    engine = TextMate(grammar())
    return [plain(BY_SCOPE[scope]) if scope in BY_SCOPE else "" for scope in engine.read(text)]


def differences(text: str, known: list[str | None], found: list[str]) -> list[str]:
    """Where a reader says something else than Dana's lexer, as `line: text: lexer / reader`."""
    wrong = [at for at, kind in enumerate(known) if kind is not None and not text[at].isspace() and found[at] != kind]
    lines = dict.fromkeys(text.count("\n", 0, at) for at in wrong)
    rows = text.split("\n")
    first = {text.count("\n", 0, at): at for at in reversed(wrong)}
    return [
        f"{n + 1}: {rows[n].strip()}: {known[first[n]]} / {found[first[n]]} at {text[first[n] : first[n] + 8]!r}"
        for n in lines
    ]


__all__ = ["STATES", "by_dana", "by_pygments", "by_textmate", "differences"]
