"""One file's tests: compiled once, each case run in a program of its own."""

from __future__ import annotations

import os
from time import perf_counter

from dana.compiler.cache import Cache, default_folder
from dana.diagnostics import Diagnostic, render_all
from dana.engine.engine import PROGRAM, Engine, _Run
from dana.engine.limits import Limits
from dana.engine.loader import Loader
from dana.errors import DanaError
from dana.source import Source, Span
from dana.testing.clock import TestClock
from dana.testing.discovery import FENCE, fenced_blocks, is_test_program, mentions_test
from dana.testing.outcome import (
    BLOCK,
    EXAMPLE,
    FAILED,
    PASSED,
    SKIPPED,
    TEST,
    Case,
    FileResult,
    Outcome,
)
from dana.testing.outcome import (
    PROGRAM as WHOLE,
)
from dana.testing.probe import Probe
from dana.testing.snapshots import Snapshots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.engine.loader import Artefact
    from dana.runtime.modules import ModuleRecord
    from dana.testing.settings import Settings

# Without a limit on time: slept time counts for a test's deadlines, and a test may sleep for a day.
LIMITS = Limits(steps=100_000_000, wall_s=None)
EXPECT = "# expect:"
ERROR = "# error:"


class Printed:
    """What a case prints, on stdout and stderr alike; a text stream as far as programs need one."""

    __slots__ = ("parts",)

    closed = False

    def __init__(self) -> None:
        self.parts: list[str] = []

    def write(self, text: str) -> int:
        self.parts.append(text)
        return len(text)

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def isatty(self) -> bool:
        return False

    @property
    def text(self) -> str:
        return "".join(self.parts)


class Failure(Exception):
    """A case is wrong in a way that no exception of its program says."""


