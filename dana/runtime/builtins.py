"""The names every program has: Python's harmless ones, Dana's own, and what they must not do here.

Invariants: nothing in this table leads to the interpreter (no `type` of the host, no frames, no modules);
whatever consumes an iterable in C draws it through the meter when it is long or of unknown length, so that
limits and deadlines hold inside `sum(range(10 ** 11))` too.
"""

from __future__ import annotations

from itertools import compress

from dana import abi
from dana.runtime.exceptions import DANA_NAMES, PYTHON_NAMES
from dana.runtime.formatting import format_of, format_value
from dana.runtime.pipelines import apply
from dana.runtime.scopes import LOG_LEVELS, log_level
from dana.runtime.stops import ExitStop, failure
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

# A range up to this long is walked by C code without being metered.
SHORT_RANGE = 100_000
_SIZED = frozenset(
    {list, tuple, dict, set, frozenset, str, bytes, type({}.keys()), type({}.values()), type({}.items())}
)
_ABSENT = object()
_NONE_SUCH = object()

# What needs a model, a policy or an agent, and is said clearly until those exist.
UNAVAILABLE = {
    **dict.fromkeys(
        ("reason", "llm", "ask", "context_aware_reason", "set_model"),
        ("E820", "needs a language model, and this version of Dana cannot call one yet"),
    ),
    **dict.fromkeys(
        ("use", "get_resource"), ("E821", "creates an external resource, and this version of Dana has none yet")
    ),
    **dict.fromkeys(
        ("feedback", "learnable", "poet"),
        ("E822", "belongs to learning with POET, which this version does not have yet"),
    ),
    "race": ("E823", "needs effects that run side by side, and this version of Dana has none yet"),
}


def python_builtins() -> dict[str, Any]:
    """What is Python's own, unchanged."""
    import builtins as python

    names = "abs all any bin callable chr divmod hash hex id len next oct ord range repr round zip".split()
    table = {name: getattr(python, name) for name in names}
    table |= {name: getattr(python, name) for name in PYTHON_NAMES}
    table |= {"Ellipsis": ..., "NotImplemented": NotImplemented, "__build_class__": python.__build_class__}
    return table


def dana_builtins(program: Program) -> dict[str, Any]:
    """Everything a program finds without importing it; helpers of compiled code are `program.helpers`."""
    table = python_builtins()
    table |= DANA_NAMES
    table |= Iteration(program).table()
    table |= Values(program).table()
    table |= Texts(program).table()
    table |= type_names(program)
    table |= {name: _unavailable(name, *why) for name, why in UNAVAILABLE.items()}
    return table


def _unavailable(name: str, code: str, why: str) -> Callable[..., Any]:
    def refuse(*_args: Any, **_keywords: Any) -> Any:
        raise failure(RuntimeError, code, f"`{name}` {why}")

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


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
        value._call = _metered_maker(raw, source)
        made[raw] = value
    made[dict] = DictType()
    made[dict]._call = _metered_dict(source)
    made[bytes] = InstanceType("bytes", bytes, _metered_maker(bytes, source))
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


def _metered_maker(raw: Any, source: Callable[[Any], Any]) -> Callable[..., Any]:
    def make(*args: Any) -> Any:
        if len(args) == 1:
            return raw(source(args[0]))
        return raw(*args)

    return make


def _metered_dict(source: Callable[[Any], Any]) -> Callable[..., Any]:
    def make(*args: Any, **entries: Any) -> Any:
        return dict(source(args[0]), **entries) if len(args) == 1 else dict(*args, **entries)

    return make


# --- what walks iterables -----------------------------------------------------------------------


