"""Every node of the Dana syntax tree, in the order a reader meets them in a program.

One noun serves all passes: `If` here is `if_stmt` in the grammar, `check_if` in the checker and
`lower_if` in the lowering. Fields are positional and always all given: `Name(start, end, "x")`.
"""

from __future__ import annotations

from _collections import _tuplegetter  # type: ignore[import-not-found]  # what namedtuple is built on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar, Self, dataclass_transform
else:

    def dataclass_transform(**_options):  # noqa: ANN003, ANN201  (only type checkers need the real one)
        return lambda cls: cls


@dataclass_transform(frozen_default=True)
class Record(tuple):  # type: ignore[type-arg]
    """An immutable record; subclasses declare fields as annotations, in order."""

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    if not TYPE_CHECKING:

        def __new__(cls, *values):  # noqa: ANN002, ANN204  (type checkers see the dataclass signature)
            if len(values) != len(cls._fields):
                msg = f"{cls.__name__} takes {len(cls._fields)} fields {cls._fields}, got {len(values)}"
                raise TypeError(msg)
            return tuple.__new__(cls, values)

    def __init_subclass__(cls) -> None:
        inherited = cls.__mro__[1]._fields  # type: ignore[attr-defined]
        annotations = cls.__dict__.get("__annotations__", {})  # noqa: RUF063  (`inspect` is slow to import)
        own = tuple(n for n in annotations if n not in inherited)
        cls._fields = inherited + own
        for index, name in enumerate(cls._fields):
            if name in own:
                setattr(cls, name, _tuplegetter(index, None))
        cls.__match_args__ = cls._fields[2:]  # type: ignore[misc]

    def __repr__(self) -> str:
        inner = ", ".join(f"{n}={v!r}" for n, v in zip(self._fields[2:], self[2:], strict=True))
        return f"{type(self).__name__}({inner})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return tuple.__hash__(self)

    def replace(self, **changes: Any) -> Self:
        """A copy with the named fields changed."""
        values = [changes.pop(n, v) for n, v in zip(self._fields, tuple(self), strict=True)]
        if changes:
            msg = f"{type(self).__name__} has no field {next(iter(changes))!r}"
            raise TypeError(msg)
        return type(self)(*values)


class Node(Record):
    """A record with a place in the text.

    Invariant: `start <= end` and children lie inside their parent. Nodes compare by value, so tables
    about a particular occurrence are keyed by `id(node)` while the tree is alive.
    """

    __slots__ = ()
    start: int
    end: int

    def children(self) -> Iterator[Node]:
        """The nodes directly below this one, in source order of the fields."""
        for value in self[2:]:
            if isinstance(value, Node):
                yield value
            elif value.__class__ is tuple:
                for item in value:
                    if isinstance(item, Node):
                        yield item


