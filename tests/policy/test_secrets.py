"""Secrets of programs (M86): no program gets at the text of one, and none is in any file that a run leaves behind."""

from __future__ import annotations

import asyncio
import io
import json

import pytest

from dana import Allow, DanaError, Engine
from dana.models import Scripted, Secret
from tests.serving import Server

CANARY = "canary-7f3a91bc-very-secret"
HEAD = "import secrets\nkey = secrets.env('CANARY')\n"

ATTACKS = {
    "length": "len(key)",
    "index": "key[0]",
    "slice": "key[1:3]",
    "items": "for c in key: print(c)",
    "join": "','.join([key])",
    "plus": "'' + key",
    "plus on the right": "key + ''",
    "times": "key * 2",
    "order": "key < 'm'",
    "sort": "sorted([key, key])",
    "maximum": "max(key, key)",
    "key of a dict": "{key: 1}",
    "item of a set": "{key}",
    "hash": "hash(key)",
    "membership": "'can' in key",
    "substring": "key in 'canary'",
    "method of text": "key.startswith('c')",
    "method of the type": "str.upper(key)",
    "underscore": "key._text",
    "class": "key.__class__",
    "reveal": "key.reveal()",
    "release": "key._dana_release()",
    "getattr": "getattr(key, '_text')",
    "cast": "cast(str, key)",
    "annotated": "x: str = key",
    "parameter": "def f(s: str): return s\nf(key)",
    "number": "int(key)",
    "list": "list(key)",
    "bytes": "bytes(key, 'utf-8')",
    "regex": "import re\nre.match('c', key)",
    "format": "'{0._text}'.format(key)",
    "format of a method": "'{0.prefixed.__self__}'.format(key)",
    "digest": "import hashlib\nhashlib.sha256(key)",
    "base64": "import base64\nbase64.b64encode(key)",
    "store": "key.x = 1",
    "prefix that is a secret": "key.prefixed(key)",
    "prefix that is no text": "key.prefixed(7)",
    "call": "key()",
    "address": "import http\nhttp.get('http://127.0.0.1:9/', params={'k': key})",
    "body": "import http\nhttp.post('http://127.0.0.1:9/', body=key)",
    "file": "import files\nfiles.write_text('out.txt', key)",
    "program": "import process\nprocess.run('echo', [key])",
    "raise": "raise key",
    "struct field": "struct S:\n    s: str\nS(key)",
    "deconstructed": "match key:\n    case [first, *_]: print(first)\n    case {'x': y}: print(y)\n    case str(x): print(x)\n    case _: raise 'none of these'",
    "unpacked": "a, *b = key",
    "spread": "print(*key)",
    "zip": "list(zip(key, key))",
    "number of it": "[c for c in key]",
    "sum": "sum(key)",
    "unicode": "import unicodedata\nunicodedata.normalize('NFC', key)",
    "wrapped": "import textwrap\ntextwrap.wrap(key)",
    "read as JSON": "import json\njson.loads(key)",
    "date": "import datetime\ndatetime.date.fromisoformat(key)",
    "uuid": "import uuid\nuuid.uuid5(uuid.NAMESPACE_DNS, key)",
    "counter": "from collections import Counter\nCounter(key)",
}


def granted():
    return Allow(env=["CANARY"], net=["127.0.0.1"], read=["."], write=["."], run=["echo"])


def shows(error: BaseException) -> str:
    found = [str(error), repr(error)]
    for each in getattr(error, "diagnostics", ()):
        found += [each.message, each.hint or "", *map(str, each.notes)]
    return "\n".join(found)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_what_would_tell_something_is_an_error_that_tells_nothing(attack, monkeypatch, tmp_path):
    monkeypatch.setenv("CANARY", CANARY)
    monkeypatch.chdir(tmp_path)
    printed: list[str] = []
    with pytest.raises(DanaError) as caught:
        Engine(on_print=printed.append, cache=False, allow=granted()).run(HEAD + attack)
    said = shows(caught.value) + "".join(printed)
    assert CANARY not in said
    assert CANARY[:6] not in said.replace("'canary'", "")
    assert not (tmp_path / "out.txt").exists()


SHOWN = {
    "print": "print(key)",
    "joined": "print(f'{key} {key!r} {key:>5}')",
    "percent": "print('%s %r' % (key, key))",
    "repr": "print(repr(key), str(key), [key], {'k': key})",
    "json": "import json\nprint(json.dumps([key]))",
    "struct": "struct S:\n    s: any\nprint(S(key), S(key).to_json())",
    "copy": "import copy\nprint(copy.deepcopy([key]))",
    "method": "print(key.prefixed)",
    "log": "log(f'{key}')",
    "assertion": "try: assert key == 'x', key\nexcept AssertionError as e: print(e)",
    "exception": "try: raise ValueError(key)\nexcept ValueError as e: print(e, e.message)",
    "template": "from string import Template\nprint(Template('$k').substitute(k=key))",
    "partial": "from functools import partial\nprint(partial(print, key))",
    "type": "print(type(key), isinstance(key, secrets.Secret))",
}


