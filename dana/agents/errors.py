"""What can go wrong between agents, as exceptions of the program with code and hint.

Their leaves (`dana.adaptive.recovery`) say that they are no bug of the agent that meets them: an agent that finds
another one overloaded or stopped is not restarted for it.
"""

from __future__ import annotations

from dana import abi
from dana.runtime.exceptions import AgentFault
from dana.runtime.stops import CancelStop, TimeoutStop, failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class AgentStop(CancelStop):
    """Ends what an agent is doing because the agent is being stopped. A stop: no `except Exception` sees it."""


def cycle(names: Sequence[str], method: str) -> Exception:
    """E862: an ask that would wait for itself; `names` are the agents from the asker around to the asker."""
    way = " → ".join(f"`{name}`" for name in names)
    error = failure(
        AgentFault, "E862", f"agents would wait for each other forever: {way}",
        f"`{method}` can be sent instead of asked: `.send(…)` does not wait for an answer",
    )  # fmt: skip
    return _with_leaf(error, "configuration.cycle")


def turns_within(name: str, kind: str, most: int) -> Exception:
    """E862: turns of an agent that begin each other, because a hook or a tool of each asks for another one."""
    error = failure(
        AgentFault, "E862",
        f"{most} turns of `{name}` wait for each other: a hook or a tool of each begins another one",
        f"what stands in a turn of `{name}` cannot ask for `{kind}` without an end: let it ask another agent, or "
        "`reason(…)` without an agent, which no hook stands at",
    )  # fmt: skip
    return _with_leaf(error, "configuration.cycle")


def no_answer(name: str, method: str, seconds: float) -> TimeoutStop:
    """E863: an ask that was not answered in time."""
    error = TimeoutStop(f"`{name}.{method}` did not answer within {seconds:g} s", seconds=seconds)
    error._code = "E863"  # type: ignore[attr-defined]
    error._hint = "it may still be at it; give the ask more time, or look at its status"  # type: ignore[attr-defined]
    return error


def mailbox_full(name: str, method: str, capacity: int, seconds: float) -> Exception:
    """E864: there was no room for a message."""
    waited = f" and made no room within {seconds:g} s" if seconds else ""
    error = failure(
        AgentFault, "E864", f"the mailbox of `{name}` is full ({_count(capacity)}){waited}: `{method}` was not taken",
        "send less, ask instead of sending, or let several agents share the work",
    )  # fmt: skip
    return _with_leaf(error, "network.unavailable")


def gave_up(supervisor: str, child: str, limit: int, within: float, reason: str) -> Exception:
    """E865: a supervisor that stopped restarting."""
    error = failure(
        AgentFault, "E865",
        f"supervisor `{supervisor}` gave up: `{child}` crashed{_too_often(limit, within)} ({reason})",
        "the fault is in the agent, not in one message: mend it, or let its supervisor allow more",
    )  # fmt: skip
    return _with_leaf(error, "network.unavailable")


def lost(error: BaseException) -> AgentStop:
    """The stop that ends a program whose root supervisor gave up."""
    stop = AgentStop(str(error))
    stop._code = getattr(error, "_code", "E865")  # type: ignore[attr-defined]
    stop._hint = getattr(error, "_hint", "")  # type: ignore[attr-defined]
    return stop


def not_running(name: str, state: str, reason: str, method: str) -> Exception:
    """E866: a message to an agent that takes none any more."""
    why = f" ({reason})" if reason and reason != "normal" else ""
    what = "the message" if method == "the message" else f"`{method}`"
    hint = (
        "`actors.start(…)` starts it anew" if state != "being stopped" else "ask before it is stopped, or another one"
    )
    if reason == "its program has ended":
        hint = "an agent lives as long as its program: ask it while the program runs"
    error = failure(AgentFault, "E866", f"the agent `{name}` is {state}{why}, and did not process {what}", hint)
    return _with_leaf(error, "network.unavailable")


def bad_setting(what: str, hint: str = "") -> Exception:
    """E867: a supervisor or an interrupt that cannot be as it was asked for."""
    return failure(ValueError, "E867", what, hint)


def shown(name: str) -> str:
    """A method's name, as programs know it."""
    return abi.demangle(name)


def _count(messages: int) -> str:
    return "1 message" if messages == 1 else f"{messages} messages"


def _too_often(limit: int, within: float) -> str:
    if not limit:
        return ", and no restart is allowed"
    return f" more than {'once' if limit == 1 else f'{limit} times'} in {within:g} s"


def _with_leaf(error: Exception, leaf: str) -> Exception:
    error.leaf = leaf  # type: ignore[attr-defined]
    return error
