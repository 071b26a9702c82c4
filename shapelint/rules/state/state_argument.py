"""SHP209, SHP210: a state that is passed in the wrong form: as two arguments, as one tensor, as a tuple."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Edit, Finding, Fix, Ref, Severity
from shapelint.reading.operations import has_cell_state, is_step_call
from shapelint.reading.quoting import kind_place, quote, text_of, with_article
from shapelint.reading.recurrent import layer_of, leaves, states_given
from shapelint.reading.sizes.refusals import is_asked_for_kind
from shapelint.reading.written import argument, insertion, is_zeros
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Layer, Tensor, Value
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_GOOD = (
    """\
import torch
from torch import nn

class Language(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x, h, c):
        output, (h, c) = self.lstm(x, (h, c))
        return output, h, c
""",
    """\
import torch
from torch import nn

class Cell(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x, h, c):
        return self.lstm(x, [h, c])

class Stack(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = Cell(features, hidden)
        self.gru = nn.GRU(hidden, hidden)

    def forward(self, x, h, c):
        output, _ = self.lstm(x, h, c)
        return self.gru(output, (h))
""",
    """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
state = torch.zeros(2, 1, 5)
output, _ = lstm(torch.randn(7, 3), state)
""",
    """\
import torch
from torch import nn

class Either(nn.Module):
    def __init__(self, kind, features, hidden):
        super().__init__()
        self.kind = kind
        self.rnn = nn.LSTM(features, hidden) if kind == "lstm" else nn.GRU(features, hidden)

    def forward(self, x):
        h = torch.zeros(1, x.size(1), self.rnn.hidden_size)
        return self.rnn(x, (h, h) if self.kind == "lstm" else h)
""",
)

TWO_ARGUMENTS = Rule(
    code="SHP209",
    name="state-as-two-arguments",
    severity=Severity.ERROR,
    summary="nn.LSTM takes its state as one tuple: `lstm(x, (h0, c0))`",
    page="""\
## What it does
Finds `lstm(x, h0, c0)`, and `cell(x, h, c)` of an LSTMCell.

## Why is this bad
The call of an nn.LSTM has two parameters, the input and the state; the state is the tuple (h_0, c_0). Torch
raises a TypeError.

## Example
```python
output, (h_n, c_n) = self.lstm(x, h0, c0)
```

## Use instead
```python
output, (h_n, c_n) = self.lstm(x, (h0, c0))
```

## Proved by
raises: the call of the layer does not take three arguments.

## When it stays silent
What is called is a module of one's own that happens to be named like a layer.
""",
    bad=(
        """\
import torch
from torch import nn

class Decoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x, h, c):
        output, (h, c) = self.lstm(x, h, c)  # error: SHP209
        return output, h, c
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
h0 = torch.zeros(1, 4, 5)
c0 = torch.zeros(1, 4, 5)
output, state = lstm(torch.randn(7, 4, 3), h0, c0)  # error: SHP209
""",
        """\
import torch
from torch import nn

cell = nn.LSTMCell(5, 7)
h, c = torch.zeros(2, 7), torch.zeros(2, 7)
h, c = cell(torch.randn(2, 5), h, c)  # error: SHP209
""",
    ),
    good=_GOOD,
)

WRONG_KIND = Rule(
    code="SHP210",
    name="state-of-another-layer",
    severity=Severity.ERROR,
    summary="the state of an LSTM is the tuple (h_0, c_0), that of a GRU or RNN is one tensor",
    page="""\
## What it does
Finds an LSTM that is given one tensor as its state, and a GRU or RNN that is given a tuple; their cells, too.

## Why is this bad
An LSTM has two states, (h_0, c_0), a GRU and an RNN have one. Torch raises, and its text does not say why:
"For batched 3-D input, hx and cx should also be 3-D", "index 1 is out of bounds", "'tuple' object has no
attribute 'dim'".

## Example
```python
h0 = torch.zeros(1, batch, hidden)
output, _ = self.lstm(x, h0)
```

## Use instead
```python
h0 = torch.zeros(1, batch, hidden)
c0 = torch.zeros(1, batch, hidden)
output, _ = self.lstm(x, (h0, c0))      # or self.lstm(x): zeros are the default
```

## Proved by
raises: torch refuses the state in the call of the layer.

## When it stays silent
The LSTM reads one unbatched sequence: there torch takes one (2, D*num_layers, hidden_size) tensor apart. A
list [h_0, c_0] is as good as a tuple, and `(h)` is no tuple.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        h0 = torch.zeros(1, x.size(1), self.hidden).to(x.device)
        output, _ = self.lstm(x, h0)  # error: SHP210
        return output
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5, batch_first=True)
x = torch.randn(4, 7, 3)
h0, c0 = torch.zeros(1, 4, 5), torch.zeros(1, 4, 5)
output, h_n = gru(x, (h0, c0))  # error: SHP210
""",
        """\
