"""The decision: may this act happen, and if not, in which words is it refused?"""

from __future__ import annotations

import os

from dana.diagnostics import shown_name
from dana.errors import UsageError
from dana.policy.shapes import KINDS, Allow, Deny

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.policy.hosts import Pattern, Target
    from dana.policy.rules import ModuleRule, NameRule, PathRule, ProgramRule
    from dana.policy.shapes import Rules

    Rule = PathRule | NameRule | ModuleRule | ProgramRule | Pattern
    # Asked at the moment of need: (denial) -> "yes" (this once), "always" (for this run), "no".
    Ask = Callable[["Denial"], str]

CODES = {
    "read": "E510", "write": "E511", "net": "E512", "env": "E513", "run": "E514", "python": "E515", "model": "E516",
}  # fmt: skip
ACTS = {
    "read": "reading `{}`",
    "write": "writing `{}`",
    "net": "connecting to `{}`",
    "env": "reading the environment variable `{}`",
    "run": "running `{}`",
    "python": "importing the Python module `{}`",
    "model": "using the model `{}`",
}


class Denial:
    """Why an act is refused: `code`, `kind`, `target` (in its one form), `message`, `hint`, and the `pattern` and
    the `flag` that would grant it ("" when something denies it, or when it is not even a target).
    """

    __slots__ = ("code", "flag", "hint", "kind", "message", "pattern", "target")

    def __init__(self, kind: str, target: str, message: str, hint: str, pattern: str = "") -> None:
        self.code = CODES[kind]
        self.kind = kind
        self.target = target
        self.message = message
        self.hint = hint
        self.pattern = pattern
        self.flag = f"--allow-{kind}={flag_value(pattern)}" if pattern else ""


class Policy:
    """What is granted and what is denied; deny wins. `Policy()` grants nothing.

    `ask`: who is asked when nothing decides (None: nobody, the act is denied). `advice(kind, target)`: a further
    sentence for the hint of a denial. `grant` and `revoke` change what holds from now on; a policy may be shared
    by several programs and threads.
    """

    __slots__ = ("_allowed", "_denied", "advice", "allow", "ask", "deny")

    def __init__(
        self,
        allow: Allow | None = None,
        deny: Deny | None = None,
        *,
        ask: Ask | None = None,
        advice: Callable[[str, str], str] | None = None,
    ) -> None:
        self.allow = _of_class(Allow, allow, "allow")
        self.deny = _of_class(Deny, deny, "deny")
        self.ask = ask
        self.advice = advice
        # A rule is made at its first use: most programs ask about one kind.
        self._allowed: dict[str, list[Rule]] = {}
        self._denied: dict[str, list[Rule]] = {}

    def permits(self, kind: str, target: str) -> bool:
        """Whether an act may happen; nobody is asked."""
        return self.denial(kind, target) is None

    def denies(self, kind: str, target: str) -> bool:
        """Whether a rule denies an act, as opposed to nobody having granted it."""
        denial = self.denial(kind, target)
        return denial is not None and not denial.flag

    def grants_all(self, kind: str) -> bool:
        """Whether everything of a kind is granted and nothing of it denied."""
        return self.allow.of(_kind(kind)) is True and not self.deny.of(kind)

    def denial(self, kind: str, target: str) -> Denial | None:
        """None when the act may happen, else why not. `target`: a path, host, name… as the program gives it."""
        _kind(kind)
        if target.__class__ is not str:
            msg = f"what is to be granted is named by a text, not by {type(target).__name__}"
            raise TypeError(msg)
        try:
            form = self._form(kind, target)
        except ValueError as problem:
            shown = "".join(c if c.isprintable() else "\ufffd" for c in target)
            return Denial(kind, target, f"{ACTS[kind].format(shown)} is not possible: {problem}", "")
        if self._is_denied(kind, form):
            hint = self._advised(_deny_wins(kind), kind, str(form))
            return Denial(kind, str(form), f"{ACTS[kind].format(shown_target(kind, form))} is denied", hint)
        if self._is_allowed(kind, form):
            return None
        return self._not_granted(kind, form)

    def denied_address(self, host: str, address: str) -> Denial | None:
        """For a host (as in `denial("net", …)`) that may be reached: is the address it stands for denied?

        `address` is what the name was resolved to. A denied address stays denied under every name.
        """
        from dana.policy.hosts import Target

        asked = Target(host)
        found = Target(f"[{address}]" if ":" in address else address)
        found.port = asked.port
        if not self._is_denied("net", found):
            return None
        message = f"connecting to `{asked}` is denied: it is the address {found.name}"
        return Denial("net", str(asked), message, _deny_wins("net"))

    def grant(self, kind: str, pattern: str | bool = True) -> None:
        """Grant something more from now on: a pattern, or everything of the kind. Raises `dana.UsageError`."""
        held = self.allow.of(_kind(kind))
        more = True if held is True or pattern is True else [*(held or ()), str(pattern)]
        self._change(kind, more)

    def revoke(self, kind: str, pattern: str | None = None) -> bool:
        """Take a pattern, or everything of a kind, back; False when it was not granted."""
        held = self.allow.of(_kind(kind))
        if pattern is None:
            self._change(kind, more=False)
            return bool(held)
        if isinstance(held, bool) or pattern not in held:
            return False
        self._change(kind, [p for p in held if p != pattern])
        return True

    def _change(self, kind: str, more: Any) -> None:
        self.allow = Allow.from_data(self.allow.to_data() | {kind: more})
        self._allowed.pop(kind, None)

    def to_data(self) -> dict[str, Any]:
        """The policy as plain data, without who is asked."""
        return {"allow": self.allow.to_data(), "deny": self.deny.to_data()}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Policy:
        """What `to_data` gave."""
        return cls(Allow.from_data(data["allow"]), Deny.from_data(data["deny"]))

    # --- matching -------------------------------------------------------------------------------

    def _form(self, kind: str, target: str) -> Any:
        """The target in the one form that rules compare. Raises `ValueError` for what is no target."""
        if kind in ("read", "write"):
            from dana.policy.rules import resolved

            return resolved(target)
        if kind == "net":
            from dana.policy.hosts import Target

            return Target(target)
        if not target or any(c < " " or c == "\x7f" for c in target):
            msg = "a name holds no control characters"
            raise ValueError(msg)
        return target.upper() if kind == "env" and os.name == "nt" else target

    def _is_allowed(self, kind: str, form: str | Target) -> bool:
        held = self.allow.of(kind)
        if isinstance(held, bool):
            return held
        rules = self._allowed.get(kind)
        if rules is None:
            rules = self._allowed[kind] = _rules(kind, self.allow, held, wide=False)
        return _covered(rules, form, wide=False)

    def _is_denied(self, kind: str, form: str | Target) -> bool:
        held = self.deny.of(kind)
        if isinstance(held, bool):
            return held
        rules = self._denied.get(kind)
        if rules is None:
            rules = self._denied[kind] = _rules(kind, self.deny, held, wide=True)
        return _covered(rules, form, wide=True)

    def _not_granted(self, kind: str, form: str | Target) -> Denial:
        target = str(form)
        shown = shown_target(kind, form)
        pattern = target.partition(".")[0] if kind == "python" else shown
        hint = f"grant it with --allow-{kind}={flag_value(pattern)}, or in Python with dana.Allow({kind}=[{pattern!r}])"
        message = f"{ACTS[kind].format(shown)} is not granted"
        return Denial(kind, target, message, self._advised(hint, kind, target), pattern)

    def _advised(self, hint: str, kind: str, target: str) -> str:
        more = self.advice(kind, target) if self.advice is not None else ""
        return f"{hint}\n{more}" if more else hint


