"""`"…".format(…)` without a way into objects (L50).

Python's own `format` walks attributes and items of its arguments (`"{0.__class__}"`). Here a field is a
position or a name, and may go on only with `[key]` into a list, tuple or dict and with `.field` into a
struct. Widths are bounded.
"""

from __future__ import annotations

from dana import abi
from dana.runtime.pipelines import MethodType
from dana.runtime.printable import printable_of
from dana.runtime.sized import at_hand
from dana.runtime.stops import failure
from dana.runtime.structs import Struct
from dana.runtime.typevalues import kind_of, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.meter import Meter

MAX_WIDTH_DIGITS = 6
MAX_WIDTH = 10**MAX_WIDTH_DIGITS


def safe_format(template: str, /, *args: Any, **keywords: Any) -> str:
    """What `template.format(*args, **keywords)` means."""
    if template.__class__ is not str:
        raise failure(TypeError, "E601", f"format needs a text, this is {kind_of(template)}")
    return _expand(template, args, keywords, [0], 2)


def format_of(value: Any) -> Any:
    """`.format_of(v)`: what `v.format` means: the safe formatter for a text, the attribute otherwise."""
    if isinstance(value, str):
        return MethodType(safe_format, value)
    if isinstance(value, type) and getattr(value, "_shape", None) is None:
        raise failure(AttributeError, "E604", f"the type `{value.__name__}` has no attribute `format`")
    return value.format


def check_spec(spec: str) -> None:
    """Refuse widths and precisions no page has."""
    run = 0
    for char in spec:
        run = run + 1 if char.isdigit() else 0
        if run > MAX_WIDTH_DIGITS:
            raise failure(ValueError, "E602", f"the width in the format {short(spec)} is too large")


def check_filled(meter: Meter, template: str | bytes, values: Any) -> None:
    """Refuse what `template % values` would make too wide."""
    text = template if isinstance(template, str) else template.decode("latin-1")
    places = text.count("%")
    check_spec(text)
    widest = 0
    if "*" in text:
        given = values if isinstance(values, tuple) else (values,)
        widest = max((abs(v) for v in given if isinstance(v, int)), default=0)
        if widest >= 10**MAX_WIDTH_DIGITS:
            raise failure(ValueError, "E602", f"the width {widest} in a format is too large")
    run = best = 0
    for char in text:
        run = run * 10 + int(char) if char in "0123456789" else 0
        best = max(best, run)
    meter.room(places * max(widest, best) + len(text))


def _expand(template: str, args: tuple[Any, ...], keywords: dict[str, Any], count: list[int], depth: int) -> str:
    from _string import formatter_parser  # type: ignore[import-not-found]

    if depth == 0:
        raise failure(ValueError, "E602", "format fields are nested too deep")
    out: list[str] = []
    size = 0
    meter = at_hand().meter
    printable = printable_of(meter)
    for literal, field, spec, conversion in formatter_parser(template):
        out.append(literal)
        if field is None:
            continue
        value = printable(_lookup(field, args, keywords, count))
        if conversion:
            value = _convert(value, conversion)
        inner = _expand(spec, args, keywords, count, depth - 1) if spec else ""
        check_spec(inner)
        out.append(format(value, inner))
        size += len(out[-1])
        if size > MAX_WIDTH:
            meter.room(size)
    return "".join(out)


def _convert(value: Any, conversion: str) -> str:
    if conversion not in "rsa":
        raise failure(ValueError, "E602", f"unknown conversion `!{conversion}` in a format, there are !r and !s")
    return str(value) if conversion == "s" else repr(value)


def _lookup(field: str, args: tuple[Any, ...], keywords: dict[str, Any], count: list[int]) -> Any:
    from _string import formatter_field_name_split

    first, rest = formatter_field_name_split(field)
    if first == "":
        first = count[0]
        count[0] += 1
    if isinstance(first, int):
        if first >= len(args):
            raise failure(IndexError, "E606", f"the format asks for argument {first}, there are {len(args)}")
        value = args[first]
    elif first in keywords:
        value = keywords[first]
    else:
        raise failure(KeyError, "E605", f"the format asks for `{first}`, which was not given")
    for is_attribute, key in rest:
        value = _field(value, key) if is_attribute else _item(value, key)
    return value


def _field(value: Any, name: str) -> Any:
    shape = getattr(type(value), "_shape", None)
    if isinstance(value, Struct) and shape is not None and name in shape.index:
        return getattr(value, abi.mangle(name))
    raise failure(ValueError, "E602", f"a format cannot reach `.{name}` of {kind_of(value)}, only fields of structs")


def _item(value: Any, key: Any) -> Any:
    if isinstance(value, list | tuple | dict):
        return value[key]
    raise failure(ValueError, "E602", f"a format cannot reach into {kind_of(value)}, only into lists, tuples and dicts")
