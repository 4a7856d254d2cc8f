"""Plugins: knowledge of a domain, put before and after a function that knows nothing of it (P153–P155).

    base.py       what a plugin is, what it may say, its configuration
    finding.py    where they are: built in, of the host, in `.poet/plugins`, of installed packages
    choosing.py   loading the one that is named, choosing the one that fits
    scripted.py   plugins written in Dana
    fence.py      what plugins of packages hand to a Dana program
    manager.py    plugins by domain, for Python

A plugin is bound to a function once, when the function is decorated: by the names and types of its parameters. What
comes of that are two plain functions, one for the arguments and one for the result, and nothing else runs in a call.
"""

from __future__ import annotations