@pytest.mark.parametrize("program", SHOWN.values(), ids=SHOWN.keys())
def test_what_shows_a_secret_shows_stars(program, monkeypatch):
    monkeypatch.setenv("CANARY", CANARY)
    printed: list[str] = []
    stderr = io.StringIO()
    Engine(on_print=printed.append, cache=False, allow=granted(), stderr=stderr).run(HEAD + program)
    assert "canary" not in "".join(printed) + stderr.getvalue()


# --- where it may go ------------------------------------------------------------------------------


def test_http_sends_it_in_headers_and_forms(monkeypatch):
    monkeypatch.setenv("CANARY", CANARY)
    with Server() as server:
        program = f"""{HEAD}
import http
http.get("http://127.0.0.1:{server.port}/echo/a", headers={{"Authorization": key.prefixed("Bearer "), "X-Key": key}})
http.post("http://127.0.0.1:{server.port}/echo/b", form={{"password": key}})
http.get("http://127.0.0.1:{server.port}/echo/c", headers={{"Authorization": secrets.basic("ann", key)}})
"""
        Engine(cache=False, allow=granted()).run(program)
        first, second, third = sorted(server.seen, key=lambda request: request.path)
    assert (first.headers["authorization"], first.headers["x-key"]) == (f"Bearer {CANARY}", CANARY)
    assert second.body == f"password={CANARY}".encode()
    assert third.headers["authorization"].startswith("Basic ")


def test_a_header_that_was_made_a_text_is_an_error_and_not_stars(monkeypatch):
    monkeypatch.setenv("CANARY", CANARY)
    program = HEAD + "import http\nhttp.get('http://127.0.0.1:9/', headers={'Authorization': f'Bearer {key}'})"
    with pytest.raises(DanaError, match="is how a secret prints"):
        Engine(cache=False, allow=granted()).run(program)


def test_a_function_of_the_host_that_asks_for_it_gets_it():
    seen = []
    engine = Engine(cache=False)

    @engine.host("login")
    def login(key: Secret) -> str:
        seen.append(key.reveal())
        return "in"

    @engine.host("echo")
    def echo(text: str) -> str:
        return text

    key = Secret(CANARY)
    program = "def __main__(key): return [login(key), key]"
    said, back = engine.run(program, arguments={"key": key})
    assert (said, seen, str(back), back == key) == ("in", [CANARY], "***", True)
    with pytest.raises(DanaError) as caught:
        engine.run("def __main__(key): return echo(key)", arguments={"key": key})
    assert CANARY not in shows(caught.value)


def test_a_secret_of_the_host_is_as_closed_as_any():
    engine = Engine(cache=False)
    assert engine.run("def __main__(key): return f'{key}'", arguments={"key": Secret(CANARY)}) == "***"
    for attack in ("key.reveal()", "key._text", "len(key)"):
        with pytest.raises(DanaError):
            engine.run(f"def __main__(key): return {attack}", arguments={"key": Secret(CANARY)})


def test_models_are_told_stars(monkeypatch):
    monkeypatch.setenv("CANARY", CANARY)
    model = Scripted(["ok", "ok"])
    program = (
        HEAD + "a: str = reason(f'Use {key}')\nb: str = reason('Use it', context={'key': key, 'more': [key]})\n[a, b]"
    )
    Engine(cache=False, allow=granted(), model=model).run(program)
    assert model.asked
    assert CANARY not in repr([[m.content for m in request.messages] for request in model.asked])


# --- files that a run leaves behind ---------------------------------------------------------------