def _deny_wins(kind: str) -> str:
    return f"a rule of --deny-{kind}, of [deny] in dana.toml or of dana.Deny covers it, and deny wins"


def _rules(kind: str, held: Rules, patterns: tuple[str, ...], *, wide: bool) -> list[Rule]:
    from dana.policy import rules

    if kind in ("read", "write"):
        return [rules.PathRule(pattern, held.folder, wide=wide) for pattern in patterns]
    if kind == "net":
        from dana.policy.hosts import Pattern

        return [Pattern(pattern) for pattern in patterns]
    if kind == "run":
        return [rules.ProgramRule(pattern, held.folder, wide=wide) for pattern in patterns]
    if kind == "python":
        return [rules.ModuleRule(pattern) for pattern in patterns]
    if kind == "env" and os.name == "nt":
        patterns = tuple(pattern.upper() for pattern in patterns)
    return [rules.NameRule(pattern) for pattern in patterns]


def _covered(rules: list[Rule], form: Any, *, wide: bool) -> bool:
    from dana.policy.hosts import Pattern

    return any(rule.covers(form, wide=wide) if isinstance(rule, Pattern) else rule.covers(form) for rule in rules)


def shown_target(kind: str, form: str | Target) -> str:
    """A target as people read it: a path below the current folder from there, and no control characters."""
    text = shown_name(str(form)) if kind in ("read", "write") else str(form)
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def flag_value(pattern: str) -> str:
    """A pattern as it stands behind a flag: commas doubled, quoted where a shell would split or change it."""
    from shlex import quote

    return quote(pattern.replace(",", ",,"))


def _kind(kind: str) -> str:
    if kind not in KINDS:
        from dana.diagnostics import suggest

        near = suggest(kind, KINDS)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(KINDS)}"
        msg = f"there is no kind of permission {kind!r}; {hint}"
        raise UsageError(msg)
    return kind


def _of_class(cls: type[Any], value: Any, name: str) -> Any:
    if value is None:
        return cls()
    if not isinstance(value, cls):
        msg = f"{name}= takes a dana.{cls.__name__}, not {type(value).__name__}"
        raise UsageError(msg)
    return value
