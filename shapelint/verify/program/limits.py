"""How much a step of a program would allocate, told from its text: nothing large is ever built.

The parent refuses to build such programs, and the worker refuses to run them. What a step makes of the values before
it only the worker knows: it counts them (`MAX_VALUE`, `MAX_VALUES`), and has a limit on its memory for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from shapelint.ops.names import RECURRENT

FEW_ELEMENTS = 2_000_000  #: what literals are made smaller for
MAX_ELEMENTS = 8_000_000  #: elements of all inputs, parameters and created tensors of one program
MAX_STEPS = 2_000
MAX_VALUE = 4_000_000  #: elements of what one step gives
MAX_VALUES = 32_000_000  #: elements of what all steps of a program give
MEMORY = 1 << 30  #: bytes of address space that programs may take beyond what torch takes
MAX_LAYERS = 16  #: of one recurrent layer
REPEATS = frozenset({"repeat", "tile", "repeat_interleave"})  #: their numbers multiply what they are given
_CREATIONS = frozenset({"zeros", "ones", "empty", "full", "rand", "randn", "randint", "arange", "eye", "linspace"})


def elements(step: Mapping[str, Any]) -> int:
    """Estimate from above the elements that a step allocates by its own numbers; 0 when they name no size."""
    operation = step["op"]
    if operation == "input":
        return prod(step["shape"])
    numbers = [abs(value) for value in _numbers((step["args"], step["kwargs"])) if abs(value) > 1]
    if operation in RECURRENT:
        return _recurrent_elements(step, numbers)
    name = operation.rpartition(".")[2].removeprefix("new_")
    is_construction = operation.startswith("torch.nn.") and name[:1].isupper()
    return prod(numbers) if is_construction or name in _CREATIONS or name in ("expand", "repeat", "tile") else 0


def repeats(step: Mapping[str, Any]) -> int:
    """How many times a step repeats its input, from above."""
    is_repeat = step["op"].rpartition(".")[2] in REPEATS
    return prod(max(1, abs(value)) for value in _numbers((step["args"], step["kwargs"]))) if is_repeat else 1


def layer_count(step: Mapping[str, Any]) -> int:
    """`num_layers` of a recurrent layer's construction."""
    args = step["args"]
    count = step["kwargs"].get("num_layers", args[2] if len(args) > 2 else 1)
    return count if isinstance(count, int) else 1


def _recurrent_elements(step: Mapping[str, Any], numbers: list[int]) -> int:
    widest = max(numbers, default=1)
    hidden = step["kwargs"].get("hidden_size", step["args"][1] if len(step["args"]) > 1 else widest)
    inputs = step["kwargs"].get("input_size", step["args"][0] if step["args"] else widest)
    if not isinstance(hidden, int) or not isinstance(inputs, int):
        hidden = inputs = widest
    return 4 * hidden * (inputs + 3 * hidden * layer_count(step))


def _numbers(encoded: Any) -> Iterator[int]:
    """The integers of encoded arguments; references and their paths are not sizes."""
    if isinstance(encoded, bool):
        return
    if isinstance(encoded, int):
        yield encoded
    elif isinstance(encoded, Mapping):
        if "ref" not in encoded:
            yield from _numbers(list(encoded.values()))
    elif isinstance(encoded, list | tuple):
        for item in encoded:
            yield from _numbers(item)
