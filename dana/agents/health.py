"""How an agent is: its health (M10) and its status, as data for people and other programs."""

from __future__ import annotations

from dana.agents.mailbox import PRIORITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.agents.actor import Actor

HEALTHY = "healthy"
DEGRADED = "degraded"
UNHEALTHY = "unhealthy"

# From which share of a full mailbox on an agent is called degraded.
CROWDED = 0.8


def of(actor: Actor) -> tuple[str, str]:
    """healthy, degraded or unhealthy, and why."""
    if actor.state == "failed":
        return UNHEALTHY, actor.reason
    if actor.state == "stopped":
        return UNHEALTHY, f"stopped: {actor.reason}"
    if actor.state == "paused":
        return DEGRADED, "paused"
    size, capacity = actor.mailbox.size, actor.mailbox.capacity
    if size >= CROWDED * capacity:
        return DEGRADED, f"its mailbox is nearly full: {size} of {capacity}"
    supervisor = actor.supervisor
    if actor.crashes and supervisor is not None and supervisor.has_restarted(actor):
        return DEGRADED, f"restarted lately: {actor.reason}"
    return HEALTHY, ""


def status(actor: Actor) -> dict[str, Any]:
    """What it is doing, as plain data."""
    health, why = of(actor)
    message, supervisor = actor.message, actor.supervisor
    return {
        "name": actor.name, "id": actor.id, "state": actor.state, "reason": actor.reason,
        "incarnation": actor.incarnation, "processing": message.name if message is not None else None,
        "waiting": actor.mailbox.size, "capacity": actor.mailbox.capacity, "processed": actor.processed,
        "failures": actor.failures, "crashes": actor.crashes, "priority": PRIORITIES[actor.priority],
        "restart": actor.restart, "supervisor": supervisor.name if supervisor is not None else None,
        "health": health, "health_reason": why,
    }  # fmt: skip
