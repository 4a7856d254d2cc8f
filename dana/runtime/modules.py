"""Imports at run time (L25). Finding, compiling and running a module is the engine's `program.loader`.

A module as a value shows its public names and nothing else: names that begin with an underscore are
stored under other attribute names than Dana code asks for (`abi.mangle`), so the namespace itself can be
the value's. It is live, and read-only from outside.
"""

from __future__ import annotations

import sys

from dana import abi
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.program import Program
    from dana.runtime.structs import Shape

_ModuleType: Any = type(sys)
_NAME, _FILE, _DOC = (abi.mangle(n) for n in ("__name__", "__file__", "__doc__"))


class ModuleValue(_ModuleType):  # type: ignore[misc]
    """A module as importers hold it."""

    # The plain lookup; CPython's own for modules searches for a `__getattr__` in the namespace first.
    __getattribute__ = object.__getattribute__

    def __getattr__(self, name: str) -> Any:
        scope = self.__dict__
        plain = abi.demangle(name)
        if name in (_NAME, _FILE, _DOC):
            return scope.get(plain)
        if plain != name and plain[0] != "_" and plain in scope:
            return scope[plain]
        record: ModuleRecord = scope[".module"]
        child = record.program.modules.get(f"{record.name}.{plain}")
        if child is not None and plain[0] != "_":
            return child.value
        raise unknown_member(record, plain, AttributeError, "E604")

    def __setattr__(self, name: str, value: object) -> None:
        plain = abi.demangle(name)
        hint = "give the module a function that sets it, or use `public:name` for state that modules share"
        raise failure(AttributeError, "E613", f"modules are read-only from outside: `{plain}` cannot be assigned", hint)

    def __delattr__(self, name: str) -> None:
        raise failure(
            AttributeError, "E613", f"modules are read-only from outside: `{abi.demangle(name)}` cannot be deleted"
        )

    def __repr__(self) -> str:
        return f"<module {self.__dict__.get('__name__', '?')}>"


class ModuleRecord:
    """One module of a program; `.module` in its globals.

    `value` is what importers hold; `globals` is that value's own namespace, so both always agree.
    """

    __slots__ = ("doc", "exports", "file", "globals", "name", "pending", "program", "shapes", "value")

    def __init__(self, program: Program, name: str, file: str) -> None:
        self.program = program
        self.name = name
        self.file = file
        self.value = ModuleValue(name)
        self.globals: dict[str, Any] = self.value.__dict__
        self.globals.clear()
        self.exports: list[str] = []
        self.shapes: dict[str, Shape] = {}
        self.pending: dict[str, list[tuple[str, Any]]] = {}
        self.globals.update({"__builtins__": program.table, "__name__": name, "__file__": file, ".module": self})

    def complete(self, shape: Shape) -> None:
        """A struct class has been completed: methods that waited for it are attached."""
        self.shapes[shape.name] = shape
        if shape.kind == "resource":
            from dana.runtime.lifecycle import adopt_hooks

            adopt_hooks(shape.cls)
        for name, function in self.pending.pop(shape.name, ()):
            from dana.runtime.methods import put_method

            put_method(shape.cls, name, function)

    def __repr__(self) -> str:
        return f"ModuleRecord({self.name!r})"


def public_names(record: ModuleRecord) -> list[str]:
    """The names importers see, in the order of their definition."""
    return [n for n in record.globals if n.isidentifier() and n[0] not in ("_", abi.HIDDEN)]


def unknown_member(record: ModuleRecord, name: str, cls: type[Exception], code: str) -> Exception:
    """The error for a name a module does not have or does not show."""
    from dana.diagnostics import suggest

    if name[0] == "_":
        text = f"names starting with '_' are private: `{name}` belongs to module `{record.name}` alone"
        return failure(cls, code, text)
    near = suggest(name, public_names(record))
    said = (
        f"module `{record.name}` has no `{name}`"
        if cls is AttributeError
        else f"Cannot import name `{name}` from `{record.name}`"
    )
    return failure(cls, code, said, f"did you mean `{near}`?" if near else "")


