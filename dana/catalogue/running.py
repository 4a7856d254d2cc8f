"""Codes of the running family: what goes wrong while a program runs."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E600": Entry(
        "an exception nobody caught",
        "The program raised an exception and no `except` handled it. The message is what the program said; the "
        "place is its `raise`.",
        "def withdraw(balance: float, amount: float) -> float:\n    if amount > balance:\n"
        '        raise "not enough money"\n'
        "    return balance - amount\n\nprint(withdraw(10.0, 20.0))\n",
        "def withdraw(balance: float, amount: float) -> float:\n    if amount > balance:\n"
        '        raise "not enough money"\n'
        "    return balance - amount\n\ntry:\n    print(withdraw(10.0, 20.0))\nexcept RuntimeError as e:\n"
        "    print(e.message)\n",
    ),
    "E601": Entry(
        "an operation does not work on this kind of value",
        "Operators, calls, loops and indices each need values of certain types. Nothing is converted silently: write "
        "the conversion you mean (`int(…)`, `str(…)`, an f-string). If a value is None, a function returned nothing or "
        "a variable never got its value.",
        "def total(values):\n    return values[0] + values[1]\n\nprint(total([1, none]))\n",
        "def total(values):\n    return values[0] + values[1]\n\nprint(total([1, 2]))\n",
    ),
    "E602": Entry(
        "a value cannot be used here",
        "The type is right but the value is not: a text that is no number, a list with too few items to unpack, a "
        "setting that does not exist.",
        "def first_two(values):\n    a, b = values\n    return a\n\nprint(first_two([1, 2, 3]))\n",
        "def first_two(values):\n    a, b, *rest = values\n    return a\n\nprint(first_two([1, 2, 3]))\n",
    ),
    "E603": Entry(
        "a name has no value yet",
        "The name exists, but at this point nothing has been assigned to it: the assignment stands further down, or "
        "on a path that was not taken. The same is said of `public:` names that no module has assigned.",
        "def sign(n: int) -> str:\n    if n > 0:\n        word = 'plus'\n    return word\n\nprint(sign(-1))\n",
        "def sign(n: int) -> str:\n    word = 'minus or zero'\n    if n > 0:\n        word = 'plus'\n"
        "    return word\n\n"
        "print(sign(-1))\n",
    ),
    "E604": Entry(
        "a value has no such attribute",
        "What stands behind the dot is neither a field nor a method of the value. Items of a dict are reached with "
        '`d["name"]`, not with a dot.',
        "def age_of(person):\n    return person.age\n\nprint(age_of({'age': 30}))\n",
        "def age_of(person):\n    return person['age']\n\nprint(age_of({'age': 30}))\n",
    ),
    "E605": Entry(
        "a key is not in the dict",
        "`d[key]` needs the key to be there. `d.get(key)` gives None, `d.get(key, default)` a default, and "
        "`key in d` tells whether it is there.",
        "prices = {'apple': 1.2}\nprint(prices['pear'])\n",
        "prices = {'apple': 1.2}\nprint(prices.get('pear', 0.0))\n",
    ),
    "E606": Entry(
        "an index is out of bounds",
        "A list of n items has the indices 0 to n-1, and -n to -1 from its end. Slices (`xs[:3]`) take what there is.",
        "xs = [1, 2, 3]\nprint(xs[3])\n",
        "xs = [1, 2, 3]\nprint(xs[2])\n",
    ),
    "E607": Entry(
        "arithmetic has no result",
        "A division by zero, or a number too large for a float.",
        "def mean(values: list) -> float:\n    return sum(values) / len(values)\n\nprint(mean([]))\n",
        "def mean(values: list) -> float:\n    return sum(values) / len(values) if values else 0.0\n\n"
        "print(mean([]))\n",
    ),
    "E608": Entry(
        "an assertion failed",
        "The condition of an `assert` is false. What follows the comma is the message.",
        "total = 90\nassert total == 100, 'the shares must add up'\n",
        "total = 100\nassert total == 100, 'the shares must add up'\n",
    ),
    "E610": Entry(
        "a call does not fit",
        "A function or a struct got too few, too many or unknown arguments. Calls of known functions are "
        "checked before "
        "the program runs; this one was only known while it ran.",
        "def twice(n):\n    return n * 2\n\ndef call(function):\n    return function(1, 2)\n\nprint(call(twice))\n",
        "def twice(n):\n    return n * 2\n\ndef call(function):\n    return function(1)\n\nprint(call(twice))\n",
    ),
    "E611": Entry(
        "a value does not have the declared type",
        "Annotations of parameters, results and fields are promises that Dana keeps: the value has the type, or "
        'converts to it without loss (3 to 3.0, "42" to 42, a dict to a struct), or this error is raised. '
        "An assignment `x: T = e` converts more.",
        "def half(n: int) -> float:\n    return n / 2\n\nvalues = ['ten']\nprint(half(values[0]))\n",
        "def half(n: int) -> float:\n    return n / 2\n\nvalues = ['10']\nprint(half(values[0]))\n",
    ),
    "E612": Entry(
        "a value cannot be converted",
        "`x: T = e`, `cast(T, e)` and `bool(text)` convert, but only what says clearly what it is: no text becomes a "
        "number or a bool by guessing.",
        "answers = ['maybe']\nok: bool = answers[0]\n",
        "answers = ['yes']\nok: bool = answers[0]\n",
    ),
    "E613": Entry(
        "this cannot be changed",
        "Fields of a frozen struct, names of another module, types and most settings are read-only. "
        "`p.copy(x=3)` makes "
        "a changed copy of a struct.",
        "frozen struct Money:\n    amount: int\n\ndef double(m):\n    m.amount = m.amount * 2\n\n"
        "double(Money(amount=5))\n",
        "frozen struct Money:\n    amount: int\n\ndef double(m):\n    return m.copy(amount=m.amount * 2)\n\n"
        "print(double(Money(amount=5)))\n",
    ),
    "E614": Entry(
        "a resource is in the wrong state",
        "A resource goes from created to running to stopped, and never back. Make a new one.",
        "resource Store:\n    path: str\n\ns = Store(path='a')\ns.start()\ns.stop()\ns.start()\n",
        "resource Store:\n    path: str\n\nwith Store(path='a') as s:\n    print(s.state)\n",
    ),
    "E615": Entry(
        "the outside world refused",
        "A file, a connection or the terminal could not be used; the message says which and why.",
    ),
    "E616": Entry(
        "an import failed while the program ran",
        "The module could not be found any more, or has no such name.",
    ),
    "E617": Entry(
        "an iterator has no further item",
        "`next(it)` needs an item; `next(it, default)` gives a default when there is none.",
        "it = iter([])\nprint(next(it))\n",
        "it = iter([])\nprint(next(it, 0))\n",
    ),
    "E618": Entry(
        "text and bytes do not fit",
        "The bytes are no text in this encoding, or the text has no form in it.",
        "data = bytes([255])\nprint(data.decode('utf-8'))\n",
        "data = bytes([255])\nprint(data.decode('latin-1'))\n",
    ),
    "E619": Entry(
        "an operation failed while it ran",
        "For example a dict that changed its size while a loop went through it. Loop over `list(d)` instead.",
        "d = {'a': 1}\nfor k in d:\n    d[k + 'x'] = 1\n",
        "d = {'a': 1}\nfor k in list(d):\n    d[k + 'x'] = 1\n",
    ),
}
