"""Static types: small immutable values, assignability, and what a check can be elided for.

Gradual typing: `ANY` is compatible with everything in both directions and proves nothing.
Types are tuples so that they compare, hash and marshal; the first item is the kind.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Type: TypeAlias = tuple  # type: ignore[type-arg]

# ("any",)                         nothing known
# ("never",)                       no value (after return/raise)
# ("none",) ("bool",) ("int",) ("float",) ("str",)
# ("list", T) ("set", T) ("dict", K, V) ("tuple", (T, ...)) ("tuple*", T)
# ("union", (T, ...))              sorted, flattened, without duplicates
# ("lit", (value, ...))            literal strings/ints/bools
# ("struct", name, module)         an instance; details are in Checked.structs / the module's interface
# ("interface", name, module)
# ("func", params, ret)            callable with a known signature: params is a tuple of
#                                  (name, Type, kind, has_default) or None when unknown
# ("callable",)                    some callable
# ("type", T)                      the type value itself (`int`, `Point`)
# ("module", name)
# ("exception", name)              an instance of an exception class
# ("range",) ("iterator", T)       builtin iterables
# ("opaque", name)                 a host or builtin object that is certainly not callable

ANY: Type = ("any",)
NEVER: Type = ("never",)
NONE: Type = ("none",)
BOOL: Type = ("bool",)
INT: Type = ("int",)
FLOAT: Type = ("float",)
STR: Type = ("str",)
RANGE: Type = ("range",)
CALLABLE: Type = ("callable",)
