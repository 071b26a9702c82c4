"""Evaluating expressions."""

from __future__ import annotations

from dataclasses import replace

from shapelint.infer.code.arithmetic import binary, negate
from shapelint.infer.code.comparisons import compare, contains, is_none
from shapelint.infer.code.loops import comprehension
from shapelint.infer.dispatch import evaluate, evaluates
from shapelint.infer.known.table import BUILTINS
from shapelint.infer.plan import Raised
from shapelint.infer.protocol import attribute_of, item_of, rounds, truth, unrolled
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.project_modules import imported
from shapelint.infer.values.constants import constant_key
from shapelint.infer.values.objects import Builtin
from shapelint.infer.values.python.lists import extend, grow
from shapelint.infer.values.python.texts import text_of
from shapelint.infer.values.scopes import YIELDED, Function, Scope
from shapelint.infer.values.settings import set_anew
from shapelint.infer.values.snapshot import MAX_ITEMS
from shapelint.shapes.monomials import MAX_BITS
from shapelint.shapes.value import (
    ELLIPSIS,
    FALSE,
    NONE,
    TRUE,
    Bool,
    Dict,
    External,
    Float,
    List,
    SliceValue,
    Str,
    Tuple,
    Unknown,
    Value,
    integer,
)
from shapelint.syntax import facts
from shapelint.syntax.undefined import undefined_names
from shapelint.trace.node import SCRIPT

#: names that code binds through guards and helpers (`torch, nn = try_import_torch()`), and to nothing else
_GUARDED = {"torch": "torch", "nn": "torch.nn"}


@evaluates(facts.Literal)
def literal(run: Run, scope: Scope, node: facts.Literal) -> Value:
    """A constant."""
    value = node.value
    if value is None:
        return NONE
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, int):
        return integer(value) if value.bit_length() <= MAX_BITS else Unknown(run.key_of(node), "a huge number")
    if isinstance(value, float):
        return Float(value)
    return Str(value) if isinstance(value, str) else Unknown(run.key_of(node), "bytes")


@evaluates(facts.EllipsisLiteral)
def ellipsis(run: Run, scope: Scope, node: facts.EllipsisLiteral) -> Value:
    """`...`."""
    return ELLIPSIS


@evaluates(facts.Name)
def name(run: Run, scope: Scope, node: facts.Name) -> Value:
    """A name: local, global, builtin, or from a star import of torch."""
    found = scope.lookup(node.id)
    if found is not None and run.trace.entry != SCRIPT and scope.is_rebound(node.id):
        return Unknown(set_anew(node.id), "a name that other functions bind")
    if found is not None:
        return imported(run, found)
    if node.id in BUILTINS:
        return Builtin(node.id)
    starred = run.library.starred(scope.lookup("*"), node.id)
    if starred is not None:
        return starred
    if node.id in _GUARDED:
        return External(_GUARDED[node.id])
    if run.trace.entry != SCRIPT and node.id in undefined_names(run.recorder.home.source.text):
        raise Raised  # a NameError
    return Unknown(node.id, "a name that is not defined in this file")


@evaluates(facts.Attribute)
def attribute(run: Run, scope: Scope, node: facts.Attribute) -> Value:
    """`value.attr`."""
    return attribute_of(run, evaluate(run, scope, node.value), node.attr, node)


@evaluates(facts.Subscript)
def subscript(run: Run, scope: Scope, node: facts.Subscript) -> Value:
    """`value[index]`."""
    base = evaluate(run, scope, node.value)
    return item_of(run, base, evaluate(run, scope, node.index), node)


@evaluates(facts.Slice)
def slice_(run: Run, scope: Scope, node: facts.Slice) -> Value:
    """`lower:upper:step`."""
    lower, upper, step = (
        NONE if part is None else evaluate(run, scope, part) for part in (node.lower, node.upper, node.step)
    )
    return SliceValue(lower, upper, step)


@evaluates(facts.Sequence)
def sequence(run: Run, scope: Scope, node: facts.Sequence) -> Value:
    """A tuple, list or set display."""
    made = List([])
    for item in node.items:
        value = evaluate(run, scope, item.value if isinstance(item, facts.Starred) else item)
        added = unrolled(run, value, item) if isinstance(item, facts.Starred) else Tuple((value,))
        if not isinstance(added, Tuple | List):
            return Unknown(run.key_of(node), "a starred value of unknown length")
        if len(made.items) + len(added.items) > MAX_ITEMS:
            return Unknown(run.key_of(node), "a sequence that is too long")
        grow(made, added)
    return Tuple(tuple(made.items)) if node.kind == "tuple" and made.length is None else made


@evaluates(facts.DictDisplay)
def dict_display(run: Run, scope: Scope, node: facts.DictDisplay) -> Value:
    """`{key: value, **other}`."""
    made = Dict({})
    for key, item in node.items:
        value = evaluate(run, scope, item)
        if key is None:
            if isinstance(value, Dict):
                made.items.update(value.items)
            made.open = made.open or not isinstance(value, Dict) or value.open
            continue
        constant = constant_key(evaluate(run, scope, key))
        if constant is None:
            made.open = True
        else:
            made.items[constant] = value
    return made


