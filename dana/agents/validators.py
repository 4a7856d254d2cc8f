"""The checks that come with Dana, for the field `checks` of a blueprint.

    rate_limit       5   so many requests a second                              before_agent
    request_check   10   size, characters, HTML, patterns, keys, schema         before_agent
    budget          20   tokens and money: reserved, used, given back           before_agent before_model after_model
    injection_check 40   instructions where material should be                  before_agent before_model around_tool
    exfiltration    60   secrets on their way out                               around_tool after_agent
    approval        70   tools that need a person                               around_tool
    grounding       80   whether an answer stands in what was given             completion
    breaker          0   a layer: leave alone who cannot answer                 around_model around_tool

Cheap and decisive ones come first, so no model is asked about what a bucket refuses (`order` moves one). Each fails
closed unless it says otherwise; grounding, which is a matter of quality, fails open. What a check has used up belongs
to the agent and not to the list it stands in: an agent that is restarted finds its buckets as it left them.
"""

from __future__ import annotations

from dana.adaptive import gate as core
from dana.adaptive.canonical import digest, plain
from dana.adaptive.gate import Verdict
from dana.agents.gate import (
    AFTER_AGENT,
    AFTER_MODEL,
    AROUND_MODEL,
    AROUND_TOOL,
    BEFORE_AGENT,
    BEFORE_MODEL,
    COMPLETION,
    POINTS,
    WRONG,
    Check,
)
from dana.diagnostics import suggest
from dana.runtime.stops import failure
from dana.runtime.typevalues import safe_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeAlias

    from dana.agents.turns import Turn

    Judge: TypeAlias = Callable[[Any, Mapping[str, Any]], Any]

# What every check takes beside its own parameters.
COMMON = ("enabled", "fail_open", "name", "order", "points")


class Validator:
    """One entry of `checks`: what was said about it. `made(turn)` gives its checks for one turn.

    `kind` is the function that made it; two of the same kind and `name` are one.
    """

    __slots__ = ("_build", "_parameters", "enabled", "fail_open", "kind", "name", "order", "points")

    def __init__(
        self,
        kind: str,
        build: Callable[[Validator, Turn], Judge],
        given: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        order: int,
        points: tuple[str, ...],
        fail_open: bool = False,
    ) -> None:
        self.kind = kind
        self._build = build
        self._parameters = dict(parameters)
        self.name = given.get("name", kind)
        self.enabled = given.get("enabled", True)
        self.order = given.get("order", order)
        self.fail_open = given.get("fail_open", fail_open)
        self.points = _points(kind, given.get("points"), points)
        for what, value, wanted in (
            ("name", self.name, str), ("enabled", self.enabled, bool), ("order", self.order, int),
            ("fail_open", self.fail_open, bool),
        ):  # fmt: skip
            if value.__class__ is not wanted:
                raise failure(TypeError, WRONG, f"`{what}` of {kind} is {_KINDS[wanted]}")

    @property
    def parameters(self) -> dict[str, Any]:
        """What it was given, as plain data."""
        told: dict[str, Any] = plain(self._parameters)
        return told

    def _check(self, turn: Turn) -> Check:
        """The check for a turn."""
        judge = self._build(self, turn)
        return Check(self.name, judge, points=self.points, fail_open=self.fail_open, order=self.order)

    def _state(self, turn: Turn, make: Callable[[], Any]) -> Any:
        """What this check has used up for the agent, made when it is first asked for."""
        key = f"{self.kind}:{self.name}:{digest(self._parameters)}"
        kept = turn.state.kept
        if key not in kept:
            kept[key] = make()
        return kept[key]

    def _of(self, name: str) -> Any:
        """One of its parameters."""
        return self._parameters.get(name)

    def __repr__(self) -> str:
        return f"<check {self.name}>"


_KINDS = {str: "a text", bool: "true or false", int: "a whole number"}


def _points(kind: str, given: Any, usual: tuple[str, ...]) -> tuple[str, ...]:
    if given is None:
        return usual
    if isinstance(given, str) or not isinstance(given, list | tuple):
        raise failure(TypeError, WRONG, f"`points` of {kind} is a list of points", f"it stands at {', '.join(usual)}")
    for point in given:
        if point not in usual:
            near = suggest(point, usual) if isinstance(point, str) else None
            hint = f"did you mean `{near}`?" if near else f"it can stand at {', '.join(usual)}"
            raise failure(ValueError, WRONG, f"{kind} does not stand at {safe_repr(point):.60}", hint)
    return tuple(given)


def settled(kind: str, given: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """The parameters of a check by name. Raises TypeError (E875) for one there is not, with the one that is meant."""
    names = [*known, *COMMON]
    for name in given:
        if name not in names:
            near = suggest(name, names)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(names)}"
            raise failure(TypeError, WRONG, f"{kind} has no parameter `{name}`", hint)
    return {name: value for name, value in given.items() if name not in COMMON and value is not None}


