"""Facts of statements, comments and whole modules."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.source import Span
from shapelint.syntax.facts.expressions import Argument, Expression, Parameter


@dataclass(frozen=True, slots=True)
class Statement:
    """Base of all statements."""

    span: Span


@dataclass(frozen=True, slots=True)
class Assign(Statement):
    """`targets[0] = targets[1] = value`."""

    targets: tuple[Expression, ...]
    value: Expression


@dataclass(frozen=True, slots=True)
class AugAssign(Statement):
    """`target operator= value`, operator without the `=`."""

    target: Expression
    operator: str
    value: Expression


@dataclass(frozen=True, slots=True)
class AnnAssign(Statement):
    """`target: annotation = value`."""

    target: Expression
    annotation: Expression
    value: Expression | None


@dataclass(frozen=True, slots=True)
class ExpressionStatement(Statement):
    """An expression on its own."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Return(Statement):
    """`return value`."""

    value: Expression | None


@dataclass(frozen=True, slots=True)
class If(Statement):
    """`if test: body else: orelse` (an elif is an If in orelse)."""

    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class For(Statement):
    """`for target in iterable: body else: orelse`."""

    target: Expression
    iterable: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    names: frozenset[str]  #: all that its head and its body read or bind


@dataclass(frozen=True, slots=True)
class While(Statement):
    """`while test: body else: orelse`."""

    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    names: frozenset[str]  #: all that its head and its body read or bind


@dataclass(frozen=True, slots=True)
class With(Statement):
    """`with context as target, ...: body`."""

    items: tuple[tuple[Expression, Expression | None], ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Handler:
    """`except type as name: body`."""

    type: Expression | None
    name: str | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Try(Statement):
    """`try: body except ...: else: finally:`."""

    body: tuple[Statement, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Statement, ...]
    final: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """`case pattern if guard: body`; `pattern` is None for what is not a literal, a name or `_`."""

    pattern: Expression | None
    guard: Expression | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Match(Statement):
    """`match subject: cases`."""

    subject: Expression
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class FunctionDef(Statement):
    """`def name(parameters) -> returns: body`; `name_span` is the name."""

    name: str
    name_span: Span
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    decorators: tuple[Expression, ...]
    returns: Expression | None
    docstring: str | None
    docstring_span: Span | None
    is_async: bool
    yields: bool  #: it is a generator: a `yield` of its own stands in its body


@dataclass(frozen=True, slots=True)
class ClassDef(Statement):
    """`class name(bases, keywords): body`."""

    name: str
    name_span: Span
    bases: tuple[Argument, ...]
    body: tuple[Statement, ...]
    decorators: tuple[Expression, ...]
    docstring: str | None
    docstring_span: Span | None


@dataclass(frozen=True, slots=True)
class Import(Statement):
    """`import module.path as name`: (dotted path, bound name or None) pairs."""

    names: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class ImportFrom(Statement):
    """`from ..module import a as b`: level counts the dots; ("*", None) for a star import."""

    module: str
    level: int
    names: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Scope(Statement):
    """`global names` or `nonlocal names`."""

    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Jump(Statement):
    """`break`, `continue` or `pass`."""

    kind: str


@dataclass(frozen=True, slots=True)
class Raise(Statement):
    """`raise value`."""

    value: Expression | None


@dataclass(frozen=True, slots=True)
class Assert(Statement):
    """`assert test`."""

    test: Expression


@dataclass(frozen=True, slots=True)
class Delete(Statement):
    """`del targets`."""

    targets: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its text after the `#`; `alone` when no code stands before it on the line."""

    span: Span
    text: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Module:
    """A lowered file."""

    path: str
    body: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    docstring: str | None
