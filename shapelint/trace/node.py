"""One operation that a path performs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.ops.registry import ShapeError
from shapelint.shapes.value import Named, Str, Value
from shapelint.source import Span
from shapelint.syntax.facts import Attribute, Call, Expression

LATER_ROUND = "step@"  #: how the symbols begin that number a later round of a loop: at least 1
SCRIPT = "module"  #: the entry of a file's own top level, where calls have real arguments
INPUT = "input"  #: op of a leaf: a parameter or an unknown value that must be a tensor
TRIED = "tried"  #: what demands the rank of a leaf on a path that is taken again to try it


@dataclass(frozen=True, slots=True)
class Frame:
    """A call that the interpreter inlined: the function's name and where it was called."""

    function: str
    span: Span
    path: str


@dataclass(frozen=True, slots=True)
class Node(Named):
    """One operation.

    `op` is INPUT, or a name of the registry: "torch.Tensor.view", "torch.nn.LSTM" (a construction),
    "torch.nn.LSTM.forward" (a call; the layer is `args[0]`), "torch.Tensor.__getitem__". `args` and `kwargs`
    are as written at the call, `bound` the same by parameter name after coercion, with defaults; that of an INPUT
    tells what demands its rank, and whether it is given by the caller.
    `expression` is the source expression (a Call, Subscript, Binary or Attribute), from which a fix takes
    its places. `error` is set, and `result` Unknown, where torch certainly raises.
    """

    id: int
    op: str
    args: tuple[Value, ...]
    kwargs: Mapping[str, Value]
    bound: Mapping[str, object]
    result: Value
    span: Span
    path: str
    expression: Expression | None = None
    frames: tuple[Frame, ...] = ()
    error: ShapeError | None = None

    @property
    def named(self) -> Mapping[str, object]:
        """The arguments by the names of their parameters."""
        return self.bound

    @property
    def leaf_key(self) -> str | None:
        """The key of the unknown that an INPUT stands for; None for an operation."""
        name = self.args[0] if self.op == INPUT and self.args else None
        return name.value if isinstance(name, Str) else None

    @property
    def is_documented(self) -> bool:
        """Whether an INPUT has the rank that a comment or docstring states."""
        return self.leaf_key is not None and str(self.bound.get("demand")).startswith("shape-")

    @property
    def is_direct(self) -> bool:
        """Whether a layer is called as `layer.forward(x)`; `super().forward(x)` is a subclass's own business."""
        call = self.expression
        if not isinstance(call, Call) or not isinstance(call.func, Attribute) or not self.op.endswith(".forward"):
            return False
        receiver = call.func.value
        if call.func.attr != "forward" or (isinstance(receiver, Call) and getattr(receiver.func, "id", "") == "super"):
            return False
        # of `nn.LSTM.forward(self, x)`, the layer is written too
        return sum(given.keyword is None for given in call.arguments) < len(self.args)


def given_refs(node: Node) -> Iterator[Ref]:
    """The values that a node is given, alone or inside others."""
    return (ref for value in (*node.args, *node.kwargs.values()) for ref in refs(value))


def is_of_axis(symbol: str) -> bool:
    """Whether a symbol is the size of an axis of an input, or of something unknown."""
    return ".size(" in symbol


def refs(value: Value) -> Iterator[Ref]:
    """All trace references inside a value; what a node gave whole is one."""
    ref = getattr(value, "ref", None)
    if ref is not None:
        yield ref
    else:
        for _, part in value.parts():
            yield from refs(part)
