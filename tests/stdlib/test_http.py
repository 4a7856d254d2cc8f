"""`stdlib/http.na` against a server on this machine that misbehaves."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path
from time import monotonic

import pytest

import dana
from dana.engine import Engine, Limits
from dana.runtime.outside import addresses
from tests.serving import Server

HERE = Path(__file__).parent


@pytest.fixture
def server():
    with Server() as found:
        yield found


def run(server: Server, text: str, allow=None, **options) -> str:
    """What a program prints. URL stands for the server; it is granted unless something else is said."""
    printed: list[str] = []
    allow = allow or dana.Allow(net=[f"127.0.0.1:{server.port}"])
    program = "import http\n" + text.replace("URL", server.url("")).replace("PORT", str(server.port))
    Engine(on_print=printed.append, allow=allow, cache=False, **options).run(program)
    return "".join(printed)


def fault(server: Server, text: str, allow=None, **options):
    """The finding a program ends with."""
    with pytest.raises(dana.DanaError) as caught:
        run(server, text, allow, **options)
    return caught.value.diagnostics[0]


def said(server: Server, text: str, allow=None, **options) -> tuple[str, str]:
    found = fault(server, text, allow, **options)
    return found.code, found.message.replace(str(server.port), "PORT")


# --- requests -----------------------------------------------------------------------------------


def test_an_answer_and_its_parts(server):
    program = """
r = http.get("URL/json")
print(r.status, r.ok, r.url == "URL/json", r.headers["content-type"], r.text, r.elapsed > 0)
print(r.json(), r.json(type=dict[str, any])["price"], r)
held: http.Response = r.raise_for_status()
print(held == r, r.bytes.decode())
"""
    assert run(server, program).splitlines() == [
        '200 True True application/json {"item": "tea", "price": 2.5} True',
        f"{{'item': 'tea', 'price': 2.5}} 2.5 Response(status=200, url='{server.url('/json')}', 29 bytes)",
        'True {"item": "tea", "price": 2.5}',
    ]


@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "patch", "delete"])
def test_every_method_sends_what_it_says(server, method):
    run(
        server,
        f'http.{method}("URL/echo/a%20b", params={{"q": "a&b", "n": [1, 2], "none": None}}, headers={{"X-Key": "k"}})',
    )
    request = server.seen[0]
    assert (request.method, request.path, request.query) == (
        method.upper(), "/echo/a%20b", [("q", "a&b"), ("n", "1"), ("n", "2")],
    )  # fmt: skip
    assert request.headers["x-key"] == "k"
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert request.headers["user-agent"] == "dana"
    assert request.headers["accept-encoding"] == "gzip, deflate"


def test_bodies(server):
    program = """
struct Order:
    item: str
    count: int

http.post("URL/echo", json=[Order("té", 2), {"open": true}])
http.post("URL/echo", form={"a": "b c&d", "n": [1, true]})
http.put("URL/echo", body="té")
http.put("URL/echo", body="té".encode(), headers={"content-type": "text/x"})
http.post("URL/echo")
"""
    run(server, program)
    assert [(r.headers.get("content-type"), r.body.decode()) for r in server.seen] == [
        ("application/json", '[{"item":"té","count":2},{"open":true}]'),
        ("application/x-www-form-urlencoded", "a=b+c%26d&n=1&n=true"),
        ("text/plain; charset=utf-8", "té"),
        ("text/x", "té"),
        (None, ""),
    ]
    assert server.seen[-1].headers["content-length"] == "0"


def test_typed_answers(server):
    struct = "struct Price:\n    item: str\n    price: float\n"
    assert run(server, struct + 'print(http.get("URL/json", type=Price))') == "Price(item='tea', price=2.5)\n"
    assert said(server, struct + 'print(http.get("URL/json", type=list[Price]))') == (
        "E537", "GET http://127.0.0.1:PORT/json: expected list[Price], got {'item': 'tea', 'price': 2.5}",
    )  # fmt: skip
    assert said(server, struct + 'print(http.get("URL/status/404?key=SECRET", type=Price))') == (
        "E537", "GET http://127.0.0.1:PORT/status/404?…: 404 Not Found: status 404",
    )  # fmt: skip
    code, message = said(server, 'http.get("URL/badjson?key=SECRET").json()')
    assert (code, "line 1, column 10" in message, "SECRET" in message) == ("E537", True, False)


@pytest.mark.parametrize(("status", "kind"), [(404, "ValueError"), (403, "ValueError"), (429, "ConnectionError"), (503, "ConnectionError")])  # fmt: skip
def test_statuses_that_say_no(server, status, kind):
    program = f"""
