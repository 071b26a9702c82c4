"""Right programs of the kinds that were once told of in unseen code, beside wrong twins: sizes and numbers of loops."""

from __future__ import annotations

from functools import partial

import pytest
from end_to_end import Told, told_codes
from networks import source

from shapelint.pipeline.check import analyse_source
from shapelint.verify.client import Verifier


@pytest.fixture
def told(verifier: Verifier) -> Told:
    return partial(told_codes, verifier)


REPLAYED = """
    import argparse
    import numpy as np

    parser = argparse.ArgumentParser()
    parser.add_argument("--batch-size", type=int, default=20)
    args = parser.parse_args()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(4, 16, batch_first=True)

        def reset(self, batch_size):
            self.state = torch.zeros(1, batch_size, 16), torch.zeros(1, batch_size, 16)

        def forward(self, x):
            x, self.state = self.lstm(x, self.state)
            return x

    class Agent:
        def __init__(self):
            self.net = Net()
            self.buffer = []

        def update(self):
            steps = []
            for place in np.random.choice(len(self.buffer), args.batch_size):
                steps.append(self.buffer[place])
            self.net.reset(args.batch_size)
            return self.net({steps})

    agent = Agent()
    for episode in range(100):
        agent.buffer.append(np.random.randn(5, 4))
        if {ready}:
            agent.update()
    """


@pytest.mark.parametrize(
    "ready",
    [
        "len(agent.buffer) - 5 >= args.batch_size",
        "args.batch_size < len(agent.buffer) - 1",
        "not args.batch_size > len(agent.buffer) - 3",
    ],
)
@pytest.mark.parametrize(
    ("steps", "wrong"),
    [
        ("torch.FloatTensor(steps)", []),
        ("torch.randn(args.batch_size, 5, 4)", []),
        ("torch.randn(args.batch_size + 1, 5, 4)", ["SHP205"]),
    ],
)
def test_a_number_that_is_no_size_differs_from_no_unknown_one(
    told: Told, ready: str, steps: str, wrong: list[str]
) -> None:
    # the list is short in the rounds that are followed, so the path says that the batch size is below zero
    assert told(REPLAYED.format(ready=ready, steps=steps)) == wrong


LARGEST = """
    class Held:
        def __init__(self, module, prefix):
            self.module, self.prefix, self.number = module, prefix, 0

        def append(self, layer):
            self.module.add_module(self.prefix + str(self.number), layer)
            self.number += 1

        def __len__(self):
            return self.number

        def __getitem__(self, place):
            if place < 0 or place >= self.number:
                raise IndexError
            return getattr(self.module, self.prefix + str(place))

    class Maxout(nn.Module):
        def __init__(self, units=2):
            super().__init__()
            self.first, self.second = Held(self, "first_"), Held(self, "second_")
            self.first_norm, self.second_norm = nn.BatchNorm2d(16), nn.BatchNorm2d(32)
            for _ in range(units):
                self.first.append(nn.Conv2d(3, 16, 3))
                self.second.append(nn.Conv2d({width}, 32, 3))

        def forward(self, x):
            x = self.first_norm({first})
            return self.second_norm({second})

        def largest(self, x, layers):
            found = layers[0](x)
            for _, layer in enumerate(layers, start=1):
                found = torch.max(found, layer(x))
            return found
    """


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("self.largest(x, self.first)", "self.largest(x, self.second)"),
        ("self.largest(x, self.first)", "self.largest(torch.relu(x), self.second)"),
        ("self.first[0](x)", "self.second[0](x)"),
    ],
)
def test_the_loop_of_each_call_has_sizes_of_its_own(told: Told, first: str, second: str) -> None:
    assert told(LARGEST.format(width=16, first=first, second=second)) == []


def test_layers_whose_names_are_known_are_told_apart(told: Told) -> None:
    assert told(LARGEST.format(width=24, first="self.first[0](x)", second="self.second[0](x)")) == ["SHP901"]


WIDENED = """
    import torch.nn.functional as F

    def widened(x, steps):
        for step in steps:
            x = {wider}
        return x

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Conv2d(8, 16, 3), nn.Conv2d(24, 32, 3)
            self.layers = nn.ModuleList([self.first, self.second])

        def forward(self, x, steps):
            x = torch.relu(x.view(-1, 3, 32, 32))
            {body}
            return x
    """


@pytest.mark.parametrize("wider", ["torch.cat([x, x[:, :1]], 1)", "F.pad(x, (0, 0, 0, 0, 0, step))"])
@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ("x = self.second(widened(self.first(widened(x, steps)), steps))", 0),
        ("for layer in self.layers: x = layer(widened(x, steps))", 0),
        ("x = widened(x, steps); x = self.first(x), self.second(x)", 1),
        ("x = self.second(self.first(widened(x, steps)))", 1),
    ],
)
def test_and_so_has_that_of_each_known_round(wider: str, body: str, refused: int) -> None:
    traces = analyse_source(source(WIDENED.format(wider=wider, body=body))).traces
    assert sum(node.error is not None for trace in traces for node in trace.nodes) == refused


COUNTED = """
    class Counter:
        def __init__(self):
            self.total = 0

    class Net(nn.Module):
        def __init__(self, depth):
            super().__init__()
            self.total, self.other = 0, Counter()
            for place in range(depth):
                {counted}
            self.layer = nn.Linear({features}, 3)

        def forward(self, x):
            return self.layer(torch.zeros(x.size(0), {total}))
    """


@pytest.mark.parametrize(
    ("counted", "total"),
    [
        ("self.total += 16", "self.total"),
        ("self.other.total += 16", "self.other.total"),
        ("self.total = 2 * self.total + 8", "self.total"),
        ("self.other.total += 16 if place > 1 else 8", "self.other.total"),
    ],
)
@pytest.mark.parametrize("features", ["64", "self.total + self.other.total"])
def test_a_number_that_a_loop_counts_is_not_that_of_the_rounds_that_are_followed(
    told: Told, counted: str, total: str, features: str
) -> None:
    assert told(COUNTED.format(counted=counted, features=features, total=total)) == []


@pytest.mark.parametrize(
    ("counted", "total", "features"),
    [
        ("self.total += 16", "self.total", "self.total + 1"),
        ("self.total += 16", "self.total", "16 * depth + 1"),
        ("self.total = 2 * self.total + 8", "self.total", "self.total + 1"),
        ("self.total = 16", "self.total", "64"),
    ],
)
def test_but_what_it_is_known_to_be_is_held_against_the_rest(
    told: Told, counted: str, total: str, features: str
) -> None:
    assert told(COUNTED.format(counted=counted, features=features, total=total)) == ["SHP901"]


NUMBERED = """
    class Net(nn.Module):
        def __init__(self, widths):
            super().__init__()
            self.depth = {start}
            for place, width in enumerate(widths):
                setattr(self, f"layer{{place}}", nn.Linear(8, 8))
                self.depth += 1
            setattr(self, f"layer{{self.depth}}", nn.Linear({last}, 32))

        def forward(self, x):
            for place in range(self.depth):
                x = getattr(self, f"layer{{place}}")(x)
            return getattr(self, f"layer{{self.depth}}")(x)

    Net([8] * int(input()))(torch.randn(5, 8))
    """


@pytest.mark.parametrize("start", ["0", "0 * len(widths)"])
@pytest.mark.parametrize(("last", "wrong"), [(8, []), (9, ["SHP901"])])
def test_a_name_with_a_number_is_not_that_of_a_later_round(told: Told, start: str, last: int, wrong: list[str]) -> None:
    assert told(NUMBERED.format(start=start, last=last)) == wrong
