"""Snapshots: what values looked like, kept beside the file in `__snapshots__/NAME.snap`.

    # Snapshots of bill.na. `dana test --update-snapshots` writes them anew.

    ==== a bill with two items
    Bill(
      total=12,
    )

A snapshot that is not there yet is written; one that differs fails the test unless snapshots are being updated.
Where `CI` is set in the environment nothing is written: a missing snapshot fails.
"""

from __future__ import annotations

import os

FOLDER = "__snapshots__"
MARK = "==== "
# A line of a value that looks like a mark is kept apart from one by a backslash.
ESCAPED = "\\"


class Snapshots:
    """The snapshots of one file."""

    __slots__ = ("_frozen", "_known", "_update", "_used", "changed", "path", "written")

    def __init__(self, file: str, *, update: bool = False, frozen: bool = False) -> None:
        folder, name = os.path.split(os.path.abspath(file))
        self.path = os.path.join(folder, FOLDER, name.removesuffix(".na") + ".snap")
        self._update = update
        self._frozen = frozen and not update
        self._known: dict[str, str] | None = None
        self._used: set[str] = set()
        self.written = 0
        self.changed = 0

    def compare(self, label: str, text: str) -> str | None:
        """None when the text is the one kept under the label (or is kept from now on), else the one that is."""
        known = self._load()
        before = known.get(label)
        self._used.add(label)
        if before == text:
            return None
        if before is None and self._frozen:
            return "(there is no such snapshot yet, and `CI` is set)"
        if before is not None and not self._update:
            return before
        if before is None:
            self.written += 1
        else:
            self.changed += 1
        known[label] = text
        return None

    def save(self, *, complete: bool) -> dict[str, int]:
        """Write what changed; `complete` tells that every test of the file ran, so that unused ones are known.

        Returns how many were written, changed, removed, and how many are unused.
        """
        if self._known is None and not (complete and os.path.exists(self.path)):
            return {}
        known = self._load()
        unused = [label for label in known if label not in self._used] if complete else []
        removed = 0
        if self._update:
            for label in unused:
                del known[label]
            removed, unused = len(unused), []
        if self.written or self.changed or removed:
            self._write(known)
        counts = {"written": self.written, "changed": self.changed, "removed": removed, "unused": len(unused)}
        return {name: count for name, count in counts.items() if count}

    def _load(self) -> dict[str, str]:
        if self._known is None:
            try:
                with open(self.path, encoding="utf-8", errors="replace") as stream:
                    self._known = read(stream.read())
            except FileNotFoundError:
                self._known = {}
        return self._known

    def _write(self, known: dict[str, str]) -> None:
        if not known:
            os.unlink(self.path)
            return
        name = os.path.basename(self.path).removesuffix(".snap")
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        temporary = f"{self.path}.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(shown(known, name))
        os.replace(temporary, self.path)


def shown(known: dict[str, str], name: str) -> str:
    """The file's text for these snapshots, in the order of their labels."""
    parts = [f"# Snapshots of {name}. `dana test --update-snapshots` writes them anew.\n"]
    for label, text in sorted(known.items()):
        lines = [ESCAPED + line if line.startswith((MARK, ESCAPED)) else line for line in text.split("\n")]
        parts.append(f"\n{MARK}{label}\n" + "\n".join(lines) + "\n")
    return "".join(parts)


def read(text: str) -> dict[str, str]:
    """The snapshots in a file's text; the inverse of `shown`."""
    known: dict[str, str] = {}
    label: str | None = None
    lines: list[str] = []
    for line in [*text.split("\n"), MARK]:
        if line.startswith(MARK):
            if label is not None:
                # The last line of a value, and the empty line before the next mark.
                known[label] = "\n".join(lines[:-1])
            label, lines = line[len(MARK) :], []
        else:
            lines.append(line.removeprefix(ESCAPED))
    return known
