"""Facts of expressions: names, literals, calls, subscripts, operators, displays, comprehensions."""

from __future__ import annotations

from shapelint.data import dataclass
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
    """`func(arguments)`."""

    func: Expression
    arguments: tuple[Argument, ...]
    close_paren: Span  #: empty span just before `)`, where an argument can be added


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
