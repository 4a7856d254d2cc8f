"""The first look at a request: is it a text of a sensible size, of characters that belong in one, with what it needs?

What can be put right is (one Unicode form, control characters away, tags out of HTML) and the request goes on as the
cleaned one; what cannot is refused with what is wrong. Words like "password" are no reason to refuse a question; what
must not be said is looked for where something is said (`exfiltration_check`).
"""

from __future__ import annotations

import html
import re
import unicodedata

from dana.adaptive import gate as core
from dana.agents.gate import BEFORE_AGENT, WRONG
from dana.agents.validators import MAKERS, Validator, number, one_of, settled, words
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.adaptive.gate import Verdict
    from dana.agents.requests import Request
    from dana.agents.turns import Turn
    from dana.agents.validators import Judge

LEAST, MOST = 1, 10_000
MOST_PATTERNS = 50
# How long one pattern may be looked for; what takes longer fails the check, and a failed check is a denial.
SEARCH_S = 0.25
# What people write: line breaks and tabs; and what joins emojis and letters of some scripts.
_KEPT = frozenset("\n\t\u200d\u200c")
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\u0085\v\f]")
_DROPPED = re.compile(
    r"<\s*(script|style|iframe|object|embed|template|noscript)\b[^>]{0,1000}>.*?(?:<\s*/\s*\1\s*>|\Z)"
    r"|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL,
)  # fmt: skip
_TAG = re.compile(r"<\s*/?\s*[a-zA-Z][a-zA-Z0-9-]{0,30}(?:\s[^<>]{0,1000})?/?\s*>")
# Tags that carry more than form: only where one of these stands is a text taken for a page.
_ACTIVE = re.compile(
    r"<\s*(?:script|style|iframe|object|embed|form|input|svg|math|link|meta|base|img|video|audio|template|noscript)\b"
    r"|<[a-z][^<>]{0,500}\bon[a-z]{3,20}\s*=|javascript:|<!--", re.IGNORECASE,
)  # fmt: skip


def request_check(least: Any = LEAST, most: Any = MOST, **given: Any) -> Validator:
    """Looks at a request: `least` to `most` characters; `normalise`, `html`, `forbidden`, `required`, `schema`.

    `normalise` ("NFC" or "none") brings letters to one form and takes control characters away; `html`: "strip" what a
    page could run, "refuse" it, or "keep" it; `forbidden`: regular expressions; `required`: keys the context must
    have; `schema`: a type the context must be of.
    """
    kind = "request_check"
    found = settled(kind, given, ("normalise", "html", "forbidden", "required", "schema"))
    found["least"] = number(kind, "least", least, 0, 1_000_000, whole=True)
    found["most"] = number(kind, "most", most, 1, 1_000_000, whole=True)
    if found["least"] > found["most"]:
        raise failure(ValueError, WRONG, "`least` of request_check is not more than its `most`")
    found["normalise"] = one_of(kind, "normalise", found.get("normalise", "NFC"), ("NFC", "none"))
    found["html"] = one_of(kind, "html", found.get("html", "strip"), ("strip", "refuse", "keep"))
    found["required"] = words(kind, "required", found.get("required", []))
    patterns = words(kind, "forbidden", found.get("forbidden", []))
    found["forbidden"] = patterns
    compiled = _compiled(patterns)
    schema = found.pop("schema", None)
    form = None
    if schema is not None:
        from dana.runtime.typevalues import as_type

        try:
            form = as_type(schema)
        except TypeError:
            raise failure(TypeError, WRONG, "`schema` of request_check is a type") from None
        found["schema"] = str(getattr(form, "name", form))

    def build(self: Validator, _turn: Turn) -> Judge:
        return lambda request, _context: _judged(self, request, compiled, form)

    return Validator(kind, build, given, found, order=10, points=(BEFORE_AGENT,))


def _compiled(patterns: list[str]) -> list[Any]:
    """The patterns; looking for one in a stranger's text is given up after `SEARCH_S`, which is a denial."""
    if not patterns:
        return []
    if len(patterns) > MOST_PATTERNS:
        raise failure(ValueError, WRONG, f"request_check takes at most {MOST_PATTERNS} forbidden patterns")
    try:
        import regex  # type: ignore[import-untyped]
    except ImportError:
        raise failure(
            RuntimeError, WRONG, "`forbidden` of request_check needs the package regex, which is not installed"
        ) from None
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(regex.compile(pattern, regex.IGNORECASE))
        except regex.error:
            raise failure(ValueError, WRONG, f"{pattern!r:.60} is no regular expression") from None
    return compiled


def _judged(self: Validator, request: Request, forbidden: list[Any], form: Any) -> Verdict | None:
    message = request.message
    changed = []
    if self._of("normalise") == "NFC":
        message = normalised(message)
        if message != request.message:
            changed.append("its characters")
    if self._of("html") != "keep" and _ACTIVE.search(message):
        if self._of("html") == "refuse":
            return core.deny("it has HTML that could run", "validation.input")
        bare = without_tags(message)
        if bare != message:
            message = bare
            changed.append("its HTML")
    wrong = _wrong(self, request, message, forbidden, form)
    if wrong:
        return core.deny(wrong, "validation.input")
    return core.amend(message, f"{' and '.join(changed)} were put right") if changed else None


def _wrong(self: Validator, request: Request, message: str, forbidden: list[Any], form: Any) -> str:
    least, most, size = self._of("least"), self._of("most"), len(message)
    if size < least or (least and not message.strip()):
        return "it is empty" if not message.strip() else f"it has {size} characters, and {least} are the least"
    if size > most:
        return f"it has {size} characters, and {most} are the most"
    for number_, pattern in enumerate(forbidden, 1):
        if pattern.search(message, timeout=SEARCH_S):
            return f"it has what the forbidden pattern {number_} finds"
    context = request.context
    for key in self._of("required"):
        if not isinstance(context, dict) or context.get(key) is None:
            return f"its context has no `{key}`"
    if form is not None:
        from dana.runtime.typevalues import SAFE, Refused

        try:
            form._fit(context, SAFE)
        except Refused as refused:
            why = f": {refused.why}" if refused.why else ""
            return f"its context is no {form.name}{why}"
    return ""


def normalised(text: str) -> str:
    """A text in the form NFC, with plain line breaks and without characters nobody sees."""
    text = _BREAKS.sub("\n", unicodedata.normalize("NFC", text))
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs", "Cn"))


def without_tags(text: str) -> str:
    """A text without tags, and without what stands in those that run something."""
    bare = _TAG.sub("", _DROPPED.sub("", text))
    bare = re.sub(r"javascript\s*:", "", bare, flags=re.IGNORECASE)
    return html.unescape(bare) if "&" in bare and not _ACTIVE.search(html.unescape(bare)) else bare


MAKERS["request_check"] = request_check
