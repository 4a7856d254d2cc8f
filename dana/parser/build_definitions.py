"""Builders of functions, types and agents."""

from __future__ import annotations

from dana.ast.nodes import (
    AgentBlueprintDef,
    AgentDef,
    AnnAssign,
    Assign,
    ComposedDef,
    Constant,
    Decorator,
    ErrorStmt,
    ExprStmt,
    FieldDef,
    FunctionDef,
    InterfaceDef,
    MethodSignature,
    Name,
    Param,
    Pass,
    Receiver,
    ResourceDef,
    StructDef,
    TypeName,
)
from dana.parser.build_statements import DocumentedAssign
from dana.parser.problems import Refused
from dana.parser.rules import finish
from dana.parser.rules import params as in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.ast.nodes import Expr, Keyword, Node, Stmt, TypeExpr
    from dana.parser.reader import Token

    Block = tuple[int, int, tuple[Stmt, ...], str | None]

# --- functions ------------------------------------------------------------------------------------------


class Head:
    """`def (p: P) name(params) -> T`, until it is known what follows."""

    __slots__ = ("end", "name", "params", "receiver", "returns", "start")

    def __init__(
        self, start: int, receiver: Receiver | None, name: Token, params: list[Any] | None, returns: TypeExpr | None
    ) -> None:
        self.start = start
        self.receiver = receiver
        self.name = name
        self.params = params
        self.returns = returns
        self.end = returns.end if returns else name[1]

    def __getitem__(self, _index: int) -> int:
        """Its start, so that the driver can place it like any node."""
        return self.start


def def_head(word: Token, name: Token, params: list[Any] | None, returns: TypeExpr | None) -> Head:
    return Head(word[0], None, name, params, returns)


def def_head_receiver(
    word: Token, receiver: Receiver, name: Token, params: list[Any] | None, returns: TypeExpr | None
) -> Head:
    return Head(word[0], receiver, name, params, returns)


def def_head_sync(sync: Token, _word: Token, name: Token, params: list[Any] | None, returns: TypeExpr | None) -> Head:
    return Head(sync[0], None, name, params, returns)


def def_head_sync_receiver(
    sync: Token, _word: Token, receiver: Receiver, name: Token, params: list[Any] | None, returns: TypeExpr | None
) -> Head:
    return Head(sync[0], receiver, name, params, returns)


def receiver(opening: Token, name: Token, _colon: Token, kind: TypeExpr, closing: Token) -> Receiver:
    return Receiver(opening[0], closing[1], name[3], kind)


def returns(_arrow: Token, kind: TypeExpr) -> TypeExpr:
    return kind


def params_none(_opening: Token, _closing: Token) -> list[Any]:
    return []


def params_some(
    _opening: Token, params: list[Any], _comma: Token | None, doc: Token | None, _closing: Token
) -> list[Any]:
    document(params, doc)
    return params


def params_next(params: list[Any], before: Token | None, _comma: Token, after: Token | None, param: Any) -> list[Any]:
    document(params, before or after)
    params.append(param)
    return params


def document(params: list[Any], doc: Token | None) -> None:
    """A `##` comment documents the parameter before it (L4)."""
    if doc is not None and isinstance(params[-1], Param):
        params[-1] = params[-1].replace(doc=doc[3])


def param(
    name: Token, _colon: Token | None, kind: TypeExpr | None, _equal: Token | None, default: Expr | None
) -> Param:
    end = default.end if default is not None else kind.end if kind is not None else name[1]
    return Param(name[0], end, name[3], kind, default, "normal", None)


def param_star(star: Token, name: Token, _colon: Token | None, kind: TypeExpr | None) -> Param:
    end = kind.end if kind is not None else name[1]
    return Param(star[0], end, name[3], kind, None, "star", None)


def param_double_star(stars: Token, name: Token, _colon: Token | None, kind: TypeExpr | None) -> Param:
    end = kind.end if kind is not None else name[1]
    return Param(stars[0], end, name[3], kind, None, "double_star", None)


def param_keyword_mark(star: Token) -> tuple[int, int, str]:
    return star[0], star[1], "*"


def param_positional_mark(slash: Token) -> tuple[int, int, str]:
    return slash[0], slash[1], "/"


def function_def(head: Head, block: Block) -> FunctionDef:
    ordered, refused = in_order(head.params)
    name = head.name
    if head.params is None:
        refused = Refused(
            None,
            "E107",
            f"the function `{name[3]}` has no parameter list",
            name[0],
            name[1],
            hint=f"write `def {name[3]}():`",
            fix=f"{name[3]}()",
        )
    doc = own_doc(block)
    node = FunctionDef(head.start, block[1], name[3], name[0], head.receiver, ordered, head.returns, block[2], (), doc)
    return finish(node, refused)


def composed_def(head: Head, _equal: Token, pipeline: Expr, newline: Token) -> ComposedDef:
    ordered, refused = in_order(head.params)
    name = head.name
    node = ComposedDef(
        head.start,
        pipeline.end,
        name[3],
        name[0],
        head.receiver,
        ordered,
        head.params is not None,
        head.returns,
        pipeline,
        (),
        "def",
        newline[3],
    )
    return finish(node, refused)


