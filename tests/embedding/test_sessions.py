"""Sessions of one engine: what they share (code), what they do not (everything else), and snapshots."""

from __future__ import annotations

import asyncio
import json

import pytest

import dana

COUNTER = """
count = 0
items = []
struct P:
    x: int
def bump():
    global count
    count += 1
    items.append(count)
    return count
def f(p: P) -> int:
    return p.x
"""


@pytest.fixture
def engine():
    return dana.Engine(cache=False, on_print=[].append)


def test_variables_entries_and_values(engine):
    with engine.session("user-42") as s:
        s["income"] = 10
        assert s.eval("income * 2") == 20
        assert s.eval("income + a", a=5) == 15
        assert s.run(dana.Source("<x>", "x = 3\nx")) == 3
        assert s["x"] == 3
        del s["x"]
        assert "x" not in s
        assert asyncio.run(s.arun("income + 1")) == 11
        assert asyncio.run(s.aeval("income + b", b=2)) == 12
        assert repr(s) == "<Dana session 'user-42'>"
        with pytest.raises(dana.UsageError, match="like a variable"):
            s["a b"] = 1
        with pytest.raises(dana.UsageError, match="like a variable"):
            s[".module"] = 1
        with pytest.raises(KeyError):
            s["nothing"]


def test_loaded_modules_are_each_sessions_own(engine):
    module = engine.load(COUNTER, name="counter")
    one, two = engine.session(), engine.session()
    assert one.run("counter.bump()\ncounter.bump()") == 2
    assert two.run("counter.bump()") == 1
    assert module.bump() == 1
    assert one.run("counter.items") == [1, 2]
    assert two.run("import counter\nfrom counter import bump\nbump()") == 2
    assert module.items == [1]
    assert "counter" not in one.names()
    with pytest.raises(dana.CompileError, match="did you mean `bump`"):
        one.run("counter.bmp()")
    with pytest.raises(dana.DanaError):
        one.run("counter.count = 5")
    assert one.run("counter = 3\ncounter") == 3


def test_a_module_runs_at_its_first_use_in_a_session():
    printed = []
    engine = dana.Engine(cache=False, on_print=printed.append)
    engine.load("print('runs')\nx = 1\n", name="loud")
    printed.clear()
    s = engine.session()
    assert printed == []
    s.run("loud.x\nloud.x")
    s.run("loud.x")
    assert "".join(printed) == "runs\n"


def test_entries_keep_the_types_of_their_annotations(engine):
    s = engine.session()
    s.run("struct Q:\n    a: list[int]")
    s.run("def g(q: Q, k: int) -> list[int]:\n    return q.a")
    s.run("def h(t: str) -> dict[str, str]:\n    return {t: t}")
    assert s.run("g(Q(a=[1]), 2)") == [1]
    assert s["g"]({"a": [5]}, 1) == [5]
    assert s.run("h('x')") == {"x": "x"}


DEFINITIONS = """
import math
from math import sqrt
struct Q:
    a: list[int]
    b: str = "z"
struct R:
    q: Q
def (q: Q) size() -> int:
    return len(q.a)
def (r: R) size() -> int:
    return 10
def g(q: Q, k=2) -> int:
    return q.size() * k + income
"""
VALUES = """
q = Q(a=[1, 2])
r = R(q)
t = (1, 2.5, {3, 4})
d = {1: "x", "y": q, (1, 2): [none_value]}
z = float("nan")
low = -float("inf")
odd = {"$struct": 1}
raw = bytes([1, 2])
public:k = [1]
"""


def test_a_snapshot_is_plain_and_comes_back(engine):
    s = engine.session("user-42")
    s["income"] = 10
    s["none_value"] = None
    s.run(DEFINITIONS)
    s.run(VALUES)
    data = json.loads(json.dumps(s.snapshot()))
    r = engine.restore(data)
    assert r.name == "user-42"
    for text in (
        "g(q)",
        "r.size()",
        "t",
        "d[(1, 2)]",
        "odd",
        "raw",
        "public:k",
        "str(q)",
        "math.floor(sqrt(17))",
        "low",
    ):
        assert r.run(text) == s.run(text), text
    assert r.run("z != z") is True
    assert r.run("type(d['y']) == Q") is True
    assert r.snapshot()["names"] == data["names"]
    r["income"] = 0
    assert s["income"] == 10


