"""Which calls start an effect (L34): the checker colours them, and interfaces carry the knowledge on."""

from __future__ import annotations

import marshal

from dana.ast import nodes as na
from dana.checker import Interface, ModuleRequest, check
from dana.checker.types import ANY, STR, effect, is_effect
from dana.parser import parse
from dana.runtime.natives.signatures import read_signature
from dana.source import Source

GET = effect(("func", (("url", STR, "normal", False),), STR))
HTTP = Interface("http")
HTTP.names.update({"get": GET, "parse": ("func", None, ANY)})


def coloured(text: str, **modules: str) -> list[str]:
    """The coloured calls of a program, as they are written, in order."""

    def find(request: ModuleRequest) -> Interface | str:
        name = ".".join(request.path)
        if name == "natives.http":
            return HTTP
        return checked(modules[name]).interface if name in modules else f"no {name}"

    def checked(source: str):
        found = check(parse(Source("t.na", source)), modules=find, given={"lookup": GET, "crm": HTTP})
        assert not found.errors, found.errors
        return found

    found = checked(text)
    calls = [n for n in na.walk(found.module) if id(n) in found.effects]
    return [text[c.start : c.end] for c in sorted(calls)]


def test_builtins_that_ask_a_model_are_coloured() -> None:
    assert coloured('a = reason("x")\nb = llm("y")\nc = ask("z")\nd = len("w")') == [
        'reason("x")', 'llm("y")', 'ask("z")',
    ]  # fmt: skip


def test_functions_of_the_host_are_coloured_when_they_are_effects() -> None:
    assert coloured('lookup("a")\ncrm.get("b")\ncrm.parse("c")') == ['lookup("a")', 'crm.get("b")']


def test_an_imported_effect_is_coloured_under_any_name() -> None:
    assert coloured('from natives.http import get, parse as p\nget("a")\np("b")') == ['get("a")']
    assert coloured('from natives.http import get as fetch\nfetch("a")') == ['fetch("a")']


def test_a_module_hands_on_the_effects_it_imports() -> None:
    web = "from natives.http import get\nfetch = get\ndef wrapped(url):\n    return get(url)\nexport get, fetch, wrapped\n"
    text = 'import web\nfrom web import get, wrapped\nget("a")\nweb.get("b")\nweb.fetch("c")\nwrapped("d")\nweb.wrapped("e")'
    assert coloured(text, web=web) == ['get("a")', 'web.get("b")', 'web.fetch("c")']


def test_a_variable_that_certainly_holds_an_effect_is_coloured() -> None:
    assert coloured('def f():\n    g = lookup\n    return g("a")') == ['g("a")']


def test_a_name_that_is_bound_again_is_not() -> None:
    assert coloured('def lookup(x):\n    return x\nlookup("a")') == []


def test_a_partial_call_starts_nothing() -> None:
    assert coloured("f = lookup($$)") == []


def test_the_digest_tells_an_effect_from_a_function() -> None:
    plain, coloured_ = Interface("m"), Interface("m")
    plain.names["get"], coloured_.names["get"] = GET[:3], GET
    assert plain.digest() != coloured_.digest()
    stored = Interface.from_data(marshal.loads(marshal.dumps(coloured_.to_data())))
    assert is_effect(stored.names["get"])


def test_natives_say_so_in_their_signature() -> None:
    found = read_signature("effect (url: str, timeout: float = …) -> str")
    assert is_effect(found)
    assert found[:3] == read_signature("(url: str, timeout: float = …) -> str")
