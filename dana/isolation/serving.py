"""What a worker does for its host: run, evaluate, load, call, check, keep a session.

One worker serves one program: the first request decides which. All later ones are about that program.
"""

from __future__ import annotations

import os
from base64 import b64decode
from dataclasses import make_dataclass

import dana
from dana import abi
from dana.diagnostics import Diagnostic
from dana.engine.hosting import HostFunctions
from dana.engine.limits import Limits
from dana.engine.views import StructValue
from dana.isolation.broker import (
    Broker,
    HostClock,
    HostStub,
    WorkerEngine,
    broker_folders,
    broker_natives,
    broker_plugins,
    stream,
)
from dana.isolation.faults import pack, pack_diagnostics
from dana.isolation.wire import CannotCross, Codec, WireError, items_of
from dana.runtime.structs import Struct
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.engine.engine import _Run
    from dana.engine.events import Event
    from dana.engine.module import Module
    from dana.engine.session import Session
    from dana.isolation.link import Link

SHOWN = 2000


class _Absent(Exception):
    """A module or session has no such name."""


class Handle:
    """An object of the host that a program can hold and hand back, and nothing else."""

    __module__ = "dana.runtime"  # a value of programs: it crosses into them as it is, and has no public attribute
    __slots__ = ("_number", "_text")

    def __init__(self, number: int, text: str) -> None:
        self._number = number
        self._text = text

    def __repr__(self) -> str:
        return f"<{self._text}>"


class WorkerCodec(Codec):
    """The worker's side of values: structs, functions, the host's objects.

    What comes out of the engine are its views for Python (`dana.engine.views`); `run` is the program they belong to.
    """

    def __init__(self) -> None:
        self.functions: list[Any] = []
        self.run: _Run | None = None
        self.broker: Broker | None = None

    def other(self, value: Any, depth: int) -> Any:
        if isinstance(value, StructValue):
            self.run, value = value._run, value._raw
        if isinstance(value, Struct):
            shape = value._shape
            fields = {f.name: self.encode(getattr(value, f.slot, None), depth) for f in shape.fields}
            return {"$": "struct", "v": [shape.name, fields]}
        if value.__class__ is Handle:
            return {"$": "handle", "v": value._number}
        if callable(value) and not isinstance(value, type):
            self.functions.append(value)
            return {"$": "function", "v": [len(self.functions) - 1, str(getattr(value, "__name__", "function"))[:100]]}
        try:
            return super().other(value, depth)
        except CannotCross:
            return {"$": "opaque", "v": repr(value)[:SHOWN]}

    def tagged(self, tag: str, body: Any, depth: int) -> Any:
        if tag == "struct":
            kind, fields = body
            return self._struct(kind, {name: self.decode(value, depth) for name, value in fields.items()})
        if tag == "function":
            return self.functions[body]
        if tag == "handle":
            return Handle(*body)
        if tag == "stream":
            assert self.broker is not None
            return stream(self.broker, body)
        if tag == "host":
            return self._host_call(*body)
        return super().tagged(tag, body, depth)

    def _struct(self, kind: str, fields: dict[str, Any]) -> Any:
        """A struct of the program; where it has none of that name, one made for the host's class."""
        run = self.run
        if run is not None:
            for record in run.program.modules.values():
                shape = record.shapes.get(kind)
                if shape is not None and fields.keys() <= shape.index.keys():
                    return shape.cls(**{abi.variable(name): value for name, value in fields.items()})
        return make_dataclass(kind, fields)(**fields)

    def _host_call(self, number: int, name: str) -> Any:
        broker = self.broker
        assert broker is not None

        def call(*args, **keywords):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN202  (they would be read)
            return broker.call("held", number, args, keywords)

        call.__name__ = call.__qualname__ = name
        return call


