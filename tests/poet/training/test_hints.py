"""What plugins say about learning (P102): asked once, checked, followed where it narrows, and shown."""

from __future__ import annotations

import pytest

from dana.poet import explain, poet
from dana.poet.pipeline import plan_of
from dana.poet.plugins.base import Plugin
from dana.poet.python import Host
from dana.poet.registry import registry_of


class Old:
    """A plugin of the older protocol."""

    def __init__(self, hints):
        self.given = hints
        self.contexts = []

    def get_domain_name(self):
        return "old"

    def process_inputs(self, _args, kwargs):
        return kwargs

    def validate_output(self, result, _context):
        return result

    def get_learning_hints(self, context):
        self.contexts.append(context)
        return self.given


def decorated(*plugins, **options):
    host = Host()
    call = poet(host=host, store="memory:", plugins=list(plugins), **options)(lambda x: x)
    assert call(1) == 1
    return call, {knob.name: knob for knob in plan_of(call).learner.subject.knobs.values()}, host


def test_bounds_are_narrowed_never_widened_and_the_start_stays_allowed():
    hints = {"bounds": {"timeout": (10, 180), "backoff": (-5, 9_999), "retries": [4, 6]}, "fixed": ["jitter"]}
    old = Old(hints)
    call, knobs, host = decorated(old)
    assert (knobs["timeout"].low, knobs["timeout"].high) == (0.0, 180)
    assert (knobs["backoff"].low, knobs["backoff"].high) == (0.0, 60.0)
    assert knobs["retries"].low == knobs["retries"].default
    assert knobs["retries"].high == 6
    assert "jitter" not in knobs
    assert len(old.contexts) == 1
    assert {"timeout", "jitter"} <= set(old.contexts[0]["knobs"])
    told = explain(call)
    assert "hint of old: `timeout` is learnt from 0 to 180" in told
    assert "hint of old: `jitter` is not learnt" in told
    registry_of(host).close()


@pytest.mark.parametrize(
    ("hints", "why"),
    [
        ({"learning_rate": 0.01}, "`learning_rate` is nothing that learning asks for"),
        ({"bounds": {"colour": (1, 2)}}, "`colour` is no number that is learnt here"),
        ({"bounds": {"jitter": (1, 2)}}, "`jitter` is no number"),
        ({"bounds": {"timeout": (5, 1)}}, "`timeout` has no bounds in"),
        ({"bounds": {"timeout": (1, float("nan"))}}, "`timeout` has no bounds in"),
        ({"bounds": {"timeout": "much"}}, "`timeout` has no bounds in"),
        ({"bounds": {"timeout": (9_000, 9_999)}}, "`timeout` is from 0 to 3600 here"),
        ({"parameter_bounds": 7}, "`parameter_bounds` is nothing"),
        ({"fixed": ["colour"]}, "`colour` is not learnt here"),
        (["bounds"], "old gave list instead of a dict"),
        (None, "old gave NoneType instead of a dict"),
    ],
)
def test_what_cannot_be_followed_is_said(hints, why):
    call, knobs, host = decorated(Old(hints))
    assert knobs["timeout"].high == 3600.0
    assert f"hint not used: {why}" in explain(call).replace("used: old: ", "used: ")
    registry_of(host).close()


def test_of_several_plugins_the_first_that_speaks_counts_and_one_without_hints_says_nothing():
    class Silent(Plugin):
        domain = "silent"

    call, knobs, host = decorated(
        Silent(), Old({"bounds": {"timeout": (0, 50)}}), Old({"bounds": {"timeout": (0, 9)}, "fixed": ["timeout"]})
    )
    assert knobs["timeout"].high == 50
    told = explain(call)
    assert "`timeout` was spoken about already" in told
    assert "silent" not in told.split("learning (")[1]
    registry_of(host).close()
