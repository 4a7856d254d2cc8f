"""The worker process: load everything, lock in, serve. Started by `process.Worker`.

    python -I -S -X utf8 -c "… from dana.isolation.worker import main; main(DESCRIPTOR)"

The host's first frame says how much memory there is; the answer says which walls stand. The second one describes
the engine. Then come requests until the host hangs up.
"""

from __future__ import annotations

import os
import signal
import sys

from dana.isolation.link import HostGone, Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# What a signal of the host calls, `(cancelled, frame)`: the serving part puts its own function here.
SIGNALS: list[Callable[[bool, Any], object]] = []
# Descriptors that stay open besides the line to the host.
KEPT: set[int] = set()
# Parts of Dana that a worker never needs.
LEFT_OUT = ("cli", "repl", "testing", "highlight", "fmt", "starter", "catalogue", "esper")
LEFT_OUT_MODULES = ("dana.__main__", "dana.mcp.connection", "dana.parser.generate", "dana.runtime.outside.exchange")
# Of Python, what Dana's modules load when they first need it.
NEEDED = """_strptime array ast asyncio asyncio.selector_events asyncio.unix_events base64 bisect calendar cmath
collections collections.abc contextlib copy csv datetime decimal difflib fractions functools hashlib heapq inspect io
itertools json keyword math numbers operator random re secrets select selectors socket statistics string struct textwrap
shlex threading time traceback types typing unicodedata uuid weakref zlib zoneinfo greenlet regex re2"""
ENCODINGS = "ascii cp1252 idna latin-1 punycode unicode_escape utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32"


def main(descriptor: int) -> None:
    """Serve the host behind `descriptor` until it hangs up."""
    link = Link(descriptor)
    try:
        _work(link, descriptor)
    except HostGone:
        os._exit(0)
    os._exit(1)


def _work(link: Link, descriptor: int) -> None:
    hello = link.receive()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, _signalled)
    signal.signal(signal.SIGUSR2, _signalled)
    if hello["zone"]:
        os.environ["TZ"] = hello["zone"]
    try:
        absent = _warm_up()
        from dana.isolation.lockdown import lock_in

        allowed = {0, 1, 2, descriptor, *KEPT}
        walls = lock_in(hello["memory"], hello["parent"], allowed, lambda e: link.send({"t": "breach", "what": e}))
    except (ImportError, OSError, ValueError) as problem:
        link.send({"t": "unable", "text": f"{type(problem).__name__}: {problem}"})
        return
    link.send({"t": "ready", "walls": walls, "absent": absent})
    from dana.isolation.serving import Serving

    serving = Serving(link, link.receive())
    link.serve = serving.serve
    while True:
        serving.serve(link.next_request())


def _signalled(number: int, frame: Any) -> None:
    """The host wants the program to stop (SIGUSR1), or says that a limit has passed (SIGUSR2)."""
    for act in SIGNALS:
        act(number == signal.SIGUSR1, frame)


def _warm_up() -> list[str]:
    """Load everything a program may ever need; returns what could not be loaded."""
    import codecs
    import time
    from importlib import import_module

    absent = []
    for name in (*_own_modules(), *NEEDED.split()):
        try:
            import_module(name)
        except ImportError:
            absent.append(name)
    for name in ENCODINGS.split():
        codecs.lookup(name)
    time.tzset()
    time.localtime()
    _keep_reading_memory()
    _quote_nothing()
    _run_once()
    return absent


def _quote_nothing() -> None:
    """Python quotes the line a warning or a traceback is about, for which it opens files: programs cause both."""
    import linecache
    import warnings

    warnings.simplefilter("ignore")
    linecache.updatecache = lambda *_file: []


def _own_modules() -> list[str]:
    import dana

    top = os.path.dirname(os.path.abspath(dana.__file__ or ""))
    found = []
    for folder, folders, files in os.walk(top):
        if folder == top:
            folders[:] = [f for f in folders if f not in LEFT_OUT]
        path = os.path.relpath(folder, os.path.dirname(top)).replace(os.sep, ".")
        names = [f[:-3] for f in files if f.endswith(".py")]
        found += [path if name == "__init__" else f"{path}.{name}" for name in names]
    return sorted(name for name in found if name not in LEFT_OUT_MODULES)


def _keep_reading_memory() -> None:
    """The meter looks at /proc to tell how much memory is taken: the file is opened now and stays open."""
    from dana.runtime import memory

    try:
        statm = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return

    KEPT.add(statm)

    def resident() -> int:
        os.lseek(statm, 0, os.SEEK_SET)
        return int(os.read(statm, 200).split()[1]) * memory.PAGE

    memory.resident = memory.taken = resident


def _run_once() -> None:
    """A small program from text to error, so that whatever is made at first use is made."""
    import dana
    from dana.engine import Engine, Limits

    # without limits, for the meter's watchdog is a thread, and walls are built by and for a single one
    engine = Engine(cache=False, on_print=lambda _text: None, limits=Limits.none())
    text = 'struct P:\n    x: int = 1\ndef f(n: int) -> str:\n    return f"{n:>3} {P(x=n)}"\nprint(f(2) | len)\n1 / 0\n'
    try:
        engine.run(text)
    except dana.DanaError as expected:
        str(expected)
    sys.stdout = sys.stderr = None
