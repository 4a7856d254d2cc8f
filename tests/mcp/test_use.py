"""`use "mcp:…"`: tools of other programs, spoken to with the official SDK on both sides, over HTTP and over pipes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dana

pytest.importorskip("mcp", reason="not run: the package mcp is not installed")

from dana.adaptive.clock import FakeClock
from dana.models import Scripted
from tests.servers.mcp import ToolsServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server() -> Iterator[ToolsServer]:
    with ToolsServer() as running:
        yield running


def port_of(server: ToolsServer) -> str:
    return server.url.split("/")[2]


def run(server: ToolsServer, program: str, **options: Any) -> tuple[Any, list[str]]:
    """The program's value and what it printed, with the server granted and used as `desk`."""
    printed: list[str] = []
    engine = dana.Engine(allow=dana.Allow(net=[port_of(server)], model=True), on_print=printed.append, **options)
    value = engine.run(f'use "mcp:{server.url}" as desk\n{program}')
    return value, "".join(printed).splitlines()


def fault(server: ToolsServer, program: str) -> dana.DanaError:
    with pytest.raises(dana.DanaError) as caught:
        run(server, program)
    return caught.value


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("desk.add(2, 3)", 5),
        ("desk.add(b=2, a=5)", 7),
        ('desk.greet("Ann")', "Hi Ann"),
        ('desk.greet("Ann", polite=true)', "Good day, Ann"),
        ("desk.rows()", [{"id": 1, "ok": True}, {"id": 2, "ok": None}]),
        ('desk.get_weather(city="Bern")["degrees"]', 21.5),
        ('desk.call("get-weather", {"city": "Bern"})["city"]', "Bern"),
        ("desk.picture()[0]['mimeType']", "image/png"),
        ("desk.state", "running"),
        ("str(desk)[:15]", "ToolServer[mcp:"),
        ("[t['name'] for t in desk.tools()][:3]", ["add", "greet", "door"]),
        ("desk.tools()[0]['parameters']['required']", ["a", "b"]),
    ],
)
def test_tools_are_called_like_functions(server: ToolsServer, call: str, value: object) -> None:
    assert run(server, call)[0] == value


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        ("desk.boom()", "E881", "boom"),
        ("desk.addd(1, 2)", "E883", "did you mean `add`?"),
        ("desk.add(1)", "E884", "'b' is a required property"),
        ("desk.add(1, c=2)", "E884", "no parameter `c`"),
        ("desk.add(1, 2, 3)", "E884", "takes 2 arguments"),
        ("desk.add(1, a=2)", "E884", "twice"),
        ('desk.add("x", 2)', "E884", "not of type 'integer'"),
        ('desk.door("ajar")', "E884", "not one of"),
        ("desk.add(print, 1)", "E884", "JSON"),
        ('desk.call("add", [1, 2])', "E884", "a dict with names"),
        ("desk.stop()\ndesk.add(1, 2)", "E881", "is closed"),
        ("desk._program", "E202", ""),
    ],
)
def test_what_is_wrong_is_said(server: ToolsServer, call: str, code: str, said: str) -> None:
    wrong = fault(server, call)
    assert code in str(wrong) or code == "E202"
    assert said in str(wrong)
    assert "Traceback" not in str(wrong)


def test_two_tools_run_side_by_side(server: ToolsServer) -> None:
    """Tools are effects, which write: in order, but each call overlaps with the program's own work."""
    began = time.monotonic()
    run(server, "a = desk.slow(0.05)\nb = desk.slow(0.05)\n[a, b]")
    assert [name for name, _ in server.calls[-2:]] == ["slow", "slow"]
    assert time.monotonic() - began < 30


def test_a_deadline_ends_a_call(server: ToolsServer) -> None:
    wrong = fault(server, "with timeout(0.05):\n    x = desk.slow(20)\n    print(x)")
    assert isinstance(wrong, dana.Timeout | dana.DanaError)
    assert "E881" not in str(wrong)


def test_an_option_bounds_each_call(server: ToolsServer) -> None:
    engine = dana.Engine(allow=dana.Allow(net=[port_of(server)]))
    with pytest.raises(dana.DanaError, match=r"does not answer within 0\.2 s"):
        engine.run(f'desk = use("mcp", "{server.url}", timeout=0.2)\ndesk.slow(30)')


