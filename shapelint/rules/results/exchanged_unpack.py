"""SHP306: `h, out = gru(x)`: the output and the state bound to each other's names, and used as these say."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Claim, Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import samples_mix
from shapelint.reading.names import exchanged_names, output_named_state
from shapelint.reading.operations import has_cell_state, is_subscript
from shapelint.reading.quoting import kind_place, place_of, quote
from shapelint.reading.recurrent import H_N, layer_of, recurrent_calls, slot_of
from shapelint.reading.single_index import LAST, ONE, Pick, picks
from shapelint.reading.uses import is_summary
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Value
from shapelint.trace.events import Binding
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP306",
    name="output-and-state-exchanged",
    severity=Severity.WARNING,
    summary="`h, out = gru(x)`: the output comes first, and the state second",
    page="""\
## What it does
Finds `_, out = gru(x)` and `h, out = lstm(x)` where the names are used as they say: the last step is taken of
`out`, or `h` is passed on as a state.

## Why is this bad
A recurrent layer returns the output first, and then its state. `out` is h_n, (layers, batch, hidden), so
`out[:, -1]` is the last sample of the batch. Torch accepts it.

## Example
```python
_, out = self.gru(x)
return self.fc(out[:, -1])
```

## Use instead
```python
out, _ = self.gru(x)
return self.fc(out[:, -1])
```

## Proved by
batch_independence: the rows of `out[:, -1]` are not one for each sample. Where torch refuses the use, for
`out` of an LSTM is a tuple, or for the output does not fit as a state: raises.

## When it stays silent
Only the names are exchanged, and the use fits: `_, out = gru(x)` and then `out[-1]`, or `h, _ = gru(x)` and
then `h[:, -1]`.
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, out = self.gru(x)
        return self.fc(out[:, -1])  # error: SHP306
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5, batch_first=True)
hidden, output = lstm(torch.randn(4, 7, 3))
last = output[:, -1, :]  # error: SHP306
""",
        """\
import torch
from torch import nn

class Translator(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.encoder = nn.GRU(features, hidden, batch_first=True)
        self.decoder = nn.GRU(features, hidden, batch_first=True)

    def forward(self, source, target):
        hidden, outputs = self.encoder(source)
        result, _ = self.decoder(target, hidden)  # error: SHP306
        return result
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, out = self.gru(x)
        return self.fc(out[-1])
""",
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        hidden, _ = self.gru(x)
        return self.fc(hidden[:, -1])
""",
        """\
import torch
from torch import nn

class Transposed(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, num_layers=2)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        _, out = self.gru(x)
        out = out.transpose(0, 1)
        return self.fc(out[:, -1])
""",
    ),
)


@check(RULE, at=Nature.RECURRENCE)
def output_and_state_exchanged(trace: Trace) -> Iterator[Finding]:
    """Calls whose two results have each other's names, and the uses that show it."""
    for call in recurrent_calls(trace):
        names = exchanged_names(trace, call) if call.error is None else None
        if names is not None:
            yield from _last_steps(trace, call, names)
            yield from _refused(trace, call, names)


def _last_steps(trace: Trace, call: Node, names: tuple[Binding, Binding]) -> Iterator[Finding]:
    """`out[:, -1]` of h_n."""
    for pick in picks(trace):
        slot = slot_of(trace, pick.base)
        if slot is None or slot.call is not call or slot.slot != H_N or not _takes_last(trace, pick):
            continue
        claims = samples_mix(trace, call, pick.ref, int(pick.kept))
        whole = quote(trace, pick.node.span)
        told = f"so `{whole}` is the last sample of the batch"
        fix = _exchange(names) if slot.config.batch_first else None
        yield _finding(trace, pick.node, call, names, told, claims, [(names[1].name, pick.base)], fix)


def _takes_last(trace: Trace, pick: Pick) -> bool:
    if pick.base.rank != 3 or pick.axis != 1 or pick.index != LAST or trace.resolve(pick.picked.dim) == ONE:
        return False
    return is_summary(trace, pick.node)


def _refused(trace: Trace, call: Node, names: tuple[Binding, Binding]) -> Iterator[Finding]:
    """What torch refuses: a tensor's index on an LSTM's state, and the output as a state."""
    for node in trace.nodes:
        if node.error is None:
            continue
        if is_subscript(node) and getattr(node.args[0], "ref", None) == Ref(call.id, (1,)):
            told, shown = "a tuple that cannot be indexed like a tensor", []
        elif output_named_state(trace, node) is call:
            told, shown = f"and `{names[0].name}` is the output, not a state", [(names[0].name, names[0].value)]
        else:
            continue
        yield _finding(trace, node, call, names, told, [Raises(Ref(node.id))], shown, _exchange(names))


def _finding(
    trace: Trace,
    node: Node,
    call: Node,
    names: tuple[Binding, Binding],
    told: str,
    claims: list[Claim],
    shapes: list[tuple[str, Value]],
    fix: Fix | None,
) -> Finding:
    layer = layer_of(call)
    state = "(h_n, c_n)" if has_cell_state(layer) else "h_n"
    return report(
        RULE,
        trace,
        node,
        f"`{names[1].name}` is {state}, {told}: nn.{layer.name} returns (output, {state})",
        claims=claims,
        shapes=shapes,
        related=[kind_place(layer), place_of(names[0], "the results are bound here")],
        help=f"bind the output first: `{names[1].name}, {names[0].name} = ...`",
        fixes=[fix],
    )


def _exchange(names: tuple[Binding, Binding]) -> Fix:
    first, second = names
    edits = (Edit(first.span, second.name), Edit(second.span, first.name))
    return Fix(f"bind the output first: `{second.name}, {first.name}`", edits)
