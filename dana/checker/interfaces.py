"""Interfaces (L31): a type satisfies one when it has its methods."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.context import Context
    from dana.checker.model import Method, StructInfo
    from dana.checker.types import Type


def interface_methods(c: Context, interface: StructInfo, seen: frozenset[str] = frozenset()) -> dict[str, Method]:
    """Its methods and those of the interfaces it embeds."""
    found = dict(interface.methods)
    for key in interface.bases:
        inner = c.registry.get(key)
        if inner is not None and key[0] not in seen:
            found.update(interface_methods(c, inner, seen | {interface.name}))
    return found


def missing_methods(c: Context, info: StructInfo, interface: StructInfo) -> list[str]:
    """Names of the methods a type lacks (or has with a number of parameters that cannot fit)."""
    return [
        name for name, wanted in interface_methods(c, interface).items() if not has_method(c, info, name, wanted.type)
    ]


def has_method(c: Context, info: StructInfo, name: str, wanted: Type, depth: int = 0) -> bool:
    """Whether a type has a method (or a field that may hold one) that can be called as wanted."""
    own_methods = interface_methods(c, info) if info.kind == "interface" else info.methods
    method = own_methods.get(name)
    if method is not None:
        return accepts(method.type, len(wanted[1] or ()))
    if name in info.fields or name in BUILT_IN_METHODS:
        return True
    if depth > 8:
        return True
    lenders = [c.info(info.fields[d].type) for d in info.delegates]
    if any(lender is None or has_method(c, lender, name, wanted, depth + 1) for lender in lenders):
        return True
    return any(
        base not in c.registry or has_method(c, c.registry[base], name, wanted, depth + 1) for base in info.bases
    )


def accepts(func: Type, count: int) -> bool:
    """Whether a function can be called with `count` positional arguments."""
    if func[0] != "func" or func[1] is None:
        return True
    low = high = 0
    for _, _, kind, has_default in func[1]:
        if kind == "star":
            high = 1 << 20
        elif kind in ("normal", "positional"):
            high += 1
            low += not has_default
        elif kind == "keyword" and not has_default:
            return False
    return low <= count <= high


BUILT_IN_METHODS = frozenset({"copy", "to_dict", "from_dict", "to_json", "from_json"})
