"""Programs that grow in one dimension: what else the code holds stays as it is."""

from __future__ import annotations

from collections.abc import Callable

from shapelint.infer.plan import MAX_DEPTH

HEAD = "import torch\nfrom torch import nn\n"
LAYER = """\
        super().__init__()
        self.lstm = nn.LSTM(64, 64, batch_first=True)
        self.head = nn.Linear(64, 64)
"""

Grown = Callable[[int], str]


def model(forward: str, *, name: str = "Net", built: str = "", parameters: str = "") -> str:
    """A module with a layer, whose `forward` has these lines."""
    return (
        f"\nclass {name}(nn.Module):\n    def __init__(self{parameters}):\n{LAYER}{indented(built)}"
        f"\n    def forward(self, x):\n{indented(forward)}"
    )


def indented(lines: str) -> str:
    return "".join(f"        {line}\n" for line in lines.splitlines())


def each(count: int, line: str) -> str:
    """A line for each number, where `{i}` is the number and `{j}` the one before."""
    return "".join(line.format(i=i, j=i - 1) + "\n" for i in range(1, count + 1))


def step(count: int, line: str, end: str = "return x[:, -1]") -> str:
    """A module whose `forward` has a line for each number, after a recurrent layer."""
    return HEAD + model("x, _ = self.lstm(x)\n" + each(count, line) + end)


RIGHT = "return self.head(self.lstm(x)[0][:, -1])"
WRONG = "return self.head(self.lstm(x)[0][-1])"

DIMENSIONS: dict[str, Grown] = {
    "right models": lambda n: HEAD + "".join(model(RIGHT, name=f"Net{i}") for i in range(n)),
    "wrong models": lambda n: HEAD + "".join(model(WRONG, name=f"Net{i}") for i in range(n)),
    "methods": lambda n: HEAD + model(RIGHT) + each(n, "    def m{i}(self, x):\n        " + RIGHT),
    "plain methods": lambda n: HEAD + model(RIGHT) + each(n, "    def m{i}(self, x):\n        return {i}"),
    "functions": lambda n: HEAD + each(n, "def f{i}(x, h):\n    out, _ = nn.LSTM(64, h)(x)\n    return out[-1]"),
    "wrong functions": lambda n: (
        HEAD + each(n, "def f{i}(x, h):\n    return nn.Linear(h, 2)(nn.LSTM(64, h, batch_first=True)(x)[0][-1])")
    ),
    "inheritance": lambda n: HEAD + model(RIGHT, name="N0") + each(n, "class N{i}(N{j}):\n    pass"),
    # up to that depth calls of calls are followed, so what a class costs grows with the classes above it
    "constructors of bases": lambda n: (
        HEAD
        + model(RIGHT, name="N0")
        + each(
            n + MAX_DEPTH,
            "class N{i}(N{j}):\n    def __init__(self):\n        super().__init__()\n        self.a{i} = {i}",
        )
    ),
    "definitions that name each other": lambda n: (
        HEAD + model(RIGHT) + "\ndef f0(x):\n    return Net()(x)\n" + each(n, "def f{i}(x):\n    return f{j}(x)")
    ),
    "plain functions": lambda n: HEAD + model(RIGHT) + "\n" + each(n, "def f{i}(a, b):\n    return a + b * {i}"),
    "statements": lambda n: step(n, "x = torch.relu(self.head(x))"),
    "calls of a layer": lambda n: step(n, "x, h{i} = self.lstm(x)"),
    "states in a list": lambda n: step(
        n, "x, (h, c) = self.lstm(x)\nstates.append(h)", "return torch.stack(states)"
    ).replace("        x, _ =", "        states = []\n        x, _ =", 1),
    "layers": lambda n: (
        HEAD + model(each(n, "x, _ = self.l{i}(x)") + "return x[:, -1]", built=each(n, "self.l{i} = nn.LSTM(64, 64)"))
    ),
    "a list of layers": lambda n: (
        HEAD
        + model(
            each(n, "x, _ = self.layers[{j}](x)") + "return x",
            built=f"self.layers = nn.ModuleList([{', '.join(['nn.LSTM(64, 64)'] * n)}])",
        )
    ),
    "attributes": lambda n: HEAD + model(RIGHT, built=each(n, "self.a{i} = {i}")),
    "parameters": lambda n: HEAD + model(RIGHT, parameters="".join(f", a{i}={i}" for i in range(n))),
    "branches": lambda n: (
        HEAD
        + model(
            "x, _ = self.lstm(x)\n" + each(n, "if self.f{i}:\n    x = x.relu()") + "return x",
            built=each(n, "self.f{i} = f{i}"),
            parameters="".join(f", f{i}=False" for i in range(1, n + 1)),
        )
    ),
    "alternatives": lambda n: step(n, "elif self.kind == {i}:\n    x = x.relu()", "return x").replace(
        "        elif", "        if", 1
    ),
    "loops": lambda n: step(
        n, "out{i} = []\nfor t in range(x.size(1)):\n    out{i}.append(self.head(x[:, t]))", "return x"
    ),
    "equalities": lambda n: (
        HEAD
        + model(
            "x, _ = self.lstm(x)\n" + each(n, "x = self.l{i}(x)") + "return x",
            built=each(n, "self.l{i} = nn.Linear(a{i}, b{i})"),
            parameters="".join(f", a{i}, b{i}" for i in range(1, n + 1)),
        )
    ),
    "evidence": lambda n: HEAD + model(each(n, "batch{i}, time{i}, _ = x.size()") + RIGHT),
    "imports": lambda n: each(n, "import m{i}\nfrom p{i} import q{i} as r{i}") + HEAD + model(RIGHT),
    "star imports": lambda n: each(n, "from p{i} import *") + HEAD + model(RIGHT),
    "a script": lambda n: (
        HEAD + "lstm = nn.LSTM(64, 5)\nx = torch.randn(7, 3, 64)\n" + each(n, "out{i}, _ = lstm(x)\ny{i} = out{i}[-1]")
    ),
    "calls of a model": lambda n: (
        HEAD + model(RIGHT) + "\nnet = Net()\nx = torch.zeros(3, 7, 64)\n" + each(n, "y{i} = net(x)")
    ),
    "models in a script": lambda n: (
        HEAD + model(RIGHT) + "\nx = torch.zeros(3, 7, 64)\n" + each(n, "net{i} = Net()\ny{i} = net{i}(x)")
    ),
    "calls one after the other": lambda n: HEAD + model(f"return self.lstm(x)[0]{'.relu()' * n}"),
    "comments": lambda n: HEAD + each(n, "# comment {i}") + model(RIGHT) + each(n, "        # (B, T) {i}"),
    "a docstring": lambda n: HEAD + model(f'"""Doc.\n\nArgs:\n{each(n, "    x{i}: (batch, seq, f{i})")}"""\n{RIGHT}'),
    "constants": lambda n: HEAD + f"VALUES = [{', '.join(map(str, range(n)))}]\n" + model(RIGHT),
    "calls in a constant": lambda n: HEAD + f"VALUES = [{', '.join(f'f({i})' for i in range(n))}]\n" + model(RIGHT),
}
