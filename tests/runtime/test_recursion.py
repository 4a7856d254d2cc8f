"""The recursion limit is one number for all threads: who compiles must not take it from who runs."""

from __future__ import annotations

import subprocess
import sys
import threading

from dana.checker import check
from dana.parser import parse
from dana.recursion import CHECK_FRAMES, ROOM, at_least
from dana.source import Source


def in_a_process_of_its_own(text: str) -> str:
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout.strip()


def test_the_last_check_gives_the_room_back():
    before = sys.getrecursionlimit()
    with ROOM:
        assert sys.getrecursionlimit() == CHECK_FRAMES
        with ROOM:
            pass
        assert sys.getrecursionlimit() == CHECK_FRAMES
    assert sys.getrecursionlimit() == before


def test_what_runs_keeps_its_room_when_a_check_ends():
    text = """
import sys
from dana.recursion import ROOM, at_least
with ROOM:
    at_least(3000)
print(sys.getrecursionlimit())
at_least(2000)
sys.setrecursionlimit(500)
at_least(2000)
print(sys.getrecursionlimit())
"""
    assert in_a_process_of_its_own(text).split() == ["3000", "2000"]


def test_leaving_deeper_than_the_old_limit_is_no_error():
    text = """
import sys
from dana.recursion import ROOM
def leave(n):
    if n:
        return leave(n - 1)
    ROOM.__exit__()
ROOM.__enter__()
leave(1500)
print(sys.getrecursionlimit())
with ROOM: pass
print(sys.getrecursionlimit())
"""
    assert in_a_process_of_its_own(text).split() == ["10000", "10000"]


def test_a_check_that_ends_takes_no_room_from_one_in_another_thread():
    inside, ended = threading.Event(), threading.Event()
    limits: list[int] = []

    def late_finder(*_: object) -> str:
        inside.set()
        ended.wait(10)
        limits.append(sys.getrecursionlimit())
        return "there is none"

    def early_finder(*_: object) -> str:
        other.start()
        inside.wait(10)
        return "there is none"

    parsed = parse(Source("main.na", "import elsewhere\n"))
    other = threading.Thread(target=lambda: check(parsed, modules=late_finder))
    before = sys.getrecursionlimit()
    check(parsed, modules=early_finder)
    ended.set()
    other.join()
    assert limits == [CHECK_FRAMES]
    assert sys.getrecursionlimit() == before


def test_promised_room_is_not_asked_for_twice(monkeypatch):
    at_least(1)
    monkeypatch.setattr(ROOM, "lock", None)  # would fail where it is taken
    at_least(1)
