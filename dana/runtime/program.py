"""One run's state: `Program`, and a `ModuleRecord` per module.

    program = Program(meter=Meter(steps=…), output=sys.stdout.write)
    program.sources[source.name] = source
    record = program.module("__main__", "bill.na")
    program.meter.start(); exec(code, record.globals); program.meter.finish()
    program.close()                                  # stops resources

The engine provides what reaches outside: `loader` (imports), `output`, `read`, `log`, the clock. Nothing here
is global to the process.
"""

from __future__ import annotations

import sys
import time

from dana.runtime.families import complete, core, provide, provide_names
from dana.runtime.meter import Meter
from dana.runtime.modules import ModuleRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType
    from typing import Any

    from dana.policy import Policy
    from dana.runtime.effects.waiting import Waiting
    from dana.runtime.exceptions import Catching
    from dana.runtime.lock import ProgramLock
    from dana.runtime.permissions import Permissions
    from dana.runtime.scopes import Public, System
    from dana.runtime.structs import Printing
    from dana.runtime.typevalues import TypeValue
    from dana.source import Source

    Loader = Callable[[str, int, tuple[str, ...], bool, "ModuleRecord"], "ModuleRecord"]

DEFAULT_OUTPUT_LIMIT = None


class Program:
    """Everything one run of a program owns.

    `output(text)` prints, `read(prompt)` answers `input` (None: refused), `log(level, text)` takes log lines;
    `loader(name, level, path, python, importer)` finds, compiles and runs a module and returns its record.
    `policy` is what the program may reach, or a function that makes it at the first need (None: nothing is granted);
    `emit(kind, data)` is told what happens (None: nobody listens).
    `sources` maps the file names of Dana code objects to their sources: whose frames are Dana's is decided by it.
    """

    __slots__ = (
        "_ledger",
        "_log",
        "_output",
        "_output_left",
        "_policy",
        "_random",
        "agents",
        "borders",
        "builtins",
        "catching",
        "clock",
        "effectful",
        "emit",
        "enter_from_host",
        "families",
        "load_file",
        "loader",
        "lock",
        "memories",
        "memory_path",
        "meter",
        "modules",
        "open_ledger",
        "poet_profile",
        "poet_registry",
        "poet_store",
        "poet_watchers",
        "policy",
        "printing",
        "public",
        "read",
        "running",
        "secrets",
        "seed",
        "source",
        "sources",
        "stderr",
        "store",
        "system",
        "table",
        "tape",
        "types",
        "waiting",
    )

    # Parts that most programs do without are made when they are first asked for (`__getattr__`). `table` is what the
    # program's modules see as builtins, `builtins` the same dict once everything is in it.
    builtins: dict[str, Any]
    borders: dict[Any, Any]
    catching: Catching
    lock: ProgramLock
    policy: Permissions
    poet_registry: Any
    printing: Printing
    public: Public
    source: Callable[[Any], Any]
    system: System

    def __init__(
        self,
        *,
        meter: Meter | None = None,
        output: Callable[[str], object] | None = None,
        read: Callable[[str], str] | None = None,
        log: Callable[[str, str], object] | None = None,
        loader: Loader | None = None,
        clock: Any = time,
        stderr: Any = None,
        output_limit: int | None = DEFAULT_OUTPUT_LIMIT,
        seed: int | None = None,
        policy: Policy | Callable[[], Policy] | None = None,
        emit: Callable[[str, dict[str, Any]], object] | None = None,
    ) -> None:
        self.seed = seed
        # Where the ledger is kept ("sqlite:///PATH"; None: in memory), who opens it; which profile `@poet` takes.
        self.store: str | None = None
        self.poet_profile: str | None = None
        # Who is told of decorated functions and their calls (`dana.poet.exporters`).
        self.poet_watchers: list[Any] | None = None
        self.poet_store: str | None = None
        self.open_ledger: Callable[[Program], Any] | None = None
        self._ledger: Any = None
        # The file of agents' memories (None: they end with the program), the stores that are open; secrets it holds.
        self.memory_path: str | None = None
        self.memories: dict[str, Any] | None = None
        self.secrets: Any = None
        # What keeps, or gives again, all that the program is told (`dana.engine.taping`).
        self.tape: Any = None
        self._policy = policy
        self.emit = emit
        # Runs the module in a file that no import leads to, once (path, name).
        self.load_file: Callable[[str, str], ModuleRecord] | None = None
        # Whether the program holds effects, and what waits for them once one has begun.
        self.effectful = False
        self.waiting: Waiting | None = None
        # What the host does with a function of the program runs through this (`_Run.guarded`), once it is set.
        self.enter_from_host: Callable[[Callable[[], Any]], Any] | None = None
        self._random: Any = None
        # What runs the program's agents (`dana.agents.system`), once there is one.
        self.agents: Any = None
        self.clock = clock
        self.meter = meter if meter is not None else Meter(clock=clock.monotonic)
        self._output = output
        self._output_left = output_limit
        self.read = read
        self.stderr = stderr
        self._log = log if log is not None else self._to_stderr
        self.loader = loader
        self.sources: dict[str, Source] = {}
        self.modules: dict[str, ModuleRecord] = {}
        self.running: list[Any] = []
        self.types: dict[type, TypeValue] = {}
        self.families: set[Any] = set()
        self.table: dict[str, Any] = core(self)

    def __getattr__(self, name: str) -> Any:
        make = _PARTS.get(name)
        if make is None:
            raise AttributeError(name)
        made = make(self)
        setattr(self, name, made)
        return made

    @property
    def random(self) -> Any:
        """The program's own source of randomness (`random.Random`), repeatable when it has a seed."""
        if self._random is None:
            from random import Random

            self._random = Random(self.seed)  # noqa: S311  (dice, not secrets)
        return self._random

    @property
    def ledger(self) -> Any:
        """What happened, for the record (`dana.adaptive.ledger`); opened when something is first recorded.

        None without an engine that can open one. Raises `JournalError`.
        """
        if self._ledger is None and self.open_ledger is not None:
            self._ledger = self.open_ledger(self)
            if self._ledger is not None:
                self._ledger.trace_of = self._trace
                if self.secrets is not None:
                    from dana.runtime.secrets import hide

                    hide(self.secrets.texts(), self._ledger)
        return self._ledger

    def _trace(self) -> str:
        """What ties together the events of the running call, "" while nothing does."""
        call = self.meter._call
        return "" if call is None or self.meter._asleep else call.trace

    def module(
        self, name: str, file: str, code: CodeType | None = None, names: Iterable[str] | None = None
    ) -> ModuleRecord:
        """A new module, registered under its name; `code`, if given, is all that will run in it.

        `names` says what that code asks for, where it is known (`families.asked`).
        """
        if names is not None:
            provide_names(self, names)
        elif code is not None:
            provide(self, code)
        else:
            complete(self)
        record = ModuleRecord(self, name, file)
        self.modules[name] = record
        return record

    def write(self, text: str) -> None:
        """Print; raises the limit "output" when the program has printed enough."""
        if self._output_left is not None and not self._said(text):
            raise self.meter.stop("output")
        if self._output is not None:
            self._output(text)
        else:
            sys.stdout.write(text)

    @property
    def prints_on_terminal(self) -> bool:
        """Whether printed text goes straight to a terminal: nobody intercepts it, and stdout is one."""
        return self._output is None and sys.stdout is not None and sys.stdout.isatty()

    def log(self, level: str, text: str) -> None:
        """A log line of the program, or a warning about it; counts as output, and raises the limit "output" as well."""
        if self._output_left is not None and not self._said(text):
            raise self.meter.stop("output")
        self._log(level, text)

    def warn(self, text: str) -> None:
        """A warning that comes while no code of the program runs: where there is no room for it the stop begins, but is
        raised where the program goes on.
        """
        if self._output_left is None or self._said(text):
            self._log("warning", text)
        else:
            self.meter.stop("output")

    def _said(self, text: str) -> bool:
        """Count what is printed or logged; False where that is more than is left."""
        left = self._output_left
        assert left is not None
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        self._output_left = max(left - size, 0)
        return size <= left

    def _to_stderr(self, level: str, text: str) -> None:
        stream = self.stderr if self.stderr is not None else sys.stderr
        stream.write(f"{level}: {text}\n")

    def close(self, *, at_once: bool = False) -> list[BaseException]:
        """End the program: resources that still run are stopped, last started first; returns what failed.

        `at_once`: what its agents have been sent and not begun is not processed.
        """
        self.meter.closing()
        problems: list[BaseException] = []
        if self.agents is not None:
            problems += self.agents.close(at_once=at_once)
        if self.running:
            from dana.runtime.lifecycle import stop_all

            problems += stop_all(self.running)
        if self.waiting is not None:
            self.waiting.close()
        registry = getattr(self, "poet_registry", None)
        if registry is not None:
            registry.close()
        for memories in (self.memories or {}).values():
            try:
                memories.close()
            except OSError as error:
                problems.append(error)
        if self._ledger is not None:
            try:
                self._ledger.close()
            except Exception as error:  # noqa: BLE001  told with the other problems
                problems.append(error)
        return problems


