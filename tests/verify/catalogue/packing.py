"""Mistakes with packing and padding: what torch says of the bad code."""

from __future__ import annotations

from collections.abc import Callable

from traces import B, Case, F, Path, T

from shapelint.claims.rows.ignores_padding import IgnoresPadding
from shapelint.claims.rows.padding_invariance import PaddingInvariance
from shapelint.claims.values.equals import Equals
from shapelint.claims.values.raises import Raises
from shapelint.claims.values.unchanged_by import UnchangedBy
from shapelint.finding import Ref
from shapelint.shapes.dim import Dim


def shp402(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    lengths = path.ids("b", roles=(B,))
    gru = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    packed = path.op("nn.utils.rnn.pack_padded_sequence", x, lengths, batch_first=True, enforce_sorted=False)
    out, h_n = path.call(gru, packed).items
    padded = path.op("nn.utils.rnn.pad_packed_sequence", out, batch_first=True).items[0]
    target = path.item(padded, slice(None), -1) if bad else path.item(h_n, -1)
    options = {"source": x.ref, "batch_axis": 0, "time_axis": 1, "target_axis": 0}
    return path, PaddingInvariance(target.ref, **options)


def shp404(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    lengths = path.op("Tensor.cuda", path.ids("b", roles=(B,)))
    given = lengths if bad else path.op("Tensor.cpu", lengths)
    path.op("nn.utils.rnn.pack_padded_sequence", x, given, batch_first=True)
    return path, Raises(path.last, match="CPU", on_device=True)


def shp412(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    packed = path.op("nn.utils.rnn.pack_padded_sequence", x, path.ids("b", roles=(B,)), batch_first=True)
    gru = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    out, h_n = path.call(gru, packed).items
    if bad:
        path.op("nn.utils.rnn.PackedSequence.__getitem__", out, -1)
    else:
        path.item(h_n, -1)
    return path, Equals(path.last, reference=("last_state", Ref(4)))


def shp418(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    lengths = path.ids("b", roles=(B,))
    gru = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    packed = path.op("nn.utils.rnn.pack_padded_sequence", x, lengths, batch_first=True, enforce_sorted=False)
    h_n = path.call(gru, packed).items[1]
    options = {"source": x.ref, "batch_axis": 0, "time_axis": 1, "target_axis": 1, "on_left": bad}
    return path, PaddingInvariance(h_n.ref, **options)


def shp419(bad: bool) -> Case:
    path = Path()
    x = path.input("t", "b", "i", roles=(T, B, F))
    lengths = path.ids("b", roles=(B,))
    given = x if bad else path.op("Tensor.transpose", x, 0, 1)
    path.op("nn.utils.rnn.unpad_sequence", given, lengths, batch_first=not bad)
    return path, UnchangedBy(x.ref, step=path.last)


def shp420(bad: bool) -> Case:
    path = Path()
    scores = path.input("b", "t", 4, roles=(B, T, F))
    tags = path.ids("b", "t", roles=(B, T))
    ignored = {} if bad else {"ignore_index": 0}
    path.op("nn.functional.cross_entropy", path.op("Tensor.transpose", scores, 1, 2), tags, **ignored)
    axes = {"batch_axis": 0, "time_axis": 1, "padded_batch_axis": 0}
    return path, IgnoresPadding(path.last, source=scores.ref, padded=tags.ref, value=0, **axes)


CASES: dict[Callable[[bool], Case], str] = {
    shp402: "output row 0 differs from what sample 0 gives alone, in its 2 steps without padding",
    shp404: "'lengths' argument should be a 1D CPU int64 tensor, but got 1D meta Long tensor",
    shp412: "the result is None",
    shp418: "output row 0 depends on step 1 of sample 0, which is 2 long",
    shp419: "the value is (5, 3, 11) before the call, and (3, 5, 11) after it",
    shp420: "it depends on step 4 of sample 0, which is 2 long",
}
