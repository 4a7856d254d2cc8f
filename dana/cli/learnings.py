"""`dana poet`: what a store knows about functions; looking at it, handing it on, starting anew.

Functions live in programs, so this knows no knobs: what is imported here is checked against the bounds of a function
when a program that has it starts.
"""

from __future__ import annotations

import json
import os
import sys

from dana.cli.grants import printable
from dana.cli.ledgers import action, moment, table
from dana.cli.options import UsageProblem
from dana.cli.terminal import FAILED, OK
from dana.diagnostics import Diagnostic, suggest
from dana.poet.learning import SUBJECT
from dana.poet.store.base import MAX_VERSIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from dana.cli.options import Options
    from dana.cli.terminal import Terminal
    from dana.poet.store.base import Store, StoreError


class Refused(Exception):
    """What was asked for cannot be done; `diagnostic` says why."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, printable(message), hint=printable(hint))


def poet(options: Options, terminal: Terminal) -> int:
    """`dana poet list|status|explain|history|rollback|export|import|reset|migrate`."""
    from dana.poet.packages import PackageError
    from dana.poet.store.base import StoreError

    act = ACTS[action(options, tuple(ACTS))]
    try:
        return act(options, terminal)
    except StoreError as problem:
        found = Diagnostic("E922", printable(str(problem)), hint=printable(problem.hint))
    except PackageError as problem:
        found = Diagnostic("E924", printable(str(problem)), hint=printable(problem.hint))
    except Refused as problem:
        found = problem.diagnostic
    terminal.report([found])
    return FAILED


# --- looking ------------------------------------------------------------------------------------


def _list(options: Options, terminal: Terminal) -> int:
    _no_more(options, 0)
    store = _opened(options, terminal, reads=True)
    rows: list[dict[str, Any]] = []
    for function_id, domain, at in store.functions():
        latest = store.load(function_id, domain)
        rows.append({"function": function_id, "domain": domain, "version": latest.version if latest else 0, "at": at})
    store.close()
    if "json" in options.given:
        return _json(rows)
    if not rows:
        sys.stdout.write("nothing has been learnt yet\n")
        return OK
    head = ("function", "domain", "version", "saved")
    shown = [(r["function"], r["domain"], str(r["version"]), moment(r["at"])) for r in rows]
    sys.stdout.write(_safe([head, *shown]))
    return OK


def _status(options: Options, terminal: Terminal) -> int:
    store = _opened(options, terminal, reads=True)
    found = [_state(store, *of) for of in _functions(store, options)]
    store.close()
    if "json" in options.given:
        return _json(found)
    if not found:
        sys.stdout.write("nothing has been learnt yet\n")
    elif len(options.words) == 1:
        sys.stdout.write(
            _safe(
                [
                    ("function", "domain", "calls", "gave a value", "p50", "p95", "version", "feedback"),
                    *map(_row, found),
                ]
            )
        )
        return OK
    for state in found:
        sys.stdout.write(printable(f"{state['function']} ({state['domain']})") + "\n")
        sys.stdout.write(_safe([("  " + name, _value(value)) for name, value in _facts(state)]))
    return OK


def _state(store: Store, function_id: str, domain: str) -> dict[str, Any]:
    """Everything a store knows about a function, in figures."""
    from dana.adaptive.statistics import OUTCOMES, Calls
    from dana.poet.learning import CALLS

    latest = store.load(function_id, domain)
    data = store.patterns(function_id, domain).get(CALLS)
    try:
        calls = Calls.from_data(data) if data is not None else Calls()
    except ValueError as damaged:
        raise Refused("E922", f"the statistics of `{function_id}` are damaged: {damaged}", _RESET) from None
    return {
        "function": function_id,
        "domain": domain,
        "version": latest.version if latest else 0,
        "parameters": latest.data if latest else {},
        "calls": calls.count,
        "success_rate": calls.success_rate if calls.count else None,
        "outcomes": {name: count for name, count in zip(OUTCOMES, calls.outcomes, strict=True) if count},
        "p50": calls.times.quantile(0.5) if calls.count else None,
        "p95": calls.times.quantile(0.95) if calls.count else None,
        "feedback": len(store.feedback(function_id, domain, 10_000)),
    }


def _row(state: dict[str, Any]) -> tuple[str, ...]:
    """A function in a line of the table of all."""
    figures: tuple[str, ...] = ("-", "-", "-")
    if state["calls"]:
        figures = (f"{state['success_rate']:.1%}", *(f"{state[name] * 1000:.3g} ms" for name in ("p50", "p95")))
    counts = (str(state["version"]), str(state["feedback"]))
    return (state["function"], state["domain"], str(state["calls"]), *figures, *counts)


_RESET = "`dana poet reset FUNCTION` forgets all that is known about a function"


def _facts(state: dict[str, Any]) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [("version", state["version"])]
    facts += list(state["parameters"].items())
    facts.append(("calls", state["calls"]))
    if state["calls"]:
        facts.append(("success rate", f"{state['success_rate']:.1%}"))
        facts += [(name, count) for name, count in state["outcomes"].items() if name != "succeeded"]
        facts += [(name, f"{state[name] * 1000:.3g} ms") for name in ("p50", "p95")]
    facts.append(("feedback", state["feedback"]))
    return facts


def _explain(options: Options, terminal: Terminal) -> int:
    """What a function is set to, where its file is named; what the store knows about it, in both cases."""
    _no_more(options, 1)
    if len(options.words) < 2:
        hint = "dana poet explain prices.na::quote, or dana poet explain prices.quote"
        raise UsageProblem("E905", "`dana poet explain` takes one function", hint)
    path, colons, name = options.words[1].partition("::")
    if not colons:
        return _known(options, terminal, options.words[1])
    from dana.engine import Engine
    from dana.errors import DanaError, UsageError

    if not os.path.exists(path):
        raise UsageProblem("E902", f"there is no file {printable(path)}")
    # What the file does when it is imported is done: with no permission at all, and what it prints is not shown.
    engine = Engine(on_print=lambda _text: None)
    try:
        engine.load(os.path.abspath(path))
        said = engine.explain(name)
    except DanaError as error:
        return terminal.fail(error)
    except UsageError as error:
        message, _, hint = str(error).partition("; ")
        raise Refused("E923", message, hint) from None
    sys.stdout.write("".join(printable(line) + "\n" for line in said.splitlines()))
    return OK


def _known(options: Options, terminal: Terminal, name: str) -> int:
    """What the store knows about a function, without its program."""
    store = _opened(options, terminal, reads=True)
    ((function_id, domain),) = _one(_functions(store, options), options)
    state, versions = _state(store, function_id, domain), _versions(store, function_id, domain, 5)
    store.close()
    if "json" in options.given:
        return _json(state)
    sys.stdout.write(printable(f"{name} ({domain}), as the store knows it") + "\n")
    sys.stdout.write(_safe([("  " + fact, _value(value)) for fact, value in _facts(state)]))
    for version, earlier in versions:
        sys.stdout.write(printable(f"  {moment(version.at)}  {_changes(earlier, version.data)}") + "\n")
    sys.stdout.write("  options are in its program: `dana poet explain FILE.na::FUNCTION` shows them\n")
    return OK


def _history(options: Options, terminal: Terminal) -> int:
    _no_more(options, 1)
    if len(options.words) < 2:
        raise UsageProblem("E905", "`dana poet history` takes one function", "dana poet history prices.quote")
    store = _opened(options, terminal, reads=True)
    ((function_id, domain),) = _one(_functions(store, options), options)
    versions = _versions(store, function_id, domain, options.given.get("limit", 50))
    known = store.patterns(function_id, domain).get(SUBJECT, {})
    store.close()
    reasons = [_evidence(known, version.data) for version, _earlier in versions]
    if "json" in options.given:
        return _json(
            [
                {"version": v.version, "at": v.at, "parameters": v.data, "evidence": evidence}
                for (v, _earlier), evidence in zip(versions, reasons, strict=True)
            ]
        )
    if not versions:
        sys.stdout.write("nothing was changed so far: it has no version\n")
        return OK
    rows = [
        (str(version.version), moment(version.at), _changes(earlier, version.data), _why(evidence))
        for (version, earlier), evidence in zip(versions, reasons, strict=True)
    ]
    shown: list[tuple[str, ...]] = [("version", "saved", "what changed", "why"), *rows]
    sys.stdout.write(_safe(shown if any(reasons) else [row[:3] for row in shown]))
    return OK


def _versions(store: Any, function_id: str, domain: str, limit: int) -> list[tuple[Any, dict[str, Any]]]:
    """The newest versions, each with the parameters of the one before it (of the first: none)."""
    # One more than is shown: the oldest line, too, says what changed.
    found = store.versions(function_id, domain, limit + 1)
    before = [version.data for version in found[1:]] + [{}]
    return list(zip(found, before, strict=False))[:limit]


def _evidence(known: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """What a saved version rests on: the evidence of the subject's version with these values."""
    for version in reversed(known.get("versions", ())):
        if version["values"] == values:
            return dict(version["evidence"])
    return {}


