"""What the command line decides about a run of tests."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.policy import Policy
    from dana.testing.selection import Selection


class Settings:
    """`seed` makes chance repeatable; `update` rewrites snapshots; `frozen` refuses to write new ones (in CI).

    `policy` makes what tests may reach (None: nothing).
    """

    __slots__ = ("cache", "colour", "cover", "frozen", "policy", "roots", "seed", "selection", "update")

    def __init__(
        self,
        *,
        seed: int = 0,
        update: bool = False,
        frozen: bool | None = None,
        colour: bool = False,
        cover: bool = False,
        cache: bool = True,
        roots: list[str] | None = None,
        selection: Selection | None = None,
        policy: Callable[[], Policy] | None = None,
    ) -> None:
        self.seed = seed
        self.update = update
        self.frozen = bool(os.environ.get("CI")) if frozen is None else frozen
        self.colour = colour
        self.cover = cover
        self.cache = cache
        self.roots = project_roots() if roots is None else roots
        self.selection = selection
        self.policy = policy


def project_roots() -> list[str]:
    """Where tests find the modules they test, besides their own folder: the current folder, and the project's."""
    here = os.getcwd()
    roots = [here]
    folder = here
    while not os.path.isfile(os.path.join(folder, "dana.toml")):
        above = os.path.dirname(folder)
        if above == folder:
            return roots
        folder = above
    return list(dict.fromkeys([here, folder]))
