"""Builders of expressions. The plain ones make their node by hand: they run for every second token."""

from __future__ import annotations

from dana.ast.nodes import (
    Attribute,
    BinOp,
    BoolOp,
    Call,
    Capture,
    Compare,
    Comprehension,
    Constant,
    Dict,
    DictComp,
    DictItem,
    GeneratorExp,
    IfExp,
    Keyword,
    Lambda,
    List,
    ListComp,
    Name,
    NamedExpr,
    Param,
    Placeholder,
    ScopedName,
    Set,
    SetComp,
    Slice,
    Starred,
    Subscript,
    Tuple,
    UnaryOp,
)
from dana.parser.rules import finish, split_args, target
from dana.parser.rules import params as in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.ast.nodes import Expr, Receiver
    from dana.parser.reader import Token

new: Any = tuple.__new__

# --- atoms ----------------------------------------------------------------------------------------------


def name(token: Token) -> Any:
    return new(Name, (token[0], token[1], token[3]))


def scoped_name(token: Token) -> ScopedName:
    return ScopedName(token[0], token[1], *token[3])


def number(token: Token) -> Any:
    return new(Constant, (token[0], token[1], token[3]))


def constant_true(token: Token) -> Constant:
    return Constant(token[0], token[1], True)


def constant_false(token: Token) -> Constant:
    return Constant(token[0], token[1], False)


def constant_none(token: Token) -> Constant:
    return Constant(token[0], token[1], None)


def constant_ellipsis(token: Token) -> Constant:
    return Constant(token[0], token[1], ...)


def placeholder(token: Token) -> Placeholder:
    return Placeholder(token[0], token[1])


def group(_opening: Token, inner: Expr, _closing: Token) -> Expr:
    return inner


# --- tuples, lists, sets, dicts -------------------------------------------------------------------------


def tuple_one(item: Expr, comma: Token) -> Tuple:
    return Tuple(item.start, comma[1], (item,))


def tuple_bare(items: list[Expr]) -> Tuple:
    return Tuple(items[0].start, items[-1].end, tuple(items))


def tuple_bare_closed(items: list[Expr], comma: Token) -> Tuple:
    return Tuple(items[0].start, comma[1], tuple(items))


def tuple_empty(opening: Token, closing: Token) -> Tuple:
    return Tuple(opening[0], closing[1], ())


def tuple_single(opening: Token, item: Expr, _comma: Token, closing: Token) -> Tuple:
    return Tuple(opening[0], closing[1], (item,))


def tuple_items(opening: Token, items: list[Expr], _comma: Token | None, closing: Token) -> Tuple:
    return Tuple(opening[0], closing[1], tuple(items))


def list_empty(opening: Token, closing: Token) -> List:
    return List(opening[0], closing[1], ())


def list_display(opening: Token, items: list[Expr], _comma: Token | None, closing: Token) -> List:
    return List(opening[0], closing[1], tuple(items))


def set_display(opening: Token, items: list[Expr], _comma: Token | None, closing: Token) -> Set:
    return Set(opening[0], closing[1], tuple(items))


def dict_empty(opening: Token, closing: Token) -> Dict:
    return Dict(opening[0], closing[1], ())


def dict_display(opening: Token, items: list[DictItem], _comma: Token | None, closing: Token) -> Dict:
    return Dict(opening[0], closing[1], tuple(items))


def dict_item(key: Expr, _colon: Token, value: Expr) -> DictItem:
    return DictItem(key.start, value.end, key, value)


def dict_spread(stars: Token, value: Expr) -> DictItem:
    return DictItem(stars[0], value.end, None, value)


def starred(star: Token, value: Expr) -> Starred:
    return Starred(star[0], value.end, value)


# --- comprehensions -------------------------------------------------------------------------------------


def comprehension(word: Token, names: Expr, _in: Token, source: Expr) -> Comprehension:
    return comprehension_if(word, names, _in, source, [])


