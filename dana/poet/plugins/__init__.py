"""Plugins: knowledge of a domain, put before and after a function that knows nothing of it (P153–P155).

    base.py       what a plugin is, what it may say, its configuration
    registry.py   finding them: built in, from installed packages, from `.poet/plugins`; choosing the fitting one

A plugin is bound to a function once, when the function is decorated: by the names and types of its parameters. What
comes of that are two plain functions, one for the arguments and one for the result, and nothing else runs in a call.
"""

from __future__ import annotations
