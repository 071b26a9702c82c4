"""Programs too large for memory, run with shapes alone: on the device "meta" of torch, where tensors hold no numbers.

What torch raises there for sizes that do not go together it raises anywhere. That it raises nothing says nothing:
an index beyond the end of a table is a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from shapelint.verify.worker.replay import TOO_LARGE, RefusedError, StepError, arguments_of, function_of

_DTYPES = {"int": torch.int64, "bool": torch.bool}


def run_shapes(steps: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The values of all steps, which have shapes and no numbers; raises StepError, and RefusedError."""
    values: list[Any] = []
    with torch.device("meta"):
        for number, step in enumerate(steps):
            values.append(_leaf(step) if step["op"] == "input" else _called(step, number, values))
    return values


def _leaf(step: Mapping[str, Any]) -> torch.Tensor:
    return torch.empty(step["shape"], dtype=_DTYPES.get(step["dtype"], torch.get_default_dtype()))


def _called(step: Mapping[str, Any], number: int, values: Sequence[Any]) -> Any:
    function = function_of(step)
    args, kwargs = arguments_of(step, values)
    try:
        return function(*args, **kwargs)
    except NotImplementedError:  # torch has no such operation for this device
        raise RefusedError(TOO_LARGE) from None
    except Exception as error:
        raise StepError(number, error) from None
