"""The adaptive core: deciding what happens after something went wrong, for whoever does the work.

A *subject* (a POET function today) attempts something. Each failed attempt is a `Fault` or a refused
result; a `Retry` policy decides from it whether another attempt is worth making and how long to wait; a
`RetryBudget` keeps a crowd of callers from storming what is down already. `perform` is that
conversation, written once as a generator of effects: it yields `(ATTEMPT, n)` and `(WAIT, seconds)` and
is told how each attempt ended. It never calls the subject, never sleeps, reads no clock and draws no
random number of its own, so any run can be repeated from its inputs.

    faults.py    which faults the same input would only produce again
    policy.py    backoff, jitter, when to stop
    budget.py    the token bucket of retries
    perform.py   the generator and the driver for ordinary calls
    clock.py     real and fake time

The standard library is all it needs; nothing of Dana is imported.
"""

from __future__ import annotations
