"""`@poet` inside Dana programs: the decorator of one running program.

The engine puts it among the program's builtins, as `.poet` (what the lowering writes for `@poet`) and as the plain
value `poet`, and loads this module when the first decorator runs.
"""

from __future__ import annotations

from dana.poet.handlers import HANDLERS, resolved
from dana.poet.pipeline import decorate, plan_of
from dana.poet.registry import registry_of
from dana.runtime.structs import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from dana.poet.facts import Compiled
    from dana.runtime.program import Program

FRESH = (MISSING,)


def decorator(
    program: Program,
    options: Mapping[str, Any],
    facts: Compiled | None = None,
    scope: dict[str, Any] | None = None,
    place: str = "",
    learnables: Sequence[tuple[Any, ...]] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What `@poet(**options)` is in `program`; raises `POETConfigError` when applied with options that cannot work.

    `facts` is what the compiler wrote about the function, `scope` has the names of the decorator's module; `learnables`
    are its learnable constants (name, low, high, start), which it finds at `place` among them.
    """
    files, show = program.sources, program.catching.caught
    types = dict(facts[0]) if facts is not None else None
    constants = None
    if learnables and scope is not None:
        from dana.poet.constants import Constants

        constants = scope[place] = Constants({name: bounds for name, *bounds in learnables})  # type: ignore[misc]

    is_replay = getattr(program.tape, "is_replay", False)  # which reaches no store
    if isinstance(options.get("store"), str) and not is_replay:
        options = {**options, "store": granted(program, options["store"])}

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        given = options
        if any(isinstance(options.get(option), str) for option in HANDLERS):
            name = getattr(function, "__name__", "function")
            given = resolved(options, scope or {}, registry_of(program).handlers, name)
        more = {
            "files": files, "fresh": FRESH, "show": show, "types": types, "facts": facts, "constants": constants,
        }  # fmt: skip
        return decorate(program, function, given, **more)  # type: ignore[arg-type]

    return decorated


def granted(program: Program, where: str) -> str:
    """A store a program names, at the real path, when the program may write there. Raises `Denied`."""
    from dana.poet.store.opening import place_of, problem_of

    if problem_of(where) is not None:
        return where  # the option's own check says what is wrong
    place = place_of(where)
    if place:
        kind = "json:" if where.startswith("json:") else ""
        return kind + program.policy.path("write", place)
    if where != "memory:":
        from urllib.parse import urlsplit

        address = urlsplit(where)
        program.policy.require("net", f"{address.hostname or 'localhost'}:{address.port or 5432}")
    return where


def feedback(program: Program, about: Any, said: Mapping[str, Any]) -> None:
    """Keep what is said about a call; see `dana.poet.subjects.give`."""
    from dana.poet.subjects import give

    give(registry_of(program), about, said)


def learnable(_program: Program, low: Any, high: Any, start: Any) -> Any:
    """Where a learnable constant starts: what it is, wherever no decorated function says otherwise (T5)."""
    from dana.poet.constants import LearnableError, bounds_of
    from dana.runtime.stops import failure

    try:
        return bounds_of(low, high, start)[2]
    except LearnableError as wrong:
        raise failure(ValueError, "E822", str(wrong)) from None


def learn(
    program: Program, function: Any, cost: Any, scenarios: Any, budget: Any, seed: Any, method: Any
) -> dict[str, Any]:
    """See `dana.poet.training.search`."""
    from dana.poet.training.search import learn, on_terminal

    tell = on_terminal(program.write) if getattr(program, "prints_on_terminal", False) else None
    return learn(function, cost, scenarios, budget=budget, seed=seed, method=method, tell=tell)


def roll_back(_program: Program, function: Any, version: Any) -> dict[str, Any]:
    """Make an older version of what was learnt current again; returns the values there are now."""
    from dana.poet.training.search import rolled_back

    return rolled_back(function, version)


def explain(_program: Program, function: Any) -> str:
    """See `dana.poet.explaining`."""
    from dana.poet.explaining import explain

    return explain(function)


def status(_program: Program, function: Any) -> dict[str, Any]:
    """See `dana.poet.explaining`."""
    from dana.poet.explaining import status

    return status(function)


def configuration(_program: Program, function: Any) -> dict[str, Any]:
    """See `dana.poet.explaining`."""
    from dana.poet.explaining import configuration

    return configuration(function)


def switch(program: Program, function: Any, on: bool) -> None:
    """Switch one pipeline, or all of the program (None), on or off (P30)."""
    if function is None:
        registry_of(program).switch(on=on)
    else:
        plan_of(function).switch(on=on)


def on_interrupt(program: Program, stage: str, handler: Any) -> None:
    """Who is asked at a stage where the host names nobody; None: nobody any more. Raises `ValueError`, `TypeError`."""
    from dana.poet.interrupts import Asked

    people = registry_of(program).interrupts
    if handler is None:
        people.on_program(stage, None)
        return
    if not callable(handler):
        msg = f"an interrupt handler is a function, not {type(handler).__name__}"
        raise TypeError(msg)
    people.on_program(stage, lambda question: handler(Asked(question)))


def signal(_program: Program, kind: str, data: Any) -> Any:
    """What a handler answers."""
    from dana.poet.interrupts import Signal

    return Signal(kind, data)


def register_handler(program: Program, name: str, handler: Any) -> None:
    """Make a function of the program known as a handler, under a name."""
    from dana.poet.handlers import register

    register(registry_of(program).handlers, name, handler)
