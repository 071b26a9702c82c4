"""Executing statements."""

from __future__ import annotations

from shapelint.infer.code.arithmetic import binary
from shapelint.infer.code.assign import assign
from shapelint.infer.code.assume import assume
from shapelint.infer.code.comparisons import compare
from shapelint.infer.code.decorators import is_harmless, method_kind
from shapelint.infer.code.expected import expects_refusal, makes_up_for, raises, reckons_with_torch
from shapelint.infer.code.expressions import defaults_of
from shapelint.infer.code.gradients import graphless
from shapelint.infer.dispatch import Flow, evaluate, execute, executes
from shapelint.infer.known.torch_names import KNOWN_ROOTS, canonical, named
from shapelint.infer.plan import Place, Raised
from shapelint.infer.protocol import Site, call_value, rounds, truth
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.instances import call_special
from shapelint.infer.values.objects import Container, Imported, Iteration
from shapelint.infer.values.python.lists import grow
from shapelint.infer.values.scopes import Class, Function, Scope
from shapelint.infer.values.snapshot import captured
from shapelint.shapes.value import NONE, Bool, External, Int, Layer, List, Tensor, Tuple, Unknown, Value
from shapelint.syntax import facts
from shapelint.trace.writes import NO_NUMBERS


@executes(facts.Assign)
def assign_statement(run: Run, scope: Scope, node: facts.Assign) -> Flow:
    """`a = b = value`."""
    value = evaluate(run, scope, node.value)
    for target in node.targets:
        assign(run, scope, target, value, node)
    return Flow.NEXT


@executes(facts.AnnAssign)
def annotated_assignment(run: Run, scope: Scope, node: facts.AnnAssign) -> Flow:
    """`target: annotation = value`."""
    if node.value is not None:
        assign(run, scope, node.target, evaluate(run, scope, node.value), node)
    return Flow.NEXT


@executes(facts.AugAssign)
def augmented_assignment(run: Run, scope: Scope, node: facts.AugAssign) -> Flow:
    """`target += value`; a list grows in place."""
    old, value = evaluate(run, scope, node.target), evaluate(run, scope, node.value)
    if isinstance(old, List | Container) and isinstance(value, List | Tuple | Container) and node.operator == "+":
        grow(old, value)
        return Flow.NEXT
    expression = facts.Binary(node.span, node.target, node.operator, node.value)
    assign(run, scope, node.target, binary(run, old, node.operator, value, expression), node)
    return Flow.NEXT


@executes(facts.ExpressionStatement)
def expression_statement(run: Run, scope: Scope, node: facts.ExpressionStatement) -> Flow:
    """An expression for its effect: `x.transpose_(0, 1)` leaves other axes in x."""
    value = evaluate(run, scope, node.value)
    method = node.value.func if isinstance(node.value, facts.Call) else None
    if isinstance(method, facts.Attribute) and isinstance(value, Tensor) and method.attr in NO_NUMBERS:
        assign(run, scope, method.value, value, None)
    return Flow.NEXT


@executes(facts.Return)
def return_statement(run: Run, scope: Scope, node: facts.Return) -> Flow:
    """`return value`; what the entry point itself returns is recorded."""
    run.result = NONE if node.value is None else evaluate(run, scope, node.value)
    if not run.recorder.frames:
        run.trace.returned.append(captured(run.result))
    return Flow.RETURN


@executes(facts.If)
def if_statement(run: Run, scope: Scope, node: facts.If) -> Flow:
    """`if`: this path takes one side; `if __name__ == "__main__"` is taken."""
    if raises(node.body):
        assume(run, scope, node.test, False)
    elif raises(node.orelse):
        assume(run, scope, node.test, True)
    since = len(run.path.asked)
    holds = _condition(run, scope, node.test)
    asked = len(run.path.asked)
    place = (run.recorder.path, node.span.line, node.span.column)
    raising = raises(node.body if holds else node.orelse)
    if raising and _is_passed(run, place):
        holds, raising = not holds, False
    outer, run.guard = run.guard, place if raising else run.guard
    flow = execute(run, scope, node.body if holds else node.orelse)
    run.guard = outer
    if asked > since:
        other = node.orelse if holds else node.body
        run.path.pass_by(since, asked, other, ends=flow is not Flow.NEXT)
    return flow


