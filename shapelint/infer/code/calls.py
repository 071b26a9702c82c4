"""Call expressions: what is called decides what happens."""

from __future__ import annotations

from collections.abc import Mapping

from shapelint.infer.apply import call_layer
from shapelint.infer.code.functions import call_function, call_instance, instantiate, make_base
from shapelint.infer.code.loops import unrolled
from shapelint.infer.dispatch import evaluate, evaluates
from shapelint.infer.known.builtins import call_builtin, open_member
from shapelint.infer.known.externals import call_external, is_module_class
from shapelint.infer.known.torch_names import SIX
from shapelint.infer.state import Run
from shapelint.infer.values.generated_classes import make_record
from shapelint.infer.values.methods import call_method
from shapelint.infer.values.objects import (
    BoundMethod,
    Builtin,
    Class,
    Container,
    Function,
    Instance,
    Method,
    Namespace,
    OpenMember,
    Partial,
    Record,
    Scope,
    Super,
)
from shapelint.shapes.value import NONE, Dict, External, Layer, List, Str, Tuple, Unknown, Value
from shapelint.syntax import facts

STARRED = "*"  #: stands among the arguments for `*args` of unknown length


@evaluates(facts.Call)
def call_expression(run: Run, scope: Scope, node: facts.Call) -> Value:
    """`func(arguments)`."""
    function = evaluate(run, scope, node.func)
    if isinstance(function, Builtin) and function.name == "super" and not node.arguments:
        return _bare_super(run, scope, node)
    args, kwargs = arguments(run, scope, node)
    if args is None:
        return Unknown(run.key_of(node), "an argument list of unknown length")
    value = _save_arguments(run, scope, node, args) or call_value(run, function, args, kwargs, node)
    run.bind(node.span, run.home.text(node.span), value)
    return value


def _save_arguments(run: Run, scope: Scope, node: facts.Call, args: tuple[Value, ...]) -> Value | None:
    """Lightning's `self.save_hyperparameters(...)`: `self.hparams` holds the constructor's arguments as they are now.

    None for any other call, and where the checked code defines what is called.
    """
    if not isinstance(node.func, facts.Attribute) or node.func.attr != "save_hyperparameters":
        return None
    receiver = evaluate(run, scope, node.func.value)
    if not isinstance(receiver, Instance) or receiver.cls.find(node.func.attr) is not None:
        return None
    constructor = receiver.cls.find("__init__")
    names = [parameter.name for parameter in constructor.parameters[1:]] if isinstance(constructor, Function) else []
    chosen = [arg.value for arg in args if isinstance(arg, Str)] or names
    saved = receiver.attributes.setdefault("hparams", Namespace(Dict({}, open=True)))
    if isinstance(saved, Namespace):
        saved.table.items.update((name, scope.names[name]) for name in chosen if name in scope.names)
    return NONE


def arguments(run: Run, scope: Scope, node: facts.Call) -> tuple[tuple[Value, ...] | None, dict[str, Value]]:
    """The values of a call's arguments; None for positional ones of unknown number.

    Keyword arguments that come from a `**dict` of unknown content leave that dict under the key `**`.
    """
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    for argument in node.arguments:
        value = evaluate(run, scope, argument.value)
        if argument.star == 2:
            if isinstance(value, Dict):
                kwargs.update((str(key), item) for key, item in value.items.items())
            if not isinstance(value, Dict) or value.open:
                kwargs["**"] = value
        elif argument.star == 1:
            value = unrolled(run, value, argument.value)
            if not isinstance(value, Tuple | List) or (isinstance(value, List) and value.length is not None):
                return None, kwargs
            args.extend(value.items)
        elif argument.keyword is not None:
            kwargs[argument.keyword] = value
        else:
            args.append(value)
    return tuple(args), kwargs