def number(kind: str, name: str, value: Any, low: float, high: float, *, whole: bool = False) -> Any:
    """A number within bounds. Raises ValueError (E875)."""
    wanted = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, wanted) or not low <= value <= high:
        what = "a whole number" if whole else "a number"
        said = safe_repr(value)
        raise failure(ValueError, WRONG, f"`{name}` of {kind} is {what} from {low:g} to {high:g}, not {said:.40}")
    return value


def words(kind: str, name: str, value: Any) -> list[str]:
    """A list of texts. Raises TypeError (E875)."""
    if isinstance(value, str) or not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
        raise failure(TypeError, WRONG, f"`{name}` of {kind} is a list of texts")
    return list(value)


def one_of(kind: str, name: str, value: Any, choices: tuple[str, ...]) -> str:
    """One of some words. Raises ValueError (E875), with the one that is meant."""
    if value not in choices:
        near = suggest(value, choices) if isinstance(value, str) else None
        hint = f'did you mean "{near}"?' if near else "it is " + ", ".join(f'"{each}"' for each in choices)
        raise failure(ValueError, WRONG, f"`{name}` of {kind} cannot be {safe_repr(value):.40}", hint)
    return str(value)


# --- rate limit -----------------------------------------------------------------------------------

# A wait for a bucket is no longer; more often nobody waits.
LONGEST_WAIT_S = 60.0


def rate_limit(rate: Any = 10.0, **given: Any) -> Validator:
    """At most `rate` requests a second in the long run and `burst` at once.

    `when_full`: "deny" (the error says `retry_after`) or "wait"; `by`: "agent", or "user", one bucket for each.
    """
    kind = "rate_limit"
    found = settled(kind, given, ("burst", "when_full", "by"))
    found["rate"] = number(kind, "rate", rate, 1e-6, 1e6)
    found["burst"] = number(kind, "burst", found.get("burst", max(1.0, 2 * found["rate"])), 1, 1e9)
    found["when_full"] = one_of(kind, "when_full", found.get("when_full", "deny"), ("deny", "wait"))
    found["by"] = one_of(kind, "by", found.get("by", "agent"), ("agent", "user"))
    return Validator(kind, _rate_limit, given, found, order=5, points=(BEFORE_AGENT,))


# Users that have a bucket of their own; who was longest away makes room.
MOST_USERS = 10_000


def _rate_limit(self: Validator, turn: Turn) -> Judge:
    from dana.adaptive.limits import TokenBucket

    buckets: dict[str, TokenBucket] = self._state(turn, dict)
    waits = self._of("when_full") == "wait"

    def judge(request: Any, _context: Mapping[str, Any]) -> Verdict | None:
        now = turn.now()
        user = request.user if self._of("by") == "user" else ""
        bucket = buckets.pop(user, None) or TokenBucket(self._of("rate"), self._of("burst"), now)
        buckets[user] = bucket
        if len(buckets) > MOST_USERS:
            del buckets[next(iter(buckets))]
        seconds = bucket.take(now)
        if not seconds:
            turn.about["remaining"] = int(bucket.left(now))
            return None
        verdict = core.wait(
            seconds, f"more than {self._of('rate'):g} requests a second ({self._of('burst'):g} at once)"
        )
        verdict.value = waits and seconds <= LONGEST_WAIT_S
        return verdict

    return judge


# --- budget ---------------------------------------------------------------------------------------

# What an answer is taken to need where the question does not bound it.
ANSWER_TOKENS = 500


def budget(tokens: Any = None, usd: Any = None, **given: Any) -> Validator:
    """What an agent may use: `tokens` and `usd`, over all its turns.

    Before a model is asked an estimate is set aside, afterwards what it took counts; `ask_at` (0.9): from this share on
    a person is asked once whether it goes on, where there is one.
    """
    kind = "budget"
    found = settled(kind, given, ("ask_at",))
    if tokens is None and usd is None:
        raise failure(TypeError, WRONG, "budget bounds something", "as in agents.budget(usd=1.0, tokens=50000)")
    if tokens is not None:
        found["tokens"] = number(kind, "tokens", tokens, 1, 1 << 50, whole=True)
    if usd is not None:
        found["usd"] = number(kind, "usd", usd, 0, 1e9)
    found["ask_at"] = number(kind, "ask_at", found.get("ask_at", 0.9), 0.0, 1.0)
    return Validator(kind, _budget, given, found, order=20, points=(BEFORE_AGENT, BEFORE_MODEL, AFTER_MODEL))


