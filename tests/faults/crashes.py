"""`kill -9` at random moments of heavy learning and auditing; afterwards everything that was promised is there.

    python -m tests.faults.crashes --kills 200 --seed 1 [--on sqlite|files|postgres|agents] [--fresh]

A victim (`tests.faults.victim`) is started on the same files again and again and killed after a time that the seed
decides. After every kill: the store opens, holds what `flush` confirmed, whole versions only; the chain of the ledger
verifies; every effect that happened has its record. On "agents" the victim is an agent in the middle of its turns
(`tests.faults.turner`), killed a quarter as often. The tally is kept in `build/crashes-ON-SEED.json` and the files
beside it, so that a run goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from dana.adaptive.journal import Journal
from dana.poet.store.opening import open_store
from tests.servers.postgres import Postgres, binaries

ROOT = Path(__file__).parents[2]
# Kills fall this long after the victim has begun to work: its first writes and its thousandth.
LONGEST_S = 0.4
START_S = 60.0
# How many of the victims are killed while they start: while they open, or make, their files.
EARLY = 0.15


class Crashed(Exception):
    """A promise was not kept."""


class Crashes:
    """A store and a ledger in `folder` that survive one victim after the other; `seed` decides when each is killed."""

    def __init__(self, folder: Path, where: str, seed: int) -> None:
        self.folder = folder
        self.where = where
        self.seed = seed
        self.effects, self.told, self.journal = folder / "effects", folder / "told", folder / "run.db"

    def command(self) -> list[str]:
        """What starts a victim."""
        paths = map(str, (self.where, self.journal, self.effects, self.told))
        return [sys.executable, "-m", "tests.faults.victim", *paths]

    def kill_one(self, number: int) -> None:
        """Start a victim, kill it, look at what is left. Raises `Crashed`."""
        chance = Random(f"{self.seed}-{number}")
        moment, early = chance.random() * LONGEST_S, chance.random() < EARLY
        before = self.told.stat().st_size if self.told.exists() else 0
        victim = subprocess.Popen(
            self.command(),
            cwd=ROOT,
            stderr=subprocess.PIPE,
        )
        deadline = time.monotonic() + START_S
        while not early and (not self.told.exists() or self.told.stat().st_size == before):
            if victim.poll() is not None or time.monotonic() > deadline:
                victim.kill()
                raise Crashed(f"kill {number}: the victim did not start: {victim.communicate()[1].decode()[-2000:]}")
            time.sleep(0.002)
        time.sleep(moment)
        ended = victim.poll()
        victim.send_signal(signal.SIGKILL)
        said = victim.communicate()[1].decode()
        if ended is not None or said:
            raise Crashed(f"kill {number}: the victim failed by itself ({ended}): {said[-2000:]}")
        self.look(number)

    def look(self, number: int) -> None:
        """Everything that was promised is there. Raises `Crashed`."""
        self.look_at_store(number)
        self.look_at_ledger(number)

    def look_at_store(self, number: int) -> None:
        words = self.told.read_text().split() if self.told.exists() else []
        told = max((int(word) for word in words if word != "ready"), default=0)
        store = open_store(self.where, on_problem=lambda problem: _fail(number, f"damaged: {problem}"))
        try:
            latest = store.load("m.f", "-")
            turn = 0 if latest is None else latest.data["turn"]
            if turn < told:
                _fail(number, f"turn {told} was said to be saved; the store has {turn}")
            for version in store.versions("m.f", "-"):
                if len(version.data["text"]) != version.data["turn"] % 3000:
                    _fail(number, f"version {version.version} is not whole")
            heard = [entry["turn"] for _at, entry in store.feedback("m.f", "-", 200)]
            if told and (not heard or max(heard) < told):
                _fail(number, f"feedback of turn {told} was said to be saved; the last is {heard[:1]}")
            pattern = store.patterns("m.f", "-").get("calls", {"turn": 0})
            if pattern["turn"] < told:
                _fail(number, f"the pattern of turn {told} was said to be saved; it is of {pattern['turn']}")
        finally:
            store.close()

    def look_at_ledger(self, number: int) -> None:
        journal = Journal(str(self.journal))
        try:
            found = journal.verify()
            if not found:
                _fail(number, f"the ledger does not verify: {found.problem}")
            recorded = {row[5] for row in journal.rows(pattern="payment.sent")}
        finally:
            journal.close()
        happened = self.effects.read_text().split("\n") if self.effects.exists() else [""]
        for name in happened[:-1]:
            if name not in recorded:
                _fail(number, f"the effect {name} happened and has no record")

    def shorten(self) -> None:
        """Start the files of the ledger anew now and then: each look reads all of it."""
        if self.journal.exists() and self.journal.stat().st_size > 8 << 20:
            for path in (self.effects, self.journal, *self.folder.glob("run.db-*")):
                path.unlink(missing_ok=True)


class Turns(Crashes):
    """An agent that takes turns with tools that change the world, and is killed in the middle of them."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.faults.turner", *map(str, (self.journal, self.effects, self.told))]

    def look(self, number: int) -> None:
        journal = Journal(str(self.journal))
        try:
            found = journal.verify()
            if not found:
                _fail(number, f"the ledger does not verify: {found.problem}")
            begun = [json.loads(row[7]) for row in journal.rows(pattern="tool.start")]
            given = list(journal.rows(pattern="approval.given"))
        finally:
            journal.close()
        paid = len({data["digest"] for data in begun if data["tool"] == "pay"})
        happened = self.effects.read_text().count("\n") if self.effects.exists() else 0
        if not happened <= paid <= len(given):
            _fail(number, f"{happened} effects, {paid} records of their beginning, {len(given)} approvals")


