"""What the worker asks of the kernel directly: prctl, Landlock, seccomp. ctypes is loaded for it and then forgotten.

Everything here works on Linux and says so elsewhere: each function returns "" when the wall stands, and the reason
when it does not.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
SIGKILL = 9


class Kernel:
    """The C library, for the few calls Python has no function for."""

    def __init__(self) -> None:
        import ctypes

        self.ctypes = ctypes
        self._library: Any = ctypes.CDLL(None, use_errno=True)
        self._library.syscall.restype = ctypes.c_long

    def syscall(self, number: int, *arguments: Any) -> int:
        """The call's result. Raises `OSError`."""
        c = self.ctypes
        words = [c.c_long(a) if isinstance(a, int) else a for a in arguments]
        result: int = self._library.syscall(c.c_long(number), *words)
        if result < 0:
            error = c.get_errno()
            raise OSError(error, os.strerror(error))
        return result

    def prctl(self, option: int, value: int, block: Any = None) -> None:
        """With `block`, a buffer, as the third argument. Raises `OSError`."""
        c = self.ctypes
        third = c.c_ulong(0) if block is None else block
        if self._library.prctl(c.c_int(option), c.c_ulong(value), third, c.c_ulong(0), c.c_ulong(0)) != 0:
            error = c.get_errno()
            raise OSError(error, os.strerror(error))


def kernel() -> Kernel | None:
    """The kernel's interface, or None where there is none that is known here."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return Kernel()
    except (ImportError, OSError):
        return None


def die_with(kernel: Kernel, parent: int) -> str:
    """Be killed when the host ends. A host that has ended already is not our parent any more."""
    try:
        kernel.prctl(PR_SET_PDEATHSIG, SIGKILL)
    except OSError as problem:
        return str(problem)
    if os.getppid() != parent:
        os._exit(0)
    return ""


def no_new_privileges(kernel: Kernel) -> str:
    """No program that is started could gain privileges; Landlock and seccomp ask for it."""
    try:
        kernel.prctl(PR_SET_NO_NEW_PRIVS, 1)
    except OSError as problem:
        return str(problem)
    return ""


def not_dumpable(kernel: Kernel) -> str:
    """Nobody of the same user may attach to the worker, and it leaves no core file."""
    try:
        kernel.prctl(PR_SET_DUMPABLE, 0)
    except OSError as problem:
        return str(problem)
    return ""
