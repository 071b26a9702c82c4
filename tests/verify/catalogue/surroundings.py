"""Mistakes of what surrounds a layer, heads, losses and probabilities: what torch says of the bad code."""

from __future__ import annotations

from collections.abc import Callable

from traces import B, Case, F, Path, T, batch_first

from shapelint.claims.rows.follows_time import FollowsTime
from shapelint.claims.states.depends_on import DependsOn
from shapelint.claims.values.alignment import Alignment
from shapelint.claims.values.raises import Raises
from shapelint.claims.values.unnormalised import Unnormalised
from shapelint.shapes.dim import Dim


def shp501(bad: bool) -> Case:
    path, _, result = batch_first(bad, bidirectional=True)
    width = Dim.symbol("h") if bad else Dim.of(2) * Dim.symbol("h")
    head = path.layer("Linear", width, Dim.symbol("classes"))
    path.call(head, path.item(result.items[0], slice(None), -1))
    return path, Raises(path.last, match="mat1 and mat2 shapes")


def shp509(bad: bool) -> Case:
    path = Path()
    x = path.input("t", "b", "i", roles=(T, B, F))
    out = path.call(path.layer("GRU", Dim.symbol("i"), Dim.symbol("h")), x).items[0]
    scores = path.op("nn.functional.log_softmax", path.op("Tensor.reshape", out, -1, Dim.symbol("h")), 1)
    targets = path.ids("b", "t", roles=(B, T))
    flat = path.op("Tensor.reshape", targets if bad else path.op("Tensor.t", targets), -1)
    loss = path.op("nn.functional.nll_loss", scores, flat)
    options = {"source": out.ref, "batch_axis": 1, "time_axis": 0, "class_axis": 1}
    options |= {"targets": targets.ref, "targets_batch_axis": 0, "targets_time_axis": 1}
    return path, Alignment(loss.ref, **options)


def shp512(bad: bool) -> Case:
    path, x, result = batch_first(bad, kind="GRU")
    scores = path.call(path.layer("Linear", Dim.symbol("h"), 1), result.items[0])
    weights = path.op("softmax", scores, -1 if bad else 1)
    return path, DependsOn(weights.ref, source=x.ref)


def shp517(bad: bool) -> Case:
    path, _, result = batch_first(bad)
    scores = path.call(path.layer("Linear", Dim.symbol("h"), 1), path.item(result.items[0], slice(None), -1))
    given = scores if bad else path.op("Tensor.squeeze", scores, -1)
    targets = path.input("b", roles=(B,))
    loss = path.call(path.layer("MSELoss"), given, targets)
    options = {"source": scores.ref, "batch_axis": 0, "targets": targets.ref, "targets_batch_axis": 0}
    return path, Alignment(loss.ref, **options)


def shp518(bad: bool) -> Case:
    path, _, result = batch_first(bad)
    scores = path.call(path.layer("Linear", Dim.symbol("h"), 4), path.item(result.items[0], slice(None), -1))
    return path, Unnormalised((path.op("softmax", scores, 1) if bad else scores).ref, axis=1)


def shp520(bad: bool) -> Case:
    path, x, result = batch_first(bad)
    out = result.items[0]
    flat = path.op("Tensor.flatten", out, 1) if bad else path.item(out, slice(None), -1)
    head = path.layer("Linear", Dim.symbol("t") * Dim.symbol("h") if bad else Dim.symbol("h"), 4)
    path.call(head, flat)
    return path, FollowsTime(path.last, source=x.ref, time_axis=1)


CASES: dict[Callable[[bool], Case], str] = {
    shp501: "mat1 and mat2 shapes cannot be multiplied (3x26 and 13x17)",
    shp509: "of 15 scores are compared with the target of another sample or step",
    shp512: "the value does not depend on it: it is 1 everywhere",
    shp517: "6 of 9 scores are compared with the target of another sample",
    shp518: "its values along axis 1 are probabilities already: they sum to 1",
    shp520: "with one step less torch raises RuntimeError: ",
}
