"""A graph that a backward pass keeps is not freed, and what carries it on is right."""

from __future__ import annotations

import pytest
from reported import codes

CARRYING = """
class Reader(nn.Module):
    def __init__(self, words, size, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, size)
        self.lstm = nn.LSTM(size, hidden)
        self.state = (torch.zeros(1, 1, hidden), torch.zeros(1, 1, hidden))

    def forward(self, sentence):
        for word in sentence:
            out, self.state = self.lstm(self.embedding(word).view(1, 1, -1), self.state)
        return out

class Trainer:
    def __init__(self, model, criterion):
        self.model, self.criterion = model, criterion

    def run(self, batches):
        for sentence, target in batches:
            loss = {loss}
            loss.backward({options})

def main(batches, criterion):
    Trainer(Reader(100, 8, 16), criterion).run(batches)
"""
UNKNOWN_LOSS = "self.criterion(self.model(sentence), target)"
BACKWARDS = {
    "kept": (UNKNOWN_LOSS, "retain_graph=True", []),
    "kept by place": (UNKNOWN_LOSS, "None, True", []),
    "kept for a second derivative": (UNKNOWN_LOSS, "create_graph=True", []),
    "kept by options": (UNKNOWN_LOSS, "**make()", []),
    "kept of a known loss": ("self.model(sentence).sum()", "retain_graph=True", []),
    "not kept": (UNKNOWN_LOSS, "", ["SHP206"]),
    "not kept in so many words": (UNKNOWN_LOSS, "retain_graph=False", ["SHP206"]),
    "not kept by place": (UNKNOWN_LOSS, "None, False", ["SHP206"]),
    "not kept of a known loss": ("self.model(sentence).sum()", "", ["SHP206"]),
}


@pytest.mark.parametrize(("loss", "options", "wrong"), BACKWARDS.values(), ids=BACKWARDS)
def test_a_graph_that_is_kept_is_not_freed(loss: str, options: str, wrong: list[str]) -> None:
    assert codes(CARRYING.format(loss=loss, options=options)) == wrong
