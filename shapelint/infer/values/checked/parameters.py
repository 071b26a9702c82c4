"""What the parameters of functions are bound to: by a call, or where nobody calls them."""

from __future__ import annotations

from collections.abc import Mapping

from shapelint.infer.known.torch_names import layer_parameters
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.enums import limit
from shapelint.infer.values.scopes import Class, Function
from shapelint.ops.registry import LAYERS
from shapelint.shapes.inside import loop_length
from shapelint.shapes.value import Dict, Int, List, Tuple, Unknown, Value
from shapelint.syntax import facts
from shapelint.trace.decision import Entered, Free

MAX_SIZES = 6  #: a longer default is followed like any sequence of unknown length, by a sample

Arguments = tuple[tuple[Value, ...], dict[str, Value]]  #: by place and by name


def bind_parameters(
    run: Run, function: Function, args: tuple[Value, ...], kwargs: Mapping[str, Value]
) -> dict[str, Value]:
    """Bind arguments to parameters as Python does; what is missing is unknown.

    Behind a `**dict` of unknown content a default is likely, and no more. "*" stands for any number of further ones.
    """
    names: dict[str, Value] = {}
    waiting, rest = list(args), dict(kwargs)
    may_be_given = "**" in rest
    for parameter in function.parameters:
        if parameter.kind == "vararg":
            further = rest.pop("*", None)
            names[parameter.name] = further or Tuple(tuple(waiting))
            waiting = []
        elif parameter.kind == "kwarg":
            open_rest = rest.pop("**", None) is not None
            names[parameter.name] = more = Dict({}, open=open_rest)
            more.items.update(rest)
        elif waiting and parameter.kind != "keyword":
            names[parameter.name] = waiting.pop(0)
        elif parameter.name in rest:
            names[parameter.name] = rest.pop(parameter.name)
        elif parameter.name in function.defaults and may_be_given and parameter.kind != "positional":
            names[parameter.name] = free_parameter(run, function, parameter)
        elif parameter.name in function.defaults:
            names[parameter.name] = function.defaults[parameter.name]
        else:
            names[parameter.name] = Unknown(f"{function.name}.{parameter.name}", "an argument that is not given")
    return names


def takes(function: Function, args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> bool:
    """Whether Python can bind the arguments: not too many, none of another name, none twice, none missing."""
    kinds = {parameter.name: parameter.kind for parameter in function.parameters}
    by_place = [name for name, kind in kinds.items() if kind in ("positional", "normal")]
    given, named = set(by_place[: len(args)]), kwargs.keys() - {"*", "**"}
    if len(args) > len(by_place) and "vararg" not in kinds.values():
        return False
    by_name = {name for name, kind in kinds.items() if kind in ("normal", "keyword")}
    if given & named & by_name or (named - by_name and "kwarg" not in kinds.values()):
        return False
    needed = {name for name, kind in kinds.items() if kind not in ("vararg", "kwarg")} - function.defaults.keys()
    return "**" in kwargs or needed <= given | named


def free_arguments(run: Run, function: Function, receiver: Value | None) -> Arguments:
    """Arguments for an entry point that nobody calls: every parameter unknown, with its default as a hint."""
    skipped = 0 if receiver is None else 1
    run.trace.entered.append(Entered(function.name, _how(function), _free(run, function, skipped)))
    return _free_arguments(run, function, receiver)


def free_construction(run: Run, cls: Class) -> Arguments:
    """Arguments for a class that nobody constructs."""
    constructor, path = cls.find("__init__"), cls.torch_base()
    kind = "object" if path is None else "module"
    if isinstance(constructor, Function):
        free = _free(run, constructor, 1)
        run.trace.entered.append(Entered(cls.name, kind, free))
        run.path.constructor = frozenset(parameter.key for parameter in free)
        args, kwargs = _free_arguments(run, constructor, cls)
        return args[1:], kwargs
    hints = layer_parameters(path) if path in LAYERS else []
    run.trace.entered.append(Entered(cls.name, kind, tuple(Free(name, name, "normal", hint) for name, hint in hints)))
    return (), {name: Unknown(name, "a parameter", hint) for name, hint in hints}


def _free_arguments(run: Run, function: Function, receiver: Value | None) -> Arguments:
    args: tuple[Value, ...] = () if receiver is None else (receiver,)
    kwargs: dict[str, Value] = {}
    for parameter in function.parameters[len(args) :]:
        if parameter.kind == "kwarg":
            kwargs["**"] = Dict({}, open=True)
        elif parameter.kind == "vararg":
            kwargs["*"] = Unknown(_free_key(run, parameter), "any number of arguments")
        elif parameter.kind != "positional":
            kwargs[parameter.name] = free_parameter(run, function, parameter)
    return args, kwargs


def _free(run: Run, function: Function, skipped: int) -> tuple[Free, ...]:
    """The parameters of a function for which unknown values are about to be made."""
    defaults = function.defaults
    return tuple(Free(p.name, _free_key(run, p), p.kind, defaults.get(p.name)) for p in function.parameters[skipped:])


def _free_key(run: Run, parameter: facts.Parameter) -> str:
    span = parameter.span
    return parameter.name if parameter.name not in run.path.free else f"{parameter.name}@{span.line}:{span.column}"


def _how(function: Function) -> str:
    if function.yields:
        return "generator"
    return "coroutine" if function.definition is not None and function.definition.is_async else function.kind


def free_parameter(run: Run, function: Function, parameter: facts.Parameter) -> Value:
    """An unknown argument; one that is an integer by annotation or default is a symbolic size.

    Its key is its name; a method's parameter that is called like one of the constructor has its place in the key.
    """
    annotation, default = parameter.annotation, function.defaults.get(parameter.name)
    key = _free_key(run, parameter)
    run.path.free.add(key)
    is_int = isinstance(annotation, facts.Name) and annotation.id == "int"
    if is_int and default is None:
        return Int(run.path.size_of(key))
    limit(run, key, annotation, function.scope)
    return _by_default(run, key, default)


def _by_default(run: Run, key: str, default: Value | None) -> Value:
    """An unknown that is likely its default: a symbolic size, as many of them as a sequence has, or anything."""
    size = default.dim.constant if isinstance(default, Int) else None
    if size is not None and size >= 1:
        run.trace.defaults[key] = size
        return Int(run.path.size_of(key))
    if isinstance(default, Tuple | List) and 0 < len(default.items) <= MAX_SIZES and not loop_length(default):
        items = [_by_default(run, f"{key}[{place}]", item) for place, item in enumerate(default.items)]
        if all(isinstance(item, Int) for item in items):
            return Tuple(tuple(items)) if isinstance(default, Tuple) else List(items)
    return Unknown(key, "a parameter", default)
