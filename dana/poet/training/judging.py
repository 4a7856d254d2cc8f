"""Feedback that a function gets by itself: from a simulation, corrected by reality where there is any (P111–P114).

    real_world     nothing is simulated: what people and sensors say (`feedback(call, …)`) counts
    simulation     after each call the `simulation` says how good its result would be
    hybrid         both: a simulated score is corrected by what is learnt from calls that both scored (T9)
    safe_testing   the function runs, but nothing it does reaches the world; the simulation says what would come of it

One program, one decorator: `feedback_mode` unsaid goes by the profile (`dana.poet.training.providers.PHASES`), from a
simulation in development to both in production.
"""

from __future__ import annotations

from dana.poet.errors import POETConfigError
from dana.poet.training.providers import (
    HYBRID,
    MODES,
    PHASES,
    REAL_WORLD,
    SAFE_TESTING,
    SIMULATION,
    Feedback,
    Hybrid,
    RealWorld,
    SafeTesting,
    Simulation,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.poet.config import POETConfig
    from dana.poet.plan import Plan

WRONG = "E802"
KEPT = 1000
KIND = "simulated"


class Judging:
    """What judges the calls of one function. `calls` ended, `judged` of them got a score, `caught` were found bad.

    `denied`: effects that safe testing did not let happen.
    """

    __slots__ = ("_scores", "calls", "caught", "denied", "hybrid", "judged", "mode", "provider")

    def __init__(self, mode: str, simulation: Any) -> None:
        self.mode = mode
        self.calls = self.judged = self.caught = self.denied = 0
        # What the simulation said about calls that reality has not spoken about yet, oldest first.
        self._scores: dict[str, float] = {}
        simulated = None if simulation is None else Simulation(_source(simulation))
        self.hybrid: Hybrid | None = None
        self.provider: Any = None
        if mode == SAFE_TESTING:
            self.provider = SafeTesting((), simulated)
        elif simulated is not None and mode == HYBRID:
            self.provider = self.hybrid = Hybrid(RealWorld(lambda _inputs, _output: None), simulated)
        elif mode == SIMULATION:
            self.provider = simulated

    def judge(self, call: str, inputs: Mapping[str, Any], output: Any) -> Feedback | None:
        """What is to be thought of a call that gave this result."""
        if self.provider is None:
            return None
        found: Feedback | None
        if self.hybrid is None:
            found = self.provider.judge(inputs, output)
        else:
            simulated = self.hybrid.simulation.score(inputs, output)
            if simulated is None:
                return None
            self._scores[call] = simulated
            while len(self._scores) > KEPT:
                del self._scores[next(iter(self._scores))]
            fusion = self.hybrid.fusion
            score = min(1.0, max(0.0, fusion.corrected(simulated)))
            found = Feedback(score, HYBRID, 0.85 if fusion.is_trusted() else 0.5, is_real=False)
        if found is not None:
            self.judged += 1
            self.caught += bool(found.problems)
        return found

    def real(self, call: str, score: float) -> None:
        """Reality spoke about a call: where it was simulated, too, the simulation is corrected."""
        simulated = self._scores.pop(call, None)
        if simulated is not None and self.hybrid is not None:
            self.hybrid.fusion.add(simulated, score)

    def failed(self) -> None:
        """A call gave no value: no stage let its result through."""
        self.calls += 1
        if self.mode == SAFE_TESTING:
            self.caught += 1

    def to_data(self) -> dict[str, Any]:
        """The figures, for `status`."""
        found: dict[str, Any] = {"mode": self.mode, "calls": self.calls, "judged": self.judged}
        if self.mode == SAFE_TESTING:
            found |= {"caught": self.caught, "denied": self.denied}
        if self.hybrid is not None:
            found |= {"correction": self.hybrid.fusion.to_data(), "trusted": self.hybrid.fusion.is_trusted()}
        return found


def mode_of(config: POETConfig) -> str:
    """The mode of feedback: what is written, else what the profile stands for, else what there is."""
    if config.feedback_mode is not None:
        return config.feedback_mode
    if config.simulation is None:
        return REAL_WORLD
    found: str = PHASES.get(config.profile or "", (HYBRID,))[0]
    return found


def judging_of(plan: Plan) -> Judging | None:
    """What judges the calls of a function that is being decorated; None where only people and sensors do.

    Raises `POETConfigError` (E802) for a mode that cannot work here.
    """
    config = plan.config
    mode = mode_of(config)
    if mode in (SIMULATION, HYBRID) and config.simulation is None:
        msg = f'`{plan.name}` wants feedback_mode="{mode}", and there is no simulation'
        raise POETConfigError(msg, plan.name, "give one: simulation=a function of the arguments and the result", WRONG)
    if mode == SAFE_TESTING and getattr(plan.host, "policy", None) is None:
        msg = f"`{plan.name}` cannot be tested safely: what a Python function does cannot be held back"
        raise POETConfigError(
            msg, plan.name, "decorate a Dana function, or judge by dana.poet.training.providers", WRONG
        )
    return None if mode == REAL_WORLD else Judging(mode, config.simulation)


def _source(simulation: Any) -> Callable[[Mapping[str, Any], Any], float | None]:
    """One score from a function, or the mean of several that are given by name."""
    models = list(simulation.values()) if isinstance(simulation, dict) else [simulation]

    def score(inputs: Mapping[str, Any], output: Any) -> float | None:
        found = [_score(model(dict(inputs), output)) for model in models]
        known = [each for each in found if each is not None]
        return sum(known) / len(known) if known else None

    return score


def _score(said: Any) -> float | None:
    if isinstance(said, dict):
        said = said.get("score")
    if isinstance(said, bool):
        return float(said)
    return said  # type: ignore[no-any-return]


__all__ = ["MODES", "Judging", "judging_of", "mode_of"]