def call_value(
    run: Run, function: Value, args: tuple[Value, ...], kwargs: Mapping[str, Value], node: facts.Expression
) -> Value:
    """Call a value."""
    if isinstance(function, External) and function.path.startswith(SIX):
        function = Builtin(function.path.removeprefix(SIX))
    if isinstance(function, External):
        prefix, _, name = function.path.rpartition(".")
        if args and isinstance(args[0], Instance | Layer) and is_module_class(prefix):
            return _call_torch_method(run, args[0], name, args[1:], kwargs, node)
        return call_external(run, function.path, args, kwargs, node)
    if isinstance(function, Builtin):
        return call_builtin(run, function.name, args, kwargs, node)
    if isinstance(function, Function):
        return call_function(run, function, args, kwargs, node)
    if isinstance(function, BoundMethod):
        return call_function(run, function.function, (function.receiver, *args), kwargs, node)
    if isinstance(function, Class):
        return instantiate(run, function, args, kwargs, node)
    if isinstance(function, Layer) and function.ref in run.altered:
        return Unknown(run.key_of(node), "a layer that the code changes")
    if isinstance(function, Layer):
        return call_layer(run, function, args, kwargs, node)
    if isinstance(function, Instance):
        return _call_instance(run, function, args, kwargs, node)
    if isinstance(function, Container):
        return _call_container(run, function, args, node)
    if isinstance(function, Method):
        return _call_method(run, function, args, kwargs, node)
    if isinstance(function, Record):
        return make_record(function, args, kwargs, run.key_of(node))
    if isinstance(function, Partial):
        return call_value(run, function.function, (*function.args, *args), {**function.kwargs, **kwargs}, node)
    if isinstance(function, OpenMember):
        known = open_member(run, function, kwargs)
        if known is not None:
            return call_external(run, known.path, args, kwargs, node)
    return _call_unknown(run, function, args, node)


def _call_instance(
    run: Run, instance: Instance, args: tuple[Value, ...], kwargs: Mapping[str, Value], node: facts.Expression
) -> Value:
    """`module(x)`: `forward` of its class, or of the layer or container that the class derives from."""
    result = call_instance(run, instance, args, kwargs, node)
    if result is None and instance.base is not None:
        return call_value(run, instance.base, args, kwargs, node)
    return result or Unknown(run.key_of(node), f"{instance.cls.name} has no forward in this file")


def _call_super(
    run: Run, method: Method, args: tuple[Value, ...], kwargs: Mapping[str, Value], node: facts.Expression
) -> Value:
    """`super().__init__(...)` and `super().forward(x)` of a class that derives from a class of torch."""
    receiver = method.receiver.receiver if isinstance(method.receiver, Super) else None
    if not isinstance(receiver, Instance):
        return Unknown(run.key_of(node), "super() of a class")
    return _call_torch_method(run, receiver, method.name, args, kwargs, node)


def _call_torch_method(
    run: Run,
    receiver: Instance | Layer,
    name: str,
    args: tuple[Value, ...],
    kwargs: Mapping[str, Value],
    node: facts.Expression,
) -> Value:
    """A method of the torch class from which the receiver's class derives, or which it is."""
    if isinstance(receiver, Layer):
        return _call_method(run, Method(receiver, name), args, kwargs, node)
    if name == "__init__":
        receiver.base = make_base(run, receiver.cls, args, kwargs, node)
        return NONE
    if name == "__call__":
        return _call_instance(run, receiver, args, kwargs, node)
    if receiver.base is not None:
        return _call_method(run, Method(receiver.base, name), args, kwargs, node)
    return call_method(run, Method(receiver, name), args, kwargs, node)


def _call_method(
    run: Run, method: Method, args: tuple[Value, ...], kwargs: Mapping[str, Value], node: facts.Expression
) -> Value:
    if isinstance(method.receiver, Super):
        return _call_super(run, method, args, kwargs, node)
    if method.name in ("forward", "__call__") and isinstance(method.receiver, Layer | Container | Instance):
        return call_value(run, method.receiver, args, kwargs, node)
    return call_method(run, method, args, kwargs, node)


def _call_container(run: Run, container: Container, args: tuple[Value, ...], node: facts.Expression) -> Value:
    """nn.Sequential runs its members in order."""
    if container.kind != "Sequential" or container.length is not None:
        return Unknown(run.key_of(node), f"calling a {container.kind}")
    outer = run.member
    for number, member in enumerate(container.members.values()):
        run.member = f"{outer}#{number}"
        value = call_value(run, member, args, {}, node)
        args = (run.settle(value) if isinstance(value, Unknown) else value,)
    run.member = outer
    return args[0] if len(args) == 1 else Tuple(args)


def _call_unknown(run: Run, function: Value, args: tuple[Value, ...], node: facts.Expression) -> Value:
    if isinstance(function, Unknown):
        if isinstance(node, facts.Call) and isinstance(node.func, facts.Attribute) and function.owner is not None:
            return call_method(run, Method(function.owner, node.func.attr), args, {}, node)
        return Unknown(run.key_of(node), f"a call of something unknown: {function.reason}")
    return Unknown(run.key_of(node), f"a call of {type(function).__name__}")


def _bare_super(run: Run, scope: Scope, node: facts.Call) -> Value:
    owner = scope.lookup("__class__")
    receiver = next(iter(scope.names.values()), None)
    if isinstance(owner, Class) and isinstance(receiver, Instance | Class):
        return Super(owner, receiver)
    return Unknown(run.key_of(node), "super() outside a method")
