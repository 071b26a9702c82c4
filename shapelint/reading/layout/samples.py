"""Which axis of a value holds the samples, who says so, and the tensor by whose samples that is proved."""

from __future__ import annotations

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.data import dataclass
from shapelint.finding import Claim, Place, Ref
from shapelint.reading.claims import source_of
from shapelint.reading.layout.meaning import roles_of, samples_axis
from shapelint.reading.quoting import construction_place
from shapelint.reading.recurrent import layer_of
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import layer_call_above, recurrent_above
from shapelint.shapes.axis import SEQUENCE, Role
from shapelint.shapes.value import Tensor
from shapelint.trace.evidence import ENOUGH
from shapelint.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a value lie along `axis` of it, and along `source_axis` of the value that they come from."""

    axis: int
    roles: tuple[Role, ...]  #: of all axes of the value
    source: Ref
    source_axis: int
    places: tuple[Place, ...]

    def mix(self, target: Ref, target_axis: int | None = None) -> list[Claim]:
        """The rows of the target along an axis, the value's own if it is not told, are not one for each sample."""
        axis = self.axis if target_axis is None else target_axis
        return [BatchIndependence(target, self.source, self.source_axis, axis)]

    @property
    def in_words(self) -> str:
        """`(batch, time, feature)`."""
        return f"({', '.join(role.value for role in self.roles)})"


def samples_of(trace: Trace, value: Tensor, enough: int = ENOUGH) -> Samples | None:
    """The samples of a value: as a recurrent layer above reads them, else as evidence of a weight says."""
    if recurrent_above(trace, value) is not None:
        return _by_layer(trace, value)
    meaning = samples_axis(trace, value, enough)
    if meaning is None:
        return None
    said = roles_of(trace, value, enough)
    roles = tuple(_role(told, axis.role) for told, axis in zip(said, value.axes, strict=True))
    return Samples(said.index(Role.BATCH), roles, meaning.source.ref, meaning.source.axis, tuple(meaning.places()))


def _role(told: Role, own: Role) -> Role:
    """What is said of an axis, or what the layer that made it says, unless that is about samples and steps."""
    return own if told is Role.UNKNOWN and own not in SEQUENCE else told


def _by_layer(trace: Trace, value: Tensor) -> Samples | None:
    call = layer_call_above(trace, value)
    source = None if call is None else source_of(trace, call)
    roles = tuple(axis.role for axis in value.axes)
    long = [axis.role for axis in value.axes if trace.resolve(axis.dim) != ONE]
    if call is None or source is None or long.count(Role.BATCH) != 1:
        return None
    axis = next(
        place for place, one in enumerate(value.axes) if one.role is Role.BATCH and trace.resolve(one.dim) != ONE
    )
    return Samples(axis, roles, source.ref, source.batch_axis, (construction_place(layer_of(call)),))
