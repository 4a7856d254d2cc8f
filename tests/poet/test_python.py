from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

import dana.poet
from dana.adaptive.clock import FakeClock
from dana.poet.errors import POETConfigError, POETOperateError, POETTimeoutError
from dana.poet.python import Host, poet

ROOT = Path(__file__).parents[2]


def host(**more):
    return Host(FakeClock(**more), random.Random(1))


def test_bare_and_with_options():
    @poet
    def add(x, y):
        return x + y

    @poet(retries=1)
    def twice(x):
        return 2 * x

    assert (add(2, 3), twice(4)) == (5, 8)


def test_the_package_offers_the_decorator():
    assert dana.poet.poet is poet
    with pytest.raises(AttributeError):
        _ = dana.poet.poets


def test_a_failing_python_function_is_retried():
    time = host()
    calls = []

    @poet(host=time, retries=3)
    def failing():
        calls.append(1)
        if len(calls) < 3:
            raise RuntimeError("Temporary failure")
        return "success"

    assert failing() == "success"
    assert len(calls) == 3
    assert sum(time.clock.sleeps) > 0


def test_the_story_names_the_python_lines():
    @poet(host=host(), retries=1)
    def down():
        raise ConnectionError("refused")

    with pytest.raises(POETOperateError) as caught:
        down()
    assert "test_python.py:" in caught.value.story


def test_a_late_python_result_is_reported_not_handed_out():
    time = host()

    @poet(host=time, timeout=2)
    def slow():
        time.clock.advance(3)
        return "late"

    with pytest.raises(POETTimeoutError, match="finished, but not within"):
        slow()


def test_wrong_options_are_refused():
    with pytest.raises(POETConfigError, match="has no option `simulation_models`"):
        poet(simulation_models=[])(lambda: 1)


def test_importing_the_table_loads_none_of_the_rest():
    code = "import sys, dana.poet.options; print([m for m in sys.modules if m.startswith(('dana.ad', 'dana.runtime', 'typing'))])"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_the_pipeline_needs_only_light_modules():
    heavy = "{'re', 'typing', 'enum', 'dataclasses', 'inspect', 'traceback', 'contextlib', 'functools', 'random'}"
    code = f"import sys, dana.poet.pipeline; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
