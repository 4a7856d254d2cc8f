"""Which cause explains what was observed: naive Bayes over the rules that fired, from confirmed cases (T7).

Each rule of an expert system says nothing more than that it fired; how much that says about a cause is learnt from
cases whose cause was confirmed. Without any, the rules' own weights are all there is (they count as `prior` cases).
Zhang (2004) says why the naive assumption does little harm to the choice.
"""

from __future__ import annotations

from math import exp, log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any


class Causes:
    """`rules` by name and the share of cases of each cause in which they fire, as the experts see it.

    `expected[cause][rule]` is that share (0 to 1); `prior`: how many cases the experts' view is worth.
    """

    __slots__ = ("_fired", "_looked", "_seen", "causes", "expected", "prior", "rules")

    def __init__(
        self,
        causes: Sequence[str],
        rules: Sequence[str],
        expected: Mapping[str, Mapping[str, float]],
        prior: float = 10.0,
    ) -> None:
        if not causes or not rules:
            raise ValueError("a diagnosis needs causes and rules")
        for cause, row in expected.items():
            for rule, share in row.items():
                if cause not in causes or rule not in rules or not 0 <= share <= 1:
                    raise ValueError(
                        f"expected[{cause!r}][{rule!r}] = {share!r} names no cause or rule, or is no share"
                    )
        self.causes = tuple(causes)
        self.rules = tuple(rules)
        self.expected = expected
        self.prior = prior
        self._seen = dict.fromkeys(causes, 0)
        self._fired = {cause: dict.fromkeys(rules, 0) for cause in causes}
        # In how many cases of a cause a rule was looked at: what nobody looked at did not stay silent.
        self._looked = {cause: dict.fromkeys(rules, 0) for cause in causes}

    def confirm(self, cause: str, fired: Collection[str], known: Collection[str] | None = None) -> None:
        """The cause of a case is known now; `known`: the rules that were looked at (None: all).

        Raises `KeyError` for a cause or a rule that does not exist.
        """
        self._count(cause, fired, known, 1)

    def forget(self, cause: str, fired: Collection[str], known: Collection[str] | None = None) -> None:
        """Take a confirmed case out again."""
        self._count(cause, fired, known, -1)

    def _count(self, cause: str, fired: Collection[str], known: Collection[str] | None, by: int) -> None:
        self._seen[cause] += by
        shown, looked = self._fired[cause], self._looked[cause]
        for rule in fired:
            shown[rule] += by
        for rule in self.rules if known is None else known:
            looked[rule] += by

    def share(self, cause: str, rule: str) -> float:
        """How often a rule fires with a cause: the experts' view and what was confirmed."""
        said = self.expected.get(cause, {}).get(rule, 0.02)
        said = min(0.99, max(0.01, said))
        return (said * self.prior + self._fired[cause][rule]) / (self.prior + self._looked[cause][rule])

    def rank(self, fired: Collection[str], known: Collection[str] | None = None) -> list[tuple[str, float]]:
        """Causes by probability, the likeliest first; `known`: the rules that were looked at (None: all)."""
        looked = self.rules if known is None else [rule for rule in self.rules if rule in known]
        total = sum(self._seen.values())
        weights = {}
        for cause in self.causes:
            weight = log((self._seen[cause] + self.prior) / (total + self.prior * len(self.causes)))
            for rule in looked:
                share = self.share(cause, rule)
                weight += log(share if rule in fired else 1 - share)
            weights[cause] = weight
        most = max(weights.values())
        odds = {cause: exp(weight - most) for cause, weight in weights.items()}
        whole = sum(odds.values())
        return sorted(((cause, odd / whole) for cause, odd in odds.items()), key=lambda pair: (-pair[1], pair[0]))

    def next_look(self, fired: Collection[str], known: Collection[str], choices: Sequence[str]) -> str | None:
        """The observation that is expected to say most about the cause (least entropy after it, Shannon 1948)."""
        ranked = [(cause, odds) for cause, odds in self.rank(fired, known) if odds > 1e-6]
        best: tuple[float, str] | None = None
        for rule in choices:
            if rule in known:
                continue
            yes = sum(odds * self.share(cause, rule) for cause, odds in ranked)
            left = 0.0
            for fires, chance in ((True, yes), (False, 1 - yes)):
                if chance <= 0:
                    continue
                for cause, odds in ranked:
                    share = self.share(cause, rule)
                    part = odds * (share if fires else 1 - share) / chance
                    if part > 0:
                        left -= chance * part * log(part)
            if best is None or left < best[0] - 1e-12:
                best = (left, rule)
        return None if best is None else best[1]

    def to_data(self) -> dict[str, Any]:
        """The confirmed cases, as plain data."""
        return {
            cause: {
                "seen": self._seen[cause],
                "fired": dict(self._fired[cause]),
                "looked": dict(self._looked[cause]),
            }
            for cause in self.causes
        }

    def take(self, data: Mapping[str, Any]) -> None:
        """Take in confirmed cases; causes and rules that do not exist any more are left out."""
        for cause, found in data.items():
            if cause in self._seen:
                self._seen[cause] = int(found["seen"])
                row = self._fired[cause]
                for rule, count in found["fired"].items():
                    if rule in row:
                        row[rule] = int(count)
                # Older data has none: every rule was looked at then.
                looked = found.get("looked")
                for rule in self.rules:
                    self._looked[cause][rule] = int(found["seen"] if looked is None else looked.get(rule, 0))
