"""A session as plain data, and back: `Session.snapshot`, `Engine.restore`.

    {"dana": 1, "name": "user-42",
     "definitions": ["struct Point: …", "def f(p): …"],      as written, in order
     "names": {"income": 10, "at": {"$struct": "Point", "fields": {"x": 1}}},
     "public": {…}}

JSON has no tuples, sets, bytes, nan, dates, decimals, nor keys that are no texts: those become objects whose one or
two keys begin with `$`. Definitions are run again when a snapshot is restored: types and imports first, then the
variables get their values, then functions are defined. Two variables that held one list hold two equal ones afterwards.
"""

from __future__ import annotations

from functools import partial

from dana import abi
from dana.diagnostics import Diagnostic
from dana.errors import DanaError, RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from dana.engine.engine import Engine
    from dana.engine.session import Session

VERSION = 1
DEPTH_MAX = 200


def taken(session: Session) -> dict[str, Any]:
    """What `session.snapshot()` returns."""
    definitions = _definitions(session)
    defined = {name for name, _ in definitions}
    loaded = session._engine._loaded
    names: dict[str, Any] = {}
    for name in session.names():
        value = session.value(name)
        if (name in defined and not _is_agent(value)) or name in loaded or name in ("_", "Out"):
            continue
        names[name] = encoded(value, f"`{name}`")
    public = {name: encoded(value, f"`public:{name}`") for name, value in session.program.public.items()}
    return {
        "dana": VERSION,
        "name": session.name,
        "definitions": list(dict.fromkeys(definitions.values())),
        "names": names,
        "public": public,
    }


def _definitions(session: Session) -> dict[tuple[str, str], str]:
    """The text of the last definition of each name that still means it, in the order they were entered.

    Keys are the name and, for a method, the text of its receiver.
    """
    found: dict[tuple[str, str], str] = {}
    for entry in session.entries:
        if entry.done:
            for keys, text in _definitions_in(entry.source):
                for key in keys:
                    found.pop(key, None)
                    found[key] = text
    return {k: text for k, text in found.items() if k[0] in session and _is_defined(session.value(k[0]))}


def _definitions_in(source: Any) -> Iterator[tuple[list[tuple[str, str]], str]]:
    from dana.ast import nodes as na
    from dana.parser import parse

    defining = (
        na.FunctionDef, na.ComposedDef, na.StructDef, na.InterfaceDef, na.ResourceDef, na.TypeAlias,
        na.AgentBlueprintDef, na.AgentDef,
    )  # fmt: skip
    for stmt in parse(source).module.body:
        text = source.text[stmt.start : stmt.end]
        if isinstance(stmt, defining):
            receiver = getattr(stmt, "receiver", None)
            owner = "" if receiver is None else source.text[receiver.start : receiver.end]
            start = min([stmt.start, *(d.start for d in getattr(stmt, "decorators", ()))])
            yield [(stmt.name, owner)], source.text[start : stmt.end]
        elif isinstance(stmt, na.Import):
            yield [(a.asname or a.path[0], "") for a in stmt.names], text
        elif isinstance(stmt, na.ImportFrom):
            yield [(a.asname or a.path[0], "") for a in stmt.names or ()], text


def _is_defined(value: Any) -> bool:
    """Whether a value is what a definition or an import binds, rather than data under the same name."""
    return callable(value) or value.__class__.__name__ in ("ModuleValue", "ForeignModule") or _is_agent(value)


def _is_agent(value: Any) -> bool:
    shape = getattr(type(value), "_shape", None)
    return shape is not None and shape.kind in ("agent", "agent_blueprint")


