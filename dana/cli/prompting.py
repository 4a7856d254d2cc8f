"""`dana repl`, and `dana` alone on a terminal: the prompt."""

from __future__ import annotations

import os
import sys

from dana.cli.granting import policy_of
from dana.cli.options import UsageProblem
from dana.cli.running import configure_model, limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.cli.options import Options
    from dana.cli.terminal import Terminal


def repl(options: Options, _terminal: Terminal) -> int:
    """Talk until the user leaves."""
    from dana.repl.start import start

    if options.words:
        raise UsageProblem("E905", f"`dana repl` takes no word {options.words[0]!r}", "to run a file there: :load FILE")
    return start(
        limits(options),
        colour=options.colour(_colourful()),
        cache="no_cache" not in options.given,
        policy=policy_of(options.given, os.getcwd(), asks=False),
        configure=lambda engine: configure_model(engine, options, os.getcwd()),
    )


def _colourful() -> bool:
    """Findings are part of the conversation, so it is stdout that decides."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
