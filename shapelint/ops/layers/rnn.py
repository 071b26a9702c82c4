"""The recurrent layers nn.LSTM, nn.GRU and nn.RNN.

Letters: B batch, T time, I input_size, H hidden_size, P proj_size, R = P or H, D directions, K num_layers.
`batch_first` concerns the input and the output only: a state is always (D*K, B, R), a cell state (D*K, B, H).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shapelint.data import dataclass
from shapelint.ops.axes import ONE
from shapelint.ops.axis_flow import Source
from shapelint.ops.layers.arguments import (
    Count,
    Flag,
    refuse_by_layer,
    require_flag,
    require_nonlinearity,
    require_sizes,
)
from shapelint.ops.layers.recurrent_state import Demand, Sequences, check_lstm_state, check_single_state
from shapelint.ops.nature import Nature
from shapelint.ops.registry import Assumptions, ShapeError, layer
from shapelint.ops.require import (
    require_at_least,
    require_equal,
    require_features,
    require_probability,
    require_rank,
)
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.value import NONE, TRUE, Float, Layer, Packed, Str, Tensor, Tuple, Value

#: options that a layer that is built reads again at each call, and that decide what its axes are
READ_AT_EACH_CALL = frozenset({"batch_first"})

ZERO = Dim.of(0)
NO_DROPOUT = Float(0.0)
TANH = Str("tanh")


@dataclass(frozen=True, slots=True)
class RecurrentConfig:
    """The constructor arguments of an nn.LSTM, nn.GRU or nn.RNN, and the sizes that follow from them."""

    name: str
    input_size: Dim
    hidden_size: Dim
    num_layers: Dim
    batch_first: bool
    bidirectional: bool
    proj_size: Dim = ZERO

    @property
    def directions(self) -> Dim:
        """D: 2 for a bidirectional layer, else 1."""
        return Dim.of(2 if self.bidirectional else 1)

    @property
    def real_hidden_size(self) -> Dim:
        """R: the features of one direction's output and of h_n."""
        return self.hidden_size if self.proj_size == ZERO else self.proj_size

    @property
    def output_size(self) -> Dim:
        """D*R: the features of the output."""
        return self.directions * self.real_hidden_size

    @property
    def state_layers(self) -> Dim:
        """D*K: the size of the first axis of every state."""
        return self.directions * self.num_layers


def recurrent_config(layer: Layer) -> RecurrentConfig:
    """What a recurrent layer is built with; `layer.kind` is one of RECURRENT."""
    assert isinstance(layer.typed, RecurrentConfig)
    return layer.typed


def _time(operands: Sequence[Tensor], bound: Mapping[str, Any]) -> Iterator[Source]:
    """The time axis of the input: each step of the output is made of other steps too."""
    batch_first = isinstance(bound["input"], Packed) or recurrent_config(bound["layer"]).batch_first
    yield Source(0, 1 if batch_first and operands[0].rank == 3 else 0)


def _time_of_one_direction(operands: Sequence[Tensor], bound: Mapping[str, Any]) -> Iterator[Source]:
    """The same where no step is made of a later one."""
    return iter(()) if recurrent_config(bound["layer"]).bidirectional else _time(operands, bound)


def lstm_forward(layer: Layer, input: Tensor | Packed, hx: Value = NONE, *further: Value, assume: Assumptions) -> Tuple:
    """(T, B, I) -> (T, B, D*R), ((D*K, B, R), (D*K, B, H)); `further` holds a c_0 that torch refuses."""
    if further:
        raise ShapeError("LSTM takes its state as one tuple (h_0, c_0), not as two arguments", "SHP209")
    config = recurrent_config(layer)
    require_flag("bidirectional", layer.named["bidirectional"])
    sequences = _read(config, input, assume)
    h_0 = _demand(config, sequences, "h_0", config.real_hidden_size)
    c_0 = _demand(config, sequences, "c_0", config.hidden_size)
    check_lstm_state(hx, h_0, c_0, assume)
    h_n = _state(config, sequences, config.real_hidden_size)
    c_n = _state(config, sequences, config.hidden_size)
    return Tuple((_output(config, input, sequences), Tuple((h_n, c_n))))


