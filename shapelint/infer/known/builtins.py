"""Python's builtins, as far as code around models uses them."""

from __future__ import annotations

from dataclasses import replace

from shapelint.infer.known.table import builtin
from shapelint.infer.plan import Raised
from shapelint.infer.protocol import Site, attribute_of, knows_attribute, length_of, set_attribute
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Instance, Namespace, Super
from shapelint.infer.values.python.texts import name_of, names_of
from shapelint.infer.values.scopes import Class, Scope
from shapelint.infer.values.settings import attributes_of, loosen_attributes
from shapelint.infer.values.truth import truth_of
from shapelint.infer.values.unread.externals import member_of_torch
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, Bool, External, Float, Int, Layer, Str, Unknown, Value, integer
from shapelint.syntax import facts


@builtin("len", least=1, most=1)
def _len(run: Run, site: Site) -> Value:
    return length_of(run, site.args[0], site.node) or site.unknown_result(run)


@builtin("int", least=1, most=1)
def _int(run: Run, site: Site) -> Value:
    value = site.args[0]
    if isinstance(value, Int):
        return value
    if isinstance(value, Bool):
        return integer(int(value.value))
    if isinstance(value, Str) and value.value.isdecimal():
        return integer(int(value.value))
    if isinstance(value, Float) and value.value is not None and abs(value.value) < 1e15:
        return integer(int(value.value))
    if isinstance(value, Unknown) and isinstance(value.hint, Bool):
        return integer(int(run.path.decide(value)))
    return Int(_whole(value) if isinstance(value, Unknown) else Dim.symbol(run.key_of(site.node)))


def _whole(value: Unknown) -> Dim:
    """What is left of a number: who makes whole what was computed has a fraction in it, `int(size * ratio)`."""
    number = value.dim
    is_whole = value.fractional or number.as_symbol is not None or number.constant is not None
    return number if is_whole else Dim.symbol(f"int({number})")


@builtin("float", least=1, most=1)
def _float(run: Run, site: Site) -> Value:
    value = site.args[0]
    constant = value.dim.constant if isinstance(value, Int) else None
    return value if isinstance(value, Float) else Float(None if constant is None else float(constant))


@builtin("bool", least=1, most=1)
def _bool(run: Run, site: Site) -> Value:
    value = site.args[0]
    known = truth_of(value)
    if known is None:
        return value if isinstance(value, Unknown) else site.unknown_result(run)
    return Bool(known)


@builtin("str", least=1, most=1)
def _str(run: Run, site: Site) -> Value:
    value = site.args[0]
    if isinstance(value, Int) and value.dim.constant is not None:
        return Str(str(value.dim.constant))
    return value if isinstance(value, Str) else site.unknown_result(run)


@builtin( "hash", "id", "repr",
         "open", "input", "print", "format", "object", "slice", "chr", "ord", "callable", "frozenset",
         "Exception", "ValueError", "NotImplementedError", "RuntimeError", "TypeError",
         "KeyError")  # fmt: skip
def _other(run: Run, site: Site) -> Value:
    return site.unknown_result(run)


@builtin("getattr", least=2, most=3)
def _getattr(run: Run, site: Site) -> Value:
    base, name = site.args[0], site.args[1]
    if isinstance(base, Instance) and isinstance(name, Unknown):
        found = [base.attributes[one] for one in names_of(name) if one in base.attributes]
        if found:
            return found[0]
    if isinstance(name, Str):
        return _attribute_or(run, base, name.value, site.args[2] if len(site.args) > 2 else None, site.node)
    if isinstance(base, External) and isinstance(name, Unknown):
        return member_of_torch(run, base, name) or site.unknown_result(run)
    return site.unknown_result(run)


def _attribute_or(run: Run, base: Value, name: str, default: Value | None, node: facts.Expression) -> Value:
    """`getattr(base, name, default)`; where it is not known whether the attribute exists, the default is a hint."""
    if default is not None and knows_attribute(base, name) is False:
        return default
    try:
        found = attribute_of(run, base, name, node)
    except Raised:
        if default is None:
            raise
        return default
    if default is None or not isinstance(found, Unknown) or found.hint is not None:
        return found
    return replace(found, hint=default)


@builtin("setattr", least=3, most=3)
def _setattr(run: Run, site: Site) -> Value:
    base, name, value = site.args
    if isinstance(base, Layer):
        run.altered.add(base.ref)
    elif isinstance(name, Str | Unknown):
        is_open = isinstance(name, Unknown) and name.term is None and isinstance(value, Unknown)
        if isinstance(base, Instance) and is_open:
            loosen_attributes(base)
        set_attribute(run, base, name_of(name), value, None)
    return NONE


@builtin("vars", least=1, most=1)
def _vars(run: Run, site: Site) -> Value:
    if isinstance(site.args[0], Namespace):
        return site.args[0].table
    if not isinstance(site.args[0], Instance):
        return site.unknown_result(run)
    return attributes_of(site.args[0])


@builtin("hasattr", least=2, most=2)
def _hasattr(run: Run, site: Site) -> Value:
    base, name = site.args[0], site.args[1]
    answer = knows_attribute(base, name.value) if isinstance(name, Str) else None
    return site.unknown_result(run) if answer is None else Bool(answer)


@builtin("exit", "quit")
def leave(run: Run, site: Site) -> Value:
    """The program ends, and the path with it."""
    raise Raised


@builtin("super", most=2)
def _super(run: Run, site: Site) -> Value:
    owner, receiver = site.args if len(site.args) == 2 else _around(site.scope)
    if isinstance(owner, Class) and receiver is not None:
        return Super(owner, receiver)
    return site.unknown(run, "super() outside a method")


def _around(scope: Scope | None) -> tuple[Value | None, Value | None]:
    """The class and the instance of the method in which `super()` stands."""
    receiver = None if scope is None else next(iter(scope.names.values()), None)
    is_bound = isinstance(receiver, Instance | Class)
    return (scope.lookup("__class__"), receiver) if scope is not None and is_bound else (None, None)
