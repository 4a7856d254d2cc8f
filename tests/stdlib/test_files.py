"""`stdlib/files.na`: what it reads and writes, what it refuses, and what happens when somebody interferes."""

from __future__ import annotations

import csv
import io
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dana
from dana.engine import Engine, Limits
from dana.runtime.natives.text import csv_records, csv_text
from dana.runtime.outside import places
from dana.runtime.outside.places import Draft, Exchanged, Place
from dana.runtime.permissions import Permissions


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder of its own, current, with `in` (granted) and `out` (not granted) in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret.txt").write_text("SECRET")
    return tmp_path


def run(text: str, allow=None, **options) -> str:
    """What a program prints; it may read and write `in` unless something else is said."""
    printed: list[str] = []
    allow = allow or dana.Allow(read=["in"], write=["in"])
    Engine(on_print=printed.append, allow=allow, cache=False, **options).run("import files\n" + text)
    return "".join(printed)


def fault(text: str, allow=None, **options):
    """The finding a program ends with."""
    with pytest.raises(dana.DanaError) as caught:
        run(text, allow, **options)
    return caught.value.diagnostics[0]


def said(text: str, allow=None, **options) -> tuple[str, str]:
    found = fault(text, allow, **options)
    return found.code, f"{found.message} | {found.hint}"


# --- what is granted ----------------------------------------------------------------------------

EVERY_ACT = [
    'files.read_text("PATH")',
    'files.read_bytes("PATH")',
    'files.read_json("PATH")',
    'files.read_csv("PATH")',
    'list(files.lines("PATH"))',
    'files.exists("PATH")',
    'files.is_file("PATH")',
    'files.is_folder("PATH")',
    'files.info("PATH")',
    'files.names("PATH")',
    'list(files.walk("PATH"))',
    'files.glob("**", "PATH")',
    'files.copy("PATH", "in/copy.txt")',
    'files.write_text("PATH", "")',
    'files.write_bytes("PATH", "".encode())',
    'files.write_json("PATH", {})',
    'files.write_csv("PATH", [])',
    'files.append_text("PATH", "")',
    'files.make_folder("PATH")',
    'files.copy("in/own.txt", "PATH")',
    'files.move("in/own.txt", "PATH")',
    'files.move("PATH", "in/moved.txt")',
    'files.remove("PATH")',
    'files.remove("PATH", recursive=true)',
    'files.temporary("PATH")',
]
ROUNDABOUT = [
    "out/secret.txt",
    "in/../out/secret.txt",
    "in/link/secret.txt",
    "in/secret",
    "ABSOLUTE/out/secret.txt",
    "out",
]


@pytest.mark.parametrize("act", EVERY_ACT)
@pytest.mark.parametrize("path", ROUNDABOUT)
def test_every_act_outside_what_was_granted_is_denied(folder, act, path):
    (folder / "in" / "own.txt").write_text("own")
    (folder / "in" / "link").symlink_to(folder / "out")
    (folder / "in" / "secret").symlink_to(folder / "out" / "secret.txt")
    before = sorted((p, p.read_bytes() if p.is_file() else b"") for p in (folder / "out").rglob("*"))
    if path == "in/secret" and act.startswith("files.remove"):
        run(act.replace("PATH", path))  # the link itself lies in the granted folder, and goes
        assert not (folder / "in" / "secret").is_symlink()
    else:
        program = act.replace("PATH", path.replace("ABSOLUTE", str(folder)))
        there = ("E531",) if path == "in/secret" and act.startswith('files.move("in') else ()
        assert fault(program).code in ("E510", "E511", *there)
    assert sorted((p, p.read_bytes() if p.is_file() else b"") for p in (folder / "out").rglob("*")) == before


def test_nothing_is_granted_by_default(folder):
    with pytest.raises(dana.Denied) as caught:
        Engine(cache=False).run('import files\nfiles.read_text("in/x.txt")\n')
    assert "--allow-read=in/x.txt" in str(caught.value)


