"""What to say about a token that does not fit."""

from __future__ import annotations

from dana.parser.problems import diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.diagnostics import Diagnostic
    from dana.parser.driver import Driver


def explain(driver: Driver, at: int) -> Diagnostic:
    token = driver.tokens[at]
    return diagnostic(driver.source, "E102", f"unexpected {token[2]}", token[0], token[1])
