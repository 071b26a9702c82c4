"""Arithmetic, comparisons and membership of abstract values."""

from __future__ import annotations

from dataclasses import replace

from shapelint.infer.apply import apply
from shapelint.infer.plan import Parent
from shapelint.infer.run.run import Run
from shapelint.infer.values.provenance import MAX_WEIGHT
from shapelint.infer.values.python import texts
from shapelint.infer.values.snapshot import MAX_ITEMS
from shapelint.ops import registry
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Bool, Float, Int, Lineage, List, Str, Tensor, Tuple, Unknown, Value
from shapelint.syntax import facts

_METHODS = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow",
    "@": "matmul", "&": "and", "|": "or", "^": "xor", "<<": "lshift", ">>": "rshift",
}  # fmt: skip


def binary(run: Run, left: Value, operator: str, right: Value, node: facts.Binary | facts.Expression) -> Value:
    """`left operator right` for numbers, strings, sequences and tensors."""
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return _tensor_binary(run, left, _METHODS.get(operator, ""), right, node)
    left, right = _flag(run, left), _flag(run, right)
    left_size, right_size = _size(left), _size(right)
    if left_size is not None and right_size is not None:
        return _sizes(run, left, left_size, operator, right, right_size, node)
    if operator == "%" and isinstance(left, Str):
        return texts.percent(left, right) or Unknown(run.key_of(node), "a formatted string")
    if operator == "+":
        joined = _joined(left, right)
        if joined is None and (isinstance(left, Str) or isinstance(right, Str)):
            joined = texts.text_of((left, right))
        if joined is not None:
            return joined
    if operator == "*" and isinstance(left, List | Tuple) and right_size is not None:
        repeated = _repeated(left, right_size)
        if repeated is not None:
            return repeated
    if isinstance(left, Float | Int) and isinstance(right, Float | Int):
        return Float(_float(_plain(left), operator, _plain(right)))
    return _unknown_binary(run, left, right, node)


def _plain(number: Float | Int) -> float | None:
    if isinstance(number, Float):
        return number.value
    constant = number.dim.constant
    return None if constant is None or abs(constant) > 2**53 else float(constant)


