"""Memory of agents: what is kept, how long, how much, and what happens when the file is no good (M21, M72)."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dana import Allow, DanaError, Engine, Timeout
from dana.agents.memory import Bounds, MemoryStore
from dana.agents.similarity import ranked, words


def ran(program: str, **options):
    printed: list[str] = []
    engine = Engine(on_print=printed.append, cache=False, **options)
    engine.run(textwrap.dedent(program))
    return "".join(printed).splitlines()


CLERK = """
agent_blueprint Clerk:
    name: str = "ann"
"""


# --- in programs ----------------------------------------------------------------------------------


def test_what_is_remembered_is_there_in_the_next_program(tmp_path):
    path = str(tmp_path / "memory.db")
    ran(CLERK + "c = Clerk()\nc.remember('x', {'a': [1, (2, 3)]})\n", memory=path)
    assert ran(CLERK + "c = Clerk()\nprint(c.recall('x'), c.recall('y', 7))\n", memory=path) == ["{'a': [1, (2, 3)]} 7"]


def test_without_a_file_memory_ends_with_the_program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran(CLERK + "c = Clerk()\nc.remember('x', 1)\n")
    assert ran(CLERK + "c = Clerk()\nprint(c.recall('x'))\n") == ["None"]
    assert os.listdir(tmp_path) == []


def test_memory_belongs_to_one_agent(tmp_path):
    program = """
    agent_blueprint Clerk:
        level: int = 1
    agent_blueprint Judge:
        level: int = 2
    a = Clerk()
    b = Clerk()
    c = Clerk(name="carl")
    d = Judge(name="carl")
    for agent in [a, b, c, d]:
        agent.remember("me", f"{agent.recall('me')}")
    a.remember("me", "a")
    print([agent.recall("me") for agent in [a, b, c, d]])
    """
    assert ran(program, memory=str(tmp_path / "m.db")) == ["['a', 'None', 'None', 'None']"]


def test_memory_survives_a_crash_of_the_agent():
    program = """
    agent_blueprint Clerk:
        n: int = 0
        def fall(self):
            self.n = 5
            self.remember("seen", self.n)
            raise "fell"
        def look(self): return [self.n, self.recall("seen")]
    c = Clerk()
    try: c.fall()
    except RuntimeError: pass
    print(c.look())
    """
    assert ran(program) == ["[0, 5]"]


def test_a_value_is_a_copy_both_ways():
    program = (
        CLERK
        + "c = Clerk()\nx = [1]\nc.remember('x', x)\nx.append(2)\ny = c.recall('x')\ny.append(3)\nprint(c.recall('x'))\n"
    )
    assert ran(program) == ["[1]"]


def test_structs_come_back_as_structs(tmp_path):
    path = str(tmp_path / "m.db")
    point = "struct Point:\n    x: int\n    y: float = 0.0\n"
    ran(point + CLERK + "c = Clerk()\nc.remember('p', [Point(1, 2.5)])\n", memory=path)
    read = CLERK + "c = Clerk()\np = c.recall('p')[0]\nprint(p, type(p))\n"
    assert ran(point + read, memory=path) == ["Point(x=1, y=2.5) Struct[Point]"]
    assert ran(read, memory=path) == ["{'x': 1, 'y': 2.5} dict"]
    assert ran("struct Point:\n    z: int\n" + read, memory=path) == ["{'x': 1, 'y': 2.5} dict"]
    more = "struct Point:\n    x: int\n    y: float\n    label: str = 'none'\n"
    assert ran(more + read, memory=path) == ["Point(x=1, y=2.5, label='none') Struct[Point]"]


@pytest.mark.parametrize(
    "value",
    ["None", "true", "1.5", "float('inf')", "'ü'", "'ü'.encode()", "{1, 2}", "(1, (2,))", "{1: 'a', (2, 3): None}",
     "{'$': 'tuple', 'of': []}", "[]", "10 ** 40", "datetime.date(2025, 1, 2)", "datetime.datetime(2025, 1, 2, 3, 4)",
     "datetime.timedelta(hours=3)", "Decimal('1.10')"],
)  # fmt: skip
def test_values_come_back_as_they_were(value):
    head = "import datetime\nfrom decimal import Decimal\n"
    program = f"{head}{CLERK}c = Clerk()\nv = {value}\nc.remember('v', v)\nw = c.recall('v')\nprint(w == v, type(w) == type(v))\n"
    assert ran(program) == ["True True"]


@pytest.mark.parametrize(
    ("value", "said"),
    [("lambda x: x", "a function"), ("[c]", "a Clerk"), ("range(3)", "a range"),
     ("loop", "contains itself"), ("deep", "levels deep"), ("'x' * 1_000_001", "at most 1,000,000")],
)  # fmt: skip
def test_what_is_no_data_is_refused_whole(value, said):
    program = f"""
{CLERK}
c = Clerk()
loop = []
loop.append(loop)
deep = 1
for i in range(40): deep = [deep]
c.remember("v", "before")
try: c.remember("v", {value})
except (TypeError, ValueError) as e: print(e)
print(c.recall("v"))
"""
    found = ran(program)
    assert said in found[0]
    assert found[1] == "before"


def test_a_file_the_agent_names_must_be_granted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = CLERK + "    memory: str = 'mine.db'\nc = Clerk()\nc.remember('x', 1)\nprint(c.recall('x'))\n"
    with pytest.raises(DanaError) as caught:
        ran(program)
    assert caught.value.diagnostics[0].code == "E511"
    assert ran(program, allow=Allow(read=["."], write=["."])) == ["1"]
    assert (tmp_path / "mine.db").exists()


# --- secrets --------------------------------------------------------------------------------------


def test_secrets_are_refused_and_their_texts_replaced(tmp_path, monkeypatch):
    monkeypatch.setenv("KEY_OF_MINE", "canary-4711-abcdef")
    path = str(tmp_path / "m.db")
    program = """
    import secrets
    agent_blueprint Clerk:
        level: int = 1
    c = Clerk()
    key = secrets.env("KEY_OF_MINE")
    try: c.remember("key", [key])
    except TypeError as e: print(e)
    c.remember("note", "it is canary-4711-abcdef, he said")
    print(c.recall("note"))
    """
    said = ran(program, memory=path, allow=Allow(env=["KEY_OF_MINE"]))
    assert said == ["what is to be remembered under `key` holds a secret, and secrets are not written down",
                    "it is ***, he said"]  # fmt: skip
    assert b"canary" not in b"".join(f.read_bytes() for f in tmp_path.iterdir())


def test_episodes_hide_what_looks_like_a_key(tmp_path):
    memory = MemoryStore(str(tmp_path / "m.db")).agent("Clerk", "ann")
    memory.add_episode("chat", {"said": "use sk-abcdefghijklmnop1234 please"})
    assert memory.episodes()[0].data == {"said": "use *** please"}


# --- bounds ---------------------------------------------------------------------------------------


def test_keys_used_least_recently_make_room():
    memory = MemoryStore(":memory:", None, Bounds(keys=3)).agent("A", "a")
    for key in "abc":
        memory.remember(key, 1)
    memory.recall("a")
    memory.remember("d", 1)
    memory.remember("e", 1)
    assert memory.keys() == ["a", "d", "e"]


def test_old_episodes_make_room_and_come_back_in_order():
    memory = MemoryStore(":memory:", None, Bounds(episodes=3)).agent("A", "a")
    for i in range(7):
        memory.add_episode("even" if i % 2 == 0 else "odd", i)
    assert [e.data for e in memory.episodes()] == [4, 5, 6]
    assert [e.data for e in memory.episodes(1)] == [6]
    assert [e.data for e in memory.episodes(kind="even")] == [4, 6]


def test_a_full_store_takes_from_the_agent_that_writes_only():
    store = MemoryStore(":memory:", None, Bounds(store=10_000))
    quiet, loud = store.agent("A", "quiet"), store.agent("A", "loud")
    quiet.remember("x", "y" * 1_000)
    for i in range(50):
        loud.remember(f"k{i}", "z" * 1_000)
        loud.add_episode("said", "z" * 500)
    assert quiet.recall("x") == "y" * 1_000
    assert loud.recall("k49") is not None
    assert loud.recall("k0") is None
    assert store.total <= 10_000
    third = store.agent("A", "third")
    with pytest.raises(OSError, match="full"):
        third.remember("x", "y" * 9_900)


def test_the_file_does_not_grow_beyond_its_bound(tmp_path):
    path = tmp_path / "m.db"
    store = MemoryStore(str(path), None, Bounds(store=200_000))
    memory = store.agent("A", "a")
    for i in range(400):
        memory.remember(f"k{i}", "z" * 2_000)
    store.close()
    assert path.stat().st_size < 800_000


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.one_of(st.none(), st.integers(), st.text(max_size=20))), max_size=40
    )
)
def test_memory_is_a_dict_that_forgets_the_least_used(steps):
    memory = MemoryStore(":memory:", None, Bounds(keys=4)).agent("A", "a")
    model: dict[str, object] = {}
    for key, value in steps:
        if value is None:
            assert memory.recall(key) == model.get(key)
            if key in model:
                model[key] = model.pop(key)
        else:
            model.pop(key, None)
            model[key] = value
            memory.remember(key, value)
            if len(model) > 4:
                del model[next(iter(model))]
    assert memory.keys() == sorted(model)


# --- files that are no good -----------------------------------------------------------------------


def code_of(action):
    with pytest.raises(OSError) as caught:  # noqa: PT011  (the code says which)
        action()
    assert getattr(caught.value, "_code", "") == "E877"
    return str(caught.value)


def test_a_damaged_file_is_told_and_left_alone(tmp_path):
    path = tmp_path / "m.db"
    path.write_bytes(b"this is no database" * 100)
    memory = MemoryStore(str(path)).agent("A", "a")
    assert "not a database" in code_of(lambda: memory.recall("x"))
    assert path.read_bytes() == b"this is no database" * 100


def test_a_damaged_value_is_told_and_the_others_are_there(tmp_path):
    path = str(tmp_path / "m.db")
    store = MemoryStore(path)
    memory = store.agent("A", "a")
    memory.remember("good", 1)
    memory.remember("bad", 2)
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE facts SET data = '{\"$\": \"nonsense\"}' WHERE key = 'bad'")
    raw.close()
    memory = MemoryStore(path).agent("A", "a")
    assert "`bad` is damaged" in code_of(lambda: memory.recall("bad"))
    assert memory.recall("good") == 1
    memory.remember("bad", 3)
    assert memory.recall("bad") == 3


def test_a_database_of_something_else_is_not_touched(tmp_path):
    path = str(tmp_path / "m.db")
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE orders (id INTEGER)")
    raw.close()
    assert "something else" in code_of(lambda: MemoryStore(path).agent("A", "a").remember("x", 1))
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall() == [("orders",)]


def test_a_newer_format_is_refused(tmp_path):
    path = str(tmp_path / "m.db")
    store = MemoryStore(path)
    store.agent("A", "a").remember("x", 1)
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE meta SET value = '2'")
    raw.close()
    assert "newer Dana" in code_of(lambda: MemoryStore(path).agent("A", "a").recall("x"))


def test_who_holds_the_file_is_waited_for_and_then_told(tmp_path, monkeypatch):
    monkeypatch.setattr("dana.agents.memory.BUSY_S", 0.01)
    path = str(tmp_path / "m.db")
    store = MemoryStore(path)
    memory = store.agent("A", "a")
    memory.remember("x", 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "locked" in code_of(lambda: memory.remember("x", 2))
    assert memory.recall("x") == 1
    other.execute("COMMIT")
    memory.remember("x", 3)
    assert memory.recall("x") == 3


def test_a_full_disk_loses_nothing(tmp_path):
    store = MemoryStore(str(tmp_path / "m.db"))
    memory = store.agent("A", "a")
    memory.remember("x", 1)
    pages = store._connection().execute("PRAGMA page_count").fetchone()[0]
    store._connection().execute(f"PRAGMA max_page_count={pages}")
    assert "full" in code_of(lambda: memory.remember("big", "z" * 100_000))
    assert (memory.recall("x"), memory.recall("big")) == (1, None)
    store._connection().execute("PRAGMA max_page_count=100000")
    memory.remember("big", "z" * 100_000)
    assert memory.keys() == ["big", "x"]


def test_a_folder_that_cannot_be_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    code_of(lambda: MemoryStore(str(tmp_path / "file" / "m.db")).agent("A", "a").remember("x", 1))


WRITER = """
import sys
from dana.agents.memory import MemoryStore
memory = MemoryStore(sys.argv[1]).agent("A", "a")
i = 0
while True:
    memory.remember("pair", [i, i])
    memory.add_episode("step", i)
    print(i, flush=True)
    i += 1
