"""Methods of values that are not instances of the checked code: tensors, layers, lists, dicts, strings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from shapelint.infer.apply import apply, derived
from shapelint.infer.code import texts
from shapelint.infer.plan import Demand
from shapelint.infer.state import Run
from shapelint.infer.values.access import MODULE_METHODS, choose_key, missing_attribute
from shapelint.infer.values.constants import constant_key
from shapelint.infer.values.objects import Container, Instance, Method, ShapeOf
from shapelint.infer.values.snapshot import MAX_ITEMS
from shapelint.ops import registry
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import (
    NONE,
    Bool,
    Dict,
    Int,
    Layer,
    List,
    Packed,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
    integer,
)
from shapelint.syntax import facts
from shapelint.trace.trace import BackwardPass

Arguments = tuple[Value, ...]

#: methods of containers of modules, and the methods of dicts that give the same
_MEMBERS = {name: name for name in ("items", "keys", "values")} | {"children": "values", "named_children": "items"}
_REGISTERING = frozenset({"register_buffer", "register_parameter", "add_module", "register_module"})


def call_method(
    run: Run, method: Method, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression
) -> Value:
    """Call a method by the kind of its receiver."""
    if method.name == "backward":
        retains = kwargs.get("retain_graph", Bool(False)) != Bool(False) or "**" in kwargs
        loss = getattr(method.receiver, "ref", None)
        made = BackwardPass(len(run.trace.nodes), retains, node.span, run.path, tuple(run.frames), loss)
        run.trace.backward_passes.append(made)
    for kinds, call in _RECEIVERS:
        if isinstance(method.receiver, kinds):
            return call(run, method, args, kwargs, node)
    return Unknown(run.key_of(node), f".{method.name}() of {type(method.receiver).__name__.lower()}")


def _tensor(run: Run, method: Method, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    op = registry.OPS.get(f"torch.Tensor.{method.name}")
    if op is None or "**" in kwargs:
        return Unknown(run.key_of(node), f"the tensor method .{method.name}()")
    return apply(run, op, (method.receiver, *args), kwargs, node)


def _tuple(run: Run, method: Method, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    assert isinstance(method.receiver, Tuple | Packed)
    return missing_attribute(run, method.receiver, method.name, node)


def _packed(run: Run, method: Method, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    op = registry.OPS.get(f"torch.nn.utils.rnn.PackedSequence.{method.name}")
    if op is None:
        return _tuple(run, method, args, kwargs, node)
    return apply(run, op, (method.receiver, *args), kwargs, node)


def _module(run: Run, method: Method, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    if method.name in MODULE_METHODS - _REGISTERING:
        return method.receiver
    if method.name == "flatten_parameters":
        return NONE
    if isinstance(method.receiver, Layer) and method.name.startswith("register_forward"):
        run.altered.add(method.receiver.ref)  # a hook: what goes in and out may be anything
    return Unknown(run.key_of(node), f"the module method .{method.name}()")


def _container(run: Run, method: Method, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    container = method.receiver
    assert isinstance(container, Container)
    if method.name == "append" and args:
        grow(container, List([args[0]]))
        return container
    if method.name == "extend" and args and isinstance(args[0], List | Tuple | Container):
        grow(container, args[0])
        return container
    if method.name == "add_module" and len(args) == 2 and isinstance(args[0], Str):
        container.members[args[0].value] = args[1]
        return NONE
    if method.name == "insert" and len(args) == 2 and isinstance(args[0], Int) and container.length is None:
        members = List(list(container.members.values()))
        _insert(members.items, args)
        container.members.clear()
        grow(container, members)
        return NONE
    if method.name == "update" and args and isinstance(args[0], Dict) and not args[0].open:
        container.members.update((str(key), value) for key, value in args[0].items.items())
        return NONE
    if method.name in _MEMBERS:
        return _entries(container.members, _MEMBERS[method.name])
    return _module(run, method, args, kwargs, node)


def extend(sequence: List, added: list[Value]) -> None:
    """Append items; of a list that gets too long only its first and last item are kept as a sample."""
    items = sequence.items
    count = len(items) + len(added)
    items.extend(added)
    if count > MAX_ITEMS:
        sequence.length = sequence.length or Dim.of(count)
        items[:] = [items[0], items[-1]]


def grow(sequence: List | Container, more: List | Tuple | Container) -> None:
    """Append the items of `more` to a list or container (`+=`, `extend`); a sample is told by its length."""
    added = list(more.members.values() if isinstance(more, Container) else more.items)
    length = None if isinstance(more, Tuple) else more.length
    items = sequence.items if isinstance(sequence, List) else sequence.members
    if length is not None or sequence.length is not None:
        sequence.length = (sequence.length or Dim.of(len(items))) + (length or Dim.of(len(added)))
    if isinstance(sequence, List):
        extend(sequence, added)
    else:
        for item in added:
            sequence.members[str(len(sequence.members))] = item


def _entries(items: Mapping[str, Value], name: str) -> Value:
    if name == "keys":
        return Tuple(tuple(Str(key) for key in items))
    if name == "items":
        return Tuple(tuple(Tuple((Str(key), value)) for key, value in items.items()))
    return Tuple(tuple(items.values()))


def _list(run: Run, method: Method, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    sequence = method.receiver
    assert isinstance(sequence, List)
    items = sequence.items
    if method.name == "append" and args:
        grow(sequence, Tuple((args[0],)))
        return NONE
    if method.name == "extend" and args and isinstance(args[0], List | Tuple):
        grow(sequence, args[0])
        return NONE
    if method.name == "appendleft" and args:
        args = (integer(0), *args)
    if method.name in ("insert", "appendleft") and len(args) == 2:
        _insert(items, args)
        return NONE
    if method.name in ("pop", "popleft"):
        where = integer(0 if method.name == "popleft" else -1)
        return _pop(items, args[0] if args else where) or Unknown(run.key_of(node), "an item that is not known")
    if method.name == "reverse":
        items.reverse()
        return NONE
    if method.name == "copy":
        return List(list(items), sequence.length)
    return Unknown(run.key_of(node), f"the list method .{method.name}()")


def _insert(items: list[Value], args: Arguments) -> None:
    position = args[0].dim.constant if isinstance(args[0], Int) else None
    items.insert(len(items) if position is None else position, args[1])


def _pop(items: list[Value], where: Value) -> Value | None:
    position = where.dim.constant if isinstance(where, Int) else None
    return items.pop(position) if position is not None and -len(items) <= position < len(items) else None


def _dict(run: Run, method: Method, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    table = method.receiver
    assert isinstance(table, Dict)
    key = constant_key(args[0]) if args else None
    if method.name == "get" and args and isinstance(args[0], Unknown) and table.items and not table.open:
        return table.items[choose_key(run, args[0], tuple(table.items))]
    if method.name in ("get", "pop") and args:
        if key in table.items:
            return table.items[key] if method.name == "get" else table.items.pop(key)
        default = args[1] if len(args) > 1 else NONE
        return default if not table.open else Unknown(f"kwargs[{key!r}]", "an unknown keyword", default)
    if method.name == "setdefault" and len(args) == 2 and key is not None:
        return table.items.setdefault(key, args[1])
    if method.name == "update":
        if args and isinstance(args[0], Dict):
            table.items.update(args[0].items)
        table.items.update(kwargs)
        table.open = table.open or bool(args and not (isinstance(args[0], Dict) and not args[0].open))
        return NONE
    if method.name == "copy":
        return Dict(dict(table.items), table.open)
    if method.name in ("items", "keys", "values") and not table.open:
        return _entries({str(key): value for key, value in table.items.items()}, method.name)
    return Unknown(run.key_of(node), f"the dict method .{method.name}()")


def _string(run: Run, method: Method, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    text = method.receiver
    assert isinstance(text, Str)
    made: Value | None = None
    if method.name in texts.TESTS and len(args) == 1 and isinstance(args[0], Str):
        return Bool(bool(getattr(text.value, method.name)(args[0].value)))
    if method.name in texts.CHANGES and not args:
        made = Str(texts.CHANGES[method.name](text.value))
    elif method.name == "format" and not kwargs:
        made = texts.braces(text, args)
    elif method.name == "join" and len(args) == 1:
        made = texts.joined(text, args[0])
    return made or texts.computed(text, method.name, args) or Unknown(run.key_of(node), f"a text's .{method.name}()")


def _instance(run: Run, method: Method, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """A method that an instance has from nn.Module."""
    instance = method.receiver
    if method.name in _REGISTERING and isinstance(instance, Instance):
        if len(args) >= 2 and isinstance(args[0], Str | Unknown):
            instance.assign(texts.name_of(args[0]), args[1])
        return NONE
    return _module(run, method, args, kwargs, node)


def _unknown(run: Run, method: Method, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """A method of an unknown value: what it means for a tensor, a string or a dict, where that is safe."""
    base = method.receiver
    assert isinstance(base, Unknown)
    if method.name == "size":
        return _size_of_unknown(run, base, args, kwargs, node)
    if method.name in texts.CHANGES and not args:
        return texts.changed(base, method.name)
    if method.name in texts.TESTS and len(args) == 1 and isinstance(args[0], Str):
        return texts.asked(run, base, method.name, args[0])
    if method.name == "get" and args and isinstance(args[0], Str):
        return Unknown(f"{base.key}[{args[0].value!r}]", base.reason, args[1] if len(args) > 1 else NONE)
    if method.name in _NEW and (method.name != "new" or _are_sizes(args)):
        return apply(run, registry.OPS["torch.zeros"], args, {}, node)
    if method.name == "permute":
        sizes = args[0].items if len(args) == 1 and isinstance(args[0], Tuple | List) else args
        run.demand(base, Demand(len(sizes), "permute"))
    if method.name in ("view", "reshape"):
        _demand_viewed(run, base, method.name, args)
        return _viewed(run, args, node) or _derived(run, base, method.name, args, node)
    if method.name == "unbind":
        run.note_entries(run.key_of(node), base)
    return _derived(run, base, method.name, args, node)


def _demand_viewed(run: Run, base: Unknown, name: str, args: Arguments) -> None:
    """`x.view(x.size(1), x.size(0), x.size(2))` names every axis of an unknown x; one of them may be -1."""
    sizes = args[0].items if len(args) == 1 and isinstance(args[0], Tuple | List) else args
    own = {f"{base.key}.size({i})": i for i in range(len(sizes))}
    symbols = [size.dim.as_symbol for size in sizes if isinstance(size, Int) and size.dim.constant != -1]
    places = [own[symbol] for symbol in symbols if symbol in own]
    exchanged = places != sorted(places) and len(places) == len(sizes) - 1 == len(symbols)
    if len(set(places)) == len(places) and (len(places) == len(sizes) or exchanged):
        run.demand(base, Demand(len(sizes), name))
    elif rank := _rank_of_product(base, sizes):
        run.demand(base, Demand(rank, name))


def _viewed(run: Run, args: Arguments, node: facts.Expression) -> Value | None:
    """What `x.view(batch, 1, -1)` makes of an unknown x: a tensor of these sizes, if it is one at all."""
    given = args[0].items if len(args) == 1 and isinstance(args[0], Tuple | List) else args
    sizes = [size.dim for size in given if isinstance(size, Int | Unknown)]
    whole = len(given) == 1 and isinstance(given[0], Unknown)  # a size, or all of them
    if whole or len(sizes) != len(given) or not sizes or sum(size.constant == -1 for size in sizes) > 1:
        return None
    key = run.key_of(node)
    run.viewed[key] = tuple(
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


def _are_sizes(args: Arguments) -> bool:
    return len(args) > 1 and all(isinstance(arg, Int | Unknown) for arg in args)


def _derived(run: Run, base: Unknown, name: str, args: Arguments, node: facts.Expression) -> Value:
    key = run.key_of(node)
    op = registry.OPS.get(f"torch.Tensor.{name}")
    if op is None and hasattr(str, name) and None not in map(constant_key, args):
        key = (
            f"{base.key}.{name}({', '.join(repr(constant_key(arg)) for arg in args)})"  # the same wherever it is asked
        )
    if op is None or op.rank_change is None:
        return Unknown(key, f".{name}() of something unknown: {base.reason}")
    return derived(run, op, base, key, base.reason)


def _size_of_unknown(
    run: Run, base: Unknown, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression
) -> Value:
    axis = args[0] if args else kwargs.get("dim")
    if axis is None:
        return ShapeOf(base)
    position = axis.dim.constant if isinstance(axis, Int) else None
    return (
        Unknown(run.key_of(node), "the size of an unknown axis")
        if position is None
        else Int(Dim.symbol(f"{base.key}.size({position})"))
    )


Receiver = Callable[[Run, Method, Arguments, Mapping[str, Value], facts.Expression], Value]
_RECEIVERS: tuple[tuple[type[Value], Receiver], ...] = (
    (Tensor, _tensor),
    (Packed, _packed),
    (Tuple, _tuple),
    (Layer, _module),
    (Instance, _instance),
    (Container, _container),
    (List, _list),
    (Dict, _dict),
    (Str, _string),
    (Unknown, _unknown),
)