class Modules:
    """The import helpers of one program."""

    __slots__ = ("program",)

    def __init__(self, program: Program) -> None:
        self.program = program

    def _load(self, importer: ModuleRecord, level: int, path: tuple[str, ...], python: bool) -> ModuleRecord:
        loader = self.program.loader
        name = ".".join(path)
        if loader is None:
            raise failure(ImportError, "E616", f"cannot import `{name}`: this program has nowhere to import from")
        return loader(name, level, path, python, importer)

    def import_(
        self, importer: ModuleRecord, level: int, path: tuple[str, ...], python: bool, root: bool = False
    ) -> ModuleValue:
        """`.import_`: the module, or with `root` the one its path begins with (`import a.b` binds `a`)."""
        if root:
            first = parent = self._load(importer, level, path[:1], python)
            for length in range(2, len(path) + 1):
                child = self._load(importer, level, path[:length], python)
                # A relative import may have loaded the child before, under a shorter name.
                self.program.modules.setdefault(f"{parent.name}.{path[length - 1]}", child)
                parent = child
            return first.value
        return self._load(importer, level, path, python).value

    def from_(
        self, importer: ModuleRecord, level: int, path: tuple[str, ...], python: bool, names: tuple[str, ...]
    ) -> tuple[Any, ...]:
        """`.from_`: the values of the names; a name the module does not have may be one of its submodules."""
        if not path:
            return tuple(self._sibling(importer, level, name, python) for name in names)
        record = self._load(importer, level, path, python)
        return tuple(self._member(importer, record, level, path, name, python) for name in names)

    def _sibling(self, importer: ModuleRecord, level: int, name: str, python: bool) -> Any:
        """`from . import name`: a module beside the importer."""
        return self._load(importer, level, (name,), python).value

    def _member(
        self, importer: ModuleRecord, record: ModuleRecord, level: int, path: tuple[str, ...], name: str, python: bool
    ) -> Any:
        if name[0] != "_" and name in record.globals:
            return record.globals[name]
        if name[0] == "_":
            raise unknown_member(record, name, ImportError, "E616")
        try:
            return self._load(importer, level, (*path, name), python).value
        except ImportError as error:
            if getattr(error, "_missing", None) is None:
                raise
            raise unknown_member(record, name, ImportError, "E616") from None

    def star(self, importer: ModuleRecord, level: int, path: tuple[str, ...], python: bool) -> None:
        """`.star`: binds the exported names, or all public ones, in the importer."""
        record = self._load(importer, level, path, python)
        for name in exported(record):
            if name not in record.globals:
                said = f"module `{record.name}` exports `{name}`, but does not define it"
                raise failure(ImportError, "E616", said)
            importer.globals[name] = record.globals[name]

    def export(self, record: ModuleRecord, names: tuple[str, ...]) -> None:
        """`.export`: `export a, b` adds to what `*` hands out."""
        record.exports.extend(n for n in names if n not in record.exports)


def exported(record: ModuleRecord) -> list[str]:
    """What `from m import *` binds: `export`, `__exports__` or `__all__` if there are any, else all public names."""
    limits = [record.exports, record.globals.get("__exports__"), record.globals.get("__all__")]
    declared = [names for names in limits if isinstance(names, list | tuple) and names]
    if not declared:
        return public_names(record)
    merged = [name for names in declared for name in names if isinstance(name, str)]
    return [n for n in dict.fromkeys(merged) if n[0] != "_"]


def undefine(record: ModuleRecord, *names: str) -> None:
    """`.undefine(record, "f")`: until `f` is defined (again), its entry without checks says that it is not."""
    for name in names:
        record.globals[abi.unchecked(name)] = _undefined(name)


def _undefined(name: str) -> Callable[..., Any]:
    def missing(*_values: Any) -> Any:
        raise failure(NameError, "E603", f"name {name!r} is not defined", "it is defined later, or was deleted")

    return missing
