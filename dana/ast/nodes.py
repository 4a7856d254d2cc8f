"""Every node of the Dana syntax tree, in the order a reader meets them in a program.

One noun serves all passes: `If` here is `if_stmt` in the grammar, `check_if` in the checker and
`lower_if` in the lowering. Fields are positional and always all given: `Name(start, end, "x")`.
"""

from __future__ import annotations

from dana.ast.base import *  # noqa: F403
from dana.ast.base import Expr, Node, Pattern, Stmt, TypeExpr
from dana.ast.expressions import *  # noqa: F403
from dana.ast.expressions import Keyword, TypeName

# --- the whole file -----------------------------------------------------------------------------


class Module(Node):
    """A file: its statements and its docstring (L4)."""

    __slots__ = ()
    body: tuple[Stmt, ...]
    doc: str | None


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
