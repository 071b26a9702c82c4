"""Mistakes with which axis is which, and with sizes that are stated: what torch says of the bad code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from traces import B, Case, F, Path, T, batch_first

from shapelint.claims.modules.dead_parameters import DeadParameters
from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.claims.rows.batch_size_polymorphism import BatchSizePolymorphism
from shapelint.claims.rows.causality import Causality
from shapelint.claims.rows.sees_whole_sequence import SeesWholeSequence
from shapelint.claims.values.equals import Equals
from shapelint.claims.values.has_shape import HasShape
from shapelint.claims.values.provenance import Provenance
from shapelint.finding import Ref
from shapelint.shapes.dim import Dim


def shp101(bad: bool) -> Case:
    path, x, result = batch_first(bad)
    out = result.items[0]
    target = path.item(out, -1) if bad else path.item(out, slice(None), -1)
    options = {"source": x.ref, "batch_axis": 0, "target_axis": 0}
    return path, BatchIndependence(target.ref, **options)


def shp101_polymorphism(bad: bool) -> Case:
    path, claim = shp101(bad)
    return path, BatchSizePolymorphism(claim.target, **claim.options)


def shp101_equals(bad: bool) -> Case:
    path, claim = shp101(bad)
    return path, Equals(claim.target, reference=("last_state", Ref(2)))


def shp102(bad: bool) -> Case:
    path = Path()
    x = path.input("t", "b", "i", roles=(T, B, F))
    out = path.call(path.layer("LSTM", Dim.symbol("i"), Dim.symbol("h")), x).items[0]
    target = path.item(out, slice(None), -1) if bad else path.item(out, -1)
    return path, BatchIndependence(target.ref, source=x.ref, batch_axis=1, target_axis=0)


def both_directions(path: Path, h_n: Any) -> Any:
    return path.op("cat", (path.item(h_n, -2), path.item(h_n, -1)), 1)


def shp103(bad: bool) -> Case:
    path, x, result = batch_first(bad, bidirectional=True)
    out, state = result.items
    target = path.item(out, slice(None), -1) if bad else both_directions(path, state.items[0])
    return path, SeesWholeSequence(target.ref, source=x.ref, time_axis=1)


def shp103_dead(bad: bool) -> Case:
    path, claim = shp103(bad)
    return path, DeadParameters(claim.target, layer=Ref(1))


def shp103_equals(bad: bool) -> Case:
    path, claim = shp103(bad)
    return path, Equals(claim.target, reference=("both_directions", Ref(2)))


def shp104(bad: bool) -> Case:
    path, _, result = batch_first(bad, "GRU", bidirectional=True)
    h_n = result.items[1]
    target = path.item(h_n, -1) if bad else both_directions(path, h_n)
    return path, DeadParameters(target.ref, layer=Ref(1))


def shp106(bad: bool) -> Case:
    path, x, result = batch_first(bad, "GRU", bidirectional=True)
    h_n = result.items[1]
    moved = h_n if bad else path.op("Tensor.transpose", h_n, 0, 1)
    target = path.op("Tensor.reshape", moved, Dim.symbol("b"), -1)
    return path, BatchIndependence(target.ref, source=x.ref, batch_axis=0, target_axis=0)


def three_layers(kind: str) -> tuple[Path, Any, Any]:
    path, _, result = batch_first(True, kind, num_layers=3, bidirectional=True)
    return path, result.items[0], result.items[1]


def shp107(bad: bool) -> Case:
    path, _, h_n = three_layers("GRU")
    target = path.op("Tensor.view", h_n, *((2, 3) if bad else (3, 2)), Dim.symbol("b"), Dim.symbol("h"))
    if not bad:
        target = path.op("Tensor.transpose", target, 0, 1)
    return path, Provenance(target.ref, source=h_n.ref, split=(0, -1, 2), expected=(1, 0, 2, 3))


def shp108(bad: bool) -> Case:
    path, _, h_n = three_layers("RNN")
    target = path.item(h_n, slice(None, 3) if bad else slice(0, None, 2))
    options = {"source": h_n.ref, "split": (0, -1, 2), "select": (1, 0), "expected": (0, 1, 2)}
    return path, Provenance(target.ref, **options)


def shp122(bad: bool) -> Case:
    path, output, _ = three_layers("GRU")
    target = path.item(output, ..., slice(None, None, 2) if bad else slice(None, Dim.symbol("h")))
    options = {"source": output.ref, "split": (2, 2, -1), "select": (2, 0), "expected": (0, 1, 2)}
    return path, Provenance(target.ref, **options)


def shp110(bad: bool) -> Case:
    path = Path()
    ids = path.ids("b", "t", roles=(B, T))
    words = path.call(path.layer("Embedding", Dim.symbol("words"), Dim.symbol("i")), ids)
    rnn = path.layer("LSTM", Dim.symbol("i"), Dim.symbol("h"), batch_first=not bad)
    target = path.item(path.call(rnn, words).items[0], slice(None), -1)
    return path, BatchIndependence(target.ref, source=ids.ref, batch_axis=0, target_axis=0)


def shp110_steps(bad: bool) -> Case:
    path, claim = shp110(bad)
    return path, SeesWholeSequence(claim.target, source=claim.options["source"], time_axis=1)


def shp112(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    sizes = (Dim.symbol("t"), Dim.symbol("b"), Dim.symbol("i"))
    target = path.op("Tensor.view", x, *sizes) if bad else path.op("Tensor.transpose", x, 0, 1)
    return path, Provenance(target.ref, source=x.ref, expected=(1, 0, 2))


def shp123(bad: bool) -> Case:
    path, x, result = batch_first(True, "GRU", bidirectional=bad)
    head = path.layer("Linear", Dim.of(2 if bad else 1) * Dim.symbol("h"), 4)
    scores = path.call(head, result.items[0])
    return path, Causality(scores.ref, source=x.ref, time_axis=1, target_axis=1)


def shp123_ids(bad: bool) -> Case:
    path = Path()
    ids = path.ids("t", "b", roles=(T, B))
    words = path.call(path.layer("Embedding", Dim.symbol("words"), Dim.symbol("i")), ids)
    rnn = path.layer("RNN", Dim.symbol("i"), Dim.symbol("h"), bidirectional=bad)
    output = path.call(rnn, words).items[0]
    return path, Causality(output.ref, source=ids.ref, time_axis=0, target_axis=0)


def shp126(bad: bool) -> Case:
    path, x, result = batch_first(bad)
    h_n = result.items[1].items[0]
    target = path.item(h_n, slice(None), -1) if bad else path.item(h_n, -1)
    return path, BatchIndependence(target.ref, source=x.ref, batch_axis=0, target_axis=0)


def shp190(bad: bool) -> Case:
    path, _, result = batch_first(bad)
    hidden = Dim.symbol("h") + Dim.of(int(bad))
    return path, HasShape(result.items[0].ref, sizes=(None, None, hidden))


def shp190_rank(bad: bool) -> Case:
    path, _, result = batch_first(bad)
    return path, HasShape(result.items[0].ref, sizes=(None,) * (2 if bad else 3))


CASES: dict[Callable[[bool], Case], str] = {
    shp101: "the result (5, 13) has 5 rows for 3 samples: output row 0 depends on sample 2",
    shp101_polymorphism: "a batch of 3 gives a result of shape (5, 13)",
    shp101_equals: "the result is (5, 13), the reference (3, 13)",
    shp102: "the result (5, 13) has 5 rows for 3 samples: output row 0 depends on sample 2",
    shp103: "13 of 26 features depend on step 4 only, of steps 0 to 4",
    shp103_dead: "weight_hh_l0_reverse gets no gradient",
    shp103_equals: "it differs from the reference by up to",
    shp104: "weight_ih_l0, weight_hh_l0, bias_ih_l0 and bias_hh_l0 get no gradient",
    shp106: "output row 0 depends on samples 0 and 1",
    shp107: "% of the cells hold another cell's value",
    shp108: "% of the cells hold another cell's value",
    shp110: "output row 1 depends on samples 0 and 1",
    shp110_steps: "depend on step 4 only, of steps 0 to 4",
    shp112: "% of the cells hold another cell's value",
    shp122: "% of the cells hold another cell's value",
    shp123: "output step 0 depends on step 1, which comes later",
    shp123_ids: "output step 0 depends on step 1, which comes later",
    shp126: "the result (1, 13) has 1 rows for 3 samples: output row 0 depends on sample 2",
    shp190: "axis 2 of the result (3, 5, 13) is 13 long, not 14",
    shp190_rank: "the result (3, 5, 13) has 3 axes, not 2",
}