class Session:
    """The cases of one file. `plan()` lists them, `run(case)` runs one, `run_all()` those that are selected."""

    def __init__(self, file: str, settings: Settings) -> None:
        self.file = file
        self.path = os.path.abspath(file)
        self.settings = settings
        self.snapshots = Snapshots(self.path, update=settings.update, frozen=settings.frozen)
        self._cache = Cache(default_folder() if settings.cache else None)
        self._name = os.path.splitext(os.path.basename(file))[0]
        with open(self.path, "rb") as stream:
            self._data = stream.read()
        self._loader = self._fresh_loader(self.path)
        # Whose artefacts the last case ran.
        self._used = self._loader

    # --- what there is --------------------------------------------------------------------------

    def plan(self) -> list[Case]:
        """The file's cases, in the order of the text. Raises `DanaError` when it cannot be compiled."""
        blocks = fenced_blocks(self.file, self._text()) if FENCE.encode() in self._data else []
        if self.file.endswith(".md"):
            return blocks
        cases = list(blocks)
        if mentions_test(self._data):
            artefact = self._artefact()
            for number, (name, start, _end) in enumerate(artefact.tests):
                line = artefact.source.line_column(start)[0]
                cases.append(Case(self.file, name, line, TEST, number))
            cases.sort(key=lambda case: case.line)
        if is_test_program(self.file) and not any(case.kind == TEST for case in cases):
            cases.insert(0, Case(self.file, "the whole program", 1, WHOLE))
        return _told_apart(cases) or [Case(self.file, "the whole program", 1, WHOLE)]

    def _text(self) -> str:
        text = self._data.decode("utf-8-sig", "replace")
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text

    def _artefact(self) -> Artefact:
        """The file compiled with its tests; a fault of the compiler's own is a finding like any other (L47)."""
        run = self._run_of(Case(self.file, "", 1, WHOLE), Printed(), self._loader)
        artefact: Artefact = run.guarded(lambda: self._loader.file(self.path, self._name))
        return artefact

    def _fresh_loader(self, tested: str) -> Loader:
        roots = [os.path.dirname(self.path), *self.settings.roots]
        return Loader(roots, self._cache, metered=True, tested=tested, granted=self._granted)

    def _granted(self, name: str) -> bool:
        """Whether tests may import a Python module by its bare name (L25)."""
        policy = self.settings.policy
        return policy is not None and policy().permits("python", name)

    # --- running --------------------------------------------------------------------------------

    def run_all(self, begun: Callable[[str], object] | None = None) -> FileResult:
        """Run every case that is selected; a file that cannot be compiled is one failed case."""
        result = FileResult(self.file)
        try:
            cases = self.plan()
        except DanaError as error:
            result.outcomes.append(self._refused(error))
            return result
        selection = self.settings.selection
        chosen = cases if selection is None else [case for case in cases if selection.means(case)]
        for case in chosen:
            if begun is not None:
                begun(case.name)
            result.outcomes.append(self.run(case, result))
        try:
            result.snapshots = self.snapshots.save(complete=len(chosen) == len(cases))
        except OSError as problem:
            case = Case(self.file, "snapshots can be kept", 1, WHOLE)
            result.outcomes.append(
                Outcome(case, FAILED, 0.0, f"cannot write {self.snapshots.path}: {problem.strerror}")
            )
        return result

    def _refused(self, error: DanaError) -> Outcome:
        case = Case(self.file, "the file compiles", error.diagnostics[0].line or 1, WHOLE)
        return Outcome(case, FAILED, 0.0, render_all(error.diagnostics, colour=self.settings.colour))

    def run(self, case: Case, result: FileResult | None = None) -> Outcome:
        """Run one case in a program of its own."""
        printed = Printed()
        begin = perf_counter()
        status, message = PASSED, ""
        coverage = None
        if self.settings.cover and result is not None:
            from dana.testing.coverage import Coverage

            coverage = Coverage(result.covered)
        try:
            if coverage is not None:
                coverage.start()
            try:
                reason = RUNNERS[case.kind](self, case, printed)
            finally:
                if coverage is not None:
                    coverage.stop()
            if reason is not None:
                status, message = SKIPPED, reason
        except DanaError as error:
            for finding in error.diagnostics if case.text else ():
                _place_in_page(finding, case, self._text())
            status, message = FAILED, render_all(error.diagnostics, colour=self.settings.colour)
        except Failure as failure:
            status, message = FAILED, str(failure)
        if coverage is not None:
            coverage.note(self._used)
        return Outcome(case, status, perf_counter() - begin, message, printed.text)

    def _run_of(self, case: Case, printed: Printed, loader: Loader, name: str = "") -> _Run:
        clock = TestClock()
        engine = Engine(
            limits=LIMITS,
            on_print=printed.write,
            stderr=printed,
            clock=clock,
            seed=seed_of(self.settings.seed, case),
            roots=self.settings.roots,
            cache=self._cache,
            policy=self.settings.policy,
            model=_scripted(case.text or self._text()),
        )
        run = _Run(engine, path=self.path, name=name or self._name)
        run._loader = self._used = loader
        run.program.meter.clock = clock.metered
        return run

    def run_test(self, case: Case, printed: Printed) -> str | None:
        """A `test "name":` block: the module from its beginning, then the block."""
        return self._run_block(self._run_of(case, printed, self._loader), case, _Run.start)

    def _run_block(self, run: _Run, case: Case, start: Callable[[_Run], ModuleRecord]) -> str | None:
        probe = Probe(run.program, case, self.snapshots)

        def whole() -> None:
            record = start(run)
            if probe.function is not None:
                self._attempt(probe, probe.function, record)

        self._guarded(run, probe, whole)
        return probe.skipped

    def _attempt(self, probe: Probe, action: Callable[[], object], record: ModuleRecord) -> None:
        try:
            action()
        except AssertionError as error:
            error._told = probe.explain(error, record)  # type: ignore[attr-defined]
            raise
        finally:
            probe.finish()

    def _guarded(self, run: _Run, probe: Probe, action: Callable[[], object]) -> None:
        try:
            run.guarded(action, closes=True)
        except DanaError as error:
            notes = getattr(error.__cause__, "_told", ())
            finding = error.diagnostics[0]
            finding.notes = (*notes, *finding.notes)
            if finding.code == "E840":
                finding.hint = f"{TOLD_MODEL}; {finding.hint}" if finding.hint else TOLD_MODEL
            raise
        code = run._engine.exit_code
        if code is not None and probe.skipped is None and (probe.case.kind == TEST or code != 0):
            raise Failure(f"the program ended itself with exit({code!r})")

    def run_program(self, case: Case, printed: Printed) -> str | None:
        """A whole file, as `dana FILE` runs it; what it prints is compared with its `# expect:` comments."""
        loader = self._fresh_loader("")
        run = self._run_of(case, printed, loader, PROGRAM)
        probe = Probe(run.program, case, self.snapshots)

        def whole() -> None:
            record = run.start()
            entry = record.globals.get("__main__")
            if callable(entry):
                self._attempt(probe, entry, record)

        self._guarded(run, probe, whole)
        if probe.skipped is None:
            _compare_printed(self._text(), printed.text)
        return probe.skipped

    def run_fenced(self, case: Case, printed: Printed) -> str | None:
        """A block of a page: a program of its own in the page's folder, and the tests in it, if there are any."""
        expected = _marks(case.text, ERROR)
        if expected:
            self._compare_findings(case, printed, expected)
            return None
        loader = self._fresh_loader(self.path)
        artefact = loader.block(self.path, PROGRAM, case.text.encode("utf-8", "surrogatepass"))

        def start(run: _Run) -> ModuleRecord:
            return run._execute(artefact, self.path, {})

        skipped = self._run_block(self._run_of(case, printed, loader, PROGRAM), case, start)
        if skipped is not None:
            return skipped
        _compare_printed(case.text, printed.text)
        for number, (name, _start, _end) in enumerate(artefact.tests):
            again = Case(case.file, name, case.line, case.kind, number)
            self._run_block(self._run_of(again, printed, loader, PROGRAM), again, start)
        return None

    def run_example(self, case: Case, printed: Printed) -> str | None:
        """An example in a docstring: a program of its own that knows the module's public names."""
        from dana.checker.types import ANY
        from dana.runtime.modules import public_names

        run = self._run_of(case, printed, self._loader)
        probe = Probe(run.program, case, self.snapshots)
        source = Source(f"{self.path} (example)", case.text)

        def whole() -> None:
            record = run.start()
            printed.parts.clear()
            names = {name: record.globals[name] for name in public_names(record)}
            artefact = self._loader.text(source, PROGRAM, known=dict.fromkeys(names, ANY))
            run._execute(artefact, source.name, {}, names)

        self._guarded(run, probe, whole)
        if probe.skipped is None:
            _compare_printed(case.text, printed.text)
        return probe.skipped

    def _compare_findings(self, case: Case, printed: Printed, expected: list[tuple[int, str]]) -> None:
        """A block that shows a mistake is refused, or stopped, where and as it says."""
        loader = self._fresh_loader("")
        checked, broken = loader.check(Source(self.path, case.text), PROGRAM, self.path)
        wanted = {code for _, code in expected}
        found = [d for d in [*checked.diagnostics, *broken] if d.is_error or d.code in wanted]
        if not any(d.is_error for d in found):
            artefact = loader.block(self.path, PROGRAM, case.text.encode("utf-8", "surrogatepass"))
            run = self._run_of(case, printed, loader, PROGRAM)
            try:
                self._run_block(run, case, lambda run: run._execute(artefact, self.path, {}))
            except DanaError as error:
                found += error.diagnostics
        got = sorted({(d.line, d.code) for d in found})
        if got != sorted(set(expected)):
            raise Failure(_findings_differ(expected, got, found))