def _why(evidence: dict[str, Any]) -> str:
    from dana.poet.explaining import why

    return why(evidence) if evidence else ""


def _rollback(options: Options, terminal: Terminal) -> int:
    """Make an older version of the parameters the newest: programs have it when they start next."""
    from time import time

    example = "dana poet rollback prices.quote, or dana poet rollback prices.quote 3"
    if not 2 <= len(options.words) <= 3:
        raise UsageProblem("E905", "`dana poet rollback` takes a function, and a version if you like", example)
    wanted = options.words.pop(2) if len(options.words) > 2 else ""
    if wanted and not wanted.isdecimal():
        raise UsageProblem("E905", f"a version is a number, not {printable(wanted)}", example)
    store = _opened(options, terminal)
    ((function_id, domain),) = _one(_functions(store, options), options)
    versions = store.versions(function_id, domain, MAX_VERSIONS)
    older = (
        [v for v in versions if str(v.version) == wanted]
        if wanted
        else [v for v in versions[1:] if v.data != versions[0].data][:1]
    )
    if not older:
        store.close()
        have = ", ".join(str(v.version) for v in versions) or "none"
        raise Refused(
            "E923", f"{function_id} has no {'version ' + wanted if wanted else 'earlier version'}", f"it has {have}"
        )
    store.save(function_id, domain, older[0].data, time())
    known = store.patterns(function_id, domain).get(SUBJECT)
    for number, version in reversed(list(enumerate((known or {}).get("versions", ())))):
        if known is not None and version["values"] == older[0].data:
            store.put_pattern(function_id, domain, SUBJECT, {**known, "current": number}, time())
            break
    store.close()
    sys.stdout.write(printable(f"{function_id} is as in version {older[0].version} from its next start on") + "\n")
    return OK