def walk(root: Node) -> Iterator[Node]:
    """Every node below `root`, itself first, depth first; iterative, so depth is no danger."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(list(node.children())))


# --- families -----------------------------------------------------------------------------------


class Expr(Node):
    """Anything that has a value."""

    __slots__ = ()


class Stmt(Node):
    """Anything that stands on a line of its own."""

    __slots__ = ()


class TypeExpr(Node):
    """A type where the grammar expects one (annotations, fields, receivers)."""

    __slots__ = ()


class Pattern(Node):
    """The left side of a `case` in `match`."""

    __slots__ = ()


# --- the whole file -----------------------------------------------------------------------------


class Module(Node):
    """A file: its statements and its docstring (L4)."""

    __slots__ = ()
    body: tuple[Stmt, ...]
    doc: str | None


# --- type expressions (L12) ---------------------------------------------------------------------


class TypeName(TypeExpr):
    """`int`, `list[int]`, `geo.Point`; a string annotation `"Point"` is parsed into this too.

    `path` holds the dotted parts as written (`None`/`none`/`null` become "None"); `args` the
    bracketed arguments; inside `Callable[[int], str]` the inner list is a `TypeList`.
    """

    __slots__ = ()
    path: tuple[str, ...]
    args: tuple[TypeExpr, ...]


class TypeList(TypeExpr):
    """`[int, str]` as an argument of `Callable`; `...` is a `TypeName(("...",), ())`."""

    __slots__ = ()
    items: tuple[TypeExpr, ...]


class TypeUnion(TypeExpr):
    """`A | B`; two or more options, flattened."""

    __slots__ = ()
    options: tuple[TypeExpr, ...]


class TypeOptional(TypeExpr):
    """`T?`, short for `T | None`."""

    __slots__ = ()
    inner: TypeExpr


class TypeLiteral(TypeExpr):
    """A string, number or bool literal inside a union (`"low" | "high"`) or alone as a number/bool."""

    __slots__ = ()
    value: str | int | float | bool


class TypeError_(TypeExpr):  # noqa: N801  (the builtin has the name)
    """A type that could not be parsed; a diagnostic has been reported."""

    __slots__ = ()


# --- expressions --------------------------------------------------------------------------------


class Name(Expr):
    """A plain name, NFKC-normalised (L5)."""

    __slots__ = ()
    id: str


class ScopedName(Expr):
    """`private:x`, `public:x`, `system:x`, `local:x` (L10)."""

    __slots__ = ()
    scope: str
    id: str


class Constant(Expr):
    """`int`, `float`, `str`, `bool`, `None` or `...`, adjacent string literals already joined (L6)."""

    __slots__ = ()
    value: Any


class JoinedStr(Expr):
    """An f-string: `Constant` strings and `FormattedValue`s in order."""

    __slots__ = ()
    parts: tuple[Expr, ...]


class FormattedValue(Expr):
    """`{value!r:spec}`; `debug` is the text `value=` of the self-documenting form, else None."""

    __slots__ = ()
    value: Expr
    conversion: str | None
    spec: JoinedStr | None
    debug: str | None


class List(Expr):
    __slots__ = ()
    elts: tuple[Expr, ...]


class Tuple(Expr):
    """`a, b` or `(a, b)`; the span includes parentheses when there are any."""

    __slots__ = ()
    elts: tuple[Expr, ...]


class Set(Expr):
    __slots__ = ()
    elts: tuple[Expr, ...]


class Dict(Expr):
    __slots__ = ()
    items: tuple[DictItem, ...]


class DictItem(Node):
    """`key: value`, or `**value` when key is None."""

    __slots__ = ()
    key: Expr | None
    value: Expr


class Starred(Expr):
    """`*value` in calls, displays and assignment targets."""

    __slots__ = ()
    value: Expr


class Comprehension(Node):
    """One `for target in iter if cond…` clause."""

    __slots__ = ()
    target: Expr
    iter: Expr
    ifs: tuple[Expr, ...]


class ListComp(Expr):
    __slots__ = ()
    elt: Expr
    generators: tuple[Comprehension, ...]


class SetComp(Expr):
    __slots__ = ()
    elt: Expr
    generators: tuple[Comprehension, ...]


class DictComp(Expr):
    __slots__ = ()
    key: Expr
    value: Expr
    generators: tuple[Comprehension, ...]


class GeneratorExp(Expr):
    __slots__ = ()
    elt: Expr
    generators: tuple[Comprehension, ...]


class UnaryOp(Expr):
    """`op` is one of `-`, `+`, `~`, `not`."""

    __slots__ = ()
    op: str
    operand: Expr


class BinOp(Expr):
    """`op` is the operator's spelling: `+ - * / // % ** << >> & ^ | @`. `|` may be a pipeline (L20)."""

    __slots__ = ()
    left: Expr
    op: str
    right: Expr


class BoolOp(Expr):
    """`and`/`or` over two or more values, flattened."""

    __slots__ = ()
    op: str
    values: tuple[Expr, ...]


class Compare(Expr):
    """A chain `left op right op …`; ops among `== != < > <= >= in`, `not in`, `is`, `is not`."""

    __slots__ = ()
    left: Expr
    ops: tuple[str, ...]
    comparators: tuple[Expr, ...]


class IfExp(Expr):
    """`body if test else orelse`."""

    __slots__ = ()
    body: Expr
    test: Expr
    orelse: Expr


class NamedExpr(Expr):
    """`target := value`."""

    __slots__ = ()
    target: Name
    value: Expr


class Lambda(Expr):
    """`lambda x: e` (style ":") and `lambda x: int :: e`, `lambda (p: P) x :: e` (style "::") (L18)."""

    __slots__ = ()
    receiver: Receiver | None
    params: tuple[Param, ...]
    body: Expr
    style: str


class Call(Expr):
    __slots__ = ()
    func: Expr
    args: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]


class Keyword(Node):
    """`name=value` in a call, or `**value` when name is None."""

    __slots__ = ()
    name: str | None
    value: Expr


class Attribute(Expr):
    """`value.attr`; the last `len(attr)` characters of the span are the attribute's."""

    __slots__ = ()
    value: Expr
    attr: str


class Subscript(Expr):
    """`value[index]`; several comma-separated indices make a `Tuple`."""

    __slots__ = ()
    value: Expr
    index: Expr  # type: ignore[assignment]  # hides tuple.index, which nobody wants here


class Slice(Expr):
    __slots__ = ()
    lower: Expr | None
    upper: Expr | None
    step: Expr | None


class Placeholder(Expr):
    """`$$` (L20)."""

    __slots__ = ()


class Capture(Expr):
    """A pipeline stage `value as name` (L20)."""

    __slots__ = ()
    value: Expr
    name: str


