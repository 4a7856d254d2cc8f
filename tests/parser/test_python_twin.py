"""Python functions that use only what Dana has parse to the same tree, every node in the same place."""

from __future__ import annotations

import ast
import warnings

import pytest
from corpus import functions, standard_library
from twin import differences

from dana.parser import parse
from dana.source import Source

MODULES = [
    "_pydecimal.py", "argparse.py", "bisect.py", "calendar.py", "cmd.py", "copy.py", "difflib.py", "fnmatch.py", "fractions.py",
    "heapq.py", "inspect.py", "locale.py", "optparse.py", "pprint.py", "random.py", "shutil.py", "statistics.py", "string.py",
    "tarfile.py", "textwrap.py", "turtle.py", "typing.py",
]  # fmt: skip

BY_HAND = '''
def f(a, b=1, /, c=2, *args, d, e=3, **kw):
    """doc é"""
    é = (a + b) * -c ** 2
    x, (y, *z) = (1), ([2, 3])
    return (yes if (a) else (b)), (c)
@decorate
@(other).one(1, *a, k=2, **b)
def g(): pass
(x) = (y) = (z).a[(1):(2), ::3]
del (a), (b.c)
assert (a), (b)
assert (a)
raise (a)
for (i), j in ((1, 2),): continue
while (a := 1) < 2 < (3): break
else: pass
try: x
except (A, B) as e: raise (E) from (e)
except C: raise
else: y
finally: z
with (a) as b, (c): pass
with (a as b, c as (d, e),): pass
if a: b
elif (c): d
else: e
x += (1)
x: int = (1)
lambda: (x)
lambda a, /, *b, c=(1), **d: a if b else c
[x for x in (y) if (x) for z in w]
{**a, "b": (c)}, {1, *s}, {k: (v) for k, v in d}
f((x for x in y)), f(x for x in y), f(*(a), **(b))
not (a), (not a), ~(a), -(a) ** (b), a and (b or c), (a and b) and c
a[b, c], a[(b, c)], a[b:c, d], a[()], a[-1]
"é" "ü" r"\\d" """x
y""", f"{a}" "b", f"{a!r:>{w}} {b=} {{}}"
match x, y:
    case 1 | -2.5 | "a" | a.b | None: pass
    case [a, (b, *_), {"k": v, **r}] if (a): pass
    case P(1, y=(b)) as z: pass
    case _: pass
global q, r
import a.b as c, d
from . import x as y
from ..a.b import (c, d as e,)
'''


@pytest.mark.parametrize("module", MODULES)
def test_functions_of_the_standard_library(module):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compared = 0
        for text in functions(standard_library([module])):
            source = Source(module, text)
            found = parse(source)
            assert not [d for d in found.diagnostics if d.is_error], text
            wrong, places = differences(source, found.module, ast.parse(text))
            assert not wrong, text
            compared += places
        assert compared or module == "string.py"


def test_forms_by_hand():
    source = Source("hand", BY_HAND)
    found = parse(source)
    assert not found.diagnostics
    wrong, places = differences(source, found.module, ast.parse(BY_HAND))
    assert not wrong
    assert places > 280
