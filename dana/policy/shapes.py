"""`Allow` and `Deny`: what people write; seven kinds, each nothing, everything or a list of patterns."""

from __future__ import annotations

import os

from dana.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Never, Self

    Patterns = bool | tuple[str, ...]
    Given = bool | str | Iterable[str | os.PathLike[str]] | None

KINDS = ("read", "write", "net", "env", "run", "python", "model")


class Rules:
    """What `Allow` and `Deny` have in common: a value that says something about each kind.

    A kind is False (nothing), True (everything) or a tuple of patterns; one text is one pattern. Relative paths
    start from the folder that is current when the value is made (`folder`).
    """

    __slots__ = ("env", "folder", "model", "net", "python", "read", "run", "write")

    def __init__(
        self,
        *,
        read: Given = False,
        write: Given = False,
        net: Given = False,
        env: Given = False,
        run: Given = False,
        python: Given = False,
        model: Given = False,
        folder: str | None = None,
        **unknown: Never,
    ) -> None:
        """Raises `dana.UsageError` for what is no pattern, and for a kind there is not."""
        if unknown:
            raise self._no_kind(next(iter(unknown)))
        given = (read, write, net, env, run, python, model)
        for kind, value in zip(KINDS, given, strict=True):
            object.__setattr__(self, kind, self._patterns(kind, value))
        object.__setattr__(self, "folder", os.path.abspath(folder) if folder is not None else _here())

    read: Patterns
    write: Patterns
    net: Patterns
    env: Patterns
    run: Patterns
    python: Patterns
    model: Patterns
    folder: str

    @classmethod
    def all(cls) -> Self:
        """Everything, of every kind."""
        return cls(read=True, write=True, net=True, env=True, run=True, python=True, model=True)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What `to_data` gave. Raises `dana.UsageError` for a kind there is not."""
        return cls(**data)

    def to_data(self) -> dict[str, Any]:
        """The value as plain data: lists, bools, and the folder."""
        found: dict[str, Any] = {"folder": self.folder}
        for kind in KINDS:
            value = getattr(self, kind)
            found[kind] = value if isinstance(value, bool) else list(value)
        return found

    def of(self, kind: str) -> Patterns:
        """What is said about one kind."""
        return getattr(self, kind)  # type: ignore[no-any-return]

    def _no_kind(self, name: str) -> UsageError:
        from dana.diagnostics import suggest

        near = suggest(name, KINDS)
        hint = f"did you mean `{near}`?" if near else f"there are {', '.join(KINDS)}"
        return UsageError(f"{type(self).__name__} has no `{name}`; {hint}")

    def _patterns(self, kind: str, value: Any) -> Patterns:
        if value is None or value is False:
            return False
        if value is True:
            return True
        try:
            items = [value] if isinstance(value, str | os.PathLike) else list(value)
        except TypeError:
            items = [None]
        texts = tuple(dict.fromkeys(os.fspath(i) if isinstance(i, str | os.PathLike) else "" for i in items))
        for text in texts:
            if not isinstance(text, str) or not text.strip() or "\0" in text:
                msg = f"{type(self).__name__}({kind}=…) takes True, False or a list of texts, not {value!r}"
                raise UsageError(msg)
        if kind == "net":
            from dana.policy.hosts import Pattern

            for text in texts:
                Pattern(text)
        return texts or False

    def __setattr__(self, name: str, value: object) -> None:
        msg = f"{type(self).__name__} values do not change; make another one"
        raise AttributeError(msg)

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_data, (self.to_data(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rules) and type(other) is type(self) and self.to_data() == other.to_data()

    def __hash__(self) -> int:
        return hash((type(self), *(self.of(kind) for kind in KINDS)))

    def __bool__(self) -> bool:
        return any(self.of(kind) for kind in KINDS)

    def __repr__(self) -> str:
        said = [(kind, value) for kind in KINDS if (value := self.of(kind))]
        text = ", ".join(f"{kind}={value if isinstance(value, bool) else list(value)!r}" for kind, value in said)
        return f"{type(self).__name__}({text})"


class Allow(Rules):
    """What is granted: `Allow(read=["data"], net=["api.acme.dev:443"], python=["pandas"])`; nothing by default."""

    __slots__ = ()


class Deny(Rules):
    """What is refused whatever is granted: `Deny(read=["data/private"])`."""

    __slots__ = ()


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # the folder is gone: relative paths lead nowhere
        return os.sep