def _fail(number: int, what: str) -> None:
    raise Crashed(f"kill {number}: {what}")


class Servers:
    """What a kind of store needs; `url` once entered."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.server: Postgres | None = None

    def __enter__(self) -> str:
        if self.kind == "sqlite":
            return f"{self.folder}/learnt.db"
        if self.kind == "agents":
            return ""
        if self.kind == "files":
            return f"json:{self.folder}/learnt"
        self.server = Postgres()
        self.server.start()
        return self.server.url

    def __exit__(self, *_exc: object) -> None:
        if self.server is not None:
            self.server.stop("immediate")
            self.server.remove()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.crashes", description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--on", choices=("sqlite", "files", "postgres", "agents"), action="append")
    parser.add_argument("--fresh", action="store_true", help="start over")
    options = parser.parse_args()
    failed = False
    for kind in options.on or ("sqlite", "postgres", "agents"):
        if kind == "postgres" and binaries() is None:
            print("postgres: not run: PostgreSQL is not installed (make deps)")
            continue
        kills = -(-options.kills // 4) if kind == "agents" else options.kills
        failed |= not campaign(kind, kills, options.seed, fresh=options.fresh)
    return int(failed)


def campaign(kind: str, kills: int, seed: int, *, fresh: bool) -> bool:
    """`kills` kills on one kind of store; True when every promise was kept."""
    folder = ROOT / "build" / f"crashes-{kind}-{seed}"
    record = folder.with_suffix(".json")
    # A server's data goes with the server, so such a run starts over.
    if fresh or kind == "postgres" or not record.exists():
        shutil.rmtree(folder, ignore_errors=True)
        record.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    done = json.loads(record.read_text())["kills"] if record.exists() else 0
    start, before = time.monotonic(), done
    with Servers(kind, folder) as where:
        crashes = (Turns if kind == "agents" else Crashes)(folder, where, seed)
        while done < kills:
            try:
                crashes.kill_one(done + 1)
            except Crashed as problem:
                print(f"{kind}: {problem}\n  the files are in {os.path.relpath(folder)}")
                return False
            done += 1
            record.write_text(json.dumps({"kind": kind, "seed": seed, "kills": done}) + "\n")
            crashes.shorten()
    print(f"{kind}: {done} kills, nothing lost ({done - before} of them now, {time.monotonic() - start:.0f} s)")
    return True


if __name__ == "__main__":
    sys.exit(main())
