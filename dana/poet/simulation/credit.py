"""Messy credit files with a known truth: what applicants and clerks write for a number, drawn from a seed.

    for file in files(100, seed=4):
        file.written        # {"credit_score": "720/850", "annual_income": "$4.5k a month", …}
        file.truth          # {"credit_score": 720.0, "annual_income": 54000.0, …}

Each value is drawn first and written afterwards, in one of the ways people write such a value, so the truth is exact.
`estimated` names values whose writing is only an estimate ("good", "about 700"), `refused` those that have no single
meaning ("700-720", "n/a"): a reader that gives a number for them has invented it.
"""

from __future__ import annotations

from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FIELDS = ("credit_score", "annual_income", "debt_ratio", "employment_years")
# Words and what they stand for (mission, PC22): estimates all of them.
SCORE_WORDS = {"excellent": 780, "very good": 740, "good": 720, "fair": 650, "poor": 580}
_NOTHING = ("n/a", "unknown", "?", "", "see attached", "TBD", "-", "none given")


class File:
    """One applicant's file: values as `written`, the `truth` of those that have one, and which are doubtful."""

    __slots__ = ("estimated", "refused", "truth", "written")

    def __init__(self) -> None:
        self.written: dict[str, Any] = {}
        self.truth: dict[str, float] = {}
        self.estimated: set[str] = set()
        self.refused: set[str] = set()


def files(count: int, seed: int, *, refused: float = 0.08, estimated: float = 0.08) -> list[File]:
    """So many files; shares of values that mean nothing (`refused`) and that are estimates (`estimated`)."""
    if not (refused >= 0 and estimated >= 0 and refused + estimated < 1):
        raise ValueError("refused and estimated are shares that leave something over")
    chance = Random(seed)  # noqa: S311  (a simulation, no secret)
    found = []
    for _ in range(count):
        file = File()
        for name in FIELDS:
            luck = chance.random()
            if luck < refused:
                file.written[name] = _meaningless(name, chance)
                file.refused.add(name)
            elif luck < refused + estimated:
                file.written[name], file.truth[name] = _estimate(name, chance)
                file.estimated.add(name)
            else:
                file.written[name], file.truth[name] = _WRITERS[name](chance)
        found.append(file)
    return found


def _meaningless(name: str, chance: Random) -> Any:
    """Something that stands for no one number."""
    score = chance.randrange(500, 800)
    own = {
        "credit_score": (f"{score}-{score + 20}", f"{score} or {score + 30}", score * 10, "not good", -score),
        "annual_income": (f"${score}00-{score}900", "good", "a lot", -50000, "between jobs"),
        "debt_ratio": ("-10%", "low", "manageable", "2500%", "30% or 40%"),
        "employment_years": ("-3", "since school", "long", "2-3 years", "300 years"),
    }[name]
    return chance.choice(_NOTHING + own)


def _estimate(name: str, chance: Random) -> tuple[str, float]:
    """Something that stands for a number only roughly."""
    if name == "credit_score":
        if chance.random() < 0.6:
            word, value = chance.choice(list(SCORE_WORDS.items()))
            return chance.choice((word, word.title(), f" {word} ")), float(value)
        value = chance.randrange(300, 851)
        return chance.choice((f"about {value}", f"~{value}")), float(value)
    if name == "annual_income":
        value = chance.randrange(20, 200) * 1000
        return chance.choice((f"about ${value:,}", f"~{value}")), float(value)
    if name == "debt_ratio":
        share = chance.randrange(5, 60)
        return f"about {share}%", share / 100
    years = chance.randrange(1, 30)
    return f"about {years} years", float(years)


def _score(chance: Random) -> tuple[Any, float]:
    value = chance.randrange(300, 851)
    ways: tuple[Any, ...] = (
        value, str(value), f" {value} ", f"{value}.0", f"FICO {value}", f"{value}/850", f"{value} out of 850",
        f"score: {value}", float(value),
    )  # fmt: skip
    return chance.choice(ways), float(value)


def _income(chance: Random) -> tuple[Any, float]:
    kind = chance.randrange(4)
    if kind == 0:
        monthly = chance.randrange(15, 200) * 100
        ways: tuple[Any, ...] = (
            f"${monthly:,} per month", f"{monthly}/month", f"${monthly:,}/mo", f"${monthly:,} a month",
            f"{monthly} monthly",
        )  # fmt: skip
        return chance.choice(ways), 12.0 * monthly
    if kind == 1:
        weekly = chance.randrange(4, 40) * 50
        return chance.choice((f"${weekly:,} per week", f"{weekly}/week", f"${weekly} weekly")), 52.0 * weekly
    value = chance.randrange(15, 400) * 1000
    ways = (
        value, float(value), str(value), f"${value:,}", f"{value // 1000}k", f"${value // 1000}K", f"USD {value:,}",
        f"{value:,} USD", f"${value:,} per year", f"${value:,}.00", f" ${value:,} ", f"{value // 1000} thousand",
    )  # fmt: skip
    return chance.choice(ways), float(value)


def _ratio(chance: Random) -> tuple[Any, float]:
    percent = chance.randrange(5, 95)
    share = percent / 100
    ways: tuple[Any, ...] = (
        share, str(share), f"{percent}%", f"{percent} %", f"{percent} percent", f" {percent}% ", f"{percent}.0%",
        f"{share:.2f}", f"{percent}/100",
    )  # fmt: skip
    return chance.choice(ways), share


def _years(chance: Random) -> tuple[Any, float]:
    years, months = chance.randrange(1, 35), chance.randrange(1, 12)
    kind = chance.randrange(4)
    if kind == 0:
        ways: tuple[Any, ...] = (f"{years} years {months} months", f"{years} years, {months} months",
                                 f"{years} years and {months} months", f"{years}y {months}m")  # fmt: skip
        return chance.choice(ways), years + months / 12
    if kind == 1:
        return chance.choice((f"{months} months", f"{months} mo", f"{months} month" + "s" * (months > 1))), months / 12
    ways = (years, float(years), str(years), f"{years} years", f"{years} yrs", f"{years} yr", f"{years}.5 years")
    at = chance.randrange(len(ways))
    return ways[at], years + (0.5 if at == len(ways) - 1 else 0.0)


_WRITERS = {
    "credit_score": _score, "annual_income": _income, "debt_ratio": _ratio, "employment_years": _years,
}  # fmt: skip