"""


@pytest.mark.parametrize("lines", [1, 7, 40])
def test_a_process_that_is_killed_loses_nothing_it_was_told(tmp_path, lines):
    path = str(tmp_path / "m.db")
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True)
    told = -1
    for _ in range(lines):
        told = int(writer.stdout.readline())
    os.kill(writer.pid, signal.SIGKILL)
    rest, _ = writer.communicate()
    told = int(rest.split()[-1]) if rest.split() and rest.endswith("\n") else told
    memory = MemoryStore(path).agent("A", "a")
    one, other = memory.recall("pair")
    assert one == other >= told
    assert memory.episodes(1)[0].data >= told


def test_two_programs_share_a_file(tmp_path):
    path = str(tmp_path / "m.db")
    one, other = (MemoryStore(path).agent("A", "a") for _ in range(2))
    for i in range(20):
        one.remember(f"one{i}", i)
        other.remember(f"other{i}", i)
    assert len(one.keys()) == 40
    assert other.recall("one7") == 7


def test_remembering_is_quick(tmp_path):
    memory = MemoryStore(str(tmp_path / "m.db")).agent("A", "a")
    memory.remember("k", 0)
    begun = time.perf_counter()
    for i in range(200):
        memory.remember("k", i)
        memory.recall("k")
    assert (time.perf_counter() - begun) / 200 < 0.005


# --- what is like a text ----------------------------------------------------------------------------

SHOP = (
    CLERK
    + """
