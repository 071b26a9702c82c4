"""Which layers give the features that a call gets, and what to say and do where it does not take them."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.data import dataclass
from shapelint.finding import Edit, Finding, Fix, Place, Ref
from shapelint.ops.layers.rnn import recurrent_config
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_embedding, is_recurrent_call
from shapelint.reading.quoting import naming_of, place_of, quote, text_of
from shapelint.reading.recurrent import is_repeated, own_construction
from shapelint.reading.trail import ancestors, nature_of
from shapelint.reading.written import argument, is_always_bidirectional, twice
from shapelint.rules.base import Rule
from shapelint.rules.report import input_shape, report
from shapelint.shapes.dim import Dim
from shapelint.shapes.render import Naming
from shapelint.shapes.value import Layer
from shapelint.syntax import facts
from shapelint.trace.node import Node, given_refs
from shapelint.trace.trace import Trace

_SHOWN = ("in_features", "input_size", "hidden_size", "proj_size", "embedding_dim")
_FORWARD = ".forward"

#: what has a feature size of its own, or other features than it is given
_CALCULATING = frozenset(
    (Nature.LINEAR, Nature.PRODUCT, Nature.LOOKUP, Nature.CONVOLUTION, Nature.RECURRENCE, Nature.CELL, Nature.ATTENTION)
)
_SIMPLE = (facts.Name, facts.Attribute, facts.Literal, facts.Binary)


@dataclass(frozen=True, slots=True)
class Producer:
    """The call of a recurrent layer or an embedding whose features an operation gets."""

    call: Node
    layer: Layer


def producers_of(trace: Trace, node: Node) -> Iterator[Producer]:
    """The nearest recurrent layers and embeddings above a call, the latest first."""
    for above in ancestors(trace, *given_refs(node), beyond=_leads_on):
        layer = above.args[0] if above.args else None
        if isinstance(layer, Layer) and _is_producer(above):
            yield Producer(above, layer)


def _is_producer(node: Node) -> bool:
    return is_recurrent_call(node) or is_embedding(node)


def _leads_on(node: Node) -> bool:
    """Whether the features are those of what is above."""
    if _is_producer(node):
        return False
    nature = nature_of(node)
    is_pooling = nature is Nature.POOLING and node.op.endswith(_FORWARD)
    return nature is not None and nature not in _CALCULATING and not is_pooling


def feature_counts(trace: Trace, node: Node) -> tuple[Dim, Dim]:
    """The features that a layer takes, and those that it gets."""
    assert node.error is not None
    expected, got = node.error.details["expected"], node.error.details["got"]
    assert isinstance(expected, Dim)
    assert isinstance(got, Dim)
    return trace.resolve(expected), trace.resolve(got)


def mismatch(rule: Rule, trace: Trace, node: Node, producer: Producer, reason: str) -> Finding:
    """A finding at a layer call that does not take the features that the producer gives."""
    expected, got = feature_counts(trace, node)
    naming = naming_of(trace)
    layer = node.args[0]
    name = f"`{quote(trace, node.expression.func.span)}`" if isinstance(node.expression, facts.Call) else "the layer"
    return report(
        rule,
        trace,
        node,
        f"{name} takes {naming.dim(expected)} features and gets {naming.dim(got)}: {reason}",
        claims=[Raises(Ref(node.id))],
        shapes=input_shape(trace, node),
        related=[built_place(each, naming) for each in (layer, producer.layer) if isinstance(each, Layer)],
        help=f"build {name} for {naming.dim(got)} features",
        fixes=[_input_fix(trace, node, producer, got)],
    )


def built_place(layer: Layer, naming: Naming) -> Place:
    """Where a layer is built, and for which sizes."""
    shown = [(name, layer.find(name, Dim)) for name in _SHOWN]
    sizes = [f"{name}={naming.dim(size)}" for name, size in shown if size is not None and size != Dim(())]
    flag = ", bidirectional=True" if layer.flag("bidirectional") else ""
    return place_of(layer, f"this {layer.name} has {', '.join(sizes)}{flag}")


def _input_fix(trace: Trace, node: Node, producer: Producer, got: Dim) -> Fix | None:
    """Build the failing layer for the features that it gets; None where they cannot be written there."""
    layer = node.args[0]
    if not is_recurrent_call(producer.call):
        return None
    built = own_construction(trace, layer) if isinstance(layer, Layer) else None
    source = own_construction(trace, producer.layer)
    given = (
        None if built is None else argument(built, 0, "in_features" if "in_features" in built.named else "input_size")
    )
    if built is None or source is None or given is None or is_repeated(trace, built):
        return None
    text = _written_features(trace, source, producer.layer, got)
    if text is None or not (built.frames == source.frames or text.isdigit()):
        return None
    return Fix(f"take {text} features", (Edit(given.value.span, text),), safe=True)


def _written_features(trace: Trace, source: Node, layer: Layer, got: Dim) -> str | None:
    """The features of a recurrent layer as the author writes them in its construction."""
    config = recurrent_config(layer)
    one = trace.resolve(config.real_hidden_size)
    projected = one != trace.resolve(config.hidden_size)
    size = argument(source, 7, "proj_size") if projected else argument(source, 1, "hidden_size")
    if size is None:
        return None
    if got == one + one:
        return twice(trace, size.value) if is_always_bidirectional(trace, layer) else None
    return text_of(trace, size.value.span) if got == one and isinstance(size.value, _SIMPLE) else None