def comprehension_if(word: Token, names: Expr, _in: Token, source: Expr, conditions: list[Expr]) -> Comprehension:
    end = conditions[-1].end if conditions else source.end
    names, refused = target(names, "a loop")
    return finish(Comprehension(word[0], end, names, source, tuple(conditions)), refused)


def list_comp(opening: Token, elt: Expr, generators: list[Comprehension], closing: Token) -> ListComp:
    return ListComp(opening[0], closing[1], elt, tuple(generators))


def set_comp(opening: Token, elt: Expr, generators: list[Comprehension], closing: Token) -> SetComp:
    return SetComp(opening[0], closing[1], elt, tuple(generators))


def generator_exp(opening: Token, elt: Expr, generators: list[Comprehension], closing: Token) -> GeneratorExp:
    return GeneratorExp(opening[0], closing[1], elt, tuple(generators))


def dict_comp(
    opening: Token, key: Expr, _colon: Token, value: Expr, generators: list[Comprehension], closing: Token
) -> DictComp:
    return DictComp(opening[0], closing[1], key, value, tuple(generators))


def dict_comp_grouped(
    opening: Token, _left: Token, key: Expr, _colon: Token, value: Expr, _right: Token,
    generators: list[Comprehension], closing: Token,
) -> DictComp:  # fmt: skip
    return DictComp(opening[0], closing[1], key, value, tuple(generators))


# --- operators ------------------------------------------------------------------------------------------


def bin_op(left: Expr, op: Token, right: Expr) -> Any:
    return new(BinOp, (left[0], right[1], left, op[3], right))


def unary_op(op: Token, operand: Expr) -> Any:
    return new(UnaryOp, (op[0], operand[1], op[3], operand))


def bool_or(values: list[Expr]) -> Any:
    return new(BoolOp, (values[0][0], values[-1][1], "or", flatten(values, "or")))


def bool_and(values: list[Expr]) -> Any:
    return new(BoolOp, (values[0][0], values[-1][1], "and", flatten(values, "and")))


def flatten(values: list[Expr], op: str) -> tuple[Expr, ...]:
    """A chain in parentheses at the beginning is part of the chain: `(a or b) or c` is `a or b or c`."""
    first = values[0]
    if isinstance(first, BoolOp) and first.op == op:
        return first.values + tuple(values[1:])
    return tuple(values)


def compare(left: Expr, op: Token, right: Expr) -> Any:
    return new(Compare, (left[0], right[1], left, (op[3],), (right,)))


def compare_first(left: Expr, op: Token, right: Expr) -> tuple[Expr, list[str], list[Expr]]:
    return left, [op[3]], [right]


def compare_next(
    chain: tuple[Expr, list[str], list[Expr]], op: Token, right: Expr
) -> tuple[Expr, list[str], list[Expr]]:
    chain[1].append(op[3])
    chain[2].append(right)
    return chain


def compare_chain(chain: tuple[Expr, list[str], list[Expr]], op: Token, right: Expr) -> Compare:
    left, ops, comparators = compare_next(chain, op, right)
    return Compare(left.start, right.end, left, tuple(ops), tuple(comparators))


def op_not_in(no: Token, inside: Token) -> Token:
    return (no[0], inside[1], "IN", "not in")


def op_is_not(same: Token, no: Token) -> Token:
    return (same[0], no[1], "IS", "is not")


def if_exp(body: Expr, _if: Token, test: Expr, _else: Token, orelse: Expr) -> IfExp:
    return IfExp(body.start, orelse.end, body, test, orelse)


def named_expr(token: Token, _sign: Token, value: Expr) -> NamedExpr:
    return NamedExpr(token[0], value.end, Name(token[0], token[1], token[3]), value)


def capture(value: Expr, _as: Token, token: Token) -> Capture:
    return Capture(value.start, token[1], value, token[3])


