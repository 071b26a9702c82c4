"""What torch may confirm: a finding that rests on a guessed rank is none, however well the replay fits."""

from textwrap import dedent, indent

import pytest
import torch
from followed import DEFAULT

from shapelint.finding import Confidence, Finding, Status
from shapelint.pipeline.check import Candidate, FileCheck, Wanted, check_source
from shapelint.pipeline.verdicts import proven
from shapelint.rules.base import load
from shapelint.source import Source
from shapelint.trace.node import INPUT
from shapelint.verify.client import Verifier
from shapelint.verify.program.program import Program

load()


HEAD = """\
import torch
import torch.nn as nn
from frames import frames_of


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(8, 16, bidirectional=True)
        self.read = nn.GRU(8, 16, bidirectional=True, batch_first=True)
        self.cell = nn.GRUCell(8, 16)
        self.head = nn.Linear(32, 2)

    def forward(self, signal):
"""

#: right programs: `frames_of` gives one sequence, (steps, 8), as torch.nn.GRU takes it too
ONE_SEQUENCE = {
    "view": """\
        out, h_n = self.rnn(frames_of(signal))
        return self.head(h_n.view(-1, 32))
    """,
    "reshape": """\
        frames = frames_of(signal)
        h_n = self.rnn(frames)[1]
        return self.head(h_n.reshape(-1, 32))
    """,
    "after an activation": """\
        _, h_n = self.rnn(torch.relu(frames_of(signal)))
        return self.head(torch.tanh(h_n.view(-1, 32)))
    """,
}

#: right programs: the index counts the axes of one sequence, (steps, 8), and the caller gives just that
COUNTED = {
    "last step": "return self.head(self.rnn(signal)[0][-1, :])",
    "last step of a batch-first layer": "return self.head(self.read(signal)[0][-1, :])",
    "last step of a chain": """\
        out, _ = self.read(signal)
        out = torch.tanh(out)
        return self.head(out[-1, :])
    """,
}

#: wrong programs: something in the code refuses one sequence
BATCH = {
    "the author unpacks three sizes": """\
        frames = frames_of(signal)
        steps, samples, features = frames.size()
        _, h_n = self.rnn(frames)
        return self.head(h_n.view(-1, 32))
    """,
    "an index for each of three axes": """\
        out, h_n = self.rnn(frames_of(signal))
        return self.head(h_n.view(-1, 32)), out[:, :, 0]
    """,
    "axes are exchanged": """\
        _, h_n = self.rnn(frames_of(signal).permute(1, 0, 2))
        return self.head(h_n.view(-1, 32))
    """,
    "the layer is told how batches lie": """\
        _, h_n = self.read(frames_of(signal))
        return self.head(h_n.view(-1, 32))
    """,
    "a comment": """\
        frames = frames_of(signal)  # (time, batch, 8)
        _, h_n = self.rnn(frames)
        return self.head(h_n.view(-1, 32))
    """,
    "what the caller gives is a batch": """\
        _, h_n = self.rnn(signal)
        return self.head(h_n.view(-1, 32))
    """,
}


def checked(body: str, confidence: Confidence = Confidence.LOW) -> FileCheck:
    text = HEAD + indent(dedent(body), " " * 8)
    check = check_source(Source("model.py", text), Wanted(DEFAULT, confidence))
    assert not check.problems
    return check


def candidates(body: str, confidence: Confidence = Confidence.LOW) -> tuple[Candidate, ...]:
    return checked(body, confidence).candidates


def told(body: str, verifier: Verifier) -> list[Finding]:
    return [finding for finding in proven(checked(body), verifier).findings if finding.code == "SHP106"]


@pytest.mark.parametrize("body", ONE_SEQUENCE.values(), ids=ONE_SEQUENCE)
class TestOneSequence:
    def test_the_program_is_right(self, body: str) -> None:
        names: dict[str, object] = {}
        text = HEAD.replace("from frames import frames_of\n", "frames_of = torch.nn.Identity()\n")
        exec(text + indent(dedent(body), " " * 8), names)  # the test's own program
        model = names["Model"]()  # type: ignore[operator]
        assert model(torch.randn(5, 8)).shape == (1, 2)

    def test_nothing_is_told(self, body: str) -> None:
        assert candidates(body, Confidence.MEDIUM) == ()

    def test_what_was_assumed_is_told_at_low_confidence(self, body: str, verifier: Verifier) -> None:
        [finding] = told(body, verifier)
        assert finding.confidence is Confidence.LOW
        assert finding.verdict is not None
        assert finding.verdict.status is Status.UNVERIFIED
        assert finding.verdict.assumed == ("that `frames_of(signal)` has 3 axes",)
        assert not any(fix.proven for fix in finding.fixes)


@pytest.mark.parametrize("body", COUNTED.values(), ids=COUNTED)
class TestCountedAxes:
    def test_one_sequence_is_what_the_index_says(self, body: str) -> None:
        assert "SHP101" not in [one.finding.code for one in candidates(body, Confidence.MEDIUM)]

    def test_a_stated_batch_is_a_mistake(self, body: str) -> None:
        body = f"batch, steps, features = signal.shape\n{dedent(body)}".replace("self.rnn(", "self.read(")
        assert "SHP101" in [one.finding.code for one in candidates(body, Confidence.MEDIUM)]


@pytest.mark.parametrize("body", BATCH.values(), ids=BATCH)
def test_a_rank_that_alone_fits_the_code_is_no_guess(body: str, verifier: Verifier) -> None:
    [finding] = told(body, verifier)
    assert finding.confidence is not Confidence.LOW
    assert finding.verdict is not None
    assert finding.verdict.status is Status.CONFIRMED
    assert finding.verdict.assumed == ()


def test_a_mistake_at_every_rank_is_confirmed_at_each(verifier: Verifier) -> None:
    body = "return self.head(self.rnn(frames_of(signal)))"
    [candidate] = candidates(body)
    assert candidate.judged is not None
    assert candidate.judged.assumed == ()
    programs = [program for case in candidate.judged.cases for program in case.programs]
    steps = [step for program in programs if isinstance(program, Program) for step in program.document["steps"]]
    assert sorted(len(step["shape"]) for step in steps if step["op"] == INPUT) == [2, 3]
    [finding] = proven(checked(body), verifier).findings
    assert finding.code == "SHP302"
    assert finding.verdict is not None
    assert finding.verdict.status is Status.CONFIRMED
