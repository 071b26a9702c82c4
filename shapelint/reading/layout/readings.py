"""Two readings of a time-first layer whose result is used as batch-first: what speaks for each, and how to mend it.

Either the input is (time, batch, feature), and the use is wrong, or it is (batch, time, feature), and the layer
should have been built with batch_first=True.
"""

from __future__ import annotations

from dataclasses import replace

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.data import dataclass
from shapelint.finding import Claim, Fix, Place, Ref
from shapelint.reading.layout.intent import BIAS, intent_of
from shapelint.reading.quoting import add_argument, place_of, quote
from shapelint.reading.recurrent import input_of, layer_of, own_construction
from shapelint.reading.written import argument
from shapelint.shapes.value import Layer, Tensor
from shapelint.syntax import facts
from shapelint.trace.evidence import Evidence
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Readings:
    """The ways to mend it, the likelier first, the evidence for each, and what to do in words."""

    fixes: tuple[Fix | None, ...]
    places: tuple[Place, ...]
    help: str


def readings(trace: Trace, call: Node, use: Node, step: str, mend: Fix | None, claims: tuple[Claim, ...]) -> Readings:
    """Weigh both readings of a use of a call's result.

    `step` says in words how the use is mended, `mend` does it; `claims` fail where the input is (batch, time,
    feature), and the layer is built without batch_first=True. The use itself is written for that: with nothing
    else to go by, it decides.
    """
    intent, name = intent_of(trace, call), _input_text(trace, call)
    rebuild = batch_first_fix(trace, layer_of(call))
    if rebuild is not None:
        rebuild = replace(_if(rebuild, name, "batch, time"), claims=claims)
    if mend is not None:
        mend = _if(mend, name, "time, batch")
    for_rebuild = [piece for piece in intent.opposing if piece.span != use.span]
    likelier = _weight(for_rebuild) >= intent.agreed
    first, second = (rebuild, mend) if likelier else (mend, rebuild)
    return Readings(
        (first, second),
        (*_places(intent.agreeing, "time first"), *_places(for_rebuild, "batch first")),
        _help(name, step, likelier),
    )


def _if(fix: Fix, name: str, layout: str) -> Fix:
    return replace(fix, description=f"{fix.description}, if {name} is ({layout}, feature)")


def _weight(evidence: list[Evidence]) -> int:
    return max((piece.weight for piece in evidence), default=0)


def _places(evidence: tuple[Evidence, ...] | list[Evidence], reading: str) -> list[Place]:
    return [place_of(piece, f"this speaks for {reading}: {piece.message}") for piece in evidence]


def _help(name: str, step: str, likelier: bool) -> str:
    as_built = f"if {name} is (time, batch, feature), {step}"
    rebuilt = f"if {name} is (batch, time, feature), build the layer with batch_first=True"
    return "; ".join((rebuilt, as_built) if likelier else (as_built, rebuilt))


def _input_text(trace: Trace, call: Node) -> str:
    given = argument(call, 0, "input")
    return "its input" if given is None else f"`{quote(trace, given.value.span)}`"


def batch_first_claim(call: Node, target: Ref, target_axis: int = 0) -> tuple[Claim, ...]:
    """The rows of the target are not one for each sample, when the batch is axis 0 of the call's input."""
    source = input_of(call)
    if not isinstance(source, Tensor) or source.ref is None:
        return ()
    return (BatchIndependence(target, source.ref, 0, target_axis),)


def batch_first_fix(trace: Trace, layer: Layer) -> Fix | None:
    """Build the layer with batch_first=True; None where its construction is not read in full."""
    construction = own_construction(trace, layer)
    if construction is None or not isinstance(construction.expression, facts.Call):
        return None
    arguments = construction.expression.arguments
    if "batch_first" in construction.kwargs or any(argument.star for argument in arguments):
        return None
    if len(construction.args) > BIAS + 1:
        return None
    edit = add_argument(trace, construction.expression.span, "batch_first=True")
    return Fix("build the layer with batch_first=True", (edit,))
