"""The command line: words in, an exit status out.

    words ──verb──▶ options.read ──Options──▶ the verb's function ──▶ exit status
                         │ a wrong word                │ diagnostics
                         ▼                             ▼
                    UsageProblem ─────────▶ terminal.report (stderr)

A verb is one function that takes `Options` and returns a status; the table below is all of them. Verbs
import what they need when they run, so that `dana check` does not load the engine. There is no argument
library here: the grammar of the command line is small, and loading `argparse` costs as much as running
`hello.na` twice.

Exit statuses: 0 done; 1 the program failed; 2 the program was refused; 3 the command was wrong;
4 a limit, a deadline or a denial stopped the program; 130 Ctrl-C.
"""

from __future__ import annotations

import os
import sys

from dana.cli import options
from dana.cli.terminal import OK, USAGE, Terminal, interrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Verb = Callable[[options.Options, Terminal], int]


def main(words: Sequence[str]) -> int:
    """Do what the command line says; every front-door fault ends here as a message and a status."""
    if sys.stdout is None:  # the shell closed it (`>&-`)
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (lives as long as the process)
    try:
        status = _dispatch(list(words))
        sys.stdout.flush()
    except (OSError, KeyboardInterrupt) as stopped:
        return interrupted(stopped)
    return status


def _dispatch(words: list[str]) -> int:
    terminal = Terminal.of(words)
    try:
        verb, rest = options.split_verb(words, VERBS)
        chosen = options.read(verb, rest)
        chosen.named = len(rest) < len(words)
        terminal.colour = chosen.colour(terminal.colour)
        if chosen.help:
            return _help(chosen, terminal)
        if "version" in chosen.given:
            return _version(chosen, terminal)
        return VERBS[verb](chosen, terminal)
    except options.UsageProblem as problem:
        terminal.report([problem.diagnostic])
        return USAGE


def _run(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.running import run

    return run(chosen, terminal)


def _check(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.checking import check

    return check(chosen, terminal)


def _explain(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.checking import explain

    return explain(chosen, terminal)


def _fmt(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.rewriting import fmt

    return fmt(chosen, terminal)


def _fix(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.rewriting import fix

    return fix(chosen, terminal)


def _seam(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.seams import show

    return show(chosen, terminal)


def _test(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.testing import test

    return test(chosen, terminal)


def _repl(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.prompting import repl

    return repl(chosen, terminal)


def _new(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.starting import new

    return new(chosen, terminal)


def _doctor(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.doctoring import doctor

    return doctor(chosen, terminal)


def _grant(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.grants import grant

    return grant(chosen, terminal)


def _grants(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.grants import grants

    return grants(chosen, terminal)


def _ledger(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.ledgers import ledger

    return ledger(chosen, terminal)


def _audit(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.ledgers import audit

    return audit(chosen, terminal)


def _meta(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.meta import meta

    return meta(chosen, terminal)


def _replay(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.ledgers import replay

    return replay(chosen, terminal)


def _models(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.modelling import models

    return models(chosen, terminal)


def _poet(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.learnings import poet

    return poet(chosen, terminal)


def _completions(chosen: options.Options, terminal: Terminal) -> int:
    from dana.cli.completing import completions

    return completions(chosen, terminal)


def _help(chosen: options.Options, _terminal: Terminal) -> int:
    from dana.cli.help import text

    word = chosen.words[0] if chosen.verb == "help" and chosen.words else ""
    if word and word not in VERBS:
        from dana.diagnostics import suggest

        near = suggest(word, VERBS)
        hint = f"did you mean `dana help {near}`?" if near else "`dana help` lists the commands"
        raise options.UsageProblem("E905", f"there is no command {word}", hint)
    sys.stdout.write(text(word or chosen.verb))
    return OK


def _version(_chosen: options.Options, _terminal: Terminal) -> int:
    from dana.abi import VERSION

    sys.stdout.write(f"dana {VERSION} (Python {sys.version.split()[0]})\n")
    return OK


VERBS: dict[str, Verb] = {
    "run": _run,
    "repl": _repl,
    "check": _check,
    "explain": _explain,
    "fmt": _fmt,
    "fix": _fix,
    "test": _test,
    "new": _new,
    "doctor": _doctor,
    "completions": _completions,
    "grant": _grant,
    "grants": _grants,
    "poet": _poet,
    "ledger": _ledger,
    "audit": _audit,
    "meta": _meta,
    "replay": _replay,
    "models": _models,
    "tokens": _seam,
    "tree": _seam,
    "ast": _seam,
    "lower": _seam,
    "help": _help,
    "version": _version,
}
