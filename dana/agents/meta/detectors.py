"""Monitor and Analyse: what a window of the ledger says about the agents of a type, and what of it is wrong (M41, M42).

    figures = observed(ledger.events(), now=clock.time(), hours=24)   by type of agent, and the window before
    for detector in standard(): findings += detector(figures["Triage"])

`Figures` are folds over the events of turns, tools, models and gates, so they can be made of a ring in memory, of a
journal, or of both. A detector is a function from figures to findings with thresholds of its own; its `rate` says
which share of the turns it looks at, drawn by a hash, so that the same ledger gives the same findings. Requests that a
gate denied are figures like any other (M59).
"""

from __future__ import annotations

from hashlib import blake2b

from dana.adaptive.statistics import Histogram

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from dana.adaptive.ledger import Event

HOURS = 24.0
# Fewer turns than this say nothing.
LEAST = 10
# A finding leads back to so many events.
LINKS = 20
_FINE = frozenset({"", "ok", "succeeded", "success", "allow", "amend"})
REFUSED = frozenset({"refused", "arguments", "invalid", "unknown", "denied"})


class ToolFigures:
    """One tool: how often it was called, failed, and was asked for in a way it could not be run."""

    __slots__ = ("calls", "failed", "links", "refused")

    def __init__(self) -> None:
        self.calls = self.failed = self.refused = 0
        self.links: list[int] = []

    @property
    def misused(self) -> float:
        """The share of calls that came to nothing."""
        return (self.failed + self.refused) / self.calls if self.calls else 0.0


class Figures:
    """What the agents of one type did in one window; `before` is the window before it."""

    __slots__ = (
        "before", "denied", "events", "failed", "latencies", "links", "model_calls", "rejected", "subject", "tokens",
        "tools", "turns",
    )  # fmt: skip

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.events = self.turns = self.failed = self.denied = self.model_calls = self.tokens = self.rejected = 0
        self.latencies = Histogram()
        self.tools: dict[str, ToolFigures] = {}
        # The places of what went wrong in the ledger, by what it was.
        self.links: dict[str, list[int]] = {}
        self.before: Figures | None = None

    @property
    def failure_rate(self) -> float:
        """The share of turns that gave no answer, or one that a person called wrong."""
        return (self.failed + self.rejected) / self.turns if self.turns else 0.0

    def to_data(self) -> dict[str, Any]:
        """As plain data, for evidence and records."""
        return {
            "turns": self.turns, "failed": self.failed, "rejected": self.rejected, "denied": self.denied,
            "tokens": self.tokens, "p95_ms": round(self.latencies.quantile(0.95) * 1000, 3),
            "tools": {
                name: {"calls": of.calls, "failed": of.failed, "refused": of.refused}
                for name, of in sorted(self.tools.items())
            },
        }  # fmt: skip


class Finding:
    """Something that is wrong: `kind` names the detector, `value` is what was measured against `threshold`.

    `tool` is the tool it is about, if it is about one; `links` are places (`seq`) in the ledger.
    """

    __slots__ = ("kind", "links", "message", "subject", "threshold", "tool", "value")

    def __init__(
        self,
        kind: str,
        subject: str,
        message: str,
        value: float,
        threshold: float,
        *,
        tool: str = "",
        links: Iterable[int] = (),
    ) -> None:
        self.kind = kind
        self.subject = subject
        self.message = message
        self.value = value
        self.threshold = threshold
        self.tool = tool
        self.links = [link for link in links if link][:LINKS]

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        data: dict[str, Any] = {
            name: getattr(self, name) for name in ("kind", "message", "value", "threshold", "links")
        }
        return {**data, "tool": self.tool} if self.tool else data

    def __repr__(self) -> str:
        return f"Finding({self.kind}: {self.message})"


# --- folding --------------------------------------------------------------------------------------


def observed(events: Iterable[Event], *, now: float, hours: float = HOURS, rate: float = 1.0) -> dict[str, Figures]:
    """The figures of every type of agent in the last `hours`, and of as many hours before; `rate` of the turns."""
    found: dict[str, Figures] = {}
    earlier: dict[str, Figures] = {}
    start = now - hours * 3600
    for event in events:
        if event.at < start - hours * 3600 or event.at > now or not _drawn(event.act, rate):
            continue
        subject = type_of(event)
        into = found if event.at >= start else earlier
        if subject:
            _fold(into.setdefault(subject, Figures(subject)), event)
    for subject, figures in found.items():
        figures.before = earlier.get(subject)
    return found


