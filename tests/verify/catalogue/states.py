"""Mistakes with the state that a layer is given, and with what a call returns: what torch says of the bad code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from traces import B, Case, F, Path, T, batch_first

from shapelint.claims.states.depends_on import DependsOn
from shapelint.claims.states.independence import Independence
from shapelint.claims.states.separate_graphs import SeparateGraphs
from shapelint.claims.states.state_acts import StateActs
from shapelint.claims.states.statelessness import Statelessness
from shapelint.claims.states.substitution import Substitution
from shapelint.claims.values.raises import Raises
from shapelint.finding import Ref
from shapelint.shapes.dim import Dim


def shp201(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    gru = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), 2, batch_first=True)
    sizes = (Dim.symbol("b"), 2) if bad else (2, Dim.symbol("b"))
    path.call(gru, x, path.op("zeros", *sizes, Dim.symbol("h")))
    return path, Raises(path.last, match="Expected hidden size")


def shp304(bad: bool) -> Case:
    path, _, result = batch_first(bad)
    return path, Raises(result.ref, unpack=3 if bad else 2)


def two_rounds(detached: bool) -> tuple[Path, Any, Ref, Ref]:
    """Two batches, the second of which starts from the state after the first."""
    path = Path()
    rnn = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    first = path.input("b", "t", "i", roles=(B, T, F))
    state = path.call(rnn, first).items[1]
    second = path.input("b", "t", "i", roles=(B, T, F))
    carried = path.op("Tensor.detach", state) if detached else state
    return path, first, state.ref, path.call(rnn, second, carried).items[1].ref


def shp206(bad: bool) -> Case:
    path, _, earlier, target = two_rounds(detached=not bad)
    return path, SeparateGraphs(target, earlier=earlier)


def shp215(bad: bool) -> Case:
    path, first, _, target = two_rounds(detached=True)
    source = first.ref if bad else path.input("b", "t", "i").ref
    return path, Independence(target, source=source)


def shp208(bad: bool) -> Case:
    path, x, result = batch_first(bad)
    h_n, c_n = result.items[1].items
    rnn = path.trace.nodes[1].result
    path.call(rnn, x, (c_n, h_n) if bad else (h_n, c_n))
    replaced, by = ((c_n.ref, h_n.ref), (h_n.ref, c_n.ref)) if bad else ((h_n.ref, c_n.ref),) * 2
    return path, Substitution(Ref(path.last.node, (0,)), replaced=replaced, by=by)


def shp211(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    rnn = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    h0 = path.op("randn" if bad else "zeros", 1, Dim.symbol("b"), Dim.symbol("h"))
    h_n = path.call(rnn, x, h0).items[1]
    return path, Statelessness(path.item(h_n, -1).ref, source=x.ref)


def shp213(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    rnn = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    path.call(rnn, x, path.op("zeros" if bad else "ones", 1, Dim.symbol("b"), Dim.symbol("h")))
    return path, StateActs(Ref(path.last.node, (0,)))


def shp214(bad: bool) -> Case:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    rnn = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    first = path.item(x, slice(None), slice(0, 1))
    h_n = path.call(rnn, first).items[1]
    second = path.item(x, slice(None), slice(1, 2))
    path.call(rnn, *((second,) if bad else (second, h_n)))
    return path, DependsOn(Ref(path.last.node, (0,)), source=first.ref)


def shp217(bad: bool) -> Case:
    path = Path()
    x = path.input(3, 5, "i", roles=(B, T, F))
    rnn = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"), batch_first=True)
    h0 = path.input(1, 7 if bad else 3, "h")
    lengths = [2, 5, 3]
    packed = path.op("nn.utils.rnn.pack_padded_sequence", x, lengths, True, enforce_sorted=False)
    h_n = path.call(rnn, packed, h0).items[1]
    return path, DependsOn(h_n.ref, source=h0.ref, axis=1)


def shp303(bad: bool) -> Case:
    path, _, result = batch_first(bad)
    h_n, c_n = result.items[1].items
    path.op("squeeze", c_n if bad else h_n, 0)
    return path, Substitution(path.last, replaced=(c_n.ref,), by=(h_n.ref,))


CASES: dict[Callable[[bool], Case], str] = {
    shp201: "RuntimeError: Expected hidden size (2, 3, 13), got [3, 2, 13]",
    shp206: "RuntimeError: Trying to backward through the graph a second time",
    shp215: "the value depends on it",
    shp208: "the result differs by up to",
    shp211: "two passes over the same input differ by up to",
    shp213: "without the state the result is the same",
    shp214: "the value does not depend on it",
    shp217: "the value does not depend on entries 3, 4, 5 and 6 of 7",
    shp303: "the result differs by up to",
    shp304: "ValueError: not enough values to unpack (expected 3, got 2)",
}