@evaluates(facts.Binary)
def binary_expression(run: Run, scope: Scope, node: facts.Binary) -> Value:
    """`left operator right`; a long chain is walked without recursion."""
    chain = [node]
    while isinstance(chain[-1].left, facts.Binary):
        chain.append(chain[-1].left)
    value = evaluate(run, scope, chain[-1].left)
    for link in reversed(chain):
        value = binary(run, value, link.operator, evaluate(run, scope, link.right), link)
        value = run.path.settle(value) if isinstance(value, Unknown) else value
    return value


@evaluates(facts.Unary)
def unary(run: Run, scope: Scope, node: facts.Unary) -> Value:
    """`-x`, `not x`, `~x`."""
    operand = evaluate(run, scope, node.operand)
    if node.operator == "not":
        return Bool(not truth(run, operand, node.operand))
    return negate(run, node.operator, operand, node)


@evaluates(facts.Compare)
def comparison(run: Run, scope: Scope, node: facts.Compare) -> Value:
    """`a < b <= c`; comparisons with None and membership are decided on the path."""
    left, answer = evaluate(run, scope, node.left), TRUE
    for operator, expression in node.rest:
        right = evaluate(run, scope, expression)
        if operator in ("is", "is not") and right is NONE:
            value: Value = is_none(run, left, operator == "is")
        elif operator in ("in", "not in"):
            value = contains(run, left, right, operator == "in", node)
        else:
            value = compare(run, left, operator, right, node)
        if len(node.rest) == 1:
            return value
        if not truth(run, value, node):
            return FALSE
        left = right
    return answer


@evaluates(facts.BoolOp)
def bool_op(run: Run, scope: Scope, node: facts.BoolOp) -> Value:
    """`left and right`, `left or right`: the right side is evaluated only if Python would."""
    left = evaluate(run, scope, node.left)
    if node.operator == "or" and isinstance(left, Unknown) and _is_placeholder(node.right):
        return replace(left, hint=left.hint or evaluate(run, scope, node.right))
    if truth(run, left, node.left) == (node.operator == "or"):
        return left if not isinstance(left, Unknown) else run.path.settle(left)
    return evaluate(run, scope, node.right)


def _is_placeholder(node: facts.Expression) -> bool:
    """Whether `x or 0` and `x or ""` put something there where nothing is given: like a default, no value of a run."""
    return isinstance(node, facts.Literal) and isinstance(node.value, int | float | str) and not node.value


@evaluates(facts.Conditional)
def conditional(run: Run, scope: Scope, node: facts.Conditional) -> Value:
    """`body if test else orelse`."""
    return evaluate(run, scope, node.body if truth(run, evaluate(run, scope, node.test), node.test) else node.orelse)


@evaluates(facts.Lambda)
def lambda_(run: Run, scope: Scope, node: facts.Lambda) -> Value:
    """`lambda x: ...`, with its defaults evaluated now."""
    return Function("<lambda>", node.parameters, node.body, scope, defaults_of(run, scope, node.parameters))


def defaults_of(run: Run, scope: Scope, parameters: tuple[facts.Parameter, ...]) -> dict[str, Value]:
    """The values of the parameters' defaults at the definition."""
    return {p.name: evaluate(run, scope, p.default) for p in parameters if p.default is not None}


@evaluates(facts.Comprehension)
def comprehension_expression(run: Run, scope: Scope, node: facts.Comprehension) -> Value:
    """A list, set, dict or generator comprehension."""
    return comprehension(run, scope, node)


@evaluates(facts.Formatted)
def formatted(run: Run, scope: Scope, node: facts.Formatted) -> Value:
    """An f-string: known when all its parts are."""
    parts = [Str(part) if isinstance(part, str) else evaluate(run, scope, part) for part in node.parts]
    return text_of(parts) or Unknown(run.key_of(node), "a formatted string")


@evaluates(facts.Walrus)
def walrus(run: Run, scope: Scope, node: facts.Walrus) -> Value:
    """`target := value`."""
    value = evaluate(run, scope, node.value)
    scope.assign(node.target.id, value)
    return value


@evaluates(facts.Await)
def await_(run: Run, scope: Scope, node: facts.Await) -> Value:
    """`await` and `yield`: what comes back is unknown; what is yielded is collected for the caller."""
    value = NONE if node.value is None else evaluate(run, scope, node.value)
    yielded = scope.lookup(YIELDED)
    if isinstance(yielded, List) and node.kind == "yield":
        extend(yielded, [value])
    elif isinstance(yielded, List) and node.kind == "yield from" and node.value is not None:
        followed = rounds(run, value, node.value)
        grow(yielded, List(list(followed.values), followed.count))
    return Unknown(run.key_of(node), f"{node.kind} is not followed")
