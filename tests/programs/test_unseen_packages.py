"""Right programs of the kinds that were once told of in published packages, beside wrong twins."""

from __future__ import annotations

import pytest
from end_to_end import Told

WAVES = """
    import math
    from math import pi
    from tables import frequencies, scale

    class Quantiles(nn.Module):
        def __init__(self, width, waves=16, table=None):
            super().__init__()
            self.fc = nn.Linear(waves, width)
            self.proposal = nn.Linear(width, 32)
            self.register_buffer("table", {table})

        def embed(self, quantiles):
            batch, count = quantiles.shape[:2]
            return self.fc(torch.cos(self.table.to(quantiles) * quantiles.view(batch, count, 1)))

        def forward(self, x):
            taken = self.proposal(x)
            return self.embed(taken), self.embed(taken[:, 1:])

    Quantiles(8)(torch.randn(3, 8))
    """
KNOWN = ["math.pi", "pi", "torch.pi"]


@pytest.mark.parametrize("number", [*KNOWN, "scale"])
def test_a_table_may_have_one_row_for_all(told: Told, number: str) -> None:
    assert told(WAVES.format(table=f"torch.arange(1, waves + 1).view(1, 1, waves) * {number}")) == []


@pytest.mark.parametrize("table", ["table", "frequencies(waves)"])
@pytest.mark.parametrize("kept", ["self.table = {}", "self.register_buffer('table', {})", "self.tables = [{}]"])
def test_what_is_laid_over_two_sizes_may_be_one_long(told: Told, table: str, kept: str) -> None:
    text = WAVES.replace('self.register_buffer("table", {table})', kept.format(table))
    if "tables" in kept:
        text = text.replace("self.table.to(quantiles)", "self.tables[0]")
    assert told(text) == []


@pytest.mark.parametrize("number", KNOWN)
def test_a_table_keeps_its_sizes_in_a_product_with_a_number(told: Told, number: str) -> None:
    assert told(WAVES.format(table=f"torch.ones(1, 30, waves) * {number}")) == ["SHP902"]


FACETS = """
    class Facets(nn.Module):
        def __init__(self, config, depth, width):
            super().__init__()
            self.fc = nn.Linear(width, width)
            depth = {depth}
            assert depth <= 0
            self.mix = nn.Linear(width, width * -depth)

        def forward(self, x):
            return self.mix(self.fc(x))
    """


@pytest.mark.parametrize("depth", ["config['depth']", "config.depth", "depth", "min(config.depth, depth)"])
def test_a_number_that_is_no_size_may_be_negative(told: Told, depth: str) -> None:
    assert told(FACETS.format(depth=depth)) == []


@pytest.mark.parametrize("size", ["-width", "-2 * width", "2 - 5"])
def test_a_size_is_not(told: Told, size: str) -> None:
    text = FACETS.replace("width * -depth", size).format(depth="0")
    assert told(text) == ["SHP907"]


COLUMNS = """
    from columns import Embedded

    class Cross(nn.Module):
        def __init__(self, width, experts):
            super().__init__()
            self.weight = nn.Parameter(torch.empty(experts, width, width))
            self.gate = nn.Linear(width, experts)
            self.bias = nn.Parameter(torch.zeros(width))

        def forward(self, first, x):
            each = torch.einsum("bi,eij,bj->bei", x, self.weight, x)
            return first * torch.sum(each * self.gate(x).softmax(1).unsqueeze(2), dim=1) + self.bias + x

    class Network(nn.Module):
        def __init__(self, columns=None, depth={depth}):
            super().__init__()
            self.columns = columns
            {width}
            self.embed = Embedded(columns)
            self.layers = nn.ModuleList([Cross(width, 2) for _ in range(depth)])

        def forward(self, x):
            parts = []
            if self.columns is not None:
                parts.append(self.embed(x))
            first = x = torch.cat(parts, 1)
            for layer in self.layers:
                x = layer(first, x)
            return x
    """


@pytest.mark.parametrize(
    "width",
    [
        "width = 0 if columns is None else sum(columns)",
        "width = sum(columns) if columns is not None else 0",
        "width = sum(columns if columns is not None else [])",
    ],
)
@pytest.mark.parametrize("depth", [2, 3])
def test_a_layer_of_no_features_is_of_an_empty_list(told: Told, width: str, depth: int) -> None:
    assert told(COLUMNS.format(width=width, depth=depth)) == []


SHIFTED = """
    class Relative(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.fc = nn.Linear(width, width)

        def shift(self, x, keys):
            {shift}

        def forward(self, query, key):
            scores = torch.einsum("ibnd,jbnd->ijbn", self.fc(query), key)
            return self.shift(scores, query.size(0))
    """
SHIFTS = [
    "shape = x.size(); x = x.view(shape[1], shape[0], *shape[2:])[1:]; "
    "return x.view(shape[0], shape[1] - 1, *shape[2:])[:, :keys]",
    "i, j, b, n = x.shape; return x.reshape(j, i, b, n)[1:].reshape(i, j - 1, b, n)[:, :keys]",
    "i, j, b, n = x.shape; x = torch.reshape(x, (j, i, b, n)); x = x[1:, :, :, :]; return x.view(i, j - 1, b, n)",
]


@pytest.mark.parametrize("shift", SHIFTS)
def test_a_tensor_that_is_cut_shortened_and_cut_back_is_shifted(told: Told, shift: str) -> None:
    assert told(SHIFTED.format(shift=shift)) == []


@pytest.mark.parametrize(
    "shift",
    [
        "i, j, b, n = x.shape; return x.reshape(j, i, b, n)[1:]",
        "i, j, b, n = x.shape; return x.reshape(j, i, b, n)[1:].reshape(j - 1, i, b * n)",
    ],
)
def test_a_tensor_that_is_not_cut_back_is_mixed(told: Told, shift: str) -> None:
    assert told(SHIFTED.format(shift=shift)) == ["SHP112"]


NORMED = """
    import copy

    class Graph(nn.Module):
        def __init__(self, width, depth, norm):
            super().__init__()
            self.depth = depth
            self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
            norms = {made}
            for _ in range(depth - 1):
                norms.append({each})
            norms.append(nn.Identity())
            self.norms = nn.ModuleList(norms)

        def forward(self, x, batch):
            for i, (layer, norm) in enumerate(zip(self.layers, self.norms)):
                x = layer(x)
                if i < self.depth - 1:
                    x = norm(x, batch)
            return x
    """


@pytest.mark.parametrize("made", ["[]", "nn.ModuleList()"])
@pytest.mark.parametrize("each", ["copy.deepcopy(norm)", "norm(width)"])
def test_what_is_put_behind_a_loop_does_not_stand_for_what_the_loop_made(told: Told, made: str, each: str) -> None:
    assert told(NORMED.format(made=made, each=each)) == []


@pytest.mark.parametrize("made", ["[]", "nn.ModuleList()"])
def test_what_a_loop_made_is_called(told: Told, made: str) -> None:
    assert told(NORMED.format(made=made, each="nn.LayerNorm(width)")) == ["SHP907"]
