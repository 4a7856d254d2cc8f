"""Tools of a program: functions, effects, methods and resources it lists in `tools=[…]`, made into `tools.Offered`.

    reason("…", tools=[forecast, desk, {"function": send, "effect": true}], confirm=ask_me)

Types come from the annotations, descriptions from the texts in the program. A tool runs as a branch of the call that
asks: on its account, under its deadlines and grants.
"""

from __future__ import annotations

import re

from dana.ipv.tools import MOST_ROUNDS, MOST_TOOLS, ROUNDS, Offered, Parameter, Toolbox
from dana.runtime.effects import Effect
from dana.runtime.pipelines import Workflow
from dana.runtime.stops import TimeoutStop, failure
from dana.runtime.workflows import Description, entrance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.ipv.tools import Wanted
    from dana.runtime.program import Program

    # The declared types of a callable's parameters, by name.
    Types = Callable[[Any], dict[str, Any]]

WRONG = "E849"
ENTRIES = ("function", "name", "description", "effect")
_PARAMETER = re.compile(r"\s*\*{0,2}([A-Za-z_]\w*)\s*[:=,)]")
# A function's head is not longer.
MOST_LINES = 60
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
# What a resource's own life is none of the model's business.
_LIFE = frozenset({"start", "stop", "enter", "exit", "close"})


def toolbox_of(program: Program, types: Types, tools: Any, confirm: Any, rounds: Any) -> Toolbox:
    """The tools of one question. Raises TypeError and ValueError (E849) for what cannot be offered."""
    if not isinstance(tools, list) or not tools:
        raise failure(TypeError, WRONG, "`tools` of reason is a list of functions and resources")
    if rounds is not None and (type(rounds) is not int or not 1 <= rounds <= MOST_ROUNDS):
        raise failure(ValueError, WRONG, f"`rounds` of reason is a whole number from 1 to {MOST_ROUNDS}")
    offered = offered_of(program, types, tools)
    asks = _confirming(program, confirm, [each.name for each in offered if each.effect])
    return Toolbox(offered, confirm=asks, rounds=ROUNDS if rounds is None else rounds)


def offered_of(program: Program, types: Types, tools: list[Any]) -> list[Offered]:
    """The entries of a list of tools. Raises TypeError and ValueError (E849) for what cannot be offered."""
    offered: list[Offered] = []
    for each in tools:
        offered += _offered(program, types, each)
    names = [each.name for each in offered]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise failure(ValueError, WRONG, f"two tools are called `{twice}`", 'give one a "name"')
    if len(offered) > MOST_TOOLS:
        raise failure(ValueError, WRONG, f"{len(offered)} tools are too many: {MOST_TOOLS} are the most")
    return offered


def _offered(program: Program, types: Types, each: Any) -> list[Offered]:
    """One entry of the list."""
    if each.__class__ is dict:
        unknown = next((name for name in each if name not in ENTRIES), None)
        if unknown is not None or "function" not in each:
            hint = 'as in {"function": send, "effect": true}; there are ' + ", ".join(ENTRIES)
            raise failure(ValueError, WRONG, 'an entry of `tools` that is a dict has a "function"', hint)
        effect = each.get("effect")
        if effect is not None and effect.__class__ is not bool:
            raise failure(TypeError, WRONG, '"effect" of a tool is true or false')
        if hasattr(type(each["function"]), "_as_tools"):
            return [_restated(each["function"]._as_tools(types), each, effect)]
        maker = offered_workflow if each["function"].__class__ in (Workflow, Description) else _function
        return [maker(program, types, each["function"], each.get("name"), each.get("description"), effect)]
    offers = getattr(type(each), "_as_tools", None)
    if offers is not None:  # what knows by itself how it is offered: tools of other programs
        return [*offers(each, types)]
    if each.__class__ is Workflow or each.__class__ is Description:
        return [offered_workflow(program, types, each)]
    if isinstance(each, Effect) or (callable(each) and not isinstance(each, type)):
        return [_function(program, types, each)]
    shape = getattr(type(each), "_shape", None)
    if shape is not None and not isinstance(each, type):
        return _methods(program, types, each, shape.name)
    from dana.runtime.typevalues import short

    raise failure(TypeError, WRONG, f"{short(each)} is no tool", "functions, methods, structs and resources are")


