"""Applying a registered operation to abstract values, and writing the node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice

from shapelint.infer.plan import PRODUCT, Demand, Parent
from shapelint.infer.run.demands import READS_IDS, demand_flattened, demand_ids, demand_inputs, was_never_packed
from shapelint.infer.run.run import Run
from shapelint.infer.values.provenance import sizes_in
from shapelint.infer.values.snapshot import captured
from shapelint.ops import binding, registry
from shapelint.ops.layers.rnn import READ_AT_EACH_CALL
from shapelint.ops.names import PACK, PACK_SEQUENCE, PAD, PAD_PACKED, RECURRENT, UNPAD
from shapelint.ops.nature import LOSSES, Nature
from shapelint.ops.refusals import AxisError, BroadcastError, RankError, SignError, SizeError, StepError
from shapelint.ops.registry import Op, ShapeError, Undetermined
from shapelint.ops.tensors.computing.reduce import VALUES_AND_INDICES
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import (
    FALSE,
    NONE,
    Dtype,
    Int,
    Layer,
    Lineage,
    List,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.node import INPUT, LATER_ROUND, is_of_axis, refs
from shapelint.trace.writes import SETITEM, writes_by_name

_READS_LENGTHS = frozenset({PACK, UNPAD})


def apply(
    run: Run,
    op: Op,
    args: tuple[Value, ...],
    kwargs: Mapping[str, Value],
    expression: facts.Expression,
) -> Value:
    """Run an operation's shape function; the result is Unknown where it cannot be told or torch raises."""
    args = tuple(captured(value) for value in args)
    solved = len(run.trace.solved)
    try:
        result, bound = binding.call(op, args, kwargs, run)
    except ShapeError as error:
        return _refused(run, op, args, kwargs, expression, error, solved)
    except Undetermined as open_question:
        if op.name == PAD_PACKED and args and was_never_packed(run, args[0]):
            never_packed = ShapeError("a tensor where a PackedSequence is needed")
            return _refused(run, op, args, kwargs, expression, never_packed, solved)
        sequences = _some_sequences(run, op, args, kwargs, expression)
        if sequences is not None:
            return apply(run, op, (sequences, *args[1:]), kwargs, expression)
        demand_inputs(run, op, args, kwargs, open_question)
        if writes_by_name(op.name) and args and isinstance(args[0], Tensor):
            # what is written is not known; that it is written is
            written = NONE if op.name == SETITEM else replace(args[0], ref=None)
            return run.recorder.record(op.name, args, kwargs, {}, written, expression.span, expression)
        return _unknown_result(run, op, args, kwargs, expression, open_question.reason)
    except OverflowError as error:
        return Unknown(run.key_of(expression), str(error))
    if op.name in READS_IDS:
        _dispute_features_of_ids(run, bound.get("input"))
        demand_ids(run, bound.get("input"))
    if op.name in _READS_LENGTHS and isinstance(bound["lengths"], Unknown):
        run.path.demand(bound["lengths"], Demand(1, op.name, dtype=Dtype.INT))
    return run.recorder.record(op.name, args, kwargs, bound, result, expression.span, expression)


def _refused(
    run: Run,
    op: Op,
    args: tuple[Value, ...],
    kwargs: Mapping[str, Value],
    expression: facts.Expression,
    error: ShapeError,
    solved: int,
) -> Value:
    """What is left of a call that torch refuses, and the refusal recorded where it rests on no guess.

    The first `solved` sizes were solved before the call; what it asked of others, nobody has to believe.
    """
    failed = Unknown(run.key_of(expression), error.message)
    run.path.failed.add(failed.key)
    if _is_consequence(run, (*args, *kwargs.values()), error):
        return failed
    if _is_doubtful(run, op, (*args, *kwargs.values()), error):
        run.path.misfits += 1
        return failed
    run.path.asked_in_vain.update(islice(run.trace.solved, solved, None))
    return run.recorder.record(op.name, args, kwargs, {}, failed, expression.span, expression, error)


def _some_sequences(
    run: Run, op: Op, args: tuple[Value, ...], kwargs: Mapping[str, Value], expression: facts.Expression
) -> List | None:
    """What unknown sequences are, when the rank is known that they must have after they are padded, or packed."""
    key = run.key_of(expression)
    wanted = run.path.orders.demand(key)
    gathers = op.name in (PAD, PACK_SEQUENCE) and bool(args) and isinstance(args[0], Unknown)
    if not gathers or wanted is None or wanted.rank < 2:
        return None
    first, second, *features = (Dim.symbol(f"{key}.size({place})") for place in range(wanted.rank))
    given = args[1] if len(args) > 1 else kwargs.get("batch_first", FALSE)
    batch, time = (second, first) if given == FALSE else (first, second)
    return List([Tensor(tuple(map(Axis, (time, *features))), wanted.dtype)], length=batch)


