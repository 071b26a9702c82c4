"""What the code does to layers, tensors, states and settings after it has made them: right programs, and their wrong twins."""

from __future__ import annotations

from pathlib import Path

import pytest
from followed import DEFAULT
from reported import HEAD, codes

from shapelint.finding import Confidence
from shapelint.pipeline.check import Wanted, check_source
from shapelint.source import Source

LAYERS = {
    "an option": "self.rnn.batch_first = True",
    "an option by name": 'setattr(self.rnn, "batch_first", True)',
    "a hook on what goes in": "self.rnn.register_forward_pre_hook(lambda m, a: (a[0].transpose(0, 1),))",
    "a hook on what comes out": "self.rnn.register_forward_hook(lambda m, a, out: out)",
}
LAYER = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden)
        {altered}
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        # x: (batch, time, feature)
        out, _ = self.rnn(x)
        return self.fc(out[:, -1])
"""


@pytest.mark.parametrize("altered", LAYERS.values(), ids=LAYERS)
def test_of_a_layer_that_is_changed_nothing_is_known(altered: str) -> None:
    assert codes(LAYER.format(altered=altered)) == []


def test_of_one_that_is_not_it_is() -> None:
    assert codes(LAYER.format(altered="self.rnn.flatten_parameters()")) == ["SHP110"]


IN_PLACE = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        # x: (batch, time, feature)
        x = x.clone()
        x.{method}
        out, _ = self.rnn(x)
        return self.fc(out)
"""


@pytest.mark.parametrize(
    ("method", "wrong"),
    [("transpose_(0, 1)", []), ("detach_()", ["SHP110"]), ("transpose(0, 1)", ["SHP110"])],
)
def test_axes_that_are_exchanged_in_place_are(method: str, wrong: list[str]) -> None:
    assert codes(IN_PLACE.format(method=method)) == wrong


STATE = """
class Model(nn.Module):
    def __init__(self, size, hidden, batch_size=32):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, 2, batch_first=True)
        self.batch_size = batch_size
        self.start = nn.Parameter(torch.zeros(hidden))
        self.fc = nn.Linear(hidden, 2)
        self.aux = nn.Linear(hidden, 2)

    def forward(self, x):
        {body}
"""
STATES = {
    "a failing call is made up for": (
        """try:
            _, h = self.rnn(x, torch.zeros(2, self.batch_size, self.rnn.hidden_size))
        except RuntimeError:
            _, h = self.rnn(x)
        return self.fc(h[-1])""",
        [],
    ),
    "it is not": (
        """_, h = self.rnn(x, torch.zeros(2, self.batch_size, self.rnn.hidden_size))
        return self.fc(h[-1])""",
        ["SHP205"],
    ),
    "a drawn state is written over": (
        """h = torch.randn(2, x.size(0), self.rnn.hidden_size)
        h[:] = self.start
        return self.fc(self.rnn(x, h)[1][-1])""",
        [],
    ),
    "the lower layer has a head of its own": (
        """out, h = self.rnn(x)
        self.other = self.aux(h[0])
        return self.fc(out[:, -1])""",
        [],
    ),
    "the lower layer is all": (
        """out, h = self.rnn(x)
        return self.fc(h[0])""",
        ["SHP105"],
    ),
}


@pytest.mark.parametrize(("body", "wrong"), STATES.values(), ids=STATES)
def test_what_becomes_of_a_state(body: str, wrong: list[str]) -> None:
    assert codes(STATE.format(body=body)) == wrong


CALLS = {
    "other batches go another way": (
        """if x.size(0) != self.batch_size:
            return self.rnn(x)[1][-1]
        return self.rnn(x, torch.zeros(2, self.batch_size, self.rnn.hidden_size))[1][-1]""",
        [],
    ),
    "the batch axis is put back": (
        """_, h = self.rnn(x)
        return self.fc(h[-1:].squeeze()).view(x.size(0), -1)""",
        [],
    ),
    "it is not": (
        """_, h = self.rnn(x)
        return self.fc(h[-1:].squeeze())""",
        ["SHP115"],
    ),
}