def workflow_def(
    word: Token,
    name: Token,
    params: list[Any] | None,
    kind: TypeExpr | None,
    _equal: Token,
    pipeline: Expr,
    newline: Token,
) -> ComposedDef:
    ordered, refused = in_order(params)
    node = ComposedDef(
        word[0],
        pipeline.end,
        name[3],
        name[0],
        None,
        ordered,
        params is not None,
        kind,
        pipeline,
        (),
        "workflow",
        newline[3],
    )
    return finish(node, refused)


def docstring(body: tuple[Stmt, ...]) -> str | None:
    """The text of a string literal that stands first (L4)."""
    if body:
        first = body[0]
        if isinstance(first, ExprStmt) and isinstance(first.value, Constant) and isinstance(first.value.value, str):
            return first.value.value
    return None


def own_doc(block: Block) -> str | None:
    """What documents the owner of a block: its docstring, else the `##` comment of its header."""
    text = docstring(block[2])
    comment = block[3]
    return text if text is not None else None if comment is None else str(comment)


# --- decorators -----------------------------------------------------------------------------------------


def decorator(at: Token, expr: Expr, _newline: Token) -> Decorator:
    return Decorator(at[0], expr.end, expr)


def decorated(decorators: list[Decorator], definition: Any) -> Any:
    if isinstance(definition, InterfaceDef):
        first = decorators[0]
        raise Refused(
            definition, "E123", "an interface takes no decorator", first.start, first.end, hint="remove the decorator"
        )
    return definition.replace(start=decorators[0].start, decorators=tuple(decorators))


# --- structs, resources, agents -------------------------------------------------------------------------


def members(block: Block, what: str) -> tuple[tuple[FieldDef, ...], tuple[Stmt, ...], str | None, Refused | None]:
    """The fields and methods of a type's block, its docstring, and the first statement that is neither."""
    fields: list[FieldDef] = []
    methods: list[Stmt] = []
    refused: Refused | None = None
    doc = own_doc(block)
    for place, stmt in enumerate(block[2]):
        if isinstance(stmt, AnnAssign) and isinstance(stmt.target, Name):
            fields.append(FieldDef(stmt.start, stmt.end, stmt.target.id, stmt.annotation, stmt.value, stmt.doc))
        elif isinstance(stmt, Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], Name):
            doc_of = stmt.doc if isinstance(stmt, DocumentedAssign) else None
            fields.append(FieldDef(stmt.start, stmt.end, stmt.targets[0].id, None, stmt.value, doc_of))
        elif isinstance(stmt, FunctionDef | ComposedDef | ErrorStmt):
            methods.append(stmt)
        elif not is_filler(stmt, place):
            refused = refused or misplaced_member(stmt, what)
            methods.append(ErrorStmt(stmt.start, stmt.end, ()))
    return tuple(fields), tuple(methods), doc, refused


def is_filler(stmt: Stmt, place: int) -> bool:
    """`pass`, `...` and the docstring say nothing about members."""
    if isinstance(stmt, Pass):
        return True
    if isinstance(stmt, ExprStmt) and isinstance(stmt.value, Constant):
        return stmt.value.value is ... or (place == 0 and isinstance(stmt.value.value, str))
    return False


def misplaced_member(stmt: Stmt, what: str) -> Refused:
    hint = "a field is `name: type`, `name: type = default`; a method is a `def`"
    if isinstance(stmt, ExprStmt) and isinstance(stmt.value, Name):
        hint = f"a field needs a type: `{stmt.value.id}: any`"
    return Refused(None, "E123", f"only fields and methods may stand in {what}", stmt.start, stmt.end, hint=hint)


def base(_opening: Token, args: list[Expr | Keyword] | None, closing: Token) -> list[Any]:
    return [closing[1], *(args or ())]


def one_base(found: list[Any] | None, what: str) -> tuple[Expr | None, Refused | None]:
    """The one name in the parentheses after a type's name."""
    if found is None or len(found) == 1:
        return None, None
    first: Any = found[1]
    if len(found) > 2 or first.__class__.__name__ not in ("Name", "Attribute", "Subscript"):
        start, end = found[1].start, found[-1].end
        refused = Refused(
            None, "E123", f"{what} stands on one other by name", start, end, hint="keep one name in the parentheses"
        )
        return None, refused
    return first, None


def struct_def(word: Token, name: Token, on: list[Any] | None, block: Block) -> StructDef:
    return make_struct(word[0], name, on, block, frozen=False)


def struct_frozen(frozen: Token, _word: Token, name: Token, on: list[Any] | None, block: Block) -> StructDef:
    return make_struct(frozen[0], name, on, block, frozen=True)


