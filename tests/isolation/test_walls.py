"""Every wall, tried from inside: Python of the attacker's choice runs in a locked-in worker."""

from __future__ import annotations

import os
import platform
import socket

import pytest

import dana
from dana.isolation import landlock, seccomp
from dana.isolation.engine import ProcessEngine
from dana.isolation.kernel import kernel
from dana.isolation.walls import MEANING, Walls
from tests.isolation.attackers import armed, attack

HAS_SECCOMP = seccomp.machine() != ""
HAS_LANDLOCK = kernel() is not None and landlock.version(kernel()) > 0


def worker(monkeypatch, *without, limits=None):
    armed(monkeypatch, *without)
    made = ProcessEngine(cache=False, limits=limits or dana.Limits(wall_s=20))
    return made, made._open()


@pytest.fixture
def open_worker(monkeypatch):
    made = []

    def start(*without, limits=None):
        engine, talk = worker(monkeypatch, *without, limits=limits)
        made.append((engine, talk))
        return talk

    yield start
    for engine, talk in made:
        talk.end()
        engine.close()


# --- the report ---------------------------------------------------------------------------------


def test_all_walls_stand_here_or_say_why_not(engine):
    walls = engine.isolation
    assert set(walls.standing) | set(walls.missing) == set(MEANING)
    assert all(walls.missing.values())
    expected = set(MEANING)
    if not HAS_SECCOMP:
        expected -= {"seccomp"}
    if not HAS_LANDLOCK:
        expected -= {"landlock"}
    assert set(walls.standing) == expected


def test_a_missing_wall_is_reported_and_not_assumed(open_worker):
    talk = open_worker("seccomp", "landlock")
    walls = talk.worker.walls
    assert walls.missing["seccomp"] == "taken away"
    assert not walls.is_complete
    assert "missing  seccomp" in str(walls)


def test_walls_without_a_report_are_missing():
    walls = Walls({"seccomp": ""})
    assert walls.standing == ("seccomp",)
    assert walls.missing["audit hook"] == "not built"


# --- the audit hook -------------------------------------------------------------------------------

BREACHES = {
    "open a file": "open('/etc/passwd')",
    "open by os": "os.open('/etc/passwd', 0)",
    "write a file": "open('/tmp/canary', 'w')",
    "list a folder": "os.listdir('/')",
    "scan a folder": "os.scandir('/')",
    "run a program": "subprocess.Popen(['/bin/true'])",
    "a shell": "os.system('true')",
    "fork": "os.fork()",
    "exec": "os.execv('/bin/true', ['true'])",
    "an internet socket": "socket.socket(socket.AF_INET)",
    "a name": "socket.gethostbyname('localhost')",
    "kill the host": "os.kill(os.getppid(), 9)",
    "a library": "ctypes.CDLL('libc.so.6')",
    "memory by address": "ctypes.string_at(0, 1)",
    "memory of a file": "mmap.mmap(-1, 4096)",
    "trace": "sys.settrace(print)",
    "all objects": "import gc; gc.get_objects()",
    "change the environment": "os.putenv('A', 'b')",
    "remove": "os.remove('/tmp/canary')",
    "more rights": "import marshal; marshal.loads(b'N')",
}


@pytest.mark.parametrize("what", BREACHES)
def test_an_act_no_program_can_cause_ends_the_worker(open_worker, what):
    talk = open_worker()
    with pytest.raises(dana.RuntimeFault) as caught:
        attack(talk, BREACHES[what] + "\nresult = 'survived'")
    assert caught.value.diagnostics[0].code == "E722", str(caught.value)
    assert not talk.worker.is_usable


@pytest.mark.parametrize("name", ["http.server", "tkinter", "ctypes", "webbrowser", "multiprocessing"])
def test_nothing_can_be_imported(open_worker, name):
    code = f"try:\n    import {name}\nexcept ImportError as e:\n    result = str(e)"
    assert "worker" in attack(open_worker(), code)


def test_no_threads(open_worker):
    code = "try:\n    threading.Thread(target=print).start()\nexcept RuntimeError as e:\n    result = str(e)"
    assert "thread" in attack(open_worker("audit hook"), code)


# --- the kernel's walls: the audit hook is taken away -------------------------------------------------


def refused(talk, code):
    """The attack fails with an error of the operating system, or the kernel ends the worker."""
    wrapped = (
        "try:\n"
        + "".join(f"    {line}\n" for line in code.splitlines())
        + ("    result = 'survived'\nexcept (OSError, RuntimeError) as e:\n    result = type(e).__name__")
    )
    try:
        return attack(talk, wrapped)
    except dana.RuntimeFault as fault:
        return fault.diagnostics[0].code


