"""A person at the terminal is asked about calls with `interrupts`: in programs and at the prompt."""

from __future__ import annotations

import os
import sys

import pexpect
import pytest

from tests.repl.talking import ROOT, SUBMITTED, Talk, plain

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

ASKED = "d deny: "
PROGRAM = """
left = [ConnectionError("no route"), 7]

@poet({options}, backoff=0)
def score(name: any) -> any:
    answer = left.pop(0)
    if isinstance(answer, Exception):
        raise answer
    return [name, answer]

try:
    print("got", score("Ada"))
except POETError as e:
    print(type(e), e)
"""


@pytest.fixture
def program(tmp_path):
    """Start a program on a terminal; `program(options)` gives the process."""
    started = []

    def start(options):
        (tmp_path / "ask.na").write_text(PROGRAM.replace("{options}", options))
        env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb", "NO_COLOR": "1"}
        io = pexpect.spawn(
            sys.executable,
            ["-m", "dana", "ask.na"],
            cwd=str(tmp_path),
            env=env,
            encoding="utf-8",
            timeout=15,
            echo=False,
        )
        io.delaybeforesend = None
        started.append(io)
        return io

    yield start
    for io in started:
        io.close(force=True)


def talk(io, *answers) -> str:
    """Answer each question, and give everything that was shown."""
    shown = ""
    for answer in answers:
        io.expect_exact(ASKED)
        shown += io.before
        io.sendline(answer)
    io.expect(pexpect.EOF)
    return plain(shown + io.before)


CONVERSATIONS = {
    # mode: (options, answers, what is asked before which stage, the end)
    "on": (
        'interrupts="on", retries=1',
        ["", "", "", ""],
        ["perceive (attempt 0)", "operate (attempt 1)", "operate (attempt 2)", "enforce (attempt 2)"],
        "got ['Ada', 7]",
    ),
    "on, corrected arguments": ('interrupts="on"', ["c=Bob", "", "", ""], ["perceive"], "got ['Bob', 7]"),
    "on, corrected result": ('interrupts="on"', ["", "", "", 'c=["Eve", 1]'], ["enforce"], "got ['Eve', 1]"),
    "on, overridden": ('interrupts="on"', ["o=42"], ["perceive"], "got 42"),
    "on, denied": ('interrupts="on"', ["", "d"], ["operate"], "a person denied the call of `score` before operate"),
    "on, after some nonsense": (
        'interrupts="on"', ["what?", "c=[1", "c=", 'o={"a": [1, null]}'], ["please answer", "that is no value"],
        "got {'a': [1, None]}",
    ),
    "on_error": ('interrupts="on_error"', ["", ""], ["operate (attempt 2): an attempt has failed"], "got ['Ada', 7]"),
    "on_critical": (
        'interrupts="on_critical", safety_critical=true', ["o=1"], ["an attempt of a critical function has failed"], "got 1",
    ),
    "on_critical, not critical": ('interrupts="on_critical"', [], [], "got ['Ada', 7]"),
    "auto, critical": ('priority="critical"', ["", "o=1"], ["operate (attempt 2)", "enforce (attempt 2)"], "got 1"),
    "auto, not critical": ("retries=3", [], [], "got ['Ada', 7]"),
    "off": ('interrupts="off", safety_critical=true', [], [], "got ['Ada', 7]"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_person_is_asked_as_the_mode_says(program, name) -> None:
    options, answers, asked, end = CONVERSATIONS[name]
    shown = talk(program(options), *answers)
    at = 0
    for text in asked:
        assert text in shown[at:]
        at = shown.index(text, at) + len(text)
    assert shown.rstrip().endswith(end)


def test_guidance_is_words_and_another_attempt(program) -> None:
    io = program('interrupts="on", retries=2, enforce_handler=lambda value, call: [*value, *call.guidance]')
    shown = talk(io, "", "g=ask her sister", "", "")
    assert shown.rstrip().endswith("got ['Ada', 7, 'ask her sister']")
    assert "last failure: ConnectionError: no route" in shown


def test_the_end_of_input_goes_on(program) -> None:
    io = program('interrupts="on"')
    for _ in range(4):
        io.expect_exact(ASKED)
        io.sendeof()
    io.expect(pexpect.EOF)
    assert plain(io.before).rstrip().endswith("got ['Ada', 7]")


def test_ctrl_c_ends_the_program_and_not_only_the_question(program) -> None:
    io = program('interrupts="on"')
    io.expect_exact(ASKED)
    io.sendintr()
    io.expect(pexpect.EOF)
    assert "got" not in plain(io.before)
    io.close()
    assert io.exitstatus == 130


def test_at_the_prompt(tmp_path) -> None:
    t = Talk(tmp_path)
    try:
        t.ask('@poet(interrupts="on", retries=0)\rdef f(x):\rreturn [x]\r')
        t.type("f(9)\r")
        t.io.expect_exact(SUBMITTED)
        for answer in ("c=5", "", "g=not good enough"):
            t.io.expect_exact(ASKED)
            t.io.sendline(answer)
        t.number += 1
        t.io.expect_exact(f"dana {t.number}> ")
        assert "not good enough" in plain(t.io.before)
        t.type("f(8)\r")
        t.io.expect_exact(SUBMITTED)
        for answer in ("", "", "o=[1, 2]"):
            t.io.expect_exact(ASKED)
            t.io.sendline(answer)
        t.number += 1
        t.io.expect_exact(f"dana {t.number}> ")
        assert "[1, 2]" in plain(t.io.before)
    finally:
        t.io.close(force=True)
