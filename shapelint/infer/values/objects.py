"""The interpreter's own values: instances, methods, containers, iterables and modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from shapelint.data import dataclass
from shapelint.infer.values.scopes import Class, Function, Home, Scope
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, Dict, Layer, Tensor, Unknown, Value, integer
from shapelint.syntax import facts


class Several(Value):
    """What has items that are at hand, and is no sequence: where they are wanted one by one, it is their list."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """The expression that an attribute was assigned, or that built a container, and the file that it stands in."""

    expression: facts.Expression
    home: Home


@dataclass(eq=False, slots=True)
class Instance(Several):
    """An instance of a class of the checked code.

    `base` is the layer or container that it is too, where its class derives from nn.LSTM or nn.Sequential.
    """

    cls: Class
    attributes: dict[str, Value] = field(default_factory=dict)
    base: Value | None = None
    places: dict[str, Kept] = field(default_factory=dict)  #: of attributes that an assignment of their own gave
    prepared: set[int] = field(default_factory=set)  #: ids of methods that were run for what they set

    def assign(self, name: str, value: Value) -> None:
        """Set an attribute; a module set on a container is a member of it."""
        self.attributes[name] = value
        if isinstance(self.base, Container) and isinstance(value, Layer | Container | Instance):
            self.base.members[name] = value


@dataclass(frozen=True, slots=True)
class Member(Value):
    """`Kind.LSTM`; its text names it in questions and in messages."""

    cls: Class
    name: str
    value: Value

    @property
    def text(self) -> str:
        """The member's dotted name."""
        return f"{self.cls.name}.{self.name}"


@dataclass(frozen=True, slots=True)
class Record(Value):
    """A named tuple's class: calling it makes a tuple whose items have names."""

    name: str
    fields: tuple[str, ...]
    defaults: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class TypeOf(Value):
    """`type(x)` of an unknown x."""

    of: Unknown


@dataclass(frozen=True, slots=True)
class Factory(Value):
    """`field(default_factory=make)`: every instance gets a default of its own."""

    make: Value


@dataclass(eq=False, slots=True)
class DefaultDict(Dict):
    """`defaultdict(make)`."""

    make: Value = NONE


@dataclass(eq=False, slots=True)
class Namespace(Value):
    """`argparse.Namespace(...)` and its like: a dict whose keys are attributes."""

    table: Dict


@dataclass(frozen=True, slots=True)
class Partial(Value):
    """`functools.partial(function, *args, **kwargs)`."""

    function: Value
    args: tuple[Value, ...]
    kwargs: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class OpenMember(Value):
    """`getattr(nn, name)` of an unknown name: how it is called may tell what it is."""

    path: str
    name: Unknown


@dataclass(frozen=True, slots=True)
class BoundMethod(Value):
    """A function with its first argument."""

    function: Function
    receiver: Value


@dataclass(frozen=True, slots=True)
class Method(Value):
    """A method of a value that is not an instance of the checked code: `x.view`, `outputs.append`."""

    receiver: Value
    name: str


@dataclass(frozen=True, slots=True)
class Super(Value):
    """`super()` inside a method: attributes are looked up in the bases of `cls`."""

    cls: Class
    receiver: Value


@dataclass(eq=False, slots=True)
class Container(Several):
    """nn.Sequential, nn.ModuleList or nn.ModuleDict (`kind`): named members in order.

    `length` is set when it was filled in a loop of unknown count and the members are a sample. `built` is the
    call that made it.
    """

    kind: str
    members: dict[str, Value]
    length: Dim | None = None
    built: Kept | None = field(default=None, repr=False)
    is_used: bool = False  #: it was called, or its members were looked at


@dataclass(frozen=True, slots=True)
class Rows(Value):
    """A TensorDataset: sample i is row i of each of its tensors."""

    tensors: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class ShapeOf(Value):
    """`x.shape` or `x.size()` of an unknown `x`: its rank is open."""

    of: Unknown


@dataclass(frozen=True, slots=True)
class Range(Several):
    """`range(start, stop, step)`."""

    start: Dim
    stop: Dim
    step: int


ZERO = integer(0)


@dataclass(frozen=True, slots=True)
class Iteration(Several):
    """`zip`, `enumerate`, `reversed`, a generator: what it iterates over, and how (`kind`).

    `start` is the first number of an `enumerate`.
    """

    kind: str
    sources: tuple[Value, ...]
    start: Value = ZERO


@dataclass(frozen=True, slots=True)
class Imported(Value):
    """A name bound by an import of the project's own, not yet looked up: `name` of `module`, or it."""

    importer: str
    module: str
    level: int
    name: str | None = None

    @property
    def path(self) -> str:
        """The dotted name, as in the import statement."""
        return ".".join(part for part in (self.module, self.name) if part)


@dataclass(eq=False, slots=True)
class ModuleValue(Value):
    """A module of the project; its attributes are its scope's names, then its submodules."""

    path: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Builtin(Value):
    """A Python builtin that the interpreter knows: `len`, `range`, `isinstance`."""

    name: str
