"""What counts as an escape."""

from __future__ import annotations

import datetime as dt
import functools
import re
import sys
import types
from typing import TYPE_CHECKING, Any

from dana.runtime.foreign.proxies import Foreign
from dana.runtime.guards import Guards
from dana.runtime.modules import ModuleValue
from dana.runtime.structs import Struct, StructMeta
from dana.runtime.typevalues import TypeValue
from tests.attacks import stage

if TYPE_CHECKING:
    from pathlib import Path

# Values of Python that programs hold as they are.
PLAIN = frozenset(
    {
        type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, range, slice,
        type({}.keys()), type({}.values()), type({}.items()), type(Ellipsis), type(NotImplemented),
        types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.MethodWrapperType,
        types.MethodDescriptorType, types.WrapperDescriptorType, types.ClassMethodDescriptorType,
        # `ValueError.args`, `{}.keys().mapping`, `object()`, `datetime.UTC`: lead nowhere
        types.GetSetDescriptorType, types.MappingProxyType, object, dt.timezone, type(functools.cmp_to_key(print)),
    }
)  # fmt: skip
ITERATORS = frozenset(type(iter(x)) for x in ([], (), {}, {}.values(), {}.items(), set(), "", "ä", b"", range(0)))
# What programs print without having written it.
ADDRESS = re.compile(r" at 0x[0-9a-f]{6,}")
HOST_TEXT = re.compile(r"<(?:module|frame|code|class|built-in|bound method|slot wrapper|method-wrapper) ['\w]")
EVENTS_OF_HARM = frozenset(
    """os.system os.exec os.fork os.forkpty os.posix_spawn os.spawn os.remove os.rename os.mkdir os.rmdir os.chmod os.chown
    os.link os.symlink os.truncate os.putenv os.unsetenv os.kill os.killpg os.startfile os.listdir os.scandir os.chdir
    subprocess.Popen socket.connect socket.bind socket.sendto socket.getaddrinfo socket.gethostbyname pty.spawn
    pickle.find_class marshal.load shutil.rmtree shutil.copyfile shutil.move urllib.Request webbrowser.open
    ftplib.connect smtplib.connect sqlite3.connect builtins.breakpoint function.__new__
    ctypes.dlopen ctypes.dlsym ctypes.call_function ctypes.string_at gc.get_objects gc.get_referrers gc.get_referents
    sys.settrace sys.setprofile sys.addaudithook cpython.run_command cpython.run_file
    syslog.openlog resource.setrlimit signal.pthread_kill tempfile.mkstemp
    tempfile.mkdtemp""".split()
)
MODULES_OF_HARM = frozenset(
    "subprocess ctypes _ctypes pty multiprocessing pickle _pickle shelve dbm cffi code codeop pdb bdb gc "
    "telnetlib ftplib smtplib webbrowser imp runpy pkgutil site faulthandler".split()
)


class Watch:
    """The audit hook: what the interpreter was asked to do while a program ran. It can only be switched, not removed."""

    def __init__(self, home: Path) -> None:
        self.home = str(home)
        self.readable = ""
        self.on = False
        self.heard: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, details: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "ctypes.dlsym" and "PyThreadState_SetAsyncExc" in details:
            return  # the meter's watchdog
        if event == "sqlite3.connect" and details[0] == ":memory:":
            return  # the memory of an agent, which ends with its program
        if event == "function.__new__" and details[0].co_filename == "<poet>" and _asker().startswith("dana.poet."):
            return  # what `@poet` puts before a function
        if (
            event in ("os.listdir", "os.scandir")
            and details[0] == ".poet/plugins"
            and _asker() == "dana.poet.plugins.finding"
        ):
            return  # where the project's own plugins would be
        if event in EVENTS_OF_HARM:
            if not (event in ("os.listdir", "os.scandir") and self._is_source(details[0])):
                self.heard.append(f"{event} {details!r:.80}")
        elif event == "open":
            self._opened(*details[:3])
        elif event == "import" and details[0].partition(".")[0] in MODULES_OF_HARM:
            self.heard.append(f"import {details[0]}")
        elif event == "compile" and isinstance(details[0], str | bytes) and not self._is_source(details[1]):
            text = details[0].decode() if isinstance(details[0], bytes) else details[0]
            # Annotations of the host's functions, and what is made of them.
            if not text.isidentifier() and not text.startswith("def _d_call("):
                self.heard.append(f"compile {text!r:.60}")

    def _is_source(self, path: Any) -> bool:
        """Whether Python itself is reading modules that Dana loads when they are first needed."""
        text = str(path)
        if isinstance(path, int):  # a folder that is open already
            return True
        places = (sys.prefix, sys.base_prefix, REPOSITORY, f"{self.home}/attack")
        # `<unknown>` is only parsed: for the place of an error.
        return text.startswith((*places, "<frozen")) or text == "<unknown>"

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        text = path.decode() if isinstance(path, bytes) else str(path)
        writes = (isinstance(mode, str) and any(m in mode for m in "wax+")) or (isinstance(flags, int) and flags & 3)
        if text.startswith(("/dev/", "/proc/self/")):
            return
        inside = self.readable and text.startswith(self.readable)
        if "secret" in text or "outside" in text or (writes and not inside):
            self.heard.append(f"open {text} {mode} {flags}")


def _asker() -> str:
    """The module whose code made the interpreter ask the hook."""
    return str(sys._getframe(2).f_globals.get("__name__", ""))


REPOSITORY = str(__import__("pathlib").Path(__file__).parents[2])


