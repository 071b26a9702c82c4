"""Functions of the checked code, bound and partial ones too: their bodies are interpreted in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shapelint.infer.code.decorators import is_abstract
from shapelint.infer.code.expected import is_meant_to_fail
from shapelint.infer.code.gradients import graphless
from shapelint.infer.dispatch import evaluate, execute
from shapelint.infer.evidence import note_docstring, note_head_comments, note_result
from shapelint.infer.plan import MAX_DEPTH, Raised
from shapelint.infer.protocol import Site, call_value, calls
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.parameters import bind_parameters, takes
from shapelint.infer.values.objects import BoundMethod, Iteration, Partial
from shapelint.infer.values.scopes import YIELDED, Function, Scope
from shapelint.shapes.value import NONE, List, Value
from shapelint.syntax import facts
from shapelint.trace.node import Frame


@calls(Function)
def call_function(run: Run, function: Function, site: Site) -> Value:
    """Interpret a call; Unknown where it is too deep, recursive or a coroutine."""
    if len(run.recorder.frames) >= MAX_DEPTH or run.recorder.functions.count(function) >= 2:
        return site.unknown(run, "recursion, or calls too deep")
    if function.definition is not None and function.definition.is_async:
        return site.unknown(run, "a coroutine")
    if function.definition is not None and is_abstract(function.definition):
        return site.unknown(run, "an abstract method")
    if function.is_wrapped:
        return site.unknown(run, "a function under a decorator that is not known")
    if not takes(function, site.args, site.kwargs):
        raise Raised  # a TypeError
    depth = len(run.recorder.frames)
    run.recorder.frames.append(Frame(function.name, site.node.span, run.recorder.path))
    try:
        return enter(run, function, site.args, site.kwargs)
    except Raised:
        if run.recorder.away or function.scope.find_home() is run.recorder.home:
            raise
        # the ways through another file are not all followed: that this one raises says little
        return site.unknown(run, f"{function.name} raises on this path")
    finally:
        del run.recorder.frames[depth:]


def enter(run: Run, function: Function, args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> Value:
    """Run a function's body, in the file where it stands, with its parameters bound; the value it returns."""
    before = run.recorder.home
    run.recorder.home = function.scope.find_home() or before
    run.recorder.functions.append(function)
    try:
        decorators = () if function.definition is None else function.definition.decorators
        with graphless(run, function.scope, decorators):
            return _run_body(run, function, Scope(bind_parameters(run, function, args, kwargs), function.scope))
    finally:
        run.recorder.home = before
        run.recorder.functions.pop()


def _run_body(run: Run, function: Function, scope: Scope) -> Value:
    if function.owner is not None:
        scope.names.setdefault("__class__", function.owner)
    if isinstance(function.body, facts.Expression):
        return evaluate(run, scope, function.body)
    if function.definition is not None:
        run.called.add(id(function.definition))
        if is_meant_to_fail(function.definition.decorators):
            return NONE
    if not function.is_wrapped:  # else it tells of what the decorator takes
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


@calls(BoundMethod)
def _call_bound(run: Run, bound: BoundMethod, site: Site) -> Value:
    return call_function(run, bound.function, site.passing(bound.receiver, *site.args))


@calls(Partial)
def _call_partial(run: Run, partial: Partial, site: Site) -> Value:
    given = replace(site, args=(*partial.args, *site.args), kwargs={**partial.kwargs, **site.kwargs})
    return call_value(run, partial.function, given)
