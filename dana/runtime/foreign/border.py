"""`Border`: what crosses between one program and Python, in both directions."""

from __future__ import annotations

import types
from itertools import compress
from threading import get_ident

from dana.runtime.foreign.failures import Failures
from dana.runtime.foreign.proxies import Foreign, ForeignClass, ForeignFunction, ForeignModule, proxy_class
from dana.runtime.foreign.refused import BY_NAME, CLASSES, OBJECTS, check_formats, foreign_to, withheld
from dana.runtime.modules import ModuleValue
from dana.runtime.permissions import denied
from dana.runtime.pipelines import Bound
from dana.runtime.showing import cleaned
from dana.runtime.stops import failure
from dana.runtime.structs import Struct, StructMeta
from dana.runtime.typevalues import TypeValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from dana.runtime.program import Program

SCALARS = frozenset({type(None), bool, int, float, complex, str, bytes})
CONTAINERS = frozenset({list, dict, tuple, set, frozenset})
PLAIN = SCALARS | CONTAINERS
# Ranges and slices hold numbers, Ellipsis and NotImplemented nothing.
_HARMLESS = frozenset({range, type(Ellipsis), type(NotImplemented)})
# The modules whose instances are Dana's own values.
_HOMES = frozenset({"dana.runtime.pipelines", "dana.runtime.iterators"})
DEEPEST = 200
_CALLED = "_dana_function"


