"""Runs the steps of a closed program with real torch. Lives in the worker process only.

Nothing is evaluated: a step names an operation of the registry, and the registry's names, not the program,
say which torch callable that is.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, reduce
from typing import Any

import torch

from shapelint.ops.holders import HOLDERS
from shapelint.ops.names import PACKED, RECURRENT
from shapelint.ops.nature import Nature
from shapelint.ops.registry import LAYERS, OPS
from shapelint.verify.program import limits
from shapelint.verify.worker.memory import lasting

Encoded = Any
Replace = Mapping[int, Callable[[Any], Any]]  #: step number -> what to put in place of its value

TOO_LARGE = "too large to replay"

_OTHER_NUMBERS = 1_000_000  #: what tells the seeds of a second pass from those of the first
_NO_MEMORY = ("DefaultCPUAllocator", "bad_alloc")
_DTYPES = {"int64": torch.int64, "bool": torch.bool, "float64": torch.float64}


class RefusedError(Exception):
    """The program is not in the closed vocabulary, or too large."""


class NoMemoryError(RefusedError):
    """The machine had too little memory for it: another time it may have enough."""


class StepError(Exception):
    """Torch raised at a step."""

    def __init__(self, step: int, error: Exception) -> None:
        super().__init__(step, error)
        self.step = step
        self.error = error


def check_size(steps: Sequence[Encoded], vast: bool = False) -> None:
    """Refuse what would need much memory, before anything is allocated; what is `vast` is run without any."""
    if len(steps) > limits.MAX_STEPS or (not vast and sum(map(limits.elements, steps)) > limits.MAX_ELEMENTS):
        raise RefusedError(TOO_LARGE)
    if any(step["op"] in RECURRENT and limits.layer_count(step) > limits.MAX_LAYERS for step in steps):
        raise RefusedError("too many layers to replay")


def run(
    steps: Sequence[Encoded],
    replace: Replace | None = None,
    whole: Sequence[Any] | None = None,
    *,
    redrawn: Collection[int] = (),
    detaching: bool = False,
) -> list[Any]:
    """The value of every step; the same numbers on every run.

    `replace` changes values on the way; `whole` are the values of another run from which inputs with a
    `cut` are taken; the steps in `redrawn` draw other random numbers. With `detaching`, `detach` does so.
    Raises StepError, and RefusedError for an unknown operation.
    """
    values: list[Any] = []
    room = limits.MAX_VALUES
    for number, step in enumerate(steps):
        if step["op"] == "input":
            value = _cut(step["cut"], whole[number]) if whole and "cut" in step else _leaf(step, number)
        else:
            seed = _OTHER_NUMBERS * (number in redrawn)
            value = call_step(step, number, values, seed=seed, detaching=detaching)
        if "place" in step:
            value = _placed(value, step["place"])
        room -= _checked_size(value)
        if room < 0:
            raise RefusedError(TOO_LARGE)
        values.append(replace[number](value) if replace and number in replace else value)
    return values


def _placed(value: Any, place: str) -> Any:
    """A layer or tensor on the device, for which "meta" stands in; what comes back from it holds ones."""
    if place == "device" and isinstance(value, torch.nn.Module | torch.Tensor):
        return value.to("meta")
    return torch.ones_like(value, device="cpu") if isinstance(value, torch.Tensor) and value.is_meta else value


def value_of(ref: Encoded, values: Sequence[Any]) -> Any:
    """The value that an encoded reference names."""
    return reduce(operator.getitem, ref["path"], values[ref["ref"]])


def put(whole: Any, path: Sequence[int], part: Any) -> Any:
    """A copy of a result with another value at `path`."""
    if not path:
        return part
    return tuple(put(item, path[1:], part) if index == path[0] else item for index, item in enumerate(whole))


def call_step(step: Encoded, number: int, values: Sequence[Any], *, seed: int = 0, detaching: bool = False) -> Any:
    """The value of one step that is no input, given those before it; raises StepError."""
    function = _of_torch(step["op"]) if detaching and _detaches(step["op"]) else function_of(step)
    args, kwargs = arguments_of(step, values)
    if limits.repeats(step) * max(map(_size, args), default=0) > limits.MAX_VALUE:
        raise RefusedError(TOO_LARGE)
    # each step draws from its own stream: what another size draws before it changes nothing
    torch.manual_seed(1_000 + number + seed)
    try:
        value = function(*args, **kwargs)
    except Exception as error:
        # that the worker has too little memory says nothing of the code
        raise NoMemoryError(TOO_LARGE) if is_out_of_memory(error) else StepError(number, error) from None
    lasting(value)
    return value.eval() if isinstance(value, torch.nn.Module) else value


def arguments_of(step: Encoded, values: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """What a step gives to its function: by place and by name."""
    placed = [decode(arg, values) for arg in step["args"]]
    return placed, {name: decode(arg, values) for name, arg in step["kwargs"].items()}


def _size(value: Any) -> int:
    """The elements of the tensors in a value."""
    if isinstance(value, tuple | list):
        return sum(map(_size, value))
    return value.numel() if isinstance(value, torch.Tensor) else 0


def _checked_size(value: Any) -> int:
    size = _size(value)
    if size > limits.MAX_VALUE:
        raise RefusedError(TOO_LARGE)
    return size


def is_out_of_memory(error: Exception) -> bool:
    """Whether the machine has too little memory for something."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY)


