"""The host's answers to a worker's questions: the only way anything reaches the world outside a worker.

Questions come from a list; their parts are checked as data of a stranger: a module's file is read only after this
engine's own finder has named it, a host function is called only by a name the engine registered, an object of the
host only by a number this worker was given.
"""

from __future__ import annotations

import os
import time
from itertools import islice

from dana.engine.convert import original
from dana.engine.hostcalls import written
from dana.errors import UsageError
from dana.isolation import faults
from dana.isolation.values import Record, Stream
from dana.isolation.wire import WireError, items_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task
    from collections.abc import Iterator
    from typing import Any

    from dana.engine.engine import _Run
    from dana.engine.finder import Finder
    from dana.isolation.conversation import Conversation

MOST_PENDING = 10_000
MOST_STREAMS = 256
# Agents that make agents that make agents.
MOST_BOUNDS = 100
STREAM_BATCH = 64
LARGEST_MODULE = 4 << 20
REACHING = ("files", "http", "process", "reason")


def _cancelled(name: str) -> Exception:
    """The failure of an asynchronous host function that somebody in the host cancelled."""
    from dana.runtime.effects.promises import Start, cancelled

    return cancelled(Start(_cancelled.__code__, 0, name))


class Answers:
    """Answers for one conversation; `loop` is where asynchronous host functions run, if anywhere."""

    def __init__(self, conversation: Conversation) -> None:
        self._talk = conversation
        self.loop: AbstractEventLoop | None = None
        self.raised: dict[int, BaseException] = {}
        self.readable: set[str] = set()
        self._folders: set[str] = set()
        self._finders: dict[str, Finder] = {}
        self._tasks: dict[int, Task[None]] = {}
        self._streams: dict[int, Iterator[Any]] = {}
        self._natives: dict[tuple[str, str], Any] = {}
        self._functions: dict[str, Any] = {}
        self._run: _Run | None = None
        self.root = ""

    def ask(self, message: dict[str, Any]) -> None:
        """Answer a question, now or when a host function has finished."""
        number, what = message.get("id"), message.get("what")
        if number.__class__ is not int or what.__class__ is not str or what not in _QUESTIONS:
            raise self._talk.broken(f"it asked {str(what)[:40]!r}")
        with self._talk._strictly():
            action, is_async = _QUESTIONS[what](self, message)
            if "bounds" in message:
                action = self._bounded(message["bounds"], action, is_async=is_async)
        if is_async:
            self._begin(number, action, str(message.get("name", what)))
            return
        try:
            value = action()
        except Exception as error:  # noqa: BLE001  (whatever a host function raises is the program's to handle)
            self._raised(number, error)
            return
        self._answered(number, value)

    def _bounded(self, data: Any, action: Any, *, is_async: bool) -> Any:
        """What an agent asks for may do less than its program."""
        from dana.runtime.narrowing import BOUNDS, Bounds, within

        if data.__class__ is not list or not 0 < len(data) <= MOST_BOUNDS:
            raise WireError("the bounds of an agent are broken")
        try:
            bounds = Bounds.from_data(data)
        except (UsageError, ValueError, TypeError) as problem:
            raise WireError("the bounds of an agent are broken") from problem
        self.run.program.policy.bounds = BOUNDS.get
        if not is_async:
            return lambda: within(bounds, action)

        async def bounded() -> Any:
            token = BOUNDS.set(bounds)
            try:
                return await action()
            finally:
                BOUNDS.reset(token)

        return bounded

    def _answered(self, number: int, value: Any) -> None:
        try:
            if self._run is not None:
                value = self._run.crossing.out(value)
            self._talk.answer({"t": "answer", "id": number, "value": self._talk.codec.encode(value)})
        except WireError as problem:
            self._raised(number, TypeError(f"{problem} cannot be handed to a program in a worker"))

    def _raised(self, number: int, error: BaseException) -> None:
        self.raised[number] = original(error)
        if len(self.raised) > MOST_PENDING:
            del self.raised[next(iter(self.raised))]
        self._talk.answer({"t": "answer", "id": number, "raised": faults.pack_exception(error, number)})

    # --- asynchronous host functions --------------------------------------------------------------

    def _begin(self, number: int, action: Any, name: str) -> None:
        if len(self._tasks) >= MOST_PENDING:
            self._raised(number, RuntimeError("too many questions are open at a time"))
            return
        if self.loop is None:  # nothing asynchronous is offered or granted: what is asked for is refused at once
            self._alone(number, action, name)
            return
        self._tasks[number] = self.loop.create_task(self._finish(number, action, name))

    def _alone(self, number: int, action: Any, name: str) -> None:
        import asyncio

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            self._raised(number, RuntimeError("inside a running event loop use `await engine.arun(…)`"))
            return
        try:
            value = asyncio.run(action())
        except asyncio.CancelledError:
            self._raised(number, _cancelled(name))
        except Exception as error:  # noqa: BLE001  (see `ask`)
            self._raised(number, error)
        else:
            self._answered(number, value)

    async def _finish(self, number: int, action: Any, name: str) -> None:
        from asyncio import CancelledError

        try:
            value = await action()
        except CancelledError:
            if number not in self._tasks:
                raise
            self._raised(number, _cancelled(name))  # not by the program, which waits
        except Exception as error:  # noqa: BLE001  (see `ask`)
            self._raised(number, error)
        else:
            self._answered(number, value)
        finally:
            self._tasks.pop(number, None)
        self._talk._wake()

    def forget(self, number: Any) -> None:
        """The program no longer waits for a host function: it is cancelled."""
        task = self._tasks.pop(number, None) if number.__class__ is int else None
        if task is not None:
            task.cancel()

    def end_tasks(self) -> None:
        """Nobody waits any more."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        self.loop = None

    # --- host functions -------------------------------------------------------------------------

    def _arguments(self, message: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        codec = self._talk.codec
        keywords = message["keywords"]
        if keywords.__class__ is not dict:
            raise WireError("keywords are broken")
        return items_of(codec, message["args"], 0), {k: codec.decode(v) for k, v in keywords.items()}

    def _host(self, message: dict[str, Any]) -> tuple[Any, bool]:
        hosts = self._talk.engine._hosts
        found = hosts.functions.get(message["name"]) if hosts is not None else None
        if found is None:
            raise WireError("it called a host function there is not")
        args, keywords = self._arguments(message)
        parameters = list(found.signature.parameters) if found.signature is not None else []
        for index, name in enumerate(parameters[: len(args)]):
            if name in found.hints:
                args[index] = _as_data(args[index])
        keywords = {k: _as_data(v) if k in found.hints else v for k, v in keywords.items()}
        function = self._functions.get(found.name)
        if function is None:
            function = self._functions[found.name] = written(found, self.run)
        return lambda: function(*args, **keywords), found.is_async

    def _held(self, message: dict[str, Any]) -> tuple[Any, bool]:
        number = message["name"]
        if number.__class__ is not int or number not in self._talk.codec.held:
            raise WireError("it called an object it was not given")
        function = self._talk.codec.held[number]
        args, keywords = self._arguments(message)
        return lambda: function(*args, **keywords), False

    # --- modules --------------------------------------------------------------------------------

    def _find(self, message: dict[str, Any]) -> tuple[Any, bool]:
        level, path, python, importer = (message[k] for k in ("level", "path", "python", "importer"))
        named = path.__class__ is list and all(p.__class__ is str and p.isidentifier() for p in path)
        if level.__class__ is not int or not 0 <= level < 100 or not named or not (path or level):
            raise WireError("it asked for a module that cannot be")
        if importer.__class__ is not str or (importer and importer not in self.readable):
            raise WireError("it imports from where it has not been")

        def find() -> Any:
            loaded = None if importer or level or python else self._talk.engine.sources.get(".".join(path))
            if loaded is not None:
                self.readable.add(loaded[0])
                return ["file", loaded[0], ".".join(path)]
            finder = self._talk.engine._loader(self.root).finder
            found = finder.find(level, tuple(path), bool(python), importer)
            if isinstance(found, str):
                return found
            if found.kind == "python":
                return "Python's modules stay in the host: offer a host function that does what is needed"
            if found.kind == "file":
                self.readable.add(found.path)
            elif found.kind == "package":
                self._folders.add(found.path)
            return [found.kind, found.path, found.name]

        return find, False

    def _read(self, message: dict[str, Any]) -> tuple[Any, bool]:
        path = message["path"]
        if path.__class__ is not str or path not in self.readable:
            raise WireError("it asked for a file that is no module it found")

        def read() -> bytes:
            for place, text in self._talk.engine.sources.values():
                if place == path and text is not None:
                    return text
            with open(path, "rb") as file:
                data = file.read(LARGEST_MODULE + 1)
            if len(data) > LARGEST_MODULE:
                raise OSError(f"{path} is larger than a module may be ({LARGEST_MODULE >> 20} MiB)")
            return data

        return read, False

    def _submodules(self, message: dict[str, Any]) -> tuple[Any, bool]:
        from dana.engine.finder import submodules

        folder = message["folder"]
        beside = {os.path.dirname(p) for p in self.readable if p.endswith("__init__.na")}
        if folder.__class__ is not str or folder not in self._folders | beside:
            raise WireError("it asked for a folder that is no package it found")
        return lambda: submodules(folder), False

    def _plugin(self, message: dict[str, Any]) -> tuple[Any, bool]:
        from dana.poet.plugins import finding

        name = message["name"]
        if name.__class__ is not str:
            raise WireError("it asked for a plugin wrongly")

        def find() -> str:
            path = finding.project_file(name)
            if path:
                self.readable.add(path)
            return path

        return find, False

    def _plugins(self, _message: dict[str, Any]) -> tuple[Any, bool]:
        from dana.poet.plugins import finding

        return finding.project_names, False

    # --- the rest -------------------------------------------------------------------------------

    def _input(self, message: dict[str, Any]) -> tuple[Any, bool]:
        read, prompt = self._talk.engine._read, message["prompt"]
        if read is None or prompt.__class__ is not str:
            raise WireError("it asked for input there is not")
        return lambda: read(prompt), False

    def _time(self, _message: dict[str, Any]) -> tuple[Any, bool]:
        clock = self._talk.engine._clock or time
        return clock.time, False

    def _sleep(self, message: dict[str, Any]) -> tuple[Any, bool]:
        seconds, clock = message["seconds"], self._talk.engine._clock
        if seconds.__class__ not in (int, float) or not 0 <= seconds <= 1.0 or clock is None:
            raise WireError("it asked to sleep wrongly")
        return lambda: clock.sleep(seconds), False

    @property
    def run(self) -> _Run:
        """What host functions and natives take for the program: its policy, its limits, its conversions."""
        if self._run is None:
            from dana.engine.engine import _Run
            from dana.source import Source

            engine = self._talk.engine
            exit_code = engine.exit_code
            self._run = _Run(engine, text=Source("<host>", ""))
            engine.exit_code = exit_code
        return self._run

    def _native(self, message: dict[str, Any]) -> tuple[Any, bool]:
        from importlib import import_module

        which = message["name"]
        if which.__class__ is not list or len(which) != 2 or which[0] not in REACHING:
            raise WireError("it called a native it may not")
        native = import_module(f"dana.runtime.natives.{which[0]}")
        remote = getattr(native, "REMOTE", {})
        offered = remote if which[0] in ("http", "reason") else native.EXPORTS.keys() | remote.keys()
        if which[1].__class__ is not str or which[1] not in offered:
            raise WireError("it called a native there is not")
        args, keywords = self._arguments(message)
        key = (which[0], which[1])
        if which[1] in remote:
            later = self._natives.get(key)
            if later is None:
                later = self._natives[key] = remote[which[1]](self.run.program)
            return lambda: later(*args), True
        if key not in self._natives:
            value = native.EXPORTS[which[1]]
            self._natives[key] = value(self.run.program) if which[1] in native.NEEDS_PROGRAM else value
        function = self._natives[key]
        return lambda: self._kept(function(*args, **keywords)), False

    def _kept(self, value: Any) -> Any:
        """What a native gave; an iterator stays here, the worker gets a number for it."""
        if not hasattr(value, "__next__"):
            return value
        if len(self._streams) >= MOST_STREAMS:
            raise OSError("too many streams are open at a time")
        number = len(self._streams) + 1
        self._streams[number] = value
        return Stream(number)

    def _next(self, message: dict[str, Any]) -> tuple[Any, bool]:
        stream = self._streams.get(message["number"]) if message["number"].__class__ is int else None
        if stream is None:
            raise WireError("it read from a stream there is not")
        return lambda: list(islice(stream, STREAM_BATCH)), False


def _as_data(value: Any) -> Any:
    """A struct for a parameter that says what it wants: its fields."""
    return value.to_dict() if type(value) is Record else value


_QUESTIONS = {
    "host": Answers._host,
    "held": Answers._held,
    "find": Answers._find,
    "read": Answers._read,
    "submodules": Answers._submodules,
    "plugin": Answers._plugin,
    "plugins": Answers._plugins,
    "input": Answers._input,
    "time": Answers._time,
    "sleep": Answers._sleep,
    "native": Answers._native,
    "next": Answers._next,
}
