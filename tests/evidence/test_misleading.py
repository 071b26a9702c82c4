"""Right programs that look wrong: hints that belong elsewhere, placeholders, docstrings that the code contradicts."""

import pytest
from reported import plain_codes

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
    assert plain_codes(text) == []


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
    assert plain_codes(text) == ["SHP110"]


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
    assert plain_codes(STATED.format(doc=doc)) == []


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
    assert plain_codes(text) == []


def test_a_default_that_nothing_replaces_is_the_value() -> None:
    text = """
        def build(width=0):
            return nn.GRU(width, 8)

        rnn = build()
        """
    assert plain_codes(text) == ["SHP607"]


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
    found = plain_codes(SQUEEZED.format(layers=1, squeezed=squeezed))
    assert found == ([] if "(0)" in squeezed else ["SHP115"])  # it would drop a batch of one, too


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
    assert plain_codes(text) == []


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
    assert plain_codes(text) == ["SHP118"]
