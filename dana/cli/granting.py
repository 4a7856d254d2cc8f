"""What a program started from the command line may reach: flags, what the user granted the project, and questions.

    --allow-read=data --deny-net …      the flags, for this run
    dana.toml [deny]                    what a project forbids itself, always
    dana.toml [allow], `dana grant`     what a project asks for, once the user has granted it (`dana.cli.grants`)
    y/n                                 on a terminal the user is asked when a program needs more, unless --no-prompt

Nothing here runs before a program wants something: an `Engine` is given `policy_of(…)`, a function.
"""

from __future__ import annotations

import os
import sys

from dana.cli.options import KINDS, UsageProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.policy import Allow, Denial, Deny, Policy

ANSWERS = {"y": "yes", "yes": "yes", "a": "always", "always": "always", "n": "no", "no": "no"}


def policy_of(given: dict[str, Any], folder: str | None, *, asks: bool = True) -> Callable[[], Policy]:
    """The policy of a run, made at the first need.

    `given` are the options of the command line; `folder` is where the program lies, so that the grants of its project
    hold (None: a text without a place, which has only what the flags say); `asks`: the user may be asked.
    """
    # What a relative path means is settled when the command is given.
    said = flags(given) if any(key.startswith(("allow_", "deny_")) for key in given) else None

    def policy() -> Policy:
        from dana.cli import grants, project
        from dana.policy import Deny, Policy

        allow, deny = flags({}) if said is None else said
        try:
            found = project.around(folder) if folder is not None else None
        except UsageProblem as problem:
            # What the project forbids cannot be read, so everything is forbidden.
            why = f"{problem}; nothing is allowed while that is so"
            return Policy(allow, Deny.all(), advice=lambda _kind, _target: why)
        advice = None
        wanted, refused = allow, deny
        if found is not None:
            refused = united(deny, found.deny)
            if grants.is_granted(found):
                wanted = united(allow, found.allow)
            elif found.allow:
                advice = grants.advice(found)
        made = Policy(wanted, refused, advice=advice)
        if asks and "no_prompt" not in given and _on_terminal():
            made.ask = Asking()
        return made

    return policy


def flags(given: dict[str, Any]) -> tuple[Allow, Deny]:
    """What the options say. Raises `UsageProblem` for a pattern that is none."""
    from dana.errors import UsageError
    from dana.policy import Allow, Deny

    for key, patterns in given.items():
        word, _, kind = key.partition("_")
        if kind in KINDS:
            try:
                (Allow if word == "allow" else Deny)(**{kind: patterns})
            except UsageError as wrong:
                raise UsageProblem("E904", f"--{word}-{kind}: {wrong}") from None
    allow = Allow.all() if "allow_all" in given else Allow(**{k: given.get(f"allow_{k}", False) for k in KINDS})
    return allow, Deny(**{k: given.get(f"deny_{k}", False) for k in KINDS})


def united(first: Any, second: Any) -> Any:
    """Both together; paths are absolute afterwards, because the two may start from different folders."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        one, two = first.of(kind), second.of(kind)
        found[kind] = True if True in (one, two) else [*_placed(first, kind), *_placed(second, kind)]
    return type(first)(**found)


def _placed(rules: Any, kind: str) -> list[str]:
    patterns = rules.of(kind) or ()
    if kind in ("read", "write"):
        return [os.path.join(rules.folder, p) for p in patterns]
    if kind == "run":
        return [os.path.join(rules.folder, p) if os.sep in p else p for p in patterns]
    return list(patterns)


def _on_terminal() -> bool:
    return sys.stdin is not None and sys.stderr is not None and sys.stdin.isatty() and sys.stderr.isatty()


class Asking:
    """Asks the user at the moment of need; a no is remembered, so that a loop does not ask for ever."""

    __slots__ = ("_refused",)

    def __init__(self) -> None:
        self._refused: set[tuple[str, str]] = set()

    def __call__(self, denial: Denial) -> str:
        about = (denial.kind, denial.target)
        if about in self._refused:
            return "no"
        answer = ask(denial)
        if answer == "no":
            self._refused.add(about)
        return answer


def ask(denial: Denial) -> str:
    """Put the question until it is answered; no answer is a no."""
    sys.stdout.flush()
    _forget_typed()
    sys.stderr.write(f"dana: {denial.message}\n      {denial.flag} would grant it\n")
    while True:
        sys.stderr.write("      allow it? y = this once, a = always in this run, n = no > ")
        sys.stderr.flush()
        try:
            line = sys.stdin.readline()
        except (OSError, ValueError):
            return "no"
        if not line:
            sys.stderr.write("\n")
            return "no"
        answer = ANSWERS.get(line.strip().lower())
        if answer is not None:
            return answer


def _forget_typed() -> None:
    """What was typed before the question was seen is no answer to it."""
    try:
        import termios
    except ImportError:  # a system without them
        return
    from contextlib import suppress

    with suppress(termios.error, OSError, ValueError):  # no terminal after all
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
