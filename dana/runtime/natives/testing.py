"""What a test can ask of `dana test`: snapshots, clean-up, skipping, the clock.

The runner puts an object under `.probe` into the program's builtins; without it these functions refuse.
"""

from __future__ import annotations

from dana.runtime.natives import types_on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _probe(program: Any, name: str) -> Any:
    """The running test. RuntimeError when the program is not being tested."""
    probe = program.builtins.get(".probe")
    if probe is None:
        error = RuntimeError(f"`{name}` works in tests only")
        error._hint = "run the file with `dana test`"  # type: ignore[attr-defined]
        raise error
    return probe


def snapshot(program: Any) -> Callable[..., None]:
    """The value looks as it did when its snapshot was taken; the first time, it is taken.

    Snapshots lie beside the file in `__snapshots__`; `dana test --update-snapshots` takes them anew.
    """

    def snapshot(value: object, name: str = "") -> None:
        """The value looks as it did when its snapshot was taken."""
        _probe(program, "snapshot").snapshot(value, name)

    return snapshot


def on_exit(program: Any) -> Callable[..., None]:
    """`action()` is called when the test is over, however it ends; the last one registered first."""

    def on_exit(action: Callable[[], object]) -> None:
        """`action()` is called when the test is over, however it ends; the last one registered first."""
        _probe(program, "on_exit").on_exit(action)

    return on_exit


def skip(program: Any) -> Callable[..., None]:
    """Ends the test; it counts as skipped."""

    def skip(reason: str = "") -> None:
        """Ends the test; it counts as skipped."""
        _probe(program, "skip").skip(str(reason))

    return skip


def advance(program: Any) -> Callable[..., None]:
    """Lets the test's clock go on by so many seconds; nothing waits."""

    def advance(seconds: float) -> None:
        """Lets the clock go on by so many seconds; nothing waits."""
        if not 0 <= seconds < 1e12:
            msg = f"advance: the clock goes on by 0 seconds or more, not {seconds!r}"
            raise ValueError(msg)
        _probe(program, "advance").advance(seconds)

    return advance


SIGNATURES = {
    "snapshot": '(value: any, name: str = "") -> None',
    "on_exit": "(action: any) -> None",
    "skip": '(reason: str = "") -> None',
    "advance": "(seconds: float) -> None",
}
EXPORTS: dict[str, object] = {"snapshot": snapshot, "on_exit": on_exit, "skip": skip, "advance": advance}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
