"""Curated Python behind the standard library: `stdlib/X.na` writes `from natives.X import …`.

Only files of the standard library can import natives, and natives are few: what Dana itself cannot
express (clocks, terminals), what C does a hundred times faster (`math`), what must not be re-invented
(JSON and CSV readers). Everything else is written in Dana, one directory further.

A native module has three names:

    EXPORTS         name → function or constant
    NEEDS_PROGRAM   names whose export is a factory: called once with the running program, it returns
                    the function. That is how clocks, limits and terminals are injected; a native holds
                    no state of its own, so two programs never meet here.
    TYPES           name → static type for the checker, built from `SIGNATURES` on first use

Invariants: arguments and results are plain values (never host objects a script could climb through);
the cost of a call is bounded by the size of its arguments, absurd sizes are refused before work starts;
iterables of unknown length are walked through `program.source`, so limits and deadlines hold inside
a native too; what is slow to import is imported by the function that needs it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Bits of the largest integer a native may build: 315 000 digits, well under a tenth of a second.
MAX_INT_BITS = 1 << 20


def types_on_demand(signatures: Mapping[str, str]) -> Callable[[str], object]:
    """A module `__getattr__` that makes `TYPES` out of `signatures` when the checker first asks for it."""

    def module_getattr(name: str) -> object:
        if name == "TYPES":
            from dana.runtime.natives.signatures import types_of

            return types_of(signatures)
        msg = f"no such name in this native module: {name}"
        raise AttributeError(msg)

    return module_getattr
