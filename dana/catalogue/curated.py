"""Codes of Python's pure modules (E520 to E529)."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E520": Entry(
        "a name of Python's module that Dana leaves out",
        "Python's pure modules are there without a grant, name by name. What would show the inside of objects or\n"
        "would change settings for everybody is left out; the hint says what to write instead.",
        "from operator import attrgetter\n\nprint(attrgetter)\n",
        'struct Person:\n    name: str\n\nby_name = lambda p: p.name\nprint(by_name(Person("Ada")))\n',
    ),
    "E521": Entry(
        "an argument that would make a call run away",
        "A call of one of Python's modules would have had to build or search something absurdly large: a decimal\n"
        "number with a million digits, a product of ten thousand lists. The message says what the bound is.",
        'from decimal import Decimal\n\nprint(Decimal("1e999999"))\n',
        'from decimal import Decimal\n\nprint(Decimal("1e99"))\n',
    ),
    "E522": Entry(
        "not a regular expression",
        "The text given to `re` is not a pattern, or the replacement not a template, as Python has them. The message\n"
        "says what is wrong and at which position. `except re.error` catches it.",
        'import re\n\nprint(re.findall("(a", "aaa"))\n',
        'import re\n\nprint(re.findall("(a)", "aaa"))\n',
    ),
    "E523": Entry(
        "the pattern is too large",
        "Patterns are bounded in length, in groups, in nesting, and in what repetitions such as `{1000}` unroll to.",
        'import re\n\nprint(re.search("(?:a{1000}){1000}", "aaa"))\n',
        'import re\n\nprint(re.search("a{2,1000}", "aaa"))\n',
    ),
    "E524": Entry(
        "the pattern takes too long",
        "Some patterns try a number of ways that doubles with every letter of the text: those with repetitions inside\n"
        "repetitions, or with options that match the same. Each call of `re` may take about a second; write the\n"
        "pattern so that there is one way to match a text.",
        'import re\n\nprint(re.search("(?:a|aa)+$", "a" * 60 + "b"))\n',
        'import re\n\nprint(re.search("a+$", "a" * 60 + "b"))\n',
    ),
}
