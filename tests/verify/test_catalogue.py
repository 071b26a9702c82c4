"""Mistakes of the catalogue: torch confirms the claim about the bad code, and refutes it for the mended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from catalogue import modules, networks
from traces import B, F, Path, T

from shapelint import rooms
from shapelint.claims.modules.dead_parameters import DeadParameters
from shapelint.claims.modules.dropout_acts import DropoutActs
from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.claims.rows.batch_size_polymorphism import BatchSizePolymorphism
from shapelint.claims.rows.causality import Causality
from shapelint.claims.rows.follows_time import FollowsTime
from shapelint.claims.rows.ignores_padding import IgnoresPadding
from shapelint.claims.rows.padding_invariance import PaddingInvariance
from shapelint.claims.rows.sees_whole_sequence import SeesWholeSequence
from shapelint.claims.states.depends_on import DependsOn
from shapelint.claims.states.independence import Independence
from shapelint.claims.states.separate_graphs import SeparateGraphs
from shapelint.claims.states.state_acts import StateActs
from shapelint.claims.states.statelessness import Statelessness
from shapelint.claims.states.substitution import Substitution
from shapelint.claims.values.alignment import Alignment
from shapelint.claims.values.equals import Equals
from shapelint.claims.values.has_shape import HasShape
from shapelint.claims.values.provenance import Provenance
from shapelint.claims.values.raises import Raises
from shapelint.claims.values.unchanged_by import UnchangedBy
from shapelint.claims.values.unnormalised import Unnormalised
from shapelint.finding import Claim, Ref, Status
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Float, Unknown
from shapelint.verify.client import Verifier
from shapelint.verify.program.program import Program, build

Case = tuple[Path, Claim]


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


def shp201(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    gru = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), 2, batch_first=True)
    sizes = (Dim.symbol("b"), 2) if bad else (2, Dim.symbol("b"))
    path.call(gru, x, path.op("zeros", *sizes, Dim.symbol("h")))
    return path, Raises(path.last, match="Expected hidden size")


def shp304(bad: bool) -> Case:
    path, _, result = batch_first(bad)
    return path, Raises(result.ref, unpack=3 if bad else 2)


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
    return path, PaddingInvariance(target.ref, **options)


def shp404(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    lengths = path.op("Tensor.cuda", path.ids("b", roles=(B,)))
    given = lengths if bad else path.op("Tensor.cpu", lengths)
    path.op("nn.utils.rnn.pack_padded_sequence", x, given, batch_first=True)
    return path, Raises(path.last, match="CPU", on_device=True)


def shp412(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    packed = path.op("nn.utils.rnn.pack_padded_sequence", x, path.ids("b", roles=(B,)), batch_first=True)
    gru = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    out, h_n = path.call(gru, packed).items
    if bad:
        path.op("nn.utils.rnn.PackedSequence.__getitem__", out, -1)
    else:
        path.item(h_n, -1)
    return path, Equals(path.last, reference=("last_state", Ref(4)))


def shp418(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    lengths = path.ids("b", roles=(B,))
    gru = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    packed = path.op("nn.utils.rnn.pack_padded_sequence", x, lengths, batch_first=True, enforce_sorted=False)
    h_n = path.call(gru, packed).items[1]
    options = {"source": x.ref, "batch_axis": 0, "time_axis": 1, "target_axis": 1, "on_left": bad}
    return path, PaddingInvariance(h_n.ref, **options)


def shp419(bad: bool) -> Case:
    path = Path()
    x = path.input("t", "b", "i", roles=(T, B, F))
    lengths = path.ids("b", roles=(B,))
    given = x if bad else path.op("Tensor.transpose", x, 0, 1)
    path.op("nn.utils.rnn.unpad_sequence", given, lengths, batch_first=not bad)
    return path, UnchangedBy(x.ref, step=path.last)


def shp420(bad: bool) -> Case:
    path = Path()
    scores = path.input("b", "t", 4, roles=(B, T, F))
    tags = path.ids("b", "t", roles=(B, T))
    ignored = {} if bad else {"ignore_index": 0}
    path.op("nn.functional.cross_entropy", path.op("Tensor.transpose", scores, 1, 2), tags, **ignored)
    axes = {"batch_axis": 0, "time_axis": 1, "padded_batch_axis": 0}
    return path, IgnoresPadding(path.last, source=scores.ref, padded=tags.ref, value=0, **axes)


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


def shp604(bad: bool) -> Case:
    path = Path()
    path.layer("LSTM", 3, 5, 1 if bad else 2, dropout=Float(0.5))
    return path, DropoutActs(path.last)


def shp604_parameter(bad: bool) -> Case:
    path = Path()
    path.layer("GRU", 3, 5, 1 if bad else 2, dropout=Unknown("dropout", "a parameter", Float(0.1)))
    return path, DropoutActs(path.last, dropout=0.1)


def shp604_left_away(bad: bool) -> Case:
    path = Path()
    path.layer("RNN", 3, 5, **({"dropout": Float(0.5)} if bad else {}))
    return path, DropoutActs(path.last)


def two_rounds(detached: bool) -> tuple[Path, Any, Ref, Ref]:
    """Two batches, the second of which starts from the state after the first."""
    path = Path()
    rnn = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    first = path.input("b", "t", "i", roles=(B, T, F))
    state = path.call(rnn, first).items[1]
    second = path.input("b", "t", "i", roles=(B, T, F))
    carried = path.op("Tensor.detach", state) if detached else state
    return path, first, state.ref, path.call(rnn, second, carried).items[1].ref


def shp206(bad: bool) -> Case:
    path, _, earlier, target = two_rounds(detached=not bad)
    return path, SeparateGraphs(target, earlier=earlier)


def shp215(bad: bool) -> Case:
    path, first, _, target = two_rounds(detached=True)
    source = first.ref if bad else path.input("b", "t", "i").ref
    return path, Independence(target, source=source)


def shp208(bad: bool) -> Case:
    path, x, result = batch_first(bad)
    h_n, c_n = result.items[1].items
    rnn = path.trace.nodes[1].result
    path.call(rnn, x, (c_n, h_n) if bad else (h_n, c_n))
    replaced, by = ((c_n.ref, h_n.ref), (h_n.ref, c_n.ref)) if bad else ((h_n.ref, c_n.ref),) * 2
    return path, Substitution(Ref(path.last.node, (0,)), replaced=replaced, by=by)


def shp211(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    rnn = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    h0 = path.op("randn" if bad else "zeros", 1, Dim.symbol("b"), Dim.symbol("h"))
    h_n = path.call(rnn, x, h0).items[1]
    return path, Statelessness(path.item(h_n, -1).ref, source=x.ref)


def shp213(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    rnn = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    path.call(rnn, x, path.op("zeros" if bad else "ones", 1, Dim.symbol("b"), Dim.symbol("h")))
    return path, StateActs(Ref(path.last.node, (0,)))


def shp214(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    rnn = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    first = path.item(x, slice(None), slice(0, 1))
    h_n = path.call(rnn, first).items[1]
    second = path.item(x, slice(None), slice(1, 2))
    path.call(rnn, *((second,) if bad else (second, h_n)))
    return path, DependsOn(Ref(path.last.node, (0,)), source=first.ref)


def shp217(bad: bool) -> Case:
    path = Path()
    x = path.input(3, 5, "i", roles=(B, T, F))
    rnn = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    h0 = path.input(1, 7 if bad else 3, "h")
    lengths = [2, 5, 3]
    packed = path.op("nn.utils.rnn.pack_padded_sequence", x, lengths, True, enforce_sorted=False)
    h_n = path.call(rnn, packed, h0).items[1]
    return path, DependsOn(h_n.ref, source=h0.ref, axis=1)


def shp303(bad: bool) -> Case:
    path, _, result = batch_first(bad)
    h_n, c_n = result.items[1].items
    path.op("squeeze", c_n if bad else h_n, 0)
    return path, Substitution(path.last, replaced=(c_n.ref,), by=(h_n.ref,))


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
    shp206: "RuntimeError: Trying to backward through the graph a second time",
    shp215: "the value depends on it",
    shp208: "the result differs by up to",
    shp211: "two passes over the same input differ by up to",
    shp213: "without the state the result is the same",
    shp214: "the value does not depend on it",
    shp217: "the value does not depend on entries 3, 4, 5 and 6 of 7",
    shp303: "the result differs by up to",
    shp304: "ValueError: not enough values to unpack (expected 3, got 2)",
    shp402: "output row 0 differs from what sample 0 gives alone, in its 2 steps without padding",
    shp404: "'lengths' argument should be a 1D CPU int64 tensor, but got 1D meta Long tensor",
    shp412: "the result is None",
    shp418: "output row 0 depends on step 1 of sample 0, which is 2 long",
    shp419: "the value is (5, 3, 11) before the call, and (3, 5, 11) after it",
    shp420: "it depends on step 4 of sample 0, which is 2 long",
    shp501: "RuntimeError: mat1 and mat2 shapes cannot be multiplied (3x26 and 13x17)",
    shp509: "of 15 scores are compared with the target of another sample or step",
    shp512: "the value does not depend on it: it is 1 everywhere",
    shp517: "6 of 9 scores are compared with the target of another sample",
    shp518: "its values along axis 1 are probabilities already: they sum to 1",
    shp520: "with one step less torch raises RuntimeError: mat1 and mat2 shapes cannot be multiplied",
    shp604: "with dropout=0.5 two passes in training mode are equal",
    shp604_parameter: "with dropout=0.1 two passes in training mode are equal",
    shp604_left_away: "with dropout=0.5 two passes in training mode are equal",
    **modules.CASES,
    **networks.CASES,
}


def properties() -> set[str]:
    """The properties that there are: the classes of claims/."""
    for name in rooms.paths("shapelint.claims"):
        rooms.module("shapelint.claims", name)
    return {claim.property for claim in Claim.__subclasses__()}


def test_every_property_has_a_case() -> None:
    assert {case(True)[1].property for case in CASES} == properties()


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


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("as_ids", [False, True])
def test_what_was_read_a_hundred_steps_ago_is_still_seen(verifier: Verifier, kind: str, as_ids: bool) -> None:
    """Numbers are differentiated, ids are changed, and neither may get lost in the steps between."""
    path = Path()
    x = path.ids(100, 2, roles=(T, B)) if as_ids else path.input(100, 2, 3, roles=(T, B, F))
    read = path.call(path.layer("Embedding", 11, 3), x) if as_ids else x
    out = path.call(path.layer(kind, 3, 5), read).items[0]
    claim = SeesWholeSequence(path.item(out, -1).ref, source=x.ref, time_axis=0)
    verdict = verdict_on(verifier, (path, claim))
    assert (verdict.status, verdict.detail) == (Status.REFUTED, "every feature depends on every step")


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_a_state_drawn_at_random_is_seen_three_hundred_steps_later(verifier: Verifier, kind: str) -> None:
    path = Path()
    x = path.input(300, 2, 3, roles=(T, B, F))
    state = path.op("randn", 1, 2, 5)
    h_n = path.call(path.layer(kind, 3, 5), x, (state, state) if kind == "LSTM" else state).items[1]
    target = h_n.items[0] if kind == "LSTM" else h_n
    verdict = verdict_on(verifier, (path, Statelessness(target.ref, source=x.ref)))
    assert verdict.status is Status.CONFIRMED, verdict.detail


def test_one_step_shows_nothing_of_a_sequence(verifier: Verifier) -> None:
    """Of a sequence of one step the first is the last, so that no direction of it misses any."""
    path = Path()
    x = path.input("b", 1, "i", roles=(B, T, F))
    lstm = path.layer("LSTM", Dim.symbol("i"), Dim.symbol("h"), batch_first=True, bidirectional=True)
    out, _ = path.call(lstm, x).items
    claim = SeesWholeSequence(path.item(out, slice(None), -1).ref, source=x.ref, time_axis=1)
    [verdict] = verifier.check([build(path.trace, claim)])
    assert (verdict.status, verdict.detail) == (Status.UNVERIFIED, "the sequence has one step only")
