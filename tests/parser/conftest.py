"""Shared by the parser's tests: short ways to parse, and the trees without positions."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
