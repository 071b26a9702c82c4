"""SHP915: positional encodings that are laid along the batch."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.alike_samples import AlikeSamples
from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.ops.nature import HANDS_ON, Nature
from shapelint.reading.layout.meaning import Meaning, meaning_of
from shapelint.reading.operations import is_count
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.single_index import ONE
from shapelint.reading.trail import above, ancestors, made_by, nature_of, natures, trail
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor
from shapelint.trace.node import INPUT, Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP915",
    name="positions-of-samples",
    severity=Severity.WARNING,
    waived_by_option=True,
    summary="`x + pe[:x.size(0)]` with (T, 1, D) encodings numbers the samples of a batch-first x, not its steps",
    page="""\
## What it does
Finds positional encodings of shape (N, 1, D), a slice of a table or an embedding of `torch.arange`, that are added to a
batch-first (B, T, D) tensor.

## Why is this bad
The encodings of the well-known tutorial are (max_len, 1, D), for time-first tensors. Added to a batch-first one, the
first sample gets the encoding of step 0 at all of its steps, the second that of step 1: all steps of a sample look
alike to the attention, and the same sentence means something else at another place of the batch. A batch of one has no
positions at all.

## Example
```python
h = self.embedding(ids)                     # (B, T, D)
h = h + self.pe[:h.size(0)]                 # pe: (max_len, 1, D)
return self.encoder(h)                      # batch_first=True
```

## Use instead
```python
h = self.embedding(ids)
h = h + self.pe[:h.size(1)].transpose(0, 1)
return self.encoder(h)
```

## Proved by
alike_samples: samples that are the same have different rows.

## When it stays silent
Axis 0 holds the steps; nothing but the text of the encoding's own class says what axis 0 is; what is added comes from
the input.
""",
    bad=(
        """\
import torch
from torch import nn

class Positions(nn.Module):
    def __init__(self, width, max_len=512):
        super().__init__()
        steps = torch.arange(max_len).unsqueeze(1)
        pe = torch.zeros(max_len, 1, width)
        pe[:, 0, 0::2] = torch.sin(steps / 10000)
        self.register_buffer("pe", pe)

    def forward(self, x):
        "x: [seq_len, batch_size, width]"
        return x + self.pe[:x.size(0)]  # error: SHP915