def single_state_forward(layer: Layer, input: Tensor | Packed, hx: Value = NONE, *, assume: Assumptions) -> Tuple:
    """(T, B, I) -> (T, B, D*H), (D*K, B, H)."""
    config = recurrent_config(layer)
    require_flag("bidirectional", layer.named["bidirectional"])
    sequences = _read(config, input, assume)
    h_0 = _demand(config, sequences, "h_0", config.hidden_size)
    check_single_state(config.name, hx, h_0, assume)
    h_n = _state(config, sequences, config.hidden_size)
    return Tuple((_output(config, input, sequences), h_n))


@layer(
    "torch.nn.LSTM",
    forward=lstm_forward,
    input_rank=3,
    refuse=refuse_by_layer,
    mixes=_time,
    causal=_time_of_one_direction,
    nature=Nature.RECURRENCE,
)
def lstm(
    input_size: Count,
    hidden_size: Count,
    num_layers: Count = ONE,
    bias: Value = TRUE,
    batch_first: Flag = False,
    dropout: Value = NO_DROPOUT,
    bidirectional: Flag = False,
    proj_size: Count = ZERO,
    device: Value = NONE,
    dtype: Value = NONE,
) -> RecurrentConfig:
    """nn.LSTM; with proj_size, h_n and the output have proj_size features, and c_n has hidden_size."""
    _check_construction(input_size, hidden_size, num_layers, dropout, bias, batch_first)
    if (-proj_size).is_positive() or (proj_size != ZERO and (proj_size - hidden_size + ONE).is_positive()):
        message = f"proj_size {proj_size} must be smaller than hidden_size {hidden_size}"
        raise ShapeError(message, "SHP610", argument="proj_size")
    return RecurrentConfig(
        "LSTM", input_size, hidden_size, num_layers, batch_first is True, bidirectional is True, proj_size
    )


@layer(
    "torch.nn.GRU",
    forward=single_state_forward,
    input_rank=3,
    refuse=refuse_by_layer,
    mixes=_time,
    causal=_time_of_one_direction,
    nature=Nature.RECURRENCE,
)
def gru(
    input_size: Count,
    hidden_size: Count,
    num_layers: Count = ONE,
    bias: Value = TRUE,
    batch_first: Flag = False,
    dropout: Value = NO_DROPOUT,
    bidirectional: Flag = False,
    device: Value = NONE,
    dtype: Value = NONE,
) -> RecurrentConfig:
    """nn.GRU."""
    _check_construction(input_size, hidden_size, num_layers, dropout, bias, batch_first)
    return RecurrentConfig("GRU", input_size, hidden_size, num_layers, batch_first is True, bidirectional is True)


@layer(
    "torch.nn.RNN",
    forward=single_state_forward,
    input_rank=3,
    refuse=refuse_by_layer,
    mixes=_time,
    causal=_time_of_one_direction,
    nature=Nature.RECURRENCE,
)
def rnn(
    input_size: Count,
    hidden_size: Count,
    num_layers: Count = ONE,
    nonlinearity: Value = TANH,
    bias: Value = TRUE,
    batch_first: Flag = False,
    dropout: Value = NO_DROPOUT,
    bidirectional: Flag = False,
    device: Value = NONE,
    dtype: Value = NONE,
) -> RecurrentConfig:
    """nn.RNN; its fourth parameter is the nonlinearity."""
    require_nonlinearity(nonlinearity)
    _check_construction(input_size, hidden_size, num_layers, dropout, bias, batch_first)
    return RecurrentConfig("RNN", input_size, hidden_size, num_layers, batch_first is True, bidirectional is True)


def _check_construction(
    input_size: Dim, hidden_size: Dim, num_layers: Dim, dropout: Value, bias: Value, batch_first: bool | Value
) -> None:
    require_flag("bias", bias)
    require_flag("batch_first", batch_first)
    require_probability("dropout", dropout, "SHP605")
    require_sizes(1, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)


