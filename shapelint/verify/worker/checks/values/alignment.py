"""How torch tests `alignment`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from shapelint.verify.program.steps import ancestors
from shapelint.verify.worker.footprint import InconclusiveError, Watched, tensor_at, tensor_of
from shapelint.verify.worker.outcome import Outcome, shape_of
from shapelint.verify.worker.replay import Encoded, put, run, value_of

_MAX_SCORES = 512
_MIXED = -1.0  #: the place of a score that comes from several, or from none


def check(document: Mapping[str, Any]) -> Outcome:
    """Follow each score to its place in the source, and carry the places of the targets along."""
    options = document["options"]
    scores = _places_of_scores(document)
    targets = _places_of_targets(document)
    try:
        scores, targets = torch.broadcast_tensors(scores, targets)
    except RuntimeError:
        raise InconclusiveError(f"scores for {shape_of(scores)} meet targets for {shape_of(targets)}") from None
    wrong = int((scores != targets).sum())
    if not wrong:
        return Outcome(True, "each score is compared with its own target")
    what = "sample" if options.get("time_axis") is None else "sample or step"
    return Outcome(False, f"{wrong} of {scores.numel()} scores are compared with the target of another {what}")


def _places_of_scores(document: Mapping[str, Any]) -> torch.Tensor:
    """Which sample and step of the source each score comes from, found by its gradient."""
    options = document["options"]
    watched = Watched(document["steps"], options["source"], _sides(document)[0])
    places = _places(watched.root, options["batch_axis"], options.get("time_axis"))
    scores = watched.target
    if options.get("class_axis") is not None:
        scores = scores.select(options["class_axis"], 0)
    if scores.numel() > _MAX_SCORES:
        raise InconclusiveError("too many scores to follow")
    found = [_place_of(watched, score, places) for score in scores.reshape(-1)]
    return torch.tensor(found, dtype=places.dtype).reshape(scores.shape)


def _place_of(watched: Watched, score: torch.Tensor, places: torch.Tensor) -> float:
    if not score.requires_grad:
        raise InconclusiveError("the scores do not depend on the source")
    (gradient,) = torch.autograd.grad(score, watched.root, retain_graph=True)
    reached = places[gradient != 0].unique().tolist()
    return reached[0] if len(reached) == 1 else _MIXED


def _places_of_targets(document: Mapping[str, Any]) -> torch.Tensor:
    """Which sample and step each target belongs to: numbers that are carried along."""
    options = document["options"]
    source = options["targets"]

    def code(value: Any) -> Any:
        original = tensor_at(value, source["path"], "target")
        places = _places(original, options["targets_batch_axis"], options.get("targets_time_axis"))
        return put(value, source["path"], places.to(original.dtype))

    # without the layers: the numbers may be no ids that an embedding takes
    targets = _sides(document)[1]
    values = run(_leading_to(targets["ref"], document["steps"]), {source["ref"]: code})
    return tensor_of(value_of(targets, values), "target").double()


def _sides(document: Mapping[str, Any]) -> tuple[Encoded, Encoded]:
    """The references of the scores and the targets that the loss gets."""
    step = document["steps"][document["target"]["ref"]]
    named = [step["kwargs"][name] for name in ("input", "target") if name in step["kwargs"]]
    sides = [*step["args"][step["op"].endswith(".forward") :], *named][:2]
    if len(sides) != 2 or not all(isinstance(side, dict) and "ref" in side for side in sides):
        raise InconclusiveError("the target is not a loss of two values")
    return sides[0], sides[1]


def _leading_to(number: int, steps: Sequence[Encoded]) -> list[Encoded]:
    """The steps with those that a step does not need left blank."""
    needed = ancestors(steps, number)
    blank = {"op": "input", "shape": [], "dtype": "float"}
    return [step if place in needed else blank for place, step in enumerate(steps)]


def _places(like: torch.Tensor, batch_axis: int, time_axis: int | None) -> torch.Tensor:
    """A number for each sample and step, the same along all other axes."""
    place = torch.zeros(like.shape, dtype=torch.float64)
    for axis, factor in ((batch_axis, 1_000), (time_axis, 1)):
        if axis is not None:
            sizes = [size if at == axis % like.dim() else 1 for at, size in enumerate(like.shape)]
            place = place + factor * torch.arange(like.shape[axis], dtype=torch.float64).reshape(sizes)
    return place
