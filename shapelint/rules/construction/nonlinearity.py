"""SHP603 and SHP611: what stands in the place of the nonlinearity of nn.RNN, and nonlinearities that are none."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Fix, Severity
from shapelint.reading.written import insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.construction.refusal import Refused, refused, shown, tell
from shapelint.rules.occurring import Event
from shapelint.syntax import facts
from shapelint.trace.trace import Trace

_PLACE = 3  #: the place of nonlinearity among the arguments of nn.RNN
_OF_LSTM = ("bias", "batch_first", "dropout", "bidirectional")  #: what stands there and after it in nn.LSTM and nn.GRU

POSITION = Rule(
    code="SHP603",
    name="flag-as-nonlinearity",
    severity=Severity.ERROR,
    summary="the fourth argument of nn.RNN is nonlinearity; bias and batch_first come after it",
    page="""\
## What it does
Finds a flag or a number as the nonlinearity of nn.RNN, which is its fourth positional argument.

## Why is this bad
nn.RNN has one parameter more than nn.LSTM and nn.GRU: nonlinearity stands where they have bias. A call that
is right for them fails for nn.RNN: torch raises a ValueError when the layer is built.

## Example
```python
self.rnn = nn.RNN(features, hidden, 2, True, True)
```

## Use instead
```python
self.rnn = nn.RNN(features, hidden, 2, bias=True, batch_first=True)
```

## Proved by
raises: the construction.

## When it stays silent
The fourth argument is 'tanh', 'relu' or a parameter, or the class is nn.LSTM or nn.GRU.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, bidirectional=True):
        super().__init__()
        self.rnn = nn.RNN(features, hidden, 2, True, True, 0.1, bidirectional)  # error: SHP603

    def forward(self, x):
        return self.rnn(x)[0]
""",
        """\
from torch import nn

rnn = nn.RNN(3, 5, 1, True)  # error: SHP603
""",
        """\
import torch
from torch import nn

class Choice(nn.Module):
    kinds = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}

    def __init__(self, features, hidden, kind="lstm"):
        super().__init__()
        self.rnn = self.kinds[kind](features, hidden, 2, True, True)  # error: SHP603

    def forward(self, x):
        return self.rnn(x)[0]
""",
    ),
    good=(
        """\
from torch import nn

rnn = nn.RNN(3, 5, 2, "relu", True, True)
lstm = nn.LSTM(3, 5, 2, True, True)
gru = nn.GRU(3, 5, 2, bias=True, batch_first=True)
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, nonlinearity="tanh"):
        super().__init__()
        self.rnn = nn.RNN(features, hidden, 1, nonlinearity, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]
""",
        """\
import torch
from torch import nn

class Choice(nn.Module):
    kinds = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}

    def __init__(self, features, hidden, kind="lstm"):
        super().__init__()
        self.rnn = self.kinds[kind](features, hidden, 2, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]
""",
    ),
)

FUNCTION = Rule(
    code="SHP611",
    name="nonlinearity-not-there",
    severity=Severity.ERROR,
    summary="only nn.RNN and nn.RNNCell have a nonlinearity, 'tanh' or 'relu'",
    page="""\
## What it does
Finds nonlinearity or activation given to an LSTM or a GRU, and a nonlinearity of nn.RNN or nn.RNNCell that
is neither 'tanh' nor 'relu'.

## Why is this bad
The functions of the gates of an LSTM and a GRU are fixed. Torch raises when the layer is built, and for
nn.RNNCell when it is called.

## Example
```python
self.lstm = nn.LSTM(features, hidden, nonlinearity="relu")
```

## Use instead
```python
self.rnn = nn.RNN(features, hidden, nonlinearity="relu")
```

## Proved by
raises: the construction, or the first call of the cell.

## When it stays silent
The nonlinearity is a parameter or comes from a configuration.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, nonlinearity="relu")  # error: SHP611
        self.cell = nn.RNNCell(features, hidden, nonlinearity="sigmoid")  # error: SHP611

    def forward(self, x):
        return self.cell(x[:, 0], self.lstm(x)[0][:, 0])
""",
        """\
from torch import nn

gru = nn.GRU(3, 5, activation="tanh")  # error: SHP611
rnn = nn.RNN(3, 5, nonlinearity="gelu")  # error: SHP611
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.RNN(features, hidden, nonlinearity="relu")
        self.cell = nn.RNNCell(features, hidden, nonlinearity="tanh")

    def forward(self, x):
        return self.cell(x[0]), self.rnn(x)[0]
""",
        """\
from torch import nn

def build(features, hidden, nonlinearity):
    return nn.RNN(features, hidden, nonlinearity=nonlinearity)
""",
        """\
import torch
from torch import nn

layer = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu")
gru = nn.GRU(8, 8)
output, h_n = gru(layer(torch.randn(7, 4, 8)))
""",
    ),
)


@check(POSITION, FUNCTION, at=Event.REFUSED)
def nonlinearities(trace: Trace) -> Iterator[Finding]:
    """Constructions that torch refuses for the nonlinearity."""
    for one in refused(trace, POSITION.code):
        place = "the fourth argument of nn.RNN is nonlinearity" if one.kind == "nn.RNN" else "nonlinearity is a name"
        message = f"{place}, 'tanh' or 'relu', and {shown(trace, one)} is neither"
        yield tell(POSITION, trace, one, message, "pass flags by name: bias=True, batch_first=True", [_by_name(one)])
    for one in refused(trace, FUNCTION.code):
        message = f"{one.kind} has no argument `{one.name}`: the functions of its gates are fixed"
        if one.name not in ("activation", "nonlinearity") or one.kind.startswith("nn.RNN"):
            message = f"the nonlinearity of {one.kind} is 'tanh' or 'relu', not {shown(trace, one)}"
        yield tell(FUNCTION, trace, one, message, "nn.RNN and nn.RNNCell have a nonlinearity, 'tanh' or 'relu'")


def _by_name(one: Refused) -> Fix | None:
    """Name the arguments from the fourth on as nn.LSTM and nn.GRU order them; a lone flag is batch_first."""
    call = one.built.expression
    if one.kind != "nn.RNN" or not isinstance(call, facts.Call):
        return None
    given = [written for written in call.arguments if written.keyword is None]
    late, named = given[_PLACE:], {written.keyword for written in call.arguments}
    names = ("batch_first",) if len(late) == 1 else _OF_LSTM[: len(late)]
    if any(written.star for written in call.arguments) or len(late) > len(_OF_LSTM) or not named.isdisjoint(names):
        return None
    edits = tuple(insertion(at.value.span, f"{name}=", before=True) for name, at in zip(names, late, strict=True))
    return Fix(f"pass {', '.join(names)} by name", edits, safe=len(late) > 1 or _is_spelled(call))


def _is_spelled(call: facts.Call) -> bool:
    """Whether the call can build nothing but an nn.RNN: a lone flag is the bias of the other classes."""
    return isinstance(call.func, facts.Attribute) and call.func.attr == "RNN"
