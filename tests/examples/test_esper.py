"""The examples of networks that grow run at small size."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="not run: the extra `esper` (torch) is not installed")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "esper"


def said(name, **arguments):
    words = [f"{key}={value}" for key, value in arguments.items()]
    command = [sys.executable, "-m", "dana", str(EXAMPLES / f"{name}.na"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("name", "epochs"), [("spirals", 8), ("digits", 8), ("images", 4), ("chars", 2)])
def test_an_example_trains_both_networks(name, epochs):
    text = said(name, epochs=epochs)
    fixed = re.search(r"as it was\s+([\d.]+)%\s+([\d,]+)", text)
    grown = re.search(r"grown\s+([\d.]+)%\s+([\d,]+)", text)
    assert fixed
    assert grown
    assert int(grown[2].replace(",", "")) >= int(fixed[2].replace(",", ""))


def test_digits_grow_to_what_they_need():
    text = said("digits", epochs=10)
    fixed, grown = (float(found) for found in re.findall(r"([\d.]+)%", text)[:2])
    assert grown > fixed + 20
    assert "fossilise" in text


def test_attention_grows_in_a_transformer():
    text = said("chars")
    fixed, grown = (float(found) for found in re.findall(r"([\d.]+)%", text)[:2])
    assert grown > fixed + 4
    assert "fossilise at `layer`" in text


def test_training_under_poet_and_in_an_agent():
    text = said("under_poet", epochs=5)
    assert float(re.search(r"([\d.]+)% right with \d+ parameters, attempt [123]", text)[1]) >= 50
    first, second = (float(found) for found in re.findall(r"lesson \d: ([\d.]+)%", text))
    assert second > first


def test_a_loop_of_ones_own():
    found = subprocess.run(
        [sys.executable, str(EXAMPLES / "own_loop.py")],
        capture_output=True,
        text=True,
        check=True,
        cwd=EXAMPLES.parents[1],
    ).stdout
    assert "fossilise" in found
    assert float(re.search(r"([\d.]+)% right", found)[1]) > 65


def test_a_callback_of_lightning():
    pytest.importorskip("lightning", reason="not run: lightning is not installed")
    found = subprocess.run(
        [sys.executable, str(EXAMPLES / "lightning_callback.py")], capture_output=True, text=True, check=True
    ).stdout
    assert "fossilise" in found
