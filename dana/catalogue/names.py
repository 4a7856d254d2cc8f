"""Codes of the names family."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E201": Entry(
        "unknown name",
        "Every name is resolved before the program runs: it must be a variable, parameter, function, type or\n"
        "import that is visible here, or a builtin. Mostly it is a slip of the fingers, an import that is missing,\n"
        "or a variable of another function. An unknown name is reported once, at its first use.",
        "total = 3\nprint(totl)\n",
        "total = 3\nprint(total)\n",
    ),
    "E202": Entry(
        "used before it has a value",
        "The first assignment of this name certainly comes later than this use. Inside a function, an assignment\n"
        "anywhere makes the name local to the whole function; `global name` says that the module's variable is meant.",
        "def add():\n    count = count + 1\n    return count\n",
        "count = 0\n\ndef add():\n    global count\n    count = count + 1\n    return count\n",
    ),
    "E203": Entry(
        "a builtin Dana leaves out",
        "A few of Python's builtins would let a program escape what it was granted, or belong to features Dana does\n"
        "not have. The message says why this one is missing and what to write instead.",
        'print(eval("1 + 2"))\n',
        'print(int("1") + 2)\n',
    ),
    "E206": Entry(
        "nonlocal without an enclosing variable",
        "`nonlocal x` says that `x` belongs to a function around this one. No such function has a variable `x`;\n"
        "for a variable of the module write `global x`.",
        "count = 0\n\ndef step():\n    nonlocal count\n    count = 1\n",
        "count = 0\n\ndef step():\n    global count\n    count = 1\n",
    ),
    "E207": Entry(
        "global or nonlocal too late",
        "`global x` and `nonlocal x` apply to a whole function, so they stand before the first use of `x` in it, and\n"
        "`x` can be neither a parameter of it nor annotated in it.",
        "x = 1\n\ndef f():\n    x = 2\n    global x\n",
        "x = 1\n\ndef f():\n    global x\n    x = 2\n",
    ),
    "E209": Entry(
        "the exception's name has ended",
        "The name of `except … as e` exists in that block only: when the block ends, the name is gone. What you need\n"
        "later belongs in a variable of its own.",
        "def f():\n    try:\n        print(1)\n    except ValueError as e:\n        print(e)\n    return e\n",
        "def f():\n    problem = None\n    try:\n        print(1)\n    except ValueError as e:\n"
        "        problem = e\n    return problem\n",
    ),
    "E210": Entry(
        "unknown type",
        "An annotation names a type: a builtin one (`int float str bool list dict tuple set None any`), one\n"
        "of your own, "
        "or an imported one. Types may be used before the line that defines them.",
        "def area(r: flaot) -> float:\n    return r * r\n",
        "def area(r: float) -> float:\n    return r * r\n",
    ),
    "E213": Entry(
        "exported name does not exist",
        "`export` lists names of this module that `from … import *` brings along. Each must be defined in the module.",
        "def area(r):\n    return r * r\n\nexport aera\n",
        "def area(r):\n    return r * r\n\nexport area\n",
    ),
    "W201": Entry(
        "hides a builtin",
        "A definition may take the name of a builtin, and from then on the builtin cannot be reached under it in this\n"
        "module. That is rarely meant.",
        "list = [1, 2]\nprint(list)\n",
        "items = [1, 2]\nprint(items)\n",
    ),
    "W202": Entry(
        "a slice that looks like a scope",
        "`d[private:x]` reads the private variable `x`; with a space before or after the colon it is a slice. When\n"
        "`private` is also a variable the difference is easily overlooked.",
        "private = 1\nx = 3\nd = [1, 2, 3, 4]\nprint(d[private : x])\n",
        "start = 1\nx = 3\nd = [1, 2, 3, 4]\nprint(d[start : x])\n",
    ),
}
