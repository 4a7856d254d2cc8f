"""Codes of the modules family."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E501": Entry(
        "no such module",
        "`import geo` looks for `geo.na`, then for a folder `geo` with `.na` files, in the folder of the importing\n"
        "file, in that of the program, in those named by `DANAPATH`, and in the standard library. The message says\n"
        "where it looked. Last comes a Python module of the name, if it is installed; running its import needs a\n"
        "grant (E515). A name Dana has something better for, such as `os`, must be granted to be found, or be written\n"
        "`import os.py`.",
        "import maths\nprint(maths.sqrt(4))\n",
        "import math\nprint(math.sqrt(4))\n",
    ),
    "E502": Entry(
        "the module has no such name",
        "The module was found, but it defines nothing of this name that others may use.",
        "from math import squareroot\nprint(squareroot(4))\n",
        "from math import sqrt\nprint(sqrt(4))\n",
    ),
    "E503": Entry(
        "a private name of another module",
        "Names that begin with `_` stay inside the module that defines them.",
        "from stats import _numbers\nprint(_numbers([1], 1, 'mean'))\n",
        "from stats import mean\nprint(mean([1]))\n",
    ),
    "E504": Entry(
        "modules import each other",
        "A module is compiled before the modules that import it, so two modules cannot need each other, directly or\n"
        "through others; nor does it help to import inside a function. The message shows the circle. What both need\n"
        "belongs into a module of its own, which both import.\n\n"
        "    # bill.na                      # customer.na\n"
        "    import customer                import bill            wrong: a circle\n"
        "    import rates                   import rates           right: both import a third",
    ),
}
