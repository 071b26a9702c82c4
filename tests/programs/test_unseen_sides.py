"""Right programs in which a side of a condition goes with another, or with nothing that is run, beside wrong twins."""

from __future__ import annotations

import pytest
from end_to_end import Told

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


LEFT = """
    import os, sys

    first, second = nn.Linear(4, 8), nn.Linear({wide}, 2)

    def looked_at(x, kind):
        if kind not in ("a", "b"):
            print("no such kind")
            {leave}
        y = first(x)
        print(y.shape)
        {look}
        return second(y)

    if __name__ == "__main__":
        {run}
    """


@pytest.mark.parametrize("leave", ["sys.exit(1)", "exit()", "os._exit(1)", "raise SystemExit(1)"])
def test_a_program_that_is_left(told: Told, leave: str) -> None:
    run = 'sys.exit(looked_at(torch.randn(3, 4), "a"))'
    assert told(LEFT.format(wide=8, leave=leave, look="pass", run=run)) == []
    assert told(LEFT.format(wide=4, leave=leave, look="pass", run=run)) == ["SHP901"]
    assert told(LEFT.format(wide=4, leave=leave, look=leave, run=run)) == []


LEFT_OUT = """
    class Encoder(nn.Module):
        def __init__(self, features, hidden):
            super().__init__()
            self.hidden = hidden
            self.rnn = nn.GRU(features, hidden, batch_first=True)

        def forward(self, x, state=None):
            if state is None:
                state = torch.zeros({rows}, x.size(0), self.hidden)
            return self.rnn(x, state)
    """


@pytest.mark.parametrize(("rows", "wrong"), [(1, []), (2, ["SHP907"])])
def test_what_is_made_where_a_state_is_left_out(told: Told, rows: int, wrong: list[str]) -> None:
    assert told(LEFT_OUT.format(rows=rows)) == wrong
