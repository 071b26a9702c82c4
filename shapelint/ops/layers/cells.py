"""One step of a recurrence: nn.LSTMCell, nn.GRUCell, nn.RNNCell.

The input is (B, input_size), or (input_size,) for one sample; a state is (B, hidden_size) or (hidden_size,).
"""

from __future__ import annotations

from dataclasses import replace

from shapelint.ops.axes import ONE
from shapelint.ops.layers.arguments import Count, refuse_by_cell, require_nonlinearity, require_sizes
from shapelint.ops.layers.rnn import TANH
from shapelint.ops.nature import Nature
from shapelint.ops.registry import Assumptions, ShapeError, layer
from shapelint.ops.require import require_equal, require_features, require_rank
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import listed
from shapelint.shapes.value import NONE, TRUE, Layer, List, Tensor, Tuple, Value


def lstm_cell_forward(layer: Layer, input: Tensor, hx: Value = NONE, *further: Value, assume: Assumptions) -> Tuple:
    """(B, I) -> ((B, H), (B, H)): the next h and c; `further` holds a c that torch refuses."""
    if further:
        raise ShapeError("LSTMCell takes its state as one tuple (h, c), not as two arguments", "SHP209")
    state = _next_state(layer, input, assume)
    if isinstance(hx, Tensor):
        hx = _unstacked(hx, state)
    states = listed(hx)
    if states is not None:
        if len(states) < 2 or (len(states) > 2 and state.rank == 2):
            raise ShapeError(f"LSTMCell takes two states, h and c, and gets {len(states)}")
        for given in states[:2]:
            _check_state(layer, given, state, assume)
    return Tuple((state, state))


def single_state_cell_forward(layer: Layer, input: Tensor, hx: Value = NONE, *, assume: Assumptions) -> Tensor:
    """(B, I) -> (B, H): the next h."""
    state = _next_state(layer, input, assume)
    if isinstance(hx, Tuple | List):
        message = f"{layer.name} takes one tensor as its state and gets a {type(hx).__name__.lower()}"
        raise ShapeError(message, "SHP210")
    _check_state(layer, hx, state, assume)
    return state


@layer("torch.nn.LSTMCell", forward=lstm_cell_forward, input_rank=2, refuse=refuse_by_cell, nature=Nature.CELL)
def lstm_cell(
    input_size: Count, hidden_size: Count, bias: Value = TRUE, device: Value = NONE, dtype: Value = NONE
) -> None:
    """nn.LSTMCell."""
    require_sizes(0, input_size=input_size, hidden_size=hidden_size)


@layer("torch.nn.GRUCell", forward=single_state_cell_forward, input_rank=2, refuse=refuse_by_cell, nature=Nature.CELL)
def gru_cell(
    input_size: Count, hidden_size: Count, bias: Value = TRUE, device: Value = NONE, dtype: Value = NONE
) -> None:
    """nn.GRUCell."""
    require_sizes(0, input_size=input_size, hidden_size=hidden_size)


@layer("torch.nn.RNNCell", forward=single_state_cell_forward, input_rank=2, refuse=refuse_by_cell, nature=Nature.CELL)
def rnn_cell(
    input_size: Count,
    hidden_size: Count,
    bias: Value = TRUE,
    nonlinearity: Value = TANH,
    device: Value = NONE,
    dtype: Value = NONE,
) -> None:
    """nn.RNNCell; an unknown nonlinearity is refused by the first call only."""
    require_sizes(0, input_size=input_size, hidden_size=hidden_size)


def _next_state(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    require_rank(layer.name, input, 1, 2, code="SHP701")
    require_features(layer.name, input, layer.get("input_size", Dim), assume, "SHP503")
    nonlinearity = layer.find("nonlinearity", Value)
    if nonlinearity is not None:
        require_nonlinearity(nonlinearity)
    batch = tuple(replace(axis, role=Role.BATCH, origin=None) for axis in input.axes[:-1])
    return Tensor((*batch, Axis(layer.get("hidden_size", Dim), Role.FEATURE)))


def _unstacked(hx: Tensor, state: Tensor) -> Value:
    """Torch unpacks a stacked (2, H) state for one sample only."""
    if state.rank != 1 or hx.rank != 2 or hx.axes[0].dim == ONE:
        message = "LSTMCell takes the tuple (h, c) as its state and gets one tensor"
        raise ShapeError(message, "SHP210", expected=state.sizes, got=hx.sizes)
    row = replace(hx, axes=hx.axes[1:])
    return Tuple((row, row))


def _check_state(layer: Layer, given: Value, state: Tensor, assume: Assumptions) -> None:
    if not isinstance(given, Tensor):
        return
    require_rank(f"{layer.name} (state)", given, state.rank)
    for got, expected in zip(given.sizes, state.sizes, strict=True):
        require_equal(layer.name, "as a size of the state", got, expected, assume)
