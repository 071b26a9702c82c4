"""Where runs of a file begin: its script, its classes with unknown arguments, and its functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from shapelint.data import dataclass
from shapelint.infer.code.expected import only_refused
from shapelint.infer.code.walk import calls_in, names_in
from shapelint.infer.dispatch import execute
from shapelint.infer.entries.given_models import Models
from shapelint.infer.entries.guarded import is_reached
from shapelint.infer.entries.instances import Instances
from shapelint.infer.entries.module_layers import ModuleLayers
from shapelint.infer.entries.uncalled import call_left, left_of
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.functions import enter
from shapelint.infer.values.checked.parameters import free_arguments
from shapelint.infer.values.scopes import Class, Function, Scope
from shapelint.project.given import given
from shapelint.regex import regex
from shapelint.shapes.value import Value
from shapelint.source import Source
from shapelint.syntax import facts
from shapelint.trace.node import SCRIPT

_WORD = regex(r"\w+")
_RUNS = regex(r"\bdef forward\b|\bnn\.")  #: what runs tensors, wherever the file has torch from
_TENSOR_LIBRARIES = ("torch", "lightning", "pytorch_lightning", "einops")

Body = Callable[[Run, Scope, Instances], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a run begins: a name for people, and what to do with the module's definitions."""

    name: str
    body: Body


def entries(module: facts.Module, source: Source, called: set[int]) -> Iterator[Entry]:
    """The entry points: the script, then what nothing has `called` yet when it is its turn."""
    yield Entry(SCRIPT, _script_body(module))
    yield from _definitions(module, source, called)


def _definitions(module: facts.Module, source: Source, called: set[int]) -> Iterator[Entry]:
    """Entry points: each class of interest, then methods, constructors and functions that nothing has called yet.

    Of interest is what names torch or defines how it runs, or names what is defined or assigned so.
    """
    every = [s for s in module.body if isinstance(s, facts.ClassDef | facts.FunctionDef)]
    wanted, refused = _of_interest(module, source), only_refused(module.body)
    defined = [d for d in every if isinstance(d, facts.ClassDef)]
    classes, layers = [d for d in defined if d.name in wanted], ModuleLayers.of(module)
    models = Models(classes)
    running = {d.name for d in defined if _defines_forward(d)}
    for definition in classes:
        bases = {base.value.id for base in definition.bases if isinstance(base.value, facts.Name)}
        if _defines_forward(definition) or not running.isdisjoint(bases):
            yield Entry(f"{definition.name}.forward", _method_body(definition.name, "forward"))
    for definition in classes:
        for method in definition.body:
            if not isinstance(method, facts.FunctionDef) or id(method) in called:
                continue
            if method.name not in refused | {"__init__"}:
                yield Entry(f"{definition.name}.{method.name}", _method_body(definition.name, method.name))
    for definition in classes:
        if _is_left(definition, called):
            yield Entry(f"{definition.name}.__init__", _construction_body(layers, definition.name))
    for function in every:
        if not isinstance(function, facts.FunctionDef) or id(function) in called:
            continue
        given = models.given_to(function)
        if function.name in (wanted | {function.name} if given else wanted) - refused:
            yield Entry(function.name, _function_body(layers, function.name, given))


def _is_left(definition: facts.ClassDef, called: set[int]) -> bool:
    """Whether a class has a constructor that nothing has called, or nothing that could have been called."""
    methods = [s for s in definition.body if isinstance(s, facts.FunctionDef)]
    constructors = [method for method in methods if method.name == "__init__"]
    return any(id(method) not in called for method in constructors) or not methods


def _defines_forward(definition: facts.ClassDef) -> bool:
    return any(isinstance(s, facts.FunctionDef) and s.name == "forward" for s in definition.body)


def _of_interest(module: facts.Module, source: Source) -> set[str]:
    lines, torch = source.lines, _torch_names(module)
    texts = {name: "\n".join(lines[s.span.line - 1 : s.span.end_line]) for s in module.body for name in _named_by(s)}
    naming: dict[str, list[str]] = {}  # the definitions that name a definition
    for name, text in texts.items():
        for word in set(_WORD.findall(text)) & texts.keys():
            naming.setdefault(word, []).append(name)
    waiting = [
        name
        for name, text in texts.items()
        if _RUNS.search(text) or not torch.isdisjoint(_WORD.findall(text)) or given().names_layer(text)
    ]
    wanted: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting.extend(naming.get(name, ()))
    return wanted


def _named_by(statement: facts.Statement) -> set[str]:
    """The names that a statement of a module defines, or assigns what a call gives."""
    if isinstance(statement, facts.ClassDef | facts.FunctionDef):
        return {statement.name}
    is_made = isinstance(statement, facts.Assign) and any(calls_in(statement.value))
    return names_in(statement.targets) if is_made and isinstance(statement, facts.Assign) else set()


def _torch_names(module: facts.Module) -> set[str]:
    """The names under which a file has torch and its parts."""
    names: set[str] = set()
    for statement in module.body:
        if isinstance(statement, facts.Import):
            names |= {bound or path.partition(".")[0] for path, bound in statement.names if _is_of_torch(path)}
        elif isinstance(statement, facts.ImportFrom) and not statement.level and _is_of_torch(statement.module):
            names |= {bound or name for name, bound in statement.names}
    return names


def _is_of_torch(path: str) -> bool:
    return path.partition(".")[0].startswith(_TENSOR_LIBRARIES)


def _script_body(module: facts.Module) -> Body:
    def body(run: Run, scope: Scope, instances: Instances) -> None:
        scope = Scope({}, home=run.recorder.home)
        execute(run, scope, module.body)
        call_left(run, left_of(scope, module.body))

    return body


def _construction_body(layers: ModuleLayers, cls_name: str) -> Body:
    def body(run: Run, scope: Scope, instances: Instances) -> None:
        cls = scope.lookup(cls_name)
        if isinstance(cls, Class):
            instance = instances.free(run, cls)
            call_left(run, [instance], lambda: layers.is_named_elsewhere(cls_name))

    return body


def _method_body(cls_name: str, method_name: str) -> Body:
    def body(run: Run, scope: Scope, instances: Instances) -> None:
        cls = scope.lookup(cls_name)
        if not isinstance(cls, Class):
            return
        instance = instances.free(run, cls)
        method = cls.find(method_name)
        if isinstance(method, Function) and is_reached(run, cls, method, instance):
            receiver: Value | None = None if method.kind == "static" else instance
            enter(run, method, *free_arguments(run, method, receiver))

    return body


def _function_body(layers: ModuleLayers, name: str, models: Mapping[str, str]) -> Body:
    def body(run: Run, scope: Scope, instances: Instances) -> None:
        function = scope.lookup(name)
        if isinstance(function, Function):
            classes = {parameter: scope.lookup(cls) for parameter, cls in models.items()}
            given = {one: instances.free(run, cls) for one, cls in classes.items() if isinstance(cls, Class)}
            with layers.built_for(run, scope, name):
                args, kwargs = free_arguments(run, function, None)
                made = enter(run, function, args, {**kwargs, **given})
                call_left(run, [made], lambda: layers.is_named_elsewhere(name))

    return body