def type_of(event: Event) -> str:
    """The type of the agent an event is about; "" for events of something else."""
    data = event.data if isinstance(event.data, dict) else {}
    named = data.get("agent") or event.subject
    if event.kind.partition(".")[0] not in ("turn", "tool", "gate", "model", "meta") or not isinstance(named, str):
        return ""
    return named.partition("#")[0].partition(" ")[0]  # `Desk left#3` is a Desk that is called left


def fine(data: Any) -> bool:
    """Whether what an event tells of went well."""
    if not isinstance(data, dict):
        return True
    if data.get("error") or data.get("ok") is False:
        return False
    return str(data.get("outcome", "")) in _FINE


def _fold(figures: Figures, event: Event) -> None:
    figures.events += 1
    fold = _FOLDS.get(event.kind)
    if fold is not None:
        fold(figures, event, event.data if isinstance(event.data, dict) else {})


def _turn(figures: Figures, event: Event, data: dict[str, Any]) -> None:
    figures.turns += 1
    figures.latencies.add(_number(data.get("latency_ms")) / 1000)
    figures.tokens += int(_number(data.get("tokens")))
    figures.links.setdefault("turns", []).append(event.seq)
    if not fine(data):
        figures.failed += 1
        figures.links.setdefault("failed", []).append(event.seq)


def _tool(figures: Figures, event: Event, data: dict[str, Any]) -> None:
    name = data.get("tool")
    if not isinstance(name, str):
        return
    tool = figures.tools.setdefault(name, ToolFigures())
    tool.calls += 1
    if fine(data):
        return
    tool.links.append(event.seq)
    if str(data.get("outcome")) in REFUSED:
        tool.refused += 1
    else:
        tool.failed += 1


def _model(figures: Figures, _event: Event, _data: dict[str, Any]) -> None:
    figures.model_calls += 1


def _verdict(figures: Figures, event: Event, data: dict[str, Any]) -> None:
    if str(data.get("decision", data.get("verdict"))) in ("deny", "rejected"):
        figures.denied += 1
        figures.links.setdefault("denied", []).append(event.seq)


def _rejected(figures: Figures, event: Event, data: dict[str, Any]) -> None:
    if data.get("ok") is False:
        figures.rejected += 1
        figures.links.setdefault("failed", []).append(event.seq)


_FOLDS = {
    "turn.end": _turn, "tool.end": _tool, "model.call": _model, "gate.verdict": _verdict, "meta.feedback": _rejected,
}  # fmt: skip


def _number(value: Any) -> float:
    return float(value) if value.__class__ in (int, float) else 0.0


