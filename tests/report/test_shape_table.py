"""The table of `shapelint shapes`: a row for each expression, what fails, what the letters stand for, how it folds."""

from __future__ import annotations

from pathlib import Path

import pytest
from here import here

from shapelint.shapes.dim import Dim
from shapelint.shapes.letters import origin

pytestmark = pytest.mark.usefixtures("kept_processes")

NET = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(16 * 8 * 8, classes)

    def forward(self, x):
        x = self.pool(self.conv(x))
        return self.fc(x.flatten(1))


net = Net()
for xb, yb in DataLoader(TensorDataset(torch.zeros(100, 3, 16, 16), torch.zeros(100)), batch_size=32):
    scores = net(xb)
    wrong = scores - yb


def train(loader: DataLoader):
    for batch in loader:
        y = net(batch)
"""


def table(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch, columns: int = 100) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    (folder / "net.py").write_text(text)
    done = here(folder, "shapes", "net.py")
    assert (done.status, done.err) == (0, b"")
    return done.out.decode().splitlines()


def test_a_row_for_each_expression_in_symbols_and_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = table(tmp_path, NET, monkeypatch)
    rows = [line.split("  ")[:2] for line in lines if line[:2].strip().isdigit()]
    assert [row for row in rows if row[0] == "14"] == [["14", "x"], ["14", "self.conv(x)"]]
    assert "14  x                            (B, 16, H//2, W//2) = (32, 16, 8, 8)  batch, channel, ?, ?" in lines


def test_what_fails_has_a_row_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = table(tmp_path, NET, monkeypatch)
    assert "21  scores - yb                  fails: sizes 10 and 32 do not broadcast" in lines
    assert not [line for line in table(tmp_path, NET.replace("- yb", "- yb[:, None]"), monkeypatch) if "fails" in line]


def test_what_is_meant_to_fail_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "import torch\ntry:\n    torch.ones(2) + torch.ones(3)\nexcept RuntimeError:\n    pass\n"
    assert not [line for line in table(tmp_path, text, monkeypatch) if "fails" in line]


def test_the_legend_says_where_each_letter_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = table(tmp_path, NET, monkeypatch)
    assert [line.strip() for line in lines if line.startswith("    ")][:3] == [
        "B: axis 0 of x",
        "H: axis 2 of x",
        "W: axis 3 of x",
    ]
    assert not [line for line in lines if "@" in line or "[*" in line]


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_it_is_folded_to_the_width(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    lines = table(tmp_path, NET, monkeypatch, columns)
    assert max(map(len, lines)) <= columns
    assert any("(32, 16, 8, 8)" in line for line in lines)


@pytest.mark.parametrize(
    ("symbol", "told"),
    [
        ("x.size(2)", "axis 2 of x"),
        ("self.f(x)@5:2@7:1.size(0)", "axis 0 of self.f(x), line 5"),
        ("DataLoader(ds)@26:9@26:38[*0].size(0)", "axis 0 of an item of DataLoader(ds), line 26"),
        ("DataLoader(ds)@26:9[*0][1].size(-1)", "axis -1 of [1] of an item of DataLoader(ds), line 26"),
        ("f(x)@3:4[2].size(1)", "axis 1 of [2] of f(x), line 3"),
        ("len(words)@3:4", "len(words)"),
    ],
)
def test_an_origin_in_words(symbol: str, told: str) -> None:
    assert origin(symbol) == told


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ((Dim.symbol("H") - Dim.of(2)) // Dim.of(2) + Dim.of(1), "H//2"),
        ((Dim.symbol("H") - Dim.of(1)) // Dim.of(2) + Dim.of(1), "(H + 1)//2"),
        (Dim.symbol("H") // Dim.of(2) // Dim.of(3), "H//6"),
        ((Dim.symbol("H") * Dim.of(5) + Dim.of(7)) // Dim.of(3), "(2*H + 1)//3 + H + 2"),
        (Dim.symbol("H") // Dim.symbol("W"), "H//W"),
    ],
)
def test_a_quotient_is_told_without_its_whole_parts(size: Dim, told: str) -> None:
    simple = size.simplified()
    assert str(simple) == told
    for height in range(1, 30):
        assert simple.evaluate({"H": height, "W": 4}) == size.evaluate({"H": height, "W": 4})
