"""Names, types and rules: `check(parsed) -> Checked`.

What comes in is a tree; what goes out is the same tree with side tables beside it (`Checked`), which
only this package can build and which lowering takes as its proof that every name is resolved.
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
