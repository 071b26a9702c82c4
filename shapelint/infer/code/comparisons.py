"""Comparisons: what is known decides them, what the path has said of the unknown, or else a choice."""

from __future__ import annotations

from dataclasses import replace

from shapelint.choices.questions import COMPARISONS, MIRRORED, Among, Compared, Has, IsInstance, Same
from shapelint.infer.apply import apply
from shapelint.infer.known.torch_names import TENSORS
from shapelint.infer.plan import Demand
from shapelint.infer.run.path import shown
from shapelint.infer.run.run import Run
from shapelint.infer.values.constants import constant_key, known_number
from shapelint.infer.values.objects import Builtin, Container, Member, TypeOf
from shapelint.infer.values.scopes import Class
from shapelint.ops import registry
from shapelint.ops.names import PACKED
from shapelint.shapes.dim import Dim
from shapelint.shapes.dim import Same as Answer
from shapelint.shapes.term import Term
from shapelint.shapes.value import (
    FALSE,
    NONE,
    TRUE,
    Bool,
    Dict,
    External,
    Float,
    Int,
    List,
    NoneValue,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from shapelint.syntax import facts

_EQUALITIES = ("is", "is not", "==", "!=")
_COMPARISONS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def compare(run: Run, left: Value, operator: str, right: Value, node: facts.Expression) -> Value:
    """`left operator right` with one of the six comparisons (`is` counts as `==`, but for flags)."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, TypeOf) and isinstance(other, External | Class | Builtin) and operator in _EQUALITIES:
            return Bool(is_of_kind(run, one.of, (other,)) == (operator in ("is", "==")))
    if operator in ("is", "is not"):
        flag = _is_flag(run, left, right)
        if flag is not None:
            return Bool(flag == (operator == "is"))
        operator = {"is": "==", "is not": "!="}[operator]
    if isinstance(left, Tensor) or (isinstance(right, Tensor) and operator in _COMPARISONS):
        return _tensor_comparison(run, left, operator, right, node)
    if operator in ("==", "!="):
        equal = _equal(run, left, right)
        if equal is not None:
            return Bool(equal == (operator == "=="))
    first, second = known_number(left), known_number(right)
    if first is not None and second is not None and operator in COMPARISONS:
        return Bool(COMPARISONS[operator](first, second))
    left, right = _as_size(run, left, right), _as_size(run, right, left)
    if isinstance(left, Unknown) and isinstance(right, Unknown) and operator in ("==", "!="):
        alike = run.path.choose_alike(left, right)
        if alike is not None:
            return Bool(alike == (operator == "=="))
    if isinstance(left, Int) and isinstance(right, Int):
        return _compare_sizes(run, left.dim, operator, right.dim)
    return _unknown_comparison(run, left, operator, right, node)


def _as_size(run: Run, value: Value, other: Value) -> Value:
    """An unknown of sizes that layers and axes have, as the size that it is, where it is compared with another."""
    if not isinstance(value, Unknown) or value.fractional or not isinstance(other, Int) or not other.dim.symbols:
        return value
    return Int(value.dim) if value.dim.symbols <= run.sizes.positive else value


def _tensor_comparison(run: Run, left: Value, operator: str, right: Value, node: facts.Expression) -> Value:
    if not isinstance(left, Tensor):
        left, right, operator = right, left, MIRRORED[operator]
    op = registry.OPS.get(f"torch.Tensor.__{_COMPARISONS[operator]}__")
    if op is None:
        return Unknown(run.key_of(node), "a comparison of tensors")
    return apply(run, op, (left, right), {}, node)


def _equal(run: Run, left: Value, right: Value) -> bool | None:
    if isinstance(left, Member) and isinstance(right, Member):
        return left == right
    if isinstance(left, Str | Bool) and type(left) is type(right):
        return left.value == getattr(right, "value", None)
    if isinstance(left, External | Class | Builtin) and isinstance(right, External | Class | Builtin):
        return left is right or _path_of(left) == _path_of(right)
    if isinstance(left, NoneValue) or isinstance(right, NoneValue):
        return None if isinstance(left, Unknown) or isinstance(right, Unknown) else left is right
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Unknown) and isinstance(other, Str | Bool | Member):
            return _is_constant(run, one, other)
        if isinstance(one, Unknown) and isinstance(other, External) and other.path in registry.LAYERS:
            return False if is_of_others(one) else None
    if (
        isinstance(left, Str) != isinstance(right, Str)
        and not isinstance(left, Unknown)
        and not isinstance(right, Unknown)
    ):
        return False
    return None


def is_of_others(kind: Value) -> bool:
    """Whether a class that is not read is none of torch's, by its name: it may hand one on, under the same name."""
    name = kind.key.rpartition(".")[2] if isinstance(kind, Unknown) else ""
    return name.isidentifier() and not any(path.endswith(f".{name}") for path in registry.LAYERS)


def _path_of(kind: External | Class | Builtin) -> object:
    """What tells a class apart from all others."""
    if isinstance(kind, External):
        return "torch.Tensor" if kind.path in TENSORS else kind.path
    return kind if isinstance(kind, Class) else ("builtins", kind.name)


def _is_flag(run: Run, left: Value, right: Value) -> bool | None:
    """Decide `x is True`."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Unknown) and isinstance(other, Bool):
            question = Same(one.as_term, other.value)
            return run.path.ask(
                question, f"{one.key} is {other.value}", f"{shown(one)} is {other.value}", _hints_at(one, other)
            )
    return None


def is_of_kind(run: Run, value: Unknown, kinds: tuple[Value, ...]) -> bool:
    """Decide the type of an unknown value; tensors are likelier than packed sequences and tuples.

    What an operation makes of an unknown tensor is a tensor, and nothing else.
    """
    classes = _classes_of(kinds)
    containers = {PACKED, "tuple", "list", "dict"}
    if value.lineage is not None and containers.issuperset(classes):
        return False
    names = ", ".join(classes)
    subject = f"isinstance({shown(value)}, {names})"
    likely = containers.isdisjoint(classes)
    key = _key_of_kind(value.key, classes)
    taken = run.path.ask(IsInstance(value.as_term, frozenset(classes)), key, subject, likely)
    if taken and PACKED in classes:
        run.path.demand(value, Demand(3, "isinstance", packed=True))
    return taken


def note_kind(run: Run, leaf: str, kinds: tuple[Value, ...]) -> None:
    """Note that the code asks whether an input is a tensor that this path takes for one, or a sequence instead."""
    classes = _classes_of(kinds)
    if "torch.Tensor" in classes or not {"tuple", "list"}.isdisjoint(classes):
        run.path.kinds.setdefault(leaf, {})[_key_of_kind(leaf, classes)] = "torch.Tensor" not in classes


def _classes_of(kinds: tuple[Value, ...]) -> list[str]:
    paths = [_path_of(kind) if isinstance(kind, External) else getattr(kind, "name", "?") for kind in kinds]
    return list(map(str, paths))


def _key_of_kind(key: str, classes: list[str]) -> str:
    """The key of the choice whether an unknown is of one of some classes."""
    return f"isinstance({key},{', '.join(classes)})"


def _is_constant(run: Run, value: Unknown, constant: Str | Bool | Member) -> bool:
    """Decide `kind == "lstm"`; on the yes side the value is that text from now on.

    On the no side a default that is that text says nothing any more.
    """
    likely = _hints_at(value, constant)
    plain = constant_key(constant)
    subject = f"{shown(value)} == {constant.text if isinstance(constant, Member) else repr(plain)}"
    taken = run.path.ask(Among(value.as_term, (plain,)), f"{value.key}=={plain}", subject, likely)
    if taken and isinstance(constant, Str | Member):
        run.path.settled[value.key] = constant
    elif not taken and likely:
        run.path.settled[value.key] = replace(value, hint=None)
    return taken


def _hints_at(value: Unknown, constant: Str | Bool | Member) -> bool | None:
    """Whether the default is that constant; None where there is no default of the kind."""
    return value.hint == constant if isinstance(value.hint, type(constant)) else None


def _compare_sizes(run: Run, left: Dim, operator: str, right: Dim) -> Value:
    left, right = run.resolve(left), run.resolve(right)
    if operator in ("==", "!="):
        same = run.same(left, right)
        if same is not Answer.UNKNOWN:
            return Bool((same is Answer.EQUAL) == (operator == "=="))
    else:
        known = _order(left, operator, right)
        if known is not None:
            return Bool(known)
    asked = "==" if operator == "!=" else operator
    taken = run.path.ask_of_sizes(left, asked, right, run.sizes.likely(left, asked, right))
    return Bool(taken == (operator == asked))


def _order(left: Dim, operator: str, right: Dim) -> bool | None:
    one = Dim.of(1)
    if operator in ("<", ">="):
        less, not_less = right - left, left - right + one
    else:  # a > b is b < a
        less, not_less = left - right, right - left + one
    if less.is_positive():
        return operator in ("<", ">")
    if not_less.is_positive():
        return operator not in ("<", ">")
    return None


def _unknown_comparison(run: Run, left: Value, operator: str, right: Value, node: facts.Expression) -> Value:
    """A comparison that is decided where its truth matters: of a tensor it is another tensor."""
    for one, other, sign in ((left, right, operator), (right, left, MIRRORED.get(operator, operator))):
        if isinstance(one, Unknown) and isinstance(other, Int | Float):
            return _compare_with_number(run, one, sign, other, node)
    return Unknown(run.key_of(node), "a comparison")


def _compare_with_number(
    run: Run, value: Unknown, operator: str, other: Int | Float, node: facts.Expression
) -> Unknown:
    constant = known_number(other)
    if constant is None and isinstance(other, Float):
        return Unknown(run.key_of(node), "a comparison")
    key, likely = f"{value.key}{operator}{other.dim if isinstance(other, Int) else constant}", None
    hint = None if value.hint is None else known_number(value.hint)
    if constant is not None and operator in COMPARISONS:
        run.path.questions[key] = Compared(value.as_term, operator, constant)
        likely = None if hint is None else COMPARISONS[operator](hint, constant)
    return Unknown(key, "a comparison", None if likely is None else Bool(likely))


def is_none(run: Run, value: Value, positive: bool) -> Value:
    """`value is None`; for an unknown value a choice: what the default gives comes first."""
    if not isinstance(value, Unknown):
        return Bool(isinstance(value, NoneValue) == positive)
    likely = isinstance(value.hint, NoneValue)
    none = run.path.ask(Same(value.as_term, None), f"{value.key} is None", f"{shown(value)} is None", likely)
    if none:
        run.path.settled[value.key] = NONE
    elif isinstance(value.hint, NoneValue):
        # from here on it is surely given; the default says nothing any more
        run.path.settled[value.key] = Unknown(value.key, value.reason, None, value.lineage, value.number)
    return Bool(none == positive)


def contains(run: Run, item: Value, group: Value, positive: bool, node: facts.Expression) -> Value:
    """`item in group` for constants."""
    if isinstance(item, Str) and isinstance(group, Str):
        return Bool((item.value in group.value) == positive)
    if isinstance(group, Unknown) and (constant := constant_key(item)) is not None:
        known = _is_among_unknown(run, constant, group)
        return known if positive else Bool(not run.path.decide_truth(known))
    keys = _members(group)
    if keys is None or not isinstance(item, Str | Int | Unknown | Member | NoneValue):
        return Unknown(run.key_of(node), "membership")
    if isinstance(item, Unknown):
        likely = None
        if isinstance(item.hint, Str | NoneValue):
            likely = constant_key(item.hint) in keys
        subject = f"{shown(item)} in {keys}"
        question = Among(item.as_term, tuple(keys))
        return Bool(run.path.ask(question, f"{item.key} in {keys}", subject, likely) == positive)
    constant = run.resolve(item.dim).constant if isinstance(item, Int) else constant_key(item)
    if constant is None and not isinstance(item, NoneValue):
        return _is_among_sizes(run, item, keys, positive, node)
    return TRUE if (constant in keys) == positive else FALSE


def _is_among_unknown(run: Run, constant: object, group: Unknown) -> Unknown:
    """`"fc" in layers` of what is not known: it is another question for each text, and the default may answer it."""
    key = f"{constant!r} in {group.key}"
    if isinstance(constant, str):
        run.path.questions[key] = Has(group.as_term, constant)
    if isinstance(group.hint, Str) and isinstance(constant, str):
        return Unknown(key, "membership", Bool(constant in group.hint.value))
    default = None if group.hint is None else _members(group.hint)
    return Unknown(key, "membership", None if default is None else Bool(constant in default))


def _is_among_sizes(run: Run, item: Value, keys: list[object], positive: bool, node: facts.Expression) -> Value:
    """`layers in (1, 2)` of a size that is not known."""
    symbol = run.resolve(item.dim).as_symbol if isinstance(item, Int) else None
    if symbol is None:
        return Unknown(run.key_of(node), "membership of a size")
    default = run.trace.defaults.get(symbol)
    likely = None if default is None else default in keys
    question = Among(Term(symbol), tuple(keys))
    return Bool(run.path.ask(question, f"{symbol} in {keys}", run.recorder.home.text(node.span), likely) == positive)


def _members(group: Value) -> list[object] | None:
    if isinstance(group, Dict) and not group.open:
        return list(group.items)
    if isinstance(group, Container) and group.kind == "ModuleDict" and group.length is None:
        return list(group.members)
    if not isinstance(group, Tuple | List):
        return None
    keys = [constant_key(item) for item in group.items]
    is_known = all(key is not None or isinstance(item, NoneValue) for key, item in zip(keys, group.items, strict=True))
    return keys if is_known else None
