"""From a claim to a closed program: the slice of the trace that leads to the value, on dummy sizes.

A program is canonical JSON text and nothing else: equal programs are equal objects, and are run once. The
text names torch operations of the registry, numbers and references to earlier steps; there is no code in it.

    {"property": "batch_independence", "target": {"ref": 3, "path": []}, "options": {..},
     "lengths": null,
     "steps": [{"op": "input", "shape": [3, 5, 7], "dtype": "float"}, {"op": "torch.nn.LSTM", ..}, ..],
     "variants": [{"steps": [..]}, ..]}

Of a program that runs with a device (`on_device`), steps have a `place`: "device" or "cpu".
`variants` are the same steps at other sizes, where the property compares with such (`finding.Beside`): at another
`batch`, or with one sample alone (its `row`, and `cut` in the inputs).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shapelint.claims.values.raises import Raises
from shapelint.data import dataclass
from shapelint.finding import Beside, Claim, Ref
from shapelint.notebooks.places import line_told
from shapelint.ops.names import PACK
from shapelint.ops.nature import CLASS_LOSSES, Nature
from shapelint.ops.registry import LAYERS
from shapelint.reading.trail import nature_of
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dtype, List, Str, Tensor, Tuple, Value
from shapelint.trace.devices import DEVICE, moved_to
from shapelint.trace.node import INPUT, Node, refs
from shapelint.trace.trace import Trace
from shapelint.trace.writes import writers
from shapelint.verify.program import limits
from shapelint.verify.program.encode import Encoded, Encoder, UnreplayableError
from shapelint.verify.program.plan import Plan, plan_sizes, resolved, tensors_in
from shapelint.verify.program.unroll import unrolled

_TAKING_CLASSES = CLASS_LOSSES | {Nature.LOOKUP}


@dataclass(frozen=True, slots=True)
class NotReplayable:
    """Why torch cannot be asked about a claim."""

    reason: str


@dataclass(frozen=True, slots=True)
class Program:
    """A closed program in canonical JSON."""

    text: str

    @property
    def document(self) -> dict[str, Any]:
        """The parsed text."""
        document: dict[str, Any] = json.loads(self.text)
        return document

    @property
    def digest(self) -> str:
        """A key for caches: the SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def build(trace: Trace, claim: Claim) -> Program | NotReplayable:
    """The program that puts a claim to the test, or why there is none. Never raises on a trace.

    Where the way to the claim's source cannot be replayed, the program begins at the source: the claim speaks
    of what happens between the source and the target.
    """
    reason = ""
    for candidate, asked in _candidates(trace, claim):
        try:
            return _program(candidate, asked)
        except UnreplayableError as why:
            reason = reason or str(why)
    return NotReplayable(reason)


def _candidates(trace: Trace, claim: Claim) -> Iterator[tuple[Trace, Claim]]:
    """The trace with its loops written out, as it is, and beginning at the claim's source."""
    longer = _unrolled(trace, claim)
    if longer is not None:
        yield longer
    yield trace, claim
    for candidate, asked in ([] if longer is None else [longer]) + [(trace, claim)]:
        shortened = _cut_at_source(candidate, asked)
        if shortened is not None:
            yield shortened, asked


def _unrolled(trace: Trace, claim: Claim) -> tuple[Trace, Claim] | None:
    try:
        needed = {node.id for node in backward_slice(trace, claim.refs)}
    except UnreplayableError:
        return None
    return unrolled(trace, claim, needed)


def _cut_at_source(trace: Trace, claim: Claim) -> Trace | None:
    """The trace with the claim's source as an input; None where it is one already, or part of a tuple.

    What else the claim says is padded becomes an input too.
    """
    nodes = list(trace.nodes)
    for ref in (claim.options.get("source"), claim.options.get("padded")):
        if not isinstance(ref, Ref) or ref.path:
            continue
        node = trace.node(ref)
        if node.op != INPUT and isinstance(node.result, Tensor):
            nodes[node.id] = replace(node, op=INPUT, args=(Str(f"step {node.id}"),), kwargs={}, bound={})
    return replace(trace, nodes=nodes) if nodes != trace.nodes else None


