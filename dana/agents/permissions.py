"""What an agent may do: its field `permissions` (M88).

    agent_blueprint Inspector:
        permissions: list = ["read:./data", "net:api.acme.dev:443", "model:*"]

Each entry is a kind and a pattern, in the words of `--allow-…`; a kind alone, or with `*`, means all of that kind that
the program was granted. What is listed is all the agent may do, and never more than its program: both are asked. The
list is read when the agent is made. Whatever it does to the field later changes nothing.
"""

from __future__ import annotations

from dana.errors import UsageError
from dana.policy import Allow, Policy
from dana.policy.shapes import KINDS
from dana.runtime.narrowing import BOUNDS, Bounds
from dana.runtime.stops import failure
from dana.runtime.typevalues import kind_of, safe_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

MOST = 200


def bounds_of(program: Program, name: str, permissions: Any) -> Bounds | None:
    """The bounds of an agent that is being made by the code that runs now. Raises E878 for what is no permission.

    None means that nothing narrows what the program may do. An agent that an agent makes is within its maker's bounds.
    """
    outer = BOUNDS.get()
    if permissions is None:
        return outer
    policy = Policy(_allow(name, permissions))
    program.policy.bounds = BOUNDS.get  # from here on every act asks whose code runs
    return Bounds(name, policy, outer)


def _allow(name: str, permissions: Any) -> Allow:
    if permissions.__class__ not in (list, tuple, set, frozenset) or len(permissions) > MOST:
        kind = kind_of(permissions)
        raise _refusal(name, f"are a list of at most {MOST} texts, not {kind}", 'such as `["read:./data", "model:*"]`')
    given: dict[str, Any] = {}
    for each in sorted(permissions, key=safe_repr):
        kind, pattern = _read(name, each)
        if pattern is True or given.get(kind) is True:
            given[kind] = True
        else:
            given.setdefault(kind, []).append(pattern)
    try:
        return Allow(**given)
    except UsageError as problem:
        raise _refusal(name, f"cannot be read: {problem}", 'such as `"net:api.acme.dev:443"`') from None


def _read(name: str, entry: Any) -> tuple[str, Any]:
    """`read:./data` as the kind and its pattern, True for all."""
    if entry.__class__ is not str:
        raise _refusal(name, f"are texts, not {kind_of(entry)}", 'such as `"read:./data"`')
    kind, colon, pattern = entry.partition(":")
    kind, pattern = kind.strip(), pattern.strip()
    if kind not in KINDS:
        from dana.diagnostics import suggest

        near = suggest(kind, KINDS)
        rest = f":{pattern}" if colon else ""
        hint = f"did you mean `{near}{rest}`?" if near else f"there are {', '.join(KINDS)}, as in `read:./data`"
        raise _refusal(name, f'name no kind of permission: "{entry[:60]}"', hint)
    if colon and not pattern:
        raise _refusal(name, f'leave open what may be done: "{entry[:60]}"', f'write "{kind}:*" for all of it')
    return kind, pattern if colon and pattern != "*" else True


def _refusal(name: str, text: str, hint: str) -> Exception:
    return failure(ValueError, "E878", f"the permissions of the agent `{name}` {text}", hint)
