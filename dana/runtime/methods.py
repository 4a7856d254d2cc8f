"""Receiver methods, interfaces, and calls and stores that are decided by the value (L29–L31).

`@.attach(record, T, "norm", existing)` puts a function on the classes of T — also on a class defined
later in the module — and leaves the plain name bound to something that works as `norm(p)`: the function
itself, or a `Dispatcher` once two types have a method of that name.
"""

from __future__ import annotations

from dana import abi
from dana.runtime.coercion import Reference
from dana.runtime.lifecycle import HOOKS, Resource
from dana.runtime.pipelines import MethodType
from dana.runtime.stops import failure
from dana.runtime.structs import Struct, store, unknown_field
from dana.runtime.typevalues import (
    Refused,
    StructType,
    TypeValue,
    UnionType,
    kind_of,
    short,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.modules import ModuleRecord
    from dana.runtime.program import Program


class Dispatcher:
    """The plain name of methods that several types have: calls the one of the first argument's type.

    A function of the same name that was there before is called for everything else.
    """

    __slots__ = ("_methods", "_name", "_otherwise")

    def __init__(self, name: str, otherwise: Any = None) -> None:
        self._name = name
        self._otherwise = otherwise
        self._methods: list[tuple[TypeValue, Any]] = []

    def _add(self, receiver: TypeValue, function: Any) -> None:
        self._methods[:] = [m for m in self._methods if m[0] is not receiver and m[0].name != receiver.name]
        self._methods.append((receiver, function))

    def _method_for(self, value: Any) -> Any:
        for receiver, function in reversed(self._methods):
            if receiver._conforms(value):
                return function
        if self._otherwise is not None:
            return self._otherwise
        names = " or ".join(r.name for r, _ in self._methods)
        raise failure(
            TypeError, "E610", f"`{self._name}` is a method of {names}, not of {kind_of(value)} ({short(value)})"
        )

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        if not args:
            if self._otherwise is not None:
                return self._otherwise(**keywords)
            raise failure(TypeError, "E610", f"`{self._name}` is a method and needs its receiver as first argument")
        return self._method_for(args[0])(*args, **keywords)

    def __repr__(self) -> str:
        return f"<method {self._name} of {', '.join(r.name for r, _ in self._methods)}>"


class Redirected:
    """The plain name of a method of agents: `judge(a)` is `a.judge()`, a message."""

    __slots__ = ("_function", "_name")

    def __init__(self, name: str, function: Any) -> None:
        self._name = abi.mangle(name)
        self._function = function

    def __call__(self, agent: Any, /, *args: Any, **keywords: Any) -> Any:
        if getattr(type(type(agent)), "_dana_method", None) is None:
            return self._function(agent, *args, **keywords)  # which says what it wants
        return getattr(agent, self._name)(*args, **keywords)

    def __repr__(self) -> str:
        return f"<method {abi.demangle(self._name)}>"


def _is_of_agents(receiver: TypeValue) -> bool:
    """Whether a receiver's type is one of agents, as far as it is defined."""
    if isinstance(receiver, Reference):
        try:
            receiver = receiver._resolve()
        except NameError:
            return False
    return isinstance(receiver, StructType) and getattr(type(receiver._struct), "_dana_method", None) is not None


RECEIVER = "_receiver"


class Methods:
    """The helpers about methods and attributes, for one program."""

    __slots__ = ("program",)

    def __init__(self, program: Program) -> None:
        self.program = program

    def attach(self, record: ModuleRecord, receiver: TypeValue, name: str, existing: Any) -> Callable[[Any], Any]:
        """`.attach`: a decorator that makes a function a method of `receiver`'s structs."""

        def attaching(function: Any) -> Any:
            for option in _options(receiver):
                self._attach_to(record, option, name, function)
            if hasattr(function, "__dict__"):
                function.__dict__[RECEIVER] = receiver
            if _is_of_agents(receiver):
                return _plain_name(name, receiver, Redirected(name, function), existing)
            return _plain_name(name, receiver, function, existing)

        return attaching

    def _attach_to(self, record: ModuleRecord, receiver: TypeValue, name: str, function: Any) -> None:
        target = receiver
        if isinstance(receiver, Reference):
            try:
                target = receiver._resolve()
            except NameError:
                record.pending.setdefault(receiver._path, []).append((name, function))
                return
        if isinstance(target, UnionType):
            for option in target._options:
                self._attach_to(record, option, name, function)
        elif isinstance(target, StructType):
            put_method(target._struct, name, function)

    def ufcs(self, value: Any, name: str, function: Any) -> Any:
        """`.ufcs`: the value's own method or field of that name, else the function with the value in front."""
        if name == "format" and isinstance(value, str):
            from dana.runtime.formatting import format_of

            return format_of(value)
        found = getattr(value, name, _ABSENT)
        if found is _ABSENT:
            return MethodType(function, value)
        if value.__class__.__module__ != "builtins":
            return found
        from dana.runtime.sized import bound

        return bound(value, name)

    def setattr(self, value: Any, name: str, new: Any) -> None:
        """`.setattr`: `value.name = new`, checked."""
        if isinstance(value, Struct):
            store(value, name, new)
            return
        foreign = getattr(type(value), "_dana_store", None)
        if foreign is not None:
            foreign(value, name, new)
            return
        raise _no_store(value, abi.demangle(name), "assigned")

    def delattr(self, value: Any, name: str) -> None:
        """`.delattr`: nothing in Dana has attributes that can go away; the error says what to do instead."""
        plain = abi.demangle(name)
        if isinstance(value, Struct):
            if plain not in value._shape.index:
                raise unknown_field(value._shape, plain)
            hint = f"set it to None (its type must allow that): `{plain}: T?`"
            raise failure(
                AttributeError, "E613", f"the field `{plain}` of `{value._shape.name}` cannot be deleted", hint
            )
        raise _no_store(value, plain, "deleted")

    def interface(
        self,
        record: ModuleRecord,
        name: str,
        methods: tuple[tuple[str, int, int | None], ...],
        embeds: tuple[TypeValue, ...],
        doc: str | None,
    ) -> Interface:
        """`.interface`: an interface value."""
        return Interface(record, name, methods, embeds, doc)


_ABSENT = object()


def _options(receiver: TypeValue) -> tuple[TypeValue, ...]:
    return receiver._options if isinstance(receiver, UnionType) else (receiver,)


def _plain_name(name: str, receiver: TypeValue, function: Any, existing: Any) -> Any:
    if isinstance(existing, Dispatcher):
        dispatcher = existing
    else:
        if existing is None:
            return function
        before = getattr(existing, "__dict__", {}).get(RECEIVER)
        if before is None:
            dispatcher = Dispatcher(name, existing)
        else:
            dispatcher = Dispatcher(name)
            dispatcher._add(before, existing)
    dispatcher._add(receiver, function)
    return dispatcher


def put_method(cls: Any, name: str, function: Any) -> None:
    """Set a method on a struct class; raises when a field has the name."""
    shape = cls._shape
    if name in shape.index:
        raise failure(
            TypeError, "E613", f"struct `{shape.name}` has a field `{name}`, it cannot have a method of that name"
        )
    port = getattr(type(cls), "_dana_method", None)
    if port is not None:
        type.__setattr__(cls, abi.mangle(name), port(cls, name, function))
    elif issubclass(cls, Resource) and name in HOOKS:
        type.__setattr__(cls, HOOKS[name], function)
    else:
        type.__setattr__(cls, abi.mangle(name), function)


def _no_store(value: Any, name: str, done: str) -> Exception:
    if isinstance(value, dict):
        hint = f'write `value["{name}"] = …`' if done == "assigned" else f'write `del value["{name}"]`'
        return failure(AttributeError, "E604", f"a dict has items, not fields: `{name}` cannot be {done}", hint)
    if type(value).__name__ == "ModuleValue":
        hint = "give the module a function that sets it, or use `public:name` for state that modules share"
        return failure(AttributeError, "E613", f"modules are read-only from outside: `{name}` cannot be {done}", hint)
    kind = kind_of(value)
    hint = "only fields of structs can be assigned; use a dict or a struct to keep values"
    return failure(AttributeError, "E604", f"{kind} has no field `{name}` that could be {done}", hint)


# --- interfaces ---------------------------------------------------------------------------------


class Interface(TypeValue):
    """`interface Shape:` as a type: every value with these methods conforms (L31)."""

    __slots__ = ("_doc", "_embeds", "_known", "_methods", "_record")

    def __init__(
        self,
        record: ModuleRecord,
        name: str,
        methods: tuple[tuple[str, int, int | None], ...],
        embeds: tuple[TypeValue, ...],
        doc: str | None,
    ) -> None:
        super().__init__(name)
        self._record = record
        self._methods = methods
        self._embeds = embeds
        # Classes that conform, by id; the class itself is kept so that the id stays its own.
        self._known: dict[int, type] = {}
        self._doc = doc

    def _conforms(self, value: Any) -> bool:
        cls = type(value)
        if id(cls) in self._known:
            return True
        if self._missing(value):
            return False
        shape = getattr(cls, "_shape", None)
        if shape is not None and not shape.delegates:
            self._known[id(cls)] = cls
        return True

    def _fit(self, value: Any, mode: int) -> Any:  # noqa: ARG002
        if self._conforms(value):
            return value
        raise Refused(f"it lacks {self._missing(value)}")

    def _missing(self, value: Any) -> str:
        """The first method the value does not have as the interface wants it, or ""."""
        for name, least, most in self._methods:
            method = getattr(value, abi.mangle(name), None)
            if method is None or not callable(method):
                return f"the method `{name}`"
            problem = _arity_problem(method, least, most)
            if problem:
                return f"a method `{name}` that takes {problem}"
        for embedded in self._embeds:
            inner = embedded._resolve() if isinstance(embedded, Reference) else embedded
            if isinstance(inner, Interface):
                missing = inner._missing(value)
                if missing:
                    return missing
        return ""

    def __repr__(self) -> str:
        return f"Interface[{self._text}]"


def _arity_problem(method: Any, least: int, most: int | None) -> str:
    """What the interface wants to pass and the method does not take, or ""."""
    function: Any = getattr(method, "__func__", None)
    code = getattr(function, "__code__", None)
    if code is None:
        return ""
    takes_most = None if code.co_flags & 0x04 else code.co_argcount - 1
    takes_least = code.co_argcount - 1 - len(function.__defaults__ or ())
    enough = takes_most is None or (most is not None and most <= takes_most)
    if takes_least <= least and enough:
        return ""
    return (
        f"{least} argument{'s' if least != 1 else ''}"
        if most == least
        else f"{least} to {most or 'any number of'} arguments"
    )
