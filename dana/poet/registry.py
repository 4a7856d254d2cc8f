"""What the decorated functions of one program share: the switch for all of them, interrupts, ids, warnings."""

from __future__ import annotations

from itertools import count
from weakref import WeakSet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CellType
    from typing import Any

    from dana.adaptive.policy import Retry
    from dana.poet.config import POETConfig
    from dana.poet.interrupts import Manager
    from dana.poet.plan import Plan
    from dana.poet.subjects import Keeper, Learner


# Options with values of these classes may be shared, for so many configurations of a program.
_PLAIN = frozenset({type(None), bool, int, float, str})
MOST_SHARED = 1000
# The store of `.poet` where there is such a folder, as the command line takes it.
AUTO = "auto"


class Registry:
    """One of a program, or of a host in Python.

    `profile`: what functions get that name none; `off`: whether all pipelines are switched off (P30); `testing`: no
    waits between attempts.
    """

    def __init__(self, host: Any) -> None:
        self.host = host
        self.plans: WeakSet[Plan] = WeakSet()
        self.profile: str | None = getattr(host, "poet_profile", None)
        # Exporters (`dana.poet.exporters`); an engine's programs share its list.
        watchers: list[Any] | None = getattr(host, "poet_watchers", None)
        self.watchers: list[Any] = [] if watchers is None else watchers
        self.off = False
        self.testing = False
        self.next_number = count(1).__next__
        # Handlers that options may name (`handlers.py`).
        self.handlers: dict[str, Callable[..., Any]] = {}
        # Configurations and policies that many functions share, by what is written.
        self._configs: dict[tuple[Any, ...], POETConfig] = {}
        self.policies: dict[tuple[Any, ...], Retry] = {}
        # What can be spoken about: the learner of a call and the shape of its input, by its id, oldest first.
        self.recent: dict[str, tuple[Learner, str, Mapping[str, bool] | None]] = {}
        # What decorated functions share of what they close over (`shapes.py`).
        self.cells: dict[tuple[str, Any], CellType] = {}
        self._keepers: dict[Any, Keeper] = {}
        self._interrupts: Manager | None = None
        self._ledger: Any = None
        self._prefix = ""
        self._warned: set[str] = set()

    def configured(self, given: Mapping[str, Any]) -> POETConfig:
        """The configuration for these options; functions that say the same in plain values have one together."""
        from dana.poet.config import POETConfig

        named = self.profile is not None or "profile" in given
        if named or not all(value.__class__ in _PLAIN for value in given.values()):
            return POETConfig.resolved(given, self.profile)
        key = tuple((name, value.__class__, value) for name, value in given.items())
        found = self._configs.get(key)
        if found is None:
            found = POETConfig.resolved(given)
            if len(self._configs) < MOST_SHARED:
                self._configs[key] = found
        return found

    def new_id(self) -> str:
        """The id of an execution: unique in this process and, without a seed, everywhere."""
        if not self._prefix:
            seed = getattr(self.host, "seed", None)
            if seed is None:
                from os import urandom

                self._prefix = urandom(4).hex()
            else:
                self._prefix = f"s{seed}"
        return f"{self._prefix}-{self.next_number()}"

    @property
    def interrupts(self) -> Manager:
        """Who is asked, and what waits to be heard."""
        if self._interrupts is None:
            from time import time

            from dana.poet.interrupts import Manager

            self._interrupts = Manager(getattr(self.host.clock, "time", time))
            self._ask_at_terminal(self._interrupts)
        return self._interrupts

    def _ask_at_terminal(self, manager: Manager) -> None:
        """Where a program talks to a person, that person is asked."""
        read = getattr(self.host, "read", None)
        if read is None or not getattr(self.host, "prints_on_terminal", False) or not _is_person_there():
            return
        from dana.poet.interrupts import Terminal

        manager.fallback = Terminal(read, self.host.write, _value_of)

    def now(self) -> float:
        """Seconds since 1970, of the host's clock."""
        from time import time

        found: float = getattr(self.host.clock, "time", time)()
        return found

    @property
    def ledger(self) -> Any:
        """The host's ledger; one in memory where the host has none."""
        if self._ledger is None:
            self._ledger = getattr(self.host, "ledger", None)
        if self._ledger is None:
            from dana.adaptive.ledger import Ledger

            self._ledger = Ledger()
        return self._ledger

    @property
    def store(self) -> Any:
        """Where functions that name no store are kept: in the host's, if it has one."""
        where = getattr(self.host, "poet_store", None) or getattr(self.host, "store", None)
        if where == AUTO:
            from os.path import isdir

            from dana.poet.store.opening import FOLDER, store_here

            return store_here() if isdir(FOLDER) else None
        # What is in memory only is forgotten with the program.
        return None if where == "memory:" else where

    def keeper(self, where: Any) -> Keeper:
        """The keeper of a store, one for all functions that name it."""
        found = self._keepers.get(where)
        if found is None:
            from dana.poet.subjects import Keeper

            found = self._keepers[where] = Keeper(where, self)
        return found

    def save(self) -> None:
        """Hand what was learnt to the stores."""
        for keeper in list(self._keepers.values()):
            keeper.save()

    def close(self) -> None:
        """Save what was learnt; nothing more is kept."""
        for keeper in list(self._keepers.values()):
            keeper.close()

    def switch(self, *, on: bool) -> None:
        """Switch all pipelines on or off: those there are, and those to come."""
        self.off = not on
        for plan in list(self.plans):
            plan.switch(on=on)

    def warn(self, key: str, text: str) -> None:
        """Say something to whoever runs the program, once for each key."""
        if key in self._warned:
            return
        self._warned.add(key)
        log = getattr(self.host, "log", None)
        if log is not None:
            log("warning", text)
            return
        from logging import getLogger

        getLogger("dana.poet").warning(text)


def _is_person_there() -> bool:
    import sys

    return sys.stdin is not None and sys.stdin.isatty()


def _value_of(text: str) -> Any:
    """A value as people type it: what JSON can say, else the text itself. Raises `ValueError` for half a value."""
    import json

    try:
        return json.loads(text)
    except ValueError:
        if text[:1] in ("{", "[", '"'):
            raise
        return text


def registry_of(host: Any) -> Registry:
    """The registry of a host, made at the first need."""
    found: Registry | None = getattr(host, "poet_registry", None)
    if found is None:
        found = host.poet_registry = Registry(host)
    return found
