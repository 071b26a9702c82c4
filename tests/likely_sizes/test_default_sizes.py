"""A sequence of sizes that is a default is likely: as long as it is, and of those sizes."""

import pytest
from marked import expected, found

WRONG = {
    "a list for one size": """
        class Deep(nn.Module):
            def __init__(self, size, widths=[64, 32]):
                super().__init__()
                self.rnn = nn.LSTM(size, widths, num_layers=2)  # error: SHP617
    """,
    "a head for the first of them": """
        class Pyramid(nn.Module):
            def __init__(self, sizes=(10, 30, 50)):
                super().__init__()
                pairs = list(zip(sizes, sizes[1:]))
                self.layers = nn.ModuleList([nn.GRU(a, b, batch_first=True) for a, b in pairs])
                self.out = nn.Linear(sizes[1], 2)

            def forward(self, x):
                for layer in self.layers:
                    x, _ = layer(x)
                return self.out(x[:, -1])  # error: SHP901
    """,
}
RIGHT = {
    "a head for the last": """
        class Pyramid(nn.Module):
            def __init__(self, sizes=[10, 30, 50]):
                super().__init__()
                self.layers = nn.ModuleList([nn.GRU(a, b) for a, b in zip(sizes[:-1], sizes[1:])])
                self.out = nn.Linear(sizes[-1], 2)

            def forward(self, x):
                for layer in self.layers:
                    x, _ = layer(x)
                return self.out(x)
    """,
    "one size, or several": """
        class Deep(nn.Module):
            def __init__(self, size, widths=(64, 64)):
                super().__init__()
                if isinstance(widths, int):
                    widths = [widths]
                self.rnn = nn.LSTM(size, widths[0], num_layers=len(widths))

            def forward(self, x):
                batch = x.size(1)
                state = x.new_zeros(len(self.rnn.all_weights), batch, 64)
                return self.rnn(x, (state, state))[0]
    """,
    "its caller has others": """
        class Two(nn.Module):
            def __init__(self, sizes=(10, 30, 50)):
                super().__init__()
                self.rnn = nn.GRU(sizes[0], sizes[-1])
                self.out = nn.Linear(sizes[1], 2)

            def forward(self, x):
                return self.out(self.rnn(x)[0])

        Two((10, 30))(torch.randn(5, 4, 10))
    """,
    "texts and nothing": """
        class Named(nn.Module):
            def __init__(self, size, names=("first", "second"), sizes=()):
                super().__init__()
                self.layers = nn.ModuleDict({name: nn.GRU(size, size) for name in names})
                self.sizes = sizes

            def forward(self, x):
                for name in self.layers:
                    x, _ = self.layers[name](x)
                return x
    """,
}


@pytest.mark.parametrize("text", [*WRONG.values(), *RIGHT.values()], ids=[*WRONG, *RIGHT])
def test_what_is_found(text: str) -> None:
    assert found(text, "SHP901") == expected(text)
