"""The axis flow of every operation and layer, against which entries autograd finds in each entry of a result."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import oracle
import pytest
import torch
from cases.layers import Call
from cases.spatial_layers import CALLS
from cases.tensors import CASES, Case, names_without_torch
from footprint import Index, Tracker, footprint, results_of
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import (
    RAISED,
    PathAssumptions,
    abstract,
    abstract_named,
    all_real,
    construct,
    named_real,
    target,
)

from shapelint.ops.axis_flow import AxisFlow, Source
from shapelint.ops.derive import flows_of
from shapelint.ops.registry import LAYERS, OPS, ShapeError, Undetermined
from shapelint.shapes.value import FALSE, TRUE

#: different sizes, so that no two axes are alike by chance
SIZES = st.permutations([2, 3, 4, 5]).map(lambda drawn: dict(zip("BTHN", drawn, strict=True)))
Seen = Sequence[tuple[Index, int, list[Index]]]
Leaves = Sequence[torch.Tensor | None]

FLAGS = (FALSE, TRUE)
WITH_TORCH = sorted(set(CASES) - set(names_without_torch()))


@pytest.mark.parametrize("name", WITH_TORCH)
@settings(max_examples=2, deadline=None, database=None)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_entries_come_from_where_the_flow_says(name: str, sizes: dict[str, int], seed: int) -> None:
    torch.manual_seed(seed)
    for case in CASES[name]:
        _check(name, case, {**sizes, **case.fits})


def _check(name: str, case: Case, sizes: dict[str, int]) -> None:
    tracker = Tracker()
    try:
        flows = flows_of(OPS[name], abstract(case.args, sizes), abstract_named(case.kwargs, sizes), PathAssumptions())
        args = [tracker.track(one) for one in all_real(case.args, sizes)]
        kwargs = {key: tracker.track(one) for key, one in named_real(case.kwargs, sizes).items()}
        result = target(name)(*args, **kwargs)
    except (ShapeError, Undetermined, *RAISED):
        return
    _compare_all(f"{name}{case.args}", flows, result, tracker)


RECURRENT = {"input_size": oracle.number("I"), "hidden_size": oracle.number("H")}
TBI, BI = oracle.tensor("T", "B", "I"), oracle.tensor("B", "I")
CALLED = {
    **CALLS,
    **{
        f"torch.nn.{kind}": [
            Call({**RECURRENT, "bidirectional": both, "batch_first": first}, (TBI,))
            for both in FLAGS
            for first in FLAGS
        ]
        for kind in ("LSTM", "GRU", "RNN")
    },
    **{f"torch.nn.{kind}": [Call(RECURRENT, (BI,))] for kind in ("LSTMCell", "GRUCell", "RNNCell")},
}


@pytest.mark.parametrize("kind", sorted(CALLED))
@pytest.mark.parametrize("seed", range(2))
def test_layers_do_too(kind: str, seed: int) -> None:
    torch.manual_seed(seed)
    sizes = {"B": 2, "T": 4, "I": 3, "H": 5, "N": 7}
    for one in CALLED[kind]:
        if not one.raises:
            _check_layer(kind, one, sizes)


def _check_layer(kind: str, one: Call, sizes: dict[str, int]) -> None:
    built = construct(kind, abstract((), sizes), abstract_named(one.config, sizes))
    tracker = Tracker()
    try:
        layer = target(kind)(**named_real(one.config, sizes)).eval()
        given = [built.result, *abstract(one.args, sizes)]
        flows = flows_of(LAYERS[kind].forward, given, abstract_named(one.kwargs, sizes), PathAssumptions())
        args = [tracker.track(arg) for arg in all_real(one.args, sizes)]
        kwargs = {key: tracker.track(arg) for key, arg in named_real(one.kwargs, sizes).items()}
        result = layer(*args, **kwargs)
    except (ShapeError, Undetermined, *RAISED):
        return
    _compare_all(f"{kind}{one.config}{one.args}", flows, result, tracker)


def _compare_all(told: str, flows: dict[Index, AxisFlow], result: object, tracker: Tracker) -> None:
    for path, tensor in results_of(result):
        if path in flows:
            seen = list(footprint(tensor, tracker.leaves))
            _is_sound(told, flows[path], seen, tracker.leaves)
            _is_tight(told, flows[path], seen, tensor, tracker.leaves)


def _is_sound(told: str, flow: AxisFlow, seen: Seen, leaves: Leaves) -> None:
    """An entry is made of no other entries than the flow says."""
    for place, number, entries in seen:
        for at, axes in flow.merged(number).items():
            sizes = [_leaf(leaves, number).shape[axis] for axis in axes]
            wanted = [tuple(entry[axis] for axis in axes) for entry in entries]
            assert {_unravelled(place[at], sizes)} >= set(wanted), (told, flow, place, number, entries)
        for source, at in _causal(flow, number):
            assert all(entry[source.axis] <= place[at] for entry in entries), (told, flow, place, entries)


def _causal(flow: AxisFlow, number: int) -> list[tuple[Source, int]]:
    """The causal axes of an operand that the result has, and where."""
    aligned = flow.aligned(number)
    return [(one, aligned[one.axis]) for one in flow.causal if one.operand == number and one.axis in aligned]


def _is_tight(told: str, flow: AxisFlow, seen: Seen, result: torch.Tensor, leaves: Leaves) -> None:
    """Where each entry is made of the same entry alone, at all places, the flow says so, unless it says why not."""
    apart: dict[int, set[tuple[int, int]]] = {}
    for place, number, entries in seen:
        pairs = product(range(result.dim()), range(_leaf(leaves, number).dim()))
        apart.setdefault(number, set()).update(
            (at, axis) for at, axis in pairs if any(entry[axis] != place[at] for entry in entries)
        )
    # a layer's further operands, targets and states, are aligned with the first where that matters
    for number in {number for _, number, entries in seen if entries and (number == 0 or "nn." not in told)}:
        leaf, lost = _leaf(leaves, number), {one.axis for one in flow.mixed | flow.moved if one.operand == number}
        pairs = product(range(result.dim()), range(leaf.dim()))
        same = {(at, axis) for at, axis in pairs if result.shape[at] == leaf.shape[axis] > 1} - apart[number]
        told_of = {(at, axis) for axis, at in flow.kept(number).items()}
        assert {pair for pair in same - told_of if pair[1] not in lost} == set(), (told, flow, number)


def _leaf(leaves: Leaves, number: int) -> torch.Tensor:
    found = leaves[number]
    assert found is not None
    return found


def _unravelled(place: int, sizes: Sequence[int]) -> Index:
    """The index of each axis of several that are merged, slowest first."""
    found: list[int] = []
    for size in reversed(sizes):
        place, at = divmod(place, size)
        found.insert(0, at)
    return tuple(found)
