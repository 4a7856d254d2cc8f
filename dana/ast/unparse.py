"""From tree to text: `unparse(node)` gives canonical Dana, blocks by indentation.

`parse(unparse(module))` is the same tree up to positions. Parentheses stand only where binding needs them;
comments are not in the tree, documentation comments (`##`) are.
"""

from __future__ import annotations

from dana.ast import nodes as na
from dana.ast.constants import constant, escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# How tightly an expression binds; an operand that binds less tightly than its place asks gets parentheses.
NAMED, LOOSE, OR, AND, NOT, COMPARE, PIPE, STAGE, XOR, BITAND, SHIFT, SUM, PRODUCT, SIGN, POWER, ATOM = range(16)
OPERATORS = {
    "|": PIPE, "^": XOR, "&": BITAND, "<<": SHIFT, ">>": SHIFT, "+": SUM, "-": SUM,
    "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "@": PRODUCT, "**": POWER,
}  # fmt: skip
SCOPES = ("private", "public", "local", "system")


def unparse(node: na.Node) -> str:
    """The text of a module, a statement, an expression, a type or a pattern.

    Raises ValueError for a tree that holds errors: those nodes have lost their text.
    """
    writer = Writer()
    if isinstance(node, na.Module):
        writer.block(node.body)
        return "".join(line + "\n" for line in writer.lines)
    if isinstance(node, na.Stmt):
        writer.statement(node)
        return "\n".join(writer.lines)
    if isinstance(node, na.TypeExpr):
        return type_text(node)
    if isinstance(node, na.Pattern):
        return pattern_text(node)
    if isinstance(node, na.Expr):
        return text(node, NAMED)
    msg = f"{type(node).__name__} has no text of its own"
    raise ValueError(msg)


# --- expressions ----------------------------------------------------------------------------------------


def text(node: na.Expr, place: int = LOOSE) -> str:
    """An expression as it is written where operands bind at least as tightly as `place`."""
    write = EXPRESSIONS.get(type(node))
    if write is None:
        msg = f"{type(node).__name__} has no text"
        raise ValueError(msg)
    level, written = write(node)
    return written if level >= place else f"({written})"


def bare(node: na.Expr) -> str:
    """A tuple of two or more without parentheses, where a statement allows that."""
    if isinstance(node, na.Tuple) and len(node.elts) > 1:
        return ", ".join(text(elt) for elt in node.elts)
    return text(node)


def join(items: Iterable[na.Expr], place: int = NAMED) -> str:
    return ", ".join(text(item, place) for item in items)


def _name(node: na.Name) -> tuple[int, str]:
    return ATOM, node.id


def _scoped_name(node: na.ScopedName) -> tuple[int, str]:
    return ATOM, f"{node.scope}:{node.id}"


def _constant(node: na.Constant) -> tuple[int, str]:
    return ATOM, constant(node.value)


def _joined(node: na.JoinedStr) -> tuple[int, str]:
    inner = "".join(
        field(part)
        if isinstance(part, na.FormattedValue)
        else escaped(literal(part)).replace("{", "{{").replace("}", "}}")
        for part in node.parts
    )
    return ATOM, f'f"{inner}"'


def literal(node: na.Expr) -> str:
    assert isinstance(node, na.Constant)
    return str(node.value)


def field(node: na.FormattedValue) -> str:
    """`{value!r:spec}` of an f-string."""
    if node.debug is not None:
        value = node.debug
    else:
        risky = isinstance(node.value, na.Lambda) or (isinstance(node.value, na.Name) and node.value.id in SCOPES)
        value = text(node.value, ATOM if risky else LOOSE)
        if risky and not value.startswith("("):
            value = f"({value})"
        if value.startswith("{"):
            value = f" {value}"
    conversion = f"!{node.conversion}" if node.conversion else ""
    return "{" + value + conversion + ("" if node.spec is None else ":" + spec(node.spec)) + "}"


