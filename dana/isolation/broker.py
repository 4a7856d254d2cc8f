"""What the worker cannot do itself and asks its host for: modules, files, the clock, functions of the host.

The engine in the worker is an ordinary one. These parts replace the few that would reach outside: its loader reads
through the host, its clock asks the host what time it is (deadlines are measured by the worker's own), natives that
open files or connections are run by the host, under the engine's policy.
"""

from __future__ import annotations

import sys
import time

from dana.compiler.cache import Cache
from dana.engine.engine import Engine
from dana.engine.finder import Finder, Found
from dana.engine.hosting import HostFunction
from dana.engine.loader import Artefact, Loader
from dana.isolation.faults import unpack_exception
from dana.isolation.wire import Codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

    from dana.isolation.link import Link

# Natives that reach outside: their functions run in the host.
REACHING = ("files",)


class Broker:
    """Asks the host; `codec` turns values into data and back."""

    def __init__(self, link: Link, codec: Codec) -> None:
        self.link = link
        self.codec = codec

    def ask(self, what: str, **details: Any) -> Any:
        """The value of the host's answer. Raises what the host raised."""
        return self._value(self.link.ask(what, **details))

    def call(self, what: str, name: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call something of the host's in place."""
        return self._value(self.link.ask(what, name=name, **self._arguments(args, keywords)))

    async def call_later(self, what: str, name: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call something of the host's from the event loop."""
        return self._value(await self.link.ask_later(what, name=name, **self._arguments(args, keywords)))

    def _arguments(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> dict[str, Any]:
        encode = self.codec.encode
        asked = {"args": [encode(a) for a in args], "keywords": {k: encode(v) for k, v in keywords.items()}}
        narrowing = sys.modules.get("dana.runtime.narrowing")  # loaded with the first agent
        bounds = None if narrowing is None else narrowing.BOUNDS.get()
        if bounds is not None:
            asked["bounds"] = bounds.to_data()
        return asked

    def _value(self, answer: dict[str, Any]) -> Any:
        if "raised" in answer:
            raise unpack_exception(answer["raised"])
        return self.codec.decode(answer["value"])


class BrokeredFinder(Finder):
    """Finds modules through the host."""

    __slots__ = ("_broker", "_found")

    def __init__(self, broker: Broker, stdlib: str) -> None:
        self._broker = broker
        self._found: dict[Any, Found | str] = {}
        self.roots = [stdlib]
        self.stdlib = stdlib

    def find(self, level: int, path: tuple[str, ...], python: bool, importer: str) -> Found | str:
        key = (level, path, python, importer)
        if key not in self._found:
            answer = self._broker.ask("find", level=level, path=list(path), python=python, importer=importer)
            self._found[key] = answer if isinstance(answer, str) else Found(*answer)
        return self._found[key]


class BrokeredLoader(Loader):
    """Compiles in the worker what the host has read."""

    __slots__ = ("_broker",)

    def __init__(self, broker: Broker, stdlib: str, *, metered: bool, hosts: Any) -> None:
        super().__init__([], Cache(None), metered=metered, hosts=hosts)
        self._broker = broker
        self.finder = BrokeredFinder(broker, stdlib)

    def file(self, path: str, name: str, *, entry: bool = False) -> Artefact:
        known = self._artefacts.get(path)
        if known is None:
            data = self._broker.ask("read", path=path)
            known = self._artefacts[path] = self._compile_file("", path, name, data, alone=entry)
        return known


class HostClock:
    """The host's clock for what a program sees; limits are measured by the machine's own."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.monotonic = time.monotonic

    def time(self) -> float:
        return float(self._broker.ask("time"))

    def sleep(self, seconds: float) -> None:
        self._broker.ask("sleep", seconds=seconds)


class WorkerEngine(Engine):
    """An engine whose loader asks the host."""

    def __init__(self, broker: Broker, stdlib: str, **options: Any) -> None:
        super().__init__(cache=False, **options)
        self._broker = broker
        self._stdlib = stdlib

    def _prepare(self) -> None:
        """Nothing: a worker has no second thread, its host sends signals."""

    def _loader(self, path: str) -> Loader:  # noqa: ARG002
        return BrokeredLoader(self._broker, self._stdlib, metered=self._metered, hosts=self._hosts)


class HostStub(HostFunction):
    """What stands in the worker for a function of the host. Its type is told; needs and annotations are the host's."""

    __slots__ = ("_type",)

    def __init__(self, broker: Broker, name: str, declared: Any, *, is_async: bool, writes: bool) -> None:
        super().__init__(name, _later(broker, name) if is_async else _call(broker, name), writes=writes)
        self._type = declared

    @property
    def type(self) -> Any:
        return self._type


def _call(broker: Broker, name: str) -> Any:
    def call(*args, **keywords):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN202  (annotations would be read)
        return broker.call("host", name, args, keywords)

    return call


def _later(broker: Broker, name: str) -> Any:
    async def call(*args, **keywords):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN202  (see `_call`)
        return await broker.call_later("host", name, args, keywords)

    return call


def broker_natives(broker: Broker) -> None:
    """Let the natives that reach outside run in the host."""
    from importlib import import_module

    from dana.runtime.outside import elsewhere

    elsewhere.host = broker  # `http` and `process` ask the host themselves
    for name in REACHING:
        full = f"dana.runtime.natives.{name}"
        try:
            native = import_module(full)
        except ImportError:  # this build has no such module
            continue
        sys.modules[full] = _Brokered(full, native, broker)  # type: ignore[assignment]


def broker_folders(broker: Broker) -> None:
    """Let the loader learn from the host what a package holds."""
    from dana.engine import finder

    finder.submodules = lambda folder: broker.ask("submodules", folder=folder)


def broker_plugins(broker: Broker) -> None:
    """Let `@poet` find the plugins of the project through the host; those of packages stay outside."""
    from dana.poet.plugins import finding

    finding.project_file = lambda name: broker.ask("plugin", name=name)
    finding.project_names = lambda: broker.ask("plugins")
    finding.installed = lambda name=None: []  # noqa: ARG005


class _Brokered:
    """A native module whose functions run in the host; its types are its own."""

    def __init__(self, full: str, native: ModuleType, broker: Broker) -> None:
        self._native = native
        needs: frozenset[str] = getattr(native, "NEEDS_PROGRAM", frozenset())
        short = full.rpartition(".")[2]
        self.NEEDS_PROGRAM: frozenset[str] = frozenset()
        self.EXPORTS = {
            name: _stub(broker, [short, name], name) if callable(value) or name in needs else value
            for name, value in native.EXPORTS.items()
        }

    def __getattr__(self, name: str) -> Any:
        return getattr(self._native, name)


def _stub(broker: Broker, which: list[str], name: str) -> Any:
    def call(*args: Any, **keywords: Any) -> Any:
        return broker.call("native", which, args, keywords)

    call.__name__ = call.__qualname__ = name
    return call


def stream(broker: Broker, number: int) -> Iterator[Any]:
    """The items of an iterator that lives in the host."""
    while True:
        batch = broker.ask("next", number=number)
        if not batch:
            return
        yield from batch
