"""`docs/errors` from the catalogue: one page per family, one heading per code, and an index.

python -m dana.catalogue.pages docs/errors            writes them
python -m dana.catalogue.pages --check docs/errors    says what is out of date
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from dana.catalogue import FAMILIES, Entry

TITLES = {
    "syntax": "Text and syntax",
    "names": "Names and scopes",
    "types": "Types",
    "structure": "Calls, structs, functions, statements in the wrong place",
    "modules": "Modules and imports",
    "permissions": "Permissions, and Python's modules",
    "curated": "Python's pure modules",
    "hosting": "Between Python and a program",
    "world": "Files, HTTP, other programs",
    "running": "While running",
    "limits": "Limits, cancellation, denied acts",
    "isolation": "Worker processes",
    "intelligence": "POET, reason, agents",
    "effects": "Effects",
    "models": "Language models",
    "esper": "Esper: networks that grow",
    "agents": "Agents",
    "meta": "Agents: changes that are proposed",
    "tools": "The command line, and faults of Dana itself",
}


def main(words: list[str]) -> int:
    """Write or check the pages in the folder named; returns an exit status."""
    checking = words[:1] == ["--check"]
    folder = Path(words[1] if checking else words[0])
    stale = []
    for name, text in pages().items():
        path = folder / name
        if checking:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(str(path))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path_name in stale:
        sys.stderr.write(f"{path_name} does not match the catalogue; run `make docs`\n")
    return 1 if stale else 0


def pages() -> dict[str, str]:
    """File name → Markdown text."""
    families = {family: _entries(family) for family in FAMILIES}
    written = {f"{family}.md": _family_page(family, entries) for family, entries in families.items() if entries}
    return {"README.md": _index(families), **written}


def _entries(family: str) -> dict[str, Entry]:
    entries: dict[str, Entry] = import_module(f"dana.catalogue.{family}").ENTRIES
    return dict(sorted(entries.items()))


def _index(families: dict[str, dict[str, Entry]]) -> str:
    lines = [
        "# Findings",
        "",
        "Everything Dana can say about a program: `E` codes are errors, `W` codes warnings. `dana explain CODE` prints",
        "the same text. These pages are generated from `dana/catalogue` (`make docs`).",
    ]
    for family, entries in families.items():
        if entries:
            lines += ["", f"## [{TITLES[family]}]({family}.md)", "", "| code | |", "|---|---|"]
            lines += [f"| [{code}]({family}.md#{code.lower()}) | {entry.title} |" for code, entry in entries.items()]
    return "\n".join(lines) + "\n"


def _family_page(family: str, entries: dict[str, Entry]) -> str:
    parts = [f"# {TITLES[family]}"]
    for code, entry in entries.items():
        parts += [f"## {code}", f"**{entry.title}**", entry.explanation.strip()]
        parts += [
            f"{label}:\n\n```\n{program.strip(chr(10))}\n```"
            for label, program in (("Wrong", entry.wrong), ("Right", entry.right))
            if program.strip()
        ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