def test_reading_is_not_writing(folder):
    (folder / "in" / "x.txt").write_text("x")
    only = dana.Allow(read=["in"])
    assert run('print(files.read_text("in/x.txt"))', only) == "x\n"
    for act in ('write_text("in/x.txt", "y")', 'append_text("in/x.txt", "y")', 'remove("in/x.txt")'):
        assert fault(f"files.{act}", only).code == "E511"
    assert fault('files.read_text("in/x.txt")', dana.Allow(write=["in"])).code == "E510"


def test_what_is_denied_is_not_seen_in_a_folder(folder):
    (folder / "in" / "open.txt").write_text("")
    (folder / "in" / "private").mkdir()
    (folder / "in" / "private" / "x.txt").write_text("")
    program = 'print(files.names("in"), list(files.walk("in")), files.glob("**", "in"))'
    assert run(program, deny=dana.Deny(read=["in/private"])) == "['open.txt'] ['in/open.txt'] ['in/open.txt']\n"


def test_a_denied_file_keeps_its_folder_from_being_removed(folder):
    (folder / "in" / "a").mkdir()
    (folder / "in" / "a" / "kept.txt").write_text("kept")
    found = fault('files.remove("in/a", recursive=true)', deny=dana.Deny(write=["in/a/kept.txt"]))
    assert found.code == "E511"
    assert (folder / "in" / "a" / "kept.txt").read_text() == "kept"


def test_what_is_denied_does_not_become_free_by_moving_the_folder_around_it(folder):
    (folder / "in" / "a" / "private").mkdir(parents=True)
    (folder / "in" / "a" / "private" / "x.txt").write_text("SECRET")
    for denied in (dana.Deny(read=["in/a/private"]), dana.Deny(write=["in/a/private/x.txt"])):
        assert fault('files.move("in/a", "in/b")', deny=denied).code in ("E510", "E511")
    assert not (folder / "in" / "b").exists()
    run('files.move("in/a", "in/b")', deny=dana.Deny(read=["in/c"]))
    assert (folder / "in" / "b" / "private" / "x.txt").exists()


# --- links that move ----------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["folder", "file"])
@pytest.mark.parametrize(
    "act",
    [
        'print(files.read_text("in/d/secret.txt"))',
        'print(list(files.lines("in/d/secret.txt")))',
        'files.write_text("in/d/secret.txt", "overwritten")',
        'files.append_text("in/d/secret.txt", "overwritten")',
        'files.remove("in/d/secret.txt")',
        'files.copy("in/d/secret.txt", "in/taken.txt")',
        'files.temporary("in/d")',
        'print(files.names("in/d"))',
        'files.remove("in/d", recursive=true)',
        'files.make_folder("in/d/new")',
    ],
)
def test_a_link_put_in_place_after_the_check_is_not_followed(folder, monkeypatch, act, what):
    (folder / "in" / "d").mkdir()
    (folder / "in" / "d" / "secret.txt").write_text("harmless")
    checked = Permissions.path

    def exchange(self, kind, path):
        """Between the check and the opening, an attacker is quick."""
        real = checked(self, kind, path)
        target = folder / "in" / "d" if what == "folder" else folder / "in" / "d" / "secret.txt"
        if not target.is_symlink() and target.exists():
            os.rename(target, folder / f"away{os.urandom(4).hex()}")
            target.symlink_to(folder / "out" if what == "folder" else folder / "out" / "secret.txt")
        return real

    monkeypatch.setattr(Permissions, "path", exchange)
    printed = ""
    try:
        printed = run(act)
    except dana.DanaError as error:
        assert error.diagnostics[0].code in ("E510", "E511", "E530", "E531", "E534"), error  # noqa: PT017
    assert "SECRET" not in printed
    assert [p.name for p in (folder / "out").iterdir()] == ["secret.txt"]
    assert (folder / "out" / "secret.txt").read_text() == "SECRET"
    assert not (folder / "in" / "taken.txt").exists() or (folder / "in" / "taken.txt").read_text() != "SECRET"


