"""`dana meta`: proposals of agents, for the person who decides (M49 to M51, M56).

    list       every proposal there was, those that wait first
    review     what a proposal would change, and what speaks for it
    accept     merge it; reject: keep the reason and drop the branch; rollback: undo what was accepted last

The decision is the outcome of the turn that proposed: it is written to the ledger the evidence names, if that is there,
and in any case to git.
"""

from __future__ import annotations

import json
import os
import sys
from time import time

from dana.cli.grants import printable
from dana.cli.ledgers import action, moment, table
from dana.cli.options import UsageProblem
from dana.cli.terminal import FAILED, OK
from dana.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.agents.meta.review import Proposed, Repository
    from dana.cli.options import Options
    from dana.cli.terminal import Terminal


def meta(options: Options, terminal: Terminal) -> int:
    """`dana meta list|review|accept|reject|rollback`."""
    act = action(options, tuple(_ACTS))
    from dana.adaptive.journal import JournalError
    from dana.agents.meta import MetaError
    from dana.agents.meta.review import Repository

    _check(act, options)
    try:
        repository = Repository(os.getcwd())
    except MetaError as problem:
        if act != "list" or "json" in options.given:
            terminal.report([Diagnostic(problem.code, printable(str(problem)), hint=printable(problem.hint))])
            return FAILED
        sys.stdout.write(printable(f"nothing was proposed: {problem} ({problem.hint})") + "\n")
        return OK
    try:
        return _ACTS[act](repository, options)
    except MetaError as problem:
        terminal.report([Diagnostic(problem.code, printable(str(problem)), hint=printable(problem.hint))])
        return FAILED
    except JournalError as problem:
        terminal.report([Diagnostic("E920", printable(str(problem)), hint=problem.hint)])
        return FAILED


def _check(act: str, options: Options) -> None:
    """The words and options of an act. Raises `UsageProblem`."""
    words = len(options.words) - 1
    least, most = {"list": (0, 0), "review": (0, 1)}.get(act, (1, 1))
    example = {"list": "dana meta list", "rollback": 'dana meta rollback Triage --reason "…"'}.get(
        act, f"dana meta {act} Triage/1" + ("" if act == "review" else ' --reason "…"')
    )
    if not least <= words <= most:
        takes = "no further word" if not most else "a type of agents" if act == "rollback" else "one proposal"
        raise UsageProblem("E905", f"`dana meta {act}` takes {takes}", example)
    if act in ("reject", "rollback") and not options.given.get("reason", "").strip():
        raise UsageProblem("E904", f"`dana meta {act}` needs a reason: it is kept with the decision", example)
    ledger = options.given.get("ledger")
    if ledger is not None and not os.path.exists(ledger):
        raise UsageProblem("E902", f"there is no ledger {printable(ledger)}")


# --- looking --------------------------------------------------------------------------------------


def _list(repository: Repository, options: Options) -> int:
    found = repository.listed()
    if "json" in options.given:
        return _json([each.to_data() for each in found])
    if not found:
        sys.stdout.write("nothing was proposed\n")
        return OK
    rows = [(each.name, each.state, moment(each.at), each.title) for each in found]
    sys.stdout.write(table([printable(cell) for cell in row] for row in rows))
    return OK


def _review(repository: Repository, options: Options) -> int:
    """What a proposal would change and what speaks for it; without a name, the one that waits."""
    found = _named(repository, options)
    before, after = repository.changes(found)
    evidence = repository.evidence(found)
    if "json" in options.given:
        return _json({**found.to_data(), "before": before, "after": after, "evidence": evidence})
    lines = [f"{found.name}  {found.state}  {moment(found.at)}", str(evidence.get("title") or found.title)]
    lines += [line for line in str(evidence.get("description", "")).splitlines() if line]
    lines += ["", *_difference(before, after), "", *_reasons(evidence)]
    if found.state == "waiting":
        lines += ["", f'dana meta accept {found.name}, or dana meta reject {found.name} --reason "…"']
    sys.stdout.write("".join(printable(line) + "\n" for line in lines))
    return OK


def _named(repository: Repository, options: Options) -> Proposed:
    from dana.agents.meta import MetaError
    from dana.agents.meta.review import OPEN, STATES

    if len(options.words) > 1:
        return repository.find(options.words[1], (OPEN, *STATES))
    waiting = [each for each in repository.listed() if each.state == OPEN]
    if len(waiting) != 1:
        names = ", ".join(each.name for each in waiting)
        said = f"{len(waiting)} proposals wait" if waiting else "no proposal waits"
        raise MetaError("E965", said, f"say which: {names}" if names else "`dana meta list` shows what there was")
    return waiting[0]


