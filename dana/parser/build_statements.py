"""Builders of simple and compound statements."""

from __future__ import annotations

from dana.ast.nodes import (
    Alias,
    AnnAssign,
    Assert,
    Assign,
    AugAssign,
    Break,
    Constant,
    Continue,
    Delete,
    ErrorStmt,
    ExceptHandler,
    Export,
    ExprStmt,
    For,
    Global,
    If,
    IfBranch,
    Import,
    ImportFrom,
    JoinedStr,
    Match,
    Nonlocal,
    Pass,
    Raise,
    Return,
    TestBlock,
    Try,
    Tuple,
    TypeAlias,
    Use,
    While,
    With,
    WithItem,
)
from dana.parser.layout import FieldDoc
from dana.parser.problems import Refused
from dana.parser.rules import finish, split_args, target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.ast.nodes import Expr, Keyword, MatchCase, Stmt, TypeExpr
    from dana.parser.reader import Token

    Block = tuple[int, int, tuple[Stmt, ...], str | None]

new: Any = tuple.__new__

# --- lines and blocks -----------------------------------------------------------------------------------


def module(body: list[Stmt] | None) -> list[Stmt]:
    return body or []


def line_first(line: Any) -> list[Stmt]:
    return line if line.__class__ is list else [line]


def line_next(body: list[Stmt], line: Any) -> list[Stmt]:
    if line.__class__ is list:
        body.extend(line)
    else:
        body.append(line)
    return body


class DocumentedAssign(Assign):
    """`name = value  ## doc` in the block of a type, where it is going to be a field (L4)."""

    __slots__ = ()
    doc: str


def simple_line(items: list[Stmt], newline: Token) -> list[Stmt]:
    """The statements of a line; a `##` comment behind them documents the last one."""
    doc = newline[3]
    if doc is not None:
        last = items[-1]
        if isinstance(last, AnnAssign):
            items[-1] = last.replace(doc=str(doc))
        elif isinstance(last, Assign) and isinstance(doc, FieldDoc):
            items[-1] = DocumentedAssign(last.start, last.end, last.targets, last.value, str(doc))
    return items


def simple_line_closed(items: list[Stmt], _semicolon: Token, newline: Token) -> list[Stmt]:
    return simple_line(items, newline)


def block_indented(colon: Token, newline: Token, _indent: Token, body: list[Stmt], _dedent: Token) -> Block:
    return colon[0], body[-1].end, tuple(body), newline[3]


def block_inline(colon: Token, body: list[Stmt]) -> Block:
    return colon[0], body[-1].end, tuple(body), None


def block_braced(opening: Token, body: list[Stmt], closing: Token) -> Block:
    return opening[0], closing[1], tuple(body), opening[3]


def block_empty(opening: Token, closing: Token) -> Block:
    return opening[0], closing[1], (Pass(opening[0], closing[1]),), opening[3]


def error_stmt(error: Token, _newline: Token) -> ErrorStmt:
    return ErrorStmt(error[0], error[1], ())


def error_indented(error: Token, _newline: Token, _indent: Token, body: list[Stmt], _dedent: Token) -> ErrorStmt:
    return ErrorStmt(error[0], max(error[1], body[-1].end), tuple(body))


def error_braced(error: Token, _opening: Token, body: list[Stmt], closing: Token) -> ErrorStmt:
    return ErrorStmt(error[0], closing[1], tuple(body))


def error_empty(error: Token, _opening: Token, closing: Token) -> ErrorStmt:
    return ErrorStmt(error[0], closing[1], ())


# --- assignments ----------------------------------------------------------------------------------------


def expr_stmt(value: Expr) -> Any:
    return new(ExprStmt, (value[0], value[1], value))


def assign(left: Expr, _equal: Token, value: Expr) -> Any:
    left, refused = target(left, "an assignment")
    node = new(Assign, (left[0], value[1], (left,), value))
    return finish(node, refused) if refused else node


def assign_many(lefts: list[Expr], _equal: Token, value: Expr) -> Assign:
    checked = [target(left, "an assignment") for left in lefts]
    node = Assign(lefts[0].start, value.end, tuple(left for left, _ in checked), value)
    return finish(node, *(refused for _, refused in checked))


def ann_declare(left: Expr, _colon: Token, kind: TypeExpr) -> AnnAssign:
    left, refused = single_target(left)
    return finish(AnnAssign(left.start, kind.end, left, kind, None, None), refused)


def ann_assign(left: Expr, _colon: Token, kind: TypeExpr, _equal: Token, value: Expr) -> AnnAssign:
    left, refused = single_target(left)
    return finish(AnnAssign(left.start, value.end, left, kind, value, None), refused)


