"""seccomp: which system calls a worker may make. A list of what it needs; everything else fails or ends it.

    ALLOWED     memory, reading and writing open descriptors, waiting, clocks, random bytes, ending
    with care   some only with harmless arguments (`CAREFUL`): memory that is not executable, private socket pairs
    REFUSED     answered with EPERM: what libraries try and can live without (looking for files, starting a thread)
    the rest    the kernel kills the worker: exec, ptrace, kill, mount, bpf, io_uring and all that is yet to come

The filter is a small program for the kernel's packet filter machine, made here from the tables below.
"""

from __future__ import annotations

import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dana.isolation.kernel import Kernel

    Rule = tuple[int, int, int, int]

# Names of the machines as `platform.machine()` gives them: their number in audit records and their calls' numbers.
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_X86_64 = """
read 0 write 1 open 2 close 3 stat 4 fstat 5 lstat 6 poll 7 lseek 8 mmap 9 mprotect 10 munmap 11 brk 12
rt_sigaction 13 rt_sigprocmask 14 rt_sigreturn 15 ioctl 16 pread64 17 readv 19 writev 20 access 21 pipe 22 select 23
sched_yield 24 mremap 25 madvise 28 dup 32 dup2 33 nanosleep 35 getpid 39 socket 41 connect 42 sendto 44 recvfrom 45
sendmsg 46 recvmsg 47 shutdown 48 getsockname 51 getpeername 52 socketpair 53 setsockopt 54 getsockopt 55 clone 56
wait4 61 uname 63 fcntl 72 getdents 78 getcwd 79 chdir 80 rename 82 mkdir 83 rmdir 84 creat 85 link 86 unlink 87
symlink 88 readlink 89 chmod 90 gettimeofday 96 getrlimit 97 getrusage 98 sysinfo 99 times 100 getuid 102 getgid 104
geteuid 107 getegid 108 getppid 110 sigaltstack 131 prctl 157 arch_prctl 158 gettid 186 time 201 futex 202
sched_getaffinity 204 getdents64 217 restart_syscall 219 clock_gettime 228 clock_getres 229 clock_nanosleep 230
exit 60 exit_group 231 epoll_wait 232 epoll_ctl 233 openat 257 mkdirat 258 newfstatat 262 unlinkat 263 renameat 264
readlinkat 267 faccessat 269 pselect6 270 ppoll 271 set_robust_list 273 epoll_pwait 281 eventfd2 290
epoll_create1 291 dup3 292 pipe2 293 prlimit64 302 getcpu 309 renameat2 316 getrandom 318 membarrier 324 statx 332
rseq 334 clone3 435 openat2 437 faccessat2 439 epoll_pwait2 441
"""
_AARCH64 = """
getcwd 17 eventfd2 19 epoll_create1 20 epoll_ctl 21 epoll_pwait 22 dup 23 dup3 24 fcntl 25 ioctl 29 mkdirat 34
unlinkat 35 renameat 38 faccessat 48 chdir 49 openat 56 close 57 pipe2 59 getdents64 61 lseek 62 read 63 write 64
readv 65 writev 66 pread64 67 pselect6 72 ppoll 73 readlinkat 78 newfstatat 79 fstat 80 exit 93 exit_group 94
futex 98 set_robust_list 99 nanosleep 101 clock_gettime 113 clock_getres 114 clock_nanosleep 115
sched_getaffinity 123 sched_yield 124 restart_syscall 128 sigaltstack 132 rt_sigaction 134 rt_sigprocmask 135
rt_sigreturn 139 times 153 uname 160 getrusage 165 prctl 167 getcpu 168 gettimeofday 169 getpid 172 getppid 173
getuid 174 geteuid 175 getgid 176 getegid 177 gettid 178 sysinfo 179 socket 198 socketpair 199 connect 203
getsockname 204 getpeername 205 sendto 206 recvfrom 207 setsockopt 208 getsockopt 209 shutdown 210 sendmsg 211
recvmsg 212 brk 214 munmap 215 mremap 216 clone 220 mmap 222 mprotect 226 madvise 233 wait4 260 prlimit64 261
renameat2 276 getrandom 278 membarrier 283 statx 291 rseq 293 clone3 435 openat2 437 faccessat2 439 epoll_pwait2 441
"""
_TABLES = {"x86_64": _X86_64, "aarch64": _AARCH64}

