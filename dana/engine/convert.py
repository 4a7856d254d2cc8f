"""Values cross the boundary: `Crossing.into` (Python to Dana) and `Crossing.out` (Dana to Python).

    Python                                  Dana
    None bool int float complex str bytes   the same object
    list dict tuple set frozenset           the same object when all of it is plain, else a copy with crossed items
    a dataclass, a pydantic model           the struct the parameter asks for; else a struct of the class's fields
    an Enum's member                        its value
    a function                              a function of the host
    StructValue, StructClass, Function      what they stand for
    any other object                        a proxy, or a refusal: `dana.runtime.foreign`

What a program gets is plain data, structs, and functions made for it; the host never hands out an object of its
own. What Python gets from a program are views (`dana.engine.views`): whatever they do enters the program under
its limits. Classes of pydantic are recognised, and pydantic is never imported here.
"""

from __future__ import annotations

import sys

from dana.errors import UsageError
from dana.runtime import typevalues as t
from dana.runtime.coercion import Reference, mismatch
from dana.runtime.modules import ModuleValue
from dana.runtime.structs import Struct, StructMeta
from dana.secrets import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.engine.annotations import Misfit
    from dana.engine.engine import _Run
    from dana.runtime.typevalues import TypeValue

SCALARS = frozenset({type(None), bool, int, float, complex, str, bytes})
CONTAINERS = frozenset({list, dict, tuple, set, frozenset})
# Kinds of types whose values are more than their fields: they stay where they are.
ALIVE = frozenset({"agent", "agent_blueprint", "resource"})
# Deeper than this a value that has to be copied does not cross.
DEPTH_MAX = 200


def _kind_name(raw: Any) -> str:
    return "resource" if raw._shape.kind == "resource" else "agent"


def is_plain(value: Any) -> bool:
    """Whether a value is scalars and containers of such all the way down, of exactly these classes."""
    waiting = [value]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        cls = each.__class__
        if cls in SCALARS:
            continue
        if cls not in CONTAINERS:
            return False
        if id(each) in seen:
            continue
        seen.add(id(each))
        if not SCALARS.issuperset(map(type, each)):
            waiting.extend(e for e in each if e.__class__ not in SCALARS)
        if cls is dict and not SCALARS.issuperset(map(type, each.values())):
            waiting.extend(e for e in each.values() if e.__class__ not in SCALARS)
    return True


def copied(value: Any, cross: Callable[[Any], Any]) -> Any:
    """A container anew, all the way down, whatever is no container crossed by `cross`; cycles stay cycles.

    A tuple or set that contains itself cannot be copied, and nothing nested deeper than `DEPTH_MAX` can be.
    """
    made: dict[int, Any] = {}

    def copy(each: Any, depth: int) -> Any:
        cls = each.__class__
        if cls in SCALARS:
            return each
        if cls not in CONTAINERS:
            return cross(each)
        known = made.get(id(each))
        if known is not None:
            return known
        if depth > DEPTH_MAX:
            msg = f"a value nested deeper than {DEPTH_MAX} levels cannot cross between Dana and Python"
            raise UsageError(msg)
        if cls is list:
            fresh: Any = []
            made[id(each)] = fresh
            fresh.extend([copy(e, depth + 1) for e in each])
            return fresh
        if cls is dict:
            fresh = {}
            made[id(each)] = fresh
            fresh.update([(copy(k, depth + 1), copy(v, depth + 1)) for k, v in each.items()])
            return fresh
        return cls([copy(e, depth + 1) for e in each])

    return copy(value, 0)


