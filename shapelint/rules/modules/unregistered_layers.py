"""SHP801: recurrent layers that a module keeps in a plain Python sequence, where torch does not see them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapelint.claims.modules.registered import Registered
from shapelint.finding import Finding, Fix, Ref, Severity
from shapelint.reading.operations import is_plain_holder, short_name
from shapelint.reading.quoting import text_of
from shapelint.reading.text import lines_with
from shapelint.reading.written import insertion
from shapelint.regex import regex
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

#: what registers layers, or hands their parameters on, in other ways
_OTHER_WAYS = regex(
    r"add_module|register_module|register_parameter|setattr(__)?\(|__dict__|_modules\b|\bparameters\b|deepcopy"
)
_READING = frozenset("len enumerate zip reversed range iter list tuple".split())

UNREGISTERED = Rule(
    code="SHP801",
    name="layers-in-plain-list",
    severity=Severity.WARNING,
    summary="layers in a Python list are not registered: they are neither trained nor moved nor saved",
    page="""\
## What it does
Finds recurrent layers and cells that a module keeps in a list, tuple or dict of Python.

## Why is this bad
A module registers the layers that are its attributes, and those in its nn.ModuleList, nn.ModuleDict and
nn.Sequential. It does not look into Python's own sequences: `parameters()` leaves those layers out, so the
optimizer does not train them, `.to(device)` does not move them, and `state_dict()` does not save them.

## Example
```python
self.layers = [nn.GRU(features, hidden), nn.GRU(hidden, hidden)]
```

## Use instead
```python
self.layers = nn.ModuleList([nn.GRU(features, hidden), nn.GRU(hidden, hidden)])
```

## Proved by
registered: a module with this list has no parameters of the layers.

## When it stays silent
The layers are also registered in another way, their parameters are handed on by hand, or the list holds one
layer only: that is a known way to hide a layer on purpose.
""",
    bad=(
        """\
import torch
from torch import nn

class Stack(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.layers = [nn.GRU(features, hidden), nn.GRU(hidden, hidden)]  # error: SHP801

    def forward(self, x):
        for layer in self.layers:
            x, _ = layer(x)
        return x
""",
        """\
import torch
import torch.nn as nn

class Stack(nn.Module):
    def __init__(self, features, hidden, depth):
        super().__init__()
        self.cells = []  # error: SHP801
        for number in range(depth):
            self.cells.append(nn.LSTMCell(features if number == 0 else hidden, hidden))
        self.head = nn.Linear(hidden, 2)

    def forward(self, x):
        for cell in self.cells:
            x, _ = cell(x)
        return self.head(x)
""",
        """\
import torch

class Streams(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.streams = {  # error: SHP801
            "text": torch.nn.LSTM(width, width, batch_first=True),
            "audio": torch.nn.LSTM(width, width, batch_first=True),
        }

    def forward(self, text, audio):
        return self.streams["text"](text)[0], self.streams["audio"](audio)[0]
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Stack(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.layers = nn.ModuleList([nn.GRU(features, hidden), nn.GRU(hidden, hidden)])

    def forward(self, x):
        for layer in self.layers:
            x, _ = layer(x)
        return x
""",
        """\
import torch
from torch import nn

class Pair(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.below = nn.GRU(features, hidden)
        self.above = nn.GRU(hidden, hidden)
        self.layers = [self.below, self.above]

    def forward(self, x):
        for layer in self.layers:
            x, _ = layer(x)
        return x
""",
        """\
import torch
from torch import nn

class Stack(nn.Module):
    def __init__(self, features, depth):
        super().__init__()
        self.layers = []
        for number in range(depth):
            layer = nn.LSTM(features, features)
            self.layers.append(layer)
            self.add_module(f"layer{number}", layer)

    def forward(self, x):
        for layer in self.layers:
            x, _ = layer(x)
        return x
""",
        """\
import torch
from torch import nn

class Stack(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.layers = [nn.LSTM(features, features), nn.LSTM(features, features)]
        self.body = nn.ModuleList(self.layers)
        self.teacher = [nn.LSTM(features, features)]

    def forward(self, x):
        for layer in self.layers:
            x, _ = layer(x)
        return x
""",
        """\
from torch import nn

class Pool:
    def __init__(self, features):
        self.layers = [nn.GRU(features, features), nn.GRU(features, features)]
""",
    ),
)


@check(UNREGISTERED)
def layers_in_plain_list(trace: Trace) -> Iterator[Finding]:
    """Plain sequences of layers that an attribute of a module was left with."""
    for node in trace.nodes:
        if is_plain_holder(node) and node.path == trace.path and _hides_layers(node):
            name = node.get("attribute", str)
            if not _is_known_otherwise(trace, node, name):
                yield _finding(trace, node, name)


def _hides_layers(node: Node) -> bool:
    return bool(node.named.get("free")) and node.number("members") != 1


def _is_known_otherwise(trace: Trace, node: Node, name: str) -> bool:
    """Whether the class registers the layers itself, or the sequence goes where they may be registered."""
    owner = node.find("owner", facts.ClassDef)
    body = trace.text if owner is None else text_of(trace, owner.span)
    passed = re.findall(rf"(\w*)\((?:[^()]*,)?\s*\*{{0,2}}self\.{name}\s*[,)]", body)
    outside = any(f".{name}" in line for line in lines_with(trace, "parameters"))
    return bool(_OTHER_WAYS.search(body)) or outside or any(call not in _READING for call in passed)


def _finding(trace: Trace, node: Node, name: str) -> Finding:
    kind = short_name(node)
    return report(
        UNREGISTERED,
        trace,
        node,
        f"the layers in `self.{name}` are not registered: a plain {kind} hides them from training, moving and saving",
        claims=[Registered(Ref(node.id))],
        help=f"keep them in an nn.Module{'Dict' if kind == 'dict' else 'List'}",
        fixes=[_registered(trace, node, "ModuleDict" if kind == "dict" else "ModuleList")],
    )


def _registered(trace: Trace, node: Node, kind: str) -> Fix:
    spelled = "nn" if re.search(r"import torch\.nn as nn|from torch import .*\bnn\b", trace.text) else "torch.nn"
    start = insertion(node.span, f"{spelled}.{kind}(", before=True)
    return Fix(f"keep them in an nn.{kind}", (start, insertion(node.span, ")")))
