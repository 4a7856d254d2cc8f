"""What every node is: a record with a place in the text, and the four families of nodes."""

from __future__ import annotations

from _collections import _tuplegetter  # type: ignore[import-not-found]  # what namedtuple is built on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar, Self, dataclass_transform
else:

    def dataclass_transform(**_options):  # noqa: ANN003, ANN201  (only type checkers need the real one)
        return lambda cls: cls


@dataclass_transform(frozen_default=True)
class Record(tuple):  # type: ignore[type-arg]
    """An immutable record; subclasses declare fields as annotations, in order."""

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    if not TYPE_CHECKING:

        def __new__(cls, *values):  # noqa: ANN002, ANN204  (type checkers see the dataclass signature)
            if len(values) != len(cls._fields):
                msg = f"{cls.__name__} takes {len(cls._fields)} fields {cls._fields}, got {len(values)}"
                raise TypeError(msg)
            return tuple.__new__(cls, values)

    def __init_subclass__(cls) -> None:
        inherited = cls.__mro__[1]._fields  # type: ignore[attr-defined]
        annotations = cls.__dict__.get("__annotations__", {})  # noqa: RUF063  (`inspect` is slow to import)
        own = tuple(n for n in annotations if n not in inherited)
        cls._fields = inherited + own
        for index, name in enumerate(cls._fields):
            if name in own:
                setattr(cls, name, _tuplegetter(index, None))
        type.__setattr__(cls, "__match_args__", cls._fields[2:])

    def __repr__(self) -> str:
        inner = ", ".join(f"{n}={v!r}" for n, v in zip(self._fields[2:], self[2:], strict=True))
        return f"{type(self).__name__}({inner})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return tuple.__hash__(self)

    def replace(self, **changes: Any) -> Self:
        """A copy with the named fields changed."""
        values = [changes.pop(n, v) for n, v in zip(self._fields, tuple(self), strict=True)]
        if changes:
            msg = f"{type(self).__name__} has no field {next(iter(changes))!r}"
            raise TypeError(msg)
        return type(self)(*values)


class Node(Record):
    """A record with a place in the text.

    Invariant: `start <= end` and children lie inside their parent. Nodes compare by value, so tables
    about a particular occurrence are keyed by `id(node)` while the tree is alive.
    """

    __slots__ = ()
    start: int
    end: int

    def children(self) -> Iterator[Node]:
        """The nodes directly below this one, in source order of the fields."""
        for value in self[2:]:
            if isinstance(value, Node):
                yield value
            elif value.__class__ is tuple:
                for item in value:
                    if isinstance(item, Node):
                        yield item


def walk(root: Node) -> Iterator[Node]:
    """Every node below `root`, itself first, depth first; iterative, so depth is no danger."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(list(node.children())))


# --- families -----------------------------------------------------------------------------------


class Expr(Node):
    """Anything that has a value."""

    __slots__ = ()


class Stmt(Node):
    """Anything that stands on a line of its own."""

    __slots__ = ()


class TypeExpr(Node):
    """A type where the grammar expects one (annotations, fields, receivers)."""

    __slots__ = ()


class Pattern(Node):
    """The left side of a `case` in `match`."""

    __slots__ = ()
