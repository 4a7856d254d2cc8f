"""Codes of Esper: E86x, networks that grow."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E860": Entry(
        "Esper is not there",
        "Networks stand on PyTorch, which is large and therefore not installed with Dana: `pip install 'dana[esper]'`, with "
        "Dana's constraints.txt for the build without graphics cards. In a program that runs isolated (`--isolate`) "
        "there are no networks at all.",
    ),
    "E861": Entry(
        "a network or training that cannot be",
        "Sizes are whole numbers from 1, rows are lists of finite numbers of one length, and what a network takes must be "
        "what the data has. What cannot grow is no error: `propose` and `germinate` then give a `Refused`, a value "
        "that counts as false and has `.code`, `.reason` and `.hint`.",
        "from esper import mlp\n\nnet = mlp(2, [0], 2)\n",
        "from esper import mlp\n\nnet = mlp(2, [4], 2)\n",
    ),
}
