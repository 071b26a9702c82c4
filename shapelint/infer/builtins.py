"""Python's builtins, as far as code around models uses them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from shapelint.infer.access import attribute_of, choose_key
from shapelint.infer.arithmetic import binary
from shapelint.infer.constants import constant_key
from shapelint.infer.functions import call_special
from shapelint.infer.names import canonical
from shapelint.infer.objects import (
    Class,
    Container,
    Instance,
    Iteration,
    Namespace,
    OpenMember,
    Range,
    ShapeOf,
    Super,
)
from shapelint.infer.state import Run, truth_of
from shapelint.infer.texts import name_of
from shapelint.ops import registry
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import (
    NONE,
    TRUE,
    Bool,
    Dict,
    External,
    Float,
    Int,
    List,
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


def unknown_result(run: Run, node: facts.Expression, name: str) -> Value:
    """What a builtin gives of an argument that is not known."""
    return Unknown(run.key_of(node), f"{name}() of something unknown")


@builtin("len")
def _len(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value = call_special(run, args[0], "__len__", (), {}, node) or args[0]
    if isinstance(value, Int):
        return value
    if isinstance(value, Tuple | Str):
        return integer(len(value.items if isinstance(value, Tuple) else value.value))
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
    return unknown_result(run, node, "len")


@builtin("range")
def _range(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    bounds = [arg.dim for arg in args if isinstance(arg, Int | Unknown)]
    if len(bounds) != len(args) or not bounds:
        return unknown_result(run, node, "range")
    step = bounds[2].constant if len(bounds) == 3 else 1
    if not step:
        return unknown_result(run, node, "range")
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
        return unknown_result(run, node, name)
    exact = not isinstance(value, List) or value.length is None
    if name == "tuple" and exact:
        return Tuple(tuple(value.items))
    return List(list(value.items), value.length if isinstance(value, List) else None)


@builtin("dict")
def _dict(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    made = Dict({})
    if args:
        given = args[0] if isinstance(args[0], Dict) else _dict_of_pairs(run, args[0], node)
        made = Dict(dict(given.items), given.open)
    made.items.update(kwargs)
    return made


def _dict_of_pairs(run: Run, value: Value, node: facts.Expression) -> Dict:
    """`dict(zip(names, sizes))`; open where not all pairs are known."""
    from shapelint.infer.loops import rounds  # loops evaluate, and evaluation reads this table

    followed = rounds(run, value, node)
    made = Dict({}, open=followed.count is not None)
    for pair in followed.values:
        items = pair.items if isinstance(pair, Tuple | List) else []
        key = constant_key(items[0]) if len(items) == 2 else None
        made.open = made.open or key is None
        if key is not None:
            made.items[key] = items[1]
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
        else unknown_result(run, node, "bool")
        if known is None
        else Bool(known)
    )


@builtin("str")
def _str(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value = args[0]
    if isinstance(value, Int) and value.dim.constant is not None:
        return Str(str(value.dim.constant))
    return value if isinstance(value, Str) else unknown_result(run, node, "str")


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
    return unknown_result(run, node, name)


@builtin("sum")
def _sum(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value = args[0]
    if not isinstance(value, Tuple | List):
        return unknown_result(run, node, "sum")
    sizes = [item.dim for item in value.items if isinstance(item, Int)]
    exact = isinstance(value, Tuple) or value.length is None
    if exact and len(sizes) == len(value.items):
        return Int(sum(sizes, Dim.of(0)))
    if value.items and all(isinstance(item, Tensor) for item in value.items):
        return functools.reduce(lambda total, item: binary(run, total, "+", item, node), value.items)
    return unknown_result(run, node, "sum")


@builtin( "hash", "id", "repr",
         "open", "input", "print", "format", "object", "slice", "chr", "ord", "callable", "frozenset",
         "Exception", "ValueError", "NotImplementedError", "RuntimeError", "TypeError",
         "KeyError")  # fmt: skip
def _other(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    return unknown_result(run, node, "a builtin")


@builtin("getattr")
def _getattr(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    base, name = args[0], args[1]
    if isinstance(base, Instance) and isinstance(name, Unknown) and name_of(name) in base.attributes:
        return base.attributes[name_of(name)]
    if isinstance(name, Str):
        return _attribute_or(run, base, name.value, args[2] if len(args) > 2 else None, node)
    if isinstance(base, External) and isinstance(name, Unknown):
        return _member_of_torch(run, base, name, node)
    return unknown_result(run, node, "getattr")


def _attribute_or(run: Run, base: Value, name: str, default: Value | None, node: facts.Expression) -> Value:
    """`getattr(base, name, default)`; where it is not known whether the attribute exists, the default is a hint."""
    found = attribute_of(run, base, name, node)
    if default is None or not isinstance(found, Unknown) or found.hint is not None:
        return found
    if isinstance(base, Namespace) and not base.table.open:
        return default
    return replace(found, hint=default)


def _member_of_torch(run: Run, base: External, name: Unknown, node: facts.Expression) -> Value:
    """`getattr(nn, kind)`: one of the recurrent layers, if the name looks like that."""
    if base.path != "torch.nn":
        return unknown_result(run, node, "getattr")
    if not any(word in name.key.lower() for word in ("rnn", "lstm", "gru", "cell")):
        return OpenMember(base.path, name)
    return External(canonical(f"{base.path}.{choose_key(run, name, _KINDS)}"))


def open_member(run: Run, member: OpenMember, keywords: Collection[str]) -> External | None:
    """What `getattr(nn, name)` is, called with these keywords: recurrent layers alone have such options."""
    if _OPTIONS.isdisjoint(keywords):
        return None
    kinds = tuple(kind for kind in _KINDS if _takes(canonical(f"{member.path}.{kind}"), keywords))
    return External(canonical(f"{member.path}.{choose_key(run, member.name, kinds)}")) if kinds else None


def _takes(path: str, keywords: Collection[str]) -> bool:
    return set(keywords) - {"**"} <= set(registry.LAYERS[path].build.signature.parameters)


_KINDS = ("LSTM", "GRU", "RNN")
_OPTIONS = frozenset({"hidden_size", "batch_first", "bidirectional"})


@builtin("setattr")
def _setattr(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    base, name = args[0], args[1]
    if isinstance(base, Instance) and isinstance(name, Str | Unknown):
        base.assign(name_of(name), args[2])
    elif isinstance(base, Namespace) and isinstance(name, Str):
        base.table.items[name.value] = args[2]
    return NONE


@builtin("vars")
def _vars(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    if isinstance(args[0], Namespace):
        return args[0].table
    if not isinstance(args[0], Instance):
        return unknown_result(run, node, "vars")
    made = Dict({}, open=True)
    made.items.update(args[0].attributes)
    return made


@builtin("hasattr")
def _hasattr(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    base, name = args[0], args[1]
    if isinstance(base, Instance) and isinstance(name, Str) and _has_attribute(base, name.value):
        return TRUE
    if isinstance(base, Namespace) and isinstance(name, Str) and not base.table.open:
        return Bool(name.value in base.table.items)
    return unknown_result(run, node, "hasattr")


def _has_attribute(instance: Instance, name: str) -> bool:
    return name in instance.attributes or instance.cls.find(name) is not None


@builtin("super")
def _super(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    if len(args) == 2 and isinstance(args[0], Class):
        return Super(args[0], args[1])
    return unknown_result(run, node, "super")
