"""Programs: which sizes are chosen, what is left out, and what cannot be replayed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from catalogue import layouts, packing
from hypothesis import given, settings
from hypothesis import strategies as st
from traces import B, F, Path, T

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.claims.rows.batch_size_polymorphism import BatchSizePolymorphism
from shapelint.claims.values.equals import Equals
from shapelint.claims.values.has_shape import HasShape
from shapelint.claims.values.raises import Raises
from shapelint.finding import Claim, Ref
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Bool, External, List, Tensor, Tuple, Unknown
from shapelint.trace.node import INPUT
from shapelint.verify.program.program import NotReplayable, Program, build
from shapelint.verify.program.sizes import SizeProblem, choose_sizes, satisfied

H = Dim.symbol("h")
TWO = Dim.of(2)


def built(path: Path, claim: Claim) -> dict[str, Any]:
    program = build(path.trace, claim)
    assert isinstance(program, Program), program
    return program.document


def reason(path: Path, claim: Claim) -> str:
    program = build(path.trace, claim)
    assert isinstance(program, NotReplayable)
    return program.reason


def lstm_on(x_sizes: tuple[Any, ...], *config: Any, **options: Any) -> tuple[Path, Any]:
    path = Path()
    x = path.input(*x_sizes, roles=(B, T, F))
    return path, path.call(path.layer("LSTM", *config, batch_first=True, **options), x)


def runs(path: Path) -> Claim:
    return Raises(path.last)


def test_equal_slices_of_different_traces_are_equal_programs() -> None:
    first, claim = layouts.shp101(True)
    second = Path()
    second.input("rows", "columns")  # not in the slice
    x = second.input("batch", "steps", "width", roles=(B, T, F))
    rnn = second.layer("LSTM", Dim.symbol("width"), Dim.symbol("cells"), batch_first=True)
    target = second.item(second.call(rnn, x).items[0], -1)
    other = BatchIndependence(target.ref, source=x.ref, batch_axis=0, target_axis=0)
    left, right = build(first.trace, claim), build(second.trace, other)
    assert isinstance(left, Program)
    assert left == right
    assert len({left, right}) == 1


def test_sizes_are_distinct_small_primes_by_role() -> None:
    path, _ = lstm_on(("b", "t", "i"), Dim.symbol("i"), H)
    steps = built(path, runs(path))["steps"]
    assert steps[0]["shape"] == [3, 5, 11]
    assert steps[1] == {"op": "torch.nn.LSTM", "args": [11, 13], "kwargs": {"batch_first": True}}


def test_literal_sizes_are_kept_and_not_chosen_for_symbols() -> None:
    path, _ = lstm_on(("b", 10, 11), 11, H)
    steps = built(path, runs(path))["steps"]
    assert steps[0]["shape"] == [3, 10, 11]
    assert steps[1]["args"] == [11, 13]


def test_number_of_layers_is_small() -> None:
    path, _ = lstm_on(("b", "t", 7), 7, H, Dim.symbol("depth"))
    assert built(path, runs(path))["steps"][1]["args"] == [7, 11, 2]


def test_halved_sizes_are_even() -> None:
    half = H // TWO
    path, result = lstm_on(("b", "t", 7), 7, half, bidirectional=True)
    path.call(path.layer("Linear", H, 3), result.items[0])
    steps = built(path, runs(path))["steps"]
    hidden, width = steps[1]["args"][1], steps[3]["args"][0]
    assert width == 2 * hidden


def test_assumed_equalities_hold() -> None:
    path, result = lstm_on(("b", "t", "x"), Dim.symbol("i"), H, bidirectional=True)
    path.call(path.layer("Linear", Dim.symbol("width"), 3), result.items[0])
    steps = built(path, runs(path))["steps"]
    assert steps[0]["shape"][2] == steps[1]["args"][0]
    assert steps[3]["args"][0] == 2 * steps[1]["args"][1]


def test_contradicting_equalities_are_not_replayable() -> None:
    path, _ = lstm_on(("b", "t", "i"), Dim.symbol("i"), H)
    path.trace.equations = [(TWO * H, TWO * Dim.symbol("i") + Dim.of(1))]
    assert reason(path, runs(path)) == "no small sizes satisfy the equalities of the code"


def test_a_huge_model_is_refused_or_replayed_on_small_numbers() -> None:
    path, _ = lstm_on(("b", "t", "i"), Dim.symbol("i"), 10**9, 10**6)
    assert reason(path, runs(path)) == "too large to replay: 1000000 layers"
    path, _ = lstm_on(("b", "t", 10), 10, 10**9 + 7)
    assert built(path, runs(path))["steps"][1]["args"] == [10, 37]


def test_large_literals_are_divided_together() -> None:
    path, result = lstm_on(("b", "t", 1024), 1024, 512, bidirectional=True)
    path.call(path.layer("Linear", 1024, 10), result.items[0])
    steps = built(path, runs(path))["steps"]
    inputs, hidden = steps[1]["args"]
    assert inputs == 2 * hidden == steps[0]["shape"][2] == steps[3]["args"][0] < 1024
    assert steps[3]["args"][1] == 10


def test_large_literals_that_share_no_divisor_are_exchanged_and_keep_their_ratios() -> None:
    path, result = lstm_on(("b", "t", 301), 301, 1024, bidirectional=True)
    path.call(path.layer("Linear", 2048, 10), result.items[0])
    steps = built(path, runs(path))["steps"]
    inputs, hidden = steps[1]["args"]
    assert steps[0]["shape"][2] == inputs < 301
    assert steps[3]["args"][0] == 2 * hidden < 2048
    assert len({inputs, hidden, 2 * hidden, *steps[0]["shape"]}) == 5


@pytest.mark.parametrize("inputs", [1023, 1325])
def test_large_literals_that_depend_on_each_other_are_replayed_with_shapes_alone(inputs: int) -> None:
    path, result = lstm_on(("b", "t", inputs), inputs, 1024)
    scores = path.call(path.layer("Linear", 1024, 301), result.items[0])
    assert built(path, runs(path))["vast"] is True
    assert scores.ref is not None
    assert reason(path, HasShape(scores.ref, (None, None, None))).startswith("too large to replay")


def test_large_vocabularies_are_cut() -> None:
    path = Path()
    ids = path.ids("b", "t", roles=(B, T))
    path.call(path.layer("Embedding", 30_522, 16), ids)
    steps = built(path, runs(path))["steps"]
    assert steps[1]["args"] == [101, 16]
    assert steps[0]["below"] == 101


def test_unknown_options_are_left_to_torch_and_unknown_sizes_get_numbers() -> None:
    unknown = Unknown("dropout", "a parameter")
    path, _ = lstm_on(("b", "t", "i"), Dim.symbol("i"), Unknown("hidden", "a parameter"), bias=unknown, device=unknown)
    assert built(path, runs(path))["steps"][1]["kwargs"] == {"batch_first": True}
    assert built(path, runs(path))["steps"][1]["args"] == [11, 13]


def test_an_unknown_state_is_left_out_and_later_arguments_keep_their_names() -> None:
    path = Path()
    x = path.input("t", "b", "i", roles=(T, B, F))
    rnn = path.layer("RNN", Dim.symbol("i"), H, 1, Unknown("mode", "a parameter"), True, True)
    path.call(rnn, x)
    assert built(path, runs(path))["steps"][1]["args"] == [11, 13, 1]
    assert built(path, runs(path))["steps"][1]["kwargs"] == {"bias": True, "batch_first": True}


@pytest.mark.parametrize(
    ("states", "args"),
    [
        (("h", "c"), [{"ref": 1, "path": []}, {"ref": 0, "path": []}, None, None]),
        (
            (Tuple((Unknown("h", ""), Unknown("c", ""))),),
            [{"ref": 1, "path": []}, {"ref": 0, "path": []}, {"tuple": [None, None]}],
        ),
    ],
)
def test_states_of_a_refused_call_keep_their_form(states: tuple[Any, ...], args: list[Any]) -> None:
    path = Path()
    x = path.input("t", "b", "i", roles=(T, B, F))
    rnn = path.layer("LSTM" if len(states) == 2 else "GRU", Dim.symbol("i"), H)
    path.call(rnn, x, *(Unknown(state, "a parameter") if isinstance(state, str) else state for state in states))
    assert built(path, Raises(path.last))["steps"][2]["args"] == args


def test_a_flag_in_the_place_of_a_number_stays_a_flag() -> None:
    path = Path()
    path.layer("LSTM", 3, 5, Unknown("flag", "a parameter", Bool(False)))
    assert built(path, runs(path))["steps"][0]["args"] == [3, 5, True]


def test_float_types_and_places_are_dropped_and_integer_types_kept() -> None:
    path = Path()
    path.op("zeros", 2, 3, dtype=External("torch.float16"), device=External("torch.cuda"))
    assert built(path, runs(path))["steps"][0]["kwargs"] == {}
    path.op("zeros", 2, 3, dtype=External("torch.long"))
    assert built(path, runs(path))["steps"][0]["kwargs"] == {"dtype": {"dtype": "int64"}}


def packed(path: Path, lengths: Any, **options: Any) -> Any:
    x = path.input("b", "t", "i", roles=(B, T, F))
    return path.op("nn.utils.rnn.pack_padded_sequence", x, lengths, batch_first=True, **options)


def test_lengths_are_a_cycle_and_sorted_where_packing_wants_it() -> None:
    for options, expected in (({"enforce_sorted": False}, [2, 5, 4]), ({}, [5, 4, 2])):
        path = Path()
        packed(path, path.ids("b", roles=(B,)), **options)
        assert built(path, runs(path))["steps"][0]["values"] == expected


def test_unknown_lengths_are_made_up() -> None:
    path = Path()
    packed(path, Unknown("lengths", "a parameter"), enforce_sorted=False)
    assert built(path, runs(path))["steps"][1]["args"][1] == {"list": [2, 5, 4]}


def test_a_packed_sequence_may_be_given_by_its_name() -> None:
    path = Path()
    sequence = packed(path, path.ids("b", roles=(B,)), enforce_sorted=False)
    path.op("nn.utils.rnn.pad_packed_sequence", sequence=sequence, batch_first=True)
    unpacked = built(path, runs(path))["steps"][-1]
    assert (unpacked["args"], set(unpacked["kwargs"])) == ([], {"sequence", "batch_first"})


def test_padded_samples_are_cut_out_of_the_batch() -> None:
    path, claim = packing.shp402(True)
    document = built(path, claim)
    assert document["lengths"] == [2, 5, 4]
    assert [variant["row"] for variant in document["variants"]] == [0, 1, 2]
    first = document["variants"][0]["steps"]
    assert (first[0]["shape"], first[0]["cut"]) == ([1, 2, 11], [[0, 0, 1], [1, 0, 2]])
    assert first[1]["values"] == [2]


def test_batch_size_polymorphism_needs_a_symbol() -> None:
    path, result = lstm_on((32, 5, 7), 7, 11)
    target = path.item(result.items[0], -1)
    claim = BatchSizePolymorphism(target.ref, source=Ref(0), batch_axis=0, target_axis=0)
    assert reason(path, claim) == "the batch size is a literal"


def test_an_earlier_error_is_not_replayed() -> None:
    path = Path()
    x = path.input("b", "t", 7)
    path.op("Tensor.transpose", x, 0, 9)
    assert path.trace.nodes[-1].error is not None
    assert isinstance(build(path.trace, Raises(path.last)), Program)
    claim = Equals(path.last, reference=x.ref)
    assert reason(path, claim).startswith("line 2 raises before it: ")


def test_what_cannot_be_encoded_is_named() -> None:
    path = Path()
    rows = path.input("b", "h")
    path.op("stack", [rows, rows])
    node = path.trace.nodes[-1]
    node.args[0].length = Dim.symbol("t")  # type: ignore[attr-defined]
    assert reason(path, runs(path)) == "a list that a loop fills"
    assert isinstance(node.args[0], List)


@pytest.mark.parametrize(
    ("claim", "problem"),
    [
        (Raises(Ref(9)), "a value without a place in the trace"),
        (
            BatchSizePolymorphism(Ref(0), source=Ref(0), batch_axis=3, target_axis=0),
            "the source has no axis 3",
        ),
    ],
)
def test_claims_about_what_is_not_there_are_not_replayable(claim: Claim, problem: str) -> None:
    path = Path()
    path.input("b", "t", "i")
    assert reason(path, claim) == problem


def test_only_the_slice_is_encoded() -> None:
    path, claim = layouts.shp101(True)
    path.op("zeros", 10**9, 10**9)
    assert [step["op"] for step in built(path, claim)["steps"]] == [
        INPUT,
        "torch.nn.LSTM",
        "torch.nn.LSTM.forward",
        "torch.Tensor.__getitem__",
    ]
    assert isinstance(path.trace.nodes[0].result, Tensor)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 4)), max_size=4))
@settings(max_examples=60, deadline=None)
def test_chosen_sizes_satisfy_all_equations(rows: list[tuple[int, int, int]]) -> None:
    names = [f"s{number}" for number in range(6)]
    problem = SizeProblem(dims={Dim.symbol(name) for name in names})
    problem.equations = [
        (Dim.symbol(names[a]), Dim.of(factor) * Dim.symbol(names[b])) for a, b, factor in rows if a < b
    ]
    sizes = choose_sizes(problem, ())
    if sizes is not None:
        assert set(sizes) == set(names)
        assert satisfied(problem, sizes)
    if not problem.equations:
        assert sizes is not None
        assert all(left != right for left, right in pairwise(sorted(sizes.values())))


def test_a_program_begins_at_its_source_where_the_way_to_it_cannot_be_replayed() -> None:
    path = Path()
    x = path.input("b", "t", H, roles=(B, T, F))
    mixed = path.op("cat", List([x], Dim.symbol("rounds")), 1)  # a list that a loop filled
    output = path.call(path.layer("LSTM", H, H, batch_first=True), mixed).items[0]
    last = path.item(output, -1)
    claim = BatchIndependence(last.ref, source=mixed.ref, batch_axis=0, target_axis=0)
    steps = built(path, claim)["steps"]
    assert [step["op"] for step in steps] == [
        "input",
        "torch.nn.LSTM",
        "torch.nn.LSTM.forward",
        "torch.Tensor.__getitem__",
    ]
    assert isinstance(build(path.trace, Raises(last.ref)), NotReplayable)
