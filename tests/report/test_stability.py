"""What docs/stability.md promises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from root import ROOT
from wrong_models import TAGGER as BAD

from shapelint.cli import run
from shapelint.report.schema import schemas

pytestmark = pytest.mark.usefixtures("kept_processes")

PROMISED = Path(__file__).parent / "promised"  #: the schemas as they were promised first: never written anew
PAGE = (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")


def broken(promised: Any, now: Any, place: str = "") -> Iterator[str]:
    """Where a schema does not hold what another one promised. Fields, and definitions, may be added."""
    if isinstance(promised, dict) and isinstance(now, dict):
        for key, value in promised.items():
            if key not in ("description", "title"):
                yield from broken(value, now[key], f"{place}/{key}") if key in now else [f"{place}/{key} is gone"]
    elif place.endswith("/required"):
        yield from (f"{place}: {name} is gone" for name in promised if name not in now)
    elif promised != now:
        yield f"{place}: {promised} became {now}"


@pytest.mark.parametrize("name", sorted(path.name for path in PROMISED.iterdir()))
def test_json_keeps_what_was_promised(name: str) -> None:
    promised = json.loads((PROMISED / name).read_text(encoding="utf-8"))
    assert list(broken(promised, schemas()[name])) == []


def test_every_schema_is_promised() -> None:
    assert {path.name for path in PROMISED.iterdir()} == set(schemas())


def changed(schema: Mapping[str, Any], *path: str, **values: Any) -> Any:
    """A copy in which something below a path is otherwise; None takes it away."""
    copy = json.loads(json.dumps(schema))
    inner = copy
    for key in path:
        inner = inner[key]
    inner.update(values)
    for key in [key for key, value in values.items() if value is None]:
        del inner[key]
    return copy


def test_what_breaks_a_promise_is_seen() -> None:
    schema = schemas()["schema.json"]
    finding = ("$defs", "FindingEntry", "properties")
    assert list(broken(schema, changed(schema, *finding, new={"type": "string"}))) == []
    assert list(broken(schema, changed(schema, *finding, code=None))) == ["/$defs/FindingEntry/properties/code is gone"]
    assert len(list(broken(schema, changed(schema, *finding, line={"type": "string"})))) == 1
    assert len(list(broken(schema, changed(schema, "$defs", "Severity", enum=["error"])))) == 1
    assert len(list(broken(schema, changed(schema, "$defs", "FindingEntry", required=["code"])))) > 9


def test_exit_statuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """0, 1 and 2; test_signals.py has the others."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "good.py").write_text(BAD.replace("out[-1]", "out[:, -1]"))
    (tmp_path / "broken.py").write_text("import torch.nn as nn\nnn.LSTM(\n")
    quick = "--verify=off --quiet"
    told = {
        f"{quick} good.py": 0,
        f"{quick} --exit-zero bad.py": 0,
        f"{quick} bad.py": 1,
        f"{quick} bad.py broken.py": 2,
        f"{quick} --exit-zero broken.py": 2,
        "--no-such-option": 2,
    }
    assert {arguments: run(arguments.split()) for arguments in told} == told
    assert [int(status) for status in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)] == [0, 1, 2, 130, 141, 143]
