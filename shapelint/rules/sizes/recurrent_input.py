"""SHP505, SHP506: what a recurrent layer gets is a 4-D tensor, or holds no real numbers."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_contiguous, is_embedding, is_squeeze, is_step_call
from shapelint.reading.quoting import kind_place, quote
from shapelint.reading.recurrent import input_of, layer_of
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import appending_fix, named
from shapelint.reading.sizes.losses import cut_from
from shapelint.reading.trail import keeps_every_axis, made_by, nature_of, origin_of, tensor_inputs
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Dtype, Tensor, Value
from shapelint.trace.node import INPUT, Node
from shapelint.trace.trace import Trace

#: what leaves the kind of number what it was, for sure
_SAME_KIND = (Nature.DETACH, Nature.VIEW, Nature.PERMUTATION, Nature.SELECTION, Nature.PIECES, Nature.JOIN)
_WHOLE = (Nature.WHOLE, Nature.ONE_HOT, Nature.COMPARISON)

FOUR_AXES = Rule(
    code="SHP505",
    name="recurrent-input-with-four-axes",
    severity=Severity.ERROR,
    summary="an Embedding of (B, T, 1) ids gives 4 axes, and a recurrent layer takes 3",
    page="""\
## What it does
Finds recurrent layers that get a tensor of 4 or more axes, as from an Embedding whose ids have an axis too many
(an axis of length 1, or one-hot vectors).

## Why is this bad
`nn.Embedding` appends a feature axis to its ids, whatever their shape is: (B, T, 1) becomes (B, T, 1, E). A
recurrent layer takes (B, T, I), or (T, I) for one sequence, and raises.

## Example
```python
embedded = self.embedding(ids.unsqueeze(-1))       # (B, T, 1, E)
output, _ = self.lstm(embedded)
```

## Use instead
```python
embedded = self.embedding(ids)                     # (B, T, E)
output, _ = self.lstm(embedded)
```

## Proved by
raises: torch refuses the input.

## When it stays silent
The number of axes of the input is a guess of the analysis, not told by the code.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.drop = nn.Dropout(0.1)
        self.lstm = nn.LSTM(width, hidden, batch_first=True)

    def forward(self, ids):
        batch, steps = ids.shape
        output, _ = self.lstm(self.drop(self.embedding(ids.view(batch, steps, 1))))  # error: SHP505
        return output
""",
        """\
import torch
from torch import nn

embedding = nn.Embedding(50, 8)
gru = nn.GRU(8, 16)
ids = torch.randint(0, 50, (10, 32))
one_hot = nn.functional.one_hot(ids, 50)
states, _ = gru(embedding(one_hot))  # error: SHP505
""",
        """\
import torch
from torch import nn

conv = nn.Conv2d(1, 4, 3, padding=1)
rnn = nn.RNN(20, 16, batch_first=True)
features = conv(torch.randn(32, 1, 10, 20))
states, _ = rnn(features)  # error: SHP505
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.lstm = nn.LSTM(width, hidden, batch_first=True)

    def forward(self, ids):
        batch, steps, _ = ids.shape
        output, _ = self.lstm(self.embedding(ids.squeeze(-1)))
        return output
""",
        """\
import torch
from torch import nn

bags = nn.EmbeddingBag(50, 8)
gru = nn.GRU(8, 16)
ids = torch.randint(0, 50, (10 * 32, 3))
states, _ = gru(bags(ids).view(10, 32, 8))
""",
        """\
import torch
from torch import nn

class Columns(nn.Module):
    def __init__(self, channels, height, hidden):
        super().__init__()
        self.conv = nn.Conv2d(1, channels, 3, padding=1)
        self.lstm = nn.LSTM(channels * height, hidden, batch_first=True)

    def forward(self, image):
        batch, _, height, width = image.shape
        features = self.conv(image).permute(0, 3, 1, 2)
        return self.lstm(features.reshape(batch, width, -1))[0]
""",
    ),
)

WHOLE_NUMBERS = Rule(
    code="SHP506",
    name="integers-into-a-recurrent-layer",
    severity=Severity.ERROR,
    summary="a recurrent layer takes real numbers: ids need an Embedding, one-hot vectors .float()",
    page="""\