class Border:
    """One program's border to the values of one origin; `writable`: whether the program may change them."""

    __slots__ = ("_handlers", "_inside", "_is_granted", "failures", "origin", "program", "steps", "writable")

    def __init__(self, program: Program, origin: str, *, writable: bool) -> None:
        self.program = program
        self.origin = origin
        self.writable = writable
        self.steps = program.meter.steps
        self.failures: Failures = program.borders.setdefault("failures", Failures())
        self._is_granted = origin != "" and writable
        self._handlers: dict[type, Callable[[Any], Any]] = {}
        # The threads in which Python code runs that this program called.
        self._inside: list[int] = program.borders.setdefault("inside", [])

    # --- in -------------------------------------------------------------------------------------

    def admit(self, value: Any) -> Any:
        """What the program gets for a value of Python."""
        cls = type(value)
        if cls in SCALARS:
            return value
        if cls in CONTAINERS:
            return value if self._is_plain(value) else self._copied(value, {}, 0)
        handler = self._handlers.get(cls)
        if handler is None:
            handler = self._handlers[cls] = self._handler(cls)
        return handler(value)

    def admit_part(self, value: Any) -> Any:
        """The same for what an object goes on to hold, so that a container must not be changed through the program."""
        if type(value) in CONTAINERS:
            return self._copied(value, {}, 0)
        return self.admit(value)

    def _handler(self, cls: type) -> Callable[[Any], Any]:
        """How instances of a class are admitted."""
        from dana.runtime.curated.entering import entrance

        if cls in CLASSES:
            return self._withhold
        enter = entrance(cls)
        if enter is not None:
            return enter
        if cls in _HARMLESS or _is_dana(cls) or issubclass(cls, Foreign):
            return _same
        if issubclass(cls, BaseException):
            return self.failures.cleaned
        if issubclass(cls, type):
            return self._class
        if issubclass(cls, types.ModuleType):
            return self.module
        if cls is types.FunctionType or cls is types.MethodType or cls is types.BuiltinFunctionType:
            return self._function
        if cls is slice:
            return self._slice
        if cls.__module__.partition(".")[0] == "dana":
            return self._withhold
        if _is_number(cls):
            return self._number
        return self._wrapping(proxy_class(cls))

    def _wrapping(self, proxy: Any) -> Callable[[Any], Any]:
        def wrap(value: Any) -> Any:
            return proxy(value, self)

        return wrap

    def _withhold(self, value: Any) -> Any:
        raise withheld(f"a {type(value).__name__} of Python")

    def _class(self, value: type) -> Any:
        if issubclass(value, BaseException):
            return self.failures.clean_class(value)
        if value in self.program.types:
            return self.program.types[value]
        if _is_dana(value) or value in SCALARS or value in CONTAINERS:
            return _type_value(value)
        if id(value) in OBJECTS or value in CLASSES:
            raise withheld(f"`{value.__name__}` of Python")
        self._check_home("", value)
        return ForeignClass(value, self)

    def module(self, value: types.ModuleType, name: str = "") -> Any:
        """A module, where the policy grants it; `name` is another name it is known under."""
        known = name or str(value.__dict__.get("__name__", ""))
        denial = self.program.policy.policy.denial("python", known)
        if denial is not None:
            raise denied(denial)
        return ForeignModule(value, self)

    def _function(self, value: Any) -> Any:
        if id(value) in OBJECTS or f"{value.__module__}.{value.__name__}" in BY_NAME:
            raise withheld(f"`{value.__name__}` of Python")
        if type(value) is types.FunctionType:
            own = value.__dict__.get(_CALLED)
            if own is not None:
                return own
            if ".module" in value.__globals__:
                return value
            self._check_home("", value)
        elif type(value) is types.BuiltinFunctionType:
            self._check_home("", value)
        elif isinstance(getattr(value, "__self__", None), Struct):
            return value
        return ForeignFunction(value, self)

    def _slice(self, value: slice) -> slice:
        return slice(self.admit(value.start), self.admit(value.stop), self.admit(value.step))

    def _number(self, value: Any) -> Any:
        plain = value.item()
        if type(plain) in SCALARS:
            return plain
        return proxy_class(type(value))(value, self)

    def _is_plain(self, value: Any) -> bool:
        """Whether a container holds plain data and nothing else, all the way down."""
        waiting, seen = [value], {id(value)}
        while waiting:
            container = waiting.pop()
            self.program.meter.charge(len(container) + 1)
            parts = [*container.keys(), *container.values()] if type(container) is dict else container
            kinds = set(map(type, parts))
            if kinds <= SCALARS:
                continue
            if not kinds <= PLAIN:
                return False
            for part in parts:
                if type(part) in CONTAINERS and id(part) not in seen:
                    seen.add(id(part))
                    waiting.append(part)
        return True

    def _copied(self, value: Any, known: dict[int, Any], depth: int) -> Any:
        """A container with its items admitted."""
        if id(value) in known:
            return known[id(value)]
        if depth > DEEPEST:
            raise failure(ValueError, "E519", "a value of Python is nested too deeply to be handed to a program")
        self.program.meter.charge(len(value) + 1)
        cls = type(value)

        def inner(item: Any) -> Any:
            return self._copied(item, known, depth + 1) if type(item) in CONTAINERS else self.admit(item)

        if cls is list:
            made: Any = []
            known[id(value)] = made
            made.extend(map(inner, value))
        elif cls is dict:
            made = known[id(value)] = {}
            for key, item in value.items():
                made[inner(key)] = inner(item)
        else:
            made = cls(map(inner, value))
        return made

    # --- out ------------------------------------------------------------------------------------

    def release(self, value: Any) -> Any:
        """What Python gets for a value of the program."""
        cls = type(value)
        if cls in SCALARS:
            return value
        if cls in CONTAINERS:
            return self._released(value, 0)
        target = getattr(cls, "_dana_release", None)
        if target is not None:
            return target(value)
        if cls is types.FunctionType:
            return self.callback(value)
        if cls is types.MethodType or isinstance(value, Bound) or (cls.__module__ in _HOMES and callable(value)):
            return self.callback(value)
        if isinstance(value, TypeValue):
            return value._raw if value._raw is not None else value
        if cls is slice:
            return slice(self.release(value.start), self.release(value.stop), self.release(value.step))
        return value

    def _released(self, value: Any, depth: int) -> Any:
        """The container itself when nothing in it changes, so that Python code may fill a list of the program."""
        parts = [*value.keys(), *value.values()] if type(value) is dict else value
        if set(map(type, parts)) <= SCALARS or depth > DEEPEST:
            return value
        self.program.meter.charge(len(value) + 1)

        def inner(item: Any) -> Any:
            return self._released(item, depth + 1) if type(item) in CONTAINERS else self.release(item)

        if type(value) is dict:
            made: Any = {inner(k): inner(v) for k, v in value.items()}
            same = all(a is b and value[a] is made[b] for a, b in zip(value, made, strict=True))
        else:
            items = list(map(inner, value))
            same = all(a is b for a, b in zip(value, items, strict=True))
            made = value if same else type(value)(items)
        return value if same else made

    def callback(self, function: Any) -> Callable[..., Any]:
        """A Dana function as a callable of Python: what it is given is admitted, what it returns is released."""

        def called(*args: Any, **keywords: Any) -> Any:
            if get_ident() in self._inside:
                return self._back(function, args, keywords)
            enter = getattr(self.program, "enter_from_host", None)
            if enter is None:
                msg = "a Dana function is called when its program does not run"
                raise RuntimeError(msg)
            return enter(lambda: self._back(function, args, keywords))

        called.__name__ = called.__qualname__ = getattr(function, "__name__", "function")
        called.__dict__[_CALLED] = function
        return called

    def _back(self, function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        next(self.steps, None)
        try:
            return self.release(function(*map(self.admit, args), **{k: self.admit(v) for k, v in keywords.items()}))
        except BaseException as error:
            self.failures.own = error
            raise

    # --- calls ----------------------------------------------------------------------------------

    def call(self, function: Any, args: tuple[Any, ...], keywords: dict[str, Any] | None = None) -> Any:
        """Call Python code with values of the program; the result is admitted, what it raises is translated."""
        next(self.steps, None)
        if self._is_granted:
            check_formats(args)
            if keywords:
                check_formats(keywords.values())
        inside = self._inside
        inside.append(get_ident())
        try:
            given = {name: self.release(v) for name, v in keywords.items()} if keywords else {}
            value = function(*map(self.release, args), **given)
        except BaseException as error:  # noqa: BLE001  (the border: translated below, never swallowed)
            failed = self.failures.translated(error, self.origin)
        else:
            return self.admit(value)
        finally:
            inside.pop()
        raise failed

    def read(self, target: Any, name: str) -> Any:
        """An attribute of an object of Python, not admitted yet. Raises `AttributeError` when there is none."""
        try:
            return getattr(target, name)
        except AttributeError as error:
            failed: BaseException = (
                self._unknown(target, name)
                if getattr(error, "name", None) in (name, None)
                else self.failures.translated(error, self.origin)
            )
        except BaseException as error:  # noqa: BLE001  (the border: translated, never swallowed)
            failed = self.failures.translated(error, self.origin)
        raise failed

    def _unknown(self, target: Any, name: str) -> Exception:
        from dana.diagnostics import suggest

        near = suggest(name, [n for n in dir(target) if n[:1] != "_"])
        return failure(
            AttributeError,
            "E604",
            f"{self.described(target)} has no attribute `{name}`",
            f"did you mean `{near}`?" if near else "",
        )

    def member(self, module: types.ModuleType, name: str) -> Any:
        """`module.name`, admitted: never what the module itself only imported from where nothing was granted."""
        import sys

        value = self.read(module, name)
        if isinstance(value, types.ModuleType):
            known = f"{module.__name__}.{name}"
            return self.module(value, known if sys.modules.get(known) is value else "")
        self._check_home(module.__name__, value)
        return self.admit_part(value)

    def _check_home(self, module: str, value: Any) -> None:
        """Raise `Denied` for what a granted module hands on from a module of Python's library that is not granted."""
        home = foreign_to(module, value) if self._is_granted else ""
        if home:
            denial = self.program.policy.policy.denial("python", home)
            if denial is not None:
                raise denied(denial)

    def walk(self, target: Any) -> Iterator[Any]:
        """The items of an object of Python, admitted, a step each."""
        inside = self._inside
        failed: BaseException | None = None
        admit = self.admit
        try:
            source = iter(target)
        except BaseException as error:  # noqa: BLE001  (the border: translated below, never swallowed)
            failed = self.failures.translated(error, self.origin)
        if failed is not None:
            raise failed
        me = get_ident()
        items = compress(source, self.steps)
        while True:
            inside.append(me)
            try:
                value = next(items)
            except StopIteration:
                return
            except BaseException as error:  # noqa: BLE001  (the border: translated below, never swallowed)
                failed = self.failures.translated(error, self.origin)
            finally:
                inside.pop()
            if failed is not None:
                raise failed
            yield admit(value)

    def described(self, target: Any) -> str:
        """An object as messages name it."""
        if isinstance(target, types.ModuleType):
            return f"the Python module `{target.__name__}`"
        if isinstance(target, type):
            return f"the Python class `{target.__name__}`"
        return f"a {type(target).__name__} of Python"

    def text(self, function: Any, target: Any, *args: Any) -> str:
        """`str`, `repr` or `format` of an object, without addresses."""
        failed: BaseException
        try:
            found = function(target, *args)
            return str(cleaned(str.__str__(found)))
        except BaseException as error:  # noqa: BLE001  (the border: translated below, never swallowed)
            failed = self.failures.translated(error, self.origin)
        raise failed


def _same(value: Any) -> Any:
    return value


def _is_dana(cls: type) -> bool:
    """Whether instances of a class are Dana's own values."""
    if issubclass(cls, (Struct, StructMeta, TypeValue, ModuleValue)) or cls.__module__ in _HOMES:
        return True
    return cls.__module__.startswith("dana.runtime.") and bool(getattr(cls, "_dana_value", False))


def _type_value(cls: type) -> Any:
    from dana.runtime.typevalues import RAW_TYPES

    return RAW_TYPES.get(cls, cls)


def _is_number(cls: type) -> bool:
    """Whether instances are numpy's numbers and texts, which become plain ones."""
    names = {base.__name__ for base in cls.__mro__ if base.__module__ == "numpy"}
    return "generic" in names and bool(names & {"bool", "bool_", "integer", "floating", "complexfloating", "character"})
