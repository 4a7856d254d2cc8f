"""Where Dana's own files are: the grammar and the standard library.

A checkout keeps them beside the package (`grammar/`, `stdlib/`), an installed wheel inside it
(`dana/grammar`, `dana/stdlib`). Both look the same from here.
"""

from __future__ import annotations

from os.path import abspath, dirname, isdir, join

_PACKAGE = dirname(abspath(__file__))


def stdlib_path() -> str:
    """The folder of the standard library's `.na` files."""
    return _shipped("stdlib")


def grammar_path() -> str:
    """The folder of `dana.lark`."""
    return _shipped("grammar")


def _shipped(name: str) -> str:
    inside = join(_PACKAGE, name)
    return inside if isdir(inside) else join(dirname(_PACKAGE), name)
