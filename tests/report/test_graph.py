"""Data flows as pictures: what is drawn, where it is put, and what other programs read."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from root import ROOT

from shapelint.cli import run
from shapelint.finding import Confidence, Finding, Severity
from shapelint.pipeline.check import analyse_source
from shapelint.report.graph import dot, mermaid, svg
from shapelint.report.graph.data import Arrow, Box, Graph
from shapelint.report.graph.flow import MOST, graphs
from shapelint.report.graph.layout import Layout, laid_out
from shapelint.source import Source, Span

pytestmark = pytest.mark.usefixtures("kept_processes")

CODE = """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, vocab, hidden, bidirectional=False):
        super().__init__()
        self.embedding = nn.Embedding(vocab, 64)
        self.rnn = nn.GRU(64, hidden, batch_first=True, bidirectional=bidirectional)
        self.head = nn.Linear(hidden, 2)

    def forward(self, tokens):
        x = self.embedding(tokens)
        out, state = self.rnn(x)
        # the last step
        return self.head(out[-1]), state[-1].relu()

    def encode(self, x):
        return torch.relu(x)

if __name__ == "__main__":
    Tagger(100, 8)(torch.zeros(4, 7, dtype=torch.long))
"""
PLACE = Span(15, 25, 15, 32)
FINDING = Finding("SHP101", "last-step", Severity.WARNING, Confidence.HIGH, "m.py", PLACE, "it is wrong")


@pytest.fixture(scope="module")
def drawn() -> list[Graph]:
    return graphs(analyse_source(Source("m.py", CODE)).traces, [FINDING])


def names(graph: Graph) -> list[str]:
    return [box.name for box in graph.boxes]


def test_layers_inputs_operations_and_the_result_are_boxes(drawn: list[Graph]) -> None:
    [graph] = [one for one in drawn if one.entry == "Tagger.forward"]
    assert names(graph) == ["tokens", "Embedding", "GRU", "out[-1]", "Linear", "state[-1]", "relu", "result"]
    kinds = ["input", "layer", "layer", "operation", "layer", "operation", "operation", "result"]
    assert [box.kind for box in graph.boxes] == kinds
    assert graph.boxes[2].details == ("input_size=64, hidden_size=hidden,", "batch_first=True")
    shapes = {(names(graph)[arrow.start], names(graph)[arrow.end]): arrow for arrow in graph.arrows}
    assert shapes["Embedding", "GRU"] == Arrow(1, 2, "(B, T, 64)", ("batch", "time", "feature"))
    assert shapes["GRU", "state[-1]"].shape == "(1, B, hidden)"
    assert len(shapes) == len(graph.arrows) == 8
    assert graph.settings == ("not `bidirectional`",)


def test_a_finding_marks_its_call_or_the_layer_that_is_constructed_there(drawn: list[Graph]) -> None:
    graph = drawn[0]
    assert graph.codes([FINDING]) == {3: "SHP101"}
    constructed = replace(FINDING, span=Span(8, 19, 8, 84), code="SHP601")
    assert graph.codes([FINDING, constructed]) == {3: "SHP101", 2: "SHP601"}
    assert graph.codes([replace(FINDING, path="other.py"), replace(FINDING, span=Span(1, 0, 1, 5))]) == {}


def test_a_script_is_drawn_where_it_alone_shows_something(drawn: list[Graph]) -> None:
    assert [graph.entry for graph in drawn] == ["Tagger.forward"]
    alone = "import torch\nrnn = torch.nn.GRU(3, 4)\nout, _ = rnn(torch.randn(2, 5, 3))\n"
    assert [graph.entry for graph in graphs(analyse_source(Source("s.py", alone)).traces)] == ["module"]
    assert graphs(analyse_source(Source("s.py", "x = 1\n")).traces) == []


def test_torch_that_raises_is_marked() -> None:
    code = CODE.replace("nn.Linear(hidden, 2)", "nn.Linear(3 * hidden, 2)")
    [graph] = [one for one in graphs(analyse_source(Source("m.py", code)).traces) if one.entry == "Tagger.forward"]
    assert graph.codes([]) == {names(graph).index("Linear"): "torch raises"}


def test_a_long_flow_is_cut() -> None:
    code = (
        "import torch\ndef f(x: torch.Tensor):\n    x = torch.nn.GRU(3, 3)(x)[0]\n"
        + "    x = x + 1\n" * 99
        + "    return x\n"
    )
    [graph] = graphs(analyse_source(Source("m.py", code)).traces)
    assert len(graph.boxes) <= MOST + 1
    assert graph.more >= 99 + 2 - MOST


def ladder(rungs: int) -> Graph:
    """Boxes that each flow into the next, the one after it, and the last."""
    boxes = tuple(Box("operation", f"op{n}", ("x" * (n % 30),), f"line {n}") for n in range(rungs))
    ends = [(n, m) for n in range(rungs) for m in {n + 1, n + 2, rungs - 1} if n < m < rungs]
    return Graph("m.py", "f", boxes, tuple(Arrow(n, m, f"(B, {n})", ("batch", "?")) for n, m in ends))


def overlaps(layout: Layout) -> int:
    stops = {stop.number: stop for chain in layout.chains for stop in chain} | {
        stop.number: stop for stop in layout.boxes
    }
    return sum(
        abs(one.x - two.x) < (one.width + two.width) / 2 and abs(one.y - two.y) < (one.height + two.height) / 2
        for one, two in combinations(stops.values(), 2)
    )


@pytest.mark.parametrize("rungs", [1, 2, 5, 14])
def test_nothing_overlaps_and_all_flows_down(rungs: int) -> None:
    layout = laid_out(ladder(rungs), {})
    assert overlaps(layout) == 0
    for chain in layout.chains:
        assert [stop.y for stop in chain] == sorted(stop.y for stop in chain)
    assert all(stop.x - stop.width / 2 >= 0 and stop.x + stop.width / 2 <= layout.width for stop in layout.boxes)


def test_pictures_are_written_for_other_programs(drawn: list[Graph]) -> None:
    root = ElementTree.fromstring(svg.render(drawn[0], [FINDING]))
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"SHP101", "GRU", "(B, T, 64)", "batch, time, feature", "line 15"} <= set(texts)
    assert re.search(
        r'n3 \[label="SHP101\\nout\[-1\]\\nline 15", shape=box, color=red', dot.render(drawn[0], [FINDING])
    )
    lines = mermaid.render(drawn[0], [FINDING]).splitlines()
    assert lines[0] == "flowchart TD"
    assert '  n1 -->|"(B, T, 64)<br>batch, time, feature"| n2' in lines
    assert lines[-1] == "  class n3 mistake"


def test_text_of_the_code_is_text() -> None:
    odd = """<b>"]}\\ & `#; end"""
    graph = Graph("m.py", odd, (Box("input", odd), Box("result", odd)), (Arrow(0, 1, odd, (odd,)),))
    root = ElementTree.fromstring(svg.render(graph))
    assert {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")} >= {odd}
    for line in mermaid.render(graph).splitlines()[1:]:
        assert line.count('"') == 2
        assert not re.search(r"<(?!br>)|`", line)
    for line in dot.render(graph).splitlines()[3:-1]:
        assert len(re.findall(r'(?<!\\)"', line.replace("\\\\", ""))) == 2


@pytest.mark.skipif(shutil.which("dot") is None, reason="no dot on PATH: apt-get install graphviz")
def test_graphviz_draws_it(drawn: list[Graph]) -> None:
    odd = """<b>"]}\\ & `#; end"""
    for graph in (drawn[0], Graph("m.py", odd, (Box("input", odd), Box("result", odd)), (Arrow(0, 1, odd, (odd,)),))):
        done = subprocess.run(["dot", "-Tsvg"], input=dot.render(graph, [FINDING]), capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        boxes = ElementTree.fromstring(done.stdout).findall(".//{*}g[@class='node']")
        assert len(boxes) == len(graph.boxes)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text(CODE + CODE.replace("Tagger", "Other"))
    return tmp_path / "m.py"


def test_the_command(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["graph", "m.py"]) == 2
    told = "m.py: several are in it; name one of them: m.py:Tagger, m.py:Other"
    assert capsys.readouterr().err == f"shapelint: error: {told}\n"
    assert run(["graph", "m.py:Tagger", "--verify=off", "--output-file=x.svg"]) == 0
    assert "SHP101" in Path("x.svg").read_text(encoding="utf-8")
    assert run(["graph", "m.py:Third"]) == 2
    assert "there is no 'Third'" in capsys.readouterr().err
    assert run(["graph", "m.py:Tagger", "--format=mermaid", "--verify=off"]) == 0
    assert capsys.readouterr().out.startswith("flowchart TD\n")
    file.write_text("import torch\nrnn = torch.nn.GRU(\n")
    assert run(["graph", "m.py"]) == 2
    assert capsys.readouterr().err.startswith("shapelint: error: m.py:2: cannot parse")
    file.write_text("x = 1\n")
    assert run(["graph", "m.py"]) == 2
    assert capsys.readouterr().err == "shapelint: error: m.py: no data flow of torch's is found in it\n"


def test_the_picture_in_the_documentation_is_real(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, page = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/formats.md"))
    example = re.search(r"```python\n(.*?)```", code, re.DOTALL)
    picture = re.search(r"```mermaid\n(.*?)```", page, re.DOTALL)
    assert example
    assert picture
    Path("sentiment.py").write_text(example[1])
    assert run(["graph", "sentiment.py", "--format=mermaid", "--verify=off"]) == 0
    assert capsys.readouterr().out == picture[1]


def test_the_grid_in_the_documentation_is_that_of_the_readme() -> None:
    code, page = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/formats.md"))
    grid = re.search(r"^reach of .*?(?=```)", page, re.DOTALL | re.MULTILINE)
    assert grid
    assert grid[0] in code
