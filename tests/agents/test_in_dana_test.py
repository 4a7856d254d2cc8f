"""`dana test` of a program with agents: the clock of the test, scripted answers, a memory that begins empty."""

from __future__ import annotations

from dana.cli import main

PROGRAM = """# model: hello Ann
import time
agent_blueprint Clerk:
    name: str = "ann"
    def later(self, n):
        time.sleep(20)
        self.remember("n", n)
        return time.now()

test "an agent waits by the clock of the test":
    c = Clerk()
    a = time.now()
    b = c.later(2)
    assert b - a == 20
    assert c.recall("n") == 2

test "memory begins empty in each test":
    assert Clerk().recall("n") is None

test "an ask that takes too long fails by the same clock":
    c = Clerk()
    c.send("later", 1)
    c.send("later", 1)
    try:
        c.later(3)
        assert false
    except Timeout:
        pass

test "chat is answered from the script":
    assert Clerk().chat("hi") == "hello Ann"
"""


def test_agents_are_tested_like_anything_else(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clerks.na").write_text(PROGRAM, encoding="utf-8")
    status = main(["--no-colour", "test", "clerks.na"])
    assert (status, "4 passed" in capsys.readouterr().out) == (0, True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["clerks.na"]
