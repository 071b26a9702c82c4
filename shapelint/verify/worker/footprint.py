"""Which parts of an input reach which parts of a result: by autograd, or by trying, for integer inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import torch

from shapelint.verify.worker.replay import Encoded, Replace, put, run, value_of

MAX_ROWS = 8  #: rows of the result that are looked at, spread over all of them
MAX_FEATURES = 32  #: features of the result that are looked at, spread over all of them

Grid: TypeAlias = torch.Tensor  #: booleans: (rows, samples, steps) or (features, steps)


class InconclusiveError(Exception):
    """The program ran, and says nothing of the property."""


class Watched:
    """A run of a program in which the source's value can be differentiated, or changed; `replace` as in `run`."""

    def __init__(
        self, steps: Sequence[Encoded], source: Encoded, target: Encoded, replace: Replace | None = None
    ) -> None:
        self.steps = steps
        self.source = source
        self.target_ref = target
        self.root = torch.empty(0)
        values = run(steps, {**(replace or {}), source["ref"]: self._watch})
        self.target = tensor_of(value_of(target, values), "target")
        if not self.target.is_floating_point():
            raise InconclusiveError("the value does not hold real numbers")

    def _watch(self, value: Any) -> Any:
        original = tensor_at(value, self.source["path"], "source")
        self.root = original.detach().clone().requires_grad_(original.is_floating_point())
        # the program gets a copy: it may change it in place, which a watched leaf does not allow
        return put(value, self.source["path"], self.root.clone())

    def reached(self, select: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """A grid like the source: which of its elements reach the selected part of the target."""
        part = select(self.target)
        if not part.requires_grad or part.numel() == 0:
            return torch.zeros(self.root.shape, dtype=torch.bool)
        # random weights: the sum of a softmax is constant and would hide every dependence
        weights = torch.rand(part.shape, generator=torch.Generator().manual_seed(0)) + 0.5
        total = (part * weights).sum()
        (gradient,) = torch.autograd.grad(total, self.root, retain_graph=True, materialize_grads=True)
        return gradient.nan_to_num() != 0

    def changed(self, where: tuple[Any, ...]) -> torch.Tensor:
        """A grid like the target: which of its elements change with the integers at `where` of the source."""

        def shift(value: Any) -> Any:
            ids = self.root.clone()
            low, high = int(ids.min()), int(ids.max())
            if low == high:
                raise InconclusiveError("the source holds one number only")
            ids[where] = (ids[where] - low + 1) % (high - low + 1) + low
            return put(value, self.source["path"], ids)

        other = value_of(self.target_ref, run(self.steps, {self.source["ref"]: shift}))
        if other.shape != self.target.shape:
            raise InconclusiveError("the shape of the result depends on the numbers of the source")
        return torch.ne(other, self.target) & ~(other.isnan() & self.target.isnan())


def _entry(axis: int, place: int) -> Callable[[Any], Any]:
    """What takes one entry along an axis of a tensor."""
    return lambda tensor: tensor.select(axis, place)


def rows_grid(watched: Watched, batch_axis: int, time_axis: int | None, target_axis: int) -> Grid:
    """(rows, samples, steps): does row i of those `looked_at` depend on step t of sample j of the source.

    Raises InconclusiveError when nothing reaches the target.
    """
    rows = looked_at(watched.target.shape[target_axis], MAX_ROWS)
    if watched.root.is_floating_point():
        reached = [watched.reached(_entry(target_axis, row)) for row in rows]
        grid = torch.stack([_by_axes(one, batch_axis, time_axis) for one in reached])
    else:
        grid = _rows_by_trying(watched, batch_axis, time_axis, target_axis)[rows]
    return _some(grid)


def looked_at(count: int, most: int) -> list[int]:
    """The places of up to `most` entries, spread over all: the first and the last of many are not alike."""
    if count <= most:
        return list(range(count))
    return [index * (count - 1) // (most - 1) for index in range(most)]


def steps_grid(watched: Watched, batch_axis: int, time_axis: int) -> Grid:
    """(samples, steps): does the target depend on step t of sample j of the source."""
    return _some(_by_axes(watched.reached(lambda target: target), batch_axis, time_axis))


def features_grid(watched: Watched, time_axis: int) -> Grid:
    """(features, steps): does a feature of the target (its last axis) depend on step t of any sample.

    Raises InconclusiveError where one step is the whole sequence: the first and the last are the same.
    """
    target = watched.target
    if watched.root.shape[time_axis] < 2:
        raise InconclusiveError("the sequence has one step only")
    if target.dim() == 0:
        raise InconclusiveError("the value is a single number")
    width = target.shape[-1]
    features = looked_at(width, MAX_FEATURES)
    if watched.root.is_floating_point():
        reached = [watched.reached(_entry(-1, index)) for index in features]
        return _some(torch.stack([_by_axes(one, time_axis, None)[:, 0] for one in reached]))
    steps = range(watched.root.shape[time_axis])
    changed = [watched.changed(_at(watched.root.dim(), {time_axis: step})) for step in steps]
    return _some(torch.stack([one.reshape(-1, width).any(0)[features] for one in changed], 1))


def other_axis(source: torch.Tensor, axis: int) -> int | None:
    """The one of the axes 0 and 1 that `axis` is not, where both stand before a feature axis."""
    if axis % source.dim() > 1 or source.dim() < (3 if source.is_floating_point() else 2):
        return None
    return 1 - int(axis % source.dim())


def tensor_of(value: Any, what: str) -> torch.Tensor:
    """The value, if it is a tensor; raises InconclusiveError."""
    if not isinstance(value, torch.Tensor):
        raise InconclusiveError(f"the {what} is a {type(value).__name__}, not a tensor")
    return value


def target_of(document: Mapping[str, Any], values: Sequence[Any]) -> torch.Tensor:
    """The target among the values of a run, if it is a tensor; raises InconclusiveError."""
    return tensor_of(value_of(document["target"], values), "target")


def tensor_at(value: Any, path: Sequence[int], what: str) -> torch.Tensor:
    """The part of a step's value at a path, if it is a tensor; raises InconclusiveError."""
    return tensor_of(value_of({"ref": 0, "path": path}, [value]), what)


def _rows_by_trying(watched: Watched, batch_axis: int, time_axis: int | None, target_axis: int) -> Grid:
    shape = watched.root.shape
    steps = [{}] if time_axis is None else [{time_axis: step} for step in range(shape[time_axis])]
    columns = []
    for sample in range(shape[batch_axis]):
        changed = [watched.changed(_at(len(shape), {batch_axis: sample, **step})) for step in steps]
        columns.append(torch.stack([_by_axes(one, target_axis, None)[:, 0] for one in changed], 1))
    return torch.stack(columns, 1)


def _at(rank: int, fixed: dict[int, int]) -> tuple[Any, ...]:
    index: list[Any] = [slice(None)] * rank
    for axis, position in fixed.items():
        index[axis] = position
    return tuple(index)


def _by_axes(reached: torch.Tensor, first: int, second: int | None) -> torch.Tensor:
    """Any over all axes but two: (first, second), the second 1 long when it is None."""
    front = reached.movedim(first, 0) if second is None else reached.movedim((first, second), (0, 1))
    return front.reshape(*front.shape[: 1 if second is None else 2], -1).any(-1).reshape(front.shape[0], -1)


def _some(grid: Grid) -> Grid:
    if not grid.any():
        raise InconclusiveError("the value does not depend on the source at all")
    return grid