def spec(node: na.JoinedStr) -> str:
    """A format specification; its own braces cannot be doubled, so they are written as escapes."""
    return "".join(
        field(part)
        if isinstance(part, na.FormattedValue)
        else escaped(literal(part)).replace("{", "\\x7b").replace("}", "\\x7d")
        for part in node.parts
    )


def _list(node: na.List) -> tuple[int, str]:
    return ATOM, f"[{join(node.elts)}]"


def _tuple(node: na.Tuple) -> tuple[int, str]:
    comma = "," if len(node.elts) == 1 else ""
    return ATOM, f"({join(node.elts)}{comma})"


def _set(node: na.Set) -> tuple[int, str]:
    return ATOM, "{" + join(node.elts) + "}"


def _dict(node: na.Dict) -> tuple[int, str]:
    return ATOM, "{" + ", ".join(dict_item(item) for item in node.items) + "}"


def dict_item(item: na.DictItem) -> str:
    return f"**{text(item.value, PIPE)}" if item.key is None else f"{text(item.key)}: {text(item.value)}"


def _starred(node: na.Starred) -> tuple[int, str]:
    return ATOM, f"*{text(node.value, PIPE)}"  # stands only where a star may


def generators(clauses: Iterable[na.Comprehension]) -> str:
    parts = []
    for clause in clauses:
        parts.append(f" for {targets(clause.target)} in {text(clause.iter, OR)}")
        parts.extend(f" if {text(condition, OR)}" for condition in clause.ifs)
    return "".join(parts)


def targets(node: na.Expr) -> str:
    """What a loop binds: below comparisons, so that `in` ends it."""
    if isinstance(node, na.Tuple) and len(node.elts) > 1:
        return ", ".join(text(elt, PIPE) for elt in node.elts)
    return text(node, PIPE)


def _list_comp(node: na.ListComp) -> tuple[int, str]:
    return ATOM, f"[{text(node.elt, NAMED)}{generators(node.generators)}]"


def _set_comp(node: na.SetComp) -> tuple[int, str]:
    return ATOM, "{" + text(node.elt, NAMED) + generators(node.generators) + "}"


def _dict_comp(node: na.DictComp) -> tuple[int, str]:
    return ATOM, "{" + f"{text(node.key)}: {text(node.value)}" + generators(node.generators) + "}"


def _generator(node: na.GeneratorExp) -> tuple[int, str]:
    return ATOM, f"({text(node.elt, NAMED)}{generators(node.generators)})"


def _unary(node: na.UnaryOp) -> tuple[int, str]:
    if node.op == "not":
        return NOT, f"not {text(node.operand, NOT)}"
    return SIGN, f"{node.op}{text(node.operand, SIGN)}"


def _binary(node: na.BinOp) -> tuple[int, str]:
    """A left spine is written in a loop: it may be long (see the parser's bounds)."""
    level = OPERATORS[node.op]
    if node.op == "**":
        return POWER, f"{text(node.left, ATOM)} ** {text(node.right, SIGN)}"
    parts = []
    left: na.Expr = node
    while isinstance(left, na.BinOp) and OPERATORS[left.op] == level:
        parts.append(f" {left.op} {text(left.right, level + 1)}")
        left = left.left
    return level, text(left, level) + "".join(reversed(parts))


def _bool(node: na.BoolOp) -> tuple[int, str]:
    level = AND if node.op == "and" else OR
    return level, f" {node.op} ".join(text(value, level + 1) for value in node.values)


def _compare(node: na.Compare) -> tuple[int, str]:
    pairs = zip(node.ops, node.comparators, strict=True)
    return COMPARE, text(node.left, PIPE) + "".join(f" {op} {text(right, PIPE)}" for op, right in pairs)


def _if_exp(node: na.IfExp) -> tuple[int, str]:
    return LOOSE, f"{text(node.body, OR)} if {text(node.test, OR)} else {text(node.orelse)}"


def _named(node: na.NamedExpr) -> tuple[int, str]:
    return NAMED, f"{node.target.id} := {text(node.value)}"


