"""Which faults may go away by themselves.

"Deterministic and the same input: never again" is the rule. A wrong name, a wrong type, a division by zero, a
missing key, a value that cannot be used, a forbidden or missing file will be just as wrong in a second
attempt. Everything else (connections, timeouts, services that answer with an error, and
any exception we do not know) may be an accident of the moment.
"""

from __future__ import annotations

# Bugs, invalid input, refused access: the second attempt would fail as the first did.
PERMANENT: tuple[type[BaseException], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    NotImplementedError,
    StopIteration,
    SyntaxError,
    TypeError,
    ValueError,
    FileExistsError,
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)

# Exhausted resources: no policy may hold these up, and trying again makes them worse.
NEVER: tuple[type[BaseException], ...] = (RecursionError, MemoryError)


def is_transient(fault: BaseException) -> bool:
    """Whether another attempt with the same input might end differently."""
    return isinstance(fault, Exception) and not isinstance(fault, PERMANENT) and not isinstance(fault, NEVER)
