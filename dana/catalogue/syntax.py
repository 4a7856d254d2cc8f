"""Codes of the syntax family: what the lexer, the driver and the builders of `dana.parser` report."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E100": Entry(
        "not a UTF-8 text",
        "Dana files are UTF-8. This one holds a byte that cannot be part of such a text: it was saved in another\n"
        "encoding, or it is no text at all. Editors can save a file again as UTF-8.",
    ),
    "E101": Entry(
        "a character that means nothing here",
        "Outside texts and comments a program consists of names, numbers and a few signs. Characters copied from a\n"
        "web page or a letter often only look like them: typographic quotes, dashes, spaces that do not break.\n"
        "The message names the character and, where it is plain, the one that was meant.",
        "price = 3\nprint(price – 1)\n",
        "price = 3\nprint(price - 1)\n",
    ),
    "E102": Entry(
        "this does not fit here",
        "The line is right up to this word or sign, which cannot follow. Mostly something is missing before it, or\n"
        "the line should have ended. Everything up to the end of the line is skipped; the lines below are read as\n"
        "usual.",
        "a = 1\nb = a a\n",
        "a = 1\nb = a * a\n",
    ),
    "E103": Entry(
        "a missing colon",
        "The header of a block (`if`, `for`, `while`, `def`, `struct`…) ends with a colon, and the block is indented\n"
        "below it. Or the block stands in braces, and then there is no colon.",
        "n = 3\nif n > 2\n    print(n)\n",
        "n = 3\nif n > 2:\n    print(n)\n",
    ),
    "E104": Entry(
        "an unfinished text",
        "A text ends with the quote it began with, on the same line. A text of several lines stands between three\n"
        'quotes. A quote inside a text is written `\\"`, or the text stands in the other kind of quotes.',
        'name = "Ann\nprint(1)\n',
        'name = "Ann"\nprint(1)\n',
    ),
    "E105": Entry(
        "a bracket that is never closed",
        "Each `(`, `[` and `{` needs its partner. Inside brackets lines go on, so the fault may show only lines "
        "later;\n"
        "the message points at the bracket that is still open when something begins that cannot stand inside it.",
        "total = (1 + 2\nprint(3)\n",
        "total = (1 + 2)\nprint(3)\n",
    ),
    "E106": Entry(
        "a closing bracket that does not fit",
        "A `)`, `]` or `}` closes the bracket of its own kind that was opened last. Here none is open, or another one.",
        "values = [1, 2)\n",
        "values = [1, 2]\n",
    ),
    "E107": Entry(
        "parameters in an impossible order",
        "Parameters come in this order: those given by position only, then `/`; ordinary ones, those with defaults\n"
        "last; `*rest` or a bare `*`; those given by name only; `**options`. Each name occurs once.",
        "def area(width=1, height):\n    return width * height\n",
        "def area(height, width=1):\n    return width * height\n",
    ),
    "E108": Entry(
        "something that cannot be assigned to",
        "The left side of an assignment is a name, an attribute, an item, or several of them. A literal, a call or a\n"
        "calculation is a value, not a place for one. A comparison is written `==`.",
        "n = 1\nn + 1 = 2\n",
        "n = 1\nn = 2 - 1\n",
    ),
    "E109": Entry(
        "arguments in an impossible order",
        "Arguments by position come first, then those by name; no name is given twice.",
        "def area(a, b):\n    return a * b\n\nprint(area(a=1, 2))\n",
        "def area(a, b):\n    return a * b\n\nprint(area(1, b=2))\n",
    ),
    "E110": Entry(
        "a sign of another language",
        "Dana spells its operators as Python does: `and`, `or`, `not`, `==`, `!=`, `elif`, `x += 1`,\n"
        "`a if condition else b`.",
        "a = true\nb = false\nprint(a && b)\n",
        "a = true\nb = false\nprint(a and b)\n",
    ),
    "E111": Entry(
        "tabs and spaces mixed",
        "How wide a tab is depends on the editor, so a block that is indented with tabs in one line and with "
        "spaces in\n"
        "the next has no definite shape. Use one of the two; most editors convert.",
        "n = 1\nif n == 1:\n        print(1)\n\tprint(2)\n",
        "n = 1\nif n == 1:\n        print(1)\n        print(2)\n",
    ),
    "E112": Entry(
        "an indentation that fits no block",
        "When a line is less indented than the one before, it goes on with one of the blocks around it, so it "
        "begins in\n"
        "the same column as the lines of that block.",
        "n = 1\nif n == 1:\n        print(1)\n    print(2)\n",
        "n = 1\nif n == 1:\n        print(1)\n        print(2)\n",
    ),
    "E113": Entry(
        "a complex number",
        "Dana has whole numbers and floats, no complex ones. Keep the parts in a struct, or use a Python module.",
        "z = 3j\n",
        "z = (0, 3)\n",
    ),
    "E114": Entry(
        "a bytes literal",
        'Dana has no literals for bytes. Where a library wants bytes, encode a text: `"abc".encode()`.',
        'data = b"abc"\n',
        'data = "abc".encode()\n',
    ),
    "E115": Entry(
        "a number that cannot be read",
        "Numbers are written `12`, `1_000_000`, `0xff`, `0o17`, `0b101`, `1.5`, `2e-3`. A decimal number does "
        "not begin\n"
        "with 0, and a name does not begin with a digit.",
        "n = 012\n",
        "n = 12\n",
    ),
    "E116": Entry(
        "a broken escape",
        'In a text, a backslash begins an escape: `\\n`, `\\t`, `\\\\`, `\\"`, `\\x41`, `\\u00e9`, `\\U0001f600`,\n'
        '`\\N{BULLET}`. This one is incomplete or names no character. A raw text `r"…"` has no escapes.',
        'path = "C:\\users"\n',
        'path = r"C:\\users"\n',
    ),
    "E117": Entry(
        "a faulty field in an f-string",
        "Between `{` and `}` stands one expression, then perhaps `!r`, then perhaps `:` and a format. The characters\n"
        "themselves are written doubled: `{{` and `}}`.",
        'print(f"{}")\n',
        'print(f"{{}}")\n',
    ),
    "E118": Entry(
        "a reserved name",
        "Names that begin and end with two underscores open Python's internals, which Dana programs cannot reach.\n"
        "A few belong to Dana: `__main__`, `__name__`, `__file__`, `__exports__`, `__all__`.",
        "__secret__ = 1\nprint(1)\n",
        "secret = 1\nprint(secret)\n",
    ),
    "E119": Entry(
        "a text that spells no type",
        "An annotation in quotes is read as a type, so that it may name one that is defined later. A text as "
        "such is a\n"
        'type only in a union: `"low" | "high"`.',
        'def size(n: "a number") -> int:\n    return 1\n',
        'def size(n: "int") -> int:\n    return n\n',
    ),
    "E120": Entry(
        "nested too deeply",
        "Brackets, blocks and operators may be nested two hundred deep, which no program written by people needs.\n"
        "Build the value in steps, or keep the data in a file.",
        "n = " + "(" * 201 + "1" + ")" * 201 + "\n",
        "n = ((1))\n",
    ),
    "E121": Entry(
        "an impossible pattern",
        "A sequence pattern has one `*` at most; `**rest` stands last in a mapping pattern; positional patterns stand\n"
        "before named ones; a pattern is compared, so it cannot be an f-string. Also: a test's name is a plain text.",
        "match [1, 2]:\n    case [*a, *b]:\n        print(a, b)\n",
        "match [1, 2]:\n    case [a, *b]:\n        print(a, b)\n",
    ),
    "E122": Entry(
        "faulty except",
        "Several exception types stand in parentheses: `except (KeyError, ValueError) as e:`. An `except:` without a\n"
        "type catches everything that is left, so it is the last.",
        "try:\n    print(1)\nexcept:\n    print(2)\nexcept KeyError:\n    print(3)\n",
        "try:\n    print(1)\nexcept KeyError:\n    print(3)\nexcept:\n    print(2)\n",
    ),
    "E123": Entry(
        "not a part of a definition",
        "The block of a struct, resource or agent holds fields (`name: type = default`) and methods (`def`); an\n"
        "interface holds signatures. Decorators stand directly above a definition. A type stands on one other at most.",
        "struct Point:\n    x: int\n    print(1)\n",
        "struct Point:\n    x: int\n\nprint(1)\n",
    ),
    "E124": Entry(
        "an empty block",
        "After a header with a colon at least one indented line must follow; `pass` does nothing.",
        "n = 1\nif n == 1:\nprint(n)\n",
        "n = 1\nif n == 1:\n    print(n)\n",
    ),
    "E125": Entry(
        "an unexpected indentation",
        "A line is indented further than the one before it only where a block begins, after a colon.",
        "n = 1\n    m = 2\n",
        "n = 1\nm = 2\n",
    ),
    "E126": Entry(
        "an assignment in a condition",
        "`=` gives a name a value; whether two values are equal is asked with `==`.",
        "n = 1\nif n = 1:\n    print(n)\n",
        "n = 1\nif n == 1:\n    print(n)\n",
    ),
    "E127": Entry(
        "a statement of Python that Dana leaves out",
        "Dana has structs with methods instead of classes, waits by itself instead of `async` and `await`, and "
        "returns\n"
        "lists or lazy expressions instead of `yield`.",
        "class Point:\n    x = 1\n",
        "struct Point:\n    x: int = 1\n",
    ),
    "E128": Entry(
        "a scope written with a dot",
        "State that outlives a call is written `private:count`, `public:count`, `system:count`, with a colon "
        "and without\n"
        "spaces. The dot of older programs reads an attribute. Where a name is declared (a parameter, a field), "
        "a space\n"
        "behind the colon keeps `local: int` from being read as a scope.",
        "private:count = 1\nprint(private.count)\n",
        "private:count = 1\nprint(private:count)\n",
    ),
    "E129": Entry(
        "a word of the language as a name",
        "`if`, `for`, `def`, `struct`, `deliver` and the like cannot be names of variables, parameters or "
        "fields. They may\n"
        "follow a dot and name an argument. Words like `agent`, `type`, `match`, `local` are free.",
        "def area(for):\n    return 1\n",
        "def area(shape):\n    return 1\n",
    ),
    "E130": Entry(
        "a statement that begins like none",
        "Two values stand side by side. Calls need parentheses (`print(x)`), the type stands behind the name\n"
        "(`x: int = 1`), and statements begin with Dana's words: `def`, `return`, `raise`, `match`, `for`.",
        'print "hello"\n',
        'print("hello")\n',
    ),
    "E131": Entry(
        "a faulty import",
        "`import geo.shapes as g`, `from geo import area, Point as P`, `from .sibling import *`: `from` comes "
        "first, and\n"
        "modules are named without quotes.",
        "import sqrt from math\n",
        "from math import sqrt\n",
    ),
    "E132": Entry(
        "a part without its statement",
        "`else`, `elif`, `except`, `finally` and `case` go on with a statement above them, in the same column "
        "and with\n"
        "nothing between. A `try` has at least one `except` or a `finally`; a `match` holds only `case`s.",
        "n = 1\nprint(n)\nelse:\n    print(2)\n",
        "n = 1\nif n == 1:\n    print(n)\nelse:\n    print(2)\n",
    ),
    "E133": Entry(
        "a value or a name is missing",
        "Something must follow the sign or word before this place. A long expression may go on in the next line "
        "inside\n"
        "parentheses, or after a `\\` at the end of the line.",
        "n = 1 +\n",
        "n = 1 + 2\n",
    ),
    "E134": Entry(
        "a comma or operator is missing",
        "Values in brackets are separated by commas. Two values side by side mean nothing, except two texts, "
        "which are\n"
        "joined.",
        "values = [1 2]\n",
        "values = [1, 2]\n",
    ),
    "E190": Entry(
        "nested too deeply to compile",
        "Python's compiler, which makes the last step, ran out of stack. Dana bounds nesting long before that, so\n"
        "this should not occur; giving inner parts names of their own helps at once.",
    ),
    "W101": Entry(
        "a backslash that begins no escape",
        "This backslash and the character behind it stay in the text as they are. If a backslash is meant, "
        "`\\\\` says so\n"
        'plainly; for paths and patterns a raw text `r"…"` is clearer.',
        'pattern = "\\d+"\n',
        'pattern = r"\\d+"\n',
    ),
}
