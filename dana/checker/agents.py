"""Agents (L43): what their blueprints give them, who may write to them, which calls are messages.

A method called on a value that is known to be an agent is an effect (L34): the message is on its way while the next
statements run. In the methods of an agent, calls of its own methods are plain calls; only what asks a model is an
effect there as well.
"""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.types import ANY, BOOL, INT, LIST, STR, union

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.model import StructInfo
    from dana.checker.types import Type

KINDS = ("agent", "agent_blueprint")
# Built-in methods that ask a model, and those that are messages from outside.
TURNS = frozenset({"plan", "solve", "chat", "reason"})
ASKED = TURNS | {
    "remember", "recall", "recall_similar", "forget", "get_conversation_stats", "clear_conversation_memory",
    "get_metrics",
}  # fmt: skip
# What may be given to every agent, declared or not.
MEANING: dict[str, Type] = {
    "name": STR, "description": STR, "model": ANY, "instructions": STR, "tools": LIST, "checks": LIST,
    "permissions": LIST, "memory": union([BOOL, STR]), "max_turns": INT, "context_turns": INT, "config": ANY,
}  # fmt: skip


def is_agent(info: StructInfo | None) -> bool:
    """Whether a type is that of agents."""
    return info is not None and info.kind in KINDS


def is_slip(c: Context, info: StructInfo, name: str) -> bool:
    """Whether a name that an agent's type does not have is certainly a slip of the fingers.

    An agent of a type that extends this one may have more, so only what is nearly one of its names is.
    """
    from dana.checker.methods import AGENT, STRUCT

    known: set[str] = {*AGENT, *STRUCT, *MEANING}
    open_: list[Any] = [info]
    while open_:
        each = open_.pop()
        if each is None or each.broken or each.delegates:
            return False
        known.update(each.fields, each.methods)
        open_ += [c.registry.get(base) for base in each.bases]
    return name not in known and c.near(name, known) is not None


# --- definitions --------------------------------------------------------------------------------


def declare_overrides(c: Context, info: StructInfo, parent: StructInfo) -> None:
    """`name = value` in an agent on a blueprint gives one of the blueprint's fields a value: it keeps its type."""
    for name, field in info.fields.items():
        given = parent.fields.get(name)
        if field.node is None or getattr(field.node, "annotation", None) is not None:
            continue
        if given is not None:
            field.type = given.type
        elif name not in MEANING and not parent.broken:
            near = c.near(name, {**parent.fields, **MEANING})
            hint = f"did you mean `{near}`?" if near else f"a field of its own needs a type: `{name}: any = …`"
            span = (field.node.start, field.node.start + len(name))
            c.report("E421", f"`{parent.name}` has no field `{name}`", span, hint=hint)
            info.broken = True


# Fields that somebody may write who means one that agents use, with the type that gives it away.
SLIPS = {"tool": LIST, "check": LIST, "permission": LIST, "instruction": STR, "max_turn": INT, "context_turn": INT}


# What turns go by, as an agent is refused that says something else: the kinds of types, and of what is written.
MEANT: dict[str, tuple[str, type]] = {
    "tools": ("list", list), "checks": ("list", list), "instructions": ("str", str),
    "max_turns": ("int", int), "context_turns": ("int", int),
}  # fmt: skip
WHOLE = {"max_turns": (1, 50), "context_turns": (0, 100)}


def check_fields(c: Context, info: StructInfo) -> None:
    """Warns of `tool: list`, where `tools` is what a model is offered; reports `max_turns = "x"`."""
    for name, field in info.fields.items():
        if name in MEANT and field.node is not None:
            _check_meaning(c, info, name, field)
        meant = f"{name}s"
        kind = SLIPS.get(name)
        if kind is None or meant in info.fields or field.node is None or field.type[0] != kind[0]:
            continue
        text = f"`{name}` means nothing to an agent, and `{meant}` does"
        span = (field.node.start, field.node.start + len(name))
        c.report("W309", text, span, hint=f"did you mean `{meant}`?")


