"""`dana poet plugins`: which plugins there are, and whether one written in Dana is right.

dana poet plugins                   those that are built in, of the project, and of installed packages; runs none
dana poet plugins check FILE        checks and runs a plugin's file as a program would, without any grant
dana poet plugins generate FILE::FUNCTION --domain NAME     has a language model write one, checks and tests it, and
                                    offers it under .poet/offers, where nothing is ever loaded from
"""

from __future__ import annotations

import json
import os
import sys

from dana.cli.grants import printable
from dana.cli.ledgers import table
from dana.cli.options import UsageProblem
from dana.cli.terminal import FAILED, OK
from dana.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.cli.options import Options
    from dana.cli.terminal import Terminal
    from dana.poet.plugins.scripted import ScriptedPlugin

LONGEST_S = 10.0


def plugins(options: Options, terminal: Terminal) -> int:
    """`dana poet plugins [check FILE]`."""
    words = options.words[1:]
    if not words:
        return _listed(options)
    if words[0] == "generate":
        return _generated(words[1:], options, terminal)
    if words[0] != "check":
        hint = "dana poet plugins check FILE, dana poet plugins generate FILE::FUNCTION --domain NAME"
        raise UsageProblem("E905", f"`dana poet plugins` has no {printable(words[0])!r}", hint)
    if len(words) != 2:
        raise UsageProblem("E905", "`dana poet plugins check` takes one file", "dana poet plugins check wine.na")
    return _checked(words[1], options, terminal)


def _listed(options: Options) -> int:
    from dana.poet.plugins.finding import every

    found = [{"domain": each.name, "kind": each.kind, "place": each.place} for each in every()]
    if "json" in options.given:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        return OK
    rows = [(each["domain"], each["kind"], _near(each["place"])) for each in found]
    sys.stdout.write(table([printable(cell) for cell in row] for row in [("domain", "kind", "place"), *rows]))
    return OK


def _near(place: str) -> str:
    """A file below the current folder as people write it."""
    here = os.path.join(os.getcwd(), "")
    return place.removeprefix(here)


def _checked(path: str, options: Options, terminal: Terminal) -> int:
    import dana
    from dana.engine import Engine, Limits
    from dana.poet.plugins.base import PluginError

    if not os.path.isfile(path):
        raise UsageProblem(
            "E902", f"there is no file {printable(path)}", "a plugin is a file like .poet/plugins/wine.na"
        )
    engine = Engine(limits=Limits(wall_s=LONGEST_S), on_print=sys.stderr.write)
    warnings = [found for found in engine.check(path) if found.code[0] == "W"]
    try:
        plugin = _made(engine, path)
    except dana.DanaError as error:
        return terminal.fail(error)
    except PluginError as wrong:
        terminal.report([Diagnostic(wrong.code, printable(str(wrong)), hint=printable(wrong.hint))])
        return FAILED
    if warnings:
        terminal.report(warnings)
    sys.stderr.write("".join(f"note: {printable(doubt)}\n" for doubt in plugin.doubts()))
    facts = _facts(plugin)
    if "json" in options.given:
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(table((printable(name), printable(_text(value))) for name, value in facts.items() if value))
    return OK


def _made(engine: Any, path: str) -> ScriptedPlugin:
    from dana.poet.plugins.scripted import ScriptedPlugin

    name = os.path.basename(path).removesuffix(".na")
    module = engine.load(path, name=name)
    names = {each: getattr(module, each) for each in dir(module) if each != "struct"}
    return ScriptedPlugin(name, path, names)


def _facts(plugin: ScriptedPlugin) -> dict[str, Any]:
    return {
        "domain": plugin.domain,
        "version": plugin.version,
        "reads": sorted(plugin.readers),
        "perceives": "all arguments" if plugin.perceive else "",
        "judges": "the result" if plugin.enforce else "",
        "settings": {name: field.default for name, field in plugin.fields.items()},
        "hints": plugin.hints(),
        "words": sorted(plugin.words),
    }


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {json.dumps(each, ensure_ascii=False)}" for name, each in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)


# --- plugins a model writes -----------------------------------------------------------------------

OFFERS = os.path.join(".poet", "offers")
PLUGINS = os.path.join(".poet", "plugins")


def _generated(words: list[str], options: Options, terminal: Terminal) -> int:
    """`dana poet plugins generate FILE::FUNCTION --domain NAME`."""
    from asyncio import run

    from dana.cli.generating import generate, source_of
    from dana.ipv import ReasonError
    from dana.models import ModelError
    from dana.poet.plugins.base import PluginError

    name = str(options.given.get("domain") or "")
    path, colons, function = words[0].partition("::") if len(words) == 1 else ("", "", "")
    if not (colons and name.isidentifier()):
        hint = "dana poet plugins generate main.na::decide --domain wine"
        raise UsageProblem("E905", "`dana poet plugins generate` takes a function, and a name for the domain", hint)
    try:
        with open(path, encoding="utf-8") as file:
            text = source_of(file.read(), function)
        offer = run(generate(_model(options), text, name))
    except OSError:
        raise UsageProblem("E902", f"there is no file {printable(path)}") from None
    except (PluginError, ModelError, ReasonError) as wrong:
        code = str(getattr(wrong, "_code", None) or getattr(wrong, "code", "E819"))
        advice = str(getattr(wrong, "_hint", None) or getattr(wrong, "hint", ""))
        terminal.report([Diagnostic(code, printable(str(wrong)), hint=printable(advice))])
        return FAILED
    return _offered(offer, terminal)


def _model(options: Options) -> Any:
    """The model that is configured; whoever types the command has asked for it."""
    from dana.cli.granting import policy_of
    from dana.cli.modelling import _settings
    from dana.models import open_model

    policy = policy_of(options.given, os.getcwd())()
    return open_model(None, environ=os.environ, settings=_settings(), policy=policy, trusted=True)


def _offered(offer: Any, terminal: Terminal) -> int:
    """Show what was written; keep it where nothing is loaded from."""
    target = os.path.join(PLUGINS, f"{offer.name}.na")
    before = ""
    if os.path.isfile(target):
        with open(target, encoding="utf-8") as file:
            before = file.read()
    sys.stdout.write("".join(printable(line) + "\n" for line in offer.diff(before, target).splitlines()))
    if not offer.is_good:
        notes = "; ".join(offer.problems[:3])
        message = f"no plugin is offered: after {offer.tries} tries this is still wrong: {notes}"
        terminal.report([Diagnostic("E819", printable(message), hint="say more in the function's docs, or write it")])
        return FAILED
    os.makedirs(OFFERS, exist_ok=True)
    kept = os.path.join(OFFERS, f"{offer.name}.na")
    for place, text in ((kept, offer.plugin), (os.path.join(OFFERS, f"test_{offer.name}.na"), offer.tests)):
        with open(place, "w", encoding="utf-8") as file:
            file.write(text)
    tests = offer.tests.count("def test_")
    sys.stdout.write(f"\nchecked, run without grants, {tests} tests passed; nothing is loaded from {OFFERS}\n")
    sys.stdout.write(f"read it, then take it: mv {kept} {target}\n")
    return OK
