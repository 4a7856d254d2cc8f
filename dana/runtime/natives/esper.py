"""Networks that grow, behind `stdlib/esper.na`: loaded, and torch with it, when the first network or data is made."""

from __future__ import annotations

from dana.runtime.natives import types_on_demand
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# More than torch ever takes; allowed while it is loaded.
LIBRARY_BYTES = 4 << 30
NAMES = (
    "mlp", "cnn", "transformer", "data", "spirals", "digits", "images", "chars", "budget", "train",
    "controller", "kernel_key", "validate", "load_kernel", "store", "forge",
)  # fmt: skip


def _opened(program: Any) -> Any:
    """Esper of a program, made for its first use."""
    found = program.table.get(".esper")
    if found is None:
        try:
            found = _loaded(program)
        except ModuleNotFoundError as missing:
            if missing.name is not None and missing.name.startswith("dana"):
                hint = 'run it without `isolate="process"`: a worker process has no networks'
                raise failure(ImportError, "E860", "esper is not there in an isolated program", hint) from None
            hint = "pip install 'dana[esper]', with constraints.txt for the small build of torch"
            message = f"esper needs the Python package {missing.name}, which is not installed"
            raise failure(ImportError, "E860", message, hint) from None
        program.table[".esper"] = found
    return found


def _loaded(program: Any) -> Any:
    """Esper and torch, whose own memory does not count as the program's."""
    from importlib import import_module

    from dana.runtime import memory

    account = getattr(program.meter, "_memory", None)
    if account is None:
        return import_module("dana.esper.natives").Esper(program)
    account.grown()
    before = memory.taken()
    account.limit += LIBRARY_BYTES
    try:
        found = import_module("dana.esper.natives").Esper(program)
        found.warm_up()
    finally:
        account.limit -= LIBRARY_BYTES
        account.base += max(0, memory.taken() - before)
    return found


def _function(name: str) -> Callable[[Any], Callable[..., Any]]:
    def made(program: Any) -> Callable[..., Any]:
        def call(*args: Any, **keywords: Any) -> Any:
            return getattr(_opened(program), name)(*args, **keywords)

        call.__name__ = call.__qualname__ = name
        return call

    return made


NEEDS_PROGRAM = frozenset(NAMES)
EXPORTS: dict[str, Any] = {name: _function(name) for name in NAMES}

SIGNATURES = {
    "mlp": "(inputs: int, hidden: list[int], outputs: int, seed: int = …) -> any",
    "cnn": "(channels: list[int], outputs: int, size: int = …, seed: int = …) -> any",
    "transformer": "(classes: int, length: int, width: int = …, heads: int = …, seed: int = …) -> any",
    "data": "(rows: list, answers: list[int], seed: int = …) -> any",
    "spirals": "(count: int = …, noise: float = …, seed: int = …) -> any",
    "digits": "(seed: int = …) -> any",
    "images": "(seed: int = …) -> any",
    "chars": "(text: str, length: int = …, count: int = …, seed: int = …) -> any",
    "budget": (
        "(parameters: int | None = …, growths: int | None = …, concurrent: int = …, flops: int | None = …, "
        "memory: int | None = …) -> any"
    ),
    "controller": "(kind: str, settings: dict) -> any",
    "kernel_key": "() -> bytes",
    "validate": "(plan: any, key: bytes, seed: int = …) -> any",
    "load_kernel": "(data: bytes, key: bytes, expected: str | None = …) -> any",
    "store": "(folder: str) -> any",
    "forge": "(workers: int = …, key: bytes | None = …, store: any = …) -> any",
    "train": (
        "(net: any, data: any, epochs: int = …, seed: int = …, controller: any = …, budget: any = …, "
        "batch: int = …, lr: float = …, optimizer: str = …, "
        "pause: int | None = …, resume: str | None = …, on_epoch: any = …) -> any"
    ),
}
__getattr__ = types_on_demand(SIGNATURES)
