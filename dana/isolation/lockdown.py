"""How a worker locks itself in. Once, after everything it needs is loaded, and before it sees a program.

The order matters: a wall must not be in the way of building the next one. Giving up root comes first, for it resets
what ends the worker with its host; the audit hook comes last.
"""

from __future__ import annotations

import os
import sys
import threading
import time

from dana.isolation import kernel as kernels
from dana.isolation import landlock, seccomp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


NOBODY = 65534
# What the interpreter itself may take beyond the program's memory limit before the kernel refuses.
FLOOR_BYTES = 48 << 20
DESCRIPTORS = 16
BREACH_STATUS = 86


def lock_in(
    memory_bytes: int | None, parent: int, allowed: set[int], breach: Callable[[str], object]
) -> dict[str, str]:
    """Build every wall; what is said of each ("" = it stands).

    `allowed` are the descriptors that may be open; `breach(event)` tells the host before the end.
    """
    found = {"own process": "" if os.getpgid(0) == os.getpid() else "the process group is the host's"}
    _be_alone()
    found["no environment"] = "" if not (os.environ.keys() - {"TZ", "LC_CTYPE"}) else "there are variables"
    found["no descriptors"] = _descriptors(allowed)
    kernel = kernels.kernel()
    found["plain user"] = _plain_user()
    nothing = "this system is not Linux" if not sys.platform.startswith("linux") else "no way to ask the kernel"
    found["ends with host"] = kernels.die_with(kernel, parent) if kernel else nothing
    found.update(_resources(memory_bytes))
    found["no new privileges"] = kernels.no_new_privileges(kernel) if kernel else nothing
    found["no attaching"] = kernels.not_dumpable(kernel) if kernel else nothing
    found["landlock"] = landlock.forbid_everything(kernel)[1] if kernel else nothing
    _forget_ways_out()
    found["no modules"] = ""
    found["seccomp"] = seccomp.install(kernel) if kernel else nothing
    del kernel
    sys.addaudithook(_guard(breach))
    found["audit hook"] = ""
    return found


def _be_alone() -> None:
    """Walls of the kernel hold for the thread that builds them: there must be no other. Raises `OSError`."""
    for _ in range(200):
        try:
            threads = len(os.listdir("/proc/self/task"))
        except OSError:
            threads = threading.active_count()
        if threads == 1:
            return
        time.sleep(0.005)
    raise OSError("a thread that was started while the worker loaded does not end")


def _descriptors(allowed: set[int]) -> str:
    """Whether nothing else is open; what is not ours is closed."""
    try:
        found = {int(name) for name in os.listdir("/dev/fd")}
    except OSError:
        found = set(range(1024))
    strange = []
    for descriptor in found - allowed:
        try:
            os.close(descriptor)
        except OSError:
            continue  # the one that listed the others
        strange.append(descriptor)
    return f"{len(strange)} were inherited, and closed" if strange else ""


def _plain_user() -> str:
    if not hasattr(os, "geteuid"):
        return "this system has no users of this kind"
    if os.geteuid() != 0:
        return ""
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except OSError as problem:
        return f"root could not be given up: {problem.strerror}"
    return ""


def _resources(memory_bytes: int | None) -> dict[str, str]:
    import resource

    found = {}
    if memory_bytes is None:
        found["memory"] = "the engine's limits set none (memory_bytes=None)"
    else:
        room = _address_space() + memory_bytes + FLOOR_BYTES
        found["memory"] = _limited(resource.RLIMIT_AS, room) or _limited(resource.RLIMIT_DATA, room)
    found["processor time"] = "" if sys.platform.startswith("linux") else "the host cannot set it from outside here"
    found["no files written"] = _limited(resource.RLIMIT_FSIZE, 0) or _limited(resource.RLIMIT_NOFILE, DESCRIPTORS)
    found["no processes"] = _limited(resource.RLIMIT_NPROC, 0) if hasattr(resource, "RLIMIT_NPROC") else "unknown here"
    if os.geteuid() == 0 and not found["no processes"]:
        found["no processes"] = "the kernel does not hold root to it"
    _limited(resource.RLIMIT_CORE, 0)
    return found


def _limited(which: int, amount: int) -> str:
    import resource

    _soft, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        amount = min(amount, hard)
    try:
        resource.setrlimit(which, (amount, amount))
    except (OSError, ValueError) as problem:
        return str(problem)
    return ""


def _address_space() -> int:
    """Bytes of address space that are taken already."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 256 << 20


def _forget_ways_out() -> None:
    """No path to import from, no finder, and modules that a program has no use for are gone."""
    for name in [n for n in sys.modules if n.partition(".")[0] in ("ctypes", "_ctypes", "subprocess", "resource")]:
        del sys.modules[name]
    sys.meta_path.clear()
    sys.path_hooks.clear()
    sys.path.clear()
    sys.path_importer_cache.clear()
    sys.argv[:] = [""]


# --- the audit hook -----------------------------------------------------------------------------

# Events that compiling and running a Dana program causes. All others end the worker.
EXPECTED = frozenset(
    """compile exec code.__new__ function.__new__ sys._getframe object.__getattr__ object.__setattr__
    object.__delattr__ time.sleep array.__new__ sys.set_asyncgen_hook_finalizer sys.set_asyncgen_hook_firstiter
    sys.set_asyncgen_hooks_finalizer sys.set_asyncgen_hooks_firstiter sys.unraisablehook builtins.id
    sqlite3.connect/handle""".split()
)
THREADS = frozenset({"_thread.start_new_thread", "_thread.start_joinable_thread"})


def _guard(breach: Callable[[str], object]) -> Callable[[str, tuple[Any, ...]], None]:
    """The hook. What it needs is bound here, out of reach of anything a program could change."""
    from socket import AF_UNIX

    family = int(AF_UNIX)
    expected, threads, end, status = EXPECTED, THREADS, os._exit, BREACH_STATUS
    shown, kind, refused, impossible = repr, type, ImportError, RuntimeError
    text, number, pack, memory = str, int, tuple, ":memory:"

    def hook(
        event: str,
        arguments: tuple[Any, ...],
        # as defaults they are the function's own, and not looked up by name
        expected: frozenset[str] = expected,
        threads: frozenset[str] = threads,
    ) -> None:
        if event in expected:
            return
        if event == "import":
            raise refused(f"no module {arguments[0]!r} in a worker")
        if event in threads:
            raise impossible("no threads in a worker")
        if event == "socket.__new__" and kind(arguments) is pack and number(arguments[1]) == family:
            return
        if event == "sqlite3.connect" and kind(arguments[0]) is text and arguments[0] == memory:
            return  # what agents remember while their program runs
        try:
            first = arguments[0] if arguments else ""
            breach(f"{event} {shown(first)[:200]}" if kind(first) in (text, number) else event)
        finally:
            end(status)

    return hook