def encoded(value: Any, where: str, depth: int = 0) -> Any:
    """A value as JSON has it. Raises `RuntimeFault` (E545) that says where what cannot be kept is."""
    cls = value.__class__
    if cls is str or cls is bool or cls is int or value is None:
        return value
    if depth > DEPTH_MAX:
        raise _refused(where.partition("[")[0].partition(".")[0], "it contains itself, or is nested too deeply")
    if cls is float:
        return value if value - value == 0.0 else {"$float": repr(value)}
    if cls is complex:
        return {"$complex": [encoded(value.real, where), encoded(value.imag, where)]}
    if cls is bytes:
        return {"$bytes": value.hex()}
    if cls is list:
        return [encoded(v, f"{where}[{i}]", depth + 1) for i, v in enumerate(value)]
    if cls is tuple:
        return {"$tuple": [encoded(v, f"{where}[{i}]", depth + 1) for i, v in enumerate(value)]}
    if cls is set or cls is frozenset:
        items = [encoded(v, f"an item of {where}", depth + 1) for v in value]
        return {f"${cls.__name__}": sorted(items, key=repr)}
    if cls is dict:
        return _entries(value, where, depth)
    if cls.__module__ in ("datetime", "decimal", "dana.runtime.curated.dates"):
        from dana.isolation.wire import moment

        release = getattr(cls, "_dana_release", None)
        made = moment(value if release is None else release(value))
        if made is not None:
            return {f"${made[0]}": made[1]}
    return _struct(value, where, depth)


def _entries(value: dict[Any, Any], where: str, depth: int) -> Any:
    items = [(k, encoded(v, f"{where}[{k!r:.40}]", depth + 1)) for k, v in value.items()]
    if all(k.__class__ is str and k[:1] != "$" for k in value):
        return dict(items)
    return {"$dict": [[encoded(k, f"a key of {where}", depth + 1), v] for k, v in items]}


def _struct(value: Any, where: str, depth: int) -> Any:
    from dana.runtime.structs import Struct
    from dana.runtime.typevalues import kind_of, short

    if _is_agent(value):
        return _agent(value, where, depth)
    if not isinstance(value, Struct) or value._shape.kind not in ("struct", "exception"):
        raise _refused(where, f"{kind_of(value)} ({short(value)}) has no form as data")
    shape = value._shape
    path = shape.name if shape.record.name == "__main__" else f"{shape.record.name}.{shape.name}"
    current = shape.record.globals.get(abi.variable(shape.name))
    if current is not shape.cls:
        raise _refused(where, f"its type `{shape.name}` has been defined anew since")
    fields = {
        f.name: encoded(getattr(value, f.slot), f"{where}.{f.name}", depth + 1)
        for f in shape.fields
        if hasattr(value, f.slot)
    }
    return {"$struct": path, "fields": fields}


def _agent(value: Any, where: str, depth: int) -> Any:
    """An agent: its fields. What waits in its mailbox, and what it remembers, is not the session's."""
    shape = value._shape
    path = shape.name if shape.record.name == "__main__" else f"{shape.record.name}.{shape.name}"
    current = shape.record.globals.get(abi.variable(shape.name))
    if current is not (value if shape.kind == "agent" else shape.cls):
        raise _refused(where, f"its type `{shape.name}` has been defined anew since")
    fields = {
        f.name: encoded(getattr(value, abi.state_slot(f.name)), f"{where}.{f.name}", depth + 1) for f in shape.fields
    }
    return {"$agent": path, "fields": fields}


def _refused(where: str, why: str) -> DanaError:
    hint = "delete the variable, or keep the data it was made of instead"
    return RuntimeFault([Diagnostic("E545", f"cannot take a snapshot: {where}: {why}", hint=hint)])


# --- back -----------------------------------------------------------------------------------------


def restored(engine: Engine, snapshot: Mapping[str, Any]) -> Session:
    """What `engine.restore(snapshot)` returns."""
    parts = [snapshot.get(key) for key in ("definitions", "names", "public")] if isinstance(snapshot, dict) else []
    if len(parts) != 3 or snapshot.get("dana") != VERSION or not all(isinstance(p, (list, dict)) for p in parts):
        raise _unusable("this is no snapshot of a session, or one of another version")
    definitions, names, public = parts
    session = engine.session(str(snapshot.get("name", "")))
    texts = [str(t) for t in definitions or ()]
    functions = [t for t in texts if t.lstrip().startswith(("def", "@"))]
    try:
        for text in texts:
            if text not in functions:
                session.enter(text)
        session.guarded(lambda: _bind(session, names or {}, public or {}))
        for text in functions:
            session.enter(text)
    except DanaError as error:
        if error.diagnostics and error.diagnostics[0].code == "E546":
            raise
        message = error.diagnostics[0].message if error.diagnostics else str(error)
        raise _unusable(f"it no longer fits: {message}") from error
    return session