def _float(left: float | None, operator: str, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    if operator in "+-*":
        return {"+": left + right, "-": left - right, "*": left * right}[operator]
    if not right or operator not in ("/", "//"):
        return None
    return left / right if operator == "/" else left // right


def _flag(run: Run, value: Value) -> Value:
    """`1 + bidirectional`: a bool counts as 0 or 1, and an unknown one is decided."""
    if isinstance(value, Unknown) and isinstance(value.hint, Bool):
        return Int(Dim.of(int(run.path.decide(value))))
    return Int(Dim.of(int(value.value))) if isinstance(value, Bool) else value


def _size(value: Value) -> Dim | None:
    return value.dim if isinstance(value, Int | Unknown) else None


def _repeated(value: List | Tuple, times: Dim) -> Value | None:
    """`[x] * n`, `(x, y) * 2`: exact for a few times, else a sample of a list of one item."""
    count = times.constant
    is_exact = not isinstance(value, List) or value.length is None
    if is_exact and count is not None and 0 <= count <= 64 and count * len(value.items) <= MAX_ITEMS:
        return List(value.items * count) if isinstance(value, List) else Tuple(value.items * count)
    return List(value.items * 2, times) if isinstance(value, List) and is_exact and len(value.items) == 1 else None


def _joined(left: Value, right: Value) -> Value | None:
    if _length(left) + _length(right) > MAX_ITEMS:
        return None
    if isinstance(left, Str) and isinstance(right, Str):
        return Str(left.value + right.value)
    if isinstance(left, Tuple) and isinstance(right, Tuple):
        return Tuple(left.items + right.items, is_size=left.is_size and right.is_size)
    if isinstance(left, List) and isinstance(right, List) and left.length is None and right.length is None:
        return List(left.items + right.items)
    return None


def _length(value: Value) -> int:
    if isinstance(value, Str):
        return len(value.value)
    return len(value.items) if isinstance(value, Tuple | List) else 0


def _sizes(run: Run, left: Value, a: Dim, operator: str, right: Value, b: Dim, node: facts.Expression) -> Value:
    number = _number(a, operator, b)
    if number is not None and number.weight > MAX_WEIGHT:
        return Int(Dim.symbol(run.key_of(node)))
    if isinstance(left, Int) and isinstance(right, Int):
        if number is not None and operator != "/":
            return Int(number)
        if operator == "/" and a.constant is not None and b.constant:
            return Float(_float(_plain(left), "/", _plain(right)))
        return Unknown(run.key_of(node), "a number", number=number, fractional=operator == "/")
    unknown = _unknown_binary(run, left, right, node)
    if number is None or not isinstance(unknown, Unknown):
        return unknown
    # equal arithmetic of the same unknowns is the same number wherever it stands
    return replace(unknown, number=number, fractional=operator == "/")


def _number(a: Dim, operator: str, b: Dim) -> Dim | None:
    """The result of arithmetic; None where it is not known, or too large for any size."""
    try:
        return _exact_number(a, operator, b)
    except OverflowError:
        return None


def _exact_number(a: Dim, operator: str, b: Dim) -> Dim | None:
    if operator == "+":
        return a + b
    if operator == "-":
        return a - b
    if operator == "*":
        return a * b
    if operator in ("//", "/") and b.terms:
        return a // b
    x, y = a.constant, b.constant
    if x is None or y is None:
        return None
    if operator == "%" and y:
        return Dim.of(x % y)
    return Dim.of(x**y) if operator == "**" and 0 <= y <= 64 and abs(x) <= 2**32 else None


def _unknown_binary(run: Run, left: Value, right: Value, node: facts.Expression) -> Value:
    key = run.key_of(node)
    unknown = [operand for operand in (left, right) if isinstance(operand, Unknown)]
    if not unknown:
        return Unknown(key, f"{type(left).__name__.lower()} and {type(right).__name__.lower()} in an operator")
    lineage = None
    if (parent := _ranking(unknown)) is not None:
        run.path.parents[key] = Parent(parent.key)
        lineage = Lineage(parent.key, 0)
    made = Unknown(key, "arithmetic of an unknown", lineage=lineage)
    for operand in unknown:
        run.path.note_array(made, operand)
    return made


def _ranking(operands: list[Unknown]) -> Unknown | None:
    """The operand whose rank is that of the result, where one is known to be: either may be laid over the other.

    Of `weight * x.permute(1, 2, 0)` it is what an operation has made.
    """
    made = [operand for operand in operands if operand.lineage is not None] if len(operands) > 1 else operands
    return made[0] if len(made) == 1 else None


def _tensor_binary(run: Run, left: Value, method: str, right: Value, node: facts.Expression) -> Value:
    mirrored = not isinstance(left, Tensor)
    op = registry.OPS.get(f"torch.Tensor.__{'r' if mirrored else ''}{method}__")
    args = (right, left) if mirrored else (left, right)
    if op is None:
        return Unknown(run.key_of(node), f"the operator {method} of tensors")
    return apply(run, op, args, {}, node)


def negate(run: Run, operator: str, operand: Value, node: facts.Expression) -> Value:
    """`-x`, `+x`, `~x`."""
    if isinstance(operand, Int) and operator in "+-":
        return Int(-operand.dim) if operator == "-" else operand
    if isinstance(operand, Float) and operand.value is not None and operator in "+-":
        return Float(-operand.value) if operator == "-" else operand
    if isinstance(operand, Tensor):
        op = registry.OPS.get({"-": "torch.Tensor.__neg__", "~": "torch.Tensor.__invert__"}.get(operator, ""))
        return operand if op is None else apply(run, op, (operand,), {}, node)
    if isinstance(operand, Unknown):
        key = run.key_of(node)
        run.path.parents[key] = Parent(operand.key)
        return Unknown(key, operand.reason, lineage=Lineage(operand.key, 0), number=-operand.dim)
    return Unknown(run.key_of(node), "a sign before something that is no number")
