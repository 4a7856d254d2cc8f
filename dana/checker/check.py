"""`check(parsed) -> Checked`: the order of things.

1. Declare what the module binds, its types, its functions' signatures (so that all may come in any order).
2. Check the module's own code; bodies of functions wait.
3. Check the bodies; a body whose result somebody needs comes first.
4. Report unknown names (once each), find call cycles, build the interface, sort the findings.
"""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker import assignments as assign
from dana.checker import expressions as ex
from dana.checker import operators as op
from dana.checker import statements as st
from dana.checker.calls import check_call
from dana.checker.context import Context
from dana.checker.declare import declare, declare_from_afar
from dana.checker.functions import (
    MAX_ROUNDS,
    check_body,
    check_function_def,
    check_lambda,
    declare_functions,
    forget_types,
)
from dana.checker.imports import check_import, check_import_from
from dana.checker.interface import build_interface
from dana.checker.model import Checked, Interface, Scope, Var
from dana.checker.names import report_unknown
from dana.checker.patterns import check_match
from dana.checker.pipelines import check_capture, check_placeholder
from dana.checker.structs import attach_receivers, check_type_alias, check_type_def, declare_types
from dana.checker.types import ANY
from dana.recursion import ROOM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.model import ModuleFinder
    from dana.checker.types import Type
    from dana.diagnostics import Diagnostic


def check(
    parsed: Any,
    *,
    modules: ModuleFinder | None = None,
    name: str = "__main__",
    known: dict[str, Type] | None = None,
    given: dict[str, Type | Interface] | None = None,
) -> Checked:
    """Resolves every name, infers types and reports what is certainly wrong.

    Args:
        parsed: what `parse` returned; its own diagnostics come first in the result.
        modules: finds the interface of an imported module; a str it returns is the reason why not.
        name: the module's name, part of the identity of its types.
        known: names that exist already with their types (a session); None for a file of its own.
        given: names every module has without importing them: functions of the host, namespaces of such.

    Returns:
        A `Checked`, always; `checked.errors` is empty exactly when lowering may run.

    """
    checked = Checked(parsed, name)
    checked.known = None if known is None else frozenset(known)
    c = Context(checked, modules, known)
    with ROOM:
        give(c, given or {})
        check_module(c, known or {})
    found = [*parsed.diagnostics, *independent(parsed, c.finished + c.diagnostics)]
    found.sort(key=lambda d: (d.span[0] if d.span is not None else -1, d.code))
    if len(parsed.diagnostics) > 1:
        from dana.parser.echoes import without_echoes

        found = without_echoes(found)
    checked.diagnostics = found
    return checked


def independent(parsed: Any, found: list[Diagnostic]) -> list[Diagnostic]:
    """Findings on lines the parser has not complained about, each once: an expression may be visited twice."""
    found = list({(d.code, d.span, d.message): d for d in reversed(found)}.values())
    lines = {d.line for d in parsed.diagnostics if d.is_error}
    return [d for d in found if d.line not in lines] if lines else found


def give(c: Context, given: dict[str, Type | Interface]) -> None:
    """Names from the host, in a scope around the module: functions as if imported, namespaces as if modules."""
    around = Scope("module", None)
    for name, what in given.items():
        var = around.vars[name] = Var(name, around, -1)
        var.count = 1
        if isinstance(what, Interface):
            var.kind, var.info, var.type = "module", what, ("module", what.name)
        else:
            var.kind, var.type = "imported", what
    if given:
        c.top.parent = around


