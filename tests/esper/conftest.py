"""Everything here needs torch; without it these tests say "not run"."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="not run: the extra `esper` (torch) is not installed")


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny networks are slower with more, and sums differ between thread counts."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
