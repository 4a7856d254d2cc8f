"""What decorated functions do, for the systems that watch programs: logs, Prometheus, OpenTelemetry (P148–P152).

    from dana.poet.exporters import POETLogger, Prometheus, Spans, observe

    figures = Prometheus()
    engine.observe(figures)             # functions of programs that start from now on
    observe(figures)                    # functions decorated in Python
    print(figures.text())

These are hooks, no monitoring system: nothing is sent, stored or drawn here. An exporter is told which functions
there are (`decorated`) and what they learn (`learnt`); one that wants to see single calls hands out an observer for a
function. A function that none of them observes runs as if there were none: Prometheus reads the counters every
function has anyway.

An exporter that fails costs nobody a result: it is said once, and the call goes on.

    base.py         what an exporter is            logs.py           the logger `dana.poet`
    prometheus.py   figures as Prometheus text     opentelemetry.py  a span for each call
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PLACES = {
    "Exporter": "dana.poet.exporters.base",
    "POETLogger": "dana.poet.exporters.logs",
    "Prometheus": "dana.poet.exporters.prometheus",
    "Spans": "dana.poet.exporters.opentelemetry",
}

__all__ = ["Exporter", "POETLogger", "Prometheus", "Spans", "observe"]


def observe(exporter: Any, host: Any = None) -> None:
    """Have Python's decorated functions observed: figures of all of them, single calls of those decorated from now on.

    `host`: the host they share, the process's own if none is named.
    """
    from dana.poet.python import shared_host
    from dana.poet.registry import registry_of

    registry = registry_of(shared_host() if host is None else host)
    registry.watchers.append(exporter)
    for plan in list(registry.plans):
        exporter.decorated(plan)


def __getattr__(name: str) -> Any:
    """An exporter; its module, and what that needs, is loaded with it."""
    from importlib import import_module

    if name not in _PLACES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_PLACES[name]), name)
