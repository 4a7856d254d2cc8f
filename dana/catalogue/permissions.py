"""Codes of permissions and of Python modules (E510 to E519), and the lint of secrets."""

from __future__ import annotations

from dana.catalogue import Entry

_HOW = (
    "\n\nA program reaches only what it was granted, and what is denied stays denied. The message names what it "
    "wanted, and the hint the option that grants exactly this; a host writes the same words in `dana.Allow`. On a "
    "terminal the user is asked instead. `except Denied` lets a program go on without it."
)

ENTRIES: dict[str, Entry] = {
    "E510": Entry(
        "reading is not granted",
        "The program wanted to read a file or a folder outside of what it was granted. Links are followed first, so it "
        "is the real place that counts." + _HOW,
        'import files\n\nprint(files.read_text("prices.csv"))\n',
        'import files\n\ntry:\n    print(files.read_text("prices.csv"))\nexcept Denied:\n    print("no prices")\n',
    ),
    "E511": Entry(
        "writing is not granted",
        "The program wanted to write, move or remove something outside of what it was granted. The right to read a "
        "folder is not the right to write there." + _HOW,
        'import files\n\nfiles.write_text("report.txt", "done")\n',
        'print("done")\n',
    ),
    "E512": Entry(
        "a connection is not granted",
        "The program wanted to reach a host, or a port of it, that it was not granted. `*.acme.dev` covers every host "
        "below `acme.dev`, but not that itself." + _HOW,
        'import http\n\nprint(http.get("https://api.acme.dev/rates"))\n',
        'import http\n\ntry:\n    print(http.get("https://api.acme.dev/rates"))\n'
        'except Denied:\n    print("no rates")\n',
    ),
    "E513": Entry(
        "an environment variable is not granted",
        "The environment often holds secrets, so each variable needs a grant." + _HOW,
        'import process\n\nprint(process.env("API_KEY"))\n',
        'def __main__(key: str = ""):\n    print(len(key))\n',
    ),
    "E514": Entry(
        "a program of the system is not granted",
        "The program wanted to run another one. A grant covers one program by its name; what that may do in turn is "
        "not Dana's to decide." + _HOW,
        'import process\n\nprint(process.run("git", "status"))\n',
        'print("nothing to run")\n',
    ),
    "E515": Entry(
        "a Python module is not granted",
        "A Python module can do whatever Python can, so importing one needs a grant; so does one that a granted module "
        "happens to show. Many need none: `math`, `datetime`, `re` and others are there without." + _HOW,
        'import glob.py\n\nprint(glob.glob("*"))\n',
        "import math\n\nprint(math.sqrt(16))\n",
    ),
    "E516": Entry(
        "a model is not granted",
        "The program wanted to ask a language model that it was not granted, or any at all." + _HOW,
    ),
    "E517": Entry(
        "part of a Python object that stays hidden",
        "An object of Python shows its public names. Names that begin with `_`, and a few others such as `func`, lead "
        "from an object into the interpreter; classes such as frames and functions such as `eval` are never handed "
        "out. No grant changes that.",
        'import pathlib.py\n\nplace = pathlib.PurePath("data/x.csv")\nprint(place._parts)\n',
        'import pathlib.py\n\nplace = pathlib.PurePath("data/x.csv")\nprint(place.parts)\n',
    ),
    "E518": Entry(
        "there is no such Python module",
        "A package was found, but not the module in it that was asked for; or a module needs another one that is not "
        "installed for the Python that runs Dana.",
        "import xml.dom.tree.py\n",
        "import xml.dom.minidom.py\n",
    ),
    "E519": Entry(
        "Python code failed",
        "A function of a granted Python module, or of the host, raised an exception. It arrives under its own name and "
        "with its message, and can be caught like any other; the hint says which class it is.",
        'import shlex.py\n\nprint(shlex.split("never \\"closed"))\n',
        'import shlex.py\n\ntry:\n    print(shlex.split("never \\"closed"))\nexcept ValueError as problem:\n'
        "    print(problem.message)\n",
    ),
    "W308": Entry(
        "a secret in the text of a program",
        "Programs are copied, printed in error messages and kept under version control: a key that stands in one is "
        "no secret. It belongs where the program runs: in the environment, or in a file that only it may read.",
        "import secrets\n\nkey = secrets.Secret('sk-1234567890')\nprint(key)\n",
        "import secrets\n\ndef header(key: secrets.Secret) -> secrets.Secret:\n"
        "    return key.prefixed('Bearer ')\n\nprint(header)\n",
    ),
}