def _condition(run: Run, scope: Scope, test: facts.Expression) -> bool:
    if isinstance(test, facts.Compare) and isinstance(test.left, facts.Name) and test.left.id == "__name__":
        return True
    return truth(run, evaluate(run, scope, test), test)


@executes(facts.With)
def with_statement(run: Run, scope: Scope, node: facts.With) -> Flow:
    """`with`: what a context manager gives is unknown, unless it is the checked code's own."""
    for context, target in node.items:
        value = evaluate(run, scope, context)
        if isinstance(value, Unknown):
            _lend(run, scope, context)
        entered = _enter(run, value, context)
        if target is not None:
            assign(run, scope, target, value if isinstance(value, Unknown) else entered, None)
    contexts = [context for context, _ in node.items]
    place, expects = run.place, any(expects_refusal(run, scope, context) for context in contexts)
    if expects:
        run.trace.expected.append((run.recorder.path, node.span))
    try:
        with run.recorder.reckoning(makes_up=expects), graphless(run, scope, contexts):
            return execute(run, scope, node.body)
    except Raised:
        if not expects:
            raise
        run.go_back(place)
        return Flow.NEXT


def _lend(run: Run, scope: Scope, context: facts.Expression) -> None:
    """What a context manager that is not understood does to the layers that it is given is not known."""
    given = context.arguments if isinstance(context, facts.Call) else ()
    for argument in given:
        if isinstance(argument.value, facts.Name | facts.Attribute):
            layer = evaluate(run, scope, argument.value)
            run.altered |= {layer.ref} if isinstance(layer, Layer) else set()


def _enter(run: Run, value: Value, context: facts.Expression) -> Value:
    """What `__enter__` gives, or the one `yield` of a function under `@contextmanager`."""
    unknown = Unknown(run.key_of(context), "from a context manager")
    if isinstance(value, Iteration) and value.kind == "generator":
        return next(iter(rounds(run, value, context).values), unknown)
    return call_special(run, value, "__enter__", Site(context)) or unknown


@executes(facts.Try)
def try_statement(run: Run, scope: Scope, node: facts.Try) -> Flow:
    """`try`: the body is taken to succeed, unless it raises itself."""
    place = run.place
    reckoning = [handler for handler in node.handlers if reckons_with_torch(handler)]
    makes_up = any(makes_up_for(node.body, handler) for handler in reckoning)
    try:
        with run.recorder.reckoning(catches=bool(reckoning), makes_up=makes_up):
            flow = execute(run, scope, node.body)
        if flow is Flow.NEXT:
            flow = execute(run, scope, node.orelse)
    except Raised:
        if not node.handlers:
            raise
        run.go_back(place)
        flow = execute(run, scope, node.handlers[0].body)
    final = execute(run, scope, node.final)
    return flow if final is Flow.NEXT else final


@executes(facts.Match)
def match_statement(run: Run, scope: Scope, node: facts.Match) -> Flow:
    """`match`: cases of constants and names are compared in order."""
    subject = evaluate(run, scope, node.subject)
    for case in node.cases:
        if case.pattern is None:
            continue
        if isinstance(case.pattern, facts.Name):
            if case.pattern.id != "_":
                scope.assign(case.pattern.id, subject)
            matched: Value = Bool(True)
        else:
            matched = compare(run, subject, "==", evaluate(run, scope, case.pattern), case.pattern)
        if truth(run, matched, case.pattern) and (case.guard is None or _condition(run, scope, case.guard)):
            return execute(run, scope, case.body)
    return Flow.NEXT


@executes(facts.FunctionDef)
def function_definition(run: Run, scope: Scope, node: facts.FunctionDef) -> Flow:
    """`def`: a function, or what an unknown decorator makes of it."""
    kind = method_kind(node.decorators)
    if kind == "setter":
        return Flow.NEXT
    owner = scope.names.get("__class__")
    home = scope
    if isinstance(owner, Class) and owner.scope is scope:
        home = scope.parent or scope  # a class body is no scope for its methods
    else:
        owner = None
    defaults = defaults_of(run, scope, node.parameters)
    function = Function(node.name, node.parameters, node.body, home, defaults, node, owner, kind)
    scope.assign(node.name, _decorated(run, scope, function, node))
    return Flow.NEXT


