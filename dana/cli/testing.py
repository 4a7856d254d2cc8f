"""`dana test`: the command line's side of `dana.testing`."""

from __future__ import annotations

import os
import sys

from dana.cli.granting import policy_of
from dana.cli.options import UsageProblem
from dana.cli.terminal import FAILED, OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.cli.options import Options
    from dana.cli.terminal import Terminal
    from dana.testing.selection import Selection


def test(options: Options, _terminal: Terminal) -> int:
    """Run the tests that the words name; status 1 when one fails."""
    from dana.testing.command import CannotWrite, NothingToRun, Order, run_once, watch
    from dana.testing.discovery import NoSuchPath
    from dana.testing.settings import Settings

    given = options.given
    settings = Settings(
        seed=given.get("seed", 0),
        update="update_snapshots" in given,
        colour=options.colour(_colourful()),
        cover="cover" in given,
        cache="no_cache" not in given,
        selection=_selection(given.get("select")),
        policy=policy_of(given, os.getcwd(), asks=False),
    )
    order = Order(
        options.words, settings, jobs=given.get("jobs"), junit=given.get("junit"), slowest=given.get("slowest", 0)
    )
    try:
        passed = watch(order) if "watch" in given else run_once(order)
    except NoSuchPath as missing:
        raise UsageProblem("E902", f"there is no file or folder {missing}") from None
    except CannotWrite as problem:
        raise UsageProblem("E902", str(problem)) from None
    except NothingToRun as nothing:
        hint = 'a test is `test "name":` in a .na file, a file `test_*.na`, or a ```dana block'
        raise UsageProblem("E907", str(nothing), hint) from None
    return OK if passed else FAILED


def _selection(text: str | None) -> Selection | None:
    if text is None:
        return None
    from dana.testing.selection import Selection

    try:
        return Selection(text)
    except ValueError:
        hint = "it takes words joined with `and`, `or`, `not` and brackets, as in: -k 'total and not tax'"
        raise UsageProblem("E904", f"option -k cannot be {text!r}", hint) from None


def _colourful() -> bool:
    """The report goes to stdout, so it is stdout that decides."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
