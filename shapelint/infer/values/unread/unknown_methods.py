"""Methods of unknown values."""

from __future__ import annotations

import math
from collections.abc import Sequence

from shapelint.infer.apply import apply, derived
from shapelint.infer.plan import Demand, rank_symbol
from shapelint.infer.protocol import Site, methods
from shapelint.infer.run.run import Run
from shapelint.infer.values.constants import constant_key
from shapelint.infer.values.objects import ShapeOf
from shapelint.infer.values.python import texts
from shapelint.ops import registry
from shapelint.ops.tensors.attributes import APART_FROM_SHAPES
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import listed
from shapelint.shapes.value import NONE, Int, Str, Unknown, Value


@methods(Unknown)
def _method(run: Run, base: Unknown, site: Site) -> Value:
    """What it means for a tensor, a string or a dict, where that is safe."""
    name, args = site.name, site.args
    if name == "size":
        return _size(run, base, site)
    if name == "dim" and not args:
        return Int(Dim.symbol(rank_symbol(base.key)))
    if name in texts.CHANGES and not args:
        return texts.changed(base, name)
    if name in texts.TESTS and len(args) == 1 and isinstance(args[0], Str):
        return texts.asked(run, base, name, args[0])
    if name == "get" and args and isinstance(args[0], Str):
        return Unknown(f"{base.key}[{args[0].value!r}]", base.reason, args[1] if len(args) > 1 else NONE)
    if name in _NEW and (name != "new" or _are_sizes(args)):
        beside = {"device": Unknown(f"{base.key}.device", APART_FROM_SHAPES)}
        sizes = args or tuple(site.kwargs[name] for name in ("size",) if name in site.kwargs)
        return apply(run, registry.OPS["torch.zeros"], sizes, beside, site.node)
    if name == "permute":
        _demand_permuted(run, base, _sizes_in(args))
    if name in ("view", "reshape"):
        _demand_viewed(run, base, name, args)
        return _viewed(run, site) or _derived(run, base, site)
    if name == "unbind":
        run.path.note_entries(run.key_of(site.node), base)
    return _derived(run, base, site)


def _sizes_in(args: tuple[Value, ...]) -> Sequence[Value]:
    """Sizes that are given one by one, or in a sequence of known length."""
    whole = listed(args[0]) if len(args) == 1 else None
    return args if whole is None else whole


def _demand_permuted(run: Run, base: Unknown, places: Sequence[Value]) -> None:
    """`x.permute(1, 0, 2)` names every axis of an unknown x."""
    if all(isinstance(place, Int) for place in places):
        run.path.demand(base, Demand(len(places), "permute"))


def _demand_viewed(run: Run, base: Unknown, name: str, args: tuple[Value, ...]) -> None:
    """`x.view(x.size(1), x.size(0), x.size(2))` names every axis of an unknown x; one of them may be -1."""
    sizes = _sizes_in(args)
    own = {f"{base.key}.size({i})": i for i in range(len(sizes))}
    symbols = [size.dim.as_symbol for size in sizes if isinstance(size, Int) and size.dim.constant != -1]
    places = [own[symbol] for symbol in symbols if symbol in own]
    exchanged = places != sorted(places) and len(places) == len(sizes) - 1 == len(symbols)
    if len(set(places)) == len(places) and (len(places) == len(sizes) or exchanged):
        run.path.demand(base, Demand(len(sizes), name))
    elif rank := _rank_of_product(base, sizes):
        run.path.demand(base, Demand(rank, name))


def _viewed(run: Run, site: Site) -> Value | None:
    """What `x.view(batch, 1, -1)` makes of an unknown x: a tensor of these sizes, if it is one at all."""
    given = _sizes_in(site.args)
    sizes = [size.dim for size in given if isinstance(size, Int | Unknown)]
    whole = len(given) == 1 and isinstance(given[0], Unknown)  # a size, or all of them
    if whole or len(sizes) != len(given) or not sizes or sum(size.constant == -1 for size in sizes) > 1:
        return None
    key = run.key_of(site.node)
    run.path.viewed[key] = tuple(
        Dim.symbol(f"{key}.size({axis})") if size.constant == -1 else size for axis, size in enumerate(sizes)
    )
    return Unknown(key, "a view of something unknown")


def _rank_of_product(base: Unknown, sizes: Sequence[Value]) -> int | None:
    """The rank of an x of which `x.reshape(x.shape[0] * x.shape[1], x.shape[2])` names every axis once."""
    known = [size.dim for size in sizes if isinstance(size, Int)]
    symbols = {symbol for size in known for symbol in size.symbols}
    every = [Dim.symbol(f"{base.key}.size({i})") for i in range(len(symbols))]
    if len(known) != len(sizes) or symbols != {size.as_symbol for size in every}:
        return None
    return len(every) if math.prod(known, start=Dim.of(1)) == math.prod(every, start=Dim.of(1)) else None


#: methods that make a tensor of given sizes, of whatever kind the receiver is
_NEW = frozenset(("new", "new_zeros", "new_ones", "new_empty"))


def _are_sizes(args: tuple[Value, ...]) -> bool:
    return len(args) > 1 and all(isinstance(arg, Int | Unknown) for arg in args)


def _derived(run: Run, base: Unknown, site: Site) -> Value:
    key, name, args = run.key_of(site.node), site.name, site.args
    op = registry.OPS.get(f"torch.Tensor.{name}")
    if op is None and hasattr(str, name) and None not in map(constant_key, args):
        key = (
            f"{base.key}.{name}({', '.join(repr(constant_key(arg)) for arg in args)})"  # the same wherever it is asked
        )
    if op is None or op.rank_change is None or run.path.is_of_arrays(base):
        return run.path.note_array(Unknown(key, f".{name}() of something unknown: {base.reason}"), base)
    return derived(run, op, base, key, base.reason)


def _size(run: Run, base: Unknown, site: Site) -> Value:
    axis = site.args[0] if site.args else site.kwargs.get("dim")
    if axis is None:
        return ShapeOf(base)
    position = axis.dim.constant if isinstance(axis, Int) else None
    if position is None:
        return site.unknown(run, "the size of an unknown axis")
    return Int(Dim.symbol(f"{base.key}.size({position})"))
