"""Effects and promises (L34–L37): how a program waits for the world without blocking it.

An *effect* is a call whose answer comes from elsewhere: an `async` function of the host, an HTTP request, a
model. A program holds it as an `Effect`, which is called like any function and then waits for its answer. Where
the compiler can follow the result, it writes `.begin` instead of the call: the effect starts at once, a `Promise`
stands for its value, and `.force` waits where the value is needed.

    promises   `Promise`, `Scope` (no failure is lost, nothing outlives its function)
    effect     `Effect`, and the helpers of compiled code
    waiting    who runs the event loop, how a call is parked and woken; the loop-aware clock
    bridge     greenlets: Dana calls as coroutines, branches side by side; the one importer of greenlet
    resting    calls that wait without a stack: their body ends in its effect, or nothing of it is left between attempts
    together   `race`, `parallel`, stages side by side
    lock       one thread at a time inside a program

There is always one place that runs the loop, the *hub*, and Dana code waits in one of two ways:

    engine.run(…)            the outermost code of a program is no greenlet of ours. While it waits it runs the
                             program's own loop, so the wait itself is the hub.
    await engine.arun(…)     `bridge.drive` puts each Dana call into a `Worker`, a greenlet; the host's loop is the
                             hub. To wait is to switch to it; the callback of what was waited for switches back.

Branches of `parallel` and `race` are workers in both cases, and a call that rests is a new worker after each answer.
So Dana code never runs on two stacks at once, and other Dana code of the program runs only while a call starts an
effect or waits: that is L37. What belongs to a call and not to the program (steps, deadlines, stops) is exchanged by
`calls.suspend` and `calls.resume`.

Order is the loop's order: first in, first out, and timers by their time. Nothing here asks a clock or a set for
an order, so a program whose effects answer in the same order runs in the same order.

The first effect loads asyncio and greenlet; programs without effects load neither.
"""

from __future__ import annotations

from dana.runtime.effects.effect import Effect
from dana.runtime.effects.promises import Promise

__all__ = ["Effect", "Promise"]
