"""`match` patterns: what they bind, what Python would refuse in them, what they say about types (L22)."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.decorators import constant
from dana.checker.model import StructInfo
from dana.checker.types import ANY, LIST, STR, element

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.types import Type


def pattern_names(pattern: Any) -> Iterator[tuple[str, int]]:
    """Every name the pattern binds, with its offset, in source order."""
    kind = pattern.__class__
    if kind is na.PatternCapture or kind is na.PatternStar:
        if pattern.name is not None:
            yield pattern.name, pattern.start
    elif kind is na.PatternAs:
        yield from pattern_names(pattern.pattern)
        yield pattern.name, pattern.end
    elif kind is na.PatternMapping:
        for part in pattern.patterns:
            yield from pattern_names(part)
        if pattern.rest is not None:
            yield pattern.rest, pattern.end
    elif kind is na.PatternClass:
        for part in (*pattern.patterns, *pattern.kw_patterns):
            yield from pattern_names(part)
    elif kind is na.PatternSequence or kind is na.PatternOr:
        for part in pattern.patterns:
            yield from pattern_names(part)


def irrefutable(pattern: Any) -> bool:
    """Whether it matches everything."""
    kind = pattern.__class__
    if kind is na.PatternCapture:
        return True
    if kind is na.PatternAs:
        return irrefutable(pattern.pattern)
    return kind is na.PatternOr and any(irrefutable(p) for p in pattern.patterns)


def check_match(c: Context, stmt: na.Match) -> bool:
    """`match subject:` — each case in turn; ends when every case ends and one of them always matches."""
    from dana.checker.narrowing import enter, leave, test_facts, with_facts

    subject = c.expr(stmt.subject)
    ends = True
    caught = False
    last = len(stmt.cases) - 1
    for index, case in enumerate(stmt.cases):
        always = irrefutable(case.pattern) and case.guard is None
        if always and index < last:
            text = "this pattern matches everything, so the cases below are never reached"
            c.report("E413", text, case.pattern, hint="move it to the end")
        check_names(c, case.pattern)
        check_pattern(c, case.pattern, subject)
        saved = enter(c)
        if case.guard is not None:
            c.expr(case.guard)
            with_facts(c, test_facts(c, case.guard)[0])
        if not c.block(case.body):
            ends = False
        leave(c, saved)
        caught = caught or always
    return ends and caught


def check_names(c: Context, pattern: Any) -> None:
    """A name is bound once; alternatives bind the same names; only the last one may match everything."""
    if pattern.__class__ is na.PatternOr:
        _check_alternatives(c, pattern)
        return
    seen: set[str] = set()
    for name, at in _names_outside_or(c, pattern):
        if name in seen:
            c.report("E413", f"the pattern binds `{name}` twice", (at, at + len(name)), hint="rename one of them")
        seen.add(name)


def _names_outside_or(c: Context, pattern: Any) -> Iterator[tuple[str, int]]:
    kind = pattern.__class__
    if kind is na.PatternOr:
        _check_alternatives(c, pattern)
        yield from pattern_names(pattern.patterns[0])
    elif kind in (na.PatternSequence, na.PatternMapping):
        for part in pattern.patterns:
            yield from _names_outside_or(c, part)
        if kind is na.PatternMapping and pattern.rest is not None:
            yield pattern.rest, pattern.start
    elif kind is na.PatternClass:
        for part in (*pattern.patterns, *pattern.kw_patterns):
            yield from _names_outside_or(c, part)
    elif kind is na.PatternAs:
        yield from _names_outside_or(c, pattern.pattern)
        yield pattern.name, pattern.start
    else:
        yield from pattern_names(pattern)


def _check_alternatives(c: Context, pattern: na.PatternOr) -> None:
    first = {n for n, _ in pattern_names(pattern.patterns[0])}
    for index, part in enumerate(pattern.patterns):
        names = {n for n, _ in pattern_names(part)}
        if names != first:
            odd = ", ".join(f"`{n}`" for n in sorted(names ^ first))
            c.report("E413", f"alternatives must bind the same names; {odd} is not bound by all of them", part)
            return
        check_names(c, part)
        if index < len(pattern.patterns) - 1 and irrefutable(part):
            c.report("E413", "this alternative matches everything, so the others are never tried", part)
            return


def check_pattern(c: Context, pattern: Any, subject: Type) -> None:
    """Checks values and classes in a pattern and gives captures their types."""
    kind = pattern.__class__
    if kind is na.PatternCapture or kind is na.PatternStar:
        if pattern.name is not None:
            bind_capture(c, pattern.name, LIST if kind is na.PatternStar else ANY)
    elif kind is na.PatternValue:
        c.expr(pattern.value)
    elif kind is na.PatternSequence:
        _check_sequence(c, pattern, subject)
    elif kind is na.PatternMapping:
        _check_mapping(c, pattern)
    elif kind is na.PatternClass:
        _check_class(c, pattern)
    elif kind is na.PatternOr:
        for part in pattern.patterns:
            check_pattern(c, part, subject)
    elif kind is na.PatternAs:
        check_pattern(c, pattern.pattern, subject)
        if pattern.name == "_":
            c.report("E413", "`_` takes no value; name it, or leave `as _` out", pattern)
        bind_capture(c, pattern.name, ANY)


def bind_capture(c: Context, name: str, t: Type) -> None:
    """A capture assigns its variable."""
    var = c.lookup(name)
    if var is not None:
        c.assign(var, t)


def _check_sequence(c: Context, pattern: na.PatternSequence, subject: Type) -> None:
    stars = [p for p in pattern.patterns if p.__class__ is na.PatternStar]
    if len(stars) > 1:
        c.report("E413", "a sequence pattern may contain one starred name", stars[1])
    inner = element(subject)
    for part in pattern.patterns:
        check_pattern(c, part, inner)


def _check_mapping(c: Context, pattern: na.PatternMapping) -> None:
    seen: set[Any] = set()
    for key in pattern.keys:
        c.expr(key)
        if key.__class__ is na.JoinedStr:
            c.report("E413", "a key of a mapping pattern is a literal or a dotted name", key)
        known, value = constant(key)
        if known:
            if value in seen:
                c.report("E413", f"the pattern asks for the key {value!r} twice", key)
            seen.add(value)
    for part in pattern.patterns:
        check_pattern(c, part, ANY)
    if pattern.rest == "_":
        c.report("E413", "`**_` is not needed: a mapping pattern ignores further keys", pattern, hint="leave it out")
    elif pattern.rest is not None:
        bind_capture(c, pattern.rest, ("dict", STR, ANY))


def _check_class(c: Context, pattern: na.PatternClass) -> None:
    from dana.checker.expressions import type_value

    t = c.expr(pattern.cls)
    value = type_value(c, pattern.cls, t)
    info = c.info(value) if value is not None else None
    if t[0] in ("int", "float", "str", "bool", "none", "list", "dict", "func"):
        c.report("E311", "a class pattern needs a type before its parentheses", pattern.cls)
    if isinstance(info, StructInfo):
        _check_fields(c, pattern, info)
    seen: set[str] = set()
    for name in pattern.kw_names:
        if name in seen:
            c.report("E413", f"the pattern mentions `{name}` twice", pattern)
        seen.add(name)
    for part in (*pattern.patterns, *pattern.kw_patterns):
        check_pattern(c, part, ANY)


def _check_fields(c: Context, pattern: na.PatternClass, info: StructInfo) -> None:
    if info.open or info.kind not in ("struct", "exception"):
        return
    if len(pattern.patterns) > len(info.fields):
        text = f"`{info.name}` has {len(info.fields)} fields, the pattern lists {len(pattern.patterns)}"
        c.report("E413", text, pattern)
    for name, part in zip(pattern.kw_names, pattern.kw_patterns, strict=False):
        if name not in info.fields and not info.delegates and info.kind == "struct" and name not in info.methods:
            near = c.near(name, info.fields)
            c.report(
                "E304", f"`{info.name}` has no field `{name}`", part, hint=f"did you mean `{near}`?" if near else ""
            )
