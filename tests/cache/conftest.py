"""The project whose results are kept, in a folder of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from counted import FILES


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SHAPELINT_NO_CACHE")
    (tmp_path / "project" / ".git").mkdir(parents=True)
    for name, text in FILES.items():
        (tmp_path / "project" / name).write_text(text)
    return tmp_path / "project"