import torch
from torch import nn

class Stepwise(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)
        self.gru = nn.GRU(hidden, hidden)

    def forward(self, x):
        output, state = self.lstm(x)
        return self.gru(output, state)  # error: SHP210
""",
        """\
import torch
from torch import nn

class Steps(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x):
        h, c = x.new_zeros(x.size(0), self.hidden), x.new_zeros(x.size(0), self.hidden)
        for t in range(x.size(1)):
            h = self.cell(x[:, t], (h, c))  # error: SHP210
        return h
""",
    ),
    good=_GOOD,
)


@check(TWO_ARGUMENTS, WRONG_KIND, at=Event.REFUSED)
def state_argument(trace: Trace) -> Iterator[Finding]:
    """Calls that torch refuses for the form of their state."""
    for call in filter(is_step_call, trace.nodes):
        code = None if call.error is None else call.error.code
        if code == TWO_ARGUMENTS.code:
            yield _two_arguments(trace, call)
        elif code == WRONG_KIND.code and not _may_be_pair(trace, call):
            yield _wrong_kind(trace, call)


def _may_be_pair(trace: Trace, call: Node) -> bool:
    """Whether the one tensor that a layer is given may well be what it takes, for all that is known of it."""
    return is_asked_for_kind(trace, call) or _is_only_documented(trace, states_given(call))


def _is_only_documented(trace: Trace, states: tuple[Value, ...]) -> bool:
    """Whether the one tensor comes from a parameter that a docstring or comment alone takes for a tensor."""
    refs = [state.ref for state in states if isinstance(state, Tensor) and state.ref is not None]
    given = [leaf for ref in refs for leaf in leaves(trace, ref)]
    return len(states) == 1 and any(leaf.is_documented for leaf in given)


def _two_arguments(trace: Trace, call: Node) -> Finding:
    return report(
        TWO_ARGUMENTS,
        trace,
        call,
        f"{with_article(layer_of(call))} takes its state as one argument, the tuple (h_0, c_0)",
        claims=[Raises(Ref(call.id), match="positional arguments")],
        related=[kind_place(layer_of(call))],
        fixes=[_as_tuple(trace, call)],
    )


def _as_tuple(trace: Trace, call: Node) -> Fix | None:
    written = call.expression.arguments if isinstance(call.expression, facts.Call) else ()
    if len(written) != 3 or any(given.star or given.keyword for given in written):
        return None
    h_0, c_0 = written[1].span, written[2].span
    text = f"({text_of(trace, h_0)}, {text_of(trace, c_0)})"
    edits = (insertion(h_0, "(", before=True), insertion(c_0, ")"))
    return Fix(f"pass the state as one tuple: `{' '.join(text.split())}`", edits, safe=True)


def _wrong_kind(trace: Trace, call: Node) -> Finding:
    layer, states = layer_of(call), states_given(call)
    given = argument(call, 1, "hx")
    name = "its state" if given is None else f"`{quote(trace, given.value.span)}`"
    if has_cell_state(layer):
        message = f"{with_article(layer)} takes the tuple (h_0, c_0) as its state, and {name} is one tensor"
        advice = "pass (h_0, c_0), or no state at all: zeros are the default"
    else:
        message = f"{with_article(layer)} takes one tensor as its state, and {name} holds {len(states)}"
        advice = f"{with_article(layer)} has no cell state: pass h_0 alone"
    return report(
        WRONG_KIND,
        trace,
        call,
        message,
        claims=[Raises(Ref(call.id))],
        shapes=[(name.strip("`"), state) for state in states[:1] if has_cell_state(layer)],
        related=[kind_place(layer_of(call))],
        help=advice,
        fixes=[_other_kind(trace, layer, states, given)],
    )


def _other_kind(trace: Trace, layer: Layer, states: tuple[Value, ...], given: facts.Argument | None) -> Fix | None:
    """The same zeros in the other form: a state that holds something may be meant for another layer."""
    if given is None or not all(is_zeros(trace, state) for state in states):
        return None
    text = text_of(trace, given.value.span)
    if has_cell_state(layer):
        return _replaced(given.value.span, f"({text}, {text})")
    if isinstance(given.value, facts.Sequence) and given.value.items:
        return _replaced(given.value.span, text_of(trace, given.value.items[0].span))
    return None


def _replaced(span: Span, text: str) -> Fix:
    return Fix(f"pass the zeros as `{' '.join(text.split())}`", (Edit(span, text),), safe=True)
