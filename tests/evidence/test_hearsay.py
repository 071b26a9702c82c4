"""Right programs of which a word, a name or a size is known by hearsay only: nothing certain follows from it."""

import pytest
from reported import codes

#: how one step of a batch of one is written; `self.read` is not known
VIEWED = {
    "a literal": "self.read(x).view(-1, 1, 8)",
    "a name": "self.read(x).view(-1, 1, self.size)",
    "a tuple": "self.read(x).reshape((-1, 1, 8))",
    "all but the last": "self.read(x).view(1, 1, -1)",
}
STEP = """
    class Decoder(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.size = size
            self.read = make(size)
            self.gru = nn.GRU({size}, 16, batch_first=True)

        def forward(self, x, h):
            out, h = self.gru({viewed}, h)
            return out.transpose(1, 2).view({merged}), h
    """


@pytest.mark.parametrize("viewed", VIEWED.values(), ids=VIEWED)
def test_a_view_tells_the_sizes_of_what_is_not_known(viewed: str) -> None:
    """An axis of length 1 lies beside any other."""
    assert codes(STEP.format(viewed=viewed, merged="-1, 16", size="size" if "size" in viewed else 8)) == []


def test_a_view_of_several_steps_does_not_lie_so() -> None:
    assert codes(STEP.format(viewed="self.read(x).view(-1, 5, 8)", merged="-1, 16", size=8)) == ["SHP124"]


FEATURES = {
    "a docstring": '''"""
            Args:
                x (batch, seq_len): the features of the sequences
            """''',
    "a docstring of plain lines": '"""x: tensor of shape (batch, time)"""',
    "a comment": "# x: (batch, seq_len)",
}


@pytest.mark.parametrize("said", FEATURES.values(), ids=FEATURES)
@pytest.mark.parametrize("read", ["x", "self.dropout(x)", "x.relu()"])
def test_steps_that_a_layer_reads_as_features_are_those_of_ids(said: str, read: str) -> None:
    text = f"""
    class Encoder(nn.Module):
        def __init__(self, size, hidden):
            super().__init__()
            self.dropout = nn.Dropout(0.1)
            self.rnn = nn.LSTM(size, hidden, batch_first=True)

        def forward(self, x):
            {said}
            out, _ = self.rnn({read})
            return out[:, -1]
    """
    assert codes(text) == []


def test_features_that_are_said_to_be_are_read_as_one_sequence() -> None:
    text = """
    class Encoder(nn.Module):
        def __init__(self, size, hidden):
            super().__init__()
            self.rnn = nn.LSTM(size, hidden, batch_first=True)

        def forward(self, x):
            # x: (batch, features)
            out, _ = self.rnn(x)
            return out
    """
    assert codes(text) == ["SHP118"]


BEFORE = {
    "a call": "x = self.emb(x)",
    "another name too": "x = self.emb(x) * self.scale",
    "a method": "x = x.matmul(self.weight)",
}


@pytest.mark.parametrize("statement", BEFORE.values(), ids=BEFORE)
def test_a_comment_above_a_statement_may_be_about_what_it_reads(statement: str) -> None:
    text = f"""
    class Language(nn.Module):
        def __init__(self, words, size, hidden):
            super().__init__()
            self.emb, self.scale, self.weight = nn.Embedding(words, size), make(1), make(2)
            self.rnn = nn.LSTM(size, hidden, batch_first=True)

        def forward(self, x):
            print("forward")
            # |x| = (batch_size, length)
            {statement}
            # |x| = (batch_size, length, size)
            x, _ = self.rnn(x)
            return x
    """
    assert codes(text) == []


EMBEDDED = {
    "a comment": "# x : [batch_size, seq_len, size]",
    "a docstring": '"""x: (batch_size, seq_len, size)"""',
    "a field": '"""\n            Args:\n                x: of shape [batch_size, seq_len, size]\n            """',
}


