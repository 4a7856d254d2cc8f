"""`reason` in runs that are recorded and replayed, and a key that must be in none of the files they leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dana import Engine, Source
from dana.models import Scripted
from tests.servers.models import ModelServer

ROOT = Path(__file__).parents[2]
PROGRAM = """
struct Invoice:
    customer: str
    total: float
    tags: list[str] = []

seen = []
def look(n: int) -> int:
    seen.append(n)
    return n * 2

def sane(value: float) -> float:
    if value > 100:
        raise ValueError("too much")
    return value

@poet(retries=2, backoff=0, audit_trail=true, enforce_handler=sane)
def total(mail: str) -> float:
    i: Invoice = reason(["The invoice", "Which invoice?"], context=mail)
    return i.total

print(total("Ann pays 12.50"))
n: int = reason("twice?", tools=[look])
print(n, seen)
found: list[Invoice] = reason("all?")
print(found[0].customer)
try:
    x: int = reason("no?", retries=1)
except ReasonError as e:
    print(e.attempts[0]["problems"], e.best)
def show(v: any) -> None:
    print("so far", v)
s: str = reason("Tell", stream=show)
print(s)
try:
    reason("down?")
except ReasonError as e:
    print(e)
"""
REPLIES = [
    '{"customer": "Ann"}', '{"customer": "Ann", "total": 1200.5}', '{"customer": "Ann", "total": 12.5}',
    {"tool_calls": [{"name": "look", "arguments": {"n": 2}}]}, "4", '[{"customer": "Bob", "total": 1}]', "no", "none",
    "once upon a time", {"error": "auth_refused"},
]  # fmt: skip


@pytest.fixture
def recorded(tmp_path):
    path = str(tmp_path / "runs.db")
    printed = []
    with Engine(model=Scripted(list(REPLIES)), cache=False, record=path, on_print=printed.append) as engine:
        engine.run(Source("<text>", PROGRAM))
    return path, "".join(printed)


def test_a_replay_asks_nobody_and_does_the_rest_again(recorded):
    path, printed = recorded
    assert Engine(cache=False).replay(path).departure is None
    assert "so far once upon a time" in printed
    assert "4 [2]" in printed
    assert "gave no answer" in printed


def test_questions_side_by_side_are_told_apart(tmp_path):
    program = """
def count(mail: str) -> int:
    n: int = reason("How many?", context=mail)
    return n
print(parallel(count, ["a", "b", "c", "d"]))
"""
    replies = [{"match": f"\n{each}\n", "text": text} for each in "abcd" for text in ("none at all", str(ord(each)))]
    path = str(tmp_path / "runs.db")
    with Engine(model=Scripted(replies), cache=False, record=path) as engine:
        engine.run(Source("<text>", program))
    assert Engine(cache=False).replay(path).departure is None


def test_another_question_is_a_departure(tmp_path):
    path = str(tmp_path / "runs.db")
    file = tmp_path / "main.na"
    file.write_text('print(reason("What is tea?"))')
    with Engine(model=Scripted(["a drink"]), cache=False, record=path) as engine:
        engine.run(file)
    assert Engine(cache=False).replay(path).departure is None
    file.write_text('print(reason("What is coffee?"))')
    departure = Engine(cache=False).replay(path).departure
    assert "model[1]" in departure.event or "source" in departure.field or departure.note
    assert departure.recorded != departure.replayed


def test_what_was_denied_then_is_denied_again(tmp_path):
    path = str(tmp_path / "runs.db")
    program = 'try:\n    reason("?", model="openai:gpt-4o-mini")\nexcept Exception as e:\n    print(e)\n'
    with Engine(cache=False, record=path) as engine:
        engine.run(Source("<text>", program))
    assert Engine(cache=False).replay(path).departure is None


# --- the key ----------------------------------------------------------------------------------------

CANARY = "sk-canary-0123456789abcdefghij"
TALKING = """
struct Fact:
    text: str

def look(word: str) -> str:
    return word

@poet(retries=1, backoff=0, audit_trail=true, domain="llm_optimization")
def tell(prompt: str) -> str:
    return reason([prompt, prompt + "!"])

print(tell("Say the key you were given"))
f: Fact = reason("Say it in a field", tools=[look])
print(f, repr(f))
for question in ["bad", "forbidden", "down"]:
    try:
        print(reason(question, timeout=2, retries=0))
    except ReasonError as e:
        print(e, e.attempts, repr(e))
def show(v: any) -> None:
    print(v)
print(reason("stream it", stream=show))
log("done", "INFO")
x: int = reason("no number", retries=1)
"""


def answer(body):
    said = body["messages"][-1]["content"]
    if body["messages"][-1]["role"] == "tool":
        return json.dumps({"text": f"key {CANARY}"})
    if "in a field" in said:
        call = {"name": "look", "arguments": json.dumps({"word": CANARY})}
        return {"content": "", "tool_calls": [{"id": "1", "type": "function", "function": call}]}
    if said == "bad":
        return {"status": 400, "error": {"message": f"you sent {CANARY}"}}
    if said == "forbidden":
        return {"status": 401, "error": {"message": f"not with {CANARY[:12]}…"}}
    if said == "down":
        return {"status": 500, "error": {"message": CANARY}}
    return f"the key is {CANARY}, said the endpoint that has it"


def test_the_key_is_in_no_file_a_run_leaves(tmp_path):
    """Logs, errors, ledger, store, recording, metrics, caches, bytecode, screen: each file, byte by byte."""
    (tmp_path / "main.na").write_text(TALKING)
    (tmp_path / "home").mkdir()
    with ModelServer(answer, key=CANARY) as server:
        env = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path / "home"),
            "XDG_CACHE_HOME": str(tmp_path / "cache"), "XDG_STATE_HOME": str(tmp_path / "state"), "NO_COLOR": "1",
            "OPENAI_API_KEY": CANARY, "OPENAI_BASE_URL": server.url,
        }  # fmt: skip
        spec = "replay:calls.jsonl?record=openai:test"
        words = [
            "run", "--record", "runs.db", "--metrics", "figures.prom", "--model", spec, "--store", "learnt.db",
            "--allow-all", "main.na",
        ]  # fmt: skip
        done = _dana(tmp_path, env, *words)
        assert any(CANARY in headers.get("authorization", "") for headers in server.headers)
    (tmp_path / "out.txt").write_text(done.stdout + done.stderr)
    for number, words in enumerate(
        [["replay", "runs.db"], ["poet", "list"], ["ledger", "show", "runs.db"], ["models"]]
    ):
        again = _dana(tmp_path, env, *words)
        (tmp_path / f"out{number}.txt").write_text(again.stdout + again.stderr)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"runs.db", "figures.prom", "calls.jsonl", "learnt.db"} <= names
    assert "no valid int" in done.stderr
    leaks = [str(path) for path in files if CANARY[3:].encode() in path.read_bytes()]
    assert leaks == []


def _dana(folder, env, *words):
    return subprocess.run(
        [sys.executable, "-m", "dana", *words],
        check=False, cwd=folder, env=env, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
