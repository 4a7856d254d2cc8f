"""Methods and attributes of builtin values, as signature texts (read when first needed)."""

from __future__ import annotations

from dana.checker.signatures import signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.types import Type

STR = {
    "capitalize": "() -> str",
    "casefold": "() -> str",
    "center": "(width: int, fill: str=' ', /) -> str",
    "count": "(part: str, start=None, end=None, /) -> int",
    "encode": "(encoding: str='utf-8', errors: str='strict') -> bytes",
    "endswith": "(part, start=None, end=None, /) -> bool",
    "expandtabs": "(tabsize: int=8) -> str",
    "find": "(part: str, start=None, end=None, /) -> int",
    "format": "(...) -> str",
    "format_map": "(mapping, /) -> str",
    "index": "(part: str, start=None, end=None, /) -> int",
    "isalnum": "() -> bool",
    "isalpha": "() -> bool",
    "isascii": "() -> bool",
    "isdecimal": "() -> bool",
    "isdigit": "() -> bool",
    "isidentifier": "() -> bool",
    "islower": "() -> bool",
    "isnumeric": "() -> bool",
    "isprintable": "() -> bool",
    "isspace": "() -> bool",
    "istitle": "() -> bool",
    "isupper": "() -> bool",
    "join": "(parts: iterable, /) -> str",
    "ljust": "(width: int, fill: str=' ', /) -> str",
    "lower": "() -> str",
    "lstrip": "(chars=None, /) -> str",
    "maketrans": "(...) -> dict",
    "partition": "(mark: str, /) -> tuple[str, str, str]",
    "removeprefix": "(prefix: str, /) -> str",
    "removesuffix": "(suffix: str, /) -> str",
    "replace": "(old: str, new: str, count: int=-1, /) -> str",
    "rfind": "(part: str, start=None, end=None, /) -> int",
    "rindex": "(part: str, start=None, end=None, /) -> int",
    "rjust": "(width: int, fill: str=' ', /) -> str",
    "rpartition": "(mark: str, /) -> tuple[str, str, str]",
    "rsplit": "(sep=None, maxsplit: int=-1) -> list[str]",
    "rstrip": "(chars=None, /) -> str",
    "split": "(sep=None, maxsplit: int=-1) -> list[str]",
    "splitlines": "(keepends=False) -> list[str]",
    "startswith": "(part, start=None, end=None, /) -> bool",
    "strip": "(chars=None, /) -> str",
    "swapcase": "() -> str",
    "title": "() -> str",
    "translate": "(table, /) -> str",
    "upper": "() -> str",
    "zfill": "(width: int, /) -> str",
}

LIST = {
    "append": "(item, /) -> None",
    "clear": "() -> None",
    "copy": "() -> list",
    "count": "(item, /) -> int",
    "extend": "(items: iterable, /) -> None",
    "index": "(item, start=None, stop=None, /) -> int",
    "insert": "(index: int, item, /) -> None",
    "pop": "(index: int=-1, /) -> any",
    "remove": "(item, /) -> None",
    "reverse": "() -> None",
    "sort": "(*, key=None, reverse=False) -> None",
}

DICT = {
    "clear": "() -> None",
    "copy": "() -> dict",
    "fromkeys": "(keys: iterable, value=None, /) -> dict",
    "get": "(key, default=None, /) -> any",
    "items": "() -> any",
    "keys": "() -> any",
    "pop": "(key, default=None, /) -> any",
    "popitem": "() -> any",
    "setdefault": "(key, default=None, /) -> any",
    "update": "(entries=(), /, **more) -> None",
    "values": "() -> any",
}

