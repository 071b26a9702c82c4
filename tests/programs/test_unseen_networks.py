"""Right programs of the kinds that were once told of in unseen code, beside wrong twins: what axes and values mean."""

from __future__ import annotations

import pytest
from end_to_end import Told

POOLED = """
    class Attention(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.conv = nn.Conv2d(channels, channels, 3, padding=1)
            self.pool = nn.AdaptiveAvgPool2d(1)
            self.gate = nn.Sequential(nn.Linear(channels, 8), nn.ReLU(), nn.Linear(8, channels), nn.Sigmoid())

        def forward(self, x):
            x = self.conv(x)
            weight = self.gate({squeezed})
            return {used}
    """


@pytest.mark.parametrize("squeezed", ["torch.squeeze(self.pool(x))", "self.pool(x).squeeze()"])
@pytest.mark.parametrize(
    ("used", "wrong"),
    [
        ("x * weight.unsqueeze(-1).unsqueeze(-1)", []),
        ("x + x * weight[..., None, None]", []),
        ("torch.cat([x, torch.mul(x, weight.unsqueeze(-1).unsqueeze(-1))], dim=1)", []),
        ("weight", ["SHP115"]),
        ("x.mean((2, 3)), weight", ["SHP115"]),
    ],
)
def test_one_sample_that_is_laid_over_the_batch_again(told: Told, squeezed: str, used: str, wrong: list[str]) -> None:
    assert told(POOLED.format(squeezed=squeezed, used=used)) == wrong


PAIRS = """
    class Pair(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.high, self.low = nn.BatchNorm2d(width), nn.BatchNorm2d(width)

        def forward(self, x):
            high, low = x if isinstance(x, (tuple, list)) else (x, x[:, :, ::2, ::2])
            return self.high(high), self.low(low)

    class Block(nn.Module):
        def __init__(self, width, change=None):
            super().__init__()
            self.conv = nn.Conv2d(width, width, 3, padding=1)
            self.norm = Pair(width)
            self.change = change

        def forward(self, x):
            identity = x
            out = self.norm(self.conv(x))
            if self.change is not None:
                identity = self.change(x)
            {guard}
            return out[0] + identity[0], out[1] + identity[1]
    """


@pytest.mark.parametrize(
    "guard",
    [
        "assert len(out) == len(identity) and len(out) == 2",
        "assert len(out) == len(identity) == 2",
        "assert len(identity) == 2",
    ],
)
def test_the_parts_of_a_pair_are_no_samples(told: Told, guard: str) -> None:
    assert told(PAIRS.format(guard=guard)) == []


STORIES = """
    class Memory(nn.Module):
        def __init__(self, words, width, hidden):
            super().__init__()
            self.hidden = hidden
            self.embedding = nn.Embedding(words, width)
            self.gru = nn.GRU(width, hidden, batch_first=True)

        def encode(self, stories):
            batch_size, count, length = stories.size()
            {encoded}

        def forward(self, stories):
            '''
            Args:
                stories: {said}
            '''
            return self.encode(stories)

    model = Memory(10, 8, 6)
    for stories in torch.utils.data.DataLoader(Stories(), batch_size=4):
        model(stories)
    """
EACH = """each = []
            for story in self.embedding(stories):
                _, h_n = self.gru(story, torch.zeros(1, count, self.hidden))
                each.append(h_n.squeeze(0))
            return torch.stack(each)"""
LISTED = "return torch.stack([self.gru(story)[1].squeeze(0) for story in self.embedding(stories)])"
FIRST = "return self.gru(self.embedding(stories)[0])[1].squeeze(0)"


@pytest.mark.parametrize("encoded", [EACH, LISTED, FIRST])
@pytest.mark.parametrize("said", ["[N, T, W]", "(batch, time, words)", "(B, T, L) ids"])
def test_the_steps_of_one_sample_are_the_samples_of_a_layer(told: Told, encoded: str, said: str) -> None:
    assert told(STORIES.format(encoded=encoded, said=said)) == []


MOVED = """
    class Encoder(nn.Module):
        def __init__(self, words, width, hidden):
            super().__init__()
            self.hidden = hidden
            self.embedding = nn.Embedding(words, width)
            self.gru = nn.GRU(width, hidden, batch_first=True)

        def start(self, count):
            h_0 = torch.zeros(1, count, self.hidden)
            return h_0{moved}

        def forward(self, ids):
            ids = ids.cuda()
            return self.gru(self.embedding(ids), self.start(ids.size(0)))[0]
    """


@pytest.mark.parametrize(
    ("moved", "wrong"),
    [
        (".to(self.embedding.weight.device)", []),
        (".to(device=self.gru.weight_ih_l0.device)", []),
        (".to(next(self.parameters()).device)", []),
        ("", ["SHP212"]),
    ],
)
def test_a_state_is_put_where_a_parameter_lies(told: Told, moved: str, wrong: list[str]) -> None:
    assert told(MOVED.format(moved=moved)) == wrong


SCANS = """
    class Scan(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.conv = nn.Conv2d(width, width, 3, padding=1)
            self.weight = nn.Parameter(torch.randn(2, 8, width))

        def forward(self, x):
            x = self.conv(x)
            B, C, H, W = x.shape
            scans = {scans}
            made = torch.einsum("bkdl,kcd->bkcl", scans, self.weight)
            return made[:, 0] + made[:, 1].{back}
    """
BACK = "view(B, -1, W, H).transpose(2, 3).reshape(B, -1, H * W)"


