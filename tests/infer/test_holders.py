"""What the interpreter records of where layers are kept, built and called."""

from __future__ import annotations

import pytest
from followed import traces_of

from shapelint.ops.holders import HOLDERS
from shapelint.shapes.value import List, Tensor
from shapelint.trace.node import INPUT, Node
from shapelint.trace.trace import Trace

HEAD = "import copy\nimport torch\nfrom torch import nn\n"


def trace_of(text: str, entry: str = "Model.forward") -> Trace:
    return next(trace for trace in traces_of(HEAD + text, "example.py") if trace.entry == entry)


def holders(init: str, forward: str = "return x", base: str = "nn.Module") -> list[Node]:
    lines = [f"class Model({base}):", "    def __init__(self, d, n):", "        super().__init__()"]
    lines += [f"        {line}" for line in init.splitlines()]
    lines += ["    def forward(self, x):", f"        {forward}"]
    return [node for node in trace_of("\n".join(lines) + "\n").nodes if node.op in HOLDERS]


@pytest.mark.parametrize(
    ("init", "operation", "layers"),
    [
        ("self.all = [nn.GRU(d, d), nn.Linear(d, d), nn.LSTM(d, d)]", "builtins.list", 2),
        ("self.all = (nn.GRU(d, d),)", "builtins.tuple", 1),
        ("self.all = {'a': nn.GRUCell(d, d)}", "builtins.dict", 1),
        ("self.all = nn.ModuleDict({'a': nn.GRU(d, d)})", "torch.nn.ModuleDict", 1),
        ("self.all = nn.Sequential(nn.GRU(d, d))", "torch.nn.Sequential", 1),
        ("self.all = []\nfor i in range(n):\n    self.all.append(nn.GRU(d, d))", "builtins.list", 2),
    ],
)
def test_what_an_attribute_holds(init: str, operation: str, layers: int) -> None:
    (node,) = holders(init)
    assert isinstance(node.args[0], List)
    assert (node.op, len(node.args[0].items)) == (operation, layers)
    assert node.bound["attribute"] == "all"


@pytest.mark.parametrize(
    "init",
    [
        "self.rnn = nn.GRU(d, d)\nself.all = [nn.Linear(d, d), nn.Linear(d, d)]",
        "self.rnn = nn.GRU(d, d)",
        "layers = [nn.GRU(d, d), nn.GRU(d, d)]",
    ],
)
def test_no_holder_of_recurrent_layers(init: str) -> None:
    assert holders(init) == []


def test_a_class_that_is_no_module_registers_nothing() -> None:
    assert holders("self.all = [nn.GRU(d, d), nn.GRU(d, d)]", base="object") == []


@pytest.mark.parametrize(
    ("init", "free"),
    [
        ("self.all = [nn.GRU(d, d), nn.GRU(d, d)]", 2),
        ("self.one = nn.GRU(d, d)\nself.all = [self.one, nn.GRU(d, d)]", 1),
        ("self.all = [nn.GRU(d, d)]\nself.body = nn.Sequential(*self.all)", 0),
        ("rnn = nn.GRU(d, d)\nself.all = [rnn]\nself.add_module('rnn', rnn)", 0),
    ],
)
def test_layers_that_nothing_registers(init: str, free: int) -> None:
    node = next(node for node in holders(init) if node.op == "builtins.list")
    told = node.bound["free"]
    assert isinstance(told, tuple)
    assert len(told) == free


@pytest.mark.parametrize(
    ("members", "repeated"),
    [
        ("[nn.GRU(d, d)] * 3", 2),
        ("[nn.GRU(d, d) for _ in range(3)]", 0),
        ("[copy.deepcopy(first) for _ in range(3)]", 0),
        ("[first, nn.GRU(d, d), first]", 1),
    ],
)
def test_one_layer_several_times(members: str, repeated: int) -> None:
    nodes = holders(f"first = nn.GRU(d, d)\nself.all = nn.ModuleList({members})")
    assert {len(told) for node in nodes if isinstance(told := node.bound["repeated"], tuple)} == {repeated}


def test_a_layer_that_forward_builds() -> None:
    text = """\
class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(3, 5)

    def forward(self, x):
        return self.make()(self.rnn(x)[0])[0]

    def make(self):
        return nn.GRU(5, 7)

class Model(nn.Module):
    def forward(self, x):
        return Inner()(x)
"""
    trace = trace_of(text)
    assert [trace.nodes[number].span.line for number in trace.rebuilt] == [13]
    assert [span.line for span in trace.rebuilt.values()] == [9]


@pytest.mark.parametrize(
    ("base", "call", "direct"),
    [
        ("nn.Module", "self.rnn.forward(x)", True),
        ("nn.Module", "self.rnn(x)", False),
        ("nn.GRU", "super().forward(x)", False),
        ("nn.GRU", "super(Model, self).forward(x)", False),
    ],
)
def test_calls_past_the_hooks(base: str, call: str, direct: bool) -> None:
    text = f"""\
class Model({base}):
    def __init__(self, d):
        super().__init__({"d, d" * (base == "nn.GRU")})
        self.rnn = nn.GRU(d, d)

    def forward(self, x):
        return {call}
"""
    calls = [node for node in trace_of(text).nodes if node.op == "torch.nn.GRU.forward"]
    assert [node.is_direct for node in calls] == [direct]


@pytest.mark.parametrize("steps", ["(x[:, t] for t in range(x.size(1)))", "x.unbind(1)", "torch.unbind(x, 1)"])
def test_a_step_of_two_axes_is_cut_out_of_three(steps: str) -> None:
    text = f"""\
class Model(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.cell = nn.GRUCell(d, d)

    def forward(self, x):
        h = None
        for step in {steps}:
            h = self.cell(step, h)
        return h
"""
    inputs = [node.result for node in trace_of(text).nodes if node.op == INPUT]
    assert [value.rank for value in inputs if isinstance(value, Tensor)] == [3]
