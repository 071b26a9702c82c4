"""Sizes for a replay: small, and such that what the code needs equal is equal."""

from textwrap import dedent

import pytest
from followed import DEFAULT
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelint.finding import Status
from shapelint.pipeline.check import Wanted, check_source
from shapelint.pipeline.verdicts import proven
from shapelint.rules.base import load
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.source import Source
from shapelint.verify.client import Verifier
from shapelint.verify.program.sizes import SizeProblem, choose_sizes, satisfied

load()

B, T, W, H, K = (Dim.symbol(name) for name in "BTWHK")


def number(value: int) -> Dim:
    return Dim.of(value)


EQUATIONS = {
    "a product": [(T * H, number(7680))],
    "a product with a factor on both sides": [(K * T, H * K)],
    "a width behind a stride": [((W - number(3)) // number(3) + number(1), number(74))],
    "a chain": [(T * H, number(960)), (H, number(3) * K), (W, T + K)],
    "a square": [(H * H, number(49))],
    "halves of halves": [((W // number(2)) // number(2) * number(16), number(128))],
}


@pytest.mark.parametrize("equations", EQUATIONS.values(), ids=EQUATIONS)
def test_sizes_solve_the_equations(equations: list[tuple[Dim, Dim]]) -> None:
    problem = SizeProblem({B, T, W, H, K}, equations=equations)
    problem.add_axes([Axis(B, Role.BATCH), Axis(T, Role.TIME)])
    sizes = choose_sizes(problem, ())
    assert sizes is not None
    assert satisfied(problem, sizes)


def test_the_steps_stay_few() -> None:
    """After a thousand steps a state is forgotten to the last bit, and nothing seems to depend on it."""
    problem = SizeProblem({T, H}, equations=[(T * H, number(7680))])
    problem.add_axes([Axis(H), Axis(T, Role.TIME)])
    sizes = choose_sizes(problem, ())
    assert sizes is not None
    assert sizes["T"] <= 10


@settings(deadline=None, max_examples=60)
@given(
    values=st.fixed_dictionaries({name: st.integers(1, 40) for name in "BTW"}),
    shape=st.sampled_from(["product", "sum", "stride", "multiple"]),
)
def test_an_equation_that_can_be_solved_is_solved(values: dict[str, int], shape: str) -> None:
    left = {
        "product": B * T,
        "sum": B + T,
        "stride": (W - number(1)) // number(2) + number(1),
        "multiple": W * number(4),
    }[shape]
    problem = SizeProblem({B, T, W, H, K}, equations=[(left, number(left.evaluate(values)))])
    sizes = choose_sizes(problem, ())
    assert sizes is not None
    assert satisfied(problem, sizes)


PROGRAMS = {
    "large literals": """
        class Tagger(nn.Module):
            def __init__(self, classes):
                super().__init__()
                self.conv = nn.Conv2d(1, 128, 3, padding=1)
                self.pool = nn.MaxPool2d(8)
                self.rnn = nn.LSTM(128 * 16, 1024, num_layers=2, batch_first=True, bidirectional=True)
                self.head = nn.Linear(2048, classes)

            def forward(self, x):
                maps = self.pool(self.conv(x)).permute(0, 3, 1, 2).flatten(2)
                out, _ = self.rnn(maps)
                return self.head(out[:, -1])
        """,
    "a head over all steps": """
        class Forecast(nn.Module):
            def __init__(self, features, hidden, steps):
                super().__init__()
                self.hidden = hidden
                self.rnn = nn.GRU(features, hidden[0], batch_first=True)
                self.head = nn.Linear(7680, steps)

            def forward(self, x):
                h_0 = torch.randn(1, x.size(0), self.hidden[0])
                out, _ = self.rnn(x, h_0)
                return self.head(out.reshape(x.size(0), -1))
        """,
    "as many steps as are asked for": """
        class Padded(nn.Module):
            def __init__(self, features, hidden, steps):
                super().__init__()
                self.steps = steps
                self.rnn = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)

            def forward(self, x, lengths):
                packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
                out, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True, total_length=self.steps)
                return out[torch.arange(out.size(0)), lengths - 1]
        """,
    "a number of layers, where torch refuses the layer": """
        class Model(nn.Module):
            def __init__(self, words, chars, cases, features, inputs, hidden, layers, dropout):
                super().__init__()
                self.lstm = nn.LSTM(inputs, hidden, layers, bias=0.5, batch_first=True)
        """,
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_findings_with_awkward_sizes_are_proved(text: str, verifier: Verifier) -> None:
    head = "import torch\nimport torch.nn as nn\nfrom torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n"
    check = check_source(Source("model.py", head + dedent(text)), Wanted(DEFAULT))
    (finding,) = proven(check, verifier).findings
    assert finding.verdict is not None
    assert finding.verdict.status is Status.CONFIRMED, finding.verdict.detail
