"""An agent made to be killed: it takes turns as fast as it can, with a tool that changes the world and is approved.

    python -m tests.faults.turner LEDGER EFFECTS TOLD

`EFFECTS` gets a line for every payment, `TOLD` a word once the first turn is over.
"""

from __future__ import annotations

import json
import os
import re
import sys

from dana.engine import Engine
from dana.models.messages import Reply, ToolCall, Usage, in_pieces

PROGRAM = """
import agents

agent_blueprint Payer:
    tools: list = [agents.tool(pay, dangerous=true), look]

agents.on_approval(lambda wanted: true)
first, second = Payer(), Payer()

n = 0
while true:
    n += 1
    one = first.solve(f"pay {begin + n}")
    other = second.solve(f"look {n}")
    ready(str(one) + str(other))
"""


class Obedient:
    """A model that calls the tool whose name the request begins with, and repeats what that gave."""

    name = "obedient"

    async def complete(self, request) -> Reply:
        last = request.messages[-1]
        if last.role == "tool":
            return Reply("done", usage=Usage(9, 1), usd=0.0, model=self.name)
        word, number = re.search(r"\b(pay|look) (\d+)", last.content).groups()
        call = ToolCall("c", word, json.dumps({"number": int(number)}))
        return Reply("", finish="tool_calls", usage=Usage(9, 4), usd=0.0, model=self.name, tool_calls=(call,))

    async def stream(self, request):
        async for piece in in_pieces(await self.complete(request)):
            yield piece

    async def aclose(self) -> None:
        """Nothing is open."""


def main(journal: str, effects: str, told: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    acted, safe = os.open(effects, flags), os.open(told, flags)
    engine = Engine(model=Obedient(), store=f"sqlite:///{journal}", on_print=lambda _text: None)

    @engine.host("pay")
    def pay(number: int) -> str:
        os.write(acted, f"{number}\n".encode())
        return "paid"

    @engine.host("look")
    def look(number: int) -> str:
        return "seen"

    @engine.host("ready")
    def ready(_said: str) -> None:
        os.write(safe, b"ready\n")

    engine.run(PROGRAM.replace("begin", str(os.getpid() * 10_000_000)))


if __name__ == "__main__":
    main(*sys.argv[1:])