@pytest.mark.parametrize(("body", "wrong"), CALLS.values(), ids=CALLS)
def test_the_code_minds_other_batches(body: str, wrong: list[str]) -> None:
    assert codes(STATE.format(body=body)) == wrong


PADDED = """
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x, lengths, mask):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, lengths = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        {write}
        return self.fc(out.amax(1))
"""


@pytest.mark.parametrize(
    "write",
    ["for i, n in enumerate(lengths):\n            out[i, n:] = -1e9", "out[~mask] = -1e9", "out[mask == 0] = -1e9"],
)
def test_padding_may_be_written_over(write: str) -> None:
    assert codes(PADDED.format(write=write)) == []


def test_padding_that_is_left_counts() -> None:
    assert codes(PADDED.format(write="print(mask)")) == ["SHP117"]


def test_rows_of_one_tensor_are_equally_long() -> None:
    source = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden)

    def forward(self, x):
        # x: (batch, time, feature)
        out, _ = self.rnn(nn.utils.rnn.pad_sequence(list(x)))
        return out[-1]
"""
    assert codes(source) == []


CONSTANTS = {
    "an update": "CONFIG = dict(first=False)\nCONFIG.update(first=True)",
    "an entry": "CONFIG = dict(first=False)\nCONFIG['first'] = True",
}
CONSTANT = """
class Model(nn.Module):
    first = False

    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first={first})

    def forward(self, x):
        # x: (batch, time, feature)
        out, _ = self.rnn(x)
        return out[:, -1]
"""


@pytest.mark.parametrize("constant", CONSTANTS.values(), ids=CONSTANTS)
def test_constants_are_what_the_module_leaves(constant: str) -> None:
    model = CONSTANT.format(first="CONFIG['first']")
    assert codes(f"{constant}\n{model}") == []
    assert codes(f"{constant.splitlines()[0]}\n{model}") == ["SHP110"]


def test_so_are_those_of_a_class() -> None:
    model = CONSTANT.format(first="self.first")
    assert codes(model) == ["SHP110"]
    assert codes(f"{model}\nModel.first = True\n") == []


@pytest.mark.parametrize(("script", "is_open"), [("", False), ("import settings\nsettings.BATCH_FIRST = True\n", True)])
def test_settings_are_what_other_files_leave(tmp_path: Path, script: str, is_open: bool) -> None:
    (tmp_path / "settings.py").write_text("BATCH_FIRST = False")
    (tmp_path / "main.py").write_text(script)
    text = HEAD + "import settings\n" + CONSTANT.format(first="settings.BATCH_FIRST")
    (tmp_path / "model.py").write_text(text)
    check = check_source(Source(str(tmp_path / "model.py"), text), Wanted(DEFAULT, prove=False))
    assert ["(when not `settings.BATCH_FIRST`)" in one.finding.message for one in check.candidates] == [is_open]


WRAPPER = '''
class Wrapper(nn.Module):
    def __init__(self, size, hidden, batch_first=True):
        super().__init__()
        self.rnn = nn.LSTM(size, hidden, batch_first=batch_first)
        self.batch_first = batch_first

    def forward(self, x, lengths):
        """
        :param x: [batch, seq_len, input_size]
        """
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=self.batch_first, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.rnn(packed)[0], batch_first=self.batch_first)[0]
'''


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        ("Attention(8, batch_first=False)", []),
        ("Wrapper(8, 16, batch_first=False)", ["SHP405"]),
        ("Wrapper(8, 16, False)", ["SHP405"]),
    ],
)
def test_against_a_default_the_own_callers_count(tmp_path: Path, call: str, wrong: list[str]) -> None:
    (tmp_path / "main.py").write_text(f"from model import Wrapper\nfrom other import Attention\n\nmodel = {call}\n")
    text = HEAD + WRAPPER
    (tmp_path / "model.py").write_text(text)
    check = check_source(Source(str(tmp_path / "model.py"), text), Wanted(DEFAULT, prove=False))
    assert [one.finding.code for one in check.candidates if one.finding.confidence is not Confidence.LOW] == wrong
