"""`dana FILE`, `dana -e CODE`, `… | dana`: running a program."""

from __future__ import annotations

import sys

from dana.cli import inputs
from dana.cli.options import UsageProblem
from dana.cli.terminal import OK, status_of
from dana.errors import DanaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.cli.options import Options
    from dana.cli.terminal import Terminal
    from dana.engine import Limits


def run(options: Options, terminal: Terminal) -> int:
    """Run the program the command line names, with its arguments; the value of `-e` is printed."""
    from dana.engine import Engine

    words = options.words
    shown = "code" in options.given
    if not shown:
        path, words = _program(options)
    engine = Engine(limits=limits(options), cache="no_cache" not in options.given)
    arguments = inputs.arguments(words)
    try:
        if shown:
            value = engine.run(inputs.normalised(options.given["code"]), arguments=arguments, name="<eval>")
        elif path == "-":
            value = engine.run(inputs.text_of("-"), arguments=arguments, name="<stdin>")
        else:
            inputs.text_of(path)
            value = engine.run(path, arguments=arguments)
    except DanaError as error:
        terminal.report(error.diagnostics)
        return status_of(error)
    if shown and value is not None:
        sys.stdout.write(f"{value}\n")
    return OK
