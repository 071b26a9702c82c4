"""Mistakes of the catalogue: torch confirms the claim about the bad code, and refutes it for the mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from traces import B, F, Path, T

from shapelint.finding import Claim, Ref, Status
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Float, Unknown
from shapelint.verify.client import Verifier
from shapelint.verify.program import Program, build

Case = tuple[Path, Claim]


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    with Verifier() as started:
        yield started


def batch_first(bad: bool, kind: str = "LSTM", **options: Any) -> tuple[Path, Any, Any]:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    rnn = path.layer(kind, Dim.symbol("i"), Dim.symbol("h"), batch_first=True, **options)
    return path, x, path.call(rnn, x)


def shp101(bad: bool) -> Case:
    path, x, result = batch_first(bad)
    out = result.items[0]
    target = path.item(out, -1) if bad else path.item(out, slice(None), -1)
    options = {"source": x.ref, "batch_axis": 0, "target_axis": 0}
    return path, Claim("batch_independence", target.ref, options)


def shp101_polymorphism(bad: bool) -> Case:
    path, claim = shp101(bad)
    return path, Claim("batch_size_polymorphism", claim.target, claim.options)


def shp101_equals(bad: bool) -> Case:
    path, claim = shp101(bad)
    return path, Claim("equals", claim.target, {"reference": ("last_state", Ref(2))})


def shp102(bad: bool) -> Case:
    path = Path()
    x = path.input("t", "b", "i", roles=(T, B, F))
    out = path.call(path.layer("LSTM", Dim.symbol("i"), Dim.symbol("h")), x).items[0]
    target = path.item(out, slice(None), -1) if bad else path.item(out, -1)
    return path, Claim("batch_independence", target.ref, {"source": x.ref, "batch_axis": 1, "target_axis": 0})


def both_directions(path: Path, h_n: Any) -> Any:
    return path.op("cat", (path.item(h_n, -2), path.item(h_n, -1)), 1)


def shp103(bad: bool) -> Case:
    path, x, result = batch_first(bad, bidirectional=True)
    out, state = result.items
    target = path.item(out, slice(None), -1) if bad else both_directions(path, state.items[0])
    return path, Claim("sees_whole_sequence", target.ref, {"source": x.ref, "time_axis": 1})


def shp103_dead(bad: bool) -> Case:
    path, claim = shp103(bad)
    return path, Claim("dead_parameters", claim.target, {"layer": Ref(1)})


def shp103_equals(bad: bool) -> Case:
    path, claim = shp103(bad)
    return path, Claim("equals", claim.target, {"reference": ("both_directions", Ref(2))})


def shp104(bad: bool) -> Case:
    path, _, result = batch_first(bad, "GRU", bidirectional=True)
    h_n = result.items[1]
    target = path.item(h_n, -1) if bad else both_directions(path, h_n)
    return path, Claim("dead_parameters", target.ref, {"layer": Ref(1)})


def shp106(bad: bool) -> Case:
    path, x, result = batch_first(bad, "GRU", bidirectional=True)
    h_n = result.items[1]
    moved = h_n if bad else path.op("Tensor.transpose", h_n, 0, 1)
    target = path.op("Tensor.reshape", moved, Dim.symbol("b"), -1)
    return path, Claim("batch_independence", target.ref, {"source": x.ref, "batch_axis": 0, "target_axis": 0})


def three_layers(kind: str) -> tuple[Path, Any, Any]:
    path, _, result = batch_first(True, kind, num_layers=3, bidirectional=True)
    return path, result.items[0], result.items[1]


def shp107(bad: bool) -> Case:
    path, _, h_n = three_layers("GRU")
    target = path.op("Tensor.view", h_n, *((2, 3) if bad else (3, 2)), Dim.symbol("b"), Dim.symbol("h"))
    if not bad:
        target = path.op("Tensor.transpose", target, 0, 1)
    return path, Claim("provenance", target.ref, {"source": h_n.ref, "split": (0, -1, 2), "expected": (1, 0, 2, 3)})


def shp108(bad: bool) -> Case:
    path, _, h_n = three_layers("RNN")
    target = path.item(h_n, slice(None, 3) if bad else slice(0, None, 2))
    options = {"source": h_n.ref, "split": (0, -1, 2), "select": (1, 0), "expected": (0, 1, 2)}
    return path, Claim("provenance", target.ref, options)


def shp122(bad: bool) -> Case:
    path, output, _ = three_layers("GRU")
    target = path.item(output, ..., slice(None, None, 2) if bad else slice(None, Dim.symbol("h")))
    options = {"source": output.ref, "split": (2, 2, -1), "select": (2, 0), "expected": (0, 1, 2)}
    return path, Claim("provenance", target.ref, options)


def shp110(bad: bool) -> Case:
    path = Path()
    ids = path.ids("b", "t", roles=(B, T))
    words = path.call(path.layer("Embedding", Dim.symbol("words"), Dim.symbol("i")), ids)
    rnn = path.layer("LSTM", Dim.symbol("i"), Dim.symbol("h"), batch_first=not bad)
    target = path.item(path.call(rnn, words).items[0], slice(None), -1)
    return path, Claim("batch_independence", target.ref, {"source": ids.ref, "batch_axis": 0, "target_axis": 0})


def shp110_steps(bad: bool) -> Case:
    path, claim = shp110(bad)
    return path, Claim("sees_whole_sequence", claim.target, {"source": claim.options["source"], "time_axis": 1})


def shp112(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    sizes = (Dim.symbol("t"), Dim.symbol("b"), Dim.symbol("i"))
    target = path.op("Tensor.view", x, *sizes) if bad else path.op("Tensor.transpose", x, 0, 1)
    return path, Claim("provenance", target.ref, {"source": x.ref, "expected": (1, 0, 2)})


def shp123(bad: bool) -> Case:
    path, x, result = batch_first(True, "GRU", bidirectional=bad)
    head = path.layer("Linear", Dim.of(2 if bad else 1) * Dim.symbol("h"), 4)
    scores = path.call(head, result.items[0])
    return path, Claim("causality", scores.ref, {"source": x.ref, "time_axis": 1, "target_axis": 1})


def shp123_ids(bad: bool) -> Case:
    path = Path()
    ids = path.ids("t", "b", roles=(T, B))
    words = path.call(path.layer("Embedding", Dim.symbol("words"), Dim.symbol("i")), ids)
    rnn = path.layer("RNN", Dim.symbol("i"), Dim.symbol("h"), bidirectional=bad)
    output = path.call(rnn, words).items[0]
    return path, Claim("causality", output.ref, {"source": ids.ref, "time_axis": 0, "target_axis": 0})


def shp126(bad: bool) -> Case:
    path, x, result = batch_first(bad)
    h_n = result.items[1].items[0]
    target = path.item(h_n, slice(None), -1) if bad else path.item(h_n, -1)
    return path, Claim("batch_independence", target.ref, {"source": x.ref, "batch_axis": 0, "target_axis": 0})


def shp190(bad: bool) -> Case:
    path, _, result = batch_first(bad)
    hidden = Dim.symbol("h") + Dim.of(int(bad))
    return path, Claim("has_shape", result.items[0].ref, {"sizes": (None, None, hidden)})


def shp190_rank(bad: bool) -> Case:
    path, _, result = batch_first(bad)
    return path, Claim("has_shape", result.items[0].ref, {"sizes": (None,) * (2 if bad else 3)})


def shp201(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    gru = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), 2, batch_first=True)
    sizes = (Dim.symbol("b"), 2) if bad else (2, Dim.symbol("b"))
    path.call(gru, x, path.op("zeros", *sizes, Dim.symbol("h")))
    return path, Claim("raises", path.last, {"match": "Expected hidden size"})


def shp304(bad: bool) -> Case:
    path, _, result = batch_first(bad)
    return path, Claim("raises", result.ref, {"unpack": 3 if bad else 2})


def shp402(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    lengths = path.ids("b", roles=(B,))
    gru = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    packed = path.op("nn.utils.rnn.pack_padded_sequence", x, lengths, batch_first=True, enforce_sorted=False)
    out, h_n = path.call(gru, packed).items
    padded = path.op("nn.utils.rnn.pad_packed_sequence", out, batch_first=True).items[0]
    target = path.item(padded, slice(None), -1) if bad else path.item(h_n, -1)
    options = {"source": x.ref, "batch_axis": 0, "time_axis": 1, "target_axis": 0}
    return path, Claim("padding_invariance", target.ref, options)


def shp501(bad: bool) -> Case:
    path, _, result = batch_first(bad, bidirectional=True)
    width = Dim.symbol("h") if bad else Dim.of(2) * Dim.symbol("h")
    head = path.layer("Linear", width, Dim.symbol("classes"))
    path.call(head, path.item(result.items[0], slice(None), -1))
    return path, Claim("raises", path.last, {"match": "mat1 and mat2 shapes"})


def shp604(bad: bool) -> Case:
    path = Path()
    path.layer("LSTM", 3, 5, 1 if bad else 2, dropout=Float(0.5))
    return path, Claim("dropout_acts", path.last)


def shp604_parameter(bad: bool) -> Case:
    path = Path()
    path.layer("GRU", 3, 5, 1 if bad else 2, dropout=Unknown("dropout", "a parameter", Float(0.1)))
    return path, Claim("dropout_acts", path.last, {"dropout": 0.1})


def shp604_left_away(bad: bool) -> Case:
    path = Path()
    path.layer("RNN", 3, 5, **({"dropout": Float(0.5)} if bad else {}))
    return path, Claim("dropout_acts", path.last)


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
    shp201: "RuntimeError: Expected hidden size (2, 3, 13), got [3, 2, 13]",
    shp304: "ValueError: not enough values to unpack (expected 3, got 2)",
    shp402: "output row 0 differs from what sample 0 gives alone, in its 2 steps without padding",
    shp501: "RuntimeError: mat1 and mat2 shapes cannot be multiplied (3x26 and 13x17)",
    shp604: "with dropout=0.5 two passes in training mode are equal",
    shp604_parameter: "with dropout=0.1 two passes in training mode are equal",
    shp604_left_away: "with dropout=0.5 two passes in training mode are equal",
}


def verdict_on(verifier: Verifier, case: Case) -> Any:
    path, claim = case
    program = build(path.trace, claim)
    assert isinstance(program, Program), program
    return verifier.check([program])[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_torch_confirms_the_mistake_and_refutes_the_mended_code(
    verifier: Verifier, case: Callable[[bool], Case]
) -> None:
    mistake = verdict_on(verifier, case(True))
    assert (mistake.status, mistake.torch) == (Status.CONFIRMED, verifier.torch), mistake.detail
    assert CASES[case] in mistake.detail
    mended = verdict_on(verifier, case(False))
    assert mended.status is Status.REFUTED, mended.detail