class Purse:
    """The budgets of one agent, and what of them is set aside for the reply under way."""

    __slots__ = ("asked", "budgets", "each", "set_aside")

    def __init__(self, limits: Mapping[str, float], ask_at: float) -> None:
        from dana.adaptive.limits import Budget

        self.budgets = {name: Budget(name, limit, warn_at=ask_at) for name, limit in limits.items()}
        self.set_aside = dict.fromkeys(limits, 0.0)
        # What the dearest reply so far has cost: what the next one is taken to cost.
        self.each = dict.fromkeys(limits, 0.0)
        self.asked = False

    def give_back(self) -> None:
        """Nothing is under way any more: what was set aside can be used again."""
        for name, amount in self.set_aside.items():
            if amount:
                self.budgets[name].settle(amount, 0.0)
                self.set_aside[name] = 0.0

    def spend(self, used: Mapping[str, float]) -> None:
        """Something nobody set anything aside for took this much: a judge."""
        for name, purse in self.budgets.items():
            purse.settle(0.0, float(used.get(name) or 0.0))

    def settle(self, used: Mapping[str, float]) -> None:
        """A reply took this much."""
        for name, purse in self.budgets.items():
            amount = float(used.get(name) or 0.0)
            purse.settle(self.set_aside[name], amount)
            self.set_aside[name] = 0.0
            self.each[name] = max(self.each[name], amount)


def _budget(self: Validator, turn: Turn) -> Judge:
    limits = {name: self._of(name) for name in ("tokens", "usd") if self._of(name) is not None}
    purse: Purse = self._state(turn, lambda: Purse(limits, self._of("ask_at")))
    turn.at_end(purse.give_back)
    turn.purses.append(purse)

    def judge(value: Any, context: Mapping[str, Any]) -> Verdict | None:
        point = context["point"]
        if point == AFTER_MODEL:
            usage = value.usage
            purse.settle({"tokens": usage.total_tokens, "usd": usage.cost or 0.0})
            return None
        if point == BEFORE_MODEL:
            return _reserved(purse, value)
        return _asked_for(purse, turn)

    return judge


def _asked_for(purse: Purse, turn: Turn) -> Verdict | None:
    """Before a turn: whether anything is left, and whether a person is asked first."""
    for name, each in purse.budgets.items():
        if each.limit is not None and each.left <= 0:
            return core.deny(f"its budget of {_amount(name, each.limit)} is used up", "budget.exceeded")
    nearly = [f"{_amount(n, e.spent)} of {_amount(n, e.limit)}" for n, e in purse.budgets.items() if e.is_nearly_spent]
    if not nearly or purse.asked:
        return None
    purse.asked = True
    if not turn.state.approvals.is_anybody_there:
        return Verdict(core.ALLOW, reason=f"{' and '.join(nearly)} are used")
    verdict = core.ask(f"{' and '.join(nearly)} are used: may it go on?")
    verdict.code = "budget.exceeded"
    return verdict


def _reserved(purse: Purse, sent: Any) -> Verdict | None:
    from dana.models.messages import estimated_tokens

    estimates = dict(purse.each)
    least = dict(estimates)
    if "tokens" in estimates:
        least["tokens"] = sum(estimated_tokens(message["content"]) for message in sent.messages)
        estimates["tokens"] = least["tokens"] + ANSWER_TOKENS
    purse.give_back()
    for name, amount in estimates.items():
        each = purse.budgets[name]
        left = each.left
        if left < least[name] or left <= 0:
            purse.give_back()
            what = f"its budget has {_amount(name, left)} left, and this takes at least {_amount(name, least[name])}"
            return core.deny(what if left > 0 else "its budget is used up", "budget.exceeded")
        # An answer may be shorter than it is taken to be: the last of a budget can be used.
        purse.set_aside[name] = min(amount, left)
        each.reserve(purse.set_aside[name])
    return None


def _amount(name: str, value: float | None) -> str:
    return f"{value or 0:.6g} USD" if name == "usd" else f"{value or 0:.0f} tokens"


# --- injection ------------------------------------------------------------------------------------


def injection_check(**given: Any) -> Validator:
    """Looks for instructions in requests, context and results of tools.

    `threshold` (0.6): the score from which it counts; `judge`: a model that is asked as well (true: the agent's), with
    a typed verdict; `results`: "withhold" what a tool gave, or "mark" it, which leaves it to the marks around it.
    """
    kind = "injection_check"
    found = settled(kind, given, ("threshold", "judge", "results"))
    from dana.agents.injection import THRESHOLD

    found["threshold"] = number(kind, "threshold", found.get("threshold", THRESHOLD), 0.05, 1.0)
    found["results"] = one_of(kind, "results", found.get("results", "withhold"), ("withhold", "mark"))
    judge = found.get("judge")
    if judge is not None and judge.__class__ not in (bool, str):
        raise failure(TypeError, WRONG, "`judge` of injection_check is the name of a model, or true")
    return Validator(kind, _injection, given, found, order=40, points=(BEFORE_AGENT, BEFORE_MODEL, AROUND_TOOL))


