"""Every code as a user meets it: its wrong program through the front door that finds it, rendered as text.

`shown(code, folder)` is what comes out. Most codes carry their program in the catalogue; `CASES` has the others,
which need a second file, a host, bytes or a command line.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sqlite3
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

from dana.catalogue import catalogue
from dana.cli import main as command_line
from dana.diagnostics import render_all
from dana.engine import Engine, Limits
from dana.errors import DanaError
from dana.isolation.conversation import Conversation
from dana.isolation.engine import ProcessEngine
from dana.policy import Allow
from dana.repl.shell import Screen, Shell
from dana.runtime.absent import engines
from tests.diagnostics.embedded import ACTIONS
from tests.diagnostics.reviewing import damaged_behaviour, reviewed
from tests.servers.mcp import ToolsServer
from tests.serving import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dana.diagnostics import Diagnostic

RENDERED = Path(__file__).parent / "rendered"
MAIN = "main.na"


class Shown(NamedTuple):
    """The codes that came out, in order, and the text people read."""

    codes: list[str]
    text: str


class QuickClock:
    """Time that passes by being looked at, so that nobody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 0.005
        return self.now

    def time(self) -> float:
        return self.monotonic()

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def engine(*, steps: int | None = 200_000, wall_s: float | None = None, **options) -> Engine:
    """An engine in which every program ends, at the same place on every machine."""
    options = {"on_print": lambda _text: None, "clock": QuickClock(), "cache": False, "seed": 1, **options}
    return Engine(limits=Limits(steps=steps, wall_s=wall_s, depth=100), **options)


def shown(code: str, folder: Path) -> Shown:
    """What comes out of a code's wrong program, run in an empty folder."""
    with chdir(folder):
        return CASES[code]() if code in CASES else of_program(catalogue()[code].wrong, **OPTIONS.get(code, {}))


def of_program(text: str, **options) -> Shown:
    """The findings of a program, or the error it ends with."""
    Path(MAIN).write_text(text, encoding="utf-8")
    return of_file(MAIN, **options)


def of_file(path: str, **options) -> Shown:
    found = engine(**options).check(path)
    return of_findings(found) if found else of_run(lambda: engine(**options).run(path, arguments={}))


def of_run(action: Callable[[], object]) -> Shown:
    try:
        action()
    except DanaError as error:
        return of_findings(error.diagnostics)
    return Shown([], "")


def of_findings(found: Iterable[Diagnostic]) -> Shown:
    found = list(found)
    return Shown([d.code for d in found], render_all(found))


def of_words(*words: str) -> Shown:
    """What the command line writes on stderr; it exits with 3, except for programs."""
    err = StringIO()
    with redirect_stderr(err), redirect_stdout(StringIO()):
        command_line(["--no-colour", *words])
    return of_text(err.getvalue().rstrip("\n"))


def of_text(text: str) -> Shown:
    return Shown([line.partition("[")[2][:4] for line in text.split("\n") if line.startswith("error[")], text)


def of_prompt(entry: str) -> Shown:
    """What the prompt answers."""
    out = StringIO()
    Shell(engine(on_print=out.write), Screen(out.write, width=lambda: 100)).enter(entry)
    return of_text(out.getvalue().rstrip("\n"))


def files(**texts: str) -> None:
    for name, text in texts.items():
        Path(name + ".na").write_text(text, encoding="utf-8")


# --- codes whose wrong program is more than a text ----------------------------------------------

OPTIONS: dict[str, dict[str, object]] = {"E706": {"steps": None}, "E812": {"steps": None}}
ABOUT_THE_WORLD = ("E530", "E531", "E532", "E533", "E534", "E535", "E536", "E539")


NOT_GRANTED = ("E510", "E511", "E512", "E513", "E514", "E515")
INSIDE_PYTHON = ("E517", "E518", "E519")
BEYOND_BOUNDS = ("E521", "E522", "E523", "E524")


def of_python(code: str) -> Shown:
    """Programs that use Python modules, which they were granted."""
    return of_program(catalogue()[code].wrong, allow=Allow(python=["pathlib", "xml", "shlex"]))


