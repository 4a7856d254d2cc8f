"""The adaptive core: deciding what happens before, during and after work that may fail, for whoever does it.

Everything Dana does for somebody is an *act* on behalf of a *subject*, let through a *gate*, kept alive by a *policy*,
written to the *ledger*. Everything it learns is a *change* to a subject, drawn from what the ledger says, *tried*, then
promoted or taken back. Functions (POET), agents and growing networks are users of this one core.

    subject.py    what is adapted: knobs with bounds, versions with evidence
    gate.py       ordered checks and their five verdicts
    faults.py     which faults the same input would only produce again
    recovery.py   the table of faults: what is done about which
    policy.py     backoff, jitter, when to stop            budget.py    the token bucket of retries
    breaker.py    the circuit breaker                      limits.py    buckets, budgets, bulkheads, deadlines
    perform.py    the conversation about one piece of work, as a generator of effects
    improve.py    analyse, plan, trial, promote or reject; watch and take back
    statistics.py what is counted, and how certain it is
    ledger.py     the stream of events, in three classes of delivery
    journal.py    events on disk, chained                  canonical.py data as text, in one way
    redaction.py  what never gets into a record            clock.py     real and fake time

Nothing here calls a subject by itself, sleeps, reads a clock or draws a random number it was not handed, so any run
can be repeated from its inputs. The standard library is all it needs; nothing of Dana is imported.
"""

from __future__ import annotations