def _program(trace: Trace, claim: Claim) -> Program:
    return Program(json.dumps(_document(trace, claim), sort_keys=True, separators=(",", ":")))


def _document(trace: Trace, claim: Claim) -> dict[str, Encoded]:
    nodes = backward_slice(trace, claim.refs)
    _reject_early_errors(trace, nodes, claim)
    plan = plan_sizes(trace, nodes, meant(trace, claim), may_be_vast=isinstance(claim, Raises))
    writer = Writer(trace, nodes, plan)
    steps = writer.steps()
    if claim.options.get("on_device"):
        _place(steps, nodes)
    document = {
        "property": claim.property,
        "target": writer.encoder.ref(claim.target),
        "options": {name: writer.option(value) for name, value in claim.options.items()},
        "lengths": writer.lengths_for(claim),
        "steps": steps,
        "variants": writer.variants(claim),
    }
    return {**document, "vast": True} if plan.is_vast else document


def _place(steps: Sequence[dict[str, Encoded]], nodes: Sequence[Node]) -> None:
    """Say where each result is put: layers and inputs on the device, but not the lengths of sequences."""
    for step, node in zip(steps, nodes, strict=True):
        starts = node.op in LAYERS or (node.op == INPUT and "values" not in step)
        place = DEVICE if starts else moved_to(node)
        if place is not None:
            step["place"] = place


def backward_slice(trace: Trace, roots: Sequence[Ref]) -> list[Node]:
    """The nodes that the roots are computed from, in the order of the trace."""
    pending = [ref.node for ref in roots]
    needed: set[int] = set()
    while pending:
        number = pending.pop()
        if not 0 <= number < len(trace.nodes):
            raise UnreplayableError("a value without a place in the trace")
        if number not in needed:
            needed.add(number)
            pending += [ref.node for value in _values(trace.nodes[number]) for ref in refs(value)]
            pending += [node.id for node in writers(trace).get(number, ())]
        if len(needed) > limits.MAX_STEPS:
            raise UnreplayableError(f"too large to replay: more than {limits.MAX_STEPS} operations")
    # an assignment into a tensor after the last use of it says nothing of the roots
    last = max((ref.node for ref in roots), default=-1)
    return [trace.nodes[number] for number in sorted(needed) if number <= last]


def _values(node: Node) -> tuple[Value, ...]:
    return (*node.args, *node.kwargs.values())


def _reject_early_errors(trace: Trace, nodes: Sequence[Node], claim: Claim) -> None:
    for node in nodes:
        if node.error is not None and not (isinstance(claim, Raises) and node.id == claim.target.node):
            line = line_told(node.path, trace.text, node.span.line)
            raise UnreplayableError(f"line {line} raises before it: {node.error.message}")


def meant(trace: Trace, claim: Claim) -> dict[str, Role]:
    """The symbols that the claim calls the batch and the time."""
    found = {}
    for option, role in (("time_axis", Role.TIME), ("batch_axis", Role.BATCH)):
        dim = _source_dim(trace, claim, option)
        if dim is not None and dim.as_symbol is not None:
            found[dim.as_symbol] = role
    return found


def _source_dim(trace: Trace, claim: Claim, option: str) -> Dim | None:
    source, axis = claim.options.get("source"), claim.options.get(option)
    if not isinstance(source, Ref) or not isinstance(axis, int):
        return None
    value = value_at(trace, source)
    if not isinstance(value, Tensor) or not -value.rank <= axis < value.rank:
        raise UnreplayableError(f"the source has no axis {axis}")
    return resolved(trace, value.axes[axis].dim)


