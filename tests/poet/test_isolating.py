"""`isolation="process"`: bodies of Python functions in worker processes."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from dana.engine import Engine
from dana.poet.errors import POETConfigError, POETTimeoutError
from dana.poet.pipeline import plan_of
from dana.poet.python import Host, poet

MODULE = """
import os
from dana.poet import poet

@poet(isolation="process", retries=1, backoff=0, timeout=20)
def work(what, *rest, key=None):
    if what == "pid":
        return os.getpid()
    if what == "raise":
        raise ValueError("bad", 3)
    if what == "die":
        os._exit(3)
    if what == "odd":
        return lambda: 1
    if what == "strange":
        raise type("Strange", (Exception,), {})("text")
    return what, rest, key

@poet(isolation="process", timeout=0.5, retries=0)
def endless():
    while True:
        pass
"""


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("isolated")
    (folder / "isolated_work.py").write_text(MODULE)
    sys.path.insert(0, str(folder))
    import isolated_work

    yield isolated_work
    sys.path.remove(str(folder))
    for function in (isolated_work.work, isolated_work.endless):
        plan_of(function).operate.close()


def test_a_body_runs_in_a_worker_that_stays(functions):
    import os

    pid = functions.work("pid")
    assert pid not in (os.getpid(), None)
    assert functions.work("pid") == pid
    assert functions.work(1, 2, key=[3]) == (1, (2,), [3])


def test_what_the_body_raises_comes_back(functions):
    with pytest.raises(ValueError, match="bad") as caught:
        functions.work("raise")
    assert caught.value.args == ("bad", 3)
    with pytest.raises(Exception, match="Strange: text"):
        functions.work("strange")


def test_what_cannot_be_sent_is_said(functions):
    with pytest.raises(TypeError, match="cannot be sent to a worker process"):
        functions.work(lambda: 1)
    with pytest.raises(TypeError, match="cannot be sent from a worker process"):
        functions.work("odd")


def test_a_worker_that_dies_is_a_failed_attempt(functions):
    with pytest.raises(ConnectionError, match="status 3"):
        functions.work("die")
    assert functions.work("pid")


def test_an_endless_body_is_ended(functions):
    with pytest.raises(POETTimeoutError):
        functions.endless()
    assert plan_of(functions.endless).operate.idle == []


def test_a_script_is_isolated_too(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import os
            from dana.poet import poet

            @poet(isolation="process")
            def pid():
                return os.getpid()

            if __name__ == "__main__":
                print(pid() != os.getpid())
            """
        )
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_what_cannot_run_elsewhere_is_refused():
    async def later(items):
        return items

    for function, options, why in [
        (lambda: 1, {}, "at the top of a module"),
        (later, {}, "is cancelled at its deadline"),
        (side, {"batch": {}}, "does not go together"),
    ]:
        with pytest.raises(POETConfigError, match=why) as caught:
            poet(host=Host(), isolation="process", **options)(function)
        assert caught.value._code == "E809"
    with pytest.raises(Exception, match="a Dana function is stopped"):
        Engine().run("@poet(isolation='process')\ndef f() -> int:\n    return 1\n")


def side(items):
    return items


def test_a_worker_that_died_while_idle_is_replaced(functions):
    first = functions.work("pid")
    isolated = plan_of(functions.work).operate
    isolated.idle[0]._process.kill()
    isolated.idle[0]._process.wait()
    assert functions.work("pid") not in (first, None)


def test_workers_that_nobody_needs_any_more_end(functions):
    isolated = plan_of(functions.work).operate
    functions.work("pid")
    worker = isolated.idle[0]
    isolated.close()
    assert not worker.is_alive
    assert isolated.idle == []


def test_a_script_without_a_file_is_told_what_to_do():
    text = "from dana.poet import poet\n@poet(isolation='process')\ndef f():\n    return 1\n"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "its module has no file" in done.stderr


# --- what a worker does, in this process ---------------------------------------------------------


def test_a_worker_answers_until_nobody_asks():
    import os
    from multiprocessing.connection import Connection

    from dana.poet.isolating import _read_answer, _written, serve

    asks, questions = os.pipe()
    out, answers = os.pipe()
    ours = Connection(questions, readable=False)
    for question in [["math", "sqrt", [9], {}], ["math", "sqrt", [-1], {}], ["builtins", "iter", [[]], {}]]:
        ours.send_bytes(_written(question))
    ours.close()
    serve(asks, answers)
    theirs = Connection(out, writable=False)
    good, bad, odd = (_read_answer(theirs.recv_bytes()) for _ in range(3))
    assert good == (True, 3.0)
    assert (bad[0], type(bad[1])) == (False, ValueError)
    assert odd[0] is False
    assert isinstance(odd[1], TypeError)
    theirs.close()


@pytest.mark.parametrize(
    "value",
    [None, True, 1, 1.5, float("inf"), "é\ud800", b"\x00\xff", [1, [2]], (1, (2,)), {1, 2}, {"a": 1, 2: (3,), "$": 4}],
)
def test_data_crosses_as_it_is(value):
    from dana.poet.isolating import _read, _written

    found = _read(_written(value))
    assert found == value
    assert type(found) is type(value)


def test_no_bytes_name_what_would_be_run():
    from dana.poet.isolating import _read_answer, _written

    class Odd(Exception):
        pass

    for module, name in (("os", "system"), ("not.there", "Gone"), ("builtins", "exec"), (Odd.__module__, "Odd")):
        good, fault = _read_answer(_written([False, module, name, ["true"]]))
        assert (good, type(fault)) == (False, RuntimeError)


def test_a_worker_finds_the_functions_of_a_script(tmp_path, monkeypatch):
    from dana.poet.isolating import IN_WORKER, MAIN, _found

    script = tmp_path / "tool.py"
    script.write_text("class Tool:\n    @staticmethod\n    def double(x):\n        return 2 * x\n")
    monkeypatch.delitem(sys.modules, MAIN, raising=False)
    assert _found(MAIN + str(script), "Tool.double")(4) == 8
    assert _found(MAIN + str(script), "Tool.double")(5) == 10
    monkeypatch.delitem(sys.modules, MAIN)
    monkeypatch.setenv(IN_WORKER, "1")
    assert poet(host=Host(), isolation="process")(side)([3]) == [3]


def test_a_fault_whose_parts_are_no_data_comes_back_as_its_words():
    from dana.poet.isolating import _fault, _read_answer

    good, fault = _read_answer(_fault(ValueError("what was given", object)))
    assert not good
    assert isinstance(fault, ValueError)
    assert "what was given" in str(fault)