def model_not_granted() -> Shown:
    from dana.runtime.faults import diagnose
    from dana.runtime.program import Program

    program = Program()

    def act() -> None:
        try:
            program.policy.require("model", "openai:large")
        except Exception as error:
            raise diagnose(error, program) from error

    return of_run(act)


def of_world(code: str) -> Shown:
    """Programs about the world outside: granted their folder, a port where nobody listens, and one program."""
    allow = Allow(read=["."], write=["."], net=["127.0.0.1:1"], run=["ls -l"])
    return of_program(catalogue()[code].wrong, allow=allow, clock=None)


def without_an_engine() -> Shown:
    """A program as a host runs it that has no engine."""
    session = engine().session()
    for name in [name for name in session.program.table if name.startswith(".open_")]:
        del session.program.table[name]
    session.program.table.update(engines(session.program))
    return of_run(lambda: session.run("use('mcp:http://127.0.0.1:9000/mcp')", name=MAIN))


def of_desk(call: str) -> Shown:
    """What a program is told that uses a server of tools."""
    with ToolsServer() as server:
        port = server.url.split(":")[2].partition("/")[0]
        found = of_program(f'use "mcp:{server.url}" as desk\n{call}', allow=Allow(net=[f"127.0.0.1:{port}"]))
    return found._replace(text=found.text.replace(port, "9000"))


def not_utf8() -> Shown:
    Path(MAIN).write_bytes(b'city = "M\xfcnchen"\nprint(city)\n')
    return of_run(lambda: engine().run(MAIN))


def too_deep_for_the_compiler() -> Shown:
    """Nothing the parser lets through is, as far as we know; the message exists for what we do not know."""
    with patch("dana.lowering.lower", side_effect=RecursionError):
        return of_run(lambda: engine().run("print(1)\n", name=MAIN))


def cycle() -> Shown:
    files(bill="import customer\n\ntotal = 1\n", customer="import bill\n\nname = 'Ann'\n")
    return of_file("bill.na")


def nobody_to_ask() -> Shown:
    return of_program("name = input('Your name? ')\nprint(name)\n")


def exports_what_is_not_there() -> Shown:
    files(shapes="__exports__ = ['area', 'volume']\n\ndef area(r):\n    return r * r\n")
    return of_program("from shapes import *\n\nprint(area(2))\n")


def answered_no() -> Shown:
    with Server() as server:
        found = of_program(
            f'import http\n\nurl = "{server.url("/status/404")}"\nprint(http.get(url).raise_for_status().text)\n',
            allow=Allow(net=[f"127.0.0.1:{server.port}"]),
            clock=None,
        )
        return found._replace(text=found.text.replace(str(server.port), "8080"))


def without_httpx() -> Shown:
    with patch.dict(sys.modules, {"httpx": None}):
        # An address that is granted or not only once it has been read: what reads it is missing.
        return of_program('import http\n\nprint(http.get("https://example.com./").text)\n')


def without_torch() -> Shown:
    with patch.dict(sys.modules, {"dana.esper.natives": None, "torch": None}):
        for name in ("dana.esper.natives",):
            sys.modules.pop(name, None)
        return of_program("from esper import mlp\n\nnet = mlp(2, [4], 2)\n")


def out_of_time() -> Shown:
    return of_program("n = 1\nwhile n > 0:\n    n += 1\n", steps=None, wall_s=1.5)


def printed_too_much() -> Shown:
    files(main="def greet():\n    print('hello')\n    print('hello again')\n")
    module = engine().load(MAIN)
    module._run.program._output_left = 10
    return of_run(module.greet)


def cancelled() -> Shown:
    files(main="def work():\n    n = 0\n    while true:\n        n += 1\n        if n == 3:\n            print(n)\n")
    module = engine(on_print=lambda _text: module._run.program.meter.cancel("stopped by the host")).load(MAIN)
    return of_run(module.work)


def our_own_fault() -> Shown:
    """A helper of the runtime that looks up what is not there."""
    files(main="def size(x):\n    return abs(x)\n")
    module = engine().load(MAIN)
    scope: dict[str, object] = {"__name__": "dana.runtime.helper"}
    exec("def broken(x):\n    return {}[x]\n", scope)
    module._run.program.builtins["abs"] = scope["broken"]
    return of_run(lambda: module.size(3))


