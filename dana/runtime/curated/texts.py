"""`string`, `textwrap` and `unicodedata`."""

from __future__ import annotations

import re
import string as host
import textwrap as host_textwrap
import unicodedata as host_unicodedata

from dana.runtime.curated import Curated
from dana.runtime.curated.values import Bounds, CuratedType, named, register, sized, too_large
from dana.runtime.printable import text_of
from dana.runtime.stops import failure
from dana.runtime.typevalues import kind_of, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

CONSTANTS = (
    "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits printable punctuation whitespace".split()
)


class Template:
    """`Template("$name owes $$5").substitute(name="Bob")`."""

    __slots__ = ("_bounds", "template")

    def __init__(self, bounds: Bounds, template: Any) -> None:
        if not isinstance(template, str):
            raise failure(TypeError, "E601", f"a template is a text, not {kind_of(template)}")
        self._bounds = bounds
        self.template = template

    def substitute(self, mapping: Any = None, /, **keywords: Any) -> str:
        """The text with its names put in; each must be given."""
        return self._filled(mapping, keywords, safe=False)

    def safe_substitute(self, mapping: Any = None, /, **keywords: Any) -> str:
        """The text with its names put in; others stay as they are."""
        return self._filled(mapping, keywords, safe=True)

    def _filled(self, mapping: Any, keywords: dict[str, Any], *, safe: bool) -> str:
        if mapping is not None and not isinstance(mapping, dict):
            raise failure(TypeError, "E601", f"a template takes a dict, not {kind_of(mapping)}")
        known = {**(mapping or {}), **keywords}
        out: list[str] = []
        size = at = 0
        for found in host.Template.pattern.finditer(self.template):
            out.append(self.template[at : found.start()])
            at = found.end()
            name = found["named"] or found["braced"]
            if found["escaped"] is not None:
                put = "$"
            elif name is None:
                if not safe:
                    raise failure(ValueError, "E602", f"invalid placeholder in a template at {found.start()}")
                put = found.group()
            elif name in known:
                put = text_of(known[name])
            elif safe:
                put = found.group()
            else:
                raise failure(KeyError, "E605", f"the template asks for `{name}`, which was not given")
            size += len(put)
            self._bounds.room(size)
            out.append(put)
        out.append(self.template[at:])
        return "".join(out)

    def get_identifiers(self) -> list[str]:
        """The names in it, in order."""
        found = (m["named"] or m["braced"] for m in host.Template.pattern.finditer(self.template))
        return list(dict.fromkeys(name for name in found if name))

    def __repr__(self) -> str:
        return f"Template({short(self.template)})"


def make_string(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)
    kind = CuratedType("Template", Template, lambda template: Template(bounds, template))
    register(program, kind)
    return {
        **{name: getattr(host, name) for name in CONSTANTS},
        "capwords": sized(bounds, host.capwords, 2),
        "Template": kind,
    }


STRING = {
    **dict.fromkeys(CONSTANTS, "str"),
    "capwords": "(s: str, sep: any = …) -> str",
    "Template": "(template: str) -> @Template",
}

# --- textwrap -----------------------------------------------------------------------------------

MAX_WRAPPED = 1_000_000
MAX_PREFIX = 1_000
# A word that is longer than a line is copied once for each line it fills.
MAX_COPIED = 500_000_000
WIDTH = 70
WRAPS = 20


def make_textwrap(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)

    def guarded(work: Any, growth: int) -> Any:
        def call(text: Any, *args: Any, **options: Any) -> Any:
            if not isinstance(text, str):
                raise failure(TypeError, "E601", f"`{work.__name__}` takes a text, not {kind_of(text)}")
            if len(text) > MAX_WRAPPED:
                raise too_large(f"a text of {len(text):,} characters", f"at most {MAX_WRAPPED:,}")
            prefixes = [v for v in (*args, *options.values()) if isinstance(v, str)]
            longest = max(map(len, prefixes), default=0)
            if longest > MAX_PREFIX or (isinstance(options.get("tabsize"), int) and options["tabsize"] > MAX_PREFIX):
                raise too_large("an indentation", f"at most {MAX_PREFIX:,} characters")
            bounds.charge(len(text) * growth)
            bounds.room(len(text) * (1 + longest))
            if growth == WRAPS:
                width = options.get("width", args[0] if args else WIDTH)
                word = max(map(len, text.split()), default=0)
                if isinstance(width, int) and word * len(text) // max(width, 1) > MAX_COPIED:
                    raise too_large(f"a word of {word:,} characters", f"in lines of {width} it would take too long")
            return work(text, *args, **options)

        return named(work.__name__, call)

    growths = {"wrap": WRAPS, "fill": WRAPS, "shorten": WRAPS, "dedent": 4, "indent": 2}
    return {name: guarded(getattr(host_textwrap, name), growth) for name, growth in growths.items()}


