"""Mutations of right models: each is one change of a text that still parses."""

import ast
import sys
from collections import Counter

from root import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from sources.mutations import mutations

TEXT = """\
import torch
from torch import nn

class Summary(nn.Module):
    def __init__(self, size, units):
        super().__init__()
        self.rnn = nn.LSTM(size, units, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * units, 1)

    def forward(self, x):
        h0 = torch.zeros(2, x.size(0), self.rnn.hidden_size)
        out, (h, c) = self.rnn(x.transpose(1, 2), (h0, h0))
        return self.out(torch.cat((h[-2], h[-1]), dim=1)), out[:, -1].mean(dim=1)
"""
KINDS = {
    "drop batch_first": 1,
    "drop bidirectional": 1,
    "x2 dropped": 1,
    "Linear one wider": 1,
    "h0 axes exchanged": 1,
    "h0 has a layer more": 1,
    "pair to tensor": 1,
    "c for h": 1,
    "exchange dropped": 1,
    "exchange by view": 1,
    "directions joined by view": 1,
    "[-1] to [0]": 1,
    "[:, -1] to [-1]": 1,
    "join along another axis": 2,
    "reduce along another axis": 2,
}


def test_each_is_one_change_of_its_kind() -> None:
    found = mutations(TEXT)
    texts = [mutation.of(TEXT) for mutation in found]
    for text in texts:
        ast.parse(text)
    assert len(set(texts)) == len(texts)
    assert TEXT not in texts
    count = Counter(mutation.kind for mutation in found)
    assert {kind: count[kind] for kind in KINDS} == KINDS
    assert found == mutations(TEXT)
