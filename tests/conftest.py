"""Tests keep nothing for the next run, but those of the cache; processes they share where they say so."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from kept import Stock
from torch_python import TorchPython

import shapelint.pipeline.processes.bounds
import shapelint.verify.client
from shapelint.verify.client import Verifier

os.environ["SHAPELINT_NO_CACHE"] = "1"


@pytest.fixture(scope="session")
def stock() -> Iterator[Stock]:
    stock = Stock()
    yield stock
    stock.end()


@pytest.fixture(scope="module")
def kept_processes(stock: Stock) -> Iterator[None]:
    """Runs in this process take the processes of earlier ones, see `kept`."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (shapelint.pipeline.processes.bounds, shapelint.verify.client):
            patch.setattr(module, "Process", stock.process)
        yield


@pytest.fixture(scope="module")
def verifier(kept_processes: None) -> Iterator[Verifier]:
    with Verifier() as started:
        yield started


@pytest.fixture(scope="session")
def torch_python() -> Iterator[TorchPython]:
    python = TorchPython()
    yield python
    python.end()
