"""What a run spends is counted where it is spent, once, over all processes."""

from __future__ import annotations

import re
import time
from contextlib import closing
from pathlib import Path

import pytest

from shapelint.cli import run
from shapelint.effort import count, phase, spent
from shapelint.pipeline.check import Wanted, check_source
from shapelint.pipeline.processes.bounds import Bounded
from shapelint.source import Source

MODEL = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 16, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0][-1]
"""


@pytest.fixture(autouse=True)
def nothing_spent() -> None:
    spent()


def test_inside_another_phase_the_clock_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    with phase("interpret"):
        now[0] += 1
        with phase("parse"):
            now[0] += 2
        now[0] += 4
    now[0] += 8
    assert spent().seconds == {"interpret": 5, "parse": 2}
    assert spent().seconds == {}


def test_what_another_process_spends_comes_with_its_answer() -> None:
    with closing(Bounded(60.0)) as bounded:
        bounded.call(count, "apples", 3)
        bounded.call(count, "apples", 4)
        bounded.call(check_source, Source("m.py", MODEL), Wanted(frozenset(["SHP101"]), prove=False))
    effort = spent()
    assert effort.work["apples"] == 7
    assert effort.work["texts parsed"] == 1
    assert {"start", "parse", "interpret"} <= effort.seconds.keys()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_profile_sums_over_the_processes(tmp_path: Path, capsys: pytest.CaptureFixture[str], jobs: str) -> None:
    for number in range(3):
        (tmp_path / f"m{number}.py").write_text(MODEL)
    plain = ["check", str(tmp_path), "--no-cache", "--verify=off", "-j", jobs]
    assert run(plain) == 1
    found = capsys.readouterr().out
    assert run([*plain, "--profile"]) == 1
    output, errors = capsys.readouterr()
    assert re.search(r"^ +[\d.]+ s  interpret$", errors, re.MULTILINE)
    assert "3 texts parsed" in errors
    assert output == found
