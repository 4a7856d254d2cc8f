"""Codes of the structure family: calls, definitions, statements in the wrong place."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E401": Entry(
        "missing argument",
        "A parameter without a default needs an argument in every call.",
        "def power(base, exponent):\n    return base ** exponent\n\nprint(power(2))\n",
        "def power(base, exponent):\n    return base ** exponent\n\nprint(power(2, 3))\n",
    ),
    "E402": Entry(
        "too many arguments",
        "A call gives more positional arguments than the function has parameters for.",
        "def double(n):\n    return n * 2\n\nprint(double(1, 2))\n",
        "def double(n):\n    return n * 2\n\nprint(double(1))\n",
    ),
    "E403": Entry(
        "unknown parameter",
        "A named argument must name a parameter of the function (and one that may be given by name).",
        "def greet(name):\n    print(name)\n\ngreet(nmae=1)\n",
        "def greet(name):\n    print(name)\n\ngreet(name=1)\n",
    ),
    "E404": Entry(
        "argument given twice",
        "A parameter takes one argument, by position or by name.",
        "def greet(name):\n    print(name)\n\ngreet(1, name=2)\n",
        "def greet(name):\n    print(name)\n\ngreet(name=2)\n",
    ),
    "E405": Entry(
        "parameter given twice",
        "Two parameters of one function cannot share a name; the receiver counts as one.",
        "struct P:\n    x: int\n\ndef (p: P) add(p):\n    return p\n",
        "struct P:\n    x: int\n\ndef (p: P) add(q):\n    return q\n",
    ),
    "E407": Entry(
        "field or method declared twice",
        "The names of a type's fields and methods are different from each other.",
        "struct Point:\n    x: int\n    x: int\n",
        "struct Point:\n    x: int\n    y: int\n",
    ),
    "E408": Entry(
        "return outside a function",
        "`return` and `deliver` end a function. The value of a program is its last expression; `exit()` ends it early.",
        "return 3\n",
        "3\n",
    ),
    "E409": Entry(
        "break or continue outside a loop",
        "`break` and `continue` belong to the nearest loop of the same function; there is none.",
        "if true:\n    break\n",
        "while true:\n    break\n",
    ),
    "E410": Entry(
        "cannot be assigned",
        "Names, `scope:names`, attributes, items and lists of these can stand left of `=`; values and calls cannot.",
        "a = 1\nb = 2\n[a, b] += [1, 2]\n",
        "a = 1\nb = 2\na += 1\nb += 2\n",
    ),
    "E411": Entry(
        "cannot be deleted",
        "`del` takes names, items and attributes.",
        "x = [1]\ndel [*x]\n",
        "x = [1]\ndel x[0]\n",
    ),
    "E412": Entry(
        "a star in the wrong place",
        "`*x` unpacks inside calls, lists, tuples and sets; on the left of `=` one target may be starred\n"
        "beside others.",
        "xs = [1]\ny = *xs\n",
        "xs = [1]\ny = [*xs]\n",
    ),
    "E413": Entry(
        "a pattern that cannot work",
        "A pattern binds each name once, its alternatives bind the same names, and one that matches everything comes\n"
        "last.",
        "def f(v):\n    match v:\n        case x:\n            return x\n        case 1:\n            return 2\n",
        "def f(v):\n    match v:\n        case 1:\n            return 2\n        case x:\n            return x\n",
    ),
    "E414": Entry(
        "an assignment expression in the wrong place",
        "`:=` assigns a plain name. Inside a comprehension it can neither rebind the comprehension's own\n"
        "variables nor "
        "stand in what the comprehension iterates over.",
        "xs = [y for y in (z := [1, 2])]\n",
        "z = [1, 2]\nxs = [y for y in z]\n",
    ),
    "E418": Entry(
        "a receiver that cannot have methods",
        "Methods belong to structs, resources and agents, or to unions of them; a method in a type's body names its\n"
        "receiver as its first parameter.",
        "struct Point:\n    x: int\n    def norm():\n        return 1\n",
        "struct Point:\n    x: int\n    def norm(p):\n        return p.x\n",
    ),
    "E419": Entry(
        "a base that cannot be extended",
        "Structs have no inheritance, except that `struct NotFound(Exception)` declares an exception. A resource\n"
        "extends a resource, an agent a blueprint, an interface embeds interfaces, and nothing contains itself.",
        "struct Base:\n    x: int\n\nstruct Child(Base):\n    y: int\n",
        "struct Base:\n    x: int\n\nstruct Child:\n    _base: Base\n    y: int\n",
    ),
    "E420": Entry(
        "a decorator that cannot be called",
        "A decorator is a function that takes the decorated function and returns what is bound to its name.",
        "limit = 3\n\n@limit\ndef f():\n    return 1\n",
        "def limit(g):\n    return g\n\n@limit\ndef f():\n    return 1\n",
    ),
    "E421": Entry(
        "unknown field",
        "A construction names a field that the type does not have.",
        "struct Point:\n    x: int\n    y: int = 0\n\nprint(Point(x=1, yy=2))\n",
        "struct Point:\n    x: int\n    y: int = 0\n\nprint(Point(x=1, y=2))\n",
    ),
    "E422": Entry(
        "missing field",
        "Every field without a default needs a value when a struct is made.",
        "struct Point:\n    x: int\n    y: int\n\nprint(Point(x=1))\n",
        "struct Point:\n    x: int\n    y: int = 0\n\nprint(Point(x=1))\n",
    ),
    "E423": Entry(
        "`$$` outside a pipeline or call",
        "`$$` stands for the value that a pipeline passes on; in a call outside a pipeline it makes a partial\n"
        "application, `f(1, $$)`.",
        "print([$$][0]) if false else $$\n",
        "def f(a, b):\n    return a + b\n\nprint(2 | f(1, $$))\n",
    ),
    "E424": Entry(
        "a capture that cannot work",
        "`stage as name` names the result of a stage for the stages after it, once per pipeline.",
        "def inc(n):\n    return n + 1\n\nprint(1 | inc as a | inc as a)\n",
        "def inc(n):\n    return n + 1\n\nprint(1 | inc as a | inc as b)\n",
    ),
    "E425": Entry(
        "a type defined twice",
        "A module defines each of its types once.",
        "struct Point:\n    x: int\n\nstruct Point:\n    y: int\n",
        "struct Point:\n    x: int\n\nstruct Place:\n    y: int\n",
    ),
    "E427": Entry(
        "only possible at module level",
        "`from … import *` and `export` speak about the names of a whole module and cannot stand inside a function.",
        "def f():\n    export f\n",
        "def f():\n    return 1\n\nexport f\n",
    ),
    "E428": Entry(
        "too many nested blocks",
        "Loops, `try` and `with` blocks inside each other are limited (to 16, where an `except` counts\n"
        "three). A function "
        "of its own makes such code readable, too.",
        "def f(n):\n" + "".join(f"{'    ' * (i + 1)}while n:\n" for i in range(17)) + f"{'    ' * 18}n = 0\n",
        "def f(n):\n    while n:\n        n = 0\n",
    ),
    "W401": Entry(
        "unreachable code",
        "The statement above always leaves: it returns, raises, breaks or continues. What follows never runs.",
        "def f():\n    return 1\n    print(2)\n",
        "def f():\n    print(2)\n    return 1\n",
    ),
    "W403": Entry(
        "a test that is never run",
        "`dana test` runs the tests that stand at a module's own level. One inside a function, loop or `if` would\n"
        "depend on what ran before it. A loop over cases goes inside the test, or is left to `cases` from `testing`.",
        'for n in [1, 2]:\n    test "it is positive":\n        assert n > 0\n',
        'test "they are positive":\n    for n in [1, 2]:\n        assert n > 0\n',
    ),
}
