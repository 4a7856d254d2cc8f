"""Programs of every kind do in a worker what they do anywhere, and nothing they need is missing there."""

from __future__ import annotations

import pytest

from dana.engine import Engine, Limits
from dana.errors import CompileError, DanaError, Denied, RuntimeFault
from dana.isolation.engine import ProcessEngine
from dana.runtime.curated import MODULES
from tests import goldens
from tests.test_golden import LIMITS, name_of

# One in so many golden programs: each has a worker of its own.
EVERY = 40
# These need a host's functions, or grants.
OTHERS = ("L34", "L35", "L36", "L37", "L44", "L48", "L50")
CASES = [c for c in goldens.cases() if c.relative_to(goldens.ROOT).parts[0][:3] not in OTHERS]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES[::EVERY], ids=lambda p: str(p.relative_to(goldens.ROOT)))
def test_a_golden_program_in_a_worker(case):
    expected = goldens.read(case)
    written: list[str] = []
    model = goldens.model(expected)
    with ProcessEngine(limits=LIMITS, on_print=written.append, cache=False, model=model) as engine:
        findings = engine.check(str(case))
        fault, name, value = None, "", None
        if not expected.check_only and not any(d.is_error for d in findings):
            try:
                value = repr(engine.run(str(case), arguments=expected.args))
            except CompileError as error:
                findings = error.diagnostics
            except RuntimeFault as error:
                fault, name = error.diagnostics[0], name_of(error)
    outcome = goldens.Outcome(findings, "".join(written), value, fault, name)
    assert goldens.problems(expected, outcome) == []


def test_every_module_of_the_library_and_of_python_can_be_imported():
    plain = [m for m, family in MODULES.items() if family]
    text = "".join(f"import {m}\n" for m in plain) + "import files\nimport text\nimport json\nimport poet\n1"
    with ProcessEngine(cache=False, limits=Limits(wall_s=30)) as engine:
        assert engine.run(text) == 1


FEATURES = {
    "poet": "@poet(retries=2)\ndef f(x: int) -> int:\n    return x\nf(2)",
    "patterns": "match [1, 2]:\n    case [a, b]:\n        a + b",
    "text of all kinds": "f\"{1.5:>10.2f}|{10 ** 6:,}|{'é':^5}\"",
    "dates": "import datetime\ndatetime.date(2020, 2, 28).isoformat()",
    "expressions": "import re\nre.findall('[a-z]+', 'ab cd')",
    "chance": "import random\nrandom.seed(1)\nrandom.randint(1, 6) in range(7)",
    "waiting": "import time\ntime.sleep(0.001)\ntrue",
    "deadlines": "try:\n    with timeout(0.01):\n        while true:\n            pass\nexcept Timeout:\n    pass\n1",
    "side by side": "parallel(lambda n: n * 2, [1, 2, 3])",
}


@pytest.mark.parametrize("what", FEATURES)
def test_features_that_load_late(engine, what):
    confined = Engine(cache=False).run(FEATURES[what])
    assert engine.run(FEATURES[what]) == confined


def test_what_is_not_to_be_had_is_said_at_the_import(engine):
    with pytest.raises(DanaError, match="offer a host function"):
        engine.run("import os.py\n1")


@pytest.mark.parametrize(
    "text", ["import http\nhttp.get('http://127.0.0.1:9/')", "import files\nfiles.read_text('/etc/passwd')"]
)
def test_what_is_not_granted_is_denied_by_the_host(engine, text):
    with pytest.raises(Denied):
        engine.run(text)
