"""SHP217: a state with more rows than the packed batch has sequences."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.states.depends_on import DependsOn
from shapelint.finding import Finding, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.quoting import construction_place, naming_of, place_of
from shapelint.reading.recurrent import input_of, layer_of, next_state, recurrent_calls, state_given
from shapelint.reading.written import creation_of, states_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Packed, Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP217",
    name="state-of-larger-batch",
    severity=Severity.WARNING,
    summary="a packed batch with enforce_sorted=False takes a state of a larger batch, and drops its last rows",
    page="""\
## What it does
Finds a sequence packed with `enforce_sorted=False` that is read from a state of a larger batch.

## Why is this bad
Torch permutes the state to the packed order before it checks the size, and so takes the first rows. The rest of
the state is lost in silence: it is the state of another batch. With sorted sequences torch raises.

## Example
```python
packed = pack_padded_sequence(x, lengths, enforce_sorted=False)     # 3 sequences
output, h_n = gru(packed, h0)                                       # h0: (1, 5, hidden)
```

## Use instead
```python
packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
output, h_n = gru(packed, h0[:, :3])                                # the states of the same samples
```

## Proved by
depends_on: the last rows of the state reach nothing.

## When it stays silent
The sizes are not known to differ; the sequences are packed sorted, where torch raises.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

gru = nn.GRU(3, 5, batch_first=True)
h0 = torch.randn(1, 5, 5)
lengths = torch.tensor([2, 7, 3])
packed = pack_padded_sequence(torch.randn(3, 7, 3), lengths, batch_first=True, enforce_sorted=False)
output, h_n = gru(packed, h0)  # error: SHP217
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Rest(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x, lengths):
        state = torch.ones(1, x.size(1), self.hidden)
        packed = pack_padded_sequence(x[:, 1:], lengths[1:], enforce_sorted=False)
        return self.lstm(packed, (state, state))[0]  # error: SHP217
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

gru = nn.GRU(3, 5, batch_first=True)
h0 = torch.randn(1, 5, 5)
lengths = torch.tensor([2, 7, 3])
packed = pack_padded_sequence(torch.randn(3, 7, 3), lengths, batch_first=True, enforce_sorted=False)
output, h_n = gru(packed, h0[:, :3])
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, lengths, h0):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.gru(packed, h0)[0]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Encoder(nn.Module):
    def __init__(self, features, hidden, batch):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.h0 = nn.Parameter(torch.zeros(1, 1, hidden))

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.gru(packed, self.h0.expand(-1, x.size(0), -1).contiguous())[0]
""",
    ),
)


@check(RULE, at=Nature.PACKING)
def state_of_larger_batch(trace: Trace) -> Iterator[Finding]:
    """Calls on permuted sequences with a state that certainly has more rows."""
    for call in recurrent_calls(trace):
        packed, given = input_of(call), state_given(call)
        if not isinstance(packed, Packed) or packed.enforce_sorted or call.error is not None or given is None:
            continue
        states = [state for state in states_of(given) if isinstance(state, Tensor) and state.rank == 3]
        surplus = [state for state in states if trace.resolve(state.axes[1].dim - packed.batch.dim).is_positive()]
        if surplus:
            yield _finding(trace, call, packed, surplus[0])


def _finding(trace: Trace, call: Node, packed: Packed, state: Tensor) -> Finding:
    assert state.ref is not None
    naming = naming_of(trace)
    rows, samples = naming.dim(state.axes[1].dim), naming.dim(packed.batch.dim)
    made = creation_of(trace, state)
    return report(
        RULE,
        trace,
        call,
        f"the state is for a batch of {rows}, and {samples} sequences are packed: torch drops the last rows in silence",
        claims=[DependsOn(next_state(call), source=state.ref, axis=1)],
        shapes=[("the state", state)],
        related=[construction_place(layer_of(call)), *([place_of(made, "the state is made here")] if made else [])],
        help="pass the state of the same samples",
    )
