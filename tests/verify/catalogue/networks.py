"""Mistakes of networks of any kind: what torch says of the bad code."""

from __future__ import annotations

from collections.abc import Callable

from traces import B, Case, F, Path, T

from shapelint.claims.rows.alike_samples import AlikeSamples
from shapelint.claims.rows.kept_steps_reach import KeptStepsReach
from shapelint.claims.rows.same_places import SamePlaces
from shapelint.claims.values.log_probabilities import LogProbabilities
from shapelint.claims.values.sums_to_one import SumsToOne
from shapelint.claims.values.unsquashed import Unsquashed
from shapelint.shapes.dim import Dim


def shp910(bad: bool) -> Case:
    path = Path()
    scores = path.call(path.layer("Linear", Dim.symbol("i"), 1), path.input("b", "i"))
    return path, Unsquashed((path.op("sigmoid", scores) if bad else scores).ref)


def shp911(bad: bool) -> Case:
    path = Path()
    scores = path.call(path.layer("Linear", Dim.symbol("i"), 4), path.input("b", "i"))
    return path, LogProbabilities((scores if bad else path.op("log_softmax", scores, 1)).ref, axis=1)


def shp912(bad: bool) -> Case:
    path = Path()
    query, flat = path.input(3, 4), path.input(3, 5, 4)
    repeated = path.op("Tensor.repeat", query, 5, 1) if bad else path.op("Tensor.repeat_interleave", query, 5, 0)
    joined = path.op("cat", (repeated, path.op("Tensor.reshape", flat, 15, 4)), 1)
    return path, SamePlaces(joined.ref, query.ref, 0, flat.ref, 0, target_axis=0)


def shp913(bad: bool) -> Case:
    path = Path()
    x, ids = path.input("b", "t", 8, roles=(B, T, F)), path.ids("b", "t")
    real = path.op("Tensor.__ne__", ids, 0)
    attention = path.layer("MultiheadAttention", 8, 2, batch_first=True)
    mask = real if bad else path.op("Tensor.__invert__", real)
    attended = path.call(attention, x, x, x, key_padding_mask=mask).items[0]
    return path, KeptStepsReach(attended.ref, x.ref, 1, real.ref, target_axis=1)


def shp915(bad: bool) -> Case:
    path = Path()
    x, table = path.input("b", "t", 8, roles=(B, T, F)), path.op("randn", 50, 1, 8)
    rows = path.item(table, slice(0, Dim.symbol("b" if bad else "t")))
    laid = rows if bad else path.op("Tensor.transpose", rows, 0, 1)
    return path, AlikeSamples(path.op("Tensor.__add__", x, laid).ref, x.ref, batch_axis=0, target_axis=0)


def shp916(bad: bool) -> Case:
    path = Path()
    scores = path.input("b", "t", 7)
    return path, SumsToOne(path.op("softmax", scores, 1 if bad else 2).ref, axis=2)


CASES: dict[Callable[[bool], Case], str] = {
    shp910: "its values are probabilities already: they lie between",
    shp911: "its exponentials along axis 1 sum to",
    shp912: "of one and of entry",
    shp913: "where the mask is true at steps 0, 2 and 4, steps 1 and 3 are read",
    shp915: "samples 0 and 1 are the same, and their rows differ",
    shp916: "its values along axis 2 sum to between",
}
