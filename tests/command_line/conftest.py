"""A folder with a right file and, where it is asked for, a wrong one."""

from pathlib import Path

import pytest
from shown import GOOD
from wrong_models import TAGGER as BAD


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    (tmp_path / "good.py").write_text(GOOD)
    return tmp_path


@pytest.fixture
def bad(place: Path) -> Path:
    path = place / "bad.py"
    path.write_text(BAD)
    return path
