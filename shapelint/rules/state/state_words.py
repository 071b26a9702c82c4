"""The initial state of a call in words: its name in the source, its sizes, where it is made."""

from __future__ import annotations

from shapelint.ops.registry import ShapeError
from shapelint.reading.operations import has_cell_state
from shapelint.reading.quoting import quote
from shapelint.reading.recurrent import layer_of
from shapelint.reading.written import argument
from shapelint.shapes.render import Naming
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


def state_name(trace: Trace, call: Node, error: ShapeError) -> str:
    """The state as the author writes it in the call; torch's name where it is inside something else."""
    given = argument(call, 1, "hx")
    written = None if given is None else given.value
    if isinstance(written, facts.Sequence) and len(written.items) == 2:
        written = written.items[error.details["state"] == "c_0"]
    elif has_cell_state(layer_of(call)):
        written = None
    return f"{error.details['state']}" if written is None else f"`{quote(trace, written.span)}`"


def shape_text(naming: Naming, sizes: object) -> str:
    """The sizes of a tensor in the user's names."""
    assert isinstance(sizes, tuple)
    return f"({', '.join(map(naming.dim, sizes))})"
