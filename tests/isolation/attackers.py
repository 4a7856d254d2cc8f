"""Attack code inside a real worker: as if a program had left Dana and could run any Python it likes.

Workers have no request that runs Python. These are started with one added (`_do_attack`), and with single walls
taken away on demand, to see that the next one holds.
"""

from __future__ import annotations

from dana.isolation import process

BOOT = """
import ctypes, os, signal, socket, subprocess, sys, threading, mmap
from dana.isolation import lockdown, seccomp, landlock, serving
KEPT = dict(ctypes=ctypes, os=os, signal=signal, socket=socket, subprocess=subprocess, sys=sys, threading=threading,
            mmap=mmap, LIBC=ctypes.CDLL(None, use_errno=True))
def attack(self, message):
    scope = dict(KEPT, serving=self)
    exec(message["code"], scope)
    return self.codec.encode(scope.get("result"))
serving.Serving._do_attack = attack
"""
WITHOUT = {
    "audit hook": "lockdown._guard = lambda breach: (lambda event, arguments: None)\n",
    "seccomp": "seccomp.install = lambda kernel: 'taken away'\n",
    "landlock": "landlock.forbid_everything = lambda kernel: (0, 'taken away')\n",
    "plain user": "lockdown._plain_user = lambda: 'taken away'\n",
}


def armed(monkeypatch, *without):
    """Let workers started from now on take attacks; `without` are walls they do not have."""
    plain = process._command

    def command(descriptor):
        *words, boot = plain(descriptor)
        first, second = boot.split("\n")
        return [*words, first + BOOT + "".join(WITHOUT[wall] for wall in without) + second]

    monkeypatch.setattr(process, "_command", command)


def attack(talk, code):
    """What the attack left in `result`. Raises `DanaError` when it ended the worker."""
    return talk.value(talk.request("attack", code=code))
