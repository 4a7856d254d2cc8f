"""Where the value of a `reason(…)` goes, and so of which type its answer must be (L39).

    x: T = reason(…)            return reason(…)  in `-> T`        f(reason(…))  for a parameter `n: T`
    p.field = reason(…)         P(field=reason(…))                 cast(T, reason(…))    int(reason(…))
    if reason(…)                reason(…) == 3, in ["a", "b"]      [reason(…)] where a list[T] goes

One walk from the top, after everything is checked, that carries what is expected downwards. `Checked.expected` gets,
for each call (and each bare `reason` at the end of a pipeline), where the lowering finds the type: `("annotation",
TypeExpr)`, `("static", Type)` or `("value", Expr)`, and whether the answer decides a condition. A call that is not in
it expects nothing in particular, and is answered with text.
"""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.agents import TURNS, is_agent
from dana.checker.types import ANY, BOOL, FLOAT, INT, STR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.types import Type

    # How the type is found, and what it is found in.
    Source = tuple[str, Any]

NAMES = frozenset({"reason", "llm", "ask", "context_aware_reason"})
# Methods of agents that ask.
TURN_CALLS = tuple(f".{name}(" for name in sorted(TURNS))
# Builtin types that are called with the answer.
MAKERS: dict[str, Type] = {"int": INT, "float": FLOAT, "bool": BOOL, "str": STR}
CONDITION = "condition"
_TRUTH: Source = ("static", BOOL)
# Static types an answer can be decoded to.
_ANSWERABLE = frozenset({"int", "float", "str", "bool", "list", "dict", "set", "tuple", "tuple*", "struct", "lit"})


def find_expected(c: Context) -> None:
    """Fills `Checked.expected`, and checks the words of options, in a module that asks."""
    text = c.checked.source.text
    if not any(name in text for name in NAMES) and not any(call in text for call in TURN_CALLS):
        return
    walk = _Walk(c)
    for statement in c.checked.module.body:
        walk.statement(statement, None)