def single_target(left: Expr) -> tuple[Expr, Refused | None]:
    if isinstance(left, Tuple):
        return left, Refused(
            None,
            "E108",
            "one annotation cannot serve several names",
            left.start,
            left.end,
            hint="annotate them one by one",
        )
    return target(left, "an annotated assignment")


def aug_assign(left: Expr, op: Token, value: Expr) -> AugAssign:
    if isinstance(left, Tuple):
        refused = Refused(
            None,
            "E108",
            f"`{op[3]}` cannot change several targets at once",
            left.start,
            left.end,
            hint="change them one by one",
        )
    else:
        left, maybe = target(left, f"`{op[3]}`")
        if maybe is None:
            return AugAssign(left.start, value.end, left, op[3][:-1], value)
        refused = maybe
    return finish(AugAssign(left.start, value.end, left, op[3][:-1], value), refused)


# --- simple statements ----------------------------------------------------------------------------------


def return_stmt(word: Token, value: Expr | None) -> Any:
    return new(Return, (word[0], value[1] if value is not None else word[1], value, False))


def deliver_stmt(word: Token, value: Expr | None) -> Return:
    return Return(word[0], value.end if value is not None else word[1], value, True)


def raise_stmt(word: Token, exc: Expr | None) -> Raise:
    return Raise(word[0], exc.end if exc is not None else word[1], exc, None)


def raise_from(word: Token, exc: Expr, _from: Token, cause: Expr) -> Raise:
    return Raise(word[0], cause.end, exc, cause)


def assert_stmt(word: Token, test: Expr, _comma: Token | None, msg: Expr | None) -> Assert:
    return Assert(word[0], (msg or test).end, test, msg)


def delete_stmt(word: Token, items: list[Expr], comma: Token | None) -> Delete:
    checked = [target(item, "`del`") for item in items]
    node = Delete(word[0], comma[1] if comma else items[-1].end, tuple(item for item, _ in checked))
    return finish(node, *(refused for _, refused in checked))


def pass_stmt(word: Token) -> Pass:
    return Pass(word[0], word[1])


def break_stmt(word: Token) -> Break:
    return Break(word[0], word[1])


def continue_stmt(word: Token) -> Continue:
    return Continue(word[0], word[1])


def global_stmt(word: Token, names: list[Token]) -> Global:
    return Global(word[0], names[-1][1], tuple(name[3] for name in names))


def nonlocal_stmt(word: Token, names: list[Token]) -> Nonlocal:
    return Nonlocal(word[0], names[-1][1], tuple(name[3] for name in names))


def export_stmt(word: Token, names: list[Token]) -> Export:
    return Export(word[0], names[-1][1], tuple(name[3] for name in names))


def import_stmt(word: Token, names: list[Alias]) -> Import:
    return Import(word[0], names[-1].end, tuple(names))


def module_alias(dotted: list[Token], _as: Token | None, name: Token | None) -> Alias:
    path, python = module_path(dotted)
    return Alias(dotted[0][0], (name or dotted[-1])[1], path, name[3] if name else None, python)


def module_path(dotted: list[Token]) -> tuple[tuple[str, ...], bool]:
    """The parts of a module's name, and whether `.py` insists on Python (L25)."""
    parts = tuple(token[3] for token in dotted)
    if len(parts) > 1 and parts[-1] == "py":
        return parts[:-1], True
    return parts, False


def source_absolute(dotted: list[Token]) -> tuple[int, list[Token]]:
    return 0, dotted


def source_relative(dots: list[Token], dotted: list[Token] | None) -> tuple[int, list[Token]]:
    return sum(len(dot[3]) for dot in dots), dotted or []


def import_star(word: Token, source: tuple[int, list[Token]], _import: Token, star: Token) -> ImportFrom:
    path, python = module_path(source[1])
    return ImportFrom(word[0], star[1], source[0], path, python, None)


def import_from(word: Token, source: tuple[int, list[Token]], _import: Token, names: list[Alias]) -> ImportFrom:
    path, python = module_path(source[1])
    return ImportFrom(word[0], names[-1].end, source[0], path, python, tuple(names))


def import_group(
    word: Token, source: tuple[int, list[Token]], _import: Token, _opening: Token, names: list[Alias],
    _comma: Token | None, closing: Token,
) -> ImportFrom:  # fmt: skip
    path, python = module_path(source[1])
    return ImportFrom(word[0], closing[1], source[0], path, python, tuple(names))


def alias(token: Token, _as: Token | None, name: Token | None) -> Alias:
    return Alias(token[0], (name or token)[1], (token[3],), name[3] if name else None, False)


def use_stmt(word: Token, args: list[Expr | Keyword], _as: Token | None, name: Token | None) -> Use:
    positional, keywords, refused = split_args(args)
    end = name[1] if name else args[-1].end
    return finish(Use(word[0], end, positional, keywords, name[3] if name else None), refused)


