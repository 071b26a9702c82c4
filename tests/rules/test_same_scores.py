"""Scores are the same where the same code makes them: in another call, another method, another function."""

import pytest
from marked import expected, found

CLASS = """
class Tagger(nn.Module):
    def __init__(self, words, tags):
        super().__init__()
        self.emb = nn.Embedding(words, 16)
        self.rnn = nn.GRU(16, 32, batch_first=True)
        self.out = nn.Linear(32, tags)

    def forward(self, ids):
        return self.out(self.rnn(self.emb(ids))[0])
"""
TEXTS = {
    "in two methods": """
    def loss(self, ids, tags):
        return F.cross_entropy(self(ids).transpose(1, 2), tags)

    def decode(self, ids):
        return self(ids).argmax(dim=1)  # error: SHP519
    """,
    "in a script": """
net, ids = Tagger(50, 7), torch.randint(0, 50, (4, 12))
loss = F.cross_entropy(net(ids).reshape(-1, 7), torch.zeros(48).long())
best = net(ids).max(dim=1)[1]  # error: SHP519
print(best.shape)
    """,
    "no loss says so": """
    def decode(self, ids):
        return self(ids).argmax(dim=1)
    """,
    "along the classes": """
    def loss(self, ids, tags):
        return F.cross_entropy(self(ids).transpose(1, 2), tags)

    def decode(self, ids):
        return self(ids).argmax(dim=2), self(ids).transpose(1, 2).argmax(dim=1)
    """,
    "the loss is of other scores": """
    def forward(self, ids):
        return self.rnn(self.emb(ids))[0]

    def loss(self, ids, tags):
        return F.cross_entropy(self.out(self(ids)).transpose(1, 2), tags)

    def peak(self, ids):
        return self(ids).argmax(dim=1)
    """,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_found(text: str) -> None:
    assert found(CLASS + text.rstrip() + "\n") == expected(text)
