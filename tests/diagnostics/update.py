"""Write the snapshots anew: `python -m tests.diagnostics.update [CODE…]`. Read the difference before you keep it."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from dana.catalogue import catalogue
from tests.diagnostics.shown import RENDERED, shown, snapshot


def main(codes: list[str]) -> int:
    """Write the snapshots of the codes named, or of all; says which are not what their page claims."""
    known = catalogue()
    wrong = 0
    RENDERED.mkdir(exist_ok=True)
    for stale in RENDERED.glob("*.txt"):
        if stale.stem not in known:
            stale.unlink()
    for code in codes or known:
        with TemporaryDirectory() as folder:
            found = shown(code, Path(folder))
        snapshot(code).write_text(found.text + "\n", encoding="utf-8")
        if found.codes != [code]:
            wrong += 1
            sys.stdout.write(f"{code}: came out as {found.codes}\n{found.text}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
