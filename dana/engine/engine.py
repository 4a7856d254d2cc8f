"""`Engine`: runs programs. Everything a program touches belongs to its engine; nothing is global."""

from __future__ import annotations

import os
import time
from _weakref import ref

import dana
from dana.compiler.cache import Cache, default_folder
from dana.engine.limits import Limits
from dana.engine.loader import Artefact, Loader, as_path, plain_lines
from dana.runtime.meter import Meter
from dana.runtime.modules import ModuleRecord
from dana.runtime.program import Program
from dana.runtime.stops import Stop
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
    from typing import Any, Self, TypeVar

    from dana.checker import Checked
    from dana.checker.model import Interface
    from dana.checker.types import Type
    from dana.diagnostics import Diagnostic
    from dana.engine.convert import Crossing
    from dana.engine.events import Event, Events
    from dana.engine.hosting import HostFunctions
    from dana.engine.models import Models
    from dana.engine.module import Module
    from dana.engine.replaying import Player, Replayed
    from dana.engine.session import Session
    from dana.engine.taping import Recorder
    from dana.isolation.walls import Walls
    from dana.poet.exporters.base import Exporter
    from dana.policy import Allow, Deny, Policy

    F = TypeVar("F", bound=Callable[..., Any])

PROGRAM = "__main__"
# What crosses between Python and a program as it is; the rest is for `dana.engine.convert`.
SCALARS = frozenset({type(None), bool, int, float, complex, str, bytes})