class Crossing:
    """Conversion for one running program."""

    __slots__ = ("_fields", "_module", "_records", "_views", "run")

    def __init__(self, run: _Run) -> None:
        self.run = run
        self._records: dict[type, Any] = {}
        # The fields of the classes whose instances have crossed; None for classes without.
        self._fields: dict[type, tuple[str, ...] | None] = {}
        # They build on this module, so they are looked up when the first value crosses.
        from dana.engine import module, views

        self._views, self._module = views, module

    # --- Dana to Python -------------------------------------------------------------------------

    def out(self, value: Any) -> Any:
        """What Python gets for a value of the program."""
        cls = value.__class__
        if cls in SCALARS:
            return value
        if cls in CONTAINERS:
            return value if is_plain(value) else copied(value, self._out)
        return self._out(value)

    def _out(self, value: Any) -> Any:
        views = self._views
        if isinstance(value, Struct):
            return views.StructValue(self.run, value)
        if isinstance(value, type):
            return views.StructClass(self.run, value) if issubclass(value, Struct) else value
        if isinstance(value, ModuleValue):
            return self._module.Module(self.run, value.__dict__[".module"])
        if isinstance(value, BaseException):
            return original(value)
        release = getattr(type(value), "_dana_release", None)
        if release is not None:
            return release(value)
        if views.is_iterator(value):
            return views.Items(self.run, value)
        if callable(value) and not _is_type_value(value):
            return views.Function(self.run, value)
        return value

    # --- Python to Dana -------------------------------------------------------------------------

    def into(self, value: Any, origin: str = "") -> Any:
        """What the program gets for a value of Python. Raises `UsageError` for what it cannot be given."""
        cls = value.__class__
        if cls in SCALARS:
            return value
        if cls in CONTAINERS:
            return value if is_plain(value) else copied(value, lambda each: self._into(each, origin))
        return self._into(value, origin)

    def _into(self, value: Any, origin: str) -> Any:
        if value.__class__ is Secret:
            from dana.runtime.secrets import held

            return held(self.run.program, value.reveal())
        names = self._names(type(value))
        if names is not None:
            return self._record(value, names, origin)
        own = self._own(value)
        if own is not _NOT_OURS:
            return own
        exact = _exact(value)
        if exact is not _NOT_OURS:
            return self.into(exact, origin)
        if _is_function(value):
            from dana.runtime.foreign.refused import OBJECTS, withheld

            if id(value) in OBJECTS:
                raise withheld(f"`{_name_of(value)}` of Python")
            from dana.engine.hosting import HostFunction

            return HostFunction(_name_of(value), value).bind(self.run)
        from dana.runtime.foreign import admit

        return admit(self.run.program, value)

    def _own(self, value: Any) -> Any:
        """The program's own value, where a view of it (or the value itself) comes back."""
        views = self._views
        if isinstance(value, (views.StructValue, views.StructClass, views.Function, views.Items)):
            if value._run.program is self.run.program:
                return value._raw
            if isinstance(value, views.Function):
                from dana.engine.hosting import HostFunction

                return HostFunction(value.__name__, value).bind(self.run)
            if isinstance(value, views.StructValue):
                if value._raw._shape.kind in ALIVE:
                    msg = (
                        f"the {_kind_name(value._raw)} `{value._raw._shape.name}` lives in another program, and cannot "
                        "be handed to this one: hand over a function that asks it, such as one of its methods"
                    )
                    raise UsageError(msg)
                return self.into(value.to_dict())
            msg = f"{value!r} belongs to another program; give it plain data instead"
            raise UsageError(msg)
        if isinstance(value, self._module.Module):
            if value._run.program is self.run.program:
                return value._record.value
            msg = f"{value!r} belongs to another program; import the module there"
            raise UsageError(msg)
        return value if is_of_program(value, self.run.program) else _NOT_OURS

    def _names(self, cls: type) -> tuple[str, ...] | None:
        """The fields of a dataclass or model; None for any other class."""
        try:
            return self._fields[cls]
        except KeyError:
            found = self._fields[cls] = field_names(cls)
            return found

    def _record(self, value: Any, fields: tuple[str, ...], origin: str) -> Any:
        """A struct with the fields of a dataclass or model, of a type made for its class."""
        cls = type(value)
        struct = self._records.get(cls)
        if struct is None:
            struct = self._records[cls] = record_class(self.run.program, cls.__name__, fields)
        made = struct._shape.new()
        for field in struct._shape.fields:
            object.__setattr__(made, field.slot, self.into(getattr(value, field.name), origin))
        return made

    def into_as(self, value: Any, declared: TypeValue, origin: str = "") -> Any:
        """The same, where the program declares what it wants: models and dicts become its structs.

        Raises `Refused` (see `dana.runtime.typevalues`) when they cannot.
        """
        if value is None or value.__class__ in SCALARS:
            return value
        if isinstance(declared, Reference):
            declared = declared._resolve()
        if isinstance(declared, t.StructType):
            return self._struct(value, declared, origin)
        if isinstance(declared, t.UnionType):
            return self._option(value, declared, origin)
        if isinstance(declared, (t.ListType, t.SetType)) and declared._item is not None and _holds_items(value):
            items = [self.into_as(v, declared._item, origin) for v in value]
            return t.ListType(declared._item)._fit(items, t.DEEP) if isinstance(declared, t.ListType) else set(items)
        if isinstance(declared, t.DictType) and declared._value is not None and isinstance(value, dict):
            return {self.into(k, origin): self.into_as(v, declared._value, origin) for k, v in value.items()}
        if isinstance(declared, t.TupleType) and isinstance(value, (tuple, list)):
            wanted = declared._items or (declared._each or t.ANY,) * len(value)
            if len(wanted) == len(value):
                return tuple(self.into_as(v, w, origin) for v, w in zip(value, wanted, strict=True))
        return self.into(value, origin)

    def fitted(self, value: Any, declared: TypeValue, what: str, origin: str = "") -> Any:
        """`into_as`, its refusal as the type error of the boundary that `what` names."""
        try:
            return self.into_as(value, declared, origin)
        except t.Refused as refusal:
            raise mismatch(what, declared, value, refusal) from None

    def fault(self, misfit: Misfit) -> Exception:
        """The `RuntimeFault` for a result that is not what Python asked for."""
        from dana.diagnostics import Diagnostic
        from dana.errors import RuntimeFault

        return RuntimeFault([Diagnostic("E542", str(misfit))])

    def _struct(self, value: Any, declared: Any, origin: str) -> Any:
        names = self._names(type(value))
        if names is not None:
            fields: dict[Any, Any] = {name: getattr(value, name) for name in names}
        elif isinstance(value, dict):
            fields = value
        else:
            own = self._own(value)
            if own.__class__ is not dict:
                return self.into(value, origin) if own is _NOT_OURS else own
            fields = own
        index = declared._raw._shape.index
        ready = {
            name: v if v.__class__ in SCALARS or name not in index else self.into_as(v, index[name].type, origin)
            for name, v in fields.items()
        }
        return declared._fit(ready, t.DEEP)

    def _option(self, value: Any, declared: Any, origin: str) -> Any:
        """The option of a union that is meant by a value which is none of them yet."""
        named = type(value).__name__
        options = [o._resolve() if isinstance(o, Reference) else o for o in declared._options]
        refusals = []
        for option in sorted(options, key=lambda o: o.name != named):
            try:
                made = self.into_as(value, option, origin)
            except t.Refused as refusal:
                refusals.append(refusal)
                continue
            if option._conforms(made):
                return made
        if len(refusals) == 1:
            raise refusals[0]
        return self.into(value, origin)


