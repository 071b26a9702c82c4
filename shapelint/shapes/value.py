"""Abstract values: what the interpreter knows about a Python value without running the program.

Tensors, scalars and layers are frozen. `List` and the interpreter's instances are mutable like the Python
objects they stand for: each run of the interpreter follows one path (docs/architecture.md), so there is
never a second state to keep apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from enum import Enum
from typing import TypeVar

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.term import Term
from shapelint.source import Span

T = TypeVar("T")


class Value:
    """Base of all abstract values; those that hold others say which, and how they are made of other ones."""

    __slots__ = ()

    def parts(self) -> Iterable[tuple[object, Value]]:
        """The values directly inside of it: an item with its index or key, a bound with its number."""
        return ()

    def changed(self, change: Callable[[Value], Value]) -> Value:
        """The value with each of its parts changed."""
        return self


class Dtype(str, Enum):
    """The kinds of numbers that shapelint tells apart."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class Tensor(Value):
    """A tensor of known rank. `ref` names the trace value; None only inside an operation's own function."""

    axes: tuple[Axis, ...]
    dtype: Dtype = Dtype.FLOAT
    ref: Ref | None = None

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.axes)

    @property
    def sizes(self) -> tuple[Dim, ...]:
        """The size of each axis."""
        return tuple(axis.dim for axis in self.axes)


@dataclass(frozen=True, slots=True)
class Packed(Value):
    """A `PackedSequence`: which axes were batch and time, and the feature axes that are left.

    `batch_first` is the layout it was packed from (for messages only: torch forgets it); `padded` is the
    tensor that was packed and `lengths` the tensor of lengths, where there was one. With `enforce_sorted` off,
    torch permutes states to the packed order and back.
    """

    batch: Axis
    time: Axis
    features: tuple[Axis, ...]
    batch_first: bool = False
    ref: Ref | None = None
    padded: Ref | None = None
    lengths: Ref | None = None
    enforce_sorted: bool = True


@dataclass(frozen=True, slots=True)
class Int(Value):
    """A Python integer, symbolic or not."""

    dim: Dim


@dataclass(frozen=True, slots=True)
class Float(Value):
    """A Python float; None when only its type is known."""

    value: float | None = None


@dataclass(frozen=True, slots=True)
class Bool(Value):
    """A Python bool that is known on this path."""

    value: bool


@dataclass(frozen=True, slots=True)
class Str(Value):
    """A Python string."""

    value: str


@dataclass(frozen=True, slots=True)
class NoneValue(Value):
    """Python's None."""


@dataclass(frozen=True, slots=True)
class EllipsisValue(Value):
    """Python's `...`."""


@dataclass(frozen=True, slots=True)
class SliceValue(Value):
    """`lower:upper:step`; an absent bound is NoneValue."""

    lower: Value
    upper: Value
    step: Value

    def parts(self) -> Iterable[tuple[object, Value]]:
        """Its bounds."""
        return enumerate((self.lower, self.upper, self.step))

    def changed(self, change: Callable[[Value], Value]) -> SliceValue:
        """A slice of other bounds."""
        return SliceValue(change(self.lower), change(self.upper), change(self.step))


@dataclass(frozen=True, slots=True)
class Tuple(Value):
    """A tuple of known length. `ref` is set when it is the whole result of a trace node (`out = lstm(x)`)."""

    items: tuple[Value, ...]
    ref: Ref | None = None
    names: tuple[str, ...] = ()  #: field names of a named tuple
    is_size: bool = field(default=False, compare=False)  #: a torch.Size, of which old constructors make another tensor

    def parts(self) -> Iterable[tuple[object, Value]]:
        """Its items."""
        return enumerate(self.items)

    def changed(self, change: Callable[[Value], Value]) -> Tuple:
        """A tuple of other items."""
        return replace(self, items=tuple(map(change, self.items)))


@dataclass(eq=False, slots=True)
class List(Value):
    """A mutable list; `length` is set when it was filled in a loop of unknown count and `items` is a sample."""

    items: list[Value]
    length: Dim | None = None

    def parts(self) -> Iterable[tuple[object, Value]]:
        """Its items."""
        return enumerate(self.items)

    def changed(self, change: Callable[[Value], Value]) -> List:
        """A list of other items."""
        return List(list(map(change, self.items)), self.length)