def unknown_option() -> Shown:
    files(main="print(1)\n")
    return of_words("--stpes", "100", MAIN)


def missing_file() -> Shown:
    files(main="print(1)\n")
    return of_words("mian.na")


def argument_not_utf8() -> Shown:
    files(main="def __main__(text):\n    print(text)\n")
    Path("note.txt").write_bytes(b"first line\nM\xfcnchen\n")
    return of_words(MAIN, "text=@note.txt")


def wrong_value() -> Shown:
    files(main="print(1)\n")
    return of_words("--steps", "many", MAIN)


def stray_word() -> Shown:
    files(main="print(1)\n")
    return of_words(MAIN, "4.5")


def nothing_to_test() -> Shown:
    files(main="print(1)\n")
    return of_words("test", ".")


def full_disk() -> Shown:
    files(main="print( 1 )\n")
    # Whatever is written, the place for it runs out.
    with patch("os.fsync", side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))):
        found = of_words("fmt", MAIN)
    return found._replace(text=found.text.replace(os.path.realpath(".") + os.sep, ""))


def project_with_an_unknown_key() -> Shown:
    files(main="print(1)\n")
    Path("dana.toml").write_text('name = "demo"\nversion = "0.1.0"\nentyr = "main.na"\n', encoding="utf-8")
    found = of_words("run")
    return found._replace(text=found.text.replace(os.path.realpath(".") + os.sep, ""))


def changed_ledger() -> Shown:
    from dana.adaptive.journal import Journal
    from dana.adaptive.ledger import Ledger

    ledger = Ledger(Journal("run.db"), now=lambda: 0.0, background=False)
    ledger.audit("loan.granted", "loans.score", {"income": 50_000})
    ledger.close()
    with sqlite3.connect("run.db") as connection:
        connection.execute("UPDATE events SET subject = 'loans.other'")
    connection.close()
    return of_words("audit", "verify", "run.db")


def store_with(*names: str) -> None:
    from dana.poet.store.opening import open_store

    store = open_store("learnt.db")
    for name in names:
        store.save(name, "-", {"retries": 3}, at=0.0)
    store.close()


def no_store() -> Shown:
    Path("learnt.db").write_bytes(b"a letter" * 100)
    return of_words("poet", "list", "--store", "learnt.db")


def nothing_known() -> Shown:
    store_with("loans.score")
    return of_words("poet", "status", "loans.scor", "--store", "learnt.db")


def damaged_package() -> Shown:
    store_with("loans.score")
    of_words("poet", "export", "p.json", "--store", "learnt.db")
    Path("p.json").write_text(Path("p.json").read_text(encoding="utf-8").replace("3", "4"), encoding="utf-8")
    return of_words("poet", "import", "p.json", "--store", "learnt.db")


def no_ledger() -> Shown:
    Path("other.db").write_bytes(b"a letter" * 100)
    return of_words("ledger", "tail", "other.db")


def departed() -> Shown:
    Path(MAIN).write_text("print(1)\n", encoding="utf-8")
    Engine(record="runs.db", on_print=lambda _text: None, clock=QuickClock()).run(MAIN)
    with sqlite3.connect("runs.db") as db:
        db.execute("UPDATE events SET run = 'monday'")
    Path(MAIN).write_text("print(2)\n", encoding="utf-8")
    return of_words("replay", "runs.db")


def nothing_recorded() -> Shown:
    from dana.adaptive.journal import Journal

    Journal("empty.db").close()
    return of_words("replay", "empty.db")


def no_figures() -> Shown:
    with patch.dict(sys.modules, {"prometheus_client": None}):
        return of_words("run", "--metrics", "-", "-e", "1")


def inside_a_loop() -> Shown:
    async def host() -> Shown:
        return of_run(lambda: _asking(asyncio.sleep))

    return asyncio.run(host())


def cancelled_by_the_host() -> Shown:
    async def vanish(_delay: float) -> None:
        raise asyncio.CancelledError

    return of_run(lambda: _asking(vanish))


