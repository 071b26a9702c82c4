"""Sequences that a loop makes anew in each round from what the name held."""

import pytest
from followed import found, only
from reported import plain_codes

MADE = {
    "list and list": ("[]", "out = out + [h]"),
    "list in front": ("[]", "out = [h] + out"),
    "unpacked": ("[]", "out = [*out, h]"),
    "each one reordered": ("[]", "out = [o[order] for o in out] + [h]"),
    "reordered, then appended": ("[]", "out = [o[order] for o in out]\n            out.append(h)"),
    "tuple and tuple": ("()", "out = out + (h,)"),
    "tuple grown": ("()", "out += (h,)"),
    "tuple of what there was": ("(h,)", "out = (*out, h)"),
}


def model(start: str, made: str, items: int) -> str:
    return f"""
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(8, 8)

    def forward(self, h, order):
        out = {start}
        for _ in range(5):
            h = self.cell(h, h)
            {made}
        return torch.stack(out, 1).view(h.size(0), {items}, 8)


Model()(torch.randn(3, 8), torch.tensor([2, 0, 1]))
"""


@pytest.mark.parametrize(("start", "made"), MADE.values(), ids=MADE)
def test_it_has_an_item_for_each_round(start: str, made: str) -> None:
    held = 5 if start in ("[]", "()") else 6
    assert plain_codes(model(start, made, held)) == []
    assert plain_codes(model(start, made, held - 1)) == ["SHP903"]


HOLDERS = {
    "an entry of a dict": ("kept = {'h': []}", "kept['h'] = kept['h'] + [h]", "kept['h']"),
    "an attribute": ("self.kept = []", "self.kept = [*self.kept, h]", "self.kept"),
    "an entry of an attribute": ("self.kept = {'h': ()}", "self.kept['h'] += (h,)", "self.kept['h']"),
}


@pytest.mark.parametrize(("start", "made", "kept"), HOLDERS.values(), ids=HOLDERS)
def test_it_has_them_where_no_name_holds_it(start: str, made: str, kept: str) -> None:
    def text(items: int) -> str:
        return f"""
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(8, 8)

    def forward(self, h):
        {start}
        for _ in range(5):
            h = self.cell(h, h)
            {made}
        return torch.stack(list({kept}), 1).view(h.size(0), {items}, 8)


Model()(torch.randn(3, 8))
"""

    assert plain_codes(text(5)) == []
    assert plain_codes(text(4)) == ["SHP903"]


def test_a_tensor_that_grows_in_an_attribute_has_no_fixed_size() -> None:
    text = """
class Model(nn.Module):
    def forward(self, x, steps):
        self.kept = {"x": x[:, :0]}
        self.seen = x[:, :0]
        for step in range(steps):
            self.kept["x"] = torch.cat((self.kept["x"], x[:, step : step + 1]), 1)
            self.seen = torch.cat((self.seen, x[:, step : step + 1]), 1)
        return self.kept["x"].view(x.size(0), 12), self.seen.view(x.size(0), 12)


Model()(torch.randn(3, 12), 12)
"""
    assert plain_codes(text) == []


def test_what_each_round_makes_alike_does_not_grow() -> None:
    assert plain_codes(model("[]", "out = [h, h]", 2)) == []
    assert plain_codes(model("[h, h]", "out = out[1:] + [h]", 2)) == []


DEEP = """
def joined(x):
    kept = None
    for i in range(x.size(0)):
        row = x[i].unsqueeze(0)
        {begin}
    return kept.squeeze()


def run(loader, epochs, width):
    for epoch in range(epochs):
        for x in loader:
            for _ in range(epochs):
                joined(torch.zeros(len(x), 7, width)).permute({axes})
"""

BEGINNINGS = {
    "none": "kept = row if kept is None else torch.cat((kept, row))",
    "asked": """if kept is None:
            kept = row
        else:
            kept = torch.cat((kept, row))""",
    "number": """if i == 0:
            kept = row
        else:
            kept = torch.cat((kept, row))""",
}


@pytest.mark.parametrize("begin", BEGINNINGS.values(), ids=BEGINNINGS)
def test_what_the_first_round_of_a_deep_loop_begins_may_grow(begin: str) -> None:
    """Three loops deep one round is followed, and its rows are not all there are."""
    assert plain_codes(DEEP.format(begin=begin, axes="2, 0, 1")) == []


def test_what_each_round_of_a_deep_loop_makes_anew_is_known() -> None:
    assert plain_codes(DEEP.format(begin="kept = row", axes="1, 0")) == []
    assert plain_codes(DEEP.format(begin="kept = row", axes="2, 0, 1")) == ["SHP905"]


WIDTHS = """\
from torch import nn


class Interests(nn.Module):
    def __init__(self, columns, wanted, hidden):
        super().__init__()
        width, kept = 0, []
        for column in columns:
            if column.name {operator} wanted:
                width += column.width
                kept.append(column)
        self.gru = nn.GRU({width}, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 4)

    def forward(self, x):
        output, _ = self.gru(x)
        return self.fc(output[{step}])
"""


@pytest.mark.parametrize("width", ["width", "len(kept)"])
@pytest.mark.parametrize("operator", ["in", "not in"])
def test_a_filter_keeps_some(operator: str, width: str) -> None:
    """That it keeps nothing is a side of its condition, and no run of the code: a layer of width 0 is none."""
    assert found(WIDTHS.format(operator=operator, width=width, step=":, -1")) == []
    assert only(WIDTHS.format(operator=operator, width=width, step="-1"), "SHP101")