@pytest.mark.parametrize(
    "scans",
    [
        "torch.stack([x.view(B, -1, H * W), x.transpose(2, 3).contiguous().view(B, -1, H * W)], dim=1)",
        "torch.stack([x.flatten(2, 3), x.transpose(dim0=2, dim1=3).flatten(2, 3)], dim=1)",
        "torch.stack((x.flatten(2), x.permute(0, 1, 3, 2).flatten(2)), 1)",
    ],
)
@pytest.mark.parametrize("back", [BACK, BACK.replace("transpose(2, 3)", "permute(0, 1, 3, 2)")])
def test_an_image_is_scanned_along_its_rows_and_its_columns(told: Told, scans: str, back: str) -> None:
    assert told(SCANS.format(scans=scans, back=back)) == []


def test_a_view_that_is_not_exchanged_back_is_told(told: Told) -> None:
    scans = "torch.stack([x.flatten(2), x.flatten(2)], dim=1)"
    wrong = "view(B, -1, W, H).softmax(2).sum(1, keepdim=True).expand(-1, 8, -1, -1).flatten(2)"
    assert told(SCANS.format(scans=scans, back=wrong)) == ["SHP112"]


SPEECH = """
    class Layer(nn.Module):
        def __init__(self, size, hidden, batch_first):
            super().__init__()
            self.gru = nn.GRU(size, hidden, bidirectional=True, batch_first=batch_first)

        def forward(self, x):
            return self.gru(x)[0]

    class Speech(nn.Module):
        def __init__(self, size, hidden, classes):
            super().__init__()
            self.layers = nn.Sequential(Layer(size, hidden, True), {more})
            self.fc = nn.Linear(2 * hidden, classes)

        def forward(self, x):
            return self.fc(self.layers(x))

    criterion = nn.CTCLoss()
    model = Speech(8, 16, 5)

    def step(x, labels, lengths, counts):
        "x: (batch, time, feature)"
        scores = F.log_softmax(model(x), dim=2){exchanged}
        return criterion(scores, labels, lengths, counts)

    step(torch.randn(4, 9, 8), torch.randint(1, 5, (4, 3)), torch.full((4,), 9), torch.full((4,), 3))
    """


@pytest.mark.parametrize("more", ["Layer(32, 16, True)", "Layer(32, 16, True), Layer(32, 16, True)"])
@pytest.mark.parametrize(("exchanged", "wrong"), [(".transpose(0, 1)", []), ("", ["SHP516"])])
def test_scores_for_ctc(told: Told, more: str, exchanged: str, wrong: list[str]) -> None:
    assert told(SPEECH.format(more=more, exchanged=exchanged)) == wrong


@pytest.mark.parametrize("more", ["Layer(32, 16, False)", "Layer(32, 16, False), Layer(32, 16, False)"])
def test_how_a_later_layer_reads_its_input_does_not_change_what_it_is(told: Told, more: str) -> None:
    assert "SHP516" not in told(SPEECH.format(more=more, exchanged=".transpose(0, 1)"))


def test_the_old_name_of_a_mean(told: Told) -> None:
    text = "nn.CrossEntropyLoss(reduction='{name}')(nn.Linear(3, 5)(torch.randn(2, 3)), torch.tensor([0, 1]))"
    assert told(text.format(name="elementwise_mean")) == []
    assert told(text.format(name="average")) == ["SHP908"]


RATED = """
    class Rated(nn.Module):
        def __init__(self, users, items, h):
            super().__init__()
            self.user, self.item = nn.Embedding(users, h), nn.Embedding(items, h)
            self.layers = nn.Sequential(nn.Linear({width}, h), nn.ReLU(), nn.Linear(h, 1))

        def forward(self, user, item, more):
            {joined}
            return self.layers(x).view(-1)
    """


@pytest.mark.parametrize(
    ("joined", "width"),
    [
        ("x = torch.cat((self.user(user), self.item(item)), 1)", "2 * h"),
        ("x = torch.cat([self.user(user), self.item(item), more], dim=1)", "2 * h + 4"),
        ("x = torch.cat((self.user(user), self.item(more).mean(1)), dim=1)", "2 * h"),
        ("one = self.user(user); x = torch.cat([one * self.item(more).mean(1), one], 1)", "2 * h"),
    ],
)
def test_ids_of_one_thing_for_each_sample(told: Told, joined: str, width: str) -> None:
    assert told(RATED.format(joined=joined, width=width)) == []


def test_no_number_of_ids_gives_what_the_layer_takes(told: Told) -> None:
    assert told(RATED.format(joined="x = self.user(user) * self.item(item)", width="2 * h")) == ["SHP901"]


ROUNDED = """
    def rounded(v, divisor, least=None):
        least = least or divisor
        new_v = max(least, int(v + divisor / 2) // divisor * divisor)
        if new_v < {share} * v:
            new_v += divisor
        return new_v

    class Mobile(nn.Module):
        def __init__(self, mult=1.0):
            super().__init__()
            last = rounded(1280 * mult, 8) if mult {asked} else 1280
            self.conv = nn.Conv2d(rounded(32 * mult, 8), last, 1)
            self.norm = nn.BatchNorm2d(1280)

        def forward(self, x):
            return self.norm(self.conv(x))

    Mobile()(torch.randn(2, 32, 7, 7))
    """


@pytest.mark.parametrize(
    ("share", "asked", "wrong"), [("0.9", "> 1.0", []), ("0.9", "<= 1", []), ("1.1", "!= 0.5", ["SHP901"])]
)
def test_fractions_that_are_known_are_compared(told: Told, share: str, asked: str, wrong: list[str]) -> None:
    assert told(ROUNDED.format(share=share, asked=asked)) == wrong
