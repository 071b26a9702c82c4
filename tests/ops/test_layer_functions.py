"""torch.nn.functional and torch.nn.utils.rnn against real torch: accepted and refused calls, random sizes."""

from __future__ import annotations

from typing import Any

import pytest
from cases.functions import BTI, IDS, INT, packed, some
from cases.spatial_functions import CALLS
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import PathAssumptions, check_op, tensor
from torch.nn.utils.rnn import PackedSequence

from shapelint.ops.binding import call
from shapelint.ops.registry import OPS, ShapeError, Undetermined
from shapelint.ops.tensors.moving.packing import SHARED
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import TRUE, Bool, List, Packed, Tensor, Unknown, Value

SIZES = st.lists(st.integers(4, 9), min_size=5, max_size=5, unique=True).map(
    lambda drawn: dict(zip("BTIHN", drawn, strict=True))
)


@pytest.mark.parametrize("name", sorted(CALLS))
@settings(max_examples=4, deadline=None, database=None)
@given(sizes=SIZES)
def test_agrees_with_torch(name: str, sizes: dict[str, int]) -> None:
    for one in CALLS[name]:
        error = check_op(name, one.args, one.kwargs, sizes).error
        assert isinstance(error, ShapeError) == one.raises, (one, error)
        assert one.code is None or (isinstance(error, ShapeError) and error.code == one.code)


def run(name: str, *args: Value, **kwargs: Value) -> Any:
    return call(OPS[name], args, kwargs, PathAssumptions())[0]


def roles(value: Tensor) -> list[Role]:
    return [axis.role for axis in value.axes]


def test_what_packed_sequences_have_of_tensors() -> None:
    names = {name.removeprefix("torch.Tensor.") for name in OPS if name.startswith("torch.Tensor.")}
    public = {name for name in names if not name.startswith("__")}
    assert {name for name in public if hasattr(PackedSequence, name)} == public & SHARED
    assert all(hasattr(PackedSequence, name) for name in SHARED)


@pytest.mark.parametrize("batch_first", [True, False])
def test_roles_through_packing(batch_first: bool) -> None:
    pair = [Role.BATCH, Role.TIME] if batch_first else [Role.TIME, Role.BATCH]
    pack = run("torch.nn.utils.rnn.pack_padded_sequence", BTI, Unknown("lengths", ""), Bool(batch_first))
    assert (pack.batch.dim, pack.time.dim) == tuple(BTI.sizes[:2] if batch_first else BTI.sizes[1::-1])
    output, counts = run("torch.nn.utils.rnn.pad_packed_sequence", pack, Bool(batch_first)).items
    assert roles(output)[:2] == pair
    assert roles(counts) == [Role.BATCH]
    assert roles(run("torch.nn.utils.rnn.pad_sequence", some, Bool(batch_first)))[:2] == pair


def test_a_pack_taken_apart_and_put_together() -> None:
    """PackedSequence(f(packed.data), packed.batch_sizes) holds the same sequences."""
    pack = packed().value
    assert isinstance(pack, Packed)
    data = run("torch.nn.utils.rnn.PackedSequence.data", pack)
    changed = Tensor((data.axes[0], Axis(Dim.symbol("H"), Role.FEATURE)))
    again = run("torch.nn.utils.rnn.PackedSequence", changed, tensor("T", dtype=INT))
    assert (again.batch, again.time, again.features) == (pack.batch, pack.time, changed.axes[1:])
    with pytest.raises(Undetermined):
        run("torch.nn.utils.rnn.PackedSequence", BTI, tensor("T", dtype=INT))


def test_sequences_of_unknown_lengths() -> None:
    pack = packed().value
    for found in (
        run("torch.nn.utils.rnn.unpack_sequence", pack),
        run("torch.nn.utils.rnn.unpad_sequence", tensor("T", "B", "I"), Unknown("lengths", "")),
    ):
        assert found.length == Dim.symbol("B")
        assert found.items[0].rank == 2
        assert found.items[0].axes[0].dim != Dim.symbol("T")
    looped = List([tensor("T", "I")], length=Dim.symbol("N"))
    assert run("torch.nn.utils.rnn.pad_sequence", looped, TRUE).sizes == tensor("N", "T", "I").sizes
    unknown = Unknown("x", "")
    with pytest.raises(Undetermined) as caught:
        run("torch.nn.utils.rnn.pack_sequence", List([unknown]))
    assert caught.value.wants == unknown


def test_nothing_is_assumed_of_scores_and_classes() -> None:
    path = PathAssumptions()
    call(OPS["torch.nn.functional.cross_entropy"], (BTI, IDS), {}, path)
    assert not path.equations


@pytest.mark.parametrize(
    "name", ["torch.nn.utils.rnn.PackedSequence.cuda", "torch.nn.utils.rnn.PackedSequence.pin_memory"]
)
def test_a_pack_on_a_device_that_may_not_be_here(name: str) -> None:
    pack = packed().value
    assert run(name, pack) == pack
