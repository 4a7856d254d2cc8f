"""The embedding API, and the one place that wires the compiler to the runtime.

    engine = Engine(limits=Limits(steps=1_000_000))
    engine.run("1 + 2")                  # 3
    credit = engine.load("credit.na")    # a Module
    credit.assess(720)

`finder` turns an import into a file, `loader` a file into a module (compiled or from the cache), `engine`
runs programs under limits and turns everything that goes wrong into a `DanaError`.
"""

from __future__ import annotations

from dana.engine.engine import Engine, Module
from dana.engine.limits import Limits

__all__ = ["Engine", "Limits", "Module"]
