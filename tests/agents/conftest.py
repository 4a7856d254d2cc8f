"""A stage of each kind: `engine.run` and `await engine.arun`."""

from __future__ import annotations

import pytest

from tests.agents.stages import Stage


@pytest.fixture(params=["run", "arun"])
def stage(request):
    return Stage(driven=request.param == "arun")
