"""The properties, tested with torch. Each check returns whether its property holds, and says what it saw.

claims/ tells what each property and option means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from shapelint.verify.worker.footprint import (
    MAX_ROWS,
    Grid,
    InconclusiveError,
    Watched,
    features_grid,
    looked_at,
    other_axis,
    rows_grid,
    steps_grid,
    tensor_of,
)
from shapelint.verify.worker.modules import MODULE_CHECKS
from shapelint.verify.worker.outcome import TOLERANCE, Outcome, agree, listed, shape_of, told
from shapelint.verify.worker.replay import Encoded, RefusedError, StepError, check_size, put, run, value_of
from shapelint.verify.worker.states import STATE_CHECKS
from shapelint.verify.worker.values import VALUE_CHECKS

_MAX_CELLS = 4_096  #: of a footprint that is sent back


def check(document: Mapping[str, Any]) -> Outcome:
    """Test a program's property; raises InconclusiveError, RefusedError or StepError."""
    if document["property"] not in _CHECKS:
        raise RefusedError(f"there is no property {document['property']}")
    for steps in (document["steps"], *(variant["steps"] for variant in document["variants"])):
        check_size(steps)
    return _CHECKS[document["property"]](document)


def footprint_list(grid: Grid | None) -> list[Any] | None:
    """A footprint as JSON; None when it is too large to look at, or does not show all rows in their order."""
    is_whole = grid is not None and grid.dim() == 3 and len(grid) < MAX_ROWS
    return grid.tolist() if grid is not None and is_whole and grid.numel() <= _MAX_CELLS else None


def _raises(document: Mapping[str, Any]) -> Outcome:
    options = document["options"]
    target = document["target"]
    try:
        values = run(document["steps"], detaching=True)
    except StepError as raised:
        if raised.step != target["ref"] or options.get("match", "") not in str(raised.error):
            raise
        return Outcome(True, told(raised.error))
    if "unpack" in options:
        return _unpacks(value_of(target, values), options["unpack"])
    return Outcome(False, "torch runs it without an exception")


def _unpacks(value: Any, names: int) -> Outcome:
    try:
        found = len(list(value))
    except TypeError as error:
        return Outcome(True, told(error))
    if found == names:
        return Outcome(False, f"it unpacks into {names} values")
    problem = f"not enough values to unpack (expected {names}, got {found})"
    return Outcome(
        True, "ValueError: " + (problem if found < names else f"too many values to unpack (expected {names})")
    )


def _batch_independence(document: Mapping[str, Any]) -> Outcome:
    watched, grid, batch = _rows(document)
    mismatch = _batch_mismatch(watched, document["options"]["target_axis"], batch)
    by_sample = grid.any(2)
    if mismatch is not None:
        return Outcome(False, f"{mismatch}: {_reads(0, by_sample[0])}", grid)
    rows = _numbers(watched, document["options"]["target_axis"])
    for row, samples in zip(rows, by_sample, strict=True):
        others = samples.clone()
        others[row] = False
        if others.any():
            return Outcome(False, _reads(row, samples), grid)
    for row, samples in zip(rows, by_sample, strict=True):
        if not samples[row]:
            return Outcome(False, f"output row {row} does not depend on its own sample", grid)
    return Outcome(True, "each output row depends on its own sample only", grid)


def _rows(document: Mapping[str, Any]) -> tuple[Watched, Grid, int]:
    options = document["options"]
    watched = Watched(document["steps"], options["source"], document["target"])
    batch_axis, target_axis = options["batch_axis"], options["target_axis"]
    time_axis = options.get("time_axis", other_axis(watched.root, batch_axis))
    if not -watched.target.dim() <= target_axis < watched.target.dim():
        raise InconclusiveError(f"the value {shape_of(watched.target)} has no axis {target_axis}")
    grid = rows_grid(watched, batch_axis, time_axis, target_axis)
    return watched, grid, watched.root.shape[batch_axis]


def _numbers(watched: Watched, axis: int) -> list[int]:
    """The numbers of the target's rows that a grid shows."""
    return looked_at(watched.target.shape[axis], MAX_ROWS)


