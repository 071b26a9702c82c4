"""What stands between a layer and a mistake: an operation that keeps what the rule asks about hides nothing."""

import pytest
from marked import expected, found

CLASS = """
class Model(nn.Module):
    def __init__(self, size, units):
        super().__init__()
        self.rnn = nn.GRU(size, units, batch_first=True)
        self.mix = nn.Linear(size, size)
        self.ask = nn.Linear(units, units)
        self.scale = nn.Parameter(torch.ones(1))
"""
WRONG = {
    "scaled": """
    def forward(self, x):
        out, _ = self.rnn(x)
        return out[-1] * self.scale  # error: SHP101
    """,
    "shifted, and compared": """
    def one(self, x):
        out, _ = self.rnn(x)
        return out[-1] + self.scale  # error: SHP101

    def forward(self, x, y):
        return F.cosine_similarity(self.one(x), self.one(y))
    """,
    "a step that is mixed and bounded": """
    def forward(self, x):
        # x: (batch, time, size)
        h0 = torch.zeros(1, x.size(0), self.rnn.hidden_size)
        for t in range(x.size(1)):
            out, _ = self.rnn(torch.tanh(self.mix(x[:, t : t + 1])), h0)  # error: SHP214
        return self.ask(out[:, 0])
    """,
    "an axis of the query's own": """
    def attend(self, query, memory):
        scores = self.ask(query)[:, None] @ memory.transpose(1, 2)
        return torch.softmax(scores, dim=1) @ memory  # error: SHP512

    def forward(self, x):
        out, h = self.rnn(x)
        return self.attend(h[-1], out)
    """,
}
RIGHT = {
    "rows come in from elsewhere": """
    def forward(self, x, rows):
        # rows: (time, units)
        out, _ = self.rnn(x)
        weights = out[-1] * rows
        return weights.sum(1)
    """,
    "the steps of each sample": """
    def forward(self, x):
        out, _ = self.rnn(x)
        return out[:, -1] * self.scale
    """,
    "the state goes from step to step": """
    def forward(self, x):
        # x: (batch, time, size)
        h = torch.zeros(1, x.size(0), self.rnn.hidden_size)
        for t in range(x.size(1)):
            out, h = self.rnn(torch.tanh(self.mix(x[:, t : t + 1])), h)
        return self.ask(out[:, 0])
    """,
    "an axis of length one that a caller gives": """
    def attend(self, queries, memory):
        scores = queries @ memory.transpose(1, 2)
        return torch.softmax(scores, dim=1) @ memory

    def forward(self, x):
        out, h = self.rnn(x)
        return self.attend(h[-1].unsqueeze(1), out)
    """,
    "along the steps": """
    def attend(self, query, memory):
        scores = self.ask(query)[:, None] @ memory.transpose(1, 2)
        return torch.softmax(scores, dim=2) @ memory

    def forward(self, x):
        out, h = self.rnn(x)
        return self.attend(h[-1], out)
    """,
}


@pytest.mark.parametrize("method", [*WRONG.values(), *RIGHT.values()], ids=[*WRONG, *RIGHT])
def test_what_is_found(method: str) -> None:
    assert found(CLASS + method.rstrip() + "\n") == expected(method)