def _builtins(program: Program) -> dict[str, Any]:
    complete(program)
    return program.table


def _catching(program: Program) -> Catching:
    from dana.runtime.exceptions import Catching

    return Catching(program)


def _lock(_program: Program) -> ProgramLock:
    from dana.runtime.lock import ProgramLock

    return ProgramLock()


def _printing(_program: Program) -> Printing:
    from dana.runtime.structs import Printing

    return Printing()


def _permissions(program: Program) -> Permissions:
    from dana.runtime.permissions import Permissions

    policy = program._policy
    return Permissions(program, policy() if callable(policy) else policy)


def _public(_program: Program) -> Public:
    from dana.runtime.scopes import Public

    return Public()


def _source(program: Program) -> Callable[[Any], Any]:
    from dana.runtime.iterators import bounded

    return bounded(program.meter.steps)


def _system(program: Program) -> System:
    from dana.runtime.scopes import System

    return System(program)


def _borders(_program: Program) -> dict[Any, Any]:
    return {}


_PARTS: dict[str, Callable[[Program], Any]] = {
    "borders": _borders,
    "builtins": _builtins,
    "catching": _catching,
    "lock": _lock,
    "policy": _permissions,
    "printing": _printing,
    "public": _public,
    "source": _source,
    "system": _system,
}
