"""A worker that has turned against its host: every frame it could send is answered by its end, or is plain data."""

from __future__ import annotations

import json

import pytest

import dana
from dana.isolation.engine import ProcessEngine
from dana.isolation.wire import MAX_FRAME
from tests.isolation.attackers import armed

SEND = """
import json
def raw(data):
    while data:
        data = data[os.write(LINE, data):]
def send(message):
    body = json.dumps(message).encode()
    raw(len(body).to_bytes(4, "big") + body)
LINE = serving.link._descriptor
"""


@pytest.fixture
def host(monkeypatch):
    armed(monkeypatch)
    called = []
    engine = ProcessEngine(cache=False, limits=dana.Limits(wall_s=2), on_print=called.append)

    @engine.host("greet")
    def greet(name):
        called.append(name)
        return f"hello {name}"

    yield engine, called
    engine.close()


def hostile(engine, code):
    """What the host makes of it, as a code; the worker must be gone."""
    talk = engine._open()
    try:
        with pytest.raises(dana.DanaError) as caught:
            talk.value(talk.request("attack", code=SEND + code + "\nserving.link.receive()"))
        assert not talk.worker.is_usable
        return caught.value
    finally:
        talk.end()


def code_of(error):
    return error.diagnostics[0].code


FRAMES = {
    "unknown kind": {"t": "exec", "code": "1"},
    "no number": {"t": "done", "value": 1},
    "a number nobody asked for": {"t": "done", "id": 99, "value": 1},
    "a number that is a text": {"t": "done", "id": "1", "value": 1},
    "a number that is true": {"t": "done", "id": True, "value": 1},
    "unknown question": {"t": "ask", "id": 1, "what": "system", "name": "ls"},
    "a method as a question": {"t": "ask", "id": 1, "what": "__class__"},
    "a question without parts": {"t": "ask", "id": 1, "what": "host"},
    "an unknown host function": {"t": "ask", "id": 1, "what": "host", "name": "os.system", "args": ["ls"], "keywords": {}},
    "a host function by attribute": {"t": "ask", "id": 1, "what": "host", "name": "greet.__globals__", "args": [], "keywords": {}},
    "an object it was not given": {"t": "ask", "id": 1, "what": "held", "name": 1, "args": [], "keywords": {}},
    "arguments that are no list": {"t": "ask", "id": 1, "what": "host", "name": "greet", "args": "x", "keywords": {}},
    "a file": {"t": "ask", "id": 1, "what": "read", "path": "/etc/passwd"},
    "a file of the current folder": {"t": "ask", "id": 1, "what": "read", "path": "pyproject.toml"},
    "a folder": {"t": "ask", "id": 1, "what": "submodules", "folder": "/"},
    "a module by path": {"t": "ask", "id": 1, "what": "find", "level": 0, "path": ["../../etc"], "python": False, "importer": ""},
    "a module from elsewhere": {"t": "ask", "id": 1, "what": "find", "level": 0, "path": ["a"], "python": False, "importer": "/etc/x.na"},
    "a level below zero": {"t": "ask", "id": 1, "what": "find", "level": -1, "path": ["a"], "python": False, "importer": ""},
    "input there is not": {"t": "ask", "id": 1, "what": "input", "prompt": "password"},
    "a long sleep": {"t": "ask", "id": 1, "what": "sleep", "seconds": 1e9},
    "another native": {"t": "ask", "id": 1, "what": "native", "name": ["testing", "x"], "args": [], "keywords": {}},
    "a native's attribute": {"t": "ask", "id": 1, "what": "native", "name": ["files", "__class__"], "args": [], "keywords": {}},
    "a stream there is not": {"t": "ask", "id": 1, "what": "next", "number": 1},
    "print no text": {"t": "print", "text": 1},
    "events nobody hears": {"t": "event", "kind": "run.end", "data": {}},
    "an error of no class": {"t": "failed", "id": 1, "error": {"class": "SystemExit", "diagnostics": [], "stack": [], "sources": []}},
    "an error without a code": {"t": "failed", "id": 1, "error": {"class": "RuntimeFault", "diagnostics": [{"code": "X"}], "stack": [], "sources": []}},
    "an error that is a text": {"t": "failed", "id": 1, "error": "boom"},
    "a place outside its source": {"t": "failed", "id": 1, "error": {"class": "RuntimeFault", "stack": [], "sources": [["a", "b"]], "diagnostics": [
        {"code": "E600", "message": "", "at": [0, [5, 900]], "label": "", "labels": [], "hint": "", "notes": [], "fix": None}]}},
    "a struct of nothing": {"t": "done", "id": 1, "value": {"$": "struct", "v": 1}, "exit": None},
    "a handle it was not given": {"t": "done", "id": 1, "value": {"$": "handle", "v": 7}, "exit": None},
    "an unhashable key": {"t": "done", "id": 1, "value": {"$": "dict", "v": [[[], 1]]}, "exit": None},
    "an exit code that is a trap": {"t": "done", "id": 1, "value": 1, "exit": {"$": "nope", "v": 1}},
}  # fmt: skip


