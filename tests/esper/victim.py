"""A process that puts kernels into a store until it is killed, and tells each id once it is promised.

python -m tests.esper.victim FOLDER TURN
"""

from __future__ import annotations

import sys

from dana.esper.artifact import STAGES, sign_record, write
from dana.esper.blueprint import Blueprint, Node
from dana.esper.field_report import FieldReport
from dana.esper.store import Urza
from tests.esper.signing import KEY, digest


def kernel(number: int) -> bytes:
    """A small signed kernel; needs no torch, so that a victim starts fast."""
    blueprint = Blueprint("victim", ["batch", 2], [Node("a", "scale", ["input"], {})], "a")
    raw = number.to_bytes(8, "little")
    records, previous = [], ""
    for stage in STAGES:
        records.append(sign_record(stage, blueprint.id, {"weights": digest(raw)}, KEY, previous=previous))
        previous = records[-1]["signature"]
    return write(blueprint, {"a.weight": ("F32", (2,), raw)}, records, KEY)


def main() -> None:
    folder, turn = sys.argv[1], int(sys.argv[2])
    urza = Urza(folder)
    for number in range(10_000):
        receipt = urza.put(kernel(turn * 10_000 + number), KEY)
        urza.report(FieldReport("victim", 1, kernel=receipt.id))
        print(receipt.id, flush=True)


if __name__ == "__main__":
    main()
