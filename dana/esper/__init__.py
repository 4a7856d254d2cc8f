"""Esper: neural networks that grow while they train.

A network (the *host*) is an ordinary `torch.nn.Module`. Beside its layers lie *sites* where something may grow; a site
where nothing grows is an entry in a table and costs nothing. A *seed* germinates at a site from a *blueprint*, trains
behind the host without changing it, is blended in, is judged by what the network does with and without it on data it
has not seen, and then either becomes part of the host for good or is removed without a trace.

Three rings, each importing only what is further in:

core — no torch, no clock, no files
    refusals.py    refusals as values with codes         lifecycle.py   stages of seeds, blueprints, kernels
    blueprint.py   what may grow, as data                operations.py  the operations it is made of
    templates.py   blueprints for each kind of fault     budget.py      what growth may cost
    artifact.py    signed kernels as bytes               recovery.py    what is done about faults
torch — the network itself
    host.py, graft.py, surgery.py, snapshot.py, probe.py, train.py …
    kernel.py      from bytes to modules that run        validation.py  the five stages before a signature
edge — worker processes, files
    forge.py, worker.py, store.py, journal.py

The names of the mission are the names of classes: Kasmina executes, Tamiyo decides, Karn invents, Tezzeret builds,
Urabrask validates, Urza keeps, Tolaria trains. Their glossary is in docs/esper.md.
"""

from __future__ import annotations
