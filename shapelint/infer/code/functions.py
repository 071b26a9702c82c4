"""Calling functions of the checked code: their bodies are interpreted in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shapelint.infer.code.gradients import graphless
from shapelint.infer.code.walk import statements_in
from shapelint.infer.dispatch import evaluate, execute
from shapelint.infer.evidence import note_docstring, note_head_comments, note_result
from shapelint.infer.known.externals import call_external, is_module_class, layer_parameters
from shapelint.infer.plan import MAX_DEPTH, Raised
from shapelint.infer.state import Run
from shapelint.infer.values.enums import is_enumeration, limit, looked_up
from shapelint.infer.values.generated_classes import NAMED_TUPLE, make_record, record_of, set_fields
from shapelint.infer.values.module_holders import note_holders
from shapelint.infer.values.objects import YIELDED, Class, Container, Factory, Function, Instance, Iteration, Scope
from shapelint.ops.registry import LAYERS
from shapelint.shapes.value import NONE, Dict, Int, Layer, List, Tuple, Unknown, Value
from shapelint.syntax import facts
from shapelint.trace.trace import Entered, Frame, Free

Arguments = tuple[tuple[Value, ...], dict[str, Value]]  #: by place and by name


def call_function(
    run: Run, function: Function, args: tuple[Value, ...], kwargs: Mapping[str, Value], node: facts.Expression
) -> Value:
    """Interpret a call; Unknown where it is too deep, recursive or a coroutine."""
    if len(run.frames) >= MAX_DEPTH or run.functions.count(function) >= 2:
        return Unknown(run.key_of(node), "recursion, or calls too deep")
    if function.definition is not None and function.definition.is_async:
        return Unknown(run.key_of(node), "a coroutine")
    if function.definition is not None and _is_abstract(function.definition):
        return Unknown(run.key_of(node), "an abstract method")
    depth = len(run.frames)
    run.frames.append(Frame(function.name, node.span, run.path))
    try:
        return enter(run, function, args, kwargs)
    except Raised:
        if run.away or function.scope.find_home() is run.home:
            raise
        # the ways through another file are not all followed: that this one raises says little
        return Unknown(run.key_of(node), f"{function.name} raises on this path")
    finally:
        del run.frames[depth:]


def enter(run: Run, function: Function, args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> Value:
    """Run a function's body, in the file where it stands, with its parameters bound; the value it returns."""
    before = run.home
    run.home = function.scope.find_home() or before
    run.functions.append(function)
    try:
        decorators = () if function.definition is None else function.definition.decorators
        with graphless(run, function.scope, decorators):
            return _run_body(run, function, Scope(bind_parameters(run, function, args, kwargs), function.scope))
    finally:
        run.home = before
        run.functions.pop()


def _run_body(run: Run, function: Function, scope: Scope) -> Value:
    if function.owner is not None:
        scope.names.setdefault("__class__", function.owner)
    if isinstance(function.body, facts.Expression):
        return evaluate(run, scope, function.body)
    if function.definition is not None:
        run.called.add(id(function.definition))
    note_docstring(run, function, scope.names)
    note_head_comments(run, function, scope.names)
    yielded = List([])
    if function.yields:
        scope.names[YIELDED] = yielded
    run.result = NONE
    execute(run, scope, function.body)
    result, run.result = run.result, NONE
    if function.yields:
        # the body is run at once: nothing that a shape depends on can tell
        return Iteration("generator", (yielded,))
    note_result(run, function, result)
    return result


def bind_parameters(
    run: Run, function: Function, args: tuple[Value, ...], kwargs: Mapping[str, Value]
) -> dict[str, Value]:
    """Bind arguments to parameters as Python does; what is missing is unknown.

    Behind a `**dict` of unknown content a default is likely, and no more.
    """
    names: dict[str, Value] = {}
    waiting, rest = list(args), dict(kwargs)
    may_be_given = "**" in rest
    for parameter in function.parameters:
        if parameter.kind == "vararg":
            names[parameter.name] = Tuple(tuple(waiting))
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
        run.trace.entered.append(Entered(cls.name, kind, _free(run, constructor, 1)))
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
        elif parameter.kind not in ("vararg", "positional"):
            kwargs[parameter.name] = free_parameter(run, function, parameter)
    return args, kwargs


def _free(run: Run, function: Function, skipped: int) -> tuple[Free, ...]:
    """The parameters of a function for which unknown values are about to be made."""
    defaults = function.defaults
    return tuple(Free(p.name, _free_key(run, p), p.kind, defaults.get(p.name)) for p in function.parameters[skipped:])


def _free_key(run: Run, parameter: facts.Parameter) -> str:
    span = parameter.span
    return parameter.name if parameter.name not in run.free else f"{parameter.name}@{span.line}:{span.column}"


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
    run.free.add(key)
    is_int = isinstance(annotation, facts.Name) and annotation.id == "int"
    size = default.dim.constant if isinstance(default, Int) else None
    if (is_int and default is None) or (size is not None and size >= 1):
        if size is not None:
            run.trace.defaults[key] = size
        return Int(run.size_of(key))
    limit(run, key, annotation, function.scope)
    return Unknown(key, "a parameter", default)


def _is_abstract(definition: facts.FunctionDef) -> bool:
    """Whether a method only says that derived classes must define it."""
    marked = any(_decorator_name(decorator) == "abstractmethod" for decorator in definition.decorators)
    body = [s for s in definition.body if not isinstance(s, facts.ExpressionStatement | facts.Jump)]
    return not body if marked else len(body) == 1 and isinstance(body[0], facts.Raise)


