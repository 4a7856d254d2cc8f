"""Codes of the types family."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E301": Entry(
        "argument of the wrong type",
        "The value given can never be of the parameter's type, and no safe conversion leads there. Safe conversions\n"
        "lose nothing: int to float, a whole float to int, numeric text to a number, a number to text, JSON text to a\n"
        "list, dict or struct.",
        "def double(n: int) -> int:\n    return n * 2\n\nprint(double([1]))\n",
        "def double(n: int) -> int:\n    return n * 2\n\nprint(double(1))\n",
    ),
    "E302": Entry(
        "operands that do not go together",
        "No value of these types has this operator. Text and numbers are only joined by `+`; everything else wants\n"
        "a conversion that is written out. Comparisons never convert.",
        'print("12" - 2)\n',
        'print(int("12") - 2)\n',
    ),
    "E303": Entry(
        "not callable",
        "Only functions, methods, types and values made from them can be called or stand as a stage of a pipeline.\n"
        "Often a variable hides a function of the same name, or square brackets were meant.",
        "limit = 3\nprint(limit(4))\n",
        "limit = 3\nprint(max(limit, 4))\n",
    ),
    "E304": Entry(
        "no such field or method",
        "The type of this value is known, and it has nothing of this name: no field, no method, nothing a `_field`\n"
        "lends, and no function in scope takes it as its first parameter.",
        "struct Point:\n    x: int\n    y: int\n\np = Point(x=1, y=2)\nprint(p.z)\n",
        "struct Point:\n    x: int\n    y: int\n\np = Point(x=1, y=2)\nprint(p.x)\n",
    ),
    "E305": Entry(
        "result of the wrong type",
        "A function with `-> T` promises a T. This value can never become one, or the function never returns a value.",
        "def size(xs: list) -> int:\n    return [len(xs)]\n",
        "def size(xs: list) -> int:\n    return len(xs)\n",
    ),
    "E306": Entry(
        "value of the wrong type for a variable or field",
        "`x: T = e` converts `e` to T, fields and defaults are checked against their types. This value can never\n"
        "become one of that type.",
        'count: int = "many"\n',
        'count: int = "12"\n',
    ),
    "E308": Entry(
        "cannot be iterated over",
        "`for`, comprehensions, unpacking and `in` need a collection: a list, tuple, set, dict, text, range\n"
        "or iterator.",
        "for i in 3:\n    print(i)\n",
        "for i in range(3):\n    print(i)\n",
    ),
    "E309": Entry(
        "items that are not there",
        "Square brackets take items of a list, tuple, text, dict or range. Lists, tuples and texts are\n"
        "indexed by ints; "
        "the items of texts and tuples cannot be assigned.",
        'name = "Dana"\nname[0] = "d"\n',
        'name = "Dana"\nname = "d" + name[1:]\nprint(name)\n',
    ),
    "E310": Entry(
        "interface not satisfied",
        "A type satisfies an interface when it has all its methods, with parameters and results that fit. "
        "The notes list what is missing or differs here.",
        "interface Shape:\n    area() -> float\n\nstruct Dot:\n    x: float\n\n"
        "def show(s: Shape):\n    print(s.area())\n\nshow(Dot(x=1.0))\n",
        "interface Shape:\n    area() -> float\n\nstruct Dot:\n    x: float\n\n"
        "def (d: Dot) area() -> float:\n    return 0.0\n\n"
        "def show(s: Shape):\n    print(s.area())\n\nshow(Dot(x=1.0))\n",
    ),
    "E311": Entry(
        "not a type",
        "An annotation, `except` or a class pattern needs a type, with as many arguments in brackets as it takes.",
        "def f(xs: list[int, str]):\n    print(xs)\n",
        "def f(xs: dict[int, str]):\n    print(xs)\n",
    ),
    "E312": Entry(
        "unpacking into the wrong number of targets",
        "The tuple on the right has more or fewer items than there are targets on the left. One starred target takes\n"
        "whatever is left.",
        "a, b = 1, 2, 3\n",
        "a, *b = 1, 2, 3\n",
    ),
    "E313": Entry(
        "frozen structs do not change",
        "The fields of a `frozen struct` are set once, when it is made. `copy` makes a changed copy.",
        "frozen struct Point:\n    x: int\n\np = Point(x=1)\np.x = 2\n",
        "frozen struct Point:\n    x: int\n\np = Point(x=1)\np = p.copy(x=2)\n",
    ),
    "W301": Entry(
        "a conversion that can lose something",
        "An annotated assignment converts: a float in an int variable loses its fraction. Say what is meant with\n"
        "`int(…)` or `round(…)`.",
        "share = 7.5\nparts: int = share\n",
        "share = 7.5\nparts: int = int(share)\n",
    ),
    "W302": Entry(
        "a comparison that is always the same",
        'Values of these types are never equal: comparing does not convert, so `"42" == 42` is false.',
        'answer = "42"\nprint(answer == 42)\n',
        'answer = "42"\nprint(int(answer) == 42)\n',
    ),
    "W303": Entry(
        "identity of a literal",
        "`is` asks whether two names mean the same object, which for numbers and texts is chance. `==`\n"
        "compares values.",
        "def f(n):\n    return n is 3\n",
        "def f(n):\n    return n == 3\n",
    ),
    "W304": Entry(
        "an assertion that tests a tuple",
        "`assert (test, message)` asserts a tuple, which is always true.",
        'def f(n):\n    assert (n > 0, "positive")\n',
        'def f(n):\n    assert n > 0, "positive"\n',
    ),
    "W305": Entry(
        "a function as a condition",
        "A function is always true. Mostly the parentheses of a call are missing.",
        "def ready():\n    return False\n\nif ready:\n    print(1)\n",
        "def ready():\n    return False\n\nif ready():\n    print(1)\n",
    ),
    "W306": Entry(
        "a text as a condition",
        'Truth is Python\'s: every text but the empty one is true, `"no"` too. `bool(text)` reads words.',
        'if "no":\n    print(1)\n',
        'if bool("no"):\n    print(1)\n',
    ),
    "W307": Entry(
        "a deadline that limits nothing",
        "`timeout(seconds)` only says how long: it limits the block of the `with` it stands in.",
        "n = 0\ntimeout(1)\nwhile n < 10:\n    n += 1\nprint(n)\n",
        "n = 0\nwith timeout(1):\n    while n < 10:\n        n += 1\nprint(n)\n",
    ),
}