class _Walk:
    """One walk; `expected` of an expression is None, or a source with how (`"condition"` or "")."""

    def __init__(self, c: Context) -> None:
        self.c = c
        self.checked = c.checked

    # --- statements -----------------------------------------------------------------------------

    def statement(self, node: Any, returns: Any) -> None:
        """A statement in a function whose result is annotated with `returns`."""
        handler = _STATEMENTS.get(node.__class__)
        if handler is not None:
            handler(self, node, returns)
        else:
            self.children(node, returns)

    def children(self, node: Any, returns: Any) -> None:
        """Whatever has no rule of its own: statements inside are statements, expressions expect nothing."""
        for child in node.children():
            if isinstance(child, na.Expr):
                self.expression(child, None)
            elif not isinstance(child, (na.TypeExpr, na.Pattern)):
                self.statement(child, returns)

    def ann_assign(self, node: na.AnnAssign, _returns: Any) -> None:
        if node.value is not None:
            self.expression(node.value, _annotated(node.annotation))

    def assign(self, node: na.Assign, _returns: Any) -> None:
        self.expression(node.value, self.target_type(node.targets[0]))
        for target in node.targets:
            self.children(target, None)

    def target_type(self, target: Any) -> Source | None:
        """What a variable or field that is assigned takes."""
        if target.__class__ is na.Attribute:
            owner = self.c.types.get(id(target.value), ANY)
            name = target.value
            if owner is ANY and isinstance(name, na.Name) and self.checked.bindings.get(id(name)) == "module":
                var = self.c.top.vars.get(name.id)
                owner = ANY if var is None or var.type is None else var.type
            info = self.c.info(owner) if owner[0] == "struct" else None
            field = info.fields.get(target.attr) if info is not None else None
            return None if field is None else self.static(field.type)
        return None

    def function(self, node: Any, _returns: Any) -> None:
        for param in node.params:
            if param.default is not None:
                self.expression(param.default, None if param.annotation is None else _annotated(param.annotation))
        for decorator in node.decorators:
            self.expression(decorator.expr, None)
        if node.__class__ is na.ComposedDef:
            self.expression(node.pipeline, None)
            return
        for statement in node.body:
            self.statement(statement, node.returns)

    def field(self, node: na.FieldDef, _returns: Any) -> None:
        if node.default is not None:
            self.expression(node.default, None if node.annotation is None else _annotated(node.annotation))

    def return_(self, node: na.Return, returns: Any) -> None:
        if node.value is not None:
            self.expression(node.value, None if returns is None else _annotated(returns))

    def branch(self, node: Any, returns: Any) -> None:
        """`if`, `elif`, `while`: a test and blocks."""
        self.expression(node.test, _TRUTH, CONDITION)
        for statement in (*node.body, *getattr(node, "orelse", ())):
            self.statement(statement, returns)

    def assert_(self, node: na.Assert, _returns: Any) -> None:
        self.expression(node.test, _TRUTH, CONDITION)
        if node.msg is not None:
            self.expression(node.msg, None)

    def match_case(self, node: na.MatchCase, returns: Any) -> None:
        if node.guard is not None:
            self.expression(node.guard, _TRUTH, CONDITION)
        for statement in node.body:
            self.statement(statement, returns)

    # --- expressions ----------------------------------------------------------------------------

    def expression(self, node: Any, source: Source | None, how: str = "") -> None:
        """An expression whose value goes where `source` says."""
        kind = node.__class__
        handler = _EXPRESSIONS.get(kind)
        if handler is not None:
            handler(self, node, source, how)
        else:
            self.plain(node)

    def plain(self, node: Any) -> None:
        """Parts of an expression, which expect nothing."""
        for child in node.children():
            if isinstance(child, na.Expr):
                self.expression(child, None)
            elif child.__class__ is na.Comprehension:
                self.comprehension(child)
            elif isinstance(child, na.Param):
                if child.default is not None:
                    self.expression(child.default, None)
            elif not isinstance(child, (na.TypeExpr, na.Pattern)):
                self.plain(child)

    def comprehension(self, node: na.Comprehension) -> None:
        self.expression(node.iter, None)
        for test in node.ifs:
            self.expression(test, _TRUTH, CONDITION)

    def call(self, node: na.Call, source: Source | None, how: str) -> None:
        target = self.checked.calls.get(id(node))
        name = target.info if target is not None and target.kind == "builtin" else None
        if name in NAMES or self.is_turn(node):
            self.asking(node, source, how)
        self.expression(node.func, None)
        for index, arg in enumerate(node.args):
            self.expression(arg, self.parameter(target, node, index, None))
        for keyword in node.keywords:
            self.expression(keyword.value, self.parameter(target, node, -1, keyword.name))

    def is_turn(self, node: na.Call) -> bool:
        """`a.solve(…)` on what is, or may turn out to be, an agent."""
        func = node.func
        if func.__class__ is not na.Attribute or func.attr not in TURNS:
            return False
        owner = self.c.types.get(id(func.value), ANY)
        return owner is ANY or owner[0] == "ref" or (owner[0] == "struct" and is_agent(self.c.info(owner)))

    def asking(self, node: na.Call, source: Source | None, how: str) -> None:
        """A call of `reason` itself."""
        given = {k.name: k.value for k in node.keywords}
        if source is not None and "type" not in given:
            self.checked.expected[id(node)] = (*source, how)
        for name, value in given.items():
            if value.__class__ is na.Constant and value.value is not None:
                check_word(self.c, name, value)

    def name(self, node: na.Name, _source: Source | None, _how: str) -> None:
        """A name; a `reason` that ends a pipeline is seen to by `pipeline`."""

    def parameter(self, target: Any, node: na.Call, index: int, name: str | None) -> Source | None:
        """What an argument of a call goes to."""
        if target is None:
            return None
        if target.kind == "builtin":
            return self.builtin_parameter(str(target.info), node, index)
        if target.kind == "function" and isinstance(target.node, na.FunctionDef):
            param = _parameter(target.node.params, index, name)
            return None if param is None or param.annotation is None else _annotated(param.annotation)
        if target.kind == "struct":
            fields = list(target.info.fields.values())
            found = next((f for f in fields if f.name == name), None) if index < 0 else _at(fields, index)
            return None if found is None else self.static(found.type)
        if target.kind in ("imported", "method") and target.info is not None:
            t = target.info if isinstance(target.info, tuple) else None
            if t is not None and t[0] == "func" and t[1] is not None:
                params = [p for p in t[1] if p[2] in ("normal", "positional", "keyword")]
                param = next((p for p in params if p[0] == name), None) if index < 0 else _at(params, index)
                return None if param is None else self.static(param[1])
        return None

    def builtin_parameter(self, name: str, node: na.Call, index: int) -> Source | None:
        if name == "cast" and index == 1:
            return ("value", node.args[0])
        if name in MAKERS and index == 0 and len(node.args) == 1:
            return ("static", MAKERS[name])
        return None

    def static(self, t: Type) -> Source | None:
        """A static type as a source, where answers can be of it."""
        if t[0] == "union":
            return ("static", t) if all(o[0] in _ANSWERABLE or o[0] == "none" for o in t[1]) else None
        return ("static", t) if t[0] in _ANSWERABLE else None

    def pipeline(self, node: na.BinOp, source: Source | None, how: str) -> None:
        """`a | b | reason`: what is expected of a pipeline is expected of its last stage."""
        if node.op != "|" or self.checked.pipes.get(id(node), "dynamic") == "python":
            self.plain(node)
            return
        self.expression(node.left, None)
        last = node.right
        if last.__class__ is na.Name and last.id in NAMES and self.checked.bindings.get(id(last)) == "builtin":
            if source is not None:
                self.checked.expected[id(last)] = (*source, how)
            return
        self.expression(last, source, how)

    def bool_op(self, node: na.BoolOp, source: Source | None, how: str) -> None:
        """In a condition every operand is one; else all but the last are looked at for their truth as they are."""
        for value in node.values:
            self.expression(value, source, how)

    def unary(self, node: na.UnaryOp, _source: Source | None, _how: str) -> None:
        if node.op == "not":
            self.expression(node.operand, _TRUTH, CONDITION)
        else:
            self.expression(node.operand, None)

    def conditional(self, node: na.IfExp, source: Source | None, how: str) -> None:
        self.expression(node.test, _TRUTH, CONDITION)
        self.expression(node.body, source, how)
        self.expression(node.orelse, source, how)

    def named(self, node: na.NamedExpr, source: Source | None, how: str) -> None:
        self.expression(node.value, source, how)

    def compare(self, node: na.Compare, _source: Source | None, _how: str) -> None:
        """`reason(…) == v` expects the type of v; `reason(…) in [a, b]` one of these."""
        sides = [node.left, *node.comparators]
        for index, side in enumerate(sides):
            if index > 0:
                beside, op, is_left = sides[index - 1], node.ops[index - 1], False
            else:
                beside, op, is_left = sides[1], node.ops[0], True
            self.expression(side, self.compared(beside, op, is_left=is_left))

    def compared(self, beside: Any, op: str, *, is_left: bool) -> Source | None:
        """What the other side of a comparison says."""
        t = self.c.types.get(id(beside), ANY)
        if op in ("in", "not in"):
            if not is_left:  # `"x" in reason(…)`: a text, or a container; what it is a part of says too little
                return None
            words = _words(beside)
            if words:
                return ("static", ("lit", words))
            return self.static(t[1]) if t[0] in ("list", "set", "dict", "tuple*") else None
        if op in ("is", "is not"):
            return None
        if beside.__class__ is na.Constant and isinstance(beside.value, (int, float)):
            return ("static", BOOL if isinstance(beside.value, bool) else FLOAT if _orders(op) else _number(beside))
        if beside.__class__ is na.Constant:
            return ("static", STR) if isinstance(beside.value, str) else None
        return self.static(t)

    # --- literals -------------------------------------------------------------------------------

    def items(self, node: Any, source: Source | None, _how: str) -> None:
        """Elements of a list, set or tuple where one of a declared type goes."""
        for index, element in enumerate(node.elts):
            self.expression(element, self.part(source, ("list", "set", "tuple*"), index))

    def comprehended(self, node: Any, source: Source | None, _how: str) -> None:
        """`[reason(f"… {x}") for x in xs]` where a list[T] goes."""
        for generator in node.generators:
            self.comprehension(generator)
        if node.__class__ is na.DictComp:
            self.expression(node.key, None)
            self.expression(node.value, self.part(source, ("dict",), 0))
        else:
            self.expression(node.elt, self.part(source, ("list", "set", "tuple*"), 0))

    def entries(self, node: na.Dict, source: Source | None, _how: str) -> None:
        for item in node.items:
            if item.key is not None:
                self.expression(item.key, None)
            self.expression(item.value, self.part(source, ("dict",), 0))

    def part(self, source: Source | None, kinds: tuple[str, ...], index: int) -> Source | None:
        """What an element of a container expects."""
        if source is None:
            return None
        how, what = source
        if how == "annotation" and what.__class__ is na.TypeOptional:
            return self.part(("annotation", what.inner), kinds, index)
        t = self.checked.annotations.get(id(what), ANY) if how == "annotation" else what if how == "static" else ANY
        if how == "annotation" and what.__class__ is na.TypeName and what.args:
            if t[0] == "tuple":
                return _annotated(what.args[index]) if index < len(what.args) else None
            if t[0] in kinds:
                return _annotated(what.args[-1] if t[0] == "dict" else what.args[0])
            return None
        if t[0] == "tuple":
            return self.static(t[1][index]) if index < len(t[1]) else None
        return self.static(t[-1]) if t[0] in kinds else None