def _batch_mismatch(watched: Watched, axis: int, batch: int) -> str | None:
    rows = watched.target.shape[axis]
    return None if rows == batch else f"the result {shape_of(watched.target)} has {rows} rows for {batch} samples"


def _reads(row: int, samples: torch.Tensor) -> str:
    numbers = samples.nonzero().flatten().tolist()
    if not numbers:
        return f"output row {row} depends on no sample"
    return f"output row {row} depends on sample{'s' if len(numbers) > 1 else ''} {listed(numbers)}"


def _sees_whole_sequence(document: Mapping[str, Any]) -> Outcome:
    options = document["options"]
    watched = Watched(document["steps"], options["source"], document["target"])
    grid = features_grid(watched, options["time_axis"])
    blind = ~grid.all(1)
    if not blind.any():
        return Outcome(True, "every feature depends on every step")
    steps = grid[blind].any(0).nonzero().flatten().tolist()
    share = f"{int(blind.sum())} of {len(grid)} features"
    if len(steps) == grid.shape[1]:
        return Outcome(False, f"{share} do not depend on every step")
    seen = f"step{'s' if len(steps) > 1 else ''} {listed(steps)} only" if steps else "no step"
    return Outcome(False, f"{share} depend on {seen}, of steps 0 to {grid.shape[1] - 1}")


def _dead_parameters(document: Mapping[str, Any]) -> Outcome:
    options = document["options"]
    values = run(document["steps"])
    layer = value_of(options["layer"], values)
    target = tensor_of(value_of(document["target"], values), "target")
    if not target.requires_grad:
        raise InconclusiveError("the value does not depend on the layer at all")
    weights = torch.rand(target.shape, generator=torch.Generator().manual_seed(0)) + 0.5
    names = [name for name, _ in layer.named_parameters()]
    gradients = torch.autograd.grad((target * weights).sum(), list(layer.parameters()), allow_unused=True)
    dead = [name for name, grad in zip(names, gradients, strict=True) if grad is None or not grad.any()]
    if len(dead) == len(names):
        raise InconclusiveError("the value does not depend on the layer at all")
    dead = [name for name in dead if name not in options.get("allowed", ())]
    if not dead:
        return Outcome(True, "every parameter gets a gradient")
    return Outcome(False, f"{listed(dead)} get{'s' if len(dead) == 1 else ''} no gradient")


def _padding_invariance(document: Mapping[str, Any]) -> Outcome:
    watched, grid, batch = _rows(document)
    mismatch = _batch_mismatch(watched, document["options"]["target_axis"], batch)
    if mismatch is not None:
        return Outcome(False, mismatch, grid)
    rows = _numbers(watched, document["options"]["target_axis"])
    padding = _padding_read(document["lengths"], rows, grid, document["options"].get("on_left", False))
    if padding is not None:
        return Outcome(False, padding, grid)
    return _alone(document, watched) or _last_steps(document["lengths"], rows, grid)


def _padding_read(lengths: Sequence[int], rows: Sequence[int], grid: Grid, on_left: bool) -> str | None:
    for row, samples in zip(rows, grid, strict=True):
        for sample, steps in enumerate(samples):
            length = lengths[sample]
            start, end = (0, len(steps) - length) if on_left else (length, len(steps))
            read = steps[start:end].nonzero().flatten().tolist()
            if read:
                return f"output row {row} depends on step {start + read[-1]} of sample {sample}, which is {length} long"
    return None


def _alone(document: Mapping[str, Any], watched: Watched) -> Outcome | None:
    """Compare each row with what the sample gives alone, without padding; None where that cannot be run."""
    if not document["variants"]:
        return None
    whole = run(document["steps"])
    for variant in document["variants"]:
        row = variant["row"]
        try:
            values = run(variant["steps"], whole=whole)
        except StepError:
            return None
        alone = tensor_of(value_of(document["target"], values), "target").detach()
        if not _agrees(watched.target.detach().narrow(document["options"]["target_axis"], row, 1), alone):
            length = document["lengths"][row]
            seen = f"output row {row} differs from what sample {row} gives alone, in its {length} steps"
            return Outcome(False, seen + " without padding")
    return Outcome(True, "padding changes nothing, and each row is what its sample gives alone")


