"""`-k EXPR`: which cases to run, by words of their names joined with `and`, `or`, `not` and brackets."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.testing.outcome import Case

    Test = Callable[[str], bool]


class Selection:
    """`Selection("total and not tax")`: says of a case whether it is meant. Raises `ValueError` for a text it cannot
    read. Words are looked for in the file's name and the case's, without regard to capitals.
    """

    __slots__ = ("_test", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        words = text.replace("(", " ( ").replace(")", " ) ").split()
        if not words:
            raise ValueError(text)
        self._test = _either(words)
        if words:
            raise ValueError(text)

    def means(self, case: Case) -> bool:
        return self._test(f"{case.file} {case.name}".lower())


def _either(words: list[str]) -> Test:
    left = _both(words)
    while words and words[0] == "or":
        words.pop(0)
        left = _or(left, _both(words))
    return left


def _both(words: list[str]) -> Test:
    left = _one(words)
    while words and words[0] not in ("or", ")"):
        # Words side by side are all wanted, as if `and` stood between them.
        if words[0] == "and":
            words.pop(0)
        left = _and(left, _one(words))
    return left


def _one(words: list[str]) -> Test:
    if not words:
        raise ValueError
    word = words.pop(0)
    if word == "not":
        wanted = _one(words)
        return lambda name: not wanted(name)
    if word == "(":
        inner = _either(words)
        if not words or words.pop(0) != ")":
            raise ValueError
        return inner
    if word in ("and", "or", ")"):
        raise ValueError(word)
    part = word.lower()
    return lambda name: part in name


def _and(left: Test, right: Test) -> Test:
    return lambda name: left(name) and right(name)


def _or(left: Test, right: Test) -> Test:
    return lambda name: left(name) or right(name)
