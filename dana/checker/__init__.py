"""Names, types and rules: `check(parsed) -> Checked`.

What comes in is a tree; what goes out is the same tree with side tables beside it (`Checked`), which
only this package can build and which lowering takes as its proof that every name is resolved.

    declare.py      what each scope binds (Python decides locality by scope, so this comes first)
    structs.py, functions.py, annotations.py      types and signatures, before any code is looked at
    statements.py, assignments.py, expressions.py, operators.py, calls.py, pipelines.py, patterns.py
                    one function per construct; an expression's function returns its static type
    callgraph.py    who may call whom, for limits; interface.py   what importers see

A variable has one type per scope, the join of everything assigned to it. A body is walked once, in order;
when an assignment contradicts a type that was already relied on, it is walked again with the join, at most
four times, and then the variable holds anything. Conditions narrow plain variables until they are assigned.

Run-time checks are left out on the word of static types, so a type is claimed only when it certainly holds:
the elements of a list only while nobody else can reach it, the variables of a module because modules are
read-only from outside, fields because every store to them is checked. Errors are reported only when every run
that gets there must fail. Deliberately absent: inference of parameter types, and any guess.
"""

from dana.checker.check import check
from dana.checker.model import CallTarget, Checked, Field, Interface, Method, ModuleRequest, StructInfo
from dana.checker.types import proves

__all__ = [
    "CallTarget",
    "Checked",
    "Field",
    "Interface",
    "Method",
    "ModuleRequest",
    "StructInfo",
    "check",
    "proves",
]
