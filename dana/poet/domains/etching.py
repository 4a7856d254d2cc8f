"""Why an etch went wrong: signs, causes, how sure one can be, and what to do; and what to change for a better yield.

    signs = signs_of({"rate": 40, "pressure": 6.2, "flow": 60, "flow_setpoint": 60})
    found = diagnose(signs)              # .cause, .confidence, .recommendations, .others, .next_look
    hints = tune({"rate": 310, "uniformity": 7}, recipe)

A sign is something that is out of its usual range; a cause shows some signs in a share of its cases (`CAUSES`). The
ranking is naive Bayes over those shares (`dana.poet.training.causes`), which confirmed cases correct; without any it is
the experts' table. Pressures in Torr, powers in W, flows in sccm, temperatures in °C, rates in nm/min, uniformity in %.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.poet.training.causes import Causes


def _below(name: str, share: float) -> Callable[[Mapping[str, float]], bool]:
    return lambda r: r[name] < share * r[name + "_setpoint"]


def _above(name: str, share: float) -> Callable[[Mapping[str, float]], bool]:
    return lambda r: r[name] > share * r[name + "_setpoint"]


# Signs: what they are looked up in, in words for people, and the test. The first that has its readings decides.
SIGNS: dict[str, tuple[tuple[tuple[str, ...], str, Callable[[Mapping[str, float]], bool]], ...]] = {
    "etch rate low": (
        (("rate", "expected_rate"), "below 75 % of the expected rate", lambda r: r["rate"] < 0.75 * r["expected_rate"]),
        (("rate",), "below 50 nm/min", lambda r: r["rate"] < 50),
    ),
    "pressure high": (
        (("pressure", "pressure_setpoint"), "15 % above the setpoint", _above("pressure", 1.15)),
        (("pressure",), "above 5 Torr", lambda r: r["pressure"] > 5),
    ),
    "gas flow low": (
        (("flow", "flow_setpoint"), "10 % below the setpoint", _below("flow", 0.9)),
        (("flow",), "below 20 sccm", lambda r: r["flow"] < 20),
    ),
    "delivered power low": (
        (("power", "power_setpoint"), "10 % below the setpoint", _below("power", 0.9)),
        (("power",), "below 500 W", lambda r: r["power"] < 500),
    ),
    "reflected power high": ((("reflected",), "above 8 % of the power", lambda r: r["reflected"] > 8),),
    "plasma unsteady": (
        (("unsteady",), "emission varies by more than 5 %", lambda r: r["unsteady"] > 5),
        (("power", "pressure"), "above 1500 W below 1 Torr", lambda r: r["power"] > 1500 and r["pressure"] < 1),
    ),
    "wafer too warm": (
        (
            ("temperature", "expected_temperature"),
            "12 °C above what is expected",
            lambda r: r["temperature"] > r["expected_temperature"] + 12,
        ),
        (("temperature",), "above 150 °C", lambda r: r["temperature"] > 150),
    ),
    "temperature drifts": ((("drift",), "by more than 2.5 °C during a run", lambda r: r["drift"] > 2.5),),
    "uniformity poor": ((("uniformity",), "above 6 % over the wafer", lambda r: r["uniformity"] > 6),),
    "selectivity low": ((("selectivity",), "below 6.5", lambda r: r["selectivity"] < 6.5),),
    "base pressure rises": ((("base_rise",), "by more than 3 mTorr a minute", lambda r: r["base_rise"] > 3),),
    "pump-down slow": ((("pump_down_s",), "more than 70 s", lambda r: r["pump_down_s"] > 70),),
    "valve wide open": ((("valve",), "more than 75 %", lambda r: r["valve"] > 0.75),),
    "oxygen in the spectrum": ((("oxygen",), "more than 3 times the background", lambda r: r["oxygen"] > 3),),
    "arcs counted": ((("arcs",), "more than 4 a run", lambda r: r["arcs"] > 4),),
    "walls overdue": ((("wall_age_h",), "100 h since the chamber was cleaned", lambda r: r["wall_age_h"] > 100),),
    "resist lost": ((("resist_loss",), "more than 75 nm/min", lambda r: r["resist_loss"] > 75),),
    "forward power ripples": ((("forward_ripple",), "by more than 4 %", lambda r: r["forward_ripple"] > 4),),
    "match keeps moving": ((("match_travel",), "more than 15 % a run", lambda r: r["match_travel"] > 15),),
    "coolant flow low": ((("coolant_flow",), "below 85 % of nominal", lambda r: r["coolant_flow"] < 85),),
}

# Causes: in which share of their cases each sign is seen, and what to do.
CAUSES: dict[str, tuple[dict[str, float], tuple[str, ...]]] = {
    "pump degraded": (
        {"pump-down slow": 0.9, "pressure high": 0.6, "valve wide open": 0.6, "etch rate low": 0.4},
        ("measure the pumping speed", "service the pump: oil, tips, rotor", "look for a blocked foreline"),
    ),
    "chamber leak": (
        {"base pressure rises": 0.9, "oxygen in the spectrum": 0.85, "etch rate low": 0.6, "pressure high": 0.5},
        ("do a helium leak check", "replace the door seal", "run a rate-of-rise test after the repair"),
    ),
    "mass flow controller drift": (
        {"gas flow low": 0.9, "etch rate low": 0.5},
        ("verify the flow by rate of rise", "zero and calibrate the controller", "check the gas supply's pressure"),
    ),
    "RF generator fault": (
        {"delivered power low": 0.9, "forward power ripples": 0.8, "etch rate low": 0.6, "plasma unsteady": 0.5},
        ("measure the generator into a dummy load", "look at its log and its cooling", "exchange the generator"),
    ),
    "matching network fault": (
        {"reflected power high": 0.9, "match keeps moving": 0.85, "etch rate low": 0.4, "plasma unsteady": 0.3},
        ("tune the match by hand and watch the reflected power", "check capacitors and motors", "check RF contacts"),
    ),
    "chiller fault": (
        {"coolant flow low": 0.9, "temperature drifts": 0.9, "wafer too warm": 0.8, "resist lost": 0.3},
        ("check coolant level, filter and flow", "check helium behind the wafer", "service the chiller"),
    ),
    "resist damage": (
        {"resist lost": 0.85, "selectivity low": 0.8, "wafer too warm": 0.5, "uniformity poor": 0.3},
        ("lower bias power or temperature", "check the resist's hard bake", "etch in shorter steps"),
    ),
    "plasma instability": (
        {"plasma unsteady": 0.9, "uniformity poor": 0.7, "arcs counted": 0.4, "match keeps moving": 0.3},
        ("raise the pressure or lower the power", "check the gas mixture", "look for loose parts in the chamber"),
    ),
    "throttle valve stuck": (
        {"pressure high": 0.9, "uniformity poor": 0.4},
        ("move the valve through its range", "clean and learn the valve anew", "check the gauge that controls it"),
    ),
    "wall contamination": (
        {"walls overdue": 0.8, "arcs counted": 0.8, "uniformity poor": 0.5, "etch rate low": 0.4},
        ("run a cleaning plasma", "open and wet clean the chamber", "season it before wafers go in"),
    ),
}
NOTHING_WRONG = "nothing found"


class Diagnosis:
    """The likeliest `cause`, `confidence` (0 to 1), `recommendations`, the `others` by probability, `next_look`.

    `next_look` is the sign that would say most, "" when nothing is left to look at; `signs` are what it rests on.
    """

    __slots__ = ("cause", "confidence", "next_look", "others", "recommendations", "signs")

    def __init__(
        self,
        cause: str,
        confidence: float,
        recommendations: tuple[str, ...],
        signs: tuple[str, ...],
        others: tuple[tuple[str, float], ...] = (),
        next_look: str = "",
    ) -> None:
        self.cause = cause
        self.confidence = confidence
        self.recommendations = recommendations
        self.signs = signs
        self.others = others
        self.next_look = next_look

    def to_data(self) -> dict[str, Any]:
        """As plain data; `root_cause` is the cause."""
        return {
            "root_cause": self.cause,
            "confidence": round(self.confidence, 4),
            "recommendations": list(self.recommendations),
            "signs": list(self.signs),
            "others": {cause: round(odds, 4) for cause, odds in self.others},
            "next_look": self.next_look,
        }

    def __repr__(self) -> str:
        return f"{self.cause} ({self.confidence:.0%}): {'; '.join(self.recommendations)}"


def signs_of(readings: Mapping[str, float]) -> dict[str, bool]:
    """The signs that these readings say something about, and whether they show."""
    found = {}
    for name, ways in SIGNS.items():
        for needed, _text, test in ways:
            if all(each in readings for each in needed):
                found[name] = test(readings)
                break
    return found


def experts(prior: float = 10.0) -> Causes:
    """The table as a model that confirmed cases can teach (`confirm`)."""
    from dana.poet.training.causes import Causes

    return Causes(tuple(CAUSES), tuple(SIGNS), {cause: shares for cause, (shares, _todo) in CAUSES.items()}, prior)


def diagnose(signs: Mapping[str, bool], causes: Causes | None = None) -> Diagnosis:
    """What explains these signs best; signs that are not among them were not looked at.

    `causes`: a model that has been taught, in place of the experts' table. Raises `KeyError` for a sign there is not.
    """
    model = experts() if causes is None else causes
    for name in signs:
        if name not in model.rules:
            raise KeyError(name)
    shown = tuple(name for name, shows in signs.items() if shows)
    if not shown:
        return Diagnosis(NOTHING_WRONG, 0.9, ("go on, and watch the next runs",), ())
    ranked = model.rank(shown, signs)
    (cause, odds), others = ranked[0], tuple(pair for pair in ranked[1:4] if pair[1] >= 0.01)
    left = [name for name in model.rules if name not in signs]
    look = model.next_look(shown, signs, left) or ""
    todo = CAUSES[cause][1] if cause in CAUSES else ("ask an engineer",)
    return Diagnosis(cause, odds, todo, shown, others, look)


# --- yield --------------------------------------------------------------------------------------------

# What is wanted, which parameter helps, by how much of it, why. Tried in this order.
TUNING: tuple[tuple[str, str, Callable[[Mapping[str, float]], bool], float, str], ...] = (
    ("uniformity", "pressure", lambda r: r.get("uniformity", 0) > 5, -0.10, "lower pressure spreads the plasma evenly"),
    ("selectivity", "power", lambda r: r.get("selectivity", 99) < 7, -0.08, "less bias spares the mask"),
    ("selectivity", "temperature", lambda r: r.get("selectivity", 99) < 7, -0.05, "a cooler wafer spares the resist"),
    ("rate", "flow", lambda r: r.get("rate", 1) < 0.9 * r.get("target_rate", 0), 0.10, "more gas brings more radicals"),
    ("rate", "power", lambda r: r.get("rate", 1) < 0.9 * r.get("target_rate", 0), 0.05, "more power, more ions"),
    ("rate", "power", lambda r: r.get("rate", 1) > 1.1 * r.get("target_rate", 1e9), -0.05, "the etch overshoots"),
)


class Hint:
    """One change worth trying: the `parameter`, its value now and then, for what (`goal`), and `why`."""

    __slots__ = ("after", "before", "goal", "parameter", "why")

    def __init__(self, parameter: str, before: float, after: float, goal: str, why: str) -> None:
        self.parameter = parameter
        self.before = before
        self.after = after
        self.goal = goal
        self.why = why

    def __repr__(self) -> str:
        return f"{self.parameter}: {self.before:g} → {self.after:g} for {self.goal}: {self.why}"


def tune(readings: Mapping[str, float], recipe: Mapping[str, float]) -> list[Hint]:
    """Changes of a recipe worth trying, one parameter at a time; never one that limits or interlocks forbid."""
    from dana.poet.domains.semiconductor import KINDS, forbidden

    limits = {kind.name: (kind.low, kind.high) for kind in KINDS}
    hints: list[Hint] = []
    for goal, parameter, wanted, share, why in TUNING:
        if parameter not in recipe or not wanted(readings) or any(hint.parameter == parameter for hint in hints):
            continue
        low, high = limits[parameter]
        before = recipe[parameter]
        after = round(min(high, max(low, before + share * abs(before))), 6)
        if after != before and next(forbidden({**recipe, parameter: after}), None) is None:
            hints.append(Hint(parameter, before, after, goal, why))
    return hints
