"""Words and numbers of an author's own in a shape: what they say, and what says nothing."""

import pytest
from marked import expected, found

MODEL = """
class Model(nn.Module):
    {above}
    def __init__(self, sensors, width=30):
        super().__init__()
        self.rnn = {layer}

    def forward(self, x):
        {head}
        out, _ = self.rnn(x){mark}
        return out
"""
CELL = """
class Model(nn.Module):
    def __init__(self, words, units):
        super().__init__()
        self.emb = nn.Embedding(words, units)
        self.cell = nn.GRUCell(units, units)

    def forward(self, verse):
        # {head}
        return self.cell(self.emb(verse)){mark}
"""
TIME_FIRST = "nn.GRU(sensors, 8)"
BATCH_FIRST = "nn.GRU(sensors, 8, batch_first=True)"


def model(layer: str, head: str = "", above: str = "", mark: str = "") -> str:
    return MODEL.format(layer=layer, head=head, above=above, mark=mark and f"  # error: {mark}")


def cell(head: str, mark: str = "") -> str:
    return CELL.format(head=head, mark=mark and f"  # error: {mark}")


WRONG = {
    "words of the author's own": model(TIME_FIRST, "# x: (batch, hours, sensors)", mark="SHP110"),
    "one word": cell("verse: (batch, syllables)", "SHP701"),
    "in a docstring": model(TIME_FIRST, '"""x: (batch, days, sensors)"""', mark="SHP110"),
    "in running text of the class": model(
        TIME_FIRST, above='"""A policy; `x` has the shape (batch, days, sensors)."""', mark="SHP110"
    ),
    "a number": model("nn.GRU(17, 8, batch_first=True)", "# x: (batch, time, 34)", mark="SHP901"),
    "a number that a docstring states": model(
        "nn.GRU(17, 8, batch_first=True)", '"""x: (batch, time, 34)"""', mark="SHP901"
    ),
    "one against a default": model("nn.GRU(width, 8, batch_first=True)", "# x: (batch, time, 1)", mark="SHP901"),
}
RIGHT = {
    "the layer reads them so": model(BATCH_FIRST, "# x: (batch, hours, sensors)"),
    "a pair": model(TIME_FIRST, "# returns (batch, sensors)"),
    "not of the input": model(TIME_FIRST, "# y: (batch, hours, sensors)"),
    "prose": model(TIME_FIRST, "# Beware: (batch, hours, sensors) is what the old one took"),
    "a cell's step": cell("verse: (batch,)"),
    "no batch": cell("verse: (poem, syllables)"),
    "the number fits": model("nn.GRU(34, 8, batch_first=True)", "# x: (batch, time, 34)"),
    "numbers for an example": model("nn.GRU(17, 8, batch_first=True)", "# x: (16, 10, 34)"),
    "some of them": model("nn.GRU(17, 8, batch_first=True)", "# x: (batch, 10, 34)"),
    "a size that nobody knows": model(BATCH_FIRST, "# x: (batch, time, 34)"),
}


@pytest.mark.parametrize("text", [*WRONG.values(), *RIGHT.values()], ids=[*WRONG, *RIGHT])
def test_what_is_found(text: str) -> None:
    assert found(text, "SHP901") == expected(text)