def _restated(offered: list[Offered], entry: dict[Any, Any], effect: bool | None) -> Offered:
    """One tool of another program, as this one wants it offered."""
    if len(offered) != 1:
        raise failure(TypeError, WRONG, 'a "function" is one tool, not a whole server', "list its tools one by one")
    tool = offered[0]
    name = entry.get("name")
    if name is not None:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise failure(ValueError, WRONG, "a tool needs a name of letters, digits and _")
        tool.name = name
    if entry.get("description") is not None:
        tool.description = " ".join(str(entry["description"]).split())[:1000]
    if effect is not None:
        tool.effect = effect
    return tool


def _methods(program: Program, types: Types, owner: Any, kind: str) -> list[Offered]:
    """The public methods of a struct or a resource: `desk` has `Desk_open`, `Desk_close`."""
    found = []
    for name in dir(type(owner)):
        if name.startswith("_") or name in _LIFE or not _NAME.fullmatch(name):
            continue
        method = getattr(owner, name, None)
        inner = getattr(method, "__func__", None)
        if inner is not None and ".module" in getattr(inner, "__globals__", {}):
            found.append(_function(program, types, method, f"{kind}_{name}"))
    if not found:
        raise failure(TypeError, WRONG, f"`{kind}` has no methods that could be offered")
    return found


def offered_workflow(
    program: Program, types: Types, workflow: Any, name: Any = None, description: Any = None, effect: bool | None = None
) -> Offered:
    """A workflow as a tool of the same name and schema (M95)."""
    if workflow.__class__ is Description:
        workflow = workflow._workflow
    if effect is None:
        effect = (workflow._metadata or {}).get("dangerous")
    told = description if description is not None else workflow.doc or workflow.text
    source = entrance(workflow)
    made = _function(program, types, workflow._function, name or workflow.name, told, effect)
    if source is None:  # its first stage is no function by a name: it is given one value

        async def run(arguments: dict[str, Any]) -> Any:
            return await beside(program, lambda: workflow._function(arguments["value"]))

        made.parameters, made.run = (Parameter("value"),), run
    elif source is not workflow._function:
        made.parameters = tuple(_parameters(types, source, docs_of(program, source)))
    return made


def _function(
    program: Program, types: Types, function: Any, name: Any = None, description: Any = None, effect: bool | None = None
) -> Offered:
    is_effect = isinstance(function, Effect)
    called = name if name is not None else function._name if is_effect else getattr(function, "__name__", "")
    if isinstance(called, str) and name is None:
        called = called.replace(".", "_")
    if not isinstance(called, str) or not _NAME.fullmatch(called):
        hint = 'give it one: {"function": f, "name": "look_up"}'
        raise failure(ValueError, WRONG, "a tool needs a name of letters, digits and _", hint)
    told = (
        description if description is not None else (function._doc if is_effect else getattr(function, "__doc__", ""))
    )
    if effect is None:
        plan = getattr(function, "__poet__", None)
        effect = (is_effect and function._writes) or (plan is not None and plan.config.safety_critical)

    async def run(arguments: dict[str, Any]) -> Any:
        return await beside(program, lambda: function(**arguments))

    parameters = _parameters(types, function, docs_of(program, function))
    return Offered(called, " ".join(str(told or "").split())[:1000], parameters, run, effect=effect)


def _parameters(types: Types, function: Any, docs: dict[str, str]) -> list[Parameter]:
    """The parameters by name, with the types the program declares."""
    from dana.runtime.typevalues import ANY

    declared = types(function)
    required, names = _read(function)
    if names is None:
        names = list(declared)
        required = frozenset(getattr(declared, "required", declared))
    found = []
    for name in names:
        kind = declared.get(name)
        found.append(Parameter(name, None if kind is ANY else kind, required=name in required, doc=docs.get(name, "")))
    return found


def docs_of(program: Program, function: Any) -> dict[str, str]:
    """The `##` texts of a function's parameters, from its head as it is written."""
    inner = getattr(function, "__wrapped__", function)
    inner = getattr(inner, "__func__", inner)
    record = getattr(inner, "__globals__", {}).get(".module")
    source = None if record is None else program.sources.get(inner.__code__.co_filename)
    if source is None:
        return {}
    lines = source.text.splitlines()
    found: dict[str, str] = {}
    for line in lines[inner.__code__.co_firstlineno - 1 :][:MOST_LINES]:
        code, mark, doc = line.partition("##")
        named = _PARAMETER.match(code) if mark else None
        if named is not None and doc.strip():
            found[named[1]] = doc.strip()
        if code.partition("#")[0].rstrip().endswith(":"):
            break
    return found


