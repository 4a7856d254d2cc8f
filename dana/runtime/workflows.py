"""What a workflow says about itself (L33, M94): metadata, and its description for whoever calls it by name."""

from __future__ import annotations

from dana.runtime.stops import failure
from dana.runtime.typevalues import short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.pipelines import Workflow

# What may be said about a workflow, and of which class it is.
METADATA: dict[str, tuple[type, ...]] = {
    "version": (str,),
    "author": (str,),
    "tags": (list,),
    "idempotent": (bool,),
    "dangerous": (bool,),
    "duration": (int, float),
    "resources": (list,),
}
_WORDS = {str: "a text", list: "a list of texts", bool: "true or false", int: "a number of seconds"}
MOST = 100
# Where the engine leaves what knows the types a program declares: `(function) -> (parameters, returns)` as schemas.
SCHEMAS = ".schemas_of"


class Description(dict):  # type: ignore[type-arg]
    """`W.tool()`: a dict of plain data that knows whose description it is."""

    __slots__ = ("_workflow",)

    def __init__(self, data: dict[str, Any], workflow: Workflow) -> None:
        super().__init__(data)
        self._workflow = workflow


def checked(known: dict[str, Any]) -> dict[str, Any]:
    """Metadata as it was given. Raises TypeError (E610) for a name there is not or a value it cannot have."""
    for name, value in known.items():
        classes = METADATA.get(name)
        if classes is None:
            from dana.diagnostics import suggest

            near = suggest(name, METADATA)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(METADATA)}"
            raise failure(TypeError, "E610", f"a workflow has no metadata `{name}`", hint)
        texts = value.__class__ is not list or (len(value) <= MOST and all(v.__class__ is str for v in value))
        if value.__class__ not in classes or not texts:
            raise failure(TypeError, "E610", f"`{name}` of a workflow is {_WORDS[classes[0]]}, not {short(value)}")
    return {name: list(value) if value.__class__ is list else value for name, value in known.items()}


def described(workflow: Workflow) -> Description:
    """Name, description, schemas of what goes in and what comes out, and metadata if there is any."""
    said = " ".join((workflow.doc or workflow.text).split())
    schemas = workflow._record.program.table.get(SCHEMAS)
    parameters, returns = schemas(workflow) if schemas is not None else (_names_only(workflow), {})
    found: dict[str, Any] = {"name": workflow.name, "description": said, "parameters": parameters, "returns": returns}
    if workflow._metadata:
        found["metadata"] = workflow.metadata
    return Description(found, workflow)


def _names_only(workflow: Workflow) -> dict[str, Any]:
    """The parameters where nobody knows their types."""
    function = entrance(workflow)
    code = getattr(function, "__code__", None)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code is not None else ()
    optional = len(getattr(function, "__defaults__", None) or ())
    required = list(names[: len(names) - optional]) if optional else list(names)
    return {"type": "object", "properties": {n: {} for n in names}, "required": required}


def entrance(workflow: Workflow) -> Any:
    """The function whose parameters are the workflow's: its own, or its first stage where it declares none."""
    function = workflow._function
    inner = getattr(function, "__wrapped__", function)
    code = getattr(inner, "__code__", None)
    if code is None or ".args" not in code.co_varnames:
        return function
    first = stage_called(workflow, workflow._ends[0])
    return entrance(first) if first.__class__ is workflow.__class__ else first


def stage_called(workflow: Workflow, name: str) -> Any:
    """The stage of that name; None when it is no name, or none any more."""
    from dana import abi

    record = workflow._record
    found = record.globals.get(abi.variable(name)) if name else None
    if found is None and name:
        found = record.program.table.get(name)
    return found if callable(found) else None