class Engine:
    """Compiles and runs Dana programs.

    `limits`: what one run may use (`Limits()` by default); `on_print`: receives printed text instead of
    stdout; `read`: answers `input(prompt)` (None: refused); `clock`: an object with `monotonic()`, `time()`,
    `sleep(s)`; `seed`: makes `random` repeatable; `roots`: folders searched for modules besides the
    program's own; `cache`: False compiles anew each time, a path keeps compiled modules there; `allow`, `deny`:
    what programs may reach (`dana.Allow`, `dana.Deny`): nothing by default, and deny wins; `policy`: instead
    of both, a ready `dana.Policy`, or a function that makes it at the first need.

    `allow`, `deny` (`dana.Allow`, `dana.Deny`): what programs may reach, nothing by default; `model` and `store`:
    who answers `reason`, and where what happened is kept (a name, or for `model` a function); `record`: True keeps the
    events (`events`), the path of a ledger also what a `replay` of each run needs; `memory`: the file in which agents
    remember (without one they do so until the program ends); `isolate`: "process" runs programs
    in a worker process. Unknown options are a `UsageError`.

    Each `run` is a program of its own: modules run afresh, scopes start empty (L11).
    """

    def __new__(cls, *_args: Any, isolate: str | None = None, **options: Any) -> Any:
        if isolate is None or isolate == "confine":
            return object.__new__(cls)
        from dana.engine.options import isolated

        return isolated(isolate, options)

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        on_print: Callable[[str], object] | None = None,
        read: Callable[[str], str] | None = None,
        clock: Any = None,
        seed: int | None = None,
        roots: list[str] | None = None,
        cache: bool | str | Cache = True,
        stderr: Any = None,
        metered: bool = True,
        allow: Allow | None = None,
        deny: Deny | None = None,
        policy: Policy | Callable[[], Policy] | None = None,
        model: Any = None,
        store: str | None = None,
        memory: str | None = None,
        record: bool | str = False,
        isolate: str | None = None,  # noqa: ARG002  (read by `__new__`)
        **unknown: Any,
    ) -> None:
        if unknown or model is not None or store is not None:
            from dana.engine.options import validated

            validated(unknown, model, store)
        # What is plainly right is settled here: `options` is not loaded when a program starts.
        functions = {"on_print": on_print, "read": read, "policy": policy}
        given: dict[str, Any] = {
            name: value for name, value in functions.items() if value is not None and not callable(value)
        }
        others: dict[str, Any] = {
            "clock": clock, "seed": seed, "roots": roots, "allow": allow, "deny": deny, "memory": memory,
        }  # fmt: skip
        given |= {name: value for name, value in others.items() if value is not None}
        if limits is not None and limits.__class__ is not Limits:
            given["limits"] = limits
        if given:
            from dana.engine.options import sound

            sound(given)
        if policy is not None and (allow is not None or deny is not None):
            raise dana.UsageError("an Engine takes either policy=, or allow= and deny=")
        self.limits = limits if limits is not None else Limits()
        if limits is not None and (limits.wall_s is not None or limits.memory_bytes is not None):
            self._prepare()
        # What `exit(code)` said in the last run, None when it ended otherwise.
        self.exit_code: object = None
        # The meter of the program that was started last, for a timer of the host (`Meter.overdue`).
        self.meter: Meter | None = None
        self._on_print = on_print
        self._read = read
        self._clock = clock
        self._seed = seed
        # The modules `load` has loaded, by name.
        self._loaded: dict[str, _Run] = {}
        self._stderr = stderr
        self._metered = metered
        self._allow = allow
        self._deny = deny
        self._given_policy = policy
        self._policy: Policy | None = None
        # Who answers `reason`, and where what happened is kept.
        self.model = model
        self._models: Models | None = None
        # What `dana.toml` says under [model], for the command line.
        self.model_table: Callable[[], Mapping[str, Any] | None] | None = None
        self.store = store
        # The profile of functions decorated with `@poet` that name none (P41).
        self.poet_profile: str | None = None
        # Where what is learnt about them is kept when `store` does not say ("auto": in `.poet`, where there is one).
        self.poet_store: str | None = None
        # The file of what agents remember ("auto": the one of the project; None: it ends with the program).
        self.agent_memory = memory
        self._hosts: HostFunctions | None = None
        self._alive: dict[int, ref[_Run]] = {}
        self._events: Events | None = None
        self._runs = 0
        # Exporters of what decorated functions do (`observe`).
        self._watchers: list[Any] = []
        self._approver: Callable[[Any], Any] | None = None
        # Makes the tape of a run that is recorded, or repeated (`taping`).
        self._taping: Callable[[Engine], Any] | None = None
        if record:
            from dana.engine.events import Events

            self._events = Events(keep=True)
            if isinstance(record, str):
                from dana.engine.taping import recorder

                self._taping = recorder(record)
        self._roots = [os.path.abspath(r) for r in roots or []]
        if isinstance(cache, Cache):
            self._cache = cache
        else:
            self._cache = Cache(default_folder() if cache is True else cache or None)

    def _prepare(self) -> None:
        """Load what it takes to stop a run, before there is one."""
        from dana.runtime.watchdog import WATCHDOG

        WATCHDOG.prepare()

    @property
    def policy(self) -> Policy:
        """What the engine's programs may reach: made of `allow` and `deny`, at the first need."""
        if self._policy is None:
            from dana.policy import Policy

            given = self._given_policy
            made = given() if callable(given) else given
            self._policy = made if made is not None else Policy(self._allow, self._deny)
        return self._policy

    @property
    def models(self) -> Models:
        """Who answers `reason` of this engine's programs; opened at the first question."""
        if self._models is None:
            from dana.engine.models import Models

            self._models = Models(self.model, clock=self._clock, table=self.model_table)
        return self._models

    # --- running --------------------------------------------------------------------------------

    def run(
        self,
        program: str | Source | os.PathLike[str],
        *,
        arguments: Mapping[str, Any] | None = None,
        name: str = "<text>",
    ) -> Any:
        """Run a program, a path ending in `.na`, the text itself or a `Source`, and return its value (L27).

        With `arguments` (also empty ones) its `def __main__(…)`, if there is one, is called with them
        afterwards and gives the value. Raises `DanaError`.
        """
        return self._started(program, name).main(arguments)

    async def arun(
        self,
        program: str | Source | os.PathLike[str],
        *,
        arguments: Mapping[str, Any] | None = None,
        name: str = "<text>",
    ) -> Any:
        """`run` on the running event loop: while the program waits for an effect, other tasks go on."""
        run = self._started(program, name)
        return await run.drive(lambda: run.main(arguments))

    def eval(self, program: str | Source | os.PathLike[str], /, **names: Any) -> Any:
        """The value of a program in which `names` are variables already: `eval("a + b", a=1, b=2)`."""
        return self._started(program, "<eval>", names).main(None)

    async def aeval(self, program: str | Source | os.PathLike[str], /, **names: Any) -> Any:
        """`eval` on the running event loop."""
        run = self._started(program, "<eval>", names)
        return await run.drive(lambda: run.main(None))

    def _started(
        self, program: str | Source | os.PathLike[str], name: str, names: Mapping[str, Any] | None = None
    ) -> _Run:
        tape = None if self._taping is None else self._taping(self)
        if isinstance(program, Source):
            return _Run(self, text=program, names=names, tape=tape)
        path = as_path(program)
        if path is not None:
            return _Run(self, path=path, names=names, tape=tape)
        return _Run(self, text=Source(name, plain_lines(str(program))), names=names, tape=tape)

    def host(
        self,
        name: str,
        *,
        needs: Iterable[str] = (),
        writes: bool = False,
        timeout: float | None = None,
    ) -> Callable[[F], F]:
        """A decorator that makes a function of the host callable from programs, under `name` (`"crm.lookup"`)."""
        from dana.engine.hosting import adding

        return adding(self, name, needs=needs, writes=writes, timeout=timeout)

    def session(self, name: str = "") -> Session:
        """A program that is entered piece by piece and stays alive in between, as at a prompt.

        `name` is for people. As a context manager it is closed at the end.
        """
        from dana.engine.session import Session

        return Session(self, name)

    def restore(self, snapshot: Mapping[str, Any]) -> Session:
        """A new session as another one was when its `snapshot()` was taken. Raises `DanaError` (E546)."""
        from dana.engine.snapshots import restored

        return restored(self, snapshot)

    def load(self, program: str | Source | os.PathLike[str], *, name: str = "") -> Module:
        """Run a file, a text or a `Source` as a module and return it; Python can call its functions.

        Sessions of this engine find it under its name: the file's, or `name`. Raises `DanaError`.
        """
        from dana.engine.module import Module, loading

        run = loading(self, program, name)
        module = Module(run, run.guarded(run.start))
        self._loaded[run._name] = run
        return module

    async def aload(self, program: str | Source | os.PathLike[str], *, name: str = "") -> Module:
        """`load` on the running event loop, for modules whose own lines wait for effects."""
        from dana.engine.module import Module, loading

        run = loading(self, program, name)
        module = Module(run, await run.drive(lambda: run.guarded(run.start)))
        self._loaded[run._name] = run
        return module

    def replay(self, path: str, run: str = "") -> Replayed:
        """Repeat a run that an engine with `record=PATH` recorded (the latest, if none is named), touching nothing.

        The same functions of the host must be known here; they are not called. The result is true when everything
        happened again as it was recorded, else its `departure` says where not. Raises
        `dana.engine.replaying.NotRecordedError` and `dana.adaptive.journal.JournalError`.
        """
        from dana.engine.replaying import replay

        return replay(self, path, run)

    def explain(self, name: str) -> str:
        """What the decorated function of a loaded module is set to, has done and has learnt, and why, in lines.

        `name`: "module.function", or the function alone where only one loaded module has it. Raises `UsageError`.
        """
        from dana.engine.reading import decorated
        from dana.poet.explaining import explain

        return explain(decorated(self._loaded, name))

    # --- from outside ---------------------------------------------------------------------------

    def cancel(self, reason: str = "cancelled", *, of: Any = None) -> bool:
        """Stop what is running, from any thread; False when nothing was.

        Everything of this engine, or with `of` only the calls of one `Module`, function or session.
        """
        run = getattr(of, "_run", None)
        runs = [each() for each in list(self._alive.values())] if of is None else [run]
        stopped = [each.program.meter.cancel(reason) for each in runs if each is not None]
        return any(stopped)

    @property
    def isolation(self) -> Walls | None:
        """Which walls stand around the worker processes of `isolate="process"`; None where programs run in this one."""
        return None

    def close(self) -> None:
        """End what the engine keeps outside this process: its workers, if any. The end of a `with` block does it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def events(self, pattern: str = "*") -> list[Event]:
        """The kept events, in order, of kinds like `"effect.*"`. Raises `UsageError` without `record=True`."""
        return self._listened().matching(pattern)

    def on_event(self, listener: Callable[[Event], object], pattern: str = "*") -> Callable[[], None]:
        """Call `listener` with each event of programs started from now on; returns a function that ends it."""
        if not callable(listener):
            raise dana.UsageError(f"on_event takes a function that is called with each event, not {listener!r}")
        return self._listened().listen(pattern, listener)

    def watch(self, pattern: str = "*") -> AsyncIterator[Event]:
        """`async for event in engine.watch("host.call")`: events of programs started from now on."""
        from dana.engine.events import watch

        return watch(self._listened(), pattern)

    def observe(self, exporter: Exporter) -> None:
        """Have the decorated functions of programs started from now on observed (`dana.poet.exporters`)."""
        if not callable(getattr(exporter, "decorated", None)):
            raise dana.UsageError(f"observe takes an exporter of dana.poet.exporters, not {exporter!r}")
        self._watchers.append(exporter)

    def on_approval(self, handler: Callable[[Any], Any]) -> None:
        """Decide about dangerous tools of agents: `handler(call)` gives True, other arguments or why not; or awaits."""
        self._approver = handler

    def _listened(self) -> Events:
        if self._events is None:
            from dana.engine.events import Events

            self._events = Events(keep=False)
        return self._events

    def check(self, program: str | Source | os.PathLike[str]) -> list[Diagnostic]:
        """Everything the compiler has to say about a program, warnings included; never raises a `DanaError`.

        Of the modules it imports, the errors that keep them from being compiled; a file that cannot be read is
        a finding too.
        """
        from dana.engine.reading import findings

        return findings(self, program)

    def checked(self, program: str | Source | os.PathLike[str]) -> Checked:
        """What the checker found out about a program: the tables that lowering and editors read."""
        from dana.engine.reading import checked

        return checked(self, program)[0]

    def _loader(self, path: str) -> Loader:
        root = os.path.dirname(path) if path else os.getcwd()
        return Loader(
            [root, *self._roots],
            self._cache,
            metered=self._metered,
            hosts=self._hosts,
            granted=lambda name: self.policy.permits("python", name),
        )


class _Run:
    """One program: its loader, its `Program`, and the boundary where exceptions become `DanaError`s."""

    def __init__(
        self,
        engine: Engine,
        *,
        path: str = "",
        text: Source | None = None,
        name: str = PROGRAM,
        names: Mapping[str, Any] | None = None,
        tape: Recorder | Player | None = None,
    ) -> None:
        limits = engine.limits
        clock: Any = engine._clock or time
        engine.exit_code = None
        engine._runs += 1
        emit = None if engine._events is None else engine._events.emitter(engine._runs)
        self._engine = engine
        self._path = path
        self._text = text
        self._name = name
        self._names = dict(names or {})
        # For sessions: what the checker knows of their definitions, and the modules their engine has loaded.
        self.types: dict[str, Type] = {}
        self.loaded: Mapping[str, _Run] | None = None
        self._crossing: Crossing | None = None
        # Whether others may enter the program while it runs.
        self._shared = bool(names) or engine._hosts is not None
        alive, key = engine._alive, id(self)
        alive[key] = ref(self, lambda _gone: alive.pop(key, None))
        self._interfaces: dict[str, Interface] = {}
        self._loader = engine._loader(path)
        meter = engine.meter = limits.meter(clock.monotonic if tape is None else tape.meter_clock)
        output, read, seed = engine._on_print, engine._read, engine._seed
        if tape is not None:
            clock, seed, output, read = tape.clock, tape.seed, tape.printing(output), tape.reading(read)
        if emit is not None:
            from dana.engine.events import telling

            output = telling(emit, output)
        self.program = Program(
            meter=meter,
            output=output,
            read=read,
            loader=self._import,
            clock=clock,
            stderr=engine._stderr,
            seed=seed,
            output_limit=limits.output_bytes,
            policy=lambda: engine.policy,
            emit=emit,
        )
        self.program.enter_from_host = self.guarded
        self.program.load_file = self._file
        self.program.store, self.program.poet_profile = engine.store, engine.poet_profile
        self.program.poet_store, self.program.memory_path = engine.poet_store, engine.agent_memory
        self.program.poet_watchers = engine._watchers if tape is None else [*engine._watchers, tape]
        _give_poet(self.program)
        _give_reason(self, engine)
        if engine._approver is not None:
            self.program.table[".approver"] = engine._approver
        _give_later(self.program)
        if tape is not None:
            self.program.tape, self.program.open_ledger = tape, tape.open_ledger
        if engine._hosts is not None:
            engine._hosts.install(self)
        self._records: dict[str, ModuleRecord] = {}
        self._artefacts: dict[str, Artefact] = {}

    def main(self, arguments: Mapping[str, Any] | None) -> Any:
        """Run the program; then `__main__`, when there are arguments for it."""
        tape = self.program.tape
        return self._main(arguments) if tape is None else tape.whole(self, arguments, self._main)

    def _main(self, arguments: Mapping[str, Any] | None) -> Any:
        def whole() -> Any:
            record = self.start()
            entry = record.globals.get("__main__")
            if arguments is not None and callable(entry):
                return entry(**self._crossed(arguments))
            if arguments:
                from dana.engine.ending import no_main

                raise no_main(arguments)
            return record.globals.get(".value")

        value = self.guarded(whole, closes=True)
        return value if value.__class__ in SCALARS else self.crossing.out(value)

    def start(self) -> ModuleRecord:
        """Compile (or take from the cache) and execute the program's own module."""
        if self._text is not None:
            from dana.checker.types import ANY

            known = dict.fromkeys(self._names, ANY) or None
            artefact = self._loader.text(self._text, self._name, known=known, entry=True)
        else:
            try:
                artefact = self._loader.file(self._path, self._name, entry=True)
            except OSError as error:
                from dana.engine.reading import unreadable

                raise unreadable(self._path, error) from error
        return self._execute(artefact, self._path, self._names)

    def _execute(
        self, artefact: Artefact, key: str, names: Mapping[str, Any], own: Mapping[str, Any] | None = None
    ) -> ModuleRecord:
        """Run a module that knows `names`, values of the host, and `own`, values of this program."""
        program = self.program
        program.sources[artefact.source.name] = artefact.source
        if program.tape is not None:
            program.tape.module(artefact.name, artefact.source)
        record = program.module(artefact.name, artefact.file, names=artefact.asked)
        if names:
            record.globals.update(self._crossed(names))
        if own:
            record.globals.update(own)
        self._records[key] = record
        self._artefacts[artefact.name] = artefact
        exec(artefact.code, record.globals)  # noqa: S102  (the compiled program; this is what running means)
        return record

    def _import(
        self, name: str, level: int, path: tuple[str, ...], python: bool, importer: ModuleRecord
    ) -> ModuleRecord:
        """`program.loader`: a module that is running or has run already, or run now (L25: once per program)."""
        if self.loaded is not None and level == 0 and name in self.loaded:
            return self._instance(name)
        found = self._loader.finder.find(level, path, python, importer.file)
        if isinstance(found, str):
            error = ImportError(f"no module `{name}`")
            error._code = "E616"  # type: ignore[attr-defined]
            error._hint = found  # type: ignore[attr-defined]
            error._missing = name  # type: ignore[attr-defined]
            raise error
        key = found.path or found.name
        known = self._records.get(key)
        if known is not None:
            return known
        if found.kind in ("native", "curated", "python"):
            from dana.engine.importing import special

            return special(self.program, self._records, found, key)
        if found.kind == "package":
            record = self._records[key] = self.program.module(found.name, found.path)
            return record
        if self.program.emit is not None:
            self.program.emit("import", {"module": found.name})
        return self._execute(self._loader.file(found.path, found.name), key, {})

    def _file(self, path: str, name: str) -> ModuleRecord:
        """`program.load_file`: the module in a file, checked and run like others. Raises `CompileError`, `OSError`."""
        known = self._records.get(path)
        return self._execute(self._loader.file(path, name), path, {}) if known is None else known

    def _instance(self, name: str) -> ModuleRecord:
        """The program's own instance of a module that `Engine.load` has loaded; only its code is shared."""
        assert self.loaded is not None
        artefact = self.loaded[name]._artefacts[name]
        key = artefact.file or f"<loaded {name}>"
        known = self._records.get(key)
        return self._execute(artefact, key, {}) if known is None else known

    @property
    def crossing(self) -> Crossing:
        """Conversion between the program's values and Python's."""
        if self._crossing is None:
            from dana.engine.convert import Crossing

            self._crossing = Crossing(self)
        return self._crossing

    def _crossed(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        if not hasattr(values, "values"):
            raise dana.UsageError(f"arguments= takes a dict from names to values, not {values!r}")
        if all(v.__class__ in SCALARS for v in values.values()):
            return values
        return {name: self.crossing.into(value, name) for name, value in values.items()}

    def interface_of(self, module: str) -> Interface | None:
        """What the checker knows of a module of this program."""
        known = self._interfaces.get(module)
        if known is None and module in self._artefacts:
            from dana.checker.model import Interface

            known = self._interfaces[module] = Interface.from_data(self._artefacts[module].interface)
        return known

    def drive(self, action: Any, args: tuple[Any, ...] | None = None, keywords: Any = None) -> Coroutine[Any, Any, Any]:
        """Do something that enters the program, on the running event loop. Raises `UsageError` without greenlet."""
        from dana.runtime.effects import bridge

        if not bridge.AVAILABLE:
            raise dana.UsageError("asynchronous calls need the package greenlet, which is not installed")
        return bridge.drive(self.program, action, args, keywords)

    def guarded(self, action: Callable[..., Any], args: tuple[Any, ...] = (), *, closes: bool = False) -> Any:
        """Do something inside the program's limits; whatever goes wrong leaves as a `DanaError`.

        One thread at a time (L37). A program that nobody else can have got hold of needs no lock.
        """
        program = self.program
        lock = program.lock if not closes or self._shared else None
        if lock is not None:
            lock.acquire()
        meter = program.meter
        emit = program.emit
        if emit is not None and not meter.is_running():
            emit("run.start", {"name": self._name})
        meter.start()
        failed: BaseException | None = None
        passed: Exception | None = None
        value = None
        hurried = False
        try:
            # Spread arguments take half a KiB of the C stack, which a call that waits keeps.
            value = action(args[0]) if len(args) == 1 else action() if not args else action(*args)
        except (dana.DanaError, dana.UsageError) as error:
            passed = error
        except (Exception, Stop) as error:  # noqa: BLE001  (the boundary: everything becomes a DanaError)
            failed = error
        except BaseException:  # Ctrl-C: whoever presses it waits for nobody
            hurried = True
            raise
        finally:
            problems = program.close(at_once=hurried) if closes else ()
            stop = meter.pending()
            steps = meter.used if emit is not None else 0
            meter.finish()
            if lock is not None:
                lock.release()
        if failed is None and passed is None and stop is None and emit is None and not problems:
            return value
        from dana.engine.ending import concluded

        return concluded(self, value, failed, passed, stop, steps, problems)


def _give_poet(program: Program) -> None:
    """`@poet` (L42), loaded by the first decorator that runs: most programs have none."""

    def native(
        record: ModuleRecord | None, options: dict[str, Any], facts: Any = None, *learnables: Any
    ) -> Callable[[Any], Any]:
        from dana.poet.native import decorator

        return decorator(program, options, facts, None if record is None else record.globals, *learnables)

    def about(what: str, *arguments: Any) -> Any:
        from dana.poet import native

        return getattr(native, what)(program, *arguments)

    program.open_ledger = _open_ledger
    program.table[".about_poet"] = about
    program.table[".poet"] = native


def _give_reason(run: _Run, engine: Engine) -> None:
    """`reason` (L38) finds its model through the engine; nothing is loaded before it asks."""
    run.program.table[".open_reasoning"] = lambda _program: engine.models.reasoning(run)

    def schemas(workflow: Any) -> Any:
        from dana.engine.signatures import schemas_of

        return schemas_of(run, workflow)

    run.program.table[".schemas_of"] = schemas


def _give_later(program: Program) -> None:
    """Agents (L43) and what `use` connects to (L26): nothing is loaded before a program names one of them."""

    def opener(module: str, name: str) -> Callable[[Program], Any]:
        def opened(program: Program) -> Any:
            from importlib import import_module

            return getattr(import_module(module), name)(program)

        return opened

    program.table[".open_agents"] = opener("dana.agents.blueprint", "table")
    program.table[".open_actions"] = opener("dana.agents.actions", "functions")
    program.table[".open_use"] = opener("dana.mcp.using", "using")


def _open_ledger(program: Program) -> Any:
    from dana.poet.observing import opened

    return opened(program.store, program.clock, lambda _level, text: program.warn(text))
