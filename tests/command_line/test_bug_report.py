"""`shapelint bug-report`: versions, settings, and somebody's code made small and nobody's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shapelint import __version__
from shapelint.cli import run
from shapelint.pipeline import check
from shapelint.pipeline.check import Wanted, check_source
from shapelint.project.given import Given
from shapelint.reduction.reduce import Reducer, RestsOnOthersError
from shapelint.reduction.shrink import together
from shapelint.rules.base import load
from shapelint.source import Problem, Source
from shapelint.syntax.parts import statements
from shapelint.syntax.undefined import undefined_names

load()

pytestmark = pytest.mark.usefixtures("kept_processes")

#: every word with `acme` in it is the author's
SECRET = '''\
"""acme: forecasts."""
import os  # acme's
from acme_core.layers import AcmeBlock as acme_block
import torch
from torch import nn
from torch.nn.utils import weight_norm

ACME_PATH = "/home/acme/größe"


def acme_helper(acme_x):
    """Acme."""
    return acme_x * 2


class AcmeNet(nn.Module):
    @acme_block.register("acme")
    def __init__(self, acme_in, hidden, acme_mode="acme-fast"):
        super().__init__()
        self.acme_names = ["acme", f"acme {acme_in}", 'acme']
        self.acme_rnn = weight_norm(nn.LSTM(acme_in, hidden, batch_first=True), "weight_hh_l0")
        if acme_mode == "acme-fast":
            self.acme_head = nn.Linear(hidden, 3)
        else:
            self.acme_head = nn.Sequential(nn.Linear(hidden, 30), nn.ReLU(), nn.Linear(30, 3))

    def acme_size(self):
        return os.environ["ACME"]

    def forward(self, acme_batch):
        with torch.no_grad():  # acme
            acme_batch = acme_helper(acme_batch)
        for acme_round in range(1):
            print(acme_round, self.acme_size())
        acme_out, _ = self.acme_rnn(acme_batch)
        return self.acme_head(acme_out[-1])
'''


class Here:
    """Stands for the process that checks: the calls are made here."""

    def call(self, function: Callable[..., Any], *arguments: object) -> Any:
        return function(*arguments)


def reduced(text: str, code: str | None) -> Any:
    return Reducer(Here(), None, Given()).reduced(text, code)  # type: ignore[arg-type]


def found(text: str) -> list[str]:
    result = check_source(Source("reduced.py", text), Wanted(frozenset({"SHP101"})))
    return [candidate.finding.code for candidate in result.candidates]


def test_a_text_is_made_small_and_nobodys() -> None:
    small = reduced(SECRET, "SHP101")
    assert found(small.text) == ["SHP101"]
    assert "[-1]" in small.text.splitlines()[small.told.span.line - 1]
    assert "acme" not in (small.text + small.told.message).lower()
    assert "größe" not in small.text
    assert small.kept == ()
    assert len(small.text.splitlines()) <= 8
    assert not re.search("print|no_grad|weight_norm|os", small.text)
    assert undefined_names(small.text) == set()


#: the same mistake in fewer lines
SHORT = """\
from torch import nn


class AcmeNet(nn.Module):
    def __init__(self, acme_in):
        super().__init__()
        self.acme = nn.LSTM(acme_in, 7, batch_first=True)
        self.head = nn.Linear(7, 3)

    def forward(self, x):
        out, _ = self.acme(x)
        return self.head(out[-1])  # acme
"""


def test_windows_lines_and_one_line_are_reduced_too() -> None:
    windows = reduced(SHORT.replace("\n", "\r\n"), "SHP101")
    assert found(windows.text) == ["SHP101"]
    assert "acme" not in windows.text.lower()
    line = "from torch import nn; a, b = nn.LSTM(3, 5, batch_first=True)(c); d = nn.Linear(5, 2)(a[-1])"
    assert found(line) == found(reduced(line, "SHP101").text) == ["SHP101"]


def test_words_that_the_finding_needs_are_named() -> None:
    """Without the words of its comment nothing says that the input is batch-first."""
    text = "from torch import nn\n\n\ndef f(x):\n    # x: (batch, time, features)\n    lstm = nn.LSTM(3, 5)\n    out, _ = lstm(x)\n    return out\n"
    small = reduced(text, "SHP110")
    assert "batch" in small.text


def test_what_rests_on_another_file_is_not_told_alone() -> None:
    with pytest.raises(RestsOnOthersError):
        reduced("from torch import nn\nlstm = nn.LSTM(3, 5)\n", "SHP101")


def test_a_failure_of_the_check_is_reduced(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = check.analyse_source

    def failing(source: Source) -> Any:
        if "no_grad" in source.text:
            raise KeyError(source.text[:20])
        return whole(source)

    monkeypatch.setattr(check, "analyse_source", failing)
    small = reduced(SECRET, None)
    assert isinstance(small.told, Problem)
    assert small.told.internal
    assert "no_grad" in small.text
    assert len(small.text.splitlines()) <= 6


@pytest.mark.parametrize("needed", [{1}, {0, 9}, {3, 4, 7}, set(range(10)), set()])
def test_as_many_are_taken_together_as_work(needed: set[int]) -> None:
    tried = []

    def works(some: Any) -> bool:
        tried.append(some)
        return not needed & set(some)

    assert together(range(10), works) == [number for number in range(10) if number not in needed]
    assert len(tried) <= 20


def test_statements_go_with_their_decorators_and_blocks_keep_a_statement() -> None:
    text = "@a\ndef f():\n    x = 1  # c\n    y = 2\n\nz = 3\n"
    assert [cut.of(text) for cut in statements(text)] == [
        "",
        "\nz = 3\n",
        "@a\ndef f():\n    x = 1  # c\n    y = 2\n\n",
        "@a\ndef f():\n    pass\n\nz = 3\n",
        "@a\ndef f():\n    y = 2\n\nz = 3\n",
        "@a\ndef f():\n    x = 1  # c\n\nz = 3\n",
    ]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SHAPELINT_NO_CACHE")
    (tmp_path / "acme.py").write_text(SHORT)
    assert run(["bug-report"]) == 0
    told = capsys.readouterr().out
    assert f"* shapelint {__version__}\n" in told
    assert "* torch " in told
    assert "All settings are the defaults." in told
    (tmp_path / "pyproject.toml").write_text('[tool.shapelint]\nignore = ["SHP6"]\n')
    assert run(["bug-report", "acme.py:12", "--verify", "off"]) == 0
    told = capsys.readouterr().out
    assert 'ignore = ["SHP6"]  # pyproject.toml:2\n' in told
    assert "acme" not in told.lower()
    assert re.search(r"^Line \d+: SHP101 ", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("missing.py:3", "missing.py"),
        ("model.py:1", "nothing is found here"),
        ("model.py", "the check of the file does not fail; name the place of a finding: model.py:LINE"),
        ("model", "is not PATH:LINE"),
    ],
)
def test_a_wrong_place_is_told_in_a_line(
    place: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text("x = 1\n")
    assert run(["bug-report", place]) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
