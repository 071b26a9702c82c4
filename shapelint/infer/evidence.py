"""Evidence of what the author thinks that an axis means: names given to sizes, comments and docstrings.

Evidence is kept per symbol: the symbol `x.size(0)` is axis 0 of the input x wherever that axis goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shapelint.infer.code.walk import expressions_in, names_in
from shapelint.infer.plan import COMMENTED, Demand
from shapelint.infer.run.run import Run
from shapelint.infer.values.scopes import Function
from shapelint.notation.axis_names import role_of_name
from shapelint.notation.axis_roles import roles_of_names
from shapelint.notation.shape_text import RETURN, ShapeText, parse_docstring, parse_remark, parse_shape
from shapelint.regex import regex
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Int, NoneValue, Tensor, Unknown, Value
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.evidence import NAMED, Evidence, Stated
from shapelint.trace.node import is_of_axis

_SEQUENCE_ROLES = (Role.BATCH, Role.TIME)
_DESCRIBED = (Tensor, Unknown)  #: what a comment may give a shape
_ARROW = regex(r"\s*(?:-+>|=+>|→)")


def note_assignment(
    run: Run, target: facts.Name | facts.Attribute, value: Value, node: facts.Statement | None
) -> Value:
    """Read what an assignment says of its value; the value, settled if the comment demands a tensor."""
    name = target.id if isinstance(target, facts.Name) else target.attr
    if isinstance(value, Int):
        _note_size(run, name, value, role_of_name(name), target.span)
    elif node is not None and isinstance(value, _DESCRIBED) and run.recorder.home.comments:
        _note_comment(run, name, target, value, node)
    return value


def note_sizes(run: Run, targets: Sequence[facts.Expression], values: Sequence[Value]) -> None:
    """`batch, time, _ = x.size()`: the names say together what the axes are."""
    names = [target.id if isinstance(target, facts.Name) else "_" for target in targets]
    for target, name, value, role in zip(targets, names, values, roles_of_names(names), strict=True):
        if isinstance(value, Int) and name != "_":
            _note_size(run, name, value, role, target.span)


def note_pattern(run: Run, groups: Sequence[Sequence[str]], axes: Sequence[Axis], span: Span) -> None:
    """A pattern of einops names axes one by one, or several that are merged into one."""
    names = [group[0] if len(group) == 1 else "_" for group in groups]
    for name, axis, role in zip(names, axes, roles_of_names(names), strict=True):
        symbol = axis.dim.as_symbol
        if symbol is not None and role in _SEQUENCE_ROLES:
            run.recorder.believe(Evidence(symbol, role, "pattern", 2, span, f"the pattern calls this axis `{name}`"))


def _note_size(run: Run, name: str, value: Int, role: Role, span: Span) -> None:
    symbol = value.dim.as_symbol
    if symbol is None or not is_of_axis(symbol):
        return
    run.trace.names.setdefault(symbol, name)
    if role in _SEQUENCE_ROLES:
        message = f"the size of this axis is called `{name}`"
        run.recorder.believe(Evidence(symbol, role, NAMED, 2, span, message))


def _note_comment(run: Run, name: str, target: facts.Expression, value: Value, node: facts.Statement) -> None:
    for comment in _comments_of(run, name, node):
        told = parse_remark(comment.text) if comment.alone else parse_shape(comment.text)
        shapes = list(_results(comment.text, told))
        mine = [shape for shape in shapes if shape.name == name]
        nameless = (
            len(told) == len(shapes) == 1 and shapes[0].name is None and not _names_another(comment.text, name, node)
        )
        if not mine and nameless and _is_first_target(target, node):
            mine = shapes
        if len(mine) == 1:
            _note_shape(run, value, mine[0], comment.span, COMMENTED, "the comment")
            if not comment.alone and isinstance(value, Tensor):
                run.recorder.state_shape(Stated(value, mine[0], comment.span, "the comment"))
            return


def _results(text: str, shapes: Sequence[ShapeText]) -> Iterator[ShapeText]:
    """The shapes of results: `x: (B, T) -> (B, T, H)` is what an operation takes, and what it gives x."""
    name: str | None = None
    for shape in shapes:
        name = shape.name or name
        if _ARROW.match(text, shape.end):
            continue
        yield replace(shape, name=name)
        name = None


def _comments_of(run: Run, name: str, node: facts.Statement) -> list[facts.Comment]:
    """The comments on what a statement gives a name: beside it, and above it where they can be about nothing else.

    Above `x = f(x)` they may be about x as it was. A comment between a statement's lines is about a part of it.
    """
    beside = [c for c in run.recorder.home.comments.get(node.span.end_line, ()) if not c.alone]
    above = [c for c in run.recorder.home.comments.get(node.span.line - 1, ()) if c.alone]
    if above and (name in names_in(getattr(node, "value", None)) or _is_given_above(run, name, node)):
        return beside
    return [*beside, *above]


def _is_given_above(run: Run, name: str, node: facts.Statement) -> bool:
    """Whether the statement above the comments over this one gives the same name a value: they may mean that one."""
    line = node.span.line - 1
    while any(comment.alone for comment in run.recorder.home.comments.get(line, ())):
        line -= 1
    before = run.recorder.home.ending.get(line)
    targets = before.targets if isinstance(before, facts.Assign) else getattr(before, "target", None)
    return any(name == getattr(one, "attr", getattr(one, "id", None)) for one in expressions_in(targets))


def _names_another(text: str, name: str, node: facts.Statement) -> bool:
    """Whether a comment names another target of the statement, and not this one: `out, h = f(x)  # h (1, B, H)`."""
    words = set(re.findall(r"\w+", text))
    return name not in words and not words.isdisjoint(names_in(getattr(node, "targets", ())))


def _is_first_target(target: facts.Expression, node: facts.Statement) -> bool:
    first = node.targets[0] if isinstance(node, facts.Assign) else getattr(node, "target", target)
    if isinstance(first, facts.Sequence) and first.items:
        first = first.items[0]
    return first is target


def note_docstring(run: Run, function: Function, names: dict[str, Value]) -> None:
    """Shapes that a docstring gives its parameters hold for the arguments, unless a class was seen to misstate one."""
    owner = function.owner.name if function.owner is not None else function.name
    for name, (shape, span) in _documented(function).items():
        value = names.get(name)
        if isinstance(value, Tensor) and value.rank != len(shape.axes) and not run.recorder.is_guess(value):
            _misstate(run, value, (owner, name))
        elif value is not None and not run.path.orders.has("misstated", (owner, name)):
            _note_shape(run, value, shape, span, "shape-docstring", "the docstring")


def _misstate(run: Run, value: Tensor, parameter: tuple[str, str]) -> None:
    """Note that a parameter's docstring is not about a value; where another docstring is the value's, neither holds."""
    leaf = run.trace.leaf_of(value)
    if leaf is not None and leaf.leaf_key is not None and leaf.is_documented:
        run.path.disputed.add(leaf.leaf_key)
    else:
        run.path.misstated.add(parameter)


def note_result(run: Run, function: Function, result: Value) -> None:
    """The shape that a docstring gives the one tensor that its function returns."""
    shape, span = _documented(function).get(RETURN, (None, None))
    if shape is None or span is None or not isinstance(result, Tensor):
        return
    run.recorder.state_shape(Stated(result, shape, span, "the docstring"))
    _note_shape(run, result, shape, span, "shape-of-result", "the docstring", weight=2)


def _documented(function: Function) -> dict[str, tuple[ShapeText, Span]]:
    """What a function's docstring says of shapes; of `forward`, also what the class says of its inputs."""
    found = _shapes_in(function.definition)
    owner = function.owner
    if owner is None or function.name != "forward":
        # the docstring of `__init__` speaks of the arguments of `forward`
        return {} if function.name == "__init__" else found
    constructor = owner.scope.names.get("__init__")
    built = {p.name for p in constructor.parameters} if isinstance(constructor, Function) else set()
    above = _shapes_in(owner.definition)
    above |= _shapes_in(constructor.definition) if isinstance(constructor, Function) else {}
    return {name: shape for name, shape in above.items() if name not in built and name != RETURN} | found


