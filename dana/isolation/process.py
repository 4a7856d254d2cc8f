"""The worker as the host sees it: a process that is started, watched, asked to stop, killed and reaped.

Workers are started by one thread that lives as long as the host: the kernel ends a worker together with the
*thread* that started it (`ends with host`), and a caller's thread may be gone before its worker is.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

from dana.isolation.walls import Walls
from dana.isolation.wire import Frames, WireError, frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from queue import SimpleQueue
    from typing import Any

START_S = 30.0
# The address of the first frames is not the program's: they are small.
READ_BYTES = 1 << 18


class CannotStart(Exception):
    """There is no worker to be had; the text says why."""


class Worker:
    """One worker process. `walls` is known when it is ready (`wait_ready`)."""

    def __init__(self, memory: int | None) -> None:
        if not hasattr(socket, "AF_UNIX") or not hasattr(os, "wait4"):
            raise CannotStart("process isolation needs a system with Unix sockets and process groups")
        self.memory = memory
        self.walls: Walls | None = None
        self.frames = Frames()
        self.owner = os.getpid()
        # Status, and the most memory it took in bytes: 0 when nobody can tell.
        self.reaped: tuple[int, int] | None = None
        self._base = 0
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._process = _started(theirs)
        except OSError as problem:
            self.socket.close()
            raise CannotStart(f"Python could not be started as {sys.executable!r}: {problem.strerror}") from None
        finally:
            theirs.close()
        self.pid = self._process.pid
        zone = os.environ.get("TZ", "")
        self.socket.sendall(frame({"t": "hello", "memory": memory, "parent": self.owner, "zone": zone}))

    def wait_ready(self) -> None:
        """Wait until the walls stand. Raises `CannotStart`."""
        if self.walls is not None:
            return
        self.socket.settimeout(START_S)
        found: list[dict[str, Any]] = []
        try:
            while not found:
                data = self.socket.recv(READ_BYTES)
                if not data:
                    raise CannotStart(f"the worker ended while it started ({self.end()})")
                found = self.frames.feed(data)
        except (OSError, WireError) as problem:
            self.end()
            raise CannotStart(f"the worker did not get ready: {problem}") from None
        message = found[0]
        if message["t"] != "ready" or len(found) > 1:
            self.end()
            raise CannotStart(str(message.get("text", "the worker broke the protocol"))[:500])
        self.socket.setblocking(False)
        self.walls = Walls(message["walls"], message.get("details"))
        self._base = self.resident()

    # --- watching -------------------------------------------------------------------------------

    def resident(self) -> int:
        """Bytes of the worker that lie in memory; 0 where the system does not tell."""
        try:
            with open(f"/proc/{self.pid}/statm", "rb", buffering=0) as file:
                return int(file.read().split()[1]) * resource.getpagesize()
        except (OSError, IndexError):
            return 0

    def grown(self) -> int:
        """Bytes the worker has grown by since it was ready."""
        return max(0, self.resident() - self._base)

    def limit_processor_time(self, seconds: float) -> None:
        """So much more processor time from now on, whatever becomes of the host; Linux only."""
        if not hasattr(resource, "prlimit"):
            return
        try:
            with open(f"/proc/{self.pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            most = int(used + seconds) + 2
            _soft, hard = resource.prlimit(self.pid, resource.RLIMIT_CPU)
            if hard != resource.RLIM_INFINITY:
                most = min(most, hard)
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (most, hard))
        except (OSError, ValueError):
            return  # the host's own clock still holds

    def interrupt(self) -> None:
        """Ask the worker's program to stop."""
        if self.reaped is None:
            os.kill(self.pid, signal.SIGUSR1)

    def remind(self) -> None:
        """Tell the worker's program that a limit has passed."""
        if self.reaped is None:
            os.kill(self.pid, signal.SIGUSR2)

    # --- the end --------------------------------------------------------------------------------

    def end(self) -> str:
        """Kill the worker and all it may have started, and reap it; says what it died of. May be called again."""
        if self.owner != os.getpid():
            return "it belongs to another process"  # a fork of the host: the worker is not its child
        if self.reaped is None:
            self.socket.close()
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                os.kill(self.pid, signal.SIGKILL)
            self._reap()
        return self.cause()

    def died(self) -> str:
        """Reap a worker that hung up by itself; says what it died of."""
        if self.reaped is None:
            self.socket.close()
            deadline = time.monotonic() + 1.0
            while self.reaped is None and time.monotonic() < deadline:
                if not self._reap(os.WNOHANG):
                    time.sleep(0.001)
            if self.reaped is None:
                return self.end()
        return self.cause()

    def _reap(self, options: int = 0) -> bool:
        try:
            pid, status, usage = os.wait4(self.pid, options)
        except ChildProcessError:  # somebody waits for all children of the host
            pid, status, usage = self.pid, 0, None
        if not pid:
            return False
        self.reaped = status, 0 if usage is None else _peak(usage.ru_maxrss)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return True

    def cause(self) -> str:
        """What a reaped worker died of, in words."""
        if self.reaped is None:
            return ""
        status = self.reaped[0]
        if not os.WIFSIGNALED(status):
            return f"exit status {os.waitstatus_to_exitcode(status)}"
        number = os.WTERMSIG(status)
        try:
            return f"signal {signal.Signals(number).name}"
        except ValueError:
            return f"signal {number}"

    @property
    def is_usable(self) -> bool:
        """Whether the worker is this process's and has not ended."""
        return self.owner == os.getpid() and self.reaped is None


def _peak(said: int) -> int:
    """A worker's peak of memory in bytes. It begins with that of the host, which hides a smaller one: then 0."""
    inherited = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 0 if said <= inherited * 1.02 else said * (1 if sys.platform == "darwin" else 1024)


# --- starting -----------------------------------------------------------------------------------


def _command(descriptor: int) -> list[str]:
    import dana

    home = os.path.dirname(os.path.dirname(os.path.abspath(dana.__file__ or "")))
    folders = [home, *(p for p in sys.path if os.path.isabs(p) and p != home)]
    boot = f"import sys; sys.path += {folders!r}\nfrom dana.isolation.worker import main; main({descriptor})"
    return [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", boot]


def _start(theirs: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  (our own interpreter, our own module)
        _command(theirs.fileno()),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        umask=0o077,
        close_fds=True,
        pass_fds=(theirs.fileno(),),
        start_new_session=True,
    )


class _Starter:
    """The thread that starts workers."""

    def __init__(self) -> None:
        from queue import SimpleQueue

        self.owner = os.getpid()
        self._wanted: SimpleQueue[Callable[[], None]] = SimpleQueue()
        threading.Thread(target=self._loop, name="dana-isolation", daemon=True).start()

    def _loop(self) -> None:
        while True:
            self._wanted.get()()

    def do(self, action: Callable[[], Any]) -> Any:
        """Do something in the thread and wait for it."""
        done = threading.Event()
        outcome: list[Any] = [None, None]

        def run() -> None:
            try:
                outcome[0] = action()
            except BaseException as problem:  # noqa: BLE001  (raised again where somebody waits for it)
                outcome[1] = problem
            done.set()

        self._wanted.put(run)
        done.wait()
        if outcome[1] is not None:
            raise outcome[1]
        return outcome[0]


_starter: _Starter | None = None
_guard = threading.Lock()


def _started(theirs: socket.socket) -> subprocess.Popen[bytes]:
    global _starter
    with _guard:
        if _starter is None or _starter.owner != os.getpid():
            _starter = _Starter()
    process: subprocess.Popen[bytes] = _starter.do(lambda: _start(theirs))
    return process
