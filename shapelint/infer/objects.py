"""The interpreter's own values: functions, classes, instances, containers and iterables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, Dict, External, Layer, Unknown, Value, integer
from shapelint.source import Source
from shapelint.syntax import facts

YIELDED = "yield"  #: what a generator's scope calls the list of what it has yielded: no name of Python's


@dataclass(eq=False, slots=True)
class Home:
    """The file that code stands in: its text, and its comments by line."""

    source: Source
    comments: dict[int, list[facts.Comment]]
    lines: list[str]

    @staticmethod
    def of(source: Source, module: facts.Module) -> Home:
        """The home of a lowered file."""
        comments: dict[int, list[facts.Comment]] = {}
        for comment in module.comments:
            comments.setdefault(comment.span.line, []).append(comment)
        return Home(source, comments, source.lines)


@dataclass(eq=False, slots=True)
class Scope:
    """Names of a module, class body or function; `parent` is where free names are looked up.

    `home` is set on a module's scope.
    """

    names: dict[str, Value]
    parent: Scope | None = None
    outer: frozenset[str] = frozenset()  #: names declared global or nonlocal
    home: Home | None = None

    def find_home(self) -> Home | None:
        """The file that the scope lies in."""
        scope: Scope | None = self
        while scope is not None and scope.home is None:
            scope = scope.parent
        return None if scope is None else scope.home

    def lookup(self, name: str) -> Value | None:
        """The value of a name here or in an enclosing scope."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def assign(self, name: str, value: Value) -> None:
        """Bind a name, in the scope that `global` or `nonlocal` sends it to."""
        scope: Scope = self
        if name in self.outer and self.parent is not None:
            scope = self.parent
            while name not in scope.names and scope.parent is not None:
                scope = scope.parent
        scope.names[name] = value


@dataclass(eq=False, slots=True)
class Function(Value):
    """A `def` or `lambda` with its defaults evaluated; `owner` is the class whose body holds it."""

    name: str
    parameters: tuple[facts.Parameter, ...]
    body: tuple[facts.Statement, ...] | facts.Expression
    scope: Scope
    defaults: dict[str, Value]
    definition: facts.FunctionDef | None = None
    owner: Class | None = None
    kind: str = "plain"  #: "plain", "property", "static", "class"
    yields: bool = False  #: it is a generator


@dataclass(eq=False, slots=True)
class Class(Value):
    """A class of the checked code; `bases` are Class or External."""

    name: str
    bases: tuple[Value, ...]
    scope: Scope
    definition: facts.ClassDef
    makers: dict[str, list[Function]] = field(default_factory=dict)
    """For attributes that are given something constructed: the methods in which they are."""

    def lineage(self) -> Iterator[Class]:
        """The class and its known bases, each before its own bases, in the order of the class statements."""
        order: list[Class] = []
        seen: set[int] = set()
        waiting: list[tuple[Value, bool]] = [(self, False)]
        while waiting:
            current, is_done = waiting.pop()
            if is_done and isinstance(current, Class):
                order.append(current)
            elif isinstance(current, Class) and id(current) not in seen:
                seen.add(id(current))
                waiting.append((current, True))
                waiting.extend((base, False) for base in current.bases)
        return reversed(order)

    def find(self, name: str) -> Value | None:
        """A class attribute along the bases."""
        for cls in self.lineage():
            if name in cls.scope.names:
                return cls.scope.names[name]
        return None

    def after(self, cls: Class) -> Iterator[Class]:
        """The classes in which `super()` inside `cls` looks, for an instance of this class."""
        lineage = list(self.lineage())
        if cls not in lineage:
            lineage = list(cls.lineage())
        return iter(lineage[lineage.index(cls) + 1 :])

    def torch_base(self) -> str | None:
        """The dotted name of the class that is not read (`torch.nn.LSTM`) and from which this one derives."""
        for cls in self.lineage():
            for base in cls.bases:
                if isinstance(base, External):
                    return base.path
        return None


@dataclass(frozen=True, slots=True)
class Kept:
    """The expression that an attribute was assigned, and the file that it stands in."""

    expression: facts.Expression
    home: Home


@dataclass(eq=False, slots=True)
class Instance(Value):
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
class Record(Value):
    """A named tuple's class: calling it makes a tuple whose items have names."""

    name: str
    fields: tuple[str, ...]
    defaults: Mapping[str, Value]


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
class Container(Value):
    """nn.Sequential, nn.ModuleList or nn.ModuleDict (`kind`): named members in order.

    `length` is set when it was filled in a loop of unknown count and the members are a sample.
    """

    kind: str
    members: dict[str, Value]
    length: Dim | None = None


@dataclass(frozen=True, slots=True)
class ShapeOf(Value):
    """`x.shape` or `x.size()` of an unknown `x`: its rank is open."""

    of: Unknown


@dataclass(frozen=True, slots=True)
class Range(Value):
    """`range(start, stop, step)`."""

    start: Dim
    stop: Dim
    step: int


ZERO = integer(0)


@dataclass(frozen=True, slots=True)
class Iteration(Value):
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