def type_alias(word: Token, name: Token, _equal: Token, value: TypeExpr) -> TypeAlias:
    return TypeAlias(word[0], value.end, name[3], name[0], value)


# --- compound statements --------------------------------------------------------------------------------


def branch_first(word: Token, test: Expr, block: Block) -> list[IfBranch]:
    return [IfBranch(word[0], block[1], test, block[2])]


def branch_next(branches: list[IfBranch], word: Token, test: Expr, block: Block) -> list[IfBranch]:
    branches.append(IfBranch(word[0], block[1], test, block[2]))
    return branches


def if_stmt(branches: list[IfBranch], otherwise: Block | None) -> If:
    end = otherwise[1] if otherwise else branches[-1].end
    return If(branches[0].start, end, tuple(branches), body_of(otherwise))


def else_block(_word: Token, block: Block) -> Block:
    return block


def finally_block(_word: Token, block: Block) -> Block:
    return block


def body_of(block: Block | None) -> tuple[Stmt, ...]:
    return block[2] if block else ()


def while_stmt(word: Token, test: Expr, block: Block, otherwise: Block | None) -> While:
    return While(word[0], (otherwise or block)[1], test, block[2], body_of(otherwise))


def for_stmt(word: Token, names: Expr, _in: Token, source: Expr, block: Block, otherwise: Block | None) -> For:
    names, refused = target(names, "a loop")
    return finish(For(word[0], (otherwise or block)[1], names, source, block[2], body_of(otherwise)), refused)


def try_stmt(
    word: Token, block: Block, handlers: list[ExceptHandler], otherwise: Block | None, at_last: Block | None
) -> Try:
    end = at_last[1] if at_last else otherwise[1] if otherwise else handlers[-1].end
    bare = next((h for h in handlers[:-1] if h.type is None), None)
    refused = None
    if bare is not None:
        refused = Refused(
            None,
            "E122",
            "`except:` without a type must be the last",
            bare.start,
            bare.start + 6,
            hint="it catches everything, so nothing below it can run: move it to the end",
        )
    node = Try(word[0], end, block[2], tuple(handlers), body_of(otherwise), body_of(at_last))
    return finish(node, refused)


def try_finally(word: Token, block: Block, at_last: Block) -> Try:
    return Try(word[0], at_last[1], block[2], (), (), at_last[2])


def handler_bare(word: Token, block: Block) -> ExceptHandler:
    return ExceptHandler(word[0], block[1], None, None, block[2])


def handler(word: Token, kind: Expr, _as: Token | None, name: Token | None, block: Block) -> ExceptHandler:
    return ExceptHandler(word[0], block[1], kind, name[3] if name else None, block[2])


def handler_several(
    word: Token, kinds: list[Expr], as_: Token | None, name: Token | None, block: Block
) -> ExceptHandler:
    start, end = kinds[0].start, kinds[-1].end
    hint = "write `except (A, B) as e:`"
    refused = Refused(None, "E122", "several exception types stand in parentheses", start, end, hint=hint)
    return finish(handler(word, Tuple(start, end, tuple(kinds)), as_, name, block), refused)


def with_stmt(word: Token, items: list[WithItem], block: Block) -> With:
    only = items[0].context
    if len(items) == 1 and items[0].target is None and isinstance(only, Tuple) and only.elts:
        items = [WithItem(elt.start, elt.end, elt, None) for elt in only.elts]
    return With(word[0], block[1], tuple(items), block[2])


def with_group(
    word: Token, _opening: Token, items: list[WithItem], _comma: Token | None, _closing: Token, block: Block
) -> With:
    return With(word[0], block[1], tuple(items), block[2])


def with_item(context: Expr, _as: Token | None, name: Expr | None) -> WithItem:
    if name is None:
        return WithItem(context.start, context.end, context, None)
    name, refused = target(name, "`with`")
    return finish(WithItem(context.start, name.end, context, name), refused)


def match_indented(
    word: Token, subject: Expr, _colon: Token, _newline: Token, _indent: Token, cases: list[MatchCase], _dedent: Token
) -> Match:
    return Match(word[0], cases[-1].end, subject, tuple(cases))


def match_braced(word: Token, subject: Expr, _opening: Token, cases: list[MatchCase], closing: Token) -> Match:
    return Match(word[0], closing[1], subject, tuple(cases))


def test_block(word: Token, name: Expr, block: Block) -> TestBlock:
    if isinstance(name, JoinedStr):
        refused = Refused(None, "E121", "a test's name is a plain text", name.start, name.end, hint="remove the `f`")
        return finish(TestBlock(word[0], block[1], "", block[2]), refused)
    assert isinstance(name, Constant)
    return TestBlock(word[0], block[1], name.value, block[2])