def _shapes_in(definition: facts.FunctionDef | facts.ClassDef | None) -> dict[str, tuple[ShapeText, Span]]:
    if definition is None or not definition.docstring or definition.docstring_span is None:
        return {}
    span = definition.docstring_span
    return {name: (shape, span) for name, shape in parse_docstring(definition.docstring).items()}


def note_head_comments(run: Run, function: Function, names: dict[str, Value]) -> None:
    """Comments between a function's first line and its first statement: `# x: (batch, time, features)`."""
    definition = function.definition
    if definition is None or not run.recorder.home.comments:
        return
    statements = [s for s in definition.body if s.span != definition.docstring_span]
    end = statements[0].span.line if statements else definition.span.end_line
    shapes = [
        (shape, comment)
        for line in range(definition.name_span.line, end)
        for comment in run.recorder.home.comments.get(line, ())
        for shape in (parse_remark(comment.text) if comment.alone else parse_shape(comment.text))
        if shape.name in names
    ]
    for shape, comment in shapes:
        _note_shape(run, names[shape.name or ""], shape, comment.span, COMMENTED, "the comment")


def _note_shape(run: Run, value: Value, shape: ShapeText, span: Span, kind: str, source: str, weight: int = 3) -> None:
    if not any(role in _SEQUENCE_ROLES for role in shape.roles):
        return
    if run.path.is_doubted(value):
        run.path.is_given(value)
        return
    if isinstance(value, Unknown):
        if value.hint is None or isinstance(value.hint, NoneValue):
            run.path.demand(value, Demand(len(shape.axes), kind))
        value = run.path.settle(value)
    if not isinstance(value, Tensor) or value.rank != len(shape.axes):
        return
    text = ", ".join(axis.text for axis in shape.axes)
    for place, (axis, role) in enumerate(zip(value.axes, shape.roles, strict=True)):
        symbol = axis.dim.as_symbol
        told = Evidence(symbol or "", role, kind, weight, span, f"{source} says ({text})")
        if role in _SEQUENCE_ROLES and symbol is not None:
            run.recorder.believe(told)
        elif role in _SEQUENCE_ROLES:
            run.recorder.believe_of(value, place, told)
        elif role is Role.FEATURE and symbol is not None:
            run.path.said_features.add(symbol)
    numbers = [written.number for written in shape.axes if written.number is not None]
    for axis, written in zip(value.axes, shape.axes, strict=True):
        # beside other numbers a number may be an example
        if written.number is not None and shape.name is not None and (written.number == 1 or len(numbers) == 1):
            run.agree(axis.dim, Dim.of(written.number))
