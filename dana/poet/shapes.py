"""The function that is called: the stages that are switched on, and nothing else.

A decorated `def price(item, region="EU")` with retries, a timeout and an enforce handler becomes

    def price(item, region="EU"):
        if off:
            return function(item, region)
        token = push(2.0)
        start = clock()
        try:
            try:
                value = function(item, region)
            except Exception as fault:
                failed = [fault]; refused = False
            else:
                try:
                    checked = enforce(value)
                    …
                    record(clock() - start)
                    return checked
                except Exception as fault:
                    failed = [fault]; refused = True
            return recover(failed, refused, (item, region), {}, token, start, 0)
        except TimeoutStop as stop:
            raise stopped(stop, token, start, 0)
        finally:
            pop(token)

with the parameters, defaults, name and docs of the original, so that whoever asks for its signature gets the true
one, and an attempt that succeeds costs one more Python call. Lines for stages that are off are not there.
Such a text is compiled once per *shape* (numbers of parameters and the stages); a decoration puts
its own names into a copy of the code.

This is the fast form of a call, for functions whose calls nobody observes. The other form binds nothing and hands its
arguments on: `return enter((item, region), {})`.
"""

from __future__ import annotations

from types import FunctionType

from dana.poet.binding import Parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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

    def texts(self, read: Mapping[str, str] | None = None) -> tuple[str, str, str, str]:
        """The parameter list, the arguments of the same call, and both halves of it as values.

        `read` names the variables that hold what was read of a parameter.
        """
        count, only, rest, keywords, others = self
        names = [f"a{i}" for i in range(count)]
        given = [f"k{i}" for i in range(keywords)]
        params = names[:only] + (["/"] if only else []) + names[only:]
        params += ["*rest"] if rest else ["*"] if given else []
        params += given + (["**others"] if others else [])
        stars = ["*rest"] if rest else []
        more = ["**others"] if others else []
        held = read or {}
        values = [held.get(n, n) for n in names]
        call = values + stars + [f"{k}={held.get(k, k)}" for k in given] + more
        positional = "(" + "".join(f"{n}, " for n in values + stars) + ")"
        by_name = "{" + ", ".join([f'"{k}": {held.get(k, k)}' for k in given] + more) + "}"
        return ", ".join(params), ", ".join(call), positional, by_name


# What a decorated function closes over.
FREE = (
    *("off", "function", "enter", "recover", "perceive", "enforce", "spend", "push", "pop", "clock", "seconds"),
    *(
        "admit",
        "success",
        "turned_away",
        "enter_bulkhead",
        "leave",
        "full",
        "priority",
        "fall_back",
        "record",
        "Halt",
        "stopped",
        "late",
        "Fault",
        "NothingReturned",
        "Unclear",
        "unjudged",
        "judge",
    ),
)
FEATURES = ("whole", "perceive", "enforce", "judge", "tells", "timeout", "budget", "breaker", "bulkhead", "fallback")
_MAKERS: dict[tuple[Any, ...], Callable[..., Any]] = {}


def shaped(
    function: Callable[..., Any],
    name: str,
    parameters: Parameters | None,
    on: Mapping[str, bool],
    given: Mapping[str, Any],
    readers: Mapping[str, Reader] | None = None,
) -> Callable[..., Any]:
    """A function that is called like `function`, with the stages that are `on` and what they need `given`.

    `readers` read single parameters before anything else happens (`perceiving.py`).
    """
    shape = _Shape(parameters)
    kinds, needs = _reading(parameters, readers or {})
    key = (shape, kinds, *(on[feature] for feature in FEATURES))
    maker = _MAKERS.get(key)
    if maker is None:
        names: dict[str, Any] = {}
        exec(compile(_text(shape, on, dict(kinds)), "<poet>", "exec"), names)  # noqa: S102
        maker = _MAKERS[key] = names["make"]
    return _disguise(maker(*(given.get(free) for free in FREE), *needs), function, name, parameters)


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


def _text(shape: _Shape, on: Mapping[str, bool], kinds: Mapping[str, str]) -> str:
    params, call, positional, by_name = shape.texts()
    lines = ["if off:", f"    return function({call})"]
    if on["whole"]:
        lines += [f"return enter({positional}, {by_name})"]
    else:
        lines += [*_read(kinds, f"return enter({positional}, {by_name})"), *_body(shape, on, kinds)]
    free = (*FREE, *(f"{need}_{place}" for place, kind in kinds.items() for need in _NEEDS[kind]))
    return "\n".join(
        ["def make(" + ", ".join(free) + "):", f"    def call({params}):", *_in(_in(lines)), "    return call"]
    )


def _read(kinds: Mapping[str, str], leave: str) -> list[str]:
    """Read the parameters that have a reader; leave it all to the whole form where one of them cannot be read so."""
    lines: list[str] = []
    given = [place for place, kind in kinds.items() if kind == "given"]
    if given:
        lines += ["if " + " or ".join(f"{place} is None" for place in given) + ":", f"    {leave}"]
    reads: list[str] = []
    for place, kind in kinds.items():
        if kind == "read":
            reads.append(f"r{place} = read_{place}({place})")
        elif kind == "tested":
            test = f"{place}.__class__ is class_{place} and low_{place} <= {place} <= high_{place}"
            reads.append(f"r{place} = {place} if {test} else read_{place}({place})")
    return [*lines, "try:", *_in(reads), "except Unclear:", f"    {leave}"] if reads else lines


