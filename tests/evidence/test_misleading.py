"""Right programs that look wrong: hints that belong elsewhere, placeholders, what a loop or another pass changes."""

from textwrap import dedent

import pytest
from followed import DEFAULT

from shapelint.pipeline.check import Wanted, analyse_source, check_source
from shapelint.rules.base import load
from shapelint.source import Source

load()

HEAD = "import random\nimport torch\nimport torch.nn as nn\n"


def codes(text: str) -> list[str]:
    check = check_source(Source("model.py", HEAD + dedent(text)), Wanted(DEFAULT, prove=False))
    assert not check.problems
    return [candidate.finding.code for candidate in check.candidates]


COMMENTS = {
    "of a change": """
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.embedding = nn.Embedding(50, 5)
                self.rnn = nn.GRU(5, 8, batch_first=True)

            def forward(self, ids):
                # embedded = [batch, width] --> [batch, length(token numbers), width]
                embedded = self.embedding(ids)
                out, h_n = self.rnn(embedded)
                return out[:, -1]
        """,
    "of the line above": """
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.RNN(5, 8)

            def forward(self, x):
                x = self.prepared(x)
                # x: (batch, time, features)
                x = x.transpose(0, 1)
                out, _ = self.rnn(x)
                return out[-1]
        """,
    "beside both": """
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.RNN(5, 8)

            def forward(self, x):
                y = self.prepared(x)
                # (batch, time, features)
                y = y.transpose(0, 1)  # (time, batch, features)
                out, _ = self.rnn(y)
                return out[-1]
        """,
    "of the state beside the output": """
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.GRU(5, 8, batch_first=True)
                self.head = nn.GRU(8, 8, batch_first=True)

            def forward(self, x):
                out, h_n = self.rnn(x)  # h_n (1, batch, hidden)
                return self.head(out)[0]
        """,
    "of a target of several": """
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.GRU(5, 8)

            def forward(self, x, h):
                y, h = self.prepared(x, h)
                # y : [batch, steps, n_class]
                y = y.permute(1, 0, 2)
                out, _ = self.rnn(y, h)
                return out[-1]
        """,
}


@pytest.mark.parametrize("text", COMMENTS.values(), ids=COMMENTS)
def test_a_comment_between_two_values_of_one_name(text: str) -> None:
    assert codes(text) == []


def test_a_comment_above_a_statement_is_about_it() -> None:
    text = """
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.RNN(5, 8)

            def forward(self, x):
                # y: (batch, time, features)
                y = self.prepared(x)
                out, _ = self.rnn(y)
                return out[:, -1]
        """
    assert codes(text) == ["SHP110"]


STATED = """
class Model(nn.Module):
    {doc}
    def __init__(self, words, hidden):
        super().__init__()
        self.table = nn.Embedding(words, hidden)
        self.rnn = nn.GRU(hidden, hidden, batch_first=True)

    def forward(self, tokens, state=None):
        n, length = tokens.size(0), tokens.size(1)
        out, state = self.rnn(self.table(tokens), state)
        return out.reshape(n, length, -1)[:, -1]
"""


@pytest.mark.parametrize(
    "doc",
    [
        '"""Args:\n        - **tokens** (batch, seq_len, input_size): list of sequences of token ids.\n    """',
        '"""Reads tokens.\n\n    Args:\n        tokens: (batch, time, features), the ids\n    """',
        '"""tokens: [B, T, 1] ids."""',
    ],
)
def test_a_stated_rank_that_the_code_contradicts(doc: str) -> None:
    assert codes(STATED.format(doc=doc)) == []


PLACEHOLDERS = {
    "keywords of a base": """
        class Base(nn.Module):
            def __init__(self, width=0, classes=0):
                super().__init__()
                self.rnn = nn.LSTM(width, 8, batch_first=True)
                self.head = nn.Linear(8, classes)

        class Reader(Base):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)

            def forward(self, x):
                return self.head(self.rnn(x)[0][:, -1])
        """,
    "arguments and keywords": """
        class Base(nn.Module):
            def __init__(self, width=0):
                super().__init__()
                self.rnn = nn.GRU(width, 8)

        class Reader(Base):
            def __init__(self, *args, steps=1, **kwargs):
                self.steps = steps
                super().__init__(*args, **kwargs)

            def forward(self, x):
                return self.rnn(x)[0][-1]
        """,
    "settings": """
        def build(width=0, layers=0):
            return nn.GRU(width, 8, layers)

        class Reader(nn.Module):
            def __init__(self, **settings):
                super().__init__()
                self.rnn = build(**settings)

            def forward(self, x):
                return self.rnn(x)[0][-1]
        """,
}


