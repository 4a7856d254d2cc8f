"""What a program's functions declare, for callers in Python: the types of their parameters, as type values.

The checker has written them into the interface of the compiled module; nothing is read from the function itself.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import Signature
    from typing import Any

    from dana.checker.types import Type
    from dana.engine.engine import _Run
    from dana.runtime.modules import ModuleRecord
    from dana.runtime.typevalues import TypeValue


def parameters_of(run: _Run, raw: Any) -> dict[str, TypeValue]:
    """The declared types of a callable's parameters, in order; parameters of any type are `ANY`. Empty if unknown."""
    shape = getattr(raw, "_shape", None)
    if isinstance(raw, type) and shape is not None:
        return {f.name: f.type for f in shape.fields}
    found = _declared(run, raw)
    if found is None or found[0] != "func" or found[1] is None:
        return {}
    return {name: type_value(declared, run) for name, declared, kind, _ in found[1] if kind in _NAMED}


def result_of(run: _Run, raw: Any) -> TypeValue:
    """The declared type of what a callable gives, `ANY` where it declares none."""
    found = _declared(run, raw)
    if found is None or found[0] != "func":
        from dana.runtime.typevalues import ANY

        return ANY
    return type_value(found[2], run)


def _declared(run: _Run, raw: Any) -> Type | None:
    scope = getattr(getattr(raw, "__func__", raw), "__globals__", None)
    record = scope.get(".module") if isinstance(scope, dict) else None
    return None if record is None else _signature(run, record, raw, getattr(raw, "__self__", None))


def schemas_of(run: _Run, workflow: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """JSON schemas of what goes into a workflow and of what comes out (L33)."""
    from dana.ipv.offering import offered_workflow
    from dana.ipv.schema import schema_of
    from dana.runtime.typevalues import ANY
    from dana.runtime.workflows import stage_called

    offered = offered_workflow(run.program, declared_by(run), workflow)
    result = result_of(run, workflow._function)
    if result is ANY:
        last = stage_called(workflow, workflow._ends[1])
        result = ANY if last is None else result_of(run, getattr(last, "_function", last))
    return offered.to_tool().schema, {} if result is ANY else schema_of(result)


def declared_by(run: _Run) -> Callable[[Any], dict[str, Any]]:
    """`parameters_of` for one program, also for functions and effects of its host."""

    def declared(raw: Any) -> dict[str, Any]:
        scope = getattr(getattr(raw, "__func__", raw), "__globals__", {})
        hosts = run._engine._hosts
        if hosts is None or ".module" in scope:
            return parameters_of(run, raw)
        host = hosts.functions.get(str(getattr(raw, "_name", None) or getattr(raw, "__name__", "")))
        static = None if host is None else host.type
        if static is None or static[1] is None:
            return parameters_of(run, raw)
        made = Declared({name: type_value(each, run) for name, each, kind, _ in static[1] if kind in _NAMED})
        made.required = frozenset(name for name, _, kind, default in static[1] if kind in _NAMED and not default)
        return made

    return declared


class Declared(dict):  # type: ignore[type-arg]
    """Types by parameter, and which of them must be given."""

    required: frozenset[str] = frozenset()


_NAMED = ("normal", "positional", "keyword")


def signature_of(run: _Run, raw: Any) -> Signature:
    """What `inspect.signature` shows: the parameters as they are declared, `...` for defaults.

    Types that Python has too are its own classes, others stand as Dana writes them. Raises `AttributeError` where no
    signature is known: Python then shows that anything may be given.
    """
    from inspect import Parameter, Signature

    owner = getattr(raw, "__self__", None)
    scope = getattr(getattr(raw, "__func__", raw), "__globals__", None)
    record = scope.get(".module") if isinstance(scope, dict) else None
    found = None if record is None else _signature(run, record, raw, owner)
    if found is None or found[0] != "func" or found[1] is None:
        raise AttributeError("no signature is known")
    kinds = {
        "positional": Parameter.POSITIONAL_ONLY, "normal": Parameter.POSITIONAL_OR_KEYWORD,
        "keyword": Parameter.KEYWORD_ONLY, "star": Parameter.VAR_POSITIONAL, "double_star": Parameter.VAR_KEYWORD,
    }  # fmt: skip
    made = [
        Parameter(
            name,
            kinds[kind],
            default=... if has_default and kind in _NAMED else Parameter.empty,
            annotation=_annotation(declared, Parameter.empty),
        )
        for name, declared, kind, has_default in found[1]
    ]
    return Signature(made, return_annotation=_annotation(found[2], Signature.empty))


def _annotation(static: Type, empty: Any) -> Any:
    from dana.checker.types import show

    if static[0] == "any":
        return empty
    same = {"int": int, "float": float, "str": str, "bool": bool, "none": None}
    return same[static[0]] if static[0] in same else show(static)


def _signature(run: _Run, record: ModuleRecord, raw: Any, owner: Any) -> Type | None:
    from dana import abi

    interface = run.interface_of(record.name)
    name = str(getattr(raw, "__name__", "")).replace(abi.HIDDEN, "")
    if interface is None:
        return run.types.get(name) if owner is None else None
    shape = getattr(owner, "_shape", None)
    if shape is not None:
        info = interface.structs.get((shape.name, shape.record.name))
        method = info.methods.get(name) if info is not None else None
        return None if method is None else method.type
    bound = record.globals.get(abi.variable(name))
    return interface.names.get(name) if bound is raw or getattr(bound, "_function", None) is raw else None


def type_value(static: Type, run: _Run) -> TypeValue:
    """A static type as the type value that checks it; `ANY` where run time alone knows."""
    from dana.runtime import typevalues as t

    kind = static[0]
    plain = {"int": t.INT, "float": t.FLOAT, "str": t.STR, "bool": t.BOOL, "none": t.NONE}.get(kind)
    if plain is not None:
        return plain
    if kind == "list":
        return t.ListType(type_value(static[1], run))
    if kind == "set":
        return t.SetType(type_value(static[1], run))
    if kind == "dict":
        return t.DictType(type_value(static[1], run), type_value(static[2], run))
    if kind == "tuple":
        return t.TupleType(tuple(type_value(s, run) for s in static[1]))
    if kind == "tuple*":
        return t.TupleType(each=type_value(static[1], run))
    if kind == "union":
        return t.UnionType(tuple(type_value(s, run) for s in static[1]))
    if kind == "lit":
        return t.LiteralType(static[1])
    if kind == "struct":
        return _struct(static[1], static[2], run)
    return t.ANY


def _struct(name: str, module: str, run: _Run) -> TypeValue:
    from dana.runtime.typevalues import ANY

    record = run.program.modules.get(module)
    shape = record.shapes.get(name) if record is not None else None
    return ANY if shape is None else shape.type
