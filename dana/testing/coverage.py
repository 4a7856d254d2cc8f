"""Which lines ran, with `dana test --cover`: Python's line tracing, for Dana's code alone.

Lines that can run are those the compiled code has instructions for; the tests themselves are left out.
"""

from __future__ import annotations

import sys

from dana.resources import stdlib_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType
    from typing import Any

    from dana.engine.loader import Loader

TESTS = 'test "'


class Coverage:
    """Collects lines while started; `covered` is the file's table, filled by `note`."""

    __slots__ = ("_before", "_covered", "_hit", "_library")

    def __init__(self, covered: dict[str, tuple[set[int], set[int]]]) -> None:
        self._covered = covered
        self._hit: dict[str, set[int]] = {}
        self._before: Any = None
        self._library = stdlib_path()

    def start(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._enter)

    def stop(self) -> None:
        sys.settrace(self._before)

    def _enter(self, frame: FrameType, _event: str, _argument: object) -> Any:
        file = frame.f_code.co_filename
        if not file.endswith(".na"):
            return None
        lines = self._hit.get(file)
        if lines is None:
            if file.startswith(self._library):
                return None
            lines = self._hit[file] = set()
        add = lines.add
        add(frame.f_lineno)

        def line(frame: FrameType, _event: str, _argument: object) -> Any:
            add(frame.f_lineno)
            return line

        return line

    def note(self, loader: Loader) -> None:
        """Add what ran to the table, with the lines that could have."""
        for file, hit in self._hit.items():
            known = self._covered.get(file)
            if known is None:
                artefact = loader._artefacts.get(file)
                if artefact is None:
                    continue
                known = self._covered[file] = (runnable(artefact.code, artefact.source, artefact.tests), set())
            known[1].update(hit & known[0])


def runnable(code: CodeType, source: Any, tests: tuple[Any, ...]) -> set[int]:
    """The lines a module has instructions for, without those of its tests."""
    left_out: set[int] = set()
    for _name, start, end in tests:
        left_out.update(range(source.line_column(start)[0], source.line_column(end)[0] + 1))
    lines = {line for each in _codes(code) for _, _, line in each.co_lines() if line and source.line(line).strip()}
    # Definitions without a place of their own are put at the first line.
    return {line for line in lines - left_out if not source.line(line).lstrip().startswith(("#", '"""'))}


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, type(code)) and not constant.co_name.startswith(TESTS):
            yield from _codes(constant)


def ranges(lines: set[int]) -> str:
    """Lines as people write them: `3, 7-9`."""
    parts: list[list[int]] = []
    for line in sorted(lines):
        if parts and line == parts[-1][1] + 1:
            parts[-1][1] = line
        else:
            parts.append([line, line])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