class Serving:
    """The program of this worker, and the requests about it."""

    def __init__(self, link: Link, setup: dict[str, Any]) -> None:
        self.link = link
        self.codec = WorkerCodec()
        self.broker = self.codec.broker = Broker(link, self.codec)
        self.engine = self._engine(setup)
        self.module: Module | None = None
        self.session: Session | None = None

    def _engine(self, setup: dict[str, Any]) -> WorkerEngine:
        from dana.isolation import worker
        from dana.policy import Allow, Deny

        broker = self.broker
        # Errors show paths from the folder the host is in; the worker's own is the root.
        os.getcwd = lambda: setup["folder"]
        broker_natives(broker)
        broker_folders(broker)
        broker_plugins(broker)
        engine = WorkerEngine(
            broker,
            setup["stdlib"],
            limits=Limits(**setup["limits"]),
            on_print=self._print,
            read=(lambda prompt: str(broker.ask("input", prompt=prompt))) if setup["reads"] else None,
            clock=HostClock(broker) if setup["clock"] else None,
            seed=setup["seed"],
            metered=setup["metered"],
            stderr=_Log(link=self.link),
            allow=Allow.from_data(setup["allow"]) if setup["allow"] else None,
            deny=Deny.from_data(setup["deny"]) if setup["deny"] else None,
        )
        if setup["events"]:
            engine.on_event(self._event)
        hosts = HostFunctions()
        engine._hosts = hosts if setup["hosts"] else None
        for name, declared, is_async, writes in setup["hosts"]:
            stub = HostStub(broker, name, self.codec.decode(declared), is_async=is_async, writes=writes)
            hosts.add(stub)
        worker.SIGNALS.append(self._signalled)
        return engine

    def _print(self, text: str) -> None:
        for start in range(0, max(len(text), 1), 1 << 20):
            self.link.send({"t": "print", "text": text[start : start + (1 << 20)]})

    def _event(self, event: Event) -> None:
        self.link.send({"t": "event", "kind": event.kind, "data": self.codec.encode(event.data)})

    def _signalled(self, cancelled: bool, frame: Any) -> None:
        """The host wants the program to stop, or has seen that it is late: the host is the meter's watchdog here.

        A stop is thrown only where the program itself was interrupted, never into what runs in its stead.
        """
        meter = self.engine.meter
        if meter is None:
            return
        if cancelled:
            meter.cancel("cancelled")
        meter.cut()
        if frame is not None and frame.f_builtins.get(".calls") is meter.calls:
            stop = meter.overdue()
            if stop is not None:
                raise stop

    # --- requests -------------------------------------------------------------------------------

    def serve(self, message: dict[str, Any]) -> None:
        """Do what the host wants and report."""
        number = message["id"]
        try:
            value = getattr(self, f"_do_{message['what']}")(message)
            reply = {"t": "done", "id": number, "value": value, "exit": self.codec.encode(self.engine.exit_code)}
        except dana.DanaError as error:
            reply = {"t": "failed", "id": number, "error": pack(error)}
        except (WireError, dana.UsageError) as problem:
            reply = {"t": "refused", "id": number, "text": str(problem)}
        except _Absent as problem:
            reply = {"t": "absent", "id": number, "text": str(problem)}
        except Exception as problem:  # noqa: BLE001  (the front door: a fault of ours is told, not lost)
            reply = {"t": "failed", "id": number, "error": pack(_internal(problem))}
        reply["steps"] = self.engine.meter.used if self.engine.meter is not None else 0
        try:
            self.link.send(reply)
        except WireError as problem:
            self.link.send({"t": "refused", "id": number, "steps": reply["steps"], "text": f"the result: {problem}"})

    def _values(self, data: dict[str, Any]) -> dict[str, Any]:
        return {name: self.codec.decode(value) for name, value in data.items()}

    def _program(self, message: dict[str, Any]) -> Any:
        """A path, or a source."""
        if message["path"]:
            return message["path"] if message["path"].endswith(".na") else _Path(message["path"])
        return Source(message["name"], message["text"])

    def _do_run(self, message: dict[str, Any]) -> Any:
        given = message["arguments"]
        arguments = None if given is None else self._values(given)
        return self.codec.encode(self.engine.run(self._program(message), arguments=arguments))

    def _do_eval(self, message: dict[str, Any]) -> Any:
        return self.codec.encode(self.engine.eval(self._program(message), **self._values(message["names"])))

    def _do_load(self, message: dict[str, Any]) -> Any:
        module = self.module = self.engine.load(self._program(message), name=message["module"])
        self.codec.run = module._run
        return [name for name in dir(module) if name != "struct"]

    def _do_get(self, message: dict[str, Any]) -> Any:
        try:
            return self.codec.encode(getattr(self.module, message["name"]))
        except AttributeError:
            raise _Absent(message["name"]) from None

    def _do_invoke(self, message: dict[str, Any]) -> Any:
        function = self.codec.functions[message["key"]]
        args = items_of(self.codec, message["args"], 0)
        return self.codec.encode(function(*args, **self._values(message["keywords"])))

    def _do_check(self, message: dict[str, Any]) -> Any:
        from dana.parser import decode

        decoded = decode(b64decode(message["data"]), message["name"])
        if not isinstance(decoded, Source):
            return pack_diagnostics([decoded])
        return pack_diagnostics(self.engine.check(decoded))

    # --- a session ------------------------------------------------------------------------------

    @property
    def _open(self) -> Session:
        if self.session is None:
            self.session = self.engine.session()
            self.codec.run = self.session._run
        return self.session

    def _do_session_run(self, message: dict[str, Any]) -> Any:
        return self.codec.encode(self._open.run(_entry(message), name=message["name"]))

    def _do_session_eval(self, message: dict[str, Any]) -> Any:
        return self.codec.encode(self._open.eval(_entry(message), **self._values(message["names"])))

    def _do_session_snapshot(self, _message: dict[str, Any]) -> Any:
        return self.codec.encode(self._open.snapshot())

    def _do_session_restore(self, message: dict[str, Any]) -> None:
        self.session = self.engine.restore(self.codec.decode(message["snapshot"]))
        self.codec.run = self.session._run

    def _do_session_delete(self, message: dict[str, Any]) -> None:
        try:
            del self._open[message["name"]]
        except KeyError:
            raise _Absent(message["name"]) from None

    def _do_session_names(self, _message: dict[str, Any]) -> Any:
        return self._open.names()

    def _do_session_get(self, message: dict[str, Any]) -> Any:
        try:
            return self.codec.encode(self._open[message["name"]])
        except KeyError:
            raise _Absent(message["name"]) from None

    def _do_session_set(self, message: dict[str, Any]) -> None:
        session = self._open
        session[message["name"]] = self.codec.decode(message["value"])

    def _do_session_undo(self, _message: dict[str, Any]) -> Any:
        undone = self._open.undo()
        return None if undone is None else [undone.name, undone.text]

    def _do_session_close(self, _message: dict[str, Any]) -> None:
        self._open.close()


def _entry(message: dict[str, Any]) -> Any:
    """An entry's text; a text without a line end could be taken for the name of a file."""
    return Source(message["name"], message["text"]) if message["name"] else message["text"] + "\n"


def _internal(problem: Exception) -> dana.DanaError:
    """A fault of Dana itself, with the place in our code."""
    trace, place = problem.__traceback__, ""
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_qualname} line {trace.tb_lineno}"
        trace = trace.tb_next
    message = f"internal error in a worker: {type(problem).__name__}: {problem}"
    return dana.RuntimeFault([Diagnostic("E990", message, hint="please report this", notes=[place])])


class _Path:
    """A path as such, so that a program's name need not end in `.na`."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __fspath__(self) -> str:
        return self._path


class _Log:
    """Where a program's log lines go: to the host."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def write(self, text: str) -> None:
        self._link.send({"t": "log", "text": text[: 1 << 20]})

    def flush(self) -> None:
        """Nothing is kept back."""