_NOT_OURS = object()
_BASES: tuple[Any, ...] = (bytes, dict, list, tuple, set, frozenset)


def original(error: BaseException) -> BaseException:
    """The host's own exception behind what a program saw of it."""
    found = getattr(error, "_original", None)
    return found if isinstance(found, BaseException) else error


def is_of_program(value: Any, program: Any) -> bool:
    """Whether a value is one a program of Dana made, or its runtime."""
    cls = type(value)
    if isinstance(value, (Struct, StructMeta, ModuleValue)) or _is_type_value(value):
        return True
    if getattr(value, "__builtins__", None) is program.table:
        return True
    module = cls.__module__
    return module == "dana.runtime" or module.startswith(("dana.runtime.", "dana.poet."))


def _is_type_value(value: Any) -> bool:
    return isinstance(value, t.TypeValue)


def _holds_items(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset))


def _is_function(value: Any) -> bool:
    from types import BuiltinFunctionType, FunctionType, MethodType

    return isinstance(value, (FunctionType, BuiltinFunctionType, MethodType)) or type(value).__name__ == "partial"


def _name_of(value: Any) -> str:
    name = getattr(value, "__name__", "")
    return name if isinstance(name, str) and name.isidentifier() else "function"


def _exact(value: Any) -> Any:
    """The plain value behind an instance of a subclass (an Enum's member, a numpy number, an OrderedDict)."""
    if isinstance(value, enum_class()):
        return value.value
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        return str.__str__(value)
    for cls in _BASES:
        if isinstance(value, cls):
            return cls(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        found = value.item()
        return found if found.__class__ in SCALARS else _NOT_OURS
    return _NOT_OURS


class _NoEnum:
    """Stands for `enum.Enum` where the host has not imported it."""


def enum_class() -> Any:
    module = sys.modules.get("enum")
    return _NoEnum if module is None else module.Enum


# --- dataclasses and pydantic models --------------------------------------------------------------


def is_model(cls: Any) -> bool:
    """Whether a class is a pydantic model; only a host that has imported pydantic has any."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(cls, type) and issubclass(cls, pydantic.BaseModel)


def is_dataclass(cls: Any) -> bool:
    return isinstance(cls, type) and hasattr(cls, "__dataclass_fields__")


def fields_of(value: Any) -> dict[str, Any] | None:
    """The fields of a dataclass's or model's instance by name; None for anything else."""
    names = field_names(type(value))
    return None if names is None else {name: getattr(value, name) for name in names}


def field_names(cls: Any) -> tuple[str, ...] | None:
    """The names of the public fields of a dataclass or model; None for any other class."""
    if is_model(cls):
        return tuple(n for n in cls.model_fields if n[0] != "_")
    if is_dataclass(cls):
        from dataclasses import fields

        return tuple(f.name for f in fields(cls) if f.name[0] != "_")
    return None


def record_class(program: Any, name: str, fields: tuple[str, ...]) -> Any:
    """A struct class for records of the host: fields of any type, none required."""
    from dana import abi
    from dana.runtime.families import provide_names
    from dana.runtime.modules import ModuleRecord

    provide_names(program, [".struct"])
    slots = tuple(abi.mangle(f) for f in fields)

    def init(self: Any, **values: Any) -> None:
        for field, slot in zip(fields, slots, strict=True):
            object.__setattr__(self, slot, values.get(abi.variable(field)))

    cls = StructMeta(name, (Struct,), {"__slots__": slots, "__init__": init, "__module__": "builtins"})
    record = ModuleRecord(program, "host", "")
    facts = tuple((f, None, True, None) for f in fields)
    return program.table[".struct"](cls, record, "struct", facts, False, None)
