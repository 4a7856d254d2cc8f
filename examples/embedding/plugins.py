"""A command line tool whose commands are plug-ins in Dana: each file in a folder is a command.

    python plugins.py FOLDER report top=3

A plug-in reaches what the tool gives it, `records.all()`, and nothing else: people may share them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import dana

RECORDS = [{"name": "Ann", "total": 120.0}, {"name": "Bob", "total": 80.0}, {"name": "Eve", "total": 200.0}]


def main(words: list[str]) -> int:
    """Run one plug-in; returns the exit status."""
    if len(words) < 2:
        print("usage: plugins.py FOLDER COMMAND [name=value …]")
        return 2
    folder, command, *rest = words
    engine = dana.Engine(limits=dana.Limits(steps=10_000_000, wall_s=5.0, output_bytes=100_000))
    engine.host("records.all")(lambda: [dict(record) for record in RECORDS])
    file = Path(folder) / f"{command}.na"
    arguments = dict(word.split("=", 1) for word in rest)
    try:
        engine.run(file, arguments=arguments)
    except dana.DanaError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
