"""A model that depends on what it is told about its tools, and the program of a help desk that it serves.

It takes the tool whose description shares most words with the request (of equals the first), as language models do, only
worse. So it gets better when the descriptions do, and by nothing else.
"""

from __future__ import annotations

import json
import re

from dana.models.messages import Reply, ToolCall, Usage, in_pieces

WORD = re.compile(r"[a-z]{3,}")

PROGRAM = """
import agents
from meta import task, watch

def track(number: int) -> str:
    if number >= 5000:
        raise ValueError("there is no parcel {number}")
    return "on its way"

def refund(number: int) -> str:
    if number < 5000:
        raise ValueError("there is no payment {number}")
    return "paid back"

agent_blueprint Triage:
    tools: list = [
        agents.tool(track, description="Looks after an order."),
        agents.tool(refund, description="Money, a parcel or a delivery."),
    ]

TRACK = ["where is my parcel {n}", "when will parcel {n} arrive", "has my order {n} been delivered", "shipment {n} please",
         "is the delivery {n} late"]
REFUND = ["i want my money back for {n}", "please refund order {n}", "item {n} is broken, pay me back", "cancel the charge for {n}",
          "return {n} for my money"]

def requests(numbers: list) -> list:
    found = []
    for n in numbers:
        for text in TRACK:
            found.append([text.replace("{n}", str(n)), "on its way", "track"])
        for text in REFUND:
            found.append([text.replace("{n}", str(n + 5000)), "paid back", "refund"])
    return found

def failures(numbers: list) -> int:
    desk = Triage()
    return len([1 for r in requests(numbers) if desk.solve(r[0]) != r[1]])
"""


class Reader:
    """The model."""

    def __init__(self, name: str = "reader") -> None:
        self.name = name
        self.proposal: dict | None = None

    async def complete(self, request) -> Reply:
        last = request.messages[-1]
        if not request.tools and self.proposal is not None:
            return Reply(json.dumps(self.proposal), usage=Usage(200, 50), usd=0.0, model=self.name)
        if last.role == "tool":
            text = next(line for line in last.content.splitlines() if line and not line.startswith("<"))
            return Reply(text, usage=Usage(30, 5), usd=0.0, model=self.name)
        asked = set(WORD.findall(last.content.lower()))
        best = max(request.tools, key=lambda tool: len(asked & set(WORD.findall(tool.description.lower()))))
        number = re.search(r"\d+", last.content)
        call = ToolCall("c1", best.name, json.dumps({"number": int(number[0]) if number else 0}))
        return Reply("", finish="tool_calls", usage=Usage(40, 8), usd=0.0, model=self.name, tool_calls=(call,))

    async def stream(self, request):
        """The reply in pieces."""
        async for piece in in_pieces(await self.complete(request)):
            yield piece

    async def aclose(self) -> None:
        """Nothing is open."""
