"""The tutorials that the project began with: right programs are silent, wrong ones report their marks."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import literate
import pytest
import shape_recorder
from here import here
from root import ROOT
from torch_python import TorchPython

SEEDS = ROOT / "fixtures" / "seeds"
FILES = sorted(SEEDS.glob("*.py"))
RIGHT = [path for path in FILES if path.stem.endswith("_right")]
WRONG = [path for path in FILES if path not in RIGHT]


pytestmark = pytest.mark.usefixtures("kept_processes")


def shapelint(*arguments: str) -> Any:
    """The JSON that a command of the tool prints."""
    done = here(ROOT, *arguments, "--output-format", "json")
    assert done.status in (0, 1), done.err
    return json.loads(done.out)


@pytest.fixture(scope="module")
def report(kept_processes: None) -> Any:
    return shapelint("check", "--verify", "require", str(SEEDS))


@pytest.fixture(scope="module")
def shape_rows(kept_processes: None) -> dict[str, dict[tuple[int, str], set[literate.Shape]]]:
    """The shapes of each file by line and name, as `shapelint shapes` gives them."""
    rows: dict[str, dict[tuple[int, str], set[literate.Shape]]] = defaultdict(lambda: defaultdict(set))
    for row in shapelint("shapes", *map(str, RIGHT)):
        rows[Path(row["path"]).name][row["line"], row["name"]].add(tuple(row["shape"]))
    return rows


def findings_of(report: Any, path: Path) -> list[tuple[int, str]]:
    return sorted((f["line"], f["code"]) for f in report["findings"] if Path(f["path"]).name == path.name)


def test_there_are_right_and_wrong_programs_for_all_seven_tutorials() -> None:
    assert {path.name[:5] for path in RIGHT} == {path.name[:5] for path in WRONG}
    assert len(RIGHT) == 7
    assert all(literate.read(path).shapes for path in RIGHT)
    assert all(literate.read(path).errors for path in WRONG)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_exactly_the_marked_lines_are_reported(path: Path, report: Any) -> None:
    assert findings_of(report, path) == literate.read(path).errors


def test_every_finding_is_confirmed_by_torch(report: Any) -> None:
    unproven = [f for f in report["findings"] if f["verification"]["status"] != "confirmed"]
    assert unproven == []
    assert report["errors"] == []


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_shapes_are_exactly_the_written_ones(
    path: Path, shape_rows: dict[str, dict[tuple[int, str], set[literate.Shape]]]
) -> None:
    written = literate.read(path).shapes
    given = shape_rows[path.name]
    assert {place: given.get(place) for place in written} == written


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_the_written_shapes_are_true_in_torch(path: Path, torch_python: TorchPython) -> None:
    written = literate.read(path).shapes
    wanted = [f"{line}:{name}" for line, name in written]
    command = [shape_recorder.__file__, str(path), *wanted]
    done = torch_python.run(
        f"import runpy, sys\nsys.argv = {command}\nrunpy.run_path(sys.argv[0], run_name='__main__')"
    )
    assert done.returncode == 0, done.stderr
    records = json.loads(done.stdout)
    assert {(line, name) for line, name, *_ in records} == set(written)
    symbols: dict[int, dict[str, int]] = defaultdict(dict)
    for line, name, sizes, frame in records:
        for shape in written[line, name]:
            assert literate.fits(shape, sizes, symbols[frame]), f"{path.name}:{line}: {name} is {sizes}"
