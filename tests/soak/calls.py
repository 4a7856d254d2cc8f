"""Decorated functions whose store, plugin and handlers fail by chance, and how many calls are answered as without POET."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from dana.poet.learning import LearningStore
from dana.poet.plugins.base import Plugin, Reading
from dana.poet.python import Host, poet
from dana.poet.store.base import StoreError
from dana.poet.store.opening import open_store

# How often each of them fails.
STORE, PLUGIN, HANDLER = 0.2, 0.1, 0.05
# After how many calls something else is learnt and saved.
LEARNT_EVERY = 200


class FaultyStore:
    """A store of which every act may fail."""

    def __init__(self, where: str, chance: Random) -> None:
        self._store = open_store(where)
        self._chance = chance
        self.failed = 0

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._store, name)
        if not callable(act) or name == "close":
            return act

        def tried(*args: Any, **keywords: Any) -> Any:
            if self._chance.random() < STORE:
                self.failed += 1
                msg = f"{name}: no answer"
                raise StoreError(msg, "injected")
            return act(*args, **keywords)

        return tried


@dataclass
class Tally:
    """What has been counted so far."""

    calls: int = 0
    same: int = 0
    store: int = 0
    plugin: int = 0
    handler: int = 0
    seconds: float = 0.0

    @property
    def share(self) -> float:
        return self.same / self.calls if self.calls else 1.0

    def data(self) -> dict[str, float]:
        return asdict(self)


def function(n: int, scale: int = 1) -> int:
    """What is decorated: some numbers it refuses, as a function without POET would."""
    if n % 97 == 0:
        msg = f"{n} is no good"
        raise KeyError(msg)
    return n * scale + 1


class Soak:
    """Functions on one faulty store; `seed` decides what fails when."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = Random(seed)
        self.tally = tally = Tally()
        chance = self.chance

        class Shaky(Plugin):
            """A plugin with a mistake of its own."""

            domain = "shaky"

            def rule(self, name: str, type_: str) -> Any:
                def read(value: Any) -> Reading:
                    if chance.random() < PLUGIN:
                        tally.plugin += 1
                        msg = "a mistake of the plugin"
                        raise ZeroDivisionError(msg)
                    return Reading(value)

                return read if name == "n" else None

            def judge(self, value: Any, arguments: Any) -> Any:
                if chance.random() < PLUGIN:
                    tally.plugin += 1
                    msg = "a mistake of the plugin"
                    raise ZeroDivisionError(msg)
                return value

        def trained(*_told: Any) -> None:
            if chance.random() < HANDLER:
                tally.handler += 1
                msg = "a mistake of the train handler"
                raise RuntimeError(msg)

        def kept(value: int) -> int:
            if chance.random() < HANDLER:
                tally.handler += 1
                msg = "a mistake of the enforce handler"
                raise RuntimeError(msg)
            return value

        self.store = FaultyStore(str(folder / "learnt.db"), chance)
        self.learnings = LearningStore(self.store, on_problem=lambda _problem: None)
        host = Host(random=Random(seed), store=self.learnings)
        common: dict[str, Any] = {"host": host, "retries": 3, "backoff": 0.00001, "learning": "on"}
        self.functions = [
            poet(**common)(function),
            poet(**common, train_handler=trained)(function),
            poet(**common, enforce_handler=kept)(function),
            poet(**common, custom_plugin=Shaky())(function),
            poet(**common, timeout=30, breaker=True, retry_budget=0.5, bulkhead=10, cache=60)(function),
        ]

    def call(self) -> None:
        """One call, compared with the same one without POET."""
        n, scale = self.chance.randrange(1_000_000), self.chance.randrange(5)
        decorated = self.functions[self.tally.calls % len(self.functions)]
        self.tally.calls += 1
        self.tally.same += answer(decorated, n, scale) == answer(function, n, scale)
        if self.tally.calls % LEARNT_EVERY == 0:
            self.learnings.update_parameters("soak.other", "-", {"n": n})
            with contextlib.suppress(StoreError):
                self.learnings.flush()

    def end(self) -> None:
        """Save what can be saved."""
        self.tally.store = self.store.failed
        with contextlib.suppress(StoreError):  # it says what it could not save
            self.learnings.close()


def answer(called: Any, n: int, scale: int) -> tuple[str, object]:
    """The value, or the class and words of the error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return "value", called(n, scale)
    except Exception as error:  # noqa: BLE001  (whatever it raises is the answer)
        return type(error).__name__, str(error)
