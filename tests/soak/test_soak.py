"""A sample of `python -m tests.soak`."""

from __future__ import annotations

import logging

from tests.soak.calls import Soak


def test_calls_are_answered_as_without_poet_while_store_plugin_and_handlers_fail(tmp_path, caplog) -> None:
    caplog.set_level(logging.CRITICAL, "dana.poet")
    soak = Soak(tmp_path, seed=7)
    for _ in range(3000):
        soak.call()
    soak.end()
    assert soak.tally.share >= 0.999
    assert soak.tally.plugin > 50
    assert soak.tally.handler > 50
    assert soak.tally.store > 0