class Iteration:
    """Builtins that walk an iterable."""

    def __init__(self, program: Program) -> None:
        self.source = program.source
        self.program = program

    def table(self) -> dict[str, Any]:
        source = self.source

        def sum_(items: Any, /, start: Any = 0) -> Any:
            return sum(items if items.__class__ in _SIZED else source(items), start)

        def min_(*values: Any, **options: Any) -> Any:
            return min(source(values[0]), **options) if len(values) == 1 else min(*values, **options)

        def max_(*values: Any, **options: Any) -> Any:
            return max(source(values[0]), **options) if len(values) == 1 else max(*values, **options)

        def all_(items: Any, /) -> bool:
            return all(items if items.__class__ in _SIZED else source(items))

        def any_(items: Any, /) -> bool:
            return any(items if items.__class__ in _SIZED else source(items))

        any_._type = ANY  # type: ignore[attr-defined]  # `list[any]` as a value: the function's name is a type, too

        def sorted_(items: Any, /, *, key: Any = None, reverse: bool = False) -> list[Any]:
            return sorted(items if items.__class__ in _SIZED else source(items), key=key, reverse=reverse)

        def filter_(function: Any, items: Any, /) -> Any:
            return filter(function, source(items))

        def map_(function: Any, items: Any, /, *more: Any) -> Any:
            return map(function, source(items), *more)

        def iter_(items: Any, sentinel: Any = _ABSENT, /) -> Any:
            return iter(items) if sentinel is _ABSENT else source(iter(items, sentinel))

        def enumerate_(items: Any, start: int = 0) -> Any:
            return enumerate(items, start)

        def reversed_(items: Any, /) -> Any:
            return reversed(items)

        def slice_(*bounds: Any) -> Any:
            return slice(*bounds)

        def basic_sum(items: Any, /) -> Any:
            return sum(_basic(items, "basic_sum"))

        def basic_min(items: Any, /) -> Any:
            return min(_basic(items, "basic_min"))

        def basic_max(items: Any, /) -> Any:
            return max(_basic(items, "basic_max"))

        def parallel(function: Any, items: Any, limit: int = 8) -> list[Any]:
            return [function(item) for item in source(items)]

        made = (
            sum_, min_, max_, all_, any_, sorted_, filter_, map_, iter_, enumerate_, reversed_, slice_,
            basic_sum, basic_min, basic_max, parallel,
        )  # fmt: skip
        return {_named(f): f for f in made}


def _named(function: Any) -> str:
    """The function's Dana name, which it also prints under."""
    name: str = function.__name__.rstrip("_")
    function.__name__ = function.__qualname__ = name
    return name


def _basic(items: Any, name: str) -> Any:
    if items.__class__ not in (list, tuple, set):
        raise failure(
            TypeError, "E601", f"Invalid arguments for '{name}': expected a list, tuple or set, got {kind_of(items)}"
        )
    return items


def bounded(steps: Any) -> Callable[[Any], Any]:
    """A function that hands an iterable back, metered unless it is certainly short enough."""

    def source(items: Any) -> Any:
        if items.__class__ in _SIZED:
            return items
        if items.__class__ is range:
            span = (items.stop - items.start) // (items.step or 1)
            return items if span <= SHORT_RANGE else compress(items, steps)
        if hasattr(items, "__next__"):
            return compress(items, steps)
        return items

    return source


# --- values, types, choices ---------------------------------------------------------------------