def check_word(c: Context, name: str | None, node: Any) -> None:
    """A constant for an option that takes one of a few words: E841, with the one that is meant."""
    from dana.ipv.options import DIMENSIONS as WORDS
    from dana.ipv.options import FORMATS, PROFILES, OptionRefused, chosen_from

    words = tuple(PROFILES) if name == "profile" else FORMATS if name == "format" else WORDS.get(name or "")
    if not words or not isinstance(node.value, str):
        return
    try:
        chosen_from(str(name), node.value, words)
    except OptionRefused as wrong:
        c.report("E841", str(wrong), node, hint=wrong.hint)


def _annotated(node: Any) -> Source:
    return ("annotation", node)


def _parameter(params: Any, index: int, name: str | None) -> Any:
    if index < 0:
        return next((p for p in params if p.name == name), None)
    return _at([p for p in params if p.kind in ("normal", "positional")], index)


def _at(items: Any, index: int) -> Any:
    return items[index] if 0 <= index < len(items) else None


def _orders(op: str) -> bool:
    return op in ("<", ">", "<=", ">=")


def _number(node: na.Constant) -> Type:
    return FLOAT if isinstance(node.value, float) else INT


def _words(node: Any) -> tuple[str | int, ...]:
    """The constants of a literal container."""
    if node.__class__ not in (na.List, na.Tuple, na.Set) or not node.elts:
        return ()
    values: list[Any] = [getattr(e, "value", None) for e in node.elts if isinstance(e, na.Constant)]
    if len(values) < len(node.elts) or not all(isinstance(value, (str, int)) for value in values):
        return ()
    return tuple(dict.fromkeys(values))


_STATEMENTS: dict[type, Callable[[_Walk, Any, Any], None]] = {
    na.AnnAssign: _Walk.ann_assign,
    na.Assign: _Walk.assign,
    na.FunctionDef: _Walk.function,
    na.ComposedDef: _Walk.function,
    na.FieldDef: _Walk.field,
    na.Return: _Walk.return_,
    na.IfBranch: _Walk.branch,
    na.While: _Walk.branch,
    na.Assert: _Walk.assert_,
    na.MatchCase: _Walk.match_case,
}
_EXPRESSIONS: dict[type, Callable[[_Walk, Any, Source | None, str], None]] = {
    na.Call: _Walk.call,
    na.Name: _Walk.name,
    na.BinOp: _Walk.pipeline,
    na.BoolOp: _Walk.bool_op,
    na.UnaryOp: _Walk.unary,
    na.IfExp: _Walk.conditional,
    na.NamedExpr: _Walk.named,
    na.Compare: _Walk.compare,
    na.List: _Walk.items,
    na.Tuple: _Walk.items,
    na.Set: _Walk.items,
    na.Dict: _Walk.entries,
    na.ListComp: _Walk.comprehended,
    na.SetComp: _Walk.comprehended,
    na.DictComp: _Walk.comprehended,
}
