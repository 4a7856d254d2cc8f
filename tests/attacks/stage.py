"""What lies around a program: secrets, functions of the host, and traps."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dana

if TYPE_CHECKING:
    from tests.attacks.corpus import Attack

SECRET = f"canary-{os.urandom(8).hex()}"
VARIABLE = "DANA_CANARY"
# A worker of its own for each attack would take a fifth of a second: one takes this many.
PER_WORKER = 25


class Vault:
    """An object of the host: its public parts are a program's, its secret is nobody's."""

    _hidden = SECRET

    def __init__(self) -> None:
        self.name = "vault"
        self.items = [1, 2, 3]
        self._secret = SECRET
        self.__dict__["__token"] = SECRET

    def __repr__(self) -> str:
        return "<vault>"

    def add(self, n: int) -> int:
        return n + 1

    def each(self, function: Any) -> list[Any]:
        return [function(n) for n in self.items]

    def boom(self) -> None:
        raise Trap(self)


class Trap(Exception):
    """An exception that carries an object of the host."""

    def __init__(self, carried: Any) -> None:
        super().__init__("boom", carried)
        self.carried = carried
        self.module = sys


def _numbers() -> Any:
    secret = SECRET
    yield 1
    yield len(secret)


async def _later() -> int:
    return 1


def _telling(secret: str) -> Any:
    return lambda: secret


_tell = _telling(SECRET)


def give(what: str) -> Any:
    """Things a careless host may hand out."""
    made: dict[str, Any] = {
        "vault": Vault, "generator": _numbers, "coroutine": _later, "class": lambda: Vault, "module": lambda: os,
        "frame": sys._getframe, "code": lambda: give.__code__, "function": lambda: give, "lambda": lambda: _tell,
        "method": lambda: Vault().add, "builtin": lambda: len, "eval": lambda: eval, "type": lambda: type,
        "error": partial(Trap, Vault()), "list": lambda: [Vault(), {"v": Vault()}], "engine": dana.Engine,
        "partial": partial(partial, give, "vault"), "dict view": vars(Vault()).keys,
        "namespace": lambda: __import__("types").SimpleNamespace(open=open, name="x"), "property": lambda: property(give),
        "stringy": lambda: type("Text", (str,), {"_s": SECRET})("text"), "wrapped": lambda: staticmethod(give),
        "cell": lambda: _tell.__closure__[0], "weak": lambda: __import__("weakref").ref(Vault),
        "iterator": lambda: iter([Vault()]), "map": lambda: map(give, ["module"]), "super": lambda: super,
    }  # fmt: skip
    found = made[what]()
    if what == "coroutine":
        asyncio.get_event_loop_policy()
    return found


def fail(kind: str) -> Any:
    """Raise what a careless host may raise."""
    if kind == "trap":
        raise Trap(Vault())
    if kind == "chain":
        raise ValueError(Vault()) from Trap(Vault())
    if kind == "group":
        raise ExceptionGroup("several", [Trap(Vault()), ValueError(Vault())])
    if kind == "attribute":
        return Vault().nothing  # type: ignore[attr-defined]
    if kind == "key":
        raise KeyError(Vault())
    if kind == "stop":
        raise StopIteration(Vault())
    if kind == "exit":
        raise SystemExit(Vault())
    raise UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, "bad")


class Stage:
    """Folder, files, port and engine for the attacks of one process."""

    def __init__(self, level: str, limits: dana.Limits) -> None:
        self.level = level
        self.limits = limits
        self.home = Path(tempfile.mkdtemp(prefix="attacks-"))
        (self.home / "outside").mkdir()
        self.secret = self.home / "outside" / "secret.txt"
        self.secret.write_text(SECRET, encoding="utf-8")
        (self.home / "outside" / "loot.na").write_text(f'found = "{SECRET}"\n', encoding="utf-8")
        self.new = self.home / "made.txt"
        os.environ[VARIABLE] = SECRET
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.printed: list[str] = []
        self._shared: dana.Engine | None = None
        self._odd: dana.Engine | None = None
        self._session: Any = None
        self._taken = 0

    def close(self) -> None:
        """Nobody attacks here any more."""
        self.listener.close()

    def folder(self, number: int, attack: Attack) -> Path:
        """A folder of the attack's own, with its files and a link that leads outside."""
        made = self.home / f"attack{number}"
        made.mkdir()
        for name, text in attack.files.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_text(self.filled(text, made), encoding="utf-8")
        (made / "link").symlink_to(self.secret.parent)
        (made / "mine.txt").write_text("mine", encoding="utf-8")
        return made

    def filled(self, text: str, folder: Path) -> str:
        """The text with its places filled in."""
        places = {"FOLDER": folder, "SECRET": self.secret, "NEW": self.new, "PORT": self.port}
        for name, value in places.items():
            text = text.replace(f"@{name}@", str(value))
        return text

    def engine(self, attack: Attack, folder: Path) -> dana.Engine:
        """An engine with the attack's grants and the host's functions."""
        grants = {kind: [self.filled(p, folder) for p in patterns] for kind, patterns in attack.grant.items()}
        kind: dict[str, Any] = {"isolate": "process"} if self.level == "process" else {}
        engine = dana.Engine(
            limits=self.limits,
            allow=dana.Allow(**grants),  # type: ignore[arg-type]
            roots=[folder],
            cache=False,
            on_print=self.printed.append,
            read=lambda _prompt: "1",
            **kind,
        )
        engine.host("give")(give)
        engine.host("fail")(fail)

        @engine.host("lookup")
        def lookup(key: str) -> str:
            return f"{len(SECRET)} {key}"

        @engine.host("fetch")
        async def fetch(n: Any = 0, fails: bool = False) -> Any:
            await asyncio.sleep(0)
            if fails:
                raise Trap(Vault())
            return n

        @engine.host("call")
        def call(function: Any, *args: Any) -> Any:
            return function(*args)

        return engine

    def seat(self, attack: Attack, folder: Path) -> tuple[dana.Engine, Any]:
        """Engine and session for an attack. Workers take several attacks that need nothing special."""
        if self.level == "confine":
            engine = self.engine(attack, folder)
            return engine, engine.session()
        if attack.grant or attack.files:
            self.close_odd()
            self._odd = self.engine(attack, folder)
            return self._odd, self._started(self._odd)
        if self._shared is None:
            self._shared = self.engine(attack, folder)
        if self._session is None or self._taken >= PER_WORKER or not self._session._talk.worker.is_usable:
            self._session, self._taken = self._started(self._shared), 0
        self._taken += 1
        return self._shared, self._session

    def _started(self, engine: dana.Engine) -> Any:
        session = engine.session()
        session.run("1")
        return session

    def close_odd(self) -> None:
        """End the workers of the last attack that had an engine of its own."""
        if self._odd is not None:
            self._odd.close()  # type: ignore[attr-defined]

    def knocked(self) -> bool:
        """Whether somebody has connected."""
        try:
            self.listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True
