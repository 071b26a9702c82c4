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
