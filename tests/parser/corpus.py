"""Python functions from the standard library which use only what Dana has too."""

from __future__ import annotations

import ast
import os
import re
import textwrap

FOREIGN = (
    ast.ClassDef,
    ast.AsyncFunctionDef,
    ast.AsyncFor,
    ast.AsyncWith,
    ast.Await,
    ast.Yield,
    ast.YieldFrom,
    ast.TryStar,
)
TAKEN = {"true", "false", "none", "null", "TRUE", "FALSE", "NONE", "NULL", "struct", "sync", "deliver"}
DUNDER = re.compile(r"__\w+__")


def speaks_dana(tree):
    """Whether Dana has every construct and name of this Python tree."""
    for node in ast.walk(tree):
        if isinstance(node, FOREIGN):
            return False
        if isinstance(node, ast.Constant) and isinstance(node.value, bytes | complex):
            return False
        names = [getattr(node, f, None) for f in ("id", "attr", "arg", "name", "asname")]
        if any(isinstance(n, str) and (n in TAKEN or DUNDER.search(n)) for n in names):
            return False
        annotations = [getattr(node, f, None) for f in ("annotation", "returns")]
        if any(isinstance(a, ast.AST) for a in annotations):
            return False
    return True


def functions(modules):
    """Texts of functions (methods too, moved to the margin) of the named modules' files."""
    for path in modules:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        lines = text.splitlines(keepends=True)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and speaks_dana(node):
                start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                piece = "".join(lines[start - 1 : node.end_lineno])
                dedented = textwrap.dedent(piece)
                try:
                    ast.parse(dedented)
                except SyntaxError:
                    continue
                yield dedented


def standard_library(names=None):
    """Paths of modules of the standard library, sorted."""
    root = os.path.dirname(os.__file__)
    if names is not None:
        return [os.path.join(root, name) for name in names]
    return sorted(os.path.join(root, name) for name in os.listdir(root) if name.endswith(".py"))
