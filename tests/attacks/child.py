"""Runs attacks one after the other and says of each how it ended, a line of JSON each.

python -m tests.attacks.child LEVEL NUMBER…
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil  # noqa: F401  (makes a class when it is loaded: the judge would think a program had)
import resource
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import dana
from tests.attacks import judge, stage
from tests.attacks.corpus import Attack, attacks

WALL_S = 0.05
MEMORY = 64 << 20
MB = 1 << 20
LIMITS = dana.Limits(
    steps=5_000_000, wall_s=WALL_S, depth=200, memory_bytes=MEMORY, output_bytes=64 << 10, promises=100
)
KILL_S = 15


def main(level: str, numbers: list[int]) -> None:
    """Run them and report."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warnings.simplefilter("ignore")
    if level == "confine":
        # of the whole process, for what a C call may take at most
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    _warm_up()
    all_attacks = attacks()
    if level == "confine" and any("pandas" in all_attacks[n].grant.get("python", ()) for n in numbers):
        import pandas as pd  # noqa: F401  (its import does much that a program may not)
    place = stage.Stage(level, LIMITS)
    watch = judge.Watch(place.home)
    for number in numbers:
        channel.write(json.dumps({"starts": number}) + "\n")
        signal.alarm(KILL_S)
        made = _attempt(place, watch, number, all_attacks[number])
        signal.alarm(0)
        channel.write(json.dumps({"number": number, **made}) + "\n")


def _warm_up() -> None:
    """Load what Dana loads when it is first needed, so that an import is the program's doing."""
    from importlib import import_module

    from dana.isolation.worker import NEEDED, _own_modules

    for name in (
        *_own_modules(),
        *NEEDED.split(),
        "json",
        "logging",
        "logging.config",
        "string",
        "pdb",
        "subprocess",
        "httpx",
        "ctypes",
    ):
        try:
            import_module(name)
        except ImportError:
            continue
    try:
        dana.Engine(cache=False, on_print=lambda _t: None).run("import json\nimport re\nprint([1])\n1 / 0\n")
    except dana.DanaError as error:
        str(error)


def _attempt(place: stage.Stage, watch: judge.Watch, number: int, attack: Attack) -> dict[str, Any]:
    folder = place.folder(number, attack)
    engine, session = place.seat(attack, folder)
    text = place.filled(attack.text, folder)
    before = set(_everything(place.home))
    found: list[str] = []
    watch.readable = str(folder) if attack.grant else ""
    watch.heard.clear()
    place.printed.clear()
    os.chdir(folder)
    _reset_peak()
    resident = _status("VmRSS")
    watch.on = place.level == "confine"
    start, busy = time.perf_counter(), time.process_time()
    ended, told, values = _run(session, text)
    took = min(time.perf_counter() - start, time.process_time() - busy) if watch.on else time.perf_counter() - start
    watch.on = False
    over = (_status("VmHWM") - resident - MEMORY) / MB
    late = took - WALL_S
    if late > 0.1 and place.level == "confine":
        late -= _compiling(place, attack, folder, text)
    found += watch.heard
    found += judge.said("".join(place.printed), attack.title) + judge.said(told, attack.title)
    found += judge.swept(values)
    if place.knocked():
        found.append("connected")
    created = set(_everything(place.home)) - before
    if created and not attack.grant.get("write"):
        found.append(f"created {sorted(created)}")
    if place.new.exists():
        found.append("created a file")
        place.new.unlink()
    if len("".join(place.printed)) > (64 << 10) + 5_000:
        found.append("printed more than it may")
    if ended in ("E721", "E722", "E723", "E990", "E991") or ended.startswith("!"):
        found.append(f"ended with {ended}: {told[:300]}")
    if place.level == "confine":
        values = {}
    del engine, session
    gc.collect()
    return {"found": found, "ended": ended, "late_s": round(late, 3), "over_mb": round(over, 1)}


def _run(session: Any, text: str) -> tuple[str, str, dict[str, Any]]:
    """How it ended, what its errors told, and in `confine` what its variables hold."""
    values: dict[str, Any] = {}
    try:
        session["vault"] = stage.Vault()
        ended, told = "finished", _shown(session.run(text))
    except dana.DanaError as error:
        ended, told = error.diagnostics[0].code, str(error)
    except BaseException as error:  # noqa: BLE001  (nothing else may come out: that is what is judged)
        ended, told = f"!{type(error).__name__}", str(error)
    record = getattr(session, "record", None)
    if record is not None:
        given = {"__builtins__", "vault", "__name__", "__file__"}
        values = {k: v for k, v in record.globals.items() if k not in given and not k.startswith(".")}
    return ended, told, values


def _shown(value: Any) -> str:
    try:
        return repr(value)[:100_000]
    except Exception as error:  # noqa: BLE001  (a view of a program's value that cannot be shown is looked at no further)
        return type(error).__name__


def _compiling(place: stage.Stage, attack: Attack, folder: Path, text: str) -> float:
    """Seconds that parsing and checking take, which no limit counts."""
    start = time.perf_counter()
    engine = place.engine(attack, folder)
    try:
        engine.check(text)
    except dana.DanaError:
        return time.perf_counter() - start
    return 2 * (time.perf_counter() - start)


def _everything(folder: Path) -> list[str]:
    return [str(p) for p in folder.rglob("*")]


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main(sys.argv[1], [int(n) for n in sys.argv[2:]])
