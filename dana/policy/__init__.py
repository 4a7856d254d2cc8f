"""What a program may reach: `Allow`, `Deny`, and the `Policy` made of both (L48).

A program reaches nothing outside itself unless its user, or its host, says so. There are seven kinds of acts:

    read, write   files: paths; a folder stands for everything below it
    net           hosts: `api.acme.dev`, `api.acme.dev:443`, `*.acme.dev`, `127.0.0.1`, `10.0.0.0/8`
    env           environment variables: names, in which `*` stands for anything
    run           programs of the system: names, or paths
    python        Python modules: names; a module stands for its submodules too
    model         language models: names, in which `*` stands for anything

Of each kind nothing (`False`), everything (`True`) or a list of patterns is granted. What is denied stays denied,
whatever is granted. This package only decides; it opens nothing, asks nobody and belongs to no program.

    policy = Policy(Allow(read=["data"]), Deny(read=["data/private"]))
    policy.permits("read", "data/prices.csv")             # True
    policy.denial("read", "data/private/x").message       # why not, with the flag that would grant it

    shapes      Allow, Deny: what people write
    rules       paths, names and programs: does a pattern cover a target?
    hosts       the same for hosts, addresses and ports
    policy      the decision, and its words
"""

from __future__ import annotations

from dana.policy.policy import Denial, Policy, flag_value
from dana.policy.shapes import KINDS, Allow, Deny

__all__ = ["KINDS", "Allow", "Denial", "Deny", "Policy", "flag_value"]
