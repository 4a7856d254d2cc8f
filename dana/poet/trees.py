"""Syntax trees of the few constructs that the fast form of a call is made of, one function for each.

`_ast` is where CPython itself keeps them; `ast` would be loaded for nothing but its name. Nodes may stand at
several places of one tree: the compiler only reads them. What they make has no place in any file, so all say line 1.
"""

from __future__ import annotations

import _ast as py

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import CodeType
    from typing import Any, TypeAlias

    Body: TypeAlias = Sequence[py.stmt]

_AT: Any = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}
_LOAD, _STORE = py.Load(), py.Store()


def name(text: str) -> py.expr:
    return py.Name(text, _LOAD, **_AT)


def constant(value: Any) -> py.expr:
    return py.Constant(value, **_AT)


def starred(text: str) -> py.expr:
    return py.Starred(name(text), _LOAD, **_AT)


def attribute(text: str, of: str) -> py.expr:
    return py.Attribute(name(of), text, _LOAD, **_AT)


def call(function: str, *args: py.expr, keywords: Iterable[tuple[str | None, py.expr]] = ()) -> py.expr:
    """A call of a function, or of a method (`of.method`); a keyword None stands for `**`."""
    named = [py.keyword(key, value, **_AT) for key, value in keywords]
    of, _, method = function.rpartition(".")
    return py.Call(attribute(method, of) if of else name(function), list(args), named, **_AT)


def tuple_of(items: Iterable[py.expr]) -> py.expr:
    return py.Tuple(list(items), _LOAD, **_AT)


def dict_of(items: Iterable[tuple[str | None, py.expr]]) -> py.expr:
    """A dict with these keys; a key None stands for `**`."""
    pairs = list(items)
    keys = [None if key is None else constant(key) for key, _value in pairs]
    return py.Dict(keys, [value for _key, value in pairs], **_AT)


def compare(left: py.expr, *others: tuple[type[py.cmpop], py.expr]) -> py.expr:
    """`left < other`, `low <= left <= high`, …"""
    return py.Compare(left, [kind() for kind, _ in others], [right for _, right in others], **_AT)


def both(left: py.expr, right: py.expr) -> py.expr:
    return py.BoolOp(py.And(), [left, right], **_AT)


def any_of(tests: Sequence[py.expr]) -> py.expr:
    return tests[0] if len(tests) == 1 else py.BoolOp(py.Or(), list(tests), **_AT)


def negated(test: py.expr) -> py.expr:
    return py.UnaryOp(py.Not(), test, **_AT)


def less(left: py.expr, right: py.expr) -> py.expr:
    """`left - right`."""
    return py.BinOp(left, py.Sub(), right, **_AT)


def either(test: py.expr, yes: py.expr, no: py.expr) -> py.expr:
    return py.IfExp(test, yes, no, **_AT)


def put(target: str | tuple[str, ...], value: py.expr) -> py.stmt:
    """An assignment to one variable, or to several at once."""
    if isinstance(target, str):
        return py.Assign([py.Name(target, _STORE, **_AT)], value, **_AT)
    names: list[py.expr] = [py.Name(each, _STORE, **_AT) for each in target]
    return py.Assign([py.Tuple(names, _STORE, **_AT)], value, **_AT)


def do(value: py.expr) -> py.stmt:
    """An expression as a statement."""
    return py.Expr(value, **_AT)


def give(value: py.expr) -> py.stmt:
    """`return value`."""
    return py.Return(value, **_AT)


def throw(error: py.expr) -> py.stmt:
    """`raise error`."""
    return py.Raise(error, None, **_AT)


def when(test: py.expr, *body: py.stmt, otherwise: Body = ()) -> py.stmt:
    return py.If(test, list(body), list(otherwise), **_AT)


def attempt(body: Body, catch: str, into: str | None, *handled: py.stmt, otherwise: Body = ()) -> py.stmt:
    """`try: body`, `except catch as into: handled`, `else: otherwise`."""
    handler = py.ExceptHandler(name(catch), into, list(handled), **_AT)
    return py.Try(list(body), [handler], list(otherwise), [], **_AT)


def finally_(body: Body, *last: py.stmt) -> py.stmt:
    return py.Try(list(body), [], [], list(last), **_AT)


def parameters(
    positional: Sequence[str], only: int, rest: str | None, keyword: Sequence[str], others: str | None
) -> py.arguments:
    def arg(text: str) -> py.arg:
        return py.arg(text, **_AT)

    return py.arguments(
        [arg(n) for n in positional[:only]],
        [arg(n) for n in positional[only:]],
        None if rest is None else arg(rest),
        [arg(n) for n in keyword],
        [None for _ in keyword],
        None if others is None else arg(others),
        [],
    )


def function(text: str, args: py.arguments, *body: py.stmt) -> py.stmt:
    return py.FunctionDef(text, args, list(body), [], **_AT)


def code_of(definition: py.stmt, file: str) -> CodeType:
    """The compiled body of one function definition; nothing is executed."""
    module = compile(py.Module([definition], []), file, "exec")
    code: CodeType = next(const for const in module.co_consts if hasattr(const, "co_code"))
    return code
