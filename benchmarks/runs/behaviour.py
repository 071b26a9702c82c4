"""What a model of our own does, as torch shows: which sample and step of its input reaches which entry of its results.

The models are the right examples of the rules, and mutants of them, so they are run. What is given to them follows
from the shapes that shapelint finds for the right one.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass

import torch
from torch.nn.utils.rnn import PackedSequence

from shapelint.infer.analyse import analyse
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dtype, Tensor
from shapelint.source import Problem, Source
from shapelint.syntax.parse import parse
from shapelint.trace.trace import Trace

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)  # a state of zeros that a model makes fits the input

NUMBERS = (3, 5, 7, 11, 13, 17, 19, 23)  #: for sizes, all different
IDS = 3  #: ids are smaller than all sizes


class CannotRunError(Exception):
    """Nothing tells what the model takes."""


@dataclass(frozen=True)
class Setting:
    """How a model is made and called: its class, sizes by parameter, and shapes of inputs by parameter."""

    cls: str
    sizes: Mapping[str, int]
    inputs: Mapping[str, tuple[tuple[int, ...], bool]]  #: with whether they hold whole numbers

    @staticmethod
    def of(text: str) -> Setting:
        """The setting of the first class with a `forward` whose inputs are all known. Raises CannotRunError."""
        module = parse(source := Source("model.py", text))
        traces = [] if isinstance(module, Problem) else analyse(module, source)
        for trace in traces:
            if trace.entry.endswith(".forward") and len(trace.entered) == 2:
                return _setting(trace)
        raise CannotRunError


def _setting(trace: Trace) -> Setting:
    built, called = trace.entered
    leaves = {node.leaf_key: node.result for node in trace.nodes if node.leaf_key is not None}
    symbols = [p.key for p in built.parameters]
    symbols += [s for leaf in leaves.values() if isinstance(leaf, Tensor) for size in leaf.sizes for s in size.symbols]
    free = [symbol for symbol in dict.fromkeys(symbols) if symbol not in trace.solved]
    numbers = dict(zip(free, NUMBERS * 4, strict=False))

    def number(size: Dim) -> int:
        known = trace.resolve(size)
        return known.evaluate({symbol: numbers.setdefault(symbol, 3) for symbol in known.symbols})

    sizes = {p.name: number(Dim.symbol(p.key)) for p in built.parameters if p.default is None}
    inputs: dict[str, tuple[tuple[int, ...], bool]] = {}
    for parameter in called.parameters:
        leaf = leaves.get(parameter.key)
        if isinstance(leaf, Tensor):
            inputs[parameter.name] = tuple(map(number, leaf.sizes)), leaf.dtype is Dtype.INT
        elif parameter.default is None:
            raise CannotRunError
    return Setting(trace.entry.removesuffix(".forward"), sizes, inputs)


Seen = tuple[object, ...]


def behaviour(text: str, setting: Setting) -> Seen:
    """What the model does. Raises what it raises."""
    scope: dict[str, object] = {"__name__": "model"}
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(1)
        exec(compile(text, "model.py", "exec"), scope)  # our own examples
        torch.manual_seed(1)
        made = scope[setting.cls]
        assert isinstance(made, type)
        model = made(**setting.sizes).eval()
        given = {name: _given(*told) for name, told in setting.inputs.items()}
        whole = _results(model, given)
        seen: list[object] = [[tuple(one.shape) for one in whole]]
        for changed in _changed(given):
            after = _results(model, changed)
            seen.append([(one != other).tolist() for one, other in zip(whole, after, strict=True)])
        return tuple(map(repr, [*seen, _dead(model, whole)]))


def _given(shape: tuple[int, ...], whole: bool) -> torch.Tensor:
    if whole and len(shape) == 1:
        return torch.arange(5, 5 - shape[0], -1).clamp(min=1)  # lengths, the longest first
    return torch.randint(0, IDS, shape) if whole else torch.randn(shape)


def _changed(given: Mapping[str, torch.Tensor]) -> Iterator[Mapping[str, torch.Tensor]]:
    """The inputs with another first one, in one entry of its first two axes."""
    name, first = next(iter(given.items()))
    for axis in range(min(2, first.dim())):
        for place in range(first.shape[axis]):
            other = first.clone()
            part = other.select(axis, place)
            part.copy_((part + 1) % IDS if not other.is_floating_point() else part + 1)
            yield {**given, name: other}


def _results(model: torch.nn.Module, given: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    torch.manual_seed(2)
    return [one for one in _tensors(model(**given)) if one.is_floating_point()]


def _tensors(value: object) -> Iterator[torch.Tensor]:
    if isinstance(value, PackedSequence):
        yield value.data
    elif isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            yield from _tensors(one)


def _dead(model: torch.nn.Module, results: Sequence[torch.Tensor]) -> list[str]:
    """The parameters that do not reach the results."""
    total = [one.pow(2).sum() for one in results if one.requires_grad]
    if total:
        torch.stack(total).sum().backward()
    return [name for name, one in model.named_parameters() if one.grad is None or not one.grad.any()]
