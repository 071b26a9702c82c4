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


MARGIN = """
    class Triplet(nn.Module):
        def __init__(self, margin=0.3):
            super().__init__()
            self.margin = margin
            if margin {first}:
                self.loss = nn.SoftMarginLoss()
            else:
                self.loss = nn.MarginRankingLoss(margin=margin)

        def forward(self, near, far):
            if self.margin {second}:
                return self.loss(far - near, torch.ones_like(near))
            return self.loss(far, near, torch.ones_like(near))
    """


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [
        ("== 0.", "== 0.", []),
        ("== 0.0", "== 0", []),
        ("<= 0.1", "<= 0.1", []),
        ("<= 0.1", "< 0.05", []),
        ("== 0.", "!= 0.", ["SHP908"]),
    ],
)
def test_a_fraction_is_compared_twice(told: Told, first: str, second: str, wrong: list[str]) -> None:
    assert sorted(set(told(MARGIN.format(first=first, second=second)))) == wrong


WITH_LENGTHS = """
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    class Layer(nn.Module):
        def __init__(self, features, hidden):
            super().__init__()
            self.rnn = nn.LSTM(features, hidden, bidirectional=True, batch_first=True)

        def forward(self, x, lengths=None):
            if lengths is None:
                return self.rnn(x)
            x = pack_padded_sequence(x, lengths.tolist(), batch_first=True, enforce_sorted=False)
            return pad_packed_sequence(self.rnn(x)[0], batch_first=True)[0]

    class Model(nn.Module):
        def __init__(self, words, features, hidden):
            super().__init__()
            self.embedding = nn.Embedding(words, features)
            self.layer = Layer(features, hidden)

        def forward(self, batch):
            context = self.layer(self.embedding(batch["words"]){lengths})
            return torch.gather(context, 1, batch["places"]).sum(1)
    """


@pytest.mark.parametrize(
    ("lengths", "wrong"),
    [
        (', batch["lengths"]', []),
        (', batch.get("lengths", batch["all"])', []),
        ("", ["SHP302"]),
        (", None", ["SHP302"]),
    ],
)
def test_what_is_given_is_not_none_where_little_is_known_of_it(told: Told, lengths: str, wrong: list[str]) -> None:
    assert told(WITH_LENGTHS.format(lengths=lengths)) == wrong


FLEXIBLE = """
    class OfLayer(nn.Module):
        def __init__(self, given, made, layers):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(layers, made, given))

        def forward(self, x, layer):
            return nn.functional.linear(x, self.weight[layer])

    class Gated(nn.Module):
        def __init__(self, width, layers, flexible=False):
            super().__init__()
            if flexible:
                self.fc = OfLayer(width, width, layers)
            else:
                self.fc = nn.Linear(width, width)

        def forward(self, x, layer=None):
            return self.fc(x) if layer is None else self.fc(x, layer)

    class Outer(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.plain, self.gated = Gated(width, 2), Gated(width, 2, flexible={flexible})

        def forward(self, x):
            return self.plain(x), self.gated(x, layer=1)
    """


@pytest.mark.parametrize(("flexible", "wrong"), [("True", []), ("False", ["SHP907"])])
def test_a_call_that_reaches_a_module_of_the_project_on_other_paths(
    told: Told, flexible: str, wrong: list[str]
) -> None:
    assert told(FLEXIBLE.format(flexible=flexible)) == wrong


KEPT = """
    class Decoder(nn.Module):
        def __init__(self, width, count, drop, keep):
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(count))
            self.drop, self.keep = drop, keep

        def forward(self, x):
            kept = () if self.keep else None
            for layer in self.layers:
                if self.training and torch.rand([]) < self.drop:
                    continue
                x = layer(x)
                if self.keep:
                    kept += (x,)
            return torch.stack(kept) if self.keep else x
    """


def test_a_tuple_that_no_followed_round_fills(told: Told) -> None:
    assert told(KEPT) == []


BACKBONES = """
    class Plain(nn.Module):
        growth = 1

    class Wide(nn.Module):
        growth = 4

    def backbone(block, planes=64):
        return nn.Conv2d(3, 8 * planes * block.growth, 3)

    class Segmenter(nn.Module):
        def __init__(self, kind, classes{default}):
            super().__init__()
            if kind == "small":
                self.features = backbone({small})
            elif kind == "large":
                self.features = backbone({large})
            else:
                raise ValueError(kind)
            self.head = nn.Conv2d(2048, classes, 1)

        def forward(self, x):
            return self.head(self.features(x))
    """


@pytest.mark.parametrize(
    ("small", "large", "default", "wrong"),
    [
        ("Plain", "Wide", "", []),
        ("Plain, planes", "Wide, planes", ", planes=64", []),
        ("Wide, planes", "Wide, planes", ", planes=64", []),
        ("Wide, planes", "Wide, planes", ", planes=32", ["SHP901"]),
    ],
)
def test_sizes_by_default_with_one_of_several_backbones(
    told: Told, small: str, large: str, default: str, wrong: list[str]
) -> None:
    assert told(BACKBONES.format(small=small, large=large, default=default)) == wrong
