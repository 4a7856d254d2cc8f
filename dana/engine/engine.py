"""`Engine`: runs programs. Everything a program touches belongs to its engine; nothing is global."""

from __future__ import annotations

import os
import time

import dana
from dana.compiler.cache import Cache, default_folder
from dana.engine.limits import Limits
from dana.engine.loader import Artefact, Loader
from dana.runtime.meter import Meter
from dana.runtime.modules import ModuleRecord
from dana.runtime.program import Program
from dana.runtime.stops import ExitStop, Stop
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeVar

    from dana.checker import Checked
    from dana.diagnostics import Diagnostic
    from dana.engine.finder import Found
    from dana.engine.hosting import HostFunctions
    from dana.engine.session import Session
    from dana.policy import Allow, Deny, Policy

    F = TypeVar("F", bound=Callable[..., Any])

PROGRAM = "__main__"


class Engine:
    """Compiles and runs Dana programs.

    `limits`: what one run may use (`Limits()` by default); `on_print`: receives printed text instead of
    stdout; `read`: answers `input(prompt)` (None: refused); `clock`: an object with `monotonic()`, `time()`,
    `sleep(s)`; `seed`: makes `random` repeatable; `roots`: folders searched for modules besides the
    program's own; `cache`: False compiles anew each time, a path keeps compiled modules there; `allow`, `deny`:
    what programs may reach (`dana.Allow`, `dana.Deny`): nothing by default, and deny wins; `policy`: instead
    of both, a ready `dana.Policy`, or a function that makes it at the first need.

    Each `run` is a program of its own: modules run afresh, scopes start empty (L11).
    """

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
    ) -> None:
        if policy is not None and (allow is not None or deny is not None):
            raise dana.UsageError("an Engine takes either policy=, or allow= and deny=")
        self.limits = limits if limits is not None else Limits()
        # What `exit(code)` said in the last run, None when it ended otherwise.
        self.exit_code: object = None
        # The meter of the program that was started last, for a timer of the host (`Meter.overdue`).
        self.meter: Meter | None = None
        self._on_print = on_print
        self._read = read
        self._clock = clock
        self._seed = seed
        self._stderr = stderr
        self._metered = metered
        self._allow = allow
        self._deny = deny
        self._given_policy = policy
        self._policy: Policy | None = None
        self._hosts: HostFunctions | None = None
        self._roots = [os.path.abspath(r) for r in roots or []]
        if isinstance(cache, Cache):
            self._cache = cache
        else:
            self._cache = Cache(default_folder() if cache is True else cache or None)

    @property
    def policy(self) -> Policy:
        """What the engine's programs may reach: made of `allow` and `deny`, at the first need."""
        if self._policy is None:
            from dana.policy import Policy

            given = self._given_policy
            made = given() if callable(given) else given
            self._policy = made if made is not None else Policy(self._allow, self._deny)
        return self._policy

    # --- running --------------------------------------------------------------------------------

    def run(
        self,
        program: str | os.PathLike[str],
        *,
        arguments: Mapping[str, Any] | None = None,
        name: str = "<text>",
    ) -> Any:
        """Run a program, a path ending in `.na` or the text itself, and return its value (L27).

        With `arguments` (also empty ones) its `def __main__(…)`, if there is one, is called with them
        afterwards and gives the value. Raises `DanaError`.
        """
        path = _as_path(program)
        if path is not None:
            return _Run(self, path=path).main(arguments)
        return _Run(self, text=Source(name, _lines(str(program)))).main(arguments)

    def eval(self, text: str, **names: Any) -> Any:
        """The value of a program text in which `names` are variables already: `eval("a + b", a=1, b=2)`."""
        return _Run(self, text=Source("<eval>", _lines(text)), names=names).main(None)

    def host(
        self,
        name: str,
        *,
        needs: Iterable[str] = (),
        writes: bool = False,
        timeout: float | None = None,
    ) -> Callable[[F], F]:
        """A decorator that makes a function of the host callable from programs, under `name` (`"crm.lookup"`)."""
        from dana.engine.hosting import HostFunction, HostFunctions

        def decorate(function: F) -> F:
            if self._hosts is None:
                self._hosts = HostFunctions()
            self._hosts.add(HostFunction(name, function, needs=needs, writes=writes, timeout=timeout))
            return function

        return decorate

    def session(self) -> Session:
        """A program that is entered piece by piece and stays alive in between, as at a prompt."""
        from dana.engine.session import Session

        return Session(self)

    def load(self, path: str | os.PathLike[str]) -> Module:
        """Run a file as a module and return it; its functions can be called from Python. Raises `DanaError`."""
        run = _Run(self, path=os.path.abspath(os.fspath(path)), name=_stem(os.fspath(path)))
        record = run.guarded(run.start)
        return Module(run, record)

    def check(self, program: str | Source | os.PathLike[str]) -> list[Diagnostic]:
        """Everything the compiler has to say about a program, warnings included; never raises a `DanaError`.

        Of the modules it imports, the errors that keep them from being compiled.
        """
        checked, broken = self._checked(program)
        return [*checked.diagnostics, *broken]

    def checked(self, program: str | Source | os.PathLike[str]) -> Checked:
        """What the checker found out about a program: the tables that lowering and editors read."""
        return self._checked(program)[0]

    def _checked(self, program: str | Source | os.PathLike[str]) -> tuple[Checked, list[Diagnostic]]:
        source = self._source(program)
        path = os.path.abspath(source.name) if source.name.endswith(".na") else ""
        return self._loader(path).check(source, PROGRAM, path)

    def _source(self, program: str | Source | os.PathLike[str]) -> Source:
        if isinstance(program, Source):
            return program
        path = _as_path(program)
        if path is None:
            return Source("<text>", _lines(str(program)))
        with open(path, "rb") as stream:
            from dana.parser import decode

            decoded = decode(stream.read(), path)
        return decoded if isinstance(decoded, Source) else Source(path, "")

    def _loader(self, path: str) -> Loader:
        root = os.path.dirname(path) if path else os.getcwd()
        return Loader([root, *self._roots], self._cache, metered=self._metered, hosts=self._hosts)


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
    ) -> None:
        limits = engine.limits
        clock = engine._clock or time
        engine.exit_code = None
        self._engine = engine
        self._path = path
        self._text = text
        self._name = name
        self._names = dict(names or {})
        self._loader = engine._loader(path)
        meter = engine.meter = limits.meter(clock.monotonic)
        self.program = Program(
            meter=meter,
            output=engine._on_print,
            read=engine._read,
            loader=self._import,
            clock=clock,
            stderr=engine._stderr,
            seed=engine._seed,
            output_limit=limits.output_bytes,
            policy=lambda: engine.policy,
        )
        _give_poet(self.program)
        if engine._hosts is not None:
            engine._hosts.install(self.program)
        self._records: dict[str, ModuleRecord] = {}

    def main(self, arguments: Mapping[str, Any] | None) -> Any:
        """Run the program; then `__main__`, when there are arguments for it."""

        def whole() -> Any:
            record = self.start()
            entry = record.globals.get("__main__")
            if arguments is not None and callable(entry):
                return entry(**arguments)
            if arguments:
                raise _no_main(arguments)
            return record.globals.get(".value")

        return self.guarded(whole, closes=True)

    def start(self) -> ModuleRecord:
        """Compile (or take from the cache) and execute the program's own module."""
        if self._text is not None:
            from dana.checker.types import ANY

            known = dict.fromkeys(self._names, ANY) or None
            artefact = self._loader.text(self._text, self._name, known=known)
        else:
            artefact = self._loader.file(self._path, self._name)
        return self._execute(artefact, self._path, self._names)

    def _execute(self, artefact: Artefact, key: str, names: Mapping[str, Any]) -> ModuleRecord:
        program = self.program
        program.sources[artefact.source.name] = artefact.source
        record = program.module(artefact.name, artefact.file, names=artefact.asked)
        record.globals.update(names)
        self._records[key] = record
        exec(artefact.code, record.globals)  # noqa: S102  (the compiled program; this is what running means)
        return record

    def _import(
        self, name: str, level: int, path: tuple[str, ...], python: bool, importer: ModuleRecord
    ) -> ModuleRecord:
        """`program.loader`: a module that is running or has run already, or run now (L25: once per program)."""
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
        if found.kind == "native":
            return self._native(found, key)
        if found.kind == "package":
            record = self._records[key] = self.program.module(found.name, found.path)
            return record
        return self._execute(self._loader.file(found.path, found.name), key, {})

    def _native(self, found: Found, key: str) -> ModuleRecord:
        """Curated Python behind a standard library module; it exists only for the importing stdlib file."""
        from importlib import import_module

        native = import_module(f"dana.runtime.{found.name}")
        needs = getattr(native, "NEEDS_PROGRAM", ())
        record = self._records[key] = ModuleRecord(self.program, found.name, "")
        for name, value in native.EXPORTS.items():
            record.globals[name] = value(self.program) if name in needs else value
        return record

    def guarded(self, action: Callable[[], Any], *, closes: bool = False) -> Any:
        """Do something inside the program's limits; whatever goes wrong leaves as a `DanaError`."""
        program = self.program
        program.meter.start()
        failed: BaseException | None = None
        try:
            value = action()
        except dana.DanaError:
            raise
        except (Exception, Stop) as error:  # noqa: BLE001  (the boundary: everything becomes a DanaError)
            failed = error
        finally:
            problems = program.close() if closes else []
            stop = program.meter.pending()
            program.meter.finish()
        if stop is not None and not isinstance(failed, Stop):
            failed = stop  # a `finally` threw it away or failed itself; the limit was reached all the same
        if failed is None and problems:
            failed = problems[0]
        if failed is not None:
            from dana.runtime.faults import diagnose

            fault = diagnose(failed, program)
            if fault is None:
                self._engine.exit_code = failed.code if isinstance(failed, ExitStop) else None
                return None
            raise fault from (failed if isinstance(failed, Exception) else None)
        return value


