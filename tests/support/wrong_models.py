"""Models with one mistake each, which tests check as files, texts and cells."""

#: SHP101 in line 10, column 16
TAGGER = """\
import torch.nn as nn

class Tagger(nn.Module):
    def __init__(self, n, h):
        super().__init__()
        self.rnn = nn.GRU(n, h, batch_first=True)

    def forward(self, x):
        out, _ = self.rnn(x)
        return out[-1]
"""
#: SHP101 in its last line; without the import and the end of that line, as the cell of a notebook
NET = """\
class Net(nn.Module):
    def __init__(self, n, h):
        super().__init__()
        self.lstm = nn.LSTM(n, h, batch_first=True)
        self.fc = nn.Linear(h, 2)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[-1])"""

#: SHP101 in line 12, column 26
CLASSIFIER = """\
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.head(out[-1])
"""

#: SHP101 in line 10, column 16, where `fast.rnn.Fast` is known as a layer; nothing in it speaks of torch
WRAPPER = """\
from fast.rnn import Fast


class Encoder:
    def __init__(self, features, hidden):
        self.rnn = Fast(features, hidden, batch_first=True)

    def encode(self, x):
        out, _ = self.rnn(x)
        return out[-1]
"""
