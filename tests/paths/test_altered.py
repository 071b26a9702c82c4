"""What the code does to layers, tensors and states after it has made them: right programs, and their wrong twins."""

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


TEXT = """
class Model(nn.Module):
    def __init__(self, size, hidden, layout="NTC"):
        super().__init__()
        if layout.index("N") != 0:
            raise NotImplementedError(layout)
        self.rnn = nn.GRU(size, hidden, batch_first=layout.index("N") == 0)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        # x: (batch, time, feature)
        out, _ = self.rnn(x)
        return self.fc(out[:, -1])
"""


def test_a_text_answers_alike_wherever_it_is_asked() -> None:
    assert codes(TEXT) == []
    assert codes(TEXT.replace("== 0)", "== 1)")) == ["SHP110"]


KNOWN_TEXT = """
class Model(nn.Module):
    def __init__(self, size, hidden, batch_first=True):
        super().__init__()
        self.layout = "NTC" if batch_first else "TNC"
        self.rnn = nn.GRU(size, hidden, batch_first=batch_first)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out[:, -1] if self.layout{asked} else out[-1])
"""


@pytest.mark.parametrize("asked", ['[0] == "N"', '.index("N") == 0', '.find("TN") < 0', '.replace("C", "") == "NT"'])
def test_a_text_that_is_known_is_read(asked: str) -> None:
    assert codes(KNOWN_TEXT.format(asked=asked)) == []


def test_members_of_a_sequential_are_told_apart() -> None:
    source = """
class Model(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.cut = nn.Sequential(nn.Flatten(), nn.Unflatten(1, (5, 3)))
        self.rnn = nn.GRU(3, hidden, batch_first=True)

    def forward(self, x):
        out, _ = self.rnn(self.cut(x))
        return out[:, -1]
"""
    assert codes(source) == []


def test_the_last_of_several_layers_may_be_another_kind() -> None:
    source = """
class Model(nn.Module):
    def __init__(self, size, hidden, n=2):
        super().__init__()
        self.rnns = nn.ModuleList()
        for i in range(n):
            last = i == n - 1
            self.rnns.append(nn.LSTM(2 * hidden if i else size, hidden, batch_first=True, bidirectional=not last))
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        for rnn in self.rnns:
            x, (h, _) = rnn(x)
        return self.fc(h[-1])
"""
    assert codes(source) == []


def test_an_object_that_gives_its_parts() -> None:
    source = """
class State:
    def __init__(self, h, c):
        self.h, self.c = h, c

    def __iter__(self):
        yield self.h
        yield self.c

class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.cell = nn.LSTMCell(size, hidden)
        self.hidden = hidden

    def forward(self, x):
        zeros = x.new_zeros(x.size(0), self.hidden)
        state = State(zeros, zeros)
        for t in range(x.size(1)):
            h, c = state
            state = State(*self.cell(x[:, t], (h, c)))
        return state.h
"""
    assert codes(source) == []


REMARKS = {
    "a denial": "x is not (batch, time, feature) here",
    "another time": "x: (batch, time, feature) before collate_fn",
    "advice": "a (batch, time, feature) tensor must be transposed before the call",
    "another value": "out.permute(1, 0, 2): (batch, time, hidden)",
    "code that is switched off": "x = x.permute(1, 0, 2)  # only if x is (batch, time, feature)",
    "another place": "see forward_bf for x of shape (batch, time, feature)",
    "an alternative": "x: (batch, time, feature) or (time, batch, feature)",
}
REMARKED = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.LSTM(size, hidden)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        # {remark}
        out, (h, c) = self.rnn(x)
        return self.fc(h[-1])
"""


@pytest.mark.parametrize("remark", REMARKS.values(), ids=REMARKS)
def test_a_sentence_that_mentions_a_shape_states_none(remark: str) -> None:
    assert codes(REMARKED.format(remark=remark)) == []


@pytest.mark.parametrize(
    "remark",
    [
        "x: (batch, time, feature)",
        "x is (batch, time, feature)",
        "x (batch, time, feature), floats",
        "shape of x: [batch, time, feature]",
    ],
)
def test_a_statement_does(remark: str) -> None:
    assert codes(REMARKED.format(remark=remark)) == ["SHP110"]


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


def test_a_projection_of_nothing_is_none() -> None:
    source = """
class Model(nn.Module):
    def __init__(self, size, hidden, proj_size=0):
        super().__init__()
        self.rnn = nn.LSTM(size, hidden, batch_first=True, proj_size=proj_size)
        self.fc = nn.Linear(proj_size if proj_size > 0 else hidden, 2)

    def forward(self, x):
        _, (h, _) = self.rnn(x)
        return self.fc(h[-1])
"""
    assert codes(source) == []


@pytest.mark.parametrize(("script", "is_open"), [("", False), ("import settings\nsettings.BATCH_FIRST = True\n", True)])
def test_settings_are_what_other_files_leave(tmp_path: Path, script: str, is_open: bool) -> None:
    (tmp_path / "settings.py").write_text("BATCH_FIRST = False")
    (tmp_path / "main.py").write_text(script)
    text = HEAD + "import settings\n" + CONSTANT.format(first="settings.BATCH_FIRST")
    (tmp_path / "model.py").write_text(text)
    check = check_source(Source(str(tmp_path / "model.py"), text), Wanted(DEFAULT, prove=False))
    assert ["(when not `settings.BATCH_FIRST`)" in one.finding.message for one in check.candidates] == [is_open]


DRAWN = """
class Generator(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        {name} = torch.randn(1, x.size(0), self.rnn.hidden_size).to(x.device)
        return self.fc(self.rnn(x, {name})[0][:, -1])
"""


@pytest.mark.parametrize(("name", "wrong"), [("noise", []), ("z_0", []), ("h0", ["SHP211"]), ("state", ["SHP211"])])
def test_chance_that_is_called_so_is_meant(name: str, wrong: list[str]) -> None:
    assert codes(DRAWN.format(name=name)) == wrong


ENCODER = """
class Encoder(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, bidirectional=True)
        self.fc = nn.Linear(hidden, hidden)

    def forward(self, x):
        output, h = self.rnn(x)
        h = torch.tanh(self.fc(h[-1]))
        return {returned}
"""


def test_a_decoder_may_start_from_the_backward_direction() -> None:
    """Bahdanau et al. 2014, A.2.2: s_0 = tanh(W h_1), h_1 of the backward direction; attention reads the output."""
    assert codes(ENCODER.format(returned="output, h")) == []
    assert codes(ENCODER.format(returned="h")) == ["SHP104"]


STEP = """
class Decoder(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 2)
        self.hidden = hidden

    def forward(self, x{state}):
        {sizes}
        out, h = self.rnn(x{state})
        return self.fc(out.view(-1, self.hidden)), h
"""


@pytest.mark.parametrize(
    ("state", "sizes", "wrong"),
    [
        (", h", "print(x)", []),
        ("", "print(x)", ["SHP125"]),
        (", h", "batch, steps, features = x.size()", ["SHP125"]),
        (", h", "# x: (batch, time, features)", ["SHP125"]),
    ],
)
def test_a_decoder_may_read_one_step(state: str, sizes: str, wrong: list[str]) -> None:
    assert codes(STEP.format(state=state, sizes=sizes)) == wrong


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
