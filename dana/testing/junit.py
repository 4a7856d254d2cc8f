"""`--junit FILE`: the results as the XML that CI servers read. A suite is a file."""

from __future__ import annotations

from dana.diagnostics import shown_name
from dana.testing.outcome import FAILED, SKIPPED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dana.testing.outcome import FileResult, Outcome


def document(results: Sequence[FileResult]) -> str:
    """The whole file's text."""
    cases = [o for result in results for o in result.outcomes]
    lines = ['<?xml version="1.0" encoding="utf-8"?>']
    lines.append(_opening("testsuites", "dana", cases))
    for result in results:
        if result.outcomes:
            lines.append("  " + _opening("testsuite", shown_name(result.file), result.outcomes))
            lines += [f"    {line}" for outcome in result.outcomes for line in _case(outcome)]
            lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _opening(tag: str, name: str, outcomes: Iterable[Outcome]) -> str:
    every = list(outcomes)
    failed = sum(o.status == FAILED for o in every)
    skipped = sum(o.status == SKIPPED for o in every)
    seconds = sum(o.seconds for o in every)
    return (
        f'<{tag} name={_quoted(name)} tests="{len(every)}" failures="{failed}" errors="0" '
        f'skipped="{skipped}" time="{seconds:.6f}">'
    )


def _case(outcome: Outcome) -> list[str]:
    case = outcome.case
    file = shown_name(case.file)
    name = file.removesuffix(".na").replace("/", ".")
    head = (
        f"<testcase classname={_quoted(name)} name={_quoted(case.name)} file={_quoted(file)} "
        f'line="{case.line}" time="{outcome.seconds:.6f}"'
    )
    inner: list[str] = []
    if outcome.status == FAILED:
        first = outcome.message.split("\n", 1)[0]
        inner.append(f"  <failure message={_quoted(first)}>{_text(outcome.message)}</failure>")
    elif outcome.status == SKIPPED:
        inner.append(f"  <skipped message={_quoted(outcome.message)}/>")
    if outcome.output:
        inner.append(f"  <system-out>{_text(outcome.output)}</system-out>")
    return [head + ">", *inner, "</testcase>"] if inner else [head + "/>"]


def _text(text: str) -> str:
    """Escaped, and without what XML cannot hold (control characters, lone surrogates, colours)."""
    kept = "".join(c if _is_xml(c) else "\ufffd" for c in text)
    return kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _is_xml(character: str) -> bool:
    if character < " ":
        return character in "\t\n"
    return not "\ud800" <= character <= "\udfff" and character not in "\ufffe\uffff"


def _quoted(text: str) -> str:
    return '"' + _text(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;") + '"'