c = Clerk()
c.remember("late_parcels", {"rule": "When a parcel is late, refund the postage"})
c.remember("broken", ["Items that arrive broken", "are replaced within a week"])
c.remember("hours", "We open on Mondays at 9\\nand close at 17")
"""
)


@pytest.mark.parametrize(
    ("wanted", "key"),
    [
        ("my parcel came late", "late_parcels"),
        ("PARCELS!", "late_parcels"),
        ("it arrived brokn", "broken"),
        ("replaced within a week", "broken"),
        ("mondays?", "hours"),
        ("close", "hours"),
        ("zebra", None),
        ("", None),
        ("?!", None),
    ],
)
def test_facts_are_found_by_their_words(wanted, key):
    program = (
        SHOP
        + f"""
found = c.recall_similar("{wanted}", 1)
print([f["key"] for f in found], all([0 < f["score"] <= 1 for f in found]))
"""
    )
    assert ran(program) == [f"{[key] if key else []} True"]


def test_what_is_found_is_in_order_and_in_number():
    program = (
        SHOP
        + """
found = c.recall_similar("a broken parcel that is late")
print([f["key"] for f in found][:2], found[0]["score"] >= found[1]["score"], found[0]["value"]["rule"][:4])
print(len(c.recall_similar("late broken parcel items on mondays", limit=2)))
"""
    )
    assert ran(program) == ["['late_parcels', 'broken'] True When", "2"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("c.recall_similar(3)", "a text, not int"),
        ('c.recall_similar("x", 0)', "from 1 to 100"),
        ('c.recall_similar("x", "2")', "from 1 to 100"),
        ('c.recall_similar("x", kind="")', "a kind of episode"),
    ],
)
def test_what_cannot_be_looked_for_is_said(call, said):
    with pytest.raises(DanaError, match=said) as refused:
        ran(SHOP + call)
    assert refused.value.diagnostics[0].code == "E876"


def test_episodes_are_found_and_only_one_s_own():
    store = MemoryStore(":memory:")
    a, b = store.agent("Clerk", "a"), store.agent("Clerk", "b")
    a.add_episode("chat", {"said": "where is my parcel"})
    a.add_episode("chat", {"said": "good morning"})
    a.add_episode("visit", {"said": "where is my parcel"})
    (found,) = a.similar("parcel", kind="chat")
    assert found["value"] == {"said": "where is my parcel"}
    assert b.similar("parcel", kind="chat") == b.similar("parcel") == []


@given(st.lists(st.text(max_size=40), max_size=20), st.text(max_size=40), st.integers(1, 5))
def test_likeness_has_its_bounds(texts, wanted, limit):
    found = ranked(wanted, [(str(n), text) for n, text in enumerate(texts)], limit)
    assert len(found) <= limit
    assert all(0 < score <= 1 for _, score in found)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    if words(wanted):
        assert ranked(wanted, [("same", wanted)], 1)[0][1] > 0.5


def test_a_search_ends_with_its_deadline():
    program = (
        CLERK
        + """
c = Clerk()
for i in range(300): c.remember("k" + str(i), "word " * 3000)
with timeout(0.05): c.recall_similar("word")
"""
    )
    with pytest.raises(Timeout):
        ran(program)