def _read(function: Any) -> tuple[frozenset[str], list[str] | None]:
    """Which parameters must be given, and all of them (None: the code does not say)."""
    from dana.poet.binding import Parameters, readable

    if isinstance(function, Effect) or not readable(function):
        return frozenset(), None
    own = Parameters(function)
    if own.positional_only:
        raise failure(TypeError, WRONG, f"`{own.name}` has parameters without a name, which a model cannot give")
    return frozenset(own.required), [*own.positional, *own.keyword]


# --- the gate -------------------------------------------------------------------------------------


def _confirming(program: Program, confirm: Any, effects: list[str]) -> Callable[[Wanted], Any] | None:
    """Who is asked before a tool with side effects runs; without anybody, such a tool is not offered (fails closed)."""
    if confirm is False or not effects:
        return None
    if confirm is not None:
        if not callable(confirm):
            hint = "it is given what is wanted (.tool, .arguments, .digest) and returns true or false"
            raise failure(TypeError, WRONG, "`confirm` of reason is a function, or false", hint)

        async def by_program(wanted: Wanted) -> Any:
            return _decided(await beside(program, lambda: confirm(wanted)))

        return by_program
    from dana.poet.registry import registry_of

    people = registry_of(program).interrupts
    if people._handler("operate") is None:
        hint = "give `confirm=` a function that decides, or `confirm=false` to let them run unasked"
        raise failure(ValueError, WRONG, f"`{effects[0]}` has side effects, and nobody is there to confirm them", hint)

    async def by_people(wanted: Wanted) -> Any:
        status = _Status(wanted)

        def ask() -> Any:
            return people.checkpoint(
                "operate", status, wanted.arguments, "a model wants to run a tool with side effects"
            )

        answer = await beside(program, ask)
        if hasattr(answer, "__await__"):
            answer = await answer
        if answer is None:
            return True
        kind, data = answer.feedback_type, answer.feedback_data
        if kind == "correction" and isinstance(data, dict):
            return data
        return str(data) if kind == "guidance" else "a person denied it"

    return by_people


class _Status:
    """What people are told of a tool that is about to run."""

    __slots__ = ("attempt", "execution_id", "function_name", "guidance", "last_failure", "perceived_input")

    def __init__(self, wanted: Wanted) -> None:
        self.execution_id = wanted.digest
        self.function_name = wanted.tool
        self.attempt = 1
        self.last_failure = ""
        self.guidance: list[str] = []
        self.perceived_input = wanted.arguments


def _decided(answer: Any) -> Any:
    """What a function of the program says: true, other arguments, or a reason against it."""
    return answer if answer is True or answer.__class__ in (dict, str) else False


# --- running --------------------------------------------------------------------------------------


async def beside(program: Program, action: Callable[[], Any]) -> Any:
    """Run an action of the program as a branch of the call that asks, on the running loop; its value or its fault.

    Raises `OutOfTime` when it has computed until the question's time was over (`UNTIL`).
    """
    import asyncio

    from dana.adaptive.sharing import BRANCH, UNTIL, OutOfTime
    from dana.runtime.effects import bridge
    from dana.runtime.effects.waiting import waiting_of

    if not bridge.AVAILABLE:
        hint = "install it beside Dana: `pip install greenlet`"
        raise failure(RuntimeError, "E538", "tools need the Python package greenlet, which is not installed", hint)
    loop = asyncio.get_running_loop()
    fork = BRANCH.get()
    assert fork is not None, "set where the question begins"
    call = fork()
    until = UNTIL.get()
    limit = None if until is None else _limited(program, call, until.at - loop.time(), until.seconds)
    branch = bridge.Branch(waiting_of(program), loop, action, call)
    # It begins now. What need not wait is done then, without a round of the loop.
    branch.wake()
    try:
        done, value = branch.ended.result() if branch.ended.done() else await asyncio.shield(branch.ended)
    except asyncio.CancelledError:
        if not branch.dead:
            branch.cancelled = GONE
            loop.call_soon(branch.cancel, GONE)
            await asyncio.shield(branch.ended)
        raise
    if done:
        return value
    try:
        if until is not None and value.__class__ is TimeoutStop and value._token is limit:
            raise OutOfTime(until) from None
        raise value
    finally:
        del value


def _limited(program: Program, call: Any, left: float, seconds: float) -> Any:
    """Have a branch end when there is no time left; the deadline that says so."""
    from dana.runtime.meter import Deadline

    limit = Deadline(program.meter.clock() + max(0.0, left), seconds, call.deadline)
    call.deadlines.append(limit)
    call.deadline = limit.at if call.deadline is None else min(limit.at, call.deadline)
    return limit


GONE = "the question it was run for has ended"