def _injection(self: Validator, turn: Turn) -> Judge:
    from dana.agents.judging import injection_judge

    return injection_judge(self, turn)


# --- exfiltration ---------------------------------------------------------------------------------


def exfiltration_check(canaries: Any = (), **given: Any) -> Validator:
    """Looks for secrets of the program, `canaries` and well-known kinds of keys in replies and in arguments of tools.

    What is written out in a reply is blanked, what is disguised refuses the reply; an argument is refused either way.
    `pictures` (false): whether a reply may show pictures from elsewhere, whose address can carry anything.
    """
    kind = "exfiltration_check"
    found = settled(kind, given, ("pictures",))
    found["canaries"] = words(kind, "canaries", canaries)
    if found.setdefault("pictures", False).__class__ is not bool:
        raise failure(TypeError, WRONG, "`pictures` of exfiltration_check is true or false")
    return Validator(kind, _exfiltration, given, found, order=60, points=(AROUND_TOOL, AFTER_AGENT))


def _exfiltration(self: Validator, turn: Turn) -> Judge:
    from dana.agents.judging import exfiltration_judge

    return exfiltration_judge(self, turn)


# --- approval -------------------------------------------------------------------------------------


def approval(tools: Any = (), **given: Any) -> Validator:
    """Tools that need an approval although they do not say that they are dangerous; `within`: seconds for an answer."""
    kind = "approval"
    found = settled(kind, given, ("within",))
    found["tools"] = words(kind, "tools", tools)
    if "within" in found:
        number(kind, "within", found["within"], 0.001, 7 * 86_400)
    return Validator(kind, _approval, given, found, order=70, points=(AROUND_TOOL,))


def _approval(self: Validator, turn: Turn) -> Judge:
    """The tools themselves ask (`tools.Hands`); here stands how long an answer may take."""
    within = self._of("within")
    if within is not None:
        turn.state.approvals.within = within
    return lambda _value, _context: None


# --- grounding ------------------------------------------------------------------------------------


def grounding_check(threshold: Any = 0.7, **given: Any) -> Validator:
    """Whether an answer stands in the context that was given and in what tools said: the share of it that does.

    `judge`: a model that is asked instead of comparing words (true: the agent's); it fails open unless told otherwise.
    """
    kind = "grounding_check"
    found = settled(kind, given, ("judge",))
    found["threshold"] = number(kind, "threshold", threshold, 0.0, 1.0)
    judge = found.get("judge")
    if judge is not None and judge.__class__ not in (bool, str):
        raise failure(TypeError, WRONG, "`judge` of grounding_check is the name of a model, or true")
    return Validator(kind, _grounding, given, found, order=80, points=(COMPLETION,), fail_open=True)


def _grounding(self: Validator, turn: Turn) -> Judge:
    from dana.agents.judging import grounding_judge

    return grounding_judge(self, turn)


# --- breaker --------------------------------------------------------------------------------------


def breaker(failure_rate: Any = 0.5, **given: Any) -> Validator:
    """Leaves a model or a tool alone for `open_s` seconds once so large a share of the last calls has failed.

    One circuit for each model and each tool of the program, shared by its agents; `least`: calls before it judges.
    """
    kind = "breaker"
    found = settled(kind, given, ("least", "open_s", "window"))
    found["failure_rate"] = number(kind, "failure_rate", failure_rate, 0.01, 1.0)
    found["least"] = number(kind, "least", found.get("least", 5), 1, 10_000, whole=True)
    found["window"] = number(kind, "window", found.get("window", max(20, found["least"])), 1, 10_000, whole=True)
    found["open_s"] = number(kind, "open_s", found.get("open_s", 30.0), 0.001, 86_400)
    if found["least"] > found["window"]:
        raise failure(ValueError, WRONG, "`least` of breaker is at most its `window`")
    return Validator(kind, _breaker, given, found, order=0, points=(AROUND_MODEL, AROUND_TOOL))


def _breaker(self: Validator, turn: Turn) -> Judge:
    """A layer and no check (`turns.asked_world`); here it only says that there is one."""
    turn.circuit = self
    return lambda _value, _context: None


# How programs call them (`agents.rate_limit(…)`), in the order in which they stand.
MAKERS: dict[str, Callable[..., Validator]] = {
    "rate_limit": rate_limit,
    "budget": budget,
    "injection_check": injection_check,
    "exfiltration_check": exfiltration_check,
    "approval": approval,
    "grounding_check": grounding_check,
    "breaker": breaker,
}
__all__ = ["COMMON", "MAKERS", "POINTS", "Validator", "number", "one_of", "settled", "words"]
