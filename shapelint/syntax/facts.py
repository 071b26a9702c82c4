"""Facts: a module's source lowered to small frozen dataclasses that carry their spans.

The vocabulary is Python's own, cut down to what the interpreter can use. What has no meaning for shapes is
an `Opaque` with its text, so that nothing is lost and nothing raises. Facts hold no libcst node: they
pickle, cache, and cross process boundaries.
"""

from __future__ import annotations

from dataclasses import dataclass

from shapelint.source import Span

Constant = bool | int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Expression:
    """Base of all expressions."""

    span: Span


@dataclass(frozen=True, slots=True)
class Name(Expression):
    """`id`."""

    id: str


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A number, string, bytes, True, False, None. Adjacent strings are joined; f-strings are not literals."""

    value: Constant


@dataclass(frozen=True, slots=True)
class EllipsisLiteral(Expression):
    """`...`."""


@dataclass(frozen=True, slots=True)
class Attribute(Expression):
    """`value.attr`; `attr_span` is the name after the dot."""

    value: Expression
    attr: str
    attr_span: Span


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: `value`, `keyword=value`, `*value` (star 1) or `**value` (star 2)."""

    span: Span
    value: Expression
    keyword: str | None = None
    star: int = 0


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """`func(arguments)`; `open_paren` and `close_paren` are where an argument can be inserted."""

    func: Expression
    arguments: tuple[Argument, ...]
    open_paren: Span  #: empty span just after `(`
    close_paren: Span  #: empty span just before `)`


@dataclass(frozen=True, slots=True)
class Slice(Expression):
    """`lower:upper:step` inside a subscript."""

    lower: Expression | None
    upper: Expression | None
    step: Expression | None


@dataclass(frozen=True, slots=True)
class Subscript(Expression):
    """`value[index]`; several comma-separated indices are one `Sequence("tuple")` index.

    `index_span` is the text between the brackets.
    """

    value: Expression
    index: Expression
    index_span: Span


@dataclass(frozen=True, slots=True)
class Sequence(Expression):
    """A tuple, list or set display: `kind` is "tuple", "list" or "set"."""

    kind: str
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Starred(Expression):
    """`*value` in a display or an assignment target."""

    value: Expression


@dataclass(frozen=True, slots=True)
class DictDisplay(Expression):
    """`{key: value}`; a None key is `**value`."""

    items: tuple[tuple[Expression | None, Expression], ...]


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """`left operator right`, operator as in the source: `+ - * / // % ** @ & | ^ << >>`."""

    left: Expression
    operator: str
    right: Expression


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    """`operator operand`, operator one of `- + ~ not`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Compare(Expression):
    """`left (operator right)+`, operator one of `== != < <= > >= is, is not, in, not in`."""

    left: Expression
    rest: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class BoolOp(Expression):
    """`left and right`, `left or right`."""

    left: Expression
    operator: str
    right: Expression


@dataclass(frozen=True, slots=True)
class Conditional(Expression):
    """`body if test else orelse`."""

    test: Expression
    body: Expression
    orelse: Expression


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; `kind` is "positional", "normal", "vararg", "keyword", "kwarg"."""

    span: Span
    name: str
    kind: str
    default: Expression | None
    annotation: Expression | None


@dataclass(frozen=True, slots=True)
class Lambda(Expression):
    """`lambda parameters: body`."""

    parameters: tuple[Parameter, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class Generator:
    """`for target in iterable if conditions` of a comprehension."""

    target: Expression
    iterable: Expression
    conditions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Comprehension(Expression):
    """`kind` is "list", "set", "dict" or "generator"; `key` is set for dict only."""

    kind: str
    element: Expression
    key: Expression | None
    generators: tuple[Generator, ...]


@dataclass(frozen=True, slots=True)
class Formatted(Expression):
    """An f-string: its parts, strings and expressions."""

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class Walrus(Expression):
    """`target := value`."""

    target: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Await(Expression):
    """`await value`, `yield value`, `yield from value` (kind tells): the value passes through unknown."""

    kind: str
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Opaque(Expression):
    """An expression without a meaning for shapes; `text` is its source, `reason` why it is not read."""

    text: str
    reason: str


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


@dataclass(frozen=True, slots=True)
class While(Statement):
    """`while test: body else: orelse`."""

    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]


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
