"""Applying a registered operation to abstract values, and writing the node."""

from __future__ import annotations

from collections.abc import Mapping

from shapelint.finding import Ref
from shapelint.infer.state import Demand, Run
from shapelint.infer.trace import INPUT
from shapelint.ops import registry
from shapelint.ops.registry import Op, ShapeError, Undetermined
from shapelint.shapes.value import Dtype, Layer, Lineage, Packed, Str, Tensor, Tuple, Unknown, Value
from shapelint.syntax import facts

PAD_PACKED = "torch.nn.utils.rnn.pad_packed_sequence"


def apply(
    run: Run,
    op: Op,
    args: tuple[Value, ...],
    kwargs: Mapping[str, Value],
    expression: facts.Expression,
    input_rank: int | None = None,
) -> Value:
    """Run an operation's shape function; the result is Unknown where it cannot be told or torch raises."""
    try:
        result, bound = registry.call(op, args, kwargs, run)
    except ShapeError as error:
        failed = Unknown(run.key_of(expression), error.message)
        return run.record(op.name, args, kwargs, {}, failed, expression.span, expression, error)
    except Undetermined as open_question:
        _demand_inputs(run, op, args, open_question, input_rank)
        return _unknown_result(run, op, args, expression, open_question.reason)
    return run.record(op.name, args, kwargs, bound, result, expression.span, expression)


def construct(run: Run, kind: str, args: tuple[Value, ...], kwargs: Mapping[str, Value], call: facts.Call) -> Value:
    """Build a torch layer; its node is the construction."""
    layer_op = registry.LAYERS[kind]
    try:
        _, bound = registry.call(layer_op.build, args, kwargs, run)
    except ShapeError as error:
        failed = Unknown(run.key_of(call), error.message)
        return run.record(kind, args, kwargs, {}, failed, call.span, call, error)
    except Undetermined as open_question:
        return Unknown(run.key_of(call), f"{kind}: {open_question.reason}")
    return run.record(kind, args, kwargs, bound, Layer(kind, bound, call.span), call.span, call)


def call_layer(
    run: Run, layer: Layer, args: tuple[Value, ...], kwargs: Mapping[str, Value], expression: facts.Expression
) -> Value:
    """Call a torch layer."""
    layer_op = registry.LAYERS[layer.kind]
    return apply(run, layer_op.forward, (layer, *args), kwargs, expression, layer_op.input_rank)


def _demand_inputs(
    run: Run, op: Op, args: tuple[Value, ...], question: Undetermined, input_rank: int | None
) -> None:
    if question.wants is not None and input_rank is not None:
        ids = Dtype.INT if op.name.startswith("torch.nn.Embedding") else Dtype.FLOAT
        run.demand(question.wants, Demand(input_rank, op.name, dtype=ids))
    elif op.name == PAD_PACKED and args:
        _demand_packed(run, args[0])


def _demand_packed(run: Run, value: Value) -> None:
    """What is unpacked was packed: the input of the layer that made it must be a PackedSequence."""
    if isinstance(value, Unknown):
        run.demand(value, Demand(3, PAD_PACKED, packed=True))
        return
    ref = getattr(value, "ref", None)
    for _ in range(20):
        if ref is None:
            return
        node = run.trace.node(ref)
        if node.op == INPUT and isinstance(node.args[0], Str):
            run.demands[node.args[0].value] = Demand(3, PAD_PACKED, packed=True)
            return
        tensors = [a for a in node.args if isinstance(a, Tensor | Packed)]
        ref = tensors[0].ref if tensors else None


def _unknown_result(run: Run, op: Op, args: tuple[Value, ...], expression: facts.Expression, reason: str) -> Value:
    key = run.key_of(expression)
    first = next((arg for arg in args if not isinstance(arg, Layer)), None)
    if not isinstance(first, Unknown) or op.rank_change is None:
        return Unknown(key, reason)
    run.parents[key] = (first.key, op.rank_change)
    return Unknown(key, reason, lineage=Lineage(first.key, op.rank_change))


def is_result_of_call(run: Run, value: Value) -> bool:
    """Whether a tuple is the whole result of a recorded call (`out = lstm(x)`)."""
    return isinstance(value, Tuple) and value.ref is not None and value.ref == Ref(value.ref.node)
