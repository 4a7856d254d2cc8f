"""`dana check` and `dana explain`: findings without running anything."""

from __future__ import annotations

import os
import sys

from dana.cli import inputs
from dana.cli.options import UsageProblem
from dana.cli.terminal import OK, REFUSED
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dana.catalogue import Entry
    from dana.cli.options import Options
    from dana.cli.terminal import Terminal
    from dana.diagnostics import Diagnostic


def check(options: Options, terminal: Terminal) -> int:
    """All findings of all files: rendered on stderr, or as JSON on stdout."""
    sources = inputs.sources(options)
    found = _projects(sources) + _once(finding for source in sources for finding in _findings(source))
    errors = sum(finding.is_error for finding in found)
    if "json" in options.given:
        _print_json(found)
    else:
        if found:
            terminal.report(found)
            sys.stderr.write("\n")
        sys.stderr.write(_summary(len(sources), errors, len(found) - errors) + "\n")
    return REFUSED if errors else OK


def _findings(source: Source | Diagnostic) -> list[Diagnostic]:
    """What is found in a file: with what its project says of its host, and the plugins that lie beside it."""
    if not isinstance(source, Source):
        return [source]
    from dana.cli import project
    from dana.engine import Engine
    from dana.errors import UsageError
    from dana.poet.plugins import finding

    folder = os.path.dirname(os.path.abspath(source.name))
    engine = Engine()
    folders, domains = [folder], []
    try:
        around = project.around(folder)
    except (UsageProblem, UsageError):
        around = None  # told once for all files, by `_projects`
    if around is not None:
        folders.append(around.folder)
        domains = around.host.get("domains", [])
        for name in around.host.get("names", []):
            engine.host(name)(lambda *_args, **_keywords: None)  # nothing is run here
    with finding.beside(*folders), finding.named(*domains):
        return engine.check(source)


def _projects(sources: list[Source | Diagnostic]) -> list[Diagnostic]:
    """What is wrong with the `dana.toml`s around the files: programs would learn of it only when they need a grant."""
    from dana.cli import project
    from dana.diagnostics import Diagnostic
    from dana.errors import UsageError

    files = [source.name for source in sources if isinstance(source, Source)]
    found: dict[str, Diagnostic] = {}
    for folder in dict.fromkeys(os.path.dirname(os.path.abspath(file)) for file in files):
        try:
            around = project.around(folder)
            if around is not None and not (around.allow or around.deny):
                continue
        except UsageProblem as problem:
            found[str(problem)] = problem.diagnostic
        except UsageError as problem:
            place = os.path.relpath(os.path.join(around.folder, project.FILE)) if around is not None else project.FILE
            found[str(problem)] = Diagnostic("E915", f"{place}: {problem}")
    return list(found.values())


def _once(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Without repetitions: a module's errors are found again by every file that imports it."""
    kept: dict[tuple[str, str, object], Diagnostic] = {}
    for finding in findings:
        file = os.path.abspath(finding.source.name) if finding.source else ""
        kept.setdefault((finding.code, file, finding.span), finding)
    return list(kept.values())


def _print_json(found: list[Diagnostic]) -> None:
    import json

    sys.stdout.write(json.dumps([finding.to_json() for finding in found], indent=1, ensure_ascii=False) + "\n")


def _summary(files: int, errors: int, warnings: int) -> str:
    counts = [_counted(errors, "error"), _counted(warnings, "warning")]
    shown = " and ".join(text for text in counts if text) or "nothing to report"
    return f"{_counted(files, 'file')}: {shown}"


def _counted(number: int, noun: str) -> str:
    if not number:
        return ""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def explain(options: Options, _terminal: Terminal) -> int:
    """The catalogue's page about a code."""
    from dana.catalogue import catalogue
    from dana.diagnostics import suggest

    if len(options.words) != 1:
        raise UsageProblem("E905", "`dana explain` needs one code", "as in: dana explain E201")
    code = options.words[0].upper()
    known = catalogue()
    if code not in known:
        near = suggest(code, known)
        raise UsageProblem(
            "E906",
            f"there is no code {options.words[0]}",
            f"did you mean {near}?" if near else "docs/errors lists all of them",
        )
    sys.stdout.write(page(code, known[code]))
    return OK


def _wrapped(paragraph: str) -> str:
    """A paragraph in lines of a readable length; an indented one (an example) as it is."""
    if paragraph.startswith(" "):
        return paragraph
    from textwrap import fill

    return fill(" ".join(paragraph.split()), 96, break_long_words=False, break_on_hyphens=False)


def page(code: str, entry: Entry) -> str:
    """An entry as plain text."""
    parts = [f"{code}: {entry.title}", *(_wrapped(part) for part in entry.explanation.strip().split("\n\n"))]
    for name, program in (("Wrong", entry.wrong), ("Right", entry.right)):
        if program.strip():
            parts.append(f"{name}:\n\n" + "\n".join(f"    {line}".rstrip() for line in program.strip("\n").split("\n")))
    return "\n\n".join(parts) + "\n"
