"""What torch's autograd says of a call: which entries of its operands each entry of a result is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.utils.rnn import PackedSequence

Index = tuple[int, ...]


@dataclass(slots=True)
class Tracker:
    """Replaces the tensors of a call by random ones that autograd follows; `leaves` are None for whole numbers."""

    leaves: list[torch.Tensor | None] = field(default_factory=list)

    def track(self, argument: Any) -> Any:
        """The argument; each tensor of floats in it is a copy of a leaf, so that it may be written into."""
        if isinstance(argument, torch.Tensor):
            return self._follow(argument)
        if isinstance(argument, PackedSequence):
            return argument._replace(data=self._follow(argument.data))
        if isinstance(argument, list | tuple) and not isinstance(argument, torch.Size):
            return type(argument)(map(self.track, argument))
        return argument

    def _follow(self, tensor: torch.Tensor) -> torch.Tensor:
        if not tensor.is_floating_point():
            self.leaves.append(None)
            return tensor
        leaf = (0.1 + 0.8 * torch.rand(tensor.shape)).requires_grad_()  # where inverse functions have a slope
        self.leaves.append(leaf)
        return leaf.clone()


def results_of(result: object, path: Index = ()) -> Iterator[tuple[Index, torch.Tensor]]:
    """The tensors of a result, by their paths into it."""
    if isinstance(result, torch.Tensor):
        yield path, result
    elif isinstance(result, list | tuple) and not isinstance(result, PackedSequence):
        for at, one in enumerate(result):
            yield from results_of(one, (*path, at))


def footprint(result: torch.Tensor, leaves: Sequence[torch.Tensor | None]) -> Iterator[tuple[Index, int, list[Index]]]:
    """For each entry of the result and each leaf, the entries of the leaf that it is made of."""
    followed = [number for number, leaf in enumerate(leaves) if leaf is not None]
    if not result.requires_grad:
        return
    for place in torch.ones(result.shape).nonzero().tolist():
        wanted = [leaf for leaf in leaves if leaf is not None]
        try:
            grads = torch.autograd.grad(result[tuple(place)], wanted, retain_graph=True, allow_unused=True)
        except (RuntimeError, NotImplementedError):
            return  # torch has no derivative of it
        for number, grad in zip(followed, grads, strict=True):
            yield (
                tuple(place),
                number,
                [] if grad is None else [tuple(at) for at in grad.nan_to_num().nonzero().tolist()],
            )
