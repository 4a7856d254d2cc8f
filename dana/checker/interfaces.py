"""Interfaces (L31): a type satisfies one when it has its methods, with types that fit where both are known."""

from __future__ import annotations

from dana.checker.types import show

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


def unfit_methods(c: Context, info: StructInfo, interface: StructInfo) -> list[str]:
    """Why a type does not satisfy an interface: a sentence for every method it lacks or has otherwise."""
    problems = []
    for name, wanted in interface_methods(c, interface).items():
        problem = unfit_method(c, info, name, wanted.type)
        if problem:
            asks = ", which `{}` asks for" if problem.endswith(f"has no `{name}`") else ", as `{}` asks"
            problems.append(problem + asks.format(interface.name))
    return problems


def unfit_method(c: Context, info: StructInfo, name: str, wanted: Type, depth: int = 0) -> str:
    """What keeps a type's method (or a field that may hold one) from being called as wanted; "" when nothing does."""
    own_methods = interface_methods(c, info) if info.kind == "interface" else info.methods
    method = own_methods.get(name)
    absent = f"`{info.name}` has no `{name}`"
    if method is not None:
        return difference(c, f"`{name}` of `{info.name}`", method.type, wanted)
    if name in info.fields or name in BUILT_IN_METHODS or depth > MAX_LENDERS:
        return ""
    lenders = [c.info(info.fields[d].type) for d in info.delegates] + [c.registry.get(b) for b in info.bases]
    for lender in lenders:
        if lender is None:
            return ""
        problem = unfit_method(c, lender, name, wanted, depth + 1)
        if not problem:
            return ""
        if not problem.endswith(f"has no `{name}`"):
            absent = problem
    return absent


def difference(c: Context, what: str, func: Type, wanted: Type) -> str:
    """How a method's signature differs from the wanted one so that a call through the interface could not work."""
    asked = wanted[1] or ()
    if not accepts(func, len(asked)):
        return f"{what} cannot be called with {len(asked)} argument{'' if len(asked) == 1 else 's'}"
    takes = [p for p in func[1] or () if p[2] in ("normal", "positional")]
    for param, other in zip(takes, asked, strict=False):
        if not _agree(c, other[1], param[1]):
            return f"{what} takes {show(param[1])} as `{param[0]}`, not {show(other[1])}"
    if func[0] == "func" and not _agree(c, func[2], wanted[2]):
        return f"{what} returns {show(func[2])}, not {show(wanted[2])}"
    return ""


def _agree(c: Context, given: Type, wanted: Type) -> bool:
    """Whether a value may be used as the other type as it is; interfaces may ask for each other and are left alone."""
    from dana.checker.conversion import possible

    return "interface" in (given[0], wanted[0]) or possible(c, given, wanted, strict=True)


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


# How deep methods are looked for in what lends them.
MAX_LENDERS = 8
BUILT_IN_METHODS = frozenset({"copy", "to_dict", "from_dict", "to_json", "from_json"})
