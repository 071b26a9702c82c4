"""Two parameters of a constructor that an operation needs to be equal: who gives a class two sizes may give it two."""

from pathlib import Path

import pytest
from followed import DEFAULT
from marked import expected, found

from shapelint.finding import Confidence
from shapelint.pipeline.check import Wanted, check_source
from shapelint.rules.base import load
from shapelint.source import Source

load()

WRONG = {
    "a head that is as wide as the input": """
        class Rating(nn.Module):
            def __init__(self, features, hidden, classes):
                super().__init__()
                self.rnn = nn.LSTM(features, hidden, batch_first=True)
                self.out = nn.Linear(features, classes)

            def forward(self, x):
                y, _ = self.rnn(x)
                return self.out(y[:, -1])  # error: SHP901
    """,
    "a state that is as wide as the input": """
        class Price(nn.Module):
            def __init__(self, input_size, hidden_size):
                super().__init__()
                self.input_size = input_size
                self.rnn = nn.GRU(input_size, hidden_size, batch_first=True)

            def forward(self, x):
                h0 = torch.zeros(1, x.size(0), self.input_size)
                return self.rnn(x, h0)[0]  # error: SHP907
    """,
    "a layer with its sizes exchanged, behind an embedding": """
        class Intent(nn.Module):
            def __init__(self, words, emb_dim, hidden, classes):
                super().__init__()
                self.embedding = nn.Embedding(words, emb_dim)
                self.rnn = nn.GRU(hidden, emb_dim, batch_first=True)  # error: SHP614
                self.out = nn.Linear(hidden, classes)

            def forward(self, ids):
                _, h = self.rnn(self.embedding(ids))
                return self.out(h[-1])
    """,
    "a caller that gives two": """
        class Mixer(nn.Module):
            def __init__(self, patches, width):
                super().__init__()
                self.norm = nn.LayerNorm(width)
                self.mix = nn.Linear(patches, patches)

            def forward(self, x):
                return self.mix(self.norm(x))  # error: SHP901

        Mixer(64, 128)(torch.randn(2, 64, 128))
    """,
    "what the paths show on which two sizes are equal": """
        class Mixed(nn.Module):
            def __init__(self, one, other, classes):
                super().__init__()
                self.gru = nn.GRU(4, one, batch_first=True)
                self.norm = nn.LayerNorm(other)
                self.fc = nn.Linear(other, classes)

            def forward(self, x):
                out, _ = self.gru(x)
                last = out[-1]  # error: SHP101
                return self.fc(self.norm(last))
    """,
    "defaults that differ": """
        class Mixed(nn.Module):
            def __init__(self, width=16, hidden=32):
                super().__init__()
                self.first = nn.Linear(8, width)
                self.second = nn.Linear(hidden, 2)

            def forward(self, x):
                return self.second(self.first(x))  # error: SHP901
    """,
}
RIGHT = {
    "defaults that are equal": """
        class Mixed(nn.Module):
            def __init__(self, width=32, hidden=32):
                super().__init__()
                self.first = nn.Linear(8, width)
                self.second = nn.Linear(hidden, 2)

            def forward(self, x):
                return self.second(self.first(x))
    """,
    "channels of a convolution": """
        class Block(nn.Module):
            def __init__(self, wide: int, narrow: int):
                super().__init__()
                self.down = nn.Conv2d(wide, narrow, 1)
                self.norm = nn.BatchNorm2d(wide)

            def forward(self, image):
                return self.norm(self.down(image))
    """,
    "states of equal width": """
        class Decoder(nn.Module):
            def __init__(self, encoder_hidden, decoder_hidden, rounds):
                super().__init__()
                self.rounds = rounds
                self.combine = nn.Linear(2 * encoder_hidden, encoder_hidden)
                self.cells = nn.ModuleList([nn.GRUCell(decoder_hidden, decoder_hidden) for _ in range(rounds)])

            def forward(self, x, states):
                x = self.combine(x)
                found = []
                for i in range(self.rounds):
                    h = self.cells[i](x, states[i])
                    found.append(h)
                    x = x + h
                return x, found
    """,
    "a number that a parameter has to be": """
        class Fixed(nn.Module):
            def __init__(self, features, hidden):
                super().__init__()
                self.rnn = nn.LSTM(features, hidden, batch_first=True)
                self.out = nn.Linear(128, 2)

            def forward(self, x):
                return self.out(self.rnn(x)[0][:, -1])
    """,
    "one class, as a loss wants": """
        class Score(nn.Module):
            def __init__(self, features, hidden, classes):
                super().__init__()
                self.rnn = nn.LSTM(features, hidden, batch_first=True)
                self.out = nn.Linear(hidden, classes)

            def forward(self, x, wanted):
                '''wanted: (batch, 1)'''
                return nn.BCEWithLogitsLoss()(self.out(self.rnn(x)[0][:, -1]), wanted)
    """,
    "a first round that is the last one, and then no more": """
        class Postnet(nn.Module):
            def __init__(self, mels, width, rounds):
                super().__init__()
                self.layers = nn.ModuleList()
                for i in range(rounds):
                    taken = mels if i == 0 else width
                    given = mels if i == rounds - 1 else width
                    self.layers.append(nn.Conv1d(taken, given, 5, padding=2))

            def forward(self, x):
                for layer in self.layers:
                    x = layer(x)
                return x

        models = [Postnet(80, 512, 5)]
    """,
    "layers behind a loop give the first width again": """
        class Postnet(nn.Module):
            def __init__(self, mels=80, width=512, rounds=5):
                super().__init__()
                self.layers = nn.ModuleList([nn.Conv1d(mels, width, 5, padding=2)])
                for i in range(1, rounds - 1):
                    self.layers.append(nn.Conv1d(width, width, 5, padding=2))
                self.layers.append(nn.Conv1d(width, mels, 5, padding=2))

            def forward(self, x):
                y = x
                for layer in self.layers:
                    y = layer(y)
                return x + y
    """,
    "an assertion": """
        class Mixed(nn.Module):
            def __init__(self, width, hidden):
                super().__init__()
                assert width == hidden
                self.first = nn.Linear(8, width)
                self.second = nn.Linear(hidden, 2)

            def forward(self, x):
                return self.second(self.first(x))
    """,
    "a shortcut where the sizes are equal": """
        class Block(nn.Module):
            def __init__(self, taken, given):
                super().__init__()
                self.layer = nn.Linear(taken, given)
                self.shortcut = nn.Linear(taken, given) if taken != given else nn.Identity()

            def forward(self, x):
                return self.layer(x) + self.shortcut(x)
    """,
    "a residual connection where they are": """
        class Block(nn.Module):
            def __init__(self, taken, given):
                super().__init__()
                self.is_residual = taken == given
                self.layer = nn.Conv1d(taken, given, 1)

            def forward(self, x):
                y = self.layer(x)
                return x + y if self.is_residual else y
    """,
    "a projection where they differ": """
        class Tower(nn.Module):
            def __init__(self, width, hidden):
                super().__init__()
                self.embedding = nn.Embedding(100, width)
                self.project = None
                if width != hidden:
                    self.project = nn.Linear(width, hidden)
                self.rnn = nn.GRU(hidden, hidden, batch_first=True)

            def forward(self, ids):
                x = self.embedding(ids)
                if self.project is not None:
                    x = self.project(x)
                return self.rnn(x)[0]
    """,
    "one raises where they differ": """
        class Tied(nn.Module):
            def __init__(self, width, hidden, tie=True):
                super().__init__()
                if width != hidden:
                    raise ValueError("the sizes must be equal")
                self.rnn = nn.GRU(width, hidden)
                self.again = nn.GRU(width, hidden)

            def forward(self, x):
                return self.again(self.rnn(x)[0])
    """,
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_sizes_that_nobody_says_are_equal(text: str) -> None:
    assert found(text) == expected(text)


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_sizes_that_the_code_keeps_equal(text: str) -> None:
    assert found(text) == []


MODEL = """\
from torch import nn


class Reader(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.fc = nn.Linear(hidden, 5)

    def forward(self, ids):
        return self.fc(self.embedding(ids))
"""
IMPORT = "from model import Reader\n\n"


def levels(folder: Path, rest: str) -> list[Confidence]:
    """How certain the findings are in a project that has another file."""
    (folder / "pyproject.toml").write_text("")
    (folder / "model.py").write_text(MODEL)
    (folder / "train.py").write_text(IMPORT + rest)
    check = check_source(Source(str(folder / "model.py"), MODEL), Wanted(DEFAULT, prove=False))
    return [one.finding.confidence for one in check.candidates]


@pytest.mark.parametrize(
    "call",
    ["Reader(100, 16, 32)", "Reader(100, hidden=32, width=16)", "[Reader(100, n, 8) for n in (8, 9)], Reader(9, 8, 9)"],
)
def test_a_call_gives_two_sizes(tmp_path: Path, call: str) -> None:
    assert levels(tmp_path, f"model = {call}\n") == [Confidence.MEDIUM]


@pytest.mark.parametrize(
    "call",
    [
        "Reader(100, 32, 32)",
        "Reader(100, width=size, hidden=size)",
        "Reader(*sizes)",
        "Reader(**options)",
        "Reader(100, width=options['width'], hidden=options['hidden'])",
    ],
)
def test_all_calls_give_equal_sizes_or_may(tmp_path: Path, call: str) -> None:
    assert levels(tmp_path, f"model = {call}\n") == []


def test_what_settings_say_counts(tmp_path: Path) -> None:
    rest = "SETTINGS = dict(width=16, hidden=32)\nmodel = Reader(words=9, **SETTINGS)\n"
    assert levels(tmp_path, rest) == [Confidence.MEDIUM]
