"""POET: one decorator that makes a plain function reliable.

    @poet(retries=3, timeout=2.0, enforce_handler=plausible)
    def price(item): …

A call of the decorated function runs a pipeline of stages around the body, which stays as it is:

    Perceive   once: the arguments, bound to their names, pass through `perceive_handler`
    Operate    the body, again after a transient fault or a refused result, with a growing wait
    Enforce    the result passes through `enforce_handler`, which mends it or refuses it

under one deadline for everything. What comes out is a plain value, or one `POETError` that tells the
whole story.

    options.py      the table of options (the checker reads it too)     values.py     tests of single values
    config.py       every option's value, and where it comes from        profiles.py   sets of options
    pipeline.py     from a function and its options to what is called    plan.py       what all its calls share
    shapes.py       the fast form of a call                              execution.py  a call in all its stages
    coroutines.py   `async def` functions                                caching.py    results of pure functions
    interrupts.py   a person looks at a call                             observing.py  calls on record
    perceiving.py   domains in the fast form of a call                   facts.py      what the code says
    handlers.py     handlers given by name                               plugins/      what trades know
    explaining.py   what a function is set to and has done               errors.py     the story of a failure
    subjects.py     what is learnt about functions, and feedback          batching.py   single items, gathered
    constants.py    learnable constants                                   training/     what learns, and the gate
    stages.py       the stages one at a time
    hedging.py      a second attempt beside a late one                    isolating.py  bodies in worker processes
    native.py       the decorator in Dana programs                       python.py     the decorator for Python
    testing.py      no waits, the same chances every time
    simulation/     worlds in which decisions have consequences

The decisions — when to try again, how long to wait, when to stop asking — are `dana.adaptive`'s; here they meet
functions.

Decoration specialises: a stage that is switched off leaves no trace in the code a call runs. Time, chance and
deadlines belong to the program; only what is learnt is saved by threads of its own, where a function has a store.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Where a public name is; loaded when it is first asked for.
_PLACES = {
    **dict.fromkeys(("poet", "enable", "disable", "feedback", "register_handler"), "dana.poet.python"),
    **dict.fromkeys(("explain", "status", "configuration"), "dana.poet.explaining"),
    **dict.fromkeys(("POETConfig", "register_profile"), "dana.poet.config"),
    **dict.fromkeys(("Plugin", "Field", "Reading", "RejectionError", "PluginError"), "dana.poet.plugins.base"),
    **dict.fromkeys(("register_plugin", "unregister_plugin"), "dana.poet.plugins.finding"),
    "PluginManager": "dana.poet.plugins.manager",
    **dict.fromkeys(("POETPlugin", "BaseDomainPlugin"), "dana.poet.plugins.base"),
    **dict.fromkeys(("Signal", "InterruptSignal", "InterruptManager"), "dana.poet.interrupts"),
    "CodeContext": "dana.poet.facts",
    **dict.fromkeys(("POETExecutor", "SimplePOETConfig", "SimplePOETExecutor"), "dana.poet.executor"),
    **dict.fromkeys(("LearningStore", "ParameterStorage"), "dana.poet.learning"),
    **dict.fromkeys(("learn", "roll_back", "flush"), "dana.poet.python"),
    "learnable": "dana.poet.constants",
    "ParameterPackage": "dana.poet.packages",
    "POETStatus": "dana.poet.state",
    "POETIPVBridge": "dana.ipv.phases",
    **dict.fromkeys(
        (
            "PerceiveStage", "OperateStage", "EnforceStage", "TrainStage", "CodeContextAnalyzer", "POETIntegration",
            "POETFunction", "DanaPOETBridge", "POETCapable",
        ),
        "dana.poet.stages",
    ),
    "POETLogger": "dana.poet.exporters",
    **dict.fromkeys(("LearningMode", "InterruptMode", "FeedbackMode", "Priority"), "dana.poet.modes"),
    **dict.fromkeys(
        (
            "POETError", "POETException", "POETExecutionError", "POETValidationError", "POETPerceiveError",
            "POETOperateError", "POETEnforceError", "POETTimeoutError", "POETCircuitOpenError",
            "POETBulkheadFullError", "POETInterruptError", "POETPluginError", "POETConfigError",
        ),
        "dana.poet.errors",
    ),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The public names of POET for Python."""
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(place), name)