class Values:
    """Builtins about values and their types."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def table(self) -> dict[str, Any]:
        program = self.program
        made = {
            "cast": program.converting.cast,
            "pow": program.guards.power,
            "factorial": program.guards.factorial,
            "exit": exit_,
            "quit": exit_,
            "timeout": self._timeout(),
        }
        functions = (
            self._type(), isinstance_, issubclass_, getattr_, self._hasattr(), case, noop, is_even, is_odd, sum_range
        )  # fmt: skip
        return made | {_named(f): f for f in functions}

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
        meter = self.program.meter

        def timeout(seconds: float) -> TimeLimit:
            if not isinstance(seconds, int | float) or seconds <= 0:
                raise failure(ValueError, "E602", f"timeout takes a positive number of seconds, not {short(seconds)}")
            return TimeLimit(meter, seconds)

        return timeout


class TimeLimit:
    """`with timeout(2): …`: what takes longer is stopped with `Timeout`."""

    __slots__ = ("_meter", "_seconds", "_tokens")

    def __init__(self, meter: Any, seconds: float) -> None:
        self._meter = meter
        self._seconds = seconds
        self._tokens: list[Any] = []

    def __enter__(self) -> None:
        self._tokens.append(self._meter.push_deadline(self._seconds))

    def __exit__(self, *_error: object) -> None:
        self._meter.pop_deadline(self._tokens.pop())

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
    name = DANA_SPELLINGS.get(cls) or class_name(cls)
    return InstanceType(name, cls, None if isinstance(value, BaseException) else _refuse_making(name))


def _refuse_making(name: str) -> Callable[..., Any]:
    """What calling the type of a host object does: such types are for looking at, not for making values."""

    def refuse(*_args: Any, **_keywords: Any) -> Any:
        raise failure(TypeError, "E601", f"`{name}` is only a name for types, it makes no values")

    return refuse


DANA_SPELLINGS: dict[type, str] = {cls: name for name, cls in DANA_NAMES.items()}


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
    """`getattr(v, "name")`, under the same rules as `v.name` (L50)."""
    if name.__class__ is not str or not name or abi.HIDDEN in name:
        raise failure(TypeError, "E601", f"getattr takes the name of an attribute, not {short(name)}")
    try:
        if name == "format":
            return format_of(value)
        return getattr(value, abi.mangle(name))
    except AttributeError as error:
        if default is not _ABSENT:
            return default
        if getattr(error, "_code", None) is not None:
            raise
        raise failure(AttributeError, "E604", f"{kind_of(value)} has no attribute `{name}`") from None


def exit_(code: Any = 0) -> None:
    """`exit(code)`: ends the program in order."""
    raise ExitStop(code)


exit_.__name__ = exit_.__qualname__ = "exit"


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


# --- texts and output ---------------------------------------------------------------------------


class Texts:
    """Builtins that print and read."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def table(self) -> dict[str, Any]:
        made: dict[str, Any] = {"format": format_value, "log": Log(self.program)}
        return made | {
            _named(f): f for f in (self._print(), self._input(), self._log_level(), capitalize_words, title_case)
        }

    def _print(self) -> Callable[..., None]:
        program = self.program

        def print_(*values: Any, sep: str | None = " ", end: str | None = "\n", flush: bool = False) -> None:
            text = (" " if sep is None else sep).join(map(str, values)) + ("\n" if end is None else end)
            program.write(text)

        return print_

    def _input(self) -> Callable[[Any], str]:
        program = self.program

        def input_(prompt: Any = "", /) -> str:
            if program.read is None:
                raise failure(EOFError, "E615", "`input` has nobody to ask here")
            return program.read(str(prompt))

        return input_

    def _log_level(self) -> Callable[..., None]:
        system = self.program.system

        def log_level_(level: str, namespace: str = "dana") -> None:
            system.log_level = log_level(level)

        return log_level_


class Log:
    """`log("text", "INFO")` and `log.info("text")`."""

    __slots__ = ("_program",)

    def __init__(self, program: Program) -> None:
        self._program = program

    def __call__(self, message: Any, level: str = "INFO") -> None:
        wanted = log_level(level)
        if LOG_LEVELS.index(wanted) >= LOG_LEVELS.index(self._program.system.log_level):
            self._program.log(wanted, str(message))

    def debug(self, message: Any) -> None:
        self(message, "DEBUG")

    def info(self, message: Any) -> None:
        self(message, "INFO")

    def warning(self, message: Any) -> None:
        self(message, "WARNING")

    def error(self, message: Any) -> None:
        self(message, "ERROR")

    def critical(self, message: Any) -> None:
        self(message, "CRITICAL")

    def __repr__(self) -> str:
        return "<function log>"


def capitalize_words(text: str) -> str:
    return " ".join(word.capitalize() for word in text.split(" "))


def title_case(text: str) -> str:
    return text.title()
