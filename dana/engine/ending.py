"""How a run ends otherwise than well: what is raised, and what those who listen are told."""

from __future__ import annotations

from dana.runtime.stops import ExitStop, LimitStop, Stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.engine.engine import _Run
    from dana.errors import DanaError
    from dana.runtime.program import Program


def concluded(
    run: _Run,
    value: Any,
    failed: BaseException | None,
    passed: Exception | None,
    stop: Stop | None,
    steps: int,
    problems: list[BaseException] | tuple[()] = (),
) -> Any:
    """The end of `_Run.guarded`: tells who listens; gives the value, or raises the `DanaError` for what went wrong.

    `passed` is raised as it is; `stop` was in progress at the end, `problems` is what closing the program met. `exit()`
    is no error.
    """
    program = run.program
    if stop is not None and not isinstance(failed, Stop):
        failed = stop  # a `finally` threw it away or failed itself; the limit was reached all the same
    if failed is None and problems:
        failed = problems[0]
    if program.emit is not None:
        told(program.emit, program, run._name, failed or passed, steps)
    if passed is not None:
        raise passed
    if failed is None:
        return value
    fault, cause = fault_of(failed, program)
    if fault is not None:
        raise fault from cause
    run._engine.exit_code = getattr(failed, "code", 1) if isinstance(failed, ExitStop) else None
    return None


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
