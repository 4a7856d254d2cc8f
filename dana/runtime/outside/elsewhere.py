"""Who reaches outside when this process must not: in a worker, its host does it in the program's stead.

`host` is None, or an object with `call(what, which, args, keywords)` and `await call_later(…)`; a worker sets it
once, before it sees a program. The host looks the function up in `REMOTE` of the native module (or in `EXPORTS`)
and runs it with a program that has the engine's policy.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

host: Any = None


def now(module: str, name: str, *arguments: Any) -> Any:
    """What the host's function gives."""
    return host.call("native", [module, name], arguments, {})


async def later(module: str, name: str, *arguments: Any) -> Any:
    """What the host's asynchronous function gives."""
    return await host.call_later("native", [module, name], arguments, {})