def _read(config: RecurrentConfig, input: Tensor | Packed, assume: Assumptions) -> Sequences:
    """Return the batch and time axes as the layer takes them; checks the rank and the features."""
    if isinstance(input, Packed):
        _check_packed(config, input, assume)
        return Sequences(
            _meaning(input.batch, Role.BATCH),
            _meaning(input.time, Role.TIME),
            packed=True,
            sorted=input.enforce_sorted,
        )
    require_rank(config.name, input, 2, 3, code="SHP505")
    _check_channels(config, input, assume)
    require_features(config.name, input, config.input_size, assume, "SHP503")
    batch, time = (0, 1) if config.batch_first and input.rank == 3 else (1, 0)
    require_at_least(1, steps=input.axes[time].dim)
    if input.rank == 2:
        return Sequences(None, _meaning(input.axes[0], Role.TIME))
    return Sequences(_meaning(input.axes[batch], Role.BATCH), _meaning(input.axes[time], Role.TIME))


def _check_channels(config: RecurrentConfig, input: Tensor, assume: Assumptions) -> None:
    """A convolution's (B, C, L), where C is input_size: the features are on axis 1, unless L happens to be as long."""
    if input.rank != 3 or input.axes[1].role is not Role.CHANNEL:
        return
    channels, length, expected = input.axes[1].dim, input.axes[2].dim, config.input_size
    if assume.same(channels, expected) is Same.EQUAL and assume.same(length, expected) is not Same.EQUAL:
        message = f"{config.name} reads axis 2 as $expected features; they are on axis 1, the channels"
        raise ShapeError(message, "SHP121", expected=expected, got=length)


def _check_packed(config: RecurrentConfig, input: Packed, assume: Assumptions) -> None:
    if len(input.features) != 1:
        raise ShapeError(f"{config.name} expects packed (T, I) sequences, not of {len(input.features) + 1} axes")
    got = input.features[0].dim
    require_equal(config.name, "features on the last axis", got, config.input_size, assume, "SHP503")


def _meaning(axis: Axis, role: Role) -> Axis:
    """Return the axis with the role that the layer gives it, if what made it has not given it the other one.

    A layer's options say how it reads its input, not what the input is.
    """
    is_disputed = {axis.role, role} == {Role.BATCH, Role.TIME}
    return axis if is_disputed else replace(axis, role=role, origin=None)


def _demand(config: RecurrentConfig, sequences: Sequences, name: str, features: Dim) -> Demand:
    batch = (sequences.batch.dim,) if sequences.batch else ()
    surplus = set() if sequences.sorted else {1}
    if sequences.packed and name == "c_0":
        surplus.add(0)
    return Demand(
        name,
        (config.state_layers, *batch, features),
        config.num_layers,
        config.bidirectional,
        sequences,
        frozenset(surplus),
    )


def _state(config: RecurrentConfig, sequences: Sequences, features: Dim) -> Tensor:
    batch = (sequences.batch,) if sequences.batch else ()
    return Tensor((_layers_axis(config), *batch, Axis(features, Role.FEATURE)))


def _layers_axis(config: RecurrentConfig) -> Axis:
    """Layers, and within each layer its directions: h_n.view(K, D, B, R) takes them apart."""
    parts = (Axis(config.num_layers, Role.LAYERS), Axis(config.directions)) if config.bidirectional else ()
    return Axis(config.state_layers, Role.LAYERS, parts=parts)


def _output(config: RecurrentConfig, input: Tensor | Packed, sequences: Sequences) -> Tensor | Packed:
    features = _output_features(config)
    if isinstance(input, Packed):
        return replace(
            input,
            batch=_meaning(input.batch, Role.BATCH),
            time=_meaning(input.time, Role.TIME),
            features=(features,),
            ref=None,
            padded=None,
        )
    if sequences.batch is None:
        return Tensor((sequences.time, features))
    pair = (sequences.batch, sequences.time) if config.batch_first else (sequences.time, sequences.batch)
    return Tensor((*pair, features))


def _output_features(config: RecurrentConfig) -> Axis:
    """Return the features of both directions; output.view(T, B, D, R) takes them apart."""
    one = Axis(config.real_hidden_size, Role.FEATURE)
    if not config.bidirectional:
        return one
    return Axis(config.output_size, Role.FEATURE, parts=(Axis(config.directions), one))


def mode_of(layer: Layer) -> str:
    """What torch calls the kind of a recurrent layer in its attribute `mode`."""
    nonlinearity = layer.find("nonlinearity", Str)
    return layer.name if nonlinearity is None else f"RNN_{nonlinearity.value.upper()}"
