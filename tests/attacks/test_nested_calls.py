"""Programs behind walls that call the host, which calls them, which call the host, without an end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import dana


@pytest.mark.parametrize("later", [False, True])
def test_a_worker_that_ends_in_an_inner_call_is_an_error_of_dana_in_the_outer_one(later: bool) -> None:
    with dana.Engine(isolate="process", limits=dana.Limits(wall_s=1.0)) as engine:

        @engine.host("again")
        def again(function: Any) -> Any:
            return function(1)

        program = "def f(n): return again(f)\nf(1)"
        with pytest.raises(dana.DanaError):
            asyncio.run(engine.arun(program)) if later else engine.run(program)
        assert engine.run("1 + 1") == 2
