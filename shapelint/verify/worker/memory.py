"""Recurrent layers that remember: what a state depends on must be seen in it many steps later."""

from __future__ import annotations

import torch

_LASTING = 5.0  #: a gate of 0.993 leaves 1e-3 of a state after a thousand steps, and 1e-9 after three thousand
_GATES = {3: (0.0, _LASTING, 0.0), 4: (-_LASTING, _LASTING, 0.0, 0.0)}  #: of a GRU (r, z, n), an LSTM (i, f, g, o)
_FAINT = 0.01  #: of what an RNN reads: large sums saturate its tanh, which forgets what came before


def lasting(value: object) -> None:
    """Give a recurrent layer or cell a long memory; anything else stays as it is.

    Torch draws weights with which half of a state is gone after each step: 60 steps later it is lost to the last
    bit of a float64, and a value seems not to depend on what it was made of. A gated
    layer without biases keeps its weights.
    """
    if isinstance(value, torch.nn.RNNBase | torch.nn.RNNCellBase):
        with torch.no_grad():
            for name, parameter in value.named_parameters():
                _change(name, parameter, value.hidden_size)


def _change(name: str, parameter: torch.Tensor, hidden_size: int) -> None:
    gates = parameter.shape[0] // max(hidden_size, 1)
    if gates in _GATES and name.startswith("bias_ih"):
        parameter += torch.tensor(_GATES[gates]).repeat_interleave(hidden_size)
    elif gates == 1 and name.startswith("weight_hh"):
        torch.nn.init.orthogonal_(parameter)
    elif gates == 1 and not name.startswith("weight_hr"):
        parameter *= _FAINT
