"""A recorded run of agents that remember: the replay is told what was remembered then, and touches no file."""

from __future__ import annotations

import sqlite3

import pytest

import dana

PROGRAM = """
agent_blueprint Clerk:
    name: str = "ann"

    def served(self) -> int:
        self.remember("n", self.recall("n", 0) + 1)
        return self.recall("n")

clerk = Clerk()
print(clerk.served(), clerk.chat("again", user="bo"))
"""


class Replies:
    """A model that answers with how much it was shown."""

    def __init__(self):
        self.shown = []

    def __call__(self, prompt: str) -> str:
        self.shown.append(prompt)
        return f"reply {prompt.count('again')}"


def run(path, said, model, **options):
    engine = dana.Engine(memory=str(path), model=model, on_print=said.append, cache=False, **options)
    return engine.run(dana.Source("<clerk>", PROGRAM))


def rows(path):
    with sqlite3.connect(path) as file:
        return [file.execute(f"SELECT * FROM {table}").fetchall() for table in ("facts", "episodes")]


def test_a_replay_recalls_what_was_recalled_then(tmp_path):
    said, model, memory = [], Replies(), tmp_path / "memory.db"
    run(memory, said, model)
    run(memory, said, model, record=str(tmp_path / "run.db"))
    run(memory, said, model)
    assert [text.split()[0] for text in said if text.strip()] == ["1", "2", "3"]
    kept = rows(memory)

    found = dana.Engine(memory=str(memory), model=model, cache=False).replay(str(tmp_path / "run.db"))
    assert found.departure is None
    assert len(model.shown) == 3
    assert rows(memory) == kept


def test_a_replay_needs_no_file(tmp_path):
    model, memory = Replies(), tmp_path / "memory.db"
    run(memory, [], model)
    run(memory, [], model, record=str(tmp_path / "run.db"))
    for file in tmp_path.glob("memory.db*"):
        file.unlink()
    assert dana.Engine(model=model, cache=False).replay(str(tmp_path / "run.db")).departure is None
    assert not memory.exists()


@pytest.mark.parametrize("granted", [True, False])
def test_a_file_of_the_agent_s_own_is_not_opened_by_a_replay(tmp_path, granted):
    path = tmp_path / "own.db"
    text = PROGRAM.replace(
        '    name: str = "ann"', f'    name: str = "ann"\n    memory: str = {str(path)!r}'
    ).partition("clerk = ")[0]
    text += "try:\n    print(Clerk().served())\nexcept Denied:\n    print('denied')\n"
    allow = dana.Allow(read=[str(tmp_path)], write=[str(tmp_path)]) if granted else None
    said: list[str] = []
    engine = dana.Engine(allow=allow, record=str(tmp_path / "run.db"), on_print=said.append, cache=False)
    engine.run(dana.Source("<own>", text))
    assert "".join(said) == ("1\n" if granted else "denied\n")
    path.unlink(missing_ok=True)
    assert dana.Engine(cache=False).replay(str(tmp_path / "run.db")).departure is None
    assert not path.exists()


def test_a_replay_finds_what_was_found_then(tmp_path):
    program = """
agent_blueprint Clerk:
    name: str = "ann"
c = Clerk()
print([[f["key"], f["value"]] for f in c.recall_similar("parcel")])
c.remember("parcel 2", "two")
"""
    said: list[str] = []
    dana.Engine(memory=str(tmp_path / "memory.db"), cache=False).run(
        'agent_blueprint Clerk:\n    name: str = "ann"\nc = Clerk()\nc.remember("parcel", {"n": 1})\n'
    )
    dana.Engine(
        memory=str(tmp_path / "memory.db"), on_print=said.append, cache=False, record=str(tmp_path / "run.db")
    ).run(dana.Source("<clerk>", program))
    assert "".join(said).strip() == "[['parcel', {'n': 1}]]"
    assert (
        dana.Engine(memory=str(tmp_path / "memory.db"), cache=False).replay(str(tmp_path / "run.db")).departure is None
    )
