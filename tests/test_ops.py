"""Every general operation says what torch does, at random sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from op_cases import CASES, names_without_torch
from oracle import check_op

from shapelint.ops.registry import OPS

SIZES = st.fixed_dictionaries(dict.fromkeys("BTHN", st.integers(1, 5)))


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=6, deadline=None, database=None)
@given(sizes=SIZES)
def test_agrees_with_torch(name: str, sizes: dict[str, int]) -> None:
    for case in CASES[name]:
        check_op(name, case.args, case.kwargs, {**sizes, **case.fits}, undetermined=case.refuses)


def test_every_operation_is_tested() -> None:
    elsewhere = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    untested = set(OPS) - set(CASES) - set(names_without_torch())
    assert not {name for name in untested if f'"{name}"' not in elsewhere}
