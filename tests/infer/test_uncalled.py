"""Modules that nothing calls, and layers of a module that its functions use."""

import pytest
from marked import expected, found

WRONG = {
    "a function's result": """
        def make(size, units):
            return nn.Sequential(
                nn.Linear(size, units),
                nn.GRU(units, units, batch_first=True),  # error: SHP302
                nn.Tanh(),
            )
    """,
    "a name of the module": """
        encoder = nn.Sequential(nn.Embedding(9, 4), nn.LSTM(4, 6), nn.LayerNorm(6))  # error: SHP302
        encoder.eval()
    """,
    "inside another one": """
        def make(units):
            inner = nn.Sequential(nn.RNN(3, units), nn.Dropout(0.1))  # error: SHP302
            return nn.Sequential(nn.Linear(5, 3), inner)
    """,
    "a class without a forward": """
        class Forecaster(nn.Sequential):
            def __init__(self, size):
                super().__init__(nn.LSTM(size, 20), nn.Linear(20, 1))  # error: SHP302
    """,
    "one of its layers takes another size": """
        class Output(nn.Module):
            def forward(self, result):
                return result[0]

        def make(size):
            return nn.Sequential(nn.GRU(size, 8, bidirectional=True), Output(), nn.Linear(8, 2))  # error: SHP501
    """,
    "a function inside another": """
        def build(size, units):
            lstm, head = nn.LSTM(size, units, batch_first=True), nn.Linear(units, 1)

            def predict(x):
                batch, steps, _ = x.shape
                out, _ = lstm(x)
                return head(out[-1])  # error: SHP101

            return predict
    """,
    "layers in a dict": """
        parts = {"rnn": nn.LSTM(3, 5, batch_first=True), "head": nn.Linear(5, 1)}

        def predict(x):
            out, _ = parts["rnn"](x)
            return parts["head"](out[-1])  # error: SHP101
    """,
    "a layer of the module": """
        lstm, head = nn.LSTM(3, 5, batch_first=True), nn.Linear(5, 1)

        def encode(x):
            batch, steps, _ = x.shape
            out, _ = lstm(x)
            return out[-1]  # error: SHP101

        def predict(x):
            return head(encode(x))
    """,
}
RIGHT = {
    "its members are called one by one": """
        parts = nn.Sequential(nn.LSTM(3, 5), nn.Linear(5, 2))

        def predict(x):
            out, _ = parts[0](x)
            return parts[1](out)
    """,
    "its class calls them": """
        class Net(nn.Sequential):
            def __init__(self):
                super().__init__(nn.LSTM(3, 5), nn.Linear(5, 2))

            def forward(self, x):
                out, _ = self[0](x)
                return self[1](out)
    """,
    "its user calls them": """
        class Halves(nn.Sequential):
            def __init__(self):
                super().__init__(nn.LSTM(3, 5), nn.Linear(5, 2))

        def make():
            return nn.Sequential(nn.LSTM(3, 5), nn.Linear(5, 2))

        def run(x):
            y, _ = Halves()[0](x)
            return make()[0](x)[0] + y
    """,
    "it was taken apart": """
        def make():
            net = nn.Sequential(nn.LSTM(3, 5), nn.Linear(5, 2))
            rnn, head = net
            rnn.flatten_parameters()
            return net
    """,
    "it was given away": """
        def make(train):
            net = nn.Sequential(nn.LSTM(3, 5), nn.Linear(5, 2))
            train(net)
            return net
    """,
    "a function that wraps another": """
        def timed(function):
            rnn = nn.GRU(3, 5)

            def run(*args):
                return function(rnn, *args)

            return run
    """,
    "the layer is the last one": """
        def make():
            return nn.Sequential(nn.Linear(5, 2), nn.LSTM(2, 5))
    """,
    "the layer is built twice": """
        lstm = nn.LSTM(3, 5)
        lstm = nn.LSTM(3, 5, batch_first=True)

        def predict(x):
            batch, steps, _ = x.shape
            return lstm(x)[0][:, -1]
    """,
    "a parameter has the layer's name": """
        lstm = nn.LSTM(3, 5, batch_first=True)

        def predict(lstm, x):
            steps, batch, _ = x.shape
            return lstm(x)[0][-1]
    """,
}


@pytest.mark.parametrize("text", [*WRONG.values(), *RIGHT.values()], ids=[*WRONG, *RIGHT])
def test_what_is_found(text: str) -> None:
    assert found(text) == expected(text)