def _decorated(run: Run, scope: Scope, function: Function, node: facts.FunctionDef) -> Value:
    """What decorators of the checked code make of a function; a method with unknown ones is known to be one.

    A constructor under one sets what it sets: it may be given other arguments.
    """
    value: Value = function
    for decorator in reversed(node.decorators):
        if is_harmless(decorator):
            continue
        applied = evaluate(run, scope, decorator)
        if isinstance(applied, Function | Class):
            value = call_value(run, applied, Site(decorator, (value,)))
        elif isinstance(applied, Unknown):
            value = applied
    if not isinstance(value, Unknown) or function.owner is None:
        return value
    function.is_wrapped = node.name != "__init__"
    return function


@executes(facts.ClassDef)
def class_definition(run: Run, scope: Scope, node: facts.ClassDef) -> Flow:
    """`class`: the body is executed once in its own scope."""
    bases = tuple(evaluate(run, scope, base.value) for base in node.bases if base.keyword is None)
    body = Scope({}, scope)
    cls = Class(node.name, bases, body, node)
    body.names["__class__"] = cls
    scope.assign(node.name, cls)
    execute(run, body, node.body)
    cls.is_whole = True
    return Flow.NEXT


@executes(facts.Import)
def import_statement(run: Run, scope: Scope, node: facts.Import) -> Flow:
    """`import a.b as c` binds the module a.b, `import a.b` binds a."""
    for path, name in node.names:
        module = path if name else path.split(".")[0]
        if module.split(".")[0] in KNOWN_ROOTS:
            scope.assign(name or module, External(canonical(module)))
        else:
            scope.assign(name or module, Imported(run.recorder.path, module, 0))
    return Flow.NEXT


@executes(facts.ImportFrom)
def import_from(run: Run, scope: Scope, node: facts.ImportFrom) -> Flow:
    """`from a import b`; star imports are remembered for names that nothing else binds."""
    known = not node.level and node.module.split(".")[0] in KNOWN_ROOTS
    for name, alias in node.names:
        wanted = None if name == "*" else name
        path = f"{node.module}.{name}" if wanted else node.module
        value = named(path) if known else Imported(run.recorder.path, node.module, node.level, wanted)
        if wanted is None:
            stars = scope.names.get("*")
            scope.names["*"] = Tuple((*(stars.items if isinstance(stars, Tuple) else ()), value))
        else:
            scope.assign(alias or name, value)
    return Flow.NEXT


@executes(facts.Scope)
def scope_statement(run: Run, scope: Scope, node: facts.Scope) -> Flow:
    """`global` and `nonlocal`."""
    scope.outer = scope.outer | frozenset(node.names)
    return Flow.NEXT


@executes(facts.Jump)
def jump(run: Run, scope: Scope, node: facts.Jump) -> Flow:
    """`break`, `continue`, `pass`."""
    return {"break": Flow.BREAK, "continue": Flow.CONTINUE}.get(node.kind, Flow.NEXT)


@executes(facts.Raise)
def raise_statement(run: Run, scope: Scope, node: facts.Raise) -> Flow:
    """`raise` ends the path, or its `try`."""
    raise Raised


@executes(facts.Assert)
def assert_statement(run: Run, scope: Scope, node: facts.Assert) -> Flow:
    """`assert` is taken to hold; `assert size == other` makes the sizes equal."""
    test = node.test
    if isinstance(test, facts.Compare) and len(test.rest) == 1 and test.rest[0][0] == "==":
        left, right = evaluate(run, scope, test.left), evaluate(run, scope, test.rest[0][1])
        if isinstance(left, Int | Unknown) and isinstance(right, Int | Unknown):
            run.sizes.agree(left.dim, right.dim)
            return Flow.NEXT
    assume(run, scope, test, True)
    place = (run.recorder.path, node.span.line, node.span.column)
    if evaluate(run, scope, test) == Bool(False) and not _is_passed(run, place):
        run.guard = place
        raise Raised
    return Flow.NEXT


def _is_passed(run: Run, place: Place) -> bool:
    """Whether the path goes on behind a guard at which, as far as the code is understood, it raises."""
    if not run.path.orders.has("passed", place):
        return False
    run.trace.doubtful_from = min(run.trace.doubtful_from, len(run.trace.nodes))
    return True


@executes(facts.Delete)
def delete(run: Run, scope: Scope, node: facts.Delete) -> Flow:
    """`del name`."""
    for target in node.targets:
        if isinstance(target, facts.Name):
            scope.names.pop(target.id, None)
    return Flow.NEXT