RUNNERS: dict[str, Callable[[Session, Case, Printed], str | None]] = {
    TEST: Session.run_test,
    WHOLE: Session.run_program,
    BLOCK: Session.run_fenced,
    EXAMPLE: Session.run_example,
}


def _told_apart(cases: list[Case]) -> list[Case]:
    """Cases of the same name are numbered, so that selections, reports and snapshots know them apart."""
    seen: dict[str, int] = {}
    for case in cases:
        count = seen[case.name] = seen.get(case.name, 0) + 1
        if count > 1:
            case.name += f" ({count})"
    return cases


def seed_of(seed: int, case: Case) -> int:
    """A case's own seed, so that its chance does not depend on which other cases run."""
    from _blake2 import blake2b

    text = f"{seed}\0{os.path.basename(case.file)}\0{case.name}"
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big")


def _marks(text: str, mark: str) -> list[tuple[int, str]]:
    """The texts after a mark, with their lines; `# error: E201, E202` are two."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        _before, marked, rest = line.partition(mark)
        if marked:
            found += [(number, code.strip()) for code in rest.split(",")]
    return found


def _compare_printed(text: str, printed: str) -> None:
    """What was printed is what `# expect:` comments say, if there are any."""
    expected = [rest.removeprefix(" ") for _, marked, rest in (s.partition(EXPECT) for s in text.split("\n")) if marked]
    expected = [line.rstrip() for line in expected]
    got = [line.rstrip() for line in printed.split("\n")]
    if got and not got[-1]:
        got.pop()
    if not expected or got == expected:
        return
    from difflib import unified_diff

    lines = [line for line in list(unified_diff(expected, got, n=2, lineterm=""))[2:] if line[:2] != "@@"]
    raise Failure("what is printed is not what `# expect:` says: should be (-), is (+)\n  " + "\n  ".join(lines))


def _place_in_page(finding: Diagnostic, case: Case, page: str) -> None:
    """Let a finding in a block point into the file the block stands in; a block's own lines count from 1."""
    if finding.source is None or finding.span is None or finding.source.text != case.text:
        return
    line, column = finding.source.line_column(finding.span[0])
    shown = Source(case.file, page)
    indent = len(shown.line(case.line)) - len(shown.line(case.line).lstrip())
    start = shown.offset(case.line + line, 0) + (indent + column - 1 if shown.line(case.line + line) else 0)
    finding.span = Span(start, start + finding.span[1] - finding.span[0])
    finding.source = shown


def _findings_differ(expected: list[tuple[int, str]], got: list[tuple[int, str]], found: list[Diagnostic]) -> str:
    missing = [f"line {line}: {code} was expected" for line, code in expected if (line, code) not in got]
    rendered = render_all([d for d in found if (d.line, d.code) not in expected])
    return "\n".join(["the findings are not those the block names", *missing, *([rendered] if rendered else [])])


# What a test has instead of a model that is configured.
TOLD_MODEL = "in a test, a line `# model: REPLY` in the file is what a model answers, one for each question"


def _scripted(text: str) -> Any:
    """The model that a program with `# model: REPLY` comments asks: it gives these replies, in order (L41)."""
    if "# model: " not in text:
        return None
    from dana.models import Scripted

    return Scripted([_reply(line[9:]) for line in text.split("\n") if line.startswith("# model: ")])


def _reply(said: str) -> Any:
    """One reply: a text, or `{"tool_calls": […]}`, which asks for tools."""
    if said.startswith('{"tool_calls"'):
        import json

        try:
            return json.loads(said)
        except ValueError:
            return said
    return said.replace("\\n", "\n")
