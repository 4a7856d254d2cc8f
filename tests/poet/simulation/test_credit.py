"""Generated credit files have one truth, many writings, and nothing between."""

from __future__ import annotations

import pytest

from dana.poet.simulation.credit import FIELDS, files


def test_every_value_has_a_truth_or_is_refused():
    for file in files(300, 3):
        assert set(file.written) == set(FIELDS)
        assert set(file.truth) | file.refused == set(FIELDS)
        assert not set(file.truth) & file.refused
        assert file.estimated <= set(file.truth)


def test_truths_are_within_what_the_fields_can_be():
    for file in files(300, 4):
        assert 300 <= file.truth.get("credit_score", 300) <= 850
        assert 0 <= file.truth.get("annual_income", 0) <= 1e6
        assert 0 <= file.truth.get("debt_ratio", 0) <= 1
        assert 0 <= file.truth.get("employment_years", 0) <= 60


def test_files_repeat_themselves_and_are_written_in_many_ways():
    assert [file.written for file in files(50, 5)] == [file.written for file in files(50, 5)]
    assert len({type(file.written["annual_income"]) for file in files(200, 5)}) == 3
    assert len({str(file.written["debt_ratio"]) for file in files(300, 6)}) > 100


def test_shares_are_as_asked():
    plain = files(100, 7, refused=0.0, estimated=0.0)
    assert not [file for file in plain if file.refused or file.estimated]
    assert all(len(file.refused) == 4 for file in files(20, 7, refused=0.999, estimated=0.0))
    with pytest.raises(ValueError, match="shares that leave something"):
        files(1, 1, refused=0.6, estimated=0.5)
