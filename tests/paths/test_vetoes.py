"""A script that shows nothing: it silences what it contradicts, and nothing else."""

import pytest
from reported import codes

#: a model, and what a call of it shows of the same place
MODEL = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        batch, time, _ = x.shape
        out, _ = self.rnn(x)
        return out[:, time - 1]

"""
SCRIPTS = {
    "numbers for the sizes": ("Model(3, 5)(torch.randn(4, 7, 3))", ["SHP103"]),
    "in a function": ("def demo():\n    return Model(3, 5)(torch.randn(4, 7, 3))\nprint(demo().shape)", ["SHP103"]),
    "sizes that are not known": ("Model(3, 5)(load())", ["SHP103"]),
    "one step": ("Model(3, 5)(torch.randn(4, 1, 3))", []),
    "one sample": ("Model(3, 5)(torch.randn(1, 7, 3))", []),
}


@pytest.mark.parametrize(("script", "expected"), SCRIPTS.values(), ids=SCRIPTS)
def test_what_a_script_contradicts(script: str, expected: list[str]) -> None:
    assert codes(MODEL) == ["SHP103"]
    assert codes(MODEL + script) == expected


LAST = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first=True)

    def forward(self, x):
        out, _ = self.rnn(x)
        return out[-1]

"""


@pytest.mark.parametrize(
    ("script", "expected"),
    [("Model(3, 5)(torch.randn(4, 7, 3))", ["SHP101"]), ("Model(3, 5)(torch.randn(7, 3))", [])],
)
def test_a_script_with_one_sequence(script: str, expected: list[str]) -> None:
    assert codes(LAST + script) == expected
