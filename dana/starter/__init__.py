"""What `dana new` puts into a fresh folder: whole files, taken from the folders beside this one.

    dana new demo --kind library ──▶ common/ and library/, every `starter_name` replaced ──▶ demo/

The templates are ordinary programs, so that Dana's own checks, formatter and tests run on them where they lie. They
say `starter_name` where the project's module is meant and `starter-name` where the project is. There is no template
language, and nothing is asked: a project that needs less is made by deleting a file.
"""

from __future__ import annotations

import os

KINDS = ("application", "library", "embedded")

# Templates that git, or a tool that reads the checkout, would take for its own under their real names.
_REAL_NAMES = {"gitignore": ".gitignore", "workflow.yml": os.path.join(".github", "workflows", "check.yml")}
_HERE = os.path.dirname(os.path.abspath(__file__))


def module_name(name: str) -> str:
    """The name under which a project's module is imported: `my-rules` is `my_rules`."""
    return name.replace("-", "_")


def files(name: str, kind: str, version: str) -> dict[str, str]:
    """The files of a new project: path below its folder → text. `version` is the Dana it is made for."""
    found: dict[str, str] = {}
    for folder in ("common", kind):
        for template in sorted(os.listdir(os.path.join(_HERE, folder))):
            path = os.path.join(_HERE, folder, template)
            if os.path.isfile(path):
                with open(path, encoding="utf-8") as stream:
                    text = stream.read()
                real = _REAL_NAMES.get(template, template)
                found[_filled(real, name, version)] = _filled(text, name, version)
    return found


def _filled(text: str, name: str, version: str) -> str:
    text = text.replace("starter_name", module_name(name)).replace("starter-name", name)
    return text.replace("starter-version", version)
