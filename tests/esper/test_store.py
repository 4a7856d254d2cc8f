"""The store keeps every kernel for ever, whole or not at all, with what became of it (E86, E108)."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dana.esper.artifact import identify
from dana.esper.field_report import FieldReport
from dana.esper.kernel import EnhancedKernelCache
from dana.esper.refusals import Refusal, RefusedError
from dana.esper.store import Urza
from tests.esper.kernels import KEY, mlp, packed

ROOT = Path(__file__).parents[2]


@pytest.fixture
def urza(tmp_path):
    made = Urza(str(tmp_path / "store"), now=lambda: 7.0)
    yield made
    made.close()


def test_a_kernel_comes_back_as_it_was_put(urza):
    data = packed(site="0", template="bottleneck")
    receipt = urza.put(data, KEY)
    assert (receipt.id, receipt.version, receipt.new) == (identify(data), 1, True)
    assert urza.put(data, KEY).new is False
    assert urza.get(receipt.id) == data
    entry = urza.entry(receipt.id)
    assert (entry.name, entry.site, entry.template, entry.state, entry.created) == (
        "mlp",
        "0",
        "bottleneck",
        "signed",
        7.0,
    )
    assert EnhancedKernelCache().fetch(receipt.id, ("batch", 12), urza.get, KEY).id == receipt.id


def test_what_is_not_signed_is_not_kept(urza):
    for bad in (b"", packed()[:-1], packed(key=b"another key, which is 32 bytes!!")):
        with pytest.raises(RefusedError):
            urza.put(bad, KEY)
    assert urza.entries() == []


def test_versions_lineage_and_archive(urza):
    first, second, third = (urza.put(packed(seed=seed), KEY).id for seed in (1, 2, 3))
    child = urza.put(packed(mlp(12, 5)), KEY, parents=[second])
    grandchild = urza.put(packed(mlp(12, 6)), KEY, parents=[child.id, first])
    assert urza.lineage(grandchild.id) == [grandchild.id, child.id, first, second]
    assert [entry.version for entry in urza.entries(name="mlp")] == [1, 2, 3, 4, 5]
    urza.archive(grandchild.id)
    assert urza.latest("mlp").id == child.id
    assert urza.get(grandchild.id)
    assert len(urza.entries(archived=True)) == 5
    assert urza.entries()[2].id == third
    with pytest.raises(RefusedError, match="no kernel"):
        urza.put(packed(mlp(12, 7)), KEY, parents=["0" * 64])


def test_nothing_is_ever_deleted(urza):
    urza.put(packed(), KEY)
    urza.report(FieldReport("widen", 1))
    for table in ("kernels", "reports", "moves"):
        with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
            urza._connection.execute(f"DELETE FROM {table}")


def test_a_kernel_moves_by_the_table_only(urza):
    name = urza.put(packed(), KEY).id
    assert urza.move(name, "load") == "loaded"
    assert urza.move(name, "fail") == "failed"
    refusal = urza.move(name, "load")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "refused.stage"
    assert urza.move(name, "retire") == "retired"
    assert urza.moves(name) == [("sign", "signed"), ("load", "loaded"), ("fail", "failed"), ("retire", "retired")]


def test_reports_are_kept_and_added_up(urza):
    good = FieldReport("widen", 1, gain=0.02, site="0")
    bad = FieldReport("norm", -1, kernel="a" * 64, reason="it did not pay its rent")
    for report in (good, bad, FieldReport("widen", -1)):
        urza.report(report)
    assert urza.reports(template="widen")[0] == good
    assert urza.reports(kernel="a" * 64) == [bad]
    assert urza.standing() == {"norm": (1, -1), "widen": (2, 0)}
    with pytest.raises(ValueError, match="outcome"):
        FieldReport("widen", 2)


def test_damage_is_found_and_not_served(urza):
    name = urza.put(packed(), KEY).id
    path = Path(urza._path(name))
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    assert urza.verify() == [name]
    with pytest.raises(RefusedError, match="damaged"):
        urza.get(name)
    path.unlink()
    with pytest.raises(RefusedError, match="gone"):
        urza.get(name)
    assert urza.put(packed(), KEY).id == name
    assert urza.verify() == []


def test_names_never_leave_the_folder(urza):
    for bad in ("../urza.db", "", "A" * 64, "0" * 63):
        with pytest.raises(RefusedError, match="no id"):
            urza.get(bad)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "urza.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(RefusedError, match="no store"):
        Urza(str(tmp_path))


def test_what_a_crash_left_is_entered_or_removed(urza):
    data = packed(seed=9)
    name = identify(data)
    folder = Path(urza.folder) / "objects" / name[:2]
    folder.mkdir(parents=True)
    (folder / name).write_bytes(data)
    (folder / f"{name}.999999999.part").write_bytes(data[:50])
    (folder / ("f" * 64)).write_bytes(b"foreign")
    assert urza.sweep(KEY) == [name]
    assert urza.get(name) == data
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == sorted([name, "f" * 64])


def test_a_store_survives_being_killed(tmp_path):
    """The full run is `python -m tests.esper.long kills`."""
    folder = tmp_path / "store"
    for turn in range(2):
        victim = subprocess.Popen(
            [sys.executable, "-m", "tests.esper.victim", str(folder), str(turn)], cwd=ROOT, stdout=subprocess.PIPE
        )
        told = [victim.stdout.readline().decode().strip() for _ in range(5)]
        time.sleep(0.003 * turn)
        victim.send_signal(signal.SIGKILL)
        told += victim.communicate()[0].decode().split("\n")[:-1]
        urza = Urza(str(folder))
        urza.sweep(KEY)
        assert urza.verify() == []
        kept = {entry.id for entry in urza.entries()}
        assert {name for name in told if len(name) == 64} <= kept
        urza.close()
    assert not [name for _at, _folders, names in os.walk(folder) for name in names if name.endswith(".part")]
