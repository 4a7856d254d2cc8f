"""What happened in one act, told as briefly as wanted: for people, and for the context window of a model (M45).

    summary      one line: who, how it ended, what it took                under 100 tokens
    key          the events that matter, in order                         under 500 tokens
    diagnostic   what failed, from the cause on                           under 300 tokens
    full         every event with its data; for machines `to_data`

Everything that belongs to one act, turns of several agents, tools, calls of functions, growth of networks, carries its
trace: as the event's `act`, or as `trace` in its data where it has an act of its own. Pure functions of events: from
the ring of a ledger, from a journal, from both.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from dana.adaptive.ledger import Event

LEVELS = ("summary", "key", "diagnostic", "full")
# Characters of a level: a token is rarely shorter than three.
ROOM = {"summary": 290, "key": 1480, "diagnostic": 880}
LONGEST = 180
MORE = "…"
_FINE = frozenset(
    {
        "",
        "ok",
        "value",
        "degraded",
        "succeeded",
        "success",
        "retried",
        "tools",
        "approved",
        "modified",
        "allow",
        "amend",
    }
)
_STARTS, _ENDS = (".start", ".started"), (".end", ".ended")
# What says nothing more than the events around it.
_MINOR = frozenset({"poet.stage", "policy.allow", "reason.start", "esper.open", "replay.answer", "replay.clock"})


def trace_of(event: Event) -> str:
    """Which act an event belongs to; "" where it belongs to none."""
    data = event.data
    inner = data.get("trace") if isinstance(data, dict) else None
    return inner if isinstance(inner, str) and inner else event.act


def belonging(events: Iterable[Event], trace: str) -> list[Event]:
    """The events of one act, in order."""
    return [event for event in events if trace in (event.act, trace_of(event))]


def turn_of(event: Event) -> str:
    """Which turn an event belongs to, agent and request ("Triage#3/6b1f2a000001.1"); "" where it belongs to none."""
    data = event.data if isinstance(event.data, dict) else {}
    request = data.get("request")
    return f"{data.get('agent') or event.subject}/{request}" if isinstance(request, str) and request else ""


def one_turn(events: Sequence[Event], turn: str) -> list[Event]:
    """The events of one turn (`turn_of`, or its request where only one has it) and of all that it caused.

    Turns that run beside it belong to the same act; those it caused began while a tool of it was running.
    """
    turn = next((of for of in map(turn_of, events) if of and turn in (of, of.partition("/")[2])), "")
    if not turn:
        return []
    own = [at for at, event in enumerate(events) if turn_of(event) == turn]
    act = trace_of(events[own[0]])
    caused, running = {turn}, set[str]()
    found = []
    for event in events[own[0] : own[-1] + 1]:
        if trace_of(event) != act:
            continue
        of = turn_of(event)
        if event.kind == "turn.start" and running:
            caused.add(of)
        if of and of not in caused:
            continue
        found.append(event)
        if event.kind == "tool.start":
            running.add(_key_of(event))
        elif event.kind == "tool.end":
            running.discard(_key_of(event))
    return found


def last_turn(events: Sequence[Event], subject: str = "") -> str:
    """The turn that ended last, of anybody or of an agent by type, name or id; "" without one."""
    for event in reversed(events):
        if event.kind == "turn.end" and turn_of(event) and (not subject or _is_about(event, subject)):
            return turn_of(event)
    return ""


def last_act(events: Sequence[Event], subject: str = "") -> str:
    """The latest act in which something of a subject happened: an agent by type, name or id ("" is anybody)."""
    for event in reversed(events):
        if trace_of(event) and (not subject or _is_about(event, subject)) and event.kind.startswith("turn."):
            return trace_of(event)
    for event in reversed(events):
        if trace_of(event) and (not subject or _is_about(event, subject)):
            return trace_of(event)
    return ""


def failed(event: Event) -> bool:
    """Whether an event tells of something that went wrong, a denial included."""
    data = event.data
    if not isinstance(data, dict):
        return False
    if data.get("error") or data.get("fault") or data.get("ok") is False:
        return True
    said = data.get("outcome", data.get("decision", data.get("verdict", "")))
    return event.kind.endswith((".crashed", ".denied", ".gave_up", ".deny", ".refuse")) or str(said) not in _FINE


def told(events: Sequence[Event], detail: str = "summary") -> str:
    """The events of an act as text of one level. Raises `ValueError` for a level there is not."""
    if detail not in LEVELS:
        msg = f"`detail` is one of {', '.join(LEVELS)}, not {detail!r}"
        raise ValueError(msg)
    if not events:
        return "nothing is on record"
    return {"summary": _summary, "key": _key, "diagnostic": _diagnostic, "full": _full}[detail](events)


def to_data(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The full record for machines: everything, as plain data."""
    return [
        {
            "seq": event.seq, "at": event.at, "kind": event.kind, "subject": event.subject, "act": event.act,
            "data": event.data,
        }
        for event in events
    ]  # fmt: skip


def nested(events: Iterable[Event]) -> list[tuple[int, Event]]:
    """Each event with how deep it lies in what had begun and not ended before it."""
    open_: list[tuple[str, str]] = []
    found = []
    for event in events:
        name, key = _base(event.kind), _key_of(event)
        if event.kind.endswith(_ENDS):
            at = next((n for n in range(len(open_) - 1, -1, -1) if open_[n] == (name, key)), None)
            if at is not None:
                del open_[at]
            found.append((len(open_) if at is None else at, event))
            continue
        found.append((len(open_), event))
        if event.kind.endswith(_STARTS):
            open_.append((name, key))
    return found


