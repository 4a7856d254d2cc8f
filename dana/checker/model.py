"""What the checker hands out (`Checked`, `StructInfo`, `Interface`…) and its own records of names."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.ast import nodes as na
    from dana.checker.types import Type
    from dana.diagnostics import Diagnostic
    from dana.source import Source


class Field:
    """One field of a struct; `type` is its declared type, `any` when it has none."""

    __slots__ = ("doc", "has_default", "name", "node", "type")

    def __init__(self, name: str, type_: Type, has_default: bool, doc: str | None, node: Any = None) -> None:
        self.name = name
        self.type = type_
        self.has_default = has_default
        self.doc = doc
        self.node = node


class Method:
    """One method of a type; `type` is its `("func", …)` type without the receiver."""

    __slots__ = ("name", "node", "type")

    def __init__(self, name: str, type_: Type, node: Any = None) -> None:
        self.name = name
        self.type = type_
        self.node = node


class StructInfo:
    """A user-defined type.

    `kind` is "struct", "exception", "resource", "agent_blueprint", "agent" or "interface"; `delegates`
    are the names of the fields that lend theirs (L30); `bases` names the `(name, module)` of the
    resource, blueprint, exception or interfaces it extends; `open` says that values may have more
    attributes than are listed (resources and agents do); `broken` that its definition could not be
    parsed completely; `redeclared` are the fields of its own that a base has as well.
    """

    __slots__ = (
        "bases",
        "broken",
        "delegates",
        "fields",
        "frozen",
        "kind",
        "methods",
        "module",
        "name",
        "node",
        "open",
        "redeclared",
    )

    def __init__(self, name: str, module: str, kind: str, node: Any = None, *, frozen: bool = False) -> None:
        self.name = name
        self.module = module
        self.kind = kind
        self.fields: dict[str, Field] = {}
        self.methods: dict[str, Method] = {}
        self.delegates: list[str] = []
        self.bases: list[tuple[str, str]] = []
        self.redeclared: list[str] = []
        self.frozen = frozen
        self.node = node
        self.broken = False
        self.open = kind in ("resource", "agent_blueprint", "agent")

    @property
    def type(self) -> Type:
        """The static type of its instances."""
        return ("interface" if self.kind == "interface" else "struct", self.name, self.module)

    def constructor(self) -> Type:
        """Its construction as a function type: fields in order, positional or by name (L28)."""
        params = tuple((f.name, f.type, "normal", f.has_default) for f in self.fields.values())
        return ("func", params, self.type)

    def to_data(self) -> tuple[Any, ...]:
        """Marshal-able form (without the node)."""
        return (
            self.name,
            self.module,
            self.kind,
            self.frozen,
            self.open,
            tuple((f.name, f.type, f.has_default, f.doc) for f in self.fields.values()),
            tuple((m.name, m.type) for m in self.methods.values()),
            tuple(self.delegates),
            tuple(self.bases),
        )

    @classmethod
    def from_data(cls, data: tuple[Any, ...]) -> StructInfo:
        """The inverse of `to_data`."""
        name, module, kind, frozen, is_open, fields, methods, delegates, bases = data
        info = cls(name, module, kind, frozen=frozen)
        info.open = is_open
        info.fields = {f[0]: Field(*f) for f in fields}
        info.methods = {m[0]: Method(*m) for m in methods}
        info.delegates = list(delegates)
        info.bases = list(bases)
        return info


class CallTarget:
    """What a call certainly reaches; the kinds are listed in docs/architecture.md, section 3."""

    __slots__ = ("info", "kind", "node")

    def __init__(self, kind: str, node: Any = None, info: Any = None) -> None:
        self.kind = kind
        self.node = node
        self.info = info

    def __repr__(self) -> str:
        return f"CallTarget({self.kind!r}, {self.info!r})"


# How a `ModuleFinder`'s reason begins when the module is itself waiting for the one that asks.
CYCLE = "import cycle: "


class ModuleRequest:
    """A module that an `import` asks for (L25): `level` leading dots, dotted `path`, `.py` suffix or not."""

    __slots__ = ("level", "node", "path", "python")

    def __init__(self, level: int, path: tuple[str, ...], python: bool, node: Any = None) -> None:
        self.level = level
        self.path = path
        self.python = python
        self.node = node

    @property
    def key(self) -> tuple[int, tuple[str, ...], bool]:
        """Equal for requests that mean the same module."""
        return self.level, self.path, self.python

    @property
    def text(self) -> str:
        """As written in the program."""
        return "." * self.level + ".".join(self.path) + (".py" if self.python else "")


class Interface:
    """What importers of a module see.

    `names` maps every public name to its type, `structs` has the types those mention by
    `(name, module)`, `types` maps the public names that are types to that key; `exports` limits `*`
    (None: all names without underscore); `public` are the names it assigns in the public scope (L10);
    `open` means that it may have more names than are listed (Python modules); `refused` has hints for names that
    a curated module of Python leaves out (L48).
    """

    __slots__ = ("exports", "name", "names", "open", "public", "refused", "structs", "types")

    def __init__(self, name: str, *, open_: bool = False) -> None:
        self.name = name
        self.names: dict[str, Type] = {}
        self.types: dict[str, tuple[str, str]] = {}
        self.structs: dict[tuple[str, str], StructInfo] = {}
        self.exports: tuple[str, ...] | None = None
        self.public: tuple[str, ...] = ()
        self.open = open_
        self.refused: Mapping[str, str] = {}

    def star(self) -> list[str]:
        """The names `from m import *` binds."""
        if self.exports is not None:
            return [n for n in self.exports if n in self.names or self.open]
        return [n for n in self.names if not n.startswith("_")]

    def to_data(self) -> tuple[Any, ...]:
        """Marshal-able form."""
        return (
            self.name,
            self.open,
            tuple(self.names.items()),
            tuple(self.types.items()),
            tuple(s.to_data() for s in self.structs.values()),
            self.exports,
            self.public,
        )

    @classmethod
    def from_data(cls, data: tuple[Any, ...]) -> Interface:
        """The inverse of `to_data`."""
        name, is_open, names, types, structs, exports, public = data
        interface = cls(name, open_=is_open)
        interface.names = dict(names)
        interface.types = dict(types)
        infos = [StructInfo.from_data(s) for s in structs]
        interface.structs = {(s.name, s.module): s for s in infos}
        interface.exports = exports
        interface.public = public
        return interface

    def digest(self) -> str:
        """Changes when anything an importer could notice changes."""
        from _blake2 import blake2b

        return blake2b(repr(self.to_data()).encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


class Checked:
    """A tree with everything known about it; only `check` makes one. Tables are keyed by `id(node)`."""

    __slots__ = (
        "annotations",
        "bindings",
        "calls",
        "decorators",
        "diagnostics",
        "drops",
        "effects",
        "expected",
        "interface",
        "known",
        "learnables",
        "module",
        "name",
        "parsed",
        "pipes",
        "recursive",
        "requests",
        "source",
        "stages",
        "structs",
        "tests",
        "types",
    )

    def __init__(self, parsed: Any, name: str) -> None:
        self.parsed = parsed
        self.source: Source = parsed.source
        self.module: na.Module = parsed.module
        self.name = name
        self.diagnostics: list[Diagnostic] = []
        self.types: dict[int, Type] = {}
        self.annotations: dict[int, Type] = {}
        self.bindings: dict[int, str] = {}
        self.calls: dict[int, CallTarget] = {}
        self.pipes: dict[int, str] = {}
        self.stages: dict[int, str] = {}
        self.drops: set[int] = set()
        # Calls of effects (L34).
        self.effects: set[int] = set()
        # Calls of `reason`, and a bare `reason` that ends a pipeline → what their answer must be (`expecting`).
        self.expected: dict[int, tuple[str, Any, str]] = {}
        # The names that existed before, in a session.
        self.known: frozenset[str] | None = None
        self.recursive: set[int] = set()
        self.structs: dict[str, StructInfo] = {}
        self.decorators: dict[int, dict[str, Any]] = {}
        # Calls of `learnable` with low, high and start.
        self.learnables: dict[int, tuple[float, float, float]] = {}
        # `TestBlock` → the function it is checked and lowered as.
        self.tests: dict[int, na.FunctionDef] = {}
        self.interface = Interface(name)
        self.requests: list[ModuleRequest] = []

    @property
    def errors(self) -> list[Diagnostic]:
        """Everything that keeps the program from running; empty exactly when lowering may run."""
        return [d for d in self.diagnostics if d.is_error]

    @property
    def warnings(self) -> list[Diagnostic]:
        """The lints."""
        return [d for d in self.diagnostics if not d.is_error]


class Function:
    """What is known about one `def`, composed function or lambda of this module."""

    __slots__ = ("declared", "decorated", "memo", "node", "returns", "scope", "state", "type", "var")

    def __init__(self, node: Any, type_: Type, scope: Scope, *, declared: bool, decorated: bool) -> None:
        self.node = node
        self.type = type_
        self.scope = scope
        self.declared = declared
        self.decorated = decorated
        self.returns: Type | None = None
        self.memo: dict[str, Type] = {}
        self.state = 0
        self.var: Var | None = None


class Var:
    """One variable of one scope.

    `type` is the join of everything assigned so far (None: nothing yet); `first` the offset where it
    is bound first; `count` how many bindings it has; `foreign` that other functions assign it too.
    """

    __slots__ = (
        "captured",
        "count",
        "first",
        "foreign",
        "handlers",
        "info",
        "kind",
        "late",
        "name",
        "node",
        "read",
        "read_items",
        "scope",
        "type",
    )

    def __init__(self, name: str, scope: Scope, first: int) -> None:
        self.name = name
        self.scope = scope
        self.first = first
        self.kind = "variable"
        self.late: int | None = None
        self.type: Type | None = None
        self.count = 0
        self.foreign = False
        self.captured = False
        self.read = False
        self.read_items = False
        self.node: Any = None
        self.info: Any = None
        self.handlers: list[tuple[int, int]] | None = None


class Scope:
    """A region of names: the module, a function, a lambda, a comprehension or a pipeline.

    `home` is the scope whose frame holds its variables: itself, or for comprehensions and pipelines
    the nearest function, lambda or module around; `changed` asks for another round over its body.
    """

    __slots__ = ("changed", "function", "globals", "home", "kind", "nonlocals", "parent", "vars")

    def __init__(self, kind: str, parent: Scope | None, function: Any = None) -> None:
        self.kind = kind
        self.parent = parent
        self.function = function
        self.home: Scope = self if kind in ("module", "function", "lambda") or parent is None else parent.home
        self.vars: dict[str, Var] = {}
        self.globals: dict[str, Any] = {}
        self.nonlocals: dict[str, Any] = {}
        self.changed = False


if TYPE_CHECKING:
    ModuleFinder = Callable[[ModuleRequest], Interface | str]