@pytest.mark.parametrize("what", FRAMES)
def test_a_frame_that_breaks_the_rules_ends_the_worker(host, what):
    engine, called = host
    error = hostile(engine, f"send(json.loads({json.dumps(json.dumps(FRAMES[what]))}))")
    assert code_of(error) == "E723", str(error)
    assert called == []


RAW = {
    "no frame": "raw(b'GET / HTTP/1.1\\r\\n\\r\\n')",
    "a huge frame": f"raw(({MAX_FRAME} + 1).to_bytes(4, 'big'))",
    "an empty frame": "raw(bytes(4))",
    "a pickle": "raw((4).to_bytes(4, 'big') + b'\\x80\\x04N.')",
    "deep nesting": "b = b'{\"t\":\"done\",\"id\":1,\"value\":' + b'[' * 100000 + b']' * 100000 + b'}'\nraw(len(b).to_bytes(4, 'big') + b)",
    "noise": "raw(bytes(range(255, 0, -1)) * 20)",
}  # fmt: skip


@pytest.mark.parametrize("what", RAW)
def test_bytes_that_are_no_frame(host, what):
    engine, _ = host
    assert code_of(hostile(engine, RAW[what])) == "E723"


def test_half_a_frame_and_silence_is_ended_by_the_clock(host):
    engine, _ = host
    engine.limits = dana.Limits(wall_s=0.2)
    engine._pool.close()
    error = hostile(engine, "raw((100).to_bytes(4, 'big') + b'{')")
    assert isinstance(error, dana.LimitExceeded)
    assert error.which == "time"


def test_endless_output_is_ended(host):
    engine, _ = host
    engine.limits = dana.Limits(wall_s=5, output_bytes=1000)
    error = hostile(engine, "while True:\n    send({'t': 'print', 'text': 'x' * 100000})")
    assert isinstance(error, dana.LimitExceeded)
    assert error.which == "output"


def test_questions_without_listening_are_ended(host):
    engine, _ = host
    engine.limits = dana.Limits(wall_s=0.5)
    code = "while True:\n    send({'t': 'ask', 'id': 1, 'what': 'host', 'name': 'greet', 'args': ['x' * 100000], 'keywords': {}})"
    error = hostile(engine, code)
    assert code_of(error) in ("E702", "E723")


def test_hanging_up_is_a_death(host):
    engine, _ = host
    assert code_of(hostile(engine, "os.close(LINE)\nos._exit(3)")) == "E721"


def test_a_broken_interpreter_is_a_death(host):
    engine, _ = host
    error = hostile(
        engine, "def f(): pass\nf.__code__ = f.__code__.replace(co_code=bytes([100, 255] * 50))\nf()\nos._exit(9)"
    )
    assert code_of(error) in ("E721", "E990")