def test_without_a_grant_nothing_is_connected(server: ToolsServer) -> None:
    with pytest.raises(dana.Denied, match=r"--allow-net=127\.0\.0\.1"):
        dana.Engine().run(f'use "mcp:{server.url}" as desk')
    with pytest.raises(dana.Denied, match="--allow-run"):
        dana.Engine().run(f'use "mcp:stdio:{sys.executable} -m tests.servers.mcp" as desk')


def test_a_program_on_pipes_is_started_and_ends() -> None:
    engine = dana.Engine(allow=dana.Allow(run=[sys.executable]))
    program = f'use "mcp:stdio:{sys.executable} -m tests.servers.mcp" as desk\n[desk.add(2, 3), desk.greet("Bo")]'
    assert engine.run(program) == [5, "Hi Bo"]


@pytest.mark.parametrize(
    ("statement", "code", "said"),
    [
        ('use "mpc:http://127.0.0.1:1/"', "E880", "did you mean `mcp`?"),
        ('use "rag:docs"', "E880", "there is `mcp`"),
        ('use "mcp"', "E880", "of where?"),
        ('use "mcp:ftp://x/"', "E535", "https://"),
        ('use("mcp", "http://127.0.0.1:1/", timeot=3)', "E880", "did you mean `timeout`?"),
        ('use("mcp", "http://127.0.0.1:1/", timeout=0)', "E535", "timeout"),
        ('use "mcp:stdio:"', "E880", "no program to start"),
        ('use "mcp:stdio:no-such-program-here"', "E881", "cannot be started"),
        ('use "mcp:http://127.0.0.1:1/mcp"', "E881", "cannot be reached"),
        ("use(3)", "E880", "takes a text"),
    ],
)
def test_wrong_words_are_refused(statement: str, code: str, said: str) -> None:
    engine = dana.Engine(allow=dana.Allow(net=True, run=True))
    with pytest.raises(dana.DanaError) as caught:
        engine.run(statement)
    assert code in str(caught.value)
    assert said in str(caught.value)


def test_it_works_inside_a_running_loop(server: ToolsServer) -> None:
    async def main() -> Any:
        engine = dana.Engine(allow=dana.Allow(net=[port_of(server)]))
        return await engine.arun(f'use "mcp:{server.url}" as desk\ndesk.add(40, 2)')

    assert asyncio.run(main()) == 42


def test_functions_of_a_module_share_the_connection(server: ToolsServer) -> None:
    engine = dana.Engine(allow=dana.Allow(net=[port_of(server)]))
    module = engine.load(
        f'use "mcp:{server.url}" as desk\ndef total(a: int, b: int) -> int:\n    return desk.add(a, b)'
    )
    assert module.total(1, 2) == 3

    async def main() -> Any:
        return await module.total.acall(3, 4)

    assert asyncio.run(main()) == 7
    assert module.total(5, 6) == 11


def asked(server: ToolsServer, offered: str, wanted: str, arguments: dict[str, Any], *, more: str = "") -> str:
    """What the model is told when it asks for a tool."""
    model = Scripted([{"tool_calls": [{"name": wanted, "arguments": arguments}]}, "done"])
    run(server, f'reason("do it", tools={offered}{more})', model=model)
    (told,) = [message.content for message in model.asked[1].messages if message.role == "tool"]
    return told


def test_a_model_may_ask_for_a_tool_that_somebody_confirms(server: ToolsServer) -> None:
    before = len(server.calls)
    told = asked(server, "[desk]", "add", {"a": 2, "b": 3}, more=", confirm=lambda w: w.arguments['a'] == 2")
    assert told == "5"
    told = asked(server, "[desk.add]", "add", {"a": 3, "b": 3}, more=", confirm=lambda w: w.arguments['a'] == 2")
    assert "not confirmed" in told
    assert server.calls[before:] == [("add", {"a": 2, "b": 3})]


def test_a_tool_that_only_reads_is_offered_so_by_the_program(server: ToolsServer) -> None:
    told = asked(server, '[{"function": desk.add, "effect": false, "name": "plus"}]', "plus", {"a": 2, "b": 3})
    assert told == "5"


def test_arguments_of_a_model_are_checked_by_the_schema(server: ToolsServer) -> None:
    before = len(server.calls)
    told = asked(server, "[desk.add]", "add", {"a": "many", "b": 3}, more=", confirm=false")
    assert "error" in told
    told = asked(server, "[desk.door]", "door", {"state": "ajar"}, more=", confirm=false")
    assert "error" in told
    assert len(server.calls) == before


