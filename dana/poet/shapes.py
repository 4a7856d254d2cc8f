"""The function that is called: the stages that are switched on, and nothing else.

A decorated `def price(item, region="EU")` with retries, a timeout, a breaker and an enforce handler becomes

    def price(item, region="EU"):
        if off:
            return entries.bypass((item, region), {})
        start = clock()
        ticket = 0
        token = push(start)
        try:
            try:
                good = breaker.good
                ticket = breaker.turn if good is not None else admit(start)
                if not ticket:
                    raise entries.turned_away()
                try:
                    value = function(item, region)
                except Exception as fault:
                    failed = [fault]; refused = False
                else:
                    try:
                        checked = enforce(value)
                        …
                    except Exception as fault:
                        failed = [fault]; refused = True
                    else:
                        now = clock(); took = now - start
                        …
                        record(took)
                        return checked
                return entries.recover(failed, refused, (item, region), {}, token, start, ticket)
            except BaseException as stop:
                raise entries.stopped(stop, token, start, ticket)
        finally:
            pop(token)

with the parameters, defaults, name and docs of the original, so that whoever asks for its signature gets the true
one, and an attempt that succeeds costs one more Python call. Lines for stages that are off are not there.
Such a tree is built and compiled once per *shape* (numbers of parameters and the stages); a decoration puts
its own names into a copy of the code.

A program may have thousands of them: functions with the same parameters have one code object, what is the same for
all is in one cell for all.

This is the fast form of a call, for functions whose calls nobody observes. The other form binds nothing and hands its
arguments on: `return entries.enter((item, region), {})`.
"""

from __future__ import annotations

import _ast as py
from types import CellType, FunctionType

