"""Codes of process isolation (E720 to E729): programs in worker processes."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E720": Entry(
        "programs cannot be isolated here",
        'With `isolate="process"`, or `dana run --isolate`, a program runs in a worker process of its own. '
        "None could be started: the system has no Unix sockets, Python is not where `sys.executable` says, or "
        "the worker could not build its walls. The program has not run. `dana doctor` tells what this machine "
        "offers.",
    ),
    "E721": Entry(
        "the worker process died",
        "The process in which the program ran has ended: it was killed from outside, or the interpreter broke "
        "down. What the program held is gone. The next `run` starts a fresh worker; modules and sessions have "
        "to be made anew.",
    ),
    "E722": Entry(
        "a worker process tried what no Dana program can",
        "The code in a worker opened a file, started a process, made a connection or used a system call that "
        "Dana never needs. The worker was ended at once and nothing of it is used again. Either somebody has "
        "found a way out of Dana, and the walls around the worker held, or it is a fault of ours: please "
        "report it, as docs/security.md says.",
    ),
    "E723": Entry(
        "a worker process broke the protocol",
        "What a worker sent was no message, or asked for what it was not offered. The worker was ended at "
        "once. Like E722 this is an attack or a fault of ours: please report it.",
    ),
    "E724": Entry(
        "a value cannot be handed over",
        "Values between the host and a program in a worker are copied. One that is larger than a message may "
        "be (8 MiB, or a million items), nested deeper than 150 levels, or part of itself cannot be. Hand it "
        "over in parts, or let a host function keep it and give out what is asked for.",
    ),
}
