from __future__ import annotations

import sys

import pytest

import dana


@pytest.fixture
def engine():
    with dana.Engine(isolate="process", cache=False, limits=dana.Limits(wall_s=20)) as made:
        yield made


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/isolation" in str(item.path) and not sys.platform.startswith("linux"):
            item.add_marker(pytest.mark.skip(reason="the walls are Linux's"))
