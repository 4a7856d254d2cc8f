"""What `poet` offers a Dana program: what is refused, what is switched, where a store may be."""

from __future__ import annotations

import pytest

import dana
from dana.engine import Engine
from dana.policy.policy import Allow


def printed(text: str, **options) -> str:
    said: list[str] = []
    Engine(on_print=said.append, cache=False, **options).run(text)
    return "".join(said)


def test_all_pipelines_of_a_program_are_switched_together() -> None:
    text = """
from poet import enable, disable

@poet(retries=0, enforce_handler=lambda n: n + 1)
def one() -> int:
    return 1

@poet(retries=0, enforce_handler=lambda n: n + 10)
def two() -> int:
    return 2

print(one(), two())
disable()
print(one(), two())
enable(two)
print(one(), two())
enable()
print(one(), two())
"""
    assert printed(text).splitlines() == ["2 12", "1 2", "1 12", "2 12"]


@pytest.mark.parametrize(
    ("bounds", "why"),
    [("4.0, 1.0", "leave nothing to learn"), ("1.0, 2.0, start=3.0", "3"), ('"a", 2.0', "number")],
)
def test_bounds_that_only_the_running_program_knows_are_checked(bounds, why) -> None:
    text = f"words = [learnable]\nprint(words[0]({bounds}))\n"
    with pytest.raises(dana.DanaError, match=why) as caught:
        printed(text)
    assert caught.value.diagnostics[0].code == "E822"


def test_a_store_on_a_server_is_a_connection_that_must_be_granted() -> None:
    text = '@poet(store="postgresql://db.example:6000/learnt")\ndef f() -> int:\n    return 1\nprint(1)\n'
    with pytest.raises(dana.DanaError, match=r"db\.example"):
        printed(text)
    assert printed(text, allow=Allow(net=["db.example:6000"])) == "1\n"


def test_a_store_that_is_none_is_said_by_the_option_itself() -> None:
    text = 'places = ["ftp://x/y"]\n@poet(store=places[0])\ndef f() -> int:\n    return 1\nprint(1)\n'
    with pytest.raises(dana.DanaError, match="store"):
        printed(text)


def test_explain_names_the_domain_or_one_that_would_fit() -> None:
    text = """
from poet import explain

@poet(domain="financial_services")
def score(credit_score: int, annual_income: float, debt_ratio: float) -> float:
    return 1.0

@poet
def same(credit_score: int, annual_income: float, debt_ratio: float) -> float:
    return 1.0

@poet
def other(a, b):
    return a

for f in [score, same, other]:
    print([line for line in explain(f).split("\\n") if "would fit" in line])
"""
    lines = printed(text).splitlines()
    assert lines[0] == "[]"
    assert "no domain; financial_services would fit" in lines[1]
    assert lines[2] == "[]"
