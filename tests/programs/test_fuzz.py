"""Random inputs show no fault; and the faults that the fuzz looks for, it would see."""

from __future__ import annotations

import ast
import random
import warnings

import pytest
from fuzzing import faults as judging
from fuzzing.executed import execute
from fuzzing.faults import Fault, contradictions, timed
from fuzzing.inputs import KINDS, Given, faults, nth
from fuzzing.reduce import reduced
from fuzzing.statements import random_program

from shapelint.pipeline.check import FileCheck
from shapelint.verify.client import Verifier

SEED, COUNT = 0, 40

PROGRAM = """\
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, width=10):
        super().__init__()
        self.layer = nn.GRU(width, 4)

    def forward(self, x):
        v1, v2 = self.layer(x)
        v3 = v1.transpose(0, 1)
        return v3


model = Model(width=10)
model.eval()
result = model(torch.ones(3, 5, 10))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_no_input_shows_a_fault(kind: str, verifier: Verifier) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(KINDS.index(kind), COUNT * len(KINDS), len(KINDS)):
            given = nth(SEED, number)
            assert given.kind == kind
            assert not list(faults(given, verifier)), (
                f"python benchmarks/fuzz.py --seed {SEED} --first {number} --count 1"
            )


def test_an_input_is_the_same_each_time() -> None:
    assert [nth(3, number) for number in range(10)] == [nth(3, number) for number in range(10)]


def test_generated_programs_run_and_use_most_of_what_the_generator_knows() -> None:
    programs = [random_program(random.Random(number)) for number in range(200)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = [execute(text) for text in programs]
    assert sum(not each.raised for each in done) > 150
    assert sum(bool(each.raised) for each in done) > 5
    called = {node.attr for text in programs for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
    assert len(called) > 100


def contradictions_of(text: str, verifier: Verifier) -> list[str]:
    answer = timed(20, "generated.py", text.encode())
    assert isinstance(answer, FileCheck)
    return [fault.kind for fault in contradictions(text, answer, verifier)]


def test_a_right_program_contradicts_nothing(verifier: Verifier) -> None:
    assert not contradictions_of(PROGRAM, verifier)


def test_a_wrong_shape_is_seen_with_and_without_symbols(monkeypatch: pytest.MonkeyPatch, verifier: Verifier) -> None:
    monkeypatch.setattr(judging, "execute", lambda text: execute(text.replace("transpose(0, 1)", "transpose(0, 2)")))
    answer = timed(20, "generated.py", PROGRAM.encode())
    assert isinstance(answer, FileCheck)
    told = [fault.told for fault in contradictions(PROGRAM, answer, verifier)]
    assert any("v3 is (5, 3, 4)" in each for each in told), told
    assert any("v3 is (x.size(1), x.size(0), 4)" in each for each in told), told


def test_an_error_where_torch_runs_is_seen(monkeypatch: pytest.MonkeyPatch, verifier: Verifier) -> None:
    wrong = PROGRAM.replace("v1.transpose(0, 1)", "v1.view(7, 11)")
    monkeypatch.setattr(judging, "execute", lambda text: execute(PROGRAM))
    assert "torch.Tensor.view is refused" in contradictions_of(wrong, verifier)


def test_a_shape_where_torch_raises_is_seen(monkeypatch: pytest.MonkeyPatch, verifier: Verifier) -> None:
    wrong = PROGRAM.replace("v1.transpose(0, 1)", "v1.view(7, 11)")
    monkeypatch.setattr(judging, "execute", lambda text: execute(wrong))
    assert contradictions_of(PROGRAM, verifier) == ["torch.Tensor.transpose is not refused"]


def test_an_internal_error_and_a_hang_are_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("planted")

    def hang(*_: object) -> None:
        while True:
            pass

    monkeypatch.setattr("shapelint.infer.analyse.analyse", fail)
    assert isinstance(found := timed(20, "generated.py", PROGRAM.encode()), Fault)
    assert "ZeroDivisionError" in found.kind
    monkeypatch.setattr("shapelint.infer.analyse.analyse", hang)
    assert timed(0.1, "generated.py", PROGRAM.encode()) == Fault("hang", "not done after 0.1 seconds")


def test_an_input_is_reduced_to_what_shows_the_fault() -> None:
    assert reduced(PROGRAM.encode(), lambda raw: b"GRU" in raw and b"Model(" in raw) == b"Model(GRU"
    assert reduced(b"a\xff" * 500 + b"\0" + b"b" * 500, lambda raw: b"\0" in raw) == b"\0"
    assert reduced(Given("byte", "x", b"").raw, lambda raw: True) == b""
