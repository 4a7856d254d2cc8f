"""What Python holds of a program's values: views that enter the program under its limits, whatever they do.

    StructValue   a struct: fields and methods as attributes, equality, `to_dict()`
    StructClass   a struct's type: called with fields it makes one
    Function      a function: called from Python, with `acall`, `returning`
    Items         an iterator, asked item by item

A view holds the program's value and the run it belongs to. Handed back to the same program it is the value again.
"""

from __future__ import annotations

from dana.engine.annotations import Misfit, to_annotation
from dana.engine.convert import SCALARS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from inspect import Signature
    from typing import Any, NoReturn

    from dana.engine.engine import _Run
    from dana.runtime.typevalues import TypeValue

_put = object.__setattr__


class Function:
    """A function of a program, callable from Python: `f(720)`, `await f.acall(720)`, `f.returning(Model)(720)`.

    Arguments and the result are converted (`dana.engine.convert`); limits, policy and errors are those of the
    program. Calls from several threads take turns.
    """

    def __init__(self, run: _Run, raw: Callable[..., Any], wanted: Any = None) -> None:
        from dana import abi

        self._run = run
        self._raw = raw
        self._wanted = wanted
        self._parameters: dict[str, TypeValue] | None = None
        self.__name__ = str(getattr(raw, "__name__", "function")).replace(abi.HIDDEN, "")
        doc = getattr(raw, "__doc__", None)
        self.__doc__ = doc if isinstance(doc, str) else None

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        """Call it. Raises `DanaError`, and `UsageError` for a value no program can be given."""
        for value in args:
            if value.__class__ not in SCALARS:
                return self._slowly(args, keywords)
        if keywords or self._wanted is not None:
            return self._slowly(args, keywords)
        value = self._run.guarded(self._raw, args)
        return value if value.__class__ in SCALARS else self._run.crossing.out(value)

    def acall(self, /, *args: Any, **keywords: Any) -> Coroutine[Any, Any, Any]:
        """Call it on the running event loop, `await f.acall(…)`: while it waits for an effect, other tasks go on."""
        from dana.engine import resting
        from dana.runtime.effects.resting import may_rest

        if may_rest(self._raw, args, keywords):
            return self._run.drive(resting.steps(self, args, keywords))
        return self._run.drive(self._slowly, args, keywords)

    @property
    def __signature__(self) -> Signature:
        """For `inspect.signature`, editors and frameworks. Raises `AttributeError` where nothing is known."""
        from dana.engine.signatures import signature_of

        return signature_of(self._run, self._raw)

    def returning(self, wanted: Any) -> Function:
        """The same function, its result made what an annotation says: a dataclass, a pydantic model, `list[…]`."""
        return Function(self._run, self._raw, wanted)

    def _slowly(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        run = self._run
        if keywords or not SCALARS.issuperset([value.__class__ for value in args]):
            value = run.crossing.out(run.guarded(self._inside, (args, keywords)))
        else:
            value = run.crossing.out(run.guarded(self._raw, args))
        return value if self._wanted is None else self._as_wanted(value)

    def _as_wanted(self, value: Any) -> Any:
        run = self._run
        try:
            return to_annotation(value, self._wanted, f"the result of `{self.__name__}`")
        except Misfit as misfit:
            raise run.crossing.fault(misfit) from misfit.__cause__

    def _inside(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        given, named = self._given(args, keywords)
        return self._raw(*given, **named)

    def _given(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments as the program gets them; called inside it, for its structs are made by its own code."""
        if all(v.__class__ in SCALARS for v in (*args, *keywords.values())):
            return list(args), keywords
        if self._parameters is None:
            from dana.engine.signatures import parameters_of

            self._parameters = parameters_of(self._run, self._raw)
        types = self._parameters
        names = list(types)
        positional = [
            self._argument(value, types, names[at] if at < len(names) else "") for at, value in enumerate(args)
        ]
        return positional, {name: self._argument(value, types, name) for name, value in keywords.items()}

    def _argument(self, value: Any, types: dict[str, TypeValue], name: str) -> Any:
        origin = f"{self.__name__}({name})" if name else self.__name__
        declared = types.get(name)
        if declared is None:
            return self._run.crossing.into(value, origin)
        return self._run.crossing.fitted(value, declared, f"argument `{name}` of `{self.__name__}`", origin)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Function):
            return NotImplemented
        return self._raw is other._raw or bool(self._raw == other._raw)

    def __hash__(self) -> int:
        return hash(self._raw)

    def __repr__(self) -> str:
        return f"<Dana function {self.__name__}>"


class StructValue:
    """A struct of a program: its fields and methods as attributes, as its own code sees them."""

    __slots__ = ("_raw", "_run")
    _is_struct = True

    _raw: Any
    _run: _Run

    def __init__(self, run: _Run, raw: Any) -> None:
        _put(self, "_run", run)
        _put(self, "_raw", raw)

    def __getattr__(self, name: str) -> Any:
        if name[:1] == "_":
            raise AttributeError(f"{type(self._raw).__name__!r} hides its {name!r}")
        raw = self._raw
        shape = raw._shape
        if name in shape.index:
            found = getattr(raw, shape.index[name].slot, _UNSET)
            if found.__class__ in SCALARS:
                return found
            if found is not _UNSET:
                return self._run.crossing.out(found)
        from dana.runtime.builtins import getattr_

        found = self._run.guarded(lambda: getattr_(raw, name, _UNSET))
        if found is not _UNSET:
            return self._run.crossing.out(found)
        from dana.diagnostics import suggest

        near = suggest(name, shape.index)
        hint = f"; did you mean {near!r}?" if near else ""
        raise AttributeError(f"struct {shape.name!r} has no {name!r}{hint}")

    def __setattr__(self, name: str, value: Any) -> None:
        """Assign a field, checked as in the program. Raises `DanaError`."""
        from dana.runtime.structs import store

        raw = self._raw
        field = raw._shape.index.get(name)

        def assign() -> None:
            store(
                raw,
                name,
                self._run.crossing.fitted(value, field.type, f"field `{name}`") if field is not None else value,
            )

        self._run.guarded(assign)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"field {name!r} of a struct cannot be deleted")

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict, structs inside as dicts too."""
        from dana.runtime.structs import Struct

        found: dict[str, Any] = self._run.crossing.out(self._run.guarded(lambda: Struct.to_dict(self._raw)))
        return found

    def _fields(self) -> dict[str, Any]:
        """The fields by name, structs inside as they are."""
        return {f.name: getattr(self, f.name) for f in self._raw._shape.fields if f.name[0] != "_"}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StructValue):
            return NotImplemented
        return bool(self._run.guarded(lambda: self._raw == other._raw))

    def __hash__(self) -> int:
        if type(self._raw).__hash__ is None:
            raise TypeError(f"a {type(self._raw).__name__} can be changed and has no hash; freeze the struct")
        return int(self._run.guarded(lambda: hash(self._raw)))

    def __dir__(self) -> list[str]:
        return [*(n for n in self._raw._shape.index if n[0] != "_"), "to_dict"]

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self._raw).__name__} belongs to its program; store its .to_dict()")

    def __repr__(self) -> str:
        return self._text(repr)

    def __str__(self) -> str:
        return self._text(str)

    def _text(self, kind: Callable[[Any], str]) -> str:
        from dana.runtime.printable import printable_of

        printable = printable_of(self._run.program.meter)
        return str(self._run.guarded(lambda: kind(printable(self._raw))))