OPTIONS = (
    "initial_indent: str = …, subsequent_indent: str = …, expand_tabs: bool = …, replace_whitespace: bool = …, "
    "fix_sentence_endings: bool = …, break_long_words: bool = …, drop_whitespace: bool = …, "
    "break_on_hyphens: bool = …, tabsize: int = …, max_lines: any = …, placeholder: str = …"
)
TEXTWRAP = {
    "wrap": f"(text: str, width: int = …, *, {OPTIONS}) -> list[str]",
    "fill": f"(text: str, width: int = …, *, {OPTIONS}) -> str",
    "shorten": f"(text: str, width: int, *, {OPTIONS}) -> str",
    "dedent": "(text: str) -> str",
    "indent": "(text: str, prefix: str, predicate: any = …) -> str",
}
NO_TEXTWRAP = {"TextWrapper": "give the options to `textwrap.wrap` and `textwrap.fill`"}

# --- unicodedata --------------------------------------------------------------------------------

ABOUT_A_CHARACTER = (
    "bidirectional category combining decimal decomposition digit east_asian_width mirrored name numeric"
)


# C sorts the marks on one letter by exchanging neighbours: of so many in a row at most.
MAX_MARKS = 128
# A ligature may become so many characters, a letter with marks so many.
COMPATIBLE, CANONICAL = 18, 4


# So much is looked at between two moments at which the program may be stopped.
PIECE = 10_000


class _Marks:
    """Finds more marks in a row than a letter may have."""

    def __init__(self) -> None:
        marks = [char for char in map(chr, range(0x300, 0x1F000)) if host_unicodedata.combining(char)]
        self.all = frozenset(marks)
        self.too_many = re.compile(f"[{re.escape(''.join(marks))}]{{{MAX_MARKS}}}")

    def check(self, text: str) -> None:
        for start in range(0, len(text), PIECE):
            piece = text[start : start + PIECE + MAX_MARKS]
            if not self.all.isdisjoint(piece) and self.too_many.search(piece):
                raise too_large("a letter with its marks", f"at most {MAX_MARKS} marks in a row")


def make_unicodedata(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)
    known: list[_Marks] = []

    def guarded(work: Any) -> Any:
        def call(form: str, unistr: str, /) -> Any:
            if isinstance(form, str) and isinstance(unistr, str) and not unistr.isascii():
                bounds.room(len(unistr) * 2 * (COMPATIBLE if "K" in form else CANONICAL))
                if len(unistr) > MAX_MARKS:
                    if not known:
                        known.append(_Marks())
                    known[0].check(unistr)
            return work(form, unistr)

        return named(work.__name__, call)

    return {
        **{name: getattr(host_unicodedata, name) for name in (*ABOUT_A_CHARACTER.split(), "lookup")},
        "normalize": guarded(host_unicodedata.normalize),
        "is_normalized": guarded(host_unicodedata.is_normalized),
        "unidata_version": host_unicodedata.unidata_version,
    }


UNICODEDATA = {
    **dict.fromkeys(("bidirectional", "category", "decomposition", "east_asian_width"), "(chr: str /) -> str"),
    **dict.fromkeys(("combining", "mirrored"), "(chr: str /) -> int"),
    **dict.fromkeys(("decimal", "digit", "name", "numeric"), "(chr: str /, default: any / = …) -> any"),
    "lookup": "(name: str /) -> str",
    "normalize": "(form: str /, unistr: str /) -> str",
    "is_normalized": "(form: str /, unistr: str /) -> bool",
    "unidata_version": "str",
}
FAMILY = {
    "string": Curated(make_string, STRING, {"Formatter": "use f-strings and `format`"}),
    "textwrap": Curated(make_textwrap, TEXTWRAP, NO_TEXTWRAP),
    "unicodedata": Curated(make_unicodedata, UNICODEDATA, {"ucd_3_2_0": "there is one version of Unicode"}),
}
