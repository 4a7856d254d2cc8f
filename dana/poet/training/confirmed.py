"""Causes that people confirmed, and when a diagnosis learns from them (T7).

A domain with an expert system has a model of causes and signs (`dana.poet.training.causes`). What people confirm are
cases: a cause, and what was looked at with what it showed. With `LEAST` further cases
what was promoted and these become a candidate; each case is judged by what the others teach (`gains`), and the gate
decides. What is promoted is one text, the value of a knob, so that it has versions like all else.

The experts' table stays the prior (Dirichlet for causes, Beta for signs): a few cases move it a little. Interlocks and
limits are no part of it.
"""

from __future__ import annotations

import re
from math import log

from dana.poet.training.causes import Causes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    # A cause, the signs that were looked at, those that showed.
    Case: TypeAlias = tuple[str, frozenset[str], frozenset[str]]

LEAST = 10
MOST_KEPT = 300


class Confirmed:
    """`fresh()` makes a model that knows the experts' table only; `model` has been taught what was promoted.

    `signs(readings)`: which signs were looked at, and whether they show.
    """

    __slots__ = ("_asked", "_cases", "_fresh", "model", "signs", "text")

    def __init__(self, fresh: Callable[[], Causes], signs: Callable[[Mapping[str, Any]], Mapping[str, bool]]) -> None:
        self._fresh = fresh
        self.signs = signs
        self.model = fresh()
        self.text = ""
        # Cases that are in no promoted text, and how many there were when the gate was asked last.
        self._cases: list[Case] = []
        self._asked = 0

    # --- what people say --------------------------------------------------------------------------

    def confirm(self, cause: str, signs: Mapping[str, bool]) -> None:
        """The cause of a case is known. Raises `ValueError` for a cause there is not, and for a case without signs."""
        if cause not in self.model.causes:
            from dana.diagnostics import suggest

            near = suggest(cause, self.model.causes)
            known = f"did you mean {near!r}?" if near else f"there are {', '.join(self.model.causes)}"
            msg = f"{cause!r} is no cause that is known: {known}"
            raise ValueError(msg)
        looked = frozenset(signs).intersection(self.model.rules)
        if not looked:
            msg = f"nothing was measured that says anything about {cause!r}"
            raise ValueError(msg)
        self._cases.append((cause, looked, frozenset(name for name in looked if signs[name])))
        if len(self._cases) > MOST_KEPT:
            del self._cases[0]
            self._asked = max(0, self._asked - 1)

    def is_due(self) -> bool:
        """Whether so much is new that the gate should look at it; it is asked once for it."""
        if len(self._cases) - self._asked < LEAST:
            return False
        self._asked = len(self._cases)
        return True

    def gains(self) -> list[float]:
        """How much likelier (in nats) each case's cause is with all other cases taught than to the model in use."""
        found, candidate = [], self._with_cases()
        for case in self._cases:
            cause, looked, shown = case
            candidate.forget(cause, shown, looked)
            found.append(_likely(candidate, case) - _likely(self.model, case))
            candidate.confirm(cause, shown, looked)
        return found

    def _with_cases(self) -> Causes:
        made = self._fresh()
        made.take(self.model.to_data())
        for cause, looked, shown in self._cases:
            made.confirm(cause, shown, looked)
        return made

    # --- what was promoted ------------------------------------------------------------------------

    def candidate(self) -> str:
        """What would be promoted: the counts that were, and those of the new cases."""
        return to_text(self._with_cases().to_data())

    def took(self) -> None:
        """The candidate was promoted: its cases are in the model now."""
        self._cases.clear()
        self._asked = 0

    def set(self, text: str) -> None:
        """Diagnose by what a text says; by the experts' table for "", and for a text no promotion has written."""
        if text == self.text:
            return
        made = self._fresh()
        try:
            made.take(of_text(text))
        except ValueError:
            made = self._fresh()  # a hand, or an older version of the domain
        self.model, self.text = made, text

    # --- to a store and back ----------------------------------------------------------------------

    def to_data(self) -> dict[str, Any]:
        """The cases nobody has promoted, as plain data."""
        cases = [[cause, sorted(looked), sorted(shown)] for cause, looked, shown in self._cases]
        return {"cases": cases, "asked": self._asked}

    def take(self, data: Mapping[str, Any]) -> None:
        """Take in cases. Raises `ValueError` for values that cannot be."""
        for cause, looked, shown in data.get("cases", ()):
            self.confirm(str(cause), {str(name): name in shown for name in looked})
        self._asked = min(int(data.get("asked", 0)), len(self._cases))


def _likely(model: Causes, case: Case) -> float:
    cause, looked, shown = case
    return log(max(1e-12, dict(model.rank(shown, looked))[cause]))


def to_text(data: Mapping[str, Any]) -> str:
    """Counts as a text: "chamber leak: 3 (oxygen in the spectrum 2/3, …); …": cases, and how often each sign showed."""
    parts = []
    for cause, found in sorted(data.items()):
        if found["seen"]:
            signs = ", ".join(
                f"{name} {found['fired'].get(name, 0)}/{count}"
                for name, count in sorted(found["looked"].items())
                if count
            )
            parts.append(f"{cause}: {found['seen']} ({signs})")
    return "; ".join(parts)


_CAUSE = re.compile(r"([^:;]+): ([0-9]{1,9}) \(([^()]*)\)")
_SIGN = re.compile(r"(.+) ([0-9]{1,9})/([0-9]{1,9})")


def of_text(text: str) -> dict[str, Any]:
    """The counts of such a text. Raises `ValueError` for another one, and for counts that cannot be."""
    data: dict[str, Any] = {}
    for part in filter(None, text.split("; ")):
        found = _CAUSE.fullmatch(part)
        signs = [_SIGN.fullmatch(sign) for sign in found[3].split(", ")] if found else []
        if found is None or not all(sign and int(sign[2]) <= int(sign[3]) <= int(found[2]) for sign in signs):
            msg = f"{part!r:.60} says nothing about a cause that was confirmed"
            raise ValueError(msg)
        data[found[1]] = {
            "seen": int(found[2]),
            "fired": {sign[1]: int(sign[2]) for sign in signs if sign},
            "looked": {sign[1]: int(sign[3]) for sign in signs if sign},
        }
    return data
