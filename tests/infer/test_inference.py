"""What the interpreter understands: the shapes written in fixtures/inference are its shapes, and torch's."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path

import literate
import pytest
import shape_recorder
from followed import traces_of
from root import ROOT
from torch_python import TorchPython

from shapelint.infer.analyse import analyse
from shapelint.pipeline.check import Wanted, check_source
from shapelint.report.shapes.rows import rows_of
from shapelint.rules.base import RULES, load
from shapelint.source import Problem, read_source
from shapelint.syntax.parse import parse
from shapelint.trace.trace import Trace

load()

PROJECTS = ROOT / "fixtures" / "projects"
FILES = [*sorted((ROOT / "fixtures" / "inference").glob("*.py")), *sorted(PROJECTS.glob("*/train.py"))]


def name_of(path: Path) -> str:
    return path.parent.name if path.is_relative_to(PROJECTS) else path.stem


IDS = [name_of(path) for path in FILES]
#: nobody calls what these define
NOT_RUN = {"free_inputs"}
RUN = [path for path in FILES if path.stem not in NOT_RUN]

Records = list[tuple[int, str, list[int], int]]


def traces_in(path: Path) -> list[Trace]:
    source = read_source(str(path))
    return analyse(parse(source), source)


def shapes_of(traces: list[Trace]) -> dict[tuple[int, str], set[literate.Shape]]:
    shapes: dict[tuple[int, str], set[literate.Shape]] = defaultdict(set)
    for row in rows_of(traces):
        if row.kind != "layer":
            shapes[row.line, row.name].add(tuple(row.shape))
    return shapes


RECORDED = """\
import json, sys
sys.path[:0] = {folders!r}
from shape_recorder import record
print(json.dumps(record({path!r}, {wanted!r})))
"""


@pytest.fixture(scope="module")
def records(torch_python: TorchPython) -> Callable[[Path], Records]:
    """What torch gives for the names of a file with shapes."""

    @cache
    def measured(path: Path) -> Records:
        wanted = [f"{line}:{name}" for line, name in literate.read(path).shapes]
        folders = [str(Path(shape_recorder.__file__).parent), *map(str, PROJECTS.glob("*/src"))]
        done = torch_python.run(RECORDED.format(folders=folders, path=str(path), wanted=wanted))
        assert done.returncode == 0, done.stderr
        answer: Records = json.loads(done.stdout)
        return answer

    return measured


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_shapes_are_exactly_the_written_ones(path: Path) -> None:
    written = literate.read(path).shapes
    assert written
    understood = shapes_of(traces_in(path))
    assert {place: understood.get(place, set()) for place in written} == written


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_nothing_in_a_program_that_runs_is_an_error(path: Path) -> None:
    errors = [(n.span.line, n.error.message) for trace in traces_in(path) for n in trace.nodes if n.error]
    assert errors == []


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_code_that_is_right_is_silent(path: Path) -> None:
    source = read_source(str(path))
    assert not isinstance(source, Problem)
    # SHP190 would read `# shape: name (2, 7)` as an author's comment
    codes = frozenset(code for code, rule in RULES.items() if rule.default) - {"SHP190"}
    found = check_source(source, Wanted(codes, prove=False)).candidates
    assert [(each.finding.code, each.finding.span.line) for each in found] == []


@pytest.mark.parametrize("path", RUN, ids=name_of)
def test_every_shape_that_torch_gives_is_written(path: Path, records: Callable[[Path], Records]) -> None:
    written = literate.read(path).shapes
    measured = records(path)
    assert {(line, name) for line, name, *_ in measured} == set(written)
    for line, name, sizes, _ in measured:
        assert any(literate.fits(shape, sizes, {}) for shape in written[line, name]), (
            f"{path.name}:{line}: {name} is {sizes}"
        )


@pytest.mark.parametrize("path", RUN, ids=name_of)
def test_every_written_shape_of_known_sizes_is_measured(path: Path, records: Callable[[Path], Records]) -> None:
    measured = {(line, name, tuple(sizes)) for line, name, sizes, _ in records(path)}
    for (line, name), shapes in literate.read(path).shapes.items():
        known = {shape for shape in shapes if all(isinstance(size, int) for size in shape)}
        assert {(line, name, shape) for shape in known} <= measured


UNFOLLOWED = """\
import torch
from torch import nn
from torch.utils._pytree import tree_map
from collections import deque

lstm = nn.LSTM(3, 5)
x = torch.randn(7, 2, 3)
steps = iter(x)
recent = deque(x.unbind(0), maxlen=2)


async def later(value):
    return value


def transform(function, tree):
    return type(tree)(**{key: function(value) for key, value in vars(tree).items()})


"""


@pytest.mark.parametrize(
    "value",
    [
        "tree_map(torch.relu, x)",
        "transform(torch.relu, x)",
        "next(steps)",
        "torch.stack(list(recent))",
        "later(x)",
        "nn.Sequential.from_config(3)(x)",
        "globals()['x']",
        "(torch.relu if x.sum() > 0 else None)(x).numpy()",
        "x[torch.randn(7) > 0]",
    ],
)
def test_what_is_not_followed_has_no_shape(value: str) -> None:
    traces = traces_of(UNFOLLOWED + f"y = {value}\n", "unfollowed.py")
    assert "y" not in {name for _, name in shapes_of(traces)}
    assert not [node for trace in traces for node in trace.nodes if node.error]
