"""Every golden program does what its comments say: no more, no less."""

from __future__ import annotations

from contextlib import chdir
from tempfile import TemporaryDirectory

import pytest

import dana
from dana.engine import Engine, Limits
from dana.errors import CompileError, RuntimeFault
from dana.parser import decode, parse
from dana.source import Source
from tests import goldens
from tests.fuzz import coverage

LIMITS = Limits(steps=200_000, depth=200, wall_s=20)


def name_of(fault: RuntimeFault) -> str:
    """The class a Dana program knows the error by."""
    cause = fault.__cause__
    return type(cause).__name__ if cause is not None else type(fault).__name__


def outcome(case, expected) -> goldens.Outcome:
    if not expected.in_folder:
        return outcome_here(case, expected)
    with TemporaryDirectory() as folder, chdir(folder):
        return outcome_here(case, expected)


def outcome_here(case, expected) -> goldens.Outcome:
    written: list[str] = []
    allow, deny = dana.Allow(**(expected.allow or {})), dana.Deny(**(expected.deny or {}))
    engine = Engine(
        limits=LIMITS, on_print=written.append, cache=False, allow=allow, deny=deny, model=goldens.model(expected)
    )
    if expected.host:
        goldens.hosting(engine, written.append)
    if expected.check_only or any(c.kind == "warning" for c in expected.claims):
        findings = engine.check(str(case))
        if expected.check_only or any(d.is_error for d in findings):
            return goldens.Outcome(findings, "", None, None, "")
    else:
        findings = []
    try:
        value = engine.run(str(case), arguments=expected.args)
    except CompileError as error:
        return goldens.Outcome(error.diagnostics, "".join(written), None, None, "")
    except RuntimeFault as fault:
        return goldens.Outcome(findings, "".join(written), None, fault.diagnostics[0], name_of(fault))
    return goldens.Outcome(findings, "".join(written), repr(value), None, "")


@pytest.mark.parametrize("case", goldens.cases(), ids=lambda p: str(p.relative_to(goldens.ROOT)))
def test_golden(case):
    expected = goldens.read(case)
    assert goldens.problems(expected, outcome(case, expected)) == []


def test_there_are_cases_for_every_item():
    folders = {p.relative_to(goldens.ROOT).parts[0][:3] for p in goldens.cases()}
    items = [*range(1, 11), *range(12, 38), 45, 46, 47]
    assert {f"L{n:02}" for n in items} <= folders


# Productions that exist to say what is wrong with the programs that use them.
ALWAYS_REFUSED = {
    "handler -> handler_several (5 parts)",
    "handler -> handler_several (3 parts)",
    "signature -> signature_body (2 parts)",
    "agent_blueprint_def -> agent_blueprint_def (4 parts)",
}


def test_accepted_programs_use_every_production():
    used: set[int] = set()
    for path in goldens.ROOT.rglob("*.na"):
        source = decode(path.read_bytes(), str(path))
        if isinstance(source, Source) and not any(d.is_error for d in parse(source).diagnostics):
            used |= coverage.productions(source)
    assert {coverage.describe(n) for n in coverage.counted() - used} == ALWAYS_REFUSED
