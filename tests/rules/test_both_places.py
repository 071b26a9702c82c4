"""Fixes that would mend one of two places: both are mended, or nothing is offered."""

from textwrap import dedent

import pytest

from shapelint.finding import Finding
from shapelint.pipeline.check import Wanted, check_source
from shapelint.rules.base import RULES, load
from shapelint.source import Source

load()

HEAD = "import torch\nimport torch.nn as nn\nfrom torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n"


def found(text: str, code: str) -> Finding:
    check = check_source(Source("model.py", HEAD + dedent(text)), Wanted(frozenset(RULES), prove=False))
    [finding] = [one.finding for one in check.candidates if one.finding.code == code]
    return finding


HALVES = """
encoder, decoder = nn.GRU(3, 4, 2, bidirectional=True), nn.GRU(3, 4, 2)
_, h_n = encoder(torch.randn(7, 5, 3))
{rest}
"""


@pytest.mark.parametrize(
    ("rest", "fixes"),
    [
        ("out, _ = decoder(torch.randn(7, 5, 3), h_n[:2])", 1),
        ("out, _ = decoder(torch.randn(7, 5, 3), h_n[:2] + h_n[2:])", 0),
        ("out, _ = decoder(torch.randn(7, 5, 3), h_n[:2])\nrest = h_n[2:].sum()", 0),
        ("out, _ = decoder(torch.randn(7, 5, 3), h_n[:2])\nlast = h_n[-1]", 1),
    ],
)
def test_half_of_a_state(rest: str, fixes: int) -> None:
    assert len(found(HALVES.format(rest=rest), "SHP108").fixes) == fixes


PACKED = """
class Reader(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.gru = nn.GRU(size, hidden, batch_first=True)

    def forward(self, x, lengths):
        # x: (batch, time, features)
        out, _ = self.gru(pack_padded_sequence(x, lengths))
        {rest}
"""


@pytest.mark.parametrize(
    ("rest", "edits"),
    [
        ("return out", 1),
        ("return pad_packed_sequence(out)[0]", 2),
        ("return pad_packed_sequence(out, False)[0]", 2),
        ("return pad_packed_sequence(out, batch_first=True)[0]", 1),
    ],
)
def test_packing_and_unpacking(rest: str, edits: int) -> None:
    [fix] = found(PACKED.format(rest=rest), "SHP405").fixes
    assert len(fix.edits) == edits


STATE = """
class Reader(nn.Module):
    def __init__(self, size, hidden, both):
        super().__init__()
        self.count = {count}
        self.hidden = hidden
        self.gru = nn.GRU(size, hidden, bidirectional=True)

    def forward(self, x):
        return self.gru(x, torch.zeros({rows}, x.size(1), self.hidden))[0]
"""


@pytest.mark.parametrize(
    ("count", "rows", "fixes"),
    [("1", "1", 1), ("1", "self.count", 1), ("2 if both else 1", "self.count", 0), ("2 if both else 1", "1", 1)],
)
def test_a_number_of_rows_that_another_path_has_right(count: str, rows: str, fixes: int) -> None:
    assert len(found(STATE.format(count=count, rows=rows), "SHP202").fixes) == fixes
