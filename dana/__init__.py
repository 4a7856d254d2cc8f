"""Dana: a language for business logic that must not fall over.

The public names, each loaded when it is first used, so that `import dana` costs next to nothing:

    engine = dana.Engine(limits=dana.Limits(steps=1_000_000))
    engine.run("1 + 2")
"""

from dana.abi import VERSION as __version__  # noqa: N811  (the name Python has for it)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.diagnostics import Diagnostic as Diagnostic
    from dana.engine import Engine as Engine
    from dana.engine import Limits as Limits
    from dana.engine import Module as Module
    from dana.errors import AgentError as AgentError
    from dana.errors import Cancelled as Cancelled
    from dana.errors import CompileError as CompileError
    from dana.errors import DanaError as DanaError
    from dana.errors import Denied as Denied
    from dana.errors import EsperError as EsperError
    from dana.errors import InternalError as InternalError
    from dana.errors import IPVError as IPVError
    from dana.errors import LimitExceeded as LimitExceeded
    from dana.errors import POETError as POETError
    from dana.errors import RuntimeFault as RuntimeFault
    from dana.errors import Timeout as Timeout
    from dana.errors import UsageError as UsageError
    from dana.policy import Allow as Allow
    from dana.policy import Deny as Deny
    from dana.policy import Policy as Policy
    from dana.source import Source as Source

_HOMES = {
    "dana.engine": ("Engine", "Limits", "Module"),
    "dana.diagnostics": ("Diagnostic",),
    "dana.policy": ("Allow", "Deny", "Policy"),
    "dana.source": ("Source",),
    "dana.errors": (
        "AgentError", "Cancelled", "CompileError", "DanaError", "Denied", "EsperError", "IPVError", "InternalError",
        "LimitExceeded", "POETError", "RuntimeFault", "Timeout", "UsageError",
    ),
}  # fmt: skip

__all__ = [
    "AgentError",
    "Allow",
    "Cancelled",
    "CompileError",
    "DanaError",
    "Denied",
    "Deny",
    "Diagnostic",
    "Engine",
    "EsperError",
    "IPVError",
    "InternalError",
    "LimitExceeded",
    "Limits",
    "Module",
    "POETError",
    "Policy",
    "RuntimeFault",
    "Source",
    "Timeout",
    "UsageError",
    "__version__",
]


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            value: object = getattr(import_module(home), name)
            globals()[name] = value
            return value
    msg = f"module 'dana' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return __all__
