"""Messy credit files: 474 cases written before the parser was, 330 written later by somebody who had not
seen it, 814 more that an outside examiner typed, some 1,700 as ordinary people write them, and some 1,700 by authors of tests,
exports of banks and an auditor."""

from __future__ import annotations

import pytest

from tests.poet.domains.credit import AUDITOR, EVERYDAY, LATER, OUTSIDE, RIGHT, cases, judged, main, table


def test_there_are_enough_cases_of_both_sorts() -> None:
    every = cases()
    assert len(every) >= 300
    assert 100 <= sum(case.refused for case in every) <= len(every) - 100


@pytest.mark.parametrize("case", cases(), ids=repr)
def test_each_case_is_read_exactly_or_refused(case) -> None:
    assert judged(case) in RIGHT


# Whose cases: somebody who had not seen the parser, an outside examiner, ordinary people, authors of tests and auditors.
@pytest.mark.parametrize(
    "case", [case for file in (LATER, OUTSIDE, EVERYDAY, AUDITOR) for case in cases(file)], ids=repr
)
def test_so_is_each_case_of_others(case) -> None:
    assert judged(case) in RIGHT


def test_a_bare_function_gets_less_than_half_of_them_right() -> None:
    found = table()
    assert sum(found["by_the_domain"].values()) == sum(found["by_float"].values())
    for name in ("by_a_bare_function", "by_float"):
        assert sum(found[name].get(kind, 0) for kind in RIGHT) < 0.5 * len(cases())


def test_the_table_is_printed(capsys) -> None:
    main()
    assert "by the domain         100.0% right" in capsys.readouterr().out
