"""Calls from Python that rest while they wait (`dana.runtime.effects.resting`): `Function._slowly`, in steps."""

from __future__ import annotations

import dana
from dana.engine.convert import SCALARS
from dana.engine.ending import concluded
from dana.runtime.effects import bridge
from dana.runtime.effects.waiting import waiting_of
from dana.runtime.stops import Stop, carried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.engine.views import Function
    from dana.runtime.effects.waiting import Resting


def steps(function: Function, args: tuple[Any, ...], keywords: dict[str, Any]) -> Resting[tuple[bool, Any]]:
    """The call, under the limits of its program; gives whether it succeeded, and its value or its `DanaError`.

    One generator for all of it: each takes a quarter of a KiB, in every call that waits.
    """
    run = function._run
    program, meter = run.program, run.program.meter
    try:
        program.lock.acquire()
        if program.emit is not None and not meter.is_running():
            program.emit("run.start", {"name": run._name})
        bridge.start(meter)
        value = None
        failed: BaseException | None = None
        passed: Exception | None = None
        try:
            given: Any = args
            if keywords or not SCALARS.issuperset([each.__class__ for each in args]):
                given, keywords = function._given(args, keywords)
            value = yield from waiting_of(program).called(function._raw, given, keywords)
        except (dana.DanaError, dana.UsageError) as error:
            passed = error
        except (Exception, Stop) as error:  # noqa: BLE001  (the boundary: everything becomes a DanaError)
            failed = carried(error)
        finally:
            stop = meter.pending()
            used = meter.used if program.emit is not None else 0
            meter.finish()
            program.lock.release()
        value = run.crossing.out(concluded(run, value, failed, passed, stop, used))
        return True, value if function._wanted is None else function._as_wanted(value)
    except BaseException as error:  # noqa: BLE001  (handed to whoever waits for the call)
        return False, error
