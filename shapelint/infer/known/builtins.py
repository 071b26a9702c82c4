"""Python's builtins, as far as code around models uses them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from shapelint.infer.code.functions import call_special
from shapelint.infer.code.texts import name_of
from shapelint.infer.known.table import Arguments, Table
from shapelint.infer.known.torch_names import canonical
from shapelint.infer.state import Run
from shapelint.infer.values.access import attribute_of, choose_key
from shapelint.infer.values.constants import truth_of
from shapelint.infer.values.objects import Class, Container, Instance, Namespace, OpenMember, Super
from shapelint.ops import registry
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import (
    NONE,
    Bool,
    Dict,
    External,
    Float,
    Int,
    Layer,
    List,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
    integer,
)
from shapelint.syntax import facts

BUILTINS = Table()
builtin = BUILTINS.register


def call_builtin(run: Run, name: str, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """Call a builtin; Unknown where its arguments do not tell the result."""
    known = BUILTINS.get(name)
    return known.call(run, args, kwargs, node) if known else unknown_result(run, node, name)


def unknown_result(run: Run, node: facts.Expression, name: str) -> Value:
    """What a builtin gives of an argument that is not known."""
    return Unknown(run.key_of(node), f"{name}() of something unknown")


@builtin("len", least=1, most=1)
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


@builtin("int", least=1, most=1)
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


@builtin("float", least=1, most=1)
def _float(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value = args[0]
    constant = value.dim.constant if isinstance(value, Int) else None
    return value if isinstance(value, Float) else Float(None if constant is None else float(constant))


@builtin("bool", least=1, most=1)
def _bool(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    known = truth_of(args[0])
    return (
        args[0]
        if known is None and isinstance(args[0], Unknown)
        else unknown_result(run, node, "bool")
        if known is None
        else Bool(known)
    )


@builtin("str", least=1, most=1)
def _str(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value = args[0]
    if isinstance(value, Int) and value.dim.constant is not None:
        return Str(str(value.dim.constant))
    return value if isinstance(value, Str) else unknown_result(run, node, "str")


@builtin( "hash", "id", "repr",
         "open", "input", "print", "format", "object", "slice", "chr", "ord", "callable", "frozenset",
         "Exception", "ValueError", "NotImplementedError", "RuntimeError", "TypeError",
         "KeyError")  # fmt: skip
def _other(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    return unknown_result(run, node, "a builtin")


@builtin("getattr", least=2, most=3)
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
    if default is not None and _has_attribute(base, name) is False:
        return default
    found = attribute_of(run, base, name, node)
    if default is None or not isinstance(found, Unknown) or found.hint is not None:
        return found
    return replace(found, hint=default)


def _member_of_torch(run: Run, base: External, name: Unknown, node: facts.Expression) -> Value:
    """`getattr(nn, kind)`: one of the recurrent layers, if the name looks like that."""
    if base.path != "torch.nn":
        return unknown_result(run, node, "getattr")
    if not any(word in name.key.lower() for word in ("rnn", "lstm", "gru", "cell")):
        return OpenMember(base.path, name)
    # a text that is put together tells itself whether it names cells
    kinds = _KINDS if name.term is None else (*_KINDS, *(f"{kind}Cell" for kind in _KINDS))
    return External(canonical(f"{base.path}.{choose_key(run, name, kinds)}"))


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


@builtin("setattr", least=3, most=3)
def _setattr(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    base, name = args[0], args[1]
    if isinstance(base, Instance) and isinstance(name, Str | Unknown):
        base.assign(name_of(name), args[2])
    elif isinstance(base, Namespace) and isinstance(name, Str):
        base.table.items[name.value] = args[2]
    elif isinstance(base, Layer):
        run.altered.add(base.ref)
    return NONE


@builtin("vars", least=1, most=1)
def _vars(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    if isinstance(args[0], Namespace):
        return args[0].table
    if not isinstance(args[0], Instance):
        return unknown_result(run, node, "vars")
    made = Dict({}, open=True)
    made.items.update(args[0].attributes)
    return made


@builtin("hasattr", least=2, most=2)
def _hasattr(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    base, name = args[0], args[1]
    answer = _has_attribute(base, name.value) if isinstance(name, Str) else None
    return unknown_result(run, node, "hasattr") if answer is None else Bool(answer)


#: what these values are in Python: their attributes are known to the last
_PLAIN: dict[type[Value], type] = {Tuple: tuple, List: list, Dict: dict, Int: int, Float: float, Str: str, Bool: bool}


def _has_attribute(base: Value, name: str) -> bool | None:
    """Whether a value has an attribute; None where that is not known."""
    if isinstance(base, Instance):
        return True if name in base.attributes or base.cls.find(name) is not None else None
    if isinstance(base, Namespace):
        return None if base.table.open else name in base.table.items
    if isinstance(base, Layer):
        return _has_option(base, name)
    if isinstance(base, Tensor):
        return True if f"torch.Tensor.{name}" in registry.OPS else None
    plain = _PLAIN.get(type(base))
    return None if plain is None else hasattr(plain, name) or name in getattr(base, "names", ())


_REVERSE = re.compile(r"(weight|bias)_[ih]h_l0_reverse")


def _has_option(layer: Layer, name: str) -> bool | None:
    """Whether a layer has an attribute: its options, and the weights of a second direction where it has one."""
    if name in layer.config:
        return True
    return layer.config.get("bidirectional") is True if _REVERSE.fullmatch(name) else None


@builtin("super")
def _super(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    if len(args) == 2 and isinstance(args[0], Class):
        return Super(args[0], args[1])
    return unknown_result(run, node, "super")