def test_a_folder_that_keeps_changing_never_shows_what_lies_elsewhere(folder):
    """A second thread puts a link and a folder in turn under one name, as fast as it can."""
    real, link, name = folder / "real", folder / "link", folder / "in" / "d"
    real.mkdir()
    (real / "secret.txt").write_text("harmless")
    name.mkdir()
    (name / "secret.txt").write_text("harmless")
    link.symlink_to(folder / "out")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            os.rename(name, folder / "aside")
            os.rename(link, name)
            os.rename(name, link)
            os.rename(folder / "aside", name)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        printed = run(
            "for n in range(150):\n"
            "    try:\n"
            '        print(files.read_text("in/d/secret.txt"))\n'
            "    except Denied:\n"
            "        noop()\n"
            "    except OSError:\n"
            "        noop()\n"
            "    try:\n"
            '        files.write_text("in/d/mine.txt", "x")\n'
            "    except Denied:\n"
            "        noop()\n"
            "    except OSError:\n"
            "        noop()\n"
        )
    finally:
        stop.set()
        swapper.join()
    assert set(printed.split()) <= {"harmless"}
    assert [p.name for p in (folder / "out").iterdir()] == ["secret.txt"]


def test_a_place_is_reached_through_folders_only(folder):
    (folder / "in" / "link").symlink_to(folder / "out")
    with pytest.raises(Exchanged):
        Place(str(folder / "in" / "link" / "secret.txt"))
    with Place(str(folder / "in" / "link")) as place, pytest.raises(Exchanged):
        place.open(os.O_RDONLY)


def test_where_folders_cannot_be_held_open_the_path_is_compared_after_opening(folder, monkeypatch):
    monkeypatch.setattr(places, "ANCHORED", False)
    monkeypatch.setattr(places, "_FILE", 0)
    (folder / "in" / "x.txt").write_text("x")
    (folder / "in" / "link").symlink_to(folder / "out")
    with Place(str(folder / "in" / "x.txt")) as place:
        os.close(place.open(os.O_RDONLY))
    with Place(str(folder / "in" / "link" / "secret.txt")) as place, pytest.raises(Exchanged):
        place.open(os.O_RDONLY)
    assert run('files.write_text("in/y.txt", "y")\nprint(files.read_text("in/y.txt"), files.names("in"))') == (
        "y ['link', 'x.txt', 'y.txt']\n"
    )


