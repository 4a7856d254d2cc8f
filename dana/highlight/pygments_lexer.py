"""Dana for Pygments: `pygmentize -l dana main.na`, Sphinx, MkDocs, and whatever else uses it."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, include
from pygments.token import Whitespace, string_to_tokentype

from dana.highlight.table import CLASSES, STATES, Match, Span

__all__ = ["DanaLexer"]


def _token(kind: str) -> Any:
    return string_to_tokentype(CLASSES[kind].pygments) if kind else Whitespace


def _states() -> dict[str, list[Any]]:
    """The table in Pygments' words: a span becomes a state of its own, which its end leaves."""
    made: dict[str, list[Any]] = {}
    for name, rules in STATES.items():
        found: list[Any] = []
        for rule in rules:
            if isinstance(rule, Match):
                tokens = [_token(kind) for kind in rule.classes]
                found.append((rule.pattern, tokens[0] if len(tokens) == 1 else bygroups(*tokens)))
            elif isinstance(rule, Span):
                state = f"{rule.state} until {rule.end}"
                found.append((rule.begin, _token(rule.marks), state))
                made[state] = [
                    (rule.end, _token(rule.marks), "#pop"),
                    include(rule.state),
                    (_plain_run(rule), _token(rule.inside)),
                ]
            else:
                found.append(include(rule.state))
        made[name] = found
    made["root"] = [include("program")]
    return made


def _plain_run(span: Span) -> str:
    """Characters that begin nothing special, many at a time; or any single one."""
    return r"""[^\\{}"'\n]+|.|\n""" if span.inside == "string" else r".|\n"


class DanaLexer(RegexLexer):  # type: ignore[misc]  # Pygments ships no types
    """Highlights Dana programs."""

    name = "Dana"
    aliases: ClassVar[list[str]] = ["dana", "na"]
    filenames: ClassVar[list[str]] = ["*.na"]
    mimetypes: ClassVar[list[str]] = ["text/x-dana"]
    flags = re.MULTILINE
    tokens = _states()