def check_module(c: Context, known: dict[str, Type]) -> None:
    """All of one module."""
    top = c.top
    for name, t in known.items():
        var = top.vars[name] = Var(name, top, -1)
        var.type = t
        var.count = 1
        var.foreign = t is ANY
    body = c.checked.module.body
    declare_from_afar(c, c.checked.module)
    declare(c, top, body)
    if c.session:
        for var in top.vars.values():
            var.foreign = True
    declare_types(c, top)
    declare_functions(c, top)
    attach_receivers(c)
    c.finished, c.diagnostics = c.finished + c.diagnostics, []
    check_top(c, body)
    for var in top.vars.values():
        var.read = var.read_items = False
    for function in c.module_functions:
        check_body(c, function)
    if c.checked.effects or "reason" in c.text or "llm" in c.text:
        from dana.checker.expecting import find_expected

        find_expected(c)
    if "timeout(" in c.text:
        from dana.checker.idle import find_idle

        find_idle(c)
    if "secrets" in c.text:
        from dana.checker.written import find_written

        find_written(c)
    report_unknown(c)
    c.checked.recursive.update(c.graph.recursive())
    build_interface(c)


def check_top(c: Context, body: tuple[na.Stmt, ...]) -> None:
    """The module's own code, in rounds like a function's body."""
    top = c.top
    for round_ in range(MAX_ROUNDS):
        top.changed = False
        c.module_functions.clear()
        c.block(body)
        if not top.changed or round_ == MAX_ROUNDS - 1:
            break
        if round_ == MAX_ROUNDS - 2:
            forget_types(top)
        c.diagnostics.clear()
        c.narrow = {}
        c.rerun += 1
    c.rerun = 0


Context.expressions = {
    na.Name: ex.check_name,
    na.ScopedName: ex.check_scoped_name,
    na.Constant: ex.check_constant,
    na.JoinedStr: ex.check_joined_str,
    na.FormattedValue: ex.check_formatted_value,
    na.List: ex.check_list,
    na.Tuple: ex.check_tuple,
    na.Set: ex.check_set,
    na.Dict: ex.check_dict,
    na.Starred: ex.check_starred,
    na.ListComp: ex.check_list_comp,
    na.SetComp: ex.check_set_comp,
    na.DictComp: ex.check_dict_comp,
    na.GeneratorExp: ex.check_generator_exp,
    na.UnaryOp: op.check_unary_op,
    na.BinOp: op.check_bin_op,
    na.BoolOp: op.check_bool_op,
    na.Compare: op.check_compare,
    na.IfExp: op.check_if_exp,
    na.NamedExpr: ex.check_named_expr,
    na.Lambda: check_lambda,
    na.Call: check_call,
    na.Attribute: ex.check_attribute,
    na.Subscript: ex.check_subscript,
    na.Slice: ex.check_slice,
    na.Placeholder: check_placeholder,
    na.Capture: check_capture,
    na.ErrorExpr: ex.check_error_expr,
}

Context.statements = {
    na.ExprStmt: st.check_expr_stmt,
    na.Assign: assign.check_assign,
    na.AnnAssign: assign.check_ann_assign,
    na.AugAssign: assign.check_aug_assign,
    na.Return: st.check_return,
    na.Raise: st.check_raise,
    na.Assert: st.check_assert,
    na.Delete: assign.check_delete,
    na.Pass: st.check_pass,
    na.Break: st.check_break,
    na.Continue: st.check_break,
    na.Global: st.check_scope_statement,
    na.Nonlocal: st.check_scope_statement,
    na.Export: st.check_export,
    na.Import: check_import,
    na.ImportFrom: check_import_from,
    na.Use: st.check_use,
    na.If: st.check_if,
    na.While: st.check_while,
    na.For: st.check_for,
    na.Try: st.check_try,
    na.With: st.check_with,
    na.Match: check_match,
    na.TestBlock: st.check_test_block,
    na.ErrorStmt: st.check_error_stmt,
    na.FunctionDef: check_function_def,
    na.ComposedDef: check_function_def,
    na.StructDef: check_type_def,
    na.InterfaceDef: check_type_def,
    na.ResourceDef: check_type_def,
    na.AgentBlueprintDef: check_type_def,
    na.AgentDef: check_type_def,
    na.TypeAlias: check_type_alias,
}