def _agrees(row: torch.Tensor, alone: torch.Tensor) -> bool:
    """Whether a row is what a sample gives alone, as far as that goes: the row may have padding behind it."""
    if row.dim() != alone.dim() or any(a > b for a, b in zip(alone.shape, row.shape, strict=True)):
        return False
    return agree(row[tuple(slice(size) for size in alone.shape)], alone)


def _last_steps(lengths: Sequence[int], rows: Sequence[int], grid: Grid) -> Outcome:
    """Without single runs: a row must at least have read its sample's last step."""
    for row, samples in zip(rows, grid, strict=True):
        last = lengths[row] - 1
        if not samples[row][last]:
            return Outcome(False, f"output row {row} does not depend on step {last}, the last of its sample", grid)
    return Outcome(True, "each row reads its sample to the end, and no padding", grid)


def _causality(document: Mapping[str, Any]) -> Outcome:
    options = document["options"]
    watched = Watched(document["steps"], options["source"], document["target"])
    grid = rows_grid(watched, options["time_axis"], None, options["target_axis"])[:, :, 0]
    for row, steps in zip(_numbers(watched, options["target_axis"]), grid, strict=True):
        later = steps[row + 1 :].nonzero().flatten().tolist()
        if later:
            return Outcome(False, f"output step {row} depends on step {later[0] + row + 1}, which comes later")
    return Outcome(True, "no output step depends on a later step")


def _provenance(document: Mapping[str, Any]) -> Outcome:
    options = document["options"]
    source = options["source"]
    coded = torch.empty(0)

    def code(value: Any) -> Any:
        nonlocal coded
        original = tensor_of(value_of({"ref": 0, "path": source["path"]}, [value]), "source")
        coded = torch.arange(original.numel(), dtype=original.dtype).reshape(original.shape)
        return put(value, source["path"], coded.clone())

    values = run(document["steps"], {source["ref"]: code})
    target = tensor_of(value_of(document["target"], values), "target")
    meant = _meant(coded, options)
    if meant.numel() != target.numel():
        return Outcome(False, f"the result {shape_of(target)} is not a rearrangement of {shape_of(meant)}")
    moved = (meant.reshape(target.shape) != target).float().mean().item()
    if moved == 0:
        return Outcome(True, "every cell is where it belongs")
    return Outcome(False, f"{moved:.0%} of the cells hold another cell's value")


def _meant(source: torch.Tensor, options: Mapping[str, Any]) -> torch.Tensor:
    if "split" in options:
        axis, *sizes = options["split"]
        source = source.unflatten(axis, sizes)
    if "select" in options:
        source = source.select(*options["select"])
    return source.permute(options["expected"])


def _equals(document: Mapping[str, Any]) -> Outcome:
    values = run(document["steps"])
    found = value_of(document["target"], values)
    if found is None:
        return Outcome(False, "the result is None")
    target = tensor_of(found, "target")
    reference = tensor_of(_reference(document["options"]["reference"], values), "reference")
    if target.shape != reference.shape:
        return Outcome(False, f"the result is {shape_of(target)}, the reference {shape_of(reference)}")
    difference = (target - reference).abs().max().item() if target.numel() else 0.0
    if difference <= TOLERANCE:
        return Outcome(True, "it is equal to the reference")
    return Outcome(False, f"it differs from the reference by up to {difference:.2g}")


def _reference(option: Encoded, values: Sequence[Any]) -> Any:
    if isinstance(option, dict):
        return value_of(option, values)
    name, call = option
    state = value_of(call, values)[1]
    h_n = state[0] if isinstance(state, tuple) else state
    return h_n[-1] if name == "last_state" else torch.cat((h_n[-2], h_n[-1]), -1)


def _batch_size_polymorphism(document: Mapping[str, Any]) -> Outcome:
    options = document["options"]
    axis = options["target_axis"]
    values = run(document["steps"])
    full = tensor_of(value_of(document["target"], values), "target")
    batch = tensor_of(value_of(options["source"], values), "source").shape[options["batch_axis"]]
    for size, steps in [
        (batch, None),
        *((variant["batch"], variant["steps"]) for variant in document["variants"]),
    ]:
        try:
            target = full if steps is None else value_of(document["target"], run(steps))
        except StepError as raised:
            return Outcome(False, f"a batch of {size} raises {told(raised.error)}")
        if target.dim() != full.dim() or not -target.dim() <= axis < target.dim() or target.shape[axis] != size:
            return Outcome(False, f"a batch of {size} gives a result of shape {shape_of(target)}")
    return Outcome(True, "the result follows batches of 1, 2 and 3")