def _difference(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What changes, line by line, each wording under its key."""
    lines = []
    for key in ("system_prompt", "model"):
        lines += _changed(key, before.get(key), after.get(key))
    old, new = before.get("tool_descriptions") or {}, after.get("tool_descriptions") or {}
    for name in sorted({*old, *new}):
        lines += _changed(f"tool_descriptions.{name}", old.get(name), new.get(name))
    return lines or ["nothing changes"]


def _changed(what: str, before: Any, after: Any) -> list[str]:
    if before == after:
        return []
    lines = [what]
    if before is None:
        lines.append("  - (as the program says)")
    else:
        lines += [f"  - {line}" for line in str(before).splitlines()]
    return lines + (
        [f"  + {line}" for line in str(after).splitlines()] if after is not None else ["  + (as the program says)"]
    )


def _reasons(evidence: dict[str, Any]) -> list[str]:
    """The evidence in words; a branch may hold anything, so nothing of it is taken for granted."""
    lines = []
    findings = evidence.get("findings")
    for finding in findings if isinstance(findings, list) else []:
        if isinstance(finding, dict):
            lines.append(f"found: {finding.get('message')}")
    trial, measured = evidence.get("trial"), evidence.get("benchmarks")
    if isinstance(trial, dict):
        low, high = _pair(trial.get("interval"))
        lines.append(f"trial: a gain of {_short(trial.get('effect'))} ({low} to {high}) on {trial.get('n')} tasks")
    if isinstance(measured, dict):
        for name in ("score", "tokens", "latency_ms"):
            sides = [
                side.get(name) if isinstance(side, dict) else None
                for side in (measured.get("before"), measured.get("after"))
            ]
            lines.append(f"  {name}: {_short(sides[0])} before, {_short(sides[1])} after")
    events = evidence.get("events")
    if isinstance(events, list) and events:
        shown = ", ".join(map(str, events[:8])) + (" …" if len(events) > 8 else "")
        lines.append(f"events: {shown} of {evidence.get('ledger') or 'a ledger in memory'}")
    return lines or ["there is no evidence on the branch"]


def _pair(value: Any) -> tuple[str, str]:
    if isinstance(value, list) and len(value) == 2:
        return _short(value[0]), _short(value[1])
    return "?", "?"


def _short(value: Any) -> str:
    return f"{value:.4g}" if value.__class__ in (int, float) else "?"


# --- deciding -------------------------------------------------------------------------------------


def _accept(repository: Repository, options: Options) -> int:
    found = repository.find(options.words[1])
    reason = options.given.get("reason", "")
    evidence = repository.evidence(found)
    commit = repository.accept(found, reason, now=time())
    return _decided(repository, options, found, "promoted", reason, commit, evidence)


def _reject(repository: Repository, options: Options) -> int:
    found = repository.find(options.words[1])
    evidence = repository.evidence(found)
    commit = repository.reject(found, options.given["reason"], now=time())
    return _decided(repository, options, found, "vetoed", options.given["reason"], commit, evidence)


def _rollback(repository: Repository, options: Options) -> int:
    reason = options.given["reason"]
    found, commit = repository.roll_back(options.words[1], reason, now=time())
    return _decided(repository, options, found, "rolled back", reason, commit, repository.evidence(found))


def _decided(
    repository: Repository,
    options: Options,
    found: Proposed,
    outcome: str,
    reason: str,
    commit: str,
    evidence: dict[str, Any],
) -> int:
    """Put the outcome on record and say what was done."""
    words = {
        "promoted": "is accepted; programs have it from their next start on",
        "vetoed": "is rejected; its branch is gone, the reason is kept",
        "rolled back": "is taken back; programs are as before it from their next start on",
    }
    is_json = "json" in options.given
    if not is_json:
        sys.stdout.write(printable(f"{found.name} {words[outcome]}") + f"\ncommit {commit[:12]}\n")
    ledger = _record(repository, options, found, outcome, reason, commit, evidence)
    if is_json:
        facts = {"name": found.name, "outcome": outcome, "reason": reason, "commit": commit, "ledger": ledger}
        return _json(facts)
    if ledger:
        sys.stdout.write(printable(f"on record in {ledger}") + "\n")
    return OK


def _record(
    repository: Repository,
    options: Options,
    found: Proposed,
    outcome: str,
    reason: str,
    commit: str,
    evidence: dict[str, Any],
) -> str:
    """The outcome of the turn in the ledger where it began; the ledger's path, "" when there is none any more."""
    from dana.adaptive.journal import Journal
    from dana.adaptive.ledger import Ledger
    from dana.agents.meta.loop import decided

    path = options.given.get("ledger") or _ledger_of(repository, found, evidence)
    if not path:
        return ""
    Journal(path, reading=True).close()  # a file of something else is refused, not written to
    ledger = Ledger(Journal(path), run="dana meta", background=False)
    turn = str(evidence.get("turn", ""))
    links = evidence.get("events")
    about = {"proposal": found.name, "commit": commit, "events": links if isinstance(links, list) else []}

    def record(kind: str, subject: str, data: dict[str, Any]) -> object:
        return ledger.audit(kind, subject, data, act=turn)

    try:
        decided(record, found.subject, turn, outcome, reason, **about)
    finally:
        ledger.close()
    return os.path.relpath(path)


def _ledger_of(repository: Repository, found: Proposed, evidence: dict[str, Any]) -> str:
    """The ledger the evidence names, where it is in the repository: a branch does not say what else is written to."""
    named = evidence.get("ledger")
    if not isinstance(named, str) or not named or "\0" in named:
        return ""
    path = repository.beside(found, named)
    inside = os.path.commonpath([path, repository.top]) == repository.top
    return path if inside and os.path.isfile(path) else ""


def _json(data: Any) -> int:
    sys.stdout.write(json.dumps(data) + "\n")
    return OK


_ACTS: dict[str, Callable[[Repository, Options], int]] = {
    "list": _list, "review": _review, "accept": _accept, "reject": _reject, "rollback": _rollback,
}  # fmt: skip