@pytest.mark.parametrize("said", EMBEDDED.values(), ids=EMBEDDED)
def test_ids_that_are_said_to_have_features_have_none(said: str) -> None:
    """The crash of another line must not speak for the comment."""
    text = f"""
    class Encoder(nn.Module):
        def __init__(self, words, size, hidden):
            super().__init__()
            self.embedding = nn.Embedding(words, size)
            self.rnn = nn.LSTM(size, hidden, batch_first=True)
            self.out = nn.Linear(2 * hidden, words)

        def forward(self, x):
            {said}
            out, _ = self.rnn(self.embedding(x))
            return self.out(out)
    """
    assert "SHP505" not in codes(text)


OTHERS = {
    "imported": "isinstance(self.net, TCN)",
    "one of several": "isinstance(self.net, (TCN, nn.Conv1d))",
    "its type": "type(self.net) == TCN",
}


@pytest.mark.parametrize("asked", OTHERS.values(), ids=OTHERS)
def test_a_layer_of_torch_is_of_no_class_of_others(asked: str) -> None:
    text = f"""
    class Model(nn.Module):
        def __init__(self, kind, size, hidden):
            super().__init__()
            if kind == "LSTM":
                self.net = nn.LSTM(size, hidden)
            elif kind == "TCN":
                self.net = TCN(size, hidden)
            else:
                raise NotImplementedError
            self.out = nn.Linear(hidden, 1)

        def forward(self, x):
            if {asked}:
                latent = self.net(x)
            else:
                latent = self.net(x)[0][-1]
            return self.out(latent)
    """
    assert codes(text) == []


def test_a_state_where_its_input_lies_needs_no_move() -> None:
    text = """
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.GRU(8, 16, batch_first=True)

        def forward(self, x, h):
            read = torch.zeros(x.size(0), x.size(1), 8, device=x.device)
            for t in range(x.size(1)):
                read[:, t] = x[:, t]
            return self.rnn(read, h)

    model = Model()
    x = torch.rand(2, 5, 8)
    out, h = model(x, torch.zeros(1, 2, 16))
    """
    assert codes(text) == []


COUNTED = {
    "a dict": ("words = {}", "words[word] = len(words)", "len(words)"),
    "a dict of lists": ("words = dict()", "words[word] = [word]", "len(words)"),
    "a list": ("words = []", "words = words + [word] if word else words", "len(words)"),
}


@pytest.mark.parametrize(("empty", "filled", "count"), COUNTED.values(), ids=COUNTED)
def test_what_a_loop_may_fill_is_not_empty(empty: str, filled: str, count: str) -> None:
    text = f"""
    {empty}
    for line in open("words"):
        for word in line.split():
            if word not in words:
                {filled}

    class Tagger(nn.Module):
        def __init__(self, hidden, size):
            super().__init__()
            self.lstm = nn.LSTM(size, hidden)

        def forward(self, x):
            return self.lstm(x)[0]

    tagger = Tagger(4, {count})
    """
    assert codes(text) == []


def test_a_state_for_as_many_as_an_empty_list_holds_says_nothing() -> None:
    text = """
    class Search(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.GRU(8, 16)

        def search(self, x, h):
            found = [[1]]
            while self.goes_on(found):
                h = h.expand(1, len(found), 16)
                out, h = self.rnn(x, h)
                better = []
                for score in self.scores(out):
                    if score > 0:
                        better.append(found[0] + [score])
                found = better
            return found
    """
    assert codes(text) == []


@pytest.mark.parametrize("conditions", [0, 20])
@pytest.mark.parametrize("part", ["out[0, 0:int(end)]", "out[0, :end]", "out[0].narrow(0, 0, end)"])
def test_a_length_of_one_is_a_guess(part: str, conditions: int) -> None:
    """So many choices may come first that no path is left on which the part is longer."""
    asked = "".join(f"        if kinds[{n}] == 'add':\n            x = x + {n}\n" for n in range(conditions))
    text = f"""
class Attention(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.GRU(8, hidden)
        self.w = nn.Linear(hidden, 4)

    def forward(self, x, end, kinds):
{asked}        out, _ = self.rnn(x)
        part = {part}.squeeze(0)
        if len(part.shape) == 1:
            part = part.unsqueeze(0)
        return torch.mm(part.transpose(0, 1), torch.softmax(self.w(part), 0))
"""
    assert codes(text) == []


