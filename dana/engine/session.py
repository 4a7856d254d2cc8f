"""A program that is entered piece by piece and stays alive in between: `Engine.session()`.

Every entry is compiled on its own, with the names that exist so far known to the checker (as values of any
type, for a later entry may define them anew), and executed in the globals of one and the same module. So a
function that is defined again replaces the old one for everybody who calls it by name, while instances of a
struct that is defined again keep the class they were made with.

An entry that is refused changes nothing. One that fails while it runs keeps what it had assigned up to there,
as a program would; `undo` takes that back too. What is saved for `undo` is the namespace, not the objects in
it: an append to a list stays. Limits count per entry.
"""

from __future__ import annotations

from dana import abi
from dana.engine.engine import _Run
from dana.engine.limits import Limits
from dana.engine.loader import as_path, plain_lines
from dana.errors import CompileError, UsageError
from dana.runtime.families import provide_names
from dana.runtime.stops import CancelStop, ExitStop
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike
    from types import CodeType
    from typing import Any

    from dana.checker.model import Interface
    from dana.checker.types import Type
    from dana.engine.engine import Engine
    from dana.engine.finder import Finder
    from dana.engine.loader import Artefact
    from dana.runtime.modules import ModuleRecord
    from dana.runtime.program import Program

UNDO_MAX = 100
# Where the last results are kept: no names of the program that could be taken back.
_RESULTS = frozenset({".value", "_", "Out"})
# What every module has from the start.
_GIVEN = frozenset({"__builtins__", "__name__", "__file__"})


