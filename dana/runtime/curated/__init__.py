"""Python's pure modules for Dana programs, without any grant (L48).

    finder      `import re`: no Dana module of that name, so the name is looked up in `MODULES`
    family      one file here per module or family of modules; loaded when a program first imports one
    record      what `make(program)` returned becomes the namespace of an ordinary Dana module

Everything a program gets is on an allow-list: a name that a new version of Python adds is not there until
somebody has read what it does. Each family file has `FAMILY`: module name → `Curated`, whose `signatures` are
that list and, at the same time, what the checker knows (notation: `natives.signatures`, `@date` for an instance
of a curated type), and whose `refused` says what to write instead of the names that stay out.

Invariants, for whoever adds a module:

    no host objects      functions, plain values, `CuratedType`s (never a Python class), and instances of classes
                         whose every public attribute is on the reviewed list of `tests/curated`
    metered              iterables are drawn through `program.source` or `Holding.walked`; endless iterators count
                         steps themselves (`Lazy`); what is proportional to the size of an argument is charged
    bounded              a result that could be larger than its arguments is refused before it is built
    deterministic        clocks and chance are the program's; the local time zone is UTC
    nothing at start     a program that imports none of this loads none of it
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.runtime.program import Program

# The file of this package that makes a module; "" for a package that only holds others.
MODULES: dict[str, str] = {
    "base64": "coding",
    "bisect": "ordering",
    "calendar": "calendars",
    "collections": "collecting",
    "copy": "copying",
    "csv": "tables",
    "datetime": "dates",
    "decimal": "decimals",
    "fractions": "rationals",
    "functools": "functions",
    "hashlib": "digests",
    "heapq": "ordering",
    "hmac": "digests",
    "html": "coding",
    "io": "tables",
    "itertools": "iterating",
    "operator": "functions",
    "re": "regexes",
    "secrets": "secrecy",
    "statistics": "samples",
    "string": "texts",
    "textwrap": "texts",
    "unicodedata": "texts",
    "urllib": "",
    "urllib.parse": "addresses",
    "uuid": "identities",
    "zlib": "coding",
}

# Modules of Python that scripts ask for and Dana answers in another way.
INSTEAD: dict[str, str] = {
    "abc": "declare an `interface`; whatever has its methods conforms",
    "argparse": "declare `def __main__(name: str, count: int = 1)` and run `dana file.na name=…`",
    "array": "use a list",
    "asyncio": "call effects as ordinary functions; independent ones run side by side",
    "collections.abc": "`Iterable`, `Mapping`, `Sequence`, `Callable` are there without an import",
    "contextlib": "use `with` and `resource`s that define `start` and `stop`",
    "dataclasses": "declare a `struct`",
    "enum": 'write a union of literals: `type Color = "red" | "green"`',
    "inspect": "use `type(x)`, `isinstance` and the fields of structs",
    "logging": "call `log(…)`",
    "numbers": "write `int | float`",
    "os": "ask the policy for files and the environment: `import files`",
    "os.path": "join and split texts with `/`",
    "pathlib": "paths are texts; `import files` reads and writes what is granted",
    "pickle": "use `json`, which stores data and runs nothing",
    "pprint": "print it: `print(json.pretty(value))`",
    "subprocess": "running programs needs a grant",
    "sys": "use `exit(…)` and the settings `system:…`",
    "threading": "independent effects run side by side without threads",
    "types": "the names of types are there without an import",
    "typing": "`Optional`, `Union`, `Literal`, `Callable` and `any` are there without an import",
    "unittest": "`import testing`, and `test` blocks",
    "zoneinfo": "use offsets: `timezone(timedelta(hours=1))`",
}


class Curated:
    """One module: `make(program)` gives its names, `signatures` their types, `refused` a hint for others."""

    __slots__ = ("make", "refused", "signatures")

    def __init__(
        self,
        make: Callable[[Program], dict[str, Any]],
        signatures: Mapping[str, str],
        refused: Mapping[str, str] | None = None,
    ) -> None:
        self.make = make
        self.signatures = signatures
        self.refused = refused or {}


def curated(name: str) -> Curated:
    """The description of a module of `MODULES`; loads its family."""
    family = MODULES[name]
    if not family:
        inside = {n.partition(".")[2]: "any" for n in MODULES if n.startswith(f"{name}.")}
        return Curated(lambda _program: {}, inside)
    from importlib import import_module

    found: Curated = import_module(f"dana.runtime.curated.{family}").FAMILY[name]
    return found


def names_of(program: Program, name: str) -> dict[str, Any]:
    """The namespace of a module, made for one program."""
    return curated(name).make(program)


def types_of(name: str) -> dict[str, Any]:
    """Static types by name, for the checker."""
    from dana.runtime.natives import signatures

    return signatures.types_of(curated(name).signatures)


def instead_of(name: str) -> str:
    """What Dana has in place of a module of Python, as a hint; "" when there is nothing to say."""
    return INSTEAD.get(name, "")