class ErrorExpr(Expr):
    """An expression that could not be parsed; a diagnostic has been reported (L46)."""

    __slots__ = ()


# --- functions ----------------------------------------------------------------------------------


class Param(Node):
    """One parameter. `kind` is "positional" (`a` before `/`), "normal", "star" (`*a`), "keyword"
    (after `*`) or "double_star" (`**a`).
    """

    __slots__ = ()
    name: str
    annotation: TypeExpr | None
    default: Expr | None
    kind: str
    doc: str | None


class Receiver(Node):
    """`(p: Point)` before a method's name (L29)."""

    __slots__ = ()
    name: str
    type: TypeExpr


class Decorator(Node):
    """`@expr`."""

    __slots__ = ()
    expr: Expr


class FunctionDef(Stmt):
    """`def`, `sync def`, a receiver method, or a method in a body. `name_at` is the name's offset."""

    __slots__ = ()
    name: str
    name_at: int
    receiver: Receiver | None
    params: tuple[Param, ...]
    returns: TypeExpr | None
    body: tuple[Stmt, ...]
    decorators: tuple[Decorator, ...]
    doc: str | None


class ComposedDef(Stmt):
    """`def name(params) -> T = a | b | c` or `workflow name = a | b` (L21, L33).

    `kind` is "def" or "workflow"; `has_params` tells `def f = …` from `def f() = …`.
    """

    __slots__ = ()
    name: str
    name_at: int
    receiver: Receiver | None
    params: tuple[Param, ...]
    has_params: bool
    returns: TypeExpr | None
    pipeline: Expr
    decorators: tuple[Decorator, ...]
    kind: str
    doc: str | None


# --- types and agents ---------------------------------------------------------------------------


class FieldDef(Node):
    """`name: T = default  ## doc` in a struct, resource or agent; `name = value` has no annotation."""

    __slots__ = ()
    name: str
    annotation: TypeExpr | None
    default: Expr | None
    doc: str | None


class StructDef(Stmt):
    """`struct P:`, `frozen struct P:`, `struct NotFound(Exception):` (L28, L12)."""

    __slots__ = ()
    name: str
    name_at: int
    base: Expr | None
    fields: tuple[FieldDef, ...]
    methods: tuple[Stmt, ...]
    frozen: bool
    decorators: tuple[Decorator, ...]
    doc: str | None


class InterfaceDef(Stmt):
    """`interface Shape:` with method signatures and embedded interfaces (L31)."""

    __slots__ = ()
    name: str
    name_at: int
    methods: tuple[MethodSignature, ...]
    embeds: tuple[TypeName, ...]
    doc: str | None


class MethodSignature(Node):
    """`area() -> float` in an interface; `def area() -> float` is accepted too."""

    __slots__ = ()
    name: str
    params: tuple[Param, ...]
    returns: TypeExpr | None
    doc: str | None


class ResourceDef(Stmt):
    """`resource R(Base):` (L32)."""

    __slots__ = ()
    name: str
    name_at: int
    base: Expr | None
    fields: tuple[FieldDef, ...]
    methods: tuple[Stmt, ...]
    decorators: tuple[Decorator, ...]
    doc: str | None


class AgentBlueprintDef(Stmt):
    """`agent_blueprint B:` (L43)."""

    __slots__ = ()
    name: str
    name_at: int
    fields: tuple[FieldDef, ...]
    methods: tuple[Stmt, ...]
    decorators: tuple[Decorator, ...]
    doc: str | None


class AgentDef(Stmt):
    """`agent A`, `agent A(B)`, `agent A(B):` with overrides, `agent A:` with fields (L43)."""

    __slots__ = ()
    name: str
    name_at: int
    blueprint: Expr | None
    fields: tuple[FieldDef, ...]
    methods: tuple[Stmt, ...]
    decorators: tuple[Decorator, ...]
    doc: str | None


class TypeAlias(Stmt):
    """`type Money = float` (L12)."""

    __slots__ = ()
    name: str
    name_at: int
    value: TypeExpr


# --- simple statements --------------------------------------------------------------------------


class ExprStmt(Stmt):
    __slots__ = ()
    value: Expr


class Assign(Stmt):
    """`a = b = value`; one or more targets."""

    __slots__ = ()
    targets: tuple[Expr, ...]
    value: Expr


class AnnAssign(Stmt):
    """`x: T = e` (converts, L14) or `x: T` alone."""

    __slots__ = ()
    target: Expr
    annotation: TypeExpr
    value: Expr | None
    doc: str | None


class AugAssign(Stmt):
    """`target op= value`; `op` without the `=`."""

    __slots__ = ()
    target: Expr
    op: str
    value: Expr


