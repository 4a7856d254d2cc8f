"""The Python that Dana programs become, shown: `cases/*.txt` hold a program, `-----`, and its lowering.

After a change that is meant: `python -m tests.lowering.update`, then read the difference.
"""

from __future__ import annotations

import pytest

from tests.lowering.cases import CASES, lowered, parts


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.stem)
def test_a_program_becomes_the_python_shown(case):
    program, expected = parts(case)
    assert lowered(program) == expected