def make_struct(start: int, name: Token, on: list[Any] | None, block: Block, *, frozen: bool) -> StructDef:
    base, wrong = one_base(on, "a struct")
    fields, methods, doc, refused = members(block, "a struct")
    node = StructDef(start, block[1], name[3], name[0], base, fields, methods, frozen, (), doc)
    return finish(node, wrong, refused)


def resource_def(word: Token, name: Token, on: list[Any] | None, block: Block) -> ResourceDef:
    base, wrong = one_base(on, "a resource")
    fields, methods, doc, refused = members(block, "a resource")
    return finish(ResourceDef(word[0], block[1], name[3], name[0], base, fields, methods, (), doc), wrong, refused)


def agent_blueprint_def(word: Token, name: Token, on: list[Any] | None, block: Block) -> AgentBlueprintDef:
    fields, methods, doc, refused = members(block, "an agent blueprint")
    wrong = None
    if on is not None and len(on) > 1:
        wrong = Refused(
            None,
            "E123",
            "a blueprint stands on no other",
            on[1].start,
            on[-1].end,
            hint="give it a field that holds the other, whose name begins with `_`: its members are lent",
        )
    return finish(AgentBlueprintDef(word[0], block[1], name[3], name[0], fields, methods, (), doc), wrong, refused)


def agent_def(word: Token, name: Token, on: list[Any] | None, block: Block) -> AgentDef:
    blueprint, wrong = one_base(on, "an agent")
    fields, methods, doc, refused = members(block, "an agent")
    return finish(AgentDef(word[0], block[1], name[3], name[0], blueprint, fields, methods, (), doc), wrong, refused)


def agent_bare(word: Token, name: Token, on: list[Any] | None, newline: Token) -> AgentDef:
    blueprint, wrong = one_base(on, "an agent")
    end = on[0] if on else name[1]
    doc = None if newline[3] is None else str(newline[3])
    return finish(AgentDef(word[0], end, name[3], name[0], blueprint, (), (), (), doc), wrong)


# --- interfaces -----------------------------------------------------------------------------------------


def interface_def(word: Token, name: Token, body: tuple[int, list[Any], str | None]) -> InterfaceDef:
    end, items, doc = body
    methods = tuple(item for item in items if isinstance(item, MethodSignature))
    embeds = tuple(item for item in items if isinstance(item, TypeName))
    if items and items[0].__class__ is tuple and items[0][2] == "STRING":
        doc = items[0][3]
    return InterfaceDef(word[0], end, name[3], name[0], methods, embeds, doc)


def interface_indented(
    _colon: Token, newline: Token, _indent: Token, items: list[Any], _dedent: Token
) -> tuple[int, list[Any], str | None]:
    return items[-1][1], items, newline[3]


def interface_inline(_colon: Token, item: Any) -> tuple[int, list[Any], str | None]:
    return item[1], [item], None


def interface_braced(opening: Token, items: list[Any], closing: Token) -> tuple[int, list[Any], str | None]:
    return closing[1], items, opening[3]


def interface_empty(opening: Token, closing: Token) -> tuple[int, list[Any], str | None]:
    return closing[1], [], opening[3]


def signature(name: Token, params: list[Any], kind: TypeExpr | None, newline: Token) -> MethodSignature:
    ordered, refused = in_order(params)
    end = kind.end if kind is not None else newline[0]
    doc = None if newline[3] is None else str(newline[3])
    return finish(MethodSignature(name[0], end, name[3], ordered, kind, doc), refused)


def signature_def(head: Head, newline: Token) -> MethodSignature:
    doc = None if newline[3] is None else str(newline[3])
    return head_signature(head, newline[0], doc)


def head_signature(head: Head, end: int, doc: str | None) -> MethodSignature:
    ordered, refused = in_order(head.params)
    if head.receiver is not None:
        at: Node = head.receiver
        refused = Refused(
            None,
            "E123",
            "a method of an interface has no receiver",
            at.start,
            at.end,
            hint="remove it: any type may fit",
        )
    end = head.returns.end if head.returns is not None else end
    return finish(MethodSignature(head.start, end, head.name[3], ordered, head.returns, doc), refused)


def signature_body(head: Head, block: Block) -> MethodSignature:
    """`def area() -> float: ...` as Python's protocols write it; a real body is refused."""
    wrong = next((stmt for place, stmt in enumerate(block[2]) if not is_filler(stmt, place)), None)
    doc = own_doc(block)
    node = head_signature(head, block[0], doc).replace(end=block[1])
    refused = None
    if wrong is not None:
        refused = Refused(
            None,
            "E123",
            "a method of an interface has no body",
            wrong.start,
            wrong.end,
            hint="an interface says what a type must have, not how",
        )
    return finish(node, refused)


def signature_embed(dotted: list[Token], _newline: Token) -> TypeName:
    return TypeName(dotted[0][0], dotted[-1][1], tuple(token[3] for token in dotted), ())


def signature_doc(text: Token, _newline: Token) -> Token:
    return text


def signature_pass(word: Token, _newline: Token) -> Token:
    return word


def signature_error(error: Token, *_rest: Any) -> Token:
    return error
