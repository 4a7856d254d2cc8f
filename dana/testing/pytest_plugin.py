"""pytest collects Dana's tests: `pytest tests/` runs `test "name":` blocks and `test_*.na` beside Python's own.

Which files: `.na` files with test blocks, and `test_*.na`, `*_test.na`. Pages and docstrings are left to
`dana test`. The ini option `dana_tests = false` turns collecting off, `-p no:dana` the whole plug-in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dana.testing.outcome import EXAMPLE, FAILED, SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dana.testing.outcome import Case
    from dana.testing.session import Session


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--dana-update-snapshots`, `--dana-seed N`, and the ini option `dana_tests`."""
    group = parser.getgroup("dana")
    group.addoption("--dana-update-snapshots", action="store_true", help="write Dana's snapshots anew")
    group.addoption("--dana-seed", type=int, default=0, metavar="N", help="other random numbers for Dana's tests")
    parser.addini("dana_tests", "collect tests from .na files", type="bool", default=True)


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """A collector for a `.na` file that holds tests."""
    if file_path.suffix != ".na" or not parent.config.getini("dana_tests"):
        return None
    from dana.testing.discovery import is_test_program, mentions_test

    if not is_test_program(str(file_path)) and not mentions_test(file_path.read_bytes()):
        return None
    made: DanaFile = DanaFile.from_parent(parent, path=file_path)
    return made


class DanaFailure(Exception):
    """A failed case; its text is the finding as Dana renders it."""


class DanaFile(pytest.File):
    """One `.na` file."""

    session_of_file: Session

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each case. A file that cannot be compiled is a collection error that shows the findings."""
        from dana.errors import DanaError
        from dana.testing.session import Session
        from dana.testing.settings import Settings

        options = self.config.option
        settings = Settings(seed=options.dana_seed, update=options.dana_update_snapshots)
        self.session_of_file = Session(str(self.path), settings)
        try:
            cases = self.session_of_file.plan()
        except DanaError as error:
            raise self.CollectError(str(error)) from None
        for case in cases:
            if case.kind != EXAMPLE:
                yield DanaItem.from_parent(self, name=case.name, case=case)

    def teardown(self) -> None:
        """The file is done: its new snapshots are written."""
        self.session_of_file.snapshots.save(complete=False)


class DanaItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.case = case

    def runtest(self) -> None:
        """Run the case; what it printed is a report section of its own."""
        assert isinstance(self.parent, DanaFile)
        outcome = self.parent.session_of_file.run(self.case)
        if outcome.output:
            self.add_report_section("call", "stdout", outcome.output)
        if outcome.status == SKIPPED:
            pytest.skip(outcome.message)
        if outcome.status == FAILED:
            raise DanaFailure(outcome.message)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Dana's own words for Dana's failures."""
        if isinstance(excinfo.value, DanaFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the case begins."""
        return self.path, self.case.line - 1, self.name