def _own_symbol(trace: Trace, claim: Claim) -> str:
    """The symbol of the source's batch axis, before anything is assumed of it."""
    source, axis = claim.options.get("source"), claim.options.get("batch_axis")
    value = value_at(trace, source) if isinstance(source, Ref) else None
    own = value.axes[axis].dim.as_symbol if isinstance(value, Tensor) and isinstance(axis, int) else None
    return own or ""


def value_at(trace: Trace, ref: Ref) -> Value | None:
    """The abstract value of a reference; None where the path leads nowhere."""
    value: Value | None = trace.nodes[ref.node].result
    for index in ref.path:
        items = getattr(value, "items", ())
        if isinstance(value, List) and value.length is not None and items:
            index = min(index, len(items) - 1)  # a later item stands for all
        value = items[index] if isinstance(items, tuple | list) and -len(items) <= index < len(items) else None
    return value


class Writer:
    """Writes a slice down, once for each choice of sizes."""

    def __init__(self, trace: Trace, nodes: Sequence[Node], plan: Plan) -> None:
        self.trace = trace
        self.nodes = nodes
        self.plan = plan
        positions = {node.id: position for position, node in enumerate(nodes)}
        self.encoder = Encoder(positions.__getitem__, plan.number, plan.packed_lengths)

    def option(self, value: object) -> Encoded:
        """A claim's option, with references turned into step numbers, and sizes into the plan's numbers."""
        if isinstance(value, Ref):
            return self.encoder.ref(value)
        if isinstance(value, Dim):
            return self.plan.number(value)
        return [self.option(item) for item in value] if isinstance(value, tuple | list) else value

    def steps(self) -> list[dict[str, Encoded]]:
        """All steps at the plan's sizes."""
        return [self.input(node) if node.op == INPUT else self.encoder.call(node) for node in self.nodes]

    def lengths_for(self, claim: Claim) -> list[int] | None:
        """The lengths that the properties of padding take as true."""
        batch, time = (_source_dim(self.trace, claim, name) for name in ("batch_axis", "time_axis"))
        if not claim.of_padding or batch is None or time is None:
            return None
        return self.plan.lengths(self.plan.number(batch), self.plan.number(time))

    def variants(self, claim: Claim) -> list[Encoded]:
        """The same steps at the other sizes that the property compares with."""
        if claim.beside is Beside.BATCHES:
            return [{"batch": size, "steps": self._at_batch(claim, size)} for size in (1, 2)]
        lengths = self.lengths_for(claim) if claim.beside is Beside.SAMPLES else None
        return [] if lengths is None else self._alone(claim, lengths)

    def _at_batch(self, claim: Claim, size: int) -> list[dict[str, Encoded]]:
        own = _own_symbol(self.trace, claim)
        if claim.options.get("alone") is True and own in self.trace.solved:
            return self._untied(own, size).steps()
        batch = _source_dim(self.trace, claim, "batch_axis")
        name = None if batch is None else batch.as_symbol
        if name is None:
            raise UnreplayableError("the batch size is a literal")
        plan = self.plan.with_sizes({name: size})
        if plan is None:
            raise UnreplayableError(f"a batch of {size} breaks an equality of the code")
        return Writer(self.trace, self.nodes, plan).steps()

    def _untied(self, symbol: str, size: int) -> Writer:
        """The program with another size for one axis, whatever the code takes to be as large."""
        solved = {name: value for name, value in self.trace.solved.items() if name != symbol}
        trace = replace(self.trace, solved=solved)
        plan = replace(self.plan, trace=trace, sizes={**self.plan.sizes, symbol: size})
        return Writer(trace, self.nodes, plan)

    def _alone(self, claim: Claim, lengths: Sequence[int]) -> list[Encoded]:
        """Each sample alone, without its padding; nothing where the sizes are no symbols of their own."""
        names = [_source_dim(self.trace, claim, name) for name in ("batch_axis", "time_axis")]
        batch, time = (None if dim is None else dim.as_symbol for dim in names)
        if batch is None or time is None or any(_is_random(node) for node in self.nodes):
            return []
        found = []
        for row, length in enumerate(lengths):
            plan = self.plan.with_sizes({batch: 1, time: length})
            steps = None if plan is None else Writer(self.trace, self.nodes, plan).steps()
            whole = self.plan.number(Dim.symbol(time))
            first = whole - length if claim.options.get("on_left") else 0
            cuts = {batch: (row, 1), time: (first, length)}
            if steps is None or not self._cut(steps, cuts):
                return []
            found.append({"row": row, "steps": steps})
        return found

    def _cut(self, steps: list[dict[str, Encoded]], parts: Mapping[str, tuple[int, int]]) -> bool:
        """Say which part of the full inputs a single sample's inputs are; False where that is not a block.

        `parts` are the first entry and the number of entries that are left of the axes of a size.
        """
        for step, node in zip(steps, self.nodes, strict=True):
            if node.op != INPUT or not isinstance(node.result, Tensor):
                continue
            cuts: list[Encoded] = []
            for axis, dim in enumerate(resolved(self.trace, size) for size in node.result.sizes):
                part = parts.get(dim.as_symbol or "")
                if part is not None:
                    cuts.append([axis, *part])
                elif dim.symbols & parts.keys():
                    return False
            if "values" not in step:
                step["cut"] = cuts
        return True

    def input(self, node: Node) -> dict[str, Encoded]:
        """A leaf as a step: random numbers, or the lengths of sequences. Raises UnreplayableError."""
        if not isinstance(node.result, Tensor):
            raise UnreplayableError("an input that is not a tensor")
        shape = self.plan.shape(node.result.axes)
        if self._holds_lengths(node):
            time = self.plan.number(self.plan.time) if self.plan.time is not None else 1
            return {"op": INPUT, "shape": shape, "dtype": "int", "values": self.plan.lengths(shape[0], time)}
        step: dict[str, Encoded] = {"op": INPUT, "shape": shape, "dtype": node.result.dtype.value}
        if node.result.dtype is Dtype.INT:
            step["below"] = self._ids_below()
        return step

    def _holds_lengths(self, node: Node) -> bool:
        """Whether an input tells how long the sequences are: a vector that is packed with, or of integers."""
        value = node.result
        if not isinstance(value, Tensor) or value.rank != 1 or self.plan.time is None:
            return False
        if value.dtype is Dtype.FLOAT:
            return node.id in self._packed_with()
        taking = (user for user in self.nodes if nature_of(user) in _TAKING_CLASSES)
        return value.dtype is Dtype.INT and not any(value.ref in refs_in(user.args) for user in taking)

    def _packed_with(self) -> set[int]:
        """The inputs that the lengths of packing calls are computed from."""
        found: set[int] = set()
        for node in self.nodes:
            given = [*node.args[1:2], *(node.kwargs[n] for n in ("lengths",) if n in node.kwargs)]
            if node.op == PACK and given:
                found |= {above.id for above in backward_slice(self.trace, refs_in(given))}
        return found

    def _ids_below(self) -> int:
        """The least number of rows of the slice's embeddings, or of its classes; 2 where there is none."""
        rows = [
            self.plan.number(count)
            for node in self.nodes
            if isinstance(count := node.bound.get("num_embeddings", node.bound.get("num_classes")), Dim)
        ]
        classes = [
            min(self.plan.shape(scores.axes))
            for node in self.nodes
            if nature_of(node) in CLASS_LOSSES | {Nature.SEQUENCE_LOSS}
            for scores in tensors_in(Tuple(node.args))
            if scores.dtype is Dtype.FLOAT and scores.rank
        ]
        return max(min([*rows, *classes], default=2), 1)


def refs_in(values: Iterable[Value]) -> list[Ref]:
    """All trace references in several values."""
    return [ref for value in values for ref in refs(value)]


def _is_random(node: Node) -> bool:
    return node.op.rpartition(".")[2].startswith("rand")
