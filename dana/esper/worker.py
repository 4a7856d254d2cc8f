"""The forge's worker: a process of its own that builds and validates, one job after the other (E95, E100).

    python -m dana.esper.worker        frames on standard input and output (see `send`, `receive`)

It is told the key and the limits first, says that it is ready, and then answers each job. Its memory is limited by the
system; the forge ends it when a job takes too long. It opens no file and no connection, and its environment holds
nothing of its parent's.
"""

from __future__ import annotations

import json
import os
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

MOST_TEXT = 1 << 20
MOST_BLOB = 1 << 27


def send(stream: BinaryIO, message: dict[str, Any], blob: bytes = b"") -> None:
    """Write one frame: two lengths, JSON, bytes."""
    text = json.dumps(message).encode()
    stream.write(struct.pack("<IQ", len(text), len(blob)) + text + blob)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """Read one frame. Raises `EOFError` at the end, `ValueError` for what is no frame."""
    head = _exactly(stream, 12)
    text, blob = struct.unpack("<IQ", head)
    if text > MOST_TEXT or blob > MOST_BLOB:
        raise ValueError("a frame is too large")
    message = json.loads(_exactly(stream, text))
    if not isinstance(message, dict):
        raise ValueError("a frame is no object")  # noqa: TRY004  (what is wrong is the text, not a type of ours)
    return message, _exactly(stream, blob)


def _exactly(stream: BinaryIO, count: int) -> bytes:
    found = stream.read(count)
    if len(found) < count:
        raise EOFError
    return found


def limit_memory(more: int) -> None:
    """No more address space than there is now and `more` bytes; no core dumps. Where the system has such limits."""
    try:
        import resource
    except ImportError:
        return
    with open("/proc/self/statm", encoding="ascii") as stream:
        now = int(stream.read().split()[0]) * resource.getpagesize()
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = now + more
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def work(given: BinaryIO, answers: BinaryIO) -> None:
    """Answer jobs until the input ends."""
    import torch

    from dana.esper.blueprint import from_data
    from dana.esper.kernel import KernelValidator
    from dana.esper.refusals import Refusal, RefusedError
    from dana.esper.validation import Urabrask

    torch.set_num_threads(1)
    start, key = receive(given)
    urabrask = Urabrask(key, validator=KernelValidator(**start["limits"]), relative=start["relative"])
    _warm_up(urabrask)
    if sys.platform == "linux":
        limit_memory(start["memory"])
    send(answers, {"ready": True})
    while True:
        job, _nothing = receive(given)
        try:
            blueprint = from_data(job["blueprint"])
            verdict = urabrask.validate(blueprint, seed=job["seed"], provenance=job["provenance"])
        except RefusedError as error:
            send(answers, {"id": job["id"], "refusal": error.refusal.to_data(), "records": [], "measured": {}})
            continue
        except MemoryError:
            refusal = Refusal("refused.memory", "there was not enough memory for it")
            send(answers, {"id": job["id"], "refusal": refusal.to_data(), "records": [], "measured": {}})
            continue
        refused = None if verdict.refusal is None else verdict.refusal.to_data()
        answer = {"id": job["id"], "refusal": refused, "records": verdict.records, "measured": verdict.measured}
        send(answers, answer, verdict.packed)


def _warm_up(urabrask: Any) -> None:
    """The first forward and backward pass load what later ones use, before memory is limited."""
    from dana.esper.blueprint import Blueprint, Node

    urabrask.validate(Blueprint("warm", ["batch", 2], [Node("a", "linear", ["input"], {"out": 2})], "a"))


def main() -> None:
    """The process: frames only on what was standard output; prints of libraries go to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        work(sys.stdin.buffer, answers)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


if __name__ == "__main__":
    main()
