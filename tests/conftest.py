"""Makes `tests.…` importable however pytest is started, and every run start from the same environment."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

ROOT = str(Path(__file__).parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

# What Dana reads from the environment; a test that is about one of these sets it itself.
for name in ("CI", "DANA_CACHE", "DANAPATH", "NO_COLOR"):
    os.environ.pop(name, None)

# A shell ignores Ctrl-C for what it runs in the background, and so would all programs that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
