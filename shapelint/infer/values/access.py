"""Attributes and subscripts of abstract values."""

from __future__ import annotations

from dataclasses import replace

from shapelint.finding import Ref
from shapelint.infer.apply import apply
from shapelint.infer.code.functions import call_function, call_special, free_arguments, is_set_on_other_paths, makers_of
from shapelint.infer.known.torch_names import canonical
from shapelint.infer.plan import Parent, Raised
from shapelint.infer.state import Run
from shapelint.infer.values.classes import meta_attribute
from shapelint.infer.values.constants import constant_key
from shapelint.infer.values.enums import chosen, is_enumeration, member
from shapelint.infer.values.objects import (
    BoundMethod,
    Class,
    Container,
    DefaultDict,
    Function,
    Imported,
    Instance,
    Member,
    Method,
    ModuleValue,
    Namespace,
    ShapeOf,
    Super,
)
from shapelint.ops import registry
from shapelint.ops.layers.rnn import RECURRENT, mode_of
from shapelint.ops.registry import ShapeError
from shapelint.ops.tensors.packing import SHARED
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import (
    Bool,
    Dict,
    Dtype,
    EllipsisValue,
    External,
    Int,
    Layer,
    Lineage,
    List,
    NoneValue,
    Packed,
    SliceValue,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from shapelint.syntax import facts
from shapelint.trace.trace import LATER_ROUND, Frame, Selection

GETITEM = "torch.Tensor.__getitem__"
PACKED = "torch.nn.utils.rnn.PackedSequence"

#: indices of a tensor that keep, drop or add an axis, whatever its rank
_PLAIN_INDICES = (Int, SliceValue, NoneValue, EllipsisValue)

#: methods that every module has from nn.Module
MODULE_METHODS = frozenset(
    "to cuda cpu float double half bfloat16 train eval requires_grad_ apply share_memory type to_empty "
    "register_buffer register_parameter add_module register_module".split()
)


def attribute_of(run: Run, base: Value, name: str, node: facts.Expression) -> Value:
    """`base.name`."""
    if told := meta_attribute(base, name):
        return told
    if isinstance(base, External):
        return External(canonical(f"{base.path}.{name}"))
    if isinstance(base, Instance):
        return instance_attribute(run, base, name, node)
    if isinstance(base, ModuleValue):
        member = run.library.member(base, name)
        return member or Unknown(f"{base.path}.{name}", "a name that its module does not define")
    if isinstance(base, Class):
        return _class_attribute(run, base, name)
    if isinstance(base, Member) and name in ("name", "value"):
        return base.value if name == "value" else Str(base.name)
    if isinstance(base, Str) and name == "value":
        return base  # of an enumeration of texts
    if isinstance(base, Super):
        return _super_attribute(run, base, name, node)
    if isinstance(base, Tensor):
        return _tensor_attribute(run, base, "torch.Tensor", name, node)
    if isinstance(base, Packed):
        return _packed_attribute(run, base, name, node)
    if isinstance(base, Layer):
        return _layer_attribute(base, name)
    if isinstance(base, Container) and name in base.members:
        return base.members[name]
    if isinstance(base, Tuple):
        return _tuple_attribute(run, base, name, node)
    if isinstance(base, Namespace):
        # read again it is the same value
        return base.table.items.setdefault(name, Unknown(run.key_of(node), "a setting that is not known"))
    if isinstance(base, Unknown):
        member = chosen(run, base)
        return _unknown_attribute(run, base, name) if member is base else attribute_of(run, member, name, node)
    return Method(base, name)


def imported(run: Run, value: Value) -> Value:
    """A bound name's value: what an import of the project's own stands for, or the value itself."""
    if not isinstance(value, Imported):
        return value
    found = run.library.resolve(value)
    return found or Unknown(value.path, "imported from a module that is not read")


def instance_attribute(run: Run, instance: Instance, name: str, node: facts.Expression) -> Value:
    """An attribute of an instance: its own, then its class's (methods bound, properties called)."""
    if name in instance.attributes:
        return instance.attributes[name]
    found = instance.cls.find(name)
    if found is not None:
        return _bound(run, found, instance, node)
    if name == "module":
        return instance  # what nn.DataParallel wraps
    if name in MODULE_METHODS:
        return Method(instance, name)
    if instance.base is not None:
        return attribute_of(run, instance.base, name, node)
    found = _set_elsewhere(run, instance, name, node)
    if found is None and is_set_on_other_paths(run, instance, name):
        raise Raised  # an AttributeError: the constructor's branch that sets it was not taken
    return found or Unknown(f"self.{name}", "an attribute that is not set yet")


def _set_elsewhere(run: Run, instance: Instance, name: str, node: facts.Expression) -> Value | None:
    """A module that one other method makes (`setup`, `build`): that method has run before."""
    makers = [method for cls in instance.cls.lineage() for method in makers_of(cls, name)]
    if len(makers) != 1 or makers[0].name == "__init__" or id(makers[0]) in instance.prepared:
        return None
    instance.prepared.add(id(makers[0]))
    frames, run.frames = run.frames, [Frame("__init__", node.span, run.path)]  # a part of the construction
    try:
        call_function(run, makers[0], *free_arguments(run, makers[0], instance), node)
    finally:
        run.frames = frames
    return instance.attributes.get(name)


def _bound(run: Run, found: Value, instance: Instance, node: facts.Expression) -> Value:
    """What a class attribute is on an instance: a method is bound, a property called."""
    if not isinstance(found, Function) or found.kind == "static":
        return found
    if found.kind == "property":
        return call_function(run, found, (instance,), {}, node)
    return BoundMethod(found, instance.cls if found.kind == "class" else instance)


def _class_attribute(run: Run, cls: Class, name: str) -> Value:
    found = (member(run, cls, name) if is_enumeration(cls) else None) or cls.find(name)
    if isinstance(found, Function) and found.kind == "class":
        return BoundMethod(found, cls)
    return Unknown(f"{cls.name}.{name}", "an attribute that is not found") if found is None else found


def _super_attribute(run: Run, base: Super, name: str, node: facts.Expression) -> Value:
    receiver = base.receiver
    if not isinstance(receiver, Instance | Class):
        return Method(base, name)
    cls = receiver.cls if isinstance(receiver, Instance) else receiver
    found = cls.find_after(base.cls, name)
    if found is not None and isinstance(receiver, Instance):
        return _bound(run, found, receiver, node)
    if found is not None:
        return BoundMethod(found, receiver) if isinstance(found, Function) else found
    return Method(base, name)


def _packed_attribute(run: Run, base: Packed, name: str, node: facts.Expression) -> Value:
    op = registry.OPS.get(f"torch.Tensor.{name}")
    if op is not None and op.attribute and name not in SHARED:
        return missing_attribute(run, base, name, node)
    return _tensor_attribute(run, base, PACKED, name, node)


def _tensor_attribute(run: Run, base: Tensor | Packed, home: str, name: str, node: facts.Expression) -> Value:
    op = registry.OPS.get(f"{home}.{name}")
    if op is not None and op.attribute:
        return apply(run, op, (base,), {}, node)
    return Method(base, name)


def _tuple_attribute(run: Run, base: Tuple, name: str, node: facts.Expression) -> Value:
    if name in base.names:
        return base.items[base.names.index(name)]
    op = registry.OPS.get(f"torch.Tensor.{name}")
    return Method(base, name) if op is None or not op.attribute else missing_attribute(run, base, name, node)


def missing_attribute(run: Run, base: Tuple | Packed, name: str, node: facts.Expression) -> Value:
    """What only a tensor has, read or called on the tuple that an operation returned, or a packed sequence."""
    op = f"torch.Tensor.{name}"
    named = base.names if isinstance(base, Tuple) else name in SHARED
    if base.ref is None or named or op not in registry.OPS or hasattr(tuple, name):
        return Unknown(run.key_of(node), f".{name} of a tuple")
    error = ShapeError(f"a tuple has no attribute {name}", "SHP301" if isinstance(base, Tuple) else "SHP412")
    failed = Unknown(run.key_of(node), error.message)
    return run.record(op, (base,), {}, {}, failed, node.span, node, error)


def _layer_attribute(base: Layer, name: str) -> Value:
    setting = base.config.get(name)
    if isinstance(setting, Value):
        return setting
    if isinstance(setting, bool):
        return Bool(setting)
    if isinstance(setting, int):
        return Int(Dim.of(setting))
    if isinstance(setting, Dim):
        return Int(setting)
    if name == "mode" and base.kind in RECURRENT:
        return Str(mode_of(base))
    return Method(base, name)


def _unknown_attribute(run: Run, base: Unknown, name: str) -> Value:
    if name == "shape":
        return ShapeOf(base)
    key = f"{base.key}.{name}"
    if name in ("T", "mT", "data"):
        run.parents[key] = Parent(base.key)
        return Unknown(key, base.reason, lineage=Lineage(base.key, 0), owner=base)
    return Unknown(key, f"an attribute of something unknown: {base.reason}", owner=base)


def subscript_of(run: Run, base: Value, index: Value, node: facts.Subscript) -> Value:
    """`base[index]`."""
    if isinstance(base, Tensor):
        return apply(run, registry.OPS[GETITEM], (base, index), {}, node)
    if isinstance(base, Packed):
        return apply(run, registry.OPS[f"{PACKED}.__getitem__"], (base, index), {}, node)
    if isinstance(base, Tuple):
        return _tuple_item(run, base, index, node)
    if isinstance(base, List):
        return _list_item(run, base, index, node)
    if isinstance(base, Dict):
        return _dict_item(run, base, index, node)
    if isinstance(base, Container):
        return _container_item(run, base, index, node)
    if isinstance(base, ShapeOf):
        return _size_of_unknown(run, base, index, node)
    if isinstance(base, External | Class):
        return base
    found = call_special(run, base, "__getitem__", (index,), {}, node)
    if isinstance(base, Instance) and base.base is not None and found is None:
        return subscript_of(run, base.base, index, node)
    return found or _unknown_item(run, base, index, node)


def _tuple_item(run: Run, base: Tuple, index: Value, node: facts.Subscript) -> Value:
    position = index.dim.constant if isinstance(index, Int) else None
    if position is not None and -len(base.items) <= position < len(base.items):
        if base.ref is not None and isinstance(node.index, facts.Literal | facts.Unary):
            run.trace.selections.append(Selection(base.ref, position, node, run.path))
        return base.items[position]
    if isinstance(index, SliceValue):
        cut = _known_slice(index)
        return Tuple(base.items[cut]) if cut is not None else Unknown(run.key_of(node), "a slice of unknown bounds")
    if isinstance(index, Tuple) and base.ref is not None:
        error = ShapeError("a tuple is indexed like a tensor", "SHP301")
        failed = Unknown(run.key_of(node), error.message)
        return run.record(GETITEM, (base, index), {}, {}, failed, node.span, node, error)
    return Unknown(run.key_of(node), "a tuple index that is not known")


def _known_slice(index: SliceValue) -> slice | None:
    bounds: list[int | None] = []
    for part in (index.lower, index.upper, index.step):
        if isinstance(part, NoneValue):
            bounds.append(None)
        elif isinstance(part, Int) and part.dim.constant is not None:
            bounds.append(part.dim.constant)
        else:
            return None
    return slice(*bounds)


def _list_item(run: Run, base: List, index: Value, node: facts.Subscript) -> Value:
    if isinstance(index, SliceValue):
        return _list_slice(run, base, index, node)
    if not isinstance(index, Int) or not base.items:
        return Unknown(run.key_of(node), "a list index that is not known")
    position = index.dim.constant
    if base.length is not None or position is None:
        # a sample stands for the rest: the first for 0, the last for any other
        return base.items[0] if position == 0 else _other_item(base.items, position)
    if -len(base.items) <= position < len(base.items):
        return base.items[position]
    return Unknown(run.key_of(node), "a list index out of range")


def _other_item(sample: list[Value], position: int | None) -> Value:
    """The item at a place that is not in the sample.

    Of what an operation gave it has its own reference; a number that follows from the round is that of its round.
    """
    item = sample[-1]
    if isinstance(item, Int) and len(sample) == 2:
        return Int(_in_round(item.dim, position))
    if not isinstance(item, Tensor) or item.ref is None or item.ref.path != (1,) or position is None:
        return item
    is_part = sample[0] == replace(item, ref=Ref(item.ref.node, (0,)))
    return replace(item, ref=Ref(item.ref.node, (position,))) if is_part else item


def _in_round(number: Dim, position: int | None) -> Dim:
    """What a later round counts as `number`, in the round that made the item at a place: `[width * i for i in ..]`."""
    rounds = [name for name in number.symbols if name.startswith(LATER_ROUND)]
    if not rounds:
        return number
    if len(rounds) == 1 and position is not None and position > 0:
        return number.substitute({rounds[0]: Dim.of(position)})
    return Dim.symbol(f"({number})[{position}]")


def _list_slice(run: Run, base: List, index: SliceValue, node: facts.Subscript) -> Value:
    cut = _known_slice(index)
    if cut is None or (base.length is not None and (cut.step is not None or (cut.stop or 0) > 0)):
        return Unknown(run.key_of(node), "a slice of unknown bounds")
    if base.length is None:
        return List(base.items[cut])
    # a sample stands for the rest: without its first items only the later ones are left
    dropped = abs(cut.start or 0) + abs(cut.stop or 0)
    kept = Dim.of(abs(cut.start)) if (cut.start or 0) < 0 and cut.start else base.length - Dim.of(dropped)
    return List(base.items[-1:] if cut.start else list(base.items), kept)


def _dict_item(run: Run, base: Dict, index: Value, node: facts.Subscript) -> Value:
    if isinstance(index, Unknown) and base.items and not base.open:
        return base.items[choose_key(run, index, tuple(base.items))]
    constant = constant_key(index)
    if constant is not None and constant not in base.items and isinstance(base, DefaultDict):
        from shapelint.infer.code.calls import call_value

        base.items[constant] = call_value(run, base.make, (), {}, node)
    if constant is not None and constant in base.items:
        return base.items[constant]
    return Unknown(run.key_of(node), "a key that is not known")


def choose_key(run: Run, key: Unknown, options: tuple[object, ...]) -> object:
    """Decide which of a table's keys an unknown key is; a string key is that string from now on."""
    likely = key.hint.value if isinstance(key.hint, Str) and key.hint.value in options else None
    taken = run.choose_among(key.as_term, f"key:{key.key}", f"{key.key}", options, likely)
    if isinstance(taken, str):
        run.settled[key.key] = run.members.get(taken) or Str(taken)
    return taken


def _container_item(run: Run, base: Container, index: Value, node: facts.Subscript) -> Value:
    members = list(base.members.values())
    if isinstance(index, Str) and index.value in base.members:
        return base.members[index.value]
    found = _list_item(run, List(members, base.length), index, node)
    if isinstance(found, List):
        return Container(base.kind, {str(i): item for i, item in enumerate(found.items)}, found.length)
    return found


def _size_of_unknown(run: Run, base: ShapeOf, index: Value, node: facts.Subscript) -> Value:
    position = index.dim.constant if isinstance(index, Int) else None
    if position is None:
        return Unknown(run.key_of(node), "part of an unknown shape")
    return Int(Dim.symbol(f"{base.of.key}.size({position})"))


def _unknown_item(run: Run, base: Value, index: Value, node: facts.Subscript) -> Value:
    reason = "an item of something unknown"
    if isinstance(base, Str) and isinstance(index, Int) and index.dim.constant is not None:
        return Str(base.value[index.dim.constant : index.dim.constant + 1 or None])
    if isinstance(base, Unknown):
        if isinstance(index, Str):
            return Unknown(f"{base.key}[{index.value!r}]", reason)
        if isinstance(index, Int) and index.dim.constant is not None:
            return Unknown(f"{base.key}[{index.dim}]", reason)
        if isinstance(index, Tuple) and all(isinstance(part, _PLAIN_INDICES) for part in index.items):
            delta = sum(isinstance(part, NoneValue) - isinstance(part, Int) for part in index.items)
            return _part_of_unknown(run, base, delta, node)
        if isinstance(index, Tensor) and index.dtype is Dtype.INT:
            return _part_of_unknown(run, base, index.rank - 1, node)
        if isinstance(index, Unknown) and index.lineage is not None and index.lineage.is_order:
            return _part_of_unknown(run, base, 0, node)
    return Unknown(run.key_of(node), reason)


def _part_of_unknown(run: Run, base: Unknown, delta: int, node: facts.Subscript) -> Value:
    """`x[:, 0]` or `x[order]` of an unknown: only a tensor is indexed so, and the rank changes by `delta`."""
    key = f"{base.key}, in part: {run.key_of(node)}"
    run.parents[key] = Parent(base.key, delta)
    return Unknown(key, base.reason, lineage=Lineage(base.key, delta))