r = http.get("URL/status/{status}")
print(r.ok)
try:
    r.raise_for_status()
except {kind} as e:
    print(e.type, e.status)
"""
    assert run(server, program) == f"False\n{kind} {status}\n"


def test_texts_and_what_is_none(server):
    assert run(
        server, 'print(http.get("URL/latin").text, http.get("URL/binary").text, len(http.get("URL/binary").bytes))'
    ) == ("Zürich None 256\n")


# --- side by side -------------------------------------------------------------------------------


def test_ten_requests_in_ten_lines_are_under_way_together(server):
    """Each is answered when all ten are there: one after the other would never end."""
    server.together(10)
    lines = [f'a{n} = http.get("URL/together/{n}", timeout=5)' for n in range(10)]
    joined = " + ".join(f"a{n}.text" for n in range(10))
    assert run(server, "\n".join([*lines, f"print({joined})"])) == "0123456789\n"
    server.together(3)
    assert run(
        server, 'print([r.text for r in parallel(lambda n: http.get(f"URL/together/{n}", timeout=5), range(3))])'
    ) == ("['0', '1', '2']\n")


def test_writing_keeps_its_order_with_files_too(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = """
import files

a = http.post("URL/echo/1", json=1)
b = http.put("URL/echo/2", json=2)
files.write_text("seen.txt", "x")
c = http.delete("URL/echo/3")
print(a.status, b.status, c.status)
"""
    allow = dana.Allow(net=[f"127.0.0.1:{server.port}"], write=["."], read=["."])
    assert run(server, program, allow) == "200 200 200\n"
    assert [r.path for r in server.seen] == ["/echo/1", "/echo/2", "/echo/3"]
    assert server.most == 1


def test_connections_are_used_again_and_closed(server, recwarn):
    run(server, 'for n in range(5):\n    http.get("URL/json").json()')
    assert (len(server.seen), server.connections) == (5, 1)
    assert [str(w.message) for w in recwarn if issubclass(w.category, ResourceWarning)] == []


def test_on_the_hosts_event_loop(server):
    async def both():
        engine = Engine(on_print=lambda _: None, allow=dana.Allow(net=[f"127.0.0.1:{server.port}"]), cache=False)
        program = f'import http\nhttp.get("{server.url("/together/x")}", timeout=5).text\n'
        return await asyncio.gather(*(engine.arun(program) for _ in range(4)))

    server.together(4)
    assert asyncio.run(both()) == ["x"] * 4


# --- what goes wrong ----------------------------------------------------------------------------

FAILURES = {
    "silent": ("E536", "no complete answer within 0.05 s"),
    "drip": ("E536", "no complete answer within 0.05 s"),
    "reset": ("E536", "the connection broke"),
    "short": ("E536", "the connection was closed before the answer was complete"),
    "nothttp": ("E536", "the connection was closed before the answer was complete"),
    "hugeheaders": ("E536", "the answer is not HTTP as the standard has it"),
    "manyheaders": ("E536", "the answer has more than 200 headers"),
    "twolengths": ("E536", "the answer is not HTTP as the standard has it"),
    "halfgzip": ("E536", "the answer breaks off"),
    "notgzip": ("E536", "the answer is not compressed as it says"),
    "brotli": ("E536", "the answer is packed as 'br', which was not asked for"),
    "circle": ("E536", "more than 5 redirects"),
}


@pytest.mark.parametrize("route", FAILURES)
def test_bad_servers(server, route):
    code, what = FAILURES[route]
    timeout = 0.05 if "0.05" in what else 5
    assert said(server, f'http.get("URL/{route}?key=SECRET", timeout={timeout})') == (
        code, f"GET http://127.0.0.1:PORT/{route}?…: {what}",
    )  # fmt: skip


@pytest.mark.parametrize("route", ["bomb", "endless", "binary"])
def test_answers_are_bounded_after_decompression(server, route):
    """A hundred megabytes of zeros, packed; an answer without an end; one that says its size."""
    import tracemalloc

    run(server, 'http.get("URL/json")')
    tracemalloc.start()
    try:
        found = said(server, f'http.get("URL/{route}", max_bytes=255, timeout=5)')
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()
    size = "has 256 bytes" if route == "binary" else "has 97,209 bytes" if route == "bomb" else "is larger"
    assert (found[0], found[1].partition(": the answer ")[2].partition(",")[0][:5]) == ("E532", size[:5])


def test_a_bomb_passes_the_size_of_what_is_sent_and_not_of_what_it_is(server):
    assert said(server, 'http.get("URL/bomb", timeout=5)') == (
        "E532", "GET http://127.0.0.1:PORT/bomb: the answer is larger, and 10,000,000 are taken",
    )  # fmt: skip


@pytest.mark.parametrize("route", ["gzip", "gzip2", "deflate", "rawdeflate"])
def test_packed_answers(server, route):
    assert (
        run(server, f'print(http.get("URL/{route}").text, http.get("URL/{route}", max_bytes=100).text)')
        == "packed packed\n"
    )


def test_nobody_there(server):
    server.__exit__()
    assert said(server, 'http.get("URL/")') == (
        "E536", "GET http://127.0.0.1:PORT/: the host does not take connections there",
    )  # fmt: skip


def test_deadlines_of_the_program_come_first(server):
    begun = monotonic()
    assert fault(server, 'with timeout(0.05):\n    http.get("URL/silent").text').code == "E706"
    assert fault(server, 'http.get("URL/silent").text', limits=Limits(wall_s=0.05)).code == "E702"
    assert monotonic() - begun < 2


def test_a_server_that_certifies_itself_is_not_believed():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(sys.modules["tests.serving"].__file__).parent / "localhost.pem")
    with Server(context) as server:
        code, message = said(server, 'http.get("https://127.0.0.1:PORT/json")')
    assert (code, message.rpartition(": ")[0]) == (
        "E536", "GET https://127.0.0.1:PORT/json: the host cannot prove that it is the host",
    )  # fmt: skip
    assert server.seen == []


# --- what cannot be asked -----------------------------------------------------------------------

REFUSED = [
    '"http://user:SECRET@127.0.0.1:PORT/"',
    '"http://user@127.0.0.1:PORT/"',
    '"http://@127.0.0.1:PORT/"',
    '"ftp://127.0.0.1:PORT/"',
    '"file:///etc/passwd"',
    '"127.0.0.1:PORT"',
    '"http:///x"',
    '"http://127.0.0.1:PORT/a b"',
    '"http://127.0.0.1:PORT/\\r\\nX: y"',
    '"http://127.0.0.1:PORT\\\\@evil.dev/"',
    '"http://127.0.0.1:99999/"',
    '"http://127.0.0.1:0/"',
    '"http://127.0.0.1:PORT/" + "x" * 9000',
    '""',
    "3",
    '"URL/", headers={"X-A": "b\\r\\nX-B: c"}',
    '"URL/", headers={"X-A\\r\\nX-B": "c"}',
    '"URL/", headers={"X A": "c"}',
    '"URL/", headers={"": "c"}',
    '"URL/", headers={"X-A": "Б"}',
    '"URL/", headers={"Host": "evil.dev"}',
    '"URL/", headers={"Content-Length": "3"}',
    '"URL/", headers={"transfer-ENCODING": "chunked"}',
    '"URL/", headers={"Proxy-Authorization": "x"}',
    '"URL/", headers={"a": "x", "A": "y"}',
    '"URL/", headers=[1]',
    '"URL/", params=[1]',
    '"URL/", params={"a": {}}',
    '"URL/", timeout=0',
    '"URL/", timeout=-1',
    '"URL/", redirects=1000',
    '"URL/", max_bytes=-1',
    '"URL/", json=1, body="x"',
    '"URL/", body=3',
    '"URL/", form="a=b"',
]


@pytest.mark.parametrize("arguments", REFUSED)
def test_requests_that_are_refused_before_anything_is_sent(server, arguments):
    method = "post" if any(word in arguments for word in ("json=", "body=", "form=")) else "get"
    found = fault(server, f"http.{method}({arguments})", dana.Allow.all())
    assert found.code in ("E535", "E301", "E302", "E611", "E601"), found
    assert "SECRET" not in str(found.message)
    assert server.connections == 0


def test_options_there_are_not(server):
    found = fault(server, 'options = {"tiemout": 3}\nhttp.get("URL/", **options)')
    assert (found.code, found.message, found.hint) == (
        "E610", "`http.get` has no option `tiemout`", "did you mean `timeout`?",
    )  # fmt: skip
    assert fault(server, 'options = {"json": 3}\nhttp.get("URL/", **options)').code == "E610"
    assert fault(server, 'http.get("URL/", tiemout=3)').code[:2] == "E4"


def test_keys_are_never_shown(server):
    heard: list[object] = []
    program = (
        'http.get("URL/reset?key=SECRET1", headers={"Authorization": "Bearer SECRET2"}, params={"token": "SECRET3"})'
    )
    with pytest.raises(dana.DanaError) as caught:
        run(server, program, on_event=heard.append) if takes_events() else run(server, program)
    found = caught.value.diagnostics[0]
    shown = " ".join([found.message, found.hint, *found.notes, *(str(e) for e in heard), str(caught.value.__cause__)])
    assert "SECRET" not in shown
    assert server.seen[0].headers["authorization"] == "Bearer SECRET2"


def takes_events() -> bool:
    """Whether this engine tells its events to a function."""
    import inspect

    return "on_event" in inspect.signature(Engine).parameters


def test_without_httpx_the_hint_says_what_to_do(server, monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx", None)
    found = fault(server, 'http.get("URL/")')
    assert (found.code, "pip install httpx" in found.hint) == ("E538", True)


def test_proxies_and_passwords_of_the_environment_are_not_used(server, monkeypatch, tmp_path):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password SECRET\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert run(server, 'print(http.get("URL/json").status)') == "200\n"
    assert "authorization" not in server.seen[0].headers


# --- redirects ----------------------------------------------------------------------------------


def test_redirects_are_followed_within_what_is_granted(server):
    assert run(server, 'r = http.get("URL/redirect/302/%2Fjson")\nprint(r.status, r.url == "URL/json")') == "200 True\n"
    assert run(server, 'print(http.get("URL/redirect/302/%2Fjson", redirects=0).status)') == "302\n"
    found = fault(server, 'http.get("URL/redirect/302/http:%2F%2F127.0.0.2:PORT%2Fjson")')
    assert (found.code, "127.0.0.2" in found.message) == ("E512", True)
    assert fault(server, 'http.get("URL/redirect/302/file:%2F%2F%2Fetc%2Fpasswd")').code == "E536"
    assert fault(server, 'http.get("URL/redirect/302/http:%2F%2Fa:b@127.0.0.1:PORT%2F")').code == "E536"


@pytest.mark.parametrize(("status", "method", "sent"), [(301, "GET", b""), (302, "GET", b""), (303, "GET", b""), (307, "POST", b"x"), (308, "POST", b"x")])  # fmt: skip
def test_what_a_redirected_post_becomes(server, status, method, sent):
    run(server, f'http.post("URL/redirect/{status}/%2Fecho", body="x", headers={{"X-Key": "k"}})')
    last = server.seen[-1]
    assert (last.method, last.path, last.body, last.headers.get("x-key")) == (method, "/echo", sent, "k")
    assert ("content-type" in last.headers) == bool(sent)


def test_keys_do_not_follow_a_redirect_to_another_host(server):
    with Server() as other:
        allow = dana.Allow(net=[f"127.0.0.1:{server.port}", f"127.0.0.1:{other.port}"])
        where = other.url("/echo").replace("/", "%2F")
        headers = '{"Authorization": "SECRET", "X-Api-Key": "SECRET", "Cookie": "a=SECRET", "Accept": "text/plain"}'
        run(server, f'http.get("URL/redirect/302/{where}", headers={headers})', allow)
        assert sorted(other.seen[0].headers) == ["accept", "accept-encoding", "host", "user-agent"]
        found = fault(server, f'http.post("URL/redirect/307/{where}", body="SECRET")', allow)
        assert (found.code, "would send the POST to another host" in found.message) == ("E536", True)
        assert len(other.seen) == 1


# --- names and addresses ------------------------------------------------------------------------


def resolving(monkeypatch, *answers: list[str]):
    """The name server says these, one after the other, and the last one for ever."""
    asked: list[str] = []

    async def resolve(_loop, host, _port):
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    monkeypatch.setattr(addresses, "resolve", resolve)
    return asked


def test_a_granted_name_does_not_lead_into_the_private_network(server, monkeypatch):
    for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
                    "0.0.0.0", "fe80::1", "fc00::1", "100.64.0.1", "2002:7f00:1::", "224.0.0.1"):  # fmt: skip
        resolving(monkeypatch, [address])
        found = fault(server, 'http.get("http://api.acme.dev:PORT/")', dana.Allow(net=["*.acme.dev"]))
        assert found.code == "E512", address
        assert any("`api.acme.dev` is granted, but leads to" in note for note in found.notes), address
    assert server.connections == 0


def test_one_private_address_among_public_ones_is_enough(server, monkeypatch):
    resolving(monkeypatch, ["93.184.216.34", "127.0.0.1"])
    assert fault(server, 'http.get("http://api.acme.dev:PORT/")', dana.Allow(net=["*.acme.dev"])).code == "E512"


def test_a_name_that_is_granted_itself_may_lead_anywhere_that_is_not_denied(server, monkeypatch):
    resolving(monkeypatch, ["127.0.0.1"])
    program = 'print(http.get("http://api.acme.dev:PORT/json").status)'
    assert run(server, program, dana.Allow(net=["api.acme.dev"])) == "200\n"
    assert server.seen[0].headers["host"] == f"api.acme.dev:{server.port}"
    assert run(server, program, dana.Allow(net=["*.acme.dev", "127.0.0.1"])) == "200\n"
    assert run(server, program, dana.Allow(net=True)) == "200\n"
    for allow in (dana.Allow(net=["api.acme.dev"]), dana.Allow(net=True)):
        assert fault(server, program, allow, deny=dana.Deny(net=["127.0.0.1"])).code == "E512"


def test_the_address_that_was_judged_is_connected_to(server, monkeypatch):
    """The name server changes its mind after the check (DNS rebinding): nobody asks it again."""
    asked = resolving(monkeypatch, ["127.0.0.1"], ["127.0.0.9"])
    assert (
        run(server, 'print(http.get("http://api.acme.dev:PORT/json").status)', dana.Allow(net=["api.acme.dev"]))
        == "200\n"
    )
    assert asked == ["api.acme.dev"]


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "127.0.0.1.", "localhost.", "[::ffff:127.0.0.1]"]
)
def test_other_spellings_of_this_machine_are_no_way_around(server, host):
    found = fault(server, f'http.get("http://{host}:PORT/")', dana.Allow(net=["*.acme.dev", "api.acme.dev"]))
    assert found.code in ("E512", "E535")
    found = fault(server, f'http.get("http://{host}:PORT/")', dana.Allow(net=True), deny=dana.Deny(net=["127.0.0.1"]))
    assert found.code in ("E512", "E535")
    assert server.connections == 0


# --- streams and downloads ----------------------------------------------------------------------


def test_lines_arrive_as_they_are_asked_for(server):
    assert run(server, 'print(list(http.stream_lines("URL/lines/3")))') == "['line 0 é', 'line 1 é', 'line 2 é']\n"
    assert run(server, 'print(next(http.stream_lines("URL/lines/100000")))\nprint("on")') == "line 0 é\non\n"
    assert (
        run(server, 'print(list(http.stream_lines("URL/gzip")), list(http.stream_lines("URL/lines/0")))')
        == "['packed'] []\n"
    )
    with pytest.raises(dana.LimitExceeded):
        run(server, 'print(sum(1 for l in http.stream_lines("URL/lines/20000")))', limits=Limits(steps=10_000))
    assert fault(server, 'http.stream_lines("URL/status/404")').code == "E537"
    assert fault(server, 'list(http.stream_lines("URL/drip", timeout=0.05, max_bytes=100000000))').code == "E536"
    assert fault(server, 'list(http.stream_lines("URL/lines/1000", max_bytes=1000))').code == "E532"


def test_a_download_appears_when_it_is_complete(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = [f"127.0.0.1:{server.port}"]
    program = 'size = http.download("URL/json", "out.json")\nprint(size)'
    assert run(server, program, dana.Allow(net=net, write=["out.json", "."])) == "29\n"
    assert json.loads((tmp_path / "out.json").read_text()) == {"item": "tea", "price": 2.5}
    assert fault(server, program, dana.Allow(net=net, read=["."])).code == "E511"
    for route in ("short", "status/500", "endless"):
        failed = fault(
            server, f'http.download("URL/{route}", "out.json", max_bytes=100)', dana.Allow(net=net, write=["."])
        )
        assert failed.code in ("E532", "E536", "E537")
        assert [p.name for p in tmp_path.iterdir()] == ["out.json"]
    assert (
        fault(server, 'http.download("URL/json", "out.json", overwrite=false)', dana.Allow(net=net, write=["."])).code
        == "E531"
    )
    assert json.loads((tmp_path / "out.json").read_text())["item"] == "tea"


@pytest.mark.parametrize("address", ["https://api.acme.dev/x?y=1", "http://127.0.0.1:1/", "https://localhost"])
def test_what_is_denied_loads_nothing(address, monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(dana.DanaError) as caught:
        Engine().run(f"import http\nhttp.get({address!r})")
    assert caught.value.diagnostics[0].code == "E512"
