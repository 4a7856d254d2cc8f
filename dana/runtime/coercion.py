"""Boundaries: what the helpers behind annotation checks do (L13, L14), and types from specs and texts.

`.param`, `.result` and `.field` return the conforming value or raise a TypeError that names variable,
type and value; `.assign` converts. They are reached only when the inline class test has failed.
"""

from __future__ import annotations

from itertools import compress

from dana.runtime.families import provide_names
from dana.runtime.stops import failure
from dana.runtime.typevalues import (
    ANY,
    BOOL,
    CALLABLE,
    CONVERT,
    DICT,
    FLOAT,
    INT,
    LIST,
    NONE,
    SAFE,
    SET,
    STR,
    TUPLE,
    DictType,
    ListType,
    LiteralType,
    Refused,
    SetType,
    TupleType,
    TypeOf,
    TypeValue,
    UnionType,
    as_type,
    is_type,
    kind_of,
    short,
    union_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.modules import ModuleRecord
    from dana.runtime.program import Program

    Spec = tuple[Any, ...]


# --- the boundaries -----------------------------------------------------------------------------


def param(value: Any, declared: TypeValue, function: str, name: str) -> Any:
    """`.param`: the argument a function works with."""
    try:
        return declared._fit(value, SAFE)
    except Refused as refusal:
        raise mismatch(f"argument `{name}` of `{function}`", declared, value, refusal) from None


def result(value: Any, declared: TypeValue, function: str) -> Any:
    """`.result`: what a function returns."""
    try:
        return declared._fit(value, SAFE)
    except Refused as refusal:
        raise mismatch(f"the result of `{function}`", declared, value, refusal) from None


def field(value: Any, declared: TypeValue, struct: str, name: str) -> Any:
    """`.field`: what a struct's field holds."""
    try:
        return declared._fit(value, SAFE)
    except Refused as refusal:
        raise mismatch(f"field `{name}` of `{struct}`", declared, value, refusal) from None


def star_param(values: tuple[Any, ...], declared: TypeValue, function: str, name: str) -> tuple[Any, ...]:
    """`.star_param`: every one of the values collected by `*name`."""
    return tuple(param(v, declared, function, f"*{name}") for v in values)


def double_star_param(values: dict[str, Any], declared: TypeValue, function: str, name: str) -> dict[str, Any]:
    """`.double_star_param`: every one of the values collected by `**name`."""
    return {k: param(v, declared, function, f"**{name}[{k}]") for k, v in values.items()}


def mismatch(what: str, declared: TypeValue, value: Any, refusal: Refused) -> Exception:
    """The type error for a value that was refused at a boundary; `what` names the boundary."""
    message = f"{what}: expected {declared.name}, got {kind_of(value)} ({short(value)})"
    if value is None:
        message = f"{what}: expected {declared.name}, got None"
    why = refusal.why
    if why.startswith(("did you mean", "`")):
        return failure(TypeError, "E611", message, why)
    if why:
        message += f": {why}"
    hint = f"write `{name}?` in the annotation if None is allowed" if value is None and (name := declared.name) else ""
    return failure(TypeError, "E611", message, hint)


class Converting:
    """The helpers that need the program: conversion may have to walk an iterator, which counts steps."""

    __slots__ = ("program",)

    def __init__(self, program: Program) -> None:
        self.program = program

    def assign(self, value: Any, declared: TypeValue, text: str) -> Any:
        """`.assign`: the value of `x: T = e`."""
        if value is None:
            return None
        return self._convert(value, declared, f"`{text}`")

    def cast(self, type: Any, value: Any) -> Any:  # noqa: A002  (the name programs may use)
        """`cast(T, e)`: the conversion of `x: T = e` as an expression."""
        if value is None:
            return None
        return self._convert(value, as_type(type), "cast")

    def _convert(self, value: Any, declared: TypeValue, what: str) -> Any:
        if hasattr(value, "__next__"):
            value = list(compress(value, self.program.meter.steps))
        try:
            return declared._fit(value, CONVERT)
        except Refused as refusal:
            message = f"{what}: cannot convert {short(value)} to {declared.name}"
            why = refusal.why
            hint = ""
            if why.startswith(("did you mean", "`")):
                hint = why
            elif why:
                message += f": {why}"
            raise failure(refusal.kind, "E612", message, hint) from None


# --- types from specs ---------------------------------------------------------------------------

_PLAIN: dict[str, TypeValue] = {
    "any": ANY,
    "int": INT,
    "float": FLOAT,
    "str": STR,
    "bool": BOOL,
    "none": NONE,
    "callable": CALLABLE,
}


def type_of_spec(record: ModuleRecord, spec: Spec) -> TypeValue:
    """`.type(record, spec)`: the run-time type of an annotation."""
    kind = spec[0]
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind == "ref":
        return Reference(record, spec[1])
    if kind == "union":
        return _union([type_of_spec(record, s) for s in spec[1]])
    if kind == "lit":
        return LiteralType(spec[1])
    return _container(record, spec)


def _container(record: ModuleRecord, spec: Spec) -> TypeValue:
    kind = spec[0]
    if kind == "tuple":
        return TupleType(tuple(type_of_spec(record, s) for s in spec[1]))
    args = [type_of_spec(record, s) for s in spec[1:]]
    if kind == "type":
        return TypeOf(args[0])
    if all(a is ANY for a in args):
        return {"list": LIST, "set": SET, "dict": DICT, "tuple*": TUPLE}[kind]
    if kind == "list":
        return ListType(args[0])
    if kind == "set":
        return SetType(args[0])
    if kind == "dict":
        return DictType(args[0], args[1])
    return TupleType(each=args[0])


def _union(options: list[TypeValue]) -> TypeValue:
    """Flattened, literals gathered, but with references unresolved: they may be defined later."""
    if any(o is ANY for o in options):
        return ANY
    flat: list[TypeValue] = []
    literals: list[Any] = []
    for option in options:
        for part in option._options if isinstance(option, UnionType) else (option,):
            if isinstance(part, LiteralType):
                literals.extend(v for v in part._values if v not in literals)
            elif not any(part is f for f in flat):
                flat.append(part)
    if literals:
        flat.insert(0, LiteralType(tuple(literals)))
    return flat[0] if len(flat) == 1 else UnionType(tuple(flat))


class Reference(TypeValue):
    """A type by name, looked up at first use: in the module, then among the builtins (forward references)."""

    __slots__ = ("_path", "_record", "_target")

    def __init__(self, record: ModuleRecord, path: str) -> None:
        super().__init__(path)
        self._record = record
        self._path = path
        self._target: TypeValue | None = None

    def _value(self) -> Any:
        """What the name is bound to now; raises NameError."""
        head, *rest = self._path.split(".")
        scope = self._record.globals
        found = scope[head] if head in scope else _builtin(self._record.program, head)
        if found is _UNKNOWN:
            raise failure(NameError, "E603", f"the type `{self._path}` is not defined yet")
        for part in rest:
            try:
                found = getattr(found, part)
            except AttributeError:  # of a host's object, say: only values of Dana know how to put it
                raise failure(NameError, "E603", f"there is no type `{self._path}`") from None
        return found

    def _resolve(self) -> TypeValue:
        if self._target is None:
            found = self._value()
            if not is_type(found) and found is not None:
                found = FUNCTION_TYPES.get(self._path, found)
            target = as_type(found)
            self._target = target._resolve() if isinstance(target, Reference) else target
            self._raw = target._raw
        return self._target

    @property
    def name(self) -> str:
        return self._text if self._target is None else self._target.name

    def _conforms(self, value: Any) -> bool:
        return (self._target or self._resolve())._conforms(value)

    def _fit(self, value: Any, mode: int) -> Any:
        return (self._target or self._resolve())._fit(value, mode)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._resolve()(*args, **keywords)

    def __repr__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> Any:
        return self._resolve() == (other._resolve() if isinstance(other, Reference) else other)

    def __hash__(self) -> int:
        return hash(self._resolve())


_UNKNOWN = object()


def _builtin(program: Program, name: str) -> Any:
    if name in ("DanaAgent", "BasicAgent"):  # nobody has asked for them yet, perhaps
        provide_names(program, [name])
    return program.builtins.get(name, _UNKNOWN)


# Builtin functions whose names are types in annotations (`x: any`, `f: callable`).
FUNCTION_TYPES: dict[str, TypeValue] = {"any": ANY, "callable": CALLABLE, "type": TypeOf(ANY)}


# --- types from texts ---------------------------------------------------------------------------

_NAMED: dict[str, TypeValue] = {
    "int": INT,
    "float": FLOAT,
    "str": STR,
    "bool": BOOL,
    "list": LIST,
    "dict": DICT,
    "set": SET,
    "tuple": TUPLE,
    "any": ANY,
    "Any": ANY,
    "None": NONE,
    "none": NONE,
    "null": NONE,
    "callable": CALLABLE,
    "function": CALLABLE,
}


class Named(TypeValue):
    """A type known by name only (`isinstance(x, "Point")`): values whose type prints or is called so."""

    __slots__ = ()

    def _conforms(self, value: Any) -> bool:
        wanted = self._text
        for cls in type(value).__mro__[:-1]:
            shape = cls.__dict__.get("_shape")
            if cls.__name__ == wanted or (shape is not None and wanted == shape.printed):
                return True
        return kind_of(value) == wanted


def type_of_text(text: str) -> TypeValue:
    """`"int"`, `"list[int]"`, `"int | None"`, `"Point"` as a type; ValueError when it is none."""
    parts = _split(text, "|")
    if len(parts) > 1:
        return union_of(*(type_of_text(p) for p in parts))
    text = text.strip()
    if text.endswith("?"):
        return union_of(type_of_text(text[:-1]), NONE)
    head, bracket, inner = text.partition("[")
    if not bracket:
        if not head.replace(".", "_").isidentifier():
            raise failure(ValueError, "E601", f"{short(text)} is not the name of a type")
        return _NAMED.get(head) or Named(head)
    if not inner.endswith("]"):
        raise failure(ValueError, "E601", f"{short(text)} is not the name of a type")
    if head not in _NAMED:
        return Named(text)
    arguments = tuple(... if p == "..." else type_of_text(p) for p in _split(inner[:-1], ","))
    return _NAMED[head][arguments if len(arguments) > 1 else arguments[0]]


def _split(text: str, separator: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char == "[") - (char == "]")
        if char == separator and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    parts.append(text[start:].strip())
    return parts
