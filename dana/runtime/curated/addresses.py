"""`urllib.parse`: addresses taken apart and put together; nothing here opens one."""

from __future__ import annotations

import urllib.parse as host

from dana.runtime.curated import Curated
from dana.runtime.curated.values import Bounds, CuratedType, named, register, sized, too_large
from dana.runtime.printable import text_of
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

MAX_ADDRESS = 1_000_000
SIMPLE = (
    "quote quote_plus quote_from_bytes unquote unquote_plus unquote_to_bytes urldefrag urljoin urlparse urlsplit "
    "parse_qs parse_qsl"
).split()
RESULTS = ("ParseResult", "SplitResult", "DefragResult")


def make_parse(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)

    def refuse(*_args: Any, **_keywords: Any) -> Any:
        raise failure(TypeError, "E601", "addresses are taken apart by `urlparse`, `urlsplit` and `urldefrag`")

    register(program, *(CuratedType(name, getattr(host, name), refuse) for name in RESULTS))

    def urlencode(query: Any, doseq: bool = False, safe: str = "", encoding: Any = None, errors: Any = None) -> str:
        """`a=1&b=2` of a dict or of pairs."""
        pairs = list(query.items()) if isinstance(query, dict) else bounds.listed(query)
        size = sum(len(text_of(part)) for pair in pairs for part in pair)
        if size > MAX_ADDRESS:
            raise too_large(f"a query of {size:,} characters", f"at most {MAX_ADDRESS:,}")
        bounds.charge(size * 8)
        return host.urlencode(pairs, doseq, safe, encoding, errors)

    def joiner(name: str, parts: int) -> Any:
        work = getattr(host, name)

        def join(components: Any) -> Any:
            found = tuple(components)
            if len(found) != parts or sum(len(part) for part in found) > MAX_ADDRESS:
                raise failure(ValueError, "E602", f"{name} takes {parts} texts")
            return work(found)

        return named(name, join)

    made = {name: sized(bounds, getattr(host, name), 3, MAX_ADDRESS) for name in SIMPLE}
    return {
        **made,
        "urlencode": urlencode,
        "urlunparse": joiner("urlunparse", 6),
        "urlunsplit": joiner("urlunsplit", 5),
    }


QUERY = (
    "qs: any, keep_blank_values: bool = …, strict_parsing: bool = …, encoding: str = …, errors: str = …, "
    "max_num_fields: any = …, separator: str = …"
)
SIGNATURES = {
    "quote": "(string: any, safe: any = …, encoding: any = …, errors: any = …) -> str",
    "quote_plus": "(string: any, safe: any = …, encoding: any = …, errors: any = …) -> str",
    "quote_from_bytes": "(bs: any, safe: any = …) -> str",
    "unquote": "(string: any, encoding: str = …, errors: str = …) -> str",
    "unquote_plus": "(string: str, encoding: str = …, errors: str = …) -> str",
    "unquote_to_bytes": "(string: any) -> bytes",
    "urldefrag": "(url: any) -> any",
    "urljoin": "(base: str, url: str, allow_fragments: bool = …) -> str",
    "urlparse": "(url: any, scheme: str = …, allow_fragments: bool = …) -> any",
    "urlsplit": "(url: any, scheme: str = …, allow_fragments: bool = …) -> any",
    "parse_qs": f"({QUERY}) -> dict",
    "parse_qsl": f"({QUERY}) -> list",
    "urlencode": "(query: any, doseq: bool = …, safe: str = …, encoding: any = …, errors: any = …) -> str",
    "urlunparse": "(components: any) -> any",
    "urlunsplit": "(components: any) -> any",
}
FAMILY = {"urllib.parse": Curated(make_parse, SIGNATURES)}
