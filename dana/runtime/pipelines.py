"""`|` decided at run time, stages, compositions, workflows (L20, L21, L33).

What the checker can decide is lowered to plain calls; these helpers are for the rest.
"""

from __future__ import annotations

from dana.runtime.stops import failure
from dana.runtime.typevalues import TypeValue, is_type, kind_of, union_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.modules import ModuleRecord
    from dana.runtime.program import Program

_VARARGS = 0x04
# Classes whose instances are certainly no stages of a pipeline when they stand on its left.
PLAIN = frozenset({str, int, float, bool, type(None), list, tuple, dict, set, bytes, range})


class _Sample:
    def method(self) -> None:
        """Its bound form's class is what `types.MethodType` names; importing `types` costs start-up time."""


MethodType: Any = type(_Sample().method)
FunctionType: Any = type(_Sample.method)


def apply(value: Any, stage: Any) -> Any:
    """`.apply(v, f)`: a stage's result for `v`; a stage that takes nothing drops it; a list is stages side by side."""
    if stage.__class__ is list:
        return parallel(value, stage)
    return stage() if takes_nothing(stage) else stage(value)


def takes_nothing(function: Any) -> bool:
    """Whether a callable certainly has no parameter."""
    bound = 0
    if function.__class__ is MethodType:
        bound, function = 1, function.__func__
    if function.__class__ is not FunctionType:
        shape = getattr(function, "_shape", None)
        return shape is not None and isinstance(function, type) and not shape.fields
    code = function.__code__
    return code.co_argcount <= bound and not code.co_flags & _VARARGS


def parallel(value: Any, stages: list[Any]) -> list[Any]:
    """Every stage on the same value, the results in written order."""
    return [apply(value, stage) for stage in stages]


def parallel_of(program: Program) -> Callable[[Any, list[Any]], list[Any]]:
    """`.parallel(v, stages)`: the same; in a program that may wait for effects, the stages run side by side (L36)."""

    def side_by_side(value: Any, stages: list[Any]) -> list[Any]:
        if not program.effectful or len(stages) < 2:
            return parallel(value, stages)
        from dana.runtime.effects import together

        return together.parallel(program, [_Waiting(value, stage) for stage in stages], len(stages))

    return side_by_side


class _Waiting:
    """A stage and its value, to be applied later."""

    __slots__ = ("_stage", "_value")

    def __init__(self, value: Any, stage: Any) -> None:
        self._value = value
        self._stage = stage

    def __call__(self) -> Any:
        return apply(self._value, self._stage)


def is_stage(value: Any) -> bool:
    """`.callable(v)`: whether a value can be a stage: something callable, or a list of stages."""
    return callable(value) or (value.__class__ is list and bool(value) and all(map(is_stage, value)))


def pipe(left: Any, right: Any) -> Any:
    """`.pipe(a, b)`: application, composition, union of types, or Python's `|`."""
    if is_stage(right):
        if is_type(right) and (is_type(left) or left is None):
            return union_of(left, right)
        return compose(left, right) if is_stage(left) and not _is_data(left) else apply(left, right)
    if callable(left) and not is_type(left):
        raise failure(
            TypeError,
            "E601",
            f"a function cannot be piped into {kind_of(right)}",
            "the right side of `|` must be a function",
        )
    return left | right


def _is_data(value: Any) -> bool:
    """A list of functions is a value when it stands on the left."""
    return value.__class__ is list


def pipe_call(left: Any, function: Any, /, *args: Any, **keywords: Any) -> Any:
    """`.pipe_call(a, f, *args)`: `a | f(*args)`: a stage with the value in front, or a composition, or Python's `|`."""
    if callable(left):
        return compose(left, bind(function, *args, **keywords))
    return stage(left, function, *args, **keywords)


def stage(value: Any, function: Any, /, *args: Any, **keywords: Any) -> Any:
    """`.stage(v, f, *args)`: `v | f(*args)`, f known only now: `f(v, *args)`, or `f(*args)(v)` if f takes no more."""
    if takes_nothing(function):
        return function(*args, **keywords)
    if is_full(function, len(args), keywords):
        return apply(value, function(*args, **keywords))
    return function(value, *args, **keywords)


def is_full(function: Any, count: int, keywords: dict[str, Any]) -> bool:
    """Whether a callable certainly takes no positional argument besides `count` of them and the named ones."""
    bound = 0
    if function.__class__ is MethodType:
        bound, function = 1, function.__func__
    if function.__class__ is not FunctionType or function.__code__.co_flags & _VARARGS:
        return False
    code = function.__code__
    named = sum(name in keywords for name in code.co_varnames[bound : code.co_argcount]) if keywords else 0
    return bool(count + named == code.co_argcount - bound)


