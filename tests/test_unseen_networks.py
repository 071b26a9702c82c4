"""Right programs of the kinds that were once told of in code that nobody had seen, beside wrong twins.

They are checked from end to end: torch runs each candidate, and what it refutes is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from test_any_network import DEFAULT, source

from shapelint.pipeline.check import Wanted, check_source
from shapelint.pipeline.verdicts import proven
from shapelint.verify.client import Verifier

Told = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """The codes of what is told of a text."""
    with Verifier() as verifier:
        yield lambda text: [one.code for one in proven(check_source(source(text), Wanted(DEFAULT)), verifier).findings]


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


DECODED = """
    from somewhere import place_of

    class Decoder(nn.Module):
        def __init__(self, depth=4):
            super().__init__()
            self.blocks = nn.ModuleDict()
            for level in range(depth - 2, -1, -1):
                self.blocks["up_{{}}".format(level)] = nn.Linear(2 ** (level + 4), 2 ** (level + {shift}))

        def forward(self, x, features):
            for name, block in self.blocks.items():
                x = block(x) + features[{place}]
            return x

    Decoder()(torch.randn(2, 64), [torch.randn(2, 8), torch.randn(2, 16), torch.randn(2, 32), torch.randn(2, 64)])
    """


@pytest.mark.parametrize("place", ["int(name[-1])", "int(name.split('_')[1])", "place_of(name)"])
def test_which_item_is_taken_is_known_or_the_item_is_not(told: Told, place: str) -> None:
    assert told(DECODED.format(place=place, shift=3)) == []


def test_an_item_whose_number_stands_in_a_text_is_known(told: Told) -> None:
    assert told(DECODED.format(place="int(name[-1])", shift=2)) == ["SHP902"]


TAPPED = """
    class Features(nn.Module):
        def __init__(self, {parameter}):
            super().__init__()
            self.taps = taps
            self.layers = {{"a": nn.Conv2d(3, 8, 3), "b": nn.Conv2d(8, 32, 3), "c": nn.Conv2d(32, 64, 3)}}

        def forward(self, x):
            found = []
            for name, layer in self.layers.items():
                x = layer(x)
                if name in self.taps:
                    found.append(x)
                {last}
            return found

    class Detector(nn.Module):
        def __init__(self, taps=("b", "c")):
            super().__init__()
            self.features = Features(taps)
            self.norm = nn.BatchNorm2d(32)

        def forward(self, x):
            first, last = self.features(x)
            return self.norm(first), last
    """


@pytest.mark.parametrize("last", ["if name == self.taps[-1]: break", "if self.taps[-1] == name: return found", "pass"])
@pytest.mark.parametrize("parameter", ["taps=('c',)", "taps"])
def test_a_default_says_which_texts_are_among_it(told: Told, parameter: str, last: str) -> None:
    assert told(TAPPED.format(parameter=parameter, last=last)) == []


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


EMBEDDED = """
    from parts import Subsampling, VGG

    class Encoder(nn.Module):
        def __init__(self, size, width, kind="linear"):
            super().__init__()
            if kind == "linear":
                self.embed = nn.Sequential(nn.Linear(size, width), nn.ReLU())
            elif kind == "plain":
                self.embed = nn.Linear(size, width)
            else:
                self.embed = Subsampling(size, width)

        def forward(self, x, masks):
            if isinstance(self.embed, {kinds}):
                x, masks = self.embed(x, masks)
            else:
                x = self.embed(x)
            return x, masks
    """


@pytest.mark.parametrize("kinds", ["Subsampling", "(Subsampling, VGG)", "(VGG, nn.LSTM)"])
def test_layers_of_torch_are_of_no_class_of_others(told: Told, kinds: str) -> None:
    assert told(EMBEDDED.format(kinds=kinds)) == []


def test_layers_of_torch_are_of_their_own_class(told: Told) -> None:
    assert told(EMBEDDED.format(kinds="(Subsampling, nn.Sequential)")) == ["SHP907"]


WEIGHED = """
    class Attention(nn.Module):
        def __init__(self, gpu, width):
            super().__init__()
            self.weight = nn.Parameter({weight})
            self.gpu = gpu

        def forward(self, steps):
            scores = None
            for i in range(steps.size(0)):
                one = torch.mm(steps[i], self.weight).unsqueeze(0)
                scores = one if scores is None else torch.cat((scores, one), 0)
            scores = scores.squeeze()
            return torch.stack([scores[i].unsqueeze(1).expand_as(steps[i]) for i in range(steps.size(0))])

    print(Attention(False, 6)(torch.randn(3, 4, 6)).shape)
    """


@pytest.mark.parametrize("weight", ["torch.Tensor(width, 1)", "torch.FloatTensor(width, 1)", "torch.randn(width, 1)"])
def test_sizes_of_the_old_constructors(told: Told, weight: str) -> None:
    assert told(WEIGHED.format(weight=weight)) == []


PICKED = """
    from parts import through

    def pick(x, places):
        if {asked} == 3:
            samples, steps, width = x.size()
            return x.reshape(samples * steps, width)[places]
        elif {asked} == 2:
            samples, steps = x.size()
            return x.reshape(samples * steps)[places]
        raise NotImplementedError

    class Masked(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.fc = nn.Linear(width, 1)

        def forward(self, x, places):
            mask = through(torch.sigmoid(self.fc(x)).squeeze(-1))
            x = x * mask.unsqueeze(-1).expand(-1, -1, x.shape[-1])
            return pick(x, places), pick(mask{made}, places)
    """


@pytest.mark.parametrize("asked", ["x.dim()", "len(x.size())", "len(x.shape)", "x.ndim"])
@pytest.mark.parametrize("made", ["", ".int()"])
def test_a_side_of_a_condition_on_the_rank_does_not_state_it(told: Told, asked: str, made: str) -> None:
    assert told(PICKED.format(asked=asked, made=made)) == []


REMEMBERED = """
    class Decision(nn.Module):
        def __init__(self, width, heads, size):
            super().__init__()
            self.heads, self.size = heads, size
            self.both = nn.Linear(width, 2 * heads * size, bias=False)
            self.value = nn.Linear(width, heads, bias=False)

        def forward(self, x, memory):
            all = torch.cat([memory, x], {axis})
            query, key = self.both(all).chunk(2, -1)
            value = self.value({read})
            return self.attend(query, key, value)

        def attend(self, query, key, value):
            samples, steps, _ = query.size()
            return torch.einsum("bqnd,bknd->bqkn", query.view(samples, steps, self.heads, self.size),
                key.view(samples, -1, self.heads, self.size)), value
    """


@pytest.mark.parametrize("read", ["x", "memory", "all"])
def test_a_tensor_has_as_many_axes_as_what_it_is_joined_to(told: Told, read: str) -> None:
    assert told(REMEMBERED.format(axis=1, read=read)) == []


ROUTED = """
    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.conv = nn.Conv2d(width, width, 3, padding=1)

        def forward(self, x):
            return x + self.conv(x)

    class Detector(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([
                nn.Conv2d(3, 8, 3, stride=2, padding=1), Block(8), nn.Conv2d(8, 16, 3, stride=2, padding=1), Block(16),
                nn.Upsample(scale_factor=2), nn.Conv2d({joined}, 8, 1), Block(8)])

        def forward(self, x):
            kept = []
            for layer in self.layers:
                x = layer(x)
                if isinstance(layer, Block):
                    kept.append(x)
                {elif_} isinstance(layer, {kinds}):
                    x = torch.cat([x, kept.pop(0)], dim=1)
            return x

    print(Detector()(torch.randn(2, 3, 32, 32)).shape)
    """


@pytest.mark.parametrize("elif_", ["elif", "if"])
@pytest.mark.parametrize("kinds", ["nn.Upsample", "(nn.Upsample, nn.PixelShuffle)"])
@pytest.mark.parametrize(("joined", "wrong"), [(24, []), (16, ["SHP901"])])
def test_modules_of_the_code_are_no_layers_of_torch(
    told: Told, elif_: str, kinds: str, joined: int, wrong: list[str]
) -> None:
    assert told(ROUTED.format(elif_=elif_, kinds=kinds, joined=joined)) == wrong


NESTED = """
    class Net(nn.Module):
        def __init__(self, count={count}):
            super().__init__()
            self.norm = nn.BatchNorm1d(1)
            self.layers = []
            for i in range(count):
                layer = nn.Linear(1 if i == 0 else 10, 10)
                setattr(self, "layer%i" % i, layer)
                self.layers.append(layer)
            self.last = nn.Linear(10, 1)

        def forward(self, x):
            x = self.norm(x)
            for i in range({count}):
                x = torch.relu(self.layers[i](x))
            return self.last(x)

    nets = [Net(), Net()]
    for epoch in range(100):
        for step, (x, y) in enumerate(torch.utils.data.DataLoader(points())):
            for net in nets:
                loss = F.mse_loss(net(x), y)
    """


@pytest.mark.parametrize("count", [3, 9])
def test_the_first_round_of_an_inner_loop_comes_first(told: Told, count: int) -> None:
    assert told(NESTED.format(count=count)) == []


LEVELS = """
    class Pyramid(nn.Module):
        def __init__(self, width=64):
            super().__init__()
            self.parts = parts()
            self.first = nn.ConvTranspose1d(width, width, 3)
            self.second = nn.ConvTranspose1d(width // 2, width, 3)
            self.third = nn.ConvTranspose1d(width // 4, width, 3)

        def forward(self, levels):
            levels = {made}
            return self.first(levels[0]), self.second(levels[1]), self.third(levels[2])
    """


@pytest.mark.parametrize(
    "made",
    [
        "[level.mean(-1) for level in levels]",
        "[self.parts(level) for level in levels]",
        "[part(levels) for part in (self.parts.a, self.parts.b, self.parts.c)]",
        "[torch.relu(level) for level in levels]",
    ],
)
def test_what_is_unknown_is_another_in_each_item_of_a_list(told: Told, made: str) -> None:
    assert told(LEVELS.format(made=made)) == []


def test_a_size_that_turns_out_to_be_one_later_is_no_error(told: Told) -> None:
    text = """
        class Reader(nn.Module):
            def __init__(self, words, width, longest=32):
                super().__init__()
                self.longest, self.embedding, self.fc = longest, nn.Embedding(words, width), nn.Linear(width, words)

            def forward(self, x, lengths=None):
                steps = self.longest if lengths is None else max(lengths)
                scores = self.fc(self.embedding(x[:, :steps])).squeeze(1)
                if steps == 1:
                    return scores.softmax(-1)
                return scores.flatten(0, 1), x[:, :steps].flatten()
        """
    assert told(text) == []
