"""What authors say of shapes reaches the values that they say it of, and nothing else."""

from __future__ import annotations

import pytest

from shapelint.infer.analyse import analyse
from shapelint.shapes.axis import Role
from shapelint.source import Problem, Source
from shapelint.syntax.parse import parse
from shapelint.trace.evidence import Evidence, Stated
from shapelint.trace.trace import Trace

CLASS = '''\
import torch
from torch import nn


class Model(nn.Module):
    """{about_class}"""

    def __init__(self, features, hidden):
        """{about_init}"""
        super().__init__()
        self.rnn = nn.GRU(features, hidden)

    def forward(self, x, lengths=None):
        """{about_forward}"""
        out, h_n = self.rnn(x)
        return out
'''
WORDS = {"about_class": "A model.", "about_init": "Build it.", "about_forward": "Run it."}


def traces(text: str) -> list[Trace]:
    module = parse(source := Source("model.py", text))
    assert not isinstance(module, Problem), module
    return analyse(module, source)


def evidence(text: str) -> list[Evidence]:
    found = [piece for trace in traces(text) for piece in trace.evidence]
    return list(dict.fromkeys(found))


def roles(text: str) -> dict[str, Role]:
    return {piece.symbol: piece.role for piece in evidence(text)}


def stated(text: str) -> list[Stated]:
    return [one for trace in traces(text) for one in trace.stated]


BATCH_FIRST = {"x.size(0)": Role.BATCH, "x.size(1)": Role.TIME}


@pytest.mark.parametrize(
    "docstring",
    [
        "Args:\n        x: (B, T, D)",
        "Args:\n        x (Tensor): input of shape [batch, seq_len, dim]",
        "Arguments:\n        x (torch.Tensor): of shape\n            (batch, time, features).",
        "Inputs:\n        - **x** (batch, seq_len, input_size): the sequences",
        "Shapes:\n        - x: :math:`(B, T, D)`, B is the batch size",
        "Parameters\n        ----------\n        x : torch.Tensor\n            B x T x D",
        ":param x: B*T*D\n        :param lengths: as many as there are samples",
        ":param torch.Tensor x: tensor with shape ``(batch, steps, feat)``",
        "x: N x T x C",
    ],
)
@pytest.mark.parametrize("place", ["about_class", "about_init", "about_forward"])
def test_docstrings_tell_of_parameters(place: str, docstring: str) -> None:
    assert roles(CLASS.format(**WORDS | {place: f"Words.\n\n        {docstring}\n        "})) == BATCH_FIRST


def test_what_forward_says_itself_wins() -> None:
    words = {"about_class": "Shape:\n    x: (B, T, D)", "about_forward": "x: (T, B, D)", "about_init": ""}
    assert roles(CLASS.format(**words)) == {"x.size(0)": Role.TIME, "x.size(1)": Role.BATCH}


def test_a_class_docstring_that_tells_of_the_constructor_says_nothing_of_forward() -> None:
    text = CLASS.format(**WORDS | {"about_class": "Args:\n    x: (B, T, D)"})
    assert roles(text.replace("self, features, hidden", "self, features, hidden, x=None")) == {}


def test_a_docstring_tells_of_the_result() -> None:
    text = CLASS.format(
        **WORDS | {"about_forward": "Run it.\n\n        Returns:\n            states (B, T, H)\n        "}
    )
    (trace,) = [trace for trace in traces(text) if trace.entry == "Model.forward"]
    assert {(piece.symbol, piece.role, piece.kind, piece.weight) for piece in trace.evidence} == {
        ("x.size(0)", Role.BATCH, "shape-of-result", 2),
        ("x.size(1)", Role.TIME, "shape-of-result", 2),
    }
    assert [len(one.shape.axes) for one in trace.stated] == [3]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("out, h_n = self.rnn(x)  # (B, T, H)", True),
        ("out, h_n = self.rnn(x)  # out: [batch, seq, hidden]", True),
        ("# [batch, seq, hidden]\n        out, h_n = self.rnn(x)", True),
        ("out, h_n = self.rnn(x)  # h_n: (1, B, H)", False),
        ("out, h_n = self.rnn(x)  # (B, T, D) -> (B, T, H)", False),
        ("out, h_n = self.rnn(\n            x,  # (B, T, D)\n        )", False),
    ],
)
def test_comments_tell_of_what_a_statement_binds(line: str, told: bool) -> None:
    found = roles(CLASS.format(**WORDS).replace("out, h_n = self.rnn(x)", line))
    assert ("x.size(0)" in found) == told


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("out, h_n = self.rnn(x)  # (B, H)", 1),
        ("out, h_n = self.rnn(x)  # h_n: (batch, hidden)", 1),
        ("# (B, H)\n        out, h_n = self.rnn(x)", 0),
        ("out, h_n = self.rnn(x)  # (B, T, D) -> (B, H)", 0),
        ("out, h_n = self.rnn(x)  # all (of, them)", 0),
    ],
)
def test_only_what_stands_behind_a_statement_is_compared(line: str, count: int) -> None:
    assert len(stated(CLASS.format(**WORDS).replace("out, h_n = self.rnn(x)", line))) == count
