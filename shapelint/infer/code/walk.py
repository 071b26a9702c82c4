"""Looking through facts without interpreting them."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.syntax import facts


def _parts(fact: object) -> list[object]:
    """What a fact is made of; nothing for what is no fact."""
    kind = type(fact)
    names = _NAMES.get(kind)
    if names is None:
        fields: tuple[str, ...] = tuple(getattr(kind, "__dataclass_fields__", ()))
        names = _NAMES[kind] = tuple(name for name in fields if not name.endswith("span"))
    return [getattr(fact, name) for name in names]


_AROUND_EXPRESSIONS = (facts.Argument, facts.Generator)  #: parts of expressions that are none
_NAMES: dict[type, tuple[str, ...]] = {}  #: the fields of kinds of facts, without the places


def expressions_in(fact: object) -> Iterator[facts.Expression]:
    """All expressions inside a fact, itself included."""
    waiting = [fact]
    while waiting:
        current = waiting.pop()
        if isinstance(current, tuple):
            waiting.extend(current)
        elif isinstance(current, facts.Expression):
            yield current
            waiting.extend(_parts(current))
        elif isinstance(current, _AROUND_EXPRESSIONS):
            waiting.extend(_parts(current))


def calls_in(fact: object) -> Iterator[facts.Call]:
    """All call expressions inside a fact."""
    return (expression for expression in expressions_in(fact) if isinstance(expression, facts.Call))


def names_in(fact: object) -> set[str]:
    """All names that a fact reads or binds."""
    return {expression.id for expression in expressions_in(fact) if isinstance(expression, facts.Name)}


def facts_in(fact: object) -> Iterator[object]:
    """A fact and all inside it, statements and definitions as well."""
    waiting = [fact]
    while waiting:
        current = waiting.pop()
        if isinstance(current, tuple):
            waiting.extend(current)
        elif parts := _parts(current):
            yield current
            waiting.extend(parts)


def names_within(fact: object) -> set[str]:
    """All names that a fact reads or binds, statements and definitions as well."""
    return {one.id for one in facts_in(fact) if isinstance(one, facts.Name)}


def names_handed_on(fact: object) -> set[str]:
    """The names within a fact that are read, and not only for an attribute (`name.train()`)."""
    every = list(facts_in(fact))
    bound = [one.targets for one in every if isinstance(one, facts.Assign)]
    passed_over = {id(target) for targets in bound for target in targets}
    passed_over |= {id(one.value) for one in every if isinstance(one, facts.Attribute)}
    return {one.id for one in every if isinstance(one, facts.Name) and id(one) not in passed_over}


def every_statement(statements: tuple[facts.Statement, ...]) -> Iterator[facts.Statement]:
    """All statements of a block, of the blocks inside it, and of definitions."""
    waiting = list(statements)
    while waiting:
        statement = waiting.pop()
        yield statement
        for block in _blocks_of(statement):
            waiting.extend(getattr(statement, block))


def statements_in(statements: tuple[facts.Statement, ...]) -> list[facts.Statement]:
    """All statements of a block and of the blocks inside it; not of definitions."""
    found: list[facts.Statement] = []
    waiting = [*reversed(statements)]
    while waiting:
        statement = waiting.pop()
        found.append(statement)
        if not isinstance(statement, facts.FunctionDef | facts.ClassDef):
            for block in reversed(_blocks_of(statement)):
                waiting.extend(reversed(getattr(statement, block)))
    return found


def _blocks_of(statement: facts.Statement) -> tuple[str, ...]:
    """The fields of a kind of statement that are blocks."""
    kind = type(statement)
    if kind not in _BLOCKS:
        _BLOCKS[kind] = tuple(name for name in ("body", "orelse", "final") if hasattr(kind, name))
    return _BLOCKS[kind]


_BLOCKS: dict[type, tuple[str, ...]] = {}
