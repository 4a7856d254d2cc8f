"""What values of a program look like in the host, when they lived in a worker.

Plain data is plain data. A struct arrives as a `Record`: its fields as read-only attributes, `to_dict()`, equality,
and Dana's own text; handed back to the same program it is that struct again. A Dana function arrives as a
`RemoteFunction`, which can be called while its worker lives. Anything else of the program's own (types, agents,
iterators) arrives as an `Opaque`: its text, and nothing more.
"""

from __future__ import annotations

from dana.engine.views import StructValue
from dana.isolation.wire import CannotCross, Codec, WireError, items_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from dana.isolation.conversation import Conversation

MAX_FIELDS = 10_000


class Record:
    """A struct of a program that ran in a worker: fields are attributes, nothing can be assigned."""

    __slots__ = ("_kind", "_values")

    def __init__(self, kind: str, values: dict[str, Any]) -> None:
        object.__setattr__(self, "_kind", kind)
        object.__setattr__(self, "_values", values)

    def __getattr__(self, name: str) -> Any:
        values: dict[str, Any] = object.__getattribute__(self, "_values")
        if name in values:
            return values[name]
        from dana.diagnostics import suggest

        near = suggest(name, values)
        hint = f"; did you mean {near!r}?" if near else ""
        raise AttributeError(f"struct {self._kind!r} has no field {name!r}{hint}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {self._kind} from a worker is read-only: field {name!r} cannot be assigned")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {self._kind} from a worker is read-only: field {name!r} cannot be deleted")

    def to_dict(self) -> dict[str, Any]:
        """The fields as a fresh dict; records inside, also in lists, tuples and dicts, become dicts too."""
        return {name: _plain(value) for name, value in self._values.items()}

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not Record:
            return NotImplemented
        return bool(self._kind == other._kind and self._values == other._values)

    def __hash__(self) -> int:  # raises TypeError where it holds a list, as a tuple does
        return hash((self._kind, tuple(self._values.items())))

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"a {self._kind} is no sequence; its fields: {', '.join(self._values)}")

    def __dir__(self) -> list[str]:
        return [*self._values, "to_dict"]

    def __repr__(self) -> str:
        return f"{self._kind}({', '.join(f'{n}={v!r}' for n, v in self._values.items())})"


def _plain(value: Any) -> Any:
    if value.__class__ is Record:
        return value.to_dict()
    if value.__class__ is dict:
        return {key: _plain(item) for key, item in value.items()}
    if value.__class__ in (list, tuple):
        return value.__class__([_plain(item) for item in value])
    return value


class Opaque:
    """Something of the program's own that has no form outside it; prints as it did there."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


class RemoteFunction:
    """A Dana function in a worker: calling it calls it there, `await f.acall(…)` on the event loop."""

    __slots__ = ("__name__", "_key", "_talk")

    def __init__(self, key: int, name: str, talk: Conversation) -> None:
        self._key = key
        self._talk = talk
        self.__name__ = name

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Raises `DanaError`."""
        return self._talk.invoke(self._key, args, keywords)

    async def acall(self, *args: Any, **keywords: Any) -> Any:
        """The same on the running event loop. Raises `DanaError`."""
        return await self._talk.invoke_later(self._key, args, keywords)

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


class Stream:
    """An iterator of the host, by the number under which it is kept for a worker."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class HostCodec(Codec):
    """The host's side of one worker's values.

    Functions of the program call through `talk`. Callables and other objects of the host stay here, in `held`; the
    worker gets their numbers. A worker can only name what it was given.
    """

    def __init__(self, talk: Conversation) -> None:
        self.held: dict[int, Any] = {}
        # Whether the host was given functions of the program.
        self.lent = False
        self._numbers: dict[int, int] = {}
        self._talk = talk

    def hold(self, value: Any) -> int:
        """The number by which the worker knows an object of the host."""
        number = self._numbers.get(id(value))
        if number is None:
            number = len(self.held) + 1
            self._numbers[id(value)] = number
            self.held[number] = value
        return number

    def other(self, value: Any, depth: int) -> Any:
        if value.__class__ is Record:
            fields = {name: self.encode(item, depth) for name, item in value._values.items()}
            return {"$": "struct", "v": [value._kind, fields]}
        if value.__class__ is RemoteFunction:
            return {"$": "function", "v": value._key}
        if value.__class__ is Stream:
            return {"$": "stream", "v": value.number}
        if isinstance(value, StructValue):
            value = value._raw
            fields = {f.name: self.encode(getattr(value, f.slot, None), depth) for f in value._shape.fields}
            return {"$": "struct", "v": [value._shape.name, fields]}
        fields_of = _fields(value)
        if fields_of is not None:
            return self.encode(fields_of, depth)
        if callable(value) and not isinstance(value, type):
            return {"$": "host", "v": [self.hold(value), getattr(value, "__name__", "function")]}
        try:
            return super().other(value, depth)
        except CannotCross:
            return {"$": "handle", "v": [self.hold(value), type(value).__name__]}

    def tagged(self, tag: str, body: Any, depth: int) -> Any:
        if tag == "struct":
            kind, fields = body
            if kind.__class__ is not str or fields.__class__ is not dict or len(fields) > MAX_FIELDS:
                raise WireError("a struct is broken")
            return Record(kind, {name: self.decode(value, depth) for name, value in fields.items()})
        if tag == "function":
            key, name = body
            if key.__class__ is not int or name.__class__ is not str:
                raise WireError("a function is broken")
            self.lent = True
            return RemoteFunction(key, name, self._talk)
        if tag == "opaque" and body.__class__ is str:
            return Opaque(body)
        if tag in ("handle", "host") and body.__class__ is int and body in self.held:
            return self.held[body]
        return super().tagged(tag, body, depth)


def _fields(value: Any) -> dict[str, Any] | None:
    """Data of a dataclass instance or a pydantic model, which programs take for a struct; None for anything else."""
    cls = type(value)
    if "__dataclass_fields__" in cls.__dict__ and not isinstance(value, type):
        return {name: getattr(value, name) for name in cls.__dataclass_fields__}
    if "__pydantic_fields__" in cls.__dict__ and hasattr(value, "model_dump"):
        return {name: getattr(value, name) for name in cls.__pydantic_fields__}
    return None


__all__ = ["HostCodec", "Opaque", "Record", "RemoteFunction", "items_of"]
