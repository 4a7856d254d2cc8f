"""The invoices example: good rows count, bad rows are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dana.__main__ import main

INVOICES = Path(__file__).resolve().parents[2] / "examples" / "invoices"


@pytest.fixture
def run(capsys):
    def run(*words: str) -> tuple[int, str, str]:
        status = main([str(INVOICES / "main.na"), *words])
        return status, *capsys.readouterr()

    return run


def test_good_rows_are_counted_and_bad_rows_explained(run) -> None:
    status, out, err = run(f"invoices=@{INVOICES / 'invoices.csv'}")
    assert (status, err) == (0, "")
    assert (
        out
        == """\
EUR    2 invoices     1,289.90
USD    2 invoices     3,750.50
GBP    1 invoices     1,000.00
5 good invoices, together 5,900.36 EUR

7 rows need attention:
  line  5: the amount 'n/a' is not a number; correct the cell
  line  6: currency missing; add what belongs there
  line  7: the date '12.01.2024' is not written as year-month-day; correct the cell
  line  9: the amount '-15.00' is not above zero; correct the cell
  line 11: unknown currency 'BTC'; use one of EUR, USD, GBP
  line 12: invoice 2024-002 was in line 3 already; renumber one of them
  line 13: customer missing; add what belongs there
"""
    )


def test_strict_stops_at_the_first_bad_row(run) -> None:
    status, out, err = run(f"invoices=@{INVOICES / 'invoices.csv'}", "strict=yes")
    assert (status, out) == (1, "")
    assert "BadRow" in err
    assert "'n/a' is not a number" in err
    assert "main.na:" in err
    assert "Traceback" not in err


def test_another_file_is_refused_with_the_columns_expected(run) -> None:
    status, _out, err = run(f"invoices=@{INVOICES / 'README.md'}")
    assert status == 1
    assert "expected the columns number, date, customer, amount, currency" in err
