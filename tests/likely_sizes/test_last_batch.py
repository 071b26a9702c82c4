"""A loader without `drop_last` ends with a smaller batch, where its dataset is of another length."""

import pytest
from followed import found

HEAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

"""

STATE = """\
class Mood(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 16, 2, batch_first=True)
        self.fc = nn.Linear(16, 4)

    def forward(self, x, hidden):
        out, hidden = self.lstm(x, hidden)
        return self.fc(out[:, -1]), hidden


data = TensorDataset(torch.randn({count}, 20, 8), torch.randint(0, 4, ({count},)))
net = Mood()
for epoch in range(2):
    h = torch.zeros(2, 50, 16), torch.zeros(2, 50, 16)
    for inputs, labels in DataLoader({data}, batch_size=50{options}):
        output, h = net(inputs, tuple(each.detach() for each in h))
        loss = nn.functional.cross_entropy(output, labels)
"""

VIEW = """\
data = TensorDataset(torch.randn({count}, 4, 6, 6), torch.rand({count}, 3))
conv, fc = nn.Conv2d(4, 8, 3), nn.Linear(8 * 16 * 25, 3)
for inputs, targets in DataLoader({data}, 50{options}):
    loss = nn.functional.mse_loss(fc(conv(inputs).view(-1, 8 * 16 * 25)).squeeze(0), targets[0])
"""

SQUEEZED = """\
data = TensorDataset(torch.randn({count}, 3, 16, 16), torch.randint(0, 4, ({count}, 16, 16)))
net = nn.Conv2d(3, 4, 1)
for images, maps in DataLoader({data}, batch_size=50{options}):
    loss = nn.functional.cross_entropy(net(images).squeeze(), maps)
"""


def told(text: str, count: int, data: str = "data", options: str = "") -> list[str]:
    return [one.message for one in found(HEAD + text.format(count=count, data=data, options=options))]


@pytest.mark.parametrize(("text", "count"), [(STATE, 120), (VIEW, 121), (SQUEEZED, 151)])
def test_what_it_breaks_is_told(text: str, count: int) -> None:
    (message,) = told(text, count)
    assert message.endswith(f"(in the last batch, of {count % 50})")


@pytest.mark.parametrize("text", [STATE, SQUEEZED])
@pytest.mark.parametrize(
    ("count", "data", "options"),
    [
        (150, "data", ""),
        (151, "data", ", drop_last=True"),
        (151, "data", ", sampler=chosen"),
        (151, "random_split(data, [100, 51])[0]", ""),
    ],
    ids=["full", "left out", "sampled", "a part"],
)
def test_nothing_is_where_all_are_full_or_nobody_knows(text: str, count: int, data: str, options: str) -> None:
    assert told(text, count, data, options) == []


def test_a_last_batch_that_fits_is_silent() -> None:
    assert told(SQUEEZED, 152) == []


SINGLE = """\
rows, net = torch.randn(101, 8), nn.Linear(8, 4)
for x in DataLoader({data}, batch_size=50):
    scores = net(x).squeeze().sum(dim=1)
"""


def test_how_long_a_part_of_a_single_tensor_is_nobody_says() -> None:
    assert len(told(SINGLE, 101, "rows")) == 1
    assert told(SINGLE, 101, "random_split(rows, [100, 1])[0]") == []