class StructClass:
    """A struct's type, usable from Python: `Invoice(amount=3)`, `isinstance(value, Invoice)`."""

    def __init__(self, run: _Run, raw: Any) -> None:
        self._run = run
        self._raw = raw
        self._make = Function(run, raw)
        self.__name__ = raw.__name__
        self.__doc__ = raw._shape.doc if isinstance(raw._shape.doc, str) else None

    def __call__(self, /, *args: Any, **fields: Any) -> Any:
        """Make one. Raises `DanaError` when a field is missing, unknown, or of a wrong type."""
        return self._make._slowly(args, fields)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its fields, in order."""
        return tuple(f.name for f in self._raw._shape.fields)

    def from_value(self, value: Any) -> Any:
        """One made of a dict, a dataclass or a pydantic model with these fields. Raises `DanaError`."""
        run = self._run
        declared = self._raw._shape.type
        return run.crossing.out(run.guarded(lambda: run.crossing.fitted(value, declared, f"`{self.__name__}`")))

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, StructValue) and isinstance(value._raw, self._raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StructClass) and other._raw is self._raw

    def __hash__(self) -> int:
        return hash(self.__name__)

    def __repr__(self) -> str:
        return f"<Dana struct {self.__name__}>"


class Items:
    """An iterator of a program; each item is made under the program's limits."""

    __slots__ = ("_raw", "_run")

    def __init__(self, run: _Run, raw: Iterator[Any]) -> None:
        self._run = run
        self._raw = raw

    def __iter__(self) -> Items:
        return self

    def __next__(self) -> Any:
        found = self._run.guarded(lambda: next(self._raw, _UNSET))
        if found is _UNSET:
            raise StopIteration
        return self._run.crossing.out(found)

    def __repr__(self) -> str:
        return "<Dana iterator>"


def is_iterator(value: Any) -> bool:
    return hasattr(type(value), "__next__")


_UNSET: Any = object()
