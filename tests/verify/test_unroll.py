"""Programs of loops: the rounds that were not followed are written out, and do what the loop does."""

from __future__ import annotations

import pytest
from followed import traces_of

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.claims.rows.sees_whole_sequence import SeesWholeSequence
from shapelint.finding import Claim, Ref, Status, Verdict
from shapelint.shapes.value import Tensor
from shapelint.trace.node import INPUT
from shapelint.trace.trace import Trace
from shapelint.verify.client import Verifier
from shapelint.verify.program.program import NotReplayable, Program, build

HEAD = """\
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.cell = nn.GRUCell(features, hidden)
        self.lstm = nn.LSTMCell(features, hidden)

    def forward(self, x):
        batch, steps, _ = x.size()
"""


def trace_of(body: str) -> Trace:
    text = HEAD + "".join(f"        {line}\n" for line in body.splitlines())
    return next(trace for trace in traces_of(text, "example.py") if trace.entry == "Model.forward")


def returned(trace: Trace) -> Tensor:
    value = trace.returned[-1]
    assert isinstance(value, Tensor)
    return value


def source_of(trace: Trace) -> Ref:
    return next(Ref(node.id) for node in trace.nodes if node.op == INPUT)


def target_of(trace: Trace) -> Ref:
    ref = returned(trace).ref
    assert ref is not None
    return ref


def sees_all(trace: Trace) -> Claim:
    return SeesWholeSequence(target_of(trace), source_of(trace), time_axis=1)


def by_sample(trace: Trace) -> Claim:
    return BatchIndependence(target_of(trace), source_of(trace), batch_axis=0, target_axis=0)


def ask(verifier: Verifier, trace: Trace, claim: Claim) -> Verdict:
    program = build(trace, claim)
    assert isinstance(program, Program), program
    return verifier.check([program])[0]


FED = [
    """\
h = None
for t in range(steps):
    h = self.cell(x[:, t], h)
return h""",
    """\
h = x.new_zeros(batch, self.hidden)
for step in x.unbind(1):
    h = self.cell(step, h)
return h""",
    """\
state = None
for step in x.transpose(0, 1):
    state = self.lstm(step, state)
return state[0]""",
    """\
h, c = x.new_zeros(batch, self.hidden), x.new_zeros(batch, self.hidden)
for t, step in enumerate(x.unbind(1)):
    h, c = self.lstm(torch.tanh(step), (h, c))
return h""",
    """\
h, outputs = self.cell(x[:, 0]), []
for t in range(1, steps):
    h = self.cell(x[:, t], h)
    outputs.append(h)
return torch.stack(outputs, 1)[:, -1]""",
]


@pytest.mark.parametrize("body", FED)
def test_a_state_that_is_handed_on_sees_every_step(verifier: Verifier, body: str) -> None:
    trace = trace_of(body)
    verdict = ask(verifier, trace, sees_all(trace))
    assert (verdict.status, verdict.detail) == (Status.REFUTED, "every feature depends on every step")
    rows = ask(verifier, trace, by_sample(trace))
    assert rows.status is Status.REFUTED


@pytest.mark.parametrize("state", ["", ", x.new_zeros(batch, self.hidden)"])
def test_a_state_that_is_dropped_sees_the_last_step(verifier: Verifier, state: str) -> None:
    trace = trace_of(f"for t in range(steps):\n    h = self.cell(x[:, t]{state})\nreturn h")
    verdict = ask(verifier, trace, sees_all(trace))
    assert verdict.status is Status.CONFIRMED
    assert "depend on step 4 only, of steps 0 to 4" in verdict.detail


def test_a_list_has_an_item_for_each_round(verifier: Verifier) -> None:
    loop = "h, outs = None, []\nfor step in x.unbind(1):\n    h = self.cell(step, h)\n    outs.append(h)\n"
    trace = trace_of(loop + "return torch.stack(outs)[:, -1]")
    verdict = ask(verifier, trace, by_sample(trace))
    assert verdict.detail.startswith("the result (5, 13) has 5 rows for 3 samples")
    trace = trace_of(loop + "return torch.cat(outs).view(steps, batch, -1).transpose(0, 1)")
    verdict = ask(verifier, trace, by_sample(trace))
    assert verdict.status is Status.REFUTED


def test_the_last_item_of_what_is_taken_apart_is_the_last_step(verifier: Verifier) -> None:
    trace = trace_of("parts = x.unbind(1)\nreturn self.cell(parts[-1], self.cell(parts[0]))")
    verdict = ask(verifier, trace, sees_all(trace))
    assert "depend on steps 0 and 4 only" in verdict.detail


def test_two_loops_are_both_written_out(verifier: Verifier) -> None:
    trace = trace_of(
        "h = None\nfor t in range(steps):\n    h = self.cell(x[:, t], h)\n"
        "for t in range(steps):\n    h = self.cell(x[:, t], h)\nreturn h"
    )
    program = build(trace, sees_all(trace))
    assert isinstance(program, Program)
    calls = [step for step in program.document["steps"] if step["op"] == "torch.nn.GRUCell.forward"]
    assert len(calls) == 10


def test_a_list_that_grows_inside_the_loop_is_not_written_out() -> None:
    trace = trace_of(
        "h, outs = None, []\nfor step in x.unbind(1):\n    h = self.cell(step, h)\n    outs.append(h)\n"
        "    h = torch.stack(outs).mean(0)\nreturn torch.stack(outs)"
    )
    assert isinstance(build(trace, sees_all(trace)), NotReplayable)
