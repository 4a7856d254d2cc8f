"""Checked Dana to Python: `lower(checked, metered=True) -> ast.Module`.

What comes in is a tree whose names are all resolved; what goes out is a Python syntax tree whose
globals are the module's variables and whose builtins are the program's (`abi`). Positions are copied
node by node, so Python's own tracebacks point at Dana text.

One function per construct, named after its node: `lower_if` turns `If` into statements. Expressions
lower to expressions, statements to lists of statements; what Python has no expression for is a call
of a runtime helper whose name starts with a dot. Two things are compiled in everywhere: limits (loops
draw from `.steps`, recursive functions from `.calls`) and the annotation checks the checker could not
prove. Nothing here looks at values; nothing here runs.
"""

from __future__ import annotations

import ast as py

from dana.lowering.context import Context
from dana.lowering.expressions import EXPRESSIONS
from dana.lowering.statements import STATEMENTS, lower_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.model import Checked


def lower(checked: Checked, *, metered: bool = True, tests: bool = False, alone: bool = False) -> py.Module:
    """The Python module for a checked Dana module.

    `metered` False leaves out step counting (and with it deadlines inside loops). `tests` True keeps the test
    blocks, each a function behind a guard, and lets failing assertions tell what was compared. `alone` says that
    no other Dana module belongs to the program unless this one imports it.
    Precondition: `checked.errors` is empty.
    """
    cx = Context(checked, EXPRESSIONS, STATEMENTS, metered=metered, tests=tests, alone=alone)
    return lower_module(cx, checked.module)
