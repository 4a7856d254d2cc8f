"""Regular expressions of the lexer mean the same in every CPython that Dana runs on."""

from __future__ import annotations

import re
from pathlib import Path

import dana

POSSESSIVE_GROUP = re.compile(r"\)[*+?]\+|\)\{[\d,]*\}\+|\(\?>")
ROOT = Path(dana.__file__).parent
# What writes patterns for another engine.
OTHERS = {ROOT / "parser" / "_tables.py", ROOT / "runtime" / "curated" / "patterns.py"}


def test_no_possessive_quantifier_stands_behind_a_group():
    """CPython before 3.11.5 matches those wrongly (gh-106052): Debian's python3.11 refused every docstring."""
    for path in ROOT.rglob("*.py"):
        if path not in OTHERS:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if not line.lstrip().startswith("#"):
                    assert not POSSESSIVE_GROUP.search(line), f"{path}:{number}: {line.strip()}"