def _capture(node: na.Capture) -> tuple[int, str]:
    return STAGE, f"{text(node.value, XOR)} as {node.name}"


def _lambda(node: na.Lambda) -> tuple[int, str]:
    front = [f"({node.receiver.name}: {type_text(node.receiver.type)})"] if node.receiver else []
    if node.params:
        front.append(", ".join(parameters(node.params)))
    words = " ".join(["lambda", *front])
    colon = ":" if node.style == ":" else " ::"
    return LOOSE, f"{words}{colon} {text(node.body)}"


def _call(node: na.Call) -> tuple[int, str]:
    only = node.args[0] if len(node.args) == 1 and not node.keywords else None
    if isinstance(only, na.GeneratorExp):
        return ATOM, text(node.func, ATOM) + text(only)
    return ATOM, f"{text(node.func, ATOM)}({arguments(node.args, node.keywords)})"


def arguments(args: Iterable[na.Expr], keywords: Iterable[na.Keyword]) -> str:
    named = [f"**{text(k.value)}" if k.name is None else f"{k.name}={text(k.value)}" for k in keywords]
    return ", ".join([*(text(arg, NAMED) for arg in args), *named])


def _attribute(node: na.Attribute) -> tuple[int, str]:
    value = text(node.value, ATOM)
    if isinstance(node.value, na.Constant) and isinstance(node.value.value, int | float):
        value = f"({value})"
    return ATOM, f"{value}.{node.attr}"


def _subscript(node: na.Subscript) -> tuple[int, str]:
    return ATOM, f"{text(node.value, ATOM)}[{index(node.index)}]"


def index(node: na.Expr) -> str:
    if isinstance(node, na.Tuple) and node.elts:
        comma = "," if len(node.elts) == 1 else ""
        return ", ".join(text(elt, NAMED) for elt in node.elts) + comma
    return text(node, NAMED)


def _slice(node: na.Slice) -> tuple[int, str]:
    third = "" if node.step is None else ":" + bound(node.step)
    return NAMED, f"{bound(node.lower)}:{bound(node.upper)}{third}"


def bound(node: na.Expr | None) -> str:
    """One side of a slice; `private` before a colon would read as a scope, a lambda would take it."""
    if node is None:
        return ""
    if isinstance(node, na.Name) and node.id in SCOPES:
        return f"({node.id})"
    return text(node, OR)


def _placeholder(_node: na.Placeholder) -> tuple[int, str]:
    return ATOM, "$$"


EXPRESSIONS: dict[type, Any] = {
    na.Name: _name, na.ScopedName: _scoped_name, na.Constant: _constant, na.JoinedStr: _joined, na.List: _list,
    na.Tuple: _tuple, na.Set: _set, na.Dict: _dict, na.Starred: _starred, na.ListComp: _list_comp,
    na.SetComp: _set_comp, na.DictComp: _dict_comp, na.GeneratorExp: _generator, na.UnaryOp: _unary,
    na.BinOp: _binary, na.BoolOp: _bool, na.Compare: _compare, na.IfExp: _if_exp, na.NamedExpr: _named,
    na.Capture: _capture, na.Lambda: _lambda, na.Call: _call, na.Attribute: _attribute, na.Subscript: _subscript,
    na.Slice: _slice, na.Placeholder: _placeholder,
}  # fmt: skip


# --- types ----------------------------------------------------------------------------------------------


def type_text(node: na.TypeExpr) -> str:
    """A type expression."""
    if isinstance(node, na.TypeName):
        inner = f"[{', '.join(map(type_text, node.args))}]" if node.args else ""
        return ".".join(node.path) + inner if node.path != ("...",) else "..."
    if isinstance(node, na.TypeList):
        return f"[{', '.join(map(type_text, node.items))}]"
    if isinstance(node, na.TypeUnion):
        return " | ".join(map(type_text, node.options))
    if isinstance(node, na.TypeOptional):
        inner = type_text(node.inner)
        return f"({inner})?" if isinstance(node.inner, na.TypeUnion) else f"{inner}?"
    if isinstance(node, na.TypeLiteral):
        return constant(node.value)
    msg = f"{type(node).__name__} has no text"
    raise ValueError(msg)


