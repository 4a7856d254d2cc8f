"""What a running test can reach beyond its program: the seam behind the standard library's `testing`.

builtins[".test"]      the number of the test block this run is for
builtins[".testing"]   the decorator that hands its function over
builtins[".told"]      what a failing assertion compared, as its message
builtins[".probe"]     this object, for `natives.testing`
"""

from __future__ import annotations

from dana.abi import demangle
from dana.runtime.modules import ModuleValue
from dana.runtime.stops import ExitStop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.modules import ModuleRecord
    from dana.runtime.program import Program
    from dana.testing.outcome import Case
    from dana.testing.snapshots import Snapshots

MAX_SHOWN = 600
MAX_DIFFERENCES = 12


class Told(str):
    """An assertion's message that remembers what was compared."""

    __slots__ = ("left", "names", "operator", "right")

    left: Any
    # The variables that the assertion mentions besides its sides.
    names: tuple[str, ...]
    operator: str
    right: Any


def told(operator: str, left: object, right: object, message: object, names: tuple[str, ...] = ()) -> Told:
    """`.told`: the message of an assertion, empty when the program gave none."""
    made = Told("" if message is None else str(message))
    made.operator = operator
    made.left = left
    made.right = right
    made.names = names
    return made


class Probe:
    """One case at work."""

    __slots__ = ("_exits", "_snapshots", "_taken", "case", "function", "program", "skipped")

    def __init__(self, program: Program, case: Case, snapshots: Snapshots) -> None:
        self.program = program
        self.case = case
        self.function: Callable[[], object] | None = None
        self.skipped: str | None = None
        self._snapshots = snapshots
        self._taken: dict[str, int] = {}
        self._exits: list[Callable[[], object]] = []
        program.table.update({".test": case.number, ".testing": self._keep, ".told": told, ".probe": self})

    def _keep(self, function: Callable[[], object]) -> Callable[[], object]:
        self.function = function
        return function

    # --- what `testing` offers ------------------------------------------------------------------

    def on_exit(self, action: Callable[[], object]) -> None:
        """`action` is called when the case is over, however it ends; the last one first."""
        self._exits.append(action)

    def skip(self, reason: str) -> None:
        """Ends the case: it counts as skipped."""
        self.skipped = reason
        raise ExitStop(0)

    def advance(self, seconds: float) -> None:
        """Lets the test's clock go on."""
        self.program.clock.sleep(seconds)

    def snapshot(self, value: object, name: str = "") -> None:
        """The value looks as it did when its snapshot was taken."""
        count = self._taken[name] = self._taken.get(name, 0) + 1
        parts = (self.case.name, name, str(count) if count > 1 else "")
        label = " ".join(" ".join(part.split()) for part in parts if part)
        text = value if isinstance(value, str) else pretty(value, self.program)
        before = self._snapshots.compare(label, text)
        if before is None:
            return
        error = AssertionError(told("==", text, before, f"not as in its snapshot {label!r}"))
        error._code = "E608"  # type: ignore[attr-defined]
        raise error

    def finish(self) -> None:
        """Call what waits for the end; the first failure is raised when all have been called."""
        failed: Exception | None = None
        while self._exits:
            try:
                self._exits.pop()()
            except Exception as error:  # noqa: BLE001  (raised below: one failure does not keep the others from running)
                failed = failed or error
        if failed is not None:
            raise failed

    # --- what a failed assertion says -------------------------------------------------------------

    def explain(self, error: AssertionError, record: ModuleRecord) -> list[str]:
        """Notes that show what was compared, and where it differs."""
        made = error.args[0] if error.args else None
        if not isinstance(made, Told):
            return []
        return [*self._compared(made, record), *self._variables(made, error)]

    def _compared(self, made: Told, record: ModuleRecord) -> list[str]:
        if not made.operator:
            return [] if isinstance(made.left, bool) else [f"the value is {self._shown(made.left)}"]
        if made.operator == "==" and isinstance(made.left, str) and isinstance(made.right, str):
            return _texts(made.left, made.right) or self._sides(made)
        notes = self._sides(made)
        if made.operator == "==" and isinstance(made.left, _PARTED + _structs(self.program)):
            notes += self._differences(made, record)
        return notes

    def _variables(self, made: Told, error: AssertionError) -> list[str]:
        """What the variables in the assertion hold, functions and modules apart."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        scope = trace.tb_frame.f_locals if trace is not None else {}
        found = [(demangle(name), scope[name]) for name in made.names if name in scope]
        lines = [f"{name} = {self._shown(value)}" for name, value in found if _is_data(value)]
        return ["where " + "\n      ".join(lines)] if lines else []

    def _sides(self, made: Told) -> list[str]:
        return [f"left:  {self._shown(made.left)}\nright: {self._shown(made.right)}"]

    def _differences(self, made: Told, record: ModuleRecord) -> list[str]:
        """The places where two values differ, found by the standard library's `differences`."""
        assert self.program.loader is not None
        library = self.program.loader("testing", 0, ("testing",), False, record)
        lines = library.globals["differences"](made.left, made.right)
        surplus = len(lines) - MAX_DIFFERENCES
        shown = lines[:MAX_DIFFERENCES] + ([f"and {surplus} more"] if surplus > 0 else [])
        return ["\n".join(shown)] if shown else []

    def _shown(self, value: object) -> str:
        text: str = self.program.builtins["repr"](value)
        return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _is_data(value: object) -> bool:
    return not callable(value) and not isinstance(value, ModuleValue)


_PARTED = (list, tuple, dict, set, frozenset)


def _structs(_program: Program) -> tuple[type, ...]:
    from dana.runtime.structs import Struct

    return (Struct,)


def _texts(left: str, right: str) -> list[str]:
    """How two texts of several lines differ, line by line."""
    if "\n" not in left and "\n" not in right:
        return []
    from difflib import unified_diff

    lines = list(unified_diff(right.split("\n"), left.split("\n"), n=2, lineterm=""))[2:]
    shown = [line for line in lines if not line.startswith("@@")] or lines
    return ["what there should be (-) and what there is (+)\n" + "\n".join(shown[:60])]


WIDTH = 72


def pretty(value: Any, program: Program, indent: str = "") -> str:
    """A long value over several lines, one for each part, so that a change of one part changes one line."""
    from dana.runtime.structs import Struct

    inner = indent + "  "
    show: Callable[[object], str] = program.builtins["repr"]
    line = show(value)
    if len(line) + len(indent) <= WIDTH:
        return line
    if isinstance(value, dict):
        parts = [f"{show(key)}: {pretty(each, program, inner)}" for key, each in value.items()]
        return "{\n" + "".join(f"{inner}{part},\n" for part in parts) + indent + "}"
    if isinstance(value, list):
        return "[\n" + "".join(f"{inner}{pretty(each, program, inner)},\n" for each in value) + indent + "]"
    if isinstance(value, Struct):
        fields: dict[str, Any] = value.to_dict()
        name = line.partition("(")[0]
        parts = [f"{key}={pretty(each, program, inner)}" for key, each in fields.items()]
        return f"{name}(\n" + "".join(f"{inner}{part},\n" for part in parts) + indent + ")"
    return line
