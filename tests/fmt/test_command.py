"""`dana fmt` and `dana fix` at the command line."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from conftest import dana as dana_fixture
from conftest import program as program_fixture

dana = dana_fixture
program = program_fixture


def test_a_file_is_rewritten(dana, program, tmp_path):
    assert dana("fmt", program("x.na", "x=1\n")) == (0, "", "formatted x.na\n1 file formatted\n")
    assert (tmp_path / "x.na").read_text() == "x = 1\n"
    assert dana("fmt", "x.na") == (0, "", "1 file left as it was\n")


def test_the_current_folder_is_meant_when_nothing_is_named(dana, program, tmp_path):
    (tmp_path / "lib").mkdir()
    program("lib/a.na", "x=1\n")
    program("b.na", "x = 1\n")
    assert dana("fmt").err == "formatted ./lib/a.na\n1 file formatted, 1 file left as it was\n"


def test_check_names_files_and_writes_nothing(dana, program, tmp_path):
    done = dana("fmt", "--check", program("x.na", "x=1\n"), program("y.na", "y = 1\n"))
    assert done == (1, "", "would format x.na\n1 file would be formatted, 1 file left as it was\n")
    assert (tmp_path / "x.na").read_text() == "x=1\n"
    assert dana("fmt", "--check", "y.na").status == 0


def test_diff_shows_the_change(dana, program, tmp_path):
    done = dana("fmt", "--diff", program("x.na", "x=1\ny = 2\n"))
    assert done.status == 0
    assert done.out == "--- x.na\n+++ x.na\n@@ -1,2 +1,2 @@\n-x=1\n+x = 1\n y = 2\n"
    assert (tmp_path / "x.na").read_text() == "x=1\ny = 2\n"


def test_stdin_goes_to_stdout(dana):
    assert dana("fmt", "-", stdin=b"x=1").out == "x = 1\n"
    assert dana("fmt", "-", stdin=b"x = 1\n").out == "x = 1\n"


def test_the_style_can_be_chosen(dana):
    assert dana("fmt", "--style", "braces", "-", stdin=b"if x:\n  y\n").out == "if x {\n    y\n}\n"
    assert dana("fmt", "--style=indent", "-", stdin=b"if x { y }").out == "if x:\n    y\n"
    assert dana("fmt", "--style", "tabs", "-").status == 3


def test_a_program_with_errors_is_left_alone_and_the_others_are_not(dana, program, tmp_path):
    done = dana("fmt", program("bad.na", "x=(1\n"), program("good.na", "x=1\n"))
    assert done.status == 2
    assert "error[E105]" in done.err
    assert (tmp_path / "bad.na").read_text() == "x=(1\n"
    assert (tmp_path / "good.na").read_text() == "x = 1\n"


def test_bytes_that_are_no_text_are_left_alone(dana, tmp_path):
    (tmp_path / "x.na").write_bytes(b"x=1\xff\n")
    assert dana("fmt", "x.na").status == 2
    assert (tmp_path / "x.na").read_bytes() == b"x=1\xff\n"


def test_mode_links_line_ends_and_byte_order_mark_stay(dana, tmp_path):
    real = tmp_path / "real.na"
    real.write_bytes(b"\xef\xbb\xbfx=1\r\ny=2\r\n")
    real.chmod(0o750)
    (tmp_path / "link.na").symlink_to("real.na")
    assert dana("fmt", "link.na").status == 0
    assert (tmp_path / "link.na").is_symlink()
    assert real.read_bytes() == b"\xef\xbb\xbfx = 1\r\ny = 2\r\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o750
    assert dana("fmt", "--check", "link.na").status == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written(dana, program, tmp_path):
    program("x.na", "x=1\n")
    (tmp_path / "x.na").chmod(0o444)
    done = dana("fmt", "x.na")
    assert done.status == 3
    assert "E908" in done.err


def test_a_write_that_fails_leaves_everything_as_it_was(dana, program, tmp_path, monkeypatch):
    def replace(_old, _new):
        raise OSError(28, "No space left on device")

    program("x.na", "x=1\n")
    monkeypatch.setattr("os.replace", replace)
    done = dana("fmt", "x.na")
    assert "E908" in done.err
    assert "no space left" in done.err
    assert [p.name for p in tmp_path.iterdir()] == ["x.na"]
    assert (tmp_path / "x.na").read_text() == "x=1\n"


def test_fix_says_what_it_does(dana, program, tmp_path):
    done = dana("fix", program("x.na", "private.x = 1\nprint(private.x)\n"))
    assert done.status == 0
    assert done.err.startswith("x.na:1: E128: `.` becomes `:` (")
    assert done.err.endswith("1 file fixed\n")
    assert (tmp_path / "x.na").read_text() == "private:x = 1\nprint(private:x)\n"


def test_fix_can_only_look(dana, program, tmp_path):
    program("x.na", "x = true && false\n")
    assert dana("fix", "--check", "x.na").status == 1
    assert "+x = true and false\n" in dana("fix", "--diff", "x.na").out
    assert (tmp_path / "x.na").read_text() == "x = true && false\n"


def test_fix_reports_what_it_cannot_do(dana, program, tmp_path):
    done = dana("fix", program("x.na", "private.x = 1\nprint(nowhere_near)\n"))
    assert done.status == 2
    assert "error[E201]" in done.err
    assert (tmp_path / "x.na").read_text().startswith("private:x = 1\n")


def test_fix_as_a_filter(dana):
    assert dana("fix", "-", stdin=b"x = true && false\n").out == "x = true and false\n"