class Return(Stmt):
    """`return x`, and `deliver x` with `deliver` true (L23)."""

    __slots__ = ()
    value: Expr | None
    deliver: bool


class Raise(Stmt):
    __slots__ = ()
    exc: Expr | None
    cause: Expr | None


class Assert(Stmt):
    __slots__ = ()
    test: Expr
    msg: Expr | None


class Delete(Stmt):
    __slots__ = ()
    targets: tuple[Expr, ...]


class Pass(Stmt):
    __slots__ = ()


class Break(Stmt):
    __slots__ = ()


class Continue(Stmt):
    __slots__ = ()


class Global(Stmt):
    __slots__ = ()
    names: tuple[str, ...]


class Nonlocal(Stmt):
    __slots__ = ()
    names: tuple[str, ...]


class Export(Stmt):
    """`export a, b` (L25)."""

    __slots__ = ()
    names: tuple[str, ...]


class Alias(Node):
    """`a.b as c` in `import`, `x as y` in `from … import`; `python` marks a `.py` suffix (L25)."""

    __slots__ = ()
    path: tuple[str, ...]
    asname: str | None
    python: bool


class Import(Stmt):
    __slots__ = ()
    names: tuple[Alias, ...]


class ImportFrom(Stmt):
    """`from ..a import x`; `level` counts dots; `names` is None for `*`."""

    __slots__ = ()
    level: int
    path: tuple[str, ...]
    python: bool
    names: tuple[Alias, ...] | None


class Use(Stmt):
    """`use "mcp:…" as tools` (L26); `args` are the expressions after `use`."""

    __slots__ = ()
    args: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]
    asname: str | None


# --- compound statements ------------------------------------------------------------------------


class If(Stmt):
    """`if`/`elif` branches in order, then `else` (empty when absent)."""

    __slots__ = ()
    branches: tuple[IfBranch, ...]
    orelse: tuple[Stmt, ...]


class IfBranch(Node):
    __slots__ = ()
    test: Expr
    body: tuple[Stmt, ...]


class While(Stmt):
    __slots__ = ()
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class For(Stmt):
    __slots__ = ()
    target: Expr
    iter: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class Try(Stmt):
    __slots__ = ()
    body: tuple[Stmt, ...]
    handlers: tuple[ExceptHandler, ...]
    orelse: tuple[Stmt, ...]
    finalbody: tuple[Stmt, ...]


class ExceptHandler(Node):
    """`except type as name:`; bare `except:` has type None."""

    __slots__ = ()
    type: Expr | None
    name: str | None
    body: tuple[Stmt, ...]


class With(Stmt):
    __slots__ = ()
    items: tuple[WithItem, ...]
    body: tuple[Stmt, ...]


class WithItem(Node):
    __slots__ = ()
    context: Expr
    target: Expr | None


class Match(Stmt):
    __slots__ = ()
    subject: Expr
    cases: tuple[MatchCase, ...]


class MatchCase(Node):
    __slots__ = ()
    pattern: Pattern
    guard: Expr | None
    body: tuple[Stmt, ...]


class TestBlock(Stmt):
    """`test "name":` (run by `dana test`)."""

    __slots__ = ()
    name: str
    body: tuple[Stmt, ...]


class ErrorStmt(Stmt):
    """A statement that could not be parsed; `body` holds the block that followed it, if any (L46)."""

    __slots__ = ()
    body: tuple[Stmt, ...]


# --- patterns -----------------------------------------------------------------------------------


class PatternValue(Pattern):
    """A literal, a signed number, an f-string-free string, or a dotted name; compared with `==`."""

    __slots__ = ()
    value: Expr


class PatternSingleton(Pattern):
    """`True`, `False`, `None`; compared with `is`."""

    __slots__ = ()
    value: bool | None


class PatternCapture(Pattern):
    """`name`, or `_` with name None."""

    __slots__ = ()
    name: str | None


class PatternSequence(Pattern):
    __slots__ = ()
    patterns: tuple[Pattern, ...]


class PatternStar(Pattern):
    """`*rest` in a sequence; `*_` has name None."""

    __slots__ = ()
    name: str | None


class PatternMapping(Pattern):
    """`{key: pattern, **rest}`."""

    __slots__ = ()
    keys: tuple[Expr, ...]
    patterns: tuple[Pattern, ...]
    rest: str | None


class PatternClass(Pattern):
    """`Point(1, y=b)`."""

    __slots__ = ()
    cls: Expr
    patterns: tuple[Pattern, ...]
    kw_names: tuple[str, ...]
    kw_patterns: tuple[Pattern, ...]


class PatternOr(Pattern):
    __slots__ = ()
    patterns: tuple[Pattern, ...]


class PatternAs(Pattern):
    __slots__ = ()
    pattern: Pattern
    name: str