## What it does
Finds recurrent layers and cells that get integers or truth values.

## Why is this bad
The weights are floats, and torch does not convert the input: it raises. If the integers are ids, the
Embedding is missing; converted to floats, word 40 would be twice word 20.

## Example
```python
ids = torch.randint(0, words, (batch, steps, 1))
output, _ = self.lstm(ids)
```

## Use instead
```python
ids = torch.randint(0, words, (batch, steps))
output, _ = self.lstm(self.embedding(ids))
```

## Proved by
raises: torch refuses the kind of number.

## When it stays silent
The input is a parameter, whose kind of number the code does not tell; floats of another width (float64 into a
float32 layer), which are not told apart.
""",
    bad=(
        """\
import torch
from torch import nn

lstm = nn.LSTM(5, 16)
output, _ = lstm(torch.ones(3, 4, 5, dtype=torch.long))  # error: SHP506
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Letters(nn.Module):
    def __init__(self, letters, hidden):
        super().__init__()
        self.letters = letters
        self.gru = nn.GRU(letters, hidden, batch_first=True)

    def forward(self, text):
        batch, steps = text.shape
        output, _ = self.gru(F.one_hot(text.long(), self.letters))  # error: SHP506
        return output
""",
        """\
import torch
from torch import nn

cell = nn.GRUCell(8, 16)
state = torch.zeros(32, 16)
for bits in torch.randint(0, 2, (10, 32, 8)):
    state = cell(bits, state)  # error: SHP506
""",
    ),
    good=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Letters(nn.Module):
    def __init__(self, letters, hidden):
        super().__init__()
        self.letters = letters
        self.gru = nn.GRU(letters, hidden, batch_first=True)

    def forward(self, text):
        batch, steps = text.shape
        output, _ = self.gru(F.one_hot(text.long(), self.letters).float())
        return output
""",
        """\
import torch
from torch import nn

class Either(nn.Module):
    def __init__(self, words, width, hidden, embed):
        super().__init__()
        self.embedding = nn.Embedding(words, width) if embed else None
        self.lstm = nn.LSTM(width, hidden, batch_first=True)

    def forward(self, x):
        if self.embedding is not None:
            x = self.embedding(x)
        output, _ = self.lstm(x)
        return output
""",
        """\
import torch
from torch import nn

cell = nn.GRUCell(8, 16)
state = torch.zeros(32, 16)
for bits in torch.randint(0, 2, (10, 32, 8)):
    state = cell(bits / 1.0, state)
""",
    ),
)


@check(FOUR_AXES, at=Event.REFUSED)
def recurrent_input_with_four_axes(trace: Trace) -> Iterator[Finding]:
    """Recurrent calls that torch refuses for the number of axes."""
    for call in trace.nodes:
        value = input_of(call)
        if call.error is None or call.error.code != FOUR_AXES.code or not isinstance(value, Tensor) or value.rank < 4:
            continue
        name, embedded = named(trace, call, 0, "input"), _embedding_of(trace, value)
        if _is_squeezed(trace, value if embedded is None else input_of(embedded)) or _is_said_of_ids(trace, embedded):
            continue
        yield report(
            FOUR_AXES,
            trace,
            call,
            f"a recurrent layer takes 3 axes, and `{name}` has {value.rank}{_reason(trace, embedded)}",
            claims=[Raises(Ref(call.id))],
            shapes=[(name, value)],
            related=[kind_place(layer_of(call))],
            help=_help(trace, embedded),
            fixes=[_squeezed(trace, embedded)],
        )


def _embedding_of(trace: Trace, value: Tensor) -> Node | None:
    """The embedding whose result a value is, maybe after dropout."""
    node = made_by(trace, origin_of(trace, value, keeps_every_axis))
    return node if node is not None and is_embedding(node) else None


