"""A PostgreSQL server of our own: a fresh cluster in a temporary folder, reachable through a socket there only."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import subprocess
import tempfile


def binaries() -> str | None:
    """The folder with `initdb` and `pg_ctl`, None where PostgreSQL is not installed (`make deps` does it)."""
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    found = shutil.which("initdb")
    if found:
        places.append(os.path.dirname(os.path.realpath(found)))
    return next((p for p in places if os.path.exists(os.path.join(p, "initdb"))), None)


class Postgres:
    """Started by `start`, gone after `stop`; `url` says how to reach it."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="dana-pg-")
        self.data = os.path.join(self.folder, "data")
        # PostgreSQL refuses to run as root: then it runs as the user its package made.
        self._user = None
        if os.geteuid() == 0:
            self._user = "postgres" if _exists("postgres") else "nobody"
            shutil.chown(self.folder, self._user)
        self._bin = binaries()
        assert self._bin is not None

    @property
    def url(self) -> str:
        return f"postgresql://tester@/postgres?host={self.folder}"

    def start(self) -> None:
        if not os.path.exists(self.data):
            self._run("initdb", "-D", self.data, "-U", "tester", "-A", "trust", "-N", "-E", "UTF8", "--no-locale")
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=40"
        self._run("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.folder, "log"), "-o", options, "start")

    def stop(self, how: str = "fast") -> None:
        self._run("pg_ctl", "-D", self.data, "-w", "-m", how, "stop")

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, name: str, *words: str) -> None:
        done = subprocess.run(
            [os.path.join(self._bin, name), *words],
            user=self._user,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stdout}")


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
