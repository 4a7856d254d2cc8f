"""`reason` at the prompt: Ctrl-C ends a question and keeps the session; questions under way are shown as such."""

from __future__ import annotations

import sys
import threading

import pytest

from tests.repl.talking import Talk
from tests.servers.models import ModelServer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


@pytest.fixture
def server():
    """Answers at once; what asks to wait is never answered."""

    def answer(body):
        said = body["messages"][-1]["content"]
        return (30.0, "late") if "wait" in said else "Paris"

    with ModelServer(answer) as running:
        yield running


@pytest.fixture
def talk(tmp_path, server):
    t = Talk(tmp_path, "repl", "--model", server.spec())
    yield t
    t.io.close(force=True)


def test_control_c_ends_a_question_and_keeps_the_session(talk, server):
    assert talk.ask("kept = 3") == ""
    assert talk.ask('reason("The capital of France?")').endswith("'Paris'")
    talk.paste('print("go")\nx = reason("wait for it")\nprint(x)\n')
    talk.type("\r")
    talk.sees("go\r\n")
    for _ in range(500):
        if server.counts.requests == 2:
            break
        threading.Event().wait(0.01)
    talk.sees("waiting for reason")
    talk.interrupt()
    talk.sees("interrupted")
    talk.number += 1
    talk.sees(f"dana {talk.number}> ")
    assert talk.ask("kept + 1").endswith("4")
    assert talk.ask('reason("The capital of France?")').endswith("'Paris'")
    assert "not" in talk.ask("x")
    assert talk.leave() == 0


def test_without_a_model_the_prompt_says_how_to_set_one_up(tmp_path):
    t = Talk(tmp_path)
    told = t.ask('reason("The capital of France?")')
    assert "E840" in told
    assert "DANA_MODEL" in told
    assert t.ask("1 + 1").endswith("2")
    t.io.close(force=True)
