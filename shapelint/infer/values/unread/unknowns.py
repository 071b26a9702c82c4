"""Unknown values, and their shapes; `unknown_methods.py` has their methods."""

from __future__ import annotations

from shapelint.infer.plan import Parent, Raised, rank_symbol
from shapelint.infer.protocol import (
    Site,
    attribute_of,
    attributes,
    calls,
    classes,
    items,
    iterates,
    lengths,
    takes_item,
    unknown_item,
    unknown_rounds,
)
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.enums import chosen
from shapelint.infer.values.methods import call_method
from shapelint.infer.values.objects import ShapeOf, TypeOf
from shapelint.infer.values.rounds import Rounds
from shapelint.infer.values.torch.members import lend
from shapelint.infer.values.truth import truths
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import (
    Dtype,
    EllipsisValue,
    Int,
    Lineage,
    List,
    NoneValue,
    SliceValue,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from shapelint.syntax import facts

_LEAVING = frozenset(("sys.exit", "os._exit", "os.abort"))  #: what ends the program, and the path with it
#: indices of a tensor that keep, drop or add an axis, whatever its rank
_PLAIN_INDICES = (Int, SliceValue, NoneValue, EllipsisValue)


@classes(Unknown)
def _class(value: Unknown) -> Value:
    return TypeOf(value)


@calls(Unknown)
def _call(run: Run, called: Unknown, site: Site) -> Value:
    lend(run, site)
    if called.key in _LEAVING:
        raise Raised
    if called.owner is None:
        return run.path.note_array(site.unknown(run, f"a call of something unknown: {called.reason}"), called)
    name = called.key.removeprefix(f"{called.owner.key}.")
    return call_method(run, called.owner, name, site)


@attributes(Unknown)
def _attribute(run: Run, base: Unknown, name: str, node: facts.Expression) -> Value:
    member = chosen(run, base)
    if member is not base:
        return attribute_of(run, member, name, node)
    if name == "shape":
        return ShapeOf(base)
    key = f"{base.key}.{name}"
    if name in ("T", "mT", "data"):
        run.path.parents[key] = Parent(base.key)
        return Unknown(key, base.reason, lineage=Lineage(base.key, 0), owner=base)
    return Unknown(key, f"an attribute of something unknown: {base.reason}", owner=base)


@items(Unknown)
def _item(run: Run, base: Unknown, index: Value, node: facts.Subscript) -> Value:
    if (key := _key_of_item(base, index)) is not None:
        return Unknown(key, "an item of something unknown", _item_of_default(base, index))
    delta = _change_of_rank(index)
    if delta is None:
        return unknown_item(run, node)
    _note_axes(run, base, index)
    return _part(run, base, delta, node)


@takes_item(Unknown)
def _set_item(run: Run, base: Unknown, index: Value, value: Value, node: facts.Subscript) -> None:
    """`graph.ndata["h"] = h`: what is found there from now on is not what was there before.

    Nor is it certainly what is set, since nobody knows what `base` does with it. What is put back stays what it is:
    `batch["x"] = batch["x"].to(device)`.
    """
    _note_axes(run, base, index)
    key = _key_of_item(base, index)
    leaf = run.trace.leaf_of(value)
    came_from = value.key if isinstance(value, Unknown) else str(leaf.leaf_key) if leaf is not None else ""
    if key is not None and not came_from.startswith(key):
        run.path.settled[key] = Unknown(f"{run.key_of(node)}, set anew", "an item of something unknown")


def _key_of_item(base: Unknown, index: Value) -> str | None:
    """The key of an item that has one wherever it is asked for."""
    if isinstance(index, Str):
        return f"{base.key}[{index.value!r}]"
    if isinstance(index, Int) and index.dim.constant is not None:
        return f"{base.key}[{index.dim}]"
    return None


def _item_of_default(base: Unknown, index: Value) -> Value | None:
    """The item where the value is what the default gives; None without such a default."""
    position = index.dim.constant if isinstance(index, Int) else None
    items = base.hint.items if isinstance(base.hint, Tuple | List) else ()
    return items[position] if position is not None and -len(items) <= position < len(items) else None


def _note_axes(run: Run, base: Unknown, index: Value) -> None:
    """An index of several parts takes an axis with each, but for what adds one and what stands for any number."""
    if isinstance(index, Tuple) and all(isinstance(part, _PLAIN_INDICES) for part in index.items):
        run.path.note_indexed(base, sum(isinstance(part, Int | SliceValue) for part in index.items))


def _change_of_rank(index: Value) -> int | None:
    """What an index that only a tensor takes makes of its rank; None for any other index."""
    if isinstance(index, Tuple) and all(isinstance(part, _PLAIN_INDICES) for part in index.items):
        return sum(isinstance(part, NoneValue) - isinstance(part, Int) for part in index.items)
    if isinstance(index, Tensor) and index.dtype is Dtype.INT:
        return index.rank - 1
    is_order = isinstance(index, Unknown) and index.lineage is not None and index.lineage.is_order
    return 0 if is_order else None


def _part(run: Run, base: Unknown, delta: int, node: facts.Subscript) -> Value:
    """`x[:, 0]` or `x[order]` of an unknown: only a tensor is indexed so, and the rank changes by `delta`."""
    key = f"{base.key}, in part: {run.key_of(node)}"
    run.path.parents[key] = Parent(base.key, delta)
    return Unknown(key, base.reason, lineage=Lineage(base.key, delta))


@iterates(Unknown)
def _rounds(run: Run, value: Unknown, node: facts.Expression) -> Rounds:
    return unknown_rounds(value.key)


@lengths(Unknown)
def _length(run: Run, value: Unknown, node: facts.Expression) -> Value:
    # of a tensor it is the size of axis 0; of anything else it is a number of its own
    return Int(Dim.symbol(f"{value.key}.size(0)"))


@lengths(ShapeOf)
def _rank(run: Run, shape: ShapeOf, node: facts.Expression) -> Value:
    return Int(Dim.symbol(rank_symbol(shape.of.key)))


@truths(Unknown)
def _truth(value: Unknown) -> None:
    return None


@items(ShapeOf)
def _size(run: Run, shape: ShapeOf, index: Value, node: facts.Subscript) -> Value:
    position = index.dim.constant if isinstance(index, Int) else None
    if position is None:
        return Unknown(run.key_of(node), "part of an unknown shape")
    return Int(Dim.symbol(f"{shape.of.key}.size({position})"))