from dana.poet import trees
from dana.poet.binding import Parameters
from dana.poet.trees import (
    any_of,
    attempt,
    attribute,
    both,
    compare,
    constant,
    dict_of,
    do,
    either,
    finally_,
    give,
    less,
    name,
    negated,
    put,
    starred,
    throw,
    tuple_of,
    when,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType
    from typing import Any, Self

    from dana.poet.perceiving import Reader


class _Shape(tuple[int, int, bool, int, bool]):
    """How many positional, positional-only, rest, keyword-only and rest-keyword parameters there are."""

    __slots__ = ()

    def __new__(cls, p: Parameters | None) -> Self:
        if p is None:
            return tuple.__new__(cls, (0, 0, True, 0, True))
        shape = len(p.positional), p.positional_only, p.rest is not None, len(p.keyword), p.rest_keywords is not None
        return tuple.__new__(cls, shape)

    @property
    def names(self) -> list[str]:
        """What stands for the positional parameters."""
        return [f"a{i}" for i in range(self[0])]

    @property
    def keywords(self) -> list[str]:
        """What stands for the keyword-only parameters."""
        return [f"k{i}" for i in range(self[3])]

    def parameters(self) -> py.arguments:
        """The parameter list."""
        _count, only, rest, _keywords, others = self
        stars = "rest" if rest else None, "others" if others else None
        return trees.parameters(self.names, only, stars[0], self.keywords, stars[1])


class _Given:
    """The arguments of a call: as another call hands them on, and both halves of them as values.

    `held` names the variables that hold what was read of a parameter.
    """

    __slots__ = ("_args", "_keywords", "by_name", "positional")

    def __init__(self, shape: _Shape, held: Mapping[str, str]) -> None:
        self._args = [name(held.get(n, n)) for n in shape.names] + ([starred("rest")] if shape[2] else [])
        self._keywords: list[tuple[str | None, py.expr]] = [(k, name(held.get(k, k))) for k in shape.keywords]
        self._keywords += [(None, name("others"))] if shape[4] else []
        self.positional = tuple_of(self._args)
        self.by_name = dict_of(self._keywords)

    @classmethod
    def perceived(cls) -> Self:
        """Those that are in the variables `args` and `keywords`."""
        made = cls.__new__(cls)
        made._args, made._keywords = [starred("args")], [(None, name("keywords"))]
        made.positional, made.by_name = name("args"), name("keywords")
        return made

    def to(self, function: str) -> py.expr:
        """`function` called with them."""
        return trees.call(function, *self._args, keywords=self._keywords)

    def told(self, function: str, *before: py.expr, after: tuple[py.expr, ...] = ()) -> py.expr:
        """`function` told both halves."""
        return trees.call(function, *before, self.positional, self.by_name, *after)


# What a decorated function closes over.
FREE = (
    *("off", "entries", "function", "perceive", "enforce", "purse", "spend", "push", "pop", "clock"),
    *("breaker", "slow", "admit", "success", "enter_bulkhead", "leave", "priority"),
    *("record", "Halt", "Fault", "NothingReturned", "Unclear", "unjudged", "judge"),
)
# Those whose values many functions share.
SHARED = frozenset({"push", "pop", "clock", "slow", "priority", "Halt", "Fault", "NothingReturned", "Unclear"})
FEATURES = ("whole", "perceive", "enforce", "judge", "tells", "timeout", "budget", "breaker", "bulkhead", "fallback")
# What is compiled, by shape and stages; and with the names of parameters in it, for so many of them.
_CODES: dict[tuple[Any, ...], CodeType] = {}
_NAMED: dict[tuple[Any, ...], CodeType] = {}
MOST_NAMED = 2000
MOST_CELLS = 1000


def shaped(
    function: Callable[..., Any],
    name: str,
    parameters: Parameters | None,
    on: Mapping[str, bool],
    given: Mapping[str, Any],
    readers: Mapping[str, Reader] | None = None,
    *,
    cells: dict[tuple[str, Any], CellType] | None = None,
    is_bare: bool = False,
) -> Callable[..., Any]:
    """A function that is called like `function`, with the stages that are `on` and what they need `given`.

    `readers` read single parameters before anything else happens (`perceiving.py`). `cells` are those that functions
    share; `is_bare`: the function has neither annotations nor attributes.
    """
    shape = _Shape(parameters)
    kinds, needs = _reading(parameters, readers or {})
    key = (shape, kinds, *(on[feature] for feature in FEATURES))
    code = _CODES.get(key)
    if code is None:
        maker = trees.code_of(_maker(shape, on, dict(kinds)), "<poet>")
        code = _CODES[key] = next(const for const in maker.co_consts if const.__class__ is maker.__class__)
    values = {**dict(zip(_needed(kinds), needs, strict=True)), **given}
    closure = tuple([_cell(free, values.get(free), {} if cells is None else cells) for free in code.co_freevars])
    return _disguise(_named(key, code, parameters), closure, function, name, parameters, is_bare=is_bare)


def _cell(free: str, value: Any, cells: dict[tuple[str, Any], CellType]) -> CellType:
    """Where a function finds what it closes over."""
    if free not in SHARED:
        return CellType(value)
    found = cells.get((free, value))
    if found is None:
        found = CellType(value)
        if len(cells) < MOST_CELLS:
            cells[free, value] = found
    return found


def _needed(kinds: tuple[tuple[str, str], ...]) -> list[str]:
    """What the lines of readers close over."""
    return [f"{need}_{place}" for place, kind in kinds for need in _NEEDS[kind]]


def _reading(
    parameters: Parameters | None, readers: Mapping[str, Reader]
) -> tuple[tuple[tuple[str, str], ...], list[Any]]:
    """The kinds of readers by placeholder, and what their lines close over, in order."""
    kinds: list[tuple[str, str]] = []
    needs: list[Any] = []
    if parameters is not None and readers:
        places = [(f"a{i}", n) for i, n in enumerate(parameters.positional)]
        places += [(f"k{i}", n) for i, n in enumerate(parameters.keyword)]
        for place, name in places:
            if name in readers:
                kind, values = readers[name]
                kinds.append((place, kind))
                needs += values
    return tuple(kinds), needs


# What the lines of a kind of reader close over.
_NEEDS = {"tested": ("class", "low", "high", "read"), "read": ("read",), "given": ()}


def _maker(shape: _Shape, on: Mapping[str, bool], kinds: Mapping[str, str]) -> py.stmt:
    """`def make(…): def call(…): …; return call`."""
    plain = _Given(shape, {})
    body = [when(name("off"), give(plain.told("entries.bypass")))]
    whole = give(plain.told("entries.enter"))
    body += [whole] if on["whole"] else [*_read(kinds, whole), *_body(shape, on, kinds)]
    free = [*FREE, *_needed(tuple(kinds.items()))]
    call = trees.function("call", shape.parameters(), *body)
    return trees.function("make", trees.parameters(free, 0, None, (), None), call, give(name("call")))


def _read(kinds: Mapping[str, str], leave: py.stmt) -> list[py.stmt]:
    """Read the parameters that have a reader; leave it all to the whole form where one of them cannot be read so."""
    lines: list[py.stmt] = []
    absent = [compare(name(place), (py.Is, constant(None))) for place, kind in kinds.items() if kind == "given"]
    if absent:
        lines.append(when(any_of(absent), leave))
    reads = [put(f"r{place}", _reads(place, kind)) for place, kind in kinds.items() if kind != "given"]
    return [*lines, attempt(reads, "Unclear", None, leave)] if reads else lines


def _reads(place: str, kind: str) -> py.expr:
    """What is read of one parameter."""
    value = name(place)
    read = trees.call(f"read_{place}", value)
    if kind == "read":
        return read
    is_kind = compare(attribute("__class__", place), (py.Is, name(f"class_{place}")))
    in_range = compare(name(f"low_{place}"), (py.LtE, value), (py.LtE, name(f"high_{place}")))
    return either(both(is_kind, in_range), value, read)


def _body(shape: _Shape, on: Mapping[str, bool], kinds: Mapping[str, str]) -> list[py.stmt]:
    given = _Given(shape, {place: f"r{place}" for place, kind in kinds.items() if kind != "given"})
    body: list[py.stmt] = []
    before: list[py.stmt] = []
    if on["perceive"]:
        before = [put(("args", "keywords"), tuple_of([given.positional, given.by_name]))]
        given = _Given.perceived()
        body = [put(("args", "keywords"), trees.call("perceive", name("args"), name("keywords")))]
    body += [*_admission(on), *_attempt(given, on)]
    if on["timeout"] or on["breaker"]:
        stopped = trees.call("entries.stopped", name("stop"), *_moment(on))
        body = [attempt(body, "Halt", "stop", throw(stopped))]
    if on["timeout"]:
        body = [put("token", trees.call("push", name("start"))), finally_(body, do(trees.call("pop", name("token"))))]
    ticket = [put("ticket", constant(0))] if on["breaker"] else []
    body = [put("start", trees.call("clock")), *ticket, *body]
    if on["budget"]:
        spent = compare(attribute("tokens", "purse"), (py.Lt, attribute("burst", "purse")))
        body = [when(spent, do(trees.call("spend"))), *body]
    if on["bulkhead"]:
        entered = trees.call("enter_bulkhead", name("priority"))
        left = finally_(body, do(trees.call("leave")))
        body = [when(negated(entered), throw(trees.call("entries.full"))), left]
    if on["fallback"]:
        falling = give(given.told("entries.fall_back", name("error")))
        body = [attempt(body, "Fault", "error", falling)]
    return [*before, *body]


def _admission(on: Mapping[str, bool]) -> list[py.stmt]:
    """The breaker's ticket; nobody needs to be asked while the circuit is closed."""
    if not on["breaker"]:
        return []
    closed = compare(name("good"), (py.IsNot, constant(None)))
    return [
        put("good", attribute("good", "breaker")),
        put("ticket", either(closed, attribute("turn", "breaker"), trees.call("admit", name("start")))),
        when(negated(name("ticket")), throw(trees.call("entries.turned_away"))),
    ]


def _moment(on: Mapping[str, bool]) -> tuple[py.expr, py.expr, py.expr]:
    """Deadline, beginning and ticket of a call."""
    token = name("token") if on["timeout"] else constant(None)
    return token, name("start"), name("ticket") if on["breaker"] else constant(0)


def _attempt(given: _Given, on: Mapping[str, bool]) -> list[py.stmt]:
    """The first attempt, and the way to the others."""
    recover = give(given.told("entries.recover", name("failed"), name("refused"), after=_moment(on)))
    good = _judged(given, on) if on["enforce"] or on["judge"] else _hand_out("value", on)
    return [attempt([put("value", given.to("function"))], "Fault", "fault", *_failing(False), otherwise=good), recover]


def _failing(refused: bool) -> list[py.stmt]:
    """What is remembered of a failed attempt: its fault in a list, as `fault` itself ends with the handler."""
    failed = py.List([name("fault")], py.Load(), lineno=1, col_offset=0)
    return [put("failed", failed), put("refused", constant(refused))]


def _judged(given: _Given, on: Mapping[str, bool]) -> list[py.stmt]:
    """Enforce: the handler, then the domain."""
    checking: list[py.stmt] = []
    value = "value"
    if on["enforce"]:
        value = "checked"
        told = given.told("enforce", name("value")) if on["tells"] else trees.call("enforce", name("value"))
        lost = both(
            compare(name("checked"), (py.Is, constant(None))), compare(name("value"), (py.IsNot, constant(None)))
        )
        checking += [put("checked", told), when(lost, throw(name("NothingReturned")))]
    if on["judge"]:
        judged = put(value, given.told("judge", name(value)))
        checking.append(when(compare(attribute("__class__", value), (py.NotIn, name("unjudged"))), judged))
    return [attempt(checking, "Fault", "fault", *_failing(True), otherwise=_hand_out(value, on))]


def _hand_out(value: str, on: Mapping[str, bool]) -> list[py.stmt]:
    """Return a good value, unless its time is over."""
    elapsed = less(name("now") if on["timeout"] or on["breaker"] else trees.call("clock"), name("start"))
    done = give(name(value))
    if not (on["timeout"] or on["breaker"]):
        return [do(trees.call("record", elapsed)), done]
    lines = [put("now", trees.call("clock")), put("took", elapsed)]
    if on["breaker"]:
        is_good = both(compare(name("took"), (py.Lt, name("slow"))), compare(name("good"), (py.IsNot, constant(None))))
        told = do(trees.call("success", name("ticket"), name("took"), name("now")))
        lines.append(when(is_good, do(trees.call("good", name("now"))), otherwise=[told]))
    if on["timeout"]:
        is_late = compare(name("now"), (py.Gt, attribute("at", "token")))
        lines.append(when(is_late, throw(trees.call("entries.late", name("took")))))
    return [*lines, do(trees.call("record", name("took"))), done]


def _named(key: tuple[Any, ...], code: CodeType, parameters: Parameters | None) -> CodeType:
    """`code` with the real names of the parameters."""
    renamed: dict[str, str] = {}
    if parameters is not None:
        renamed = {f"a{i}": real for i, real in enumerate(parameters.positional)}
        renamed.update({f"k{i}": real for i, real in enumerate(parameters.keyword)})
        renamed["rest"], renamed["others"] = parameters.rest or ".rest", parameters.rest_keywords or ".others"
    key = (key, *renamed.values())
    made = _NAMED.get(key)
    if made is None:
        # The pipeline's own variables get names no program can write, so they collide with no parameter.
        made = code.replace(
            co_varnames=tuple(renamed.get(n, "." + n) for n in code.co_varnames),
            co_freevars=tuple("." + n for n in code.co_freevars),
            co_consts=tuple(_renamed(const, renamed) for const in code.co_consts),
        )
        if len(_NAMED) < MOST_NAMED:
            _NAMED[key] = made
    return made


def _disguise(
    code: CodeType,
    closure: tuple[CellType, ...],
    function: Callable[..., Any],
    name: str,
    parameters: Parameters | None,
    *,
    is_bare: bool,
) -> Callable[..., Any]:
    """The function of `code` under the names, defaults and docs of the one it stands for."""
    space = getattr(function, "__globals__", {})
    call = FunctionType(code, space, name, getattr(function, "__defaults__", None), closure)
    if parameters is not None:
        call.__kwdefaults__ = getattr(function, "__kwdefaults__", None)
    call.__qualname__ = getattr(function, "__qualname__", name)
    call.__doc__ = getattr(function, "__doc__", None)
    call.__module__ = getattr(function, "__module__", None) or ""
    if not is_bare:  # to ask for either would make an empty one, which takes its room
        annotations = getattr(function, "__annotations__", None)
        if annotations:
            call.__annotations__ = dict(annotations)
        call.__dict__.update(getattr(function, "__dict__", {}))
    call.__wrapped__ = function  # type: ignore[attr-defined]
    return call


def _renamed(const: Any, renamed: dict[str, str]) -> Any:
    """A constant with the placeholders of keyword-only parameters replaced (call sites name them)."""
    if const.__class__ is str:
        return renamed.get(const, const)
    if const.__class__ is tuple:
        return tuple(_renamed(item, renamed) for item in const)
    return const
