"""`dana ledger`, `dana audit`, `dana replay`: what a run left behind, whether all is there, whether it happens again.

All only look. Texts in a ledger come from programs: for a terminal they lose what a terminal would obey.
"""

from __future__ import annotations

import json
import os
import sys

from dana.cli.grants import printable
from dana.cli.options import UsageProblem
from dana.cli.terminal import FAILED, OK
from dana.diagnostics import Diagnostic, suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from dana.adaptive.journal import Journal
    from dana.adaptive.ledger import Event
    from dana.cli.options import Options
    from dana.cli.terminal import Terminal

TAIL = 20
SHOWN = 100
# Among so many of the last events `explain` looks for the latest act, and for failures like those of an act.
LOOKED_AT = 5_000


def ledger(options: Options, terminal: Terminal) -> int:
    """`dana ledger tail|query|runs|explain|verify FILE`."""
    act = action(options, (*_ACTS, "verify"))
    trace = options.words.pop() if act == "explain" and len(options.words) == 3 else ""
    _act, path = _words(options, (act,))
    if act == "verify":
        return _looking(path, terminal, lambda journal: _verify(journal, options, terminal))
    if trace:
        options.given["trace"] = trace
    return _looking(path, terminal, lambda journal: _ACTS[act](journal, options))


def audit(options: Options, terminal: Terminal) -> int:
    """`dana audit verify FILE`: status 1 when the ledger is not what was written."""
    _act, path = _words(options, ("verify",))
    return _looking(path, terminal, lambda journal: _verify(journal, options, terminal))


