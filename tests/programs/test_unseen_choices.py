"""Right programs whose conditions hang together, beside wrong twins: no path takes sides that no value of theirs has."""

from __future__ import annotations

from functools import partial

import pytest
from end_to_end import Told, told_codes
from followed import DEFAULT
from networks import source

from shapelint.pipeline.check import Wanted, check_source
from shapelint.pipeline.verdicts import proven
from shapelint.verify.client import Verifier


@pytest.fixture
def told(verifier: Verifier) -> Told:
    return partial(told_codes, verifier)


ENCODED = """
    class Encoder(nn.Module):
        def __init__(self, width, hidden, kind):
            super().__init__()
            self.recurs = {recurs}
            if kind == "gru":
                made = nn.GRU
            elif {is_lstm}:
                made = nn.LSTM
            else:
                made = nn.Linear
            self.encoder = made(width, hidden, batch_first=True) if self.recurs else made(width, hidden)

        def forward(self, frames):
            if self.recurs:
                out, _ = self.encoder(frames)
            else:
                out = self.encoder(frames)
            return out.mean(1)
    """


@pytest.mark.parametrize("is_lstm", ["'lstm' in kind", "'LSTM' in kind.upper()", "not 'lstm' not in kind"])
@pytest.mark.parametrize("recurs", ["0 if kind == 'linear' else 1", "kind != 'linear'"])
def test_a_text_that_is_known_says_what_is_in_it(told: Told, recurs: str, is_lstm: str) -> None:
    assert told(ENCODED.format(recurs=recurs, is_lstm=is_lstm)) == []


@pytest.mark.parametrize("recurs", ["0 if kind == 'lstm' else 1", "kind != 'bilstm'"])
def test_a_layer_that_the_code_takes_for_another_is_told(told: Told, recurs: str) -> None:
    assert told(ENCODED.format(recurs=recurs, is_lstm="'lstm' in kind")) == ["SHP301"]


SUMMED = """
    class Summary(nn.Module):
        def __init__(self, kind, width=32):
            super().__init__()
            if {is_lstm}:
                self.cell = nn.LSTM(width, width, batch_first=True)
            else:
                self.cell = nn.GRU(width, width, batch_first=True)
            self.kind = kind

        def forward(self, x):
            out, state = self.cell(x)
            if self.kind == "{asked}":
                return state.squeeze(0)
            return out[:, -1]
    """


@pytest.mark.parametrize("is_lstm", ["'lstm' in kind", "'ls' in kind and 'tm' in kind", "'lstm' in kind.lower()"])
def test_what_was_asked_to_be_in_a_text_says_which_text_it_is_not(told: Told, is_lstm: str) -> None:
    assert told(SUMMED.format(is_lstm=is_lstm, asked="gru")) == []


@pytest.mark.parametrize("is_lstm", ["'lstm' in kind", "'ls' in kind and 'tm' in kind", "'gru' not in kind"])
def test_a_text_with_what_was_asked_for_may_be_it(told: Told, is_lstm: str) -> None:
    assert told(SUMMED.format(is_lstm=is_lstm, asked="lstm")) == ["SHP207"]


TAKEN = """
    class Decoder(nn.Module):
        def __init__(self, words, width):
            super().__init__()
            self.embedding = nn.Embedding(words, width)
            self.cell = nn.LSTMCell(width, width)

        def take(self, name):
            return self.given.pop(name)

        def forward(self, **kwargs):
            self.given = kwargs
            word, state = {taken}
            return self.cell(self.embedding(word), {state})
    """


@pytest.mark.parametrize(
    "taken",
    [
        "map(lambda name: kwargs[name], ['word', 'state'])",
        "map(self.take, ('word', 'state'))",
        "tuple(map(kwargs.pop, ['word', 'state']))",
        "[kwargs[name] for name in ('word', 'state')]",
    ],
)
def test_what_is_taken_under_several_names_is_not_one_value(told: Told, taken: str) -> None:
    assert told(TAKEN.format(taken=taken, state="state")) == []
    assert told(TAKEN.format(taken=taken, state="self.embedding(word)")) == ["SHP210"]


ATTENDING = """
    class Decoder(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.cell = nn.LSTMCell(width, width)
            self.query = nn.Linear(width, width)

        def forward(self, x, frames, state):
            {hidden}
            batch, width = hidden.size()
            scores = torch.bmm(frames, self.query(hidden).view(batch, width, 1))
            return self.cell(x, {given}), scores
    """

HIDDEN = [
    "hidden = state[0] if isinstance(state, tuple) else state",
    "hidden = state[0] if isinstance(state, (list, tuple)) else state",
    "hidden = state if torch.is_tensor(state) else state[0]",
    "hidden = state if isinstance(state, torch.Tensor) else state[0]",
]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_state_that_the_code_asks_for_its_kind_may_be_a_pair(told: Told, hidden: str) -> None:
    assert told(ATTENDING.format(hidden=hidden, given="state")) == []