ONE_SAMPLE = {
    "its rank": "if h.dim() == 1:\n            h = h.unsqueeze(0)",
    "its rank as an attribute": "h = h[None] if h.ndim == 1 else h",
    "its shape": "if len(h.shape) == 1:\n            h = h.view(1, -1)",
    "the samples": "if x.size(0) == 1:\n            h = h.unsqueeze(0)",
    "another name": "batch = x.shape[0]\n        if batch == 1:\n            h = h.reshape(1, -1)",
}
BARE = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 2)

    def forward(self, x):
        _, h = self.rnn(x)
        h = h.squeeze()
        {mended}
        return self.out(h)
"""


@pytest.mark.parametrize("mended", ONE_SAMPLE.values(), ids=ONE_SAMPLE)
def test_who_minds_a_batch_of_one_is_not_told_of_it(mended: str) -> None:
    assert codes(BARE.format(mended=mended)) == []


def test_who_does_not_is() -> None:
    assert codes(BARE.format(mended="h = h.relu()")) == ["SHP115"]


@pytest.mark.parametrize(
    "asked", ["y.size(-1) == 2 * self.hidden", "y.shape[2] > self.hidden", "self.hidden != y.size(2)"]
)
def test_a_size_that_a_layer_has_is_compared_as_one(asked: str) -> None:
    text = f"""
    class Model(nn.Module):
        def __init__(self, size, hidden):
            super().__init__()
            self.hidden = hidden
            self.rnn = nn.GRU(size, hidden, batch_first=True, bidirectional=True)
            self.out = nn.Linear(hidden, 2)

        def forward(self, x):
            y, _ = self.rnn(x)
            if {asked}:
                y = y[..., : self.hidden] + y[..., self.hidden :]
            return self.out(y)
    """
    assert codes(text) == []


def test_probabilities_in_evaluation_alone_go_into_no_loss() -> None:
    text = """
    class Model(nn.Module):
        def __init__(self, size, hidden, classes):
            super().__init__()
            self.rnn = nn.GRU(size, hidden, batch_first=True)
            self.out = nn.Linear(hidden, classes)

        def forward(self, x):
            scores = self.out(self.rnn(x)[0][:, 0])
            return scores if self.training else torch.softmax(scores, 1)

    def train(x, y):
        return nn.CrossEntropyLoss()(Model(3, 4, 2)(x), y)
    """
    assert codes(text) == []


@pytest.mark.parametrize("asked", ["self.kind is Kind.LSTM", "self.kind == Kind.LSTM", "self.kind in (Kind.LSTM,)"])
def test_a_table_of_a_module_knows_the_members_of_an_enumeration(asked: str) -> None:
    text = f"""
    from enum import Enum

    class Kind(Enum):
        LSTM = "lstm"
        GRU = "gru"

    LAYERS = {{Kind.LSTM: nn.LSTM, Kind.GRU: nn.GRU}}

    class Model(nn.Module):
        def __init__(self, size, hidden, kind=Kind.GRU):
            super().__init__()
            self.kind = kind
            self.rnn = LAYERS[kind](size, hidden, batch_first=True)

        def forward(self, x):
            out, state = self.rnn(x)
            return out, tuple(s.detach() for s in state) if {asked} else state.detach()
    """
    assert codes(text) == []


PRODUCT = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.attention = make(size)
        self.rnn = nn.GRU(size, hidden, batch_first=True)

    def forward(self, x):
        out, _ = self.rnn({product})
        return out[-1]
"""


@pytest.mark.parametrize(
    ("product", "wrong"),
    [
        ("self.attention(x).mm(x)", []),
        ("torch.mm(self.attention(x), x)", []),
        ("self.attention(x).outer(x)", []),
        ("self.attention(x).bmm(x)", ["SHP101"]),
    ],
)
def test_a_product_tells_the_rank_of_what_is_not_known(product: str, wrong: list[str]) -> None:
    assert codes(PRODUCT.format(product=product)) == wrong
