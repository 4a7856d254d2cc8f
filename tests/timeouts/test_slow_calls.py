"""Long operations of C in a row: a run hears of its end between two of them, also the first run of a process."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dana
from dana.runtime import memory

HEAD = "import math\nfrom itertools import groupby, dropwhile\nfrom collections import Counter\n"
NUMBERS = "[1 << 200000] * 10 ** 5"


@pytest.mark.parametrize(
    "text",
    [
        f"list(groupby({NUMBERS}, math.isqrt))",
        f"set(map(math.isqrt, {NUMBERS}))",
        f"Counter(map(math.isqrt, {NUMBERS}))",
        f"x: list[int] = map(math.isqrt, {NUMBERS})",
        f"next(dropwhile(math.isqrt, {NUMBERS}))",
    ],
)
def test_whoever_reads_a_loop_of_c_it_ends_with_the_time(text):
    engine = dana.Engine(limits=dana.Limits(wall_s=0.1, memory_bytes=256 << 20), cache=False)
    with pytest.raises(dana.LimitExceeded) as caught:
        engine.run(HEAD + text + "\n")
    assert caught.value.which == "time"


def test_functions_of_c_that_loops_call_count_as_steps():
    engine = dana.Engine(limits=dana.Limits(steps=1000), cache=False)
    with pytest.raises(dana.LimitExceeded) as caught:
        engine.run("import math\nsorted(range(5000), key=math.isqrt)\n")
    assert caught.value.which == "steps"


def test_an_engine_with_limits_has_loaded_what_stopping_takes():
    text = (
        "import sys, dana\n"
        "dana.Engine(cache=False); print('ctypes' in sys.modules)\n"
        "dana.Engine(limits=dana.Limits(wall_s=1), cache=False); print('ctypes' in sys.modules)\n"
        "dana.Engine(limits=dana.Limits(wall_s=1), isolate='process').close()\n"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_memory_is_read_the_same_quietly():
    dana.Engine(limits=dana.Limits(wall_s=1), cache=False)
    assert memory.taken is not memory.resident
    assert abs(memory.taken() - memory.resident()) < 64 << 20
    assert memory.peak() >= memory.taken() - (1 << 20)


def test_memory_is_over_only_when_it_is_now(monkeypatch):
    monkeypatch.setattr(memory, "taken", lambda: 100)
    kept = memory.Memory(50)
    assert not kept.is_over()
    monkeypatch.setattr(memory, "peak", lambda: 1000)
    assert not kept.is_over()
    assert kept.is_over(more=51)
    monkeypatch.setattr(memory, "taken", lambda: 151)
    assert kept.is_over()
    monkeypatch.setattr(memory, "peak", lambda: 100)  # cannot be: what is taken was never more than the peak
    assert not kept.is_over()


def test_where_nothing_tells_memory_is_never_over(monkeypatch):
    monkeypatch.setattr(memory, "getrusage", None)
    monkeypatch.setattr(memory, "resident", lambda: (_ for _ in ()).throw(OSError))
    monkeypatch.setattr(memory, "taken", memory.reader())
    assert not memory.Memory(0).is_over()
