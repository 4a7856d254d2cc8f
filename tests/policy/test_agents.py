"""Permissions of an agent narrow those of its program, wherever its code goes on (M88)."""

from __future__ import annotations

import asyncio

import pytest

from dana import Allow, DanaError, Deny, Engine
from dana.models import Scripted
from tests.serving import Server

HEAD = """
import files, http, process
agent_blueprint Free:
    def read(self, path: str): return files.read_text(path)
    def fetch(self, url: str): return http.get(url).status
    def run(self, f): return f()
    def ask(self, q: str) -> str: return reason(q)
agent_blueprint Bound:
    permissions: list = ["read:in"]
    def read(self, path: str): return files.read_text(path)
    def fetch(self, url: str): return http.get(url).status
    def run(self, f): return f()
    def ask(self, q: str) -> str: return reason(q)
def attempt(f):
    try: return f()
    except Denied as e: return e.message
"""


@pytest.fixture(params=["run", "arun"])
def ran(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(folder)

    def run(program, *, allow=None, **options):
        allow = Allow(read=["."], write=["."], net=["127.0.0.1", "localhost"], env=["HOME"]) if allow is None else allow
        engine = Engine(cache=False, allow=allow, **options)
        if request.param == "run":
            return engine.run(HEAD + program)
        return asyncio.run(engine.arun(HEAD + program))

    return run


NO = "the agent `Bound` has no permission for reading `out/a.txt`"


def test_what_is_listed_is_all_an_agent_may_do(ran):
    assert ran("""
b = Bound()
f = Free()
[b.read("in/a.txt"), attempt(lambda: b.read("out/a.txt")), f.read("out/a.txt"), files.read_text("out/a.txt"),
 attempt(lambda: b.run(lambda: files.write_text("in/a.txt", "x"))), attempt(lambda: b.run(lambda: process.env("HOME"))),
 attempt(lambda: b.fetch("http://127.0.0.1:9/"))]
""") == [
        "in", NO, "out", "out", "the agent `Bound` has no permission for writing `in/a.txt`",
        "the agent `Bound` has no permission for reading the environment variable `HOME`",
        "the agent `Bound` has no permission for connecting to `127.0.0.1:9`",
    ]  # fmt: skip


def test_permissions_never_widen(ran):
    with pytest.raises(DanaError) as caught:
        ran('b = Bound()\nb.read("in/a.txt")', allow=Allow(read=["out"]))
    finding = caught.value.diagnostics[0]
    assert (finding.code, "is not granted" in finding.message) == ("E510", True)
    with pytest.raises(DanaError, match="is denied"):
        Engine(cache=False, allow=Allow(read=["."]), deny=Deny(read=["in"])).run(HEAD + 'Bound().read("in/a.txt")')


def test_an_agent_cannot_change_its_own_permissions(ran):
    assert (
        ran("""
b = Bound()
def widen(agent):
    agent.permissions = ["read"]
    agent.permissions.append("read:*")
agent_blueprint Sly:
    permissions: list = ["read:in"]
    def widen(self):
        self.permissions = ["read"]
        return attempt(lambda: files.read_text("out/a.txt"))
    def fall(self): raise "fell"
s = Sly()
first = s.widen()
try: s.fall()
except RuntimeError: pass
[first, s.widen()]
""")
        == [NO.replace("Bound", "Sly")] * 2
    )


def test_an_agent_that_an_agent_makes_is_within_its_bounds(ran):
    assert ran("""
agent_blueprint Maker:
    permissions: list = ["read:in"]
    def make(self): return Free()
    def wide(self): return Bound(permissions=["read"])
m = Maker()
helper = m.make()
wide = m.wide()
[helper.read("in/a.txt"), attempt(lambda: helper.read("out/a.txt")), attempt(lambda: wide.read("out/a.txt"))]
""") == ["in", *[NO.replace("Bound", "Maker")] * 2]


def test_each_agent_acts_with_its_own_permissions(ran):
    assert ran("""
f = Free()
b = Bound()
agent_blueprint Asker:
    permissions: list = []
    def through(self, agent): return agent.read("in/a.txt")
    def own(self): return attempt(lambda: files.read_text("in/a.txt"))
a = Asker()
[a.through(b), a.through(f), a.own(), b.run(lambda: attempt(lambda: files.read_text("out/a.txt")))]
""") == ["in", "in", "the agent `Asker` has no permission for reading `in/a.txt`", NO]


def test_branches_and_effects_of_an_agent_are_bound_too(ran):
    assert ran("""
agent_blueprint Many:
    permissions: list = ["read:in"]
    def both(self):
        one = parallel(lambda p: attempt(lambda: files.read_text(p)), ["in/a.txt", "out/a.txt"], limit=2)
        two = "out/a.txt" | [lambda p: attempt(lambda: files.read_text(p)), lambda p: p]
        return [one, two]
m = Many()
[m.both(), files.read_text("out/a.txt")]
""") == [[["in", NO.replace("Bound", "Many")], [NO.replace("Bound", "Many"), "out/a.txt"]], "out"]


def test_agents_side_by_side_do_not_lend_each_other_anything(ran):
    with Server() as server:
        found = ran(f"""
url = "http://127.0.0.1:{server.port}/echo"
agent_blueprint Net:
    permissions: list = ["net:127.0.0.1"]
    def go(self):
        first = http.get(url).status
        return [first, attempt(lambda: files.read_text("in/a.txt"))]
agent_blueprint Disk:
    permissions: list = ["read"]
    def go(self):
        first = files.read_text("in/a.txt")
        return [first, attempt(lambda: http.get(url).status)]
n = Net()
d = Disk()
a = n.go()
b = d.go()
c = n.go()
[a, b, c, http.get(url).status, files.read_text("out/a.txt")]
""")
    denied = [200, "the agent `Net` has no permission for reading `in/a.txt`"]
    assert found[0] == found[2] == denied
    assert found[1][0] == "in"
    assert "`Disk` has no permission for connecting" in found[1][1]
    assert found[3:] == [200, "out"]


def test_a_redirect_leads_only_where_the_agent_may_go(ran):
    with Server() as server:
        found = ran(f"""
agent_blueprint Net:
    permissions: list = ["net:127.0.0.1"]
    def go(self, url): return attempt(lambda: http.get(url).status)
n = Net()
to = "http://localhost:{server.port}/echo"
url = "http://127.0.0.1:{server.port}/redirect/302/" + to
[n.go("http://127.0.0.1:{server.port}/echo"), n.go(to), n.go(url)]
""")
    assert found[0] == 200
    assert all("has no permission for connecting to `localhost" in str(each) for each in found[1:]), found


def test_init_runs_within_the_bounds(ran):
    with pytest.raises(DanaError, match="`Early` has no permission"):
        ran("""
agent_blueprint Early:
    permissions: list = []
    def init(self): files.read_text("in/a.txt")
Early()
""")


def test_models_are_a_permission_like_any_other(ran):
    program = """
agent_blueprint Thinker:
    permissions: list = ["model:*"]
    def ask(self, q: str) -> str: return reason(q)
[attempt(lambda: Bound().ask("?")), Thinker().ask("?"), Free().ask("?")]
"""
    found = ran(program, model=Scripted(["yes", "no"]))
    assert found[1:] == ["yes", "no"]
    assert "the agent `Bound` has no permission for using the model" in found[0]


@pytest.mark.parametrize(
    ("permissions", "said"),
    [("['raed:x']", "did you mean `read:x`?"), ("['read:']", "read:*"), ("'read:x'", "a list of"), ("[3]", "are texts"),
     ("['net:http://x']", "cannot be read"), ("['everything']", "there are read, write")],
)  # fmt: skip
def test_what_is_no_permission_is_refused_when_the_agent_is_made(permissions, said):
    with pytest.raises(DanaError) as caught:
        Engine(cache=False).run(f"agent_blueprint B:\n    permissions: any = {permissions}\nB()\n")
    finding = caught.value.diagnostics[0]
    assert finding.code == "E878"
    assert said in f"{finding.message} {finding.hint}"


def test_a_program_without_such_agents_asks_nobody(ran):
    assert ran('b = Free()\nb.read("out/a.txt")') == "out"


def test_an_agent_in_a_worker_is_bound_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEA", "green")
    for name in ("in.txt", "out.txt"):
        (tmp_path / name).write_text(name)
    allow = Allow(read=["."], env=["TEA"], net=["127.0.0.1"])
    with Engine(isolate="process", allow=allow) as engine:
        found = engine.run("""
import files, http, process
agent_blueprint Bound:
    permissions: list = ["read:in.txt"]
    def read(self, path: str): return files.read_text(path)
    def tea(self): return process.env("TEA")
    def fetch(self): return http.get("http://127.0.0.1:9/").status
b = Bound()
def attempt(f):
    try: return f()
    except Denied as e: return e.message
[b.read("in.txt"), attempt(lambda: b.read("out.txt")), attempt(b.tea), attempt(b.fetch), files.read_text("out.txt")]
""")
    no = "the agent `Bound` has no permission for"
    assert found == [
        "in.txt", f"{no} reading `out.txt`", f"{no} reading the environment variable `TEA`",
        f"{no} connecting to `127.0.0.1:9`", "out.txt",
    ]  # fmt: skip
