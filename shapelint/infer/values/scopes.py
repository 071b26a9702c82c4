"""Where the checked code binds names: its files, scopes, functions and classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TypeVar, cast

from shapelint.data import dataclass
from shapelint.infer.code.afar import changed_attributes, rebound_names
from shapelint.infer.code.walk import every_statement
from shapelint.shapes.value import External, Value
from shapelint.source import Source, Span, shortened
from shapelint.syntax import facts

Found = TypeVar("Found")

YIELDED = "yield"  #: what a generator's scope calls the list of what it has yielded: no name of Python's


@dataclass(eq=False, slots=True)
class Home:
    """The file that code stands in: its text, its comments by line, and the statements by their last line."""

    source: Source
    comments: dict[int, list[facts.Comment]]
    lines: list[str]
    ending: dict[int, facts.Statement]
    rebound: frozenset[str]  #: names of the module that functions bind
    changed: frozenset[str]  #: attributes that are set from outside of the objects that have them

    @staticmethod
    def of(source: Source, module: facts.Module) -> Home:
        """The home of a lowered file."""
        comments: dict[int, list[facts.Comment]] = {}
        for comment in module.comments:
            comments.setdefault(comment.span.line, []).append(comment)
        ending = {statement.span.end_line: statement for statement in every_statement(module.body)}
        rebound, changed = rebound_names(module.body), changed_attributes(module.body)
        return Home(source, comments, source.lines, ending, rebound, changed)

    def text(self, span: Span) -> str:
        """The source text of a span, on one line and not too long."""
        lines = self.lines
        if span.line == span.end_line:
            found = lines[span.line - 1][span.column : min(span.end_column, span.column + 61)]
        else:
            found = lines[span.line - 1][span.column : span.column + 61].rstrip() + " ..."
        return shortened(found, 60)


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

    def is_rebound(self, name: str) -> bool:
        """Whether a name is the module's, is read by a function that does not bind it, and bound by another one."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names and name not in scope.outer:
            scope = scope.parent
        return scope is not None and scope.home is not None and name in scope.home.rebound

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
    is_wrapped: bool = False  #: a decorator that is not known makes something else of it for its callers

    @property
    def yields(self) -> bool:
        """Whether it is a generator."""
        return self.definition is not None and self.definition.yields


@dataclass(eq=False, slots=True)
class Class(Value):
    """A class of the checked code; `bases` are Class or External."""

    name: str
    bases: tuple[Value, ...]
    scope: Scope
    definition: facts.ClassDef
    is_whole: bool = False  #: its body has been run: what it defines stays as it is
    setters: dict[str, dict[Function, bool]] | None = None  #: what assigns each attribute, and whether it constructs it
    mentions: Mapping[str, Sequence[object]] | None = None  #: where it speaks of its methods, once that was asked for
    _parents: tuple[Class, ...] = field(init=False)
    _is_straight: bool = field(init=False)  #: no class on the way up has two bases that are read
    _found: dict[object, object] = field(init=False, default_factory=dict)  #: what was looked for along the bases

    def __post_init__(self) -> None:
        self._parents = tuple(base for base in self.bases if isinstance(base, Class))
        self._is_straight = len(self._parents) <= 1 and all(parent._is_straight for parent in self._parents)

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
        return self._along(name, lambda cls: cls.scope.names.get(name))

    def find_after(self, cls: Class, name: str) -> Value | None:
        """The class attribute that `super()` inside `cls` finds, for an instance of this class."""
        if self._is_straight and cls._is_straight:
            return cls._parents[0].find(name) if cls._parents else None
        lineage = list(self.lineage())
        if cls not in lineage:
            lineage = list(cls.lineage())
        after = lineage[lineage.index(cls) + 1 :]
        return next((parent.scope.names[name] for parent in after if name in parent.scope.names), None)

    def torch_base(self) -> str | None:
        """The dotted name of the class that is not read (`torch.nn.LSTM`) and from which this one derives."""
        return self._along(External, lambda cls: next((b.path for b in cls.bases if isinstance(b, External)), None))

    def _along(self, key: object, own: Callable[[Class], Found | None]) -> Found | None:
        """What the first class of the lineage has of its own, kept for each class that was passed on the way.

        So a chain of classes is not walked to its end for each of them.
        """
        passed: list[Class] = []
        cls, found = self, None
        while key not in cls._found:
            passed.append(cls)
            found = own(cls)
            if found is not None or not cls._parents:
                break
            if len(cls._parents) > 1:
                found = next((one for one in map(own, cls.lineage()) if one is not None), None)
                break
            cls = cls._parents[0]
        else:
            found = cast("Found | None", cls._found[key])
        for one in passed:
            if one.is_whole:
                one._found[key] = found
        return found