def _is_squeezed(trace: Trace, value: Value | None) -> bool:
    """Whether the code squeezes an axis away that this path takes to be longer than 1."""
    chain = cut_from(trace, value) if isinstance(value, Tensor) else ()
    made = [trace.node(one.ref) for one in chain if one.ref is not None]
    return any(is_squeeze(node) and getattr(node.args[0], "rank", 0) == _rank(node) for node in made)


def _is_said_of_ids(trace: Trace, embedded: Node | None) -> bool:
    """Whether a comment or docstring alone gives the ids their axes: it may mean what the embedding makes of them."""
    ids = None if embedded is None else input_of(embedded)
    leaf = trace.leaf_of(ids) if isinstance(ids, Tensor) else None
    return leaf is not None and leaf.is_documented


def _rank(node: Node) -> int:
    return node.result.rank if isinstance(node.result, Tensor) else 0


def _reason(trace: Trace, embedded: Node | None) -> str:
    ids = None if embedded is None else input_of(embedded)
    if embedded is None or not isinstance(ids, Tensor):
        return ""
    return f": the embedding appends one to the {ids.rank} of `{named(trace, embedded, 0, 'input')}`"


def _help(trace: Trace, embedded: Node | None) -> str:
    if embedded is None:
        return "merge axes until samples, steps and features are left"
    return f"give the embedding ids of (batch, time): `{named(trace, embedded, 0, 'input')}` has an axis too many"


def _squeezed(trace: Trace, embedded: Node | None) -> Fix | None:
    """Take a last axis of length 1 away from the ids."""
    ids = None if embedded is None else input_of(embedded)
    if embedded is None or not isinstance(ids, Tensor) or ids.rank != 3 or trace.resolve(ids.sizes[-1]) != ONE:
        return None
    what = "take the last axis of the ids away"
    return appending_fix(trace, embedded, 0, "input", ".squeeze(-1)", what, safe=True)


@check(WHOLE_NUMBERS, at=(Nature.RECURRENCE, Nature.CELL))
def integers_into_a_recurrent_layer(trace: Trace) -> Iterator[Finding]:
    """Calls of recurrent layers and cells whose input certainly holds no real numbers."""
    for call in trace.nodes:
        if not is_step_call(call):
            continue
        value = input_of(call)
        maker = _maker(trace, value) if isinstance(value, Tensor) and call.error is None else None
        if maker is None or not isinstance(value, Tensor):
            continue
        name = named(trace, call, 0, "input")
        kind = "integers" if value.dtype is Dtype.INT else "truth values"
        is_one_hot = nature_of(maker) is Nature.ONE_HOT
        yield report(
            WHOLE_NUMBERS,
            trace,
            call,
            f"{layer_of(call).name} takes real numbers, and `{name}` holds {kind}: {_made(trace, maker)}",
            claims=[Raises(Ref(call.id))],
            shapes=[(name, value)],
            related=[kind_place(layer_of(call))],
            help="look ids up in an Embedding; convert what are numbers with `.float()`",
            fixes=[_as_floats(trace, call) if is_one_hot else None],
        )


def _maker(trace: Trace, value: Tensor) -> Node | None:
    """The operation that makes the integers; None where an input of the code may hold floats as well."""
    while value.ref is not None and value.dtype is not Dtype.FLOAT:
        node = trace.node(value.ref)
        sources = [source for source in tensor_inputs(node) if isinstance(source, Tensor)]
        whole = [source for source in sources if source.dtype is not Dtype.FLOAT]
        if node.op == INPUT:
            return None
        if nature_of(node) in _WHOLE or not whole or _tells_places(node, value):
            return node
        if nature_of(node) not in _SAME_KIND and not is_contiguous(node):
            return None
        value = whole[0]
    return None


def _tells_places(node: Node, value: Tensor) -> bool:
    """Whether a value holds places of entries: of an argmax, an argsort."""
    return nature_of(node) in (Nature.EXTREME, Nature.ORDER) and value.dtype is Dtype.INT


def _made(trace: Trace, maker: Node) -> str:
    return f"`{quote(trace, maker.span)}`"


def _as_floats(trace: Trace, call: Node) -> Fix | None:
    return appending_fix(trace, call, 0, "input", ".float()", "convert the one-hot vectors", safe=True)
