"""Shapes in comments and docstrings: what is read, and above all what is not."""

from __future__ import annotations

import time

import pytest

from shapelint.notation.axis_names import role_of_name
from shapelint.notation.axis_roles import roles_of_names
from shapelint.notation.shape_text import parse_docstring, parse_shape
from shapelint.shapes.axis import Role

LETTER = {
    Role.BATCH: "b",
    Role.TIME: "t",
    Role.FEATURE: "f",
    Role.LAYERS: "l",
    Role.CHANNEL: "c",
    Role.UNKNOWN: "?",
}


def brief(text: str) -> list[str]:
    """One word for each shape: `name:btf`."""
    return [
        (f"{shape.name}:" if shape.name else "") + "".join(LETTER[role] for role in shape.roles)
        for shape in parse_shape(text)
    ]


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("# (B, T, D)", ["btf"]),
        ("# [B, T, D]", ["btf"]),
        ("# B x T x D", ["btf"]),
        ("# BxTxD", ["btf"]),
        ("# B * T * D", ["btf"]),
        ("# batch_size * seq_len * hidden_size", ["btf"]),
        ("# torch.Size([13, 7, 5])", ["???"]),
        ("# batch, seq, feat", ["btf"]),
        ("# B, T, D", ["btf"]),
        ("# x: (batch, seq_len, dim)", ["x:bt?"]),
        ("# x: (batch, seq_len, input_dim)", ["x:btf"]),
        ("# out shape: [B, T, H]", ["out:btf"]),
        ("# shape = (seq_len, batch_size, hidden_dim)", ["tbf"]),
        ("# shape of emb: (B, T, E)", ["emb:btf"]),
        ("# -> (B, H)", ["bf"]),
        ("# (B, C, T) -> (T, B, C)", ["bct", "tbf"]),
        ("# (N, L, H)", ["btf"]),
        ("# (L, N, H_in)", ["tbf"]),
        ("# (D*num_layers, N, H_out)", ["lbf"]),
        ("# hidden = [n layers * n directions, batch size, hid dim]", ["hidden:lbf"]),
        ("# outputs = [src len, batch size, hid dim * n directions]", ["outputs:tbf"]),
        ("# h_n: (num_layers * 2, B, H)", ["h_n:lbf"]),
        ("# (B, T, 2*H)", ["btf"]),
        ("# (batch, seq, num_directions * hidden_size)", ["btf"]),
        ("# `label` shape: (`batch_size`, `num_steps`)", ["label:bt"]),
        ("# x: Tensor of shape (T, B, D)", ["x:tbf"]),
        ("# src has a shape of [seq_len, batch_size]", ["src:tb"]),
        ("# src has the shape (seq_len, batch_size)", ["src:tb"]),
        ("# src is of shape (seq_len, batch_size)", ["src:tb"]),
        ("# src with shape [seq_len, batch_size]", ["src:tb"]),
        ("# (bsz, seq_len - 1, vocab_size)", ["btf"]),
        ("# [B, T, ...]", ["bt?"]),
        ("# utt x frame x hdim", ["btf"]),
        ("# pooled over time, shape (B, 2 * H)", ["bf"]),
        ("# output (batch, time, features), then the head", ["output:btf"]),
        ("# [B]", ["b"]),
        ("# z: (b, h)", ["z:bf"]),
        ("# (b, 1)", ["b?"]),
        ("# reshaped (to (B, T, D))", ["btf"]),
        ("# lengths: (batch_size,)", ["lengths:b"]),
        ("# y: (batch,) class numbers", ["y:b"]),
        ("# x: (batch, hours, sensors)", ["x:b??"]),
        ("# x has the shape (batch, 3)", ["x:b?"]),
        (r"# shape :math:`(N, L, D * H_{out})`", ["btf"]),
    ],
)
def test_shapes_are_read(text: str, shapes: list[str]) -> None:
    assert brief(text) == shapes


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("# (B, C, H, W)", ["b???"]),  # an image
        ("# [L, B, H]", ["?bf"]),  # layers or length
        ("# (B, N, D)", ["b?f"]),
        ("# (B, L)", ["b?"]),
        ("# (B, H, T, D)", ["b?tf"]),  # heads
        ("# (batch, batch_size)", ["??"]),
        ("# (B * T, H)", ["??"]),
        ("# (B, T, S)", ["bt?"]),
        ("# (B, T, C, F)", ["bt?f"]),
    ],
)
def test_ambiguous_axes_stay_unknown(text: str, shapes: list[str]) -> None:
    assert brief(text) == shapes


