"""Python's builtins, as far as code around models uses them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from shapelint.infer.access import attribute_of, choose_key
from shapelint.infer.arithmetic import binary
from shapelint.infer.names import canonical
from shapelint.infer.objects import (
    Builtin,
    Class,
    Container,
    Instance,
    Iteration,
    Range,
    ShapeOf,
    Super,
)
from shapelint.infer.state import Demand, Run, shown, truth_of
from shapelint.ops import registry
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import (
    FALSE,
    NONE,
    TRUE,
    Bool,
    Dict,
    External,
    Float,
    Int,
    Layer,
    List,
    NoneValue,
    Packed,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
    integer,
)
from shapelint.syntax import facts

Arguments = tuple[Value, ...]
BuiltinFunction = Callable[[Run, Arguments, Mapping[str, Value], facts.Expression], Value]
BUILTINS: dict[str, BuiltinFunction] = {}


def builtin(*names: str) -> Callable[[BuiltinFunction], BuiltinFunction]:
    """Register a builtin."""

    def register(function: BuiltinFunction) -> BuiltinFunction:
        BUILTINS.update(dict.fromkeys(names, function))
        return function

    return register


def call_builtin(run: Run, name: str, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """Call a builtin; Unknown where its arguments do not tell the result."""
    try:
        return BUILTINS[name](run, args, kwargs, node)
    except (IndexError, KeyError):
        return Unknown(run.key_of(node), f"{name}() with these arguments")


def _unknown(run: Run, node: facts.Expression, name: str) -> Value:
    return Unknown(run.key_of(node), f"{name}() of something unknown")


@builtin("len")
def _len(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value = args[0]
    if isinstance(value, Tuple):
        return integer(len(value.items))
    if isinstance(value, List | Container):
        members = value.items if isinstance(value, List) else value.members
        return Int(value.length or Dim.of(len(members)))
    if isinstance(value, Dict) and not value.open:
        return integer(len(value.items))
    if isinstance(value, Tensor) and value.axes:
        return Int(value.axes[0].dim)
    if isinstance(value, Unknown):
        # of a tensor it is the size of axis 0; of anything else it is a number of its own
        return Int(Dim.symbol(f"{value.key}.size(0)"))
    return _unknown(run, node, "len")


@builtin("range")
def _range(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    bounds = [arg.dim for arg in args if isinstance(arg, Int | Unknown)]
    if len(bounds) != len(args) or not bounds:
        return _unknown(run, node, "range")
    step = bounds[2].constant if len(bounds) == 3 else 1
    if not step:
        return _unknown(run, node, "range")
    start, stop = (Dim.of(0), bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
    return Range(start, stop, step)


@builtin("zip", "enumerate", "reversed", "iter")
def _iteration(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    text = node.func.id if isinstance(node, facts.Call) and isinstance(node.func, facts.Name) else "zip"
    if text == "iter" or (text == "reversed" and isinstance(args[0], Range)):
        return args[0] if text == "iter" else _reversed_range(args[0])
    return Iteration(text, args[:1] if text == "enumerate" else args)


def _reversed_range(value: Value) -> Value:
    assert isinstance(value, Range)
    if value.step != 1:
        return Iteration("reversed", (value,))
    return Range(value.stop - Dim.of(1), value.start - Dim.of(1), -1)


@builtin("list", "tuple", "sorted", "set")
def _sequence(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    name = node.func.id if isinstance(node, facts.Call) and isinstance(node.func, facts.Name) else "list"
    if not args:
        return List([]) if name != "tuple" else Tuple(())
    value = args[0]
    if isinstance(value, ShapeOf):
        return value
    if isinstance(value, Container):
        value = List(list(value.members.values()), value.length)
    if isinstance(value, Iteration | Range | Tensor):
        from shapelint.infer.loops import rounds  # loops evaluate, and evaluation reads this table

        followed = rounds(run, value, node)
        value = List(list(followed.values), followed.count)
    if not isinstance(value, Tuple | List):
        return _unknown(run, node, name)
    exact = not isinstance(value, List) or value.length is None
    if name == "tuple" and exact:
        return Tuple(tuple(value.items))
    return List(list(value.items), value.length if isinstance(value, List) else None)


@builtin("dict")
def _dict(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    made = Dict(
        dict(args[0].items) if args and isinstance(args[0], Dict) else {},
        open=bool(args) and not isinstance(args[0], Dict),
    )
    made.items.update(kwargs)
    return made


@builtin("int")
def _int(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value = args[0]
    if isinstance(value, Int):
        return value
    if isinstance(value, Bool):
        return integer(int(value.value))
    if isinstance(value, Float) and value.value is not None and abs(value.value) < 1e15:
        return integer(int(value.value))
    if isinstance(value, Unknown) and isinstance(value.hint, Bool):
        return integer(int(run.decide(value)))
    return Int(value.dim) if isinstance(value, Unknown) else Int(Dim.symbol(run.key_of(node)))


@builtin("float")
def _float(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value = args[0]
    constant = value.dim.constant if isinstance(value, Int) else None
    return value if isinstance(value, Float) else Float(None if constant is None else float(constant))


@builtin("bool")
def _bool(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    known = truth_of(args[0])
    return (
        args[0]
        if known is None and isinstance(args[0], Unknown)
        else _unknown(run, node, "bool")
        if known is None
        else Bool(known)
    )


@builtin("str")
def _str(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value = args[0]
    if isinstance(value, Int) and value.dim.constant is not None:
        return Str(str(value.dim.constant))
    return value if isinstance(value, Str) else _unknown(run, node, "str")


@builtin("max", "min")
def _extreme(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    name = node.func.id if isinstance(node, facts.Call) and isinstance(node.func, facts.Name) else "max"
    values = args[0].items if len(args) == 1 and isinstance(args[0], Tuple | List) else args
    constants = [v.dim.constant if isinstance(v, Int) else None for v in values]
    known = [c for c in constants if c is not None]
    if len(known) == len(constants) and known:
        return integer(max(known) if name == "max" else min(known))
    if values and all(isinstance(v, Int) for v in values):
        return Int(Dim.symbol(run.key_of(node)))
    return _unknown(run, node, name)


@builtin("sum")
def _sum(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value = args[0]
    if not isinstance(value, Tuple | List):
        return _unknown(run, node, "sum")
    sizes = [item.dim for item in value.items if isinstance(item, Int)]
    exact = isinstance(value, Tuple) or value.length is None
    if exact and len(sizes) == len(value.items):
        return Int(sum(sizes, Dim.of(0)))
    if value.items and all(isinstance(item, Tensor) for item in value.items):
        return functools.reduce(lambda total, item: binary(run, total, "+", item, node), value.items)
    return _unknown(run, node, "sum")


@builtin("map")
def _map(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    from shapelint.infer.calls import call_value  # calls evaluate, and evaluation reads this table

    sequences = [_sequence(run, (arg,), {}, node) for arg in args[1:]]
    lists = [s for s in sequences if isinstance(s, List | Tuple)]
    if len(lists) != len(sequences) or not lists:
        return _unknown(run, node, "map")
    rows = list(zip(*(s.items for s in lists), strict=False))
    return List([call_value(run, args[0], row, {}, node) for row in rows], getattr(lists[0], "length", None))


@builtin("abs", "round", "pow", "divmod", "any", "all", "filter", "next", "hash", "id", "repr", "vars",
         "open", "input", "print", "format", "type", "object", "slice", "chr", "ord", "callable", "frozenset",
         "Exception", "ValueError", "NotImplementedError", "RuntimeError", "TypeError",
         "KeyError")  # fmt: skip
def _other(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    return _unknown(run, node, "a builtin")


@builtin("getattr")
def _getattr(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    base, name = args[0], args[1]
    if isinstance(name, Str):
        return attribute_of(run, base, name.value, node)
    if isinstance(base, External) and isinstance(name, Unknown):
        return _member_of_torch(run, base, name, node)
    return _unknown(run, node, "getattr")


def _member_of_torch(run: Run, base: External, name: Unknown, node: facts.Expression) -> Value:
    """`getattr(nn, kind)`: one of the recurrent layers, if the name looks like that."""
    kinds = ("LSTM", "GRU", "RNN")
    if base.path != "torch.nn" or not any(word in name.key.lower() for word in ("rnn", "lstm", "gru", "cell")):
        return _unknown(run, node, "getattr")
    return External(canonical(f"{base.path}.{choose_key(run, name, kinds)}"))


@builtin("setattr")
def _setattr(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    base, name = args[0], args[1]
    if isinstance(base, Instance) and isinstance(name, Str):
        base.attributes[name.value] = args[2]
    return NONE


@builtin("hasattr")
def _hasattr(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    base, name = args[0], args[1]
    if isinstance(base, Instance) and isinstance(name, Str) and _has_attribute(base, name.value):
        return TRUE
    return _unknown(run, node, "hasattr")


def _has_attribute(instance: Instance, name: str) -> bool:
    return name in instance.attributes or instance.cls.find(name) is not None


@builtin("super")
def _super(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    if len(args) == 2 and isinstance(args[0], Class):
        return Super(args[0], args[1])
    return _unknown(run, node, "super")


@builtin("isinstance")
def _isinstance(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value, kind = args[0], args[1]
    kinds = kind.items if isinstance(kind, Tuple) else (kind,)
    answers = [_is_instance(value, one) for one in kinds]
    if any(answers):
        return TRUE
    if all(answer is False for answer in answers):
        return FALSE
    if isinstance(value, Unknown):
        return _decide_kind(run, value, kinds, node)
    return _unknown(run, node, "isinstance")


def _is_instance(value: Value, kind: Value) -> bool | None:
    if isinstance(value, Unknown):
        return None
    if isinstance(kind, Builtin):
        types = {
            "tuple": Tuple | Packed,
            "list": List,
            "dict": Dict,
            "int": Int | Bool,
            "float": Float,
            "str": Str,
            "bool": Bool,
        }
        wanted = types.get(kind.name)
        return isinstance(value, wanted) if wanted is not None else None
    if isinstance(kind, External):
        return _is_torch_instance(value, kind.path)
    if isinstance(kind, Class):
        return isinstance(value, Instance) and kind in list(value.cls.lineage())
    return None


_LAYER_BASES = ("torch.nn.Module", "torch.nn.RNNBase")


def _is_torch_instance(value: Value, path: str) -> bool | None:
    if path in ("torch.Tensor", "torch.FloatTensor"):
        return isinstance(value, Tensor)
    if path == "torch.nn.utils.rnn.PackedSequence":
        return isinstance(value, Packed)
    if isinstance(value, Layer):
        return value.kind == path or path in _LAYER_BASES or (False if path in registry.LAYERS else None)
    if isinstance(value, Instance) and path in registry.LAYERS:
        base = value.cls.torch_base() or ""
        return base == path if base.startswith("torch.nn.") else None
    if isinstance(value, Tensor | Packed | Tuple | List | Int | Str | NoneValue):
        return False
    return None


def _decide_kind(run: Run, value: Unknown, kinds: tuple[Value, ...], node: facts.Expression) -> Value:
    """An unknown value's type is a choice; tensors are likelier than packed sequences and tuples."""
    packed = any(isinstance(k, External) and k.path.endswith("PackedSequence") for k in kinds)
    unlikely = packed or any(isinstance(k, Builtin) and k.name in ("tuple", "list", "dict") for k in kinds)
    names = ", ".join(k.path if isinstance(k, External) else getattr(k, "name", "?") for k in kinds)
    subject = f"isinstance({shown(value)}, {names})"
    taken = bool(run.choose(f"isinstance({value.key},{names})", subject, (True, False), not unlikely))
    if taken and packed:
        run.demand(value, Demand(3, "isinstance", packed=True))
    return Bool(taken)
