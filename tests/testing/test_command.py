"""`dana test` as people and CI servers use it: real processes, exit statuses, files."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

from tests.testing.conftest import ROOT, clean_environment

PASSING = 'test "adds":\n    assert 1 + 1 == 2\n'
FAILING = 'test "subtracts":\n    assert 1 - 1 == 1\n'


def test_status_0_and_a_summary_when_all_pass(write, dana_test) -> None:
    write("a.na", PASSING)
    done = dana_test()
    assert done.status == 0
    assert re.search(r"^ok    a\.na +1 test +[\d.]+ ms$", done.out, re.MULTILINE)
    assert re.fullmatch(r"1 test: 1 passed \(1 file, [\d.]+ s\)", done.out.splitlines()[-1])


def test_status_1_and_the_failure_in_full_when_one_fails(write, dana_test) -> None:
    write("a.na", PASSING + FAILING)
    done = dana_test()
    assert done.status == 1
    assert "FAIL  a.na:3: subtracts" in done.out
    assert "left:  0" in done.out
    assert done.out.splitlines()[-1].startswith("2 tests: 1 failed, 1 passed")


def test_a_test_that_asks_a_model_is_told_of_model_lines(write, dana_test) -> None:
    write("a.na", 'test "asks":\n    assert reason("?") == "x"\n')
    done = dana_test()
    assert done.status == 1
    assert "error[E840]" in done.out
    assert "a line `# model: REPLY` in the file is what a model answers" in done.out


def test_nothing_to_test_is_said_and_is_no_success(write, dana_test) -> None:
    write("a.na", "x = 1\n")
    done = dana_test()
    assert done.status == 3
    assert "E907" in done.err
    assert "E902" in dana_test("missing").err


def test_words_of_names_select(write, dana_test) -> None:
    write("a.na", PASSING + FAILING)
    assert dana_test("-k", "adds").status == 0
    assert dana_test("-k", "not subtracts and a.na").status == 0
    assert dana_test("-k", "subtracts or adds").status == 1
    assert dana_test("-k", "multiplies").status == 3
    done = dana_test("-k", "adds and (")
    assert done.status == 3
    assert "E904" in done.err


def test_folders_are_searched_and_foreign_ones_are_not(write, dana_test) -> None:
    write("src/a.na", PASSING)
    write("src/plain.na", "x = 1\n")
    write("tests/test_b.na", "print(1)  # expect: 1\n")
    write("docs/page.md", "```dana\nprint(2)  # expect: 2\n```\n")
    write(".hidden/c.na", FAILING)
    write("node_modules/d.na", FAILING)
    write("env/pyvenv.cfg", "")
    write("env/e.na", FAILING)
    done = dana_test()
    assert done.status == 0
    assert done.out.splitlines()[-1].startswith("3 tests: 3 passed (3 files")


def test_a_file_named_on_the_command_line_is_run_even_without_tests(write, dana_test) -> None:
    write("plain.na", "print(1)  # expect: 2\n")
    assert dana_test("plain.na").status == 1


def test_tests_find_the_modules_of_their_project(write, dana_test) -> None:
    write("billing.na", "def total(xs):\n    return sum(xs)\n")
    write("tests/test_billing.na", 'from billing import total\ntest "t":\n    assert total([1, 2]) == 3\n')
    assert dana_test().status == 0


def test_junit_holds_every_case(write, dana_test, tmp_path) -> None:
    write(
        "a.na",
        PASSING
        + FAILING
        + 'test "odd <&\\"> name":\n    from testing import skip\n    print("\x01 <b>")\n    skip("why not")\n',
    )
    assert dana_test("--junit", "results.xml").status == 1
    suites = ET.parse(tmp_path / "results.xml").getroot()
    assert (suites.get("tests"), suites.get("failures"), suites.get("skipped")) == ("3", "1", "1")
    cases = {case.get("name"): case for case in suites.iter("testcase")}
    assert set(cases) == {"adds", "subtracts", 'odd <&"> name'}
    assert "1 - 1 == 1" in cases["subtracts"].find("failure").text
    assert cases['odd <&"> name'].find("skipped").get("message") == "why not"
    assert cases['odd <&"> name'].find("system-out").text == "\ufffd <b>\n"


def test_processes_run_the_same_tests(write, dana_test) -> None:
    for number in range(12):
        write(f"m{number}.na", PASSING + (FAILING if number % 4 == 0 else ""))
    one, three = dana_test("--jobs", "1"), dana_test("--jobs", "3")
    assert one.status == three.status == 1
    assert one.out.splitlines()[-1].partition("(")[0] == three.out.splitlines()[-1].partition("(")[0]
    failures = [re.findall(r"FAIL  m\d+\.na:3: .*", done.out) for done in (one, three)]
    assert failures[0] == failures[1]
    assert len(failures[0]) == 3


def test_a_process_that_dies_is_a_failure_and_the_others_go_on(write, tmp_path) -> None:
    for number in range(4):
        write(f"m{number}.na", PASSING)
    code = (
        "import os, sys\n"
        "from dana.testing import workers, session, settings\n"
        "run = session.Session.run_all\n"
        "def dying(self, begun=None):\n"
        "    if self.file == 'm1.na':\n"
        "        os.kill(os.getpid(), 9)\n"
        "    return run(self)\n"
        "session.Session.run_all = dying\n"
        "files = [f'm{n}.na' for n in range(4)]\n"
        "found = workers.run_files(files, settings.Settings(cache=False), 2, lambda file: None)\n"
        "print(sorted((r.file, r.failed) for r in found))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[('m0.na', 0), ('m1.na', 1), ('m2.na', 0), ('m3.na', 0)]"


def test_coverage_names_the_lines_that_did_not_run(write, dana_test) -> None:
    write(
        "a.na",
        'def f(n):\n    if n > 0:\n        return "up"\n    return "down"\n\ntest "t":\n    assert f(1) == "up"\n',
    )
    done = dana_test("--cover")
    assert re.search(r"^a\.na +4 +3 +75 % +4$", done.out, re.MULTILINE)


def test_the_slowest_are_shown_on_request(write, dana_test) -> None:
    write("a.na", PASSING + FAILING.replace("== 1", "== 0"))
    done = dana_test("--slowest", "1")
    assert re.search(r"^slowest:\n +[\d.]+ ms  a\.na: (adds|subtracts)$", done.out, re.MULTILINE)


def test_snapshots_are_updated_on_request(write, dana_test) -> None:
    write("a.na", 'from testing import snapshot\ntest "t":\n    snapshot("one")\n')
    assert "snapshots: 1 written" in dana_test().out
    write("a.na", 'from testing import snapshot\ntest "t":\n    snapshot("two")\n')
    assert dana_test().status == 1
    assert dana_test("--update-snapshots").status == 0
    assert dana_test(CI="1").status == 0


def test_the_seed_is_named_where_a_test_fails(write, dana_test) -> None:
    write("a.na", 'from testing import for_all, integers\ntest "t":\n    for_all(lambda n: n < 5, integers())\n')
    assert dana_test("--seed", "7").out.rstrip().endswith("with --seed 7")


def test_watching_ends_with_its_input_and_runs_again_on_enter(write, dana_test) -> None:
    write("a.na", PASSING)
    done = dana_test("--watch")
    assert done.status == 0
    assert done.out.count("1 test: 1 passed") == 1
    assert dana_test("--watch", stdin="\nq\n").out.count("1 test: 1 passed") == 2


def test_watching_runs_again_when_a_file_changes(write, tmp_path) -> None:
    write("a.na", PASSING)
    with subprocess.Popen(
        [sys.executable, "-m", "dana", "test", "--watch"],
        cwd=tmp_path,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        until(process.stdout, "waiting for changes")
        write("a.na", PASSING + FAILING)
        until(process.stdout, "2 tests: 1 failed")
        process.stdin.close()
        process.stdout.read()
    assert process.returncode == 1


def until(stream, text: str) -> None:
    for line in stream:
        if text in line:
            return
    raise AssertionError(f"{text!r} was never said")


def test_a_terminal_gets_colour_and_progress_and_no_color_is_heard(write, tmp_path) -> None:
    write("a.na", PASSING)
    assert b"\x1b[32mok  \x1b[0m" in on_terminal(tmp_path)
    plain = on_terminal(tmp_path, NO_COLOR="1")
    assert b"\x1b[32m" not in plain
    assert b"[1/1] a.na" in plain


def on_terminal(folder, **environment: str) -> bytes:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dana", "test"],
        cwd=folder,
        env=clean_environment() | {"TERM": "xterm"} | environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 4096)
        except OSError:  # the terminal's other end is closed
            break
        if not data:
            break
        shown += data
    os.close(ours)
    assert process.wait(timeout=20) == 0
    return shown


def test_what_cannot_be_read_or_written_is_said(write, dana_test, tmp_path) -> None:
    write("a.na", PASSING)
    done = dana_test("--junit", "missing/results.xml")
    assert done.status == 3
    assert "cannot write missing/results.xml" in done.err
    (tmp_path / "b.na").symlink_to(tmp_path / "nowhere.na")
    assert dana_test().status == 0
    assert dana_test("b.na").status == 3
    write("c.na", 'from testing import snapshot\ntest "t":\n    snapshot(1)\n')
    write("__snapshots__", "a file where a folder should be")
    done = dana_test("c.na")
    assert done.status == 1
    assert "Traceback" not in done.out + done.err


def test_names_the_terminal_cannot_show_are_spelled_out(write, dana_test) -> None:
    write("a.na", 'test "größer → kleiner":\n    assert 1 == 2\n')
    done = dana_test(PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.status == 1
    assert "gr\\xf6\\xdfer" in done.out


# --- the repository -------------------------------------------------------------------------------


def test_the_standard_library_the_examples_and_the_pages_pass(tmp_path) -> None:
    programs = [*ROOT.glob("examples/poet/*.na"), *ROOT.glob("tests/stdlib/*/*.na")]
    words = [*(ROOT / name for name in ("stdlib", "examples", "docs", "README.md")), *programs]
    done = subprocess.run(
        [sys.executable, "-m", "dana", "test", "--jobs", "2", "--allow-read=.", "--allow-write=.", *map(str, words)],
        cwd=tmp_path,  # where pages that write files may do so
        env=clean_environment() | {"CI": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
