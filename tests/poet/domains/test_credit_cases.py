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


@pytest.mark.parametrize("case", cases(LATER), ids=repr)
def test_so_is_each_case_of_somebody_who_had_not_seen_the_parser(case) -> None:
    assert judged(case) in RIGHT


@pytest.mark.parametrize("case", cases(OUTSIDE), ids=repr)
def test_so_is_each_case_of_an_outside_examiner(case) -> None:
    assert judged(case) in RIGHT


@pytest.mark.parametrize("case", cases(EVERYDAY), ids=repr)
def test_so_is_each_case_as_ordinary_people_write_it(case) -> None:
    assert judged(case) in RIGHT


@pytest.mark.parametrize("case", cases(AUDITOR), ids=repr)
def test_so_is_each_case_of_authors_of_tests_and_auditors(case) -> None:
    assert judged(case) in RIGHT


def test_a_bare_function_gets_less_than_half_of_them_right() -> None:
    found = table()
    assert sum(found["by_the_domain"].values()) == sum(found["by_float"].values())
    for name in ("by_a_bare_function", "by_float"):
        assert sum(found[name].get(kind, 0) for kind in RIGHT) < 0.5 * len(cases())


def test_the_table_is_printed(capsys) -> None:
    main()
    assert "by the domain         100.0% right" in capsys.readouterr().out
