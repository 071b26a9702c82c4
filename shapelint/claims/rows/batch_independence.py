"""Row i of the target depends on sample i of the source, and on no other."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class BatchIndependence(Claim):
    """Row i of the target depends on sample i of the source, and on no other.

    `source` is a tensor of the slice: an input leaf, the embedding's output, `torch.randn(...)`. Axes of the source
    are as the author means them; `target_axis` is the axis of the target that the author takes for the batch.
    `out[-1]` of a batch-first LSTM on x (B, T, I) has source x, batch_axis 0 and target_axis 0: its rows are steps
    of the last sample. A missing `time_axis` is the other one of the source's axes 0 and 1.
    """

    property = "batch_independence"
    of_rows = True
    sound = "of a sound model each sample reaches the rows of its own and no others"
    varied = ("batch_axis",)

    source: Ref
    batch_axis: int
    target_axis: int
    time_axis: int | None = None