def _is_consequence(run: Run, args: tuple[Value, ...], error: ShapeError) -> bool:
    """Whether an error that nothing explains comes of a size that only what torch refuses has asked for."""
    return error.code is None and any(not _symbols(value).isdisjoint(run.path.asked_in_vain) for value in args)


def _is_doubtful(run: Run, op: Op, args: tuple[Value, ...], error: ShapeError) -> bool:
    """Whether an error rests on what was guessed, not read.

    That is the rank of an input, a later round of a loop that may have one round only, a layer that was built in
    a round behind others that are not followed, or a list that is empty because the path that fills it was not taken,
    and a size that is counted in it. A rank of which only a text speaks does not go against the code: the text is of
    another value.
    """
    if any(isinstance(value, List | Tuple) and not value.items for value in args):
        return True
    counted = [size for value in args if not isinstance(value, Layer) for size in sizes_in(value)]
    if any(size.constant == 0 for size in (*counted, error.details.get("expected")) if isinstance(size, Dim)):
        return True
    if _is_of_free_sign(run, error):
        return True
    if isinstance(error, StepError) and _may_be_array(run, args):
        return True
    if any(name.startswith(LATER_ROUND) for value in args for name in _symbols(value)):
        return True
    if any(isinstance(value, Layer) and value.ref and value.ref.node in run.recorder.skipping for value in args):
        return True
    is_plain = error.code is None or op.nature in LOSSES
    if is_plain and isinstance(error, RankError | AxisError) and run.recorder.is_hearsay(*args):
        _dispute_ranks(run, args)
        return True
    if not run.recorder.is_guess(*args) or _is_batched_state(error) or _is_between_layers(run, error):
        return False
    return error.code is None or isinstance(error.details.get("got"), int)  # a number of axes


def _may_be_array(run: Run, values: Iterable[Value]) -> bool:
    """Whether nothing but methods that arrays of numpy have as well was applied to what a value comes from.

    What a module's `forward` is given is a tensor.
    """
    is_module = any(entered.kind == "module" for entered in run.trace.entered[:1])
    waiting, seen = [ref.node for value in values for ref in refs(value)], set[int]()
    while waiting:
        node = run.trace.nodes[waiting.pop()]
        if node.id in seen:
            continue
        seen.add(node.id)
        is_array = node.op.startswith("torch.Tensor.") or (node.op == INPUT and not (is_module and node.bound["given"]))
        if not is_array:
            return False
        waiting += [ref.node for value in (*node.args, *node.kwargs.values()) for ref in refs(value)]
    return True


def _is_of_free_sign(run: Run, error: ShapeError) -> bool:
    """Whether a size is negative unless a number is so that is no size anywhere: `-depth`, where depth is 0 or -1."""
    got = error.details.get("got")
    return isinstance(error, SignError) and isinstance(got, Dim) and not run.sizes.is_certain(got)


def _dispute_ranks(run: Run, args: tuple[Value, ...]) -> None:
    """The code does not take the rank that a text states: what else rests on it does not hold either."""
    leaves = (run.trace.leaf_of(value) for value in args)
    run.path.disputed |= {leaf.leaf_key for leaf in leaves if leaf is not None and leaf.leaf_key is not None}


def _is_batched_state(error: ShapeError) -> bool:
    """Whether a batch's state does not fit a batched input: no other rank of the input would make it fit."""
    got, expected = error.details.get("got"), error.details.get("expected")
    return (
        "state" in error.details
        and isinstance(got, tuple)
        and isinstance(expected, tuple)
        and len(got) == len(expected) == 3
    )


def _is_between_layers(run: Run, error: ShapeError) -> bool:
    """Whether two sizes differ of which neither is an input's: they do so whatever its rank is."""
    sizes = [error.details.get("expected"), error.details.get("got")]
    dims = [run.resolve(size) for size in sizes if isinstance(size, Dim)]
    return (
        isinstance(error, SizeError | BroadcastError)
        and len(dims) == 2
        and not any(is_of_axis(name) for dim in dims for name in dim.symbols)
    )


def _symbols(value: Value) -> frozenset[str]:
    if isinstance(value, Int):
        return value.dim.symbols
    if isinstance(value, Tensor):
        return frozenset().union(*(axis.dim.symbols for axis in value.axes))
    if isinstance(value, Tuple | List):
        return frozenset().union(*map(_symbols, value.items))
    return frozenset()


