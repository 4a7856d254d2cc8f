"""What sloppy or unlucky programs do with agents: stops that would wait for themselves, times that are none."""

from __future__ import annotations

import time

import pytest

from dana import Allow, Engine, LimitExceeded, Timeout

TWO = """
import actors

agent_blueprint Worker:
    def go(self, killer): return killer.kill(self)
    def ask_for(self, killer, line): return killer.end(line)
    def stop_line(self, line):
        line.stop()
        return line.state
    def kill(self, other):
        actors.stop(other)
        return "asked to stop"
    def end(self, line):
        line.stop()
        return "asked to stop"
    def ok(self): return 1

a = Worker()
b = Worker()
"""


def run(program):
    return Engine(cache=False).run(program)


def test_an_agent_is_stopped_by_one_that_it_waits_for():
    assert run(TWO + "said = a.go(b)\n[said, actors.status(b)['state']]") == ["asked to stop", "running"]


def test_a_supervisor_is_stopped_from_inside_a_child():
    assert run(TWO + "line = actors.supervise([a])\na.stop_line(line)") == "stopping"


def test_a_supervisor_is_stopped_by_an_agent_that_a_child_waits_for():
    assert run(TWO + "line = actors.supervise([a])\na.ask_for(b, line)") == "asked to stop"


@pytest.mark.parametrize("within", ['float("nan")', "-1", '"x"', "true"])
def test_times_that_are_none_are_refused_and_do_no_harm(within):
    program = (
        TWO
        + f"""
def given(x: any) -> any: return x

line = actors.supervise([a])
found = []
for act in [lambda: line.stop(given({within})), lambda: given(actors).stop(a, within={within})]:
    try:
        act()
    except ValueError as e:
        found.append(e.message[:6])
found.append(a.ok())
found"""
    )
    assert run(program) == ["within", "within", 1]


def test_huge_times_are_as_good_as_any():
    assert run(TWO + "actors.ask(a.ok, timeout=10 ** 400)") == 1


def test_a_model_that_nobody_has_named_crashes_no_agent():
    program = """
agent_blueprint Clerk:
    note: str = ""

clerk = Clerk()
for _ in range(6):
    try:
        clerk.solve("x")
    except ReasonError:
        pass
clerk.get_metrics()["crashes"]"""
    assert run(program) == 0


def test_a_server_of_tools_that_is_down_crashes_no_agent():
    pytest.importorskip("mcp", reason="not run: the package mcp is not installed")
    program = """
agent_blueprint Clerk:
    note: str = ""
    def fetch(self): return use("mcp:stdio:/nowhere/at/all")

clerk = Clerk()
try:
    clerk.fetch()
except RuntimeError:
    pass
clerk.get_metrics()["crashes"]"""
    assert Engine(cache=False, allow=Allow(run=True)).run(program) == 0


SLEEPER = """
import time

agent_blueprint Sleeper:
    def rest(self):
        try:
            time.sleep(20)
        finally:
            print("up")

s = Sleeper()
s.send("rest")
"""


def test_what_does_not_end_in_time_is_ended_with_its_program(monkeypatch):
    monkeypatch.setattr("dana.agents.system.DRAIN_S", 0.02)
    monkeypatch.setattr("dana.agents.system.STOP_S", 0.02)
    printed, began = [], time.monotonic()
    Engine(cache=False, on_print=printed.append).run(SLEEPER)
    assert "".join(printed) == "up\n"
    assert time.monotonic() - began < 5


def test_ctrl_c_waits_for_no_agent():
    engine = Engine(cache=False, on_print=lambda _text: None)

    @engine.host("press")
    def press():
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        engine.run(SLEEPER + "time.sleep(0.01)\npress()")
    assert time.monotonic() - began < 4


def test_memory_refuses_numbers_that_are_too_long_to_be_written():
    program = """
agent_blueprint Clerk:
    note: str = ""

clerk = Clerk()
said = ""
try:
    clerk.remember("x", 10 ** 5000)
except ValueError as e:
    said = e.message
said"""
    assert Engine(cache=False).run(program).endswith("holds a number of more than 4,000 digits")


def test_a_disk_that_says_no_crashes_no_agent(tmp_path):
    (tmp_path / "bad.db").write_bytes(b"no database" * 1000)
    program = """
agent_blueprint Clerk:
    note: str = ""

clerk = Clerk()
for _ in range(6):
    try:
        clerk.recall("x")
    except OSError:
        pass
clerk.get_metrics()["crashes"]"""
    assert Engine(cache=False, memory=str(tmp_path / "bad.db")).run(program) == 0


# --- agents that compute and never wait -------------------------------------------------------------

SPINNERS = """
import actors

agent_blueprint Spinner:
    n: int = 0
    def spin(self):
        while true:
            self.n += 1
    def count(self): return self.n

agent_blueprint Boss:
    def go(self, other): return other.spin()

a = Spinner()
b = Boss()
"""


def test_a_deadline_reaches_agents_that_compute():
    program = """
said = []
for ask in [a.spin, lambda: b.go(a)]:
    before = a.count()
    try:
        with timeout(0.03):
            ask()
    except Timeout as e:
        said.append([e.message, a.count() > before])
said
"""
    late = "timed out after 0.03 s"
    assert Engine().run(SPINNERS + program) == [[late, True], [late, True]]


def test_a_deadline_of_the_asker_shows_where_it_asked():
    with pytest.raises(Timeout) as late:
        Engine().run(SPINNERS + "with timeout(0.03):\n    print(a.spin())\n")
    found = late.value.diagnostics[0]
    assert (found.message, found.line) == ("timed out after 0.03 s", 17)


def test_an_ask_with_a_time_ends_what_computes_longer():
    program = """
try:
    actors.ask(a.spin, timeout=0.03)
except Timeout as e:
    said = e.message
[said, a.count() > 0]
"""
    assert Engine().run(SPINNERS + program) == ["`Spinner.spin` did not answer within 0.03 s", True]


CHAIN = """
agent_blueprint Node:
    next: any = None
    def link(self, other): self.next = other
    def ask(self, d):
        if self.next == None: return d
        return self.next.ask(d + 1)

nodes = [Node() for i in range(1200)]
for i in range(1199):
    nodes[i].link(nodes[i + 1])
"""


def test_asks_nest_as_deep_as_calls_do():
    assert Engine().run(CHAIN + "nodes[299].ask(0)") == 900
    with pytest.raises(LimitExceeded, match="than the limit of 1,000"):
        Engine().run(CHAIN + "nodes[0].ask(0)")