# --- lambdas --------------------------------------------------------------------------------------------


def lambda_plain(word: Token, params: list[Any] | None, _colon: Token, body: Expr) -> Lambda:
    ordered, refused = in_order(params)
    return finish(Lambda(word[0], body.end, None, ordered, body, ":"), refused)


def lambda_typed(
    word: Token, receiver: Receiver | None, params: list[Any] | None, _colons: Token, body: Expr
) -> Lambda:
    ordered, refused = in_order(params)
    return finish(Lambda(word[0], body.end, receiver, ordered, body, "::"), refused)


def lambda_param(token: Token, _equal: Token | None, default: Expr | None) -> Param:
    end = default.end if default else token[1]
    return Param(token[0], end, token[3], None, default, "normal", None)


def lambda_star(star: Token, token: Token) -> Param:
    return Param(star[0], token[1], token[3], None, None, "star", None)


def lambda_double_star(stars: Token, token: Token) -> Param:
    return Param(stars[0], token[1], token[3], None, None, "double_star", None)


# --- calls, attributes, items ---------------------------------------------------------------------------


def attribute(value: Expr, _dot: Token, token: Token) -> Any:
    return new(Attribute, (value[0], token[1], value, token[3]))


def path_first(first: Token, dot: Token, token: Token) -> Any:
    return attribute(name(first), dot, token)


def call_empty(func: Expr, _opening: Token, closing: Token) -> Any:
    return new(Call, (func[0], closing[1], func, (), ()))


def call(func: Expr, _opening: Token, args: list[Expr | Keyword], closing: Token) -> Any:
    for arg in args:
        if arg.__class__ is Keyword:
            positional, keywords, refused = split_args(args)
            return finish(new(Call, (func[0], closing[1], func, positional, keywords)), refused)
    return new(Call, (func[0], closing[1], func, tuple(args), ()))


def call_closed(func: Expr, opening: Token, args: list[Expr | Keyword], _comma: Token, closing: Token) -> Any:
    return call(func, opening, args, closing)


def call_generator(func: Expr, opening: Token, elt: Expr, generators: list[Comprehension], closing: Token) -> Call:
    argument = GeneratorExp(opening[0], closing[1], elt, tuple(generators))
    return Call(func.start, closing[1], func, (argument,), ())


def keyword(token: Token, _equal: Token, value: Expr) -> Any:
    return new(Keyword, (token[0], value[1], token[3], value))


def keyword_spread(stars: Token, value: Expr) -> Keyword:
    return Keyword(stars[0], value.end, None, value)


def subscript(value: Expr, _opening: Token, index: Expr, closing: Token) -> Any:
    if index.__class__ is Starred:
        index = Tuple(index.start, index.end, (index,))
    return new(Subscript, (value[0], closing[1], value, index))


def subscript_one(value: Expr, _opening: Token, index: Expr, comma: Token, closing: Token) -> Subscript:
    return Subscript(value.start, closing[1], value, Tuple(index.start, comma[1], (index,)))


def subscript_many(value: Expr, _opening: Token, indices: list[Expr], closing: Token) -> Subscript:
    index = Tuple(indices[0].start, indices[-1].end, tuple(indices))
    return Subscript(value.start, closing[1], value, index)


def subscript_many_closed(value: Expr, _opening: Token, indices: list[Expr], comma: Token, closing: Token) -> Subscript:
    index = Tuple(indices[0].start, comma[1], tuple(indices))
    return Subscript(value.start, closing[1], value, index)


def slice_two(lower: Expr | None, colon: Token, upper: Expr | None) -> Slice:
    return Slice(lower.start if lower else colon[0], upper.end if upper else colon[1], lower, upper, None)


def slice_three(lower: Expr | None, first: Token, upper: Expr | None, second: Token, step: Expr | None) -> Slice:
    return Slice(lower.start if lower else first[0], step.end if step else second[1], lower, upper, step)
