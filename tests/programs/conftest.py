"""What is told of the programs of this room."""

from __future__ import annotations

from functools import partial

import pytest
from end_to_end import Told, told_codes

from shapelint.verify.client import Verifier


@pytest.fixture
def told(verifier: Verifier) -> Told:
    return partial(told_codes, verifier)