class Tagger(nn.Module):
    def __init__(self, words, width, tags):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.positions = Positions(width)
        layer = nn.TransformerEncoderLayer(width, 4, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.fc = nn.Linear(width, tags)

    def forward(self, ids):
        return self.fc(self.encoder(self.positions(self.embedding(ids))))
""",
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    "tokens: (batch, seq)"

    def __init__(self, words, width):
        super().__init__()
        self.word = nn.Embedding(words, width)
        self.position = nn.Embedding(512, width)
        self.layer = nn.TransformerEncoderLayer(width, 4, batch_first=True)

    def forward(self, tokens):
        places = torch.arange(tokens.size(0)).unsqueeze(1)
        return self.layer(self.word(tokens) + self.position(places))  # error: SHP915
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Positions(nn.Module):
    def __init__(self, width, max_len=512):
        super().__init__()
        steps = torch.arange(max_len).unsqueeze(1)
        pe = torch.zeros(max_len, 1, width)
        pe[:, 0, 0::2] = torch.sin(steps / 10000)
        self.register_buffer("pe", pe)

    def forward(self, x):
        "x: [seq_len, batch_size, width]"
        return x + self.pe[:x.size(0)]

class Tagger(nn.Module):
    def __init__(self, words, width, tags):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.positions = Positions(width)
        layer = nn.TransformerEncoderLayer(width, 4)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.fc = nn.Linear(width, tags)

    def forward(self, ids):
        return self.fc(self.encoder(self.positions(self.embedding(ids.t()))))
""",
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    "tokens: (batch, seq)"

    def __init__(self, words, width):
        super().__init__()
        self.word = nn.Embedding(words, width)
        self.position = nn.Embedding(512, width)
        self.layer = nn.TransformerEncoderLayer(width, 4, batch_first=True)

    def forward(self, tokens):
        places = torch.arange(tokens.size(1)).unsqueeze(0)
        return self.layer(self.word(tokens) + self.position(places))
""",
        """\
import torch
from torch import nn

class Conditioned(nn.Module):
    "tokens: (batch, seq); speaker: (batch,)"

    def __init__(self, words, width):
        super().__init__()
        self.word = nn.Embedding(words, width)
        self.speaker = nn.Embedding(64, width)
        self.layer = nn.TransformerEncoderLayer(width, 4, batch_first=True)

    def forward(self, tokens, speaker):
        return self.layer(self.word(tokens) + self.speaker(speaker).unsqueeze(1))
""",
    ),
)

_MOVES = HANDS_ON | {Nature.VIEW, Nature.PERMUTATION, Nature.DROPOUT}


@check(RULE, at=Nature.SUM)
def positions_of_samples(trace: Trace) -> Iterator[Finding]:
    """Sums of a batch and of a table that has a row for each sample and one for all steps."""
    for node in trace.nodes:
        given = [value for value in node.args if isinstance(value, Tensor)]
        if nature_of(node) is not Nature.SUM or len(given) != 2 or node.error is not None:
            continue
        for batch, table in (given, given[::-1]):
            if _has_rows_for_samples(trace, batch, table) and _is_table(trace, table):
                meaning = meaning_of(trace, batch, 0)
                if meaning is not None and _holds_samples(meaning, node):
                    yield _finding(trace, node, table, meaning)


def _has_rows_for_samples(trace: Trace, batch: Tensor, table: Tensor) -> bool:
    """Whether (N, 1, D) meets (N, T, D)."""
    if batch.rank != 3 or table.rank != 3:
        return False
    rows, steps = (trace.resolve(size) for size in table.sizes[:2])
    return rows != ONE and steps == ONE and trace.resolve(batch.sizes[1]) != ONE


def _is_table(trace: Trace, table: Tensor) -> bool:
    """Whether a value is cut from a table, or looked up by numbers in their order, and not from the input."""
    if any(node.op == INPUT for node in ancestors(trace, *[table.ref] if table.ref else [])):
        return False
    *_, source = trail(trace, table, natures(_MOVES))
    maker = made_by(trace, source)
    if maker is None:
        return False
    if nature_of(maker) is Nature.SELECTION:
        return True
    return nature_of(maker) is Nature.LOOKUP and any(is_count(trace.nodes[one]) for one in above(trace, [table]))


def _holds_samples(meaning: Meaning, node: Node) -> bool:
    """Whether axis 0 holds samples: what the text of a called function says of it, a layer that reads it overrules."""
    if meaning.role is Role.BATCH:
        return True
    others = [piece for piece in meaning.pieces if piece.role is not Role.BATCH]
    is_read = any(piece.kind == "attention-layout" for piece in meaning.only(Role.BATCH))
    return is_read and bool(node.frames) and all(piece.kind.startswith("shape-") for piece in others)


def _finding(trace: Trace, node: Node, table: Tensor, meaning: Meaning) -> Finding:
    maker = made_by(trace, table)
    assert maker is not None
    said = Meaning(meaning.only(Role.BATCH), meaning.source)
    return report(
        RULE,
        trace,
        node,
        f"`{quote(trace, node.span)}` numbers the samples: axis 0 is the batch, "
        "and all steps of a sample get one encoding",
        claims=[AlikeSamples(Ref(node.id), meaning.source.ref, meaning.source.axis, target_axis=0)],
        shapes=[("encodings", table)],
        related=[place_of(maker, "an encoding for each entry of axis 0"), *said.places()],
        help="lay the encodings along axis 1: (1, T, D)",
        confidence=Confidence.HIGH,
    )
