"""Reading and writing JSON: Python's codec, with Dana's structs, depth limits and friendlier errors.

Turning what was read into structs is the business of `shapes`.
"""

from __future__ import annotations

from dana.runtime.natives import types_on_demand
from dana.runtime.natives.shapes import decode_as
from dana.runtime.secrets import Secret
from dana.runtime.structs import Struct
from dana.runtime.typevalues import kind_of
from dana.secrets import SHOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from json import JSONDecodeError
    from typing import Any, NoReturn

MAX_DEPTH = 200
MAX_INDENT = 32

EXPECTED = {
    "Expecting value": "a value is missing",
    "Expecting property name enclosed in double quotes": 'a name in double quotes should stand here, as in {"name": 1}',
    "Expecting ':' delimiter": "a colon is missing after the name",
    "Expecting ',' delimiter": "a comma or the closing bracket is missing",
    "Unterminated string starting at": "this text is never closed",
    "Invalid control character at": "a line break or control character stands inside a text; write \\n for it",
    "Invalid \\escape": "an unknown escape; a backslash itself is written \\\\",
    "Extra data": "the value is complete, and something follows it",
}


def decode(text: object, /, *, allow_nan: bool = False) -> Any:
    """The value a JSON text stands for. ValueError tells line and column of what is wrong."""
    import json

    from dana.runtime.sized import at_hand

    # The codec cannot be stopped while it works: who has no time left does not begin.
    at_hand().meter.check()
    if isinstance(text, bytes | bytearray):
        text = decode_utf8(bytes(text))
    if not isinstance(text, str):
        msg = f"JSON is read from text, not from {type(text).__name__}"
        raise TypeError(msg)
    text = text.removeprefix("\ufeff")
    refuse_depth(text)
    try:
        return json.loads(text) if allow_nan else json.loads(text, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(explain(error)) from None
    except ValueError as error:
        if "integer string conversion" not in str(error):
            raise
        msg = "JSON: a whole number has thousands of digits; send it as text"
        raise ValueError(msg) from None


def decode_utf8(data: bytes) -> str:
    """Bytes as text; JSON is UTF-8 unless it says otherwise with a byte order mark."""
    import json

    try:
        return data.decode(json.detect_encoding(data), "strict")
    except UnicodeDecodeError as error:
        msg = f"JSON: byte {error.start} is not valid {error.encoding}"
        raise ValueError(msg) from None


def refuse_constant(name: str) -> NoReturn:
    """NaN and the infinities are JavaScript, not JSON."""
    msg = f"JSON has no {name}; read it with allow_nan=True if the sender cannot do without"
    raise ValueError(msg)


def refuse_depth(text: str) -> None:
    """Refuses text nested deeper than `MAX_DEPTH`; costs two counts unless there is reason to look."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    import re

    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text, re.DOTALL):
        bracket = match.group()
        if bracket in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                line, column = position(text, match.start())
                msg = f"JSON: line {line}, column {column}: nested more than {MAX_DEPTH} levels deep"
                raise ValueError(msg)
        elif bracket in "]}":
            depth -= 1


def explain(error: JSONDecodeError) -> str:
    """What is wrong, where, and the text around it."""
    text, at = error.doc, error.pos
    if not text.strip():
        return "JSON: the text is empty"
    reason = EXPECTED.get(error.msg, error.msg)
    if text[at : at + 1] in ("]", "}") and text[:at].rstrip().endswith(","):
        reason = "a comma stands before the closing bracket"
    elif text[at : at + 1] == "'":
        reason = "JSON writes texts in double quotes, not in single ones"
    elif text.startswith(("True", "False", "None"), at):
        reason = "JSON writes true, false and null"
    elif error.msg == "Expecting ',' delimiter" and text[at - 1 : at] == "0" and text[at : at + 1].isdigit():
        reason = "a number does not begin with 0"
    elif at >= len(text):
        reason += ", and the text ends here"
    line, column = position(text, at)
    near = text[at : at + 24].split("\n", 1)[0]
    return f"JSON: line {line}, column {column}: {reason}" + (f" (near {near!r})" if near else "")


def position(text: str, at: int) -> tuple[int, int]:
    """Line and column, counted from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def encode(
    value: Any,
    /,
    *,
    indent: int | str | None = None,
    sort_keys: bool = False,
    ensure_ascii: bool = True,
    allow_nan: bool = False,
    separators: tuple[str, str] | None = None,
    skipkeys: bool = False,
    default: Callable[[Any], Any] | None = None,
) -> str:
    """The JSON text of a value; structs become objects."""
    import json

    from dana.runtime.printable import printable_of
    from dana.runtime.sized import at_hand

    if indent is not None and (len(indent) if isinstance(indent, str) else indent) > MAX_INDENT:
        msg = f"an indent of more than {MAX_INDENT} is refused"
        raise ValueError(msg)
    meter = at_hand().meter

    def printable(item: Any) -> Any:
        printable_of(meter)(item)
        return item

    printable(value)
    meter.check()

    def plain(item: Any) -> Any:
        if isinstance(item, Struct):
            return {field.name: getattr(item, field.slot) for field in item._shape.fields}
        if item.__class__ is Secret:
            return SHOWN
        return refuse_value(item) if default is None else printable(default(item))

    try:
        return json.dumps(
            value,
            indent=indent,
            sort_keys=sort_keys,
            ensure_ascii=ensure_ascii,
            allow_nan=allow_nan,
            separators=separators,
            skipkeys=skipkeys,
            default=plain,
        )
    except ValueError as error:
        raise ValueError(explain_value_error(str(error))) from None
    except RecursionError:
        msg = "the value is nested too deeply for JSON"
        raise ValueError(msg) from None


def refuse_value(value: Any) -> NoReturn:
    """JSON knows objects, lists, texts, numbers, true, false and null."""
    if isinstance(value, set | frozenset):
        msg = "a set has no order, so JSON has no form for it; write sorted(it) or list(it)"
    else:
        msg = f"JSON has no form for a value of type {kind_of(value)}"
    raise TypeError(msg)


def explain_value_error(message: str) -> str:
    """Python's two complaints about values, as a Dana user would say them."""
    if message.startswith("Circular reference"):
        return "the value contains itself, and JSON cannot say that"
    if message.startswith("Out of range float"):
        return "JSON has no NaN and no infinity; replace them, or write with allow_nan=True"
    return message


SIGNATURES = {
    "decode": "(text: any /, *, allow_nan: bool = …) -> any",
    "decode_as": "(value: any /, type: any /) -> any",
    "encode": (
        "(value: any /, *, indent: int | str | None = …, sort_keys: bool = …, ensure_ascii: bool = …,"
        " allow_nan: bool = …, separators: any = …, skipkeys: bool = …, default: any = …) -> str"
    ),
}
EXPORTS: dict[str, object] = {"decode": decode, "decode_as": decode_as, "encode": encode}
NEEDS_PROGRAM: frozenset[str] = frozenset()
__getattr__ = types_on_demand(SIGNATURES)
