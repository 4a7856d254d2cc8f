from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest


def test_a_file_runs_and_its_last_value_is_not_printed(dana, program) -> None:
    assert dana(program("hello.na", 'print("Hello")\n1 + 1\n')) == (0, "Hello\n", "")


def test_the_word_run_may_be_written(dana, program) -> None:
    assert dana("run", program("hello.na", 'print("Hello")\n')).out == "Hello\n"


def test_a_second_run_comes_from_the_cache_and_does_the_same(dana, program) -> None:
    name = program("hello.na", 'def __main__(n: int = 2):\n    print("Hello", n + 1)\n')
    assert dana(name, "n=4") == dana(name, "n=4") == (0, "Hello 5\n", "")


def test_an_edited_file_is_compiled_again(dana, program) -> None:
    dana(program("x.na", "print(1)\n"))
    assert dana(program("x.na", "print(2)\n")).out == "2\n"


def test_code_on_the_command_line_prints_its_value(dana) -> None:
    assert dana("-e", "[n * n for n in range(4)]") == (0, "[0, 1, 4, 9]\n", "")
    assert dana("-e", '"plain " + "text"').out == "plain text\n"


def test_a_value_of_none_is_not_printed(dana) -> None:
    assert dana("-e", 'print("once")').out == "once\n"


def test_exit_gives_the_status_also_from_the_cache(dana, program) -> None:
    name = program("leave.na", "print(1)\nexit(7)\nprint(2)\n")
    assert dana(name) == dana(name) == (7, "1\n", "")
    assert dana("-e", "exit()") == (0, "", "")
    assert dana("-e", 'exit("no input")') == (1, "", "no input\n")


def test_a_program_from_a_pipe(dana) -> None:
    assert dana(stdin=b"print(6 * 7)").out == "42\n"
    assert dana("-", stdin=b"print(6 * 7)").out == "42\n"


def test_line_ends_and_byte_order_mark_do_not_matter(dana, tmp_path) -> None:
    (tmp_path / "dos.na").write_bytes(b"\xef\xbb\xbfif true:\r\n    print(1)\r\n")
    assert dana("dos.na") == (0, "1\n", "")


def test_a_file_that_is_no_text_is_refused(dana, tmp_path) -> None:
    (tmp_path / "binary.na").write_bytes(b"print(1)\n\xff\xfe\n")
    for words in (["binary.na"], ["check", "binary.na"], ["ast", "binary.na"]):
        done = dana(*words)
        assert done.status == 2
        assert "error[E100]" in done.err


MAIN = """
def __main__(name: str, times: int = 1, loud: bool = false):
    text = f"Hello {name}" + "!" * times
    print(text.upper() if loud else text)
"""


def test_arguments_are_converted_by_the_annotations_of_main(dana, program) -> None:
    assert dana(program("x.na", MAIN), "name=Ann Lee", "times=3", "loud=yes").out == "HELLO ANN LEE!!!\n"


def test_a_value_may_hold_an_equals_sign(dana, program) -> None:
    assert dana(program("x.na", MAIN), "name=a=b").out == "Hello a=b!\n"


def test_a_file_is_passed_by_its_text(dana, program) -> None:
    program("name.txt", "Zoë")
    assert dana(program("x.na", MAIN), "name=@name.txt").out == "Hello Zoë!\n"
    assert dana(program("x.na", MAIN), "name=@@home").out == "Hello @home!\n"


@pytest.mark.parametrize("words", [["name=x", "times=many"], ["nmae=x"], []])
def test_wrong_arguments_name_what_is_wrong(dana, program, words) -> None:
    done = dana(program("x.na", MAIN), *words)
    assert done.status in (1, 2, 3)
    assert "error[E" in done.err
    assert "Traceback" not in done.err


def test_a_failing_program_is_status_1_and_shows_dana_only(dana, program) -> None:
    done = dana(program("x.na", "def f(n):\n    return 1 / n\n\nprint(f(0))\n"))
    assert done.status == 1
    assert "x.na:2:" in done.err
    assert "x.na:4:" in done.err
    assert ".py" not in done.err


def test_a_refused_program_is_status_2_and_prints_nothing(dana, program) -> None:
    done = dana(program("x.na", "print(1)\nprint(totl)\n"))
    assert (done.status, done.out) == (2, "")
    assert "E201" in done.err


def test_an_endless_loop_is_stopped_by_steps_with_status_4(dana) -> None:
    done = dana("--steps", "1000", "-e", "while true: pass")
    assert done.status == 4
    assert "error[E7" in done.err


def test_an_endless_loop_is_stopped_by_time(dana) -> None:
    assert dana("--time=50ms", "-e", "while true: pass").status == 4


def test_a_runaway_recursion_is_stopped_by_depth(dana) -> None:
    assert dana("--depth", "50", "-e", "def f(n): return f(n + 1) + 1\nf(0)").status == 4


def test_output_and_error_keep_their_order(dana, program) -> None:
    done = dana(program("x.na", "print(1)\nraise ValueError('no')\n"))
    assert done.out == "1\n"
    assert "no" in done.err


@pytest.fixture
def child(tmp_path):
    def start(*words: str, **kwargs) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        command = [sys.executable, "-m", "dana", *words]
        return subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, **kwargs)

    return start


def test_a_reader_that_goes_away_ends_the_program_quietly(child) -> None:
    process = child("-e", "for i in range(1_000_000): print(i)", stdout=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    _, error = process.communicate(timeout=30)
    assert error == b""
    assert process.returncode == 141


def test_ctrl_c_is_status_130(child) -> None:
    process = child("-e", 'print("ready")\nwhile true: pass', stdout=subprocess.PIPE)
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in error


def test_a_store_that_is_the_program_is_refused(dana, program) -> None:
    name = program("main.na", "print(1)\n")
    status, out, said = dana("--store", name)
    assert (status, out) == (3, "")
    assert "option --store cannot be 'main.na'" in said
    assert "it takes a .db file" in said


def test_arguments_that_do_not_fit_say_what_fits(dana, program) -> None:
    name = program("main.na", "def __main__(house: str, price: float = 3.0):\n    print(house, price)\n")
    assert "= help: did you mean `house`?" in dana(name, "hous=3").err
    assert "= help: as in: house=…" in dana(name).err
    assert dana(name, "house=x") == (0, "x 3.0\n", "")
