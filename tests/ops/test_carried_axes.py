"""Whatever keeps the axes of an output may stand between a layer and its use: a rule sees through it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from random import Random

import oracle
import pytest
from oracle import PathAssumptions, construct, tensor

from shapelint.ops.binding import call
from shapelint.ops.derive import flows_of
from shapelint.ops.nature import MAKES
from shapelint.ops.registry import LAYERS, OPS, Op, ShapeError, Undetermined, load
from shapelint.pipeline.check import Wanted, check_source
from shapelint.rules import base
from shapelint.shapes.value import Dtype, Tensor, Value
from shapelint.source import Source

load()
base.load()
HIDDEN = 16
OUTPUT = tensor("B", "T", HIDDEN)


def _hands_on(operation: Op, *args: Value) -> bool:
    """Whether the result has the axes of the one tensor given, and real numbers that come from it."""
    try:
        flow, result = (
            flows_of(operation, args, {}, PathAssumptions()).get(()),
            call(operation, args, {}, PathAssumptions())[0],
        )
    except (ShapeError, Undetermined):
        return False
    is_real = isinstance(result, Tensor) and result.dtype is Dtype.FLOAT and operation.nature not in MAKES
    return is_real and flow is not None and flow.aligned() == {0: 0, 1: 1, 2: 2} and flow.kept().keys() >= {0, 1}


def _written() -> dict[str, str]:
    """By the name of each operation and layer that keeps every axis of one tensor, how it is written of `{}`."""
    found = {}
    for name, operation in OPS.items():
        if _hands_on(operation, OUTPUT):
            method = name.removeprefix("torch.Tensor.")
            found[name] = (
                ("{}." + method + ("" if operation.attribute else "()")) if method != name else f"{name}({{}})"
            )
    for name, given in product(LAYERS, ((), (oracle.number(HIDDEN),))):
        built = construct(name, given, {}).result
        if built is not None and _hands_on(LAYERS[name].forward, built, OUTPUT):
            found.setdefault(name, f"{name}({HIDDEN if given else ''})({{}})")
    return found


WRITTEN = _written()
HEAD = """
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
"""
MODEL = """
class Model(nn.Module):
    def __init__(self, features, words):
        super().__init__()
        self.embedding = nn.Embedding(words, features)
        self.words = words
        self.lstm = nn.GRU({options})
        self.score = nn.Linear(16, 1)
        self.scores = nn.Linear(16, words)

    def forward(self, x, lengths):
{body}
"""
PACKED = """
packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
out, lengths = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)"""

#: by the code of a rule the options of the layer, and the wrong use of what `{}` makes of its output or input
USES = {
    "SHP101": ("features, 16, batch_first=True", "out, _ = self.lstm(x)", "return self.score({}[-1])", "out"),
    "SHP103": (
        "features, 8, batch_first=True, bidirectional=True",
        "out, _ = self.lstm(x)",
        "return self.score({}[:, -1])",
        "out",
    ),
    "SHP106": (
        "features, 16, 2, batch_first=True",
        "_, h = self.lstm(x)",
        "return nn.Linear(32, 2)({}.view(x.size(0), -1))",
        "h",
    ),
    "SHP110": ("16, 16", "# x: (batch, time, feature)\nx = self.scores(x)", "return self.lstm({})[0]", "x"),
    "SHP116": ("features, 16, batch_first=True", "out, _ = self.lstm(x)", "return self.score({}.mean(0))", "out"),
    "SHP402": ("features, 16, batch_first=True", PACKED, "return self.score({}[:, -1])", "out"),
    "SHP421": (
        "features, 8, batch_first=True, bidirectional=True",
        PACKED,
        "return self.score({}[torch.arange(out.size(0)), lengths - 1])",
        "out",
    ),
    "SHP509": (
        "features, 16",
        "out, _ = self.lstm(self.embedding(x).transpose(0, 1))",
        "return F.cross_entropy(self.scores({}).view(-1, self.words), x.view(-1))",
        "out",
    ),
    "SHP511": (
        "features, 16, batch_first=True",
        "out, _ = self.lstm(x)",
        "return (F.softmax(self.score({}), dim=0) * out).sum(1)",
        "out",
    ),
}


def _hidden(code: str, ways: Mapping[str, str]) -> list[str]:
    """Which of several ways between a layer and its use hide the mistake."""
    options, before, after, name = USES[code]
    hidden = []
    for named, way in ways.items():
        lines = [*before.strip().splitlines(), f"{name}2 = {way.format(name)}", after.format(f"{name}2")]
        body = "\n".join(f"        {line}" for line in lines)
        text = HEAD + MODEL.format(options=options, body=body)
        if not check_source(Source("model.py", text), Wanted(frozenset((code,)), prove=False)).candidates:
            hidden.append(named)
    return hidden


@pytest.mark.parametrize("code", USES)
def test_a_rule_sees_through_whatever_keeps_the_axes(code: str) -> None:
    assert _hidden(code, WRITTEN) == []


@pytest.mark.parametrize("code", USES)
@pytest.mark.parametrize("seed", range(2))
def test_and_through_two_of_them(code: str, seed: int) -> None:
    drawn = Random(seed)
    pairs = [drawn.sample(sorted(WRITTEN), 2) for _ in range(20)]
    assert _hidden(code, {f"{a}, {b}": WRITTEN[b].format(WRITTEN[a]) for a, b in pairs}) == []
