"""A study is a function of a seed whose rows are kept: a process for each core, and what is measured stays measured.

Rows are appended to a file as each seed is done, so that a study that was interrupted goes on where it was. They count
only as long as the code still computes the same: `reference` trains small networks by every controller and hashes their
weights, and rows with another hash are measured again.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    Rows = list[dict[str, Any]]


def reference(controllers: tuple[str, ...], *, frozen: bool = False) -> str:
    """What the code computes, as a hash: weights after short trainings, which any change of the arithmetic changes.

    `controllers`: those of the trainings; `frozen`: of what grows beside a frozen network.
    """
    import torch

    from dana.esper.budget import Budget
    from dana.esper.data import digits, spirals
    from dana.esper.report import weights_id
    from dana.esper.train import mlp, train

    torch.set_num_threads(1)
    whole = sha256()
    for controller in controllers:
        for net, data in ((mlp(2, [4, 4], 2), spirals(200)), (mlp(64, [3, 3], 10), digits())):
            for parameter in net.parameters() if frozen else ():
                parameter.requires_grad_(False)
            run = train(net, data, epochs=16, controller=controller, budget=Budget(400, concurrent=2)).finish()
            whole.update(f"{weights_id(run.model)} {run.growths}".encode())
    return whole.hexdigest()[:16]


class Study:
    """A name, the function of a seed that gives its rows, and the seeds. `controllers`, `frozen`: see `reference`."""

    def __init__(
        self,
        name: str,
        one: Callable[[int], Rows],
        seeds: Iterable[int],
        *,
        controllers: tuple[str, ...] = ("heuristic", "random", "schedule"),
        frozen: bool = False,
    ) -> None:
        self.name = name
        self.controllers = controllers
        self.frozen = frozen
        self.one = one
        self.seeds = list(seeds)


def carried_out(studies: list[Study], kept: Path | None) -> dict[str, Rows]:
    """The rows of all studies by name, in the order of seeds. `kept`: the file of rows (None: nothing is kept)."""
    ways = {(study.controllers, study.frozen) for study in studies}
    hashes = {way: reference(way[0], frozen=way[1]) for way in ways}
    marks = {study.name: hashes[study.controllers, study.frozen] for study in studies}
    done = _read(kept, marks)
    open_ = [(study, seed) for study in studies for seed in study.seeds if (study.name, seed) not in done]
    workers = min(len(os.sched_getaffinity(0)), len(open_))
    if workers > 1:
        # Not forked: torch's threads would not survive it.
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            asked = {pool.submit(_one, study.one, seed): (study.name, seed) for study, seed in open_}
            for number, ended in enumerate(as_completed(asked)):
                _take(done, kept, marks, asked[ended], ended.result())
                _tell(number + 1, len(open_), asked[ended])
    else:
        for number, (study, seed) in enumerate(open_):
            _take(done, kept, marks, (study.name, seed), _one(study.one, seed))
            _tell(number + 1, len(open_), (study.name, seed))
    if open_:
        sys.stderr.write("\r" + " " * 60 + "\r")
    return {study.name: [row for seed in study.seeds for row in done[study.name, seed]] for study in studies}


def _one(act: Callable[[int], Rows], seed: int) -> Rows:
    import torch

    torch.set_num_threads(1)
    # The first optimiser of a process loads half of torch, which is nobody's training.
    torch.optim.Adam([torch.zeros(1)])
    began = time.process_time()
    rows = act(seed)
    for row in rows:
        row.setdefault("seconds", round((time.process_time() - began) / len(rows), 2))
    return rows


def _take(
    done: dict[tuple[str, int], Rows], kept: Path | None, marks: dict[str, str], key: tuple[str, int], rows: Rows
) -> None:
    done[key] = rows
    if kept is not None:
        kept.parent.mkdir(exist_ok=True)
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"study": key[0], "seed": key[1], "code": marks[key[0]], "rows": rows}) + "\n")


def _read(kept: Path | None, marks: dict[str, str]) -> dict[tuple[str, int], Rows]:
    """What was measured by this code. A line that was cut off while it was written is no measurement."""
    found: dict[tuple[str, int], Rows] = {}
    lines = kept.read_text(encoding="utf-8").splitlines() if kept is not None and kept.exists() else []
    for line in lines:
        if not line.endswith("}"):
            continue
        said = json.loads(line)
        if said["code"] == marks.get(said["study"]):
            found[said["study"], said["seed"]] = said["rows"]
    return found


def _tell(number: int, count: int, key: tuple[str, int]) -> None:
    sys.stderr.write(f"\r{number} of {count}: {key[0]}, seed {key[1]}          ")
    sys.stderr.flush()
