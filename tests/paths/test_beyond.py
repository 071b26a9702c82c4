"""A fix must mend what the entry point returns, and a mistake must be there in the end."""

from textwrap import dedent, indent

import pytest
from followed import DEFAULT

from shapelint.finding import Finding, Status
from shapelint.pipeline.check import Wanted, check_source
from shapelint.pipeline.verdicts import proven
from shapelint.report.result import FileResult
from shapelint.rules.base import load
from shapelint.source import Source
from shapelint.verify.client import Verifier

load()

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
from elsewhere import improved


class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.rnn = nn.LSTM(features, hidden, 2, batch_first=True)
        self.head = nn.Linear(2 * hidden, 4)
        self.norm = nn.LayerNorm(2 * hidden)

    def forward(self, x):
        batch, steps, _ = x.size()
        out, (h_n, c_n) = self.rnn(x)
"""


def checked(body: str, verifier: Verifier) -> FileResult:
    text = HEAD + indent(dedent(body), " " * 8)
    result = proven(check_source(Source("model.py", text), Wanted(DEFAULT)), verifier)
    assert not result.problems
    return result


def only(findings: tuple[Finding, ...]) -> Finding:
    [finding] = findings
    return finding


MENDED = {
    "returned": "return h_n.view(batch, -1)",
    "through a head": "return self.head(F.relu(h_n.view(batch, -1)))",
    "two values": """\
        flat = h_n.view(batch, -1)
        return self.head(flat), self.norm(flat).sigmoid()
    """,
    "a loss": """\
        scores = self.head(h_n.view(batch, -1))
        return scores.pow(2).mean()
    """,
    "what is not understood in the end": """\
        scores = self.head(h_n.view(batch, -1))
        return improved(scores)
    """,
}


@pytest.mark.parametrize("body", MENDED.values(), ids=MENDED)
def test_a_fix_that_mends_to_the_end_is_proven(body: str, verifier: Verifier) -> None:
    finding = only(checked(body, verifier).findings)
    assert finding.code == "SHP106"
    assert (finding.fixes[0].proven, finding.fixes[0].left) == (True, None)


SPOILED = {
    "viewed again": """\
        flat = h_n.view(batch, -1)
        pair = self.head(F.relu(flat)).view(2, batch, 2)
        return pair[0] * 2
    """,
    "over the samples": """\
        scores = self.head(h_n.view(batch, -1))
        return scores - scores.mean(0)
    """,
    "one of two values": """\
        flat = h_n.view(batch, -1)
        return self.head(flat), self.norm(flat).cumsum(0)
    """,
}


@pytest.mark.parametrize("body", SPOILED.values(), ids=SPOILED)
def test_a_fix_in_front_of_what_mixes_again_is_not_proven(body: str, verifier: Verifier) -> None:
    finding = only(checked(body, verifier).findings)
    line = len(HEAD.splitlines()) + len(dedent(body).splitlines())
    fix = finding.fixes[0]
    assert not fix.proven
    assert fix.left is not None
    assert fix.left.startswith((f"line {line}: output row", f"line {line - 1}: output row"))


HARMLESS = {
    "viewed back": """\
        flat = h_n.view(batch, -1)
        return F.relu(flat).view(2, batch, self.hidden)
    """,
    "viewed back and chosen": """\
        flat = torch.tanh(h_n.view(batch, 2 * self.hidden))
        states = flat.view(2, batch, self.hidden)
        return states[-1], states[0]
    """,
}


@pytest.mark.parametrize("body", HARMLESS.values(), ids=HARMLESS)
def test_samples_that_are_parted_again_are_no_mistake(body: str, verifier: Verifier) -> None:
    result = checked(body, verifier)
    assert result.findings == ()
    refuted = only(result.refuted)
    assert refuted.verdict is not None
    assert refuted.verdict.status is Status.REFUTED
    assert "nothing is left of that on line" in refuted.verdict.detail
