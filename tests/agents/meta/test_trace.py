"""What happened, told briefly, from inside a program."""

from __future__ import annotations

import pytest

from dana.agents.trace import ROOM
from dana.engine import Engine
from dana.errors import DanaError
from tests.agents.meta.desk import PROGRAM, Reader


def run(text: str) -> list[str]:
    printed: list[str] = []
    Engine(model=Reader(), on_print=printed.append).run(PROGRAM + text)
    return "".join(printed).splitlines()


def test_a_program_reads_what_happened() -> None:
    lines = run("""
desk, other = Triage(), Triage()
print(agents.trace())
print(desk.solve("where is my parcel 5001"))
print(other.solve("has my order 1 been delivered"))
for level in ["summary", "diagnostic", "key"]:
    print(agents.trace(desk, level))
print(agents.trace(detail="diagnostic"))
""")
    assert lines[0] == "nothing is on record"
    assert lines[3].startswith("turn.end Triage#")
    assert "2 model calls; 1 tool call" in lines[3]
    text = "\n".join(lines)
    assert "nothing failed" in lines[-1]
    assert "turn.start" in text


def test_every_level_fits() -> None:
    for level, room in ROOM.items():
        (said,) = run(f'd = Triage()\nx = str(d.solve("order 5000"))\nprint(len(agents.trace(d, "{level}")))\n')
        assert int(said) <= room


@pytest.mark.parametrize("call", ["agents.trace(7)", 'agents.trace(Triage(), "all")'])
def test_what_cannot_be_told(call) -> None:
    with pytest.raises(DanaError) as caught:
        run(f"print({call})")
    assert caught.value.diagnostics[0].code == "E875"