class Bound:
    """A stage `f(args)` as a function of the value."""

    __slots__ = ("_args", "_function", "_keywords")

    def __init__(self, function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self._function = function
        self._args = args
        self._keywords = keywords

    def __call__(self, value: Any) -> Any:
        return stage(value, self._function, *self._args, **self._keywords)

    def __repr__(self) -> str:
        given = [repr(a) for a in self._args] + [f"{k}={v!r}" for k, v in self._keywords.items()]
        return f"{stage_name(self._function)}({', '.join(['$$', *given])})"


def bind(function: Any, /, *args: Any, **keywords: Any) -> Any:
    """`.bind(f, *args)`: the stage `f(args)` for a composition."""
    return Bound(function, args, keywords)


class Composed:
    """`f | g | h`: the first stage takes all arguments, the others one value each."""

    __slots__ = ("_stages",)

    def __init__(self, stages: tuple[Any, ...]) -> None:
        self._stages = stages

    @property
    def stages(self) -> list[Any]:
        """The stages in order; the list is yours."""
        return list(self._stages)

    @property
    def name(self) -> str:
        return repr(self)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        first, *rest = self._stages
        if first.__class__ is list:
            value: Any = [stage(*args, **keywords) for stage in first]
        elif takes_nothing(first) and len(args) == 1 and not keywords:
            value = first()
        else:
            value = first(*args, **keywords)
        for stage in rest:
            value = apply(value, stage)
        return value

    def __or__(self, other: Any) -> Any:
        return pipe(self, other)

    def __repr__(self) -> str:
        return " | ".join(map(stage_name, self._stages))


def compose(first: Any, second: Any) -> Composed:
    """`.compose(f, g)`; compositions are flat."""
    left = first._stages if isinstance(first, Composed) else (first,)
    right = second._stages if isinstance(second, Composed) else (second,)
    return Composed(left + right)


def partial(function: Any, text: str) -> Any:
    """`.partial(f, text)`: the function behind `f(a, $$)`, printing as its text."""
    return Partial(function, text)


class Partial:
    """`f(a, $$)` outside a pipeline: a function of what `$$` stands for."""

    __slots__ = ("_function", "_text")

    def __init__(self, function: Any, text: str) -> None:
        self._function = function
        self._text = text

    def __call__(self, value: Any) -> Any:
        return self._function(value)

    def __repr__(self) -> str:
        return self._text


def stage_name(stage: Any) -> str:
    """How a stage is written, as far as that is known."""
    if stage.__class__ is list:
        return f"[{', '.join(map(stage_name, stage))}]"
    if isinstance(stage, Composed | Partial | Bound | TypeValue | Workflow):
        return stage.name if isinstance(stage, Workflow) else repr(stage)
    return getattr(stage, "__name__", None) or repr(stage)


# --- workflows ----------------------------------------------------------------------------------


class Workflow:
    """`workflow W = a | b`: a composed function with a name, docs, a schema and metadata.

    `ends`: the names its first and its last stage have in the program, as far as they are names: what is known of
    those says what goes in and what comes out.
    """

    __slots__ = ("_ends", "_function", "_metadata", "_record", "_text")

    def __init__(
        self,
        function: Any,
        text: str,
        record: ModuleRecord,
        ends: tuple[str, str] = ("", ""),
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._function = function
        self._text = text
        self._record = record
        self._ends = ends
        self._metadata = metadata

    @property
    def name(self) -> str:
        return str(self._function.__name__)

    __name__ = name

    @property
    def doc(self) -> str:
        return self._function.__doc__ or ""

    @property
    def text(self) -> str:
        """The pipeline as it is written."""
        return self._text

    @property
    def metadata(self) -> dict[str, Any]:
        """What `with_metadata` said."""
        return dict(self._metadata or {})

    def with_metadata(self, /, **known: Any) -> Workflow:
        """The same workflow, and what is known about it: `version`, `author`, `tags`, `idempotent`, …"""
        from dana.runtime.workflows import checked

        return Workflow(
            self._function, self._text, self._record, self._ends, {**(self._metadata or {}), **checked(known)}
        )

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._function(*args, **keywords)

    def run(self, *args: Any, **keywords: Any) -> Any:
        """The same as calling the workflow."""
        return self._function(*args, **keywords)

    def tool(self) -> dict[str, Any]:
        """What a model needs to call the workflow: name, description, parameters, what it returns."""
        from dana.runtime.workflows import described

        return described(self)

    def __or__(self, other: Any) -> Any:
        return pipe(self, other)

    def __repr__(self) -> str:
        return f"Workflow[{self.name}]"


def workflow(record: ModuleRecord, text: str, first: str = "", last: str = "") -> Callable[[Any], Workflow]:
    """`.workflow(record, text, first, last)`: a decorator that makes a composed function a workflow."""

    def making(function: Any) -> Workflow:
        return Workflow(function, text, record, (first, last))

    return making