def construct(
    run: Run, kind: str, args: tuple[Value, ...], kwargs: Mapping[str, Value], call: facts.Expression
) -> Value:
    """Build a torch layer; its node is the construction."""
    try:
        layer = binding.build(registry.LAYERS[kind], args, kwargs, run, call.span, run.recorder.away)
    except ShapeError as error:
        failed = Unknown(run.key_of(call), error.message)
        if _is_of_free_sign(run, error):
            return failed
        return run.recorder.record(kind, args, kwargs, {}, failed, call.span, call, error)
    except Undetermined as open_question:
        return Unknown(run.key_of(call), f"{kind}: {open_question.reason}")
    except OverflowError as error:
        return Unknown(run.key_of(call), f"{kind}: {error}")
    forward = _forward(run)
    if forward is not None:
        run.trace.rebuilt[len(run.trace.nodes)] = forward
    return run.recorder.record(kind, args, kwargs, layer.config, layer, call.span, call)


def _forward(run: Run) -> Span | None:
    """The `forward` of a module of the analysed file whose body is being run; None while a module is built."""
    for function in reversed(run.recorder.functions):
        base = None if function.owner is None else function.owner.torch_base()
        if function.name == "__init__" or run.recorder.away:
            return None
        if function.name == "forward" and function.definition is not None and (base or "").startswith("torch.nn."):
            return function.definition.span
    return None


def call_layer(
    run: Run, layer: Layer, args: tuple[Value, ...], kwargs: Mapping[str, Value], expression: facts.Expression
) -> Value:
    """Call a torch layer; Unknown where the code changes it, or may do so wherever it walks over layers."""
    changed = run.recorder.home.changed & READ_AT_EACH_CALL & layer.config.keys()
    if layer.ref in run.altered or changed:
        return Unknown(run.key_of(expression), "a layer that the code changes")
    if args and layer.kind in RECURRENT:
        _dispute_steps_as_features(run, args[0])
    # what a `**dict` of unknown content may hold beside is nothing, where the layer takes no options
    given = {name: value for name, value in kwargs.items() if name != "**"}
    return apply(run, registry.LAYERS[layer.kind].forward, (layer, *args), given, expression)


def _dispute_steps_as_features(run: Run, value: Value) -> None:
    """Drop what the author says of an input (batch, time) that a layer reads as features: it is said of ids."""
    symbol = value.axes[-1].dim.as_symbol if isinstance(value, Tensor) and value.rank == 2 else None
    if symbol is not None and any(
        piece.symbol == symbol and piece.role is Role.TIME and piece.kind.startswith("shape-")
        for piece in run.trace.evidence
    ):
        run.path.disputed.add(symbol.rpartition(".size(")[0])


def _dispute_features_of_ids(run: Run, value: object) -> None:
    """Drop what the author says of ids where that ends in features, (batch, vocab size): ids have none."""
    symbol = value.axes[-1].dim.as_symbol if isinstance(value, Tensor) and value.rank > 1 else None
    if symbol is not None and symbol in run.path.said_features:
        run.path.disputed.add(symbol.rpartition(".size(")[0])


def _unknown_result(
    run: Run,
    op: Op,
    args: tuple[Value, ...],
    kwargs: Mapping[str, Value],
    expression: facts.Expression,
    reason: str,
) -> Value:
    key = run.key_of(expression)
    first = next((arg for arg in args if not isinstance(arg, Layer)), None)
    if isinstance(first, Unknown) and op.name.endswith(".unbind"):
        run.path.note_entries(key, first)
    if isinstance(first, Unknown):
        demand_flattened(run, op, args, kwargs, key)
    if not isinstance(first, Unknown) or op.rank_change is None:
        return Unknown(key, reason)
    return derived(run, op, first, key, reason)


def derived(run: Run, op: Op, base: Unknown, key: str, reason: str) -> Value:
    """What an operation makes of an unknown tensor: another one, whose rank follows from it, or two."""
    if op.nature is Nature.PRODUCT and op.input_rank is not None:
        run.path.demand(base, Demand(op.input_rank, PRODUCT))
    if op.gives_pair:
        is_sort = op.name.endswith(".sort")
        pair = tuple(_child(run, op, base, f"{key}[{place}]", reason, is_sort and place == 1) for place in range(2))
        return Tuple(pair, names=VALUES_AND_INDICES)
    return _child(run, op, base, key, reason, op.name.endswith(".argsort"))


def _child(run: Run, op: Op, base: Unknown, key: str, reason: str, is_order: bool) -> Unknown:
    delta = op.rank_change or 0
    run.path.parents[key] = Parent(base.key, delta, Dtype.INT if op.name in READS_IDS else None)
    return Unknown(key, reason, lineage=Lineage(base.key, delta, is_order))
