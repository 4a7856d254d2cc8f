"""`Engine(isolate="process")`: the same surface, programs in worker processes.

`run` and `eval` take a fresh worker and end it; `load` and `session` keep theirs as long as what they returned lives.
Everything that a program may reach is asked of this engine: its roots, its policy, its host functions, its clock.
"""

from __future__ import annotations

import os
import sys
from base64 import b64encode

import dana
from dana.diagnostics import Diagnostic
from dana.engine.engine import Engine
from dana.engine.loader import as_path, plain_lines
from dana.engine.reading import read_source
from dana.isolation import faults
from dana.isolation.conversation import Conversation
from dana.isolation.pool import Pool
from dana.isolation.process import CannotStart
from dana.isolation.values import HostCodec, RemoteFunction
from dana.resources import stdlib_path
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from dana.checker import Checked
    from dana.engine.limits import Limits
    from dana.isolation.walls import Walls

    Program = str | Source | os.PathLike[str]

LIMITS = ("steps", "wall_s", "depth", "memory_bytes", "output_bytes", "promises", "tokens", "usd")


class ProcessEngine(Engine):
    """An engine whose programs run in worker processes. Options and methods are those of `Engine`.

    `close` ends its workers, as does `with engine:` at its end and the end of the engine itself.
    """

    def __init__(self, **options: Any) -> None:
        if hasattr(self, "_pool"):
            return  # `Engine(isolate="process")` has made this engine already
        options.pop("isolate", None)
        super().__init__(**options)
        self._talks: set[Conversation] = set()
        # What `load` has loaded, by name: its path, and its text where it is no file. Sessions import it.
        self.sources: dict[str, tuple[str, bytes | None]] = {}
        self._walls: Walls | None = None
        engine_limits = self._memory_limit
        self._pool = Pool(engine_limits)
        self._fill()

    def _prepare(self) -> None:
        """Nothing: programs are stopped in their workers."""

    def _memory_limit(self) -> int | None:
        return self.limits.memory_bytes

    def close(self) -> None:
        """End all workers; what they held is gone."""
        self._pool.close()
        for talk in tuple(self._talks):
            talk.end()
        self._talks.clear()

    @property
    def isolation(self) -> Walls:
        """Which walls stand around this engine's workers. Raises `DanaError` when there can be none."""
        if self._walls is None:
            self._open().end()
        assert self._walls is not None
        return self._walls

    # --- conversations --------------------------------------------------------------------------

    def _open(self) -> Conversation:
        """A fresh worker for one program."""
        try:
            worker = self._pool.take()
        except CannotStart as problem:
            hint = "`dana doctor` tells what this machine offers"
            raise _fault("E720", f"programs cannot be isolated here: {problem}", hint) from None
        self._walls = worker.walls
        return Conversation(self, worker)

    def _fill(self) -> None:
        try:
            self._pool.fill()
        except CannotStart:
            return  # whoever needs a worker is told

    def setup(self, codec: HostCodec) -> dict[str, Any]:
        """What a worker must know of this engine."""
        policy = self.policy
        hosts = self._hosts.functions.values() if self._hosts is not None else ()
        return {
            "t": "engine",
            "stdlib": stdlib_path(),
            "folder": _here(),
            "limits": {name: getattr(self.limits, name) for name in LIMITS},
            "reads": self._read is not None,
            "clock": self._clock is not None,
            "seed": self._seed,
            "metered": self._metered,
            "events": self._events is not None,
            "hosts": [[f.name, codec.encode(f.type), f.is_async, f.writes] for f in hosts],
            "allow": policy.allow.to_data(),
            "deny": policy.deny.to_data(),
        }

    def drive(self, talk: Conversation, what: str, **details: Any) -> Any:
        """A request, waited for in this thread; on an event loop of its own when host functions need one."""
        hosts = self._hosts.functions.values() if self._hosts is not None else ()
        allow = self.policy.allow
        if not (allow.net or allow.run or allow.model or self.model or any(f.is_async for f in hosts)):
            return talk.request(what, **details)
        import asyncio

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(talk.request_later(what, **details))
        raise dana.UsageError("inside a running event loop use `await engine.arun(…)`, `aeval`, `aload` or `f.acall`")

    # --- running --------------------------------------------------------------------------------

    def run(self, program: Program, *, arguments: Mapping[str, Any] | None = None, name: str = "<text>") -> Any:
        talk, details = self._running_of(program, name, arguments)
        return self._once(talk, "run", details)

    async def arun(self, program: Program, *, arguments: Mapping[str, Any] | None = None, name: str = "<text>") -> Any:
        talk, details = await self._soon(self._running_of, program, name, arguments)
        return await self._once_later(talk, "run", details)

    def eval(self, program: Program, /, **names: Any) -> Any:
        talk, details = self._evaluation_of(program, names)
        return self._once(talk, "eval", details)

    async def aeval(self, program: Program, /, **names: Any) -> Any:
        talk, details = await self._soon(self._evaluation_of, program, names)
        return await self._once_later(talk, "eval", details)

    def _running_of(
        self, program: Program, name: str, arguments: Mapping[str, Any] | None
    ) -> tuple[Conversation, dict[str, Any]]:
        talk = self._open()
        details = self._described(talk, program, name)
        given = None if arguments is None else {k: talk.codec.encode(v) for k, v in arguments.items()}
        return talk, {**details, "arguments": given}

    def _evaluation_of(self, program: Program, names: Mapping[str, Any]) -> tuple[Conversation, dict[str, Any]]:
        talk = self._open()
        encoded = {k: talk.codec.encode(v) for k, v in names.items()}
        return talk, {**self._described(talk, program, "<eval>"), "names": encoded}

    async def _soon(self, action: Any, *args: Any) -> Any:
        """Do what may wait for a worker to start, beside the event loop."""
        import asyncio

        return await asyncio.get_running_loop().run_in_executor(None, action, *args)

    def _described(self, talk: Conversation, program: Program, name: str) -> dict[str, Any]:
        """A program for a worker: its text, or the path it may read."""
        if isinstance(program, Source):
            return {"path": "", "name": program.name, "text": program.text}
        path = as_path(program)
        if path is None:
            return {"path": "", "name": name, "text": plain_lines(str(program))}
        talk.answers.root = path
        talk.answers.readable.add(path)
        return {"path": path, "name": name, "text": ""}

    def _once(self, talk: Conversation, what: str, details: dict[str, Any]) -> Any:
        self._begun(talk)
        try:
            return talk.value(self.drive(talk, what, **details))
        finally:
            self._ended(talk)

    async def _once_later(self, talk: Conversation, what: str, details: dict[str, Any]) -> Any:
        self._begun(talk)
        try:
            return talk.value(await talk.request_later(what, **details))
        finally:
            self._ended(talk)

    def _begun(self, talk: Conversation) -> None:
        self._talks.add(talk)
        self._fill()

    def _ended(self, talk: Conversation) -> None:
        """A program is over. Its worker lives on only as long as somebody holds a function of it."""
        self._talks.discard(talk)
        if not talk.codec.lent:
            talk.end()

    # --- modules and sessions -------------------------------------------------------------------

    def load(self, program: Program, *, name: str = "") -> Any:
        talk, details = self._loading_of(program, name)
        return self._loaded_module(talk, details, self.drive(talk, "load", **details))

    async def aload(self, program: Program, *, name: str = "") -> Any:
        talk, details = await self._soon(self._loading_of, program, name)
        return self._loaded_module(talk, details, await talk.request_later("load", **details))

    def _loading_of(self, program: Program, name: str) -> tuple[Conversation, dict[str, Any]]:
        talk = self._open()
        is_text = isinstance(program, Source) or (isinstance(program, str) and "\n" in program)
        if not is_text and os.path.exists(program):  # type: ignore[arg-type]
            program = os.path.abspath(os.fspath(program))  # type: ignore[arg-type]
            talk.answers.root = program
            talk.answers.readable.add(program)
            return talk, {"path": program, "name": "", "text": "", "module": name}
        return talk, {**self._described(talk, program, f"<{name or 'module'}>"), "module": name}

    def _loaded_module(self, talk: Conversation, details: dict[str, Any], names: Any) -> RemoteModule:
        self._fill()
        stem = os.path.splitext(os.path.basename(details["path"] or details["name"]))[0].strip("<>")
        module = details["module"] or stem or "module"
        text = None if details["path"] else details["text"].encode("utf-8", "surrogatepass")
        self.sources[module] = details["path"] or details["name"], text
        return RemoteModule(talk, module, names)

    def session(self, name: str = "") -> Any:
        return RemoteSession(self._open(), name)

    def restore(self, snapshot: Mapping[str, Any]) -> Any:
        session = self.session()
        session._ask("session_restore", snapshot=session._talk.codec.encode(dict(snapshot)))
        return session

    def check(self, program: Program) -> list[Diagnostic]:
        """The findings, made in a worker: a text that is a trap for the compiler is one there."""
        if isinstance(program, Source):
            name, data = program.name, program.text.encode("utf-8", "surrogatepass")
        else:
            path = as_path(program)
            name = path or "<text>"
            data = plain_lines(str(program)).encode("utf-8", "surrogatepass") if path is None else _content(path)
        talk = self._open()
        if name.endswith(".na"):
            talk.answers.root = os.path.abspath(name)
            talk.answers.readable.add(talk.answers.root)
        self._begun(talk)
        try:
            found = self.drive(talk, "check", name=name, data=b64encode(data).decode())
            with talk._strictly():
                return faults.unpack_diagnostics(found)
        except dana.CompileError as error:
            return list(error.diagnostics)
        finally:
            self._ended(talk)

    def checked(self, program: Program) -> Checked:  # noqa: ARG002
        """Not to be had: the checker's tables stay in the worker. Raises `UsageError`."""
        raise dana.UsageError("an engine with isolate='process' has no `checked`; `check` gives the findings")

    def cancel(self, reason: str = "cancelled", *, of: Any = None) -> bool:
        talk = getattr(of, "_talk", None)
        talks = tuple(self._talks) if of is None else (talk,) if talk is not None else ()
        stopped = [each.cancel(reason) for each in talks]
        return any(stopped)

    # --- what programs say ----------------------------------------------------------------------

    def print(self, text: str) -> None:
        """What a program printed."""
        if self._on_print is not None:
            self._on_print(text)
        else:
            sys.stdout.write(text)

    def log(self, text: str) -> None:
        """What a program logged."""
        stream = self._stderr if self._stderr is not None else sys.stderr
        stream.write(text)