def _body(shape: _Shape, on: Mapping[str, bool], kinds: Mapping[str, str]) -> list[str]:
    held = {place: f"r{place}" for place, kind in kinds.items() if kind != "given"}
    _params, call, positional, by_name = shape.texts(held)
    body: list[str] = []
    before: list[str] = []
    if on["perceive"]:
        before = [f"args, keywords = {positional}, {by_name}"]
        body += ["args, keywords = perceive(args, keywords)"]
        call, positional, by_name = "*args, **keywords", "args", "keywords"
    if on["breaker"]:
        body += ["ticket = admit(start)", "if not ticket:", "    raise turned_away()"]
    body += _attempt(call, positional, by_name, on)
    token, ticket = "token" if on["timeout"] else "None", "ticket" if on["breaker"] else "0"
    if on["timeout"] or on["breaker"]:
        body = ["try:", *_in(body), "except Halt as stop:", f"    raise stopped(stop, {token}, start, {ticket})"]
    if on["timeout"]:
        body = ["token = push(seconds)", *body, "finally:", "    pop(token)"]
    if on["breaker"]:
        body = ["ticket = 0", *body]
    body = [*(["spend()"] if on["budget"] else []), "start = clock()", *body]
    if on["bulkhead"]:
        entering = ["if not enter_bulkhead(priority):", "    raise full()"]
        body = [*entering, "try:", *_in(body), "finally:", "    leave()"]
    if on["fallback"]:
        falling = [f"    return fall_back(error, {positional}, {by_name})"]
        body = ["try:", *_in(body), "except Fault as error:", *falling]
    return [*before, *body]


def _attempt(call: str, positional: str, by_name: str, on: Mapping[str, bool]) -> list[str]:
    """The first attempt, and the way to the others."""
    token, ticket = "token" if on["timeout"] else "None", "ticket" if on["breaker"] else "0"
    recover = f"return recover(failed, refused, {positional}, {by_name}, {token}, start, {ticket})"
    failing = ["except Fault as fault:", "    failed = [fault]", "    refused = False"]
    if not (on["enforce"] or on["judge"]):
        good = _hand_out("value", on)
        return ["try:", f"    value = function({call})", *failing, "else:", *_in(good), recover]
    told = f", {positional}, {by_name}" if on["tells"] else ""
    checking: list[str] = []
    name = "value"
    if on["enforce"]:
        name = "checked"
        checking += [f"checked = enforce(value{told})", "if checked is None and value is not None:"]
        checking += ["    raise NothingReturned"]
    if on["judge"]:
        checking += [f"if {name}.__class__ not in unjudged:", f"    {name} = judge({name}, {positional}, {by_name})"]
    judging = ["try:", *_in(checking), "except Fault as fault:", "    failed = [fault]", "    refused = True"]
    judging += ["else:", *_in(_hand_out(name, on))]
    return ["try:", f"    value = function({call})", *failing, "else:", *_in(judging), recover]


def _hand_out(name: str, on: Mapping[str, bool]) -> list[str]:
    """Return a good value, unless its time is over."""
    if not (on["timeout"] or on["breaker"]):
        return ["record(clock() - start)", f"return {name}"]
    lines = ["now = clock()"]
    if on["breaker"]:
        lines += ["success(ticket, now - start, now)"]
    if on["timeout"]:
        lines += ["if now > token.at:", "    raise late(now - start)"]
    return [*lines, "record(now - start)", f"return {name}"]


def _in(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


def _disguise(made: Any, function: Callable[..., Any], name: str, parameters: Parameters | None) -> Callable[..., Any]:
    """`made` under the names, defaults and docs of the function it stands for."""
    code = made.__code__
    if parameters is not None:
        renamed = {f"a{i}": real for i, real in enumerate(parameters.positional)}
        renamed.update({f"k{i}": real for i, real in enumerate(parameters.keyword)})
        renamed["rest"], renamed["others"] = parameters.rest or ".rest", parameters.rest_keywords or ".others"
    else:
        renamed = {}
    # The pipeline's own variables get names no program can write, so they collide with no parameter.
    code = code.replace(
        co_name=name,
        co_qualname=getattr(function, "__qualname__", name),
        co_varnames=tuple(renamed.get(n, "." + n) for n in code.co_varnames),
        co_freevars=tuple("." + n for n in code.co_freevars),
        co_consts=tuple(_renamed(const, renamed) for const in code.co_consts),
    )
    space = getattr(function, "__globals__", {})
    defaults = getattr(function, "__defaults__", None)
    call = FunctionType(code, space, name, defaults, made.__closure__)
    if parameters is not None:
        call.__kwdefaults__ = getattr(function, "__kwdefaults__", None)
    call.__qualname__ = code.co_qualname
    call.__doc__ = getattr(function, "__doc__", None)
    call.__module__ = getattr(function, "__module__", None) or ""
    call.__annotations__ = dict(getattr(function, "__annotations__", {}))
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
