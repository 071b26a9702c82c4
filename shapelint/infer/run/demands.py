"""What operations need of operands that are not known yet: that they be tensors, of so many axes, or packed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shapelint.infer.plan import FLATTENED, JOINED, MAX_DEPTH, PRODUCT, Demand
from shapelint.infer.run.run import Run
from shapelint.ops.names import PAD_PACKED, READING_PACKED, RECURRENT
from shapelint.ops.nature import Nature
from shapelint.ops.registry import OPS, Op, Undetermined
from shapelint.shapes.value import NONE, Dtype, Int, Layer, List, Str, Tensor, Tuple, Unknown, Value
from shapelint.trace.node import INPUT, Node

JOINING = frozenset(("torch.cat", "torch.concat", "torch.concatenate", "torch.stack"))
READS_IDS = frozenset(
    f"torch.nn.{name}"
    for name in (
        "Embedding.forward",
        "EmbeddingBag.forward",
        "functional.embedding",
        "functional.embedding_bag",
        "functional.one_hot",
    )
)
#: what reads the last axes, or each entry, whatever stands in front
_READS_ANY_RANK = frozenset((Nature.LINEAR, Nature.LOOKUP, Nature.NORM, Nature.ATTENTION))
_CUTTING = frozenset(
    "view reshape flatten squeeze unsqueeze transpose permute t contiguous long int to cuda __getitem__".split()
)


def demand_inputs(
    run: Run, op: Op, args: tuple[Value, ...], kwargs: Mapping[str, Value], question: Undetermined
) -> None:
    """Note, for the next run, what the operands must be that an operation cannot do without."""
    if question.wants is not None and question.rank is not None:
        run.path.demand(question.wants, Demand(question.rank, op.name, dtype=Dtype.INT))
    elif question.wants is not None and op.input_rank is not None:
        rank = op.input_rank - 1 if _is_state_of_one_sequence(args, kwargs) else op.input_rank
        run.path.demand(question.wants, Demand(rank, _reason(op, args)))
    elif question.wants is not None and op.nature in _READS_ANY_RANK:
        run.path.wish(question.wants, Dtype.INT if op.name in READS_IDS else Dtype.FLOAT)
    elif op.name == PAD_PACKED and args:
        _demand_packed(run, args[0])
    elif op.name in JOINING and args:
        _demand_alike(run, op, args[0])
    elif op.nature is Nature.COMPARISON:
        _demand_class_numbers(run, args)


def _is_state_of_one_sequence(args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> bool:
    """Whether a recurrent layer starts from states (D*K, R): it reads one sequence then, which has no batch axis."""
    layer = args[0] if args else None
    if not isinstance(layer, Layer) or layer.kind not in RECURRENT or layer.flag("batch_first"):
        return False
    state = args[2] if len(args) > 2 else kwargs.get("hx", NONE)
    states = state.items if isinstance(state, Tuple | List) else (state,)
    return bool(states) and all(isinstance(one, Tensor) and one.rank == 2 for one in states)


def _reason(op: Op, args: tuple[Value, ...]) -> str:
    """Who demands the rank that an operation takes: `torch.mm` takes matrices alone.

    Who writes batch_first has batches; without it a layer may read one sequence.
    """
    layer = args[0] if args and isinstance(args[0], Layer) else None
    if layer is not None and layer.flag("batch_first"):
        return "batch_first"
    return PRODUCT if op.nature is Nature.PRODUCT else op.name


def _demand_alike(run: Run, op: Op, members: Value) -> None:
    """Tensors that are joined have as many axes as each other."""
    items = members.items if isinstance(members, Tuple | List) else ()
    ranks = {item.rank for item in items if isinstance(item, Tensor)}
    rank = ranks.pop() if len(ranks) == 1 else 0
    for item in items:
        if isinstance(item, Unknown) and rank:
            run.path.demand(item, Demand(rank, JOINED))


def _demand_class_numbers(run: Run, operands: tuple[Value, ...]) -> None:
    """What the places of largest scores are compared with is as many class numbers: `scores.argmax(1) == labels`."""
    for guess in operands:
        if not isinstance(guess, Tensor) or guess.ref is None:
            continue
        maker = OPS.get(run.trace.node(guess.ref).op)
        if maker is not None and maker.nature is Nature.EXTREME and guess.dtype is Dtype.INT:
            for labels in operands:
                if isinstance(labels, Unknown):
                    run.path.demand(labels, Demand(guess.rank, JOINED, dtype=Dtype.INT))


def demand_flattened(run: Run, op: Op, args: tuple[Value, ...], kwargs: Mapping[str, Value], key: str) -> None:
    """What merges all axes from one on has a known number of axes, if what it is given is not known at all."""
    start: int | None = None
    end: int | None = -1
    if args and isinstance(args[0], Layer):
        start, end = args[0].find("start_dim", int), args[0].find("end_dim", int)
    elif "start_dim" in op.signature.parameters:
        given = [*args[1:], *kwargs.values()]
        start = given[0].dim.constant if len(given) == 1 and isinstance(given[0], Int) else None
    if start is not None and start > 0 and end == -1:
        run.path.demand(Unknown(key, op.name), Demand(start + 1, FLATTENED))


def demand_ids(run: Run, value: object) -> None:
    """What an embedding reads are integers, whatever else asked for the input's rank."""
    for _ in range(MAX_DEPTH):
        if not isinstance(value, Tensor) or value.ref is None:
            return
        node = run.trace.node(value.ref)
        if node.op == INPUT and isinstance(node.args[0], Str) and value.dtype is not Dtype.INT:
            key = node.args[0].value
            run.path.demands[key] = replace(run.plan.demands[key], dtype=Dtype.INT)
        if node.op.removeprefix("torch.Tensor.") not in _CUTTING or not node.args:
            return
        value = node.args[0]


def _demand_packed(run: Run, value: Value) -> None:
    """What is unpacked was packed: the input of the layer that made it must be a PackedSequence."""
    if isinstance(value, Unknown):
        run.path.demand(value, Demand(3, PAD_PACKED, packed=True))
        return
    source = _read_by_layers(run, value)
    if source is not None and source.op == INPUT and isinstance(source.args[0], Str):
        run.path.demands[source.args[0].value] = Demand(3, PAD_PACKED, packed=True)


def was_never_packed(run: Run, value: Value) -> bool:
    """Whether a tensor is none that would be packed if what the code is given was."""
    source = _read_by_layers(run, value) if isinstance(value, Tensor) else None
    return source is not None and source.op != INPUT


def _read_by_layers(run: Run, value: Value) -> Node | None:
    """What made a value; of a recurrent layer's output, which is packed where its input is, what made that."""
    ref = getattr(value, "ref", None)
    while ref is not None:
        node = run.trace.node(ref)
        if node.op not in READING_PACKED or ref.path != (0,):
            return node
        ref = getattr(node.args[1] if len(node.args) > 1 else None, "ref", None)
    return None
