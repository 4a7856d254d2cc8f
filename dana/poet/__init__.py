"""POET: one decorator that makes a plain function reliable.

    @poet(retries=3, timeout=2.0, enforce_handler=plausible)
    def price(item): …

A call of the decorated function runs a pipeline of stages around the body, which stays as it is:

    Perceive   once: the arguments, bound to their names, pass through `perceive_handler`
    Operate    the body, again after a transient fault or a refused result, with a growing wait
    Enforce    the result passes through `enforce_handler`, which mends it or refuses it

under one deadline for everything. What comes out is a plain value, or one `POETError` that tells the
whole story. `options.py` is the table of options (the checker reads it too), `pipeline.py` builds the
decorated function, `binding.py` puts arguments to names, `errors.py` tells the story. The decisions — when to try
again, how long to wait — are `dana.adaptive`'s; here they meet functions.

Decoration specialises: a stage that is switched off leaves no trace in the code a call runs. Nothing
here starts a thread or reads a clock of its own; time, chance and deadlines belong to the program.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def __getattr__(name: str) -> Any:
    """`dana.poet.poet` is the decorator for Python functions; it is loaded when it is first asked for."""
    if name == "poet":
        from dana.poet.python import poet

        return poet
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
