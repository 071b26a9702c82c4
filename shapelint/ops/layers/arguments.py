"""How the constructors of recurrent layers and cells take their arguments, and which they refuse.

torch takes an int for a size and nothing like it. It looks at some flags when the layer is built, and at
`bidirectional` only when the layer is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from shapelint.ops.binding import to_dim
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined
from shapelint.ops.require import known_int
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Bool, Float, Int, List, NoneValue, Str, Tuple, Unknown, Value

#: a tensor is not among them: that a parameter is one is only what its uses ask for
_KINDS: Mapping[type[Value], str] = {Float: "float", Str: "str"}
_OF_LAYERS = frozenset({"num_layers", "batch_first", "bidirectional", "dropout", "proj_size"})
_NONLINEARITY = frozenset({"nonlinearity", "activation"})


def _count(name: str, value: Value, assume: Assumptions) -> Dim:
    if isinstance(value, Tuple | List):
        raise ShapeError(f"{name} is one int, not a {type(value).__name__.lower()}", "SHP617", argument=name)
    kind = "float" if isinstance(value, Unknown) and value.fractional else _KINDS.get(type(value))
    if kind is not None:
        raise ShapeError(f"{name} should be an int, not a {kind}", "SHP607", argument=name)
    return to_dim(value)


def _flag(name: str, value: Value, assume: Assumptions) -> bool | Value:
    if isinstance(value, Unknown):
        return assume.decide(value)
    if isinstance(value, Int) and value.dim.constant is None:
        raise Undetermined("a flag that may be a number")
    return value.value if isinstance(value, Bool) else value


#: a size: torch wants an int
Count = Annotated[Dim, _count]

#: a flag; what is no bool is handed on as it is
Flag = Annotated[bool | Value, _flag]


def refuse_by_layer(layer: str, name: str) -> ShapeError:
    """A keyword that nn.LSTM, nn.GRU or nn.RNN does not have."""
    code = "SHP606"
    if name == "proj_size":
        code = "SHP610"
    elif name in _NONLINEARITY and layer != "RNN":
        code = "SHP611"
    return _refusal(layer, name, code)


def refuse_by_cell(layer: str, name: str) -> ShapeError:
    """A keyword that a cell does not have."""
    code = "SHP613" if name in _OF_LAYERS else "SHP611" if name in _NONLINEARITY and layer != "RNNCell" else "SHP606"
    return _refusal(layer, name, code)


def _refusal(layer: str, name: str, code: str) -> ShapeError:
    return ShapeError(f"{layer} has no argument `{name}`", code, argument=name)


def require_sizes(lowest: int, **sizes: Dim) -> None:
    """No size of a recurrent layer may certainly be below `lowest`."""
    for name, size in sizes.items():
        if (Dim.of(lowest) - size).is_positive():
            raise ShapeError(f"{name} must be at least {lowest}, got {size}", "SHP607", argument=name, lowest=lowest)


def require_flag(name: str, value: object) -> None:
    """Demand a bool; a value that is not known passes."""
    if isinstance(value, Int) and known_int(value) is None:
        return
    if isinstance(value, Int | Float | Str | NoneValue | Tuple | List):
        raise ShapeError(f"{name} should be True or False", "SHP609", argument=name)


NONLINEARITIES = ("tanh", "relu")


def require_nonlinearity(value: Value) -> None:
    """Demand 'tanh' or 'relu'; a value that is not known passes, unless it is a flag."""
    hint = value.hint if isinstance(value, Unknown) else value
    if isinstance(hint, Bool | Float) or known_int(value) is not None:
        raise ShapeError("nonlinearity must be 'tanh' or 'relu'", "SHP603", argument="nonlinearity")
    if isinstance(value, Str) and value.value not in NONLINEARITIES:
        message = f"nonlinearity must be 'tanh' or 'relu', not {value.value!r}"
        raise ShapeError(message, "SHP611", argument="nonlinearity")
