"""What every lowering function is handed: the side tables, positions, and names for temporaries."""

from __future__ import annotations

import ast as py
from bisect import bisect_right

from dana import ast as na
from dana.checker.types import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.checker.model import Checked, StructInfo
    from dana.checker.types import Type
    from dana.lowering.followed import Plan

    # The keyword arguments `lineno=… end_col_offset=…`; typeshed cannot express passing them on.
    Position = Any
    Table = dict[type[Any], Callable[[Any, Any], Any]]

LOAD = py.Load()
STORE = py.Store()
DEL = py.Del()


# Attributes that exceptions, types and functions have as well.
ATTRIBUTES = frozenset({"args", "cause", "code", "doc", "message", "name", "notes", "text", "type", "value", "which"})


class FunctionScope:
    """Facts about the function being lowered."""

    __slots__ = (
        "body",
        "declared",
        "endings",
        "fractions",
        "handlers",
        "methods",
        "name",
        "params",
        "private_stores",
        "returns",
        "scalars",
        "scopes",
        "unchanging",
    )

    def __init__(
        self,
        name: str,
        returns: na.TypeExpr | None,
        params: tuple[na.Param, ...] = (),
        body: tuple[na.Stmt, ...] = (),
    ) -> None:
        self.name = name
        self.params = params
        self.body = body
        self.fractions: frozenset[str] | None = None
        self.unchanging: set[str] | None = None
        self.scalars: frozenset[str] | None = None
        self.returns = returns
        self.private_stores: set[str] = set()
        self.handlers: list[str] = []
        # Names this function has declared global or nonlocal.
        self.declared: set[str] = set()
        self.methods: set[str] = set()
        # The scopes for promises around the present place, innermost last.
        self.scopes: list[str] = []
        # Calls of effects (by id) with whose value the function ends.
        self.endings: frozenset[int] = frozenset()


def _unchecked_candidates(module: na.Module) -> dict[int, str]:
    """Functions (by id) that may have an unchecked entry, with the struct they are methods of ("" for none)."""
    found: dict[int, str] = {}
    for statement in module.body:
        if isinstance(statement, na.FunctionDef):
            found[id(statement)] = ""
        elif isinstance(statement, na.StructDef):
            found[id(statement)] = ""
            found.update((id(m), statement.name) for m in statement.methods if isinstance(m, na.FunctionDef))
    return found


def _number_fields(checked: Checked) -> dict[str, str]:
    """The fields that are numbers in every struct that has them.

    That holds for all attributes of the name only if the program is this module `alone`: it imports nothing, so there
    are no structs but its own. (Objects of the host may have any attribute; the host means well.)
    """
    found: dict[str, str] = {}
    for statement in checked.module.body:
        for node in na.walk(statement):
            if isinstance(node, (na.Import, na.ImportFrom, na.Use)):
                return {}
            if isinstance(node, na.FieldDef):
                declared = "any" if node.annotation is None else checked.annotations.get(id(node.annotation), ANY)[0]
                same = found.setdefault(node.name, declared) == declared
                found[node.name] = declared if same else "any"
    return {n: kind for n, kind in found.items() if kind in {"int", "float", "bool"} and n not in ATTRIBUTES}


def numbered_tests(module: na.Module) -> dict[int, int]:
    """The module's own test blocks, counted from 0 in the order of the text."""
    blocks = [s for s in module.body if isinstance(s, na.TestBlock)]
    return {id(block): number for number, block in enumerate(blocks)}


