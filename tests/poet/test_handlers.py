"""Handlers by name, and what a call tells its handlers about the code and the past."""

from __future__ import annotations

import pytest

import dana
from dana.engine import Engine
from dana.poet import poet, register_handler
from dana.poet.errors import POETConfigError
from dana.poet.python import Host


def run(text):
    printed = []
    Engine(on_print=printed.append, cache=False).run(text)
    return "".join(printed).splitlines()


def tidy(text):
    return {"text": text.strip()}


def shouting(value):
    return value.upper()


def test_names_mean_functions_of_the_module_in_python() -> None:
    f = poet(perceive_handler="tidy", enforce_handler="shouting")(lambda text: text)
    assert f(" a ") == "A"


def test_registered_handlers_are_found_after_those_of_the_module() -> None:
    host = Host()
    register_handler("doubled", lambda value: value * 2, host=host)
    register_handler("shouting", lambda value: "wrong", host=host)
    assert poet(host=host, enforce_handler="doubled")(lambda x: x)(4) == 8
    assert poet(host=host, enforce_handler="shouting")(lambda x: x)("a") == "A"
    with pytest.raises(POETConfigError, match="no function here"):
        poet(enforce_handler="doubled")(lambda x: x)


@pytest.mark.parametrize(("name", "handler"), [("no name", len), ("_a", len), ("a", 3), ("", len)])
def test_what_cannot_be_registered(name, handler) -> None:
    with pytest.raises(POETConfigError):
        register_handler(name, handler, host=Host())


MODULE = """
import math
from poet import register_handler

def tidy(text: str) -> dict:
    return {"text": text.strip()}

register_handler("bank.rounded", lambda value: round(value))
"""


@pytest.mark.parametrize(
    ("options", "call", "printed"),
    [
        ('perceive_handler="tidy"', 'f(" a ")', "a"),
        ('perceive_handler="Dana::tidy"', 'f(" a ")', "a"),
        ('enforce_handler="bank.rounded"', "f(2.6)", "3"),
        ('enforce_handler="math.sqrt"', "f(9)", "3.0"),
        ('enforce_handler="tidy", perceive_handler=none', 'f("b ")', "{'text': 'b'}"),
    ],
)
def test_names_mean_functions_of_the_module_in_dana(options, call, printed) -> None:
    assert run(f"{MODULE}\n@poet({options})\ndef f(text): return text\nprint({call})\n") == [printed]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tdy", "did you mean 'tidy'"),
        ("later", "names `later`"),
        ("math.nothing", "names `math.nothing`"),
        ("math", "names `math`"),
        ("__import__", "names `__import__`"),
        ("tidy.func_globals", "names `tidy.func_globals`"),
        ("tidy.__globals__", "names `tidy.__globals__`"),
    ],
)
def test_a_name_that_means_nothing_is_an_error_where_the_decorator_stands(name, said) -> None:
    text = f'{MODULE}\n@poet(enforce_handler="{name}")\ndef f(text): return text\n\ndef later(v): return v\n'
    with pytest.raises(dana.DanaError, match=said) as caught:
        run(text)
    assert caught.value.diagnostics[0].code == "E823"


def test_a_text_that_is_no_name_is_refused_before_the_program_runs() -> None:
    found = Engine(cache=False).check('@poet(enforce_handler="not a name")\ndef f(): return 1\n')
    assert [each.code for each in found] == ["E804"]


def test_what_is_registered_in_python_is_not_reachable_from_programs() -> None:
    register_handler("host_secret", lambda value: "leaked")
    with pytest.raises(dana.DanaError, match="no function here"):
        run('@poet(enforce_handler="host_secret")\ndef f(): return 1\n')


CONTEXT = """
def look(value, call: any):
    c = call.context
    print(c.function, "|", c.doc, "|", c.types, "|", c.docs, "|", c.returns, "|", call.expected)
    print(call.signature)
    return value

@poet(enforce_handler=look, name="the quote")
def quote(
    item: str,         ## what is bought
    count: int = 1,    ## how many
    tags: list[str] = [],
) -> float:
    "What it costs."
    return 2.5 * count

quote("tea", 2, ["a"])
"""


def test_a_handler_sees_the_code_around_the_function() -> None:
    assert run(CONTEXT) == [
        (
            "the quote | What it costs. | {'item': 'str', 'count': 'int', 'tags': 'list[str]'} | "
            "{'item': 'what is bought', 'count': 'how many'} | float | float"
        ),
        "item: str, count: int, tags: list[str]",
    ]


SITES = """
def look(value, call: any):
    for site in call.context.sites:
        print(site["line"], site["target"], site["type"])
    print(call.expected)
    return value

@poet(enforce_handler=look)
def answer(): return 42

x: int = answer()
def g() -> int:
    return answer()
y = answer() if false else 3
"""


def test_a_handler_sees_where_the_function_is_called_and_what_is_expected_there() -> None:
    assert run(SITES) == ["11 x int", "13  int", "14  ", ""]
    assert run(SITES.replace("y = answer() if false else 3", ""))[-1] == "int"


def test_python_functions_tell_the_same() -> None:
    seen = []

    def look(value, call):
        seen.append((call.context.doc, call.context.types, call.expected, call.signature))
        return value

    @poet(enforce_handler=look)
    def quote(item: str, count: int = 1) -> float:
        """What it costs."""
        return 2.5 * count

    quote("tea")
    quote({"a": 1}, 2)
    assert seen == [
        ("What it costs.", {"item": "str", "count": "int"}, "float", "item: str, count: int"),
        ("What it costs.", {"item": "str", "count": "int"}, "float", "item: dict{a}, count: int"),
    ]


def test_a_handler_knows_how_earlier_calls_went() -> None:
    text = """
def look(value, call: any):
    h = call.history
    print(h["calls"], h["success_rate"], h["failures"])
    if value < 0:
        raise ValueError("negative")
    return value

@poet(enforce_handler=look, retries=0)
def f(x): return x
f(1)
try:
    f(-1)
except POETError: pass
f(2)
"""
    failure = "POETEnforceError: `f` gave no acceptable result in its first attempt: ValueError: negative"
    assert run(text) == ["0 1.0 []", "1 1.0 []", f"2 0.5 ['{failure}']"]