class Entry:
    """One piece of the program that ran: its source, and whether it ran to its end."""

    __slots__ = ("done", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.done = False


class Session:
    """One living program. Threads take turns; `cancel` is for any thread at any time.

    `entries` are the pieces that were executed, in order; `types` what the checker found out about the names
    they defined (functions have their signatures there); `exited` that a piece called `exit()`.

    The modules that `Engine.load` has loaded are there under their names. They are this session's own: compiled
    code is shared and nothing else, so each runs anew at its first use here, and what it assigns no other session,
    and no `Module` of the engine, ever sees. Policy, limits and host functions are the engine's.
    """

    def __init__(self, engine: Engine, name: str = "") -> None:
        self.name = name
        self._run = _Run(engine)
        self._run._shared = True
        self._run.loaded = engine._loaded
        self._run._loader.loaded = engine._loaded
        self._engine = engine
        self.program: Program = self._run.program
        self.record: ModuleRecord = self.program.module(self._run._name, "")
        self._run._records[""] = self.record
        self.entries: list[Entry] = []
        self.exited = False
        self._saved: list[_Mark] = []
        self._count = 0

    # --- running ----------------------------------------------------------------------------------

    def run(self, program: str | Source | PathLike[str], *, name: str | None = None) -> Any:
        """Compile and execute one entry; its value is that of its last expression, else None.

        It is a text, a path that ends in `.na`, or a `Source`; `name` is what diagnostics call a text. Raises
        `DanaError`; Ctrl-C (`KeyboardInterrupt`) inside the entry becomes `Cancelled` and says where it struck.
        """
        return self._run.crossing.out(self.enter(program, name=name))

    async def arun(self, program: str | Source | PathLike[str], *, name: str | None = None) -> Any:
        """`run` on the running event loop: while the entry waits for an effect, other tasks go on."""
        return await self._run.drive(lambda: self.run(program, name=name))

    def eval(self, program: str | Source | PathLike[str], /, **names: Any) -> Any:
        """`run`, after `names` have become variables of the session."""
        for each, value in names.items():
            self[each] = value
        return self.run(program)

    async def aeval(self, program: str | Source | PathLike[str], /, **names: Any) -> Any:
        """`eval` on the running event loop."""
        return await self._run.drive(lambda: self.eval(program, **names))

    def enter(self, program: str | Source | PathLike[str], *, name: str | None = None) -> Any:
        """`run`, with the value as the program has it: for a prompt, which knows how to handle those."""
        self._count += 1
        source = self._source(program, name or f"<repl:{self._count}>")
        artefact = self._compile(source)
        before = self.mark()
        self._saved.append(before)
        del self._saved[:-UNDO_MAX]
        entry = Entry(source)
        self.entries.append(entry)
        scope = self.record.globals
        scope.pop(".value", None)
        value = self.guarded(lambda: self._execute(artefact))
        entry.done = True
        self._learn(artefact, before)
        return value

    def _source(self, program: str | Source | PathLike[str], name: str) -> Source:
        if isinstance(program, Source):
            return program
        path = as_path(program)
        if path is None:
            return Source(name, plain_lines(str(program)))
        from dana.engine.reading import read_source

        return read_source(path)

    def _compile(self, source: Source) -> Artefact:
        from dana.checker.types import ANY

        known = dict.fromkeys(self.names(), ANY)
        artefact = self._run._loader.text(source, self._run._name, known=known)
        artefact.code = _apart(artefact.code, f":{self._count}")
        return artefact

    def _execute(self, artefact: Artefact) -> Any:
        self.program.sources[artefact.source.name] = artefact.source
        self._instantiate(artefact.code)
        provide_names(self.program, artefact.asked)
        exec(artefact.code, self.record.globals)  # noqa: S102  (the compiled entry; this is what running means)
        return self.record.globals.get(".value")

    def _instantiate(self, code: CodeType) -> None:
        """Make what an entry mentions of the loaded modules known to it, as builtins are."""
        loaded = self._engine._loaded
        if loaded:
            for name in sorted(_mentioned(code) & loaded.keys()):
                self.program.table[name] = self._run._instance(name).value

    def _learn(self, artefact: Artefact, before: _Mark) -> None:
        """Keep what the checker knows of the functions and types an entry defined."""
        from dana.checker.model import Interface

        scope = self.record.globals
        for name, found in Interface.from_data(artefact.interface).names.items():
            if found[0] in ("func", "type"):
                self.types[name] = found
            elif scope.get(name) is not before.names.get(name):
                self.types.pop(name, None)

    def guarded(self, action: Callable[[], Any]) -> Any:
        """Do something inside the session's limits, which count from here. Raises `DanaError`."""

        def interruptible() -> Any:
            try:
                return action()
            except KeyboardInterrupt as stopped:
                raise CancelStop("interrupted").with_traceback(stopped.__traceback__) from None
            except ExitStop:
                self.exited = True
                raise

        try:
            return self._run.guarded(interruptible)
        finally:
            while self.program.meter._nested:  # Ctrl-C struck between the entry and its end
                self.program.meter.finish()

    def cancel(self, reason: str = "cancelled") -> bool:
        """Stop the entry that is running, from any thread; False when none is."""
        return self.program.meter.cancel(reason)

    @property
    def types(self) -> dict[str, Type]:
        """What the checker found out about the functions and types that were defined."""
        return self._run.types

    # --- names ------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The variables of the session, in the order of their definition."""
        return [abi.demangle(n) for n in self.record.globals if n not in _GIVEN and n.isidentifier()]

    def __getitem__(self, name: str) -> Any:
        """The value of a variable, as Python gets it. Raises `KeyError`."""
        return self._run.crossing.out(self.value(name))

    def __setitem__(self, name: str, value: Any) -> None:
        """Give the session a variable. Raises `UsageError` for a name or a value no program can have."""
        if not abi.is_name(name) or name in _GIVEN:
            msg = f"a variable of a session is called like a variable of Dana, not {name!r}"
            raise UsageError(msg)
        value = self.guarded(lambda: self._run.crossing.into(value, name))
        self.bind(name, value)

    def __delitem__(self, name: str) -> None:
        """Take a variable away. Raises `KeyError`."""
        del self.record.globals[abi.variable(name)]
        self.types.pop(name, None)

    def value(self, name: str) -> Any:
        """The value of a variable as the program has it. Raises `KeyError`."""
        return self.record.globals[abi.variable(name)]

    def bind(self, name: str, value: Any) -> None:
        """Bind a variable to a value the program has already."""
        self.types.pop(name, None)
        self.record.globals[abi.variable(name)] = value

    def __contains__(self, name: str) -> bool:
        return abi.variable(name) in self.record.globals

    # --- taking back ------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """The session as plain data, for `json.dumps` and `Engine.restore`.

        Variables, the `public:` scope, and the definitions of functions, types and imports as they were written.
        Raises `DanaError` (E545) that names what has no such form.
        """
        from dana.engine.snapshots import taken

        return taken(self)

    def mark(self) -> _Mark:
        """The namespace as it is: which name is bound to which object. The objects themselves are not copied."""
        return _Mark(dict(self.record.globals), dict(self.program.public), dict(self.types), list(self.entries))

    def back(self, saved: _Mark) -> None:
        """Bind all names as they were when `saved` was taken."""
        for now, then in ((self.record.globals, saved.names), (self.program.public, saved.public)):
            now.clear()
            now.update(then)
        self._run.types = dict(saved.types)
        self.entries = list(saved.entries)
        self._saved = [s for s in self._saved if len(s.entries) < len(saved.entries)]

    def undo(self) -> Source | None:
        """Take back the last entry that bound a name; returns its source, or None when there is none."""
        while self._saved:
            saved = self._saved.pop()
            if saved.differs(self.record.globals, self.program.public):
                source = self.entries[len(saved.entries)].source
                self.back(saved)
                return source
        return None

    # --- limits and modules -----------------------------------------------------------------------

    @property
    def limits(self) -> Limits:
        """What one entry may use."""
        return self._engine.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._engine.limits = limits
        limits.hold(self.program.meter)

    @property
    def steps_used(self) -> int:
        """Steps the last entry took."""
        return self.program.meter.used

    @property
    def finder(self) -> Finder:
        """What finds modules for imports."""
        return self._run._loader.finder

    def interface(self, path: tuple[str, ...]) -> Interface | None:
        """What the module `a.b` offers to importers, without running it; None when there is none that compiles."""
        found = self.finder.find(0, path, False, "") if path else ""
        if isinstance(found, str):
            return None
        try:
            return self._run._loader.interface(found)
        except (CompileError, OSError):
            return None

    def files(self) -> list[str]:
        """The Dana modules that were imported from files."""
        return [key for key, record in self._run._records.items() if key and record.file.endswith(".na")]

    def reload(self) -> list[str]:
        """Read the imported modules again and run them in place; returns their files.

        Values that `from m import f` bound are bound anew. All modules are compiled before one runs: an
        error in one of them leaves everything as it is. Raises `DanaError`.
        """
        fresh = self._engine._loader("")
        files = [f for f in self.files() if not _is_stdlib(f)]
        made = [(f, fresh.file(f, self._run._records[f].name)) for f in files]
        self._run._loader = fresh
        for file, artefact in made:
            record = self._run._records[file]
            before = dict(record.globals)
            self.program.sources[artefact.source.name] = artefact.source
            provide_names(self.program, artefact.asked)
            self.guarded(lambda a=artefact, r=record: exec(a.code, r.globals))  # type: ignore[misc]  # noqa: S102
            self._rebind(before, record.globals)
        return files

    def _rebind(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Names of the session that held a module's old value get its new one."""
        renewed = {id(v): after[n] for n, v in before.items() if n.isidentifier() and after.get(n) is not v}
        scope = self.record.globals
        for name, value in list(scope.items()):
            if name.isidentifier() and name not in _GIVEN and id(value) in renewed:
                scope[name] = renewed[id(value)]

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Dana session {self.name!r}>" if self.name else "<Dana session>"

    def close(self) -> None:
        """End the program: its resources are stopped. Raises `DanaError` when one cannot be."""
        self._run.guarded(lambda: None, closes=True)


class _Mark:
    """What `Session.mark` saved."""

    __slots__ = ("entries", "names", "public", "types")

    def __init__(
        self, names: dict[str, Any], public: dict[str, Any], types: dict[str, Type], entries: list[Entry]
    ) -> None:
        self.names = names
        self.public = public
        self.types = types
        self.entries = entries

    def differs(self, names: Mapping[str, Any], public: Mapping[str, Any]) -> bool:
        """Whether a name is bound to another object than it was; results do not count."""
        pairs = ((self.names, names), (self.public, public))
        return any(
            n not in _RESULTS and (n not in then or n not in now or then[n] is not now[n])
            for then, now in pairs
            for n in then.keys() | now.keys()
        )


def _mentioned(code: CodeType) -> set[str]:
    """The names in a code object and in the ones inside it."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        each = waiting.pop()
        found.update(each.co_names)
        waiting += [c for c in each.co_consts if c.__class__ is code.__class__]
    return found


def _apart(code: CodeType, mark: str) -> CodeType:
    """The code of an entry, with its own names for the types of its annotations: entries share one namespace."""
    names = tuple(n + mark if n[:2] == ".T" and n[2:].isdigit() else n for n in code.co_names)
    inside = tuple(_apart(c, mark) if c.__class__ is code.__class__ else c for c in code.co_consts)
    return code.replace(co_names=names, co_consts=inside)


def _is_stdlib(file: str) -> bool:
    from os.path import dirname

    from dana.resources import stdlib_path

    return dirname(file) == stdlib_path()