def _changes(before: dict[str, Any], after: dict[str, Any]) -> str:
    changed = [f"{name}={_value(value)}" for name, value in after.items() if before.get(name) != value]
    return ", ".join([*changed, *(f"{name} gone" for name in before if name not in after)]) or "nothing"


# --- handing on ---------------------------------------------------------------------------------


def _export(options: Options, terminal: Terminal) -> int:
    from dana.poet.packages import ParameterPackage

    if len(options.words) < 2:
        raise UsageProblem("E905", "`dana poet export` takes a file", "dana poet export prices.json")
    path = options.words.pop(1)
    store = _opened(options, terminal, reads=True)
    package = ParameterPackage(metadata={"name": os.path.basename(path)})
    count, left = 0, []
    for function_id, domain in _functions(store, options):
        latest = store.load(function_id, domain)
        if latest is None:
            continue
        if function_id in package.functions:
            left.append(f"{function_id} in {domain} (a package has one domain for each; choose with --domain)")
            continue
        simple = {k: v for k, v in latest.data.items() if type(v) in (int, float, bool, str)}
        package.add(function_id, domain, simple)
        kept = package.functions[function_id]["parameters"]
        count += len(kept)
        left += [f"{function_id}: {name}" for name in latest.data if name not in kept]
    store.close()
    package.export_to_file(path, key=_key(options))
    sys.stdout.write(f"{_counted(count, 'parameter')} of {_counted(len(package.functions), 'function')} in {path}\n")
    _say_left_out(left)
    return OK


