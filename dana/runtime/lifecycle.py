"""Resources (L32): structs with a lifecycle.

    created ──start──▶ running ──stop──▶ stopped

`start` and `stop` written in a program are called by the lifecycle, not instead of it: the class keeps
`Resource.start`/`Resource.stop`, and the program's own functions run inside them. What runs is known to
the program, which stops it in reverse order when it ends.
"""

from __future__ import annotations

from dana.runtime.stops import Stop, failure
from dana.runtime.structs import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CREATED, RUNNING, STOPPED = "created", "running", "stopped"
# Where a class keeps the program's own functions of these names.
HOOKS = {"start": "_own_start", "stop": "_own_stop"}


class Resource(Struct):
    """Base of all resources. Two resources are equal only if they are the same one."""

    __slots__ = ("_state",)

    __eq__ = object.__eq__
    __hash__ = object.__hash__  # type: ignore[assignment]

    @property
    def state(self) -> str:
        """`"created"`, `"running"` or `"stopped"`."""
        return _state_of(self)

    @property
    def is_running(self) -> bool:
        return _state_of(self) == RUNNING

    def start(self, *args: Any, **keywords: Any) -> Any:
        """Bring the resource up; nothing happens when it runs already."""
        state = _state_of(self)
        if state == RUNNING:
            return None
        if state == STOPPED:
            name = self._shape.name
            raise failure(RuntimeError, "E614", f"resource `{name}` has been stopped and cannot start again",
                          f"make a new one: `{name}(…)`")  # fmt: skip
        result = _hook(self, "start")(*args, **keywords)
        object.__setattr__(self, "_state", RUNNING)
        self._shape.program.running.append(self)
        return result

    def stop(self, *args: Any, **keywords: Any) -> Any:
        """Shut the resource down; nothing happens when it does not run."""
        was = _state_of(self)
        object.__setattr__(self, "_state", STOPPED)
        if was != RUNNING:
            return None
        running = self._shape.program.running
        running[:] = [r for r in running if r is not self]
        return _hook(self, "stop")(*args, **keywords)

    def __enter__(self) -> Any:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


def _state_of(resource: Any) -> str:
    """The lifecycle's own state; a field called `state` does not hide it."""
    return getattr(resource, "_state", CREATED)


def _hook(resource: Any, name: str) -> Any:
    return getattr(resource, HOOKS[name], _nothing)


def _nothing() -> None:
    return None


def adopt_hooks(cls: Any) -> None:
    """Let the lifecycle call the `start` and `stop` a resource class defines in its body."""
    for name, hook in HOOKS.items():
        own = cls.__dict__.get(name)
        if own is not None and callable(own):
            type.__setattr__(cls, hook, own)
            type.__delattr__(cls, name)


def stop_all(running: list[Any]) -> list[BaseException]:
    """Stop what still runs, last started first; one failure does not keep the others running."""
    failures: list[BaseException] = []
    while running:
        resource = running[-1]
        try:
            resource.stop()
        except (Exception, Stop) as error:  # noqa: BLE001  collected and reported by the caller, who ends the program
            failures.append(error)
        if running and running[-1] is resource:
            running.pop()
    return failures
