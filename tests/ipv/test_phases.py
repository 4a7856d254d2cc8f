"""The faces of IPV for Python do their jobs."""

from __future__ import annotations

import asyncio

import pytest

from dana.ipv import (
    IPVAPIIntegrator,
    IPVConfig,
    IPVDataProcessor,
    IPVOrchestrator,
    IPVReason,
    Options,
    POETIPVBridge,
    ReasonError,
)
from dana.ipv.options import DIMENSIONS, PROFILES, RETRIES, OptionRefused
from dana.models import Scripted

CSV = "name,age\nAnn,42\nBen,7\n"
KIND = list[dict]


def test_reason_answers_with_a_type_of_python():
    reason = IPVReason(Scripted(["[1, 2]"]))
    assert asyncio.run(reason.execute("numbers", kind=list[int])) == [1, 2]


def test_the_orchestrator_tells_what_it_took():
    result = asyncio.run(IPVOrchestrator(Scripted(["none", "3"])).execute("n?", kind=int))
    assert (result.value, result.attempts) == (3, 2)
    assert result.answer.tokens > 0


def test_what_reads_as_the_type_needs_no_model():
    processor = IPVDataProcessor(Scripted([]))
    found = asyncio.run(processor.extract('{"a": 1}', dict[str, int]))
    assert (found.value, found.attempts) == ({"a": 1}, 0)
    assert asyncio.run(processor.extract(CSV, KIND)).value == [
        {"name": "Ann", "age": "42"},
        {"name": "Ben", "age": "7"},
    ]


def test_messy_text_is_read_by_the_model():
    processor = IPVDataProcessor(Scripted(["[3, 4]"]))
    found = asyncio.run(processor.extract("three apples, four pears", list[int], wanted="the numbers"))
    assert (found.value, found.attempts) == ([3, 4], 1)


def test_a_call_of_an_endpoint_is_typed():
    asked = []

    async def send(method, url, body):
        asked.append((method, url, body))
        return (200, "[1, 2, 3]") if "good" in url else (503, "busy")

    integrator = IPVAPIIntegrator(Scripted([]), send=send)
    assert asyncio.run(integrator.call("http://good/", list[int])).value == [1, 2, 3]
    with pytest.raises(ConnectionError, match="503"):
        asyncio.run(integrator.call("http://bad/?key=1", list[int]))
    assert asked[0] == ("GET", "http://good/", None)


def test_the_bridge_enhances_with_and_without_a_model():
    assert asyncio.run(POETIPVBridge(Scripted(["5"])).enhance_with_ipv("n?", kind=int)) == 5
    plain = asyncio.run(POETIPVBridge().enhance_with_ipv("  How   many?\n\n\n\nNow ", {"text": "one two"}))
    assert plain.startswith("How many?\n\nNow\nBe specific, and give the details that matter.\n\n<data-")
    assert "one two" in plain


def test_a_failure_is_a_reason_error():
    with pytest.raises(ReasonError) as caught:
        asyncio.run(IPVReason(Scripted(["no", "no"]), IPVConfig(retries=1)).execute("n?", kind=int))
    assert len(caught.value.attempts) == 2


@pytest.mark.parametrize("name", DIMENSIONS)
def test_every_level_is_taken_and_others_are_refused(name):
    for level in DIMENSIONS[name]:
        Options({name: level})
    with pytest.raises(OptionRefused) as caught:
        Options({name: DIMENSIONS[name][0][:-1] + "x"})
    assert DIMENSIONS[name][0] in caught.value.hint


def test_what_is_written_wins_over_the_profile_and_that_over_the_type():
    assert Options({}, "int").retries == RETRIES["maximum"]
    assert Options({"profile": "casual"}, "int").retries == RETRIES["low"]
    assert Options({"profile": "casual", "retries": 7}, "int").retries == 7
    assert Options({"profile": "creative"}).temperature == PROFILES["creative"]["temperature"]


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 3}, {"temperature": True}, {"retries": -1}, {"retries": 1.5}, {"timeout": 0}, {"max_tokens": 0},
        {"budget": {}}, {"budget": {"token": 5}}, {"budget": {"tokens": -1}}, {"format": "xml"}, {"nothing": 1},
    ],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(OptionRefused):
        Options(options)