def test_tools_with_effects_need_somebody_who_confirms(server: ToolsServer) -> None:
    with pytest.raises(dana.DanaError, match="nobody is there to confirm"):
        run(server, 'reason("do it", tools=[desk])', model="mock:")


def test_a_program_in_a_process_of_its_own_is_told_no(server: ToolsServer) -> None:
    engine = dana.Engine(allow=dana.Allow(net=[port_of(server)]), isolate="process")
    with pytest.raises(dana.DanaError, match="process of its own"):
        engine.run(f'use "mcp:{server.url}" as desk')


def test_the_sdk_is_loaded_with_the_first_use() -> None:
    import subprocess

    code = "import sys, dana; dana.Engine().run('1 + 1'); sys.exit('mcp' in sys.modules or 'dana.mcp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- servers that end ---------------------------------------------------------------------------------

# A server that ends at once while a file `down` is there, as one does that cannot start.
FRAGILE = """
import os, sys
sys.path.insert(0, {here!r})
if os.path.exists({down!r}):
    sys.exit(1)
import asyncio
from tests.servers.mcp import made
asyncio.run(made([]).run_stdio_async())
"""


def fragile(folder: Path, **options: Any) -> tuple[Any, Path]:
    """A module whose `desk` is such a server, and the file that keeps it down."""
    down = folder / "down"
    script = folder / "server.py"
    script.write_text(FRAGILE.format(down=str(down), here=os.getcwd()), encoding="utf-8")
    engine = dana.Engine(allow=dana.Allow(run=[sys.executable]), **options)
    return engine.load(
        f'desk = use("mcp", "stdio:{sys.executable} {script}", timeout=20)\n'
        "def add(a: int, b: int): return desk.add(a, b)\ndef leave(): return desk.leave()"
    ), down


def said_by(function: Any, *args: Any) -> str:
    with pytest.raises(dana.DanaError) as caught:
        function(*args)
    assert caught.value.diagnostics[0].code == "E881"
    return caught.value.diagnostics[0].message + " " + (caught.value.diagnostics[0].hint or "")


def test_a_server_that_has_ended_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, _ = fragile(tmp_path)
    assert module.add(1, 2) == 3
    said = said_by(module.leave)
    assert "has ended while `leave` was asked of it" in said
    assert "look first whether this one was done" in said
    assert module.add(3, 4) == 7
    monkeypatch.setattr("dana.mcp.connection.CHECK_AFTER_S", 0.0)
    os.kill(child_of(tmp_path / "server.py"), signal.SIGKILL)
    assert module.add(5, 6) == 11  # it lay idle: it is asked before, and nothing is lost
    module.desk.stop()


def test_a_server_that_stays_down_is_tried_less_and_less_often(tmp_path: Path) -> None:
    clock = FakeClock()
    module, down = fragile(tmp_path, clock=clock)
    down.touch()
    assert "has ended while" in said_by(module.leave)
    assert "Connection closed" in said_by(module.add, 1, 2)
    assert "is down" in said_by(module.add, 1, 2)
    assert "tried again in 0.5 s" in said_by(module.add, 1, 2)
    clock.sleep(0.6)
    assert "Connection closed" in said_by(module.add, 1, 2)
    assert "tried again in 1.0 s" in said_by(module.add, 1, 2)
    clock.sleep(1.1)
    down.unlink()
    assert module.add(1, 2) == 3
    module.desk.stop()


def child_of(script: Path) -> int:
    """The process that runs a script."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if str(script).encode() in (entry / "cmdline").read_bytes():
                    return int(entry.name)
    pytest.skip("not run: there is no /proc here")


def test_a_server_that_listens_may_be_started_anew() -> None:
    with ToolsServer() as first:
        engine = dana.Engine(allow=dana.Allow(net=[port_of(first)]))
        module = engine.load(f'desk = use("mcp", "{first.url}", timeout=5)\ndef add(a, b): return desk.add(a, b)')
        assert module.add(1, 2) == 3
    assert "has ended while `add` was asked of it" in said_by(module.add, 1, 2)
    with ToolsServer(int(port_of(first).split(":")[1])):
        assert module.add(3, 4) == 7
    module.desk.stop()
