"""The walls around a worker: their names, what each is for, and which stand on this machine.

A wall that could not be built says why. Nothing is assumed: the worker builds them and reports; `dana doctor` and
`engine.isolation` show the report of a real worker.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# In the order in which they are built. The last words of a line are what somebody would want to know it for.
MEANING = {
    "own process": "its own interpreter, session and process group; killed as a whole",
    "no environment": "no variable of the host's",
    "no descriptors": "nothing open but its line to the host",
    "plain user": "where the host is root, the worker is nobody",
    "ends with host": "killed by the kernel when the host ends",
    "memory": "the kernel refuses memory beyond the limit",
    "processor time": "the kernel ends it when even the host no longer watches",
    "no files written": "the kernel refuses to write to files",
    "no processes": "the kernel refuses new processes",
    "no new privileges": "no program it started could gain any",
    "no attaching": "no other process of the user may look into it; no core file",
    "landlock": "the kernel refuses files, TCP ports and signals to others",
    "seccomp": "the kernel refuses system calls that are not on the list",
    "no modules": "nothing can be imported any more",
    "audit hook": "the interpreter ends itself at an act no Dana program can cause",
}

# Without these a worker is only a process that can be killed; `Engine(isolate="process")` still says it is there,
# and `engine.isolation.is_complete` says that it is not whole.
ESSENTIAL = ("own process", "no environment", "no descriptors", "memory", "no new privileges", "seccomp", "audit hook")


class Walls:
    """Which walls stand around a worker.

    `standing` are the names of those that do, `missing` maps the others to the reason; `python` and `kernel` say where.
    """

    __slots__ = ("details", "missing", "standing")

    def __init__(self, found: Mapping[str, str], details: Mapping[str, str] | None = None) -> None:
        """`found`: wall → "" when it stands, else why it does not; `details`: wall → what kind it is ("version 7")."""
        self.standing = tuple(name for name in MEANING if found.get(name) == "")
        self.missing = {name: found.get(name) or "not built" for name in MEANING if found.get(name) != ""}
        self.details = {name: text for name, text in (details or {}).items() if name in MEANING}

    @property
    def is_complete(self) -> bool:
        """Whether every wall stands that keeps hostile code in, should it have left Dana."""
        return not any(name in self.missing for name in ESSENTIAL)

    def __repr__(self) -> str:
        missing = f", missing {', '.join(self.missing)}" if self.missing else ""
        return f"<Walls: {len(self.standing)} standing{missing}>"

    def __str__(self) -> str:
        width = max(map(len, MEANING))
        lines = []
        for name, meaning in MEANING.items():
            reason = self.missing.get(name)
            detail = f" ({self.details[name]})" if name in self.details else ""
            state = "stands  " if reason is None else "missing "
            lines.append(f"{state} {name:<{width}}  {meaning if reason is None else reason}{detail}")
        return "\n".join(lines)
