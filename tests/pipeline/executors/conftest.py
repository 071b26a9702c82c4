"""The project that executors check, in a folder of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from calling import RIGHT
from wrong_models import TAGGER

import shapelint.pipeline.executors.worker as worker


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.py").write_text(RIGHT if name == "b" else TAGGER)
    yield tmp_path
    vars(worker._of_thread).pop("station", None)  # that of `Here`