def _asking(function: Callable[[float], object]) -> object:
    made = engine(clock=None)

    @made.host("inquire")
    async def inquire(question: str) -> str:
        await function(0)
        return question

    return made.run('answer = inquire("why?")\nprint(answer)\n')


def nothing_to_start() -> Shown:
    with patch("sys.executable", "/no/python"), ProcessEngine(cache=False) as isolated:
        return of_run(lambda: isolated.run("1"))


def worker_killed() -> Shown:
    with ProcessEngine(cache=False) as isolated:
        session = isolated.session()
        os.kill(session._talk.worker.pid, signal.SIGKILL)
        return of_run(lambda: session.run("1"))


def worker_distrusted(ending: str, what: str) -> Shown:
    """What is said of a worker that broke the rules, without one that does."""
    talk = SimpleNamespace(worker=SimpleNamespace(end=lambda: ""))

    def ended() -> None:
        raise getattr(Conversation, ending)(talk, what)

    return of_run(ended)


def too_large_to_hand_over() -> Shown:
    with ProcessEngine(cache=False) as isolated:
        return of_run(lambda: isolated.run("'x' * 9000000"))


def limit_reached(which: str, **spent) -> Shown:
    """A limit that a helper of the program finds reached."""
    made = Engine(limits=Limits(tokens=5, usd=0.5), cache=False)
    made.host("work")(lambda: spend(made.meter))

    def spend(meter) -> None:
        if not spent:
            raise meter.stop(which)
        meter.spend(**spent)

    Path(MAIN).write_text("work()\n", encoding="utf-8")
    return of_run(lambda: made.run(MAIN))


def too_many_promises() -> Shown:
    made = Engine(limits=Limits(promises=1), cache=False)

    @made.host("slow")
    async def slow(x: int) -> int:
        return x

    Path(MAIN).write_text("a = slow(1)\nb = slow(2)\nprint(a + b)\n", encoding="utf-8")
    return of_run(lambda: made.run(MAIN))


def broken_plugin() -> Shown:
    plugins = Path(".poet/plugins")
    plugins.mkdir(parents=True)
    (plugins / "wine.na").write_text("def enforce(value):\n    return valeu\n", encoding="utf-8")
    text = "@poet(domain='wine')\ndef price(vintage: int) -> float:\n    return 3.5\n"
    return of_run(lambda: engine().run(text))


def denied_by_a_person() -> Shown:
    from dana.poet.interrupts import Signal
    from dana.poet.registry import registry_of

    module = engine().load('@poet(interrupts="on")\ndef pay(amount: float) -> float:\n    return amount\n', name="bank")
    registry_of(module._run.program).interrupts.on("operate", lambda _question: Signal("denial"))
    return of_run(lambda: module.pay(12.5))


def of_models(*words: str, replies: str | None = None) -> Shown:
    """`dana models check` where nothing is configured, with a script in a file."""
    if replies is not None:
        Path("replies.jsonl").write_text(replies, encoding="utf-8")
    with patch.dict(os.environ):
        for name in [n for n in os.environ if n.startswith(("DANA_MO", "OPENAI_"))]:
            del os.environ[name]
        return of_words("models", "check", *words)


def answered_badly(code: str) -> Shown:
    """Questions to models that give no valid answer."""
    from dana.models import Scripted

    program, replies = QUESTIONS[code]
    return of_program(program, model=Scripted(replies), allow=Allow(model=True))


QUESTIONS: dict[str, tuple[str, list[object]]] = {
    "E842": ('print(reason("How many?"))\n', [{"error": "auth_refused"}]),
    "E844": ('n: int = reason("How many?", retries=1)\nprint(n)\n', ["a few", "some"]),
    "E845": ('n: int = reason("How many?", budget={"tokens": 1})\nprint(n)\n', ["a few"]),
    "E848": (
        """@poet(context_window=20, retries=0)
def words(text: str) -> int:
    return reason("How many words are in it, and which of them are names?", context=text)

print(words("a " * 400))
""",
        ["5"],
    ),
    "E846": ('n: int = reason("How many?", safety="maximum")\nprint(n)\n', ["5", "6"]),
}


def answered_late() -> Shown:
    import asyncio

    async def slow(_prompt: str) -> str:
        await asyncio.sleep(5)
        return "7"

    return of_program('n: int = reason("How many?", timeout=0.01)\nprint(n)\n', model=slow, clock=None)


