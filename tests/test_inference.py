"""What the interpreter understands: the shapes written in fixtures/inference are its shapes, and torch's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import literate
import pytest

from shapelint.infer.analyse import analyse
from shapelint.infer.trace import Trace
from shapelint.report.shapes import rows_of
from shapelint.source import read_source
from shapelint.syntax.parse import parse

ROOT = Path(__file__).parent.parent
PROJECTS = ROOT / "fixtures" / "projects"
FILES = [*sorted((ROOT / "fixtures" / "inference").glob("*.py")), *sorted(PROJECTS.glob("*/train.py"))]


def name_of(path: Path) -> str:
    return path.parent.name if path.is_relative_to(PROJECTS) else path.stem


IDS = [name_of(path) for path in FILES]
#: nobody calls what these define
NOT_RUN = {"free_inputs"}
RUN = [path for path in FILES if path.stem not in NOT_RUN]

Records = dict[str, list[tuple[int, str, list[int], int]]]


def traces_of(path: Path) -> list[Trace]:
    source = read_source(path)
    return analyse(parse(source), source)


def shapes_of(traces: list[Trace]) -> dict[tuple[int, str], set[literate.Shape]]:
    shapes: dict[tuple[int, str], set[literate.Shape]] = defaultdict(set)
    for row in rows_of(traces):
        if row.kind != "layer":
            shapes[row.line, row.name].add(tuple(row.shape))
    return shapes


@pytest.fixture(scope="module")
def records() -> Records:
    """What torch gives, for all files that run, from one process."""
    wanted = {str(path): [f"{line}:{name}" for line, name in literate.read(path).shapes] for path in RUN}
    recorder = Path(__file__).with_name("record_shapes.py")
    sources = os.pathsep.join(str(folder) for folder in PROJECTS.glob("*/src"))
    done = subprocess.run(
        [sys.executable, "-B", str(recorder)],
        input=json.dumps(wanted),
        env={**os.environ, "PYTHONPATH": sources},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    measured: Records = json.loads(done.stdout)
    return measured


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_shapes_are_exactly_the_written_ones(path: Path) -> None:
    written = literate.read(path).shapes
    assert written
    understood = shapes_of(traces_of(path))
    assert {place: understood.get(place, set()) for place in written} == written


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_nothing_in_a_program_that_runs_is_an_error(path: Path) -> None:
    errors = [(n.span.line, n.error.message) for trace in traces_of(path) for n in trace.nodes if n.error]
    assert errors == []


@pytest.mark.parametrize("path", RUN, ids=name_of)
def test_every_shape_that_torch_gives_is_written(path: Path, records: Records) -> None:
    written = literate.read(path).shapes
    measured = records[str(path)]
    assert {(line, name) for line, name, *_ in measured} == set(written)
    for line, name, sizes, _ in measured:
        assert any(literate.fits(shape, sizes, {}) for shape in written[line, name]), (
            f"{path.name}:{line}: {name} is {sizes}"
        )


@pytest.mark.parametrize("path", RUN, ids=name_of)
def test_every_written_shape_of_known_sizes_is_measured(path: Path, records: Records) -> None:
    measured = {(line, name, tuple(sizes)) for line, name, sizes, _ in records[str(path)]}
    for (line, name), shapes in literate.read(path).shapes.items():
        known = {shape for shape in shapes if all(isinstance(size, int) for size in shape)}
        assert {(line, name, shape) for shape in known} <= measured
