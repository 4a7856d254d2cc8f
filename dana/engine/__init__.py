"""The embedding API, and the one place that wires the compiler to the runtime.

    engine = Engine(limits=Limits(steps=1_000_000))
    engine.run("1 + 2")                  # 3
    credit = engine.load("credit.na")    # a Module
    credit.assess(720)

`finder` turns an import into a file, `loader` a file into a module (compiled or from the cache), `engine`
runs programs under limits and turns everything that goes wrong into a `DanaError`.
"""

from __future__ import annotations

from dana.engine.engine import Engine
from dana.engine.limits import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.engine.module import Module as Module

__all__ = ["Engine", "Limits", "Module"]


def __getattr__(name: str) -> object:
    if name == "Module":
        from dana.engine.module import Module

        return Module
    msg = f"module 'dana.engine' has no attribute {name!r}"
    raise AttributeError(msg)
