"""The examples of embedding do what they say."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "embedding"


def loaded(name: str):
    spec = importlib.util.spec_from_file_location(f"embedding_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_service():
    pytest.importorskip("fastapi")
    httpx = pytest.importorskip("httpx")
    service = loaded("service")

    async def talk():
        transport = httpx.ASGITransport(app=service.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:

            async def decision(name: str, **fields):
                answer = await client.post("/decisions", json={"name": name, "income": 1000, **fields})
                return answer.status_code, answer.json()

            many = await asyncio.gather(*(decision("Ann") for _ in range(20)))
            assert many == [(200, {"approved": True, "limit": 720.0, "reason": "within the rules"})] * 20
            assert (await decision("Bob"))[1]["reason"] == "the score is too low"
            assert await decision("Eve") == (404, {"detail": "the bureau does not know Eve"})
            body = {"name": "Ann", "income": 1000, "debt": 250}
            good = await client.post("/formula", json=body, params={"text": "debt / income"})
            assert good.json() == {"value": 0.25}
            bad = await client.post("/formula", json=body, params={"text": "debt / incme"})
            assert bad.status_code == 422
            assert bad.json()["detail"][0]["hint"] == "did you mean `income`?"
            endless = await client.post("/formula", json=body, params={"text": "while true: pass"})
            assert endless.status_code == 422
            assert endless.json()["detail"][0]["code"] == "E701"

    asyncio.run(talk())


def test_the_pipeline_step():
    pandas = pytest.importorskip("pandas")
    pipeline = loaded("pipeline")
    frame = pandas.DataFrame(
        {"name": ["Ann", "Bob", "Eve"], "income": [1000, 1000, 500], "debt": [0, 700.5, 0], "score": [720, 900, 430]}
    )
    decided = frame.pipe(pipeline.decide)
    assert list(decided.approved) == [True, False, False]
    assert list(decided.limit) == [720.0, 0.0, 0.0]
    assert list(decided.columns)[:4] == list(frame.columns)


def test_the_plugins(capsys):
    plugins = loaded("plugins")
    assert plugins.main([str(FOLDER / "plugins"), "report", "top=1"]) == 0
    assert capsys.readouterr().out == "Eve     200.00\n"
    assert plugins.main([str(FOLDER / "plugins"), "curious"]) == 1
    assert "is not granted" in capsys.readouterr().err
    assert plugins.main([str(FOLDER / "plugins"), "repot"]) == 1
    assert "did you mean `report.na`?" in capsys.readouterr().err
    assert plugins.main([]) == 2


def test_the_fixture(tmp_path):
    for name in ("credit.na", "test_rules.py"):
        shutil.copy(FOLDER / name, tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "3 passed" in done.stdout, done.stdout + done.stderr