@pytest.mark.parametrize(
    "text",
    [
        "# x = foo(a, b)",
        "# print(x, y)",
        "# h0 = torch.zeros(num_layers, batch, hidden)",
        "# out, (h, c) = lstm(x)",
        "# (h, c) = self.init_hidden(batch)",
        "# x = x.view(B, T, D)",
        "# for (b, t) in pairs:",
        "# B, T, D = x.shape",
        "# y = x[B, T]",
        "# mask = torch.reshape(mask, (b, -1, 1))",
        "# seed everything, then train",
        "# batch norm, dropout and relu",
        "# Copyright (c) 2021, the authors",
        "# (see Graves, 2013)",
        "# 2021-03-04, 12:30",
        "# weights are in [0, 1]",
        "# t runs over [0, T]",
        "# (default, faster)",
        "# lr = [0.1, 0.01, 0.001]",
        "# kernel sizes (3, 5, 7)",
        "# loss = a * b * c",
        "# 3 x 3 convolution",
        "# x, y",
        "# (h, c)",
        "# (hidden, cell)",
        "# y: (class,) numbers",
        "# x: (patients, hours)",
        "# (input, target)",
        "# forget, input, output, cell",
        "# (sequence, lengths)",
        "# (N, C)",  # says nothing about which is which
        "# at the (batch, seq) coordinates that were dropped",
        "# sum over (t, h, w) positions",
        "# B * T rows",
        "# e.g. (time, money)",
        "# batch x in the time step",
        "# TODO(alex): rename batch, time",
        "# noqa: E501, F401",
        "# type: (Tensor, Tensor) -> Tensor",
        "# states: Batch x 2 x (Nlayers, Dim)",
        "# e=(a, b) attending to v",
        "# ((B, T), ((B, H), (B, H)))",
        "# (B x T) * heads",
        "#",
        "",
    ],
)
def test_everything_else_gives_nothing(text: str) -> None:
    assert parse_shape(text) == ()


