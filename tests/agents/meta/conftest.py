from __future__ import annotations

import pytest

from tests.agents.meta.cases import Git


@pytest.fixture
def git(tmp_path, monkeypatch) -> Git:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return Git(tmp_path / "project")
