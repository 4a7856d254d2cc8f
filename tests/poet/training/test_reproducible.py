"""The same snapshot of a store and the same seed: the same is learnt, byte for byte, whatever the process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def ran(store, phase, hash_seed, known=""):
    done = subprocess.run(
        [sys.executable, "-m", "tests.poet.training.reproduced", str(store), phase],
        input=known, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_rule_learns_the_same_from_the_same_snapshot(tmp_path):
    first = tmp_path / "first.db"
    taught = ran(first, "teach", "1")
    told = []
    for hash_seed in ("2", "3"):
        store = tmp_path / f"{hash_seed}.db"
        shutil.copy(first, store)
        told.append(ran(store, "go-on", hash_seed, taught))
    assert told[0] == told[1]
    before, after = json.loads(taught), json.loads(told[0])
    promoted = {"latency": "T1", "faults": "T2", "outages": "T3", "ages": "T8", "words": "T6", "causes": "T7"}
    for name, rule in promoted.items():
        rules = {evidence.get("rule") for _n, _values, evidence in after[name]["versions"]}
        assert rule in rules, (name, rules)
    # The second run went on from what the first one knew, and learnt something itself.
    assert after["constants"]["values"]["gain"] != before["constants"]["values"]["gain"]
    assert len(after["constants"]["versions"]) > 1
    assert sum(map(sum, after["variants"].values())) > 1.9 * sum(map(sum, before["variants"].values()))
    assert all(before[name] != after[name] for name in before)