# --- patterns -------------------------------------------------------------------------------------------


def pattern_text(node: na.Pattern) -> str:
    """A pattern as it stands behind `case` or inside brackets."""
    if isinstance(node, na.PatternValue):
        return text(node.value)
    if isinstance(node, na.PatternSingleton):
        return constant(node.value)
    if isinstance(node, na.PatternCapture):
        return node.name or "_"
    if isinstance(node, na.PatternStar):
        return f"*{node.name or '_'}"
    if isinstance(node, na.PatternSequence):
        return f"[{', '.join(map(pattern_text, node.patterns))}]"
    if isinstance(node, na.PatternMapping):
        pairs = zip(node.keys, node.patterns, strict=True)
        items = [f"{text(key)}: {pattern_text(value)}" for key, value in pairs]
        return "{" + ", ".join(items + ([f"**{node.rest}"] if node.rest else [])) + "}"
    if isinstance(node, na.PatternClass):
        named = zip(node.kw_names, node.kw_patterns, strict=True)
        items = [*map(pattern_text, node.patterns), *(f"{name}={pattern_text(value)}" for name, value in named)]
        return f"{text(node.cls)}({', '.join(items)})"
    if isinstance(node, na.PatternOr):
        return " | ".join(tight_pattern(option) for option in node.patterns)
    assert isinstance(node, na.PatternAs)
    inner = pattern_text(node.pattern)
    return f"({inner}) as {node.name}" if isinstance(node.pattern, na.PatternAs) else f"{inner} as {node.name}"


def tight_pattern(node: na.Pattern) -> str:
    inner = pattern_text(node)
    return f"({inner})" if isinstance(node, na.PatternOr | na.PatternAs) else inner


# --- parameters -----------------------------------------------------------------------------------------


def parameters(params: tuple[na.Param, ...]) -> list[str]:
    """The parameters in order, with the marks `/` and `*` where kinds need them."""
    found = []
    starred = False
    for number, param in enumerate(params):
        if param.kind == "keyword" and not starred:
            found.append("*")
            starred = True
        starred = starred or param.kind == "star"
        found.append(parameter(param))
        last_positional = number + 1 == len(params) or params[number + 1].kind != "positional"
        if param.kind == "positional" and last_positional:
            found.append("/")
    return found


def parameter(param: na.Param) -> str:
    stars = {"star": "*", "double_star": "**"}.get(param.kind, "")
    kind = f": {type_text(param.annotation)}" if param.annotation is not None else ""
    equal = " = " if kind else "="
    default = f"{equal}{text(param.default)}" if param.default is not None else ""
    return f"{stars}{param.name}{kind}{default}"


# --- statements -----------------------------------------------------------------------------------------


