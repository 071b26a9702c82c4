"""Networks without recurrent layers: what is known of their inputs, and what torch refuses in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from followed import DEFAULT
from networks import found, source, told

from shapelint.finding import Status
from shapelint.infer.analyse import analyse
from shapelint.rules.findings import findings
from shapelint.source import Problem
from shapelint.syntax.parse import parse
from shapelint.verify.client import Verifier
from shapelint.verify.prove import judge, prove


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    with Verifier() as started:
        yield started


def proven(text: str, verifier: Verifier) -> list[str]:
    """What torch confirms."""
    module = parse(source(text))
    assert not isinstance(module, Problem)
    hits = findings(analyse(module, source(text)), DEFAULT)
    verdicts = [(finding, prove(judge(finding, trace), verifier).verdict) for finding, trace in hits]
    assert all(verdict is not None and verdict.status is Status.CONFIRMED for _, verdict in verdicts), verdicts
    return [finding.message for finding, _ in verdicts]


CODER = """
    class Coder(nn.Module):
        def __init__(self, width=784):
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, {code}))
            self.decoder = nn.Linear(64, width)

        def forward(self, x):
            return self.decoder(self.encoder(x))
    """


def test_features_are_known_whatever_stands_in_front(verifier: Verifier) -> None:
    message = "torch refuses `self.decoder(self.encoder(x))`: Linear takes 64 features on the last axis and gets 32"
    assert proven(CODER.format(code=32), verifier) == [message]
    assert told(CODER.format(code=64)) == []


def test_an_input_gets_a_rank_with_which_the_code_runs() -> None:
    text = """
        class Mixer(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(8, 16)
                self.norm = nn.LayerNorm(16)

            def forward(self, x):
                h = self.norm(self.fc(x)).transpose(1, 2)
                return h[:, :, 0], h.mean(dim=2)
        """
    assert told(text) == []


def test_what_follows_a_refused_operation_is_not_known() -> None:
    text = """
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(16, 64))
                self.outer = nn.Linear(8, 8)

            def forward(self, x):
                y = self.inner(x)
                return self.outer(x + y)
        """
    assert [finding.code for finding in found(text)] == ["SHP901"]


BAG = """
    class Bag(nn.Module):
        def __init__(self, words, width={width}, hidden=128):
            super().__init__()
            self.table = nn.Embedding(words, width)
            self.fc = nn.Linear(hidden, 4)

        def forward(self, ids):
            return self.fc(self.table(ids).mean(dim=1))
    """


def test_defaults_that_do_not_go_together_are_told() -> None:
    assert told(BAG.format(width=300)) == [
        "torch refuses `self.fc(self.table(ids).mean(dim=1))`: Linear takes 128 features on the last axis and gets 300"
        " (by default: hidden=128, width=300)"
    ]
    assert told(BAG.format(width=128)) == []


def test_who_gives_other_values_has_no_use_for_defaults() -> None:
    assert told(BAG.format(width=300) + "\n    print(Bag(9, 16, 16)(torch.zeros(2, 3, dtype=torch.long)))\n") == []


def test_loops_are_followed_to_their_ends_with_the_defaults() -> None:
    text = """
        class Dense(nn.Module):
            def __init__(self, channels=24, growth=12, depth=3):
                super().__init__()
                self.layers = nn.ModuleList()
                for i in range(depth):
                    self.layers.append(nn.Conv2d(channels{more}, growth, 3, padding=1))

            def forward(self, x):
                for layer in self.layers:
                    x = torch.cat([x, layer(x)], 1)
                return x
        """
    (message,) = told(text.format(more=""))
    assert message.startswith("torch refuses `layer(x)`: Conv2d takes ")
    assert told(text.format(more=" + i * growth")) == []


TABLE = """
    PLAN = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            layers, channels = [], 3
            for width in PLAN:
                if width == "M":
                    layers.append(nn.MaxPool2d(2, 2))
                else:
                    layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                    channels = width
            self.features = nn.Sequential(*layers)
            self.fc = nn.Linear({width} * 7 * 7, 4096)

        def forward(self, x):
            return self.fc(torch.flatten(self.features(x), 1))

    Net()(torch.randn(2, 3, 224, 224))
    """


def test_a_table_of_layers_is_read_item_by_item_and_too_large_for_memory_is_no_excuse(verifier: Verifier) -> None:
    (message,) = proven(TABLE.format(width=256), verifier)
    assert message.endswith("Linear takes 12544 features on the last axis and gets 25088")
    assert told(TABLE.format(width=512)) == []


def test_a_container_that_is_filled_in_a_long_loop_is_a_sample_of_its_members() -> None:
    text = """
        class Layer(nn.Module):
            def __init__(self, channels, growth):
                super().__init__()
                self.norm = nn.BatchNorm2d(channels)
                self.conv = nn.Conv2d(channels, growth, 3, padding=1)

            def forward(self, x):
                return torch.cat([x, self.conv(self.norm(x))], 1)

        def made(blocks, growth, channels):
            features = nn.Sequential()
            for number, count in enumerate(blocks):
                for place in range(count):
                    features.add_module("%d.%d" % (number, place), Layer(channels + place * growth, growth))
                channels = channels + count * growth
            return features

        made((6, 12, 24, 16), 32, 3)(torch.randn(2, 3, 64, 64))
        """
    assert told(text) == []


def test_what_other_libraries_make_is_no_tensor() -> None:
    text = """
        import numpy as np
        import scipy.sparse as sp

        def normalised(adjacency):
            matrix = sp.coo_matrix(adjacency)
            sums = np.array(matrix.sum(1)).flatten()
            return matrix.dot(sp.diags(sums)).transpose().tocoo()

        class Graph(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = normalised(torch.load("a.pt"))
                self.fc = nn.Linear(3, 4)

            def forward(self, x):
                return self.fc(x)
        """
    assert told(text) == []


def test_any_number_of_arguments_may_be_given() -> None:
    text = """
        class Prior(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(7, 4)

            def encode(self, *parts):
                return self.fc(torch.cat(parts, dim=-1))
        """
    assert told(text) == []


def test_general_rules_tell_by_themselves() -> None:
    assert [finding.code for finding in found(CODER.format(code=32), frozenset({"SHP901"}))] == ["SHP901"]


@pytest.mark.parametrize("loss", ["mse_loss", "smooth_l1_loss"])
def test_a_prediction_of_one_column_against_a_vector(loss: str, verifier: Verifier) -> None:
    text = """
        net = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 1))
        x, y = torch.rand(50, 13), torch.rand(50)
        print(F.{loss}(net(x){cut}, y))
        """
    (message,) = proven(text.format(loss=loss, cut=""), verifier)
    assert "compares every prediction with every target" in message
    assert told(text.format(loss=loss, cut=".squeeze(1)")) == []


def test_a_rank_that_is_only_tried_makes_no_silent_mistake(verifier: Verifier) -> None:
    text = """
    class Decider(nn.Module):
        def __init__(self, features, width):
            super().__init__()
            self.width = width
            self.state, self.action = nn.Linear(features, width), nn.Linear(features, width)
            self.time = nn.Embedding(100, width)

        def forward(self, times, states, actions):
            B, T = states.shape[0], states.shape[1]
            both = self.state(states) + self.time(times), self.action(actions) + self.time(times)
            return torch.stack(both, dim=1).permute(0, 2, 1, 3).reshape(B, 2 * T, self.width)
    """
    module = parse(source(text))
    assert not isinstance(module, Problem)
    hits = findings(analyse(module, source(text)), DEFAULT)
    judged = [prove(judge(finding, trace), verifier) for finding, trace in hits]
    assert not [one for one in judged if one.verdict is not None and one.verdict.status is Status.CONFIRMED]


FLAGGED = """
    class Net(nn.Module):
        def __init__(self, doubled=False, {flags}deep=False):
            super().__init__()
            self.factor = 4 if doubled else 2
            {choices}
            self.first, self.deep = nn.Linear(30, 64), deep
            if deep:
                self.last = nn.Linear(32, 10)

        def forward(self, x):
            x = self.first(x)
            if self.deep:
                x = self.last(x)
            return x
    """


@pytest.mark.parametrize("flags", [0, 1, 8])
def test_a_path_is_followed_for_the_code_that_it_runs(flags: int) -> None:
    """Choices that run nothing new take no path from the one that does."""
    names = [f"flag{number}" for number in range(flags)]
    choices = "; ".join(f"self.{name} = 4 if {name} else 2" for name in names) or "pass"
    text = FLAGGED.format(flags="".join(f"{name}=False, " for name in names), choices=choices)
    (message,) = told(text)
    assert "`self.last(x)`" in message or "self.last" in message
