"""Right programs whose conditions hang together, beside wrong twins: no path takes sides that no value of theirs has."""

from __future__ import annotations

from functools import partial

import pytest
from end_to_end import Told, told_codes

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