def action(options: Options, acts: Sequence[str]) -> str:
    """The first word: what to do. Raises `UsageProblem`."""
    listed = ", ".join(acts)
    if not options.words:
        raise UsageProblem("E905", f"`dana {options.verb}` needs to know what to do", f"one of {listed}")
    if options.words[0] not in acts:
        near = suggest(options.words[0], acts)
        hint = f"did you mean `dana {options.verb} {near}`?" if near else f"there are {listed}"
        raise UsageProblem("E905", f"`dana {options.verb}` has no {printable(options.words[0])!r}", hint)
    return options.words[0]


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows under each other, columns as wide as they need; the last one is as long as it is."""
    lines = [list(row) for row in rows]
    widths = [max(len(row[at]) for row in lines) for at in range(len(lines[0]) - 1)] if lines else []
    return "".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip() + "\n"
        for row in lines
    )


def moment(at: object) -> str:
    """Seconds since 1970 as people read them, in UTC."""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        return "?"


def _words(options: Options, acts: Sequence[str]) -> tuple[str, str]:
    act = action(options, acts)
    if len(options.words) != 2:
        raise UsageProblem("E905", f"`dana {options.verb} {act}` takes one ledger", f"dana {options.verb} {act} run.db")
    return act, options.words[1]


def _must_be_there(path: str) -> None:
    if not os.path.exists(path):
        raise UsageProblem("E902", f"there is no ledger {printable(path)}")
    if os.path.isdir(path):
        raise UsageProblem("E902", f"{printable(path)} is a folder, not a ledger")


def _looking(path: str, terminal: Terminal, look: Any) -> int:
    from dana.adaptive.journal import Journal, JournalError

    _must_be_there(path)
    try:
        journal = Journal(path, reading=True)
        try:
            return int(look(journal))
        finally:
            journal.close()
    except JournalError as problem:
        terminal.report([Diagnostic("E920", printable(str(problem)), hint=problem.hint)])
        return FAILED


# --- dana ledger --------------------------------------------------------------------------------


def _events(journal: Journal, options: Options, *, latest: bool) -> Iterable[Event]:
    from dana.adaptive.ledger import read_event

    given = options.given
    rows = journal.rows(
        pattern=given.get("kind_of_event", "*"),
        run=given.get("run"),
        subject=given.get("subject", "*"),
        trace=given.get("trace", ""),
        limit=given.get("limit", TAIL if latest else None),
        latest=latest,
    )
    return map(read_event, rows)


def _tail(journal: Journal, options: Options) -> int:
    return _print_events(_events(journal, options, latest=True), options)


def _query(journal: Journal, options: Options) -> int:
    return _print_events(_events(journal, options, latest=False), options)


def _print_events(events: Iterable[Event], options: Options) -> int:
    for event in events:
        sys.stdout.write(_as_json(event) if "json" in options.given else _as_line(event))
    return OK


def _as_json(event: Event) -> str:
    fields = ("seq", "at", "delivery", "kind", "subject", "act", "data", "hash")
    return json.dumps({name: getattr(event, name) for name in fields}, default=str) + "\n"


def _as_line(event: Event) -> str:
    data = "" if event.data is None else json.dumps(event.data, ensure_ascii=False)
    if len(data) > SHOWN:
        data = data[: SHOWN - 1] + "…"
    from dana.agents.trace import trace_of

    trace = trace_of(event)
    said = f"{event.seq:>6}  {moment(event.at)}  {event.delivery:<6}  {event.kind}  {event.subject}"
    said += f"  @{trace}  {data}" if trace else f"  {data}"
    return printable(said.rstrip()) + "\n"


def _runs(journal: Journal, options: Options) -> int:
    runs = journal.runs()
    if "json" in options.given:
        sys.stdout.write(json.dumps([{"run": run, "at": at, "events": n} for run, at, n in runs]) + "\n")
        return OK
    sys.stdout.write(table((printable(str(run)) or "-", moment(at), str(count)) for run, at, count in runs))
    return OK


def _explain(journal: Journal, options: Options) -> int:
    """What happened in one turn or act: the one named, else the latest, of an agent if `--subject` says which."""
    from dana.adaptive.ledger import read_event
    from dana.agents import trace as acts

    given = options.given
    run, detail, subject = given.get("run"), given.get("detail"), given.get("subject", "")
    latest = _told([read_event(row) for row in journal.rows(run=run, limit=LOOKED_AT, latest=True)])
    chosen = given.get("trace") or acts.last_turn(latest, subject) or acts.last_act(latest, subject)
    events = acts.one_turn(latest, chosen) if chosen else []
    if chosen and not events:
        events = _told([read_event(row) for row in journal.rows(run=run, trace=chosen)])
    if not events:
        known = list(
            dict.fromkeys(filter(None, [f(e) for e in reversed(latest) for f in (acts.turn_of, acts.trace_of)]))
        )
        near = suggest(chosen, known) if chosen else None
        hint = f"did you mean {near}?" if near else f"the latest are {', '.join(known[:3])}" if known else ""
        about = f"about {subject!r} " if subject else ""
        what = f"no event of {chosen!r}" if chosen else f"no act {about}on record that could be explained"
        raise UsageProblem("E905", printable(f"there is {what}"), printable(hint))
    if "json" in given:
        told = {level: acts.told(events, level) for level in acts.LEVELS[:3]}
        sys.stdout.write(json.dumps({"trace": chosen, **told, "events": acts.to_data(events)}, default=str) + "\n")
        return OK
    lines = acts.told(events, detail).splitlines() if detail else _story(events, latest, chosen)
    sys.stdout.write("".join(printable(text) + "\n" for text in lines))
    return OK


def _told(events: list[Event]) -> list[Event]:
    """Without what a replay needs, which is for machines and says everything twice."""
    return [event for event in events if not event.kind.startswith("replay.")]


def _story(events: list[Event], latest: list[Event], trace: str) -> list[str]:
    """The act in order, what failed in it, and how often the like failed before."""
    from dana.agents import trace as acts

    lines = [f"{trace}  {moment(events[0].at)}", acts.told(events, "summary"), ""]
    lines += [f"  {'  ' * min(depth, 8)}{acts.line(event)}" for depth, event in acts.nested(events)]
    if any(map(acts.failed, events)):
        cause = next(event for event in events if acts.failed(event))
        alike = {
            acts.trace_of(e) for e in latest if e.kind == cause.kind and e.subject == cause.subject and acts.failed(e)
        }
        lines += ["", *acts.told(events, "diagnostic").splitlines()]
        if len(alike) > 1:
            lines.append(f"the same failed in {len(alike)} acts of the last {len(latest)} events")
    return lines


_ACTS = {"tail": _tail, "query": _query, "runs": _runs, "explain": _explain}


# --- dana audit ---------------------------------------------------------------------------------


def _verify(journal: Journal, options: Options, terminal: Terminal) -> int:
    found = journal.verify(options.given.get("anchor", ""))
    if "json" in options.given:
        facts = {"ok": bool(found), "count": found.count, "tip": found.tip, "problem": found.problem, "row": found.seq}
        sys.stdout.write(json.dumps(facts) + "\n")
        return OK if found else FAILED
    if found:
        sys.stdout.write(f"{found.count} events, every one follows from the one before\ntip {found.tip}\n")
        return OK
    intact = f"the first {found.count} are as they were written" if found.count else "none can be relied on"
    said = Diagnostic("E921", f"this is not what was written: {found.problem}", hint=f"{intact}; tip {found.tip}")
    terminal.report([said])
    return FAILED


# --- dana replay --------------------------------------------------------------------------------


def replay(options: Options, terminal: Terminal) -> int:
    """`dana replay FILE`: status 1 when the run departs from its record."""
    from dana.adaptive.journal import JournalError
    from dana.engine import Engine
    from dana.engine.replaying import NotRecordedError, short

    if len(options.words) != 1:
        raise UsageProblem("E905", "`dana replay` takes one ledger", "dana replay runs.db; --run names one of its runs")
    path = options.words[0]
    _must_be_there(path)
    try:
        found = Engine().replay(path, options.given.get("run", ""))
    except JournalError as problem:
        terminal.report([Diagnostic("E920", printable(str(problem)), hint=problem.hint)])
        return FAILED
    except NotRecordedError as problem:
        terminal.report([Diagnostic("E836", printable(str(problem)), hint=printable(problem.hint))])
        return FAILED
    departure = found.departure
    if "json" in options.given:
        facts = {"run": found.run, "program": found.program, "events": found.events}
        sys.stdout.write(json.dumps({**facts, "departure": departure and departure.to_json()}) + "\n")
        return OK if found else FAILED
    if departure is None:
        sys.stdout.write(printable(f"{found.run}: {found.events} events of {found.program}, all as recorded") + "\n")
        return OK
    said = f"the run {found.run} departs from its record at {departure.event}, in {departure.field}"
    notes = (f"recorded: {short(departure.recorded)}", f"now: {short(departure.replayed)}")
    hint = departure.note or f"the {found.events} events before happened again as recorded"
    terminal.report([Diagnostic("E835", printable(said), notes=tuple(map(printable, notes)), hint=printable(hint))])
    return FAILED
