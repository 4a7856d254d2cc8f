"""The state of one check: tables being filled, the scope at hand, what to report.

Functions of this package take a `Context` first and are found through two tables from node class to
function (`expressions`, `statements`), which `dana/checker/check.py` fills.
"""

from __future__ import annotations

from dana.checker.builtins import builtin_type
from dana.checker.callgraph import CallGraph
from dana.checker.model import Checked, Function, Scope, StructInfo, Var
from dana.checker.types import ANY, NEVER, join, strip, widen
from dana.diagnostics import Diagnostic, suggest
from dana.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, ClassVar

    from dana.ast.nodes import Node, Stmt
    from dana.checker.model import Interface, ModuleFinder
    from dana.checker.types import Type
    from dana.diagnostics import Fix, Label


class Context:
    """Everything the functions of this package share while one module is checked."""

    # fmt: off
    __slots__ = (
        "agent_methods", "agents", "annotations", "assigns_in_expressions", "bindings", "blocks", "broken", "calls",
        "checked", "diagnostics", "evaluated", "find_module", "finished", "function", "functions", "graph",
        "has_placeholders", "imports", "in_loop", "killed", "loop_end", "module_functions", "name", "narrow",
        "pending", "piped", "pipes", "receivers", "registry", "rerun", "scope", "scoped", "seen", "session", "source",
        "structs", "suggestions", "text", "top", "types", "ufcs", "unknown",
    )
    # fmt: on

    expressions: ClassVar[dict[type, Callable[..., Any]]] = {}
    statements: ClassVar[dict[type, Callable[..., Any]]] = {}

    def __init__(self, checked: Checked, find_module: ModuleFinder | None, known: dict[str, Type] | None) -> None:
        self.checked = checked
        self.name = checked.name
        self.source = checked.source
        self.text = checked.source.text
        self.evaluated = False  # whether the annotation at hand is used where it stands
        self.has_placeholders = "$$" in self.text
        self.assigns_in_expressions = ":=" in self.text or ("|" in self.text and " as " in self.text)
        self.types = checked.types
        self.annotations = checked.annotations
        self.bindings = checked.bindings
        self.calls = checked.calls
        self.pipes = checked.pipes
        self.structs = checked.structs
        self.diagnostics: list[Diagnostic] = []
        self.finished: list[Diagnostic] = []
        self.find_module = find_module
        self.session = known is not None
        self.top = Scope("module", None)
        self.scope = self.top
        self.function: Function | None = None
        self.functions: dict[int, Function] = {}
        self.module_functions: list[Function] = []
        self.registry: dict[tuple[str, str], StructInfo] = {}
        self.imports: dict[tuple[int, tuple[str, ...], bool], Interface | str | None] = {}
        self.scoped: dict[str, set[str]] = {"private": set(), "public": set(), "system": set()}
        self.ufcs: dict[str, list[Function]] = {}
        # The methods of agents, by id; the types of agents known so far, and of how many types.
        self.agent_methods: set[int] = set()
        self.agents: tuple[int, tuple[StructInfo, ...]] = (0, ())
        self.unknown: dict[str, list[tuple[int, int]]] = {}
        self.receivers: list[tuple[Scope, Any]] = []
        self.narrow: dict[Var, Type] = {}
        self.seen: set[str] = set()
        self.killed: set[Var] = set()
        self.suggestions = MAX_SUGGESTIONS
        self.in_loop = 0
        self.blocks = 0
        self.broken: set[str] = set()
        self.loop_end = 0
        self.rerun = 0
        self.piped = 0
        self.pending = 0
        self.graph = CallGraph()

    # -- visiting ------------------------------------------------------------------------------

    def expr(self, node: Any) -> Type:
        """The static type of an expression, after checking all of it."""
        t: Type = self.expressions[node.__class__](self, node)
        if t is not ANY:
            self.types[id(node)] = t
        elif self.rerun:
            self.types.pop(id(node), None)
        return t

    def note(self, node: Any, t: Type) -> None:
        """Records a type found on another way than `expr`."""
        if t is not ANY:
            self.types[id(node)] = t
        elif self.rerun:
            self.types.pop(id(node), None)

    def block(self, body: Sequence[Stmt]) -> bool:
        """Checks statements in order; True when the end of the block is certainly not reached."""
        ended = False
        table = self.statements
        for stmt in body:
            if ended:
                self.unreachable(stmt)
                ended = False
            if table[stmt.__class__](self, stmt):
                ended = True
        return ended

    def unreachable(self, stmt: Stmt) -> None:
        """The lint for a statement that never runs."""
        if stmt.__class__.__name__ != "ErrorStmt":
            self.report("W401", "this code is never reached", (stmt[0], self.line_end(stmt[0])), label="never runs")

    def line_end(self, offset: int) -> int:
        """The end of the line an offset is in."""
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end

    # -- reporting -----------------------------------------------------------------------------

    def report(
        self,
        code: str,
        message: str,
        where: Node | tuple[int, int],
        *,
        label: str = "",
        labels: Iterable[Label] = (),
        hint: str = "",
        notes: Iterable[str] = (),
        fix: Fix | None = None,
    ) -> None:
        """Collects one finding at a node or a span."""
        span = Span(where[0], where[1])
        self.diagnostics.append(
            Diagnostic(
                code,
                message,
                self.source,
                span,
                label=label,
                labels=list(labels),
                hint=hint,
                notes=list(notes),
                fix=fix,
            )
        )

    def near(self, word: str, candidates: Iterable[str] | Callable[[], Iterable[str]]) -> str | None:
        """The name that was most likely meant; a file full of unknown names is not compared with everything."""
        if self.suggestions <= 0:
            return None
        names = list(candidates() if callable(candidates) else candidates)
        self.suggestions -= len(names) * (1 + (len(word) >> 4) ** 2)
        return suggest(word, names)

    # -- variables -----------------------------------------------------------------------------

    def lookup(self, name: str) -> Var | None:
        """The variable a name means where we are, by Python's lexical scoping (L8)."""
        scope: Scope | None = self.scope
        while scope is not None:
            var = scope.vars.get(name)
            if var is not None:
                return var
            if name in scope.globals:
                return self.top.vars.get(name)
            scope = scope.parent
        return None

    def bind_kind(self, var: Var) -> str:
        """What `bindings` says about an occurrence of this variable here."""
        owner = var.scope
        if owner is self.top or owner is self.top.parent:
            return "module"
        if owner.home is self.scope.home:
            return "local"
        var.captured = True
        return "cell"

    def read_type(self, var: Var) -> Type:
        """The type of a variable for a use that looks at the value but not at its elements."""
        narrowed = self.narrow.get(var) if self.narrow else None
        if narrowed is not None:
            return narrowed
        var.read = True
        t = var.type
        if t is None or (var.foreign and var.kind == "variable"):
            return ANY
        return t

    def read_items(self, var: Var) -> Type:
        """The type of a variable for a use that relies on its elements."""
        var.read_items = True
        return self.read_type(var)

    def escape(self, var: Var, t: Type) -> Type:
        """The value gets out of sight: from now on its elements may be changed by anyone."""
        stripped = strip(t)
        if stripped != t:
            self.store(var, stripped)
            if var in self.narrow:
                self.narrow[var] = stripped
        return stripped

    def store(self, var: Var, t: Type) -> None:
        """Something of type `t` is assigned; asks for another round if that breaks what was relied on."""
        old = var.type
        if old is t:
            return
        if old is None:
            var.type = t
            return
        if old is ANY or old == t:
            return
        new = join(old, t)
        if new == old:
            return
        var.type = new
        if var.read_items or (var.read and strip(new) != strip(old)):
            var.scope.home.changed = True

    def assign(self, var: Var, t: Type, *, fresh: bool = False) -> None:
        """An assignment statement's effect; only a fresh container keeps its element types."""
        self.killed.add(var)
        if var in self.narrow:
            self.narrow = {v: known for v, known in self.narrow.items() if v is not var}
        if t[0] == "lit":
            t = widen(t)
        if t[0] not in _PLAIN_KINDS and (not fresh or var.scope is self.top):
            t = strip(t)
        if t is NEVER:
            t = ANY
        self.store(var, t)

    # -- types ---------------------------------------------------------------------------------

    def info(self, t: Type) -> StructInfo | None:
        """The user-defined type behind an instance type."""
        if t[0] in ("struct", "interface"):
            return self.registry.get((t[1], t[2])) or predefined(t)
        return None

    def builtin(self, name: str) -> Type | None:
        """The type of a builtin name."""
        return builtin_type(name)


def predefined(t: Type) -> StructInfo | None:
    """The agents every program has."""
    if t[2] or t[1] not in ("DanaAgent", "BasicAgent"):
        return None
    return StructInfo(t[1], "", "agent")


# Comparisons of names per module: enough for a hundred slips in a large one.
MAX_SUGGESTIONS = 50_000

_PLAIN_KINDS = frozenset({"any", "int", "float", "str", "bool", "none", "struct", "range", "callable"})
