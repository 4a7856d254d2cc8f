"""Proxies: what a program holds in place of an object of Python.

A program cannot spell `_target`: names that begin with an underscore reach objects under another spelling
(`abi.mangle`), and here they reach nothing.
"""

from __future__ import annotations

import operator as op

from dana import abi
from dana.runtime.foreign.refused import NAMES, hidden
from dana.runtime.formatting import check_spec
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from dana.runtime.foreign.border import Border


class Foreign:
    """An object of Python as a program holds it."""

    __slots__ = ("_border", "_target")
    _border: Border
    _target: Any

    def __init__(self, target: Any, border: Border) -> None:
        _put(self, "_target", target)
        _put(self, "_border", border)

    def __getattr__(self, name: str) -> Any:
        target, border = self._target, self._border
        if name[0] in _HIDDEN or name in NAMES:
            raise hidden(name, border.described(target))
        return border.admit_part(border.read(target, name))

    def __setattr__(self, name: str, value: object) -> None:
        raise _read_only(self, f"`{abi.demangle(name)}`")

    def __delattr__(self, name: str) -> None:
        raise _read_only(self, f"`{abi.demangle(name)}`")

    def _dana_store(self, name: str, value: Any) -> None:
        """`proxy.name = value`: what `.setattr` does with a proxy."""
        target, border = self._target, self._border
        if name[0] in _HIDDEN or name in NAMES:
            raise hidden(name, border.described(target))
        if not border.writable or isinstance(self, ForeignFunction | ForeignModule):
            raise _read_only(self, f"`{name}`")
        border.call(setattr, (self, name, value))

    def _dana_release(self) -> Any:
        return self._target

    @property
    def _dana_kind(self) -> str:
        """The word for the type in messages."""
        return type(self._target).__name__

    def _dana_class(self) -> Any:
        """What `type(proxy)` is."""
        from dana.runtime.foreign.types import ForeignType

        return ForeignType(type(self._target))

    # --- items and iteration --------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Any:
        border = self._border
        return border.call(op.getitem, (self, key))

    def __setitem__(self, key: Any, value: Any) -> None:
        if not self._border.writable:
            raise _read_only(self, "an item")
        self._border.call(op.setitem, (self, key, value))

    def __delitem__(self, key: Any) -> None:
        if not self._border.writable:
            raise _read_only(self, "an item")
        self._border.call(op.delitem, (self, key))

    def __len__(self) -> int:
        return self._border.call(len, (self,))  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Any]:
        return self._border.walk(self._target)

    def __contains__(self, item: Any) -> bool:
        if hasattr(type(self._target), "__contains__"):
            return bool(self._border.call(op.contains, (self, item)))
        # Python would walk it, and nobody would count.
        return any(each is item or each == item for each in self)

    # --- text, truth, identity ------------------------------------------------------------------

    def __str__(self) -> str:
        return self._border.text(str, self._target)

    def __repr__(self) -> str:
        return self._border.text(repr, self._target)

    def __format__(self, spec: str) -> str:
        check_spec(spec)
        return self._border.text(format, self._target, spec)

    def __bool__(self) -> bool:
        return self._border.call(bool, (self,))  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return self._border.call(hash, (self,))  # type: ignore[no-any-return]

    # --- with -----------------------------------------------------------------------------------

    def __enter__(self) -> Any:
        return self._border.call(_enter, (self,))

    def __exit__(self, cls: object, error: BaseException | None, trace: object) -> bool:
        return bool(self._border.call(_exit, (self, error)))


class ForeignIterator(Foreign):
    """One that is walked as it is: a generator, an open file."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self._border.call(next, (self,))


class ForeignFunction(Foreign):
    """A function, a bound method, anything that is called and does not change."""

    __slots__ = ()

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._border.call(self._target, args, keywords)

    def __str__(self) -> str:
        return f"<function {_name(self._target)}>"

    __repr__ = __str__

    @property
    def _dana_kind(self) -> str:
        return "function"


class ForeignCallable(Foreign):
    """An object that can be called, too."""

    __slots__ = ()
    __call__ = ForeignFunction.__call__


class ForeignClass(ForeignFunction):
    """A class: it makes objects and has methods, and it is a type for `isinstance` and annotations."""

    __slots__ = ()

    def __str__(self) -> str:
        return _name(self._target)

    __repr__ = __str__

    def __or__(self, other: Any) -> Any:
        from dana.runtime.typevalues import union_of

        return union_of(self, other)

    @property
    def _dana_kind(self) -> str:
        return "type"

    def _dana_type(self) -> Any:
        """The type behind the class, as annotations use it."""
        from dana.runtime.foreign.types import ForeignType

        return ForeignType(self._target)


class ForeignModule(Foreign):
    """A granted module; only its own public names are there."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name[0] in _HIDDEN or name in NAMES:
            raise hidden(name, self._border.described(self._target))
        return self._border.member(self._target, name)

    def __str__(self) -> str:
        return f"<module {self._target.__name__}>"

    __repr__ = __str__

    @property
    def _dana_kind(self) -> str:
        return "module"


_HIDDEN = ("_", abi.HIDDEN)
_put = object.__setattr__


def proxy_class(cls: type) -> type[Foreign]:
    """The proxy class for instances of a class."""
    if hasattr(cls, "__next__"):
        return ForeignIterator
    # Every class can be called; whether its instances can is written in it, or in a class it is made from.
    return ForeignCallable if any("__call__" in base.__dict__ for base in cls.__mro__) else Foreign


def _name(target: Any) -> str:
    found = getattr(target, "__name__", None)
    return found if isinstance(found, str) else type(target).__name__


def _read_only(proxy: Foreign, what: str) -> Exception:
    shown = proxy._border.described(proxy._target)
    return failure(AttributeError, "E613", f"{what} of {shown} cannot be changed: it is read-only here")


def _enter(target: Any) -> Any:
    return target.__enter__()


def _exit(target: Any, error: BaseException | None) -> Any:
    return target.__exit__(type(error) if error is not None else None, error, None)


# --- operators ----------------------------------------------------------------------------------


def _forward(function: Callable[..., Any]) -> Callable[..., Any]:
    def operate(self: Foreign, other: Any) -> Any:
        return self._border.call(function, (self, other))

    return operate


def _backward(function: Callable[..., Any]) -> Callable[..., Any]:
    def operate(self: Foreign, other: Any) -> Any:
        return self._border.call(function, (other, self))

    return operate


def _alone(function: Callable[..., Any]) -> Callable[..., Any]:
    def operate(self: Foreign, *more: Any) -> Any:
        return self._border.call(function, (self, *more))

    return operate


for _word in "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor".split():
    _function = divmod if _word == "divmod" else getattr(op, f"{_word}_" if _word in ("and", "or") else _word)
    setattr(Foreign, f"__{_word}__", _forward(_function))
    setattr(Foreign, f"__r{_word}__", _backward(_function))
for _word in "eq ne lt le gt ge".split():
    setattr(Foreign, f"__{_word}__", _forward(getattr(op, _word)))
for _word, _function in (
    ("neg", op.neg), ("pos", op.pos), ("abs", abs), ("invert", op.invert), ("int", int), ("float", float),
    ("complex", complex), ("index", op.index), ("round", round), ("reversed", reversed),
):  # fmt: skip
    setattr(Foreign, f"__{_word}__", _alone(_function))
