"""The codes of the boundary between Python and a program, as a host meets them: `CASES` by code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dana.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable


def _hosting() -> Engine:
    engine = Engine(cache=False)

    @engine.host("crm.lookup")
    def lookup(customer: str) -> dict[str, float]:
        if customer == "ann":
            return {"credit": "much"}  # type: ignore[dict-item]
        raise ConnectionError("the service does not answer")

    return engine


def _missing_file() -> object:
    Path("credit.na").write_text("x = 1\n", encoding="utf-8")
    return Engine(cache=False).run("credt.na")


def _result_for_python() -> object:
    return Engine(cache=False).load("def answer():\n    return 'forty-two'\n", name="m").answer.returning(int)()


def _snapshot() -> object:
    session = Engine(cache=False).session()
    session.run("rates = {'double': lambda x: x * 2}")
    return session.snapshot()


ACTIONS: dict[str, Callable[[], object]] = {
    "E540": _missing_file,
    "E541": lambda: _hosting().run("def ask(f, whom):\n    return f(whom)\n\nask(crm.lookup, ['ann'])\n"),
    "E542": _result_for_python,
    "E543": lambda: _hosting().run('crm.lookup("ann")\n'),
    "E544": lambda: _hosting().run('credit = crm.lookup("bob")\n'),
    "E545": _snapshot,
    "E546": lambda: Engine(cache=False).restore({"dana": 99}),
}
