"""What CPython's builtins say about wrong arguments, in Dana's words; loaded by the first error that needs it.

A row is a pattern, the message, a hint and, where the exception's own code does not fit, a code. Groups named
`kind` are class names and are shown as Dana calls them.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Row = tuple[str, str, str] | tuple[str, str, str, str]

_WHOLE = "`int(…)` cuts a float, `round(…)` rounds it, `int(text)` reads one"

TYPE_WORDS: tuple[Row, ...] = (
    (
        r"(?:\w+\.)*?(?P<what>\w+)\(\) takes (?P<many>[\w ]+ arguments?) \((?P<given>\d+) given\)",
        "`{what}` takes {many}, {given} were given",
        "",
        "E610",
    ),
    (
        r"(?P<what>\w+)(?:\(\))? expected (?P<many>(?:at (?:most|least) )?\d+ arguments?), got (?P<given>\d+)",
        "`{what}` takes {many}, {given} were given",
        "",
        "E610",
    ),
    (
        r"(?:\w+\.)*?(?P<what>\w+)\(\) takes no keyword arguments",
        "`{what}` takes its arguments by position only",
        "leave out the name in front of `=`",
        "E610",
    ),
    (
        r"'(?P<name>\w+)' is an invalid keyword argument for (?P<what>\w+)\(\)",
        "`{what}` has no parameter `{name}`",
        "",
        "E610",
    ),
    (
        r"(?P<what>int|float)\(\) argument must be .*, not '(?P<kind>.+)'",
        "`{what}` makes a number from a number or a text, not from {kind}",
        "",
    ),
    (
        r"sequence item (?P<at>\d+): expected str instance, (?P<kind>\w+) found",
        "`join` joins texts, and item {at} is {kind}",
        'make texts of them: `", ".join([str(x) for x in items])`',
    ),
    (r"can only join an iterable", "`join` takes the texts as a list or another collection", ""),
    (r"'(?P<kind>.+)' object cannot be interpreted as an integer", "a whole number is needed here, not {kind}", _WHOLE),
    (r"type (?P<kind>\w+) doesn't define __(?P<what>\w+)__ method", "`{what}` does not work on {kind}", ""),
    (r"bad operand type for (?P<what>\w+)\(\): '(?P<kind>.+)'", "`{what}` does not work on {kind}", ""),
    (
        r"cannot convert dictionary update sequence element #(?P<at>\d+) to a sequence",
        "a dict is made from pairs, and item {at} is none",
        "as in `dict([(key, value), (key, value)])`",
    ),
    (
        r"'in <string>' requires string as left operand, not (?P<kind>\w+)",
        "only a text can be `in` a text, not {kind}",
        "write `str(…)` around it",
    ),
    (r"%(?P<sign>.) format: .* not (?P<kind>\w+)", "`%{sign}` stands for a number, and this is {kind}", ""),
    (
        r"not all arguments converted during string formatting",
        "`%` got more values than the text has places for",
        'an f-string is plainer: `f"{{count}} items"`',
    ),
    (
        r"not enough arguments for format string",
        "`%` got fewer values than the text has places for",
        'an f-string is plainer: `f"{{count}} items"`',
    ),
    (
        r"'(?P<kind>.+)' object does not support the (?:asynchronous )?context manager protocol",
        "`with` needs a resource or `timeout(…)`, not {kind}",
        "",
    ),
    (r"'(?P<kind>.+)' object is not a mapping", "`**` takes the items of a dict, and this is {kind}", ""),
    (
        r".+\(\) argument after \*\* must be a mapping, not (?P<kind>\w+)",
        "`**` passes the items of a dict, and this is {kind}",
        "",
    ),
    (
        r".+\(\) argument after \* must be an iterable, not (?P<kind>\w+)",
        "`*` passes the items of a list or another collection, and this is {kind}",
        "",
    ),
    (r"Value after \* must be an iterable, not (?P<kind>\w+)", "`*` unpacks a collection, and this is {kind}", ""),
    (r"'(?P<kind>.+)' object is not reversible", "{kind} cannot be walked backwards", ""),
    (
        r"unsupported format string passed to (?P<kind>\w+)\.__format__",
        "{kind} has no formats: nothing may follow the `:`",
        "format a number or a text instead",
    ),
    (
        r"slice indices must be integers or None or have an __index__ method",
        "the bounds of a slice are whole numbers",
        _WHOLE,
    ),
    (
        r"(?P<what>\w+)\(\) argument (?P<at>\d+|'\w+') must be (?P<want>[\w ]+), not (?P<kind>\w+)",
        "argument {at} of `{what}` must be {want}, not {kind}",
        "",
    ),
    (
        r"(?P<what>\w+) first arg must be str or a tuple of str, not (?P<kind>\w+)",
        "`{what}` takes a text or a tuple of texts, not {kind}",
        "",
    ),
    (r"must be (?P<want>str or None|str), not (?P<kind>\w+)", "a text is needed here, not {kind}", ""),
    (
        r"descriptor '(?P<what>\w+)' (?:for|requires a) '(?P<want>\w+)' objects? .*'(?P<kind>\w+)'",
        "`{want}.{what}` does not work on {kind}",
        "",
    ),
)

VALUE_WORDS: tuple[Row, ...] = (
    (
        r"(?P<what>max|min)\(\) (?:arg is an empty sequence|iterable argument is empty)",
        "`{what}` of nothing: the collection is empty",
        "`{what}(items, default=0)` gives a default instead",
    ),
    (
        r"(?:Unknown format code|Invalid format specifier) '(?P<spec>.*)' for object of type '(?P<kind>\w+)'",
        "the format `{spec}` does not work on {kind}",
        "a number that was read as text is converted with `float(…)` or `int(…)`",
    ),
    (r"Invalid format specifier", "what follows the `:` is no format", "as in `{{x:8.2f}}`, `{{name:<20}}`, `{{n:,}}`"),
    (
        r"list\.(?:remove|index)\(x\): x not in list",
        "the list has no such item",
        "`item in items` tells whether it has",
    ),
    (r"(?P<what>.+) is not in list", "{what} is not in the list", "`item in items` tells whether it is"),
    (r"tuple\.index\(x\): x not in tuple", "the tuple has no such item", "`item in items` tells whether it has"),
    (r"substring not found", "the text is not found", "`find` gives -1 instead of an error"),
    (r"chr\(\) arg not in range\(0x110000\)", "`chr` takes the number of a character, 0 to 1114111", ""),
    (r"empty separator", "the separator is an empty text", "`list(text)` gives the characters"),
    (
        r"dictionary update sequence element #(?P<at>\d+) has length (?P<size>\d+); 2 is required",
        "a dict is made from pairs, and item {at} has the length {size}",
        "as in `dict([(key, value), (key, value)])`",
    ),
    (r"range\(\) arg 3 must not be zero|slice step cannot be zero", "the step cannot be 0", ""),
    (r"cannot convert float NaN to integer", "nan is no number, so it has no whole part", ""),
    (r"cannot convert float infinity to integer", "infinity has no whole part", "", "E607"),
    (r"negative shift count", "a shift by a negative number", ""),
    (
        r"zip\(\) argument (?P<at>\d+) is (?P<how>shorter|longer) than .*",
        "argument {at} of `zip` is {how}",
        "",
    ),
)


def told(message: str, rows: tuple[Row, ...], kind_of: Callable[[str], str]) -> tuple[str, str, str] | None:
    """Message, hint and code ("" for the exception's own) of a CPython message, or None for one not known here."""
    for pattern, text, hint, *code in rows:
        match = re.fullmatch(pattern, message, re.DOTALL)
        if match:
            facts = {name: value or "" for name, value in match.groupdict().items()}
            if "kind" in facts:
                facts["kind"] = kind_of(facts["kind"])
            return text.format(**facts), hint.format(**facts), code[0] if code else ""
    return None