class Writer:
    """Collects lines; one method per statement, `write_…`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0

    def line(self, words: str, doc: str | None = None) -> None:
        comment = "" if doc is None else f"  ## {doc}".rstrip()
        self.lines.append("    " * self.depth + words + comment)

    def block(self, body: Iterable[na.Stmt]) -> None:
        for stmt in body:
            self.statement(stmt)

    def suite(self, header: str, body: Iterable[na.Stmt], doc: str | None = None) -> None:
        """A header and its indented block."""
        self.line(header + ":", doc)
        self.depth += 1
        self.block(body)
        self.depth -= 1

    def statement(self, stmt: na.Stmt) -> None:
        write = getattr(self, "write_" + type(stmt).__name__, None)
        if write is None:
            msg = f"{type(stmt).__name__} has no text"
            raise ValueError(msg)
        write(stmt)

    def write_ExprStmt(self, stmt: na.ExprStmt) -> None:
        value = stmt.value
        if isinstance(value, na.Constant) and isinstance(value.value, str) and "\n" in value.value:
            self.docstring(value.value)
        else:
            self.line(bare(value))

    def docstring(self, value: str) -> None:
        """A text of several lines keeps them."""
        parts = [escaped(part) for part in value.split("\n")]
        first, *rest = parts
        self.line(f'"""{first}')
        self.lines.extend(rest)
        self.lines[-1] += '"""'

    def write_Assign(self, stmt: na.Assign) -> None:
        lefts = "".join(f"{bare(target)} = " for target in stmt.targets)
        self.line(lefts + bare(stmt.value))

    def write_AnnAssign(self, stmt: na.AnnAssign) -> None:
        value = "" if stmt.value is None else f" = {bare(stmt.value)}"
        self.line(f"{text(stmt.target)}: {type_text(stmt.annotation)}{value}", stmt.doc)

    def write_AugAssign(self, stmt: na.AugAssign) -> None:
        self.line(f"{text(stmt.target)} {stmt.op}= {bare(stmt.value)}")

    def write_Return(self, stmt: na.Return) -> None:
        word = "deliver" if stmt.deliver else "return"
        self.line(word if stmt.value is None else f"{word} {bare(stmt.value)}")

    def write_Raise(self, stmt: na.Raise) -> None:
        exc = "" if stmt.exc is None else f" {text(stmt.exc)}"
        cause = "" if stmt.cause is None else f" from {text(stmt.cause)}"
        self.line(f"raise{exc}{cause}")

    def write_Assert(self, stmt: na.Assert) -> None:
        self.line(f"assert {text(stmt.test)}" + ("" if stmt.msg is None else f", {text(stmt.msg)}"))

    def write_Delete(self, stmt: na.Delete) -> None:
        self.line(f"del {join(stmt.targets, LOOSE)}")

    def write_Pass(self, _stmt: na.Pass) -> None:
        self.line("pass")

    def write_Break(self, _stmt: na.Break) -> None:
        self.line("break")

    def write_Continue(self, _stmt: na.Continue) -> None:
        self.line("continue")

    def write_Global(self, stmt: na.Global) -> None:
        self.line(f"global {', '.join(stmt.names)}")

    def write_Nonlocal(self, stmt: na.Nonlocal) -> None:
        self.line(f"nonlocal {', '.join(stmt.names)}")

    def write_Export(self, stmt: na.Export) -> None:
        self.line(f"export {', '.join(stmt.names)}")

    def write_Import(self, stmt: na.Import) -> None:
        self.line(f"import {', '.join(map(alias, stmt.names))}")

    def write_ImportFrom(self, stmt: na.ImportFrom) -> None:
        source = "." * stmt.level + ".".join(stmt.path) + (".py" if stmt.python else "")
        names = "*" if stmt.names is None else ", ".join(map(alias, stmt.names))
        self.line(f"from {source} import {names}")

    def write_Use(self, stmt: na.Use) -> None:
        name = f" as {stmt.asname}" if stmt.asname else ""
        args = arguments([shielded(arg) for arg in stmt.args], stmt.keywords)
        self.line(f"use {args}{name}")

    def write_TypeAlias(self, stmt: na.TypeAlias) -> None:
        self.line(f"type {stmt.name} = {type_text(stmt.value)}")

    def write_If(self, stmt: na.If) -> None:
        for number, branch in enumerate(stmt.branches):
            self.suite(f"{'elif' if number else 'if'} {text(branch.test, NAMED)}", branch.body)
        self.otherwise(stmt.orelse)

    def otherwise(self, body: tuple[na.Stmt, ...]) -> None:
        if body:
            self.suite("else", body)

    def write_While(self, stmt: na.While) -> None:
        self.suite(f"while {text(stmt.test, NAMED)}", stmt.body)
        self.otherwise(stmt.orelse)

    def write_For(self, stmt: na.For) -> None:
        self.suite(f"for {targets(stmt.target)} in {bare(stmt.iter)}", stmt.body)
        self.otherwise(stmt.orelse)

    def write_Try(self, stmt: na.Try) -> None:
        self.suite("try", stmt.body)
        for handler in stmt.handlers:
            kind = "" if handler.type is None else text(shielded(handler.type))
            kind = f" ({kind})" if kind.startswith("{") else f" {kind}" if kind else ""  # `except {` begins a block
            name = f" as {handler.name}" if handler.name else ""
            self.suite(f"except{kind}{name}", handler.body)
        self.otherwise(stmt.orelse)
        if stmt.finalbody:
            self.suite("finally", stmt.finalbody)

    def write_With(self, stmt: na.With) -> None:
        items = []
        for item in stmt.items:
            context = text(shielded(item.context))
            if item.target is not None:
                items.append(f"{context} as {text(item.target, PIPE)}")
            elif isinstance(item.context, na.Tuple) and item.context.elts and len(stmt.items) == 1:
                items.append(f"({context},)")  # else its parts would be the items
            elif len(stmt.items) == 1 and context.startswith("(") and " as " in context:
                items.append(f"({context})")  # else the `as` inside would name an item
            else:
                items.append(context)
        self.suite(f"with {', '.join(items)}", stmt.body)

    def write_Match(self, stmt: na.Match) -> None:
        self.line(f"match {text(stmt.subject)}:")
        self.depth += 1
        for case in stmt.cases:
            guard = "" if case.guard is None else f" if {text(case.guard, NAMED)}"
            self.suite(f"case {pattern_text(case.pattern)}{guard}", case.body)
        self.depth -= 1

    def write_TestBlock(self, stmt: na.TestBlock) -> None:
        self.suite(f"test {constant(stmt.name)}", stmt.body)

    # Definitions.

    def decorators(self, decorators: Iterable[na.Decorator]) -> None:
        for decorator in decorators:
            self.line(f"@{text(decorator.expr, NAMED)}")

    def write_FunctionDef(self, stmt: na.FunctionDef) -> None:
        self.decorators(stmt.decorators)
        returns = f" -> {type_text(stmt.returns)}" if stmt.returns is not None else ""
        header = f"def {receiver(stmt.receiver)}{stmt.name}"
        doc = None if has_docstring(stmt.body) else stmt.doc
        self.suite(header + self.parameter_list(stmt.params) + returns, stmt.body, doc)

    def parameter_list(self, params: tuple[na.Param, ...]) -> str:
        """The parameters in parentheses; one per line when they are documented."""
        if not any(param.doc is not None for param in params):
            return f"({', '.join(parameters(params))})"
        margin = "    " * (self.depth + 1)
        docs = {parameter(param): param.doc for param in params if param.doc is not None}
        lines = []
        for item in parameters(params):
            doc = f"  ## {docs[item]}".rstrip() if item in docs else ""
            lines.append(f"{margin}{item},{doc}")
        return "(\n" + "\n".join(lines) + "\n" + "    " * self.depth + ")"

    def write_ComposedDef(self, stmt: na.ComposedDef) -> None:
        self.decorators(stmt.decorators)
        word = "workflow " if stmt.kind == "workflow" else "def "
        header = f"{word}{receiver(stmt.receiver)}{stmt.name}"
        params = self.parameter_list(stmt.params) if stmt.has_params else ""
        returns = f" -> {type_text(stmt.returns)}" if stmt.returns is not None else ""
        self.line(f"{header}{params}{returns} = {bare(stmt.pipeline)}", stmt.doc)

    def members(self, header: str, doc: str | None, fields: Iterable[na.FieldDef], methods: Iterable[na.Stmt]) -> None:
        """The block of a type: its docstring, its fields, its methods."""
        self.line(header + ":")
        self.depth += 1
        before = len(self.lines)
        if doc is not None:
            self.write_doc(doc)
        for field_def in fields:
            kind = f": {type_text(field_def.annotation)}" if field_def.annotation is not None else ""
            default = f" = {bare(field_def.default)}" if field_def.default is not None else ""
            self.line(f"{field_def.name}{kind}{default}", field_def.doc)
        self.block(methods)
        if len(self.lines) == before:
            self.line("pass")
        self.depth -= 1

    def write_doc(self, doc: str) -> None:
        if "\n" in doc:
            self.docstring(doc)
        else:
            self.line(f'"""{escaped(doc)}"""')

    def write_StructDef(self, stmt: na.StructDef) -> None:
        self.decorators(stmt.decorators)
        frozen = "frozen " if stmt.frozen else ""
        self.members(f"{frozen}struct {stmt.name}{base(stmt.base)}", stmt.doc, stmt.fields, stmt.methods)

    def write_ResourceDef(self, stmt: na.ResourceDef) -> None:
        self.decorators(stmt.decorators)
        self.members(f"resource {stmt.name}{base(stmt.base)}", stmt.doc, stmt.fields, stmt.methods)

    def write_AgentBlueprintDef(self, stmt: na.AgentBlueprintDef) -> None:
        self.decorators(stmt.decorators)
        self.members(f"agent_blueprint {stmt.name}", stmt.doc, stmt.fields, stmt.methods)

    def write_AgentDef(self, stmt: na.AgentDef) -> None:
        self.decorators(stmt.decorators)
        header = f"agent {stmt.name}{base(stmt.blueprint)}"
        if stmt.fields or stmt.methods or stmt.doc is not None:
            self.members(header, stmt.doc, stmt.fields, stmt.methods)
        else:
            self.line(header)

    def write_InterfaceDef(self, stmt: na.InterfaceDef) -> None:
        self.line(f"interface {stmt.name}:")
        self.depth += 1
        before = len(self.lines)
        if stmt.doc is not None:
            self.write_doc(stmt.doc)
        for embedded in stmt.embeds:
            self.line(type_text(embedded))
        for method in stmt.methods:
            returns = f" -> {type_text(method.returns)}" if method.returns is not None else ""
            self.line(f"{method.name}({', '.join(parameters(method.params))}){returns}", method.doc)
        if len(self.lines) == before:
            self.line("pass")
        self.depth -= 1