def test_dates_and_decimals_come_back(engine):
    s = engine.session()
    s.run("import datetime\nfrom decimal import Decimal\n")
    s.run(
        "day = datetime.date(2024, 2, 29)\nat = datetime.datetime(2024, 2, 29, 12, 30, 1, 5)\nt = datetime.time(1, 2)"
    )
    s.run("long = datetime.timedelta(1, 2, 3)\nprice = Decimal('1.20')\nrows = [{day: price}]")
    data = json.loads(json.dumps(s.snapshot()))
    assert data["names"]["day"] == {"$date": "2024-02-29"}
    assert data["names"]["price"] == {"$Decimal": "1.20"}
    r = engine.restore(data)
    for name in ("day", "at", "t", "long", "price", "rows"):
        assert r.run(f"str({name})") == s.run(f"str({name})")
        assert r[name] == s[name]


def test_definitions_that_were_replaced_are_not_kept(engine):
    s = engine.session()
    s.run("def f(): return 1")
    s.run("def f(): return 2")
    s.run("g = 5")
    s.run("def g(): return 3")
    s.run("def h(): return 3")
    s.run("h = 7")
    snapshot = s.snapshot()
    assert snapshot["definitions"] == ["def f(): return 2", "def g(): return 3"]
    assert snapshot["names"] == {"h": 7}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("h = lambda x: x", "`h`: function"),
        ("d = {'k': [1, lambda x: x]}", r"`d`\['k'\]\[1\]: function"),
        ("a = []\na.append(a)", "contains itself"),
        ("g = (i for i in [1])", "`g`"),
        ("struct P:\n    x: int\np = P(1)\nstruct Z:\n    y: int\nP = Z", "defined anew"),
    ],
)
def test_what_cannot_be_kept_is_named(engine, entry, why):
    s = engine.session()
    s.run(entry)
    with pytest.raises(dana.DanaError, match=why) as stopped:
        s.snapshot()
    assert stopped.value.diagnostics[0].code == "E545"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"dana": 99, "definitions": [], "names": {}, "public": {}},
        {"dana": 1, "definitions": ["x = = 1"], "names": {}, "public": {}},
        {"dana": 1, "definitions": [], "names": {"a b": 1}, "public": {}},
        {"dana": 1, "definitions": [], "names": {"a": {"$what": 1}}, "public": {}},
        {"dana": 1, "definitions": [], "names": {"a": {"$struct": "P", "fields": {}}}, "public": {}},
        {"dana": 1, "definitions": [], "names": {"a": {"$set": [[1]]}}, "public": {}},
        {"dana": 1, "definitions": [], "names": {"a": {"$date": "2024-02-30"}}, "public": {}},
        {"dana": 1, "definitions": [], "names": {"a": {"$time": 5}}, "public": {}},
        {"dana": 1, "definitions": [], "names": {"a": {"$Decimal": "abc"}}, "public": {}},
        {"dana": 1, "definitions": [], "names": {"a": {"$struct": "os.P", "fields": {}}}, "public": {}},
        {"dana": 1, "definitions": [], "names": {"a": object()}, "public": {}},
    ],
)
def test_what_is_no_snapshot(engine, data):
    with pytest.raises(dana.DanaError) as stopped:
        engine.restore(data)
    assert stopped.value.diagnostics[0].code == "E546"


def test_structs_of_loaded_modules_come_back(engine):
    engine.load(COUNTER, name="counter")
    s = engine.session()
    s.run("p = counter.P(4)")
    r = engine.restore(json.loads(json.dumps(s.snapshot())))
    assert r.run("counter.f(p)") == 4


def test_host_functions_and_limits_are_the_engines():
    engine = dana.Engine(cache=False, limits=dana.Limits(steps=2000))
    engine.host("twice")(lambda x: x * 2)
    s = engine.session()
    assert s.run("twice(4)") == 8
    for _ in range(3):
        s.run("for i in range(1500): pass")
    with pytest.raises(dana.LimitExceeded):
        s.run("while true: pass")
    assert s.run("1") == 1
