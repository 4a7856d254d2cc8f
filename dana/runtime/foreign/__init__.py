"""Values of Python inside a Dana program, and Dana's values inside Python (L25, L50).

Compiled Dana reads attributes as Python does, so an object of the host that a program holds is an object it can walk:
to its class, its module, `os`. Programs never hold one. What comes in is *admitted*, what goes out is *released*:

    admit       plain data stays what it is; Dana's own values pass; anything else becomes a proxy (`Foreign`)
    release     proxies become what they stand for, Dana functions become callables of Python

A proxy hides names that begin with `_` and the few public ones that open the interpreter; what it hands out was
admitted, what it is handed is released. Modules are handed out only where the policy grants them; frames, code,
`eval` and their like never. Iteration is metered, and exceptions arrive as exceptions of the program: class name and
message, nothing they point to.

A proxy keeps a program from leaving the objects it was given. It cannot make these objects harmless: a program that
may use `pandas` can do what `pandas` can do, and pandas reads files.

    border      admit, release and calls, for one program
    proxies     the proxy classes
    refused     what is never handed out
    failures    exceptions of Python code as the program sees them
    modules     granted Python modules, as `import` hands them out
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.foreign.border import Border
    from dana.runtime.program import Program


def border_of(program: Program, origin: str = "", *, writable: bool = False) -> Border:
    """The border between a program and one origin of foreign values, such as "python"; made at first use."""
    borders = program.borders
    found: Border | None = borders.get((origin, writable))
    if found is None:
        from dana.runtime.foreign.border import Border

        found = borders[origin, writable] = Border(program, origin, writable=writable)
    return found


def admit(program: Program, value: Any, origin: str = "", *, writable: bool = False) -> Any:
    """What a program gets for a value of Python. `origin` names where it comes from, for messages.

    Unless `writable`, the program may not assign attributes and items of the object. Raises Dana's `Denied` for
    a module that is not granted, and `AttributeError` for what is never handed out.
    """
    return border_of(program, origin, writable=writable).admit(value)


def release(program: Program, value: Any) -> Any:
    """What Python gets for a value of a program."""
    return border_of(program).release(value)
