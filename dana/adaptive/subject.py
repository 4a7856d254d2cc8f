"""Subjects: what is adapted. A subject has knobs, and every set of their values is a version.

A knob says what a value may be; nothing outside can be set, by learning or by hand. A version carries why it came
about (`evidence`), and none is ever changed or removed: going back is making an older version current again, which is
one assignment.
"""

from __future__ import annotations

from math import isfinite

from dana.adaptive.canonical import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class KnobError(ValueError):
    """A value a knob does not take, or a knob that does not exist."""


class Knob:
    """One adjustable value: its default, and either bounds (`low`, `high`; inclusive) or `choices`.

    `safety`: a limit that protects somebody; people may set it, learning may not. `step`: how far one change may move
    it (None: anywhere). The type is the default's; an int is taken for a float. Raises `KnobError`.
    """

    __slots__ = ("choices", "default", "high", "low", "name", "safety", "step")

    def __init__(
        self,
        name: str,
        default: Any,
        *,
        low: float | None = None,
        high: float | None = None,
        choices: Iterable[Any] = (),
        step: float | None = None,
        safety: bool = False,
    ) -> None:
        self.name = name
        self.default = default
        self.low = low
        self.high = high
        self.choices = tuple(choices)
        self.step = step
        self.safety = safety
        if low is not None and high is not None and low > high:
            msg = f"the bounds of `{name}` are the wrong way round: {low} to {high}"
            raise KnobError(msg)
        self.check(default)

    def check(self, value: Any) -> Any:
        """The value, as the knob's type. Raises `KnobError` when the knob does not take it."""
        wanted = type(self.default)
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            msg = f"`{self.name}` takes {wanted.__name__}, not {type(value).__name__}"
            raise KnobError(msg)
        if self.choices and value not in self.choices:
            msg = f"`{self.name}` is one of {', '.join(map(repr, self.choices))}, not {value!r}"
            raise KnobError(msg)
        above = self.low is None or value >= self.low
        below = self.high is None or value <= self.high
        if not (above and below) or (wanted is float and not isfinite(value)):
            msg = f"`{self.name}` is from {self.low} to {self.high}, not {value!r}"
            raise KnobError(msg)
        return value

    def towards(self, value: Any, current: Any) -> Any:
        """The value nearest to a proposed one that bounds and step allow, coming from `current`."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self.check(value)
        if isinstance(value, float) and not isfinite(value):
            return self.check(value)  # which refuses it, whatever the bounds
        if self.step is not None:
            value = min(max(value, current - self.step), current + self.step)
        if self.low is not None:
            value = max(value, self.low)
        if self.high is not None:
            value = min(value, self.high)
        return self.check(type(self.default)(value))


class Version:
    """One set of values: its number from 0, the version it came from, and the evidence for it (n, effect, seed…)."""

    __slots__ = ("evidence", "number", "parent", "values")

    def __init__(self, number: int, values: dict[str, Any], evidence: Mapping[str, Any], parent: int = 0) -> None:
        self.number = number
        self.parent = parent
        self.values = values
        self.evidence = dict(evidence)

    @property
    def digest(self) -> str:
        """SHA-256 of the values."""
        return digest(self.values)

    def __repr__(self) -> str:
        return f"Version({self.number}, {self.values!r})"


class Subject:
    """Something that is adapted: a function, an agent's behaviour, a seed.

    `id` is unique among its `kind`. `values` are the current ones; whoever works with them reads the attribute once,
    at the start, and keeps what he read: a change is an assignment and never seen by halves.
    """

    __slots__ = ("current", "id", "kind", "knobs", "values", "versions")

    def __init__(self, kind: str, id: str, knobs: Iterable[Knob] = ()) -> None:  # noqa: A002  (its name everywhere)
        self.kind = kind
        self.id = id
        self.knobs = {knob.name: knob for knob in knobs}
        first = Version(0, {name: knob.default for name, knob in self.knobs.items()}, {"source": "default"})
        self.versions = [first]
        self.current = first
        self.values = first.values

    def propose(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The current values with `changes`, each as far as its knob allows. Safety knobs cannot be proposed.

        Raises `KnobError`.
        """
        values = dict(self.values)
        for name, value in changes.items():
            knob = self._knob(name)
            if knob.safety:
                msg = f"`{name}` protects somebody: learning does not change it"
                raise KnobError(msg)
            values[name] = knob.towards(value, values[name])
        return values

    def promote(self, values: Mapping[str, Any], evidence: Mapping[str, Any]) -> Version:
        """Make `values` current, as a new version. Raises `KnobError`; nothing has changed then."""
        checked = dict(self.values)
        for name, value in values.items():
            checked[name] = self._knob(name).check(value)
        version = Version(len(self.versions), checked, evidence, self.current.number)
        self.versions.append(version)
        self._install(version)
        return version

    def roll_back(self, number: int | None = None) -> Version:
        """Make an older version current: the one this one came from, or `number`. Raises `KnobError` if none is."""
        if number is None and self.current.number == 0:
            msg = f"{self.kind} `{self.id}` is at its first version: there is none before"
            raise KnobError(msg)
        wanted = self.current.parent if number is None else number
        if not 0 <= wanted < len(self.versions):
            msg = f"{self.kind} `{self.id}` has no version {wanted}; it has 0 to {len(self.versions) - 1}"
            raise KnobError(msg)
        self._install(self.versions[wanted])
        return self.current

    def _install(self, version: Version) -> None:
        self.current = version
        self.values = version.values

    def _knob(self, name: str) -> Knob:
        knob = self.knobs.get(name)
        if knob is None:
            known = ", ".join(sorted(self.knobs)) or "none"
            msg = f"{self.kind} `{self.id}` has no knob `{name}`; it has {known}"
            raise KnobError(msg)
        return knob

    # --- to a store and back ----------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Plain data from which `restore` makes the same versions again."""
        versions = [{"values": dict(v.values), "evidence": dict(v.evidence), "parent": v.parent} for v in self.versions]
        return {"kind": self.kind, "id": self.id, "current": self.current.number, "versions": versions}

    def restore(self, data: Mapping[str, Any]) -> list[str]:
        """Take over a snapshot; returns what had to be left out, in words.

        Values of knobs that no longer exist, or no longer take them, are left out: the defaults stand in.
        Raises `KnobError` when the snapshot is of another subject or damaged; nothing has changed then.
        """
        versions, left_out = [], []
        try:
            if (data["kind"], data["id"]) != (self.kind, self.id):
                msg = f"this is a snapshot of {data['kind']} `{data['id']}`"
                raise KnobError(msg)
            for number, entry in enumerate(data["versions"]):
                values = {name: knob.default for name, knob in self.knobs.items()}
                for name, value in entry["values"].items():
                    try:
                        values[name] = self._knob(name).check(value)
                    except KnobError as refused:
                        left_out.append(f"version {number}: {refused}")
                parent = entry["parent"]
                if not 0 <= parent <= number:
                    msg = f"version {number} cannot come from version {parent}"
                    raise KnobError(msg)
                versions.append(Version(number, values, entry["evidence"], parent))
            current = versions[data["current"]]
        except (KeyError, IndexError, TypeError, AttributeError) as damaged:
            msg = f"this is no snapshot of {self.kind} `{self.id}`: {damaged!r}"
            raise KnobError(msg) from damaged
        self.versions = versions
        self._install(current)
        return left_out
