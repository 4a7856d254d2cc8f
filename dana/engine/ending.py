"""How a run ends otherwise than well: what is raised, and what those who listen are told."""

from __future__ import annotations

from dana.runtime.stops import ExitStop, LimitStop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.errors import DanaError
    from dana.runtime.program import Program


def told(
    emit: Callable[[str, dict[str, Any]], object], program: Program, name: str, failed: BaseException | None, steps: int
) -> None:
    """Tell those who listen how it ended."""
    if isinstance(failed, LimitStop):
        emit("limit.reached", {"which": failed.which})
    if not program.meter.is_running():
        outcome = "ok" if failed is None or isinstance(failed, ExitStop) else type(failed).__name__
        emit("run.end", {"name": name, "outcome": outcome, "steps": steps})


def fault_of(failed: BaseException, program: Program) -> tuple[DanaError | None, BaseException | None]:
    """The `DanaError` for what ended a program, and what it shows as its `__cause__`; None for `exit()`."""
    from dana.runtime.faults import diagnose

    fault = diagnose(failed, program)
    if fault is None:
        return None, None
    fault._program, fault._failure = program, failed
    return fault, cause(failed)


def cause(failed: BaseException) -> BaseException | None:
    """What a fault shows as its `__cause__`: the exception, or the host's own behind it; stops are none."""
    if not isinstance(failed, Exception):
        return None
    found = getattr(failed, "_original", None)
    return found if isinstance(found, BaseException) else failed


def no_main(arguments: Mapping[str, Any]) -> Exception:
    """The error for arguments of a program that takes none."""
    names = ", ".join(arguments)
    error = TypeError(f"this program takes no arguments, but was given {names}")
    error._hint = "declare them: def __main__(…)"  # type: ignore[attr-defined]
    return error