KERNEL = {
    "open a file": "os.open('/etc/passwd', 0)",
    "open for writing": "os.open('/tmp/canary-of-dana', os.O_CREAT | os.O_WRONLY)",
    "stat": "os.stat('/etc/passwd')",
    "list": "os.listdir('/')",
    "unlink": "os.unlink('/tmp/canary-of-dana')",
    "mkdir": "os.mkdir('/tmp/canary-of-dana')",
    "fork": "os.fork()",
    "exec": "os.execv('/bin/true', ['true'])",
    "spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "tcp": "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
    "udp": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "unix": "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)",
    "a datagram pair": "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
    "kill the host": "os.kill(os.getppid(), 9)",
    "kill everybody": "os.kill(-1, 9)",
    "a pipe": "os.pipe()",
    "a copy of a descriptor": "os.dup(0)",
    "more memory": "raise OSError if LIBC.prlimit(0, 9, ctypes.byref((ctypes.c_ulong * 2)(2**62, 2**62)), 0) else 1",
    "look into the host": "raise OSError if LIBC.ptrace(16, os.getppid(), 0, 0) < 0 else ValueError",
    "executable memory": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
    "memory of a file by descriptor": "os.memfd_create('x')",
    "another root": "os.chroot('/')",
    "become root": "os.setuid(0)",
    "a signal to itself later": "signal.setitimer(signal.ITIMER_REAL, 1)",
    "nice": "os.nice(-5)",
}  # fmt: skip


@pytest.mark.skipif(not HAS_SECCOMP, reason="no table of system calls for this machine")
@pytest.mark.parametrize("what", KERNEL)
def test_the_kernel_refuses_what_the_interpreter_would_do(open_worker, what):
    outcome = refused(open_worker("audit hook"), KERNEL[what])
    assert outcome in ("PermissionError", "OSError", "BlockingIOError", "E722"), outcome
    assert not os.path.exists("/tmp/canary-of-dana")


@pytest.mark.skipif(not HAS_LANDLOCK, reason="this kernel has no Landlock")
@pytest.mark.parametrize("what", ["open a file", "open for writing", "list", "mkdir"])
def test_landlock_alone_refuses_files(open_worker, what):
    assert refused(open_worker("audit hook", "seccomp"), KERNEL[what]) == "PermissionError"


def test_limits_alone_keep_files_and_processes_away(open_worker):
    talk = open_worker("audit hook", "seccomp", "landlock")
    if os.geteuid() == 0:
        assert refused(talk, "assert os.geteuid() != 0\nos.setuid(0)") == "PermissionError"
    assert refused(talk, "os.fork()") == "BlockingIOError"


def test_a_connected_socket_of_its_own_can_send_and_receive(open_worker):
    code = "a, b = socket.socketpair()\na.send(b'x')\nresult = b.recv(1)"
    assert attack(open_worker(), code) == b"x"


# --- what there is to find ------------------------------------------------------------------------


def test_no_environment(monkeypatch, open_worker):
    monkeypatch.setenv("DANA_CANARY", "secret")
    seen = attack(open_worker(), "result = dict(os.environ)")
    assert set(seen) <= {"TZ", "LC_CTYPE"}
    assert "secret" not in str(seen)


def test_no_descriptors_of_the_host(open_worker, tmp_path):
    canary = (tmp_path / "canary").open("w")
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    os.set_inheritable(canary.fileno(), True)
    os.set_inheritable(listener.fileno(), True)
    code = "result = []\nfor n in range(64):\n    try:\n        os.fstat(n)\n        result.append(n)\n    except OSError: pass"
    found = attack(open_worker("audit hook"), code)
    assert canary.fileno() not in found[3:]
    assert len(found) <= 5  # three that lead nowhere, the line to the host, the worker's own memory figures
    canary.close()
    listener.close()


def test_own_session_and_group(open_worker):
    talk = open_worker()
    group, session = attack(talk, "result = (os.getpid(), os.getcwdb())")
    assert group == talk.worker.pid == os.getpgid(talk.worker.pid) == os.getsid(talk.worker.pid)
    assert session == b"/"


def test_memory_beyond_the_limit_is_refused_by_the_kernel(open_worker):
    talk = open_worker(limits=dana.Limits(wall_s=20, memory_bytes=64 << 20))
    code = "try:\n    held = bytearray(400 << 20)\n    result = 'survived'\nexcept MemoryError:\n    result = 'refused'"
    assert attack(talk, code) == "refused"


def test_not_dumpable(open_worker):
    talk = open_worker()
    status = os.stat(f"/proc/{talk.worker.pid}/environ")
    assert status.st_uid == 0  # the kernel gives the files of a process nobody may attach to, to root


def test_no_new_privileges_and_a_filter_are_in_force(open_worker):
    talk = open_worker()
    with open(f"/proc/{talk.worker.pid}/status") as file:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == ("2" if HAS_SECCOMP else "0")
    assert int(fields["CapEff"], 16) == 0 or os.geteuid() != 0
    assert fields["Threads"] == "1"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_tables_of_system_calls_are_consistent(machine):
    known = seccomp.numbers(machine)
    assert len(set(known.values())) == len(known)
    spoken_of = seccomp.ALLOWED | seccomp.CAREFUL | seccomp.REFUSED | seccomp.ABSENT
    assert set(known) <= spoken_of
    assert {"read", "write", "mmap", "exit_group", "futex", "openat", "clone"} <= set(known)
    assert not {"execve", "ptrace", "kill", "process_vm_readv", "bpf", "io_uring_setup", "mount"} & set(known)
    assert all(0 <= jump <= 255 for rule in seccomp.program(machine) for jump in rule[1:3])


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the older interface of this machine only")
def test_the_older_interface_is_closed(open_worker):
    code = "result = LIBC.syscall(ctypes.c_long(0x40000000 | 2), b'/etc/passwd', 0)"
    with pytest.raises(dana.RuntimeFault, match="system call"):
        attack(open_worker("audit hook"), code)
