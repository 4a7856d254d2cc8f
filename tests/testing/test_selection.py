"""`-k EXPR`."""

from __future__ import annotations

import pytest

from dana.testing.discovery import fenced_blocks, mentions_test
from dana.testing.outcome import TEST, Case
from dana.testing.selection import Selection

CASE = Case("src/billing.na", "A total adds up", 1, TEST)


@pytest.mark.parametrize(
    "text",
    ["total", "TOTAL", "billing", "total and adds", "total adds", "nothing or total", "not nothing",
     "not (nothing or tax)", "(total)", "nothing and tax or total"],
)  # fmt: skip
def test_means_the_case(text: str) -> None:
    assert Selection(text).means(CASE)


@pytest.mark.parametrize("text", ["nothing", "not total", "total and nothing", "total nothing", "not (total or tax)"])
def test_does_not_mean_the_case(text: str) -> None:
    assert not Selection(text).means(CASE)


@pytest.mark.parametrize("text", ["", " ", "and", "total and", "(total", "total)", "not", "or total", "()"])
def test_a_text_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the text is shown by the command line)
        Selection(text)


@pytest.mark.parametrize("text", ['test "a":', "x = 1\ntest 'a':", '  test "a":', 'test r"a":'])
def test_a_file_with_a_test_block_is_found(text: str) -> None:
    assert mentions_test(text.encode())


@pytest.mark.parametrize("text", ["", "# a test 'x'", "test = 1", "test (1)", "latest 'a'", "print(test)"])
def test_a_file_without_one_is_not(text: str) -> None:
    assert not mentions_test(text.encode())


def test_blocks_keep_their_place_and_lose_their_indentation() -> None:
    (case,) = fenced_blocks("a.md", "one\n\n   ```dana\n   if x:\n       y\n\n   ```\n```python\nz\n```\n")
    assert (case.line, case.text) == (3, "if x:\n    y\n\n")


def test_a_block_can_show_blocks() -> None:
    page = '````\n```dana\nshown\n```\n````\n```dana\n"""\n    ```dana\n    ```\n"""\n```\n````dana\nx\n```\ny\n````\n'
    assert [(c.line, c.text) for c in fenced_blocks("a.md", page)] == [
        (6, '"""\n    ```dana\n    ```\n"""\n'),
        (12, "x\n```\ny\n"),
    ]