ALLOWED = frozenset(
    """read write close fstat lseek poll ppoll select pselect6 munmap brk mremap madvise rt_sigaction rt_sigprocmask
    rt_sigreturn sigaltstack sched_yield nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times
    getrusage getpid gettid getppid getuid geteuid getgid getegid getcwd getcpu futex set_robust_list rseq membarrier
    restart_syscall getrandom epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 recvfrom getsockname
    getpeername getsockopt exit exit_group""".split()
)
CAREFUL = frozenset("mmap mprotect socketpair sendto ioctl fcntl prlimit64".split())
REFUSED = frozenset(
    """open creat openat openat2 stat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat getdents
    getdents64 rename renameat renameat2 mkdir mkdirat rmdir link unlink unlinkat symlink chmod chdir pread64 readv
    writev pipe pipe2 dup dup2 dup3 eventfd2 socket connect sendmsg recvmsg setsockopt shutdown clone wait4 uname
    sysinfo getrlimit sched_getaffinity prctl arch_prctl""".split()
)
ABSENT = frozenset({"clone3"})  # answered with ENOSYS: the C library then falls back to `clone`

EPERM, ENOSYS = 1, 38
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
NUMBER_AT, MACHINE_AT, ARGUMENTS_AT = 0, 4, 16
SET_SECCOMP, FILTER_MODE = 22, 2
FOREIGN_CALLS = 0x40000000  # x86_64: calls of the x32 interface have this bit

EXECUTABLE = 4
UNIX, STREAM, TYPE_BITS = 1, 1, 0xF
HARMLESS_IOCTL = (0x5421, 0x5450, 0x5451)  # FIONBIO, FIONCLEX, FIOCLEX
HARMLESS_FCNTL = (1, 2, 3, 4)  # F_GETFD, F_SETFD, F_GETFL, F_SETFL


def numbers(machine: str) -> dict[str, int]:
    """The system calls of a machine that this module speaks of."""
    words = _TABLES[machine].split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


def _returns(action: int) -> Rule:
    return RETURN, 0, 0, action


def _argument(index: int, *, high: bool = False) -> Rule:
    """Load 32 bits of a call's argument (both machines are little-endian)."""
    return LOAD, 0, 0, ARGUMENTS_AT + 8 * index + (4 if high else 0)


def _one_of(values: Iterable[int]) -> list[Rule]:
    """Allow when the loaded word is one of these, else refuse."""
    rules: list[Rule] = []
    for value in values:
        rules += [(EQUAL, 0, 1, value), _returns(ALLOW)]
    return [*rules, _returns(ERROR | EPERM)]


def _with_care(name: str) -> list[Rule]:
    """Whether a call's arguments are harmless; every path returns."""
    refuse = _returns(ERROR | EPERM)
    if name in ("mmap", "mprotect"):
        return [_argument(2), (ANY_BIT, 0, 1, EXECUTABLE), refuse, _returns(ALLOW)]
    if name == "ioctl":
        return [_argument(1), *_one_of(HARMLESS_IOCTL)]
    if name == "fcntl":
        return [_argument(1), *_one_of(HARMLESS_FCNTL)]
    if name == "socketpair":
        family = [_argument(0), (EQUAL, 1, 0, UNIX), refuse]
        return [*family, _argument(1), (AND, 0, 0, TYPE_BITS), *_one_of([STREAM])]
    # sendto without an address (a descriptor that is connected), prlimit64 that only reads
    index = 4 if name == "sendto" else 2
    low = [_argument(index), (EQUAL, 1, 0, 0), refuse]
    return [*low, _argument(index, high=True), *_one_of([0])]


def program(machine: str) -> list[Rule]:
    """The filter for a machine."""
    rules: list[Rule] = [(LOAD, 0, 0, MACHINE_AT), (EQUAL, 1, 0, ARCHITECTURES[machine]), _returns(KILL)]
    rules.append((LOAD, 0, 0, NUMBER_AT))
    if machine == "x86_64":
        rules += [(AT_LEAST, 0, 1, FOREIGN_CALLS), _returns(KILL)]
    for name, number in numbers(machine).items():
        if name in CAREFUL:
            body = _with_care(name)
        elif name in ALLOWED:
            body = [_returns(ALLOW)]
        else:
            body = [_returns(ERROR | (ENOSYS if name in ABSENT else EPERM))]
        rules += [(EQUAL, 0, len(body), number), *body]
    return [*rules, _returns(KILL)]


def packed(rules: Iterable[Rule]) -> bytes:
    """The filter as the kernel reads it."""
    return b"".join(struct.pack("=HBBI", *rule) for rule in rules)


def machine() -> str:
    """The machine this process runs on, or "" when there is no table for it."""
    import os

    name = os.uname().machine
    if sys.byteorder != "little" or sys.maxsize < 1 << 32 or name not in _TABLES:
        return ""
    return name


def install(kernel: Kernel) -> str:
    """Put the filter in force, for good: "" or why there is none."""
    name = machine()
    if not name:
        return "there is no table of system calls for this machine"
    code = packed(program(name))
    c = kernel.ctypes
    held = c.create_string_buffer(code, len(code))
    header = struct.pack("=HxxxxxxQ", len(code) // 8, c.addressof(held))
    try:
        kernel.prctl(SET_SECCOMP, FILTER_MODE, c.create_string_buffer(header, len(header)))
    except OSError as problem:
        return str(problem)
    return ""