@pytest.mark.parametrize("text", PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_a_default_that_keywords_may_replace(text: str) -> None:
    assert codes(text) == []


def test_a_default_that_nothing_replaces_is_the_value() -> None:
    text = """
        def build(width=0):
            return nn.GRU(width, 8)

        rnn = build()
        """
    assert codes(text) == ["SHP607"]


SQUEEZED = """
class Model(nn.Module):
    def __init__(self, size=8, layers={layers}):
        super().__init__()
        self.rnn = nn.LSTM(size, 16, layers)
        self.norm = nn.BatchNorm1d(16)

    def forward(self, x):
        _, (h_n, _) = self.rnn(x)
        return self.norm({squeezed})
"""


@pytest.mark.parametrize("squeezed", ["h_n.squeeze()", "torch.squeeze(h_n)", "h_n.squeeze(0)", "h_n.squeeze().relu()"])
def test_a_squeezed_axis_whose_default_is_one(squeezed: str) -> None:
    found = codes(SQUEEZED.format(layers=1, squeezed=squeezed))
    assert found == ([] if "(0)" in squeezed else ["SHP115"])  # it would drop a batch of one, too


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
    assert codes(text) == []


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
    assert codes(text) == []


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
    assert codes(text) == []


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
    traces = analyse_source(Source("model.py", HEAD + text)).traces
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
    assert codes(text) == []


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
    assert codes(text) == []


MISSTATED = {
    "a state that the class itself makes otherwise": """
        class Cell(nn.Module):
            def __init__(self):
                super().__init__()
                self.mix = nn.GRUCell(5, 5)

            def forward(self, x, hidden=None):
                '''
                Args:
                    x: (batch, seq_len, features)
                    hidden: (batch, features)
                '''
                hidden = hidden or torch.zeros(1, x.size(0), 5)
                for step in torch.unbind(x, dim=1):
                    hidden = self.one(step, hidden)
                return hidden

            def one(self, step, hidden):
                '''
                Args:
                    step: (batch, features)
                    hidden: (batch, features)
                '''
                hidden = hidden.view(hidden.size(1), -1)
                return self.mix(step, hidden).unsqueeze(0)
        """,
    "an inner module that is given embeddings": """
        class Encoder(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.GRU(5, 8, batch_first=True)

            def forward(self, x, noisy=False):
                '''
                Args:
                    x (torch.Tensor): [B, L] Input token ids
                '''
                out, _ = self.rnn(x)
                return out[:, -1]

        class Tagger(nn.Module):
            def __init__(self):
                super().__init__()
                self.embed = nn.Embedding(9, 5)
                self.encoder = Encoder()

            def forward(self, x, noise=None):
                '''
                Args:
                    x (torch.Tensor): [B, L] Input token ids
                '''
                x = self.embed(x)
                if noise:
                    x = noise(x)
                return self.encoder(x)
        """,
    "two docstrings of one value": """
        class Inner(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.LSTM(5, 8, batch_first=True)

            def forward(self, x):
                '''
                Args:
                    x: (B, L, D) features
                '''
                out, _ = self.rnn(x)
                return out

        class Outer(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = Inner()

            def forward(self, x):
                '''
                Args:
                    x: (B, L) tokens
                '''
                return self.inner(x)[:, -1]
        """,
}


@pytest.mark.parametrize("text", MISSTATED.values(), ids=MISSTATED)
def test_a_docstring_that_is_not_about_what_the_code_gives(text: str) -> None:
    assert codes(text) == []


def test_a_docstring_that_nothing_contradicts_holds() -> None:
    text = """
        class Reader(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.LSTM(5, 8, batch_first=True)

            def forward(self, x):
                '''
                Args:
                    x: (batch, features)
                '''
                return self.rnn(x)[0]
        """
    assert codes(text) == ["SHP118"]


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
    assert codes(NAMED.format(option=option, rest=rest)) == wrong