@dataclass(eq=False, slots=True)
class Dict(Value):
    """A mutable dict with constant keys; `open` when it may hold more than `items`."""

    items: dict[object, Value]
    open: bool = False

    def parts(self) -> Iterable[tuple[object, Value]]:
        """Its items."""
        return self.items.items()

    def changed(self, change: Callable[[Value], Value]) -> Dict:
        """A dict of other items."""
        return Dict({key: change(item) for key, item in self.items.items()}, self.open)


@dataclass(frozen=True, slots=True)
class External(Value):
    """Something imported that is not interpreted: `torch.nn.LSTM`, `numpy`. `path` is its full dotted name."""

    path: str


class Named:
    """Something with arguments by the names of their parameters, coerced as the operation declares them."""

    __slots__ = ()

    @property
    def named(self) -> Mapping[str, object]:
        """The arguments."""
        raise NotImplementedError

    def get(self, name: str, kind: type[T]) -> T:
        """An argument that is declared to be of this kind."""
        value = self.named[name]
        assert isinstance(value, kind)
        return value

    def find(self, name: str, kind: type[T]) -> T | None:
        """An argument, where there is one of this kind."""
        value = self.named.get(name)
        return value if isinstance(value, kind) else None

    def flag(self, name: str) -> bool:
        """Whether an option is certainly switched on."""
        value = self.named.get(name)
        return value is True or value == TRUE

    def number(self, name: str) -> int | None:
        """An integer, where it is known."""
        value = self.named.get(name)
        size = value.dim if isinstance(value, Int) else value
        return size.constant if isinstance(size, Dim) else size if isinstance(size, int) else None


@dataclass(frozen=True, slots=True)
class Layer(Value, Named):
    """An instance of a torch layer class.

    `kind` is the class's registered dotted name ("torch.nn.LSTM"), `config` its constructor arguments by
    parameter name, coerced as the build function declares them (ops/registry.py), `typed` what that function made
    of them, `span` the construction, `ref` the trace node that constructs it.
    """

    kind: str
    config: Mapping[str, object]
    span: Span
    ref: Ref | None = field(default=None, compare=False)
    path: str | None = None  #: the file of the construction, None for the analysed one
    typed: object = field(default=None, compare=False, repr=False)

    @property
    def named(self) -> Mapping[str, object]:
        """The constructor's arguments."""
        return self.config

    @property
    def name(self) -> str:
        """The class's bare name, for instance `LSTM`."""
        return self.kind.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Lineage:
    """How an unknown tensor was made from another unknown: rank(self) == rank(parent) + `delta`.

    `is_order` is true of what a sort gives to index others with: as good as certainly a vector of integers.
    """

    parent: str
    delta: int
    is_order: bool = False


@dataclass(frozen=True, slots=True)
class Unknown(Value):
    """A value that is not understood, or not given (a parameter).

    `key` names it on every run: the same parameter, attribute path or expression has the same key, so that
    two reads of `config.hidden` are one symbol. `hint` is a parameter's default: likely, never certain.
    `number` is what it is worth if it turns out to be an integer (`hidden * directions`); what `/` gives never
    does: it is `fractional`. `term` is set where functions of texts make it of another unknown, `owner` where it is
    an attribute of one.
    """

    key: str
    reason: str
    hint: Value | None = None
    lineage: Lineage | None = None
    number: Dim | None = None
    fractional: bool = False
    term: Term | None = None
    owner: Unknown | None = field(default=None, compare=False, repr=False)

    @property
    def as_term(self) -> Term:
        """It, as what is asked about: what functions make of another unknown, or a variable of its own."""
        return self.term or Term(self.key)

    @property
    def dim(self) -> Dim:
        """Its value where it is used as a size."""
        return self.number or Dim.symbol(self.key)


NONE = NoneValue()
TRUE = Bool(True)
FALSE = Bool(False)
ELLIPSIS = EllipsisValue()


def integer(value: int) -> Int:
    """A known integer."""
    return Int(Dim.of(value))