def _drawn(act: str, rate: float) -> bool:
    if rate >= 1 or not act:
        return True
    return int.from_bytes(blake2b(act.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "big") < rate * (
        1 << 32
    )


# --- detectors ------------------------------------------------------------------------------------


class Detector:
    """One analyser: `name`, the `rate` of turns it looks at, the fewest it wants, and its own thresholds."""

    name = ""

    def __init__(self, *, least: int = LEAST, rate: float = 1.0) -> None:
        if not 0 < rate <= 1:
            msg = f"the rate of a detector is more than 0 and at most 1, not {rate!r}"
            raise ValueError(msg)
        self.least = least
        self.rate = rate

    def __call__(self, figures: Figures) -> list[Finding]:
        """What is wrong; nothing while there is too little to say it by."""
        return self.find(figures) if figures.turns >= self.least else []

    def find(self, figures: Figures) -> list[Finding]:
        """As the subclass says."""
        raise NotImplementedError


class Latency(Detector):
    """Turns that take long: 95 % are faster than `limit_ms`, or than the window before by more than `growth`."""

    name = "latency"

    def __init__(
        self, limit_ms: float | None = None, *, growth: float = 0.5, least: int = LEAST, rate: float = 1.0
    ) -> None:
        super().__init__(least=least, rate=rate)
        self.limit_ms = limit_ms
        self.growth = growth

    def find(self, figures: Figures) -> list[Finding]:
        p95 = figures.latencies.quantile(0.95) * 1000
        limit, why = self.limit_ms, "may take"
        if limit is None:
            before = figures.before
            if before is None or before.turns < self.least:
                return []
            limit, why = (
                before.latencies.quantile(0.95) * 1000 * (1 + self.growth),
                "was the bound by the window before",
            )
        if p95 <= limit:
            return []
        said = f"95 % of the turns take up to {p95:.0f} ms; {limit:.0f} ms {why}"
        return [Finding(self.name, figures.subject, said, p95, limit, links=figures.links.get("turns", [])[-LINKS:])]


class Errors(Detector):
    """Turns that give no answer, or a wrong one: more than `share` of them."""

    name = "errors"

    def __init__(self, share: float = 0.2, *, least: int = LEAST, rate: float = 1.0) -> None:
        super().__init__(least=least, rate=rate)
        self.share = share

    def find(self, figures: Figures) -> list[Finding]:
        rate = figures.failure_rate
        if rate <= self.share:
            return []
        said = f"{figures.failed + figures.rejected} of {figures.turns} turns failed"
        return [Finding(self.name, figures.subject, said, rate, self.share, links=figures.links.get("failed", []))]


class Misuse(Detector):
    """Tools that are called for the wrong thing, or with arguments they do not take: more than `share` of the calls."""

    name = "tool misuse"

    def __init__(self, share: float = 0.2, *, calls: int = 5, least: int = LEAST, rate: float = 1.0) -> None:
        super().__init__(least=least, rate=rate)
        self.share = share
        self.calls = calls

    def find(self, figures: Figures) -> list[Finding]:
        found = []
        for name, tool in sorted(figures.tools.items(), key=lambda pair: (-pair[1].misused, pair[0])):
            if tool.calls >= self.calls and tool.misused > self.share:
                said = f"{tool.failed + tool.refused} of {tool.calls} calls of the tool `{name}` came to nothing"
                links = tool.links
                found.append(
                    Finding(self.name, figures.subject, said, tool.misused, self.share, tool=name, links=links)
                )
        return found


class Usage(Detector):
    """Tokens a turn takes: more than `tokens`, or than in the window before by more than `growth`."""

    name = "usage"

    def __init__(
        self, tokens: float | None = None, *, growth: float = 0.5, least: int = LEAST, rate: float = 1.0
    ) -> None:
        super().__init__(least=least, rate=rate)
        self.tokens = tokens
        self.growth = growth

    def find(self, figures: Figures) -> list[Finding]:
        mean = figures.tokens / figures.turns
        limit = self.tokens
        if limit is None:
            before = figures.before
            if before is None or before.turns < self.least:
                return []
            limit = before.tokens / before.turns * (1 + self.growth)
        if mean <= limit:
            return []
        said = f"a turn takes {mean:.0f} tokens; {limit:.0f} are the bound"
        return [Finding(self.name, figures.subject, said, mean, limit, links=figures.links.get("turns", [])[-LINKS:])]


class Denials(Detector):
    """Requests that a gate denied: more than `share` of the turns. What is denied wrongly is found here, too (M59)."""

    name = "denials"

    def __init__(self, share: float = 0.2, *, least: int = LEAST, rate: float = 1.0) -> None:
        super().__init__(least=least, rate=rate)
        self.share = share

    def find(self, figures: Figures) -> list[Finding]:
        rate = figures.denied / figures.turns
        if rate <= self.share:
            return []
        said = f"{figures.denied} verdicts of gates were denials in {figures.turns} turns"
        return [Finding(self.name, figures.subject, said, rate, self.share, links=figures.links.get("denied", []))]


def standard() -> list[Detector]:
    """The detectors a loop has where nothing else is said."""
    return [Misuse(), Errors(), Latency(), Usage(), Denials()]


def analysed(
    events: Iterable[Event], subject: str, detectors: Iterable[Detector], *, now: float, hours: float
) -> tuple[Figures, list[Finding]]:
    """The figures of a subject and everything its detectors find, each by its own share of the turns."""
    kept = list(events)
    figures = observed(kept, now=now, hours=hours).get(subject) or Figures(subject)
    found: list[Finding] = []
    for detector in detectors:
        seen = figures
        if detector.rate < 1:
            seen = observed(kept, now=now, hours=hours, rate=detector.rate).get(subject) or Figures(subject)
        found += detector(seen)
    return figures, found