def _import(options: Options, terminal: Terminal) -> int:
    from time import time

    from dana.poet.packages import ParameterPackage

    _no_more(options, 1)
    if len(options.words) != 2:
        raise UsageProblem("E905", "`dana poet import` takes one file", "dana poet import prices.json")
    package = ParameterPackage.import_from_file(options.words[1], key=_key(options))
    store = _opened(options, terminal, make=True)
    taken, left = 0, []
    for function_id, entry in package.functions.items():
        domain = options.given.get("domain", entry["domain"])
        latest = store.load(function_id, domain)
        here = dict(latest.data) if latest else {}
        values, unfit = _fitting(here, entry["parameters"], options.given.get("only"))
        left += [f"{function_id}: {name} ({why})" for name, why in unfit]
        if values and {**here, **values} != here:
            store.save(function_id, domain, {**here, **values}, time())
        taken += len(values)
    store.close()
    sys.stdout.write(f"{_counted(taken, 'parameter')} taken over\n")
    _say_left_out(left)
    return OK


def _fitting(
    here: dict[str, Any], theirs: dict[str, Any], only: Sequence[str] | None
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    values, unfit = {}, []
    for name, value in theirs.items():
        known = here.get(name, value)
        numbers = {type(known), type(value)} == {int, float}
        if only is not None and name not in only:
            unfit.append((name, "it was not chosen"))
        elif type(known) is not type(value) and not numbers:
            unfit.append((name, f"it is {type(known).__name__} here and {type(value).__name__} there"))
        else:
            values[name] = value
    return values, unfit


def _migrate(options: Options, terminal: Terminal) -> int:
    from dana.poet.store.opening import copy, open_store

    if len(options.words) != 3:
        hint = "dana poet migrate json:.poet sqlite:///.poet/parameters.db"
        raise UsageProblem("E905", "`dana poet migrate` takes two stores, from and to", hint)
    _there(options.words[1])
    said = _telling(terminal)
    source = open_store(options.words[1], on_problem=said, reads=True)
    target = open_store(options.words[2], on_problem=said)
    held = len(target.functions())
    if held and "yes" not in options.given:
        why = f"the store to copy to already holds {_counted(held, 'function')}"
        raise Refused("E922", why, "what is copied would become their newest versions: --yes does it all the same")
    count = copy(source, target)
    source.close()
    target.close()
    sys.stdout.write(f"{_counted(count, 'function')} copied, with versions, patterns and feedback\n")
    return OK


def _reset(options: Options, terminal: Terminal) -> int:
    if len(options.words) < 2:
        raise UsageProblem("E905", "`dana poet reset` takes functions", "dana poet reset prices.quote")
    store = _opened(options, terminal)
    chosen = _functions(store, options)
    names = ", ".join(printable(f"{function_id} ({domain})") for function_id, domain in chosen)
    if "yes" not in options.given and not _agreed(f"forget all that is known about {names}? y/n > "):
        store.close()
        sys.stdout.write("nothing is forgotten\n")
        return FAILED
    for function_id, domain in chosen:
        store.forget(function_id, domain)
    store.close()
    sys.stdout.write(f"forgotten: {names}\n")
    return OK


def _plugins(options: Options, terminal: Terminal) -> int:
    from dana.cli.plugins import plugins

    return plugins(options, terminal)


ACTS: dict[str, Callable[[Options, Terminal], int]] = {
    "list": _list,
    "status": _status,
    "explain": _explain,
    "history": _history,
    "rollback": _rollback,
    "export": _export,
    "import": _import,
    "reset": _reset,
    "migrate": _migrate,
    "plugins": _plugins,
}


# --- what they share ----------------------------------------------------------------------------


def _opened(options: Options, terminal: Terminal, *, make: bool = False, reads: bool = False) -> Store:
    """The store that is named, else the one programs use here, and then it is said which: `reads` changes nothing."""
    from dana.poet.store.opening import also_here, open_store, store_here

    where = options.given.get("store") or os.environ.get("DANA_POET_STORE") or store_here()
    if not make:
        _there(where)
    if "store" not in options.given and "json" not in options.given:
        other = also_here()
        beside = f"; {other} also has JSON files, which `--store {other}` names" if other and other != where else ""
        sys.stderr.write(printable(f"store: {where}{beside}") + "\n")
    return open_store(where, on_problem=_telling(terminal), reads=reads)


def _there(where: str) -> None:
    """Looking at a store makes none."""
    from dana.poet.store.opening import place_of

    place = place_of(where)
    if place and not os.path.exists(place):
        hint = "a program makes it when something is learnt; --store names another"
        raise UsageProblem("E902", f"there is no store {printable(place)}", hint)


def _telling(terminal: Terminal) -> Callable[[StoreError], object]:
    return lambda problem: terminal.report([Diagnostic("E922", printable(str(problem)), hint=printable(problem.hint))])


def _functions(store: Store, options: Options) -> list[tuple[str, str]]:
    """The functions the command names, in every domain or the one chosen; all without names."""
    domain = options.given.get("domain")
    known = [(name, where) for name, where, _at in store.functions() if domain in (None, where)]
    wanted = options.words[1:]
    for name in wanted:
        if all(name != found for found, _domain in known):
            near = suggest(name, [found for found, _domain in known])
            hint = f"did you mean {near}?" if near else "`dana poet list` shows what is known"
            where = f" in the domain {domain}" if domain else ""
            raise Refused("E923", f"nothing is known about `{name}`{where}", hint)
    return [of for of in known if not wanted or of[0] in wanted]


def _one(found: list[tuple[str, str]], options: Options) -> list[tuple[str, str]]:
    if len(found) > 1:
        domains = ", ".join(domain for _name, domain in found)
        raise Refused("E923", f"`{options.words[1]}` is known in several domains: {domains}", "choose with --domain")
    return found


def _no_more(options: Options, most: int) -> None:
    if len(options.words) > most + 1:
        raise UsageProblem("E905", f"`dana poet {options.words[0]}` takes no word {options.words[most + 1]!r}")


def _key(options: Options) -> bytes | None:
    if "key" not in options.given:
        return None
    from dana.cli.inputs import data_of

    key = data_of(options.given["key"]).strip()
    if len(key) < 16:
        raise UsageProblem("E904", "a key has at least 16 characters", "head -c 32 /dev/urandom | base64 > key")
    return key


def _agreed(question: str) -> bool:
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise UsageProblem("E905", "nobody can be asked: this is no terminal", "--yes does it without asking")
    sys.stdout.write(question)
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say_left_out(left: list[str]) -> None:
    sys.stdout.write("".join(printable(f"left out: {what}") + "\n" for what in left))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _safe(rows: list[tuple[str, ...]]) -> str:
    return table([printable(cell) for cell in row] for row in rows)


def _json(data: Any) -> int:
    sys.stdout.write(json.dumps(data) + "\n")
    return OK
