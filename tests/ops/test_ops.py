"""Every general operation says what torch does, at random sizes."""

from __future__ import annotations

from functools import reduce

import pytest
import torch
from cases.spatial_functions import CALLS
from cases.tensors import CASES, names_without_torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Given, check_op

from shapelint.ops.registry import OPS
from shapelint.shapes.value import Tensor

SIZES = st.fixed_dictionaries(dict.fromkeys("BTHN", st.integers(1, 5)))


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=6, deadline=None, database=None)
@given(sizes=SIZES)
def test_agrees_with_torch(name: str, sizes: dict[str, int]) -> None:
    for case in CASES[name]:
        check_op(name, case.args, case.kwargs, {**sizes, **case.fits}, undetermined=case.refuses)


def test_every_operation_is_tested() -> None:
    """By the cases here or in test_layer_functions, whose other tests ask what hangs on the lengths of a pack."""
    packs = {"", ".cuda", ".data", ".pin_memory"}
    of_lengths = {"torch.nn.utils.rnn.unpack_sequence", *(f"torch.nn.utils.rnn.PackedSequence{name}" for name in packs)}
    assert set(OPS) - set(CASES) - set(CALLS) - set(names_without_torch()) == of_lengths


def test_names_spell_torch() -> None:
    for name in OPS:
        assert reduce(getattr, name.split(".")[1:], torch) is not None, name


def test_attributes_are_those_that_are_not_called() -> None:
    for name, operation in OPS.items():
        found = reduce(getattr, name.split(".")[1:], torch)
        assert operation.attribute is not callable(found), name


@pytest.mark.parametrize("name", sorted(name for name in CASES if OPS[name].rank_change is not None))
def test_rank_change_is_what_torch_does(name: str) -> None:
    sizes = dict(zip("BTHN", (2, 3, 4, 5), strict=True))
    for case in CASES[name]:
        result = check_op(name, case.args, case.kwargs, {**sizes, **case.fits}, undetermined=True).result
        alone = not any(isinstance(arg, Tensor) for arg in (*case.args[1:], *case.kwargs.values()))
        if alone and isinstance(result, Tensor):
            first = case.args[0].value if isinstance(case.args[0], Given) else case.args[0]
            assert isinstance(first, Tensor)
            assert result.rank - first.rank == OPS[name].rank_change
