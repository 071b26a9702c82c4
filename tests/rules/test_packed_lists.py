"""Lists of sequences that are packed without padding: of unknown number, and of unknown lengths."""

import pytest
from marked import expected, found

CLASS = """
class Trips(nn.Module):
    def __init__(self, size, units):
        super().__init__()
        self.rnn = nn.GRU(size, units, bidirectional=True)
        self.out = nn.Linear(units, 2)
        self.both = nn.Linear(2 * units, 2)

    def forward(self, trips):
        packed = pack_sequence(trips, enforce_sorted=False)
        out, h = self.rnn(packed)
"""
TEXTS = {
    "sorted back again": "        return self.out(h[-1][packed.unsorted_indices])  # error: SHP414",
    "as torch gives it": "        return self.both(torch.cat((h[-2], h[-1]), dim=1))",
    "into the packed order": "        return self.out(h[-1][packed.sorted_indices])",
    "the padded output": "        padded, n = pad_packed_sequence(out)\n        return self.both(padded), n",
    "the output as a tensor": "        return self.both(out[-1])  # error: SHP412",
}
SCRIPT = """
rnn, head = nn.LSTM(3, 7), nn.Linear(7, 2)
packed = pack_sequence([torch.randn(n, 3) for n in (2, 6, 4)], enforce_sorted=False)
_, (h, _) = rnn(packed)
scores = head(h[-1][packed.unsorted_indices])  # error: SHP414
"""


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_an_unknown_list(text: str) -> None:
    assert found(f"{CLASS}{text}\n") == expected(text)


def test_a_list_of_tensors() -> None:
    assert found(SCRIPT) == expected(SCRIPT)
