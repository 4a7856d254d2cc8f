"""Agents seen from the host: values, calls, sessions, snapshots, worker processes, what is loaded for them."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time

import pytest

import dana

CLERK = """
agent_blueprint Clerk:
    n: int = 1
    log: list = []
    def add(self, k: int) -> int:
        self.n += k
        self.log.append(k)
        return self.n
agent Ada(Clerk):
    n = 3
c = Clerk(n=5)
def use(k: int) -> int: return c.add(k)
"""


def module():
    return dana.Engine().load(dana.Source("clerks.na", CLERK))


def test_a_host_reads_fields_and_calls_methods():
    clerks = module()
    assert clerks.c.n == 5
    assert clerks.c.add(2) == 7
    assert clerks.Ada.add(1) == 4
    assert str(clerks.c) == "Clerk(n=7, log=[2])"
    assert str(clerks.Ada) == "Agent[Ada]"


def test_a_host_calls_functions_that_ask():
    clerks = module()
    assert [clerks.use(1), clerks.use(1)] == [6, 7]


def test_a_host_asks_while_its_own_loop_runs():
    clerks = module()

    async def several():
        return await asyncio.gather(*(clerks.use.acall(1) for _ in range(5)))

    assert sorted(asyncio.run(several())) == [6, 7, 8, 9, 10]


def test_an_agent_of_a_program_that_has_ended_says_so():
    value = dana.Engine().run(dana.Source("clerks.na", CLERK + "c\n"))
    assert value.n == 5
    with pytest.raises(dana.AgentError) as refused:
        value.add(1)
    assert refused.value.diagnostics[0].code == "E866"


def test_faults_of_agents_are_agent_errors():
    with pytest.raises(dana.AgentError):
        dana.Engine().run("agent A:\n    def m(self): return A.m()\n    def n(self, other): return other.o(self)\n"
                          "    def o(self, other): return other.n(self)\nagent B(A)\nA.n(B)\n")  # fmt: skip


def test_in_a_session_agents_are_defined_piece_by_piece():
    session = dana.Engine().session()
    session.run("agent_blueprint B:\n    n: int = 1\n    def get(self): return self.n\n")
    session.run("b = B(n=4)")
    session.run("agent A(B):\n    n = 7\n")
    assert session.run("[b.get(), A.get(), A.n]") == [4, 7, 7]
    session.run("agent_blueprint B:\n    n: int = 2\n    def get(self): return self.n * 100\n")
    assert session.run("[b.get(), B().get(), A.get(), isinstance(b, B)]") == [4, 200, 7, False]
    session.run("agent A(B)")
    assert session.run("A.get()") == 200
    assert session.run("str(DanaAgent)") == "Agent[DanaAgent]"


def test_a_snapshot_keeps_agents_with_their_fields():
    engine = dana.Engine()
    session = engine.session()
    session.run(CLERK)
    session.run("c.add(2)\nAda.add(3)\n")
    again = engine.restore(json.loads(json.dumps(session.snapshot())))
    assert again.run("[c.n, c.log, Ada.n, c.add(1), Ada.add(1)]") == [7, [2], 6, 8, 7]


def test_a_snapshot_refuses_agents_of_a_type_that_is_gone():
    session = dana.Engine().session()
    session.run("agent_blueprint B:\n    n: int = 1\nb = B()\n")
    session.run("agent_blueprint B:\n    n: int = 2\n")
    with pytest.raises(dana.DanaError, match="defined anew"):
        session.snapshot()


def test_agents_live_in_worker_processes():
    engine = dana.Engine(isolate="process")
    try:
        clerks = engine.load(dana.Source("clerks.na", CLERK))
        assert [clerks.use(1), clerks.use(1)] == [6, 7]
        assert engine.run(CLERK + "x = c.add(1)\ny = Ada.add(1)\n[x, y, c.remember('k', 2), c.recall('k')]\n") == [
            6, 4, True, 2,
        ]  # fmt: skip
    finally:
        engine.close()


def loaded_by(program: str) -> set[str]:
    script = f"import dana, sys\ndana.Engine().run({program!r})\nprint(*sys.modules)\n"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name for name in told.stdout.split() if name.startswith(("dana.agents", "asyncio", "greenlet"))}


def test_a_program_without_agents_loads_nothing_of_them():
    assert loaded_by("struct P:\n    x: int\np = P(1)\np.x = 2\nprint(p, type(p), isinstance(p, P))\n") == set()


def test_a_session_without_agents_loads_nothing_of_them():
    script = "import dana, sys\ns = dana.Engine().session()\ns.run('x = 1 + 1')\nprint(*sys.modules)\n"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not [name for name in told.stdout.split() if name.startswith("dana.agents")]


NAPS = """
import time
agent_blueprint Sleeper:
    n: int = 0
    def nap(self, s: float):
        time.sleep(s)
        self.n += 1
        return self.n
    def get(self): return self.n
s = Sleeper()
def nap(t: float): return s.nap(t)
def get(): return s.get()
"""


def test_a_call_after_one_that_was_cancelled_does_not_wait_for_it():
    naps = dana.Engine().load(dana.Source("naps.na", NAPS))

    async def main():
        task = asyncio.ensure_future(naps.nap.acall(20.0))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await asyncio.wait_for(naps.get.acall(), 5)

    assert asyncio.run(main()) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="not run: there is no such signal")
def test_a_call_after_ctrl_c_does_not_wait_for_what_was_asked():
    naps = dana.Engine().load(dana.Source("naps.na", NAPS))
    for nap in (naps.nap, naps.s.nap):
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        before = signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                nap(20.0)
        finally:
            signal.signal(signal.SIGALRM, before)
        began = time.monotonic()
        assert naps.get() == 0
        assert time.monotonic() - began < 5


def test_an_agent_of_another_program_is_no_dict():
    engine = dana.Engine()
    clerks = engine.load(dana.Source("clerks.na", CLERK))
    other = engine.load(dana.Source("other.na", "def use(a): return a(3)\ndef see(a): return str(type(a))"))
    with pytest.raises(dana.UsageError, match="the agent `Clerk` lives in another program"):
        other.see(clerks.c)
    with pytest.raises(dana.UsageError, match="lives in another program"):
        other.see([clerks.Ada])
    assert other.use(clerks.c.add) == 8
    assert clerks.c.n == 8
