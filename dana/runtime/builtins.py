"""Builtins about values and their types: the type names, `type`, `isinstance`, `getattr`, `case`, …"""

from __future__ import annotations

from dana import abi
from dana.runtime.families import by_name
from dana.runtime.formatting import format_of
from dana.runtime.iterators import SIZED, members
from dana.runtime.nesting import Nesting
from dana.runtime.pipelines import apply
from dana.runtime.sized import NAMES, bound
from dana.runtime.stops import ExitStop, TimeoutStop, failure
from dana.runtime.structs import Struct
from dana.runtime.typevalues import (
    ANY,
    BOOL,
    CALLABLE,
    FLOAT,
    FUNCTION,
    INT,
    NONE,
    STR,
    TYPE,
    AnyType,
    DictType,
    InstanceType,
    ListType,
    LiteralType,
    SetType,
    TupleType,
    TypeValue,
    as_type,
    class_name,
    is_type,
    kind_of,
    short,
    union_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.program import Program

_ABSENT = object()
# What an item takes in a list and, at most, a character of a text as an item; sizes nobody asks about.
ITEM, CHARACTER = 8, 76
LITTLE = 4096
_NONE_SUCH = object()

# --- types --------------------------------------------------------------------------------------


class _Optional(TypeValue):
    __slots__ = ()

    def __getitem__(self, arguments: Any) -> TypeValue:
        return union_of(arguments, None)


class _Union(TypeValue):
    __slots__ = ()

    def __getitem__(self, arguments: Any) -> TypeValue:
        return union_of(*arguments) if isinstance(arguments, tuple) else as_type(arguments)


class _Literal(TypeValue):
    __slots__ = ()

    def __getitem__(self, arguments: Any) -> TypeValue:
        return LiteralType(arguments if isinstance(arguments, tuple) else (arguments,))


class _Iterable(TypeValue):
    """`Iterable`, `Sequence`, … as types: anything a `for` can walk."""

    __slots__ = ()

    def _conforms(self, value: Any) -> bool:
        return hasattr(value, "__iter__")

    def __getitem__(self, arguments: Any) -> TypeValue:
        return self


def type_names(program: Program) -> dict[str, Any]:
    """`int`, `list`, … as values; those that make containers draw through the program's meter."""
    source = program.source
    made = program.types
    containers: list[tuple[TypeValue, type]] = [(ListType(), list), (SetType(), set), (TupleType(), tuple)]
    containers.append((InstanceType("frozenset", frozenset), frozenset))
    for value, raw in containers:
        value._call = _metered_maker(raw, source, program.meter)
        made[raw] = value
    made[dict] = DictType()
    made[dict]._call = _metered_dict(source)
    made[bytes] = InstanceType("bytes", bytes, _metered_maker(bytes, source, program.meter))
    made.update({int: INT, float: FLOAT, bool: BOOL, str: STR, type(None): NONE, range: InstanceType("range", range)})
    iterables = {name: _Iterable(name) for name in ("Iterable", "Iterator", "Sequence")}
    return {
        "int": INT, "float": FLOAT, "bool": BOOL, "str": STR,
        "list": made[list], "set": made[set], "tuple": made[tuple], "dict": made[dict],
        "List": made[list], "Set": made[set], "Tuple": made[tuple], "Dict": made[dict], "Mapping": made[dict],
        "frozenset": made[frozenset], "bytes": made[bytes],
        "Any": ANY, "object": AnyType("object", None, object),
        "Optional": _Optional("Optional"), "Union": _Union("Union"), "Literal": _Literal("Literal"),
        "Callable": CALLABLE, "function": FUNCTION,
        **iterables,
    }  # fmt: skip


def _metered_maker(raw: Any, source: Callable[[Any], Any], meter: Any) -> Callable[..., Any]:
    item = 1 if raw is bytes else ITEM
    build = Nesting(meter).converted(raw) if raw is tuple else raw

    def make(*args: Any) -> Any:
        if len(args) == 1:
            items = args[0]
            if items.__class__ in SIZED:
                if len(items) > LITTLE:
                    meter.room(len(items) * (item + CHARACTER if items.__class__ is str else item))
            elif raw is bytes and isinstance(items, int):
                meter.room(items)
            return build(source(items))
        return raw(*args)

    return make


def _metered_dict(source: Callable[[Any], Any]) -> Callable[..., Any]:
    def make(*args: Any, **entries: Any) -> Any:
        return dict(source(args[0]), **entries) if len(args) == 1 else dict(*args, **entries)

    return make


# --- values, types, choices ---------------------------------------------------------------------


class Values:
    """Builtins about values and their types."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def table(self) -> dict[str, Any]:
        made = by_name(
            self._type(), isinstance_, issubclass_, getattr_, self._hasattr(), self._timeout(), exit_,
            case, noop, is_even, is_odd, sum_range,
        )  # fmt: skip
        return made | {"quit": exit_, ".getattr": getattr_}

    def _type(self) -> Callable[[Any], Any]:
        types = self.program.types

        def type_(value: Any, /) -> Any:
            found = types.get(value.__class__)
            return found if found is not None else _type_of(value)

        return type_

    def _hasattr(self) -> Callable[[Any, str], bool]:
        def hasattr_(value: Any, name: str, /) -> bool:
            return getattr_(value, name, _NONE_SUCH) is not _NONE_SUCH

        return hasattr_

    def _timeout(self) -> Callable[[float], TimeLimit]:
        program = self.program

        def timeout(seconds: float) -> TimeLimit:
            if not isinstance(seconds, int | float) or seconds <= 0:
                raise failure(ValueError, "E602", f"timeout takes a positive number of seconds, not {short(seconds)}")
            return TimeLimit(program, seconds)

        return timeout


class TimeLimit:
    """`with timeout(2): …`: what takes longer is stopped with `Timeout`, and the effects it has begun are cancelled."""

    __slots__ = ("_marks", "_program", "_seconds", "_tokens")

    def __init__(self, program: Program, seconds: float) -> None:
        self._program = program
        self._seconds = seconds
        self._tokens: list[Any] = []
        self._marks: list[int] = []

    def __enter__(self) -> None:
        waiting = self._program.waiting
        self._marks.append(0 if waiting is None else waiting.number)
        self._tokens.append(self._program.meter.push_deadline(self._seconds))

    def __exit__(self, _cls: object, error: BaseException | None, _trace: object) -> None:
        token, mark = self._tokens.pop(), self._marks.pop()
        self._program.meter.pop_deadline(token)
        if error.__class__ is TimeoutStop and error._token is token and self._program.waiting is not None:
            self._program.waiting.cancel_since(mark)

    def __repr__(self) -> str:
        return f"timeout({self._seconds!r})"


def _type_of(value: Any) -> Any:
    cls = type(value)
    if isinstance(value, Struct):
        return cls
    if is_type(value):
        return TYPE
    if callable(value) and class_name(cls) in ("function", "Dispatcher", "Composed", "Partial", "Bound"):
        return FUNCTION
    foreign = getattr(cls, "_dana_class", None)
    if foreign is not None:
        return foreign(value)
    name = class_name(cls)
    return InstanceType(name, cls, None if isinstance(value, BaseException) else _refuse_making(name))


def _refuse_making(name: str) -> Callable[..., Any]:
    """What calling the type of a host object does: such types are for looking at, not for making values."""

    def refuse(*_args: Any, **_keywords: Any) -> Any:
        raise failure(TypeError, "E601", f"`{name}` is only a name for types, it makes no values")

    return refuse


def isinstance_(value: Any, type: Any, /) -> bool:  # noqa: A002  (the name programs know)
    """`isinstance(v, T | "name" | (T1, T2))` (L17)."""
    if type.__class__ is tuple:
        return any(isinstance_(value, t) for t in type)
    if isinstance(type, _TYPE):
        return isinstance(value, type)
    return as_type(type)._conforms(value)


_TYPE: Any = type


def issubclass_(type: Any, base: Any, /) -> bool:  # noqa: A002
    """`issubclass(A, B)` for types that have classes: exceptions, resources, builtin types."""
    if base.__class__ is tuple:
        return any(issubclass_(type, b) for b in base)
    if not is_type(type) or not is_type(base):
        raise failure(TypeError, "E601", "issubclass compares two types")
    child, parent = as_type(type), as_type(base)
    if parent is ANY or parent._text == "object":
        return True
    if child._raw is None or parent._raw is None:
        return bool(child == parent)
    return issubclass(child._raw, parent._raw)


def getattr_(value: Any, name: str, default: Any = _ABSENT, /) -> Any:
    """`getattr(v, "name")`, under the same rules as `v.name` (L50): only what a program can spell is looked up."""
    if name.__class__ is not str or not abi.is_name(name):
        raise failure(TypeError, "E601", f"getattr takes the name of an attribute, not {short(name)}")
    try:
        if name in _SPECIAL:
            return _SPECIAL[name](value)
        if name in NAMES:
            return bound(value, name)
        return getattr(value, abi.mangle(name))
    except AttributeError as error:
        if default is not _ABSENT:
            return default
        if getattr(error, "_code", None) is not None:
            raise
        raise failure(AttributeError, "E604", f"{kind_of(value)} has no attribute `{name}`") from None


def name_of(value: Any) -> str:
    """`v.__name__`: of functions and types as they print, of everything else the attribute."""
    if isinstance(value, type) and "_shape" not in value.__dict__:
        return class_name(value)
    if type(value) in _FUNCTIONS:
        return abi.demangle(value.__name__)
    return getattr(value, abi.mangle("__name__"))  # type: ignore[no-any-return]


_FUNCTIONS = frozenset({type(name_of), type(len)})
_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "format": format_of,
    "__name__": name_of,
    "index": lambda value: members(value).index,
    "count": lambda value: members(value).count,
}


def exit_(code: Any = 0) -> None:
    """`exit(code)`: ends the program in order."""
    raise ExitStop(code)


def noop(*values: Any) -> Any:
    return values[0] if len(values) == 1 else values or None


def case(*choices: Any) -> Any:
    """`case((condition, value_or_function), …, default)`; in a pipeline the piped value comes first (L22)."""
    if not choices:
        raise failure(TypeError, "E610", "case() requires at least one argument")
    piped = not _is_choice(choices[0]) and any(_is_choice(c) for c in choices[1:])
    value, rest = (choices[0], choices[1:]) if piped else (_ABSENT, choices)
    for number, choice in enumerate(rest):
        if not _is_choice(choice):
            if number == len(rest) - 1:
                return _chosen(choice, value)
            raise failure(TypeError, "E610", f"case: choice {number + 1} is not a pair (condition, value)")
        if _chosen(choice[0], value):
            return _chosen(choice[1], value)
    raise failure(ValueError, "E602", "No conditions matched in case() and no fallback function provided")


def _is_choice(choice: Any) -> bool:
    return choice.__class__ is tuple and len(choice) == 2


def _chosen(part: Any, value: Any) -> Any:
    if not callable(part):
        return part
    return part() if value is _ABSENT else apply(value, part)


def is_even(n: int) -> bool:
    return n % 2 == 0


def is_odd(n: int) -> bool:
    return n % 2 == 1


def sum_range(start: int, end: int) -> int:
    """The sum of all whole numbers from start to end, both included."""
    return (start + end) * (end - start + 1) // 2 if end >= start else 0
