"""SHP204: an initial state whose batch size is the number of steps; the state is wrong, or the layout is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Fix, Ref, Severity
from shapelint.ops.registry import ShapeError
from shapelint.reading.layout.readings import Readings, readings
from shapelint.reading.names import output_named_state
from shapelint.reading.quoting import construction_place, naming_of
from shapelint.reading.recurrent import config_of, input_of, layer_of, recurrent_calls, states_given
from shapelint.reading.written import creation_of
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import input_shape, report
from shapelint.rules.state.state_sizes import created, state_fix, take_other_axis
from shapelint.rules.state.state_words import shape_text, state_name
from shapelint.shapes.render import Naming
from shapelint.shapes.value import Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP204",
    name="state-sized-by-time",
    severity=Severity.ERROR,
    summary="the initial state takes its batch size from the time axis of the input",
    page="""\
## What it does
Finds an initial state whose batch axis is as long as the sequence: `x.size(0)` for a layer that reads
(time, batch, feature), or `x.size(1)` for a layer with batch_first=True.

## Why is this bad
Torch raises, unless the batch happens to be as large as the number of steps. Either the size is taken from
the wrong axis, or the layer reads the input the wrong way round: the finding names both, with what speaks for each.

## Example
```python
self.gru = nn.GRU(features, hidden)
h0 = torch.zeros(1, x.size(0), hidden)
output, h_n = self.gru(x, h0)
```

## Use instead
```python
self.gru = nn.GRU(features, hidden, batch_first=True)   # if x is (batch, time, feature)
h0 = torch.zeros(1, x.size(0), hidden)                  # or x.size(1), if x is (time, batch, feature)
output, h_n = self.gru(x, h0)
```

## Proved by
raises: torch refuses the state in the call of the layer.

## When it stays silent
The state's batch size is not known to be the time axis of the input.
""",
    bad=(
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden)

    def forward(self, x):
        h0 = torch.zeros(1, x.size(0), self.hidden)
        output, h_n = self.gru(x, h0)  # error: SHP204
        return output
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5, batch_first=True)
x = torch.randn(4, 7, 3)
state = torch.zeros(1, x.size(1), 5)
output, _ = lstm(x, (state, state))  # error: SHP204
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        h0 = torch.zeros(1, x.size(0), self.hidden)
        output, h_n = self.gru(x, h0)
        return output
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5)
x = torch.randn(7, 4, 3)
output, h_n = gru(x, torch.zeros(1, x.size(1), 5))
""",
        """\
import torch
from torch import nn

class AnyBatch(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden)

    def forward(self, x, batch):
        return self.gru(x, torch.zeros(1, batch, self.hidden))
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def state_sized_by_time(trace: Trace) -> Iterator[Finding]:
    """Calls whose state has a row for each step."""
    for call in recurrent_calls(trace):
        if call.error is None or call.error.code != RULE.code:
            continue
        if output_named_state(trace, call) is None:
            yield _finding(trace, call, call.error)


def _finding(trace: Trace, call: Node, error: ShapeError) -> Finding:
    name, state = state_name(trace, call, error), states_given(call)[-1 if error.details["state"] == "c_0" else 0]
    naming = naming_of(trace)
    got, expected = (shape_text(naming, error.details[which]) for which in ("got", "expected"))
    told = _readings(trace, call, error, naming)
    return report(
        RULE,
        trace,
        call,
        f"{name} has a row for each step: it is {got}, and this {layer_of(call).name} needs {expected}",
        claims=[Raises(Ref(call.id))],
        shapes=[(name.strip("`"), state), *input_shape(trace, call)],
        related=[construction_place(layer_of(call)), *created(trace, call, state), *told.places],
        help=told.help,
        fixes=told.fixes,
    )


def _readings(trace: Trace, call: Node, error: ShapeError, naming: Naming) -> Readings:
    """The size comes from the wrong axis; or, of a layer that is built time first, the layout is wrong."""
    config, value = config_of(call), input_of(call)
    axis = 0 if config.batch_first else 1
    size = f", `{naming.dim(value.axes[axis].dim)}`" if isinstance(value, Tensor) else ""
    step = f"take the batch size from axis {axis}{size}"
    mend = _mend(trace, call, error, axis)
    if config.batch_first:
        return Readings((mend,), (), f"{step}, or build the layer without batch_first=True")
    return readings(trace, call, call, step, mend, ())


def _mend(trace: Trace, call: Node, error: ShapeError, axis: int) -> Fix | None:
    """Take the size from the other axis, where the state is made in the function that makes the call."""
    made = [creation_of(trace, state) for state in states_given(call)]
    if any(node is None or node.frames != call.frames for node in made):
        return None
    mended = state_fix(trace, call, error, take_other_axis)
    if mended is None:
        return None
    return replace(mended, description=f"take the batch size from axis {axis} of the input", safe=False)
