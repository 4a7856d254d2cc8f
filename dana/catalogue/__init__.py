"""Every diagnostic code, with the explanation `dana explain CODE` prints.

One module per family; `wrong` is a whole program that produces exactly this code (a test runs it),
`right` its mended twin. `docs/errors/` is generated from here.

| codes | family | module |
|---|---|---|
| E1xx | text and syntax | `syntax` |
| E2xx | names and scopes | `names` |
| E3xx | types | `types` |
| E4xx | structure: calls, structs, functions, decorators, statements in the wrong place | `structure` |
| E5xx | modules and imports | `modules` |
| E51x | permissions, Python's modules | `permissions` |
| E52x | Python's pure modules | `curated` |
| E53x | files, HTTP, other programs | `world` |
| E6xx | run-time errors | `running` |
| E7xx | limits, cancellation, denied acts | `limits` |
| E8xx | POET, reason, agents; effects (E83x); models (E85x); Esper (E860–E861); agents (E862–E884) | `intelligence`, `effects`, `models`, `esper`, `agents` |
| E96x | changes that agents propose | `meta` |
| E9xx | the command line and our own faults | `tools` |
| W1xx–W4xx | lints (warnings), numbered like their family | with the family |
"""

from __future__ import annotations

FAMILIES = (
    "syntax",
    "names",
    "types",
    "structure",
    "modules",
    "permissions",
    "curated",
    "world",
    "hosting",
    "running",
    "limits",
    "isolation",
    "intelligence",
    "effects",
    "models",
    "esper",
    "agents",
    "meta",
    "tools",
)


class Entry(tuple[str, str, str, str]):
    """Title, explanation, a wrong program and its right twin."""

    __slots__ = ()

    def __new__(cls, title: str, explanation: str, wrong: str = "", right: str = "") -> Entry:
        return tuple.__new__(cls, (title, explanation, wrong, right))

    @property
    def title(self) -> str:
        return self[0]

    @property
    def explanation(self) -> str:
        return self[1]

    @property
    def wrong(self) -> str:
        return self[2]

    @property
    def right(self) -> str:
        return self[3]


def catalogue() -> dict[str, Entry]:
    """All entries by code, in code order."""
    from importlib import import_module

    found: dict[str, Entry] = {}
    for family in FAMILIES:
        entries: dict[str, Entry] = import_module(f"dana.catalogue.{family}").ENTRIES
        overlap = found.keys() & entries.keys()
        if overlap:
            msg = f"codes defined twice: {sorted(overlap)}"
            raise ValueError(msg)
        found.update(entries)
    return dict(sorted(found.items()))
