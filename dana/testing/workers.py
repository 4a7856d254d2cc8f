"""Files over processes: each child takes the next file from one queue and sends its result back.

    parent ── numbers of files ──▶ one pipe all children read   (4 bytes each, so a read gets exactly one)
    parent ◀── frames ── a pipe per child                       (length, then marshalled data)

A child says what it begins before it does, so that one that dies is known by the file that killed it. Where the
system cannot fork, everything runs in this process.
"""

from __future__ import annotations

import marshal
import os
from select import select

from dana.diagnostics import shown_name
from dana.testing.outcome import FAILED, PROGRAM, Case, FileResult, Outcome
from dana.testing.session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from dana.testing.settings import Settings

NUMBER = 4
# Files from which processes pay for themselves.
MANY = 8
# What a pipe surely holds without a reader.
PIPE = 16_000


def jobs_for(files: Sequence[str], wanted: int | None) -> int:
    """How many processes to use: those asked for, else one for few files and one per processor for many."""
    if not hasattr(os, "fork"):
        return 1
    if wanted is None:
        wanted = (os.cpu_count() or 1) if len(files) >= MANY else 1
    return max(1, min(wanted, len(files)))


def run_files(
    files: Sequence[str], settings: Settings, jobs: int, begun: Callable[[str], object]
) -> Iterator[FileResult]:
    """The result of every file, as they are ready. `begun(file)` is told what is at work."""
    if jobs == 1:
        for file in files:
            begun(file)
            yield run_file(file, settings)
        return
    for at in range(0, len(files), PIPE):
        yield from _spread(files[at : at + PIPE], settings, jobs, begun)


def run_file(file: str, settings: Settings) -> FileResult:
    """All of a file's cases; a file that cannot be read, or whose snapshots cannot be kept, has a failed one."""
    try:
        return Session(file, settings).run_all()
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        name = shown_name(problem.filename) if isinstance(problem.filename, str) else file
        return _failed(file, "the file can be read", f"{name}: {reason}")


def _failed(file: str, name: str, message: str) -> FileResult:
    result = FileResult(file)
    result.outcomes.append(Outcome(Case(file, name, 1, PROGRAM), FAILED, 0.0, message))
    return result


def _spread(
    files: Sequence[str], settings: Settings, jobs: int, begun: Callable[[str], object]
) -> Iterator[FileResult]:
    queue, fill = os.pipe()
    os.write(fill, b"".join(number.to_bytes(NUMBER, "big") for number in range(len(files))))
    os.close(fill)
    children: dict[int, _Child] = {}
    try:
        for _ in range(jobs):
            child = _fork(queue, files, settings)
            children[child.pipe] = child
        while children:
            for pipe in select(list(children), [], [])[0]:
                child = children[pipe]
                data = os.read(pipe, 1 << 16)
                if not data:
                    del children[pipe]
                    lost = child.end()
                    if lost is not None:
                        yield _died(files[lost], child.status)
                        if queue_is_left(queue):
                            # The others go on; one more takes the place of the dead.
                            again = _fork(queue, files, settings)
                            children[again.pipe] = again
                    continue
                for frame in child.frames(data):
                    if isinstance(frame, int):
                        begun(files[frame])
                    else:
                        yield FileResult.from_data(frame)
    finally:
        os.close(queue)
        for child in children.values():
            child.kill()


def queue_is_left(queue: int) -> bool:
    """Whether files wait in the queue; an empty one reads as ended, which no child is harmed by."""
    return bool(select([queue], [], [], 0)[0])


class _Child:
    """One child process and what it has sent so far."""

    __slots__ = ("_at", "_data", "_process", "pipe", "status")

    def __init__(self, process: int, pipe: int) -> None:
        self._process = process
        self._data = b""
        self._at: int | None = None
        self.pipe = pipe
        self.status = 0

    def frames(self, data: bytes) -> list[Any]:
        """The frames that are complete now: a file's number when it is begun, its result when it is done."""
        self._data += data
        found: list[Any] = []
        while len(self._data) >= NUMBER:
            size = int.from_bytes(self._data[:NUMBER], "big")
            if len(self._data) < NUMBER + size:
                break
            frame = marshal.loads(self._data[NUMBER : NUMBER + size])  # noqa: S302  (our own child wrote it)
            self._data = self._data[NUMBER + size :]
            self._at = frame if isinstance(frame, int) else None
            found.append(frame)
        return found

    def end(self) -> int | None:
        """Wait for the process; the number of the file it died of, if it did."""
        os.close(self.pipe)
        _, self.status = os.waitpid(self._process, 0)
        return self._at

    def kill(self) -> None:
        from signal import SIGKILL

        os.kill(self._process, SIGKILL)
        self.end()


def _fork(queue: int, files: Sequence[str], settings: Settings) -> _Child:
    import sys

    receive, send = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process:
        os.close(send)
        return _Child(process, receive)
    status = 1
    try:
        os.close(receive)
        _work(queue, send, files, settings)
        status = 0
    except KeyboardInterrupt:
        status = 130
    finally:
        # Nothing of the parent's is cleaned up twice.
        sys.stderr.flush()
        os._exit(status)


def _work(queue: int, send: int, files: Sequence[str], settings: Settings) -> None:
    while data := os.read(queue, NUMBER):
        number = int.from_bytes(data, "big")
        _send(send, number)
        _send(send, run_file(files[number], settings).to_data())


def _send(pipe: int, content: Any) -> None:
    body = marshal.dumps(content)
    left = len(body).to_bytes(NUMBER, "big") + body
    while left:
        left = left[os.write(pipe, left) :]


def _died(file: str, status: int) -> FileResult:
    how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"status {os.waitstatus_to_exitcode(status)}"
    message = f"the process that ran this file ended with {how}; `--jobs 1` shows what it was doing"
    return _failed(file, "the file can be run", message)
