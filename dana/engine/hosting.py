"""Functions of the host that programs may call: `@engine.host("crm.lookup")` (the embedding's side of L34 and L50).

A plain name becomes a global of every module, a dotted one a member of a namespace that looks like a module.
The checker is told what there is (`given`), the program gets values to call (`install`): an ordinary function for
`def`, an effect for `async def`. What stands between is written for each function (`hostcalls`).
"""

from __future__ import annotations

from dana.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from inspect import Signature
    from typing import Any, TypeVar

    from dana.checker.model import Interface
    from dana.checker.types import Type
    from dana.engine.engine import Engine, _Run
    from dana.runtime.modules import ModuleRecord

    F = TypeVar("F", bound=Callable[..., Any])


class HostFunction:
    """One function of the host: what it is called, what it needs, how it is called."""

    __slots__ = ("_hints", "_signature", "function", "is_async", "name", "needs", "timeout", "writes")

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
        self.needs = tuple(sorted(needs))
        self.writes = writes
        self.timeout = timeout
        self.is_async = iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__)
        self._hints: dict[str, Any] | None = None
        self._signature: Signature | None = None

    @property
    def signature(self) -> Signature | None:
        """The function's parameters; None for what hides them, such as some built-in functions."""
        if self._signature is None:
            from inspect import signature

            try:
                self._signature = signature(self.function)
            except (ValueError, TypeError):
                return None
        return self._signature

    @property
    def hints(self) -> dict[str, Any]:
        """The annotations by parameter, the result's under "return". Raises `UsageError` when one means nothing."""
        if self._hints is None:
            from typing import get_type_hints

            annotated = getattr(self.function, "__annotations__", None)
            try:
                self._hints = get_type_hints(self.function) if annotated else {}
            except (NameError, TypeError) as error:
                raise UsageError(f"host function {self.name!r}: its annotations cannot be read: {error}") from error
        return self._hints

    @property
    def type(self) -> Type:
        """The static type the checker works with."""
        from dana.checker.types import ANY, effect

        result = static_type(self.hints["return"]) if "return" in self.hints else ANY
        params = None if self.signature is None else tuple(self._params(self.signature))
        made: Type = ("func", params, result)
        return effect(made) if self.is_async else made

    def _params(self, signature: Signature) -> list[tuple[str, Type, str, bool]]:
        from dana.checker.types import ANY

        found = []
        for p in signature.parameters.values():
            declared = static_type(self.hints[p.name]) if p.name in self.hints else ANY
            found.append((p.name, declared, _KINDS[p.kind], p.default is not p.empty))
        return found

    def bind(self, run: _Run) -> Any:
        """What a program calls."""
        from dana.engine.hostcalls import written

        call = written(self, run)
        tape = run.program.tape
        if not self.is_async:
            return call if tape is None else tape.native(self.name, call)
        from dana.runtime.effects import Effect

        return Effect(run.program, self.name, call, writes=self.writes, doc=self.function.__doc__)


# The kinds of `inspect` by their number.
_KINDS = ("positional", "normal", "star", "keyword", "double_star")
NEEDS = ("read", "write", "net", "env", "run", "python", "model")


def static_type(annotation: Any) -> Type:
    """What the checker may rely on for an annotation of Python; `ANY` for whatever has no static type in Dana."""
    from typing import Literal, get_args, get_origin

    from dana.checker import types as t
    from dana.engine.annotations import is_union

    plain = {
        int: t.INT, float: t.FLOAT, str: t.STR, bool: t.BOOL, None: t.NONE, type(None): t.NONE,
        list: t.LIST, dict: t.DICT, set: t.SET, tuple: t.TUPLE,
    }  # fmt: skip
    origin = get_origin(annotation)
    if origin is None:
        try:
            return plain.get(annotation, t.ANY)
        except TypeError:  # not even hashable
            return t.ANY
    if is_union(origin):
        return t.union([static_type(a) for a in get_args(annotation)])
    if origin is Literal:
        return ("lit", get_args(annotation))
    return plain.get(origin, t.ANY)


class HostFunctions:
    """All functions of one engine's host."""

    __slots__ = ("_digest", "_given", "functions")

    def __init__(self) -> None:
        self.functions: dict[str, HostFunction] = {}
        self._given: dict[str, Type | Interface] | None = None
        self._digest: str | None = None

    def add(self, function: HostFunction) -> None:
        """One more; the same name again replaces it. Raises `UsageError` for names and needs that mean nothing."""
        self._check_name(function.name)
        for need in function.needs:
            _check_need(function.name, need)
        if not callable(function.function):
            raise UsageError(f"host function {function.name!r}: {function.function!r} is no function")
        timeout = function.timeout
        if timeout is not None and not (isinstance(timeout, (int, float)) and timeout > 0):
            raise UsageError(f"host function {function.name!r}: timeout= takes a positive number of seconds or None")
        self.functions[function.name] = function
        self._given = self._digest = None

    def _check_name(self, name: str) -> None:
        from dana.checker.builtins import names
        from dana.checker.names import KEYWORDS

        parts = name.split(".") if isinstance(name, str) else []
        if not 1 <= len(parts) <= 2 or not all(p.isidentifier() and p[0] != "_" and p not in KEYWORDS for p in parts):
            raise UsageError(f'a host function is called like "lookup" or "crm.lookup", not {name!r}')
        if parts[0] in names():
            raise UsageError(f"{parts[0]!r} is a built-in function of Dana; give the host function another name")
        spaces = {n.partition(".")[0] for n in self.functions if "." in n}
        plain = {n for n in self.functions if "." not in n}
        if parts[0] in (plain if len(parts) == 2 else spaces):
            raise UsageError(f"{parts[0]!r} cannot be a function and a namespace at once")

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
        if self._digest is None:
            self._digest = repr(sorted((name, f.type) for name, f in self.functions.items()))
        return self._digest

    def install(self, run: _Run) -> None:
        """Give a program its values."""
        from dana.runtime.modules import ModuleRecord

        table = run.program.table
        spaces: dict[str, ModuleRecord] = {}
        for name, function in self.functions.items():
            space, dot, member = name.rpartition(".")
            if not dot:
                table[name] = function.bind(run)
                continue
            if space not in spaces:
                spaces[space] = ModuleRecord(run.program, space, "")
                table[space] = spaces[space].value
            spaces[space].globals[member] = function.bind(run)


def adding(engine: Engine, name: str, *, needs: Iterable[str], writes: bool, timeout: float | None) -> Callable[[F], F]:
    """What `engine.host(name, …)` returns."""

    def decorate(function: F) -> F:
        if engine._hosts is None:
            engine._hosts = HostFunctions()
        engine._hosts.add(HostFunction(name, function, needs=needs, writes=writes, timeout=timeout))
        return function

    return decorate


def _check_need(name: str, need: object) -> None:
    kind, colon, target = need.partition(":") if isinstance(need, str) else ("", "", "")
    if kind in NEEDS and colon and target:
        return
    from dana.diagnostics import suggest

    near = suggest(kind, NEEDS)
    hint = f"; did you mean {near}:{target}?" if near and near != kind else ""
    raise UsageError(f'host function {name!r}: a need is written like "net:api.acme.dev", not {need!r}{hint}')