def line(event: Event) -> str:
    """One event in words."""
    data = event.data if isinstance(event.data, dict) else {}
    words = [event.kind, event.subject]
    for name in ("tool", "function", "model", "check", "point", "site", "template", "outcome", "decision", "error",
                 "fault", "reason"):  # fmt: skip
        value = data.get(name)
        if isinstance(value, str | int | float) and value != "" and str(value) != event.subject:
            words.append(str(value))
    took = _took(data)
    if took:
        words.append(f"({took})")
    text = " ".join(" ".join(words).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + MORE


# --- levels ---------------------------------------------------------------------------------------


def _summary(events: Sequence[Event]) -> str:
    ends = [event for event in events if event.kind == "turn.end"]
    chosen = ends[-1] if ends else events[-1]
    said = [line(chosen)]
    counts = [
        (sum(e.kind == "model.call" for e in events), "model call"),
        (sum(e.kind == "tool.end" for e in events), "tool call"),
        (sum(e.kind == "turn.end" for e in events) - 1, "more turn"),
        (sum(e.kind == "poet.call.end" for e in events), "function call"),
        (sum(e.kind.startswith("esper.") for e in events), "event of networks"),
        (sum(failed(e) for e in events if e is not chosen), "failure"),
    ]
    said += [f"{n} {what if n == 1 else _plural(what)}" for n, what in counts if n > 0]
    tokens = sum(_tokens(e) for e in events if e.kind == "model.call")
    if tokens:
        said.append(f"{tokens} tokens")
    text = "; ".join(said)
    return text if len(text) <= ROOM["summary"] else text[: ROOM["summary"] - 1] + MORE


def _key(events: Sequence[Event]) -> str:
    shown = [
        f"{'  ' * min(depth, 4)}{line(event)}"
        for depth, event in nested(events)
        if event.kind not in _MINOR and not (event.kind.endswith(".start") and event.kind != "turn.start")
    ]
    return _fitted(shown, ROOM["key"])


def _diagnostic(events: Sequence[Event]) -> str:
    wrong = [event for event in events if failed(event)]
    if not wrong:
        return "nothing failed"
    lines = [f"cause: {line(wrong[0])}", *(f"then: {line(event)}" for event in wrong[1:])]
    return _fitted(lines, ROOM["diagnostic"])


def _full(events: Sequence[Event]) -> str:
    shown = []
    for depth, event in nested(events):
        data = "" if event.data in (None, {}) else " " + json.dumps(event.data, ensure_ascii=False, sort_keys=True)
        shown.append(f"{'  ' * min(depth, 8)}{event.kind} {event.subject}{data}".rstrip())
    return "\n".join(shown)


def _fitted(lines: Sequence[str], room: int) -> str:
    """As many lines as there is room for: the first ones, and the last ones after what is left out."""
    text = "\n".join(lines)
    if len(text) <= room:
        return text
    first: list[str] = []
    last: list[str] = []
    left = room - 24
    ahead, behind = list(lines), list(reversed(lines))
    while ahead and behind:
        taken, into = (ahead.pop(0), first) if len(first) <= len(last) else (behind.pop(0), last)
        if left < len(taken) + 1 or len(first) + len(last) >= len(lines):
            break
        into.append(taken)
        left -= len(taken) + 1
    hidden = len(lines) - len(first) - len(last)
    return "\n".join([*first, f"{MORE} {hidden} more {MORE}", *reversed(last)])


# --- reading --------------------------------------------------------------------------------------


def _is_about(event: Event, subject: str) -> bool:
    data = event.data if isinstance(event.data, dict) else {}
    named = (event.subject, data.get("agent"), data.get("name"))
    return any(isinstance(each, str) and subject in _names(each) for each in named)


def _names(subject: str) -> tuple[str, str, str, str]:
    """An agent's id (`Desk left#3`), what it is called (`Desk left`), its type and its name."""
    called = subject.partition("#")[0]
    kind, _, name = called.partition(" ")
    return subject, called, kind, name


def _base(kind: str) -> str:
    for ending in (*_STARTS, *_ENDS):
        if kind.endswith(ending):
            return kind.removesuffix(ending)
    return kind


def _key_of(event: Event) -> str:
    """What tells one of several things of a kind that are open at the same time."""
    data = event.data if isinstance(event.data, dict) else {}
    named = "/".join(str(data.get(name) or "") for name in ("request", "digest", "tool", "call"))
    return f"{event.subject}/{event.act}/{named}"


def _took(data: dict[str, Any]) -> str:
    for name, worth in (("latency_ms", 0.001), ("took_s", 1.0), ("seconds", 1.0)):
        value = data.get(name)
        if value.__class__ in (int, float):
            seconds = float(value) * worth
            return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
    return ""


def _tokens(event: Event) -> int:
    data = event.data if isinstance(event.data, dict) else {}
    whole = data.get("tokens", data.get("total_tokens"))
    if whole.__class__ is int:
        return int(whole or 0)
    return sum(data[name] for name in ("prompt_tokens", "completion_tokens") if data.get(name).__class__ is int)


def _plural(what: str) -> str:
    return what.replace("event of", "events of") if what.startswith("event of") else what + "s"
