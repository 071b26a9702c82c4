"""Every other layer against real torch: accepted and refused calls, over random sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from cases.layers import BTI, NOWHERE, conv, heads, q, width
from cases.spatial_layers import CALLS
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import PathAssumptions, check_layer, number, tensor

from shapelint.finding import Ref
from shapelint.ops.binding import build, call
from shapelint.ops.names import CELLS, RECURRENT
from shapelint.ops.registry import LAYERS, ShapeError
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import (
    Bool,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

SIZES = st.lists(st.integers(4, 9), min_size=5, max_size=5, unique=True).map(
    lambda drawn: dict(zip("BTIHN", drawn, strict=True))
)


@pytest.mark.parametrize("kind", sorted(CALLS))
@settings(max_examples=4, deadline=None, database=None)
@given(sizes=SIZES)
def test_agrees_with_torch(kind: str, sizes: dict[str, int]) -> None:
    for one in CALLS[kind]:
        error = check_layer(kind, one.config, one.args, one.kwargs, sizes).error
        assert isinstance(error, ShapeError) == one.raises, (one, error)
        assert one.code is None or (isinstance(error, ShapeError) and error.code == one.code)


def test_every_layer_is_tested() -> None:
    assert set(LAYERS) == set(CALLS) | RECURRENT | CELLS


def shaped(kind: str, config: Mapping[str, Value], *args: Value) -> Any:
    built = build(LAYERS[kind], (), config, PathAssumptions(), NOWHERE)
    return call(LAYERS[kind].forward, (built, *args), {}, PathAssumptions())[0]


@pytest.mark.parametrize("batch_first", [True, False])
def test_attention_reads_batch_and_time_by_its_layout(batch_first: bool) -> None:
    for kind, config, args in (
        ("torch.nn.MultiheadAttention", heads, [q, q, q]),
        ("torch.nn.TransformerEncoderLayer", width, [q]),
    ):
        result = shaped(kind, {**config, "batch_first": Bool(batch_first)}, *args)
        output = result.items[0] if isinstance(result, Tuple) else result
        expected = [Role.BATCH, Role.TIME] if batch_first else [Role.TIME, Role.BATCH]
        assert [axis.role for axis in output.axes[:2]] == expected


def test_a_recurrent_layers_tuple_is_no_tensor() -> None:
    whole = Tuple((BTI, BTI), ref=Ref(7))
    calls: list[tuple[str, dict[str, Value]]] = [
        ("torch.nn.Linear", {"in_features": number("I"), "out_features": number("H")}),
        ("torch.nn.Dropout", {}),
        ("torch.nn.GRU", {"input_size": number("I"), "hidden_size": number("H")}),
    ]
    for kind, config in calls:
        with pytest.raises(ShapeError) as caught:
            shaped(kind, config, whole)
        assert caught.value.code == "SHP302"
        assert caught.value.details["source"] == Ref(7)


def test_a_convolution_of_unknown_padding_keeps_its_rank_and_roles() -> None:
    config = {
        **conv,
        "padding": Unknown("padding", "a parameter"),
        "kernel_size": Unknown("k", "a parameter"),
    }
    axes = (tensor("B", "I"), tensor("T", roles=(Role.TIME,)))
    result = shaped("torch.nn.Conv1d", config, Tensor((*axes[0].axes, *axes[1].axes)))
    assert [axis.role for axis in result.axes] == [Role.UNKNOWN, Role.CHANNEL, Role.TIME]
    assert result.axes[2].dim != Dim.symbol("T")
