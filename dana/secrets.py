"""`Secret`: a key in the hands of Python. Programs have one of their own (`dana.runtime.secrets`)."""

from __future__ import annotations

from _operator import _compare_digest as compare_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

SHOWN = "***"


class Secret:
    """A secret in Python: it prints, formats and logs as `***`, cannot be pickled or copied, and has no length.

    `reveal()` is the only way to the text. Two are equal when their texts are.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not text:
            msg = "a secret is a text, and not an empty one"
            raise ValueError(msg)
        self.__text = text

    def reveal(self) -> str:
        """The text itself, for whoever sends it."""
        return self.__text

    def __repr__(self) -> str:
        return SHOWN

    def __str__(self) -> str:
        return SHOWN

    def __format__(self, spec: str) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        return same(self.__text, other.__text) if isinstance(other, Secret) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        msg = "a secret is not written down"
        raise TypeError(msg)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self


def same(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
