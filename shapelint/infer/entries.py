"""Where runs of a file begin: its script, its classes with unknown arguments, and its functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from shapelint.data import dataclass
from shapelint.infer.code.expected import only_refused
from shapelint.infer.dispatch import execute
from shapelint.infer.instances import Instances
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.functions import enter
from shapelint.infer.values.checked.parameters import free_arguments
from shapelint.infer.values.objects import Class, Function, Scope
from shapelint.project.given import given
from shapelint.shapes.value import Value
from shapelint.source import Source
from shapelint.syntax import facts
from shapelint.trace.node import SCRIPT

_RECURRENT = re.compile(r"(?<![A-Za-z0-9_])(?:LSTM|GRU|RNN)(?:Base|Cell)?(?![A-Za-z0-9_])|getattr\(\s*(?:torch\.)?nn\b")

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

    Of interest is what names a recurrent layer, or names a definition that does.
    """
    every = [s for s in module.body if isinstance(s, facts.ClassDef | facts.FunctionDef)]
    wanted, refused = _of_interest(every, source), only_refused(module.body)
    defined = [d for d in every if isinstance(d, facts.ClassDef)]
    classes = [d for d in defined if d.name in wanted]
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
            yield Entry(f"{definition.name}.__init__", _construction_body(definition.name))
    for function in every:
        if not isinstance(function, facts.FunctionDef) or id(function) in called:
            continue
        if function.name in wanted - refused:
            yield Entry(function.name, _function_body(function.name))


def _is_left(definition: facts.ClassDef, called: set[int]) -> bool:
    """Whether a class has a constructor that nothing has called, or nothing that could have been called."""
    methods = [s for s in definition.body if isinstance(s, facts.FunctionDef)]
    constructors = [method for method in methods if method.name == "__init__"]
    return any(id(method) not in called for method in constructors) or not methods


def _defines_forward(definition: facts.ClassDef) -> bool:
    return any(isinstance(s, facts.FunctionDef) and s.name == "forward" for s in definition.body)


def _of_interest(every: list[facts.ClassDef | facts.FunctionDef], source: Source) -> set[str]:
    lines = source.lines
    texts = {d.name: "\n".join(lines[d.span.line - 1 : d.span.end_line]) for d in every}
    naming: dict[str, list[str]] = {}  # the definitions that name a definition
    for name, text in texts.items():
        for word in set(re.findall(r"\w+", text)) & texts.keys():
            naming.setdefault(word, []).append(name)
    waiting = [name for name, text in texts.items() if _RECURRENT.search(text) or given().names_layer(text)]
    wanted: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting.extend(naming.get(name, ()))
    return wanted


def _script_body(module: facts.Module) -> Body:
    def body(run: Run, scope: Scope, instances: Instances) -> None:
        execute(run, Scope({}, home=run.recorder.home), module.body)

    return body


def _construction_body(cls_name: str) -> Body:
    def body(run: Run, scope: Scope, instances: Instances) -> None:
        cls = scope.lookup(cls_name)
        if isinstance(cls, Class):
            instances.free(run, cls)

    return body


def _method_body(cls_name: str, method_name: str) -> Body:
    def body(run: Run, scope: Scope, instances: Instances) -> None:
        cls = scope.lookup(cls_name)
        if not isinstance(cls, Class):
            return
        instance = instances.free(run, cls)
        method = cls.find(method_name)
        if isinstance(method, Function):
            receiver: Value | None = None if method.kind == "static" else instance
            enter(run, method, *free_arguments(run, method, receiver))

    return body


def _function_body(name: str) -> Body:
    def body(run: Run, scope: Scope, instances: Instances) -> None:
        function = scope.lookup(name)
        if isinstance(function, Function):
            enter(run, function, *free_arguments(run, function, None))

    return body