@pytest.mark.parametrize("unit", ["a x ", "(", "b, ", "x(", "B*", "(B, T) ", "[1, ", "a ", "\\text", "w: "])
def test_lines_of_data_cost_no_time(unit: str) -> None:
    for repeat in (390 // len(unit), 50_000):
        started = time.perf_counter()
        parse_shape("# " + unit * repeat)
        parse_docstring(unit * repeat)
        assert time.perf_counter() - started < 0.5


def test_numbers_and_columns() -> None:
    text = "# emb: torch.Size([32, 10, 64])"
    (shape,) = parse_shape(text)
    assert [axis.number for axis in shape.axes] == [32, 10, 64]
    assert text[shape.start : shape.end] == "[32, 10, 64]"
    assert shape.name == "emb"


def test_mixed_numbers_keep_the_roles_beside_them() -> None:
    (shape,) = parse_shape("# (B, 28, 28*H)")
    assert shape.axes[1].number == 28
    assert shape.axes[0].role is Role.BATCH


GOOGLE = """Encode a batch.

    Args:
        x (torch.Tensor): token embeddings
            of shape (batch, seq_len, emb_dim).
        lengths (Tensor): (B,)
        hidden: previous state, [num_layers, batch, hidden_size], optional

    Returns:
        output (B, T, H), and the state (num_layers, B, H)

    Example:
        >>> encoder(x).shape
        torch.Size([3, 4])
    """

NUMPY = """Encode.

    Parameters
    ----------
    x : torch.Tensor
        Input of shape (T, B, D).
    mask : Tensor of shape (B, T)

    Returns
    -------
    torch.Tensor
        Shape (B, H).
    """

REST = """Encode.

    :param x: (batch, seq, dim)
    :param torch.Tensor h0: state, (num_layers, batch, hidden_size)
    :param dropout: a probability in [0, 1]
    :return: logits (batch, num_classes)
    """


def test_google_docstring() -> None:
    found = parse_docstring(GOOGLE)
    assert {key: "".join(LETTER[role] for role in shape.roles) for key, shape in found.items()} == {
        "x": "btf",
        "lengths": "b",
        "hidden": "lbf",
    }
    x = found["x"]
    assert GOOGLE.splitlines()[x.line][x.start : x.end] == "(batch, seq_len, emb_dim)"


def test_numpy_docstring() -> None:
    found = parse_docstring(NUMPY)
    assert {key: shape.roles for key, shape in found.items()} == {
        "x": (Role.TIME, Role.BATCH, Role.FEATURE),
        "mask": (Role.BATCH, Role.TIME),
        "return": (Role.BATCH, Role.FEATURE),
    }


def test_rest_docstring() -> None:
    found = parse_docstring(REST)
    assert set(found) == {"x", "h0", "return"}
    assert found["h0"].roles == (Role.LAYERS, Role.BATCH, Role.FEATURE)


def test_plain_docstring() -> None:
    found = parse_docstring("x: Tensor of shape (B, T, D)\nReturns: output (B, T, H)")
    assert found["x"].roles == (Role.BATCH, Role.TIME, Role.FEATURE)
    assert found["return"].line == 1


def test_alternative_shapes_leave_a_parameter_out() -> None:
    text = "Args:\n    x: (B, T, D) or (T, B, D)\n    w: (B, T) OR (B, 1)\n    y: (B, T, D)\n    z: (B, T, D)\n       (T, B, D)"
    found = parse_docstring(text)
    assert "x" not in found
    assert "w" not in found
    assert "z" not in found
    assert "y" in found


@pytest.mark.parametrize("condition", ["if batch_first", "when packed, else (T, B, D)", "depending on the layout"])
def test_shapes_under_a_condition_are_left_out(condition: str) -> None:
    assert parse_docstring(f"Args:\n    x: (B, T, D) {condition}\n") == {}


def test_several_results_give_no_shape() -> None:
    assert "return" not in parse_docstring("Returns:\n    the output (B, T, H), and the state (num_layers, B, H)\n")
    assert "return" in parse_docstring("Returns:\n    the output (B, T, H)\n")


def test_a_docstring_without_shapes() -> None:
    assert parse_docstring("Run the model.\n\nArgs:\n    x: the input\n    lr: in [0, 1]\n") == {}


@pytest.mark.parametrize("name", ["batch_size", "bsz", "batch", "nbatches", "n_batch", "B", "bs", "_batch_size"])
def test_batch_names(name: str) -> None:
    assert role_of_name(name) is Role.BATCH


@pytest.mark.parametrize("name", ["seq_len", "src_len", "tgt_len", "max_len", "T", "time_steps", "seq_length"])
def test_time_names(name: str) -> None:
    assert role_of_name(name) is Role.TIME


@pytest.mark.parametrize("name", ["input_size", "hidden_dim", "emb_dim", "n_features", "d_model"])
def test_feature_names(name: str) -> None:
    assert role_of_name(name) is Role.FEATURE


@pytest.mark.parametrize("name", ["_", "x", "b", "t", "l", "n", "N", "L", "C", "H", "size", "num_nodes", "", "k_dim"])
def test_unclear_names(name: str) -> None:
    assert role_of_name(name) is Role.UNKNOWN


def test_letters_are_decided_by_the_names_beside_them() -> None:
    batch_first = (Role.BATCH, Role.TIME, Role.UNKNOWN)
    assert roles_of_names(("b", "t", "_")) == batch_first
    assert roles_of_names(("L", "N", "H")) == (Role.TIME, Role.BATCH, Role.FEATURE)
    assert roles_of_names(("n", "c", "h", "w")) == (Role.UNKNOWN,) * 4