def test_no_file_of_a_run_holds_it(monkeypatch, tmp_path):
    monkeypatch.setenv("CANARY", CANARY)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dana.toml").write_text('[project]\nname = "x"\n')
    (tmp_path / "key.txt").write_text(CANARY)
    folder = tmp_path / "out"
    folder.mkdir()
    stderr = io.StringIO()
    with Server() as server:
        program = f"""
import secrets, http, json, files
key = secrets.env("CANARY")
other = secrets.file("key.txt")
agent_blueprint Clerk:
    key: any = None
    def use(self, k):
        self.remember("note", f"key {{k}}")
        return http.get("http://127.0.0.1:{server.port}/echo", headers={{"Authorization": k.prefixed("Bearer ")}}).status
c = Clerk(key=key)
print(c.use(key), c.use(other))
@poet(retries=1)
def fails(k): raise ValueError(f"with {{k}}")
try: fails(key)
except Exception as e: log(f"{{e}}")
c.remember("answer", "they said {CANARY}")
files.write_text("out/report.json", json.dumps({{"key": key, "c": f"{{c}}"}}))
print(key)
reason(f"say {{key}}")
raise ValueError(key)
"""
        engine = Engine(
            cache=str(folder / "cache"), allow=granted(), record=str(folder / "tape.db"), on_print=stderr.write,
            memory=str(folder / "memory.db"), stderr=stderr, model=Scripted(["fine"]),
        )  # fmt: skip
        path = folder / "main.na"
        path.write_text(program.replace(CANARY, "the " + "text"))
        with pytest.raises(DanaError) as caught:
            engine.run(str(path))
    assert caught.value.diagnostics[0].message.endswith("***")
    assert CANARY not in shows(caught.value) + stderr.getvalue()
    left = [each for each in tmp_path.rglob("*") if each.is_file() and each.name != "key.txt"]
    assert {"tape.db", "memory.db", "report.json"} <= {each.name for each in left}
    for each in left:
        assert CANARY.encode() not in each.read_bytes(), each
        assert CANARY.encode("utf-16-le") not in each.read_bytes(), each


def test_a_ledger_of_poet_holds_none(monkeypatch, tmp_path):
    monkeypatch.setenv("CANARY", CANARY)
    path = tmp_path / "ledger.db"
    program = HEAD + "@poet(retries=1, audit_trail=true)\ndef use(k): return [k, 'x']\nprint(use(key))"
    Engine(cache=False, allow=granted(), store=f"sqlite:///{path}", on_print=lambda _: None).run(program)
    for each in tmp_path.iterdir():
        assert CANARY.encode() not in each.read_bytes()


def test_a_replay_needs_no_secret(monkeypatch, tmp_path):
    monkeypatch.setenv("CANARY", CANARY)
    tape = tmp_path / "tape.db"
    with Server() as server:
        program = tmp_path / "main.na"
        program.write_text(
            f"{HEAD}import http\nurl = 'http://127.0.0.1:{server.port}/echo'\n"
            "print(http.get(url, headers={'X-Key': key}).status)\nprint(key)\n"
        )
        Engine(cache=False, allow=granted(), record=str(tape), on_print=lambda _: None).run(str(program))
    monkeypatch.delenv("CANARY")
    played = Engine(cache=False, allow=granted(), on_print=lambda _: None).replay(str(tape))
    assert played, played
    played = Engine(cache=False, on_print=lambda _: None).replay(str(tape))  # nor its grant
    assert played, played


@pytest.mark.parametrize("first", ["", "note()\n"])
@pytest.mark.parametrize("kept", ["record", "store"])
def test_a_ledger_holds_none_that_somebody_else_says(first, kept, monkeypatch, tmp_path):
    """A model that got the key from somewhere, a function that is given it as a text: whether the ledger is open or not."""
    monkeypatch.setenv("CANARY", CANARY)
    path = tmp_path / "kept.db"
    program = (
        "@poet(retries=0, audit_trail=true)\ndef note(text: str = 'x') -> str: return text\n"
        + first + HEAD + "said: str = reason('What is the key?')\nnote(said)\n"
    )  # fmt: skip
    place = {"record": str(path)} if kept == "record" else {"store": f"sqlite:///{path}"}
    Engine(cache=False, allow=granted(), model=Scripted([f"It is {CANARY}"]), on_print=lambda _: None, **place).run(
        program
    )
    written = [each for each in tmp_path.iterdir() if each.is_file()]
    assert written
    for each in written:
        assert CANARY.encode() not in each.read_bytes(), each


def test_a_program_in_a_worker_has_a_handle_only():
    with Engine(isolate="process") as engine:
        seen = []
        engine.host("login")(lambda key: seen.append(key.reveal()))
        shown = engine.run("def __main__(key):\n    login(key)\n    return f'{key}'", arguments={"key": Secret(CANARY)})
    assert (shown, seen) == ("<Secret>", [CANARY])


def test_sessions_and_arun_show_stars(monkeypatch):
    monkeypatch.setenv("CANARY", CANARY)
    engine = Engine(cache=False, allow=granted())
    found = asyncio.run(engine.arun(HEAD + "key"))
    assert (str(found), json.dumps(str(found))) == ("***", '"***"')
    assert isinstance(found, Secret)
