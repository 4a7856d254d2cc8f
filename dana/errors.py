"""The exceptions a Python program sees: one root, and a class per kind of failure.

DanaError                 anything wrong with, or during, a Dana program
├── CompileError          the program was refused before it ran (all its diagnostics)
└── RuntimeFault          it stopped while running
    ├── Denied            the policy does not grant the act
    ├── LimitExceeded     a limit was reached (`which`)
    ├── Timeout           a deadline passed
    ├── Cancelled         the host cancelled it
    ├── POETError         a POET stage gave up
    ├── IPVError          a model's answer could not be used
    ├── AgentError
    └── EsperError
UsageError                the embedding API was misused
InternalError             we are wrong; please report it
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from dana.diagnostics import Diagnostic


class DanaError(Exception):
    """Root of everything that can go wrong with a Dana program.

    `diagnostics` holds the findings (at least one); `stack` the Dana frames, innermost last, as
    `(function, file, line, column)`. `str(e)` is the rendered text.
    """

    def __init__(
        self,
        diagnostics: Sequence[Diagnostic],
        stack: Sequence[tuple[str, str, int, int]] = (),
    ) -> None:
        super().__init__(diagnostics[0].message if diagnostics else "")
        self.diagnostics = tuple(diagnostics)
        self.stack = tuple(stack)
        # The program that failed, and how: a host function it called gives it back what it lost.
        self._program: object = None
        self._failure: BaseException | None = None

    def __reduce__(self) -> Any:
        # `args` is the message alone; what was raised in the program stays with it.
        return _again, (type(self), self.diagnostics, self.stack, getattr(self, "which", None))

    def __str__(self) -> str:
        from dana.diagnostics import render_all

        return render_all(self.diagnostics)


def _again(kind: type[DanaError], diagnostics: Any, stack: Any, which: str | None) -> DanaError:
    """A pickled error anew."""
    made = kind(diagnostics, stack)
    if isinstance(made, LimitExceeded) and which is not None:
        made.which = which
    return made


class CompileError(DanaError):
    """The program was refused before it ran."""


class RuntimeFault(DanaError):
    """The program stopped while running; `__cause__` is the original exception if there is one."""


class Denied(RuntimeFault):
    """The policy does not grant what the program tried to do."""


class LimitExceeded(RuntimeFault):
    """A limit was reached; `which` names it ("steps", "depth", "memory"…)."""

    which: str = ""


class Timeout(RuntimeFault):
    """A deadline passed."""


class Cancelled(RuntimeFault):
    """The host cancelled the program."""


class POETError(RuntimeFault):
    """A POET stage gave up."""


class IPVError(RuntimeFault):
    """A model's answer could not be used."""


class AgentError(RuntimeFault):
    """An agent failed."""


class EsperError(RuntimeFault):
    """Esper refused or failed."""


class UsageError(TypeError):
    """The embedding API was misused."""


class InternalError(Exception):
    """A fault of Dana itself; please report it."""
