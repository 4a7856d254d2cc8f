"""Functions of the host that programs may call: `@engine.host("crm.lookup")` (the embedding's side of L34 and L50).

A plain name becomes a global of every module, a dotted one a member of a namespace that looks like a module.
The checker is told what there is (`given`), the program gets values to call (`install`): an ordinary function for
`def`, an effect for `async def`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from dana.checker.model import Interface
    from dana.checker.types import Type
    from dana.runtime.program import Program


class HostFunction:
    """One function of the host: what it is called, what it needs, how it is called."""

    __slots__ = ("function", "is_async", "name", "needs", "timeout", "writes")

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        *,
        needs: Iterable[str] = (),
        writes: bool = False,
        timeout: float | None = None,
    ) -> None:
        from inspect import iscoroutinefunction

        self.name = name
        self.function = function
        self.needs = frozenset(needs)
        self.writes = writes
        self.timeout = timeout
        self.is_async = iscoroutinefunction(function)

    @property
    def type(self) -> Type:
        """The static type the checker works with."""
        return ("func", None, ("any",))

    def bind(self, program: Program) -> Any:
        """What a program calls."""
        function = self.function
        if self.is_async:
            from dana.runtime.effects import Effect

            return Effect(program, self.name, function, writes=self.writes)

        def call(*args: Any, **keywords: Any) -> Any:
            return function(*args, **keywords)

        call.__name__ = call.__qualname__ = self.name.rpartition(".")[2]
        return call


class HostFunctions:
    """All functions of one engine's host."""

    __slots__ = ("_digest", "_given", "functions")

    def __init__(self) -> None:
        self.functions: dict[str, HostFunction] = {}
        self._given: dict[str, Type | Interface] | None = None
        self._digest = ""

    def add(self, function: HostFunction) -> None:
        self.functions[function.name] = function
        self._given = None

    @property
    def given(self) -> dict[str, Type | Interface]:
        """The names every module has, for the checker."""
        if self._given is None:
            from dana.checker.model import Interface

            made: dict[str, Type | Interface] = {}
            for name, function in self.functions.items():
                space, dot, member = name.rpartition(".")
                if not dot:
                    made[name] = function.type
                    continue
                inside = made.setdefault(space, Interface(space))
                assert isinstance(inside, Interface)
                inside.names[member] = function.type
            self._given = made
        return self._given

    @property
    def digest(self) -> str:
        """Changes when the checker would see something else: part of a compiled module's key."""
        return repr(sorted((name, f.type) for name, f in self.functions.items()))

    def install(self, program: Program) -> None:
        """Give a program its values."""
        from dana.runtime.modules import ModuleRecord

        spaces: dict[str, ModuleRecord] = {}
        for name, function in self.functions.items():
            space, dot, member = name.rpartition(".")
            if not dot:
                program.table[name] = function.bind(program)
                continue
            if space not in spaces:
                spaces[space] = ModuleRecord(program, space, "")
                program.table[space] = spaces[space].value
            spaces[space].globals[member] = function.bind(program)
