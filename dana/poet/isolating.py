"""`isolation="process"`: the body of a Python function runs in a worker process, which can be ended.

Running Python code cannot be stopped from outside without breaking it; a process can. At a deadline the worker is
killed, the call is a `POETTimeoutError` at once, and the next call gets a fresh worker. A worker serves one call at
a time and waits for the next one, so that a call costs two messages (some 50 µs), not a process.

Arguments and results are data (numbers, texts, lists, dicts, tuples, sets, bytes) and go as JSON, so they are copies.
The function is found by its module and name: it stands at the top of a module, not inside another function. What the
body changes elsewhere (globals, files open in this process) changes in the worker only. A script is read again by the
worker, under another `__name__` than `"__main__"`, and its decorators isolate nothing there.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from threading import Lock

from dana.poet.errors import POETConfigError
from dana.runtime.stops import TimeoutStop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.poet.plan import Plan

CANNOT = "E809"
# Set in workers, whose own decorated functions run where they are.
IN_WORKER = "DANA_POET_WORKER"
# Idle workers that are kept.
KEPT = 4
MAIN = "__poet_main__"
# Marks what JSON has no word for.
TAG = "$"


class WorkerDiedError(ConnectionError):
    """The worker ended in the middle of a call: another attempt may work."""


class Worker:
    """One process, and the two ends of its pipes that are ours."""

    __slots__ = ("_answers", "_asks", "_process")

    def __init__(self) -> None:
        from multiprocessing.connection import Connection
        from subprocess import Popen

        theirs, ours = os.pipe()
        back, away = os.pipe()
        code = f"from dana.poet.isolating import serve; serve({theirs}, {away})"
        # The worker finds what this process finds, and nothing by its own start.
        self._process = Popen(  # noqa: S603  (this interpreter, with a program of ours)
            [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"],
            pass_fds=(theirs, away),
            env={**os.environ, IN_WORKER: "1"},
        )
        os.close(theirs)
        os.close(away)
        self._asks = Connection(ours, readable=False)
        self._answers = Connection(back, writable=False)

    def call(self, question: bytes, seconds: float | None) -> Any:
        """The answer; None when there is none in time. Raises `WorkerDiedError`."""
        try:
            self._asks.send_bytes(question)
            if not self._answers.poll(seconds):
                return None
            return _read_answer(self._answers.recv_bytes())
        except (EOFError, OSError) as gone:
            status = self._process.wait(timeout=5)
            raise WorkerDiedError(f"the worker process ended in the middle of a call (status {status})") from gone

    def end(self) -> None:
        """Kill it."""
        self._asks.close()
        self._answers.close()
        self._process.kill()
        self._process.wait()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None


class Isolated:
    """What an attempt calls: `(token of the nearest deadline, arguments, keywords)`."""

    __slots__ = ("_lock", "idle", "plan", "where")

    def __init__(self, plan: Plan, where: tuple[str, str]) -> None:
        self.plan = plan
        self.where = where
        self.idle: list[Worker] = []
        self._lock = Lock()

    def __call__(self, token: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        try:
            question = _written([*self.where, list(args), keywords])
        except (TypeError, ValueError, RecursionError) as fault:
            message = f"an argument of `{self.plan.name}` cannot be sent to a worker process: {fault}"
            raise TypeError(message) from None
        worker = self._taken()
        answer = None
        try:
            left = None if token is None else max(0.0, token.at - self.plan.clock())
            answer = worker.call(question, left)
        finally:
            if answer is None:
                worker.end()
            else:
                self._give_back(worker)
        if answer is None:
            raise TimeoutStop(seconds=self.plan.config.timeout, token=token)
        good, value = answer
        if good:
            return value
        try:
            raise value
        finally:
            del value

    def _taken(self) -> Worker:
        with self._lock:
            while self.idle:
                worker = self.idle.pop()
                if worker.is_alive:
                    return worker
        return Worker()

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            if len(self.idle) < KEPT:
                self.idle.append(worker)
                return
        worker.end()

    def close(self) -> None:
        """End the workers that wait."""
        with self._lock:
            idle, self.idle = self.idle, []
        for worker in idle:
            worker.end()

    def __del__(self) -> None:
        self.close()


def isolated(plan: Plan, *, is_coroutine: bool) -> Callable[..., Any]:
    """What an attempt calls, with the deadline first. Raises `POETConfigError` for what cannot run elsewhere."""
    function: Any = plan.function
    if os.environ.get(IN_WORKER):
        return lambda _token, args, keywords: function(*args, **keywords)
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    why = ""
    if getattr(plan.host, "sources", None) is not None:
        why = "a Dana function is stopped at its deadline without it"
    elif is_coroutine:
        why = "an `async def` is cancelled at its deadline without it"
    elif plan.config.batch is not None or plan.config.hedge is not None:
        why = "it does not go together with `batch` and `hedge`"
    elif not module or "<" in name or "__code__" not in dir(function):
        why = "the worker must find it at the top of a module"
    if why:
        message = f"`{plan.name}` cannot run in a process of its own: {why}"
        raise POETConfigError(message, plan.name, 'Engine(isolate="process") isolates whole programs', CANNOT)
    if module == "__main__":
        file = getattr(sys.modules["__main__"], "__file__", None)
        if file is None:
            message = f"`{plan.name}` cannot run in a process of its own: its module has no file"
            raise POETConfigError(message, plan.name, "put it into a module", CANNOT)
        module = MAIN + os.path.abspath(file)
    return Isolated(plan, (module, name))


# --- the worker -----------------------------------------------------------------------------------


def serve(asks: int, answers: int) -> None:
    """Answer calls until nobody asks any more."""
    from multiprocessing.connection import Connection

    questions, out = Connection(asks, writable=False), Connection(answers, readable=False)
    while True:
        try:
            question = questions.recv_bytes()
        except EOFError:
            return
        out.send_bytes(_answer(question))


def _answer(question: bytes) -> bytes:
    try:
        module, name, args, keywords = _read(question)
        value = _found(module, name)(*args, **keywords)
    except Exception as fault:  # noqa: BLE001  told to the caller
        return _fault(fault)
    try:
        return _written([True, value])
    except (TypeError, ValueError, RecursionError) as fault:
        return _fault(TypeError(f"a {type(value).__name__} cannot be sent from a worker process: {fault}"))


def _fault(fault: BaseException) -> bytes:
    """An exception as data: its class by name, and its arguments where they are data."""
    cls = type(fault)
    try:
        return _written([False, cls.__module__, cls.__qualname__, list(fault.args)])
    except (TypeError, ValueError, RecursionError):
        return _written([False, cls.__module__, cls.__qualname__, [str(fault)]])


# --- what goes over the pipe: data, as JSON; nothing in it names anything that would be run ---------------


def _written(value: Any) -> bytes:
    return json.dumps(_data(value), separators=(",", ":")).encode("utf-8", "surrogatepass")


def _read(text: bytes) -> Any:
    return _value(json.loads(text.decode("utf-8", "surrogatepass")))


def _data(value: Any) -> Any:
    """A value as JSON can say it. Raises `TypeError` for what is no data."""
    cls = value.__class__
    if value is None or cls in (bool, int, float, str):
        return value
    if cls is list:
        return [_data(item) for item in value]
    if cls is dict:
        return {TAG: "dict", "of": [[_data(key), _data(item)] for key, item in value.items()]}
    if cls in (tuple, set, frozenset):
        return {TAG: cls.__name__, "of": [_data(item) for item in value]}
    if cls is bytes:
        return {TAG: "bytes", "of": value.hex()}
    raise TypeError(f"{cls.__name__} is no data: numbers, texts, lists, dicts, tuples and sets are")


def _value(data: Any) -> Any:
    if data.__class__ is list:
        return [_value(item) for item in data]
    if data.__class__ is not dict:
        return data
    inside = data["of"]
    if data[TAG] == "dict":
        return {_value(key): _value(item) for key, item in inside}
    if data[TAG] == "bytes":
        return bytes.fromhex(inside)
    return {"tuple": tuple, "set": set, "frozenset": frozenset}[data[TAG]](_value(item) for item in inside)


def _read_answer(text: bytes) -> tuple[bool, Any]:
    """Whether there is a value, and it or the exception."""
    good, *rest = _read(text)
    if good:
        return True, rest[0]
    module, name, args = rest
    # Only classes that are here already: nothing is imported because a worker says so.
    found = getattr(sys.modules.get(module), name, None)
    if isinstance(found, type) and issubclass(found, Exception):
        with suppress(TypeError, ValueError):
            return False, found(*args)
    return False, RuntimeError(f"{name}: {', '.join(map(str, args))}")


def _found(module: str, name: str) -> Callable[..., Any]:
    """The function itself, without its decorator."""
    if module.startswith(MAIN):
        import runpy

        if MAIN not in sys.modules:
            from types import ModuleType

            made = ModuleType(MAIN)
            made.__dict__.update(runpy.run_path(module.removeprefix(MAIN), run_name=MAIN))
            sys.modules[MAIN] = made
        found: Any = sys.modules[MAIN]
    else:
        from importlib import import_module

        found = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    function: Callable[..., Any] = getattr(found, "__wrapped__", found)
    return function