class Shielded(na.Capture):
    """A captured stage that must keep its own parentheses, because `as` has another meaning around it."""

    __slots__ = ()


def _shielded(node: Shielded) -> tuple[int, str]:
    return ATOM, f"({text(node.value, XOR)} as {node.name})"


EXPRESSIONS[Shielded] = _shielded


def shielded(node: na.Expr) -> na.Expr:
    """The expression with the captures outside its brackets shielded."""
    if type(node) is na.Capture:
        return Shielded(*node)
    if isinstance(node, na.BinOp):
        spine: list[na.BinOp] = []
        left: na.Expr = node
        while isinstance(left, na.BinOp):
            spine.append(left)
            left = left.left
        left = shielded(left)
        for outer in reversed(spine):
            left = outer.replace(left=left, right=shielded(outer.right))
        return left
    if isinstance(node, na.UnaryOp):
        return node.replace(operand=shielded(node.operand))
    if isinstance(node, na.BoolOp):
        return node.replace(values=tuple(map(shielded, node.values)))
    if isinstance(node, na.Compare):
        return node.replace(left=shielded(node.left), comparators=tuple(map(shielded, node.comparators)))
    if isinstance(node, na.IfExp):
        return node.replace(body=shielded(node.body), test=shielded(node.test), orelse=shielded(node.orelse))
    if isinstance(node, na.Lambda):
        return node.replace(body=shielded(node.body))
    return node


def alias(node: na.Alias) -> str:
    path = ".".join(node.path) + (".py" if node.python else "")
    return f"{path} as {node.asname}" if node.asname else path


def receiver(node: na.Receiver | None) -> str:
    return "" if node is None else f"({node.name}: {type_text(node.type)}) "


def base(node: na.Expr | None) -> str:
    return "" if node is None else f"({text(node)})"


def has_docstring(body: tuple[na.Stmt, ...]) -> bool:
    first = body[0] if body else None
    return (
        isinstance(first, na.ExprStmt) and isinstance(first.value, na.Constant) and isinstance(first.value.value, str)
    )
