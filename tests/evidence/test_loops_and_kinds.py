"""Right programs that look wrong: what a loop or another pass changes, of which kind a value is, what is joined again."""

import pytest
from reported import PLAIN, plain_codes

from shapelint.pipeline.check import analyse_source
from shapelint.source import Source

GROWING = {
    "cat": "history = torch.cat([history, now.unsqueeze(0)], 0)",
    "stack of what there was": "history = torch.cat((history, now[None]))",
    "vstack": "history = torch.vstack([history, now.unsqueeze(0)])",
}


@pytest.mark.parametrize("grown", GROWING.values(), ids=GROWING)
def test_a_history_that_grows_has_more_than_one_row(grown: str) -> None:
    text = f"""
class Model(nn.Module):
    def __init__(self, size, width):
        super().__init__()
        self.cell = nn.GRUCell(size, width)
        self.score = nn.Linear(width, 1)

    def forward(self, turns):
        before = torch.zeros(turns.size(1), self.cell.hidden_size)
        history = torch.zeros(0, turns.size(1), self.cell.hidden_size)
        for u in turns:
            now = self.cell(u, before)
            {grown}
            weights = torch.softmax(self.score(history), dim=0)
            before = (weights * history).sum(0)
        return before
"""
    assert plain_codes(text) == []


PASSES = {
    "of a pass of its own": "self.rnn(x)[0].mean().backward()",
    "of another loss": "(self.rnn(x, torch.zeros(1, 1, 32))[0] ** 2).sum().backward()",
}


@pytest.mark.parametrize("update", PASSES.values(), ids=PASSES)
def test_a_backward_pass_of_another_graph(update: str) -> None:
    text = f"""
class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(4, 32)

    def act(self, x, state):
        return self.rnn(x.view(1, 1, 4), state)

    def learn(self, x):
        {update}


def main(env):
    agent, state = Agent(), torch.zeros(1, 1, 32)
    for t in range(20):
        out, state = agent.act(env.step(t), state)
        agent.learn(torch.randn(5, 1, 4))
"""
    assert plain_codes(text) == []


OFFSETS = {
    "a list": "starts = [self.part * i for i in range(9)]",
    "a range as long as a size": "starts = [self.part * i for i in range(x.size(1))]",
    "filled": "starts = []\n        for i in range(9):\n            starts.append(i * self.part)",
}


@pytest.mark.parametrize("made", OFFSETS.values(), ids=OFFSETS)
def test_items_that_a_loop_counts_are_not_alike(made: str) -> None:
    text = f"""
class Model(nn.Module):
    def __init__(self, width=128, hidden=512):
        super().__init__()
        self.part = width // 4
        self.first = nn.GRU(width, hidden, batch_first=True)
        self.second = nn.GRU(hidden + self.part, hidden, batch_first=True)

    def forward(self, x, aux):
        batch, steps, features = aux.size()
        {made}
        out, _ = self.first(x)
        part = aux[:, :, starts[1] : starts[2]]
        out, _ = self.second(torch.cat([out, part], dim=-1))
        return out[:, -1]
"""
    assert plain_codes(text) == []


GROWN = """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(5, 5) for _ in range(9)])
        self.rnn = nn.GRU(5, 4)

    def forward(self, x):
        for number, layer in enumerate(self.layers, 1):
            y = torch.cat([layer(x)] * number)
        return self.rnn(y, torch.zeros({state}))[0]

Model()(torch.ones(7, 5))
"""


@pytest.mark.parametrize(("state", "raises"), [("1, 4", False), ("1, 1, 4", True)])
def test_the_rank_of_what_changes_its_size_in_a_loop_is_no_guess(state: str, raises: bool) -> None:
    """Without its rank it would be taken for the three axes that the layer asks for first."""
    text = GROWN.format(state=state)
    traces = analyse_source(Source("model.py", PLAIN + text)).traces
    script = next(trace for trace in traces if trace.entry == "module")
    assert [node.op for node in script.nodes if node.error] == ["torch.nn.GRU.forward"] * raises


KINDS = {
    "type": "type(x) is PackedSequence",
    "an equal type": "type(x) == PackedSequence",
    "isinstance": "isinstance(x, PackedSequence)",
}


@pytest.mark.parametrize("asked", KINDS.values(), ids=KINDS)
def test_what_an_operation_gives_is_no_packed_sequence(asked: str) -> None:
    text = f"""
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence


class Reader(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.rnn = nn.LSTM(size, 16, batch_first=True)

    def forward(self, x, state=None):
        is_packed = {asked}
        out, state = self.rnn(x, state)
        return out if is_packed else out.contiguous(), state


class Model(nn.Module):
    def __init__(self, words, size):
        super().__init__()
        self.table = nn.Embedding(words, size)
        self.drop = nn.Dropout(0.1)
        self.reader = Reader(size)

    def forward(self, words):
        out, _ = self.reader(self.drop(self.table(words)))
        return torch.tanh(out[:, :, :8])
"""
    assert plain_codes(text) == []


@pytest.mark.parametrize("asked", ["self.rnn.mode == 'LSTM'", "self.rnn.mode in ('LSTM',)", "'GRU' != self.rnn.mode"])
def test_a_layer_knows_its_kind(asked: str) -> None:
    text = f"""
class Model(nn.Module):
    def __init__(self, size, kind="LSTM"):
        super().__init__()
        assert kind in ("LSTM", "GRU")
        self.rnn = getattr(nn, kind)(size, 16)

    def forward(self, x):
        _, state = self.rnn(x)
        if {asked}:
            state = torch.cat(state, dim=-1)
        return state.transpose(0, 1).reshape(state.size(1), -1)
"""
    assert plain_codes(text) == []


NAMED = """
class Reader(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.gru = nn.GRU(size, hidden, {option})
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        out, (h, c) = self.gru(x)
        {rest}
"""
REJOINED = {
    "stacked": ("num_layers=2", "return out, torch.stack((h, c), dim=0)", []),
    "joined": ("bidirectional=True", "return out, torch.cat([h, c], dim=-1)", []),
    "both": (
        "num_layers=2",
        "state = torch.stack([h, c])\n        return self.gru(x, state), torch.cat((h, c), 1)",
        [],
    ),
    "read apart": ("num_layers=2", "return self.fc(h), c", ["SHP305"]),
    "joined, and read": ("num_layers=2", "return torch.stack((h, c)), self.fc(c)", ["SHP305"]),
    "joined without the other": ("num_layers=2", "return torch.cat((h, h), 1), c", ["SHP305"]),
    "not read at all": ("num_layers=2", "return out", ["SHP305"]),
}


@pytest.mark.parametrize(("option", "rest", "wrong"), REJOINED.values(), ids=REJOINED)
def test_parts_that_are_put_together_again(option: str, rest: str, wrong: list[str]) -> None:
    assert plain_codes(NAMED.format(option=option, rest=rest)) == wrong
