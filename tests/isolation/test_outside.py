"""Files, HTTP and programs of the system for programs in a worker: the host acts, under the engine's policy."""

from __future__ import annotations

import pytest

import dana
from dana.engine import Engine
from tests.serving import Server


@pytest.fixture
def server():
    with Server() as found:
        yield found


def run(server: Server, text: str, **allow) -> str:
    printed: list[str] = []
    granted = dana.Allow(net=[f"127.0.0.1:{server.port}"], **allow)
    with Engine(isolate="process", allow=granted, on_print=printed.append) as engine:
        engine.run("import http\nimport files\nimport process\n" + text.replace("URL", server.url("")))
    return "".join(printed)


def test_requests_side_by_side(server):
    server.together(3)
    lines = [f'a{n} = http.get("URL/together/{n}", timeout=5)' for n in range(3)]
    assert run(server, "\n".join([*lines, "print(a0.text, a1.text, a2.text)"])) == "0 1 2\n"


def test_bodies_types_and_streams(server):
    program = """
struct Price:
    item: str
    price: float

print(http.get("URL/json", type=Price))
sent = http.post("URL/echo", json=[Price("tea", 1)]).json()
print(sent["body"], sent["headers"]["content-type"])
print(list(http.stream_lines("URL/lines/2")))
"""
    assert run(server, program).splitlines() == [
        "Price(item='tea', price=2.5)",
        '[{"item":"tea","price":1.0}] application/json',
        "['line 0 é', 'line 1 é']",
    ]


def test_files_and_programs(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DANA_TEST_NAME", "Ann")
    program = """
print(http.download("URL/json", "out.json"), files.read_json("out.json")["item"])
print(process.run("echo", "a b").output, process.env("DANA_TEST_NAME"))
"""
    granted = {"read": ["."], "write": ["."], "run": ["echo"], "env": ["DANA_TEST_*"]}
    assert run(server, program, **granted) == "29 tea\na b\n Ann\n"


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ('http.get("http://api.acme.dev/")', "E512"),
        ('http.get("URL/redirect/302/http:%2F%2F127.0.0.2%2F")', "E512"),
        ('http.download("URL/json", "out.json")', "E511"),
        ('http.get("api.acme.dev")', "E535"),
        ('http.get("URL/short")', "E536"),
        ('http.get("URL/status/404").raise_for_status()', "E537"),
        ('process.run("echo")', "E514"),
        ('process.env("HOME")', "E513"),
    ],
)
def test_what_is_refused_is_refused_there_too(server, tmp_path, monkeypatch, program, code):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(dana.DanaError) as caught:
        run(server, program)
    assert caught.value.diagnostics[0].code == code
    assert list(tmp_path.iterdir()) == []
