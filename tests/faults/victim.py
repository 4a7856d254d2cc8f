"""A process made to be killed: it learns and audits as fast as it can, and says what it was told is safe.

    python -m tests.faults.victim STORE LEDGER EFFECTS TOLD

Each turn saves parameters and feedback through the writer behind the calls, and does what an audited program does:
the record first, then the effect (a line in the file EFFECTS). `TOLD` is a file into which the number of a turn is
written once `flush` has said that everything up to it is saved.
"""

from __future__ import annotations

import os
import sys
from threading import Thread

from dana.adaptive.journal import Journal
from dana.adaptive.ledger import Ledger
from dana.poet.learning import LearningStore

FLUSH_EVERY = 5


def main(where: str, journal: str, effects: str, told: str) -> None:
    learnings = LearningStore(where)
    ledger = Ledger(Journal(journal), run=str(os.getpid()))
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    acted, safe = os.open(effects, flags), os.open(told, flags)
    start = 1 + max((int(data["turn"]) for data in [learnings.get_parameters("m.f")] if data), default=0)
    os.write(safe, b"ready\n")

    def act(worker: int) -> None:
        number = 0
        while True:
            number += 1
            name = f"{os.getpid()}-{worker}-{number}"
            ledger.audit("payment.sent", name, {"to": "somebody", "amount": number})
            os.write(acted, f"{name}\n".encode())
            ledger.keep("noted", name)

    for worker in (1, 2):
        Thread(target=act, args=(worker,), daemon=True).start()
    turn = start
    while True:
        learnings.update_parameters("m.f", "-", {"turn": turn, "text": "x" * (turn % 3000)})
        learnings.update_parameters(f"m.f{turn % 7}", "-", {"turn": turn})
        learnings.add_feedback("m.f", "-", {"turn": turn})
        learnings.put_pattern("m.f", "-", "calls", {"turn": turn})
        if turn % FLUSH_EVERY == 0:
            learnings.flush()
            os.write(safe, f"{turn}\n".encode())
        turn += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
