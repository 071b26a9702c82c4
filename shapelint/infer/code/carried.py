"""Names that a round of a loop reads as the round before has left them: `total = total + x`, `if kept is None`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from shapelint.infer.code.walk import facts_in, names_in
from shapelint.syntax import facts

Names = frozenset[str]
NOTHING: Names = frozenset()


def carried(body: tuple[facts.Statement, ...]) -> Names:
    """The names that a body may read before it binds them, and that it may bind."""
    read, _, changed = _flow(body, NOTHING)
    return read & changed


def passed_over(body: tuple[facts.Statement, ...], executed: Collection[int]) -> Names:
    """The names that a body would have added to on sides of conditions that were not run: `if keep(x): kept.append(x)`.

    `executed` has the ids of the statements that were run.
    """
    found: Names = NOTHING
    for condition in facts_in(body):
        if isinstance(condition, facts.If):
            blocks = [block for block in (condition.body, condition.orelse) if block]
            left = [block for block in blocks if id(block[0]) not in executed]
            run = [block for block in blocks if id(block[0]) in executed]
            found |= frozenset(_added_to(left)) - frozenset(_added_to(run))
    return found


def _added_to(blocks: Iterable[tuple[facts.Statement, ...]]) -> Iterator[str]:
    """The names of what statements count up, or call a method of."""
    for fact in (one for block in blocks for one in facts_in(block)):
        match fact:
            case facts.AugAssign(target=facts.Name(id=name)):
                yield name
            case facts.Call(func=facts.Attribute(value=facts.Name(id=name))):
                yield name


def _flow(body: tuple[facts.Statement, ...], bound: Names) -> tuple[Names, Names, Names]:
    """What statements may read of what is not `bound`, what is bound behind them on every way, and on some way."""
    read, changed = NOTHING, NOTHING
    for statement in body:
        reads, binds, changes = _of_statement(statement, bound)
        read, bound, changed = read | (reads - bound), bound | binds, changed | changes
    return read, bound, changed


def _of_statement(statement: facts.Statement, bound: Names) -> tuple[Names, Names, Names]:
    match statement:
        case facts.Assign(targets=targets, value=value):
            return _assigned(targets, value)
        case facts.AnnAssign(target=target, value=value):
            return _assigned((target,), value) if value is not None else (NOTHING, NOTHING, NOTHING)
        case facts.AugAssign(target=target, value=value):
            names = frozenset(names_in((target, value)))
            return names, NOTHING, _bound_by(target)
        case facts.If(test=test, body=body, orelse=orelse):
            return _either(frozenset(names_in(test)), [body, orelse], bound)
        case facts.For(target=target, iterable=iterable, body=body, orelse=orelse):
            read, _, changed = _flow(body, bound | _bound_by(target))
            after, _, also = _flow(orelse, bound)
            return read | after | frozenset(names_in(iterable)), NOTHING, changed | also | _bound_by(target)
        case facts.While(test=test, body=body, orelse=orelse):
            return _some(frozenset(names_in(test)), [body, orelse], bound)
        case facts.With(items=items, body=body):
            names = frozenset(names_in(tuple(context for context, _ in items)))
            given = frozenset().union(*(_bound_by(target) for _, target in items if target is not None))
            read, binds, changed = _flow(body, bound | given)
            return read | names, binds | given, changed | given
        case facts.Try(body=body, handlers=handlers, orelse=orelse, final=final):
            return _some(NOTHING, [body, *(handler.body for handler in handlers), orelse, final], bound)
        case facts.Match(subject=subject, cases=cases):
            return _some(frozenset(names_in(subject)), [case.body for case in cases], bound)
        case facts.FunctionDef() | facts.ClassDef():
            return NOTHING, frozenset((statement.name,)), NOTHING
    return frozenset(names_in(tuple(_values(statement)))), NOTHING, NOTHING


def _assigned(targets: tuple[facts.Expression, ...], value: facts.Expression) -> tuple[Names, Names, Names]:
    binds = frozenset().union(*map(_bound_by, targets))
    return frozenset(names_in((value, targets))) - (binds - names_in(value)), binds, binds


def _either(read: Names, blocks: list[tuple[facts.Statement, ...]], bound: Names) -> tuple[Names, Names, Names]:
    """One of the blocks is run."""
    flows = [_flow(block, bound) for block in blocks]
    reads, changes = (frozenset().union(*(flow[place] for flow in flows)) for place in (0, 2))
    return read | reads, frozenset.intersection(*(binds for _, binds, _ in flows)), changes


def _some(read: Names, blocks: list[tuple[facts.Statement, ...]], bound: Names) -> tuple[Names, Names, Names]:
    """Any of the blocks are run, or none."""
    return _either(read, [*blocks, ()], bound)


def _bound_by(target: facts.Expression) -> Names:
    """The names that an assignment to a target binds."""
    if isinstance(target, facts.Sequence):
        return frozenset().union(*map(_bound_by, target.items))
    if isinstance(target, facts.Starred):
        return _bound_by(target.value)
    return frozenset((target.id,)) if isinstance(target, facts.Name) else NOTHING


def _values(statement: facts.Statement) -> Iterable[object]:
    return (getattr(statement, name) for name in ("value", "test", "targets") if hasattr(statement, name))