class RemoteModule:
    """A loaded module in a worker: its public names as attributes, its functions callable."""

    def __init__(self, talk: Conversation, name: str, names: Any) -> None:
        self._talk = talk
        self._name = name
        with talk._strictly():
            self._names = frozenset(str(n) for n in names)
        self._functions: dict[str, RemoteFunction] = {}

    def __getattr__(self, name: str) -> Any:
        kept = self.__dict__["_functions"].get(name)
        if kept is not None:
            return kept
        if name[:1] == "_":
            raise AttributeError(f"module {self._name!r} shows no {name!r}")
        talk = self._talk
        try:
            data = talk.engine.drive(talk, "get", name=name)
        except KeyError:
            from dana.diagnostics import suggest

            near = suggest(name, self._names)
            hint = f"; did you mean {near!r}?" if near else ""
            raise AttributeError(f"module {self._name!r} has no {name!r}{hint}") from None
        value = talk.value(data)
        if isinstance(value, RemoteFunction):
            self._functions[name] = value
        return value

    def __dir__(self) -> list[str]:
        return sorted(self._names)

    def __repr__(self) -> str:
        return f"<Dana module {self._name!r} in worker {self._talk.worker.pid}>"


class RemoteSession:
    """A session whose program lives in a worker. Values and names as in `Session`; the program itself stays there."""

    def __init__(self, talk: Conversation, name: str = "") -> None:
        self._talk = talk
        self.name = name

    def run(self, program: Program, *, name: str | None = None) -> Any:
        """Compile and execute one entry; its value is that of its last expression. Raises `DanaError`."""
        return self._ask("session_run", **_entry(program, name))

    async def arun(self, program: Program, *, name: str | None = None) -> Any:
        """`run` on the running event loop."""
        talk = self._talk
        return talk.value(await talk.request_later("session_run", **_entry(program, name)))

    def eval(self, program: Program, /, **names: Any) -> Any:
        """`run` with variables that are given first."""
        return self._ask("session_eval", **self._with(program, names))

    async def aeval(self, program: Program, /, **names: Any) -> Any:
        """`eval` on the running event loop."""
        talk = self._talk
        return talk.value(await talk.request_later("session_eval", **self._with(program, names)))

    def _with(self, program: Program, names: Mapping[str, Any]) -> dict[str, Any]:
        encode = self._talk.codec.encode
        return {**_entry(program, None), "names": {name: encode(value) for name, value in names.items()}}

    def snapshot(self) -> dict[str, Any]:
        """The state as plain data, for `engine.restore`. Raises `DanaError` (E546) for what has no such form."""
        found: dict[str, Any] = self._ask("session_snapshot")
        return found

    def _ask(self, what: str, **details: Any) -> Any:
        engine = self._talk.engine
        engine._talks.add(self._talk)
        try:
            return self._talk.value(engine.drive(self._talk, what, **details))
        finally:
            engine._talks.discard(self._talk)

    def names(self) -> list[str]:
        """The variables of the session, in the order of their definition."""
        return list(self._ask("session_names"))

    def __getitem__(self, name: str) -> Any:
        """The value of a variable. Raises `KeyError`."""
        return self._ask("session_get", name=name)

    def __setitem__(self, name: str, value: Any) -> None:
        """Give the session a variable."""
        self._ask("session_set", name=name, value=self._talk.codec.encode(value))

    def __delitem__(self, name: str) -> None:
        """Take a variable away. Raises `KeyError`."""
        self._ask("session_delete", name=name)

    def __contains__(self, name: str) -> bool:
        return name in self.names()

    def undo(self) -> Source | None:
        """Take back the last entry that bound a name; its source, or None."""
        undone = self._ask("session_undo")
        return None if undone is None else Source(str(undone[0]), str(undone[1]))

    def cancel(self, reason: str = "cancelled") -> bool:
        """Stop the entry that is running, from any thread; False when none is."""
        return self._talk.cancel(reason)

    @property
    def limits(self) -> Limits:
        """What one entry may use."""
        return self._talk.limits

    @property
    def steps_used(self) -> int:
        """Steps the last entry took, as the worker says."""
        return self._talk.steps

    def close(self) -> None:
        """End the program and its worker. Raises `DanaError` when a resource of it cannot be stopped."""
        try:
            if self._talk.worker.is_usable:
                self._ask("session_close")
        finally:
            self._talk.end()

    def __enter__(self) -> RemoteSession:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _entry(program: Program, name: str | None) -> dict[str, Any]:
    """An entry of a session for its worker: the host reads files."""
    if isinstance(program, Source):
        return {"text": program.text, "name": program.name}
    path = as_path(program)
    if path is None:
        return {"text": str(program), "name": name}
    source = read_source(path)
    return {"text": source.text, "name": name or path}


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # the folder is gone
        return os.sep


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _fault(code: str, message: str, hint: str) -> dana.RuntimeFault:
    return dana.RuntimeFault([Diagnostic(code, message, hint=hint)])
