"""Right programs of the kinds that were once told of in unseen code, beside wrong twins: what is followed, and known."""

from __future__ import annotations

import pytest
from end_to_end import Told

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