def test_devices_pipes_and_sockets_are_refused_at_once(folder):
    os.mkfifo(folder / "in" / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("in/socket")
        for name in ("pipe", "socket"):
            for act in (f'files.read_text("in/{name}")', f'files.write_text("in/{name}", "x")'):
                assert fault(act).code in ("E531", "E534")
    assert fault('files.read_text("/dev/zero")', dana.Allow(read=True)).code == "E531"
    assert run('print(files.info("in/pipe").kind)') == "other\n"


def test_files_read_line_by_line_are_few_at_a_time(folder):
    (folder / "in" / "x.txt").write_text("a\nb\n")
    found = fault('held = []\nfor n in range(100):\n    held.append(files.lines("in/x.txt"))')
    assert (found.code, found.message) == ("E534", "64 files are being read already")
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert run('for n in range(100):\n    next(files.lines("in/x.txt"))\nprint("read")') == "read\n"
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before


# --- what is read -------------------------------------------------------------------------------


def test_sizes_are_bounded(folder):
    (folder / "in" / "x.txt").write_bytes(b"x" * 1000)
    assert said('files.read_text("in/x.txt", max_bytes=999)') == (
        "E532",
        (
            "`in/x.txt` has 1,000 bytes, and 999 may be read at once | "
            "read it line by line with `files.lines`, or raise `max_bytes`"
        ),
    )
    assert run('print(len(files.read_text("in/x.txt", max_bytes=1000)))') == "1000\n"
    assert fault('list(files.lines("in/x.txt", longest=999))').code == "E532"
    assert run('print(len(list(files.lines("in/x.txt", longest=1000))))') == "1\n"


def test_a_file_that_grows_while_it_is_read_stays_within_its_bound(folder):
    path = folder / "in" / "x.txt"
    path.write_bytes(b"x" * 10)
    from dana.runtime.natives.files import whole

    class Growing:
        """A meter that lets the file grow whenever it is asked."""

        @staticmethod
        def check() -> None:
            with open(path, "ab") as stream:
                stream.write(b"x" * 100)

    class Program:
        meter = Growing

    with Place(str(path)) as place, pytest.raises(ValueError, match="may be read at once"):
        whole(Program, place, "x", 500)


def test_a_share_of_the_memory_limit_is_read_when_nothing_is_said(folder):
    (folder / "in" / "x.txt").write_bytes(b"x" * 20_000_000)
    found = fault('files.read_text("in/x.txt")', limits=Limits(memory_bytes=64_000_000))
    assert (found.code, "16,000,000" in found.message) == ("E532", True)


def test_lines_are_lazy_and_metered(folder):
    (folder / "in" / "x.txt").write_text("line\n" * 100_000)
    with pytest.raises(dana.LimitExceeded):
        run('print(sum(1 for line in files.lines("in/x.txt")))', limits=Limits(steps=50_000))
    assert run('print(next(files.lines("in/x.txt")))', limits=Limits(steps=100)) == "line\n"


@pytest.mark.parametrize("encoding", ["rot13", "zip", "unicode_escape", "idna", "utf-7", "utf-9", "hex", "base64", ""])
def test_only_encodings_of_the_list_are_known(folder, encoding):
    (folder / "in" / "x.txt").write_text("x")
    assert fault(f'files.read_text("in/x.txt", encoding="{encoding}")').code == "E533"
    assert fault(f'files.write_text("in/x.txt", "x", encoding="{encoding}")').code == "E533"
    assert (folder / "in" / "x.txt").read_text() == "x"


def test_encodings_and_line_ends(folder):
    program = """
text = "Zürich\\r\\nБ\\rend\\n"
for name in ["utf-8", "UTF8", "utf-16", "utf-16-le", "utf_8_sig", "gb18030"]:
    files.write_text("in/x.txt", text, encoding=name)
    assert files.read_text("in/x.txt", encoding=name) == "Zürich\\nБ\\nend\\n"
    assert files.read_text("in/x.txt", encoding=name, keep_newlines=true) == text
    assert list(files.lines("in/x.txt", encoding=name)) == ["Zürich", "Б", "end"]
files.write_bytes("in/x.txt", "\\ufeffa,b\\n1,2\\n".encode())
print(files.read_text("in/x.txt"), files.read_csv("in/x.txt"), next(files.lines("in/x.txt")))
"""
    assert run(program) == "a,b\n1,2\n [{'a': '1', 'b': '2'}] a,b\n"
    assert fault('files.write_text("in/y.txt", "Б", encoding="latin-1")').code == "E533"
    assert not (folder / "in" / "y.txt").exists()
    assert fault('files.append_text("in/y.txt", "x", encoding="utf-16")').code == "E533"


def test_json_and_csv_errors_name_file_and_place(folder):
    (folder / "in" / "x.json").write_text('{"a": 1,}')
    (folder / "in" / "x.csv").write_text("city,amount\nOslo,12\nBergen,lots\n")
    assert "in/x.json: JSON: line 1, column 9" in fault('files.read_json("in/x.json")').message
    struct = "struct Sale:\n    city: str\n    amount: float\n"
    message = fault(struct + 'files.read_csv("in/x.csv", type=Sale)').message
    assert "in/x.csv: row 2.amount: expected float, got 'lots'" in message
    (folder / "in" / "x.csv").write_text("city,amuont\nOslo,12\n")
    assert "did you mean `amount`?" in fault(struct + 'files.read_csv("in/x.csv", type=Sale)').message
    (folder / "in" / "x.csv").write_text("city,amount\nOslo\n")
    assert "in/x.csv: CSV: line 2: 1 cell where 2 columns" in fault('files.read_csv("in/x.csv")').message


def test_cells_become_what_the_fields_say(folder):
    (folder / "in" / "x.csv").write_text("name,n,share,ok,note,kind\nA,1,0.5,yes,,\nB, 2 ,1,false,hm,b\n")
    program = """
struct Row:
    name: str
    n: int
    share: float
    ok: bool
    note: str?
    kind: str = "a"

for row in files.read_csv("in/x.csv", type=Row):
    print(row)
files.write_csv("in/y.csv", files.read_csv("in/x.csv", type=Row))
print(files.read_text("in/y.csv"))
"""
    assert run(program) == (
        "Row(name='A', n=1, share=0.5, ok=True, note=None, kind='')\n"
        "Row(name='B', n=2, share=1.0, ok=False, note='hm', kind='b')\n"
        'name,n,share,ok,note,kind\nA,1,0.5,True,,""\nB,2,1.0,False,hm,b\n\n'.replace('""', "")
    )


# --- what is written ----------------------------------------------------------------------------


def test_a_file_keeps_its_permissions_and_new_ones_get_those_of_the_system(folder):
    path = folder / "in" / "x.sh"
    path.write_text("old")
    path.chmod(0o751)
    before = os.umask(0o027)
    try:
        run('files.write_text("in/x.sh", "new")\nfiles.write_text("in/y.sh", "new")\nfiles.temporary("in", "t")')
    finally:
        os.umask(before)
    modes = {p.name[0]: oct(p.stat().st_mode & 0o777) for p in (folder / "in").iterdir()}
    assert modes == {"x": "0o751", "y": "0o640", "t": "0o600"}


def test_nothing_is_overwritten_that_may_not_be(folder):
    (folder / "in" / "x.txt").write_text("old")
    (folder / "in" / "y.txt").write_text("other")
    for act in (
        'write_text("in/x.txt", "new", overwrite=false)',
        'copy("in/y.txt", "in/x.txt")',
        'move("in/y.txt", "in/x.txt")',
    ):
        assert fault(f"files.{act}").code == "E531"
    assert (folder / "in" / "x.txt").read_text() == "old"
    run('files.copy("in/y.txt", "in/x.txt", overwrite=true)\nfiles.write_text("in/z.txt", "new", overwrite=false)')
    assert {p.name: p.read_text() for p in (folder / "in").iterdir()} == {
        "x.txt": "other",
        "y.txt": "other",
        "z.txt": "new",
    }


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(folder, monkeypatch):
    (folder / "in" / "x.txt").write_text("old")

    def full(_descriptor, _data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(places, "write_all", full)
    assert said('files.write_text("in/x.txt", "new")') == ("E534", "`in/x.txt`: No space left on device | ")
    assert {p.name: p.read_text() for p in (folder / "in").iterdir()} == {"x.txt": "old"}


def test_a_move_between_file_systems_copies(folder, monkeypatch):
    (folder / "in" / "x.txt").write_text("moved")
    rename = Place.rename_to

    def elsewhere(self, other):
        if self.path.endswith("x.txt"):
            raise OSError(18, "Invalid cross-device link")
        rename(self, other)

    monkeypatch.setattr(Place, "rename_to", elsewhere)
    run('files.move("in/x.txt", "in/y.txt")')
    assert {p.name: p.read_text() for p in (folder / "in").iterdir()} == {"y.txt": "moved"}


STEPS = ("open", "write", "fsync", "replace", "close", "unlink", "link", "fchmod")


def dies_at(step: int, path: Path) -> bool:
    """Writes in a child process that is gone at its n-th call of the system; whether it got that far."""
    child = os.fork()
    if child == 0:
        left = [step]

        def counted(function):
            def call(*args, **keywords):
                if left[0] == 0:
                    os._exit(1)
                left[0] -= 1
                return function(*args, **keywords)

            return call

        for name in STEPS:
            setattr(os, name, counted(getattr(os, name)))
        os.write = counted(lambda descriptor, data, write=os.write: write(descriptor, data[: max(1, len(data) // 2)]))
        try:
            with Place(str(path)) as place, Draft(place, durable=True) as draft:
                draft.write(b"new " * 1000)
                draft.publish()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def test_a_crash_at_any_step_leaves_the_old_or_the_new_file(folder):
    path = folder / "in" / "x.txt"
    seen = []
    for step in range(1000):
        path.write_bytes(b"old " * 1000)
        died = dies_at(step, path)
        seen.append(path.read_bytes()[:3])
        assert path.read_bytes() in (b"old " * 1000, b"new " * 1000)
        if not died:
            break
    assert {*seen} == {b"old", b"new"}
    assert len(seen) > 15


def test_a_killed_program_leaves_the_old_or_the_new_file(folder):
    program = (
        "import files\n"
        'print("begun")\n'
        "n = 0\n"
        "while true:\n"
        "    n += 1\n"
        '    files.write_text("in/x.txt", f"{n % 10}" * 300000)\n'
    )
    (folder / "crash.na").write_text(program)
    (folder / "in" / "x.txt").write_text("0" * 300_000)
    command = [sys.executable, "-m", "dana", "--allow-write=in", "crash.na"]
    for delay in (0.0, 0.011):
        child = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path(dana.__file__).parents[1])})  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        threading.Event().wait(delay)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        text = (folder / "in" / "x.txt").read_text()
        assert len(text) == 300_000
        assert len(set(text)) == 1


# --- looking around -----------------------------------------------------------------------------


def test_walking_does_not_follow_links_and_ends(folder):
    (folder / "in" / "a").mkdir()
    (folder / "in" / "a" / "up").symlink_to(folder / "in")
    (folder / "in" / "a" / "x.txt").write_text("")
    assert run('print(list(files.walk("in")), files.glob("**", "in"))') == (
        "['in/a/x.txt'] ['in/a', 'in/a/up', 'in/a/x.txt']\n"
    )


NAMES = st.sampled_from(["a", "b", "ab", ".h", "x.csv", "y.csv"])
PARTS = st.sampled_from(["a", "*", "**", "?", "*.csv", "[ab]", "a*", ".*", "**"])


@settings(max_examples=60, deadline=None)
@given(
    tree=st.lists(st.lists(NAMES, min_size=1, max_size=3), max_size=6), pattern=st.lists(PARTS, min_size=1, max_size=3)
)
def test_patterns_find_what_python_finds(tmp_path_factory, tree, pattern):
    from pathlib import PurePath

    from dana.runtime.natives.files import beyond_none, step

    paths = {tuple(parts[:n]) for parts in tree for n in range(1, len(parts) + 1)}
    found = set()
    for parts in paths:
        states = beyond_none(pattern, {0})
        for name in parts:
            states = step(pattern, states, name, hidden_too=False)
        if len(pattern) in states:
            found.add(parts)
    assert found == {parts for parts in paths if fits(parts, tuple(pattern))}, PurePath(*pattern)


def fits(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """The meaning of a pattern, said slowly."""
    from fnmatch import fnmatchcase

    if not pattern:
        return not parts
    head, rest = pattern[0], pattern[1:]
    if head == "**":
        if rest:
            skipping = bool(parts) and not parts[0].startswith(".") and fits(parts[1:], pattern)
            return fits(parts, rest) or skipping
        return bool(parts) and not any(name.startswith(".") for name in parts)
    if not parts or (parts[0].startswith(".") and not head.startswith(".")):
        return False
    return fnmatchcase(parts[0], head) and fits(parts[1:], rest)


def test_a_pattern_with_many_stars_takes_no_time(folder):
    for n in range(20):
        (folder / "in" / ("a" * 200 + str(n))).write_text("")
    assert (
        run('print(files.glob("*a" * 60 + "*b", "in"), files.glob("/".join(["**"] * 200), "in") == [])') == "[] False\n"
    )


# --- CSV ----------------------------------------------------------------------------------------

CELL = st.text(alphabet='ab,;"\n\r \té', max_size=6)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=5), st.sampled_from(",;\t|"))
def test_what_is_written_is_read_back_here_and_by_python(rows, separator):
    text = csv_text(rows, separator)
    assert [cells for _, cells in csv_records(text, separator)] == rows
    assert [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row] == rows


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet='ab,"\n\r ', max_size=30))
def test_any_text_is_read_as_python_reads_it_or_refused(text):
    try:
        expected = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        with pytest.raises(ValueError, match="CSV: line"):
            csv_records(text)
        return
    assert [cells for _, cells in csv_records(text)] == expected
