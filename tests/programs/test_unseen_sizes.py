"""Right programs of public repositories that were told of: how many axes an input has, and which sizes are certain."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from end_to_end import Told
from followed import DEFAULT, found

from shapelint.pipeline.check import Wanted, analyse_source, check_source
from shapelint.reading.layout.exchanged_views import exchanged_views
from shapelint.source import Source

IMPORTS = "import torch\nfrom torch import nn\n"

GATES = """
    class Cell(nn.Module):
        def __init__(self, size, hidden):
            super().__init__()
            self.hidden = hidden
            self.of_input = nn.Linear(size, 4 * hidden)
            self.of_state = nn.Linear(hidden, 5 * hidden)

        def forward(self, x, state):
            h, c = state
            gates = {gates}
            i, f, o, g = gates.split(self.hidden, dim={dim})
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            return torch.sigmoid(o) * torch.tanh(c), c
    """


@pytest.mark.parametrize(
    ("gates", "dim", "wrong"),
    [
        ("self.of_input(x) + self.of_state(h)[:-self.hidden]", 0, []),
        ("self.of_input(x) + self.of_state(h).narrow(0, 0, 4 * self.hidden)", 0, []),
        ("self.of_input(x) + self.of_state(h)[:, :-self.hidden]", 1, []),
        ("self.of_input(x) + self.of_state(h)", 1, ["SHP902"]),
    ],
)
def test_the_cell_of_one_sample(told: Told, gates: str, dim: int, wrong: list[str]) -> None:
    assert told(GATES.format(gates=gates, dim=dim)) == wrong


STEPS = """
    class Decoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.GRU(300, 64)
            self.out = nn.Linear(64, 300)

        def forward(self, x, h=None):
            y, h = self.rnn(x, h)
            return self.out(y), h

    def train(decoder, targets, criterion):
        loss, h, x = 0, None, torch.zeros(1, 1, 300)
        for step in range(9):
            y, h = decoder(x, h)
            loss = loss + criterion(y, targets[step])
            x = targets[step].view(1, 1, 300)
        return loss

    train(Decoder(), load(), {criterion})
    """


@pytest.mark.parametrize(("criterion", "wrong"), [("nn.CrossEntropyLoss()", ["SHP507"]), ("nn.MSELoss()", [])])
def test_what_torch_refuses_settles_no_size(told: Told, criterion: str, wrong: list[str]) -> None:
    assert told(STEPS.format(criterion=criterion)) == wrong


HEADS = """
    class Light(nn.Module):
        def __init__(self, channels, kernel{heads}):
            super().__init__()
            self.heads, self.kernel = heads, kernel
            self.weight = nn.Linear(channels, heads * kernel)

        def forward(self, x):
            batch, channels, steps = x.size()
            weight = self.weight(x.transpose(1, 2)).view(batch, steps, self.heads, self.kernel)
            weight = weight.permute(0, 2, 3, 1).contiguous()
            return weight.view(-1, self.heads, steps)
    {call}
    """


@pytest.mark.parametrize(
    ("heads", "call", "wrong"),
    [
        (", heads=1", "", []),
        (", heads=1", "Light(8, 3)(torch.randn(2, 8, 9))", []),
        (", heads", "", ["SHP112"]),
        (", heads=2", "", ["SHP112"]),
    ],
)
def test_an_axis_that_has_one_entry_by_default(told: Told, heads: str, call: str, wrong: list[str]) -> None:
    assert told(HEADS.format(heads=heads, call=call)) == wrong


@pytest.mark.parametrize(("call", "wrong"), [("Light(8, 3, heads=4)", ["SHP112"]), ("Light(8, 3, heads=1)", [])])
def test_unless_another_file_gives_it_more(tmp_path: Path, call: str, wrong: list[str]) -> None:
    text = IMPORTS + dedent(HEADS.format(heads=", heads=1", call=""))
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "model.py").write_text(text)
    (tmp_path / "train.py").write_text(f"from model import Light\n\nmodel = {call}\n")
    check = check_source(Source(str(tmp_path / "model.py"), text), Wanted(DEFAULT, prove=False))
    assert [one.finding.code for one in check.candidates] == wrong


NAMED = """
    class Pose(nn.Module):
        def __init__(self, plain):
            super().__init__()
            table = OrderedDict([{rows}])
            layers = []
            for name, sizes in table.items():
                layers.append((name, nn.Conv2d(*sizes)))
                if name not in plain:
                    layers.append((f"relu_{{name}}", nn.ReLU()))
            self.layers = nn.Sequential(OrderedDict(layers))
            self.norm = nn.BatchNorm2d(32)

        def forward(self, x):
            return self.norm(self.layers(x))
    """


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ("('a', [3, 16, 3]), ('b', [16, 32, 3])", []),
        ("(f'a{i}', [3 if i == 0 else 16, 16 if i < 2 else 32, 3]) for i in range(3)", []),
        ("(name, [3, 32, 3]) for name in plain", []),
        ("('a', [3, 16, 3]), ('b', [16, 64, 3])", ["SHP901"]),
    ],
)
def test_layers_by_name(told: Told, rows: str, wrong: list[str]) -> None:
    text = "from collections import OrderedDict\n" + dedent(NAMED.format(rows=rows))
    assert told(text) == wrong


STAGES = """
    class Block(nn.Module):
        def __init__(self, given, width, norm):
            super().__init__()
            self.conv = nn.Conv2d(given, width, 1)
            self.norm = norm(2 * width)
            self.scale = nn.PReLU({scaled} * width)
            self.out = nn.Conv2d(2 * width, width, 1)

        def forward(self, x):
            y = self.conv(x)
            return self.out(self.scale(self.norm(torch.cat([y, -y], 1))))

    class Stages(nn.Module):
        def __init__(self, norm, rounds):
            super().__init__()
            self.blocks = nn.ModuleList()
            for i in range(rounds):
                self.blocks.append(Block(3 if i == 0 else 64, 32 if i == 0 else 64, norm))

        def forward(self, x):
            first = x
            for i, block in enumerate(self.blocks):
                x = block(x)
                if i == 0:
                    first = x
            return x, first
    """


@pytest.mark.parametrize("scaled", ["2", "(1 + 1)"])
def test_rounds_of_layers_that_differ_have_values_of_their_own(told: Told, scaled: str) -> None:
    text = STAGES.replace("3 if i == 0 else 64, 32 if", "3 if i == 0 else 32 if i == 1 else 64, 32 if")
    assert told(text.format(scaled=scaled)) == []


PAIRS_OF_STEPS = """
    low = nn.LSTM(6, 2, batch_first=True, bidirectional=True)
    high = nn.LSTM(8, 3, batch_first=True)
    x, _ = low(torch.randn(5, 8, 6))
    b, t, d = x.shape
    y, _ = high(x.view({sizes}))
    """


@pytest.mark.parametrize(
    ("sizes", "wrong"), [("b, t // 2, d * 2", []), ("b, int(t / 2), d * 2", []), ("b, d, t", ["SHP112"])]
)
def test_pairs_of_steps_that_are_as_many_as_their_features(told: Told, sizes: str, wrong: list[str]) -> None:
    assert told(PAIRS_OF_STEPS.format(sizes=sizes)) == wrong


POOLED = """
    from elsewhere import backbone

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = backbone()
            self.conv = nn.Conv2d(2048, 512, 1)
            self.pool = nn.AdaptiveAvgPool2d({pooled})
            self.head = {head}

        def forward(self, x):
            y = self.pool(self.conv(self.backbone(x)))
            return self.head(y.view({sizes}))
    """


@pytest.mark.parametrize(
    ("pooled", "head", "sizes", "wrong"),
    [
        ("1", "nn.Conv1d(512, 256, 1)", "x.size(0), 512, -1", []),
        ("1", "nn.Conv1d(512, 256, 1)", "len(x), -1, 1", []),
        ("4", "nn.LSTM(512, 256, batch_first=True)", "y.size(0), -1, 512", ["SHP112"]),
    ],
)
def test_a_batch_that_passed_through_what_is_not_read(
    told: Told, pooled: str, head: str, sizes: str, wrong: list[str]
) -> None:
    """Whether it is as large as before nobody can tell; that a part of it remains is no reason to see an exchange."""
    text = POOLED.format(pooled=pooled, head=head, sizes=sizes)
    assert told(text) == wrong
    traces = analyse_source(Source("model.py", IMPORTS + dedent(text))).traces
    assert sum(len(exchanged_views(trace)) for trace in traces) == len(wrong)


DECODER = """
    class Decoder(nn.Module):
        def __init__(self, words, width, hidden):
            super().__init__()
            self.embedding = nn.Embedding(words, width)
            self.rnn = nn.GRU(width, hidden, batch_first=True)
            self.fc = nn.Linear(hidden, words)

        def forward(self, ids, hidden):
            # ids = {said}
            # hidden = [num_layers, batch size, hid dim]
            output, hidden = self.rnn(self.embedding({given}), hidden)
            return self.fc(output.squeeze(1)), hidden
    """


@pytest.mark.parametrize(
    ("said", "given", "wrong"),
    [
        ("[batch size, vocab size]", "ids.unsqueeze(1)", []),
        ("[batch size]", "ids.unsqueeze(1)", []),
        ("what was said last", "ids.view(ids.size(0), 1, 1)", ["SHP505"]),
    ],
)
def test_a_comment_does_not_give_ids_an_axis_too_many(told: Told, said: str, given: str, wrong: list[str]) -> None:
    assert told(DECODER.format(said=said, given=given)) == wrong


COUNTED = """
    class Words(nn.Module):
        def forward(self, lengths):
            known = lengths.clone()
            known[{index}] = 0
            lengths = lengths.contiguous()
            return lengths.view(lengths.size(0) * lengths.size(1)), known.view(lengths.size(0), -1)
    """


@pytest.mark.parametrize(("index", "wrong"), [(":, -1, :", []), (":, -1", []), ("..., -1, :", [])])
def test_a_view_that_leaves_out_an_axis_of_length_1(told: Told, index: str, wrong: list[str]) -> None:
    assert told(COUNTED.format(index=index)) == wrong


BACKWARDS = """
    from numpy import diff
    from elsewhere import windows

    def slopes(given):
        taken = (given - given.mean(axis=2, keepdims=True))[:, 0, :]
        return diff(taken[:, ::-1], axis=1)

    class Model(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.gru = nn.GRU(size, 8, batch_first=True)

        def forward(self, x):
            n, t, f = x.shape
            return self.gru({given})[0]

    count, channels, steps = windows.shape
    slopes(windows[windows.argsort()[:5]])
    """


@pytest.mark.parametrize(("given", "wrong"), [("x.flip(1)", []), ("x[:, ::-1]", ["SHP907"])])
def test_an_array_may_be_read_backwards(told: Told, given: str, wrong: list[str]) -> None:
    assert told(BACKWARDS.format(given=given)) == wrong


FILLED = """
    def start(feats):
        first = torch.{kind}({size}).fill_(-1000)
        first[:, 2] = 0
        return first.unsqueeze(1)

    start(torch.randn(4, 5, 6))
    """


@pytest.mark.parametrize("kind", ["Tensor", "LongTensor"])
@pytest.mark.parametrize(
    ("size", "wrong"),
    [
        ("feats.size()[1:]", []),
        ("feats.shape[:-1]", []),
        ("feats[0].size()", []),
        ("torch.Size([5, 6])", []),
        ("feats.shape[:1] + feats.shape[2:]", []),
        ("(5, 6)", ["SHP905"]),
        ("tuple(feats.shape[1:])", ["SHP905"]),
        ("feats.size()[2:]", ["SHP905"]),
    ],
)
def test_an_old_constructor_reads_sizes_and_numbers(told: Told, kind: str, size: str, wrong: list[str]) -> None:
    assert told(FILLED.format(kind=kind, size=size)) == wrong


BOTH_WAYS = """
    {imported}

    class Encoder(nn.Module):
        def __init__(self, features, hidden, classes):
            super().__init__()
            self.hidden = hidden
            self.rnn = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
            self.fc = nn.Linear(hidden * {wide}, classes)

        def forward(self, x):
            output, _ = self.rnn(x)
            output = output.reshape(output.size(1), output.size(0), 2, self.hidden)
            output = {joined}
            output = output.{back}
            return self.fc(output)
    """
BACK = "view(output.size(1), output.size(0), output.size(2))"


@pytest.mark.parametrize(
    ("imported", "wide", "joined", "back", "is_wrong"),
    [
        ("import torch", 1, "output.sum(dim=2)", BACK, False),
        ("import torch", 2, "torch.cat(output.unbind(dim=2), dim=2)", BACK, False),
        ("from torch import torch", 2, "torch.cat(output.unbind(dim=2), dim=2)", BACK, False),
        ("import torch", 1, "output.sum(dim=2)", "transpose(0, 1)", True),
    ],
)
def test_a_view_that_a_later_one_takes_back(
    told: Told, imported: str, wide: int, joined: str, back: str, is_wrong: bool
) -> None:
    text = BOTH_WAYS.format(imported=imported, wide=wide, joined=joined, back=back)
    assert bool(told(text)) is is_wrong


MIXED = """\
import numpy as np
import torch


def mix(model, x, targets, alpha):
    weight = torch.from_numpy(np.random.beta(alpha, alpha, [len(x)])).float()
    targets = torch.eye(10)[targets.argmax(dim=1)]
    order = torch.randperm(len(x))
    mixed = (weight * x.permute(1, 2, 3, 0) + (1 - weight) * x[order].permute(1, 2, 3, 0)).permute(3, 0, 1, 2)
    labels = (weight * targets.permute(1, 0) + (1 - weight) * targets[order].permute(1, 0)).permute(1, 0)
    return model(mixed), labels
"""


def test_the_weights_of_a_mixture_have_not_the_rank_of_what_they_weigh() -> None:
    """Of two unknown operands either may be laid over the other: what the result must be says nothing of one of them."""
    assert found(MIXED) == []


def test_what_has_two_axes_is_not_permuted_as_four() -> None:
    wrong = "targets = torch.eye(10)[torch.randint(0, 10, (8,))]\nmixed = (0.5 * targets.permute(1, 0)).permute(3, 0, 1, 2)\n"
    assert [one.code for one in found("import torch\n\n" + wrong)] == ["SHP905"]
