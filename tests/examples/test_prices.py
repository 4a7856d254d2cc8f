"""The example that reads a file, asks a server and writes a file, against a server on this machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from subprocess import PIPE, Popen

from dana.__main__ import main
from tests.serving import Server

PRICES = Path(__file__).resolve().parents[2] / "examples" / "prices"


def test_the_report_holds_what_the_server_says(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    items = PRICES / "items.csv"
    with Server() as server:
        grants = [f"--allow-read={items}", "--allow-write=report.json", f"--allow-net=127.0.0.1:{server.port}"]
        status = main([*grants, str(PRICES / "main.na"), f"server={server.url('')}", f"order={items}"])
    out, err = capsys.readouterr()
    assert (status, err, out) == (0, "", "4 items, 497.62 in all\n")
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["rows"][1] == {"item": "coffee", "quantity": 25, "cost": 202.5}
    assert (report["shipping"], report["rate"]) == (12.0, 12.0)
    assert sorted(r.path for r in server.seen) == sorted(
        f"/price/{name}" for name in ("tea", "coffee", "sugar", "cocoa", "currency", "shipping")
    )


def test_the_stand_in_answers_as_the_readme_says(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    items = PRICES / "items.csv"
    with Popen([sys.executable, str(PRICES / "server.py"), "0"], stdout=PIPE, text=True) as server:
        try:
            at = server.stdout.readline().split()[2].rstrip(",")
            host = at.removeprefix("http://")
            for _ in range(2):
                grants = [f"--allow-read={items}", "--allow-write=report.json", f"--allow-net={host}"]
                assert main([*grants, str(PRICES / "main.na"), f"server={at}", f"order={items}"]) == 0
        finally:
            server.terminate()
    assert capsys.readouterr().out == "4 items, 497.62 in all\n" * 2


def test_without_the_grants_nothing_happens(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    with Server() as server:
        status = main([str(PRICES / "main.na"), f"server={server.url('')}", f"order={PRICES / 'items.csv'}"])
    assert status != 0
    assert "--allow-read=" in capsys.readouterr().err
    assert server.connections == 0
    assert list(tmp_path.iterdir()) == []