SET = {
    "add": "(item, /) -> None",
    "clear": "() -> None",
    "copy": "() -> set",
    "difference": "(*others: iterable) -> set",
    "difference_update": "(*others: iterable) -> None",
    "discard": "(item, /) -> None",
    "intersection": "(*others: iterable) -> set",
    "intersection_update": "(*others: iterable) -> None",
    "isdisjoint": "(other: iterable, /) -> bool",
    "issubset": "(other: iterable, /) -> bool",
    "issuperset": "(other: iterable, /) -> bool",
    "pop": "() -> any",
    "remove": "(item, /) -> None",
    "symmetric_difference": "(other: iterable, /) -> set",
    "symmetric_difference_update": "(other: iterable, /) -> None",
    "union": "(*others: iterable) -> set",
    "update": "(*others: iterable) -> None",
}

TUPLE = {"count": "(item, /) -> int", "index": "(item, start=None, stop=None, /) -> int"}

INT = {
    "as_integer_ratio": "() -> tuple[int, int]",
    "bit_count": "() -> int",
    "bit_length": "() -> int",
    "conjugate": "() -> int",
    "to_bytes": "(...) -> bytes",
    "from_bytes": "(...) -> int",
}
INT_VALUES = {"real": "int", "imag": "int", "numerator": "int", "denominator": "int"}

FLOAT = {
    "as_integer_ratio": "() -> tuple[int, int]",
    "conjugate": "() -> float",
    "fromhex": "(text: str, /) -> float",
    "hex": "() -> str",
    "is_integer": "() -> bool",
}
FLOAT_VALUES = {"real": "float", "imag": "float"}

RANGE = {"count": "(item, /) -> int", "index": "(item, /) -> int"}
RANGE_VALUES = {"start": "int", "stop": "int", "step": "int"}

TABLES: dict[str, dict[str, str]] = {
    "str": STR,
    "list": LIST,
    "dict": DICT,
    "set": SET,
    "tuple": TUPLE,
    "tuple*": TUPLE,
    "int": INT,
    "bool": INT,
    "float": FLOAT,
    "range": RANGE,
}
VALUE_TABLES: dict[str, dict[str, str]] = {
    "int": INT_VALUES,
    "bool": INT_VALUES,
    "float": FLOAT_VALUES,
    "range": RANGE_VALUES,
}

# Methods of containers that neither keep the container nor hand it out, and what they add to it:
# positions of arguments that become elements ("item"), whose elements become elements ("items").
ADDS = {
    ("list", "append"): ("item", 0),
    ("list", "insert"): ("item", 1),
    ("list", "extend"): ("items", 0),
    ("set", "add"): ("item", 0),
    ("set", "update"): ("items", 0),
}
QUIET = frozenset(
    "append clear copy count index insert pop remove reverse sort extend get keys values items popitem add discard "
    "difference intersection union isdisjoint issubset issuperset symmetric_difference".split()
)
YIELDS_ELEMENT = frozenset({("list", "pop"), ("set", "pop"), ("dict", "popitem")})

STRUCT = {
    "copy": "(**changes) -> any",
    "to_dict": "() -> dict",
    "to_json": "(...) -> str",
    "from_dict": "(values, /) -> any",
    "from_json": "(text, /) -> any",
}

AGENT = {
    "plan": "(...) -> any",
    "solve": "(...) -> any",
    "chat": "(...) -> any",
    "reason": "(...) -> any",
    "remember": "(...) -> any",
    "recall": "(...) -> any",
    "recall_similar": "(...) -> any",
    "forget": "(...) -> any",
    "send": "(...) -> None",
    "name": "str",
    "description": "str",
    "state": "str",
    "get_conversation_stats": "(...) -> any",
    "clear_conversation_memory": "(...) -> any",
    "get_metrics": "(...) -> any",
}

RESOURCE = {"start": "(...) -> any", "stop": "(...) -> any", "query": "(...) -> any", "is_running": "(...) -> any"}

_cache: dict[tuple[str, str], Type] = {}


def method_type(kind: str, name: str) -> Type | None:
    """The signature of a builtin value's method, or None when it has no such method."""
    key = (kind, name)
    found = _cache.get(key)
    if found is None:
        text = TABLES[kind].get(name)
        if text is None:
            return None
        found = _cache[key] = signature(text)
    return found
