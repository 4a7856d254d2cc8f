"""Demonstration 5: a function, an agent's turn and a growing network in one stream, with one trace."""

from __future__ import annotations

import json

import pytest

from dana.__main__ import main
from dana.engine import Engine
from tests.agents.meta.desk import Reader

PROGRAM = """
import agents
from esper import mlp

@poet(audit_trail=true, retries=0)
def quote(number: int) -> str:
    return "on its way"

def grow(number: int) -> str:
    net = mlp(2, [4], 2)
    growth = net.germinate(net.site(0).propose("widen", neurons=number))
    return "grown" if growth else growth.reason

agent_blueprint Desk:
    tools: list = [agents.tool(quote, description="quote a price"), agents.tool(grow, description="grow a net")]

desk = Desk()
print(desk.solve("quote the price of 3"))
print(desk.solve("grow the net by 2"))
"""


def test_one_stream_shows_functions_agents_and_networks_with_one_trace(tmp_path, capsys) -> None:
    pytest.importorskip("torch")
    printed: list[str] = []
    Engine(model=Reader(), store=f"sqlite:///{tmp_path}/run.db", on_print=printed.append).run(PROGRAM)
    assert "".join(printed).splitlines() == ["on its way", "grown"]
    assert main(["ledger", "query", f"{tmp_path}/run.db", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    by_kind = {event["kind"]: event for event in events}
    assert {"turn.end", "tool.end", "model.call", "poet.call.end", "esper.germinate"} <= set(by_kind)
    trace = by_kind["turn.end"]["act"]
    assert trace
    assert by_kind["esper.germinate"]["act"] == trace
    assert by_kind["poet.call.end"]["act"] != trace  # an act of its own …
    assert by_kind["poet.call.end"]["data"]["trace"] == trace  # … that is part of this one
    assert main(["ledger", "tail", f"{tmp_path}/run.db", "--trace", trace, "--limit", "100"]) == 0
    shown = capsys.readouterr().out
    for kind in ("poet.call.start", "turn.start", "esper.germinate", "model.call"):
        assert kind in shown
    assert main(["ledger", "explain", f"{tmp_path}/run.db", "--subject", "Desk"]) == 0
    story = capsys.readouterr().out
    assert "esper.germinate" in story
    assert "poet.call" not in story  # that was the turn before
    assert main(["ledger", "verify", f"{tmp_path}/run.db"]) == 0