@pytest.mark.parametrize("hidden", [*HIDDEN, "hidden = state"])
def test_a_state_that_is_one_tensor_of_either_kind_is_told(told: Told, hidden: str) -> None:
    assert told(ATTENDING.format(hidden=hidden, given="hidden")) == ["SHP210"]


CALLED = (
    ATTENDING
    + """
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.{encoder}(32, 32)
            self.decoder = Decoder(32)

        def forward(self, x, frames):
            _, state = self.encoder(x)
            return self.decoder(x[0], frames, {state})
    """
)


@pytest.mark.parametrize(
    ("encoder", "state", "codes"),
    [
        ("LSTM", "(state[0][-1], state[1][-1])", []),
        ("GRU", "(state[-1], state[-1])", []),
        ("GRU", "state[-1]", ["SHP210"]),
    ],
)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_who_calls_says_which_kind_a_state_is(
    told: Told, hidden: str, encoder: str, state: str, codes: list[str]
) -> None:
    assert told(CALLED.format(hidden=hidden, given="state", encoder=encoder, state=state)) == codes


STEPPED = """
    from somewhere import load

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(64, 8)

        def forward(self, x, state):
            if {asked}:
                x = x.view(1, 1, 64)
            else:
                x = x.reshape(10, x.shape[0] // 10, 64)
            return self.lstm(x, state)[0]

    class Agent:
        def __init__(self):
            self.network = Network()
            self.target = Network()

        def train(self):
            state = torch.zeros(1, 32, 8), torch.zeros(1, 32, 8)
            steps, later = {steps}
            return self.network(steps, state) - self.target(later, state)
    """

ASKED = ["x.shape[0] == 1", "x.size(0) == 1", "not x.shape[0] != 1"]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(
    "steps",
    [
        "load('steps').flatten(end_dim=1), load('later').flatten(end_dim=1)",
        "[part[:, 0] for part in load()[:2]]",
        "load('steps')[:, None].squeeze(1), torch.randn(320, 64)",
    ],
)
def test_who_asks_how_many_rows_there_are_is_given_what_fits(told: Told, asked: str, steps: str) -> None:
    assert told(STEPPED.format(asked=asked, steps=steps)) == []


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(
    "steps", ["torch.randn(1, 64), torch.randn(320, 64)", "torch.randn(320, 64), torch.randn(320, 64)[:1]"]
)
def test_one_row_with_a_state_for_many_is_told(told: Told, asked: str, steps: str) -> None:
    assert told(STEPPED.format(asked=asked, steps=steps)) == ["SHP205"]


ACTING = (
    STEPPED
    + """
        def act(self):
            state = torch.zeros(1, 32, 8), torch.zeros(1, 32, 8)
            return self.network(torch.randn(1, 64), state)
    """
)


@pytest.mark.parametrize("asked", ASKED)
def test_what_one_method_shows_for_certain_is_told_beside_what_another_may_do(told: Told, asked: str) -> None:
    steps = "load('steps').flatten(end_dim=1), load('later').flatten(end_dim=1)"
    assert told(ACTING.format(asked=asked, steps=steps)) == ["SHP205"]


CALLED_TWICE = """
    class Pair(nn.Module):
        def __init__(self, whole, other, sizes):
            super().__init__()
            self.whole, self.other = whole, other
            self.lstm = nn.LSTM(8, 8)
            self.heads = nn.ModuleList()
            for name in ("a", "b", "c", "d", "e", "f", "g", "h", "i"):
                self.heads.append(nn.Linear(8, 8) if sizes[name] else nn.Identity())
            self.head = nn.Linear(8, 4)

        def read(self, x, whole):
            out = self.lstm(x)
            {read}
            return self.head(out)

        def forward(self, x, y):
            return self.read(x, self.whole) + self.read(y, self.other)
    """


@pytest.mark.parametrize("read", ["if not whole: out = out[0]", "out = out if whole else out[0]"])
def test_a_finding_at_each_of_two_calls_names_the_side_of_one(verifier: Verifier, read: str) -> None:
    check = check_source(source(CALLED_TWICE.format(read=read)), Wanted(DEFAULT))
    (found,) = proven(check, verifier).findings
    assert (found.code, found.confidence.value) == ("SHP302", "medium")
    assert found.message.endswith("(when `whole`)")


@pytest.mark.parametrize("read", ["pass", "if not whole: out = out[1]"])
def test_what_every_path_shows_at_one_of_two_calls_is_certain(verifier: Verifier, read: str) -> None:
    check = check_source(source(CALLED_TWICE.format(read=read)), Wanted(DEFAULT))
    (found,) = proven(check, verifier).findings
    assert (found.code, found.confidence.value) == ("SHP302", "high")