def function_of(step: Encoded) -> Callable[..., Any]:
    """The torch callable of a step that is no input; raises RefusedError."""
    return _directly if step.get("direct") else resolve(step["op"])


def _leaf(step: Encoded, number: int) -> torch.Tensor:
    shape = step["shape"]
    stream = torch.Generator().manual_seed(number + 1)
    if "values" in step:
        return torch.tensor(step["values"])
    if step["dtype"] == "int":
        below = step["below"]
        return torch.randint(min(1, below - 1), below, shape, generator=stream)  # 0 may be the padding index
    numbers = torch.randn(shape, generator=stream)
    return numbers > 0 if step["dtype"] == "bool" else numbers


def _cut(cuts: Sequence[Sequence[int]], whole: torch.Tensor) -> torch.Tensor:
    return reduce(lambda tensor, cut: tensor.narrow(*cut), cuts, whole.detach()).clone()


def decode(encoded: Encoded, values: Sequence[Any]) -> Any:
    """The Python value of an encoded one; raises RefusedError."""
    if not isinstance(encoded, dict):
        return encoded
    if "ref" in encoded:
        return value_of(encoded, values)
    if "tuple" in encoded:
        return tuple(decode(item, values) for item in encoded["tuple"])
    if "list" in encoded:
        return [decode(item, values) for item in encoded["list"]]
    if "slice" in encoded:
        return slice(*(decode(bound, values) for bound in encoded["slice"]))
    if "ellipsis" in encoded:
        return ...
    if encoded.get("dtype") in _DTYPES:
        return _DTYPES[encoded["dtype"]]
    raise RefusedError("a value that is not in the vocabulary")


@cache
def resolve(name: str) -> Callable[..., Any]:
    """The torch callable of a registered operation; raises RefusedError for any other name."""
    if name in _STAND_INS and name in OPS:
        return _STAND_INS[name]
    if name in LAYERS:
        return _dotted(name)
    if name in HOLDERS:
        return _HOLDERS[name]
    if name.endswith(".forward") and name.removesuffix(".forward") in LAYERS:
        return _apply
    if name not in OPS:
        raise RefusedError(f"{name} is not an operation of the registry")
    return _on_tensors(_of_torch(name), _same) if _detaches(name) else _of_torch(name)


def _of_torch(name: str) -> Callable[..., Any]:
    """What torch itself has under the name of an operation."""
    if name.startswith("torch.Tensor."):
        return _method(name.removeprefix("torch.Tensor."), OPS[name].attribute)
    return operator.attrgetter(name.rpartition(".")[2]) if OPS[name].attribute else _dotted(name)


def _detaches(name: str) -> bool:
    """Whether an operation cuts the graph: what depends on what is measured across it all the same."""
    return name in OPS and OPS[name].nature is Nature.DETACH


def _dotted(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = reduce(getattr, name.split(".")[1:], torch)
    return found


def _method(name: str, attribute: bool) -> Callable[..., Any]:
    """Called on whatever value stands there, so that a tuple raises what it raises in the user's code."""
    if attribute:
        return operator.attrgetter(name)
    if name.startswith("__") and hasattr(operator, name):
        dunder: Callable[..., Any] = getattr(operator, name)
        return dunder
    return lambda value, *args, **kwargs: getattr(value, name)(*args, **kwargs)


def _apply(layer: Any, *args: Any, **kwargs: Any) -> Any:
    return layer(*args, **kwargs)


def _directly(layer: Any, *args: Any, **kwargs: Any) -> Any:
    return layer.forward(*args, **kwargs)


def _on_tensors(own: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """A stand-in for an operation on tensors; another value gets torch's own, or raises for the lack of it."""

    def call(value: Any, *args: Any, **kwargs: Any) -> Any:
        return function(value, *args) if isinstance(value, torch.Tensor) else own(value, *args, **kwargs)

    return call


def _method_on_tensors(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    return _on_tensors(_method(name, False), function)


def _same(value: Any, *_: Any, **__: Any) -> Any:
    return value


def _double(value: Any) -> Any:
    return value.double()


def _to(value: torch.Tensor, *targets: Any) -> torch.Tensor:
    return value.to(*targets) if targets else value


_HOLDERS: Mapping[str, Callable[..., Any]] = {
    "builtins.list": list,
    "builtins.tuple": tuple,
    "builtins.dict": lambda members: dict(enumerate(members)),
    "torch.nn.ModuleList": torch.nn.ModuleList,
    "torch.nn.ModuleDict": lambda members: torch.nn.ModuleDict({str(i): each for i, each in enumerate(members)}),
    "torch.nn.Sequential": lambda members: torch.nn.Sequential(*members),
}

# All is float64 on the CPU, and nothing drops out.
_STAND_INS: Mapping[str, Callable[..., Any]] = {
    **{f"torch.Tensor.{name}": _method_on_tensors(name, _same) for name in ("cpu", "cuda")},
    **{f"torch.Tensor.{name}": _method_on_tensors(name, _double) for name in ("float", "half", "bfloat16", "double")},
    **{f"{PACKED}.{name}": _same for name in ("cpu", "cuda", "pin_memory", "to")},
    "torch.Tensor.to": _method_on_tensors("to", _to),
    "torch.Tensor.type": _method_on_tensors("type", _to),
    "torch.nn.functional.dropout": _same,
    "torch.dropout": _same,
}
