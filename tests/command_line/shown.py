"""A right and a wrong file, and what a command in the test's own process prints of them."""

from __future__ import annotations

import pytest
from wrong_models import TAGGER as BAD

from shapelint.cli import run

GOOD = BAD.replace("out[-1]", "out[:, -1]")
LINE = "SHP101 `out[-1]` selects the last sample of the batch, not the last step: `out` is (batch, time, feature)"


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = run(list(arguments))
    output = capsys.readouterr()
    return status, output.out, output.err


def concise(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    status, output, _ = shown(capsys, "--verify=off", "--output-format=concise", *arguments)
    return status, output.splitlines()


def error(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    status, output, errors = shown(capsys, *arguments)
    assert (status, output) == (2, "")
    assert errors.count("\n") == 1, "one line"
    return errors.rstrip()