def said(text: str, title: str) -> list[str]:
    """What a program, or an error about it, told that it should not know."""
    found = []
    if stage.SECRET in text or stage.SECRET.encode().hex() in text or stage.SECRET[::-1] in text:
        found.append("told a secret")
    if ADDRESS.search(text):
        found.append(f"told an address: {ADDRESS.search(text)[0]}")  # type: ignore[index]
    if HOST_TEXT.search(text):
        found.append(f"showed {HOST_TEXT.search(text)[0]}")  # type: ignore[index]
    return found


def swept(values: dict[str, Any]) -> list[str]:
    """Every value these variables lead to, by the ways a program has."""
    found: list[str] = []
    waiting = list(values.items())
    seen: set[int] = set()
    while waiting and len(seen) < 20_000:
        path, value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        problem = _problem(value)
        if problem:
            found.append(f"{path} is {problem}")
            continue
        waiting += [(f"{path}→", part) for part in _parts(value)]
    return found


def _problem(value: Any) -> str:
    cls = type(value)
    if cls is str or cls is bytes:
        text = value if cls is str else value.decode("latin-1")
        return "a secret" if stage.SECRET in text else ""
    if cls is types.FunctionType:
        return "" if _is_dana(value) else f"the host's function {value.__qualname__} of {value.__module__}"
    if cls is types.BuiltinFunctionType:
        home = value.__self__
        return "" if home is None or type(home) is not types.ModuleType or home.__name__ in HOMES else f"{value!r}"
    if cls is types.MethodType:
        holder = value.__self__
        # `Fraction.from_float`
        made_for_programs = isinstance(holder, type) and holder.__module__.startswith("dana.runtime.curated.")
        return (
            ""
            if _problem(value.__func__) == ""
            and (made_for_programs or _problem(holder) == "" or type(holder) is Guards)
            else f"a method of {value.__self__!r:.60}"
        )
    if cls in PLAIN or cls in ITERATORS:
        return ""
    if isinstance(value, Foreign):
        return ""
    if isinstance(value, type):
        fine = isinstance(value, StructMeta) or issubclass(value, BaseException) or value in RAW
        return "" if fine else f"the class {value.__module__}.{value.__qualname__}"
    if isinstance(value, (Struct, TypeValue)):
        return ""
    if isinstance(value, BaseException):
        return (
            ""
            if cls.__module__ == "builtins" or cls.__module__.startswith(OURS)
            else f"an exception of {cls.__module__}"
        )
    if cls.__module__.startswith(OURS) and cls.__name__ not in MACHINERY:
        return ""
    return f"a {cls.__module__}.{cls.__qualname__}"


# Where the classes come from that are made for programs to hold.
OURS = ("dana.runtime.", "dana.agents.")
# Of those, what runs programs: none may hold it, though methods of guards are functions of `operator`.
MACHINERY = frozenset(
    "Program Meter Guards Sized Bounds Holding Nesting Watchdog Memory ModuleRecord Scope Waiting Actor System Bridge".split()
)
# The functions of Python's own modules that programs hold as they are.
PYTHONS = frozenset({"isleap", "leapdays", "as_integer_ratio"})
# Where the built-in functions of programs come from, and Python's classes that programs hold as they are.
HOMES = (
    "builtins",
    "math",
    "_operator",
    "cmath",
    "_random",
    "itertools",
    "_statistics",
    "binascii",
    "_functools",
    "_bisect",
    "_heapq",
    "unicodedata",
)
RAW = frozenset({int, float, str, bool, bytes, list, dict, set, tuple, frozenset, complex, range, type(None)})


def _is_dana(function: types.FunctionType) -> bool:
    home = str(function.__globals__.get("__name__", ""))
    # stands before a function of the host, or of the program
    if function.__code__.co_name == "_d_call" or (function.__code__.co_filename == "<poet>" and _poet(home)):
        return True
    return (
        ".module" in function.__globals__
        or (home in ("calendar", "fractions") and function.__name__ in PYTHONS)
        or home.startswith(("dana.runtime", "dana.poet", "dana.agents"))
    )


def _poet(home: str) -> bool:
    """Whether functions with these globals are those that `@poet` makes: they have the machine's, or none."""
    return home in ("", "builtins") or home.startswith("dana.poet")


def _parts(value: Any) -> list[Any]:
    """What a program can reach from a value: items, fields, and public attributes."""
    cls = type(value)
    if cls is dict:
        return [*value.keys(), *value.values()]
    if cls in (list, tuple, set, frozenset):
        return list(value)
    if isinstance(value, BaseException) and not isinstance(value, Struct):
        public = [
            getattr(value, n, None) for n in dir(value) if n[0] != "_" and n not in ("with_traceback", "add_note")
        ]
        return [*value.args, *public]
    if isinstance(value, Struct) and hasattr(cls, "_shape"):
        return [getattr(value, f.slot, None) for f in cls._shape.fields]
    if isinstance(value, ModuleValue):
        record = value.__dict__[".module"]
        return [] if record.file.startswith(REPOSITORY) else [v for k, v in record.globals.items() if k[:1] not in "._"]
    if isinstance(value, (Foreign, type)) or cls in PLAIN:
        return []
    if cls.__module__.startswith(OURS):
        from dana import abi

        names = [n for n in dir(cls) if n[0] not in ("_", abi.HIDDEN) and n not in abi.INTERNAL_ATTRIBUTES]
        return [found for n in names if (found := _read(value, n)) is not None]
    return []


def _read(value: Any, name: str) -> Any:
    try:
        return getattr(value, name)
    except Exception:  # noqa: BLE001  (whatever it raises, the program does not get it)
        return None