def _check_meaning(c: Context, info: StructInfo, name: str, field: Any) -> None:
    """A field that turns go by is of the type they need; the same is looked at when an agent is made."""
    node, declared = field.node, field.type
    kind, cls = MEANT[name]
    what = f"field `{name}` of `{info.name}`"
    hint = "whole numbers from {} to {}".format(*WHOLE[name]) if name in WHOLE else ""
    hint = f"the turns of an agent go by it: {hint}" if hint else "the turns of an agent go by it"
    value: Any = getattr(node, "default", None)
    value = value.value if value.__class__ is na.Constant else None
    if declared[0] in ("int", "float", "str", "bool", "list", "dict", "set", "tuple") and declared[0] != kind:
        c.report("E301", f"{what} must be {kind}, not {declared[0]}", (node.start, node.start + len(name)), hint=hint)
    elif value is not None and value.__class__ is not cls:
        c.report("E301", f"{what} must be {kind}, not {value!r}", node.default, hint=hint)
    elif name in WHOLE and isinstance(value, int) and not WHOLE[name][0] <= value <= WHOLE[name][1]:
        c.report("E301", f"{what} cannot be {value}", node.default, hint=hint)


def check_singleton(c: Context, stmt: Any, info: StructInfo) -> None:
    """`agent A` is made where it stands: nothing may be missing."""
    if info.broken or not all(base in c.registry for base in info.bases):
        return
    lacking = [f"`{f.name}`" for f in info.fields.values() if not f.has_default]
    if lacking:
        many = "s" if len(lacking) > 1 else ""
        text = f"agent `{info.name}` has no value for the field{many} {', '.join(lacking)}"
        span = (stmt.name_at, stmt.name_at + len(stmt.name))
        c.report("E422", text, span, hint="write it in the agent's block: `name = value`")


# --- messages -----------------------------------------------------------------------------------


def is_message(c: Context, func: na.Attribute, info: StructInfo, method: Any) -> bool:
    """Whether `x.m(…)` on an agent starts an effect: m asks a model, or x is not the agent whose method this is."""
    name = func.attr
    if name in TURNS:
        return True
    return (method is not None or name in ASKED) and not is_own(c, func.value) and name not in info.fields


def may_be_message(c: Context, func: na.Attribute) -> bool:
    """Whether `x.m(…)` on a value of unknown type may be a message: a hint, which is tested when the program runs.

    m must be a message of a type of agents that this module knows; modules that know none are as they were.
    """
    count, known = c.agents
    if count != len(c.registry):
        known = tuple(info for info in c.registry.values() if is_agent(info))
        c.agents = (len(c.registry), known)
    if not known:
        return False
    name = func.attr
    if name in TURNS:
        return True
    return (name in ASKED or any(name in info.methods for info in known)) and not is_own(c, func.value)


def is_own(c: Context, node: Any) -> bool:
    """Whether an expression is the receiver of the agent's method around it."""
    return node.__class__ is na.Name and node.id in receivers(c)


def receivers(c: Context) -> set[str]:
    """The names of the receivers of the agents' methods around this place."""
    found: set[str] = set()
    scope: Any = c.scope
    while scope is not None:
        node = getattr(scope.function, "node", None)
        if node is not None and id(node) in c.agent_methods:
            receiver = getattr(node, "receiver", None)
            if receiver is not None:
                found.add(receiver.name)
            elif node.params:
                found.add(node.params[0].name)
        scope = scope.parent
    return found


def check_store(c: Context, target: na.Attribute, info: StructInfo) -> bool:
    """`b.x = v` outside every method of an agent: E868. In a method it may be the agent itself."""
    if not is_agent(info) or receivers(c):
        return False
    text = f"`{target.attr}` belongs to the agent `{info.name}`: it cannot be assigned from outside"
    c.report("E868", text, target, hint=f"give `{info.name}` a method that sets it, and call that")
    return True