def _ignores_padding(document: Mapping[str, Any]) -> Outcome:
    options, lengths = document["options"], document["lengths"]

    def fill(value: Any) -> Any:
        classes = tensor_of(value, "padded tensor").clone()
        for sample, length in zip(classes.movedim(options["padded_batch_axis"], 0), lengths, strict=True):
            sample[length:] = options["value"]
        return classes

    watched = Watched(document["steps"], options["source"], document["target"], {options["padded"]["ref"]: fill})
    grid = steps_grid(watched, options["batch_axis"], options["time_axis"])
    for sample, (steps, length) in enumerate(zip(grid, lengths, strict=True)):
        read = steps[length:].nonzero().flatten().tolist()
        if read:
            return Outcome(False, f"it depends on step {read[-1] + length} of sample {sample}, which is {length} long")
    return Outcome(True, "it depends on no padding")


def _unchanged_by(document: Mapping[str, Any]) -> Outcome:
    target = document["target"]
    before = ""

    def note(value: Any) -> Any:
        nonlocal before
        before = shape_of(tensor_of(value_of({"ref": 0, "path": target["path"]}, [value]), "target"))
        return value

    values = run(document["steps"], {target["ref"]: note})
    after = shape_of(tensor_of(value_of(target, values), "target"))
    if before == after:
        return Outcome(True, f"the value keeps its shape {after}")
    return Outcome(False, f"the value is {before} before the call, and {after} after it")


def _dropout_acts(document: Mapping[str, Any]) -> Outcome:
    layer = value_of(document["target"], run(document["steps"]))
    if not isinstance(layer, torch.nn.RNNBase):
        raise InconclusiveError("the target is not a recurrent layer")
    layer.dropout = document["options"].get("dropout", layer.dropout)
    if not layer.dropout:
        return Outcome(True, "the layer has no dropout")
    layer.train()
    sequence = torch.randn(5, 3, layer.input_size, generator=torch.Generator().manual_seed(0))
    first, second = (_seeded_pass(layer, sequence, seed) for seed in (1, 2))
    if agree(first, second):
        return Outcome(False, f"with dropout={layer.dropout:g} two passes in training mode are equal")
    return Outcome(True, "two passes in training mode differ")


def _has_shape(document: Mapping[str, Any]) -> Outcome:
    target = tensor_of(value_of(document["target"], run(document["steps"])), "target")
    wanted = document["options"]["sizes"]
    if target.dim() != len(wanted):
        return Outcome(False, f"the result {shape_of(target)} has {target.dim()} axes, not {len(wanted)}")
    for axis, (size, want) in enumerate(zip(target.shape, wanted, strict=True)):
        if want not in (None, size):
            return Outcome(False, f"axis {axis} of the result {shape_of(target)} is {size} long, not {want}")
    return Outcome(True, f"the result {shape_of(target)} has that shape")


def _seeded_pass(layer: torch.nn.RNNBase, sequence: torch.Tensor, seed: int) -> torch.Tensor:
    torch.manual_seed(seed)
    return tensor_of(layer(sequence)[0], "output").detach()


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], Outcome]] = {
    "raises": _raises,
    "batch_independence": _batch_independence,
    "sees_whole_sequence": _sees_whole_sequence,
    "dead_parameters": _dead_parameters,
    "padding_invariance": _padding_invariance,
    "causality": _causality,
    "provenance": _provenance,
    "equals": _equals,
    "batch_size_polymorphism": _batch_size_polymorphism,
    "ignores_padding": _ignores_padding,
    "unchanged_by": _unchanged_by,
    "dropout_acts": _dropout_acts,
    "has_shape": _has_shape,
    **MODULE_CHECKS,
    **STATE_CHECKS,
    **VALUE_CHECKS,
}