def makers_of(cls: Class, name: str) -> list[Function]:
    """The methods of a class that give an attribute something constructed (`self.rnn = nn.LSTM(...)`)."""
    makers = [method for method, constructs in _setters_of(cls, name).items() if constructs]
    return [method for method in makers if method.owner is cls and method.kind == "plain"]


def is_set_on_other_paths(run: Run, instance: Instance, name: str) -> bool:
    """Whether the constructor, which has run, is the only method that sets an attribute."""
    setters = [method.name for cls in instance.cls.lineage() for method in _setters_of(cls, name)]
    return setters == ["__init__"] and not any(function.name == "__init__" for function in run.functions)


def _setters_of(cls: Class, name: str) -> dict[Function, bool]:
    """The methods of a class that assign an attribute on some path, and whether they construct what they assign."""
    if cls.setters is None:
        cls.setters = {}
        for method in [one for one in cls.scope.names.values() if isinstance(one, Function)]:
            for attribute, value in _assignments_of(method):
                found = cls.setters.setdefault(attribute, {})
                found[method] = found.get(method, False) or _constructs(value)
    return cls.setters.get(name, {})


def _assignments_of(method: Function) -> Iterator[tuple[str, facts.Expression]]:
    receiver = method.parameters[0].name if method.parameters else ""
    for statement in statements_in(method.definition.body if method.definition else ()):
        if isinstance(statement, facts.Assign):
            attributes = [target for target in statement.targets if isinstance(target, facts.Attribute)]
            yield from ((a.attr, statement.value) for a in attributes if getattr(a.value, "id", None) == receiver)


def _constructs(value: facts.Expression) -> bool:
    """Whether an expression calls what is named like a class."""
    func = value.func if isinstance(value, facts.Call) else None
    name = func.attr if isinstance(func, facts.Attribute) else getattr(func, "id", "")
    return name[:1].isupper()


def instantiate(
    run: Run, cls: Class, args: tuple[Value, ...], kwargs: Mapping[str, Value], node: facts.Expression
) -> Value:
    """Make an instance and run `__init__`."""
    if cls.torch_base() == NAMED_TUPLE:
        return make_record(record_of(cls), args, kwargs, run.key_of(node))
    if is_enumeration(cls) and len(args) == 1:
        return looked_up(run, cls, args[0], run.key_of(node))
    instance = Instance(cls)
    constructor = cls.find("__init__")
    if isinstance(constructor, Function):
        call_function(run, constructor, (instance, *args), kwargs, node)
        note_holders(run, instance)
        return instance
    set_fields(instance, args, kwargs)
    _make_defaults(run, instance, node)
    instance.base = make_base(run, cls, args, kwargs, node)
    finish = cls.find("__post_init__")
    if isinstance(finish, Function):
        call_function(run, finish, (instance,), {}, node)
    return instance


def _make_defaults(run: Run, instance: Instance, node: facts.Expression) -> None:
    """Call the factories of a dataclass's fields that no argument was given for."""
    from shapelint.infer.code.calls import call_value

    for name, value in instance.attributes.items():
        if isinstance(value, Factory):
            instance.attributes[name] = call_value(run, value.make, (), {}, node)


def make_base(
    run: Run, cls: Class, args: tuple[Value, ...], kwargs: Mapping[str, Value], node: facts.Expression
) -> Value | None:
    """What the torch class makes from which a class derives: a layer, a container or nothing."""
    path = cls.torch_base()
    made = call_external(run, path, args, kwargs, node) if path and is_module_class(path) else None
    return made if isinstance(made, Layer | Container) else None


def call_instance(
    run: Run, instance: Instance, args: tuple[Value, ...], kwargs: Mapping[str, Value], node: facts.Expression
) -> Value | None:
    """`module(x)`: `forward` (or `__call__`) of the instance's class; None where the class has neither."""
    for name in ("forward", "__call__"):
        result = call_special(run, instance, name, args, kwargs, node)
        if result is not None:
            return result
    return None


def call_special(
    run: Run,
    instance: Value,
    name: str,
    args: tuple[Value, ...],
    kwargs: Mapping[str, Value],
    node: facts.Expression,
) -> Value | None:
    """Call a method like `__len__` of an instance's class; None where it has none."""
    method = instance.cls.find(name) if isinstance(instance, Instance) else None
    return call_function(run, method, (instance, *args), kwargs, node) if isinstance(method, Function) else None


def method_kind(decorators: tuple[facts.Expression, ...]) -> str:
    """What decorators make of a method: "plain", "property", "static", "class" or "setter"."""
    names = [_decorator_name(decorator) for decorator in decorators]
    if "setter" in names or "deleter" in names:
        return "setter"
    kinds = [_KINDS[name] for name in names if name in _KINDS]
    return kinds[0] if kinds else "plain"


def is_harmless(decorator: facts.Expression) -> bool:
    """Whether a decorator is known by name to leave calls as they are (or to make a property or such)."""
    return _decorator_name(decorator) in _HARMLESS


def _decorator_name(decorator: facts.Expression) -> str:
    target = decorator.func if isinstance(decorator, facts.Call) else decorator
    return target.attr if isinstance(target, facts.Attribute) else getattr(target, "id", "")


_KINDS = {
    "staticmethod": "static",
    "classmethod": "class",
    "property": "property",
    "cached_property": "property",
}
_HARMLESS = frozenset(
    "staticmethod classmethod property cached_property abstractmethod override no_grad inference_mode export "
    "ignore unused jit wraps lru_cache typechecked jaxtyped beartype final overload deprecated".split()
)
