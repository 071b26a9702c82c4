"""Assignment to targets of every form, and what it tells about the author's intent."""

from __future__ import annotations

from shapelint.infer.dispatch import evaluate
from shapelint.infer.evidence import note_assignment, note_sizes
from shapelint.infer.plan import Demand
from shapelint.infer.protocol import Site, set_attribute, set_item, unrolled
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.instances import call_special
from shapelint.infer.values.objects import Container, Iteration, ShapeOf
from shapelint.infer.values.scopes import Scope
from shapelint.ops.names import UNBIND, UNPACK
from shapelint.ops.registry import ShapeError
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.inside import listed
from shapelint.shapes.value import Int, List, Tensor, Tuple, Unknown, Value
from shapelint.syntax import facts


def assign(run: Run, scope: Scope, target: facts.Expression, value: Value, node: facts.Statement | None) -> None:
    """Bind `value` to a target: a name, an attribute, an item, or a pattern of these."""
    if isinstance(target, facts.Name):
        scope.assign(target.id, note_assignment(run, target, value, node))
        run.recorder.bind(target.span, target.id, scope.lookup(target.id) or value)
    elif isinstance(target, facts.Attribute):
        _assign_attribute(run, scope, target, note_assignment(run, target, value, node), node)
    elif isinstance(target, facts.Sequence):
        _assign_pattern(run, scope, target, value, node)
    elif isinstance(target, facts.Subscript):
        _assign_item(run, scope, target, value)
    elif isinstance(target, facts.Starred):
        assign(run, scope, target.value, value, node)


def _assign_attribute(
    run: Run, scope: Scope, target: facts.Attribute, value: Value, node: facts.Statement | None
) -> None:
    base = evaluate(run, scope, target.value)
    if isinstance(base, Tensor) and target.attr == "data":
        assign(run, scope, target.value, value, node)
    else:
        source = node.value if isinstance(node, facts.Assign) and target in node.targets else None
        set_attribute(run, base, target.attr, value, source)
    run.recorder.bind(target.span, None, value)


def _assign_item(run: Run, scope: Scope, target: facts.Subscript, value: Value) -> None:
    base, index = evaluate(run, scope, target.value), evaluate(run, scope, target.index)
    set_item(run, base, index, value, target)


def _assign_pattern(run: Run, scope: Scope, target: facts.Sequence, value: Value, node: facts.Statement | None) -> None:
    stars = [i for i, item in enumerate(target.items) if isinstance(item, facts.Starred)]
    values = unpack(run, value, len(target.items), stars[0] if stars else None, target, node)
    note_sizes(run, target.items, values)
    for item, part in zip(target.items, values, strict=True):
        assign(run, scope, item, run.path.settle(part) if isinstance(part, Unknown) else part, node)


def unpack(
    run: Run,
    value: Value,
    count: int,
    star: int | None,
    target: facts.Expression,
    node: facts.Statement | None,
) -> tuple[Value, ...]:
    """The `count` values of an unpacking; `star` is the position of the starred one, if any."""
    if isinstance(value, ShapeOf):
        return _unpack_shape(run, value, count, star)
    made = call_special(run, value, "__iter__", Site(target))
    whole = made.sources[0] if isinstance(made, Iteration) and made.kind == "generator" else value
    items = _items(unrolled(run, whole, target) if isinstance(whole, Iteration) else whole)
    if items is not None and star is not None and len(items) >= count - 1:
        tail = len(items) - (count - star - 1)
        return (*items[:star], List(list(items[star:tail])), *items[tail:])
    if items is not None and len(items) == count:
        return items
    if isinstance(value, Tensor) and star is None:
        return _unpack_tensor(run, value, count, target, node)
    if isinstance(value, Tuple) and value.ref is not None and star is None:
        _wrong_count(run, value, count, target, node, f"{len(value.items)} values for {count} names")
    return _unknown_parts(run, value, count, target)


def _items(value: Value) -> tuple[Value, ...] | None:
    if isinstance(value, Container) and value.length is None and value.kind != "ModuleDict":
        value.is_used = True
        return tuple(value.members.values())
    items = listed(value)
    return None if items is None else tuple(items)


def _unknown_parts(run: Run, value: Value, count: int, target: facts.Expression) -> tuple[Value, ...]:
    key = value.key if isinstance(value, Unknown) else run.key_of(target)
    return tuple(Unknown(f"{key}[{i}]", "a part of something unknown") for i in range(count))


def _unpack_shape(run: Run, value: ShapeOf, count: int, star: int | None) -> tuple[Value, ...]:
    """`batch, time, features = x.size()` says how many axes an unknown x has."""
    if star is None:
        run.path.demand(value.of, Demand(count, "unpacked"))
    return tuple(
        Unknown(f"{value.of.key}.size()[{i}:]", "the sizes of some axes")
        if i == star
        else Int(Dim.symbol(f"{value.of.key}.size({i if star is None or i < star else i - count})"))
        for i in range(count)
    )


def _unpack_tensor(
    run: Run, value: Tensor, count: int, target: facts.Expression, node: facts.Statement | None
) -> tuple[Value, ...]:
    """`h, c = tensor` takes the tensor apart along its first axis."""
    if not value.axes:
        return _unknown_parts(run, value, count, target)
    answer = run.same(value.axes[0].dim, Dim.of(count))
    if answer is Same.DIFFERENT or (answer is Same.UNKNOWN and value.axes[0].role is Role.BATCH):
        # a batch has as many rows as its user likes: `h, c = cell(x)` works for a batch of two alone
        _wrong_count(run, value, count, target, node, f"{value.axes[0].dim} rows for {count} names")
        return _unknown_parts(run, value, count, target)
    expression = getattr(node, "value", None) or target
    if (
        answer is Same.UNKNOWN
        and value.axes[0].role is not Role.UNKNOWN
        and not run.agree(value.axes[0].dim, Dim.of(count))
    ):
        return _unknown_parts(run, value, count, target)
    parts = Tuple(tuple(Tensor(value.axes[1:], value.dtype) for _ in range(count)))
    bound = {"count": count, "target": target.span}
    result = run.recorder.record(UNBIND, (value,), {}, bound, parts, expression.span, expression)
    return result.items if isinstance(result, Tuple) else _unknown_parts(run, value, count, target)


def _wrong_count(
    run: Run, value: Value, count: int, target: facts.Expression, node: facts.Statement | None, text: str
) -> None:
    expression = getattr(node, "value", None) or target
    error = ShapeError(f"unpacking {text}", None, count=count)
    failed = Unknown(run.key_of(expression), error.message)
    args = (value, Int(Dim.of(count)))
    sizes = isinstance(value, Tuple) and all(isinstance(item, Int) for item in value.items)
    rows = isinstance(value, Tensor) and value.axes[0].role is not Role.BATCH
    if (sizes or rows) and run.recorder.is_guess(value):
        return  # another rank of the input would give another number of sizes
    run.recorder.record(
        UNPACK, args, {}, {"count": count, "target": target.span}, failed, expression.span, expression, error
    )
