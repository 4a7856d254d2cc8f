"""The server of the comparison, in a process of its own: no client shares its processor time with it.

`Serving(…)` starts this file with Python; each line on its input forgets what was seen and answers with the counts so
far.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Serving:
    """A server process: `url`, and `counts()`, which begins anew."""

    def __init__(self, **settings: Any) -> None:
        words = [sys.executable, str(Path(__file__)), json.dumps(settings)]
        paths = os.pathsep.join([str(ROOT), str(ROOT / "benchmarks")])
        environment = {**os.environ, "PYTHONPATH": paths}
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        )
        self.url = self._line()["url"]

    def counts(self) -> dict[str, Any]:
        """What the server has seen since the last time; the weather begins anew."""
        assert self._process.stdin is not None
        self._process.stdin.write("counts\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def __enter__(self) -> Serving:
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


def main() -> None:
    from reason_parts.questions import WORDS, asked_in

    from tests.servers.models import Faults, ModelServer, prompt_of

    settings = json.loads(sys.argv[1])
    fastest, slowest = settings.pop("latency_s")

    def answer(body: dict[str, Any]) -> tuple[float, str]:
        asked = asked_in(prompt_of(body))
        pace = random.Random(f"pace/{asked.reference}").uniform(fastest, slowest)
        return pace, json.dumps(asked.truth, ensure_ascii=False)

    def question(body: dict[str, Any]) -> str:
        return asked_in(prompt_of(body)).reference

    with ModelServer(
        answer, faults=Faults(words=WORDS, mappings=frozenset({"prices"}), **settings), question=question
    ) as server:
        print(json.dumps({"url": server.url}), flush=True)
        for _ in sys.stdin:
            counts = server.counts
            server.reset()
            said = {"requests": counts.requests, "tokens": counts.tokens, "written": counts.completion_tokens}
            print(json.dumps({**said, "faults": counts.faults}), flush=True)


if __name__ == "__main__":
    main()
