"""The slow loop of agents: what happened is watched, a better wording is tried, a person decides (M49 to M56).

An agent turns a request into an answer in one turn: the fast loop. This package is the slow one around it:

    detectors.py    Monitor and Analyse: figures of a window of ledger events, and what is wrong with them
    proposer.py     Plan: a proposal of other prompts and tool descriptions, by rules or by a model
    tasks.py        recorded tasks with their right answers, and how they are split
    trial.py        the comparison of the behaviour that is and the one proposed, on tasks neither was made from
    loop.py         one turn of the loop: the steps in order, and exactly one outcome on record (M7)
    behaviours.py   what may change at all, and the files in which accepted changes live
    review.py       proposals as branches of the project's git repository; accept, reject, roll back
    watching.py     all of it as a Dana program meets it (`stdlib/meta.na`)

The judge is out of reach of what it judges (M55): a proposal holds wordings of three keys of a behaviour and nothing
else; tasks, graders, thresholds, checks, ledger and loop are neither shown to whoever proposes nor among those keys;
and the tasks that decide are never seen by whoever proposes. What passes the trial is still only a branch: nothing
takes effect before a person has accepted it, and every accepted change is taken back by one command.

Everything but `watching.py` is plain Python without the language: events in, a proposal out.
"""

from __future__ import annotations


class MetaError(Exception):
    """Something of the slow loop cannot be done; `code` and `hint` are for people."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
