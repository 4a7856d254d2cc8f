"""Landlock: the kernel refuses the worker every file, every TCP port and every signal to others.

A ruleset that handles all rights of the running kernel and grants none of them. Numbers of the system calls are the
same on every architecture.
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.isolation.kernel import Kernel

CREATE_RULESET = 444
RESTRICT_SELF = 446
ASK_VERSION = 1

# How many rights of each kind a version of Landlock knows: files, network, scopes.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
NETWORK_SINCE, NETWORK_RIGHTS = 4, 2
SCOPES_SINCE, SCOPES = 6, 2


def version(kernel: Kernel) -> int:
    """The kernel's version of Landlock, 0 without."""
    try:
        return kernel.syscall(CREATE_RULESET, 0, 0, ASK_VERSION)
    except OSError:
        return 0


def forbid_everything(kernel: Kernel) -> tuple[int, str]:
    """Refuse this thread and all that come from it files, network and signals: version, and "" or what went wrong."""
    known = version(kernel)
    if not known:
        return 0, "this kernel has no Landlock, or it is switched off"
    words = [(1 << FILE_RIGHTS[min(known, max(FILE_RIGHTS))]) - 1]
    if known >= NETWORK_SINCE:
        words.append((1 << NETWORK_RIGHTS) - 1)
    if known >= SCOPES_SINCE:
        words.append((1 << SCOPES) - 1)
    attributes = kernel.ctypes.create_string_buffer(struct.pack(f"={len(words)}Q", *words))
    try:
        ruleset = kernel.syscall(CREATE_RULESET, attributes, len(words) * 8, 0)
    except OSError as problem:
        return known, str(problem)
    import os

    try:
        kernel.syscall(RESTRICT_SELF, ruleset, 0)
    except OSError as problem:
        return known, str(problem)
    finally:
        os.close(ruleset)
    return known, ""