def memory_that_is_none() -> Shown:
    """An agent whose memory is a file of something else."""
    Path("notes.db").write_text("bread, milk, eggs; " * 100, encoding="utf-8")
    text = 'agent_blueprint Clerk:\n    memory: str = "notes.db"\n\nc = Clerk()\nprint(c.recall("step"))\n'
    return of_program(text, allow=Allow(read=["."], write=["."]))


CASES: dict[str, Callable[[], Shown]] = {
    **{code: partial(answered_badly, code) for code in QUESTIONS},
    "E843": answered_late,
    "E850": of_models,
    "E851": partial(of_models, "openai:gpt-4o-mini"),
    "E852": partial(of_models, "http://127.0.0.1:9/v1#test"),
    "E853": partial(of_models, "scripted:replies.jsonl", replies='{"match": "capital", "text": "Paris"}\n'),
    "E854": partial(of_models, "opnai:gpt-4o-mini"),
    "E817": denied_by_a_person,
    "E877": memory_that_is_none,
    "E819": broken_plugin,
    "E708": partial(limit_reached, "growth"),
    "E709": too_many_promises,
    "E710": partial(limit_reached, "tokens", tokens=10),
    "E711": partial(limit_reached, "usd", usd=1.0),
    "E100": not_utf8,
    "E190": too_deep_for_the_compiler,
    "E504": cycle,
    **{
        code: partial(lambda code: of_program(catalogue()[code].wrong), code) for code in (*NOT_GRANTED, *BEYOND_BOUNDS)
    },
    "E516": model_not_granted,
    **{code: partial(of_python, code) for code in INSIDE_PYTHON},
    **{code: partial(of_world, code) for code in ABOUT_THE_WORLD},
    "E537": answered_no,
    **{code: partial(of_run, action) for code, action in ACTIONS.items()},
    "E538": without_httpx,
    "E860": without_torch,
    "E615": nobody_to_ask,
    "E616": exports_what_is_not_there,
    "E702": out_of_time,
    "E705": printed_too_much,
    "E707": cancelled,
    "E830": inside_a_loop,
    "E832": cancelled_by_the_host,
    "E835": departed,
    "E836": nothing_recorded,
    "E837": no_figures,
    "E720": nothing_to_start,
    "E721": worker_killed,
    "E722": partial(worker_distrusted, "_breach", "open '/etc/passwd'"),
    "E723": partial(worker_distrusted, "broken", "a message has no kind"),
    "E724": too_large_to_hand_over,
    "E821": without_an_engine,
    "E880": lambda: of_program('use "mpc:http://127.0.0.1:9000/mcp" as desk'),
    "E881": lambda: of_program('use "mcp:http://127.0.0.1:1/mcp" as desk', allow=Allow(net=["127.0.0.1:1"])),
    "E883": partial(of_desk, "desk.serch(query='door')"),
    "E884": partial(of_desk, "desk.add(1, c=2)"),
    "E901": unknown_option,
    "E902": missing_file,
    "E903": argument_not_utf8,
    "E904": wrong_value,
    "E905": stray_word,
    "E906": lambda: of_words("explain", "E2O1"),
    "E907": nothing_to_test,
    "E908": full_disk,
    "E911": lambda: of_prompt(":hlep"),
    "E912": lambda: of_prompt("?prnt"),
    "E913": lambda: of_prompt("/nlp add two and three"),
    "E914": lambda: of_words("new", "while"),
    "E915": project_with_an_unknown_key,
    "E920": no_ledger,
    "E921": changed_ledger,
    "E922": no_store,
    "E923": nothing_known,
    "E924": damaged_package,
    "E960": partial(damaged_behaviour, of_program),
    **{code: partial(reviewed, of_words, code) for code in ("E961", "E963", "E964", "E965", "E966")},
    "E990": our_own_fault,
}


def snapshot(code: str) -> Path:
    return RENDERED / f"{code}.txt"


def wants_update() -> bool:
    """Whether snapshots are to be written instead of compared."""
    return bool(os.environ.get("DANA_UPDATE"))
