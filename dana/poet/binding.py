"""Arguments to names and back: what the Perceive stage works on.

Everything is read from the function once, at decoration. `bind` puts one call's arguments to their
parameters' names; `unbind` turns the (perhaps changed) mapping back into a call.
"""

from __future__ import annotations

from types import MappingProxyType

from dana.diagnostics import suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    Bound = dict[str, Any]
    Call = tuple[tuple[Any, ...], dict[str, Any]]

# A thousand functions without defaults share what is empty, and names they have in common.
NO_DEFAULTS: Mapping[str, Any] = MappingProxyType({})
MOST_SHARED = 1000
_SHARED: dict[tuple[str, ...], tuple[str, ...]] = {}
VARARGS = 0x04
VARKEYWORDS = 0x08


class Parameters:
    """The parameters of a function: names in order, and which may be left out.

    `fresh` holds defaults that stand for "make a new one in each call" (L19): a parameter left out with
    such a default is not in the bound arguments unless the handler puts it there.
    """

    __slots__ = ("defaults", "fresh", "keyword", "name", "positional", "positional_only", "rest", "rest_keywords")

    def __init__(self, function: Callable[..., Any], fresh: Collection[Any] = ()) -> None:
        inner, skip = _plain(function)
        code = inner.__code__
        names = code.co_varnames
        count = code.co_argcount
        end = count + code.co_kwonlyargcount
        self.name: str = function.__name__
        self.positional = _same(names[skip:count])
        self.positional_only = max(0, code.co_posonlyargcount - skip)
        self.keyword = _same(names[count:end])
        self.rest: str | None = names[end] if code.co_flags & VARARGS else None
        end += self.rest is not None
        self.rest_keywords: str | None = names[end] if code.co_flags & VARKEYWORDS else None
        self.fresh = fresh
        given, named = inner.__defaults__ or (), inner.__kwdefaults__ or {}
        self.defaults: Mapping[str, Any] = NO_DEFAULTS
        if given or named:
            self.defaults = {**dict(zip(names[count - len(given) : count], given, strict=True)), **named}

    @property
    def names(self) -> tuple[str, ...]:
        """All parameters a handler may read or change, in order."""
        rest = () if self.rest is None else (self.rest,)
        keywords = () if self.rest_keywords is None else (self.rest_keywords,)
        return (*self.positional, *rest, *self.keyword, *keywords)

    @property
    def required(self) -> tuple[str, ...]:
        """The parameters without a default."""
        return tuple(name for name in (*self.positional, *self.keyword) if name not in self.defaults)

    def bind(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Bound:
        """Name → value for one call; defaults are filled in.

        Raises `TypeError`, in the words of an ordinary call, when the arguments do not fit.
        """
        positional = self.positional
        if len(args) == len(positional) and not keywords and not self.keyword and self.rest_keywords is None:
            bound = dict(zip(positional, args, strict=True))
            if self.rest is not None:
                bound[self.rest] = ()
            return bound
        return self._bind_slowly(args, keywords)

    def _bind_slowly(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Bound:
        bound: Bound = dict(zip(self.positional, args, strict=False))
        surplus = args[len(self.positional) :]
        if self.rest is not None:
            bound[self.rest] = surplus
        elif surplus:
            raise TypeError(f"{self.name}() takes {len(self.positional)} positional arguments, got {len(args)}")
        others: dict[str, Any] = {}
        by_name = {*self.positional[self.positional_only :], *self.keyword}
        for name, value in keywords.items():
            if name in by_name:
                if name in bound:
                    raise TypeError(f"{self.name}() got multiple values for argument {name!r}")
                bound[name] = value
            elif self.rest_keywords is None:
                raise TypeError(f"{self.name}() got an unexpected keyword argument {name!r}")
            else:
                others[name] = value
        for name in (*self.positional, *self.keyword):
            if name not in bound:
                self._default(name, bound)
        if self.rest_keywords is not None:
            bound[self.rest_keywords] = others
        return bound

    def _default(self, name: str, bound: Bound) -> None:
        if name not in self.defaults:
            raise TypeError(f"{self.name}() missing 1 required argument: {name!r}")
        value = self.defaults[name]
        if not any(value is marker for marker in self.fresh):
            bound[name] = value

    def unbind(self, bound: Bound) -> Call:
        """The call that gives every parameter the value it has in `bound`."""
        values: list[Any] = []
        by_name: dict[str, Any] = {}
        for index, name in enumerate(self.positional):
            if name not in bound:  # left to its fresh default: what follows goes by name
                by_name = {n: bound[n] for n in self.positional[index + 1 :] if n in bound}
                break
            values.append(bound[name])
        args = (*values, *(bound[self.rest] if self.rest is not None and not by_name else ()))
        for name in self.keyword:
            if name in bound:
                by_name[name] = bound[name]
        if self.rest_keywords is not None:
            by_name.update(bound[self.rest_keywords])
        return args, by_name

    def unknown(self, name: Any) -> str:
        """What to say about a name that is no parameter."""
        close = suggest(name, self.names) if name.__class__ is str else None
        return f"did you mean `{close}`?" if close else "its parameters are " + ", ".join(self.names)


def _same(names: tuple[str, ...]) -> tuple[str, ...]:
    """These names, as one tuple for all functions."""
    return _SHARED.setdefault(names, names) if len(_SHARED) < MOST_SHARED else names


def readable(function: Any) -> bool:
    """Whether the parameters of `function` can be read."""
    return hasattr(_plain(function)[0], "__code__")


def _plain(function: Any) -> tuple[Any, int]:
    """The function behind a bound method, and how many of its first parameters are filled already."""
    inner = getattr(function, "__func__", None)
    return (function, 0) if inner is None else (inner, 1)
