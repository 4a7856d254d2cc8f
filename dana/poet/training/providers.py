"""Where a judgement on a call comes from: reality, a simulation, both, or a world without effects (P111–P114).

    feedback = Hybrid(RealWorld(read_meter), Simulation(model)).judge(inputs, output)
    feedback.score, feedback.mode, feedback.confidence

Every provider is asked the same way, so that the same code learns from development to production: development asks a
`Simulation`, tests ask `SafeTesting`, a new deployment asks `RealWorld` and production `Hybrid` (`provider_of`). A
score lies between 0 and 1, higher is better. A provider that knows nothing about a call returns None; a score outside
0 to 1 or one that is no number is no feedback either, and counted in `refused`.
"""

from __future__ import annotations

from dana.poet.training.fusion import Fusion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Protocol, TypeAlias

    # From the inputs of a call and its output to a score, or None where nobody knows.
    Source: TypeAlias = Callable[[Mapping[str, Any], Any], "float | None"]
    # From inputs and output to what is wrong with it, or None.
    Check: TypeAlias = Callable[[Mapping[str, Any], Any], "str | None"]

    class Provider(Protocol):
        """What judges calls."""

        def judge(self, inputs: Mapping[str, Any], output: Any) -> Feedback | None:
            """A judgement on a call, or None."""


REAL_WORLD, SIMULATION, HYBRID, SAFE_TESTING = "real_world", "simulation", "hybrid", "safe_testing"
MODES = (REAL_WORLD, SIMULATION, HYBRID, SAFE_TESTING)
# Who judges in which phase of a program's life, and who stands in where that one knows nothing.
PHASES = {
    "development": (SIMULATION,),
    "testing": (SAFE_TESTING, SIMULATION),
    "deployment": (REAL_WORLD, HYBRID),
    "production": (HYBRID, REAL_WORLD),
}
# Feedback of less confidence is not learnt from (PC28).
LEAST_CONFIDENCE = 0.7
_REAL, _SIMULATED = 0.95, 0.85


class Feedback:
    """One judgement: `score` 0 to 1, the `mode` it is from, `confidence` 0 to 1, whether it `is_real` at least in part.

    `problems`: what is wrong with the output, in words.
    """

    __slots__ = ("confidence", "is_real", "mode", "problems", "score")

    def __init__(
        self, score: float, mode: str, confidence: float, *, is_real: bool, problems: Sequence[str] = ()
    ) -> None:
        self.score = score
        self.mode = mode
        self.confidence = confidence
        self.is_real = is_real
        self.problems = tuple(problems)

    @property
    def is_usable(self) -> bool:
        """Whether learning may rest on it."""
        return self.confidence >= LEAST_CONFIDENCE

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __repr__(self) -> str:
        return f"Feedback({self.score:.3f}, {self.mode}, confidence {self.confidence:.2f})"


class _Asking:
    """A source of scores, whose answers are looked at before they are believed."""

    __slots__ = ("_source", "refused")

    def __init__(self, source: Source) -> None:
        self._source = source
        self.refused = 0

    def score(self, inputs: Mapping[str, Any], output: Any) -> float | None:
        """What the source says, or None."""
        found = self._source(inputs, output)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= 1:
            self.refused += 1
            return None
        return float(found)


class RealWorld(_Asking):
    """What sensors, people and metrics say (P111)."""

    def judge(self, inputs: Mapping[str, Any], output: Any) -> Feedback | None:
        """What was really observed about a call."""
        score = self.score(inputs, output)
        return None if score is None else Feedback(score, REAL_WORLD, _REAL, is_real=True)


class Simulation(_Asking):
    """What a model of the world says (P112)."""

    def judge(self, inputs: Mapping[str, Any], output: Any) -> Feedback | None:
        """What would have happened."""
        score = self.score(inputs, output)
        return None if score is None else Feedback(score, SIMULATION, _SIMULATED, is_real=False)


class Hybrid:
    """Both (P113): reality where it answered, the simulation corrected by it elsewhere.

    A simulation that keeps missing reality is not believed any more: its feedback loses its confidence.
    """

    __slots__ = ("fusion", "real", "simulation")

    def __init__(self, real: RealWorld, simulation: Simulation, fusion: Fusion | None = None) -> None:
        self.real = real
        self.simulation = simulation
        self.fusion = fusion or Fusion()

    def judge(self, inputs: Mapping[str, Any], output: Any) -> Feedback | None:
        """One judgement from what there is."""
        real, simulated = self.real.score(inputs, output), self.simulation.score(inputs, output)
        if real is None and simulated is None:
            return None
        if real is not None and simulated is not None:
            self.fusion.add(simulated, real)
        score, _origin = self.fusion.score(simulated, real)
        confidence = _REAL if real is not None else _SIMULATED if self.fusion.is_trusted() else 0.5
        return Feedback(min(1.0, max(0.0, score)), HYBRID, confidence, is_real=real is not None)


class SafeTesting:
    """A world without effects (P114): outputs are checked, and what they would lead to is simulated.

    An output that breaks a check scores 0 whatever the simulation says, and so does one under which the simulation
    breaks down. `least`: an output that scores less in the simulation is bad.
    """

    __slots__ = ("checks", "least", "simulation")

    def __init__(self, checks: Sequence[Check], simulation: Simulation | None = None, *, least: float = 0.5) -> None:
        self.checks = tuple(checks)
        self.simulation = simulation
        self.least = least

    def judge(self, inputs: Mapping[str, Any], output: Any) -> Feedback:
        """The judgement, with everything that is wrong in `problems`."""
        problems = [said for check in self.checks if (said := check(inputs, output)) is not None]
        score: float | None = None
        if not problems and self.simulation is not None:
            try:
                score = self.simulation.score(inputs, output)
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                problems.append(f"the simulation refuses it: {type(error).__name__}: {error}")
        if score is not None and score < self.least:
            problems.append(f"it scores {score:.2f} in the simulation; {self.least:.2f} is the least")
        if problems:
            score = 0.0
        return Feedback(1.0 if score is None else score, SAFE_TESTING, _SIMULATED, is_real=False, problems=problems)


class Chain:
    """Providers in order: the first that knows something usable judges."""

    __slots__ = ("providers",)

    def __init__(self, providers: Sequence[Provider]) -> None:
        self.providers = tuple(providers)

    def judge(self, inputs: Mapping[str, Any], output: Any) -> Feedback | None:
        """The first usable judgement, else the last there was."""
        found = None
        for provider in self.providers:
            judged = provider.judge(inputs, output)
            if judged is not None:
                found = judged
                if judged.is_usable:
                    break
        return found


def provider_of(phase: str, providers: Mapping[str, Provider]) -> Chain:
    """Who judges in a phase ("development", "testing", "deployment", "production"), by mode, with its stand-in.

    Raises `ValueError` for another phase, and when none of the phase's providers is there.
    """
    if phase not in PHASES:
        raise ValueError(f"{phase!r} is no phase; phases are {', '.join(PHASES)}")
    found = [providers[mode] for mode in PHASES[phase] if mode in providers]
    if not found:
        raise ValueError(f"{phase} needs a provider of {' or '.join(PHASES[phase])}")
    return Chain(found)