class Context:
    """One module's lowering. Mutable only in its counters and in the stack of functions."""

    __slots__ = (
        "_ascii",
        "_infos",
        "_positions",
        "_source",
        "_starts",
        "_temporary",
        "checked",
        "counters",
        "entries",
        "expressions",
        "field_names",
        "functions",
        "held",
        "in_iterable",
        "learnt",
        "local_types",
        "metered",
        "methods_of",
        "number_fields",
        "own_types",
        "placeholders",
        "plan",
        "quick",
        "raw_used",
        "scalar_functions",
        "sites",
        "sliced",
        "specs",
        "statements",
        "tests",
        "types",
        "unpacked",
    )

    def __init__(
        self,
        checked: Checked,
        expressions: Table,
        statements: Table,
        *,
        metered: bool,
        tests: bool = False,
        alone: bool = False,
    ) -> None:
        self.checked = checked
        self.expressions = expressions
        self.statements = statements
        self.metered = metered
        # Test blocks (by id) with their number, or None when they are left out.
        self.tests: dict[int, int] | None = numbered_tests(checked.module) if tests else None
        self.types = checked.types
        self.specs: dict[object, int] = {}
        self.field_names: set[str] = set()
        # The display (by id) that is taken apart where it is made: `a, b = b, a`.
        self.unpacked = 0
        self.functions: list[FunctionScope] = [FunctionScope("<module>", None)]
        # CPython refuses `:=` in the iterable of a comprehension, at any depth.
        self.in_iterable = 0
        # Sliced loops around the present place: each is two blocks, and CPython nests only twenty.
        self.sliced = 0
        self.quick: dict[int, bool] = {}
        # Fields that hold numbers in whatever has them, by name: "int", "float" or "bool" (`growth`).
        self.number_fields: dict[str, str] = _number_fields(checked) if alone else {}
        # Variables of comprehensions around the present place that count through constant ranges.
        self.counters: set[str] = set()
        # Functions that return no sequence, once somebody has asked (`growth`).
        self.scalar_functions: frozenset[int] | None = None
        # The calls of every function, once somebody asks (`facts.py`).
        self.sites: dict[int, list[tuple[int, str, str]]] | None = None
        # Functions and structs whose entry without checks some call uses.
        self.raw_used: set[int] = set()
        self.methods_of = _unchecked_candidates(checked.module)
        self.entries = {s.name for s in checked.module.body if isinstance(s, (na.FunctionDef, na.StructDef))}
        self.placeholders: list[Callable[[], py.expr]] = []
        # Calls (by id) that declare a learnable constant of the function around them: its name.
        self.learnt: dict[int, str] = {}
        # What is done about promises; None while no body calls an effect.
        self.plan: Plan | None = None
        # Expressions that have been evaluated into temporaries already.
        self.held: dict[int, Callable[[], py.expr]] = {}
        definitions = (na.StructDef, na.InterfaceDef, na.ResourceDef, na.AgentBlueprintDef, na.AgentDef, na.TypeAlias)
        self.own_types = {s.name for s in checked.module.body if isinstance(s, definitions)}
        self.local_types: set[str] = set()
        self._infos = {(i.name, i.module): i for i in checked.structs.values()}
        self._temporary = 0
        self._source = checked.source
        self._starts = checked.source.line_starts
        self._ascii = checked.source.text.isascii()
        self._positions: dict[tuple[int, int], Position] = {}

    def expr(self, node: na.Expr) -> py.expr:
        """Any expression, lowered."""
        if self.held and id(node) in self.held:
            return self.held[id(node)]()
        lowered: py.expr = self.expressions[node.__class__](self, node)
        return lowered

    def exprs(self, nodes: tuple[na.Expr, ...]) -> list[py.expr]:
        if self.held:
            return [self.expr(n) for n in nodes]
        return [self.expressions[n.__class__](self, n) for n in nodes]

    def block(self, nodes: tuple[na.Stmt, ...]) -> list[py.stmt]:
        """Statements, lowered; a block that lowers to nothing is `pass`."""
        out: list[py.stmt] = []
        for node in nodes:
            out.extend(self.statement(node))
        return out

    def statement(self, node: na.Stmt) -> list[py.stmt]:
        """One statement, lowered."""
        if self.plan is not None:
            from dana.lowering.promises import lower_planned

            return lower_planned(self, node, self.plan)
        lowered: list[py.stmt] = self.statements[node.__class__](self, node)
        return lowered

    # Positions are copied here and nowhere else.

    def at(self, node: na.Node) -> Position:
        """The keyword arguments that give a Python node this node's place."""
        start, end = node[0], node[1]
        found = self._positions.get((start, end))
        if found is not None:
            return found
        starts = self._starts
        line = bisect_right(starts, start)
        end_line = bisect_right(starts, end)
        if self._ascii:
            column = start - starts[line - 1]
            end_column = end - starts[end_line - 1]
        else:
            line, column = self._source.python_position(start)
            end_line, end_column = self._source.python_position(end)
        found = {"lineno": line, "col_offset": column, "end_lineno": end_line, "end_col_offset": end_column}
        self._positions[(start, end)] = found
        return found

    def type_of(self, node: na.Node) -> Type:
        return self.types.get(id(node), ANY)

    def struct_of(self, static: Type) -> StructInfo | None:
        """The struct a static type names, if this module knows it."""
        return self._infos.get((static[1], static[2])) if static[0] == "struct" else None

    def text(self, node: na.Node) -> str:
        """The node as it is written."""
        return self._source.text[node.start : node.end]

    def temporary(self) -> str:
        self._temporary += 1
        return f".{self._temporary}"

    @property
    def function(self) -> FunctionScope:
        return self.functions[-1]

    @property
    def at_module_level(self) -> bool:
        return len(self.functions) == 1

    # Small builders, so that the lowering of a construct reads as what it becomes.

    def load(self, name: str, node: na.Node) -> py.Name:
        return py.Name(id=name, ctx=LOAD, **self.at(node))

    def store(self, name: str, node: na.Node) -> py.Name:
        return py.Name(id=name, ctx=STORE, **self.at(node))

    def const(self, value: Any, node: na.Node) -> py.Constant:
        return py.Constant(value=value, **self.at(node))

    def call(self, helper: str, node: na.Node, *args: py.expr) -> py.Call:
        return py.Call(func=self.load(helper, node), args=list(args), keywords=[], **self.at(node))

    def assign(self, name: str, value: py.expr, node: na.Node) -> py.Assign:
        return py.Assign(targets=[self.store(name, node)], value=value, **self.at(node))

    def expr_stmt(self, value: py.expr, node: na.Node) -> py.Expr:
        return py.Expr(value=value, **self.at(node))

    def class_is_not(self, name: str, raw: py.expr, node: na.Node) -> py.Compare:
        """`name.__class__ is not raw`: the cheapest exact type test there is."""
        place = self.at(node)
        own = py.Attribute(value=self.load(name, node), attr="__class__", ctx=LOAD, **place)
        return py.Compare(left=own, ops=[py.IsNot()], comparators=[raw], **place)

    def let(self, name: str, value: py.expr, body: py.expr, node: na.Node) -> py.expr:
        """`body` with the temporary `name` bound to `value`, which is evaluated first."""
        place = self.at(node)
        if self.in_iterable:
            arg = py.arg(arg=name, annotation=None, **place)
            signature = py.arguments(posonlyargs=[], args=[arg], kwonlyargs=[], kw_defaults=[], defaults=[])
            function = py.Lambda(args=signature, body=body, **place)
            return py.Call(func=function, args=[value], keywords=[], **place)
        keep = py.NamedExpr(target=self.store(name, node), value=value, **place)
        pair = py.Tuple(elts=[keep, body], ctx=LOAD, **place)
        return py.Subscript(value=pair, slice=self.const(1, node), ctx=LOAD, **place)

    def if_stmt(self, test: py.expr, body: list[py.stmt], node: na.Node, orelse: list[py.stmt] | None = None) -> py.If:
        return py.If(test=test, body=body, orelse=orelse or [], **self.at(node))

    def metered_iterable(self, node: na.Expr, value: py.expr, *, ahead: bool) -> py.expr:
        """An iterable whose every item costs a step, charged ahead where that is sound."""
        if not self.metered:
            return value
        if ahead:
            return self.call(".spans", node, value)
        return self.call(".compress", node, value, self.load(".steps", node))