def _bind(session: Session, names: Mapping[str, Any], public: Mapping[str, Any]) -> None:
    for name, value in names.items():
        if not isinstance(name, str) or not abi.is_name(name):
            raise _unusable(f"{name!r} is no name of a variable")
        session.bind(name, decoded(value, session))
    for name, value in public.items():
        session.program.public[name] = decoded(value, session)


def decoded(value: Any, session: Session) -> Any:
    """The value that was encoded."""
    if value.__class__ is list:
        return [decoded(v, session) for v in value]
    if value.__class__ is not dict:
        if value is None or value.__class__ in (str, bool, int, float):
            return value
        raise _unusable(f"a snapshot holds no {type(value).__name__}")
    tag = next(iter(value), "")
    if tag[:1] != "$":
        return {k: decoded(v, session) for k, v in value.items()}
    inside = value[tag]
    if tag == "$struct":
        return _struct_again(inside, value.get("fields", {}), session)
    if tag == "$agent":
        return _agent_again(inside, value.get("fields", {}), session)
    make = _MAKERS.get(tag)
    if make is None:
        raise _unusable(f"it holds {tag!r}, which means nothing")
    try:
        return make(decoded(inside, session))
    except (TypeError, ValueError) as error:
        raise _unusable(f"{tag}: {error}") from error


def _moment_again(kind: str, said: Any) -> Any:
    from dana.isolation.wire import WireError, read_moment
    from dana.runtime.curated.entering import entrance

    try:
        made = read_moment(kind, said)
        enter = entrance(made.__class__)
        assert enter is not None  # each of these kinds has one
        return enter(made)
    except (WireError, ArithmeticError) as problem:
        raise ValueError(str(problem)) from None


_MAKERS: dict[str, Any] = {
    "$float": float,
    "$complex": lambda parts: complex(*parts),
    "$bytes": bytes.fromhex,
    "$tuple": tuple,
    "$set": set,
    "$frozenset": frozenset,
    "$dict": lambda pairs: {k: v for k, v in pairs},  # noqa: C416  (each must be a pair)
    **{f"${kind}": partial(_moment_again, kind) for kind in ("date", "datetime", "time", "timedelta", "Decimal")},
}


def _agent_again(path: str, fields: Mapping[str, Any], session: Session) -> Any:
    """An agent with these fields: the one there is of a singleton, a new one of a blueprint."""
    shape = _shape_of(path, session)
    if any(key not in shape.index for key in fields):
        raise _unusable(f"agent `{path}` has not these fields")
    values = {key: shape.index[key].type._fit(decoded(value, session), 0) for key, value in fields.items()}
    if shape.kind != "agent":
        return shape.cls(**{abi.variable(key): value for key, value in values.items()})
    made = shape.record.globals[abi.variable(shape.name)]
    for key, value in values.items():
        object.__setattr__(made, abi.state_slot(key), value)
    return made


def _struct_again(path: str, fields: Mapping[str, Any], session: Session) -> Any:
    shape = _shape_of(path, session)
    made = shape.new()
    for key, value in fields.items():
        if key not in shape.index:
            raise _unusable(f"struct `{path}` has no field `{key}`")
        field = shape.index[key]
        object.__setattr__(made, field.slot, field.type._fit(decoded(value, session), 0))
    return made


def _shape_of(path: str, session: Session) -> Any:
    module, _, name = str(path).rpartition(".")
    record = session.record
    if module:
        record = (
            session._run._instance(module) if module in session._engine._loaded else session.program.modules[module]
        )
    shape = record.shapes.get(name)
    if shape is None:
        raise _unusable(f"there is no struct `{path}`")
    return shape


def _unusable(why: str) -> DanaError:
    return RuntimeFault([Diagnostic("E546", f"cannot restore the session: {why}")])
