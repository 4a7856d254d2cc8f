"""`docs/stdlib.md`, the reference of the standard library, from the modules' own docstrings and `##` notes.

python -m tests.stdlib.reference            writes it
python -m tests.stdlib.reference --check    says whether it is out of date
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

from dana.ast import nodes as na
from dana.parser import parse
from dana.source import Source

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "stdlib.md"
MODULES = (
    "math", "text", "json", "files", "http", "process", "time", "stats", "random", "testing", "terminal", "actors", "resources",
)  # fmt: skip

INTRODUCTION = """# The standard library

Modules written in Dana that every program can import. What begins with an underscore inside them is theirs.
This page is made from the modules' own documentation (`python -m tests.stdlib.reference`); the examples run
with the tests.
"""
SECTION = re.compile(r"^# --- (.+?) -*$", re.MULTILINE)


def page() -> str:
    """The whole reference."""
    contents = [f"- [`{name}`](#{name}): {summary(name)}" for name in MODULES]
    contents.append("- [Python's pure modules](#pythons-pure-modules): `re`, `datetime`, `decimal`, `itertools`, …")
    return "\n".join([INTRODUCTION, *contents, ""]) + "".join(module_text(name) for name in MODULES) + pure_modules()


PURE = """
## Python's pure modules

These modules of Python need no grant. They mean what they mean in Python, name by name: what would show the inside of
objects or change settings for everybody is left out, and the message says what to write instead. `import re.py` insists
on Python's where a Dana module has the same name; `math`, `json`, `random` and `time` are Dana's own and offer what
Python's do.

```dana
import re
from datetime import date, timedelta
from collections import Counter

print(re.findall("[0-9]+", "a1 b22"))                  # expect: ['1', '22']
print(date(2025, 3, 9) + timedelta(days=30))           # expect: 2025-04-08
print(Counter("banana").most_common(1))                # expect: [('a', 3)]
```

What is different: results and arguments that would run away are refused (E521 to E524), and a call of `re` may take
about a second. `datetime.now()` and `date.today()` ask the program's clock, and local time is UTC. `date`, `datetime`, `time`,
`Decimal`, `Fraction` and `UUID` are types for annotations; a text becomes one where it is declared:
`due: date = "2025-03-09"`. A program with a seed draws `uuid4` and `secrets` from the seed. Flags of `re` are numbers.

| Module | Names |
|---|---|
"""


def pure_modules() -> str:
    """The chapter about modules of Python that need no grant, from the lists themselves (L48)."""
    from dana.runtime.curated import MODULES as PURE_MODULES
    from dana.runtime.curated import curated

    rows = []
    for name in PURE_MODULES:
        names = sorted(curated(name).signatures, key=lambda n: (n.lower(), n))
        rows.append(f"| `{name}` | {', '.join(f'`{each}`' for each in names)} |\n")
    return PURE + "".join(rows)


def read(name: str) -> tuple[Source, na.Module]:
    """A module's text and tree."""
    source = Source(f"{name}.na", (ROOT / "stdlib" / f"{name}.na").read_text(encoding="utf-8"))
    return source, parse(source).module


def summary(name: str) -> str:
    """What a module is for, from the first line of its docstring."""
    doc = read(name)[1].doc or ""
    return doc.strip().split("\n", 1)[0]


def module_text(name: str) -> str:
    """One chapter."""
    source, module = read(name)
    sections = [(match.start(), match.group(1)) for match in SECTION.finditer(source.text)]
    parts = [f"\n## {name}\n\n{(module.doc or '').strip()}\n", reexported(name, module)]
    for statement in module.body:
        while sections and sections[0][0] < statement.start:
            parts.append(f"\n### {name}: {sections.pop(0)[1]}\n")
        parts.append(statement_text(name, source, statement))
    return "".join(parts)


def reexported(name: str, module: na.Module) -> str:
    """The natives a module passes on under their own name, as one paragraph."""
    names = [
        alias.asname or alias.path[0]
        for statement in module.body
        if isinstance(statement, na.ImportFrom) and statement.path[0] == "natives"
        for alias in statement.names or ()
        if not (alias.asname or alias.path[0]).startswith("_")
    ]
    if name in ("math", "random"):
        return f"\nAs in Python: {', '.join(f'`{each}`' for each in sorted(names))}.\n"
    native = importlib.import_module(f"dana.runtime.natives.{name}") if names else None
    shown = []
    for each in names:
        value = native.EXPORTS[each]  # type: ignore[union-attr]
        doc = (value.__doc__ or "").split("\n", 1)[0]
        shown.append(f"\n#### `{name}.{each}{arguments_of(native.SIGNATURES[each])}`\n\n{doc}\n")  # type: ignore[union-attr]
    return "".join(shown)


def arguments_of(signature: str) -> str:
    """`(items: any, label: str = …) -> str` without types that say nothing."""
    return signature.removeprefix("effect ").replace(": any", "").replace(" /", "")


def statement_text(name: str, source: Source, statement: na.Stmt) -> str:
    """The entry of a function, method or type; nothing for anything else."""
    if isinstance(statement, na.FunctionDef) and not statement.name.startswith("_"):
        return function_text(name, source, statement)
    if isinstance(statement, na.StructDef) and not statement.name.startswith("_"):
        methods = [function_text(name, source, each, statement.name) for each in statement.methods]
        return struct_text(name, statement) + "".join(methods)
    return ""


def function_text(name: str, source: Source, function: na.FunctionDef, struct: str = "") -> str:
    """Heading with the signature, docstring, and a line per documented parameter."""
    params = function.params[1:] if struct else function.params
    inner = ", ".join(parameter_text(source, param) for param in params)
    owner = function.receiver.type.path[0] if function.receiver is not None else struct  # type: ignore[attr-defined]
    result = source.text[function.returns.start : function.returns.end] if function.returns else ""
    heading = ".".join(part for part in (name, owner, f"{function.name}({inner})") if part) + (
        f" -> {result}" if result else ""
    )
    notes = "".join(f"- `{param.name}`: {param.doc}\n" for param in function.params if param.doc)
    return f"\n#### `{heading}`\n\n{unindented(function.doc)}\n" + (f"\n{notes}" if notes else "")


def parameter_text(source: Source, param: na.Param) -> str:
    """`width: int = 80`, as written."""
    stars = {"star": "*", "double_star": "**"}.get(param.kind, "")
    text = stars + param.name
    if param.annotation is not None:
        text += ": " + source.text[param.annotation.start : param.annotation.end]
    if param.default is not None:
        equals = " = " if param.annotation is not None else "="
        text += equals + source.text[param.default.start : param.default.end]
    return text


def struct_text(name: str, struct: na.StructDef) -> str:
    """Heading, docstring, fields."""
    fields = "".join(f"- `{field.name}`" + (f": {field.doc}" if field.doc else "") + "\n" for field in struct.fields)
    return f"\n#### `{name}.{struct.name}`\n\n{unindented(struct.doc)}\n\n{fields}"


def unindented(doc: str | None) -> str:
    """A docstring without the indentation of the code around it."""
    import inspect

    return inspect.cleandoc(doc or "")


def main(words: list[str]) -> int:
    """Write or check the page; returns an exit status."""
    if words == ["--check"]:
        if PAGE.read_text(encoding="utf-8") == page():
            return 0
        sys.stderr.write("docs/stdlib.md is out of date; run `python -m tests.stdlib.reference`\n")
        return 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