class Module:
    """A loaded Dana module: its public names as attributes, its functions callable from Python."""

    def __init__(self, run: _Run, record: ModuleRecord) -> None:
        self._run = run
        self._record = record

    def __getattr__(self, name: str) -> Any:
        scope = self._record.globals
        if name.startswith("_") or name not in scope or not name.isidentifier():
            from dana.diagnostics import suggest

            near = suggest(name, (n for n in scope if n.isidentifier() and n[0] != "_"))
            hint = f"; did you mean {near!r}?" if near else ""
            msg = f"module {self._record.name!r} has no {name!r}{hint}"
            raise AttributeError(msg)
        value = scope[name]
        if not callable(value) or isinstance(value, type):
            return value
        run = self._run

        def call(*args: Any, **keywords: Any) -> Any:
            return run.guarded(lambda: value(*args, **keywords))

        call.__name__ = name
        call.__doc__ = getattr(value, "__doc__", None)
        return call

    def __repr__(self) -> str:
        return f"<Dana module {self._record.name!r} from {self._record.file!r}>"


def _give_poet(program: Program) -> None:
    """`@poet` (L42), loaded by the first decorator that runs: most programs have none."""

    def native(_record: ModuleRecord | None, options: dict[str, Any]) -> Callable[[Any], Any]:
        from dana.poet.native import decorator

        return decorator(program, options)

    def poet(function: Any = None, /, **options: Any) -> Any:
        """Make a function reliable: `@poet`, or `@poet(retries=3, timeout=2.0)`; see the module `poet`."""
        made = native(None, options)
        return made if function is None else made(function)

    program.table[".poet"] = native
    program.table["poet"] = poet


def _no_main(arguments: Mapping[str, Any]) -> Exception:
    names = ", ".join(arguments)
    error = TypeError(f"this program takes no arguments, but was given {names}")
    error._hint = "declare them: def __main__(…)"  # type: ignore[attr-defined]
    return error


def _as_path(program: str | os.PathLike[str]) -> str | None:
    """The absolute path of a program given by name, or None for a program text."""
    if isinstance(program, str):
        if "\n" in program or not program.endswith(".na"):
            return None
        return os.path.abspath(program)
    if isinstance(program, os.PathLike):
        return os.path.abspath(os.fspath(program))
    msg = f"run takes a program text or a path, not {type(program).__name__}"  # type: ignore[unreachable]
    raise dana.UsageError(msg)


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
