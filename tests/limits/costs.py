"""The cost of everything a program can call without importing it.

constant    takes the same short time whatever it is given
receiver    a pass over the value it belongs to, or over the argument, both of which are never large
room        asks the meter for room before anything large is made (`sized`, `guards`)
metered     what it walks or calls counts steps
printed     makes text of a value; shared parts are looked at first (`printable`)
host        leaves the program: effects, input, the log; bounded by whoever answers
"""

from __future__ import annotations

CONSTANT, RECEIVER, ROOM, METERED = "constant", "receiver", "room", "metered"
PRINTED, HOST = "printed", "host"


def _classes(**groups: str) -> dict[str, str]:
    return {name: cost for cost, names in groups.items() for name in names.split()}


METHODS: dict[str, dict[str, str]] = {
    "str": _classes(
        receiver="count endswith find index isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric "
        "isprintable isspace istitle isupper lower lstrip maketrans partition removeprefix removesuffix rfind rindex "
        "rpartition rstrip startswith strip upper",
        room="capitalize casefold center encode expandtabs join ljust replace rjust rsplit split splitlines swapcase title "
        "translate zfill",
        printed="format format_map",
    ),
    "list": _classes(
        constant="append", receiver="clear copy count index insert pop remove reverse", metered="extend sort"
    ),
    "dict": _classes(
        constant="get items keys pop popitem setdefault values", receiver="clear copy", metered="fromkeys update"
    ),
    "set": _classes(
        constant="add discard pop remove",
        receiver="clear copy",
        metered="difference difference_update intersection intersection_update isdisjoint issubset issuperset "
        "symmetric_difference symmetric_difference_update union update",
    ),
    "tuple": _classes(receiver="count index"),
    "int": _classes(receiver="as_integer_ratio bit_count bit_length conjugate", room="to_bytes from_bytes"),
    "float": _classes(constant="as_integer_ratio conjugate hex is_integer", receiver="fromhex"),
    "range": _classes(constant="count index"),
}

BUILTINS = _classes(
    constant="abs callable chr exit getattr hasattr id is_even is_odd isinstance issubclass iter len log_level next noop "
    "ord quit slice sum_range timeout type bool float Ellipsis NotImplemented",
    receiver="bin hex oct divmod hash capitalize_words title_case basic_max basic_min basic_sum",
    room="factorial pow round int",
    metered="all any case cast enumerate filter map max min parallel race reversed sorted sum zip list dict set tuple "
    "frozenset bytes range",
    printed="format log print repr str",
    host="ask context_aware_reason feedback get_resource input learnable llm poet reason set_model use",
)
